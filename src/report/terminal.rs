//! The summary on a terminal: at most 100 columns, numbers with the digits that matter. Everything shown here is in
//! `summary.json` too, but for wall-clock time.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table as Columns};

use crate::metrics::Summary;
use crate::metrics::figures::{counted, span};
use crate::report::form::Table;
use crate::report::tables;

const WIDTH: u16 = 100;

/// The summary as text, with a line break at the end.
pub fn table(summary: &Summary) -> String {
    let sections = [
        head(summary),
        section(&tables::jobs(summary)),
        section(&tables::times(summary)),
        section(&tables::money(summary)),
        section(&tables::instance_types(summary)),
        section(&tables::queues(summary)),
        section(&tables::shares(summary)),
        section(&tables::job_names(summary)),
        section(&tables::blocked(summary)),
        steady_state(summary),
        findings(summary),
        assumptions(summary),
    ];
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// A table under a heading. Nothing for a table without rows.
pub(super) fn section(table: &Table) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let name = table.name.to_uppercase();
    let heads = [name.as_str()].into_iter().chain(table.heads.iter().map(String::as_str));
    let shown = table.rows.iter().take(table.rows_on_terminal);
    let mut text = columns(heads, shown.map(|row| row.iter().map(|cell| cell.text.as_str())));
    let more = table.rows.len().saturating_sub(table.rows_on_terminal);
    let more = (more > 0).then(|| format!("… and {more} more"));
    for line in more.iter().chain(&table.notes) {
        write!(text, "\n{line}").expect("writing to a string can't fail");
    }
    text
}

/// Borderless columns: the first reads from the left, numbers from the right.
pub(super) fn columns<'a>(
    heads: impl IntoIterator<Item = &'a str>,
    rows: impl IntoIterator<Item: IntoIterator<Item = &'a str>>,
) -> String {
    let mut columns = Columns::new();
    columns.load_style(NOTHING).set_width(WIDTH).set_content_arrangement(ContentArrangement::Dynamic);
    columns.set_header(heads);
    columns.add_rows(rows.into_iter().map(|row| row.into_iter().map(Cell::new)));
    for column in columns.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for column in columns.column_iter_mut() {
        column.set_padding((0, 2));
    }
    columns.trim_fmt()
}

fn head(summary: &Summary) -> String {
    let sim = &summary.sim;
    let mut text = format!(
        "{}, seed {}: {} simulated, {} in {}",
        summary.scenario,
        summary.seed,
        span(sim.end_s),
        counted(sim.events, "event"),
        counted(sim.steps, "step")
    );
    if let Some(wall) = sim.wall_s {
        write!(text, ", {} of wall time", span(wall)).expect("writing to a string can't fail");
    }
    text
}

/// Text in two columns, the second one wrapped.
pub(super) fn listed(head: &str, rows: impl IntoIterator<Item = [String; 2]>) -> String {
    let mut table = Columns::new();
    table.load_style(NOTHING).set_width(WIDTH - 2).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    if table.is_empty() { String::new() } else { format!("{head}\n{}", table.trim_fmt()) }
}

/// What one long run says of the system after its warm-up, which all other figures leave out.
fn steady_state(summary: &Summary) -> String {
    listed("STEADY STATE", tables::steady_state(summary).into_iter().map(|line| ["•".to_owned(), line]))
}

fn findings(summary: &Summary) -> String {
    listed("FINDINGS", summary.findings.iter().map(|finding| ["•".to_owned(), finding.text.clone()]))
}

fn assumptions(summary: &Summary) -> String {
    let changed = tables::assumptions(&summary.assumptions).into_iter().filter(tables::Assumed::differs);
    let rows = changed.map(|one| [one.about.name.to_owned(), format!("{} (default {})", one.value, one.default)]);
    listed("ASSUMPTIONS THAT DIFFER FROM THEIR DEFAULT", rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Finding, FindingCode, InstanceTypeRow, Metrics};
    use crate::model::{Assumptions, Names, PurchaseOption};
    use crate::units::SimTime;

    fn summary() -> Summary {
        let assumptions = Assumptions { root_volume_gib: 100, ..Assumptions::default() };
        let names = Names { job_queues: vec!["urgent".to_owned(), "bulk".to_owned()], ..Names::default() };
        let metrics = Metrics::new(Vec::new(), names, &assumptions);
        let mut summary = metrics.finish("nightly", 42, SimTime::from_millis(7_200_000)).unwrap().summary;
        summary.jobs.submitted = 12_345;
        summary.cost.instances = 120.5;
        summary.cost.idle = 30.125;
        for queue in &mut summary.queues {
            queue.blocked_s.insert("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY".to_owned(), 5_400.0);
        }
        summary.instance_types = (0..20)
            .map(|n| InstanceTypeRow {
                instance_type: Some(format!("u-24tb1.{n}xlarge-metal-flex")),
                purchase: Some(PurchaseOption::Ec2),
                nodes: 123_456,
                vcpu_hours: 1_234_567.0,
                utilization: Some(0.5),
                cost: f64::from(n) * 99_999.0,
                idle_cost: 0.5,
                useful_cost: 0.5,
                lost_cost: 0.0,
                unfinished_cost: 0.0,
                overhead_cost: 0.0,
                startup_cost: 0.0,
                interruptions: 1_000,
                attempts: 5,
            })
            .collect();
        let text = "word ".repeat(60);
        summary.findings.push(Finding { code: FindingCode::IdleCapacity, subject: None, share: 0.25, text });
        summary
    }

    #[test]
    fn fits_a_terminal_and_shows_what_matters() {
        let text = table(&summary());
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= usize::from(WIDTH), "{widest} columns:\n{text}");
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
        for shown in ["nightly, seed 42: 2h simulated", "12,345", "$30.12", "… and 8 more", "25 %", "bulk"] {
            assert!(text.contains(shown), "{shown} in:\n{text}");
        }
        assert!(text.contains("urgent: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"), "{text}");
        assert!(!text.contains("150 %"), "no sum over queues:\n{text}");
        assert!(text.contains("rootVolumeGiB 100 (default 30)"), "{text}");
    }

    #[test]
    fn says_little_about_nothing() {
        let metrics = Metrics::new(Vec::new(), Names::default(), &Assumptions::default());
        let text = table(&metrics.finish("empty", 0, SimTime::ZERO).unwrap().summary);
        for absent in ["INSTANCE TYPES", "QUEUES", "FINDINGS", "ASSUMPTIONS", "Spot interruptions", "NaN", "inf"] {
            assert!(!text.contains(absent), "{absent} in:\n{text}");
        }
    }
}
