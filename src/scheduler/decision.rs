//! What the core answers: commands for the world, the time it wants to be woken, and why. Buffers are reused between
//! steps, so the caller clears nothing and the core allocates nothing in the steady state.

use serde::{Deserialize, Serialize};

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId};
use crate::model::{FleetStrategy, PurchaseOption, Resources};
use crate::scheduler::event::PodFailure;
use crate::units::{SimDuration, SimTime};

/// The outcome of one step.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Decision {
    /// To be started in this order; their outcomes come back as events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
    /// The latest time of the next step; `None` while nothing is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<SimTime>,
    /// Attempts and jobs that ended in this step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endings: Vec<Ending>,
    /// Why jobs wait, why capacity was asked for or given back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Empties the decision and keeps its buffers.
    pub fn clear(&mut self) {
        self.commands.clear();
        self.wake_at = None;
        self.endings.clear();
        self.reasons.clear();
    }
}

/// Something for the world to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command")]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Command {
    /// Ask EC2 for capacity.
    LaunchNodes(Box<LaunchRequest>),
    /// Give an instance back.
    TerminateNode { node: NodeId },
    /// Create the pod of an attempt on a node: the job is STARTING.
    CreatePod { pod: PodId, job: JobRef, spec: JobSpecId, attempt: u8, node: NodeId },
    /// Delete a pod, SIGTERM first.
    DeletePod { pod: PodId, spec: JobSpecId, node: NodeId, why: DeleteCause },
}

/// Why a pod is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeleteCause {
    /// The attempt ran longer than the job's timeout.
    Timeout,
}

/// What Batch hands over to EC2: acceptable types and how much, not which pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchRequest {
    /// The request's id.
    pub launch: LaunchId,
    /// For this environment.
    pub environment: ComputeEnvironmentId,
    /// On-Demand or Spot.
    pub purchase: PurchaseOption,
    /// How EC2 is to choose among the pools of the types.
    pub fleet: FleetStrategy,
    /// Acceptable types, most wanted first. Never empty.
    pub instance_types: Vec<InstanceTypeId>,
    /// vCPUs wanted; EC2 may exceed it by less than one instance.
    pub target_vcpus: u32,
    /// Spot: no pool whose price is at or above this share of On-Demand; `None` is 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid_percentage: Option<u32>,
}

/// The end of an attempt or of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended")]
pub enum Ending {
    /// A pod is over.
    Attempt(AttemptEnd),
    /// A job reached SUCCEEDED or FAILED.
    Job(JobEnd),
}

/// A finished attempt, with everything a fold over decisions needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEnd {
    /// Its pod.
    pub pod: PodId,
    /// Its job.
    pub job: JobRef,
    /// The job's spec.
    pub spec: JobSpecId,
    /// 1 for the first.
    pub attempt: u8,
    /// Where it was placed.
    pub node: NodeId,
    /// When it became STARTING.
    pub starting_at: SimTime,
    /// When it became RUNNING, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_at: Option<SimTime>,
    /// When it ended.
    pub stopped_at: SimTime,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Whether the job is RUNNABLE again.
    pub retried: bool,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptOutcome {
    /// Exit code 0.
    Succeeded,
    /// Its pod failed.
    Failed(PodFailure),
    /// Its node went away.
    HostTerminated,
    /// It ran longer than the job's timeout.
    TimedOut,
}

/// A job's way from submission to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnd {
    /// The job, or array child.
    pub job: JobRef,
    /// Its queue.
    pub queue: JobQueueId,
    /// Its spec.
    pub spec: JobSpecId,
    /// SUCCEEDED, else FAILED.
    pub succeeded: bool,
    /// Attempts charged.
    pub attempts: u8,
    /// When it was submitted.
    pub submitted_at: SimTime,
    /// When its first attempt became RUNNING, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_running_at: Option<SimTime>,
    /// Time in RUNNABLE over all attempts.
    pub runnable: SimDuration,
    /// Time in RUNNING of the last attempt.
    pub last_run: SimDuration,
    /// When it ended.
    pub ended_at: SimTime,
}

/// Why something is as it is. Written when it changes, not while it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason")]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Reason {
    /// The head of a queue can't be placed, and nothing behind it may overtake it.
    QueueBlocked { queue: JobQueueId, head: JobRef, why: Blocked },
    /// The queue moves again, or is empty.
    QueueUnblocked { queue: JobQueueId },
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
        }
    }
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
}
