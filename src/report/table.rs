//! The summary on a terminal: at most 100 columns, numbers with the digits that matter. Everything shown here is in
//! `summary.json` too, but for wall-clock time.

use std::cmp::Reverse;
use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use crate::metrics::figures::{count, counted, number, percent, span, usd};
use crate::metrics::{InstanceTypeRow, Quantiles, Summary, WarmupMethod};
use crate::model::Assumptions;

const WIDTH: u16 = 100;
/// Instance types shown, the most expensive first.
const TYPES_SHOWN: usize = 12;
const NONE: &str = "–";

/// The summary as text, with a line break at the end.
pub fn table(summary: &Summary) -> String {
    let sections = [
        head(summary),
        jobs(summary),
        times(summary),
        money(summary),
        instance_types(summary),
        queues(summary),
        shares(summary),
        blocked(summary),
        steady_state(summary),
        findings(summary),
        assumptions(summary),
    ];
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// A borderless table under a heading: the first column reads from the left, numbers from the right.
pub(super) fn section<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_width(WIDTH).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heads);
    table.add_rows(rows.into_iter().map(|row| row.map(Cell::new)));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
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

fn jobs(summary: &Summary) -> String {
    let jobs = &summary.jobs;
    let heads = ["JOBS", "submitted", "succeeded", "failed", "unfinished", "attempts", "retries", "interrupted"];
    let row = [
        jobs.submitted,
        jobs.succeeded,
        jobs.failed,
        jobs.unfinished,
        jobs.attempts,
        jobs.retries,
        jobs.interrupted_attempts,
    ]
    .map(count);
    let [submitted, succeeded, failed, unfinished, attempts, retries, interrupted] = row;
    section(heads, [[String::new(), submitted, succeeded, failed, unfinished, attempts, retries, interrupted]])
}

fn quantiles(name: &str, spans: &Quantiles) -> [String; 7] {
    let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), span);
    [
        name.to_owned(),
        shown(spans.mean),
        shown(spans.p50),
        shown(spans.p90),
        shown(spans.p95),
        shown(spans.p99),
        shown(spans.max),
    ]
}

fn times(summary: &Summary) -> String {
    let heads = ["TIME", "mean", "p50", "p90", "p95", "p99", "max"];
    let rows = [
        quantiles("wait, to first RUNNING", &summary.wait_s),
        quantiles("in RUNNABLE", &summary.runnable_s),
        quantiles("turnaround", &summary.turnaround_s),
    ];
    let mut text = section(heads, rows);
    if let (Some(mean), Some(max)) = (summary.bounded_slowdown.mean, summary.bounded_slowdown.max) {
        let makespan = summary.makespan_s.map_or_else(String::new, |makespan| format!("makespan {}, ", span(makespan)));
        write!(text, "\n{makespan}bounded slowdown {} (max {})", number(mean), number(max))
            .expect("writing to a string can't fail");
    }
    text
}

