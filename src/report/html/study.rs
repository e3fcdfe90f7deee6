//! The pages of a comparison, a plan and a sensitivity study: what was found, charts, tables, and what all of it rests on.

use maud::{Markup, html};

use crate::experiment::Comparison;
use crate::experiment::plan::Plan;
use crate::experiment::sensitivity::Sensitivity;
use crate::report::charts::{Figure, front, intervals, tornado};
use crate::report::form::Table;
use crate::report::html::blocks::{figure, section, table, unbroken};
use crate::report::html::{appendix, page};
use crate::report::provenance::Provenance;
use crate::report::study::{comparison as compared, plan as planned, sensitivity as told};

/// The page of a comparison. Same study, same bytes.
pub(in crate::report) fn comparison_page(comparison: &Comparison, provenance: &Provenance) -> String {
    let runs = u64::from(comparison.replications.saturating_sub(1));
    let seeds = (comparison.seed, comparison.seed.wrapping_add(runs));
    let figures = [Some(intervals::means(comparison)), front::of_comparison(comparison)];
    let differences = (0..comparison.metrics.len()).map(|index| intervals::differences(comparison, index));
    let alone = comparison.variants.len() < 2;
    let differences: Vec<Figure> = differences.filter(|_| !alone).collect();
    let body = html! {
        (head(&comparison.scenario, &comparison.description, &compared::head(comparison)))
        (sentences("findings", "What it says", &found(comparison)))
        (section("best", "Which is best", &html! {
            @for one in figures.iter().flatten() { (figure(one)) }
        }))
        (section("differences", "Differences", &html! { @for one in &differences { (figure(one)) } }))
        (tables(&compared::tables(comparison)))
        (appendix::assumed(&comparison.assumptions))
        (appendix::provenance(&seeds_of(seeds), None, provenance))
    };
    page::page(&format!("{} compared – windtunnel", comparison.scenario), &body)
}

/// The page of a plan. Same study, same bytes.
pub(in crate::report) fn plan_page(plan: &Plan, provenance: &Provenance) -> String {
    let mut found = planned::verdict(plan);
    found.push(planned::spent(plan));
    let last = plan.designs.iter().map(|design| u64::from(design.runs)).max().unwrap_or(1).saturating_sub(1);
    let seeds = (plan.seed, plan.seed.wrapping_add(last));
    let body = html! {
        (head(&plan.scenario, &plan.description, &planned::head(plan)))
        (sentences("findings", "What it says", &found))
        (section("trade", "What is traded for what", &html! { (figure(&front::of_plan(plan))) }))
        (tables(&planned::tables(plan)))
        (appendix::assumed(&plan.assumptions))
        (appendix::provenance(&seeds_of(seeds), None, provenance))
    };
    page::page(&format!("{} planned – windtunnel", plan.scenario), &body)
}

/// The page of a sensitivity study. Same study, same bytes.
pub(in crate::report) fn sensitivity_page(found: &Sensitivity, provenance: &Provenance) -> String {
    let last = found.seed.wrapping_add(u64::from(found.replications.saturating_sub(1)));
    let figures =
        (0..found.metrics.len()).filter(|_| found.morris.is_none()).map(|index| tornado::figure(found, index));
    let figures: Vec<Figure> = figures.collect();
    let body = html! {
        (head(&found.scenario, &found.description, &told::head(found)))
        (sentences("findings", "What it says", &told::sentences(found)))
        @if !figures.is_empty() { (section("effects", "Effects", &html! { @for one in &figures { (figure(one)) } })) }
        (tables(&told::tables(found)))
        (sentences("notes", "Notes", &told::remarks(found)))
        (appendix::assumed(&found.assumptions))
        (appendix::provenance(&seeds_of((found.seed, last)), None, provenance))
    };
    page::page(&format!("{}: what matters – windtunnel", found.scenario), &body)
}

fn found(comparison: &Comparison) -> Vec<String> {
    let mut found = vec![compared::sentence(comparison)];
    found.extend(compared::notes(comparison));
    found
}

fn seeds_of((first, last): (u64, u64)) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn head(name: &str, description: &str, line: &str) -> Markup {
    html! {
        header {
            h1 { (name) }
            @if !description.is_empty() { p { (description) } }
            p.quiet { (unbroken(line)) }
        }
    }
}

fn sentences(id: &str, heading: &str, sentences: &[String]) -> Markup {
    section(id, heading, &html! { ul.findings { @for one in sentences { li { (unbroken(one)) } } } })
}

fn tables(tables: &[Table]) -> Markup {
    section("tables", "In numbers", &html! { @for one in tables { (table(one)) } })
}
