//! The compute environment that recorded work is given, and which of its jobs no node of it could carry.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::catalog::{self, Architecture, InstanceType, Region, kubelet};
use crate::import::Notes;
use crate::import::stand_ins::{eks_configuration, with_network};
use crate::import::work::error::WorkError;
use crate::import::work::job::RecordedNodes;
use crate::import::work::target::Target;
use crate::model::{Assumptions, PurchaseOption, Resources};
use crate::units::{MiB, MilliCpu};

/// The environment's name.
const ENVIRONMENT: &str = "imported";
/// Pods that a node of an archive takes: the kubelet's default, for nobody recorded it.
const PODS: u16 = InstanceType::DEFAULT_MAX_PODS;

/// Where the work runs.
#[derive(Debug)]
pub(in crate::import) struct Capacity {
    /// The document of the compute environment.
    pub(in crate::import) environment: Value,
    /// `cluster`, where nodes are fixed.
    pub(in crate::import) cluster: Option<Value>,
    /// What nodes offer to jobs, each size once.
    hosts: Vec<Resources>,
}

impl Capacity {
    /// Fixed nodes where there are any, else instances that can carry what is asked for. `shapes` are the requests of jobs.
    pub(in crate::import) fn new(
        target: &Target,
        recorded: &[RecordedNodes],
        shapes: &BTreeSet<Resources>,
        notes: &mut Notes,
    ) -> Result<Self, WorkError> {
        let fixed = if target.nodes.is_empty() { recorded } else { &target.nodes };
        let region = catalog::region(&target.region)
            .map_err(|error| WorkError::new(error.to_string(), "name another `--region`"))?;
        if fixed.is_empty() { Self::launched(target, region, shapes, notes) } else { Ok(Self::fixed(target, fixed)) }
    }

    /// What the environment is called.
    pub(in crate::import) const NAME: &'static str = ENVIRONMENT;

    /// Whether some node could carry it.
    pub(in crate::import) fn carries(&self, requests: Resources) -> bool {
        self.hosts.iter().any(|&host| requests.fits(host))
    }

    fn fixed(target: &Target, nodes: &[RecordedNodes]) -> Self {
        let mut environment = environment(target, "UNMANAGED");
        let vcpus: u64 = nodes.iter().map(|node| u64::from(node.count) * u64::from(node.cpu.0) / 1_000).sum();
        environment["unmanagedvCpus"] = json!(u32::try_from(vcpus).unwrap_or(u32::MAX));
        let rows: Vec<_> = nodes
            .iter()
            .map(|node| {
                json!({
                    "computeEnvironment": ENVIRONMENT,
                    "count": node.count,
                    "cpu": format!("{}m", node.cpu.0),
                    "memory": format!("{}Mi", node.memory.0),
                    "gpus": node.gpus,
                    "pods": PODS
                })
            })
            .collect();
        let hosts =
            nodes.iter().map(|node| Resources { cpu: node.cpu, memory: node.memory, gpus: node.gpus, pods: PODS });
        Self { environment, cluster: Some(json!({ "nodes": rows })), hosts: hosts.collect() }
    }

    fn launched(
        target: &Target,
        region: &Region,
        shapes: &BTreeSet<Resources>,
        notes: &mut Notes,
    ) -> Result<Self, WorkError> {
        let mut types: Vec<String> = target.instance_types.clone();
        if types.is_empty() {
            types = default_types(region, shapes);
            notes.made_up(format!("`instanceTypes`: {} (`--instance-types` gives others)", types.join(", ")));
        }
        let mut hosts = Vec::new();
        for entry in &types {
            let listed = catalog::expand(entry, region).map_err(|error| {
                WorkError::new(format!("--instance-types: {error}"), "name types or families that the region has")
            })?;
            hosts.extend(listed.into_iter().map(offer));
        }
        let purchase = if target.is_spot() { PurchaseOption::Spot } else { PurchaseOption::Ec2 };
        let max_vcpus = target.max_vcpus.unwrap_or_else(|| {
            notes.made_up(format!("`maxvCpus`: {} (`--max-vcpus` gives another)", Target::MAX_VCPUS));
            Target::MAX_VCPUS
        });
        let mut environment = environment(target, "MANAGED");
        environment["computeResources"] = with_network(json!({
            "type": purchase,
            "allocationStrategy": target.strategy,
            "minvCpus": 0,
            "maxvCpus": max_vcpus,
            "instanceTypes": types
        }));
        Ok(Self { environment, cluster: None, hosts })
    }
}

