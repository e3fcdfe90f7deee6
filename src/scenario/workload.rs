//! The work as it is written: which jobs an entry or operation will submit, when, and how they fail. What is said here of
//! numbers and probabilities AWS knows nothing of.

use std::sync::Arc;

use crate::import::swf::SwfLog;
use crate::model::duration::TextDuration;
use crate::scenario::account::OPERATION_DEPTH;
use crate::scenario::file::ScenarioFile;
use crate::scenario::judge::Judge;
use crate::scenario::operations::{Call, OperationFields};
use crate::scenario::plan::{Plan, Planned, Times};
use crate::scenario::schema::Scenario;
use crate::scenario::timeline::PlannedCall;
use crate::scenario::work::{ArrivalProcess, FailureMode as WrittenMode, FailureReason, Submissions, WorkloadEntry};
use crate::scenario::{recorded, trace};
use crate::sim::{Arrivals, Failure, FailureMode, RecordedRuns};
use crate::units::{SimDuration, SimTime};

/// Entries at most: their numbers are part of their jobs' ids.
const ENTRIES_MAX: usize = u16::MAX as usize;

/// What was read from files that an entry names.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    /// The log of a trace.
    pub(super) log: Option<Arc<SwfLog>>,
    /// Recorded attempts of submissions.
    pub(super) runs: Option<RecordedRuns>,
}

/// What will be submitted: workload entries by their index, then `SubmitJob` operations in order of time. Reads logs.
pub(super) fn plan<'a>(
    scenario: &'a Scenario,
    calls: &'a [PlannedCall],
    file: &ScenarioFile,
    judge: &mut Judge<'_>,
) -> (Plan<'a>, Vec<Read>) {
    let (mut plan, mut files) = (Plan::default(), Vec::new());
    plan.unread = !judge.is_complete_to("/operations", OPERATION_DEPTH) || !judge.is_list_complete("/workload");
    if scenario.workload.len() + calls.len() > ENTRIES_MAX {
        let message = format!("{} entries and operations", scenario.workload.len() + calls.len());
        judge.error("/workload", message, format!("write {ENTRIES_MAX} at most"));
        return (plan, vec![Read::default(); scenario.workload.len()]);
    }
    for (index, written) in scenario.workload.iter().enumerate() {
        let at = format!("/workload/{index}");
        let (count, times, read) = match written {
            WorkloadEntry::Submissions(submissions) => {
                judge_submissions(submissions, &at, judge);
                let (count, times) = times(submissions);
                let runs = recorded::open(submissions, count, file, &at, judge);
                (Some(count), times, Read { log: None, runs })
            }
            WorkloadEntry::Trace(written) => {
                let log = trace::open(written, file, &at, judge);
                let times = log.as_ref().map(|log| trace::times(written, log));
                let count = times.as_ref().map(|times| times.len() as u64);
                (
                    count,
                    times.map_or(Times::From(SimTime::ZERO), |times| Times::List(times.into())),
                    Read { log, runs: None },
                )
            }
        };
        files.push(read);
        let planned =
            Planned { at: format!("{at}/submit"), name: written.name(), submit: written.submit(), count, times };
        if let Err(problem) = plan.push(planned) {
            judge.errors(&at, vec![problem]);
        }
    }
    for call in calls {
        let at = format!("/operations/{}", call.index());
        let fields = &scenario.operations[call.index()].0;
        let Call::SubmitJob(submit) = &call.call else {
            judge_surplus(fields, &at, judge);
            continue;
        };
        judge_failures(&fields.failures, fields.failure_probability.unwrap_or(0.0), &at, judge);
        if let Some(runtime) = &fields.runtime {
            judge.distribution(runtime, &format!("{at}/runtime"));
        }
        let times = Times::Fixed { start: call.at(), every: SimDuration::ZERO };
        let (at_input, name) = (format!("{at}/input"), fields.name.as_deref());
        if let Err(problem) = plan.push(Planned { at: at_input, name, submit, count: Some(1), times }) {
            judge.errors(&at, vec![problem]);
        }
    }
    (plan, files)
}

