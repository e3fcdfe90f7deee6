//! The whole fold over scripted facts and decisions, against numbers computed by hand, and over nonsense.

use std::io::Write;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use crate::driver::Watcher;
use crate::ids::{
    ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId, ZoneId,
};
use crate::metrics::{FindingCode, Metrics, Results, Sinks, Summary};
use crate::model::{Assumptions, JobSpecName, Names, PurchaseOption, Resources};
use crate::scheduler::{
    AttemptEnd, AttemptOutcome, Blocked, Command, Decision, EndCause, Ending, Event, JobEnd, JobSpec, NodeLossCause,
    Observation, PodFailure, Reason, TypeFacts,
};
use crate::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

const QUEUE: JobQueueId = JobQueueId(0);
const SPEC: JobSpecId = JobSpecId(0);
const ENVIRONMENT: ComputeEnvironmentId = ComputeEnvironmentId(0);

const fn at(secs: u64) -> SimTime {
    SimTime::from_millis(secs * 1_000)
}

const fn resources(cpu: u32) -> Resources {
    Resources { cpu: MilliCpu(cpu), memory: MiB(1_024), gpus: 0, pods: 1 }
}

pub(super) const fn pod(slot: u32, generation: u32) -> PodId {
    PodId { slot, generation }
}

fn child(index: u32) -> JobRef {
    JobRef { job: JobId::new(0, 0), child: Some(index) }
}

fn names() -> Names {
    Names {
        compute_environments: vec!["ce".to_owned()],
        job_queues: vec!["queue".to_owned()],
        job_specs: vec![JobSpecName { job_name: "hello".to_owned(), job_definition: "hello:1".to_owned() }],
        instance_types: vec!["m5.large".to_owned()],
        zones: vec!["us-east-1a".to_owned()],
        ..Names::default()
    }
}

pub(super) fn metrics() -> Metrics {
    let facts = TypeFacts {
        vcpus: 2,
        allocatable: resources(1_930),
        on_demand_per_hour: MicroUsd(96_000),
        spot_per_hour: MicroUsd(36_000),
    };
    let assumptions = Assumptions { savings_plan_discount: 0.25, ..Assumptions::default() };
    let mut metrics = Metrics::new(vec![facts], names(), &assumptions);
    let job = JobSpec { requests: resources(500), attempts: 2, ..JobSpec::default() };
    step(&mut metrics, 0, [Event::JobSpecRegistered { spec: SPEC, job: Box::new(job) }], &Decision::default());
    metrics
}

pub(super) fn step(metrics: &mut Metrics, secs: u64, events: impl Into<Vec<Event>>, decision: &Decision) {
    let seen = Observation { now: at(secs), events: events.into() };
    metrics.decided(&seen, decision).unwrap();
}

pub(super) fn submitted(job: u64, array_size: Option<u32>) -> Event {
    Event::submitted(JobId::new(0, job), QUEUE, SPEC, array_size)
}

pub(super) fn launched(node: u32, purchase: PurchaseOption) -> Event {
    Event::NodeLaunched {
        launch: LaunchId(0),
        environment: ENVIRONMENT,
        node: NodeId(node),
        instance_type: InstanceTypeId(0),
        zone: ZoneId(0),
        purchase,
    }
}

pub(super) fn ready(node: u32) -> Event {
    Event::NodeReady { node: NodeId(node), free: resources(1_900) }
}

pub(super) fn lost(node: u32, cause: NodeLossCause) -> Event {
    Event::NodeLost { node: NodeId(node), cause }
}

pub(super) fn create(pod: PodId, job: JobRef, attempt: u8, node: u32) -> Command {
    Command::CreatePod { pod, job, spec: SPEC, attempt, node: NodeId(node), node_index: None }
}

pub(super) fn attempt(
    pod: PodId,
    job: JobRef,
    node: u32,
    from_to: (u64, u64),
    outcome: AttemptOutcome,
    retried: bool,
) -> Ending {
    Ending::Attempt(AttemptEnd {
        pod,
        job,
        queue: QUEUE,
        spec: SPEC,
        attempt: 1,
        node: NodeId(node),
        starting_at: at(from_to.0),
        running_at: Some(at(from_to.0 + 10)),
        stopped_at: at(from_to.1),
        outcome,
        retried,
        node_index: None,
    })
}

