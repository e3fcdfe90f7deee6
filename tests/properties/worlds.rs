//! Random worlds: small, and full of what goes wrong in large ones.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobSpecId, ZoneId};
use windtunnel::model::duration::TextDuration;
use windtunnel::model::{
    AllocationStrategy, Assumptions, BestFitObjective, Distribution, PurchaseOption, Resources, SpillPolicy,
};
use windtunnel::scheduler::{EnvironmentSpec, JobSpec, ManagedSpec, QueueSpec, TypeFacts};
use windtunnel::sim::{
    Arrivals, FixedNode, NodeClass, SpotMarket, WorkloadEntry, WorkloadSource, WorldSpec, WorldType,
};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

/// A world and the seed it runs under.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) spec: WorldSpec,
    pub(crate) seed: u64,
    /// EC2 may refuse what is asked for, so that a run may end with work left.
    pub(crate) scarce: bool,
}

const VCPUS: [u32; 4] = [1, 2, 4, 8];

pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let parts = (
        assumptions(),
        types(),
        prop::collection::vec((environment(), prop::collection::vec(fixed_node(), 0..4)), 1..5),
        prop::collection::vec((0..3i32, prop::collection::vec(any::<Index>(), 1..4)), 1..4),
        prop::collection::vec(job_spec(), 1..5),
        prop::collection::vec(entry(), 1..5),
        select(vec![SpotMarket::Advisor, SpotMarket::Harsh, SpotMarket::Calm]),
        any::<u64>(),
    );
    parts.prop_map(|(assumptions, instance_types, environments, queues, specs, entries, spot, seed)| {
        let mut nodes = Vec::new();
        for (id, (environment, fixed)) in (0..).map(ComputeEnvironmentId).zip(&environments) {
            if environment.managed.is_none() {
                nodes.extend(fixed.iter().map(|&(vcpus, free)| FixedNode { environment: id, vcpus, free }));
            }
        }
        let queues: Vec<_> = queues
            .into_iter()
            .map(|(priority, order)| {
                let mut ids: Vec<_> = order.iter().map(|&index| id_of(index, environments.len())).collect();
                let mut kept = Vec::new();
                ids.retain(|id| !kept.contains(id) && (kept.push(*id), true).1);
                QueueSpec::fifo(priority, ids)
            })
            .collect();
        let workload = entries.into_iter().map(|(queue, spec, entry)| entry.build(queue, spec, &queues, &specs));
        let bids = environments.iter().filter_map(|(e, _)| e.managed.as_ref()).any(|m| m.bid_percentage.is_some());
        let scarce = bids
            || spot == SpotMarket::Harsh
            || assumptions.on_demand_insufficient_capacity > 0.0
            || assumptions.spot_insufficient_capacity[0] > 0.0
            || assumptions.pool_depth_vcpus < 1_000;
        // Long enough for all work where capacity comes; else until it is clear that some does not.
        let days = if scarce { 1 } else { 60 };
        let spec = WorldSpec {
            zones: 2,
            consumables: Vec::new(),
            operations: Vec::new(),
            workload: workload.collect(),
            // All types are offered in the second zone.
            environment_zones: (0..environments.len())
                .map(|id| if seed >> id & 1 == 1 { vec![ZoneId(1)] } else { Vec::new() })
                .collect(),
            environments: environments.into_iter().map(|(environment, _)| environment).collect(),
            images: vec![if assumptions.image_size_mib == 0 { 0 } else { 500 }],
            image_of: vec![0; specs.len()],
            stop_at: SimTime::ZERO + SimDuration::from_mins(days * 24 * 60),
            assumptions,
            instance_types,
            nodes,
            queues,
            specs,
            spot,
            spot_paths: Vec::new(),
        };
        World { spec, seed, scarce }
    })
}

fn id_of(index: Index, len: usize) -> ComputeEnvironmentId {
    ComputeEnvironmentId(u16::try_from(index.index(len)).expect("a handful"))
}

/// 1, 2, 4 and 8 vCPUs; the largest has a GPU. Daemonsets take more or less than Batch's estimate.
fn types() -> impl Strategy<Value = Vec<WorldType>> {
    let one = (0..900u32, 0..900u32, 60..160u64, 20..120u64, 0..5u8, 2..12u16, any::<bool>());
    prop::collection::vec(one, VCPUS.len()).prop_map(|drawn| {
        let build = |(&vcpus, (cpu, memory, price, spot, interruption_bucket, pods, everywhere))| {
            let on_demand_per_hour = MicroUsd(u64::from(vcpus) * 400 * price);
            let spot_per_hour = MicroUsd(on_demand_per_hour.0 * spot / 100);
            let allocatable = Resources {
                cpu: MilliCpu(vcpus * 1_000 - 70),
                memory: MiB(vcpus * 2_048 - 300),
                gpus: u16::from(vcpus == 8),
                pods,
            };
            let daemon_sets = Resources { cpu: MilliCpu(cpu), memory: MiB(memory), gpus: 0, pods: 1 };
            WorldType {
                facts: TypeFacts { vcpus, allocatable, on_demand_per_hour, spot_per_hour },
                free: allocatable.saturating_sub(daemon_sets),
                class: if vcpus == 8 { NodeClass::Gpu } else { NodeClass::Cpu },
                interruption_bucket,
                spot_per_hour: Some(spot_per_hour),
                zones: if everywhere { vec![ZoneId(0), ZoneId(1)] } else { vec![ZoneId(1)] },
            }
        };
        VCPUS.iter().zip(drawn).map(build).collect()
    })
}

