//! A journal becomes a scenario, and the scenario gives the same day again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::{Value, json};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("windtunnel-import-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn windtunnel(folder: &Path, words: &[&str]) -> String {
    let output = Command::cargo_bin("windtunnel").unwrap().current_dir(folder).args(words).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "windtunnel {}: {told}", words.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a scenario, imports its journal, runs that: both summaries, and the jobs of both.
fn there_and_back(name: &str, scenario: &Value) -> ([Value; 2], [Vec<Vec<String>>; 2], String) {
    let folder = Folder::new(name);
    let at = &folder.0;
    std::fs::write(at.join("day.json"), scenario.to_string()).unwrap();
    let first = windtunnel(at, &["run", "day.json", "--journal", "day.jsonl.gz", "--out", "one", "--output", "json"]);
    let told = windtunnel(at, &["import", "journal", "day.jsonl.gz", "-o", "imported"]);
    let second = windtunnel(at, &["run", "imported/scenario.json", "--out", "two", "--output", "json"]);
    let summaries = [first, second].map(|text| serde_json::from_str(&text).unwrap());
    (summaries, ["one", "two"].map(|out| jobs(&at.join(out).join("jobs.csv"))), told)
}

/// The rows of a file of jobs, without ids and names of what is numbered anew, in an order of their own.
fn jobs(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let heads = lines.next().unwrap();
    let kept: Vec<_> = (0..heads.len()).filter(|&n| !matches!(heads[n].as_str(), "job_id")).collect();
    let mut rows: Vec<Vec<_>> = lines.map(|row| kept.iter().map(|&n| row[n].clone()).collect()).collect();
    rows.sort();
    rows
}

fn definition(name: &str, cpu: &str, more: &Value) -> Value {
    let resources = json!({ "requests": { "cpu": cpu, "memory": "512Mi" } });
    let containers = json!([{ "image": "busybox", "resources": resources }]);
    let mut document = json!({ "jobDefinitionName": name, "type": "container",
                               "eksProperties": { "podProperties": { "containers": containers } } });
    for (key, value) in more.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
    document
}

fn environment(managed: bool) -> Value {
    let mut document = json!({
        "computeEnvironmentName": "fleet", "type": if managed { "MANAGED" } else { "UNMANAGED" }, "state": "ENABLED",
        "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c", "kubernetesNamespace": "jobs" }
    });
    if managed {
        document["computeResources"] = json!({
            "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": 32,
            "instanceTypes": ["m5", "c5.xlarge"], "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"], "instanceRole": "r"
        });
    }
    document
}

