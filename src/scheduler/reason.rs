//! Why something is as it is: each job that waits, each launch, each type passed over leaves a typed reason. Reports only
//! format them.

use serde::{Deserialize, Serialize};

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId};
use crate::model::Resources;
use crate::units::SimTime;

/// Why something is as it is. Written when it changes, not while it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason")]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Reason {
    /// The head of a queue can't be placed, and nothing behind it may overtake it, other than by backfill.
    QueueBlocked { queue: JobQueueId, head: JobRef, why: Blocked },
    /// The queue moves again, or is empty.
    QueueUnblocked { queue: JobQueueId },
    /// AWS Batch says that its head blocks a queue, and why: the statusReason of the job from here on, and the event
    /// `Batch Job Queue Blocked`.
    HeadBlocked { queue: JobQueueId, head: JobRef, why: Blocked },
    /// A job was placed ahead of the head of its queue, which it does not delay: the head's place is kept until then; `None`
    /// where a node on its way is the head's, or jobs run of which nobody knows when they end.
    Backfilled {
        queue: JobQueueId,
        job: JobRef,
        head: JobRef,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<SimTime>,
    },
    /// What a job, an array or a child depended on has succeeded: it is RUNNABLE.
    Released { job: JobRef },
    /// A submission of so many jobs was not taken.
    SubmissionRefused { job: JobId, queue: JobQueueId, spec: JobSpecId, jobs: u32, why: Refusal },
    /// An environment is INVALID: it takes no jobs, and what it has is scaled down.
    EnvironmentInvalid { environment: ComputeEnvironmentId, why: InvalidCause },
    /// An environment that was INVALID is VALID again.
    EnvironmentValid { environment: ComputeEnvironmentId },
    /// All nodes of an infrastructure update are replaced: the environment is no longer UPDATING.
    EnvironmentUpdated { environment: ComputeEnvironmentId },
    /// Capacity was asked for.
    Launching {
        launch: LaunchId,
        environment: ComputeEnvironmentId,
        demand: Demand,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        passed_over: Vec<PassedOver>,
    },
    /// Demand went unmet in an environment; the queue's next one was tried, if there is one.
    CannotProvide { environment: ComputeEnvironmentId, queue: JobQueueId, why: Blocked },
    /// A node is given back.
    ScalingIn { node: NodeId, why: ScaleInCause },
    /// A type is left alone until then.
    TypeAvoided { environment: ComputeEnvironmentId, instance_type: InstanceTypeId, until: SimTime },
    /// A node of a type was seen for the first time: what it really offers replaces the estimate.
    Learned {
        environment: ComputeEnvironmentId,
        instance_type: InstanceTypeId,
        estimated: Resources,
        actual: Resources,
    },
}

/// Why a job at the head of its queue waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Blocked {
    /// Capacity was or will be asked for and is on its way.
    AwaitingCapacity,
    /// Every environment that could hold the job is at `maxvCpus`, and full.
    AtMaxVcpus,
    /// EC2 has none of the types that fit at the moment.
    InsufficientInstanceCapacity,
    /// No allowed type is large enough.
    JobResourceRequirement,
    /// An UNMANAGED environment's nodes are full.
    NoRoomOnNodes,
    /// Every environment is DISABLED.
    EnvironmentDisabled,
    /// The cap on pods created per second is reached.
    DispatchRate,
    /// Every environment is INVALID.
    EnvironmentInvalid,
    /// The job asks for more vCPUs than `maxvCpus` allows in any environment.
    ComputeEnvironmentMaxResource,
    /// A consumable resource that the job asks for is in use.
    ConsumableResource,
    /// No environment can run multi-node parallel jobs: they are Spot or UNMANAGED.
    InstanceConfigurationUnsupported,
    /// What is left is reserved for shares that are not active (`computeReservation`).
    ShareReservation,
}

impl Blocked {
    /// The reason's name in results (`blocked_s`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwaitingCapacity => "AWAITING_CAPACITY",
            Self::AtMaxVcpus => "AT_MAX_VCPUS",
            Self::InsufficientInstanceCapacity => "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            Self::JobResourceRequirement => "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            Self::NoRoomOnNodes => "NO_ROOM_ON_NODES",
            Self::EnvironmentDisabled => "ENVIRONMENT_DISABLED",
            Self::DispatchRate => "DISPATCH_RATE",
            Self::EnvironmentInvalid => "ACTION_REQUIRED",
            Self::ComputeEnvironmentMaxResource => "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
            Self::ConsumableResource => "CONSUMABLE_RESOURCE",
            Self::InstanceConfigurationUnsupported => "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
            Self::ShareReservation => "SHARE_RESERVATION",
        }
    }

    /// Whether AWS Batch reports it as a reason why a queue is blocked. Source: `UG:job_stuck_in_runnable`.
    pub const fn is_reported(self) -> bool {
        match self {
            Self::InsufficientInstanceCapacity
            | Self::JobResourceRequirement
            | Self::ComputeEnvironmentMaxResource
            | Self::InstanceConfigurationUnsupported
            | Self::EnvironmentInvalid => true,
            Self::AwaitingCapacity
            | Self::AtMaxVcpus
            | Self::NoRoomOnNodes
            | Self::EnvironmentDisabled
            | Self::DispatchRate
            | Self::ConsumableResource
            | Self::ShareReservation => false,
        }
    }
}

/// Why a submission was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The queue is DISABLED, deleted, or never was.
    QueueClosed,
    /// A fair-share queue takes no job without a share, a FIFO queue none with one.
    ShareIdentifier,
    /// The queue has as many active shares as it may (500).
    ActiveShares,
    /// As many jobs are SUBMITTED as may be (1,000,000).
    SubmittedJobs,
    /// There were as many calls in this second as there may be (`TooManyRequestsException`).
    TooManyRequests,
    /// A job that it depends on is not known, or its array is of another size.
    Dependency,
}

/// Why an environment is INVALID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvalidCause {
    /// None of the nodes joined the cluster.
    NodesNeverJoined,
    /// What the world reported: the cluster, the namespace, a role.
    Reported,
}

/// What a launch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Demand {
    /// To reach `minvCpus`.
    MinVcpus,
    /// For this many RUNNABLE jobs of a queue that ask for the same.
    Jobs { queue: JobQueueId, requests: Resources, jobs: u32 },
}

/// A type that was allowed and not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The type.
    pub instance_type: InstanceTypeId,
    /// Why not.
    pub why: PassedOverCause,
}

/// Why a type was not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PassedOverCause {
    /// The job does not fit what is left of it after kubelet and daemonsets.
    TooSmall,
    /// EC2 had none a moment ago.
    Avoided,
    /// Another type is cheaper for these jobs.
    CostsMore,
    /// It stands later in the list.
    LaterInOrder,
    /// It would exceed what the jobs need, or `maxvCpus`.
    TooLarge,
}

/// Why a node is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum ScaleInCause {
    /// Nothing ran on it since then.
    Idle { since: SimTime },
    /// It did not join the cluster in time.
    NeverJoined,
    /// An infrastructure update replaces it.
    Replaced,
    /// Its environment became INVALID.
    EnvironmentInvalid,
    /// Its environment was deleted.
    EnvironmentDeleted,
}
