//! Everything that `windtunnel catalog` shows, as numbers: the JSON is these structs, the tables are made of them alone.

use serde::Serialize;

use crate::catalog::{
    self, Architecture, Gpu, InstanceType, InterruptionBucket, Offer, PriceBasis, Region, SpotBasis, SpotOffer, kubelet,
};
use crate::model::{Assumptions, Resources};
use crate::units::{MiB, MilliCpu};

/// Several types in one region.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub region: &'static str,
    pub location: &'static str,
    pub vm_memory_overhead_ppm: u32,
    pub instance_types: Vec<TypeFacts>,
}

/// A type, what is left of a node of it, and its price.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, named as EC2 names them")]
pub(super) struct TypeFacts {
    pub instance_type: &'static str,
    pub family: &'static str,
    pub vcpus: u32,
    pub memory_mib: MiB,
    pub arch: Architecture,
    pub gpus: u16,
    pub gpu: Option<GpuFacts>,
    pub max_pods: u16,
    pub bare_metal: bool,
    pub burstable: bool,
    pub current_generation: bool,
    pub offers_spot: bool,
    pub vm_overhead_mib: MiB,
    pub capacity: Amount,
    pub kubelet_reserved: Amount,
    pub eviction_mib: MiB,
    pub allocatable: Amount,
    /// Batch's estimate of the daemonsets' share before it has seen a node, and what it then takes as left for jobs.
    pub cold_daemon_sets: Amount,
    pub for_jobs_cold: Amount,
    /// What the usual daemonsets request, by the assumptions `typicalDaemonSet…`, and what they leave for jobs: what a
    /// scenario runs with that lists none of its own.
    pub typical_daemon_sets: Amount,
    pub for_jobs: Amount,
    pub offer: Option<OfferFacts>,
}

#[derive(Debug, Serialize)]
pub(super) struct GpuFacts {
    pub vendor: &'static str,
    pub model: &'static str,
    pub memory_mib: MiB,
}

/// CPU, memory, GPUs and pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) struct Amount {
    pub cpu_milli: MilliCpu,
    pub memory_mib: MiB,
    pub gpus: u16,
    pub pods: u16,
}

#[derive(Debug, Serialize)]
pub(super) struct OfferFacts {
    pub on_demand_usd_per_hour: f64,
    pub on_demand_usd_per_vcpu_hour: f64,
    pub price_basis: PriceBasis,
    pub price_as_of: &'static str,
    pub spot: Option<SpotFacts>,
    pub zones: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct SpotFacts {
    pub usd_per_hour: f64,
    /// Share of the On-Demand price, 0 to 1.
    pub saving: f64,
    pub interruption_bucket: InterruptionBucket,
    /// The bucket in words.
    pub interrupted_per_month: String,
    pub basis: SpotBasis,
}

/// The families of a region.
#[derive(Debug, Serialize)]
pub(super) struct FamilyList {
    pub region: &'static str,
    pub location: &'static str,
    /// Sum of the families' sizes.
    pub sizes: usize,
    pub families: Vec<FamilyFacts>,
    /// Families of the catalog that no size of has an On-Demand price here.
    pub families_without_price: Vec<&'static str>,
}

/// What a family name stands for in a region.
#[derive(Debug, Serialize)]
pub(super) struct FamilyFacts {
    pub family: &'static str,
    pub class: &'static str,
    pub arch: Architecture,
    pub sizes: usize,
    pub vcpus_min: u32,
    pub vcpus_max: u32,
}

impl Report {
    pub(super) fn new(region: &'static Region, types: &[&'static InstanceType], assumptions: &Assumptions) -> Self {
        Self {
            region: region.name,
            location: region.location,
            vm_memory_overhead_ppm: assumptions.vm_memory_overhead_ppm,
            instance_types: types.iter().map(|t| TypeFacts::new(t, region, assumptions)).collect(),
        }
    }
}