/// Arrays, dependencies, retries, timeouts, shares, and jobs that are drawn.
fn day(managed: bool, assumptions: &Value) -> Value {
    let submit = |name: &str, definition: &str, share: &str, more: &Value| {
        let mut document =
            json!({ "jobName": name, "jobQueue": "queue", "jobDefinition": definition, "shareIdentifier": share });
        for (key, value) in more.as_object().into_iter().flatten() {
            document[key] = value.clone();
        }
        document
    };
    let retry = json!({ "retryStrategy": { "attempts": 3, "evaluateOnExit": [
        { "onExitCode": "1", "action": "RETRY" }, { "onReason": "*", "action": "EXIT" }] } });
    let limited = json!({ "timeout": { "attemptDurationSeconds": 300 } });
    let nodes = if managed {
        json!([])
    } else {
        json!([{ "computeEnvironment": "fleet", "count": 3, "cpu": "4", "memory": "16Gi" },
               { "computeEnvironment": "fleet", "cpu": "2", "memory": "8Gi" }])
    };
    json!({
        "region": "us-east-1",
        "computeEnvironments": [environment(managed)],
        "schedulingPolicies": [{ "name": "fair", "fairsharePolicy": { "shareDecaySeconds": 3600,
            "shareDistribution": [{ "shareIdentifier": "A", "weightFactor": 0.5 }] } }],
        "jobQueues": [{ "jobQueueName": "queue", "priority": 1, "schedulingPolicyArn": "fair",
                        "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "fleet" }] }],
        "jobDefinitions": [definition("plain", "1", &retry), definition("wide", "1.75", &limited)],
        "cluster": { "nodes": nodes },
        "workload": [
            { "name": "first", "submit": submit("first", "plain", "A", &json!({})), "count": 60,
              "arrivals": { "poisson": { "perHour": 400 } }, "runtime": { "lognormal": { "median": "3m", "p95": "9m" } },
              "failureProbability": 0.2, "failures": [{ "probability": 0.1, "reason": "OOMKilled" }] },
            { "name": "array", "submit": submit("array", "wide", "B", &json!({ "arrayProperties": { "size": 12 } })),
              "count": 2, "arrivals": { "fixed": { "start": "90s", "every": "4m" } },
              "runtime": { "exponential": { "mean": "2m" } }, "failures": [{ "probability": 0.05, "exitCode": 42 }] },
            { "submit": submit("last", "plain", "B", &json!({ "dependsOn": [{ "jobId": "array" }] })), "count": 2,
              "arrivals": { "fixed": { "start": "6m" } }, "runtime": { "constant": "30s" } }
        ],
        "assumptions": assumptions
    })
}

/// On nodes that are there nothing of the day is lost: every job is submitted, starts and ends when it did.
#[test]
fn a_day_on_fixed_nodes_comes_back_to_the_millisecond() {
    let ([first, second], [one, two], _) = there_and_back("fixed", &day(false, &json!({ "preset": "ideal" })));
    assert!(one.len() > 80, "a day with jobs: {}", one.len());
    let differ: Vec<_> = one.iter().zip(&two).filter(|(one, two)| one != two).take(3).collect();
    assert!(one == two, "{} and {} rows; the first that differ: {differ:#?}", one.len(), two.len());
    for key in ["jobs", "wait_s", "runnable_s", "turnaround_s", "makespan_s"] {
        assert_eq!(first[key], second[key], "{key}");
    }
    assert!(
        first["jobs"]["retries"].as_u64() > Some(0) && first["jobs"]["failed"].as_u64() > Some(0),
        "{}",
        first["jobs"]
    );
}

/// With nodes that are launched, latencies are measured, not known: the same jobs, and a day that is much the same.
#[test]
fn a_day_with_launches_comes_back_in_its_proportions() {
    let ([first, second], [one, two], told) =
        there_and_back("launched", &day(true, &json!({ "schedulingCycle": "5s" })));
    assert_eq!(one.len(), two.len());
    assert_eq!(first["jobs"]["submitted"], second["jobs"]["submitted"]);
    assert_eq!(first["jobs"]["succeeded"], second["jobs"]["succeeded"], "the same attempts fail");
    let close = |key: &str, part: &str, share: f64| {
        let of = |summary: &Value| if part.is_empty() { &summary[key] } else { &summary[key][part] }.as_f64().unwrap();
        let (one, two) = (of(&first), of(&second));
        assert!((one - two).abs() <= share * one.max(1.0), "{key} {part}: {one} and {two}");
    };
    close("makespan_s", "", 0.05);
    close("wait_s", "mean", 0.15);
    close("cost", "total", 0.15);
    assert_eq!(first["assumptions"]["schedulingCycle"], second["assumptions"]["schedulingCycle"]);
    assert!(told.contains("\n  what a journal holds none of: images"), "{told}");
}

/// The imported scenario is one like others: a strategy can be changed.
#[test]
fn yesterday_can_be_run_under_another_strategy() {
    let folder = Folder::new("strategy");
    let at = &folder.0;
    std::fs::write(at.join("day.json"), day(true, &json!({})).to_string()).unwrap();
    windtunnel(at, &["run", "day.json", "--journal", "day.jsonl"]);
    windtunnel(at, &["import", "journal", "day.jsonl", "-o", "day"]);
    let spot = "/computeEnvironments/0/computeResources";
    let set = [format!("{spot}/allocationStrategy=SPOT_CAPACITY_OPTIMIZED"), format!("{spot}/type=SPOT")];
    let words = ["run", "day/scenario.json", "--set", &set[0], "--set", &set[1], "--output", "json"];
    let summary: Value = serde_json::from_str(&windtunnel(at, &words)).unwrap();
    assert!(summary["cost"]["spot"].as_f64() > Some(0.0), "{}", summary["cost"]);
    let counts: BTreeMap<String, Value> = serde_json::from_value(summary["jobs"].clone()).unwrap();
    assert_eq!(counts["unfinished"], 0);
}

/// What is no journal is said to be none, and what can't be written is bad luck of another kind.
#[test]
fn says_what_is_wrong() {
    let folder = Folder::new("wrong");
    std::fs::write(folder.0.join("day.json"), "{}").unwrap();
    let mut command = Command::cargo_bin("windtunnel").unwrap();
    let output = command.current_dir(&folder.0).args(["import", "journal", "day.json", "-o", "out"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("day.json") && told.contains("journal"), "{told}");
    assert!(!folder.0.join("out").exists(), "nothing is left behind");
}
