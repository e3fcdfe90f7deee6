//! A world that tells the scheduling core what happens at one instant in the source's order: first who ends as estimated,
//! together with the first of the rest; then submissions one by one, then the other ends one by one. Every fact is told at its
//! own time; only the order within an instant is the source's. Or else all of it is told together, as our own world does.

use std::collections::BTreeMap;

use windtunnel::ids::{ComputeEnvironmentId, JobId, JobQueueId, JobSpecId, NodeId, PodId};
use windtunnel::model::{Assumptions, Resources};
use windtunnel::scheduler::{
    Command, Decision, EnvironmentSpec, Event, JobSpec, Observation, QueuePolicy, QueueSpec, Scheduler,
    SchedulerConfig, Settings,
};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

use super::log::Job;

/// How facts of one instant are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ties {
    OneByOne,
    Together,
}

/// An end to come.
#[derive(Debug, Clone, Copy)]
struct End {
    pod: PodId,
    as_estimated: bool,
}

struct World<'j> {
    jobs: &'j [Job],
    core: Scheduler,
    decision: Decision,
    specs: BTreeMap<(u32, u64), JobSpecId>,
    /// By time, in order of start.
    ends: BTreeMap<u64, Vec<End>>,
    starts: Vec<u64>,
}

const QUEUE: JobQueueId = JobQueueId(0);
const ENVIRONMENT: ComputeEnvironmentId = ComputeEnvironmentId(0);

fn processors(number: u32) -> Resources {
    Resources::pod(MilliCpu(number * 1_000), MiB(1), 0)
}

/// One node, and a queue before it.
fn opening(number: u32, policy: QueuePolicy) -> Vec<Event> {
    let environment = EnvironmentSpec { enabled: true, managed: None, unmanaged_vcpus: None };
    let queue = QueueSpec { policy, ..QueueSpec::fifo(1, vec![ENVIRONMENT]) };
    let free = Resources { memory: MiB(1_000_000), pods: 1_000, ..processors(number) };
    vec![
        Event::ComputeEnvironmentCreated { environment: ENVIRONMENT, spec: Box::new(environment) },
        Event::JobQueueCreated { queue: QUEUE, spec: Box::new(queue) },
        Event::NodeAdopted { environment: ENVIRONMENT, node: NodeId(0), vcpus: number, free },
    ]
}

impl World<'_> {
    /// What a submission is told as.
    fn submission(&mut self, index: usize) -> Vec<Event> {
        let Job { processors: number, estimate, .. } = self.jobs[index];
        let mut facts = Vec::new();
        let next = JobSpecId(u32::try_from(self.specs.len()).unwrap());
        let spec = *self.specs.entry((number, estimate)).or_insert(next);
        if spec == next {
            let timeout = Some(SimDuration::from_secs(estimate));
            let job = JobSpec { requests: processors(number), attempts: 1, timeout, ..JobSpec::default() };
            facts.push(Event::JobSpecRegistered { spec, job: Box::new(job) });
        }
        facts.push(Event::submitted(JobId::new(0, index.try_into().unwrap()), QUEUE, spec, None));
        facts
    }

    /// What happens at an instant, in portions.
    fn portions(&mut self, submitted: &[usize], ends: &[End]) -> Vec<Vec<Event>> {
        let succeeded = |end: &End| Event::PodSucceeded { pod: end.pod };
        let as_estimated: Vec<_> = ends.iter().filter(|end| end.as_estimated).map(succeeded).collect();
        let mut portions: Vec<_> = submitted.iter().map(|&index| self.submission(index)).collect();
        if portions.is_empty() && ends.first().is_some_and(|end| end.as_estimated) {
            portions.push(Vec::new());
        }
        portions.extend(ends.iter().filter(|end| !end.as_estimated).map(|end| vec![succeeded(end)]));
        portions[0].splice(0..0, as_estimated);
        portions
    }

    fn tell(&mut self, now: u64, mut events: Vec<Event>) {
        while !events.is_empty() {
            self.core.step(&Observation { now: SimTime::from_millis(now * 1_000), events }, &mut self.decision);
            events = Vec::new();
            for command in &self.decision.commands {
                let Command::CreatePod { pod, job, .. } = *command else { panic!("{command:?}") };
                let index = usize::try_from(job.job.index()).unwrap();
                let Job { runtime, estimate, .. } = self.jobs[index];
                self.starts[index] = now;
                self.ends.entry(now + runtime).or_default().push(End { pod, as_estimated: runtime == estimate });
                events.push(Event::PodRunning { pod });
            }
        }
    }
}

/// When each job starts; jobs are in order of submission.
pub(super) fn starts(processors: u32, jobs: &[Job], policy: QueuePolicy, ties: Ties) -> Vec<u64> {
    let config = SchedulerConfig { settings: Settings::from(&Assumptions::ideal()), instance_types: Vec::new() };
    let mut world = World {
        jobs,
        core: Scheduler::new(config),
        decision: Decision::default(),
        specs: BTreeMap::new(),
        ends: BTreeMap::new(),
        starts: vec![u64::MAX; jobs.len()],
    };
    world.tell(0, opening(processors, policy));
    let mut submitted = 0;
    loop {
        let next_submission = jobs.get(submitted).map(|job| job.submit);
        let next_end = world.ends.first_key_value().map(|(&at, _)| at);
        let Some(now) = next_submission.into_iter().chain(next_end).min() else { break };
        let first = submitted;
        while jobs.get(submitted).is_some_and(|job| job.submit == now) {
            submitted += 1;
        }
        let arrivals: Vec<usize> = (first..submitted).collect();
        let ends = world.ends.remove(&now).unwrap_or_default();
        let portions = world.portions(&arrivals, &ends);
        match ties {
            Ties::OneByOne => portions.into_iter().for_each(|portion| world.tell(now, portion)),
            Ties::Together => {
                // Who ends makes room for who comes.
                let mut all = portions.concat();
                all.sort_by_key(|fact| !matches!(fact, Event::PodSucceeded { .. }));
                world.tell(now, all);
            }
        }
    }
    assert_eq!(world.core.audit(), [""; 0]);
    world.starts
}
