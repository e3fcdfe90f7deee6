//! Events as `EventBridge` would carry them: one for every change, none for the submission, in AWS's envelope.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::tempdir;
use windtunnel::history::EventBridge;

use crate::played::{names, play};

fn events(text: &str) -> Vec<Value> {
    let bridge = play(text, |config| EventBridge::new(config, names(), "eu-west-1", Vec::new()));
    let count = bridge.written();
    let text = String::from_utf8(bridge.into_inner()).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len() as u64, count);
    events
}

#[test]
fn every_change_of_a_job_is_an_event_and_its_submission_is_none() {
    let events = events(
        "set submitToRunnable=1s

at 0s
environment UNMANAGED
queue ce-0
adopted node-0 ce-0 cpu=2
spec cpu=1 attempts=2 timeout=90s
submit 0-0 jq-0 spec-0

at 4s
running 0.0

at 9s
lost node-0 interrupted

at 11s
adopted node-1 ce-0 cpu=2

at 12s
running 0.1

at 30s
succeeded 0.1",
    );
    let statuses: Vec<_> = events.iter().map(|event| event["detail"]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["RUNNABLE", "STARTING", "RUNNING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]);
    let again = &events[3];
    assert_eq!(again["detail-type"], "Batch Job State Change");
    assert_eq!(
        (&again["source"], &again["version"], &again["region"]),
        (&json!("aws.batch"), &json!("0"), &json!("eu-west-1"))
    );
    assert_eq!((&again["time"], &again["account"]), (&json!("2026-01-01T00:00:09Z"), &json!("000000000000")));
    assert_eq!(again["resources"], json!(["arn:aws:batch:eu-west-1:000000000000:job/0-0"]));
    let detail = &again["detail"];
    assert_eq!(detail["jobQueue"], "arn:aws:batch:eu-west-1:000000000000:job-queue/My-Eks-JQ1");
    assert_eq!(detail["statusReason"], "Host EC2 (instance i-00000000000000000) terminated.");
    assert_eq!(detail["retryStrategy"], json!({ "attempts": 2 }));
    assert_eq!(detail["timeout"], json!({ "attemptDurationSeconds": 90 }));
    assert_eq!(detail["createdAt"], 1_767_225_600_000_u64);
    let attempt = &detail["attempts"][0];
    assert_eq!(
        (&attempt["startedAt"], &attempt["stoppedAt"]),
        (&json!(1_767_225_604_000_u64), &json!(1_767_225_609_000_u64))
    );
    let last = &events[6]["detail"];
    assert_eq!(last["attempts"][1]["containers"][0], json!({ "exitCode": 0, "reason": "Completed" }));
    assert_eq!(last["stoppedAt"], 1_767_225_630_000_u64);
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), events.len());
}

#[test]
fn a_blocked_queue_is_an_event_of_its_own() {
    let events = events(
        "

at 0s
environment max=8 types=small
queue ce-0
spec cpu=3
submit 0-0 jq-0 spec-0 array=2",
    );
    let blocked = events.last().unwrap();
    assert_eq!(blocked["detail-type"], "Batch Job Queue Blocked");
    let queue = "arn:aws:batch:eu-west-1:000000000000:job-queue/My-Eks-JQ1";
    assert_eq!(blocked["resources"], json!(["arn:aws:batch:eu-west-1:000000000000:job/0-0:0", queue]));
    assert_eq!(blocked["detail"]["status"], "RUNNABLE");
    let reason = blocked["detail"]["statusReason"].as_str().unwrap();
    assert!(reason.starts_with("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - "), "{reason}");
    assert_eq!(blocked["detail"]["arrayProperties"], json!({ "index": 0 }));
    let array = events.iter().find(|event| event["detail"]["jobId"] == "0-0").unwrap();
    assert_eq!(
        (&array["detail"]["status"], &array["detail"]["arrayProperties"]["size"]),
        (&json!("PENDING"), &json!(2))
    );
}

#[test]
fn a_run_writes_its_events_whole_and_twice_the_same() {
    let folder = tempdir().unwrap();
    let run = |name: &str| {
        let path = folder.path().join(name);
        let mut command = Command::cargo_bin("windtunnel").unwrap();
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
        command.args(["run", "scenarios/getting-started.json", "--events", path.to_str().unwrap()]);
        command.assert().success();
        fs::read_to_string(path).unwrap()
    };
    let first = run("a.jsonl");
    assert_eq!(run("b.jsonl"), first);
    let ended = first.lines().filter(|line| line.contains(r#""status":"SUCCEEDED""#)).count();
    // RUNNABLE, STARTING, RUNNING and SUCCEEDED of 600 jobs.
    assert_eq!((ended, first.lines().count()), (600, 2_400));
}
