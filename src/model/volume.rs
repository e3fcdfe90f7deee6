//! Volumes of a pod. Source: `API:EksVolume`. Accepted and handed on; they change nothing about when or where a job runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;

/// A volume: a name and one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksVolume {
    /// A DNS subdomain name.
    pub name: String,
    /// A path on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<HostPath>,
    /// An empty directory for the pod's life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_dir: Option<EmptyDir>,
    /// A Kubernetes secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretVolume>,
    /// A persistent volume claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<PersistentVolumeClaim>,
}

/// A path on the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostPath {
    /// The path.
    pub path: String,
}

/// An empty directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmptyDir {
    /// Empty for the node's disk, or `Memory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// Its greatest size, a quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub size_limit: Option<String>,
}

/// A secret as a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretVolume {
    /// The secret's name.
    pub secret_name: String,
    /// Whether it may be missing.
    #[serde(default)]
    pub optional: bool,
}

/// A claim as a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersistentVolumeClaim {
    /// The claim's name.
    pub claim_name: String,
    /// Whether the pod can't write to it.
    #[serde(default)]
    pub read_only: bool,
}

impl EksVolume {
    /// Why Kubernetes would not take it.
    pub fn problem(&self) -> Option<Problem> {
        let sources = usize::from(self.host_path.is_some())
            + usize::from(self.empty_dir.is_some())
            + usize::from(self.secret.is_some())
            + usize::from(self.persistent_volume_claim.is_some());
        (sources != 1).then(|| {
            Problem::new(
                "",
                format!("volume `{}` has {sources} sources instead of one", self.name),
                "give one of `hostPath`, `emptyDir`, `secret`, `persistentVolumeClaim`",
            )
        })
    }
}
