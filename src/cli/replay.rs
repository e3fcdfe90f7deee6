//! `windtunnel replay JOURNAL`: does this build's core decide as the journal's did?

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::output::{OutputFormat, print};
use crate::cli::{CliError, ExitStatus};
use crate::journal::{Divergence, Ended, Equal, JournalError, Reader, ReplayError, replay};

/// Run the scheduler again over what a journal's run saw, and compare every decision.
///
/// Stops at the first decision that differs, shows both sides of it, and exits with code 3.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// A journal, plain or gzip, written with `--journal FILE`.
    journal: PathBuf,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

/// Runs the command.
pub(super) fn run(args: &ReplayArgs) -> Result<ExitStatus, CliError> {
    let outcome = Reader::open(&args.journal).map_err(ReplayError::from).and_then(|j| replay(j, &mut ()));
    let (status, table, json) = match outcome {
        Ok(equal) => (ExitStatus::Done, equal_line(equal), equal_json(equal)),
        Err(ReplayError::Diverged(d)) => (ExitStatus::Diverged, d.to_string(), divergence_json(&d)),
        Err(ReplayError::Journal(error)) => return Err(unusable(&error)),
        Err(error @ ReplayError::Watcher(_)) => return Err(CliError::Failed(error.to_string())),
    };
    match args.output {
        OutputFormat::Table => print(&table)?,
        OutputFormat::Json => print(&format!("{json:#}"))?,
    };
    Ok(status)
}

fn unusable(error: &JournalError) -> CliError {
    if error.is_bad_input() { CliError::BadInput(error.to_string()) } else { CliError::Failed(error.to_string()) }
}

fn equal_line(Equal { steps, commands, ended }: Equal) -> String {
    let equal = format!("equal: {steps} steps, {commands} commands");
    ended.in_words().map_or_else(|| equal.clone(), |open| format!("{equal}; {open}"))
}

/// With `"ended": false` where a live run goes on, or was stopped.
fn equal_json(Equal { steps, commands, ended }: Equal) -> Value {
    json!({ "equal": true, "steps": steps, "commands": commands, "ended": ended == Ended::Whole })
}

fn divergence_json(divergence: &Divergence) -> Value {
    let first = divergence.first().map(|(part, index)| json!({ "part": part, "index": index }));
    json!({
        "equal": false,
        "step": divergence.step,
        "time_ms": divergence.observation.now,
        "first_difference": first,
        "seen": divergence.observation,
        "expected": divergence.expected,
        "got": divergence.got,
    })
}
