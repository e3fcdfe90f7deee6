//! What is read of Kubernetes' objects. A pod is some 5 KB of JSON and a node 10; of either, a few hundred bytes matter
//! here, and the rest is skipped while it is parsed.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Names with texts: labels, or quantities by resource.
pub type Texts = BTreeMap<String, String>;

/// Takes `null` for what is absent: it is the same in Kubernetes, and one such field must not cost a whole list.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// `metadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Meta {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    pub resource_version: String,
    pub creation_timestamp: Option<String>,
    pub deletion_timestamp: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub labels: Texts,
    #[serde(deserialize_with = "or_default")]
    pub owner_references: Vec<Owner>,
}

/// An entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Owner {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub uid: String,
}

/// Something with `metadata`.
pub trait Object {
    /// Its `metadata`.
    fn meta(&self) -> &Meta;
}

/// `status.conditions` of nodes and of `NodeClaim`s.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    pub last_transition_time: Option<String>,
}

/// A `Node`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct NodeObject {
    pub metadata: Meta,
    pub spec: NodeSpec,
    pub status: NodeStatus,
}

/// A node's `spec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct NodeSpec {
    pub unschedulable: bool,
    #[serde(deserialize_with = "or_default")]
    pub taints: Vec<Taint>,
}

/// A taint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Taint {
    pub key: String,
    pub value: String,
    pub effect: String,
}

/// A node's `status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct NodeStatus {
    #[serde(deserialize_with = "or_default")]
    pub capacity: Texts,
    #[serde(deserialize_with = "or_default")]
    pub allocatable: Texts,
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// A `Pod`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct PodObject {
    pub metadata: Meta,
    pub spec: PodSpec,
    pub status: PodStatus,
}

/// A pod's `spec`, or a template's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct PodSpec {
    pub node_name: String,
    pub host_network: bool,
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<Container>,
    #[serde(deserialize_with = "or_default")]
    pub init_containers: Vec<Container>,
    #[serde(deserialize_with = "or_default")]
    pub resources: ContainerResources,
    #[serde(deserialize_with = "or_default")]
    pub overhead: Texts,
    #[serde(deserialize_with = "or_default")]
    pub node_selector: Texts,
    #[serde(deserialize_with = "or_default")]
    pub affinity: Affinity,
    #[serde(deserialize_with = "or_default")]
    pub tolerations: Vec<Toleration>,
    #[serde(deserialize_with = "or_default")]
    pub volumes: Vec<Volume>,
}

/// A volume of a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Volume {
    pub name: String,
}

/// A container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Container {
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub resources: ContainerResources,
    pub restart_policy: Option<String>,
}

impl Container {
    /// Of an init container: it goes on beside the containers.
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

/// What a container, or a pod as a whole, asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct ContainerResources {
    #[serde(deserialize_with = "or_default")]
    pub requests: Texts,
    #[serde(deserialize_with = "or_default")]
    pub limits: Texts,
}

/// `spec.affinity`, as far as it names nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Affinity {
    #[serde(deserialize_with = "or_default")]
    pub node_affinity: NodeAffinity,
}

/// `nodeAffinity`, as far as it must be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct NodeAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector>,
}

/// Terms, one of which must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct NodeSelector {
    #[serde(deserialize_with = "or_default")]
    pub node_selector_terms: Vec<NodeTerm>,
}

/// A term: all of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct NodeTerm {
    #[serde(deserialize_with = "or_default")]
    pub match_expressions: Vec<Requirement>,
    #[serde(deserialize_with = "or_default")]
    pub match_fields: Vec<Requirement>,
}

/// What a label or field must be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Requirement {
    pub key: String,
    pub operator: String,
    #[serde(deserialize_with = "or_default")]
    pub values: Vec<String>,
}

/// A toleration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Toleration {
    pub key: String,
    pub operator: String,
    pub value: String,
    pub effect: String,
}

/// A pod's `status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct PodStatus {
    pub phase: String,
    pub reason: String,
    pub message: String,
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "or_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
}

/// What became of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct ContainerStatus {
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub state: ContainerState,
}

/// A container's state: one of them, or none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct ContainerState {
    pub waiting: Option<Waiting>,
    pub running: Option<Running>,
    pub terminated: Option<Terminated>,
}

/// It waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Waiting {
    pub reason: String,
}

/// It runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Running {}

/// It ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct Terminated {
    pub exit_code: i32,
    #[serde(deserialize_with = "or_default")]
    pub reason: String,
    pub finished_at: Option<String>,
}

/// A `DaemonSet`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct DaemonSetObject {
    pub metadata: Meta,
    pub spec: DaemonSetSpec,
}

/// A daemonset's `spec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct DaemonSetSpec {
    pub template: PodTemplate,
}

/// A pod that is yet to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Kubernetes'")]
pub struct PodTemplate {
    pub spec: PodSpec,
}

/// A `karpenter.sh/v1` `NodeClaim`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are Karpenter's")]
pub struct NodeClaimObject {
    pub metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    pub status: NodeClaimStatus,
}

/// A claim's `status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are Karpenter's")]
pub struct NodeClaimStatus {
    pub node_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

macro_rules! with_metadata {
    ($($object:ty),*) => {$(
        impl Object for $object {
            fn meta(&self) -> &Meta {
                &self.metadata
            }
        }
    )*};
}
with_metadata!(NodeObject, PodObject, DaemonSetObject, NodeClaimObject);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_null_or_unknown_costs_nothing() {
        let pod: PodObject = serde_json::from_value(json!({
            "metadata": { "name": "p", "labels": null, "ownerReferences": null, "managedFields": [{ "manager": "m" }] },
            "spec": { "containers": null, "affinity": null, "tolerations": null, "volumes": null },
            "status": { "containerStatuses": [{ "name": "c", "state": null }], "conditions": [] },
        }))
        .expect("a pod");
        assert_eq!((pod.metadata.name.as_str(), pod.status.container_statuses.len()), ("p", 1));
        assert_eq!(pod.status.container_statuses[0].state, ContainerState::default());
    }
}
