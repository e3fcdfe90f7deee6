//! How long each attempt of each job ran and how it ended: a CSV file with one row per attempt.
//!
//! ```text
//! jobs,index,child,attempt,start,runtime,stop,failure
//! nightly,0,,1,7s,5m,,
//! nightly,1,,1,2s,40s,,137
//! nightly,1,,2,,4m59s,,
//! ```
//!
//! `jobs` is the name of the workload's entry, `index` the job's place in it, `child` that of an array's child; `start` how
//! long its pod took from its creation to RUNNING, and `stop` from its deletion to its end, where that is known (both
//! columns may be absent); `failure` an exit code, `OOMKilled`, `volume` or `imagePull`, and nothing where the attempt succeeded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::duration;
use crate::units::SimDuration;

/// An attempt, as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The job's index in its entry.
    pub index: u64,
    /// The child's index in its array; 0 for a job that is none.
    pub child: u32,
    /// From 1.
    pub attempt: u8,
    /// From the pod's creation to RUNNING, the pull of its image included; `None` where it is to be drawn.
    pub start: Option<SimDuration>,
    /// From RUNNING to its end.
    pub runtime: SimDuration,
    /// From the pod's deletion to its end, should it be deleted; `None` where an assumption says it.
    pub stop: Option<SimDuration>,
    /// What went wrong, if anything did.
    pub failure: Option<RunFailure>,
}

/// What went wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunFailure {
    /// A container ended with this exit code.
    ExitCode(i32),
    /// A container used more memory than its limit.
    OomKilled,
    /// A volume could not be attached or mounted.
    Volume,
    /// An image could not be pulled.
    ImagePull,
}

/// Runs by the name of their entry, each list in order of job, child and attempt.
pub type Runs = BTreeMap<String, Vec<Run>>;

/// A line that is no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RunsError {
    /// The line, from 1, where it is one line's fault.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    jobs: String,
    index: u64,
    child: Option<u32>,
    attempt: u8,
    #[serde(default)]
    start: Option<String>,
    runtime: String,
    #[serde(default)]
    stop: Option<String>,
    failure: Option<String>,
}

/// Reads a file; all its faults in one pass, a hundred at most.
pub fn parse(bytes: &[u8]) -> Result<Runs, Vec<RunsError>> {
    const TOLD: usize = 100;
    let mut runs = Runs::new();
    let mut errors = Vec::new();
    for row in csv::Reader::from_reader(bytes).into_deserialize::<Row>() {
        let line = |error: &csv::Error| error.position().map(csv::Position::line);
        let read = row.map_err(|error| RunsError { line: line(&error), message: error.to_string() });
        match read.and_then(|row| Ok((run(&row)?, row.jobs))) {
            Ok((run, jobs)) => runs.entry(jobs).or_default().push(run),
            Err(error) if errors.len() < TOLD => errors.push(error),
            Err(_) => break,
        }
    }
    for (jobs, own) in &mut runs {
        own.sort_unstable();
        let twice = own.windows(2).find(|pair| key(&pair[0]) == key(&pair[1]));
        if let Some(&[run, _]) = twice {
            let message = format!("attempt {} of job {} of `{jobs}` stands there twice", run.attempt, run.index);
            errors.push(RunsError { line: None, message });
        }
    }
    if errors.is_empty() { Ok(runs) } else { Err(errors) }
}

const fn key(run: &Run) -> (u64, u32, u8) {
    (run.index, run.child, run.attempt)
}

fn run(row: &Row) -> Result<Run, RunsError> {
    let (jobs, index) = (&row.jobs, row.index);
    let wrong = |message: String| RunsError { line: None, message: format!("job {index} of `{jobs}`: {message}") };
    let span = |text: &str| duration::parse(text).map_err(|error| wrong(error.to_string()));
    let runtime = span(&row.runtime)?;
    let known = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(span).transpose();
    let (start, stop) = (known(row.start.as_deref())?, known(row.stop.as_deref())?);
    let failure = match row.failure.as_deref() {
        None | Some("") => None,
        Some("OOMKilled") => Some(RunFailure::OomKilled),
        Some("volume") => Some(RunFailure::Volume),
        Some("imagePull") => Some(RunFailure::ImagePull),
        Some(code) => match code.parse() {
            Ok(code) if (1..=255).contains(&code) => Some(RunFailure::ExitCode(code)),
            _ => {
                let ways = "an exit code from 1 to 255, OOMKilled, volume, imagePull, or nothing";
                return Err(wrong(format!("`{code}` is no failure: write {ways}")));
            }
        },
    };
    if row.attempt == 0 {
        return Err(wrong("attempts are counted from 1".to_owned()));
    }
    Ok(Run { index, child: row.child.unwrap_or(0), attempt: row.attempt, start, runtime, stop, failure })
}

/// The file's text. `is_array` says of an entry whether its jobs have children.
pub fn write(runs: &Runs, is_array: impl Fn(&str) -> bool) -> Result<String, RunsError> {
    let failed = |error: &dyn std::fmt::Display| RunsError { line: None, message: format!("writing runs: {error}") };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (jobs, own) in runs {
        let array = is_array(jobs);
        for run in own {
            let failure = run.failure.map(|failure| match failure {
                RunFailure::ExitCode(code) => code.to_string(),
                RunFailure::OomKilled => "OOMKilled".to_owned(),
                RunFailure::Volume => "volume".to_owned(),
                RunFailure::ImagePull => "imagePull".to_owned(),
            });
            let row = Row {
                jobs: jobs.clone(),
                index: run.index,
                child: array.then_some(run.child),
                attempt: run.attempt,
                start: run.start.map(duration::to_text),
                runtime: duration::to_text(run.runtime),
                stop: run.stop.map(duration::to_text),
                failure,
            };
            writer.serialize(row).map_err(|error| failed(&error))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_wrote() {
        let run = |index, child, attempt, secs: u64, failure: Option<RunFailure>| Run {
            index,
            child,
            attempt,
            start: (attempt == 1).then_some(SimDuration::from_millis(1_500)),
            runtime: SimDuration::from_millis(secs * 1_000 + 7),
            stop: failure.map(|_| SimDuration::from_secs(3)),
            failure,
        };
        let runs = Runs::from([
            ("array".to_owned(), vec![run(0, 0, 1, 5, None), run(0, 3, 1, 5, Some(RunFailure::OomKilled))]),
            ("plain".to_owned(), vec![run(7, 0, 1, 61, Some(RunFailure::ExitCode(137))), run(7, 0, 2, 3_600, None)]),
        ]);
        let text = write(&runs, |jobs| jobs == "array").unwrap();
        assert!(text.contains("array,0,3,1,1s500ms,5s7ms,3s,OOMKilled\nplain,7,,1,1s500ms,1m1s7ms,3s,137"), "{text}");
        assert_eq!(parse(text.as_bytes()), Ok(runs));
    }

    #[test]
    fn faults_are_told_together() {
        let text = "jobs,index,child,attempt,runtime,failure\na,0,,1,soon,\na,1,,0,5s,\na,2,,1,5s,256\na,3,,1,5s,\na,3,,1,6s,\n";
        let errors = parse(text.as_bytes()).unwrap_err();
        let told: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].contains("`soon` is no span") && told[3].contains("twice"), "{told:?}");
    }
}
