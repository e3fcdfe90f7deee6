//! What the simulated world is made of: everything a scenario says, resolved to ids and numbers. The scenario loader
//! builds it; the world never sees a file or a name.

use std::sync::Arc;

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobSpecId, ZoneId};
use crate::model::{Assumptions, Distribution, Resources};
use crate::scheduler::{ConsumableSpec, Dependency, EnvironmentSpec, Event, JobSpec, QueueSpec, TypeFacts};
use crate::sim::path::Path;
use crate::units::{MicroUsd, SimDuration, SimTime};

/// A synthetic cluster, its market and its work.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldSpec {
    /// Values of the assumptions.
    pub assumptions: Assumptions,
    /// Instance types by id, in alphabetical order of their names.
    pub instance_types: Vec<WorldType>,
    /// Number of Availability Zones.
    pub zones: u8,
    /// Compute environments by id.
    pub environments: Vec<EnvironmentSpec>,
    /// Zones that each environment launches in, by its id; empty, or missing, for all.
    pub environment_zones: Vec<Vec<ZoneId>>,
    /// Nodes that exist from the start, for UNMANAGED environments.
    pub nodes: Vec<FixedNode>,
    /// Job queues by id.
    pub queues: Vec<QueueSpec>,
    /// Consumable resources by id.
    pub consumables: Vec<ConsumableSpec>,
    /// Job specs by id.
    pub specs: Vec<JobSpec>,
    /// Container images, by their size in MiB.
    pub images: Vec<u32>,
    /// Which of the images a job spec uses.
    pub image_of: Vec<u32>,
    /// The work.
    pub workload: Vec<WorkloadEntry>,
    /// What happens to the account during the run, in order of time: before the submissions of that time, but for the
    /// end of a job that is submitted then.
    pub operations: Vec<(SimTime, Vec<Event>)>,
    /// How Spot behaves.
    pub spot: SpotMarket,
    /// Pools whose Spot capacity or price was recorded, at most one entry for each.
    pub spot_paths: Vec<SpotPath>,
    /// When the run ends at the latest, beside having nothing left to do.
    pub stop_at: SimTime,
}

/// The world's truth about an instance type.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldType {
    /// What the core is told of it.
    pub facts: TypeFacts,
    /// What a node of it really offers to jobs: capacity less kubelet and daemonsets.
    pub free: Resources,
    /// Which start-up latency applies.
    pub class: NodeClass,
    /// The Spot Advisor's interruption bucket, 0 to 4.
    pub interruption_bucket: u8,
    /// Mean Spot price per hour; `None` where EC2 offers the type not as Spot.
    pub spot_per_hour: Option<MicroUsd>,
    /// Zones that offer it, ascending.
    pub zones: Vec<ZoneId>,
}

/// What decides a node's start-up time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeClass {
    /// A virtual machine without accelerators.
    Cpu,
    /// With GPUs.
    Gpu,
    /// Bare metal.
    Metal,
}

/// A node that exists from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedNode {
    /// Whose label it carries.
    pub environment: ComputeEnvironmentId,
    /// Its vCPUs.
    pub vcpus: u32,
    /// What it offers to jobs.
    pub free: Resources,
}

/// How Spot behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpotMarket {
    /// Interruption rates and savings of the AWS Spot Advisor.
    Advisor,
    /// Scarce pools: they come and go by the assumptions `harshUpTime` and `harshDownTime`.
    Harsh,
    /// No interruption and no lack of Spot capacity.
    Calm,
}

/// What was recorded of a Spot pool; the rest is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotPath {
    /// Of which type.
    pub instance_type: InstanceTypeId,
    /// In which zone.
    pub zone: ZoneId,
    /// How many instances it has at most: in place of drawn depths, shortages and interruptions.
    pub instances: Option<Path<u32>>,
    /// Its price per hour.
    pub per_hour: Option<Path<MicroUsd>>,
}

/// One entry of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadEntry {
    /// Where its jobs go.
    pub queue: JobQueueId,
    /// What they are, when they come and how long they run.
    pub source: WorkloadSource,
    /// Probability that an attempt ends with exit code 1.
    pub failure_probability: f64,
    /// Other ways in which an attempt fails. All probabilities together are at most 1.
    pub failures: Vec<FailureMode>,
    /// What every job of it depends on.
    pub depends_on: Vec<WorkloadDependency>,
    /// Which of its jobs someone will name later.
    pub tracked: Tracked,
    /// How attempts went that were recorded: for those, nothing is drawn.
    pub recorded: Option<RecordedRuns>,
}

/// Attempts of an entry that were recorded, in order of job, child and attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRuns(pub Arc<[RecordedRun]>);