fn judge_submissions(written: &Submissions, at: &str, judge: &mut Judge<'_>) {
    judge.distribution(&written.runtime, &format!("{at}/runtime"));
    judge_failures(&written.failures, written.failure_probability, at, judge);
    let (_, listed) = arrivals(&written.arrivals);
    if let (Some(count), Some(listed)) = (written.count, listed)
        && count != listed
    {
        judge.error(
            format!("{at}/count"),
            format!("it is {count}, but `arrivals.list` gives {listed} times"),
            format!("write {listed}, or leave it out"),
        );
    }
}

/// What an operation that submits no job must not have.
fn judge_surplus(fields: &OperationFields, at: &str, judge: &mut Judge<'_>) {
    for (given, field) in [
        (fields.name.is_some(), "name"),
        (fields.runtime.is_some(), "runtime"),
        (fields.failure_probability.is_some(), "failureProbability"),
        (!fields.failures.is_empty(), "failures"),
        (fields.image_size_mib.is_some(), "imageSizeMiB"),
    ] {
        if given {
            judge.error(format!("{at}/{field}"), format!("`{field}` goes with `SubmitJob` only"), "remove it");
        }
    }
}

fn judge_failures(modes: &[WrittenMode], plain: f64, at: &str, judge: &mut Judge<'_>) {
    for (index, mode) in modes.iter().enumerate() {
        let at = format!("{at}/failures/{index}");
        match (mode.exit_code, mode.reason) {
            (None, None) => judge.error(at, "it does not say what goes wrong", "add `exitCode` or `reason`"),
            (Some(_), Some(_)) => judge.error(at, "`exitCode` and `reason` stand together", "keep one"),
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
    let sum = plain + modes.iter().map(|mode| mode.probability).sum::<f64>();
    // Decimal fractions don't add up exactly.
    if sum > 1.0 + 1e-9 && !modes.is_empty() {
        let message = format!("the probabilities, with `failureProbability`, add up to {sum}");
        judge.error(format!("{at}/failures"), message, "let them add up to 1 at most");
    }
}

/// What goes wrong, as the world is told it.
pub(super) fn failures(modes: &[WrittenMode]) -> Vec<FailureMode> {
    let failure = |mode: &WrittenMode| match (mode.exit_code, mode.reason) {
        (Some(code), _) => Failure::ExitCode(code),
        (None, Some(FailureReason::Volume)) => Failure::Volume,
        (None, Some(FailureReason::ImagePull)) => Failure::ImagePull,
        (None, Some(FailureReason::OomKilled) | None) => Failure::OomKilled,
    };
    modes.iter().map(|mode| FailureMode { probability: mode.probability, failure: failure(mode) }).collect()
}

/// How many submissions an entry makes, and when.
fn times(written: &Submissions) -> (u64, Times) {
    let (arrivals, listed) = arrivals(&written.arrivals);
    let times = match arrivals {
        Arrivals::Fixed { start, every } => Times::Fixed { start, every },
        Arrivals::Poisson { start, .. } => Times::From(start),
        Arrivals::List(times) => Times::List(times),
    };
    (listed.or(written.count).unwrap_or(1), times)
}

/// The arrivals, and how many there are where they are listed.
pub(super) fn arrivals(written: &ArrivalProcess) -> (Arrivals, Option<u64>) {
    let time = |span: TextDuration| SimTime::ZERO + span.0;
    match written {
        ArrivalProcess::Fixed { start, every } => (Arrivals::Fixed { start: time(*start), every: every.0 }, None),
        ArrivalProcess::Poisson { per_hour, start } => {
            let mean_gap_s = SimDuration::HOUR.as_secs_f64() / per_hour;
            (Arrivals::Poisson { start: time(*start), mean_gap_s }, None)
        }
        ArrivalProcess::List(times) => {
            let mut times: Vec<_> = times.iter().copied().map(time).collect();
            times.sort_unstable();
            let count = times.len() as u64;
            (Arrivals::List(times.into()), Some(count))
        }
    }
}
