//! Common random numbers: under one seed, two schedulers meet the same jobs and the same Spot weather, so that what
//! differs between two runs is the schedulers' doing and comparisons may be paired.

use std::collections::{BTreeMap, BTreeSet};

use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, NodeId, ZoneId};
use windtunnel::model::duration::TextDuration;
use windtunnel::model::{AllocationStrategy, Assumptions, Distribution, PurchaseOption, Resources};
use windtunnel::scheduler::{
    AttemptOutcome, Decision, Ending, EnvironmentSpec, Event, JobSpec, ManagedSpec, NodeLossCause, Observation,
    QueueSpec, Scheduler, SchedulerConfig, Settings, TypeFacts,
};
use windtunnel::sim::{Arrivals, NodeClass, SimWorld, SpotMarket, WorkloadEntry, WorkloadSource, WorldSpec, WorldType};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

type Pool = (InstanceTypeId, ZoneId);

/// What a run met.
#[derive(Default)]
struct Met {
    arrivals: BTreeMap<JobId, SimTime>,
    /// Of the attempts that succeeded, whichever of a job's it was.
    runtimes: BTreeMap<JobRef, SimDuration>,
    /// Prices told while the pool was in use already: at the moment they changed.
    prices: BTreeSet<(Pool, SimTime, MicroUsd)>,
    /// Waves: times at which instances of a pool were announced to be taken.
    waves: BTreeSet<(Pool, SimTime)>,
    /// When instances of a pool lived: not yet announced, from launch to notice or loss.
    lives: BTreeMap<NodeId, (Pool, SimTime, SimTime)>,
    launches: BTreeMap<Pool, u32>,
}

impl Met {
    /// Whether an instance of the pool lived through a moment.
    fn uses(&self, pool: Pool, at: SimTime) -> bool {
        self.lives.values().any(|&(of, from, to)| of == pool && from < at && at <= to)
    }
}

