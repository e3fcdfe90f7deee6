//! What a node of a type offers to pods: its memory less what hypervisor and kernel keep, less what the kubelet of the
//! EKS-optimized AMI reserves. Exact formulas, integers only; the one assumption, the VM's memory overhead, is an argument.
//!
//! Source: `awslabs/amazon-eks-ami`, `nodeadm/internal/kubelet/config.go`, and the same in AL2's `bootstrap.sh`; AWS
//! Batch User Guide, "Memory and vCPU considerations for AWS Batch on Amazon EKS". The kubelet's `systemReserved` is
//! empty by default. Prefix delegation and the 110/250 pods cap are not applied by the AMI, and so not here.

use super::InstanceType;
use crate::model::Resources;
use crate::units::{MiB, MilliCpu};

/// The kubelet's hard eviction threshold, `memory.available`: memory that pods never get.
pub const EVICTION_THRESHOLD: MiB = MiB(100);

/// How a node's advertised size becomes what pods can have, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakdown {
    /// Memory as advertised.
    pub memory: MiB,
    /// What hypervisor and kernel keep of it, rounded up.
    pub vm_overhead: MiB,
    /// `status.capacity` of the node.
    pub capacity: Resources,
    /// The kubelet's `kubeReserved` CPU.
    pub reserved_cpu: MilliCpu,
    /// The kubelet's `kubeReserved` memory.
    pub reserved_memory: MiB,
    /// The kubelet's hard eviction threshold.
    pub eviction: MiB,
    /// `status.allocatable` of the node: what pods, daemonsets included, can have.
    pub allocatable: Resources,
}

/// CPU that the kubelet reserves: 6 % of the first vCPU, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest,
/// each part rounded down.
pub fn cpu_reserve(vcpus: u32) -> MilliCpu {
    /// From this many milli-CPU on, this share, in parts per 10,000.
    const BANDS: [(u32, u32); 4] = [(0, 600), (1_000, 100), (2_000, 50), (4_000, 25)];
    let total = MilliCpu::from_vcpus(vcpus).0;
    let ends = BANDS.iter().skip(1).map(|&(start, _)| start).chain([u32::MAX]);
    MilliCpu(
        BANDS
            .iter()
            .zip(ends)
            .map(|(&(start, share), end)| total.min(end).saturating_sub(start) * share / 10_000)
            .sum(),
    )
}

/// Memory that the kubelet reserves: 11 MiB per pod it may run, and 255 MiB.
pub fn memory_reserve(max_pods: u16) -> MiB {
    MiB(11 * u32::from(max_pods) + 255)
}

/// What a node of the type offers to pods, where hypervisor and kernel keep `vm_memory_overhead_ppm` millionths of its
/// memory (assumption `vmMemoryOverheadPpm`).
pub fn allocatable(instance_type: &InstanceType, vm_memory_overhead_ppm: u32) -> Resources {
    breakdown(instance_type, vm_memory_overhead_ppm).allocatable
}

/// The same, with every step on the way.
///
/// # Panics
/// If the overhead is above 1,000,000 millionths.
pub fn breakdown(instance_type: &InstanceType, vm_memory_overhead_ppm: u32) -> Breakdown {
    let vm_overhead = share_rounded_up(instance_type.memory, vm_memory_overhead_ppm);
    let capacity = Resources {
        cpu: MilliCpu::from_vcpus(instance_type.vcpus),
        memory: instance_type.memory - vm_overhead,
        gpus: instance_type.gpus,
        pods: instance_type.max_pods,
    };
    let (reserved_cpu, reserved_memory) = (cpu_reserve(instance_type.vcpus), memory_reserve(instance_type.max_pods));
    Breakdown {
        memory: instance_type.memory,
        vm_overhead,
        capacity,
        reserved_cpu,
        reserved_memory,
        eviction: EVICTION_THRESHOLD,
        allocatable: Resources {
            cpu: capacity.cpu.saturating_sub(reserved_cpu),
            memory: capacity.memory.saturating_sub(reserved_memory + EVICTION_THRESHOLD),
            ..capacity
        },
    }
}

fn share_rounded_up(memory: MiB, ppm: u32) -> MiB {
    let share = (u64::from(memory.0) * u64::from(ppm)).div_ceil(1_000_000);
    MiB(u32::try_from(share).expect("a share of u32 memory fits u32"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::instance_type;

    #[test]
    fn cpu_reserves_are_those_of_the_ami() {
        let published = [
            (1, 60),
            (2, 70),
            (4, 80),
            (8, 90),
            (16, 110),
            (32, 150),
            (48, 190),
            (64, 230),
            (96, 310),
            (128, 390),
            (192, 550),
        ];
        for (vcpus, reserve) in published {
            assert_eq!(cpu_reserve(vcpus), MilliCpu(reserve), "{vcpus} vCPUs");
        }
        assert_eq!(cpu_reserve(0), MilliCpu::ZERO);
    }

    #[test]
    fn the_example_of_the_user_guide() {
        let steps = breakdown(instance_type("m5.large").unwrap(), 54_199);
        assert_eq!(steps.capacity.memory, MiB(7_748));
        assert_eq!(steps.reserved_memory, MiB(574));
        assert_eq!(steps.allocatable.memory, MiB(7_074));
        assert_eq!(steps.allocatable.cpu, MilliCpu(1_930));
    }

    #[test]
    fn without_overhead_only_the_kubelet_takes_memory() {
        let steps = breakdown(instance_type("m5.large").unwrap(), 0);
        assert_eq!(steps.capacity.memory, MiB(8_192));
        assert_eq!(steps.allocatable.memory, MiB(8_192 - 574 - 100));
    }

    #[test]
    fn a_node_too_small_for_its_kubelet_offers_no_memory() {
        let tiny = InstanceType { memory: MiB(300), ..instance_type("t3.nano").unwrap().clone() };
        assert_eq!(allocatable(&tiny, 54_199).memory, MiB::ZERO);
    }
}
