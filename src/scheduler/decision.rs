//! What the core answers: commands for the world, the time it wants to be woken, and why. Buffers are reused between
//! steps, so the caller clears nothing and the core allocates nothing in the steady state.

use serde::{Deserialize, Serialize};

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId};
use crate::model::{FleetStrategy, PurchaseOption};
use crate::scheduler::event::PodFailure;
use crate::scheduler::reason::{Blocked, Reason};
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
    CreatePod {
        pod: PodId,
        job: JobRef,
        spec: JobSpecId,
        attempt: u8,
        node: NodeId,
        /// Of a multi-node parallel job: which of its nodes this pod is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node_index: Option<u16>,
    },
    /// Delete a pod, SIGTERM first.
    DeletePod { pod: PodId, spec: JobSpecId, node: NodeId, why: DeleteCause },
}

/// Why a pod is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeleteCause {
    /// The attempt ran longer than the job's timeout.
    Timeout,
    /// `TerminateJob`.
    Terminated,
    /// A volume can't be attached or mounted.
    Volume,
    /// An infrastructure update of the environment takes the node.
    EnvironmentUpdate,
    /// The main node of the multi-node parallel job succeeded.
    MainNodeSucceeded,
    /// The main node of the multi-node parallel job failed.
    MainNodeEnded,
    /// The job's queue was deleted.
    QueueDeleted,
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
    /// A job, or array child, reached SUCCEEDED or FAILED.
    Job(JobEnd),
    /// All children of an array job have ended, and the array with them.
    Array(ArrayEnd),
}

/// A finished attempt, with everything a fold over decisions needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEnd {
    /// Its pod.
    pub pod: PodId,
    /// Its job.
    pub job: JobRef,
    /// The job's queue.
    pub queue: JobQueueId,
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
    /// Of a multi-node parallel job: which of its nodes the pod was. What becomes of the job is told by its main node's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_index: Option<u16>,
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
    /// `TerminateJob`, or its queue was deleted.
    Terminated,
    /// A volume could not be attached or mounted.
    VolumeNotAttached,
    /// An infrastructure update took its node.
    EnvironmentUpdated,
    /// It was stopped because the main node of its multi-node parallel job failed.
    MainNodeEnded,
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
    /// Why it ended: SUCCEEDED, or FAILED and what for.
    pub why: EndCause,
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

/// Why a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndCause {
    /// SUCCEEDED.
    Succeeded,
    /// Its last attempt failed.
    AttemptFailed,
    /// A job that it depends on failed.
    DependencyFailed,
    /// `CancelJob`, or `TerminateJob` before STARTING.
    Cancelled,
    /// `TerminateJob`.
    Terminated,
    /// It blocked its queue for this for longer than a job state time limit allows.
    TimeLimit(Blocked),
    /// Its queue was deleted.
    QueueDeleted,
}

impl JobEnd {
    /// SUCCEEDED, else FAILED.
    pub fn succeeded(&self) -> bool {
        self.why == EndCause::Succeeded
    }
}

/// The end of an array job: its children's, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayEnd {
    /// The array.
    pub job: JobId,
    /// Its queue.
    pub queue: JobQueueId,
    /// Its children.
    pub size: u32,
    /// Those of them that FAILED; with one, the array is FAILED.
    pub failed: u32,
    /// When it was submitted.
    pub submitted_at: SimTime,
    /// When its last child ended.
    pub ended_at: SimTime,
}
