//! `windtunnel import aws`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::import::Into;
use crate::cli::{CliError, ExitStatus};
use crate::import::aws::Export;

/// What the AWS CLI tells of an account of AWS Batch and its jobs as a scenario.
///
/// Takes the answers of `aws batch describe-compute-environments`, `describe-job-queues`, `describe-scheduling-policies`,
/// `describe-job-definitions`, `list-consumable-resources`, `list-jobs` and `describe-jobs`, and of `aws ec2
/// describe-instance-types` and `describe-subnets`; none of them is needed. A file is what its members say, whatever its name; several pages of an
/// answer, lines of JSON and .gz files are taken too. Jobs come when they were created and run as long as they did.
///
/// Writes scenario.json, runs.csv (how long each attempt ran and how it ended) and notes.txt (what was used, left out or made
/// up).
#[derive(Debug, Args)]
pub(super) struct AwsArgs {
    /// Files, or folders whose files are read in order of their names (page-2 before page-10).
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The date that is time 0, like 2026-01-01T00:00:00Z; when the first job was created, if not given.
    #[arg(long, value_name = "DATE")]
    begin: Option<String>,
    #[command(flatten)]
    into: Into,
}

pub(super) fn run(args: &AwsArgs) -> Result<ExitStatus, CliError> {
    let mut export = Export::default();
    if let Some(date) = &args.begin {
        export.begin_at(date).map_err(|error| CliError::BadInput(format!("--begin {date}: {error}")))?;
    }
    for path in &args.paths {
        for file in files(path)? {
            let open = File::open(&file).map_err(|error| unreadable(&file, &error))?;
            export.read(&file.display().to_string(), open);
        }
    }
    if export.is_empty() {
        let way_out = "give it the answers of `aws batch describe-…`, as `windtunnel import aws --help` lists them";
        return Err(CliError::BadInput(format!(
            "none of the files is an export of AWS Batch: {way_out}\n{}",
            export.notes()
        )));
    }
    args.into.write(&export.scenario().map_err(|error| CliError::Failed(error.to_string()))?)
}

/// A file, or all files of a folder in order of their names.
pub(in crate::cli) fn files(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| unreadable(path, &error))?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort_by_key(|path| natural(&path.file_name().unwrap_or_default().to_string_lossy()));
    Ok(files)
}

/// A name, to be sorted: numbers by their value.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0_u64)];
    let mut in_number = false;
    for c in name.chars() {
        let last = parts.len() - 1;
        match (c.to_digit(10), in_number) {
            (Some(digit), _) => {
                parts[last].1 = parts[last].1.saturating_mul(10).saturating_add(digit.into());
                in_number = true;
            }
            (None, true) => {
                parts.push((c.to_string(), 0));
                in_number = false;
            }
            (None, false) => parts[last].0.push(c),
        }
    }
    parts
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::BadInput(format!("{} can't be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_in_order_of_their_numbers() {
        let mut names = ["jobs-10.json", "jobs-2.json", "a.json", "jobs-2-b.json", "jobs.json"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["a.json", "jobs-2-b.json", "jobs-2.json", "jobs-10.json", "jobs.json"]);
    }
}