pub(super) fn job(job: JobRef, succeeded: bool, ended: u64, last_run: u64) -> Ending {
    Ending::Job(JobEnd {
        job,
        queue: QUEUE,
        spec: SPEC,
        why: if succeeded { EndCause::Succeeded } else { EndCause::AttemptFailed },
        attempts: 1,
        submitted_at: at(0),
        first_running_at: Some(at(70)),
        runnable: SimDuration::from_secs(60),
        last_run: SimDuration::from_secs(last_run),
        ended_at: at(ended),
    })
}

/// A job's end with these times of submission and first RUNNING.
pub(super) fn secs_of(ending: Ending, submitted: u64, running: u64) -> Ending {
    match ending {
        Ending::Job(end) => {
            Ending::Job(JobEnd { submitted_at: at(submitted), first_running_at: Some(at(running)), ..end })
        }
        other => other,
    }
}

/// A job that is no array.
pub(super) fn single(number: u64) -> JobRef {
    JobRef { job: JobId::new(0, number), child: None }
}

fn blocked(why: Blocked) -> Reason {
    Reason::QueueBlocked { queue: QUEUE, head: child(0), why }
}

/// An array of two and a single job, each half a vCPU. An On-Demand node carries the array, a Spot node the single job
/// until it is reclaimed; the job then moves over and is still running at the end. The array's second child fails.
pub(super) fn play(metrics: &mut Metrics) {
    let single = single(1);
    let run = [pod(0, 0), pod(1, 0), pod(2, 0)].map(|pod| Event::PodRunning { pod });
    let say = |commands: Vec<Command>, endings: Vec<Ending>, reasons: Vec<Reason>| Decision {
        commands,
        endings,
        reasons,
        wake_at: None,
    };
    let waiting = say(vec![], vec![], vec![blocked(Blocked::AwaitingCapacity)]);
    step(metrics, 0, [submitted(0, Some(2)), submitted(1, None)], &waiting);
    step(metrics, 10, [launched(0, PurchaseOption::Ec2), launched(1, PurchaseOption::Spot)], &Decision::default());
    let pods =
        vec![create(pod(0, 0), child(0), 1, 0), create(pod(1, 0), child(1), 1, 0), create(pod(2, 0), single, 1, 1)];
    step(metrics, 60, [ready(0), ready(1)], &say(pods, vec![], vec![Reason::QueueUnblocked { queue: QUEUE }]));
    step(metrics, 70, run, &Decision::default());
    let first = vec![
        attempt(pod(0, 0), child(0), 0, (60, 670), AttemptOutcome::Succeeded, false),
        job(child(0), true, 670, 600),
    ];
    step(metrics, 670, [Event::PodSucceeded { pod: pod(0, 0) }], &say(vec![], first, vec![]));
    let warning = Event::SpotInterruptionWarning { node: NodeId(1), terminates_at: at(820) };
    step(metrics, 700, [warning], &Decision::default());
    let host = vec![attempt(pod(2, 0), single, 1, (60, 820), AttemptOutcome::HostTerminated, true)];
    let again = vec![create(pod(2, 1), single, 2, 0)];
    step(metrics, 820, [lost(1, NodeLossCause::SpotInterruption)], &say(again, host, vec![]));
    step(
        metrics,
        830,
        [Event::PodRunning { pod: pod(2, 0) }, Event::PodRunning { pod: pod(2, 1) }],
        &Decision::default(),
    );
    let failed = AttemptOutcome::Failed(PodFailure::ExitCode(1));
    let second = vec![attempt(pod(1, 0), child(1), 0, (60, 1_000), failed, false), job(child(1), false, 1_000, 930)];
    step(metrics, 1_000, [], &say(vec![], second, vec![]));
}

fn played() -> Results {
    let mut metrics = metrics();
    play(&mut metrics);
    metrics.finish("scripted", 7, at(1_810)).unwrap()
}

pub(super) fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
}

