//! Recorded attempts: finds the file that an entry names, reads it once, and holds it against the entry.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use crate::import::runs::{self, RunFailure, Runs};
use crate::scenario::file::ScenarioFile;
use crate::scenario::finding::{Finding, Severity};
use crate::scenario::judge::Judge;
use crate::scenario::work::Submissions;
use crate::sim::{Failure, RecordedRun, RecordedRuns};

/// The recorded attempts of an entry at `entry`; `None` where it names none, or they can't be had.
pub(super) fn open(
    written: &Submissions,
    count: u64,
    file: &ScenarioFile,
    entry: &str,
    judge: &mut Judge<'_>,
) -> Option<RecordedRuns> {
    let name = written.recorded.as_ref()?;
    let at = format!("{entry}/recorded");
    if judge.is_mended(&at) {
        return None;
    }
    let Some(jobs) = written.name.as_deref() else {
        judge.error(at, "rows of the file name their entry, and this one has no name", "give it a `name`");
        return None;
    };
    let all = match read(file.folder.join(name), file) {
        Ok(all) => all,
        Err(errors) => {
            for error in errors {
                judge.elsewhere(error);
            }
            return None;
        }
    };
    let Some(own) = all.get(jobs) else {
        judge.warn(at, format!("`{name}` says nothing of `{jobs}`"), "its runtimes are drawn");
        return None;
    };
    if let Some(run) = own.last().filter(|run| run.index >= count) {
        let message = format!("`{name}` tells of job {} of `{jobs}`, which is submitted {count} times", run.index);
        judge.error(at, message, "remove the rows, or raise `count`");
        return None;
    }
    let size = written.submit.0.array_properties.map_or(1, |array| array.size);
    if let Some(run) = own.iter().find(|run| run.child >= size) {
        let message = format!("`{name}` tells of child {} of `{jobs}`, whose jobs have {size}", run.child);
        judge.error(at, message, "remove the rows, or raise `arrayProperties.size`");
        return None;
    }
    let runs = own.iter().map(|run| RecordedRun {
        index: run.index,
        child: run.child,
        attempt: run.attempt,
        start: run.start,
        runtime: run.runtime,
        stop: run.stop,
        failure: run.failure.map(|failure| match failure {
            RunFailure::ExitCode(code) => Failure::ExitCode(code),
            RunFailure::OomKilled => Failure::OomKilled,
            RunFailure::Volume => Failure::Volume,
            RunFailure::ImagePull => Failure::ImagePull,
        }),
    });
    Some(RecordedRuns(runs.collect()))
}

/// A file, read once for all entries and variants of a scenario.
fn read(path: PathBuf, file: &ScenarioFile) -> Result<Arc<Runs>, Vec<Finding>> {
    let mut known = file.runs.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runs) = known.get(&path) {
        return Ok(Arc::clone(runs));
    }
    let shown = path.display().to_string();
    let bytes = std::fs::read(&path).map_err(|error| {
        vec![Finding::about_file(
            shown.as_str(),
            format!("can't be read ({error})"),
            "put it there, or make it readable",
        )]
    })?;
    let runs = Arc::new(runs::parse(&bytes).map_err(|errors| {
        let finding = |error: runs::RunsError| Finding {
            severity: Severity::Error,
            file: shown.clone(),
            line: error.line.and_then(|line| u32::try_from(line).ok()),
            pointer: String::new(),
            message: error.message,
            help: "mend the row".to_owned(),
        };
        errors.into_iter().map(finding).collect::<Vec<_>>()
    })?);
    known.insert(path, Arc::clone(&runs));
    Ok(runs)
}
