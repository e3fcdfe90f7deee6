//! The fold: looks on as facts come in and decisions go out, and keeps what the results need of them.
//!
//! On the hot path of a run: no hashing, no allocation per event, ids are indices. Memory grows with nodes and with pods
//! in the system, never with the number of jobs. It must not know who decides or what world it is.

use crate::driver::{DriverError, Watcher};
use crate::ids::{InstanceTypeId, JobId, JobSpecId, PodId, ShareId};
use crate::metrics::billing::Tariff;
use crate::metrics::blocked::BlockedTime;
use crate::metrics::capacity::Part;
use crate::metrics::costs::{Followed, PodCost, PodMeters};
use crate::metrics::jobs::Jobs;
use crate::metrics::kinds::Kinds;
use crate::metrics::nodes::Nodes;
use crate::metrics::pictures::Sketches;
use crate::metrics::sinks::Sinks;
use crate::metrics::timeline::{Happened, Levels, Timeline};
use crate::metrics::window::Counting;
use crate::model::{Assumptions, JobSpecName, Names, Resources};
use crate::scheduler::{
    AttemptEnd, Command, Decision, Ending, Event, JobEnd, NodeLossCause, Observation, Reason, TypeFacts,
};
use crate::units::{MilliCpu, SimTime};

/// A run's metrics in the making.
#[derive(Debug)]
pub struct Metrics {
    pub(super) names: Names,
    pub(super) assumptions: Assumptions,
    pub(super) tariff: Tariff,
    /// By job spec.
    specs: Vec<SpecFacts>,
    /// By pod slot.
    pods: Vec<PodMark>,
    pub(super) jobs: Jobs,
    pub(super) kinds: Kinds,
    pub(super) nodes: Nodes,
    pub(super) levels: Levels,
    pub(super) timeline: Timeline,
    pub(super) blocked: BlockedTime,
    pub(super) learned: Vec<Learned>,
    pub(super) events: u64,
    pub(super) steps: u64,
    pub(super) now: SimTime,
    pub(super) counting: Counting,
    pub(super) sinks: Option<Sinks>,
    followed: Option<Followed>,
    /// Read where someone asks for the costs of pods.
    meters: Option<PodMeters>,
    pub(super) pictures: Option<Sketches>,
}

/// What the fold needs of a job spec.
#[derive(Debug, Clone, Copy, Default)]
struct SpecFacts {
    /// CPU that each of its pods asks for.
    cpu: MilliCpu,
    gpus: u16,
    /// Of a multi-node parallel job: number of nodes, and which is the main one.
    multi_node: Option<(u16, u16)>,
    share: Option<ShareId>,
}

impl SpecFacts {
    /// CPU that a job asks for, in thousandths of a vCPU.
    fn demand(self) -> u64 {
        u64::from(self.cpu.0) * u64::from(self.multi_node.map_or(1, |(nodes, _)| nodes))
    }

    /// Whether what becomes of this pod is what becomes of the job's attempt.
    fn leads(self, node_index: Option<u16>) -> bool {
        self.multi_node.is_none_or(|(_, main)| node_index == Some(main))
    }
}

/// What the core learned from a type's first node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Learned {
    pub(super) instance_type: InstanceTypeId,
    pub(super) estimated: Resources,
    pub(super) actual: Resources,
}

/// The pod of a slot and its state in four bytes: late and repeated facts must not move the count of RUNNING jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct PodMark(u32);

impl PodMark {
    const STARTING: u32 = 1;
    const RUNNING: u32 = 2;
    /// Of a multi-node parallel job, and not its main node: not counted.
    const FOLLOWING: u32 = 3;

    const fn new(pod: PodId, state: u32) -> Self {
        Self(pod.generation << 2 | state)
    }
}

