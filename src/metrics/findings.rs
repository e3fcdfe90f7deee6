//! What stands out in a summary, one sentence each, with its numbers. Every finding is computed from the summary alone,
//! so a reader can check it there.

use serde::{Deserialize, Serialize};

use crate::metrics::figures::{count, counted, number, percent, span, usd};
use crate::metrics::summary::{InstanceTypeRow, JobFacts, NodeSize, QueueRow, Summary};

/// A share of money or time below which nothing is said.
const WORTH_SAYING: f64 = 0.10;
/// The same for waste that has one clear cause.
const CAUSED_WASTE: f64 = 0.02;
/// Difference between estimated and actual node size that changes what fits.
const SIZE_GAP: f64 = 0.05;
/// Share of a run for which a head must be blocked to be mentioned.
const OFTEN_BLOCKED: f64 = 0.25;

/// A finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub code: FindingCode,
    /// What it is about (a queue, an instance type), if not the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The share that it is judged by.
    pub share: f64,
    /// The sentence.
    pub text: String,
}

/// Kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingCode {
    /// Jobs become more and more.
    GrowingQueue,
    /// Jobs had not ended.
    UnfinishedJobs,
    /// Jobs FAILED.
    FailedJobs,
    /// Submissions were not taken.
    RefusedJobs,
    /// A queue's head was blocked for long.
    HeadBlocked,
    /// Paid for and on offer, but not requested.
    IdleCapacity,
    /// Paid for before it was ready.
    NodeStartup,
    /// Kept by kubelet and daemonsets.
    NodeOverhead,
    /// Paid for attempts that were thrown away.
    LostWork,
    /// Interrupted instances that cost nothing.
    UnchargedReclaims,
    /// Nodes are not what they were taken for.
    NodeSizeEstimate,
}

/// All findings of a summary, in order of the codes.
pub(super) fn findings(summary: &Summary) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(growing(summary));
    found.extend(unfinished(summary));
    found.extend(failed(summary));
    found.extend(refused(summary));
    found.extend(summary.queues.iter().filter_map(|queue| blocked(queue, summary.counted_s())));
    found.extend(idle(summary));
    found.extend(startup(summary));
    found.extend(overhead(summary));
    found.extend(lost(summary));
    found.extend(uncharged(summary));
    found.extend(node_sizes(summary));
    found
}

fn finding(code: FindingCode, share: f64, text: String) -> Finding {
    Finding { code, subject: None, share, text }
}

#[expect(clippy::cast_precision_loss, reason = "a share for display")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn were(n: u64, noun: &str) -> String {
    format!("{} {}", counted(n, noun), if n == 1 { "was" } else { "were" })
}

fn growing(summary: &Summary) -> Option<Finding> {
    let steady = summary.steady_state.as_ref()?;
    let growth = steady.growth_jobs_per_hour?;
    (steady.stable == Some(false)).then(|| {
        finding(
            FindingCode::GrowingQueue,
            ratio(growth, steady.jobs_per_hour),
            format!(
                "The queue grows by about {} jobs an hour, of {} that come: there is no steady state, and means depend \
                 on how long the run was. Add capacity, or submit less.",
                number(growth),
                number(steady.jobs_per_hour)
            ),
        )
    })
}

fn unfinished(summary: &Summary) -> Option<Finding> {
    let jobs = &summary.jobs;
    let part = share(jobs.unfinished, jobs.submitted);
    (jobs.unfinished > 0).then(|| {
        finding(
            FindingCode::UnfinishedJobs,
            part,
            format!(
                "{} of {} jobs ({}) had not ended when the simulation did, after {}.",
                count(jobs.unfinished),
                count(jobs.submitted),
                percent(part),
                span(summary.sim.end_s)
            ),
        )
    })
}

fn failed(summary: &Summary) -> Option<Finding> {
    let jobs = &summary.jobs;
    let part = share(jobs.failed, jobs.submitted);
    (jobs.failed > 0).then(|| {
        finding(
            FindingCode::FailedJobs,
            part,
            format!(
                "{} of {} jobs ({}) FAILED{}, after {} retries in the whole run.",
                count(jobs.failed),
                count(jobs.submitted),
                percent(part),
                failed_by(jobs),
                count(jobs.retries)
            ),
        )
    })
}

