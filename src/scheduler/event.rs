//! What a world can tell the core: one closed enum of facts. No event promises success and none asks for anything.

use serde::{Deserialize, Serialize};

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobSpecId, LaunchId, NodeId, PodId, ZoneId};
use crate::model::{AllocationStrategy, PurchaseOption, Resources};
use crate::units::{MicroUsd, SimDuration, SimTime};

/// What the world reported since the last step. All events happened at `now`, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Observation {
    /// The time of the step; never earlier than the step before.
    pub now: SimTime,
    /// Facts, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Event {
    /// A compute environment became VALID.
    ComputeEnvironmentCreated { environment: ComputeEnvironmentId, spec: Box<EnvironmentSpec> },
    /// A job queue became VALID.
    JobQueueCreated { queue: JobQueueId, spec: Box<QueueSpec> },
    /// A job definition with a submission's overrides applied, to be named by submissions.
    JobSpecRegistered { spec: JobSpecId, job: Box<JobSpec> },
    /// A job (or an array of `array_size` children) was submitted: it is SUBMITTED.
    JobSubmitted {
        job: JobId,
        queue: JobQueueId,
        spec: JobSpecId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        array_size: Option<u32>,
    },
    /// EC2 started an instance for a launch request; billing begins now.
    NodeLaunched {
        launch: LaunchId,
        environment: ComputeEnvironmentId,
        node: NodeId,
        instance_type: InstanceTypeId,
        zone: ZoneId,
        purchase: PurchaseOption,
    },
    /// EC2 can't provide `vcpus_short` of a request: none of these types was to be had. The request is closed.
    CapacityUnavailable { launch: LaunchId, instance_types: Vec<InstanceTypeId>, vcpus_short: u32 },
    /// A node joined and its daemonsets run; `free` is what its kubelet offers to jobs.
    NodeReady { node: NodeId, free: Resources },
    /// A node of an UNMANAGED environment carries the environment's label.
    NodeAdopted { environment: ComputeEnvironmentId, node: NodeId, vcpus: u32, free: Resources },
    /// EC2 will reclaim this Spot instance at `terminates_at`.
    SpotInterruptionWarning { node: NodeId, terminates_at: SimTime },
    /// The node is gone, and with it every pod on it; billing ends now.
    NodeLost { node: NodeId, cause: NodeLossCause },
    /// The Spot price of a pool moved.
    SpotPriceChanged { instance_type: InstanceTypeId, zone: ZoneId, per_hour: MicroUsd },
    /// All containers of the pod run: the job is RUNNING.
    PodRunning { pod: PodId },
    /// All containers of the pod exited 0.
    PodSucceeded { pod: PodId },
    /// The pod ended otherwise.
    PodFailed { pod: PodId, failure: PodFailure },
}

/// Whether an event belongs to the outside (and would be the workload of another run) or follows from a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It would have happened whatever the scheduler did.
    Exogenous,
    /// It answers a command.
    Consequence,
}

impl Event {
    /// Which of the two the event is.
    pub const fn origin(&self) -> Origin {
        match self {
            Self::ComputeEnvironmentCreated { .. }
            | Self::JobQueueCreated { .. }
            | Self::JobSpecRegistered { .. }
            | Self::JobSubmitted { .. }
            | Self::NodeAdopted { .. }
            | Self::SpotInterruptionWarning { .. }
            | Self::NodeLost { cause: NodeLossCause::SpotInterruption | NodeLossCause::Failed, .. }
            | Self::SpotPriceChanged { .. } => Origin::Exogenous,
            Self::NodeLaunched { .. }
            | Self::CapacityUnavailable { .. }
            | Self::NodeReady { .. }
            | Self::NodeLost { cause: NodeLossCause::Terminated, .. }
            | Self::PodRunning { .. }
            | Self::PodSucceeded { .. }
            | Self::PodFailed { .. } => Origin::Consequence,
        }
    }
}

/// Why a node is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeLossCause {
    /// EC2 reclaimed a Spot instance.
    SpotInterruption,
    /// The core had it terminated.
    Terminated,
    /// It broke.
    Failed,
}

/// Why a pod failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PodFailure {
    /// A container ended with this exit code.
    ExitCode(i32),
    /// The kubelet turned the pod away: `OutOfcpu`.
    OutOfCpu,
    /// The kubelet turned the pod away: `OutOfmemory`.
    OutOfMemory,
    /// The kubelet turned the pod away: `OutOfpods`.
    OutOfPods,
    /// The kubelet turned the pod away: too few GPUs.
    OutOfGpu,
    /// It was deleted by the core's command.
    Deleted,
}

/// A compute environment as the core sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSpec {
    /// `state` is ENABLED.
    pub enabled: bool,
    /// The managed part; `None` for an UNMANAGED environment, whose nodes the world adopts into it.
    pub managed: Option<ManagedSpec>,
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

/// A job queue as the core sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSpec {
    /// Higher is evaluated first.
    pub priority: i32,
    /// The compute environments, in the order they are tried; one to three.
    pub environments: Vec<ComputeEnvironmentId>,
}

/// A job definition with overrides applied, as the core sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The pod's effective requests.
    pub requests: Resources,
    /// `retryStrategy.attempts`, 1 to 10.
    pub attempts: u8,
    /// `timeout.attemptDurationSeconds`, from RUNNING, each attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<SimDuration>,
}
