//! The shape of a scenario's `cluster`: daemonsets, fixed nodes, instance types beside the catalog's, zones of subnets.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::Architecture;
use crate::model::{Resources, quantity};
use crate::scenario::judge::Judge;
use crate::units::{MiB, MilliCpu};

/// What the cluster holds beside what Batch launches.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cluster {
    /// What runs on every node that Batch launches. Where absent, the assumptions `typicalDaemonSetCpuMilli`,
    /// `typicalDaemonSetMemoryMiB` and `typicalDaemonSetPods` stand in; an empty list means none.
    pub daemon_sets: Option<Vec<DaemonSet>>,
    /// Nodes that exist from the start, in UNMANAGED environments.
    #[serde(default)]
    pub nodes: Vec<FixedNodes>,
    /// Types beside the catalog's, or other prices for those it has.
    #[serde(default)]
    pub instance_types: Vec<CustomType>,
    /// Availability Zones of subnets (`aws ec2 describe-subnets`). An environment launches in the zones of its `subnets`; in all
    /// that offer a type where none of them is named here.
    #[serde(default)]
    pub subnets: BTreeMap<String, String>,
}

/// A pod on every node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DaemonSet {
    /// Its name.
    pub name: String,
    /// CPU request, a Kubernetes quantity like `50m`.
    #[serde(default = "zero")]
    pub cpu: String,
    /// Memory request, a Kubernetes quantity like `120Mi`.
    #[serde(default = "zero")]
    pub memory: String,
    /// Types and families on whose nodes it runs, as its node selector and affinity choose; all where absent.
    #[schemars(length(min = 1))]
    pub instance_types: Option<Vec<String>>,
}

impl DaemonSet {
    /// Whether it runs on nodes of a type.
    pub(super) fn is_on(&self, name: &str) -> bool {
        let family = name.split('.').next();
        let listed = |known: &String| known == name || Some(known.as_str()) == family;
        self.instance_types.as_ref().is_none_or(|all| all.iter().any(listed))
    }
}

/// Resources of a node, or taken of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Amount {
    /// CPU, a Kubernetes quantity like `1930m`.
    #[serde(default = "zero")]
    pub cpu: String,
    /// Memory, a Kubernetes quantity like `7074Mi`.
    #[serde(default = "zero")]
    pub memory: String,
    /// GPUs.
    #[serde(default)]
    #[schemars(range(max = 64))]
    pub gpus: u16,
    /// Pods.
    #[serde(default)]
    #[schemars(range(max = 10_000))]
    pub pods: u16,
}

impl Amount {
    /// What it says, and faults in its quantities.
    pub(super) fn resources(&self, at: &str, judge: &mut Judge<'_>) -> Resources {
        let cpu = quantity::cpu(&self.cpu).unwrap_or_else(|error| {
            judge.error(format!("{at}/cpu"), error.message, error.help);
            MilliCpu::ZERO
        });
        let memory = quantity::memory(&self.memory).unwrap_or_else(|error| {
            judge.error(format!("{at}/memory"), error.message, error.help);
            MiB::ZERO
        });
        Resources { cpu, memory, gpus: self.gpus, pods: self.pods }
    }
}

fn zero() -> String {
    "0".to_owned()
}

/// Nodes of an UNMANAGED environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FixedNodes {
    /// Name of the environment whose label they carry.
    pub compute_environment: String,
    /// How many.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100_000))]
    pub count: u32,
    /// CPU that each offers to jobs, a Kubernetes quantity. Nothing but `taken` is taken off.
    pub cpu: String,
    /// Memory that each offers to jobs, a Kubernetes quantity.
    pub memory: String,
    /// GPUs of each.
    #[serde(default)]
    #[schemars(range(max = 64))]
    pub gpus: u16,
    /// Pods that each takes.
    #[serde(default = "default_pods")]
    #[schemars(range(min = 1, max = 10_000))]
    pub pods: u16,
    /// What pods of others, daemonsets' among them, take of each: jobs get the rest.
    pub taken: Option<Amount>,
}

const fn one() -> u32 {
    1
}

const fn default_pods() -> u16 {
    crate::catalog::InstanceType::DEFAULT_MAX_PODS
}

/// A type that the catalog lacks (then `vcpus`, `memoryMiB` and `onDemandPrice` are needed), or other prices for one
/// that it has.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CustomType {
    /// What `instanceTypes` call it.
    #[schemars(length(min = 1))]
    pub name: String,
    /// vCPUs.
    #[schemars(range(min = 1, max = 10_000))]
    pub vcpus: Option<u32>,
    /// Memory as advertised; a node has less of it.
    #[serde(rename = "memoryMiB")]
    #[schemars(range(min = 1, max = 104_857_600))]
    pub memory_mib: Option<u32>,
    /// NVIDIA GPUs.
    #[schemars(range(max = 64))]
    pub gpus: Option<u16>,
    /// The kubelet's `maxPods`; 110 where absent.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_pods: Option<u16>,
    /// `x86_64` where absent.
    pub arch: Option<Arch>,
    /// What kubelet and kernel keep of a made-up type: what they keep of a real one, or nothing.
    #[serde(default)]
    pub reserve: Reserve,
    /// What a node of this type was seen to offer to pods (`status.allocatable`, daemonsets not taken off), instead of what
    /// follows from its size. Without `pods`, its `maxPods` holds; without `gpus` it has none.
    pub allocatable: Option<Amount>,
    /// USD per hour.
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub on_demand_price: Option<f64>,
    /// Mean Spot price, USD per hour. A made-up type without it is not offered as Spot.
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub spot_price: Option<f64>,
    /// The Spot Advisor's bucket, 0 (below 5 % a month) to 4 (above 20 %).
    #[schemars(range(max = 4))]
    pub interruption_bucket: Option<u8>,
}

/// What a type's processors execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Arch {
    #[serde(rename = "x86_64")]
    X86_64,
    #[serde(rename = "arm64")]
    Arm64,
}

impl From<Arch> for Architecture {
    fn from(arch: Arch) -> Self {
        match arch {
            Arch::X86_64 => Self::X86_64,
            Arch::Arm64 => Self::Arm64,
        }
    }
}

/// What kubelet and kernel keep of a made-up type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reserve {
    /// What they keep of a type of that size.
    #[default]
    Kubelet,
    /// Nothing: a node offers all that it has, as a server of queueing theory does.
    None,
}
