//! Volumes of a pod and where containers mount them. Source: `API:EksVolume`, `API:EksContainerVolumeMount`, and
//! Kubernetes' own rules for paths. They change nothing about when or where a job runs.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::text::{DNS_SUBDOMAIN, goes_up};
use crate::model::{Problem, quantity};

/// A volume: a name and one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksVolume {
    /// A DNS subdomain name, unique in the pod.
    #[schemars(length(max = 253), regex(pattern = DNS_SUBDOMAIN))]
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

/// A path on the node. Source: `API:EksHostPath`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostPath {
    /// The path, without `..`.
    #[schemars(length(min = 1))]
    pub path: String,
}

/// An empty directory. Source: `API:EksEmptyDir`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmptyDir {
    /// Empty for the node's disk, or `Memory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<Medium>,
    /// Its greatest size, a quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub size_limit: Option<String>,
}

/// What an empty directory lies on. Source: `API:EksEmptyDir`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Medium {
    /// The node's disk.
    #[serde(rename = "")]
    Disk,
    /// The node's memory; it counts against the containers' limits.
    Memory,
}

/// A secret as a volume. Source: `API:EksSecret`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretVolume {
    /// The secret's name, a DNS subdomain.
    #[schemars(length(max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub secret_name: String,
    /// Whether it may be missing.
    #[serde(default)]
    pub optional: bool,
}

/// A claim as a volume. Source: `API:EksPersistentVolumeClaim`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersistentVolumeClaim {
    /// The claim's name, a DNS subdomain.
    #[schemars(length(max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub claim_name: String,
    /// Whether the pod can't write to it.
    #[serde(default)]
    pub read_only: bool,
}

/// Where a volume is mounted. Source: `API:EksContainerVolumeMount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolumeMount {
    /// Name of one of the pod's volumes.
    pub name: String,
    /// Absolute path in the container, without `:`.
    #[schemars(regex(pattern = "^/[^:]*$"))]
    pub mount_path: String,
    /// Relative path in the volume, without `..`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_path: Option<String>,
    /// Whether the container can't write to it.
    #[serde(default)]
    pub read_only: bool,
}

impl EksVolume {
    /// What AWS Batch or Kubernetes would reject of it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let sources = usize::from(self.host_path.is_some())
            + usize::from(self.empty_dir.is_some())
            + usize::from(self.secret.is_some())
            + usize::from(self.persistent_volume_claim.is_some());
        if sources != 1 {
            problems.push(Problem::new(
                "",
                format!("volume `{}` has {sources} sources instead of one", self.name),
                "give one of `hostPath`, `emptyDir`, `secret`, `persistentVolumeClaim`",
            ));
        }
        if let Some(host) = self.host_path.as_ref().filter(|host| goes_up(&host.path)) {
            problems.push(Problem::new(
                "/hostPath/path",
                format!("`{}` contains `..`, which Kubernetes does not take", host.path),
                "write the path that it leads to",
            ));
        }
        if let Some(Err(error)) = self.empty_dir.as_ref().and_then(|d| d.size_limit.as_deref()).map(quantity::memory) {
            problems.push(Problem::new("/emptyDir/sizeLimit", error.message, error.help));
        }
        problems
    }
}

/// What Kubernetes would reject of a pod's `volumes`.
pub(super) fn problems(volumes: &[EksVolume]) -> Vec<Problem> {
    let (mut problems, mut names) = (Vec::new(), BTreeSet::new());
    for (index, volume) in volumes.iter().enumerate() {
        let at = format!("/volumes/{index}");
        if !names.insert(&volume.name) {
            problems.push(Problem::new(
                format!("{at}/name"),
                format!("the pod has two volumes named `{}`", volume.name),
                "give each volume a name of its own",
            ));
        }
        problems.extend(volume.problems().into_iter().map(|problem| problem.under(&at)));
    }
    problems
}

/// What Kubernetes would reject of a container's `volumeMounts` in a pod with these volumes.
pub(super) fn mount_problems(mounts: &[VolumeMount], volumes: &[EksVolume]) -> Vec<Problem> {
    let (mut problems, mut paths) = (Vec::new(), BTreeSet::new());
    for (index, mount) in mounts.iter().enumerate() {
        let at = format!("/volumeMounts/{index}");
        if !volumes.iter().any(|volume| volume.name == mount.name) {
            let names: Vec<_> = volumes.iter().map(|volume| format!("`{}`", volume.name)).collect();
            problems.push(Problem::new(
                format!("{at}/name"),
                format!("the pod has no volume named `{}`", mount.name),
                if names.is_empty() {
                    "declare it in `volumes`".to_owned()
                } else {
                    format!("name one of {}", names.join(", "))
                },
            ));
        }
        if !paths.insert(&mount.mount_path) {
            problems.push(Problem::new(
                format!("{at}/mountPath"),
                format!("the container mounts two volumes at `{}`", mount.mount_path),
                "give each mount a path of its own",
            ));
        }
        if let Some(path) = mount.sub_path.as_ref().filter(|path| path.starts_with('/') || goes_up(path)) {
            problems.push(Problem::new(
                format!("{at}/subPath"),
                format!("`{path}` leads out of the volume"),
                "write a path relative to the volume's root, without `..`",
            ));
        }
    }
    problems
}
