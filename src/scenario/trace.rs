//! Recorded work: finds a job log, reads it once, and turns its records into submissions of a scenario's job definition.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use crate::batch::{Batch, InstanceTypes, JudgedSubmission, Submission, Variation};
use crate::ids::{JobQueueId, JobSpecId};
use crate::import::swf::{self, SwfJob, SwfLog};
use crate::model::Resources;
use crate::scenario::file::ScenarioFile;
use crate::scenario::finding::{Finding, Severity};
use crate::scenario::judge::Judge;
use crate::scenario::work::{FailedJobs, RequestedTimes, Trace};
use crate::scheduler::Event;
use crate::sim::TraceJob;
use crate::units::{MiB, MilliCpu, SimDuration, SimTime};

/// Names the folder where logs are looked for that don't lie beside the scenario.
pub const TRACES_VARIABLE: &str = "WINDTUNNEL_TRACES";

/// Where the logs of the Parallel Workloads Archive are to be had.
const ARCHIVE: &str = "https://www.cs.huji.ac.il/labs/parallel/workload/logs.html";

/// What a log comes to.
pub(super) struct Recorded {
    pub(super) queue: JobQueueId,
    pub(super) jobs: Arc<[TraceJob]>,
    /// The spec of the largest: if it fits, so do the others.
    pub(super) largest: Option<JobSpecId>,
    pub(super) events: Vec<Event>,
}

/// The log of a trace entry at `entry`; `None` where it can't be had or read.
pub(super) fn open(written: &Trace, file: &ScenarioFile, entry: &str, judge: &mut Judge<'_>) -> Option<Arc<SwfLog>> {
    let at = format!("{entry}/trace");
    if judge.is_mended(&at) {
        return None;
    }
    let Some(path) = find(&written.log, &file.folder, "swf") else {
        judge.error(
            at,
            format!("there is no log `{}` in the scenario's folder, nor where {TRACES_VARIABLE} points", written.log),
            format!(
                "logs of the Parallel Workloads Archive are at {ARCHIVE}: put it beside the scenario, or set \
                 {TRACES_VARIABLE} to the folder that holds it"
            ),
        );
        return None;
    };
    let log = match read(&path, file) {
        Ok(log) => log,
        Err(errors) => {
            for error in errors {
                judge.elsewhere(error);
            }
            return None;
        }
    };
    if log.unsorted > 0 {
        let message = format!("{} records stand after one that was submitted later", log.unsorted);
        judge.warn(at.as_str(), message, "they are sorted in");
    }
    if log.left_out > 0 {
        judge.warn(at.as_str(), format!("{} records never ran", log.left_out), "they are left out");
    }
    if written.submit.0.array_properties.is_some() {
        let at = format!("{entry}/submit/arrayProperties");
        judge.error(at, "a recorded job is no array", "remove it");
    }
    Some(log)
}

/// Those of a log's jobs that the entry takes.
fn taken<'a>(written: &Trace, log: &'a SwfLog) -> &'a [SwfJob] {
    let count = written.max_jobs.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    &log.jobs[..log.jobs.len().min(count)]
}

/// When the jobs of an entry are submitted, ascending.
pub(super) fn times(written: &Trace, log: &SwfLog) -> Vec<SimTime> {
    let first = log.jobs.first().map_or(0, |job| job.submit_ms);
    let time = |job: &SwfJob| SimTime::from_millis(scaled(job.submit_ms - first, written.time_scale));
    taken(written, log).iter().map(time).collect()
}

/// The jobs of an entry. Each number of processors, with a timeout that comes of the log, is a job of its own to the
/// control plane.
pub(super) fn convert<T: InstanceTypes>(
    written: &Trace,
    log: &SwfLog,
    image_mib: u32,
    (judged, batch): (&JudgedSubmission, &mut Batch<T>),
) -> Recorded {
    let mut events = Vec::new();
    let mut specs: BTreeMap<(u32, Option<SimDuration>), Submission> = BTreeMap::new();
    let jobs = taken(written, log)
        .iter()
        .zip(times(written, log))
        .map(|(job, submit_at)| TraceJob {
            submit_at,
            runtime: SimDuration::from_millis(job.run_ms),
            spec: specs
                .entry((job.processors, timeout(written, job)))
                .or_insert_with(|| {
                    let requests = Some(requests(written, job.processors, judged.requests()));
                    let variation = Variation { requests, timeout: timeout(written, job), image_mib: Some(image_mib) };
                    let admitted = batch.admit(judged, variation);
                    events.extend(admitted.events);
                    admitted.response
                })
                .spec,
            fails: job.failed && written.failed_jobs == FailedJobs::Fail,
        })
        .collect();
    let largest = specs.last_key_value().map(|(_, submission)| submission.spec);
    Recorded { queue: judged.queue(), jobs, largest, events }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the product is not negative and saturates; 2^53 ms are 285,000 years"
)]
fn scaled(millis: u64, scale: f64) -> u64 {
    (millis as f64 * scale).round() as u64
}

/// The timeout that a log gives its job.
fn timeout(written: &Trace, job: &SwfJob) -> Option<SimDuration> {
    /// The least `attemptDurationSeconds` that AWS Batch takes (`API:JobTimeout`).
    const LEAST: SimDuration = SimDuration::from_secs(60);
    match written.requested_times {
        RequestedTimes::Ignore => None,
        RequestedTimes::Timeout => job.requested_ms.map(|ms| SimDuration::from_millis(ms).max(LEAST)),
    }
}

/// What a job of so many processors asks for. CPU rounds up to the quarters that AWS Batch takes.
fn requests(written: &Trace, processors: u32, template: Resources) -> Resources {
    const CPU_MAX: f64 = 2e9;
    let milli = (f64::from(processors) * written.vcpus_per_processor * 1e3).min(CPU_MAX);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded and positive")]
    let cpu = (milli.ceil() as u32).div_ceil(250).max(1) * 250;
    let memory = written.memory_mib_per_vcpu.map_or(template.memory, |mib| {
        let mib = (u64::from(mib) * u64::from(cpu)).div_ceil(1_000);
        MiB(u32::try_from(mib).unwrap_or(u32::MAX))
    });
    Resources { cpu: MilliCpu(cpu), memory, ..template }
}

/// Beside the scenario, else in the folder of the environment variable, else in the one inside that is for such files.
pub(super) fn find(name: &str, folder: &Path, kind: &str) -> Option<PathBuf> {
    let beside = Some(folder.join(name));
    let traces = std::env::var_os(TRACES_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let places = [beside, traces.as_ref().map(|at| at.join(name)), traces.as_ref().map(|at| at.join(kind).join(name))];
    places.into_iter().flatten().find(|path| path.is_file())
}

/// A log, read once for all variants of a scenario.
fn read(path: &Path, file: &ScenarioFile) -> Result<Arc<SwfLog>, Vec<Finding>> {
    let mut known = file.traces.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(log) = known.get(path) {
        return Ok(Arc::clone(log));
    }
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        vec![Finding::about_file(shown.as_str(), format!("can't be read ({error})"), "make it readable")]
    })?;
    let log = Arc::new(swf::parse(&bytes).map_err(|errors| {
        let finding = |error: swf::SwfError| Finding {
            severity: Severity::Error,
            file: shown.clone(),
            line: error.line.and_then(|line| u32::try_from(line).ok()),
            pointer: String::new(),
            message: error.message,
            help: error.help,
        };
        errors.into_iter().map(finding).collect::<Vec<_>>()
    })?);
    known.insert(path.to_owned(), Arc::clone(&log));
    Ok(log)
}
