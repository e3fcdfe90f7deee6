//! One run of one variant under one seed, to its numbers. The only place of this module that runs a world.

use crate::driver::{self, DriverError};
use crate::experiment::metric::{Measures, measures};
use crate::metrics::Metrics;
use crate::scenario::Resolved;
use crate::scheduler::Scheduler;
use crate::sim::SimWorld;

/// Runs a scenario under a seed.
pub fn replicate(scenario: &Resolved, seed: u64) -> Result<Measures, DriverError> {
    let mut metrics =
        Metrics::new(scenario.config.instance_types.clone(), scenario.names.clone(), &scenario.world.assumptions);
    let mut scheduler = Scheduler::new(scenario.config.clone());
    let mut world = SimWorld::new(scenario.world.clone(), seed);
    driver::run(&mut scheduler, &mut world, &mut metrics)?;
    let results = metrics.finish(&scenario.scenario_name, seed, world.ended_at())?;
    Ok(measures(&results.summary))
}