/// Where vCPU-hours and money went, side by side.
fn money(summary: &Summary) -> String {
    let (cost, capacity) = (&summary.cost, &summary.capacity);
    let hours = capacity.vcpu_hours_launched;
    let of = |part: f64, whole: f64| if whole > 0.0 { percent(part / whole) } else { NONE.to_owned() };
    let row = |name: &str, vcpu_hours: f64, usd_part: f64| {
        let shares = [of(vcpu_hours, hours), of(usd_part, cost.instances)];
        let [time, money] = shares;
        [name.to_owned(), number(vcpu_hours), time, usd(usd_part), money]
    };
    let from_share = |share: Option<f64>| share.unwrap_or(0.0) * hours;
    let fee = |name: &str, amount: f64| [name.to_owned(), String::new(), String::new(), usd(amount), String::new()];
    let mut rows = vec![
        row("useful: attempts that succeeded", capacity.vcpu_hours_useful, cost.useful),
        row("lost: attempts thrown away", capacity.vcpu_hours_lost, cost.lost),
        row("unfinished attempts", capacity.vcpu_hours_unfinished, cost.unfinished),
        row("nodes starting", from_share(capacity.startup_share), cost.startup),
        row("kubelet and daemonsets", from_share(capacity.overhead_share), cost.overhead),
        row("idle", from_share(capacity.idle_share), cost.idle),
        row("all instances", hours, cost.instances),
    ];
    rows.push(fee("  On-Demand", cost.on_demand));
    rows.push(fee("  Spot", cost.spot));
    rows.push(fee("root volumes", cost.volumes));
    rows.push(fee("EKS cluster", cost.cluster_fee));
    rows.push(fee("total", cost.total));
    let mut text = section(["CAPACITY AND COST", "vCPU-hours", "share", "cost", "share"], rows);
    let mut line = |sentence: String| write!(text, "\n{sentence}").expect("writing to a string can't fail");
    if let (Some(jobs), Some(useful)) = (cost.per_1000_succeeded, cost.per_useful_vcpu_hour) {
        line(format!("{} per 1,000 succeeded jobs, {} per useful vCPU-hour", usd(jobs), usd(useful)));
    }
    line(format!(
        "{} nodes launched, {} adopted; at most {} nodes with {} vCPUs at a time",
        count(capacity.nodes_launched),
        count(capacity.nodes_adopted),
        count(capacity.peak_nodes),
        count(capacity.peak_vcpus)
    ));
    let spot = &summary.spot;
    if spot.interruptions + spot.warnings > 0 {
        line(format!(
            "{} ({} free of charge), {}",
            counted(spot.interruptions, "Spot interruption"),
            count(spot.reclaimed_uncharged),
            counted(spot.warnings, "warning")
        ));
    }
    text
}

fn instance_types(summary: &Summary) -> String {
    if summary.instance_types.is_empty() {
        return String::new();
    }
    let mut rows: Vec<&InstanceTypeRow> = summary.instance_types.iter().collect();
    // By cost to the micro-dollar, then by vCPU-hours (adopted nodes cost nothing); the sort is stable.
    rows.sort_by_key(|row| Reverse(crate::units::MicroUsd::from_usd(row.cost)));
    let more = rows.len().saturating_sub(TYPES_SHOWN);
    let heads = ["INSTANCE TYPES", "", "nodes", "vCPU-hours", "requested", "cost", "idle", "interrupted"];
    let shown = rows.into_iter().take(TYPES_SHOWN).map(|row| {
        [
            row.instance_type.clone().unwrap_or_else(|| "adopted".to_owned()),
            row.purchase.map_or_else(String::new, |purchase| purchase.to_string()),
            count(row.nodes),
            number(row.vcpu_hours),
            row.utilization.map_or_else(|| NONE.to_owned(), percent),
            usd(row.cost),
            usd(row.idle_cost),
            count(row.interruptions),
        ]
    });
    let mut text = section(heads, shown);
    if more > 0 {
        write!(text, "\n… and {more} more").expect("writing to a string can't fail");
    }
    text
}

fn queues(summary: &Summary) -> String {
    if summary.queues.len() < 2 {
        return String::new();
    }
    let heads = ["QUEUES", "submitted", "succeeded", "failed", "unfinished", "wait p50", "p95", "max"];
    let rows = summary.queues.iter().map(|queue| {
        let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), span);
        [
            queue.queue.clone(),
            count(queue.submitted),
            count(queue.succeeded),
            count(queue.failed),
            count(queue.unfinished),
            shown(queue.wait_s.p50),
            shown(queue.wait_s.p95),
            shown(queue.wait_s.max),
        ]
    });
    section(heads, rows)
}

/// Who had how much of the fair-share queues.
fn shares(summary: &Summary) -> String {
    if summary.shares.is_empty() {
        return String::new();
    }
    let named = summary.queues.len() > 1;
    let whole: f64 = summary.shares.iter().map(|share| share.vcpu_hours).sum();
    let heads = ["SHARES", "submitted", "succeeded", "failed", "wait p50", "p95", "max", "vCPU-hours", "share"];
    let rows = summary.shares.iter().map(|share| {
        let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), span);
        [
            if named { format!("{}: {}", share.queue, share.share) } else { share.share.clone() },
            count(share.submitted),
            count(share.succeeded),
            count(share.failed),
            shown(share.wait_s.p50),
            shown(share.wait_s.p95),
            shown(share.wait_s.max),
            number(share.vcpu_hours),
            if whole > 0.0 { percent(share.vcpu_hours / whole) } else { NONE.to_owned() },
        ]
    });
    section(heads, rows)
}