/// How an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedRun {
    /// The job's index in its entry.
    pub index: u64,
    /// The child's index in its array; 0 for a job that is none.
    pub child: u32,
    /// From 1.
    pub attempt: u8,
    /// From the pod's creation to RUNNING, the pull of its image included; `None` where it is to be drawn.
    pub start: Option<SimDuration>,
    /// From RUNNING to its end.
    pub runtime: SimDuration,
    /// From the pod's deletion to its end, should it be deleted; `None` where an assumption says it.
    pub stop: Option<SimDuration>,
    /// What went wrong, if anything did.
    pub failure: Option<Failure>,
}

impl RecordedRuns {
    /// What is known of an attempt: its own record, else that of the next attempt that was recorded, for what came between
    /// was none of the job's doing, else that of the last. `None` for a job of which nothing was recorded.
    pub fn of(&self, index: u64, child: u32, attempt: u8) -> Option<RecordedRun> {
        let at = self.0.partition_point(|run| (run.index, run.child, run.attempt) < (index, child, attempt));
        let own = |at: usize| self.0.get(at).copied().filter(|run| (run.index, run.child) == (index, child));
        own(at).or_else(|| own(at.checked_sub(1)?))
    }
}

/// A way in which attempts fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureMode {
    /// How likely it is, for each attempt.
    pub probability: f64,
    /// What goes wrong.
    pub failure: Failure,
}

/// What goes wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A container ends with this exit code, after its runtime.
    ExitCode(i32),
    /// A container uses more memory than its limit, after its runtime.
    OomKilled,
    /// A volume can't be attached or mounted: the pod does not start.
    Volume,
    /// An image can't be pulled: the pod does not start.
    ImagePull,
}

/// What the jobs of an entry depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum WorkloadDependency {
    /// All on the same.
    All(Dependency),
    /// The n-th on the n-th of another entry; child by child with `n_to_n`.
    Paired { entry: u16, n_to_n: bool },
}

/// Which jobs of an entry someone will name later, to depend on them or to end them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tracked {
    /// None.
    #[default]
    None,
    /// Those of these indexes, in ascending order.
    Only(Vec<u64>),
    /// All.
    All,
}

impl Tracked {
    /// Whether the job of an index is one of them.
    pub fn contains(&self, index: u64) -> bool {
        match self {
            Self::None => false,
            Self::Only(indexes) => indexes.binary_search(&index).is_ok(),
            Self::All => true,
        }
    }

    /// Takes one more in.
    pub fn insert(&mut self, index: u64) {
        match self {
            Self::None => *self = Self::Only(vec![index]),
            Self::Only(indexes) => {
                if let Err(at) = indexes.binary_search(&index) {
                    indexes.insert(at, index);
                }
            }
            Self::All => {}
        }
    }
}

impl WorkloadDependency {
    /// What the job of an index depends on.
    pub fn of(self, index: u64) -> Dependency {
        match self {
            Self::All(dependency) => dependency,
            Self::Paired { entry, n_to_n: false } => Dependency::Job(JobId::new(entry, index)),
            Self::Paired { entry, n_to_n: true } => Dependency::NToN(JobId::new(entry, index)),
        }
    }
}

impl WorkloadEntry {
    /// Jobs that never fail, depend on nothing, and are never named.
    pub const fn new(queue: JobQueueId, source: WorkloadSource) -> Self {
        Self {
            queue,
            source,
            failure_probability: 0.0,
            failures: Vec::new(),
            depends_on: Vec::new(),
            tracked: Tracked::None,
            recorded: None,
        }
    }
}

/// Where an entry's jobs come from.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkloadSource {
    /// Drawn.
    Synthetic {
        /// What every job is.
        spec: JobSpecId,
        /// `arrayProperties.size` of every submission.
        array_size: Option<u32>,
        /// Number of submissions.
        count: u64,
        /// When they come.
        arrivals: Arrivals,
        /// How long an attempt runs.
        runtime: Distribution,
    },
    /// Recorded, in order of submission.
    Trace(Arc<[TraceJob]>),
}

/// When an entry's submissions come.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Arrivals {
    /// The first at `start`, then one every `every` (zero: all at once).
    Fixed { start: SimTime, every: SimDuration },
    /// A Poisson process from `start` on, with this mean gap in seconds.
    Poisson { start: SimTime, mean_gap_s: f64 },
    /// At these times, ascending; as many as the entry's count.
    List(Arc<[SimTime]>),
}

/// A job of a recorded workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceJob {
    /// When it is submitted.
    pub submit_at: SimTime,
    /// How long each attempt runs.
    pub runtime: SimDuration,
    /// What it is.
    pub spec: JobSpecId,
    /// Whether the recorded job failed: every attempt then ends with exit code 1.
    pub fails: bool,
}

impl WorldType {
    /// vCPUs of the type.
    pub const fn vcpus(&self) -> u32 {
        self.facts.vcpus
    }
}

impl WorldSpec {
    /// The truth about a type.
    ///
    /// # Panics
    /// If the id is not of this world.
    pub fn instance_type(&self, id: InstanceTypeId) -> &WorldType {
        &self.instance_types[id.index()]
    }
}
