//! A plan on a terminal and in files. At most 100 columns. Everything shown here is in `plan.json` too.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::experiment::plan::{Candidate, Chosen, Met, Outcome, Plan};
use crate::experiment::stats::Estimate;
use crate::experiment::{Samples, Unit};
use crate::metrics::figures::{count, counted, percent};
use crate::report::file::FileError;
use crate::report::study::{self, replications_csv, write_file};
use crate::report::table::section;

const NONE: &str = "–";

/// The plan as text, with a line break at the end.
pub fn plan_table(plan: &Plan) -> String {
    let sections = [head(plan), verdict(plan), designs(plan), front(plan), regions(plan), spent(plan)];
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn head(plan: &Plan) -> String {
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

/// An estimate, if there is one.
fn shown(estimate: Option<Estimate>, unit: Unit) -> String {
    estimate.map_or_else(|| NONE.to_owned(), |found| study::shown(&found, unit))
}

fn verdict(plan: &Plan) -> String {
    match (&plan.chosen, &plan.nearest_miss) {
        (Some(chosen), _) => chosen_lines(plan, chosen),
        (None, Some(miss)) => {
            let design = &plan.designs[miss.design];
            let objective = &plan.objectives[miss.objective];
            let value = shown(design.objectives[miss.objective].estimate, objective.unit);
            let by = miss.by.map_or_else(String::new, |by| format!(", {} off", percent(by)));
            format!(
                "NOTHING KEEPS THE OBJECTIVES. Nearest: {} with {} {value} instead of {}{by}",
                design.name, objective.metric, objective.text
            )
        }
        (None, None) => "NOTHING KEEPS THE OBJECTIVES.".to_owned(),
    }
}

fn chosen_lines(plan: &Plan, chosen: &Chosen) -> String {
    let design = &plan.designs[chosen.design];
    let unit = plan.minimize.unit;
    let mut text = format!("CHOSEN  {}: {}", design.name, shown(design.cost, unit));
    let mut line = |sentence: String| write!(text, "\n  {sentence}").expect("writing to a string can't fail");
    for (objective, (judged, fresh)) in
        plan.objectives.iter().zip(design.objectives.iter().zip(&chosen.fresh.objectives))
    {
        let doubt = match judged.met {
            Met::Yes => "beyond doubt",
            Met::No | Met::Open => "on average, not beyond doubt",
        };
        // A share of runs has no margin but the runs that keep it.
        let margin = judged.margin.filter(|_| objective.quota.is_none());
        let margin = margin.map_or_else(String::new, |margin| format!(", margin {}", percent(margin)));
        let tried = if chosen.fresh.runs == 0 {
            String::new()
        } else {
            format!(
                "; fresh seeds: {}, kept by {} of {} runs",
                shown(fresh.estimate, objective.unit),
                fresh.kept,
                chosen.fresh.runs
            )
        };
        line(format!("{}: {}{margin}, {doubt}{tried}", objective.text, shown(judged.estimate, objective.unit)));
    }
    match &plan.runner_up {
        Some(next) => {
            let more = next.difference.map_or_else(String::new, |more| format!(": {} more", shown(Some(more), unit)));
            let certain = next.difference.is_some_and(|more| more.excludes_zero());
            let doubt = if certain { "" } else { " (not distinguishable)" };
            line(format!("runner-up {}{more}{doubt}", plan.designs[next.design].name));
        }
        None => line("no other design keeps the objectives".to_owned()),
    }
    if !design.settings.is_empty() {
        line(format!(
            "to run it: {}",
            design.settings.iter().map(|it| format!("--set '{it}'")).collect::<Vec<_>>().join(" ")
        ));
    }
    text
}

fn designs(plan: &Plan) -> String {
    let names: Vec<_> = plan.axes.iter().map(|axis| axis.name.as_str()).collect();
    let names = if names.is_empty() { "DESIGN".to_owned() } else { names.join(", ").to_uppercase() };
    let metrics: Vec<_> = plan.objectives.iter().map(|objective| objective.metric.key().to_owned()).collect();
    let rows = plan.designs.iter().map(|design| {
        let objectives: Vec<_> = plan
            .objectives
            .iter()
            .zip(&design.objectives)
            .map(|(objective, judged)| {
                judged.estimate.map_or_else(|| NONE.to_owned(), |found| objective.unit.show(found.mean))
            })
            .collect();
        [
            design.name.clone(),
            shown(design.cost, plan.minimize.unit),
            objectives.join(" / "),
            design.runs.to_string(),
            outcome(design).to_owned(),
        ]
    });
    section([names.as_str(), plan.minimize.key.key(), metrics.join(" / ").as_str(), "runs", "outcome"], rows)
}

const fn outcome(design: &Candidate) -> &'static str {
    match design.outcome {
        Outcome::Chosen => "chosen",
        Outcome::Feasible => "keeps them",
        Outcome::Passed => "passed over",
        Outcome::Infeasible => "misses",
        Outcome::NotHeld => "did not hold on fresh seeds",
    }
}

fn front(plan: &Plan) -> String {
    if plan.designs.len() < 2 {
        return String::new();
    }
    let title = format!("FRONT: {} AGAINST {}", plan.minimize.key, plan.front_against.key).to_uppercase();
    let rows = plan.front.iter().map(|&index| {
        let design = &plan.designs[index];
        [design.name.clone(), shown(design.cost, plan.minimize.unit), shown(design.wait, plan.front_against.unit)]
    });
    section([title.as_str(), plan.minimize.key.key(), plan.front_against.key.key()], rows)
}

fn regions(plan: &Plan) -> String {
    let rows = plan.infeasible.iter().map(|region| {
        let objective = &plan.objectives[region.objective];
        let best = region.best.map_or_else(|| NONE.to_owned(), |best| objective.unit.show(best));
        [region.place.clone(), objective.text.clone(), best, count(region.designs.len() as u64)]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() { String::new() } else { section(["CAN'T DO", "misses", "best mean", "designs"], rows) }
}

fn spent(plan: &Plan) -> String {
    let spent = &plan.spent;
    format!(
        "{} and {} under fresh seeds; every design to the same depth would have taken {}",
        counted(spent.search, "run"),
        count(spent.fresh),
        count(spent.every_design)
    )
}

/// Writes `plan.json` and `replications.csv` into a folder, each under its name only when it is whole.
pub fn write_plan(folder: &Path, plan: &Plan, samples: &Samples) -> Result<Vec<PathBuf>, FileError> {
    let names: Vec<_> = plan.designs.iter().map(|row| (row.name.as_str(), row.levels.as_slice())).collect();
    let axes: Vec<_> = plan.axes.iter().map(|axis| axis.name.as_str()).collect();
    let rows = write_file(folder, "replications.csv", |file| replications_csv(&axes, &names, samples, &[], file))?;
    let summary = write_file(folder, "plan.json", |file| {
        serde_json::to_writer_pretty(&mut *file, plan).map_err(io::Error::from).and_then(|()| file.write_all(b"\n"))
    })?;
    Ok(vec![rows, summary])
}