impl Watcher for Met {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        for event in &seen.events {
            match event {
                Event::JobSubmitted { job, .. } => {
                    self.arrivals.insert(*job, seen.now);
                }
                &Event::NodeLaunched { node, instance_type, zone, .. } => {
                    self.lives.insert(node, ((instance_type, zone), seen.now, SimTime::MAX));
                    *self.launches.entry((instance_type, zone)).or_default() += 1;
                }
                Event::SpotInterruptionWarning { node, .. } => {
                    let (pool, _, to) = self.lives.get_mut(node).expect("it was launched");
                    *to = seen.now;
                    self.waves.insert((*pool, seen.now));
                }
                Event::NodeLost { node, cause } => {
                    let (_, _, to) = self.lives.get_mut(node).expect("it was launched");
                    assert!(*cause == NodeLossCause::Terminated || *to < SimTime::MAX, "{node} was lost unannounced");
                    *to = (*to).min(seen.now);
                }
                &Event::SpotPriceChanged { instance_type, zone, per_hour } => {
                    let pool = (instance_type, zone);
                    if self.uses(pool, seen.now) {
                        self.prices.insert((pool, seen.now, per_hour));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for ending in &decision.endings {
            if let Ending::Attempt(end) = ending
                && end.outcome == AttemptOutcome::Succeeded
            {
                let ran = end.stopped_at.since(end.running_at.expect("it succeeded"));
                self.runtimes.insert(end.job, ran);
            }
        }
        Ok(())
    }
}

/// Two types in two zones, a nervous market, jobs that come as a stream and as arrays.
fn world(strategy: AllocationStrategy, max_vcpus: u32) -> WorldSpec {
    let secs = |secs| TextDuration(SimDuration::from_secs(secs));
    let server = |vcpus: u32| Resources { cpu: MilliCpu(vcpus * 1_000), memory: MiB(vcpus * 4_096), gpus: 0, pods: 30 };
    let instance_types = [(4, 80_000), (8, 120_000)].map(|(vcpus, spot)| WorldType {
        facts: TypeFacts {
            vcpus,
            allocatable: server(vcpus),
            on_demand_per_hour: MicroUsd(u64::from(vcpus) * 50_000),
            spot_per_hour: MicroUsd(spot),
        },
        free: server(vcpus),
        class: NodeClass::Cpu,
        interruption_bucket: 2,
        spot_per_hour: Some(MicroUsd(spot)),
        zones: vec![ZoneId(0), ZoneId(1)],
    });
    let managed = ManagedSpec {
        purchase: PurchaseOption::Spot,
        strategy,
        min_vcpus: 0,
        max_vcpus,
        instance_types: vec![vec![InstanceTypeId(1)], vec![InstanceTypeId(0)]],
        min_scale_down_delay: None,
        bid_percentage: None,
    };
    let entry = |array_size, count, mean_gap_s| WorkloadEntry {
        failure_probability: 0.1,
        ..WorkloadEntry::new(
            JobQueueId(0),
            WorkloadSource::Synthetic {
                spec: JobSpecId(0),
                array_size,
                count,
                arrivals: Arrivals::Poisson { start: SimTime::ZERO, mean_gap_s },
                runtime: Distribution::Lognormal { median: secs(600), p95: secs(3_600) },
            },
        )
    };
    WorldSpec {
        assumptions: Assumptions {
            // All interruptions come as waves that take everything, about every two hours and pool, two minutes ahead.
            spot_hazard_per_hour: [0.5; 5],
            spot_mass_share: 1.0,
            spot_mass_fraction: [1.0, 1.0],
            spot_price_changes_per_day: 48.0,
            ..Assumptions::default()
        },
        instance_types: instance_types.to_vec(),
        zones: 2,
        environments: vec![EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: Some(managed) }],
        nodes: vec![],
        queues: vec![QueueSpec::fifo(1, vec![ComputeEnvironmentId(0)])],
        consumables: Vec::new(),
        operations: Vec::new(),
        specs: vec![JobSpec {
            requests: Resources::pod(MilliCpu(1_000), MiB(2_048), 0),
            attempts: 5,
            ..JobSpec::default()
        }],
        images: vec![500],
        image_of: vec![0],
        workload: vec![entry(None, 600, 60.0), entry(Some(20), 30, 1_200.0)],
        spot: SpotMarket::Advisor,
        spot_paths: Vec::new(),
        environment_zones: Vec::new(),
        stop_at: SimTime::MAX,
    }
}

fn meet(strategy: AllocationStrategy, max_vcpus: u32, seed: u64) -> Met {
    let world = world(strategy, max_vcpus);
    let config = SchedulerConfig {
        settings: Settings::from(&world.assumptions),
        instance_types: world.instance_types.iter().map(|one| one.facts).collect(),
    };
    let mut met = Met::default();
    driver::run(&mut Scheduler::new(config), &mut SimWorld::new(world, seed), &mut met).unwrap();
    met
}

fn two_runs() -> (Met, Met) {
    let one = meet(AllocationStrategy::SpotPriceCapacityOptimized, 64, 7);
    let other = meet(AllocationStrategy::SpotCapacityOptimized, 160, 7);
    assert_ne!(one.launches, other.launches, "the two runs are to differ in what they do");
    (one, other)
}

#[test]
fn jobs_come_and_run_the_same_whatever_the_scheduler_does() {
    let (one, other) = two_runs();
    assert_eq!(one.arrivals, other.arrivals);
    assert_eq!(one.arrivals.len(), 630);
    let both: Vec<_> = one.runtimes.keys().filter(|key| other.runtimes.contains_key(key)).collect();
    assert!(both.len() > 800, "only {} jobs succeeded in both", both.len());
    for key in both {
        assert_eq!(one.runtimes[key], other.runtimes[key], "{key}");
    }
    let stranger = meet(AllocationStrategy::SpotCapacityOptimized, 160, 8);
    assert_ne!(one.arrivals, stranger.arrivals, "another seed is another world");
}

#[test]
fn spot_prices_move_the_same_whoever_looks() {
    let (one, other) = two_runs();
    let mut compared = 0;
    for (from, to) in [(&one, &other), (&other, &one)] {
        for &(pool, at, price) in from.prices.iter().filter(|&&(pool, at, _)| to.uses(pool, at)) {
            assert!(to.prices.contains(&(pool, at, price)), "{pool:?} at {at}: {price}");
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} price changes of pools that both runs used");
}

#[test]
fn spot_waves_come_the_same_whoever_they_hit() {
    let (one, other) = two_runs();
    let mut compared = 0;
    for (from, to) in [(&one, &other), (&other, &one)] {
        for &(pool, at) in from.waves.iter().filter(|&&(pool, at)| to.uses(pool, at)) {
            assert!(to.waves.contains(&(pool, at)), "{pool:?} at {at}");
            compared += 1;
        }
    }
    assert!(compared > 10, "only {compared} waves through pools that both runs used");
}