impl TypeFacts {
    fn new(instance_type: &'static InstanceType, region: &Region, assumptions: &Assumptions) -> Self {
        let node = kubelet::breakdown(instance_type, assumptions.vm_memory_overhead_ppm);
        let cold = Resources {
            cpu: MilliCpu(assumptions.cold_daemon_set_cpu_milli),
            memory: MiB(assumptions.cold_daemon_set_memory_mib),
            ..Resources::ZERO
        };
        let typical = Resources {
            cpu: MilliCpu(assumptions.typical_daemon_set_cpu_milli),
            memory: MiB(assumptions.typical_daemon_set_memory_mib),
            gpus: 0,
            pods: assumptions.typical_daemon_set_pods,
        };
        Self {
            instance_type: &instance_type.name,
            family: &instance_type.family,
            vcpus: instance_type.vcpus,
            memory_mib: instance_type.memory,
            arch: instance_type.arch,
            gpus: instance_type.gpus,
            gpu: instance_type.gpu.as_ref().map(GpuFacts::from),
            max_pods: instance_type.max_pods,
            bare_metal: instance_type.bare_metal,
            burstable: instance_type.burstable,
            current_generation: instance_type.current_generation,
            offers_spot: instance_type.offers_spot,
            vm_overhead_mib: node.vm_overhead,
            capacity: node.capacity.into(),
            kubelet_reserved: Resources { cpu: node.reserved_cpu, memory: node.reserved_memory, gpus: 0, pods: 0 }
                .into(),
            eviction_mib: node.eviction,
            allocatable: node.allocatable.into(),
            cold_daemon_sets: cold.into(),
            for_jobs_cold: node.allocatable.saturating_sub(cold).into(),
            typical_daemon_sets: typical.into(),
            for_jobs: node.allocatable.saturating_sub(typical).into(),
            offer: region.offer(instance_type).ok().map(|offer| OfferFacts::new(offer, instance_type.vcpus)),
        }
    }
}

impl OfferFacts {
    fn new(offer: Offer, vcpus: u32) -> Self {
        let on_demand = offer.on_demand_per_hour.as_usd();
        Self {
            on_demand_usd_per_hour: on_demand,
            on_demand_usd_per_vcpu_hour: on_demand / f64::from(vcpus),
            price_basis: offer.basis,
            price_as_of: offer.as_of,
            spot: offer.spot.map(SpotFacts::from),
            zones: offer.zones,
        }
    }
}

impl FamilyList {
    pub(super) fn of(region: &'static Region) -> Self {
        let (mut families, mut families_without_price) = (Vec::new(), Vec::new());
        for family in catalog::families() {
            match catalog::expand(family, region) {
                Ok(types) => families.extend(FamilyFacts::of(&types)),
                Err(_) => families_without_price.push(family),
            }
        }
        let sizes = families.iter().map(|family| family.sizes).sum();
        Self { region: region.name, location: region.location, sizes, families, families_without_price }
    }
}

impl FamilyFacts {
    /// What the sizes of a family, smallest first, have in common; `None` for no sizes.
    fn of(types: &[&'static InstanceType]) -> Option<Self> {
        let (smallest, largest) = (types.first()?, types.last()?);
        Some(Self {
            family: &smallest.family,
            class: smallest.class(),
            arch: smallest.arch,
            sizes: types.len(),
            vcpus_min: smallest.vcpus,
            vcpus_max: largest.vcpus,
        })
    }
}

impl From<Resources> for Amount {
    fn from(resources: Resources) -> Self {
        let Resources { cpu, memory, gpus, pods } = resources;
        Self { cpu_milli: cpu, memory_mib: memory, gpus, pods }
    }
}

impl From<&'static Gpu> for GpuFacts {
    fn from(gpu: &'static Gpu) -> Self {
        Self { vendor: &gpu.vendor, model: &gpu.model, memory_mib: gpu.memory }
    }
}

impl From<SpotOffer> for SpotFacts {
    fn from(spot: SpotOffer) -> Self {
        Self {
            usd_per_hour: spot.per_hour.as_usd(),
            saving: f64::from(spot.saving_permille) / 1e3,
            interruption_bucket: spot.interruption,
            interrupted_per_month: spot.interruption.to_string(),
            basis: spot.basis,
        }
    }
}
