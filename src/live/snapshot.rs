//! One look at a cluster: what a dry run and a shadow run begin with.

use crate::live::facts::{NodeFacts, PodFacts};
use crate::model::Resources;

/// A cluster at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Version of the API server, like `v1.33.1-eks-1234567`.
    pub server_version: String,
    /// Nodes that carry the label of one of the run's environments, by name.
    pub nodes: Vec<NodeFacts>,
    /// Names of all other nodes.
    pub other_nodes: Vec<String>,
    /// All daemonsets, by namespace and name.
    pub daemon_sets: Vec<DaemonSetFacts>,
    /// Pods of others on nodes of the run's environments, that no daemonset owns: they take room.
    pub foreign_pods: Vec<ForeignPod>,
    /// Pods on those nodes or in the run's namespaces that earlier runs left behind, with their run's id.
    pub earlier_runs: Vec<(String, PodFacts)>,
}

/// A `DaemonSet`, as far as it concerns nodes for jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSetFacts {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// What each of its pods asks for.
    pub requests: Resources,
    /// Whether its pods tolerate the taint of AWS Batch's nodes, with both effects: else it has none there.
    pub tolerates_batch_taint: bool,
    /// Those of the snapshot's nodes where it wants a pod (node selector, affinity, tolerations), by name.
    pub wanted_on: Vec<String>,
}

/// A pod of someone else on a node for jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPod {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `spec.nodeName`.
    pub node: String,
    /// What it asks for.
    pub requests: Resources,
    /// It carries AWS Batch's labels and not those of a run of this program: AWS Batch itself drives that node.
    pub of_aws_batch: bool,
}
