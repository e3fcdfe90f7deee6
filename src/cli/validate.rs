//! `windtunnel validate`: says everything that is wrong with a scenario, or what it holds.

use std::path::PathBuf;

use clap::Args;

use crate::cli::output::print;
use crate::cli::run::parse_settings;
use crate::cli::{CliError, ExitStatus};
use crate::scenario::{self, Resolved};
use crate::sim::WorkloadSource;

/// Check a scenario and the documents it names: all findings in one pass
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// The scenario's file
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// Replace a part: a JSON pointer and a value, like /computeEnvironments/0/computeResources/maxvCpus=256
    #[arg(long = "set", value_name = "PTR=VALUE")]
    set: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &ValidateArgs) -> Result<ExitStatus, CliError> {
    let settings = parse_settings(&args.set)?;
    match scenario::load(&args.scenario, &settings) {
        Ok(resolved) => {
            for warning in &resolved.warnings {
                eprintln!("{warning}");
            }
            print(&summary(&args.scenario.display().to_string(), &resolved))
        }
        Err(findings) => {
            let errors = findings.as_slice().iter().filter(|f| f.severity == scenario::Severity::Error).count();
            let plural = if errors == 1 { "" } else { "s" };
            Err(CliError::BadInput(format!(
                "{} is not valid: {errors} error{plural}\n{findings}",
                args.scenario.display()
            )))
        }
    }
}

fn summary(file: &str, resolved: &Resolved) -> String {
    let world = &resolved.world;
    let jobs: u64 = world
        .workload
        .iter()
        .map(|entry| match &entry.source {
            WorkloadSource::Synthetic { count, array_size, .. } => count.saturating_mul(array_size.unwrap_or(1).into()),
            WorkloadSource::Trace(jobs) => jobs.len() as u64,
        })
        .fold(0, u64::saturating_add);
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    format!(
        "{file} is valid: {}, {}, {}, {}, {jobs} {} in {}",
        count(world.environments.len(), "compute environment", "compute environments"),
        count(world.queues.len(), "job queue", "job queues"),
        count(world.instance_types.len(), "instance type", "instance types"),
        count(world.nodes.len(), "fixed node", "fixed nodes"),
        if jobs == 1 { "job" } else { "jobs" },
        resolved.region,
    )
}
