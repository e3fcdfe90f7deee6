//! Judges a run from outside: keeps books of its own from observations and decisions alone, and never asks the core.

mod capacity;
mod commands;
mod endings;
mod facts;
mod tally;

use std::collections::{BTreeMap, BTreeSet};

use windtunnel::ids::{
    ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId,
};
use windtunnel::model::Resources;
use windtunnel::scheduler::{AttemptOutcome, Decision, Observation, Reason, ScaleInCause};
use windtunnel::sim::WorldSpec;
use windtunnel::units::{SimDuration, SimTime};

/// Nothing, or what is wrong.
pub(crate) type Verdict = Result<(), String>;

/// Fails with a message unless a condition holds.
macro_rules! demand {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use demand;
pub(crate) use tally::Tally;

pub(crate) struct Judge<'w> {
    world: &'w WorldSpec,
    now: SimTime,
    nodes: BTreeMap<NodeId, Node>,
    pods: BTreeMap<PodId, Pod>,
    jobs: BTreeMap<JobRef, Job>,
    /// By queue: who waits, in the order in which they must be dispatched.
    waiting: Vec<BTreeSet<Turn>>,
    environments: Vec<Environment>,
    launches: BTreeMap<LaunchId, Launch>,
    /// Of nodes that were launched.
    types: BTreeMap<NodeId, InstanceTypeId>,
    /// Pods that ended in this step's facts, and how.
    ended: BTreeMap<PodId, (Pod, AttemptOutcome)>,
    submissions: u64,
    /// Arrays that have not ended.
    arrays: BTreeSet<JobId>,
    pub(crate) tally: Tally,
}

#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
struct Node {
    environment: ComputeEnvironmentId,
    vcpus: u32,
    launched_at: SimTime,
    /// What it said it offers; `None` before.
    offers: Option<Resources>,
    held: Resources,
    pods: BTreeSet<PodId>,
    idle_since: SimTime,
    used: bool,
    warned: bool,
    terminating: bool,
    /// It came after its request was given up.
    late: bool,
}

#[derive(Clone)]
struct Pod {
    job: JobRef,
    attempt: u8,
    node: NodeId,
    requests: Resources,
    starting_at: SimTime,
    running_at: Option<SimTime>,
    timed_out: bool,
}

struct Job {
    queue: JobQueueId,
    spec: JobSpecId,
    submitted_at: SimTime,
    /// Since when it waits in RUNNABLE, if it does.
    runnable_since: SimTime,
    runnable: SimDuration,
    first_running_at: Option<SimTime>,
    attempts: u8,
    pod: Option<PodId>,
    /// How its last attempt ended, when that was its last.
    over: Option<AttemptOutcome>,
    terminal: bool,
}

/// A place in a queue: retries first, in order of submission; then what never ran, in order of submission and index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Retry(SimTime, JobRef),
    Fresh(u64, JobRef),
}

#[derive(Default)]
struct Environment {
    /// What nodes of a type said they offer.
    seen: BTreeMap<InstanceTypeId, Resources>,
    reached_minimum: bool,
    /// A node was lost or never joined since `minvCpus` was last reached.
    excused: bool,
    /// Nodes in a row that never joined.
    failed_joins: u32,
    invalid: bool,
    /// Pods created: when the first was, and how many.
    created: Option<(SimTime, u64)>,
}

struct Launch {
    environment: ComputeEnvironmentId,
    instance_types: Vec<InstanceTypeId>,
    asked_at: SimTime,
    target: u32,
    given: u32,
    closed: bool,
}

impl<'w> Judge<'w> {
    pub(crate) fn new(world: &'w WorldSpec) -> Self {
        Self {
            world,
            now: SimTime::ZERO,
            nodes: BTreeMap::new(),
            pods: BTreeMap::new(),
            jobs: BTreeMap::new(),
            waiting: vec![BTreeSet::new(); world.queues.len()],
            environments: world.environments.iter().map(|_| Environment::default()).collect(),
            launches: BTreeMap::new(),
            types: BTreeMap::new(),
            ended: BTreeMap::new(),
            submissions: 0,
            arrays: BTreeSet::new(),
            tally: Tally::default(),
        }
    }

    /// Takes in what the world reports.
    pub(crate) fn seen(&mut self, seen: &Observation) -> Verdict {
        demand!(seen.now >= self.now, "time went back from {}", self.now);
        self.now = seen.now;
        for event in &seen.events {
            self.tally.fact(event);
            self.fact(event)?;
        }
        Ok(())
    }

    /// Judges what the core made of it.
    pub(crate) fn decided(&mut self, decision: &Decision) -> Verdict {
        self.tally.decision(decision);
        for ending in &decision.endings {
            self.ending(ending)?;
        }
        demand!(self.ended.is_empty(), "pods ended and no attempt did: {:?}", self.ended.keys());
        for reason in &decision.reasons {
            self.reason(reason, &decision.reasons)?;
        }
        for command in &decision.commands {
            self.command(command, &decision.reasons)?;
        }
        if let Some(at) = decision.wake_at {
            demand!(at > self.now, "wants to be woken at {at}, which is over");
        }
        self.check_capacity()
    }

    /// Judges how a run ended: `drained` when nothing more will ever happen, with what the core says it has left.
    pub(crate) fn ended(&mut self, drained: bool, left: u64) -> Verdict {
        let unfinished = self.jobs.values().filter(|job| !job.terminal).count() as u64;
        let open = self.jobs.iter().filter(|(_, job)| !job.terminal).map(|(name, _)| name.job);
        let open: BTreeSet<_> = open.filter(|id| self.arrays.contains(id)).collect();
        demand!(open == self.arrays, "arrays did not end with their last children: {:?}", self.arrays);
        demand!(left == unfinished, "{unfinished} jobs are unfinished, the core knows of {left}");
        if drained {
            self.tally_drained(unfinished);
            demand!(self.pods.is_empty(), "the run ended with pods on nodes: {:?}", self.pods.keys());
            self.nothing_idle_is_kept()?;
            self.heads_wait_in_vain()?;
        }
        Ok(())
    }

    fn reason(&mut self, reason: &Reason, all: &[Reason]) -> Verdict {
        if let Reason::EnvironmentInvalid { environment: id, .. } = reason {
            let limit = self.world.assumptions.invalid_after_failed_joins;
            let is_failed_join = |reason: &&Reason| match reason {
                Reason::ScalingIn { node, why: ScaleInCause::NeverJoined } => self.nodes[node].environment == *id,
                _ => false,
            };
            // The last of them go in this very step.
            let now = u32::try_from(all.iter().filter(is_failed_join).count()).expect("a handful");
            let environment = &mut self.environments[id.index()];
            demand!(environment.failed_joins + now >= limit, "{id} is INVALID after {}", environment.failed_joins);
            environment.invalid = true;
            environment.excused = true;
        }
        Ok(())
    }

    fn tally_drained(&mut self, unfinished: u64) {
        self.tally.drained += 1;
        self.tally.stuck += u64::from(unfinished > 0);
    }

    fn requests(&self, job: JobRef) -> Resources {
        self.world.specs[self.jobs[&job].spec.index()].requests
    }
}