#[test]
fn jobs_and_waits() {
    let Summary { jobs, wait_s, turnaround_s, bounded_slowdown, makespan_s, blocked_s, sim, .. } = played().summary;
    assert_eq!((jobs.submitted, jobs.succeeded, jobs.failed, jobs.unfinished), (3, 1, 1, 1));
    assert_eq!((jobs.attempts, jobs.retries, jobs.interrupted_attempts), (4, 1, 1));
    assert_eq!((wait_s.count, wait_s.mean, wait_s.max), (2, Some(70.0), Some(70.0)));
    assert_eq!((turnaround_s.mean, turnaround_s.max), (Some(835.0), Some(1_000.0)));
    close(bounded_slowdown.max.unwrap(), 670.0 / 600.0);
    close(bounded_slowdown.mean.unwrap(), f64::midpoint(670.0 / 600.0, 1_000.0 / 930.0));
    assert_eq!(makespan_s, Some(1_000.0));
    assert_eq!(blocked_s, [("AWAITING_CAPACITY".to_owned(), 60.0)].into());
    assert_eq!((sim.end_s, sim.steps, sim.wall_s), (1_810.0, 10, None));
}

#[test]
fn capacity_of_both_nodes() {
    let capacity = played().summary.capacity;
    // vCPU-seconds: two nodes of 2 vCPUs lived for 1800 and 810 s.
    let hours = |vcpu_secs: f64| vcpu_secs / 3_600.0;
    close(capacity.vcpu_hours_launched, hours(3_600.0 + 1_620.0));
    close(capacity.vcpu_hours_useful, hours(0.5 * 610.0));
    close(capacity.vcpu_hours_lost, hours(0.5 * (760.0 + 940.0)));
    close(capacity.vcpu_hours_lost_to_interruptions, hours(0.5 * 760.0));
    close(capacity.vcpu_hours_unfinished, hours(0.5 * 990.0));
    close(capacity.vcpu_hours_requested, hours(1_650.0));
    close(capacity.utilization.unwrap(), 1_650.0 / 5_220.0);
    close(capacity.startup_share.unwrap(), 200.0 / 5_220.0);
    close(capacity.overhead_share.unwrap(), 0.1 * (1_750.0 + 760.0) / 5_220.0);
    close(capacity.idle_share.unwrap(), 3_119.0 / 5_220.0);
    assert_eq!((capacity.peak_vcpus, capacity.peak_nodes, capacity.nodes_launched), (4, 2, 2));
}

#[test]
fn money_is_split_and_a_reclaimed_hour_is_free() {
    let Summary { cost, spot, instance_types, findings, .. } = played().summary;
    // Half an hour at 0.096 USD less 25 %; the Spot node was reclaimed in its first hour.
    close(cost.on_demand, 0.036);
    close(cost.spot, 0.0);
    close(cost.useful, 0.003_05);
    close(cost.lost, 0.0047);
    close(cost.unfinished, 0.004_95);
    close(cost.overhead, 0.001_75);
    close(cost.startup, 0.001);
    close(cost.idle, 0.020_55);
    close(cost.cluster_fee, 0.1 * 1_810.0 / 3_600.0);
    close(cost.volumes, 2.4 * 2_610.0 / 2_592_000.0);
    let sum = cost.instances + cost.cluster_fee + cost.volumes;
    assert!((cost.total - sum).abs() < 3e-6, "each is rounded to the micro-dollar");
    close(cost.per_1000_succeeded.unwrap(), cost.total * 1_000.0);
    assert_eq!((spot.interruptions, spot.warnings, spot.reclaimed_uncharged), (1, 1, 1));
    let attempts: Vec<_> = instance_types.iter().map(|row| (row.purchase.unwrap(), row.nodes, row.attempts)).collect();
    assert_eq!(attempts, [(PurchaseOption::Ec2, 1, 3), (PurchaseOption::Spot, 1, 1)]);
    let idle = findings.iter().find(|finding| finding.code == FindingCode::IdleCapacity).unwrap();
    assert_eq!(
        idle.text,
        "57 % of the $0.0360 paid for instances went to idle vCPUs, most of it on m5.large On-Demand ($0.0205 of $0.0360)."
    );
}

