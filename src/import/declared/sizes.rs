//! Which jobs fit which queues, so that the made-up ones are none that no node would ever carry.

use serde_json::Value;

use crate::catalog::{self, kubelet};
use crate::model::{Assumptions, Resources, quantity};
use crate::units::{MiB, MilliCpu};

/// The most that nodes of an environment offer to jobs; `None` where its types are not known in the region.
pub(super) fn nodes(environment: &Value, region: &str) -> Vec<Resources> {
    let assumptions = Assumptions::default();
    let typical = Resources {
        cpu: MilliCpu(assumptions.typical_daemon_set_cpu_milli),
        memory: MiB(assumptions.typical_daemon_set_memory_mib),
        gpus: 0,
        pods: assumptions.typical_daemon_set_pods,
    };
    let Ok(region) = catalog::region(region) else { return Vec::new() };
    let entries =
        environment["computeResources"]["instanceTypes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let types = entries.filter_map(|entry| catalog::expand(entry, region).ok()).flatten();
    types
        .map(|listed| kubelet::allocatable(listed, assumptions.vm_memory_overhead_ppm).saturating_sub(typical))
        .collect()
}

/// What each kind of node of a definition's jobs asks for.
pub(super) fn asked(definition: &Value) -> Vec<Resources> {
    let ranges = definition["nodeProperties"]["nodeRangeProperties"].as_array();
    match ranges {
        Some(ranges) => ranges.iter().map(pod).collect(),
        None => vec![pod(definition)],
    }
}

fn pod(of: &Value) -> Resources {
    let properties = &of["eksProperties"]["podProperties"];
    let list = |key: &str| properties[key].as_array().into_iter().flatten().map(container);
    let together = list("containers").fold(Resources::pod(MilliCpu(0), MiB(0), 0), |sum, own| Resources {
        cpu: MilliCpu(sum.cpu.0.saturating_add(own.cpu.0)),
        memory: MiB(sum.memory.0.saturating_add(own.memory.0)),
        gpus: sum.gpus.saturating_add(own.gpus),
        pods: 1,
    });
    list("initContainers").fold(together, Resources::max)
}

fn container(of: &Value) -> Resources {
    let text = |key: &str| {
        let said = |list: &str| of["resources"][list][key].as_str();
        said("requests").or_else(|| said("limits"))
    };
    let gpus = text("nvidia.com/gpu").and_then(|text| text.parse().ok()).unwrap_or(0);
    let cpu = text("cpu").and_then(|text| quantity::cpu(text).ok()).unwrap_or(MilliCpu(0));
    let memory = text("memory").and_then(|text| quantity::memory(text).ok()).unwrap_or(MiB(0));
    Resources::pod(cpu, memory, gpus)
}
