//! Security contexts of pods and containers. Source: `API:EksPodSecurityContext`, `API:EksContainerSecurityContext`.
//! They change nothing about when or where a job runs, but a pod that breaks their rules is never created.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;

/// A pod's security context.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodSecurityContext {
    /// User id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    pub run_as_user: Option<u32>,
    /// Group id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    pub run_as_group: Option<u32>,
    /// Group id of volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    pub fs_group: Option<u32>,
    /// Whether user 0 is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_non_root: Option<bool>,
    /// System calls allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp_profile: Option<SeccompProfile>,
}

/// A container's security context.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerSecurityContext {
    /// User id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    pub run_as_user: Option<u32>,
    /// Group id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    pub run_as_group: Option<u32>,
    /// Root on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Whether a process may gain more privileges than its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_privilege_escalation: Option<bool>,
    /// Whether the root file system can't be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_root_filesystem: Option<bool>,
    /// Whether user 0 is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_as_non_root: Option<bool>,
    /// Linux capabilities, without the prefix `CAP_`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// System calls allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp_profile: Option<SeccompProfile>,
}

/// Linux capabilities. Source: `API:EksContainerLinuxCapabilities`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capabilities {
    /// Added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 128)))]
    pub add: Vec<String>,
    /// Dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 128)))]
    pub drop: Vec<String>,
}

/// A seccomp profile. Source: `API:EksSeccompProfile`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeccompProfile {
    /// Where it comes from.
    #[serde(rename = "type")]
    pub kind: SeccompProfileType,
    /// Path on the node; with `Localhost` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4_095))]
    pub localhost_profile: Option<String>,
}

/// Where a seccomp profile comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "Kubernetes' names say it")]
pub enum SeccompProfileType {
    RuntimeDefault,
    Localhost,
    Unconfined,
}

impl PodSecurityContext {
    /// What AWS Batch would reject of it.
    pub fn problems(&self) -> Vec<Problem> {
        self.seccomp_profile.as_ref().and_then(SeccompProfile::problem).into_iter().collect()
    }
}

impl ContainerSecurityContext {
    /// What AWS Batch or Kubernetes would reject of it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<_> =
            self.seccomp_profile.as_ref().and_then(SeccompProfile::problem).into_iter().collect();
        if self.privileged == Some(true) && self.allow_privilege_escalation == Some(false) {
            problems.push(Problem::new(
                "/allowPrivilegeEscalation",
                "Kubernetes does not take `false` for a container that is `privileged`",
                "remove it, or write `\"privileged\": false`",
            ));
        }
        let Some(capabilities) = &self.capabilities else { return problems };
        for (list, names) in [("add", &capabilities.add), ("drop", &capabilities.drop)] {
            for (index, name) in names.iter().enumerate() {
                if let Some(bare) = name.strip_prefix("CAP_") {
                    problems.push(Problem::new(
                        format!("/capabilities/{list}/{index}"),
                        format!("`{name}` has the prefix `CAP_`, which AWS Batch does not take"),
                        format!("write `{bare}`"),
                    ));
                }
            }
        }
        problems
    }
}

impl SeccompProfile {
    fn problem(&self) -> Option<Problem> {
        match (self.kind, &self.localhost_profile) {
            (SeccompProfileType::Localhost, None) => Some(Problem::new(
                "/seccompProfile",
                "the type `Localhost` needs `localhostProfile`",
                "add `localhostProfile`, a path below the kubelet's folder of profiles",
            )),
            (SeccompProfileType::RuntimeDefault | SeccompProfileType::Unconfined, Some(_)) => Some(Problem::new(
                "/seccompProfile/localhostProfile",
                "it is for the type `Localhost` alone",
                "remove it, or write `\"type\": \"Localhost\"`",
            )),
            _ => None,
        }
    }
}
