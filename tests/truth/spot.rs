//! The Spot Instance Advisor's frequency of interruption, measured on instances that would live for a month.

use rayon::prelude::*;
use windtunnel::catalog;
use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobSpecId, ZoneId};
use windtunnel::model::{AllocationStrategy, Assumptions, Distribution, PurchaseOption, Resources};
use windtunnel::scheduler::{
    Decision, Ending, EnvironmentSpec, JobSpec, ManagedSpec, Observation, QueueSpec, Scheduler, SchedulerConfig,
    Settings, TypeFacts,
};
use windtunnel::sim::{Arrivals, NodeClass, SimWorld, SpotMarket, WorkloadEntry, WorkloadSource, WorldSpec, WorldType};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

use crate::page::{Row, keep};
use crate::queueing::Estimate;

/// Types of a bucket, and instances of each; a job per instance.
const TYPES: usize = 30;
const INSTANCES: u64 = 20;
const SEEDS: u64 = 20;
const MONTH: SimDuration = SimDuration::from_secs(30 * 24 * 3_600);
const REGION: &str = "us-east-1";

/// The advisor's buckets, in percent of a month's instances.
const BUCKETS: [(&str, f64, f64); 5] = [
    ("<5 %", 0.0, 5.0),
    ("5-10 %", 5.0, 10.0),
    ("10-15 %", 10.0, 15.0),
    ("15-20 %", 15.0, 20.0),
    (">20 %", 20.0, 100.0),
];

const SERVER: Resources = Resources { cpu: MilliCpu(1_000), memory: MiB(1_024), gpus: 0, pods: 1 };

/// The first types of a bucket in the catalog, each an environment and a queue of its own, and instances for a month. Only what
/// Spot does is as it is by default; all else is ideal.
fn world(bucket: usize) -> WorldSpec {
    let region = catalog::region(REGION).unwrap();
    let zone_names = region.zones();
    let usual = Assumptions::default();
    let assumptions = Assumptions {
        spot_hazard_per_hour: usual.spot_hazard_per_hour,
        spot_stress: usual.spot_stress,
        spot_mass_share: usual.spot_mass_share,
        spot_mass_fraction: usual.spot_mass_fraction,
        spot_notice: usual.spot_notice,
        spot_lost_notice_probability: usual.spot_lost_notice_probability,
        ..Assumptions::ideal()
    };
    let offers = region.priced().filter_map(|one| {
        let offer = region.offer(one).ok()?;
        let spot = offer.spot.filter(|spot| spot.interruption.index() == bucket)?;
        Some((offer, spot))
    });
    let types: Vec<WorldType> = offers
        .take(TYPES)
        .map(|(offer, spot)| WorldType {
            facts: TypeFacts {
                vcpus: 1,
                allocatable: SERVER,
                on_demand_per_hour: offer.on_demand_per_hour,
                spot_per_hour: spot.per_hour,
            },
            free: SERVER,
            class: NodeClass::Cpu,
            interruption_bucket: u8::try_from(spot.interruption.index()).unwrap(),
            spot_per_hour: Some(spot.per_hour),
            zones: (0..)
                .map(ZoneId)
                .zip(&zone_names)
                .filter(|(_, name)| offer.zones.contains(name))
                .map(|(id, _)| id)
                .collect(),
        })
        .collect();
    assert_eq!(types.len(), TYPES, "types of bucket {bucket}");
    let numbered = || (0_u16..).zip(&types).map(|(id, _)| id);
    let managed = |id| ManagedSpec {
        purchase: PurchaseOption::Spot,
        strategy: AllocationStrategy::SpotPriceCapacityOptimized,
        min_vcpus: 0,
        max_vcpus: 1_000_000,
        instance_types: vec![vec![InstanceTypeId(id)]],
        min_scale_down_delay: None,
        bid_percentage: None,
    };
    let environment = |id| EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: Some(managed(id)) };
    let jobs = |id| {
        let source = WorkloadSource::Synthetic {
            spec: JobSpecId(0),
            array_size: None,
            count: INSTANCES,
            arrivals: Arrivals::Fixed { start: SimTime::ZERO, every: SimDuration::ZERO },
            runtime: Distribution::constant(MONTH),
        };
        WorkloadEntry::new(JobQueueId(id), source)
    };
    WorldSpec {
        assumptions,
        zones: u8::try_from(zone_names.len()).unwrap(),
        environments: numbered().map(environment).collect(),
        environment_zones: Vec::new(),
        nodes: vec![],
        queues: numbered().map(|id| QueueSpec::fifo(1, vec![ComputeEnvironmentId(id)])).collect(),
        consumables: Vec::new(),
        operations: Vec::new(),
        specs: vec![JobSpec { requests: SERVER, attempts: 1, ..JobSpec::default() }],
        images: vec![0],
        image_of: vec![0],
        workload: numbered().map(jobs).collect(),
        instance_types: types,
        spot: SpotMarket::Advisor,
        spot_paths: Vec::new(),
        stop_at: SimTime::MAX,
    }
}

/// Jobs, and those whose instance was taken.
#[derive(Debug, Default)]
struct Taken {
    all: u32,
    taken: u32,
}

impl Watcher for Taken {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for ending in &decision.endings {
            if let Ending::Job(job) = ending {
                self.all += 1;
                self.taken += u32::from(!job.succeeded());
            }
        }
        Ok(())
    }
}

/// Percent of instances that are taken within their month.
fn taken(bucket: usize, seed: u64) -> f64 {
    let world = world(bucket);
    let config = SchedulerConfig {
        settings: Settings::from(&world.assumptions),
        instance_types: world.instance_types.iter().map(|one| one.facts).collect(),
    };
    let mut taken = Taken::default();
    driver::run(&mut Scheduler::new(config), &mut SimWorld::new(world, seed), &mut taken).unwrap();
    assert_eq!(u64::from(taken.all), INSTANCES * TYPES as u64);
    f64::from(taken.taken) / f64::from(taken.all) * 100.0
}

const ABOUT: &str = "Published: the AWS Spot Instance Advisor's frequency of interruption, for the instance types and the region of the catalog\n\
    (us-east-1), five buckets. Measured: of instances of the first 30 types of each bucket, 20 of each, that work for 30 days unless\n\
    Spot takes them, the share that is taken; mean of 20 seeds with its 95 % interval, which must lie inside the bucket. The hazards are an\n\
    assumption (`spotHazardPerHour`, the middle of each bucket), as is how many are taken together (`spotMassShare`): the advisor says\n\
    nothing of either, nor what its percentages are of.";

#[test]
fn interruptions_are_as_often_as_the_advisor_says() {
    let row = |(bucket, (name, low, high)): (usize, (&str, f64, f64))| {
        let shares: Vec<f64> = (1..=SEEDS).into_par_iter().map(|seed| taken(bucket, seed)).collect();
        let Estimate { mean, half } = Estimate::of(&shares);
        Row {
            what: format!("frequency of interruption, bucket {bucket}: taken within a month"),
            published: name.to_owned(),
            ours: format!("{mean:.2} ± {half:.2} %"),
            tolerance: "inside".to_owned(),
            holds: mean - half > low && mean + half < high,
            falls_short: None,
        }
    };
    let rows: Vec<_> = BUCKETS.into_iter().enumerate().map(row).collect();
    keep("Spot interruptions", ABOUT, &rows);
}
