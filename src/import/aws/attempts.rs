//! How an attempt ended, as far as its exit code and the reasons tell. Source of the texts: `UG:bestpractice6` (`Host EC2*`),
//! what users report of Amazon ECS, and the kubelet's own words; AWS publishes no list.

use crate::import::aws::wire::{WireAttempt, WireContainer, WireJob, millis};
use crate::import::runs::RunFailure;

/// An attempt, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    /// From RUNNING to its end; 0 where it never ran.
    pub(super) millis: u64,
    pub(super) end: End,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By itself.
    Own(Option<RunFailure>),
    /// It failed, and nothing says how.
    Unsaid,
    /// By the loss of its node, or otherwise by no doing of its own: how long it would have run is not known.
    CutShort,
    /// By someone's request.
    Requested,
    /// By its timeout.
    TimedOut,
    /// Its times contradict each other: it tells nothing.
    Untold,
}

/// An exit code for attempts of which none is known that a pod can have.
pub(super) const UNSAID_EXIT_CODE: i32 = 1;

/// Words of reasons, and what they tell. The first that is found counts.
const WORDS: &[(&str, End)] = &[
    ("Host EC2", End::CutShort),
    ("Spot interruption", End::CutShort),
    ("Pod was rejected", End::CutShort),
    ("Pod was deleted", End::CutShort),
    ("OutOfcpu", End::CutShort),
    ("OutOfmemory", End::CutShort),
    ("OutOfpods", End::CutShort),
    ("Evicted", End::CutShort),
    ("NodeLost", End::CutShort),
    ("NodeShutdown", End::CutShort),
    ("OOMKilled", End::Own(Some(RunFailure::OomKilled))),
    ("OutOfMemoryError", End::Own(Some(RunFailure::OomKilled))),
    ("CannotPull", End::Own(Some(RunFailure::ImagePull))),
    ("ErrImagePull", End::Own(Some(RunFailure::ImagePull))),
    ("ImagePullBackOff", End::Own(Some(RunFailure::ImagePull))),
    ("InvalidImageName", End::Own(Some(RunFailure::ImagePull))),
    ("CannotCreateVolume", End::Own(Some(RunFailure::Volume))),
    ("attach or mount volumes", End::Own(Some(RunFailure::Volume))),
    ("exceeded timeout", End::TimedOut),
];

/// All attempts of a job that have ended. Where only the job itself has times (as in `list-jobs`), it is taken for its only
/// attempt.
pub(super) fn attempts(job: &WireJob, status: &str) -> Vec<Attempt> {
    let written = job.all_attempts();
    let ended = matches!(status, "SUCCEEDED" | "FAILED");
    let is_array = job.array_properties.as_ref().is_some_and(|array| array.size.is_some() && array.index.is_none());
    if written.is_empty() && ended && !is_array {
        let own = WireAttempt {
            container: job.container.as_ref().map(|container| WireContainer {
                exit_code: container["exitCode"].as_i64(),
                reason: container["reason"].as_str().map(str::to_owned),
            }),
            started_at: job.started_at,
            stopped_at: job.stopped_at,
            status_reason: job.status_reason.clone(),
            ..WireAttempt::default()
        };
        return job.started_at.and_then(|_| attempt(&own, job, ended.then_some(status))).into_iter().collect();
    }
    let last = written.len().saturating_sub(1);
    let each = written.iter().enumerate();
    each.filter_map(|(index, own)| attempt(own, job, (ended && index == last).then_some(status))).collect()
}

/// `ending` is the job's state where it ended with this attempt. `None` for one that goes on.
fn attempt(own: &WireAttempt, job: &WireJob, ending: Option<&str>) -> Option<Attempt> {
    let stopped = millis(own.stopped_at)?;
    let started = millis(own.started_at);
    let millis = started.map_or(Some(0), |started| stopped.checked_sub(started));
    let Some(millis) = millis else { return Some(Attempt { millis: 0, end: End::Untold }) };
    let end = end(own, job, ending);
    Some(match (started, end) {
        // Without a start it did not run.
        (None, End::Own(None)) => Attempt { millis, end: End::Untold },
        _ => Attempt { millis, end },
    })
}

