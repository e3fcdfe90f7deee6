//! What the core is told of environments, queues, jobs and consumable resources: numbers and ids, no names.

use serde::{Deserialize, Serialize};

use crate::ids::{ComputeEnvironmentId, ConsumableResourceId, InstanceTypeId, JobId, ShareId};
use crate::model::{AllocationStrategy, PurchaseOption, Resources};
use crate::scheduler::reason::Blocked;
use crate::units::SimDuration;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_true(flag: &bool) -> bool {
    *flag
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(number: &u16) -> bool {
    *number == 0
}

/// A compute environment as the core sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSpec {
    /// `state` is ENABLED.
    pub enabled: bool,
    /// The managed part; `None` for an UNMANAGED environment, whose nodes the world adopts into it.
    pub managed: Option<ManagedSpec>,
    /// `unmanagedvCpus`: what an UNMANAGED environment counts for in a fair-share reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmanaged_vcpus: Option<u32>,
}

impl EnvironmentSpec {
    /// The most vCPUs that it can have: `maxvCpus`, or `unmanagedvCpus`; without either nothing is reserved of it
    /// (`API:CreateComputeEnvironmentRequest`).
    pub fn most_vcpus(&self) -> Option<u32> {
        self.managed.as_ref().map_or(self.unmanaged_vcpus, |managed| Some(managed.max_vcpus))
    }
}

/// The `computeResources` of a MANAGED environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedSpec {
    /// On-Demand or Spot.
    pub purchase: PurchaseOption,
    /// Batch's strategy.
    pub strategy: AllocationStrategy,
    /// Kept running even with no job, vCPUs.
    pub min_vcpus: u32,
    /// The limit, overshot by less than one instance, vCPUs.
    pub max_vcpus: u32,
    /// One list per entry of `instanceTypes`, in its order: a family's types, or a single one. No type stands twice.
    pub instance_types: Vec<Vec<InstanceTypeId>>,
    /// `scalingPolicy.minScaleDownDelayMinutes`; `None` where unset or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_scale_down_delay: Option<SimDuration>,
    /// `bidPercentage`: launch only while the Spot price is below this share of On-Demand; `None` is 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid_percentage: Option<u32>,
}

/// How the nodes of an updated environment are replaced. Source: `API:UpdatePolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InfrastructureUpdate {
    /// `terminateJobsOnUpdate`: jobs on old nodes are ended at once.
    pub terminate_jobs: bool,
    /// `jobExecutionTimeoutMinutes`: jobs on old nodes are ended after that.
    pub job_execution_timeout: SimDuration,
}

/// A job queue as the core sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSpec {
    /// Higher is evaluated first.
    pub priority: i32,
    /// The compute environments, in the order they are tried; one to three.
    pub environments: Vec<ComputeEnvironmentId>,
    /// `state` is ENABLED: submissions are taken.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub enabled: bool,
    /// The scheduling policy; `None` for a FIFO queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fair_share: Option<FairShare>,
    /// `jobStateTimeLimitActions`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_limits: Vec<TimeLimit>,
    /// What a FIFO queue does beyond AWS Batch; it has that from its creation, and no update changes it.
    #[serde(default, skip_serializing_if = "QueuePolicy::is_plain")]
    pub policy: QueuePolicy,
}

impl QueueSpec {
    /// An ENABLED FIFO queue.
    pub const fn fifo(priority: i32, environments: Vec<ComputeEnvironmentId>) -> Self {
        Self {
            priority,
            environments,
            enabled: true,
            fair_share: None,
            time_limits: Vec::new(),
            policy: QueuePolicy { order: JobOrder::Submission, backfill: None },
        }
    }
}

/// What a queue does beyond AWS Batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QueuePolicy {
    /// Whose turn it is.
    #[serde(default)]
    pub order: JobOrder,
    /// Whether later jobs may overtake a head that finds no room; `None` for never, as in AWS Batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<EasyBackfill>,
}

impl QueuePolicy {
    /// Whether the queue does what AWS Batch does, and no more.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// The order of jobs that never ran. Ties go by submission, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum JobOrder {
    /// First in, first out, as in AWS Batch.
    #[default]
    Submission,
    /// By the estimate, which is the job's timeout; jobs without one last.
    ShortestJobFirst,
    /// By the CPU, then the memory, that the whole job asks for; the largest first.
    LargestJobFirst,
}

/// EASY backfilling: the head has a reservation, and whoever does not delay it may go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EasyBackfill {
    /// How many jobs behind the head are looked at in a cycle; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// In which order they are looked at; `None` for the queue's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<JobOrder>,
}

