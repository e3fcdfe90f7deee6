//! Jobs that calls name: dependencies, cancel, terminate.

use serde_json::{Value, json};
use windtunnel::ids::{JobId, JobRef};
use windtunnel::scheduler::{Dependency, Event};

use crate::{Account, account, events, is, ok, read, submission, with};

const FIRST: &str = "0-0";
const ARRAY: &str = "0-1";

/// An account with a job, and an array of three.
fn running() -> Account {
    let mut batch = account();
    ok(batch.submit_job(&read(submission()), JobId::new(0, 0)));
    let array = with(submission(), "/arrayProperties", json!({ "size": 3 }));
    ok(batch.submit_job(&read(array), JobId::new(0, 1)));
    batch
}

fn waits(depends_on: Value) -> Value {
    with(submission(), "/dependsOn", depends_on)
}

// `API:JobDependency`, `UG:array_jobs`.
#[test]
fn dependencies_are_told_by_id() {
    let array = with(
        waits(json!([{ "jobId": FIRST }, { "jobId": ARRAY, "type": "N_TO_N" }, { "type": "SEQUENTIAL" }])),
        "/arrayProperties",
        json!({ "size": 3 }),
    );
    let told = events(running().submit_job(&read(array), JobId::new(0, 2)));
    let Some(Event::JobSubmitted { depends_on, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!(
        depends_on[..],
        [Dependency::Job(JobId::new(0, 0)), Dependency::NToN(JobId::new(0, 1)), Dependency::Sequential]
    );
}

// `API:SubmitJobRequest`: jobs that exist; arrays of one size.
#[test]
fn dependencies_on_nothing_are_refused() {
    let said = |submit: Value, at: &str, message: &str| {
        is(running().submit_job(&read(submit), JobId::new(0, 2)), at, message);
    };
    said(waits(json!([{ "jobId": "0-5" }])), "/dependsOn/0/jobId", "no job has the id `0-5`");
    said(waits(json!([{ "jobId": "elsewhere" }])), "/dependsOn/0/jobId", "no job has the id `elsewhere`");
    said(
        waits(json!([{ "jobId": "0-1:2" }])),
        "/dependsOn/0/jobId",
        "`0-1:2` is a child of an array, and dependencies are on whole jobs",
    );
    let array = with(waits(json!([{ "jobId": ARRAY, "type": "N_TO_N" }])), "/arrayProperties", json!({ "size": 4 }));
    said(array, "/dependsOn/0/jobId", "`N_TO_N` is between arrays of one size, but `0-1` is an array of 3");
}

// `API:CancelJob`, `API:TerminateJob`: the core decides what the request does.
#[test]
fn ends_are_requested_by_id() {
    let mut batch = running();
    let request = |id: &str| json!({ "jobId": id, "reason": "enough" });
    let job = |index, child| JobRef { job: JobId::new(0, index), child };
    assert_eq!(events(batch.cancel_job(&read(request(FIRST)))), [Event::JobCancelRequested { job: job(0, None) }]);
    assert_eq!(
        events(batch.terminate_job(&read(request("0-1:2")))),
        [Event::JobTerminateRequested { job: job(1, Some(2)) }]
    );
    is(batch.cancel_job(&read(request("0-9"))), "/jobId", "no job has the id `0-9`");
    is(batch.terminate_job(&read(request("0-1:3"))), "/jobId", "job `0-1` has 3 children, counted from 0");
    is(batch.terminate_job(&read(request("0-0:0"))), "/jobId", "job `0-0` is no array and has no children");
}

// `API:CancelJobs`: 50 ids; those that are not known count as done.
#[test]
fn bulk_ends_pass_over_what_is_not_known() {
    let mut batch = running();
    let request = |jobs: &[&str]| json!({ "jobs": jobs, "reason": "enough" });
    assert_eq!(events(batch.cancel_jobs(&read(request(&[FIRST, "0-9", ARRAY])))).len(), 2);
    assert_eq!(events(batch.terminate_jobs(&read(request(&["0-9"])))), []);
    is(batch.cancel_jobs(&read(request(&[FIRST; 51]))), "/jobs", "51 jobs in one call, but AWS Batch takes 50");
}
