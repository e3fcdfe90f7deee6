//! `windtunnel import`: what was recorded elsewhere, as a scenario.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::cli::output::{json, print};
use crate::cli::{CliError, ExitStatus};
use crate::import::journal::{Day, scenario};
use crate::import::runs;
use crate::journal::{JournalError, Reader};
use crate::metrics::figures::counted;

/// Turn what was recorded elsewhere into a scenario.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(subcommand)]
    from: From,
}

/// What is imported.
#[derive(Debug, Subcommand)]
enum From {
    Journal(JournalArgs),
}

/// A journal's submissions, nodes, runtimes and latencies as a scenario: the same day, to be run under another strategy.
///
/// Writes scenario.json, runs.csv (how long each attempt ran and how it ended) and notes.txt (what was left out or made up).
/// What followed from the scheduler's own decisions is not part of it.
#[derive(Debug, Args)]
struct JournalArgs {
    /// A journal, written with `run --journal` or by a live run.
    journal: PathBuf,
    /// The folder to write into; it is made where it does not exist.
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<ExitStatus, CliError> {
    match &args.from {
        From::Journal(args) => from_journal(args),
    }
}

fn from_journal(args: &JournalArgs) -> Result<ExitStatus, CliError> {
    let told = |error: JournalError| {
        if error.is_bad_input() { CliError::BadInput(error.to_string()) } else { CliError::Failed(error.to_string()) }
    };
    let day = Day::read(Reader::open(&args.journal).map_err(told)?).map_err(told)?;
    let imported = scenario(&day);
    let rows = runs::write(&imported.runs, |jobs| imported.arrays.contains(jobs))
        .map_err(|error| CliError::Failed(error.to_string()))?;
    let attempts: usize = imported.runs.values().map(Vec::len).sum();
    let notes = imported.notes.join("\n") + "\n";
    fs::create_dir_all(&args.out).map_err(|error| unwritable(&args.out, &error))?;
    write(&args.out.join("runs.csv"), &rows)?;
    write(&args.out.join("notes.txt"), &notes)?;
    let file = args.out.join("scenario.json");
    write(&file, &(json("the scenario", &imported.scenario)? + "\n"))?;
    print(&format!(
        "{}: {}, {}\n{}",
        file.display(),
        counted(imported.submissions, "submission"),
        counted(attempts as u64, "recorded attempt"),
        notes
    ))
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Failed(format!("{} can't be written: {error}", path.display()))
}
