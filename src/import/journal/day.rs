//! What a journal tells of a day: what was there, who submitted what and when, how long attempts ran, how long things took.

use std::collections::BTreeMap;

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId};
use crate::import::runs::RunFailure;
use crate::import::workload::TIMED_OUT_FACTOR;
use crate::journal::{Header, JournalError, Named, Reader};
use crate::model::Resources;
use crate::scheduler::{
    AttemptEnd, AttemptOutcome, Command, ConsumableSpec, Decision, Dependency, Ending, EnvironmentSpec, Event, JobSpec,
    NodeLossCause, Observation, PodFailure, QueueSpec,
};
use crate::units::{SimDuration, SimTime};

/// A day, as its journal tells it.
#[derive(Debug, Clone)]
pub struct Day {
    pub(super) header: Header,
    pub(super) environments: Vec<EnvironmentSpec>,
    pub(super) queues: Vec<QueueSpec>,
    pub(super) consumables: Vec<ConsumableSpec>,
    pub(super) specs: BTreeMap<JobSpecId, JobSpec>,
    pub(super) nodes: Vec<AdoptedNode>,
    pub(super) submissions: Vec<Submission>,
    pub(super) ended_by_request: Vec<EndRequest>,
    /// Attempts that ran to an end of their own.
    pub(super) runs: BTreeMap<(JobId, u32, u8), Attempt>,
    /// Attempts that a person or the loss of a node ended: how long they would have run is not known.
    pub(super) cut_short: u64,
    /// Attempts that a timeout ended.
    pub(super) timed_out: u64,
    /// What nodes of a type offered, and how often.
    pub(super) offers: BTreeMap<InstanceTypeId, BTreeMap<Resources, u64>>,
    pub(super) measured: Measured,
    /// What the scenario can't take, by what it is.
    pub(super) dropped: BTreeMap<&'static str, u64>,
    /// Why the journal ends before its run did.
    pub(super) cut_off: Option<String>,
    /// Its first observation: of a live run, what was there is seen a little after its time 0.
    begun_at: Option<SimTime>,
    launches: BTreeMap<LaunchId, SimTime>,
    launched: BTreeMap<NodeId, (SimTime, InstanceTypeId)>,
    told_to_go: BTreeMap<NodeId, SimTime>,
    told_to_stop: BTreeMap<PodId, SimTime>,
}

/// Spans that were measured, in order of their ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    /// From `LaunchNodes` to each instance.
    pub(super) request: Vec<SimDuration>,
    /// From instance to node, by type.
    pub(super) ready: BTreeMap<InstanceTypeId, Vec<SimDuration>>,
    /// From `TerminateNode` to its end.
    pub(super) gone: Vec<SimDuration>,
    /// From `CreatePod` to RUNNING.
    pub(super) pod_start: Vec<SimDuration>,
    /// From `DeletePod` to its end.
    pub(super) stop: Vec<SimDuration>,
}

/// How an attempt went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// From `CreatePod` to RUNNING, if it came so far.
    pub(super) start: Option<SimDuration>,
    /// From RUNNING to its end.
    pub(super) runtime: SimDuration,
    /// From `DeletePod` to its end, if it was deleted.
    pub(super) stop: Option<SimDuration>,
    pub(super) failure: Option<RunFailure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AdoptedNode {
    pub(super) environment: ComputeEnvironmentId,
    pub(super) free: Resources,
}

#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) at: SimTime,
    pub(super) job: JobId,
    pub(super) queue: JobQueueId,
    pub(super) spec: JobSpecId,
    pub(super) array_size: Option<u32>,
    pub(super) depends_on: Box<[Dependency]>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct EndRequest {
    pub(super) at: SimTime,
    pub(super) job: JobRef,
    /// `TerminateJob`, else `CancelJob`.
    pub(super) terminate: bool,
}

