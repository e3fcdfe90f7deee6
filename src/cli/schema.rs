//! `windtunnel schema`: the JSON Schema of scenario and study files, for editors and checkers.

use clap::Args;

use crate::cli::output::{json, print};
use crate::cli::{CliError, ExitStatus};
use crate::scenario;

/// Print the JSON Schema of scenario files
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Print that of study files instead
    #[arg(long)]
    study: bool,
}

/// Runs the command.
pub(super) fn run(args: &SchemaArgs) -> Result<ExitStatus, CliError> {
    let schema = if args.study { scenario::study_schema() } else { scenario::json_schema() };
    print(&json("the schema", &schema)?)
}
