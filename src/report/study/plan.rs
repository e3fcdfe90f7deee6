//! A plan in tables and sentences. Everything shown here is in `plan.json` too.

use std::fmt::Write as _;

use crate::experiment::plan::{Candidate, Chosen, Met, Outcome, Plan};
use crate::metrics::figures::{count, counted, percent};
use crate::report::form::{Cell, NONE, Table};
use crate::report::study::words;
use crate::report::terminal::section;

/// The plan as text of at most 100 columns (but for the command that runs it), with a line break at the end.
pub fn plan_table(plan: &Plan) -> String {
    let mut sections = vec![head(plan), verdict(plan).join("\n  ")];
    for mut table in tables(plan) {
        for row in &mut table.rows {
            row[0].text = words::folded(&row[0].text);
        }
        sections.push(section(&table));
    }
    sections.push(spent(plan));
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// All designs, the front, and where nothing will do.
pub(in crate::report) fn tables(plan: &Plan) -> Vec<Table> {
    vec![designs(plan), front(plan), regions(plan)]
}

/// What was asked.
pub(in crate::report) fn head(plan: &Plan) -> String {
    let objectives: Vec<_> = plan.objectives.iter().map(|objective| objective.text.as_str()).collect();
    format!(
        "{}: {}, least {} with {} ({} confidence)",
        plan.scenario,
        counted(plan.designs.len() as u64, "design"),
        plan.minimize.key,
        objectives.join(" and "),
        percent(plan.level)
    )
}

/// What was found, a sentence each: the choice or the nearest miss first.
pub(in crate::report) fn verdict(plan: &Plan) -> Vec<String> {
    match (&plan.chosen, &plan.nearest_miss) {
        (Some(chosen), _) => chosen_lines(plan, chosen),
        (None, Some(miss)) => {
            let design = &plan.designs[miss.design];
            let objective = &plan.objectives[miss.objective];
            let value = words::estimate_cell(design.objectives[miss.objective].estimate, objective.unit).text;
            let by = miss.by.map_or_else(String::new, |by| format!(", {} off", percent(by)));
            vec![format!(
                "NOTHING KEEPS THE OBJECTIVES. Nearest: {} with {} {value} instead of {}{by}",
                design.name, objective.metric, objective.text
            )]
        }
        (None, None) => vec!["NOTHING KEEPS THE OBJECTIVES.".to_owned()],
    }
}

fn chosen_lines(plan: &Plan, chosen: &Chosen) -> Vec<String> {
    let design = &plan.designs[chosen.design];
    let unit = plan.minimize.unit;
    let mut lines = vec![format!("CHOSEN  {}: {}", design.name, words::estimate_cell(design.cost, unit).text)];
    let judged = design.objectives.iter().zip(&chosen.fresh.objectives);
    for (objective, (judged, fresh)) in plan.objectives.iter().zip(judged) {
        let mut line = format!("{}: {}", objective.text, words::estimate_cell(judged.estimate, objective.unit).text);
        // A share of runs has no margin but the runs that keep it.
        if let Some(margin) = judged.margin.filter(|_| objective.quota.is_none()) {
            write!(line, ", margin {}", percent(margin)).expect("writing to a string can't fail");
        }
        line.push_str(match judged.met {
            Met::Yes => ", beyond doubt",
            Met::No | Met::Open => ", on average, not beyond doubt",
        });
        lines.push(line);
        if chosen.fresh.runs > 0 {
            let tried = words::estimate_cell(fresh.estimate, objective.unit).text;
            lines.push(format!("under fresh seeds {tried}, kept by {} of {} runs", fresh.kept, chosen.fresh.runs));
        }
    }
    lines.push(runner_up(plan));
    if !design.settings.is_empty() {
        let settings: Vec<_> = design.settings.iter().map(|setting| format!("--set '{setting}'")).collect();
        lines.push(format!("to run it: {}", settings.join(" ")));
    }
    lines
}

fn runner_up(plan: &Plan) -> String {
    let Some(next) = &plan.runner_up else { return "no other design keeps the objectives".to_owned() };
    let name = &plan.designs[next.design].name;
    match next.difference {
        Some(more) => {
            let doubt = if more.excludes_zero() { "" } else { " (not distinguishable)" };
            format!("runner-up {name}: {} more{doubt}", words::estimate(&more, plan.minimize.unit))
        }
        None => format!("runner-up {name}"),
    }
}

fn designs(plan: &Plan) -> Table {
    let metrics: Vec<_> = plan.objectives.iter().map(|objective| objective.metric.key()).collect();
    let rows = plan.designs.iter().map(|design| {
        let mut row = vec![Cell::text(&design.name), words::estimate_cell(design.cost, plan.minimize.unit)];
        row.extend(plan.objectives.iter().zip(&design.objectives).map(|(objective, judged)| {
            let mean = judged.estimate.map(|found| found.mean);
            Cell::sorted(mean.map_or_else(|| NONE.to_owned(), |mean| objective.unit.show(mean)), mean)
        }));
        row.extend([Cell::count(design.runs.into()), Cell::text(outcome(design))]);
        row
    });
    let heads: Vec<&str> = [plan.minimize.key.key()].into_iter().chain(metrics).chain(["runs", ""]).collect();
    let kind = words::kind(&plan.axes, "design");
    Table::new(format!("Designs: {kind}"), &heads, rows.collect()).of(kind)
}

const fn outcome(design: &Candidate) -> &'static str {
    match design.outcome {
        Outcome::Chosen => "chosen",
        Outcome::Feasible => "keeps them",
        Outcome::Passed => "passed over",
        Outcome::Infeasible => "misses",
        Outcome::NotHeld => "not on fresh seeds",
    }
}

fn front(plan: &Plan) -> Table {
    let rows = plan.front.iter().filter(|_| plan.designs.len() > 1).map(|&index| {
        let design = &plan.designs[index];
        let cost = words::estimate_cell(design.cost, plan.minimize.unit);
        vec![Cell::text(&design.name), cost, words::estimate_cell(design.wait, plan.front_against.unit)]
    });
    let heads = [plan.minimize.key.key(), plan.front_against.key.key()];
    Table::new("Front", &heads, rows.collect()).of(words::kind(&plan.axes, "design")).ordered()
}

fn regions(plan: &Plan) -> Table {
    let rows = plan.infeasible.iter().map(|region| {
        let objective = &plan.objectives[region.objective];
        let best = region.best.map_or_else(|| NONE.to_owned(), |best| objective.unit.show(best));
        vec![
            Cell::text(&region.place),
            Cell::text(&objective.text),
            Cell::sorted(best, region.best),
            Cell::count(region.designs.len() as u64),
        ]
    });
    Table::new("Can't do", &["misses", "best mean", "designs"], rows.collect()).of("where").ordered()
}

/// What the search cost.
pub(in crate::report) fn spent(plan: &Plan) -> String {
    let spent = &plan.spent;
    format!(
        "{} and {} under fresh seeds; every design to the same depth would have taken {}",
        counted(spent.search, "run"),
        count(spent.fresh),
        count(spent.every_design)
    )
}