impl Day {
    /// Reads a journal to its end. One that was cut off tells its day up to there.
    pub fn read(mut journal: Reader) -> Result<Self, JournalError> {
        let mut day = Self::new(journal.header().clone());
        loop {
            match step(&mut journal) {
                Ok(Some((seen, decision))) => {
                    day.take(&seen, &decision);
                    day.call(&journal.take_named(), &seen);
                }
                Ok(None) => {
                    day.cut_off = journal.ended().in_words().map(str::to_owned);
                    return Ok(day);
                }
                Err(error @ JournalError::CutOff { .. }) => {
                    day.cut_off = Some(error.to_string());
                    return Ok(day);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn new(header: Header) -> Self {
        Self {
            header,
            environments: Vec::new(),
            queues: Vec::new(),
            consumables: Vec::new(),
            specs: BTreeMap::new(),
            nodes: Vec::new(),
            submissions: Vec::new(),
            ended_by_request: Vec::new(),
            runs: BTreeMap::new(),
            cut_short: 0,
            timed_out: 0,
            offers: BTreeMap::new(),
            measured: Measured::default(),
            dropped: BTreeMap::new(),
            cut_off: None,
            begun_at: None,
            launches: BTreeMap::new(),
            launched: BTreeMap::new(),
            told_to_go: BTreeMap::new(),
            told_to_stop: BTreeMap::new(),
        }
    }

    /// Takes in what jobs are called that came while a run went on.
    fn call(&mut self, named: &Named, seen: &Observation) {
        for (spec, name) in named.specs(seen) {
            self.header.names.call(spec, name);
        }
        for named in &named.jobs {
            let Some(share) = named.submit["shareIdentifier"].as_str() else { continue };
            let own = self.submissions.iter().rev().find(|submission| submission.job == named.job);
            let id = own.and_then(|submission| self.specs.get(&submission.spec)?.share);
            if let Some(id) = id.filter(|id| id.index() >= self.header.names.shares.len()) {
                self.header.names.shares.resize(id.index() + 1, String::new());
                share.clone_into(&mut self.header.names.shares[id.index()]);
            }
        }
    }

    fn take(&mut self, seen: &Observation, decision: &Decision) {
        self.begun_at.get_or_insert(seen.now);
        for event in &seen.events {
            self.event(seen.now, event);
        }
        for command in &decision.commands {
            match command {
                Command::LaunchNodes(request) => {
                    self.launches.insert(request.launch, seen.now);
                }
                Command::TerminateNode { node } => {
                    self.told_to_go.insert(*node, seen.now);
                }
                Command::DeletePod { pod, .. } => {
                    self.told_to_stop.insert(*pod, seen.now);
                }
                Command::CreatePod { .. } => {}
            }
        }
        for ending in &decision.endings {
            if let Ending::Attempt(attempt) = ending {
                let stop = self.told_to_stop.remove(&attempt.pod).map(|told| seen.now.since(told));
                self.measured.stop.extend(stop);
                self.attempt(attempt, stop);
            }
        }
    }

    fn drop(&mut self, what: &'static str) {
        *self.dropped.entry(what).or_default() += 1;
    }

    fn event(&mut self, now: SimTime, event: &Event) {
        match event {
            Event::ComputeEnvironmentCreated { environment, spec } => {
                self.create(
                    environment.index(),
                    spec.as_ref(),
                    |day| &mut day.environments,
                    "compute environments made anew",
                );
            }
            Event::JobQueueCreated { queue, spec } => {
                self.create(queue.index(), spec.as_ref(), |day| &mut day.queues, "job queues made anew");
            }
            Event::ConsumableResourceSet { resource, spec } => {
                self.create(resource.index(), spec, |day| &mut day.consumables, "changes of consumable resources");
            }
            Event::ComputeEnvironmentUpdated { .. } => self.drop("updates of compute environments"),
            Event::ComputeEnvironmentInvalid { .. } => self.drop("compute environments that became INVALID"),
            Event::ComputeEnvironmentDeleted { .. } => self.drop("deletions of compute environments"),
            Event::JobQueueUpdated { .. } => self.drop("updates of job queues"),
            Event::JobQueueDeleted { .. } => self.drop("deletions of job queues"),
            Event::JobSpecRegistered { spec, job } => {
                self.specs.entry(*spec).or_insert_with(|| job.as_ref().clone());
            }
            Event::JobSubmitted { job, queue, spec, array_size, depends_on, tracked: _ } => {
                let (job, queue, spec, array_size) = (*job, *queue, *spec, *array_size);
                let depends_on = depends_on.clone();
                self.submissions.push(Submission { at: now, job, queue, spec, array_size, depends_on });
            }
            &Event::JobCancelRequested { job } => {
                self.ended_by_request.push(EndRequest { at: now, job, terminate: false });
            }
            &Event::JobTerminateRequested { job } => {
                self.ended_by_request.push(EndRequest { at: now, job, terminate: true });
            }
            &Event::NodeAdopted { environment, node: _, vcpus: _, free } => {
                if Some(now) > self.begun_at {
                    self.drop("times at which nodes joined that nobody launched: they are there from the start");
                }
                self.nodes.push(AdoptedNode { environment, free });
            }
            &Event::NodeLaunched { launch, node, instance_type, .. } => {
                if let Some(&asked) = self.launches.get(&launch) {
                    self.measured.request.push(now.since(asked));
                }
                self.launched.insert(node, (now, instance_type));
            }
            &Event::NodeReady { node, free } => {
                if let Some(&(launched, instance_type)) = self.launched.get(&node) {
                    self.measured.ready.entry(instance_type).or_default().push(now.since(launched));
                    *self.offers.entry(instance_type).or_default().entry(free).or_default() += 1;
                }
            }
            &Event::NodeLost { node, cause } => match cause {
                NodeLossCause::Terminated => {
                    if let Some(told) = self.told_to_go.remove(&node) {
                        self.measured.gone.push(now.since(told));
                    }
                }
                NodeLossCause::SpotInterruption => self.drop("Spot interruptions: the market has its own"),
                NodeLossCause::Failed => self.drop("nodes that broke"),
            },
            Event::SpotInterruptionWarning { .. } => self.drop("Spot interruption warnings: the market has its own"),
            Event::SpotPriceChanged { .. } => self.drop("Spot prices: the market has its own"),
            Event::CapacityUnavailable { .. } => self.drop("answers of EC2 that it had no capacity"),
            Event::PodStuck { .. }
            | Event::PodRunning { .. }
            | Event::PodSucceeded { .. }
            | Event::PodFailed { .. } => {}
        }
    }

    /// A thing that should be the next of its kind; what comes again is a change.
    fn create<T: Clone>(&mut self, id: usize, spec: &T, list: fn(&mut Self) -> &mut Vec<T>, again: &'static str) {
        if list(self).len() == id {
            list(self).push(spec.clone());
        } else {
            self.drop(again);
        }
    }

    fn attempt(&mut self, end: &AttemptEnd, stop: Option<SimDuration>) {
        let main = self.specs.get(&end.spec).and_then(|spec| spec.multi_node.as_ref()).map(|nodes| nodes.main);
        if end.node_index.is_some() && end.node_index != main {
            return;
        }
        let start = end.running_at.map(|running| running.since(end.starting_at));
        self.measured.pod_start.extend(start);
        let key = (end.job.job, end.job.child.unwrap_or(0), end.attempt);
        let failure = match end.outcome {
            AttemptOutcome::Succeeded => None,
            AttemptOutcome::Failed(PodFailure::ExitCode(code)) => Some(RunFailure::ExitCode(code)),
            AttemptOutcome::Failed(PodFailure::OomKilled) => Some(RunFailure::OomKilled),
            AttemptOutcome::VolumeNotAttached => Some(RunFailure::Volume),
            AttemptOutcome::TimedOut => {
                self.timed_out += 1;
                let given = self.specs.get(&end.spec).and_then(|spec| spec.timeout).unwrap_or_default();
                let runtime = SimDuration::from_millis(given.as_millis().saturating_mul(TIMED_OUT_FACTOR));
                self.runs.insert(key, Attempt { start, runtime, stop, failure: None });
                return;
            }
            AttemptOutcome::Failed(_)
            | AttemptOutcome::HostTerminated
            | AttemptOutcome::Terminated
            | AttemptOutcome::EnvironmentUpdated
            | AttemptOutcome::MainNodeEnded => {
                self.cut_short += 1;
                return;
            }
        };
        let runtime = end.running_at.map_or(SimDuration::ZERO, |running| end.stopped_at.since(running));
        self.runs.insert(key, Attempt { start, runtime, stop, failure });
    }
}

fn step(journal: &mut Reader) -> Result<Option<(Observation, Decision)>, JournalError> {
    let Some(seen) = journal.observation()? else { return Ok(None) };
    Ok(Some((seen, journal.decision()?)))
}