/// What jobs failed for, most frequent first where there is more than one cause.
fn failed_by(jobs: &JobFacts) -> String {
    let others = jobs.dependency_failed + jobs.cancelled + jobs.terminated + jobs.time_limited;
    let mut causes = [
        (jobs.failed.saturating_sub(others), "with no attempt left"),
        (jobs.dependency_failed, "because a job that they depend on did"),
        (jobs.cancelled, "by cancellation"),
        (jobs.terminated, "by termination"),
        (jobs.time_limited, "by a job state time limit"),
    ];
    causes.sort_by_key(|&(number, _)| std::cmp::Reverse(number));
    let given: Vec<_> = causes.into_iter().filter(|&(number, _)| number > 0).collect();
    match given.as_slice() {
        [(_, cause)] => format!(" {cause}"),
        several => {
            let parts: Vec<_> = several.iter().map(|(number, cause)| format!("{} {cause}", count(*number))).collect();
            format!(": {}", parts.join(", "))
        }
    }
}

fn refused(summary: &Summary) -> Option<Finding> {
    let jobs = &summary.jobs;
    let part = share(jobs.refused, jobs.submitted + jobs.refused);
    (jobs.refused > 0).then(|| {
        finding(
            FindingCode::RefusedJobs,
            part,
            format!(
                "{} ({}) {} not taken: AWS Batch would have answered SubmitJob with a ClientException.",
                counted(jobs.refused, "submitted job"),
                percent(part),
                if jobs.refused == 1 { "was" } else { "were" },
            ),
        )
    })
}

fn blocked(queue: &QueueRow, end_s: f64) -> Option<Finding> {
    let total: f64 = queue.blocked_s.values().sum();
    // Of equal reasons, the first by name.
    let (reason, longest) =
        queue.blocked_s.iter().fold(None, |best: Option<(&String, f64)>, (reason, &secs)| match best {
            Some((_, most)) if most >= secs => best,
            _ => Some((reason, secs)),
        })?;
    let part = ratio(total, end_s);
    let by = if longest < total { format!("mostly by {reason} ({})", span(longest)) } else { format!("by {reason}") };
    (part >= OFTEN_BLOCKED).then(|| Finding {
        code: FindingCode::HeadBlocked,
        subject: Some(queue.queue.clone()),
        share: part,
        text: format!(
            "The head of queue {} was blocked for {} of the run ({}), {by}.",
            queue.queue,
            percent(part),
            span(total),
        ),
    })
}

fn row_name(row: &InstanceTypeRow) -> String {
    match (&row.instance_type, row.purchase) {
        (Some(name), Some(purchase)) => format!("{name} {purchase}"),
        _ => "adopted nodes".to_owned(),
    }
}

fn idle(summary: &Summary) -> Option<Finding> {
    let cost = &summary.cost;
    let capacity = &summary.capacity;
    // Where nothing was paid (adopted nodes), time has to stand in for money.
    if cost.instances <= 0.0 {
        let part = capacity.idle_share?;
        return (part >= WORTH_SAYING).then(|| {
            finding(
                FindingCode::IdleCapacity,
                part,
                format!(
                    "{} of {} vCPU-hours were on offer and not requested by any job.{}",
                    percent(part),
                    number(capacity.vcpu_hours_launched),
                    gpus(summary)
                ),
            )
        });
    }
    let part = ratio(cost.idle, cost.instances);
    let worst = summary.instance_types.iter().reduce(|a, b| if b.idle_cost > a.idle_cost { b } else { a })?;
    (part >= WORTH_SAYING).then(|| Finding {
        code: FindingCode::IdleCapacity,
        subject: Some(row_name(worst)),
        share: part,
        text: format!(
            "{} of the {} paid for instances went to idle vCPUs, most of it on {} ({} of {}).{}",
            percent(part),
            usd(cost.instances),
            row_name(worst),
            usd(worst.idle_cost),
            usd(worst.cost),
            gpus(summary)
        ),
    })
}

