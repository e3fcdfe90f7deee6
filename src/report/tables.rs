//! What is told of a summary in tables, on the terminal and on the page: which rows, which figures, in which order.
//! Everything shown is in `summary.json` too. Knows nothing of how a table is printed.

use std::cmp::Reverse;

use crate::metrics::figures::{count, counted, number, percent, span, usd};
use crate::metrics::{InstanceTypeRow, Quantiles, Summary, WarmupMethod};
use crate::model::{Assumption, Assumptions};
use crate::report::form::{Cell, Table};

/// Instance types shown on a terminal, the most expensive first.
const TYPES_ON_TERMINAL: usize = 12;

pub(super) fn jobs(summary: &Summary) -> Table {
    let jobs = &summary.jobs;
    let heads = ["submitted", "succeeded", "failed", "unfinished", "attempts", "retries", "interrupted"];
    let counts = [
        jobs.submitted,
        jobs.succeeded,
        jobs.failed,
        jobs.unfinished,
        jobs.attempts,
        jobs.retries,
        jobs.interrupted_attempts,
    ];
    let row = [Cell::text("all")].into_iter().chain(counts.map(Cell::count)).collect();
    Table::new("Jobs", &heads, vec![row]).ordered()
}

fn quantiles(name: &str, spans: &Quantiles) -> Vec<Cell> {
    let figures = [spans.mean, spans.p50, spans.p90, spans.p95, spans.p99, spans.max];
    [Cell::text(name)].into_iter().chain(figures.map(Cell::span)).collect()
}

pub(super) fn times(summary: &Summary) -> Table {
    let rows = vec![
        quantiles("wait, to first RUNNING", &summary.wait_s),
        quantiles("in RUNNABLE", &summary.runnable_s),
        quantiles("turnaround", &summary.turnaround_s),
    ];
    let slowdown = &summary.bounded_slowdown;
    let note = slowdown.mean.zip(slowdown.max).map(|(mean, max)| {
        let makespan = summary.makespan_s.map_or_else(String::new, |makespan| format!("makespan {}, ", span(makespan)));
        format!("{makespan}bounded slowdown {} (max {})", number(mean), number(max))
    });
    Table::new("Time", &["mean", "p50", "p90", "p95", "p99", "max"], rows)
        .ordered()
        .with_notes(note.into_iter().collect())
}

/// Where vCPU-hours and money went, side by side.
pub(super) fn money(summary: &Summary) -> Table {
    let (cost, capacity) = (&summary.cost, &summary.capacity);
    let hours = capacity.vcpu_hours_launched;
    let row = |name: &str, vcpu_hours: f64, usd: f64| {
        let time = [Cell::number(vcpu_hours), Cell::share(vcpu_hours, hours)];
        let money = [Cell::usd(usd), Cell::share(usd, cost.instances)];
        [Cell::text(name)].into_iter().chain(time).chain(money).collect()
    };
    let from_share = |share: Option<f64>| share.unwrap_or(0.0) * hours;
    let nothing = Cell::default;
    let fee = |name: &str, usd: f64| vec![Cell::text(name), nothing(), nothing(), Cell::usd(usd), nothing()];
    let rows = vec![
        row("useful: attempts that succeeded", capacity.vcpu_hours_useful, cost.useful),
        row("lost: attempts thrown away", capacity.vcpu_hours_lost, cost.lost),
        row("unfinished attempts", capacity.vcpu_hours_unfinished, cost.unfinished),
        row("nodes starting", from_share(capacity.startup_share), cost.startup),
        row("kubelet and daemonsets", from_share(capacity.overhead_share), cost.overhead),
        row("idle", from_share(capacity.idle_share), cost.idle),
        row("all instances", hours, cost.instances),
        fee("  On-Demand", cost.on_demand),
        fee("  Spot", cost.spot),
        fee("root volumes", cost.volumes),
        fee("EKS cluster", cost.cluster_fee),
        fee("total", cost.total),
    ];
    let heads = ["vCPU-hours", "share", "cost", "share"];
    Table::new("Capacity and cost", &heads, rows).ordered().with_notes(money_notes(summary))
}

