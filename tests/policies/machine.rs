//! A cluster of fixed nodes without latencies, driven straight into the core's step: jobs come, run as long as they do, and
//! end. All that happens at one time is told at once.

use std::collections::BTreeMap;

use windtunnel::ids::{ComputeEnvironmentId, JobId, JobQueueId, JobSpecId, NodeId, PodId};
use windtunnel::model::{Assumptions, Resources};
use windtunnel::scheduler::{
    Command, Decision, EnvironmentSpec, Event, JobSpec, Observation, QueuePolicy, QueueSpec, Reason, Scheduler,
    SchedulerConfig, Settings,
};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

/// A job; times in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) submit: u64,
    pub(crate) processors: u32,
    pub(crate) runtime: u64,
    pub(crate) estimate: Option<u64>,
}

/// What became of the jobs.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) starts: Vec<u64>,
    /// By head: by when it was first said to start.
    pub(crate) promised: BTreeMap<usize, u64>,
    pub(crate) backfilled: usize,
}

pub(crate) const fn at(secs: u64) -> SimTime {
    SimTime::from_millis(secs * 1_000)
}

/// What some processors of a node are.
pub(crate) fn processors(number: u32) -> Resources {
    Resources::pod(MilliCpu(number * 1_000), MiB(1), 0)
}

/// A job's spec.
pub(crate) fn spec(number: u32, estimate: Option<u64>) -> JobSpec {
    let timeout = estimate.map(SimDuration::from_secs);
    JobSpec { requests: processors(number), attempts: 1, timeout, ..JobSpec::default() }
}

/// A node with so many processors joins.
pub(crate) fn adopted(node: u32, number: u32) -> Event {
    let free = Resources { memory: MiB(1_000_000), pods: 10_000, ..processors(number) };
    Event::NodeAdopted { environment: ComputeEnvironmentId(0), node: NodeId(node), vcpus: number, free }
}

/// An environment whose nodes are told, and a queue before it.
pub(crate) fn opening(policy: QueuePolicy) -> Vec<Event> {
    let (environment, queue) = (ComputeEnvironmentId(0), JobQueueId(0));
    let spec = Box::new(EnvironmentSpec { enabled: true, managed: None, unmanaged_vcpus: None });
    let queue_spec = QueueSpec { policy, ..QueueSpec::fifo(1, vec![environment]) };
    vec![
        Event::ComputeEnvironmentCreated { environment, spec },
        Event::JobQueueCreated { queue, spec: Box::new(queue_spec) },
    ]
}

/// A core to which nothing takes time.
pub(crate) fn core() -> Scheduler {
    Scheduler::new(SchedulerConfig { settings: Settings::from(&Assumptions::ideal()), instance_types: Vec::new() })
}

/// Runs jobs, in order of submission, on nodes with so many processors.
pub(crate) fn run(nodes: &[u32], jobs: &[Job], policy: QueuePolicy) -> Done {
    let mut done = Done { starts: vec![u64::MAX; jobs.len()], ..Done::default() };
    let (mut core, mut decision) = (core(), Decision::default());
    let mut agenda: BTreeMap<u64, Vec<Event>> = BTreeMap::new();
    let mut first = opening(policy);
    first.extend((0..).zip(nodes).map(|(node, &number)| adopted(node, number)));
    agenda.insert(0, first);
    for (index, job) in (0..).zip(jobs) {
        let id = JobSpecId(index);
        let facts = agenda.entry(job.submit).or_default();
        facts.push(Event::JobSpecRegistered { spec: id, job: Box::new(spec(job.processors, job.estimate)) });
        facts.push(Event::submitted(JobId::new(0, index.into()), JobQueueId(0), id, None));
    }
    while let Some((now, mut events)) = agenda.pop_first() {
        // Who ends makes room for who comes.
        events.sort_by_key(|event| !matches!(event, Event::PodSucceeded { .. }));
        core.step(&Observation { now: at(now), events }, &mut decision);
        let running = note(&decision, now, jobs, &mut done, &mut agenda);
        assert_eq!(core.audit(), [""; 0]);
        let events = running.into_iter().map(|pod| Event::PodRunning { pod }).collect();
        core.step(&Observation { now: at(now), events }, &mut decision);
        assert!(note(&decision, now, jobs, &mut done, &mut agenda).is_empty(), "nothing more is free");
    }
    done
}

/// Notes what was decided; the pods that start.
fn note(
    decision: &Decision,
    now: u64,
    jobs: &[Job],
    done: &mut Done,
    agenda: &mut BTreeMap<u64, Vec<Event>>,
) -> Vec<PodId> {
    let mut running = Vec::new();
    for command in &decision.commands {
        let Command::CreatePod { pod, job, .. } = command else { panic!("{command:?}") };
        let index = index_of(job.job);
        done.starts[index] = now;
        agenda.entry(now + jobs[index].runtime).or_default().push(Event::PodSucceeded { pod: *pod });
        running.push(*pod);
    }
    for reason in &decision.reasons {
        if let Reason::Backfilled { head, until, .. } = reason {
            done.backfilled += 1;
            if let Some(until) = until {
                done.promised.entry(index_of(head.job)).or_insert(until.as_millis() / 1_000);
            }
        }
    }
    running
}

fn index_of(job: JobId) -> usize {
    usize::try_from(job.index()).expect("few jobs")
}