/// Nodes with GPUs are bought for these: idle vCPUs say little of them.
fn gpus(summary: &Summary) -> String {
    let used = summary.capacity.gpu_utilization;
    used.map_or_else(String::new, |used| format!(" Of GPUs {} were requested.", percent(used)))
}

fn startup(summary: &Summary) -> Option<Finding> {
    let cost = &summary.cost;
    let part = ratio(cost.startup, cost.instances);
    (part >= CAUSED_WASTE).then(|| {
        finding(
            FindingCode::NodeStartup,
            part,
            format!(
                "{} of the {} paid for instances went to the time before a node was ready: {} nodes were launched.",
                percent(part),
                usd(cost.instances),
                count(summary.capacity.nodes_launched)
            ),
        )
    })
}

fn overhead(summary: &Summary) -> Option<Finding> {
    let cost = &summary.cost;
    let part = ratio(cost.overhead, cost.instances);
    (part >= WORTH_SAYING).then(|| {
        finding(
            FindingCode::NodeOverhead,
            part,
            format!(
                "{} of the {} paid for instances went to CPU that kubelet and daemonsets keep; larger nodes keep a smaller share.",
                percent(part),
                usd(cost.instances)
            ),
        )
    })
}

fn lost(summary: &Summary) -> Option<Finding> {
    let cost = &summary.cost;
    let jobs = &summary.jobs;
    let part = ratio(cost.lost, cost.instances);
    (part >= CAUSED_WASTE).then(|| {
        finding(
            FindingCode::LostWork,
            part,
            format!(
                "{} of the {} paid for instances went to attempts that were thrown away: {} to nodes that went away ({} attempts), {} to failures.",
                percent(part),
                usd(cost.instances),
                usd(cost.lost_to_interruptions),
                count(jobs.interrupted_attempts),
                usd(cost.lost - cost.lost_to_interruptions)
            ),
        )
    })
}

fn uncharged(summary: &Summary) -> Option<Finding> {
    let spot = &summary.spot;
    (spot.reclaimed_uncharged > 0).then(|| {
        finding(
            FindingCode::UnchargedReclaims,
            share(spot.reclaimed_uncharged, spot.interruptions),
            format!(
                "{} reclaimed within the first hour and cost nothing, of {} interrupted in all.",
                were(spot.reclaimed_uncharged, "Spot instance"),
                count(spot.interruptions)
            ),
        )
    })
}

/// How much more than estimated a node really offers, as a share of the estimate: of CPU or memory, whichever is further
/// off. Below zero where nodes are smaller than they were taken for, in either.
fn size_gap(size: &NodeSize) -> f64 {
    let gap = |estimated: f64, actual: f64| if estimated > 0.0 { (actual - estimated) / estimated } else { 0.0 };
    let cpu = gap(size.estimated_vcpus, size.actual_vcpus);
    let memory = gap(size.estimated_memory_mib.into(), size.actual_memory_mib.into());
    if cpu < -SIZE_GAP || memory < -SIZE_GAP { cpu.min(memory) } else { cpu.max(memory) }
}

/// One finding for types that are larger than they were taken for, one for those that are smaller: each names the type
/// that is furthest off, since daemonsets put all types off alike.
fn node_sizes(summary: &Summary) -> impl Iterator<Item = Finding> {
    let off = |sign: f64| summary.node_sizes.iter().map(move |size| (size, size_gap(size) * sign));
    [1.0, -1.0].into_iter().filter_map(move |sign| {
        let types = off(sign).filter(|&(_, gap)| gap > SIZE_GAP).count() as u64;
        // Of equal gaps, the first.
        let (size, gap) = off(sign).reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        (gap > SIZE_GAP).then(|| node_size(size, gap * sign, types - 1))
    })
}