#[test]
fn levels_over_time() {
    let rows = played().timeline;
    // 1810 s in bins of 4 s: the first minutes wait, then a job less each time one ends.
    let row = |secs: usize| rows[secs / 4];
    assert_eq!((row(0).demand_vcpus, row(0).waiting_jobs, row(0).nodes), (1.5, 3.0, 0.0));
    assert_eq!((row(100).demand_vcpus, row(100).requested_vcpus, row(100).running_jobs), (0.0, 1.5, 3.0));
    assert_eq!((row(100).launched_vcpus, row(100).nodes), (4.0, 2.0));
    assert_eq!(row(100).cost_usd_per_hour.to_bits(), 0.108_f64.to_bits());
    assert_eq!((row(900).requested_vcpus, row(900).running_jobs, row(900).launched_vcpus), (1.0, 2.0, 2.0));
    assert_eq!((row(1_700).running_jobs, row(1_700).cost_usd_per_hour), (1.0, 0.072));
    let requested: f64 = rows.iter().map(|row| row.requested_vcpus * (row.end_s - row.start_s)).sum();
    assert!((requested - 1_650.0).abs() < 1.0, "the timeline holds what the capacity holds: {requested}");
}

#[test]
fn what_happened_is_counted_where_it_did() {
    let rows = played().timeline;
    let at_820: Vec<_> = rows.iter().filter(|row| row.interruptions > 0).collect();
    let [row] = at_820[..] else { panic!("{at_820:?}") };
    assert!((row.start_s..=row.end_s).contains(&820.0), "{row:?}");
    assert_eq!((row.interruptions, row.interrupted_attempts, row.retries), (1, 1, 1));
    assert_eq!(rows.iter().map(|row| row.retries + row.interrupted_attempts).sum::<u64>(), 2);
}

#[test]
fn the_parts_of_a_types_bill_sum_to_it() {
    for row in played().summary.instance_types {
        let paid_for = row.useful_cost + row.lost_cost + row.unfinished_cost;
        close(paid_for + row.overhead_cost + row.startup_cost + row.idle_cost, row.cost);
    }
}

