//! What a world can tell the core: one closed enum of facts. No event promises success and none asks for anything.

use serde::{Deserialize, Serialize};

use crate::ids::{
    ComputeEnvironmentId, ConsumableResourceId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId,
    PodId, ZoneId,
};
use crate::model::{PurchaseOption, Resources};
use crate::scheduler::spec::{ConsumableSpec, Dependency, EnvironmentSpec, InfrastructureUpdate, JobSpec, QueueSpec};
use crate::units::{MicroUsd, SimTime};

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
    /// A compute environment was updated. Without `infrastructure` its nodes stay; with it, they are replaced.
    ComputeEnvironmentUpdated {
        environment: ComputeEnvironmentId,
        spec: Box<EnvironmentSpec>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        infrastructure: Option<InfrastructureUpdate>,
    },
    /// A compute environment became INVALID for a cause that only the world sees: its cluster, namespace or role.
    ComputeEnvironmentInvalid { environment: ComputeEnvironmentId },
    /// A compute environment was deleted, and its nodes with it.
    ComputeEnvironmentDeleted { environment: ComputeEnvironmentId },
    /// A job queue became VALID.
    JobQueueCreated { queue: JobQueueId, spec: Box<QueueSpec> },
    /// A job queue, or its scheduling policy, was updated.
    JobQueueUpdated { queue: JobQueueId, spec: Box<QueueSpec> },
    /// A job queue was deleted: its jobs end.
    JobQueueDeleted { queue: JobQueueId },
    /// A consumable resource was created, or its quantity set.
    ConsumableResourceSet { resource: ConsumableResourceId, spec: ConsumableSpec },
    /// A job definition with a submission's overrides applied, to be named by submissions.
    JobSpecRegistered { spec: JobSpecId, job: Box<JobSpec> },
    /// A job (or an array of `array_size` children) was submitted: it is SUBMITTED.
    JobSubmitted {
        job: JobId,
        queue: JobQueueId,
        spec: JobSpecId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        array_size: Option<u32>,
        /// Jobs that must succeed before; at most 20.
        #[serde(default, skip_serializing_if = "<[Dependency]>::is_empty")]
        depends_on: Box<[Dependency]>,
        /// Someone may name the job later, to depend on it or to end it: the core keeps it findable, and remembers how it
        /// ended.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        tracked: bool,
    },
    /// `CancelJob`: a tracked job that has not reached STARTING shall end.
    JobCancelRequested { job: JobRef },
    /// `TerminateJob`: a tracked job shall end, wherever it stands.
    JobTerminateRequested { job: JobRef },
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
    /// The pod can't start, and its kubelet keeps trying.
    PodStuck { pod: PodId, why: PodStuck },
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
    /// A submission that depends on nothing and that nobody will name.
    pub fn submitted(job: JobId, queue: JobQueueId, spec: JobSpecId, array_size: Option<u32>) -> Self {
        Self::JobSubmitted { job, queue, spec, array_size, depends_on: Box::default(), tracked: false }
    }

    /// The facts that every run begins with: an account's environments, queues, consumable resources and jobs, by id.
    pub fn beginning(
        environments: &[EnvironmentSpec],
        queues: &[QueueSpec],
        consumables: &[ConsumableSpec],
        specs: &[JobSpec],
    ) -> Vec<Self> {
        let numbered = 0u16..;
        let environments = numbered.clone().zip(environments).map(|(id, spec)| Self::ComputeEnvironmentCreated {
            environment: ComputeEnvironmentId(id),
            spec: Box::new(spec.clone()),
        });
        let queues = numbered.clone().zip(queues);
        let queues =
            queues.map(|(id, spec)| Self::JobQueueCreated { queue: JobQueueId(id), spec: Box::new(spec.clone()) });
        let consumables = numbered.zip(consumables);
        let consumables =
            consumables.map(|(id, &spec)| Self::ConsumableResourceSet { resource: ConsumableResourceId(id), spec });
        let specs = (0..).zip(specs);
        let specs =
            specs.map(|(id, spec)| Self::JobSpecRegistered { spec: JobSpecId(id), job: Box::new(spec.clone()) });
        environments.chain(queues).chain(consumables).chain(specs).collect()
    }

    /// Which of the two the event is.
    pub const fn origin(&self) -> Origin {
        match self {
            Self::ComputeEnvironmentCreated { .. }
            | Self::ComputeEnvironmentUpdated { .. }
            | Self::ComputeEnvironmentInvalid { .. }
            | Self::ComputeEnvironmentDeleted { .. }
            | Self::JobQueueCreated { .. }
            | Self::JobQueueUpdated { .. }
            | Self::JobQueueDeleted { .. }
            | Self::ConsumableResourceSet { .. }
            | Self::JobSpecRegistered { .. }
            | Self::JobSubmitted { .. }
            | Self::JobCancelRequested { .. }
            | Self::JobTerminateRequested { .. }
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
            | Self::PodFailed { .. }
            | Self::PodStuck { .. } => Origin::Consequence,
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
    /// A container used more memory than its limit: `OOMKilled`, exit code 137.
    OomKilled,
    /// The kubelet turned the pod away: `OutOfcpu`.
    OutOfCpu,
    /// The kubelet turned the pod away: `OutOfmemory`.
    OutOfMemory,
    /// The kubelet turned the pod away: `OutOfpods`.
    OutOfPods,
    /// The kubelet turned the pod away: too few GPUs.
    OutOfGpu,
    /// It was deleted: by the core's command, or by someone else.
    Deleted,
    /// The API server refused it: it can't be, or is forbidden.
    Refused,
}

/// Why a pod can't start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PodStuck {
    /// A volume can't be attached or mounted: Batch ends the attempt (`UG:batch-eks-job-stuck-in-starting`).
    Volume,
    /// An image can't be pulled (`ImagePullBackOff`): the job stays STARTING.
    Image,
}
