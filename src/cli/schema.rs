//! `windtunnel schema`: the JSON Schema of scenario files, for editors and checkers.

use clap::Args;

use crate::cli::output::{json, print};
use crate::cli::{CliError, ExitStatus};
use crate::scenario;

/// Print the JSON Schema of scenario files
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {}

/// Runs the command.
pub(super) fn run(_: &SchemaArgs) -> Result<ExitStatus, CliError> {
    print(&json("the schema", &scenario::json_schema())?)
}