fn environment() -> impl Strategy<Value = EnvironmentSpec> {
    use AllocationStrategy::{
        BestFit, BestFitProgressive, BestFitProgressiveOrdered, SpotCapacityOptimized,
        SpotCapacityOptimizedPrioritized, SpotPriceCapacityOptimized,
    };
    use PurchaseOption::{Ec2, Spot};
    let purchase = select(vec![
        (Ec2, BestFit),
        (Ec2, BestFitProgressive),
        (Ec2, BestFitProgressiveOrdered),
        (Spot, BestFit),
        (Spot, BestFitProgressive),
        (Spot, SpotCapacityOptimized),
        (Spot, SpotCapacityOptimizedPrioritized),
        (Spot, SpotPriceCapacityOptimized),
    ]);
    let ids = Just([0, 1, 2, 3].map(InstanceTypeId).to_vec()).prop_shuffle();
    let instance_types = (ids, 1..=4usize, any::<[bool; 4]>()).prop_map(|(ids, number, begins)| {
        let mut entries: Vec<Vec<_>> = Vec::new();
        for (id, begins) in ids.into_iter().zip(begins).take(number) {
            match entries.last_mut() {
                Some(entry) if !begins => entry.push(id),
                _ => entries.push(vec![id]),
            }
        }
        entries
    });
    let delay = option::weighted(0.3, Just(SimDuration::from_mins(20)));
    let bid = option::weighted(0.1, select(vec![30, 60]));
    let managed = (purchase, 0..7u32, 1..17u32, instance_types, delay, bid).prop_map(
        |((purchase, strategy), min, extra, instance_types, min_scale_down_delay, bid_percentage)| ManagedSpec {
            purchase,
            strategy,
            min_vcpus: min.saturating_sub(3),
            max_vcpus: min.saturating_sub(3) + extra,
            instance_types,
            min_scale_down_delay,
            bid_percentage,
        },
    );
    (prop::bool::weighted(0.85), option::weighted(0.8, managed)).prop_map(|(enabled, managed)| EnvironmentSpec {
        enabled,
        unmanaged_vcpus: None,
        managed,
    })
}

fn fixed_node() -> impl Strategy<Value = (u32, Resources)> {
    (select(VCPUS.to_vec()), 0..500u32, 1..9u16).prop_map(|(vcpus, taken, pods)| {
        let free = Resources { cpu: MilliCpu(vcpus * 1_000 - taken), memory: MiB(vcpus * 1_500), gpus: 0, pods };
        (vcpus, free)
    })
}

fn job_spec() -> impl Strategy<Value = JobSpec> {
    let cpu = select(vec![250, 500, 1_000, 1_250, 1_750, 3_500]);
    let memory = select(vec![100, 700, 1_700, 3_500]);
    let timeout = option::weighted(0.3, select(vec![SimDuration::from_secs(60), SimDuration::from_mins(8)]));
    (cpu, memory, prop::bool::weighted(0.1), 1..5u8, timeout).prop_map(|(cpu, memory, gpu, attempts, timeout)| {
        JobSpec {
            requests: Resources::pod(MilliCpu(cpu), MiB(memory), gpu.into()),
            attempts,
            timeout,
            ..JobSpec::default()
        }
    })
}

#[derive(Debug, Clone)]
struct Entry {
    array_size: Option<u32>,
    count: u64,
    arrivals: Arrivals,
    runtime: Distribution,
    failure_probability: f64,
}

impl Entry {
    fn build(self, queue: Index, spec: Index, queues: &[QueueSpec], specs: &[JobSpec]) -> WorkloadEntry {
        WorkloadEntry {
            failure_probability: self.failure_probability,
            ..WorkloadEntry::new(
                JobQueueId(u16::try_from(queue.index(queues.len())).expect("a handful")),
                WorkloadSource::Synthetic {
                    spec: JobSpecId(u32::try_from(spec.index(specs.len())).expect("a handful")),
                    array_size: self.array_size,
                    count: self.count,
                    arrivals: self.arrivals,
                    runtime: self.runtime,
                },
            )
        }
    }
}

