//! Worlds that queueing theory knows, and the statistics to compare a simulation with an exact value.

mod farm;

pub(crate) use farm::{secs, server_farm};

use farm::{SERVER, world};
use rayon::prelude::*;
use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::ids::{InstanceTypeId, ZoneId};
use windtunnel::model::duration::TextDuration;
use windtunnel::model::{AllocationStrategy, Distribution, PurchaseOption};
use windtunnel::scheduler::{
    Command, Decision, Ending, EnvironmentSpec, JobEnd, ManagedSpec, Observation, Scheduler, SchedulerConfig, Settings,
    TypeFacts,
};
use windtunnel::sim::{NodeClass, SimWorld, SpotMarket, WorldSpec, WorldType};
use windtunnel::units::MicroUsd;

/// As many Spot instances as there are jobs, each taken after an exponential time of its own; jobs start afresh.
pub(crate) fn spot_restarts(interruptions_per_hour: f64, jobs: u64, mean_gap_s: f64, work: TextDuration) -> WorldSpec {
    let managed = ManagedSpec {
        purchase: PurchaseOption::Spot,
        strategy: AllocationStrategy::SpotCapacityOptimized,
        min_vcpus: 0,
        max_vcpus: 1_000_000,
        instance_types: vec![vec![InstanceTypeId(0)]],
        min_scale_down_delay: None,
        bid_percentage: None,
    };
    let price = MicroUsd(10_000);
    let environment = EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: Some(managed) };
    let mut world = world(environment, jobs, mean_gap_s, Distribution::Constant(work));
    world.instance_types = vec![WorldType {
        facts: TypeFacts { vcpus: 1, allocatable: SERVER, on_demand_per_hour: price, spot_per_hour: price },
        free: SERVER,
        class: NodeClass::Cpu,
        interruption_bucket: 0,
        spot_per_hour: Some(price),
        zones: vec![ZoneId(0)],
    }];
    world.specs[0].attempts = 10;
    world.spot = SpotMarket::Advisor;
    let all = &mut world.assumptions;
    (all.spot_hazard_per_hour, all.spot_stress, all.spot_mass_share) = ([interruptions_per_hour; 5], 1.0, 0.0);
    (all.spot_notice, all.idle_scale_down_delay) = (secs(0), secs(600));
    world
}

/// Sums over the jobs of a run, those of the warm-up left out.
pub(crate) struct Totals<F> {
    measure: F,
    warm_up: u64,
    jobs: u64,
    sum: f64,
    /// Pods created, and instances asked for.
    pub(crate) pods: u64,
    pub(crate) launches: u64,
}

impl<F: Fn(&JobEnd) -> f64> Watcher for Totals<F> {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for command in &decision.commands {
            match command {
                Command::CreatePod { .. } => self.pods += 1,
                Command::LaunchNodes(request) => self.launches += u64::from(request.target_vcpus),
                Command::TerminateNode { .. } | Command::DeletePod { .. } => {}
            }
        }
        for ending in &decision.endings {
            if let Ending::Job(job) = ending
                && job.job.job.index() >= self.warm_up
            {
                assert!(job.succeeded(), "{} failed", job.job);
                self.jobs += 1;
                self.sum += (self.measure)(job);
            }
        }
        Ok(())
    }
}

/// Runs a world to its end and measures the jobs after the first `warm_up`.
pub(crate) fn run<F: Fn(&JobEnd) -> f64>(world: WorldSpec, seed: u64, warm_up: u64, measure: F) -> Totals<F> {
    let config = SchedulerConfig {
        settings: Settings::from(&world.assumptions),
        instance_types: world.instance_types.iter().map(|one| one.facts).collect(),
    };
    let mut totals = Totals { measure, warm_up, jobs: 0, sum: 0.0, pods: 0, launches: 0 };
    driver::run(&mut Scheduler::new(config), &mut SimWorld::new(world, seed), &mut totals).unwrap();
    totals
}

impl<F> Totals<F> {
    #[expect(clippy::cast_precision_loss, reason = "millions")]
    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.jobs as f64
    }
}

/// Replications per estimate, and Student's t for a 99 % interval with one degree of freedom less (two-sided).
const REPLICATIONS: u64 = 20;
const STUDENT_T_99_DF_19: f64 = 2.860_935;

/// Estimates a mean from independent replications under the seeds 1 to 20, and compares it with the exact value, which
/// must lie inside the 99 % confidence interval; the interval must be no wider than `precision` either side.
#[expect(clippy::cast_precision_loss, reason = "twenty")]
pub(crate) fn agrees(what: &str, exact: f64, precision: f64, replicate: impl Fn(u64) -> f64 + Sync + Send) {
    let means: Vec<_> = (1..=REPLICATIONS).into_par_iter().map(replicate).collect();
    let n = REPLICATIONS as f64;
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = STUDENT_T_99_DF_19 * (variance / n).sqrt();
    let figures = format!("{what}: {mean:.5} ± {half:.5} (99 %), exact {exact:.5}");
    println!("{figures}");
    assert!(half <= precision * exact, "{figures}: wider than {precision}");
    assert!((mean - exact).abs() <= half, "{figures}: does not agree");
}
