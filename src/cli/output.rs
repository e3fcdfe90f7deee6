//! How a command's result reaches stdout: as a table for people, or as one JSON object.

use std::io::{self, Write};

use clap::ValueEnum;

use crate::cli::{CliError, ExitStatus};

/// The form of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON object.
    Json,
}

/// Writes a line (or several) of the result. A reader that has seen enough, like `head`, is no failure.
pub(super) fn print(text: &str) -> Result<ExitStatus, CliError> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::Failed(format!("writing the result to stdout: {error}")))
        }
        _ => Ok(ExitStatus::Done),
    }
}

/// A result as JSON text. `what` it is, for the error.
pub(super) fn json(what: &str, value: &impl serde::Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map_err(|error| CliError::Failed(format!("{what} has no JSON form: {error}")))
}