fn money_notes(summary: &Summary) -> Vec<String> {
    let (cost, capacity, spot) = (&summary.cost, &summary.capacity, &summary.spot);
    let mut notes = Vec::new();
    if let (Some(jobs), Some(useful)) = (cost.per_1000_succeeded, cost.per_useful_vcpu_hour) {
        notes.push(format!("{} per 1,000 succeeded jobs, {} per useful vCPU-hour", usd(jobs), usd(useful)));
    }
    notes.push(format!(
        "{} nodes launched, {} adopted; at most {} nodes with {} vCPUs at a time",
        count(capacity.nodes_launched),
        count(capacity.nodes_adopted),
        count(capacity.peak_nodes),
        count(capacity.peak_vcpus)
    ));
    if let (Some(launched), Some(used)) = (capacity.gpu_hours_launched, capacity.gpu_utilization) {
        notes.push(format!("{} GPU-hours, {} of them requested", number(launched), percent(used)));
    }
    if spot.interruptions + spot.warnings > 0 {
        notes.push(format!(
            "{} ({} free of charge), {}",
            counted(spot.interruptions, "Spot interruption"),
            count(spot.reclaimed_uncharged),
            counted(spot.warnings, "warning")
        ));
    }
    notes
}

/// Instance types by cost, the most expensive first.
pub(super) fn types_by_cost(summary: &Summary) -> Vec<&InstanceTypeRow> {
    let mut rows: Vec<&InstanceTypeRow> = summary.instance_types.iter().collect();
    // To the micro-dollar (adopted nodes cost nothing); the sort is stable.
    rows.sort_by_key(|row| Reverse(crate::units::MicroUsd::from_usd(row.cost)));
    rows
}

pub(super) fn instance_types(summary: &Summary) -> Table {
    let rows = types_by_cost(summary).into_iter().map(|row| {
        vec![
            Cell::text(row.instance_type.as_deref().unwrap_or("adopted")),
            Cell::text(row.purchase.map_or_else(String::new, |purchase| purchase.to_string())),
            Cell::count(row.nodes),
            Cell::number(row.vcpu_hours),
            Cell::percent(row.utilization),
            Cell::usd(row.cost),
            Cell::usd(row.idle_cost),
            Cell::count(row.interruptions),
        ]
    });
    let heads = ["", "nodes", "vCPU-hours", "requested", "cost", "idle", "interrupted"];
    let table = Table::new("Instance types", &heads, rows.collect()).of("type");
    Table { rows_on_terminal: TYPES_ON_TERMINAL, ..table }
}

/// Nothing for a single queue: its figures are the run's.
pub(super) fn queues(summary: &Summary) -> Table {
    let rows = summary.queues.iter().filter(|_| summary.queues.len() > 1);
    let rows =
        rows.map(|row| outcomes(&row.queue, [row.submitted, row.succeeded, row.failed, row.unfinished], &row.wait_s));
    Table::new("Queues", &OUTCOMES, rows.collect()).of("queue")
}

const OUTCOMES: [&str; 7] = ["submitted", "succeeded", "failed", "unfinished", "wait p50", "p95", "max"];

/// What became of some of the jobs, and how long they waited.
fn outcomes(name: &str, counts: [u64; 4], wait_s: &Quantiles) -> Vec<Cell> {
    let spans = [wait_s.p50, wait_s.p95, wait_s.max].map(Cell::span);
    [Cell::text(name)].into_iter().chain(counts.map(Cell::count)).chain(spans).collect()
}

