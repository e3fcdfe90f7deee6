//! A warm-up left out of the scripted run, against numbers computed by hand.

use crate::metrics::scripted::{
    attempt, close, create, job, launched, lost, metrics, play, pod, ready, secs_of, single, step, submitted,
};
use crate::metrics::{Metrics, Results, Summary, WaitBin, Window};
use crate::model::PurchaseOption;
use crate::scheduler::{AttemptOutcome, Decision, Event, NodeLossCause};
use crate::units::SimTime;

const END_S: u64 = 1_810;

fn at(secs: u64) -> SimTime {
    SimTime::from_millis(secs * 1_000)
}

fn played(warmup_s: Option<u64>) -> Results {
    let mut metrics = metrics();
    if let Some(secs) = warmup_s {
        metrics = metrics.with_warmup(at(secs));
    }
    play(&mut metrics);
    metrics.finish("scripted", 7, at(END_S)).unwrap()
}

/// All three jobs were submitted before, so none is counted; what their attempts do in the window is.
#[test]
fn jobs_of_the_warm_up_are_left_out_and_attempts_of_the_window_are_not() {
    let Summary { jobs, wait_s, turnaround_s, makespan_s, blocked_s, window, spot, sim, .. } =
        played(Some(400)).summary;
    assert_eq!((jobs.submitted, jobs.succeeded, jobs.failed, jobs.unfinished), (0, 0, 0, 0));
    assert_eq!((jobs.attempts, jobs.retries, jobs.interrupted_attempts), (1, 1, 1));
    assert_eq!((wait_s.count, turnaround_s.mean, makespan_s), (0, None, None));
    assert!(blocked_s.is_empty(), "the queue was blocked from 0 to 60 s: {blocked_s:?}");
    assert_eq!((spot.interruptions, spot.warnings), (1, 1));
    assert_eq!(window, Some(Window { from_s: 400.0, until_s: 1_810.0 }));
    assert_eq!((sim.end_s, sim.steps), (1_810.0, 10), "the simulation is the whole one");
    close(played(Some(45)).summary.blocked_s["AWAITING_CAPACITY"], 15.0);
}

#[test]
fn meters_of_living_nodes_start_at_the_warm_up_s_end() {
    let Summary { capacity, cost, instance_types, .. } = played(Some(400)).summary;
    // vCPU-seconds: 2 vCPUs until 1810 s, and 2 until the Spot node is lost at 820 s.
    let hours = |vcpu_secs: f64| vcpu_secs / 3_600.0;
    close(capacity.vcpu_hours_launched, hours(2.0 * 1_410.0 + 2.0 * 420.0));
    close(capacity.vcpu_hours_useful, hours(0.5 * 270.0));
    close(capacity.vcpu_hours_lost, hours(0.5 * (600.0 + 420.0)));
    close(capacity.vcpu_hours_lost_to_interruptions, hours(0.5 * 420.0));
    close(capacity.vcpu_hours_unfinished, hours(0.5 * 990.0));
    close(capacity.overhead_share.unwrap(), 0.1 * (1_410.0 + 420.0) / 3_660.0);
    assert_eq!(capacity.startup_share, Some(0.0));
    assert_eq!((capacity.peak_vcpus, capacity.peak_nodes, capacity.nodes_launched), (4, 2, 0));
    close(cost.on_demand, 0.072 * 1_410.0 / 3_600.0);
    close(cost.spot, 0.0);
    close(cost.cluster_fee, 0.1 * 1_410.0 / 3_600.0);
    close(cost.volumes, 2.4 * (1_410.0 + 420.0) / 2_592_000.0);
    let rows: Vec<_> = instance_types.iter().map(|row| (row.purchase.unwrap(), row.nodes, row.attempts)).collect();
    assert_eq!(rows, [(PurchaseOption::Ec2, 1, 1), (PurchaseOption::Spot, 1, 0)]);
}

