//! The command line: one file per command, each from its arguments to an exit code. stdout is the result, stderr the
//! narration.

mod assumptions;
mod calibrate;
mod catalog;
mod compare;
mod error;
mod explain;
mod import;
#[cfg(feature = "live")]
mod live;
mod output;
mod plan;
mod progress;
mod provenance;
mod replay;
mod run;
mod schema;
mod sensitivity;
mod study;
mod validate;

pub use error::{CliError, ExitStatus};

use clap::{Parser, Subcommand};

/// Simulation and capacity planning for AWS Batch on Amazon EKS.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXIT_CODES)]
pub struct Cli {
    /// Take facts about EC2 from this folder where it has them, as `windtunnel catalog refresh` writes them.
    #[arg(long, global = true, value_name = "FOLDER")]
    catalog: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the run failed (a file can't be read or written, …)
  2  bad usage or bad input
  3  an objective is not met, or a replay diverged
  130  interrupted by Ctrl-C; finished runs of a study are kept with --out";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArgs),
    Compare(compare::CompareArgs),
    Plan(plan::PlanArgs),
    Sensitivity(sensitivity::SensitivityArgs),
    Explain(explain::ExplainArgs),
    Validate(validate::ValidateArgs),
    Import(import::ImportArgs),
    Calibrate(calibrate::CalibrateArgs),
    Catalog(catalog::CatalogArgs),
    Assumptions(assumptions::AssumptionsArgs),
    Replay(replay::ReplayArgs),
    #[cfg(feature = "live")]
    Live(live::LiveArgs),
    Schema(schema::SchemaArgs),
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> Result<ExitStatus, CliError> {
        if let Some(folder) = &self.catalog {
            catalog::take_up(folder)?;
        }
        match self.command {
            Command::Run(args) => run::run(&args),
            Command::Compare(args) => compare::run(&args),
            Command::Plan(args) => plan::run(&args),
            Command::Sensitivity(args) => sensitivity::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Validate(args) => validate::run(&args),
            Command::Import(args) => import::run(&args),
            Command::Calibrate(args) => calibrate::run(&args),
            Command::Catalog(args) => catalog::run(&args),
            Command::Assumptions(args) => assumptions::run(&args),
            Command::Replay(args) => replay::run(&args),
            #[cfg(feature = "live")]
            Command::Live(args) => live::run(&args),
            Command::Schema(args) => schema::run(&args),
        }
    }
}