#[test]
fn pictures_are_kept_only_where_they_are_asked_for() {
    assert_eq!(played().pictures, None);
    let mut metrics = metrics().with_pictures();
    play(&mut metrics);
    let results = metrics.finish("scripted", 7, at(1_810)).unwrap();
    let pictures = results.pictures.unwrap();
    let spans = pictures.spans.unwrap();
    let lives: Vec<_> = spans.iter().map(|node| (node.launched_s, node.ready_s, node.gone_s, node.cause)).collect();
    let interrupted = Some(NodeLossCause::SpotInterruption);
    assert_eq!(lives, [(10.0, Some(60.0), 1_810.0, None), (10.0, Some(60.0), 820.0, interrupted)]);
    let steps: Vec<_> = pictures.waits[0].steps.iter().map(|step| (step.at_s, step.count)).collect();
    assert_eq!((pictures.waits.len(), steps), (1, vec![(70.0, 2)]));
    // The series by type are the timeline's nodes, taken apart.
    assert_eq!(pictures.fleets.len(), 2);
    for (bin, row) in results.timeline.iter().enumerate() {
        close(pictures.fleets.iter().map(|fleet| fleet.nodes[bin]).sum(), row.nodes);
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn rows_of_jobs_and_nodes() {
    let (jobs, nodes) = (Buffer::default(), Buffer::default());
    let mut metrics = metrics().with_sinks(Sinks::new(jobs.clone(), nodes.clone()).unwrap());
    play(&mut metrics);
    metrics.finish("scripted", 7, at(1_810)).unwrap();
    let text = |buffer: Buffer| String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        text(jobs),
        "job_id,job_name,queue,state,attempts,submitted_s,first_running_s,ended_s,wait_s,runnable_s,run_s,node,instance_type,cost_usd\n\
         0-0:0,hello,queue,SUCCEEDED,1,0.0,70.0,670.0,70.0,60.0,600.0,node-0,m5.large,0.00305\n\
         0-0:1,hello,queue,FAILED,1,0.0,70.0,1000.0,70.0,60.0,930.0,node-0,m5.large,0.0047\n"
    );
    assert_eq!(
        text(nodes),
        "node,instance_type,purchase,zone,environment,launched_s,ready_s,gone_s,cause,vcpus,pods,busy_share,cost_usd\n\
         node-1,m5.large,SPOT,us-east-1a,ce,10.0,60.0,820.0,SPOT_INTERRUPTION,2,1,0.234567,0.0\n\
         node-0,m5.large,EC2,us-east-1a,ce,10.0,60.0,,,2,3,0.352777,0.036\n"
    );
}

#[test]
fn adopted_nodes_count_and_cost_nothing() {
    let mut metrics = metrics();
    let adopted = Event::NodeAdopted { environment: ENVIRONMENT, node: NodeId(0), vcpus: 4, free: resources(4_000) };
    step(&mut metrics, 0, [adopted], &Decision::default());
    let summary = metrics.finish("fixed", 0, at(3_600)).unwrap().summary;
    close(summary.capacity.vcpu_hours_launched, 4.0);
    assert_eq!((summary.capacity.nodes_launched, summary.capacity.nodes_adopted), (0, 1));
    assert_eq!((summary.cost.instances, summary.cost.volumes), (0.0, 0.0));
    assert_eq!(summary.capacity.idle_share, Some(1.0));
    assert_eq!((summary.wait_s.p95, summary.cost.per_1000_succeeded, summary.makespan_s), (None, None, None));
}

fn any_fact() -> impl Strategy<Value = (u64, u8, u32, u32)> {
    (0_u64..3_000, 0_u8..10, 0_u32..4, 0_u32..3)
}

proptest! {
    /// Facts in any order, repeated, about things nobody knows: nothing panics, shares sum to one, parts to the bill.
    #[test]
    fn sums_hold_whatever_is_reported(
        facts in prop::collection::vec(any_fact(), 0..80),
        warmup in prop::option::of(0_u64..60_000),
    ) {
        let mut metrics = warmup.into_iter().fold(metrics(), |metrics, secs| metrics.with_warmup(at(secs)));
        let mut secs = 0;
        for (later, kind, node, slot) in facts {
            let before = secs;
            secs += later;
            let purchase = if node % 2 == 0 { PurchaseOption::Ec2 } else { PurchaseOption::Spot };
            let (id, reference) = (pod(slot, 0), child(slot));
            let mut decision = Decision::default();
            let event = match kind {
                0 => Some(submitted(0, Some(3))),
                1 | 2 => Some(launched(node, purchase)),
                3 => Some(ready(node)),
                4 => Some(lost(node, NodeLossCause::SpotInterruption)),
                5 => Some(Event::PodRunning { pod: id }),
                6 => {
                    let (instance_type, zone) = (InstanceTypeId(0), ZoneId(0));
                    Some(Event::SpotPriceChanged { instance_type, zone, per_hour: MicroUsd(later * 40) })
                }
                7 | 8 => {
                    decision.commands.push(create(id, reference, 1, node));
                    None
                }
                _ => {
                    decision.endings.push(attempt(id, reference, node, (before, secs), AttemptOutcome::TimedOut, false));
                    decision.endings.push(job(reference, false, secs, later));
                    None
                }
            };
            step(&mut metrics, secs, event.into_iter().collect::<Vec<_>>(), &decision);
        }
        let summary = metrics.finish("nonsense", 0, at(secs + 60)).unwrap().summary;
        let (capacity, cost) = (summary.capacity, summary.cost);
        if let Some(utilization) = capacity.utilization {
            let others = [capacity.overhead_share, capacity.startup_share, capacity.idle_share];
            close(utilization + others.into_iter().flatten().sum::<f64>(), 1.0);
        }
        let parts = cost.useful + cost.lost + cost.unfinished + cost.overhead + cost.startup + cost.idle;
        // Each of the six is rounded to the micro-dollar.
        prop_assert!((parts - cost.instances).abs() < 5e-6, "{} instead of {}", parts, cost.instances);
        prop_assert!((cost.on_demand + cost.spot - cost.instances).abs() < 5e-6);
    }
}
