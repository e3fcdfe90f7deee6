//! `windtunnel schema`: the JSON Schema of scenario files, for editors and checkers.

use clap::Args;

use super::error::{CliError, ExitStatus};
use super::stdout;
use crate::scenario;

/// Print the JSON Schema of scenario files
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {}

/// Runs the command.
pub(super) fn run(_: &SchemaArgs) -> Result<ExitStatus, CliError> {
    let text = serde_json::to_string_pretty(&scenario::json_schema())
        .map_err(|error| CliError::Failed(format!("the schema has no JSON form: {error}")))?;
    stdout::print(&text)
}
