//! The past played again: what the model would have predicted of waits, makespan and node-hours, against what they were.

use serde::Serialize;

use crate::catalog;
use crate::driver::DriverError;
use crate::experiment::simulate;
use crate::experiment::stats::Estimate;
use crate::import::aws;
use crate::import::kubectl;
use crate::metrics::Summary;
use crate::scenario::Resolved;

const LEVEL: f64 = 0.95;
const HOUR_MS: f64 = 3_600_000.0;

/// What was, of jobs that ended and ran. Seconds and hours; null where the files don't tell.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Actual {
    pub jobs: usize,
    pub wait_p50_s: Option<f64>,
    pub wait_p95_s: Option<f64>,
    pub makespan_s: Option<f64>,
    pub node_hours: Option<f64>,
}

/// A figure: predicted against actual.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// Which.
    pub figure: &'static str,
    /// Its unit: `s` or `h`.
    pub unit: &'static str,
    /// The mean over the runs.
    pub predicted: f64,
    /// Where 95 % of single runs would lie; null with one run.
    pub interval: Option<[f64; 2]>,
    /// What was; null where the files don't tell.
    pub actual: Option<f64>,
    /// Predicted less actual.
    pub error: Option<f64>,
    /// Relative to the actual figure.
    pub relative_error: Option<f64>,
    /// Whether the actual figure lies within the interval.
    pub within: Option<bool>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackTest {
    /// Runs, under seeds 1 and up.
    pub runs: u64,
    /// Jobs that ended and ran.
    pub jobs: usize,
    /// The figures.
    pub figures: Vec<Compared>,
    /// Why there are no actual node-hours, where there are none.
    pub no_node_hours_because: Option<&'static str>,
}

impl Actual {
    /// What the files tell.
    pub fn of(times: &aws::Times, cluster: &kubectl::Times, boot: Option<u64>) -> Self {
        let ended = || times.jobs.iter().filter(|job| job.stopped.is_some());
        // A start before the creation is one of clocks that differ; the job did not wait.
        let mut waits: Vec<u64> = ended().map(|job| job.started.saturating_sub(job.created)).collect();
        waits.sort_unstable();
        let first = times.jobs.iter().map(|job| job.created).min();
        let last = ended().filter_map(|job| job.stopped).max();
        Self {
            jobs: waits.len(),
            wait_p50_s: quantile(&waits, 0.5),
            wait_p95_s: quantile(&waits, 0.95),
            makespan_s: first.zip(last).map(|(first, last)| float(last.saturating_sub(first)) / 1_000.0),
            node_hours: node_hours(times, cluster, boot).ok(),
        }
    }
}

/// Of all nodes that jobs ran on and all others in the files; or why it can't be told.
fn node_hours(times: &aws::Times, cluster: &kubectl::Times, boot: Option<u64>) -> Result<f64, &'static str> {
    if cluster.nodes.is_empty() {
        return Err("there are no node objects");
    }
    let mut of_jobs = times.jobs.iter().filter_map(|job| job.node.as_deref());
    if of_jobs.any(|node| !cluster.nodes.contains_key(node)) {
        return Err("some nodes that jobs ran on have no object: it goes with the node");
    }
    let lives = cluster.nodes.values().map(|node| {
        let id = node.instance_id.as_deref();
        let known = times.instances.iter().find(|known| Some(known.id.as_str()) == id);
        let from = known.map_or(node.created.saturating_sub(boot.unwrap_or(0)), |known| known.launched);
        node.deleted.map(|deleted| float(deleted.saturating_sub(from)) / HOUR_MS)
    });
    let hours: Option<f64> = lives.sum();
    hours.ok_or("some nodes have no deletionTimestamp: how long they lived is not told")
}

/// Plays the past again, so many times, and holds it against what was.
pub fn back_test(
    scenario: &Resolved,
    runs: u64,
    times: &aws::Times,
    cluster: &kubectl::Times,
    boot: Option<u64>,
) -> Result<BackTest, DriverError> {
    let actual = Actual::of(times, cluster, boot);
    let mut predicted: [Vec<f64>; 4] = Default::default();
    for seed in 1..=runs {
        let summary = simulate(scenario, seed, None)?.summary;
        let found = [summary.wait_s.p50, summary.wait_s.p95, summary.makespan_s, simulated_node_hours(&summary)];
        for (all, found) in predicted.iter_mut().zip(found) {
            all.extend(found);
        }
    }
    let names = [("wait p50", "s"), ("wait p95", "s"), ("makespan", "s"), ("node-hours", "h")];
    let actuals = [actual.wait_p50_s, actual.wait_p95_s, actual.makespan_s, actual.node_hours];
    let figures = names.into_iter().zip(&predicted).zip(actuals);
    Ok(BackTest {
        runs,
        jobs: actual.jobs,
        figures: figures.filter_map(|((name, predicted), actual)| compared(name, predicted, actual)).collect(),
        no_node_hours_because: node_hours(times, cluster, boot).err(),
    })
}

fn compared((figure, unit): (&'static str, &'static str), runs: &[f64], actual: Option<f64>) -> Option<Compared> {
    let estimate = Estimate::of(runs, LEVEL)?;
    // A single history varies about the mean as a single run does.
    #[expect(clippy::cast_precision_loss, reason = "few runs")]
    let half = estimate.half_width.map(|half| half * (estimate.n as f64 + 1.0).sqrt());
    let interval = half.map(|half| [(estimate.mean - half).max(0.0), estimate.mean + half]);
    let error = actual.map(|actual| estimate.mean - actual);
    Some(Compared {
        figure,
        unit,
        predicted: estimate.mean,
        interval,
        actual,
        error,
        relative_error: error.zip(actual).filter(|(_, actual)| *actual > 0.0).map(|(error, actual)| error / actual),
        within: interval.zip(actual).map(|([low, high], actual)| (low..=high).contains(&actual)),
    })
}

/// Hours of launched nodes: vCPU-hours by type, over its vCPUs. `None` where a type isn't in the catalog.
fn simulated_node_hours(summary: &Summary) -> Option<f64> {
    let rows = summary.instance_types.iter().filter(|row| row.instance_type.is_some());
    let hours = rows.map(|row| {
        let facts = catalog::instance_type(row.instance_type.as_deref()?).ok()?;
        Some(row.vcpu_hours / f64::from(facts.vcpus))
    });
    hours.sum()
}

/// A quantile of sorted milliseconds, in seconds.
fn quantile(sorted: &[u64], share: f64) -> Option<f64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a place in it"
    )]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map(|&millis| float(millis) / 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of some centuries")]
fn float(millis: u64) -> f64 {
    millis as f64
}