impl Metrics {
    /// Metrics of a run with these instance types, names and assumptions.
    pub fn new(instance_types: Vec<TypeFacts>, names: Names, assumptions: &Assumptions) -> Self {
        let tariff = Tariff::from(assumptions);
        Self {
            jobs: Jobs::new(names.job_queues.len()),
            kinds: Kinds::new(&names),
            nodes: Nodes::new(instance_types, tariff),
            specs: Vec::with_capacity(names.job_specs.len()),
            names,
            assumptions: assumptions.clone(),
            tariff,
            pods: Vec::new(),
            levels: Levels::default(),
            timeline: Timeline::default(),
            blocked: BlockedTime::default(),
            learned: Vec::new(),
            events: 0,
            steps: 0,
            now: SimTime::ZERO,
            counting: Counting::default(),
            sinks: None,
            followed: None,
            meters: None,
            pictures: None,
        }
    }

    /// Writes a row per ended job and node to `sinks`.
    #[must_use]
    pub fn with_sinks(mut self, sinks: Sinks) -> Self {
        self.sinks = Some(sinks);
        self.meters.get_or_insert_default();
        self
    }

    /// Keeps what pictures of the run need besides: some spans and series, bounded like the timeline.
    #[must_use]
    pub fn with_pictures(mut self) -> Self {
        self.pictures.get_or_insert_default();
        self
    }

    /// Remembers what each pod of a job, or of an array's children, cost.
    #[must_use]
    pub fn following(mut self, job: JobId) -> Self {
        self.followed = Some(Followed::new(job));
        self.meters.get_or_insert_default();
        self
    }

    /// The pods of the followed job that have ended, in the order in which they did.
    pub fn followed(&self) -> &[PodCost] {
        self.followed.as_ref().map_or(&[], Followed::costs)
    }

    fn spec(&self, spec: JobSpecId) -> SpecFacts {
        self.specs.get(spec.index()).copied().unwrap_or_default()
    }

    fn event(&mut self, now: SimTime, event: &Event) {
        let levels = &mut self.levels;
        match event {
            Event::JobSubmitted { queue, spec, array_size, .. } => {
                let jobs = u64::from(array_size.unwrap_or(1));
                levels.waiting_jobs += jobs;
                self.kinds.submitted(*spec, jobs);
                let spec = self.spec(*spec);
                self.jobs.submitted(*queue, spec.share, jobs, now);
                self.levels.demand_mcpu += jobs * spec.demand();
            }
            Event::PodRunning { pod } => {
                if let Some(mark) = self.pods.get_mut(pod.slot as usize)
                    && *mark == PodMark::new(*pod, PodMark::STARTING)
                {
                    *mark = PodMark::new(*pod, PodMark::RUNNING);
                    levels.running_jobs += 1;
                }
            }
            Event::NodeLaunched { environment, node, instance_type, zone, purchase, .. } => {
                self.nodes.launch(now, *node, *environment, (*instance_type, *zone, *purchase), levels);
            }
            Event::NodeReady { node, free } => self.nodes.ready(now, *node, free.cpu),
            Event::NodeAdopted { environment, node, vcpus, free } => {
                self.nodes.adopt(now, *node, *environment, (*vcpus, *free), levels);
            }
            Event::NodeLost { node, cause } => {
                if self.nodes.lose(now, *node, Some(*cause), levels) && *cause == NodeLossCause::SpotInterruption {
                    self.timeline.count(Happened::Interruption);
                }
            }
            Event::SpotInterruptionWarning { .. } => self.nodes.warnings += 1,
            Event::SpotPriceChanged { instance_type, zone, per_hour } => {
                self.nodes.price(now, (*instance_type, *zone), *per_hour, levels);
            }
            Event::JobSpecRegistered { spec, job } => {
                if self.specs.len() <= spec.index() {
                    self.specs.resize(spec.index() + 1, SpecFacts::default());
                }
                self.specs[spec.index()] = SpecFacts {
                    cpu: job.requests.cpu,
                    gpus: job.requests.gpus,
                    multi_node: job.multi_node.as_ref().map(|multi_node| (multi_node.nodes, multi_node.main)),
                    share: job.share,
                };
            }
            // The core's decisions say what became of these.
            Event::PodSucceeded { .. }
            | Event::PodFailed { .. }
            | Event::PodStuck { .. }
            | Event::CapacityUnavailable { .. }
            | Event::JobCancelRequested { .. }
            | Event::JobTerminateRequested { .. }
            | Event::ComputeEnvironmentCreated { .. }
            | Event::ComputeEnvironmentUpdated { .. }
            | Event::ComputeEnvironmentInvalid { .. }
            | Event::ComputeEnvironmentDeleted { .. }
            | Event::ConsumableResourceSet { .. }
            | Event::JobQueueCreated { .. }
            | Event::JobQueueUpdated { .. }
            | Event::JobQueueDeleted { .. } => {}
        }
    }

