//! What a user sees of the new parts of a scenario when it runs: how jobs end, and when.

use std::path::Path;

use serde_json::{Value, json};
use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::scenario::ScenarioFile;
use windtunnel::scheduler::{AttemptOutcome, Decision, EndCause, Ending, JobEnd, Observation, PodFailure, Scheduler};
use windtunnel::sim::SimWorld;
use windtunnel::units::{SimDuration, SimTime};

/// Ends of jobs and outcomes of attempts, in order.
#[derive(Default)]
struct Ends {
    jobs: Vec<JobEnd>,
    attempts: Vec<AttemptOutcome>,
}

impl Watcher for Ends {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for ending in &decision.endings {
            match ending {
                Ending::Attempt(attempt) => self.attempts.push(attempt.outcome),
                Ending::Job(job) => self.jobs.push(*job),
                Ending::Array(_) => {}
            }
        }
        Ok(())
    }
}

/// Runs workload and operations in an ideal world with one environment and one queue.
fn run(workload: &Value, operations: &Value) -> Ends {
    let whole = json!({
        "region": "us-east-1",
        "computeEnvironments": [{ "computeEnvironmentName": "e", "type": "MANAGED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:x", "kubernetesNamespace": "jobs" },
            "computeResources": { "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "maxvCpus": 64,
                "instanceTypes": ["m5"] } }],
        "jobQueues": [{ "jobQueueName": "q", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "e" }] }],
        "jobDefinitions": [{ "jobDefinitionName": "d", "type": "container", "eksProperties": { "podProperties": {
            "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "1000Mi" } } }] } } }],
        "assumptions": { "preset": "ideal" },
        "workload": workload, "operations": operations
    });
    let text = serde_json::to_vec(&whole).expect("JSON");
    let resolved = ScenarioFile::read("x", "x.json", Path::new(""), &text).and_then(|file| file.resolve());
    let resolved = resolved.unwrap_or_else(|findings| panic!("{findings}"));
    let (mut scheduler, mut ends) = (Scheduler::new(resolved.config), Ends::default());
    let mut world = SimWorld::new(resolved.world, 1);
    driver::run(&mut scheduler, &mut world, &mut ends).expect("it runs");
    ends
}

fn entry(name: &str, count: u64, runtime: &str) -> Value {
    json!({ "name": name, "submit": { "jobName": name, "jobQueue": "q", "jobDefinition": "d" }, "count": count,
        "runtime": { "constant": runtime } })
}

fn at(minutes: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_mins(minutes)
}

#[test]
fn each_job_of_an_entry_waits_for_its_own() {
    let (first, mut second) = (entry("first", 3, "10m"), entry("second", 3, "5m"));
    second["submit"]["dependsOn"] = json!([{ "jobId": "first" }]);
    let ends = run(&json!([first, second]), &json!([]));
    let ended: Vec<_> = ends.jobs.iter().map(|job| (job.job.to_string(), job.ended_at)).collect();
    let expected = [("0-0", 10), ("0-1", 10), ("0-2", 10), ("1-0", 15), ("1-1", 15), ("1-2", 15)];
    assert_eq!(ended, expected.map(|(job, minutes)| (job.to_owned(), at(minutes))));
    assert!(ends.jobs.iter().all(JobEnd::succeeded));
}

#[test]
fn modes_of_failure_end_attempts_as_they_say() {
    let mut work = entry("work", 400, "1m");
    work["failureProbability"] = json!(0.25);
    work["failures"] = json!([{ "probability": 0.25, "reason": "OOMKilled" }, { "probability": 0.25, "exitCode": 3 }]);
    let ends = run(&json!([work]), &json!([]));
    let count = |outcome: AttemptOutcome| ends.attempts.iter().filter(|own| **own == outcome).count();
    let failed = |failure| count(AttemptOutcome::Failed(failure));
    for share in [
        count(AttemptOutcome::Succeeded),
        failed(PodFailure::ExitCode(1)),
        failed(PodFailure::OomKilled),
        failed(PodFailure::ExitCode(3)),
    ] {
        assert!((70..130).contains(&share), "a quarter of 400 each: {share}");
    }
}

#[test]
fn a_mode_at_the_end_leaves_other_attempts_alone() {
    let mut work = entry("work", 200, "1m");
    work["failureProbability"] = json!(0.25);
    let plain = run(&json!([work]), &json!([])).jobs;
    work["failures"] = json!([{ "probability": 0.25, "exitCode": 3 }]);
    let more = run(&json!([work]), &json!([])).jobs;
    let fails = |job: &JobEnd| !job.succeeded();
    let failed = |jobs: &[JobEnd]| {
        let mut failed: Vec<_> = jobs.iter().filter(|job| fails(job)).map(|job| job.job).collect();
        failed.sort_unstable();
        failed
    };
    let (plain, more) = (failed(&plain), failed(&more));
    assert!(plain.iter().all(|job| more.contains(job)) && more.len() > plain.len());
}

#[test]
fn operations_change_the_run_at_their_time() {
    let operations = json!([
        { "at": "1h", "operation": "SubmitJob", "name": "late", "runtime": { "constant": "10h" },
          "input": { "jobName": "late", "jobQueue": "q", "jobDefinition": "d" } },
        { "at": "PT2H", "operation": "TerminateJob", "input": { "jobId": "late", "reason": "enough" } },
        { "at": "2h", "operation": "UpdateJobQueue", "input": { "jobQueue": "q", "state": "DISABLED" } },
        { "at": "2h", "operation": "DeleteJobQueue", "input": { "jobQueue": "q" } }
    ]);
    let mut work = entry("work", 2, "30m");
    work["arrivals"] = json!({ "list": ["0s", "110m"] });
    let ends = run(&json!([work]), &operations);
    let ended: Vec<_> = ends.jobs.iter().map(|job| (job.job.to_string(), job.ended_at)).collect();
    assert_eq!(ended[0], ("0-0".to_owned(), at(30)));
    let why = |id: &str| ends.jobs.iter().find(|job| job.job.to_string() == id).map(|job| job.why);
    assert_eq!(why("0-0"), Some(EndCause::Succeeded));
    assert_eq!(why("1-0"), Some(EndCause::Terminated));
    assert_eq!(why("0-1"), Some(EndCause::QueueDeleted), "a deleted queue takes its jobs with it");
    assert!(ended[1..].iter().all(|(_, time)| *time == at(120)), "{ended:?}");
}
