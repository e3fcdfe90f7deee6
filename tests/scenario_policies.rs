//! What a scenario says of policies beyond AWS Batch: how it reaches the core, and what is said where it makes no sense.

use std::path::Path;

use serde_json::{Value, json};
use windtunnel::scenario::{Findings, Resolved, ScenarioFile, Setting};
use windtunnel::scheduler::{EasyBackfill, Event, JobOrder, QueuePolicy};
use windtunnel::sim::WorkloadSource;
use windtunnel::units::SimDuration;

/// A queue `q`, jobs with a timeout and, in the second entry, one without.
fn base() -> Value {
    let job = |name: &str| json!({ "jobName": name, "jobQueue": "q", "jobDefinition": "d" });
    let mut timed = job("timed");
    timed["timeout"] = json!({ "attemptDurationSeconds": 600 });
    json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "e", "type": "MANAGED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:x", "kubernetesNamespace": "jobs" },
            "computeResources": { "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE",
                "maxvCpus": 64, "instanceTypes": ["m5"] }
        }],
        "schedulingPolicies": [{ "name": "fair" }],
        "jobQueues": [{ "jobQueueName": "q", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "e" }] }],
        "jobDefinitions": [{ "jobDefinitionName": "d", "type": "container", "eksProperties": { "podProperties": {
            "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "1000Mi" } } }] } } }],
        "workload": [
            { "submit": timed, "runtime": { "constant": "1m" } },
            { "submit": job("open"), "runtime": { "constant": "1m" } }
        ]
    })
}

fn resolve(settings: &[&str], change: impl FnOnce(&mut Value)) -> Result<Resolved, Findings> {
    let mut whole = base();
    change(&mut whole);
    let text = serde_json::to_vec(&whole).expect("JSON");
    let mut file = ScenarioFile::read("x", "x.json", Path::new(env!("CARGO_TARGET_TMPDIR")), &text)?;
    for setting in settings {
        file.set(&Setting::parse(setting).expect("a setting")).expect("a place to set");
    }
    file.resolve()
}

fn policy(order: JobOrder, backfill: Option<EasyBackfill>) -> QueuePolicy {
    QueuePolicy { order, backfill }
}

#[test]
fn policies_reach_the_core() {
    let told = |settings: &[&str]| resolve(settings, |_| ()).expect("a scenario").world.queues[0].policy;
    assert_eq!(told(&[]), QueuePolicy::default());
    assert_eq!(told(&["/policies/q/backfill=none", "/policies/q/order=submission"]), QueuePolicy::default());
    let easy = |depth| Some(EasyBackfill { depth, order: None });
    assert_eq!(told(&["/policies/q/backfill=easy"]), policy(JobOrder::Submission, easy(None)));
    assert_eq!(
        told(&["/policies/q/backfill=easy", "/policies/q/backfillDepth=50", "/policies/q/order=largestJobFirst"]),
        policy(JobOrder::LargestJobFirst, easy(Some(50)))
    );
    assert_eq!(
        told(&["/policies/q/backfill=easy", "/policies/q/backfillOrder=shortestJobFirst"]),
        policy(JobOrder::Submission, Some(EasyBackfill { depth: None, order: Some(JobOrder::ShortestJobFirst) }))
    );
    assert_eq!(told(&["/policies/q/order=shortestJobFirst"]), policy(JobOrder::ShortestJobFirst, None));
}

#[test]
fn queues_keep_theirs_whatever_is_called() {
    let resolved = resolve(&["/policies/q/order=largestJobFirst", "/policies/late/backfill=easy"], |whole| {
        whole["operations"] = json!([
            { "at": "1h", "operation": "UpdateJobQueue", "input": { "jobQueue": "q", "priority": 5 } },
            { "at": "2h", "operation": "CreateJobQueue", "input": { "jobQueueName": "late", "priority": 1,
                "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "e" }] } },
        ]);
    })
    .expect("a scenario");
    let told: Vec<_> = resolved.world.operations.iter().flat_map(|(_, events)| events).collect();
    let [Event::JobQueueUpdated { spec: updated, .. }, Event::JobQueueCreated { spec: created, .. }] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((updated.priority, updated.policy), (5, policy(JobOrder::LargestJobFirst, None)));
    assert_eq!(created.policy, policy(JobOrder::Submission, Some(EasyBackfill::default())));
}

#[test]
fn what_makes_no_sense_is_told() {
    let said = |settings: &[&str], change: fn(&mut Value)| resolve(settings, change).unwrap_err().to_string();
    let fair = said(&["/policies/q/backfill=easy"], |whole| {
        whole["jobQueues"][0]["schedulingPolicyArn"] = "fair".into();
        for entry in 0..2 {
            whole["workload"][entry]["submit"]["shareIdentifier"] = "A".into();
        }
    });
    assert!(fair.contains("/policies/q: queue `q` has a scheduling policy, which decides whose turn it is"), "{fair}");
    assert!(fair.contains("remove `schedulingPolicyArn` from the queue, or `q` from `policies`"), "{fair}");
    let unknown = said(&["/policies/qq/backfill=easy"], |_| ());
    assert!(unknown.contains("/policies/qq: no job queue is called `qq`"), "{unknown}");
    let word = said(&["/policies/q/backfill=eazy"], |_| ());
    assert!(word.contains("/policies/q/backfill: `eazy` is not known here: did you mean `easy`?"), "{word}");
}

#[test]
fn how_to_backfill_where_nobody_does_is_told() {
    let warned = |settings: &[&str]| {
        let warnings = resolve(settings, |_| ()).expect("a scenario").warnings;
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let said = warned(&["/policies/q/backfillOrder=shortestJobFirst"]);
    assert!(said.contains("/policies/q/backfillOrder: `backfillOrder` says nothing where nobody goes ahead"), "{said}");
    let said = warned(&["/policies/q/backfillDepth=5"]);
    assert!(said.contains("/policies/q/backfillDepth: `backfillDepth` says nothing where nobody goes ahead"), "{said}");
    let said = warned(&["/policies/q/backfillOrder=shortestJobFirst", "/policies/q/backfill=easy"]);
    assert!(!said.contains("backfillOrder"), "{said}");
}

#[test]
fn jobs_without_an_estimate_are_named() {
    let warned = |setting: &str| {
        let warnings = resolve(&[setting], |_| ()).expect("a scenario").warnings;
        let at_policy: Vec<_> =
            warnings.iter().map(ToString::to_string).filter(|said| said.contains("timeout")).collect();
        at_policy.join("\n")
    };
    for setting in ["/policies/q/backfill=easy", "/policies/q/order=shortestJobFirst"] {
        let said = warned(setting);
        assert!(
            said.contains("/policies/q: jobs of the queue have no timeout, which is their estimate: `open`;"),
            "{said}"
        );
    }
    assert_eq!(warned("/policies/q/order=largestJobFirst"), "");
}

#[test]
fn requested_times_of_a_log_are_timeouts() {
    let log = "1 0 0 50 4 -1 -1 4 100 -1 1 1 1 -1 -1 -1 -1 -1\n\
        2 0 0 50 4 -1 -1 4 7200 -1 1 1 1 -1 -1 -1 -1 -1\n\
        3 0 0 5 4 -1 -1 4 10 -1 1 1 1 -1 -1 -1 -1 -1\n\
        4 0 0 50 4 -1 -1 4 -1 -1 1 1 1 -1 -1 -1 -1 -1\n";
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("requested.swf"), log).expect("a file");
    let timeouts = |requested: &str| {
        let resolved = resolve(&[], |whole| {
            whole["workload"] = json!([{ "trace": "requested.swf", "requestedTimes": requested,
                "submit": { "jobName": "j", "jobQueue": "q", "jobDefinition": "d",
                    "timeout": { "attemptDurationSeconds": 300 } } }]);
        })
        .expect("a scenario");
        let WorkloadSource::Trace(jobs) = &resolved.world.workload[0].source else { panic!("no trace") };
        let timeout = |job: &windtunnel::sim::TraceJob| resolved.world.specs[job.spec.index()].timeout;
        jobs.iter().map(|job| timeout(job).map(SimDuration::as_secs_f64)).collect::<Vec<_>>()
    };
    assert_eq!(timeouts("ignore"), [Some(300.0); 4]);
    assert_eq!(timeouts("timeout"), [Some(100.0), Some(7_200.0), Some(60.0), Some(300.0)]);
}