/// Who had how much of the fair-share queues.
pub(super) fn shares(summary: &Summary) -> Table {
    let named = summary.queues.len() > 1;
    let whole: f64 = summary.shares.iter().map(|share| share.vcpu_hours).sum();
    let rows = summary.shares.iter().map(|share| {
        vec![
            Cell::text(if named { format!("{}: {}", share.queue, share.share) } else { share.share.clone() }),
            Cell::count(share.submitted),
            Cell::count(share.succeeded),
            Cell::count(share.failed),
            Cell::span(share.wait_s.p50),
            Cell::span(share.wait_s.p95),
            Cell::span(share.wait_s.max),
            Cell::number(share.vcpu_hours),
            Cell::share(share.vcpu_hours, whole),
        ]
    });
    let heads = ["submitted", "succeeded", "failed", "wait p50", "p95", "max", "vCPU-hours", "share"];
    Table::new("Shares", &heads, rows.collect()).of("share")
}

pub(super) fn job_names(summary: &Summary) -> Table {
    let rows = summary
        .job_names
        .iter()
        .map(|row| outcomes(&row.job_name, [row.submitted, row.succeeded, row.failed, row.unfinished], &row.wait_s));
    Table::new("Job names", &OUTCOMES, rows.collect()).of("job name")
}

/// A queue's head blocked by something: queue (empty where there is but one), reason, seconds.
pub(super) fn blocked_by(summary: &Summary) -> impl Iterator<Item = (&str, &str, f64)> {
    let named = summary.queues.len() > 1;
    let each = summary.queues.iter().flat_map(move |queue| {
        let name = if named { queue.queue.as_str() } else { "" };
        queue.blocked_s.iter().map(move |(reason, &secs)| (name, reason.as_str(), secs))
    });
    each.filter(|&(.., secs)| secs > 0.0)
}

/// What one long run says of the system after its warm-up, a sentence each; nothing for a run without one.
pub(super) fn steady_state(summary: &Summary) -> Vec<String> {
    let Some(steady) = &summary.steady_state else { return Vec::new() };
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
    lines
}

/// Each queue's own head: times of several heads at once would add up to more than the run.
pub(super) fn blocked(summary: &Summary) -> Table {
    let rows = blocked_by(summary).map(|(queue, reason, secs)| {
        let what = if queue.is_empty() { reason.to_owned() } else { format!("{queue}: {reason}") };
        vec![Cell::text(what), Cell::span(secs), Cell::share(secs, summary.counted_s())]
    });
    let the = if summary.queues.len() > 1 { "" } else { "the " };
    Table::new(format!("Head of {the}queue blocked by"), &["time", "of the run"], rows.collect()).of("reason")
}

/// What nodes really offered. For the page alone: where it matters, a finding says so.
pub(super) fn node_sizes(summary: &Summary) -> Table {
    let rows = summary.node_sizes.iter().map(|size| {
        vec![
            Cell::text(&*size.instance_type),
            Cell::number(size.estimated_vcpus),
            Cell::number(size.actual_vcpus),
            Cell::count(size.estimated_memory_mib.into()),
            Cell::count(size.actual_memory_mib.into()),
        ]
    });
    let note = "First what a type is taken to offer before one was seen, then what its first node did offer.";
    let heads = ["vCPUs", "actual", "MiB", "actual"];
    Table::new("Node sizes", &heads, rows.collect()).of("type").with_notes(vec![note.to_owned()])
}

/// An assumption of the run with its default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assumed {
    pub(super) about: Assumption,
    pub(super) value: String,
    pub(super) default: String,
}

impl Assumed {
    pub(super) fn differs(&self) -> bool {
        self.value != self.default
    }
}

/// All assumptions, in the order of `windtunnel assumptions`.
pub(super) fn assumptions(values: &serde_json::Map<String, serde_json::Value>) -> Vec<Assumed> {
    /// As a scenario would write it, text without quotes.
    fn shown(value: &serde_json::Value) -> String {
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }
    let rows = Assumptions::default().rows().into_iter().filter_map(|about| {
        let value = shown(values.get(about.name)?);
        Some(Assumed { default: shown(&about.value), value, about })
    });
    rows.collect()
}