fn end(own: &WireAttempt, job: &WireJob, ending: Option<&str>) -> End {
    if ending == Some("SUCCEEDED") {
        return End::Own(None);
    }
    let containers = containers(own);
    let status_reason = own.status_reason.as_deref().unwrap_or_default();
    let reasons = || containers.iter().filter_map(|container| container.reason.as_deref()).chain([status_reason]);
    if let Some((_, told)) = WORDS.iter().find(|(words, _)| reasons().any(|reason| reason.contains(words))) {
        return *told;
    }
    if ending.is_some() && (job.is_terminated == Some(true) || job.is_cancelled == Some(true)) {
        return End::Requested;
    }
    let failed = containers.iter().filter_map(|container| container.exit_code).find(|&code| code != 0);
    match failed.map(i32::try_from) {
        Some(Ok(code @ 1..=255)) => End::Own(Some(RunFailure::ExitCode(code))),
        // An attempt that another one followed, or with which the job failed, did not succeed.
        Some(_) | None => End::Unsaid,
    }
}

fn containers(own: &WireAttempt) -> Vec<&WireContainer> {
    let tasks = own.task_properties.iter().flatten().flat_map(|task| task.containers.iter().flatten());
    let pods = own.containers.iter().flatten().chain(own.init_containers.iter().flatten());
    pods.chain(tasks).chain(&own.container).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(job: Value, status: &str) -> Vec<Attempt> {
        attempts(&serde_json::from_value(job).unwrap(), status)
    }

    #[test]
    fn attempts_end_as_their_reasons_say() {
        let eks = json!({ "eksAttempts": [
            { "containers": [{ "exitCode": 137, "reason": "OOMKilled" }], "startedAt": 1000, "stopped": 0, "stoppedAt": 3000 },
            { "containers": [{ "exitCode": 143 }], "startedAt": 4000, "stoppedAt": 5000,
              "statusReason": "Host EC2 (instance i-0) terminated." },
            { "containers": [{ "exitCode": 0 }, { "exitCode": 3 }], "startedAt": 6000, "stoppedAt": 6500 },
            { "containers": [], "stoppedAt": 7000, "statusReason": "ErrImagePull" },
            { "containers": [{ "exitCode": 0 }], "startedAt": 9000, "stoppedAt": 8000 },
            { "containers": [{ "exitCode": 7 }], "startedAt": 9000, "stoppedAt": 9001 } ],
            "attempts": [{ "startedAt": 1, "stoppedAt": 2 }] });
        let own = |millis, failure| Attempt { millis, end: End::Own(failure) };
        assert_eq!(
            of(eks, "SUCCEEDED"),
            [
                own(2_000, Some(RunFailure::OomKilled)),
                Attempt { millis: 1_000, end: End::CutShort },
                own(500, Some(RunFailure::ExitCode(3))),
                own(0, Some(RunFailure::ImagePull)),
                Attempt { millis: 0, end: End::Untold },
                own(1, None),
            ]
        );
    }

    #[test]
    fn a_job_that_was_ended_or_says_nothing_is_no_failure_of_its_own() {
        let job = json!({ "isTerminated": true, "attempts": [
            { "container": { "exitCode": 1 }, "startedAt": 10, "stoppedAt": 20 },
            { "container": { "exitCode": 137 }, "startedAt": 30, "stoppedAt": 45 } ] });
        let ends: Vec<_> = of(job, "FAILED").into_iter().map(|attempt| attempt.end).collect();
        assert_eq!(ends, [End::Own(Some(RunFailure::ExitCode(1))), End::Requested]);
        let late = json!({ "timeout": {}, "attempts": [{ "startedAt": 10, "stoppedAt": 20,
                           "statusReason": "Job attempt duration exceeded timeout" }] });
        assert_eq!(of(late, "FAILED")[0].end, End::TimedOut);
        let summary = json!({ "startedAt": 10, "stoppedAt": 25, "container": { "exitCode": 300 } });
        assert_eq!(of(summary, "FAILED"), [Attempt { millis: 15, end: End::Unsaid }]);
        assert_eq!(of(json!({ "startedAt": 10 }), "RUNNING"), []);
        assert_eq!(of(json!({ "startedAt": 10, "stoppedAt": 20, "arrayProperties": { "size": 2 } }), "SUCCEEDED"), []);
    }
}