/// A fair-share policy. Source: `API:FairsharePolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FairShare {
    /// `shareDecaySeconds`.
    pub share_decay: SimDuration,
    /// `computeReservation`, percent, 0 to 99.
    pub compute_reservation: u32,
    /// Weights of the shares that do not weigh 1; in ascending order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<ShareWeight>,
}

/// The weight of a share. Source: `API:ShareAttributes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareWeight {
    /// The share.
    pub share: ShareId,
    /// `weightFactor` in ten-thousandths: 1 to 9,999,999.
    pub weight: u32,
    /// Shares of one number took their weight from one entry that ends in `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<u16>,
}

/// When a job that blocks its queue is cancelled. Source: `API:JobStateTimeLimitAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeLimit {
    /// What the head waits for.
    pub why: Blocked,
    /// `maxTimeSeconds`.
    pub after: SimDuration,
}

/// A consumable resource. Source: `API:CreateConsumableResourceRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumableSpec {
    /// How much there is, what is in use included.
    pub total: u64,
    /// `resourceType` is REPLENISHABLE: what a job held is free again after it.
    pub replenishable: bool,
}

/// A job definition with overrides applied, as the core sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobSpec {
    /// The pod's effective requests; of a multi-node parallel job, the largest that any of its pods asks of each resource.
    pub requests: Resources,
    /// `retryStrategy.attempts`, 1 to 10.
    pub attempts: u8,
    /// `timeout.attemptDurationSeconds`, from RUNNING, each attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<SimDuration>,
    /// `retryStrategy.evaluateOnExit`, in order: the first that matches decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evaluate_on_exit: Vec<ExitRule>,
    /// The share, in a fair-share queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareId>,
    /// `schedulingPriority`: order within the share, higher first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scheduling_priority: u16,
    /// What it holds from STARTING to its end; at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumables: Vec<ConsumableRequirement>,
    /// A multi-node parallel job's nodes; `None` for a job of one pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_node: Option<MultiNode>,
}

impl JobSpec {
    /// CPU that the job asks for in all, thousandths of a vCPU.
    pub fn cpu(&self) -> u64 {
        u64::from(self.requests.cpu.0) * self.pods()
    }

    /// Memory that the job asks for in all, MiB.
    pub fn memory(&self) -> u64 {
        u64::from(self.requests.memory.0) * self.pods()
    }

    fn pods(&self) -> u64 {
        self.multi_node.as_ref().map_or(1, |multi_node| multi_node.nodes.into())
    }
}

/// What a job holds of a consumable resource. Source: `API:ConsumableResourceRequirement`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumableRequirement {
    /// The resource.
    pub resource: ConsumableResourceId,
    /// How much.
    pub quantity: u64,
}

/// The nodes of a multi-node parallel job. Source: `API:NodeProperties`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiNode {
    /// `numNodes`.
    pub nodes: u16,
    /// `mainNode`.
    pub main: u16,
    /// The only type its nodes may be, where the definition names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<InstanceTypeId>,
}

/// A compiled entry of `evaluateOnExit`: it matches if all that is given matches. Source: `API:EvaluateOnExit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRule {
    /// `onExitCode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<ExitCodePattern>,
    /// The kinds of ends whose reason and status reason `onReason` and `onStatusReason` match; `None` where neither is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Vec<EndKind>>,
    /// `action` is RETRY, else EXIT.
    pub retry: bool,
}

/// A pattern on exit codes: digits, with an optional `*` at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitCodePattern {
    /// This code.
    Is(i32),
    /// Any code whose decimal digits begin with those of this one.
    BeginsWith(i32),
    /// Any code.
    Any,
}

/// How an attempt ended, as far as its reason and status reason tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EndKind {
    /// A container exited.
    Exited,
    /// A container used more memory than its limit.
    OomKilled,
    /// The kubelet turned the pod away.
    Rejected,
    /// The node went away.
    HostTerminated,
    /// A volume could not be attached or mounted.
    VolumeNotAttached,
    /// An infrastructure update took the node.
    EnvironmentUpdated,
    /// Someone else deleted the pod.
    Deleted,
    /// The API server refused the pod.
    Refused,
}

impl EndKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Exited,
        Self::OomKilled,
        Self::Rejected,
        Self::HostTerminated,
        Self::VolumeNotAttached,
        Self::EnvironmentUpdated,
        Self::Deleted,
        Self::Refused,
    ];
}

/// What a job waits for before it is RUNNABLE. Source: `API:JobDependency`, `UG:array_jobs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dependency {
    /// The whole of a job, or of an array, must succeed.
    Job(JobId),
    /// `N_TO_N`: each child waits for the child of the same index.
    NToN(JobId),
    /// `SEQUENTIAL`: each child waits for the one before.
    Sequential,
}