    /// The job waits again, until its next attempt or, in the same step, its end.
    fn attempt_ended(&mut self, end: &AttemptEnd) {
        let spec = self.spec(end.spec);
        let cpu = spec.cpu;
        if let Some(share) = spec.share {
            let from = self.counting.clip(end.starting_at);
            self.jobs.used(end.queue, share, cpu, end.stopped_at.since(from));
            if let Some(pictures) = &mut self.pictures {
                pictures.used((end.queue, share), cpu, (end.starting_at, end.stopped_at));
            }
        }
        if spec.leads(end.node_index) {
            self.jobs.attempt_ended(end);
            if end.retried {
                self.timeline.count(Happened::Retry);
            }
            if Part::of(end.outcome) == Part::Interrupted {
                self.timeline.count(Happened::InterruptedAttempt);
            }
            self.levels.waiting_jobs += 1;
            self.levels.demand_mcpu += spec.demand();
        }
        self.levels.requested_mcpu = self.levels.requested_mcpu.saturating_sub(u64::from(cpu.0));
        if let Some(mark) = self.pods.get_mut(end.pod.slot as usize) {
            if *mark == PodMark::new(end.pod, PodMark::RUNNING) {
                self.levels.running_jobs -= 1;
            }
            *mark = PodMark::default();
        }
        if let Some(meters) = &self.meters {
            let (origin, size) = self.nodes.cpu_of(end.node).unzip();
            let reading = self.nodes.meter_of(end.node, end.stopped_at);
            let cost = meters.end(end.pod, reading, cpu, size.unwrap_or_default());
            if let Some(sinks) = &mut self.sinks {
                sinks.pod_ended(end.job, end.node, origin, cost);
            }
            if let Some(followed) = &mut self.followed {
                followed.ended(PodCost { job: end.job, pod: end.pod, cost });
            }
        }
        self.nodes.release(end.node, (cpu, spec.gpus), (end.starting_at, end.stopped_at), Part::of(end.outcome));
    }

