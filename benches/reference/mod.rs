//! The reference load: 1-vCPU jobs with lognormal runtimes, one FIFO queue, `BEST_FIT_PROGRESSIVE`, catalog nodes with
//! overhead and daemonsets, default assumptions. Offered load is 90 % of what the nodes hold.

use windtunnel::catalog;
use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobSpecId, ZoneId};
use windtunnel::model::duration::TextDuration;
use windtunnel::model::{AllocationStrategy, Assumptions, Distribution, PurchaseOption, Resources};
use windtunnel::scheduler::{EnvironmentSpec, JobSpec, ManagedSpec, QueueSpec, SchedulerConfig, Settings, TypeFacts};
use windtunnel::sim::{Arrivals, NodeClass, SpotMarket, WorkloadEntry, WorkloadSource, WorldSpec, WorldType};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

/// Jobs that fit on one m5.4xlarge.
const JOBS_PER_NODE: f64 = 15.0;
/// The mean of a lognormal with median 300 s and 95th percentile 1,200 s.
const MEAN_RUNTIME_S: f64 = 428.4;

/// `jobs` jobs over about `nodes` nodes.
pub(crate) fn world(jobs: u64, nodes: u32) -> WorldSpec {
    // Deep pools, so that the size of the cluster is what the table says.
    let assumptions = Assumptions { pool_depth_vcpus: 100_000_000, ..Assumptions::default() };
    let m5 = catalog::instance_type("m5.4xlarge").expect("in the catalog");
    let offer = catalog::region("us-east-1").and_then(|region| region.offer(m5)).expect("offered");
    let allocatable = catalog::kubelet::allocatable(m5, assumptions.vm_memory_overhead_ppm);
    let facts = TypeFacts {
        vcpus: m5.vcpus,
        allocatable,
        on_demand_per_hour: offer.on_demand_per_hour,
        spot_per_hour: offer.on_demand_per_hour,
    };
    let daemon_sets = Resources { cpu: MilliCpu(200), memory: MiB(250), gpus: 0, pods: 4 };
    let secs = |s| TextDuration(SimDuration::from_secs(s));
    let rate = 0.9 * f64::from(nodes) * JOBS_PER_NODE / MEAN_RUNTIME_S;
    WorldSpec {
        assumptions,
        instance_types: vec![WorldType {
            facts,
            free: allocatable.saturating_sub(daemon_sets),
            class: NodeClass::Cpu,
            interruption_bucket: 0,
            spot_per_hour: None,
            zones: (0..6).map(ZoneId).collect(),
        }],
        zones: 6,
        environments: vec![EnvironmentSpec {
            enabled: true,
            unmanaged_vcpus: None,
            managed: Some(ManagedSpec {
                purchase: PurchaseOption::Ec2,
                strategy: AllocationStrategy::BestFitProgressive,
                min_vcpus: 0,
                max_vcpus: nodes * m5.vcpus,
                instance_types: vec![vec![InstanceTypeId(0)]],
                min_scale_down_delay: None,
                bid_percentage: None,
            }),
        }],
        environment_zones: Vec::new(),
        nodes: Vec::new(),
        queues: vec![QueueSpec::fifo(1, vec![ComputeEnvironmentId(0)])],
        consumables: Vec::new(),
        operations: Vec::new(),
        specs: vec![JobSpec {
            requests: Resources::pod(MilliCpu(1_000), MiB(2_048), 0),
            attempts: 1,
            ..JobSpec::default()
        }],
        images: vec![500],
        image_of: vec![0],
        workload: vec![WorkloadEntry::new(
            JobQueueId(0),
            WorkloadSource::Synthetic {
                spec: JobSpecId(0),
                array_size: None,
                count: jobs,
                arrivals: Arrivals::Poisson { start: SimTime::ZERO, mean_gap_s: 1.0 / rate },
                runtime: Distribution::Lognormal { median: secs(300), p95: secs(1_200) },
            },
        )],
        spot: SpotMarket::Calm,
        spot_paths: Vec::new(),
        stop_at: SimTime::MAX,
    }
}

/// What the core is told of a world.
pub(crate) fn config(world: &WorldSpec) -> SchedulerConfig {
    SchedulerConfig {
        settings: Settings::from(&world.assumptions),
        instance_types: world.instance_types.iter().map(|one| one.facts).collect(),
    }
}

/// A count as a float, for rates.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
pub(crate) fn as_f64(count: u64) -> f64 {
    count as f64
}
