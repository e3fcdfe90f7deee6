//! `windtunnel import`: what was recorded elsewhere, as a scenario. One file per source in `import/`; here is what they
//! share, the folder that they write.

mod archives;
mod aws;
mod cloudformation;
mod journal;
mod kubectl;
mod spot;
mod target;
mod terraform;

pub(super) use aws::files;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, to_value};

use crate::cli::output::{OutputFormat, json, print};
use crate::cli::{CliError, ExitStatus};
use crate::import::Imported;
use crate::report::temporary;
use crate::scenario::ScenarioFile;

/// Turn what was recorded elsewhere into a scenario.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(subcommand)]
    from: From,
}

/// What is imported.
#[derive(Debug, Subcommand)]
enum From {
    Cloudformation(cloudformation::CloudformationArgs),
    Aws(aws::AwsArgs),
    Journal(journal::JournalArgs),
    Swf(archives::SwfArgs),
    Wfcommons(archives::WfcommonsArgs),
    Nextflow(archives::NextflowArgs),
    Openb(archives::OpenbArgs),
    Csv(archives::CsvArgs),
    Kubectl(kubectl::KubectlArgs),
    Spot(spot::SpotArgs),
    Terraform(terraform::TerraformArgs),
}

/// Runs the command.
pub(super) fn run(args: &ImportArgs) -> Result<ExitStatus, CliError> {
    match &args.from {
        From::Cloudformation(args) => cloudformation::run(args),
        From::Aws(args) => aws::run(args),
        From::Journal(args) => journal::run(args),
        From::Swf(args) => archives::swf(args),
        From::Wfcommons(args) => archives::wfcommons(args),
        From::Nextflow(args) => archives::nextflow(args),
        From::Openb(args) => archives::openb(args),
        From::Csv(args) => archives::csv(args),
        From::Kubectl(args) => kubectl::run(args),
        From::Spot(args) => spot::run(args),
        From::Terraform(args) => terraform::run(args),
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

/// A file to be read; `-` is the standard input.
fn open(path: &Path) -> Result<Box<dyn Read>, CliError> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path);
    Ok(Box::new(file.map_err(|error| CliError::BadInput(format!("{} can't be read: {error}", path.display())))?))
}

/// The scenario that someone wants to run elsewhere, documents in place. Files of recorded work stay where they are: they are
/// named in full from here on.
fn workload(path: &Path) -> Result<Value, CliError> {
    let read = ScenarioFile::open(path).map_err(|findings| CliError::BadInput(findings.to_string()))?;
    // What is wrong with it is better told of it than of what is made of it.
    read.resolve().map_err(|findings| CliError::BadInput(findings.to_string()))?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut scenario = read.value().clone();
    for entry in scenario["workload"].as_array_mut().into_iter().flatten() {
        for key in ["trace", "recorded"] {
            let file = entry[key].as_str().and_then(|name| folder.join(name).canonicalize().ok());
            if let Some(file) = file {
                entry[key] = Value::String(file.display().to_string());
            }
        }
    }
    for entry in scenario.pointer_mut("/market/traces").and_then(Value::as_array_mut).into_iter().flatten() {
        for key in ["availability", "prices"] {
            let file = entry[key].as_str().and_then(|name| folder.join(name).canonicalize().ok());
            if let Some(file) = file {
                entry[key] = Value::String(file.display().to_string());
            }
        }
    }
    if let Some(fields) = scenario.as_object_mut() {
        fields.retain(|key, value| key != "$schema" && !value.is_null());
    }
    Ok(scenario)
}
