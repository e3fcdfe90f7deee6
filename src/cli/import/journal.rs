//! `windtunnel import journal`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::import::Into;
use crate::cli::{CliError, ExitStatus};
use crate::import::journal::{Day, scenario};
use crate::journal::{JournalError, Reader};

/// A journal's submissions, nodes, runtimes and latencies as a scenario: the same day, to be run under another strategy.
///
/// Writes scenario.json, runs.csv (how long each attempt ran and how it ended) and notes.txt (what was left out or made up).
/// What followed from the scheduler's own decisions is not part of it.
#[derive(Debug, Args)]
pub(super) struct JournalArgs {
    /// A journal, written with `run --journal` or by a live run.
    journal: PathBuf,
    #[command(flatten)]
    into: Into,
}

pub(super) fn run(args: &JournalArgs) -> Result<ExitStatus, CliError> {
    let told = |error: JournalError| {
        if error.is_bad_input() { CliError::BadInput(error.to_string()) } else { CliError::Failed(error.to_string()) }
    };
    let day = Day::read(Reader::open(&args.journal).map_err(told)?).map_err(told)?;
    args.into.write(&scenario(&day).map_err(|error| CliError::Failed(error.to_string()))?)
}
