//! `windtunnel import`: what was recorded elsewhere, as a scenario. One file per source in `import/`; here is what they
//! share, the folder that they write.

mod aws;
mod journal;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, to_value};

use crate::cli::output::{OutputFormat, json, print};
use crate::cli::{CliError, ExitStatus};
use crate::import::Imported;
use crate::report::temporary;

/// Turn what was recorded elsewhere into a scenario.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(subcommand)]
    from: From,
}

/// What is imported.
#[derive(Debug, Subcommand)]
enum From {
    Aws(aws::AwsArgs),
    Journal(journal::JournalArgs),
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<ExitStatus, CliError> {
    match &args.from {
        From::Aws(args) => aws::run(args),
        From::Journal(args) => journal::run(args),
    }
}

/// Where an import goes, and how it is told.
#[derive(Debug, Args)]
struct Into {
    /// The folder to write into: scenario.json, what it needs beside it, and notes.txt with what was used, left out and made
    /// up. It is made where it does not exist.
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
    /// How the outcome is told on stdout.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// The scenario's name in its folder.
const SCENARIO: &str = "scenario.json";

impl Into {
    /// Writes the folder and tells of it. All files are whole before the first gets its name; the scenario gets its last: where
    /// it is, the rest is.
    fn write(&self, imported: &Imported) -> Result<ExitStatus, CliError> {
        fs::create_dir_all(&self.out).map_err(|error| unwritable(&self.out, &error))?;
        let notes = format!("{}\n", imported.notes);
        let scenario = json("the scenario", &imported.scenario)? + "\n";
        let files = imported.files.iter().map(|(name, text)| (name.as_str(), text));
        let files: Vec<_> = files.chain([("notes.txt", &notes), (SCENARIO, &scenario)]).collect();
        let written = files.iter().map(|(name, text)| {
            let path = self.out.join(name);
            let mut temporary = temporary(&self.out).map_err(|error| unwritable(&path, &error))?;
            temporary.write_all(text.as_bytes()).map_err(|error| unwritable(&path, &error))?;
            Ok((path, temporary))
        });
        let written = written.collect::<Result<Vec<_>, CliError>>()?;
        for (path, temporary) in written {
            temporary.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
        }
        let path = self.out.join(SCENARIO);
        match self.output {
            OutputFormat::Table => {
                print(&format!("{notes}\nwrote {}\ntry   windtunnel run {}", path.display(), path.display()))
            }
            OutputFormat::Json => {
                let mut told = to_value(&imported.notes).unwrap_or_default();
                told["scenario"] = Value::String(path.display().to_string());
                print(&json("the outcome", &told)?)
            }
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::Failed(format!("{} can't be written: {error}", path.display()))
}