    fn job_ended(&mut self, end: &JobEnd) -> Result<(), DriverError> {
        self.levels.waiting_jobs = self.levels.waiting_jobs.saturating_sub(1);
        self.levels.demand_mcpu = self.levels.demand_mcpu.saturating_sub(self.spec(end.spec).demand());
        let counts = self.counting.counts(end.submitted_at);
        if counts {
            self.jobs.ended(end, self.spec(end.spec).share);
            self.kinds.ended(end);
            self.counting.ended(end);
        }
        match &mut self.sinks {
            Some(sinks) if counts => sinks.job(end, &self.names),
            Some(sinks) => {
                sinks.forget(end.job);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn command(&mut self, now: SimTime, command: &Command) {
        match command {
            Command::CreatePod { pod, spec, node, node_index, .. } => {
                let spec = self.spec(*spec);
                let cpu = spec.cpu;
                let leads = spec.leads(*node_index);
                if leads {
                    self.jobs.attempts += 1;
                    self.levels.waiting_jobs = self.levels.waiting_jobs.saturating_sub(1);
                    self.levels.demand_mcpu = self.levels.demand_mcpu.saturating_sub(spec.demand());
                }
                self.levels.requested_mcpu += u64::from(cpu.0);
                let slot = pod.slot as usize;
                if self.pods.len() <= slot {
                    self.pods.resize(slot + 1, PodMark::default());
                }
                self.pods[slot] = PodMark::new(*pod, if leads { PodMark::STARTING } else { PodMark::FOLLOWING });
                self.nodes.hold(*node, (cpu, spec.gpus), now);
                if let Some(meters) = &mut self.meters {
                    meters.begin(*pod, self.nodes.meter_of(*node, now));
                }
            }
            Command::LaunchNodes(_) | Command::TerminateNode { .. } | Command::DeletePod { .. } => {}
        }
    }

    fn reason(&mut self, now: SimTime, reason: &Reason) {
        match reason {
            Reason::QueueBlocked { queue, why, .. } => self.blocked.change(*queue, Some(*why), now),
            Reason::QueueUnblocked { queue } => self.blocked.change(*queue, None, now),
            Reason::Learned { instance_type, estimated, actual, .. } => {
                // Environments learn each for themselves; the node's size is the type's.
                if !self.learned.iter().any(|known| known.instance_type == *instance_type) {
                    let (estimated, actual) = (*estimated, *actual);
                    self.learned.push(Learned { instance_type: *instance_type, estimated, actual });
                }
            }
            Reason::SubmissionRefused { queue, spec, jobs, .. } => {
                let jobs = u64::from(*jobs);
                self.levels.waiting_jobs = self.levels.waiting_jobs.saturating_sub(jobs);
                self.kinds.refused(*spec, jobs);
                let spec = self.spec(*spec);
                self.levels.demand_mcpu = self.levels.demand_mcpu.saturating_sub(jobs * spec.demand());
                self.jobs.refused(*queue, spec.share, jobs);
            }
            Reason::Backfilled { .. } => self.jobs.backfilled += 1,
            Reason::Launching { .. }
            | Reason::HeadBlocked { .. }
            | Reason::Released { .. }
            | Reason::EnvironmentInvalid { .. }
            | Reason::EnvironmentValid { .. }
            | Reason::EnvironmentUpdated { .. }
            | Reason::CannotProvide { .. }
            | Reason::ScalingIn { .. }
            | Reason::TypeAvoided { .. } => {}
        }
    }

    pub(super) fn close_nodes(&mut self) -> Result<(), DriverError> {
        while let Some(closed) = self.nodes.next_closed() {
            if let Some(sinks) = &mut self.sinks
                && self.counting.counts(closed.end.at)
            {
                sinks.node(&closed, &self.names)?;
            }
            if let Some(pictures) = &mut self.pictures {
                pictures.node(&closed);
            }
        }
        Ok(())
    }
}

impl Watcher for Metrics {
    fn called(&mut self, spec: JobSpecId, name: &JobSpecName) {
        self.names.call(spec, name);
        self.kinds.call(spec, &name.job_name);
    }

    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        let now = seen.now;
        if self.counting.is_due(now) {
            self.begin_window();
        }
        self.timeline.advance(now, &self.levels);
        self.now = now;
        self.steps += 1;
        self.events += seen.events.len() as u64;
        for event in &seen.events {
            self.event(now, event);
        }
        // Endings before commands: a slot may be free and taken again in one step.
        for ending in &decision.endings {
            match ending {
                Ending::Attempt(end) => self.attempt_ended(end),
                Ending::Job(end) => self.job_ended(end)?,
                // Its children have been counted one by one.
                Ending::Array(_) => {}
            }
        }
        for command in &decision.commands {
            self.command(now, command);
        }
        for reason in &decision.reasons {
            self.reason(now, reason);
        }
        self.close_nodes()
    }
}