fn environment(target: &Target, kind: &str) -> Value {
    json!({
        "computeEnvironmentName": ENVIRONMENT,
        "type": kind,
        "state": "ENABLED",
        "eksConfiguration": eks_configuration(&target.region)
    })
}

/// What a node of a type offers to jobs, by the assumptions' defaults.
fn offer(instance_type: &InstanceType) -> Resources {
    let assumed = Assumptions::default();
    let daemon_sets = Resources {
        cpu: MilliCpu(assumed.typical_daemon_set_cpu_milli),
        memory: MiB(assumed.typical_daemon_set_memory_mib),
        gpus: 0,
        pods: assumed.typical_daemon_set_pods,
    };
    kubelet::allocatable(instance_type, assumed.vm_memory_overhead_ppm).saturating_sub(daemon_sets)
}

/// Families for all that is asked for, and a type each for what none of theirs could carry, the cheapest that can.
fn default_types(region: &Region, shapes: &BTreeSet<Resources>) -> Vec<String> {
    let gpus = shapes.iter().any(|shape| shape.gpus > 0);
    let cpu_only = shapes.iter().any(|shape| shape.gpus == 0) || shapes.is_empty();
    let families = Target::FAMILIES.iter().filter(|_| cpu_only);
    let families = families.chain(Target::GPU_FAMILIES.iter().filter(|_| gpus));
    let mut types = Vec::new();
    let mut hosts = Vec::new();
    for family in families {
        let listed = catalog::expand(family, region).unwrap_or_default();
        if !listed.is_empty() {
            types.push((*family).to_owned());
            hosts.extend(listed.into_iter().map(offer));
        }
    }
    for &shape in shapes {
        if hosts.iter().any(|&host| shape.fits(host)) {
            continue;
        }
        let able = region.priced().filter(|one| one.arch == Architecture::X86_64 && shape.fits(offer(one)));
        let price = |one: &InstanceType| region.offer(one).ok().map(|offer| offer.on_demand_per_hour);
        if let Some(cheapest) = able.min_by_key(|one| (price(one), one.name.clone())) {
            types.push(cheapest.name.clone());
            hosts.push(offer(cheapest));
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(vcpus: u32, mib: u32, gpus: u16) -> Resources {
        Resources::pod(MilliCpu::from_vcpus(vcpus), MiB(mib), gpus)
    }

    #[test]
    fn types_are_chosen_by_what_is_asked_for() {
        let mut notes = Notes::default();
        let of = |shapes: &[Resources], notes: &mut Notes| {
            Capacity::new(&Target::default(), &[], &shapes.iter().copied().collect(), notes).unwrap()
        };
        let types = |capacity: &Capacity| capacity.environment["computeResources"]["instanceTypes"].clone();
        let plain = of(&[shape(1, 512, 0)], &mut notes);
        assert_eq!(types(&plain), json!(Target::FAMILIES));
        assert!(notes.to_string().contains("`maxvCpus`: 10000"), "{notes}");
        assert_eq!(types(&of(&[shape(1, 512, 1)], &mut notes)), json!(Target::GPU_FAMILIES));
        let large = of(&[shape(1, 512, 0), shape(180, 4_096, 0)], &mut notes);
        assert_eq!(types(&large).as_array().unwrap().len(), Target::FAMILIES.len() + 1, "one that has 180 vCPUs");
        assert!(large.carries(shape(180, 4_096, 0)) && !plain.carries(shape(180, 4_096, 0)));
        assert!(!of(&[shape(5_000, 4_096, 0)], &mut notes).carries(shape(5_000, 4_096, 0)));
    }

    #[test]
    fn regions_and_types_that_are_none_are_told() {
        let of = |target: Target| {
            Capacity::new(&target, &[], &BTreeSet::new(), &mut Notes::default()).unwrap_err().to_string()
        };
        assert!(of(Target { region: "us-east-9".to_owned(), ..Target::default() }).contains("us-east-9"));
        let types = vec!["m5.huge".to_owned()];
        assert!(of(Target { instance_types: types, ..Target::default() }).contains("m5.huge"));
    }
}
