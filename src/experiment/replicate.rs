//! One run of one variant under one seed, to its numbers. The only place of this module that runs a world.

use crate::driver::{self, DriverError};
use crate::experiment::metric::{Measures, measures};
use crate::experiment::steady::steady_state;
use crate::experiment::warmup::WarmUp;
use crate::metrics::{Metrics, Results};
use crate::scenario::Resolved;
use crate::scheduler::Scheduler;
use crate::sim::SimWorld;
use crate::units::SimTime;

/// Runs a scenario under a seed, perhaps without a warm-up.
pub fn replicate(scenario: &Resolved, seed: u64, warmup: Option<WarmUp>) -> Result<Measures, DriverError> {
    let mut results = simulate(scenario, seed, warmup.map(|warmup| warmup.until))?;
    if let Some(warmup) = warmup {
        results.summary.steady_state = steady_state(&results, warmup.method);
    }
    Ok(measures(&results.summary))
}

/// The same with everything that the run leaves behind, and perhaps a warm-up left out.
pub fn simulate(scenario: &Resolved, seed: u64, warmup: Option<SimTime>) -> Result<Results, DriverError> {
    let mut metrics =
        Metrics::new(scenario.config.instance_types.clone(), scenario.names.clone(), &scenario.world.assumptions);
    if let Some(until) = warmup {
        metrics = metrics.with_warmup(until);
    }
    let mut scheduler = Scheduler::new(scenario.config.clone());
    let mut world = SimWorld::new(scenario.world.clone(), seed);
    driver::run(&mut scheduler, &mut world, &mut metrics)?;
    metrics.finish(&scenario.scenario_name, seed, world.ended_at())
}