/// Each queue's own head: times of several heads at once would add up to more than the run.
fn blocked(summary: &Summary) -> String {
    let end_s = summary.counted_s();
    let named = summary.queues.len() > 1;
    let rows: Vec<[String; 3]> = summary
        .queues
        .iter()
        .flat_map(|queue| queue.blocked_s.iter().map(move |(reason, &secs)| (&queue.queue, reason, secs)))
        .filter(|&(.., secs)| secs > 0.0)
        .map(|(queue, reason, secs)| {
            let share = if end_s > 0.0 { percent(secs / end_s) } else { NONE.to_owned() };
            let what = if named { format!("{queue}: {reason}") } else { reason.clone() };
            [what, span(secs), share]
        })
        .collect();
    let head = if named { "HEAD OF QUEUE BLOCKED BY" } else { "HEAD OF THE QUEUE BLOCKED BY" };
    if rows.is_empty() { String::new() } else { section([head, "time", "of the run"], rows) }
}

/// Text in two columns, the second one wrapped.
fn listed(head: &str, rows: impl IntoIterator<Item = [String; 2]>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_width(WIDTH - 2).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    if table.is_empty() { String::new() } else { format!("{head}\n{}", table.trim_fmt()) }
}

/// What one long run says of the system after its warm-up, which all other figures leave out.
fn steady_state(summary: &Summary) -> String {
    let Some(steady) = &summary.steady_state else { return String::new() };
    let how = match steady.method {
        WarmupMethod::Fixed => "as given",
        WarmupMethod::Mser5 => "by MSER-5",
        WarmupMethod::Mser5NotFound => "half the run, for MSER-5 found no end of it",
    };
    let (warmup, window) = (span(steady.warmup_s), span(steady.window_s));
    let mut lines = vec![format!("warm-up left out: {warmup} ({how}); observed: {window}")];
    if let (Some(wait), Some(half), Some(lag1)) =
        (steady.wait_mean, steady.wait_mean.and_then(|wait| wait.half_width), steady.lag1)
    {
        let (mean, batches) = (span(wait.mean), wait.n);
        lines.push(format!("mean wait {mean} ± {} (95 %; {batches} batches, lag-1 correlation {lag1:.2})", span(half)));
    }
    if let (Some(growth), Some(half)) = (steady.growth_jobs_per_hour, steady.growth_half_width) {
        let verdict = match steady.stable {
            Some(true) => "stable",
            Some(false) => "not stable",
            None => "stable or not, the run is too short to tell",
        };
        let (come, growth, half) = (number(steady.jobs_per_hour), number(growth), number(half));
        lines.push(format!(
            "{verdict}: {come} jobs an hour come, and those in the system grow by {growth} ± {half} an hour"
        ));
    }
    lines.extend(steady.notes.iter().cloned());
    listed("STEADY STATE", lines.into_iter().map(|line| ["•".to_owned(), line]))
}

fn findings(summary: &Summary) -> String {
    listed("FINDINGS", summary.findings.iter().map(|finding| ["•".to_owned(), finding.text.clone()]))
}

fn assumptions(summary: &Summary) -> String {
    let changed = Assumptions::default().rows().into_iter().filter_map(|row| {
        let value = summary.assumptions.get(row.name)?;
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (*value != row.value).then(|| [row.name.to_owned(), format!("{} (default {})", text(value), text(&row.value))])
    });
    listed("ASSUMPTIONS THAT DIFFER FROM THEIR DEFAULT", changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Finding, FindingCode, Metrics};
    use crate::model::{Names, PurchaseOption};
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