#[test]
fn what_comes_before_and_after_add_up_to_the_whole() {
    let whole = played(None).summary;
    for split in [10, 60, 400, 670, 1_000] {
        let (mut before, after) = (metrics(), played(Some(split)).summary);
        play_until(&mut before, split);
        let before = before.finish("before", 7, at(split)).unwrap().summary;
        let launched = |summary: &Summary| summary.capacity.vcpu_hours_launched;
        close(launched(&before) + launched(&after), launched(&whole));
        if split >= 70 {
            // The On-Demand node has lived for the minute that is billed at least.
            close(before.cost.on_demand + after.cost.on_demand, whole.cost.on_demand);
        }
        close(before.cost.cluster_fee + after.cost.cluster_fee, whole.cost.cluster_fee);
    }
}

/// The scripted run's nodes, as far as they have come.
fn play_until(metrics: &mut Metrics, secs: u64) {
    let script: [(u64, Vec<Event>); 3] = [
        (10, vec![launched(0, PurchaseOption::Ec2), launched(1, PurchaseOption::Spot)]),
        (60, vec![ready(0), ready(1)]),
        (820, vec![lost(1, NodeLossCause::SpotInterruption)]),
    ];
    for (when, events) in script.into_iter().filter(|&(when, _)| when <= secs) {
        step(metrics, when, events, &Decision::default());
    }
}

#[test]
fn what_is_rounded_up_is_paid_at_the_end_of_a_node_s_life() {
    let mut metrics = metrics().with_warmup(at(100));
    step(&mut metrics, 70, [launched(0, PurchaseOption::Ec2)], &Decision::default());
    step(&mut metrics, 110, [lost(0, NodeLossCause::Terminated)], &Decision::default());
    let cost = metrics.finish("short", 0, at(200)).unwrap().summary.cost;
    // It lived for 40 s, of which 10 in the window, and 20 more are billed.
    close(cost.on_demand, 0.072 * 30.0 / 3_600.0);
    close(cost.volumes, 2.4 * 30.0 / 2_592_000.0);
}

#[test]
fn jobs_of_the_window_are_counted_and_kept_by_time_of_submission() {
    let mut metrics = metrics().with_warmup(at(100));
    step(&mut metrics, 50, [submitted(1, None)], &Decision::default());
    step(&mut metrics, 100, [submitted(2, None), launched(0, PurchaseOption::Ec2)], &Decision::default());
    step(&mut metrics, 101, [submitted(3, None), ready(0)], &Decision::default());
    let pods = [(1, pod(0, 0)), (2, pod(1, 0)), (3, pod(2, 0))];
    let commands = pods.map(|(number, pod)| create(pod, single(number), 1, 0)).to_vec();
    step(&mut metrics, 120, [], &Decision { commands, ..Decision::default() });
    let ends = pods.iter().flat_map(|&(number, pod)| {
        let submitted_s = [0, 50, 100, 101][usize::try_from(number).unwrap()];
        [
            attempt(pod, single(number), 0, (120, 200), AttemptOutcome::Succeeded, false),
            secs_of(job(single(number), true, 200, 80), submitted_s, 130),
        ]
    });
    step(&mut metrics, 200, [], &Decision { endings: ends.collect(), ..Decision::default() });
    let results = metrics.finish("three", 0, at(300)).unwrap();
    let jobs = results.summary.jobs;
    assert_eq!((jobs.submitted, jobs.succeeded, jobs.attempts), (2, 2, 3));
    assert_eq!(results.summary.wait_s.mean, Some(29.5));
    let waits = [WaitBin { jobs: 1, wait_ms: 30_000 }, WaitBin { jobs: 1, wait_ms: 29_000 }];
    assert_eq!(results.flow.waits, waits);
    assert_eq!(results.flow.last_submission, Some(at(101)));
}

#[test]
fn a_warm_up_of_nothing_counts_everything() {
    let (mut none, whole) = (played(Some(0)).summary, played(None).summary);
    assert_eq!(none.window.take(), Some(Window { from_s: 0.0, until_s: 1_810.0 }));
    none.makespan_s = whole.makespan_s;
    assert_eq!(none, whole);
}

#[test]
fn a_run_that_ends_before_its_warm_up_has_an_empty_window() {
    let summary = played(Some(5_000)).summary;
    assert_eq!((summary.jobs.submitted, summary.jobs.succeeded), (3, 0));
    close(summary.counted_s(), 0.0);
}
