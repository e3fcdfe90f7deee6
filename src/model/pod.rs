//! The pod of an EKS job: `eksProperties.podProperties`. Source: `API:EksPodProperties`.
//!
//! Knows what the pod asks for in all; knows nothing of nodes, queues or submissions.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::container::EksContainer;
use crate::model::metadata::EksMetadata;
use crate::model::security_context::PodSecurityContext;
use crate::model::text::DNS_SUBDOMAIN;
use crate::model::volume::{self, EksVolume};
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
    /// Service account in the pod's namespace, a DNS subdomain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub service_account_name: Option<String>,
    /// Whether the pod uses the node's network; true where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_network: Option<bool>,
    /// The pod's DNS policy; where absent, what [`EksPodProperties::effective_dns_policy`] says.
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
    /// Its name in the pod's namespace: lower-case letters, digits, periods and hyphens.
    #[schemars(length(max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub name: String,
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
    /// Whether the pod uses the node's network: true where the document is silent.
    pub fn effective_host_network(&self) -> bool {
        self.host_network.unwrap_or(true)
    }

    /// The DNS policy: the document's, or what goes with its network. Source: `UG:job_definition_parameters`.
    pub fn effective_dns_policy(&self) -> DnsPolicy {
        match (self.dns_policy, self.effective_host_network()) {
            (Some(policy), _) => policy,
            (None, true) => DnsPolicy::ClusterFirstWithHostNet,
            (None, false) => DnsPolicy::ClusterFirst,
        }
    }

    /// The pod's effective requests by Kubernetes' rule, for each resource the larger of the containers' sum and the
    /// largest init container; and everything that AWS Batch or Kubernetes would reject.
    pub fn requests(&self, problems: &mut Vec<Problem>) -> Resources {
        let mut sum = Resources { pods: 1, ..Resources::ZERO };
        let mut names = BTreeSet::new();
        let lists = [("containers", &self.containers), ("initContainers", &self.init_containers)];
        for (list, containers) in lists {
            for (index, container) in containers.iter().enumerate() {
                let at = format!("/{list}/{index}");
                // Kubernetes' names are lower-case: two that differ in case alone would clash there.
                if !names.insert(container.name_or_default().to_ascii_lowercase()) {
                    problems.push(Problem::new(
                        if container.name.is_some() { format!("{at}/name") } else { at.clone() },
                        format!("the pod has two containers named `{}`", container.name_or_default()),
                        "give each container a name of its own",
                    ));
                }
                let mut own = volume::mount_problems(&container.volume_mounts, &self.volumes);
                let requests = container.requests(&mut own);
                problems.extend(own.into_iter().map(|problem| problem.under(&at)));
                if list == "containers" {
                    sum = add(sum, requests);
                } else {
                    sum = sum.max(requests);
                }
            }
        }
        problems.extend(volume::problems(&self.volumes));
        if let Some(context) = &self.security_context {
            problems.extend(context.problems().into_iter().map(|problem| problem.under("/securityContext")));
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
