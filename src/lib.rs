//! Windtunnel puts a real batch scheduler into a synthetic cluster: simulation and capacity planning for AWS Batch on
//! Amazon EKS.
//!
//! The program is a thin layer over this library. A run is three things and a loop: a scheduler that decides, a world that
//! it decides about, and whoever looks on.
//!
//! ```
//! use windtunnel::metrics::Metrics;
//! use windtunnel::scheduler::Scheduler;
//! use windtunnel::sim::SimWorld;
//! use windtunnel::{driver, scenario};
//!
//! let scenario = scenario::load("scenarios/getting-started.json".as_ref(), &[])?;
//! let (seed, name) = (scenario.seed, scenario.scenario_name);
//!
//! let mut metrics = Metrics::new(scenario.config.instance_types.clone(), scenario.names, &scenario.world.assumptions);
//! let mut scheduler = Scheduler::new(scenario.config);
//! let mut world = SimWorld::new(scenario.world, seed);
//! driver::run(&mut scheduler, &mut world, &mut metrics)?;
//!
//! let summary = metrics.finish(&name, seed, world.ended_at())?.summary;
//! assert_eq!(summary.jobs.submitted, 600);
//! assert_eq!(summary.jobs.succeeded, 600);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How the parts hang together, and what none of them may know, is in `src/ARCHITECTURE.md`.

pub mod batch;
pub mod calibrate;
pub mod catalog;
pub mod cli;
pub mod driver;
pub mod experiment;
pub mod export;
pub mod history;
pub mod ids;
pub mod import;
pub mod journal;
pub mod kubernetes;
#[cfg(feature = "live")]
pub mod live;
pub mod metrics;
pub mod model;
mod nearest;
pub mod pod;
pub mod report;
pub mod scenario;
pub mod scheduler;
pub mod sim;
pub mod units;
pub mod wheel;
