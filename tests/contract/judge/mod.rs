//! Judges a run from outside: keeps books of its own from observations and decisions alone. What must follow from a fact is
//! worked out here by the documented rules, and every decision is held against it.

mod capacity;
mod commands;
mod decisions;
mod facts;
mod lifecycle;
mod submissions;
mod tally;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

use windtunnel::ids::{
    ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId, ShareId,
};
use windtunnel::model::Resources;
use windtunnel::scheduler::{
    AttemptOutcome, Blocked, ConsumableSpec, DeleteCause, Dependency, EndCause, EnvironmentSpec, JobSpec, QueueSpec,
    Scheduler, Settings,
};
use windtunnel::units::SimTime;

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

pub(crate) struct Judge<'s> {
    settings: &'s Settings,
    now: SimTime,
    specs: Vec<JobSpec>,
    queues: Vec<Queue>,
    environments: Vec<Option<Environment>>,
    consumables: Vec<Option<Consumable>>,
    nodes: BTreeMap<NodeId, Node>,
    /// Nodes that are there or were.
    known_nodes: BTreeSet<NodeId>,
    pods: BTreeMap<PodId, Pod>,
    jobs: BTreeMap<JobRef, Job>,
    /// Those of them that wait for others.
    pending: BTreeSet<JobRef>,
    submissions: BTreeMap<JobId, Submission>,
    launches: BTreeMap<LaunchId, Launch>,
    due: Due,
    /// Who is said to go ahead in this step, and of which head.
    backfilled: BTreeMap<JobRef, JobRef>,
    pub(crate) tally: Tally,
}

/// What this step's decision must hold, by what the facts say.
#[derive(Default)]
struct Due {
    refused: Vec<JobId>,
    attempts: BTreeMap<PodId, (AttemptOutcome, bool)>,
    jobs: BTreeMap<JobRef, EndCause>,
    /// Size and failed children.
    arrays: BTreeMap<JobId, (u32, u32)>,
    deletes: BTreeMap<PodId, DeleteCause>,
    /// Main nodes that run since now: how many nodes the job has besides, and the losses of their environment.
    leaders: BTreeMap<PodId, u16>,
}

struct Queue {
    spec: QueueSpec,
    deleted: bool,
    /// The policy's window changed: usage is no longer comparable with what is worked out here.
    window_changed: bool,
    head: Option<Head>,
    /// By share: CPU in use, from when until when.
    usage: BTreeMap<ShareId, Vec<Use>>,
}

/// Who blocks a queue.
#[derive(Clone, Copy)]
struct Head {
    job: JobRef,
    since: SimTime,
    why: Blocked,
    /// Since when it is for this.
    why_since: SimTime,
}

struct Use {
    pod: PodId,
    cpu: u64,
    from: SimTime,
    until: Option<SimTime>,
}

#[derive(Debug, Clone, Copy)]
struct Consumable {
    spec: ConsumableSpec,
    in_use: u64,
}

#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
struct Environment {
    spec: EnvironmentSpec,
    deleted: bool,
    invalid: bool,
    /// Until when jobs on outdated nodes may run.
    jobs_end_at: Option<SimTime>,
    /// The most vCPUs that it was ever allowed, the last instance included.
    ceiling: u32,
    reached_minimum: bool,
    /// What takes nodes happened since `minvCpus` was last reached.
    excused: bool,
    never_joined: u32,
    losses: u32,
}

#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
struct Node {
    environment: ComputeEnvironmentId,
    /// `None` of one that was adopted.
    instance_type: Option<InstanceTypeId>,
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
    outdated: bool,
    /// It came after its request was given up.
    late: bool,
    /// The main pod of the multi-node parallel job that has it to itself.
    tenant: Option<PodId>,
}

#[derive(Clone)]
struct Pod {
    job: JobRef,
    attempt: u8,
    node: NodeId,
    running_at: Option<SimTime>,
    ending: Option<DeleteCause>,
    /// Of a multi-node parallel job: its index, and the main node's pod.
    part: Option<(u16, PodId)>,
    /// Losses of its environment when it was created.
    losses: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Pending,
    Waiting,
    Active(PodId),
    Ended(bool),
}

struct Job {
    queue: JobQueueId,
    spec: JobSpecId,
    submitted_at: SimTime,
    progress: Progress,
    runnable_since: SimTime,
    charged: u8,
    retry: bool,
    cancelled: bool,
    holds: bool,
}

struct Submission {
    array_size: Option<u32>,
    depends_on: Vec<Dependency>,
    tracked: bool,
}

struct Launch {
    environment: ComputeEnvironmentId,
    instance_types: Vec<InstanceTypeId>,
    asked_at: SimTime,
    target: u32,
    given: u32,
    closed: bool,
}

impl<'s> Judge<'s> {
    pub(crate) fn new(settings: &'s Settings) -> Self {
        Self {
            settings,
            now: SimTime::ZERO,
            specs: Vec::new(),
            queues: Vec::new(),
            environments: Vec::new(),
            consumables: Vec::new(),
            nodes: BTreeMap::new(),
            known_nodes: BTreeSet::new(),
            pods: BTreeMap::new(),
            jobs: BTreeMap::new(),
            pending: BTreeSet::new(),
            submissions: BTreeMap::new(),
            launches: BTreeMap::new(),
            due: Due::default(),
            backfilled: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Compares what the core says of itself.
    pub(crate) fn agrees(&self, core: &Scheduler) -> Verdict {
        let waiting = self.jobs.values().filter(|job| job.progress == Progress::Waiting).count() as u64;
        let (said, placed) = core.jobs_in_system();
        demand!(said == waiting, "the core says that {said} jobs wait, {waiting} do");
        demand!(placed >= self.pods.len() as u64, "the core knows of {placed} pods of {}", self.pods.len());
        for (resource, consumable) in (0..).map(windtunnel::ids::ConsumableResourceId).zip(&self.consumables) {
            let mine = consumable.map(|one| (one.in_use, one.spec.total));
            let said = core.consumable_in_use(resource);
            demand!(said == mine, "{resource}: the core says {said:?} in use of all, it is {mine:?}");
        }
        Ok(())
    }

    /// Judges how a run ended.
    pub(crate) fn ended(&mut self) -> Verdict {
        for (name, job) in &self.jobs {
            demand!(
                matches!(job.progress, Progress::Ended(_)),
                "{name} of {} never ended: {:?}",
                job.queue,
                job.progress
            );
        }
        demand!(self.pods.is_empty(), "the run ended with pods on nodes: {:?}", self.pods.keys());
        self.tally.drained += 1;
        self.nothing_idle_is_kept()
    }

    fn spec(&self, job: JobRef) -> &JobSpec {
        &self.specs[self.jobs[&job].spec.index()]
    }
}