fn node_size(size: &NodeSize, gap: f64, others: u64) -> Finding {
    let so = if gap < 0.0 {
        "jobs that fill the estimate launch nodes on which they don't fit"
    } else {
        "until its first node is up, jobs that would just fit get larger types"
    };
    let others = if others == 0 { String::new() } else { format!(" So it is with {}.", counted(others, "other type")) };
    Finding {
        code: FindingCode::NodeSizeEstimate,
        subject: Some(size.instance_type.clone()),
        share: gap,
        text: format!(
            "{} is taken to offer {} vCPU and {} MiB before one was seen, and really offers {} vCPU and {} MiB: {so}.{others}",
            size.instance_type,
            number(size.estimated_vcpus),
            count(size.estimated_memory_mib.into()),
            number(size.actual_vcpus),
            count(size.actual_memory_mib.into())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    fn summary() -> Summary {
        let names = Names { job_queues: vec!["bulk".to_owned()], ..Names::default() };
        let metrics = Metrics::new(Vec::new(), names, &Assumptions::default());
        metrics.finish("empty", 0, SimTime::from_millis(10_000_000)).unwrap().summary
    }

    fn texts(summary: &Summary) -> Vec<(FindingCode, String)> {
        findings(summary).into_iter().map(|finding| (finding.code, finding.text)).collect()
    }

    #[test]
    fn nothing_stands_out_of_nothing() {
        assert_eq!(texts(&summary()), []);
    }

    #[test]
    fn a_head_blocked_for_long_names_its_main_cause() {
        let mut summary = summary();
        let blocked = [("AT_MAX_VCPUS".to_owned(), 2_000.0), ("AWAITING_CAPACITY".to_owned(), 3_000.0)];
        summary.queues[0].blocked_s = blocked.into();
        let text = "The head of queue bulk was blocked for 50 % of the run (1h23m), mostly by AWAITING_CAPACITY (50m).";
        assert_eq!(texts(&summary), [(FindingCode::HeadBlocked, text.to_owned())]);
    }

    #[test]
    fn nodes_smaller_than_their_estimate_are_a_trap() {
        let mut summary = summary();
        let size = NodeSize {
            instance_type: "m5.large".to_owned(),
            estimated_vcpus: 1.43,
            actual_vcpus: 1.43,
            estimated_memory_mib: 6_800,
            actual_memory_mib: 6_200,
        };
        summary.node_sizes.push(NodeSize { actual_memory_mib: 6_600, ..size.clone() });
        assert_eq!(texts(&summary), [], "within 5 %");
        summary.node_sizes.push(size);
        let [(code, text)] = texts(&summary).try_into().unwrap();
        assert_eq!(code, FindingCode::NodeSizeEstimate);
        assert!(text.contains("1.43 vCPU and 6,800 MiB") && text.ends_with("on which they don't fit."), "{text}");
    }

    #[test]
    fn types_that_are_off_alike_are_told_once() {
        let mut summary = summary();
        let size = NodeSize {
            instance_type: "m5.xlarge".to_owned(),
            estimated_vcpus: 3.42,
            actual_vcpus: 3.77,
            estimated_memory_mib: 14_003,
            actual_memory_mib: 14_503,
        };
        let large = NodeSize {
            instance_type: "m5.large".to_owned(),
            estimated_vcpus: 1.43,
            actual_vcpus: 1.78,
            estimated_memory_mib: 6_574,
            actual_memory_mib: 7_074,
        };
        summary.node_sizes.extend([size, large]);
        let [(code, text)] = texts(&summary).try_into().unwrap();
        assert_eq!(code, FindingCode::NodeSizeEstimate);
        assert!(text.starts_with("m5.large is taken") && text.ends_with("So it is with 1 other type."), "{text}");
    }

    #[test]
    fn money_for_nothing_is_named_with_its_amount() {
        let mut summary = summary();
        summary.cost.instances = 200.0;
        (summary.cost.startup, summary.cost.lost, summary.cost.lost_to_interruptions) = (44.0, 10.0, 8.0);
        summary.jobs.interrupted_attempts = 31;
        let found = texts(&summary);
        assert!(
            found[0].1.starts_with("22 % of the $200.00 paid for instances went to the time before"),
            "{}",
            found[0].1
        );
        assert!(
            found[1].1.ends_with("$8.00 to nodes that went away (31 attempts), $2.00 to failures."),
            "{}",
            found[1].1
        );
    }
}