fn entry() -> impl Strategy<Value = (Index, Index, Entry)> {
    let start = || (0..30u64).prop_map(|mins| SimTime::ZERO + SimDuration::from_mins(mins));
    let arrivals = prop_oneof![
        (start(), select(vec![0, 1, 30, 300]))
            .prop_map(|(start, every)| Arrivals::Fixed { start, every: SimDuration::from_secs(every) }),
        (start(), 1..300u32).prop_map(|(start, gap)| Arrivals::Poisson { start, mean_gap_s: gap.into() }),
    ];
    let span = || select(vec![1, 30, 120, 600]).prop_map(secs);
    let runtime = prop_oneof![
        span().prop_map(Distribution::Constant),
        span().prop_map(|mean| Distribution::Exponential { mean }),
        span().prop_map(|median| Distribution::Lognormal {
            median,
            p95: TextDuration(SimDuration::from_millis(median.0.as_millis() * 3)),
        }),
    ];
    let array_size = option::weighted(0.3, 2..8u32);
    let failure_probability = select(vec![0.0, 0.0, 0.3, 1.0]);
    (any::<Index>(), any::<Index>(), (array_size, 1..9u64, arrivals, runtime, failure_probability)).prop_map(
        |(queue, spec, (array_size, count, arrivals, runtime, failure_probability))| {
            (queue, spec, Entry { array_size, count, arrivals, runtime, failure_probability })
        },
    )
}

const fn secs(secs: u64) -> TextDuration {
    TextDuration(SimDuration::from_secs(secs))
}

/// From ideal to harsh, in every combination.
fn assumptions() -> impl Strategy<Value = Assumptions> {
    let span = |choices: &[u64]| select(choices.to_vec()).prop_map(secs);
    let core = (
        span(&[0, 2, 10]),
        span(&[0, 1, 30]),
        select(vec![0, 0, 1, 20]),
        span(&[0, 5, 30]),
        select(vec![0, 1, 5]),
        select(vec![BestFitObjective::CostPerUsableVcpu, BestFitObjective::CostPerVcpu]),
        select(vec![0, 75, 100]),
        select(vec![SpillPolicy::OnMaxOrIce, SpillPolicy::OnNoIdle]),
        select(vec![0, 100, 400]),
        select(vec![0, 500]),
        span(&[0, 0, 120]),
        any::<bool>(),
    );
    // EC2 that answers after the core gave up is rare, and hard on everyone.
    let request = prop_oneof![
        4 => Just(Distribution::ZERO),
        4 => Just(Distribution::Exponential { mean: secs(5) }),
        1 => Just(Distribution::Exponential { mean: secs(300) }),
    ];
    let cloud = (
        request,
        select(vec![Distribution::ZERO, Distribution::Lognormal { median: secs(45), p95: secs(90) }]),
        select(vec![Distribution::ZERO, Distribution::Lognormal { median: secs(5), p95: secs(20) }]),
        select(vec![Distribution::ZERO, Distribution::Lognormal { median: secs(40), p95: secs(90) }]),
        select(vec![0.0, 0.0, 0.2]),
        select(vec![0.0, 0.0, 0.3]),
        select(vec![100_000, 100_000, 6]),
        select(vec![0.0, 0.8]),
        select(vec![0.0, 1.0, 10.0]),
        select(vec![0.0, 0.5, 1.0]),
        (span(&[0, 120]), select(vec![0.0, 0.5, 1.0]), span(&[0, 1, 30])),
        (0..2u32, span(&[180, 900])),
    );
    (core, cloud).prop_map(|(core, cloud)| {
        let mut all = Assumptions::ideal();
        let cold;
        (
            all.scheduling_cycle,
            all.submit_to_runnable,
            all.dispatch_rate,
            all.scale_decision_period,
            all.scale_look_ahead,
            all.best_fit_objective,
            all.spot_type_efficiency_percent,
            all.spill_policy,
            all.pack_threshold_percent,
            cold,
            all.idle_scale_down_delay,
            all.placement_after_notice,
        ) = core;
        (all.cold_daemon_set_cpu_milli, all.cold_daemon_set_memory_mib) = (cold, cold);
        let short;
        (
            all.request_to_pending,
            all.pending_to_ready,
            all.pod_start,
            all.terminate_to_gone,
            all.never_joins_probability,
            short,
            all.pool_depth_vcpus,
            all.pool_depth_sigma,
            all.spot_stress,
            all.spot_mass_share,
            (all.spot_notice, all.spot_lost_notice_probability, all.sigterm_to_exit),
            (all.image_size_mib, all.capacity_retry_delay),
        ) = cloud;
        all.pending_to_ready_gpu = all.pending_to_ready.clone();
        all.on_demand_insufficient_capacity = short;
        all.spot_insufficient_capacity = [short; 5];
        all.spot_hazard_per_hour = [0.02, 0.1, 0.3, 0.6, 1.0];
        all.spot_mass_fraction = [0.3, 0.9];
        all.spot_price_sigma = 0.3;
        all.spot_price_changes_per_day = 24.0;
        all.image_pull_mib_per_second = 57.0;
        all
    })
}
