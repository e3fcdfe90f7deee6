//! The pod of an EKS job: `eksProperties.podProperties`. Source: `API:EksPodProperties`, `API:EksMetadata`.
//!
//! Knows what the pod asks for in all; knows nothing of nodes, queues or submissions.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::container::EksContainer;
use crate::model::security_context::PodSecurityContext;
use crate::model::volume::EksVolume;
use crate::model::{Problem, Resources};
use crate::units::{MiB, MilliCpu};

/// A pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksPodProperties {
    /// One to ten containers; the job succeeds when all exit 0.
    #[schemars(length(min = 1, max = 10))]
    pub containers: Vec<EksContainer>,
    /// Up to ten containers that run one after the other before these, within STARTING.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub init_containers: Vec<EksContainer>,
    /// Volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<EksVolume>,
    /// Service account in the pod's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Whether the pod uses the node's network; true where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_network: Option<bool>,
    /// The pod's DNS policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_policy: Option<DnsPolicy>,
    /// Secrets to pull images with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<ImagePullSecret>,
    /// Labels, annotations and namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<EksMetadata>,
    /// Whether containers see each other's processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_process_namespace: Option<bool>,
    /// The pod's security context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<PodSecurityContext>,
}

/// A pod's DNS policy. Source: `API:EksPodProperties`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "Kubernetes' names say it")]
pub enum DnsPolicy {
    Default,
    ClusterFirst,
    ClusterFirstWithHostNet,
}

/// A secret to pull images with. Source: `API:ImagePullSecret`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagePullSecret {
    /// Its name in the pod's namespace.
    pub name: String,
}

/// Labels, annotations and namespace of a pod. Source: `API:EksMetadata`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EksMetadata {
    /// Labels; keys and values up to 63 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; values up to 255 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The pod's namespace where it is not the environment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub namespace: Option<String>,
}

/// Prefixes of keys that users must not set, for labels and annotations both.
const RESERVED_PREFIXES: [&str; 3] = ["kubernetes.io/", "k8s.io/", "batch.amazonaws.com/"];

impl EksMetadata {
    /// What AWS Batch would reject of it.
    pub fn problems(&self) -> Vec<Problem> {
        let keys = |kind: &'static str, map: &BTreeMap<String, String>| {
            map.keys()
                .filter(|key| RESERVED_PREFIXES.iter().any(|prefix| key.starts_with(prefix)))
                .map(|key| {
                    Problem::new(
                        format!("/{kind}/{}", key.replace('~', "~0").replace('/', "~1")),
                        format!("`{key}` has a reserved prefix"),
                        format!("choose a key without {}", RESERVED_PREFIXES.map(|p| format!("`{p}`")).join(", ")),
                    )
                })
                .collect::<Vec<_>>()
        };
        let mut problems = keys("labels", &self.labels);
        problems.extend(keys("annotations", &self.annotations));
        if let Some(namespace) = self.namespace.as_deref().filter(|n| *n == "default" || n.starts_with("kube")) {
            problems.push(Problem::new(
                "/namespace",
                format!(
                    "AWS Batch takes neither `default` nor a namespace starting with `kube`, but this is `{namespace}`"
                ),
                "name a namespace of its own",
            ));
        }
        problems
    }
}

/// A sum that stays at its type's limit: documents are judged before their sizes are.
fn add(a: Resources, b: Resources) -> Resources {
    Resources {
        cpu: MilliCpu(a.cpu.0.saturating_add(b.cpu.0)),
        memory: MiB(a.memory.0.saturating_add(b.memory.0)),
        gpus: a.gpus.saturating_add(b.gpus),
        pods: a.pods.saturating_add(b.pods),
    }
}

impl EksPodProperties {
    /// The pod's effective requests by Kubernetes' rule, for each resource the larger of the containers' sum and the
    /// largest init container; and everything that AWS Batch would reject.
    pub fn requests(&self, problems: &mut Vec<Problem>) -> Resources {
        let mut sum = Resources { pods: 1, ..Resources::ZERO };
        let mut names = BTreeSet::new();
        let lists = [("containers", &self.containers), ("initContainers", &self.init_containers)];
        for (list, containers) in lists {
            for (index, container) in containers.iter().enumerate() {
                let at = format!("/{list}/{index}");
                let name = container.name.as_deref().unwrap_or("Default");
                if !names.insert(name) {
                    problems.push(Problem::new(
                        if container.name.is_some() { format!("{at}/name") } else { at.clone() },
                        format!("the pod has two containers named `{name}`"),
                        "give each container a name of its own",
                    ));
                }
                let mut own = Vec::new();
                let requests = container.requests(&mut own);
                problems.extend(own.into_iter().map(|problem| problem.under(&at)));
                if list == "containers" {
                    sum = add(sum, requests);
                } else {
                    sum = sum.max(requests);
                }
            }
        }
        for (index, volume) in self.volumes.iter().enumerate() {
            problems.extend(volume.problem().map(|problem| problem.under(&format!("/volumes/{index}"))));
        }
        if let Some(metadata) = &self.metadata {
            problems.extend(metadata.problems().into_iter().map(|problem| problem.under("/metadata")));
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_asks_for_its_containers_or_its_largest_init_container() {
        let pod: EksPodProperties = serde_json::from_str(
            r#"{ "containers": [
                   { "name": "a", "image": "x", "resources": { "limits": { "cpu": "1", "memory": "100Mi" } } },
                   { "name": "b", "image": "x", "resources": { "limits": { "cpu": "0.5", "memory": "200Mi" } } } ],
                 "initContainers": [
                   { "name": "c", "image": "x", "resources": { "limits": { "cpu": "1", "memory": "1000Mi" } } } ] }"#,
        )
        .expect("a pod");
        let mut problems = Vec::new();
        assert_eq!(pod.requests(&mut problems), Resources::pod(MilliCpu(1_500), MiB(1_000), 0));
        assert_eq!(problems, []);
    }
}
