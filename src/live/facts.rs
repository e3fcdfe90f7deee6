//! What the adapter knows of a cluster: small records of what it needs of Kubernetes' objects, so that a cluster of
//! thousands of nodes fits into little memory, and so that nothing behind this file knows Kubernetes' types.

use crate::model::{PurchaseOption, Resources};
use crate::scheduler::{PodFailure, PodStuck};

/// Something that was seen of the cluster, or that came of an act.
///
/// Sightings come late, doubled, and out of order between kinds; of one object they come in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// A node as it is now. Only nodes that carry the label of one of the run's environments are told.
    Node(Box<NodeFacts>),
    /// A node that was told is there no more. What its pods had come to was told before.
    NodeGone(ObjectName),
    /// A pod of this run as it is now: one with the run's label.
    Pod(Box<PodFacts>),
    /// A pod that was told, or of whose existence an act had told, is there no more.
    PodGone(ObjectName),
    /// A `NodeClaim` of this run as it is now.
    NodeClaim(Box<NodeClaimFacts>),
    /// A `NodeClaim` is there no more.
    NodeClaimGone(ObjectName),
    /// A list of all objects of the kind was told to its end: what was not told since [`ListBegun`](Self::ListBegun) is
    /// not there.
    ListEnded(Kind),
    /// The kind is listed from the beginning: at the start, or because a watch could not go on where it stood.
    ListBegun(Kind),
    /// What came of an act, where no object tells it.
    Answer(Answer),
}

/// A kind of object that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `v1` Node.
    Node,
    /// `v1` Pod.
    Pod,
    /// `karpenter.sh/v1` `NodeClaim`.
    NodeClaim,
}

/// Which object: of objects that bear one name after the other, the uid tells which.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// `metadata.namespace`; empty for what has none.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
}

/// A node, as far as the adapter cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Label `batch.amazonaws.com/compute-environment-uuid`.
    pub environment_uuid: String,
    /// Name of the `NodeClaim` that it came of: its owner.
    pub claim: Option<String>,
    /// Label `node.kubernetes.io/instance-type`.
    pub instance_type: Option<String>,
    /// Label `topology.kubernetes.io/zone`.
    pub zone: Option<String>,
    /// Label `karpenter.sh/capacity-type` or `eks.amazonaws.com/capacityType`.
    pub purchase: Option<PurchaseOption>,
    /// `status.capacity.cpu`, whole vCPUs.
    pub vcpus: u32,
    /// `status.allocatable`: what its kubelet offers to all pods.
    pub allocatable: Resources,
    /// What is left of it for jobs when the node is first ready: less the pods of others, and less the daemonsets that have
    /// yet to put a pod there.
    pub free: Resources,
    /// What the node can be used for.
    pub state: NodeState,
    /// It will be taken away: a taint of an interruption handler or of Karpenter says so.
    pub notice: bool,
}

/// What a node can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// It has joined and never been ready yet, is not ready for the moment, or is cordoned: nothing is placed on it.
    NotUsable,
    /// It is ready and takes pods.
    Ready,
    /// It was ready and has not been heard of for `notReadyTimeout`.
    Unreachable,
}

/// A pod of this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodFacts {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`: from it, job and attempt follow.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Label `batch.amazonaws.com/job-id`.
    pub job: String,
    /// `spec.nodeName`.
    pub node: String,
    /// Where it stands.
    pub phase: PodPhase,
    /// It has a `metadata.deletionTimestamp`.
    pub deleting: bool,
    /// `status.podIP`, once it is known; the main node's is told to the others of a multi-node parallel job.
    pub ip: Option<String>,
}

/// Where a pod stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodPhase {
    /// Not all of its containers have started.
    Pending,
    /// It can't start, and its kubelet keeps trying.
    Stuck(PodStuck),
    /// All its containers have started.
    Running,
    /// All its containers exited 0.
    Succeeded,
    /// It ended otherwise.
    Failed(PodFailure),
}

/// A `NodeClaim` of this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeClaimFacts {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Where it stands.
    pub phase: ClaimPhase,
    /// `status.nodeName`, once there is one.
    pub node: Option<String>,
    /// The type that it became, by label `node.kubernetes.io/instance-type`.
    pub instance_type: Option<String>,
    /// Label `topology.kubernetes.io/zone`.
    pub zone: Option<String>,
    /// It has a `metadata.deletionTimestamp`.
    pub deleting: bool,
}

/// Where a `NodeClaim` stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimPhase {
    /// No instance yet.
    Pending,
    /// Condition `Launched`: there is an instance.
    Launched,
    /// It failed, in Karpenter's words: there was no capacity, or the claim can't be.
    Failed(String),
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The pod is there. `again` where it had been there before: a create that was repeated.
    PodCreated {
        /// Which.
        pod: ObjectName,
        /// The name was taken by a pod of this very attempt.
        again: bool,
    },
    /// The API server will never take this pod, or not now.
    PodRefused {
        /// `metadata.namespace`.
        namespace: String,
        /// `metadata.name`.
        name: String,
        /// Why.
        why: Refusal,
    },
    /// There is no such pod to delete, under this name and uid.
    PodAbsent {
        /// `metadata.namespace`.
        namespace: String,
        /// `metadata.name`.
        name: String,
    },
    /// The claim was refused.
    NodeClaimRefused {
        /// `metadata.name`.
        name: String,
        /// In the API server's words.
        message: String,
    },
    /// There is no such claim to delete.
    NodeClaimAbsent {
        /// `metadata.name`.
        name: String,
    },
}

/// Why the API server takes no pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A `ResourceQuota` is used up: it may take it later.
    Quota(String),
    /// The pod can't be: it is invalid, or admission, `PodSecurity` or RBAC forbid it.
    Forbidden(String),
    /// The name belongs to a pod that is not this attempt's.
    NameTaken(String),
}
