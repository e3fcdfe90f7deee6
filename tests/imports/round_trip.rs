//! There and back: a run is exported as AWS would tell of it, imported, and run again. Jobs, arrivals, runtimes and ends are the
//! same in every case; so are results where nothing of the world is missing from what AWS tells.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::folder::Folder;

/// When every run begins: what `run --help` says.
const BEGIN: &str = "2026-01-01T00:00:00Z";

/// A job by what does not hang on its id: name, state, attempts, when it was submitted and how long its last attempt ran.
type Told = (String, String, String, String, String);

/// What runs tell: jobs, the attempts of each, the start and end of each, and the summary.
#[derive(Debug)]
struct Outcome {
    jobs: Vec<Told>,
    attempts: Vec<Vec<Value>>,
    times: Vec<Vec<String>>,
    summary: Value,
}

fn outcome(folder: &Folder, scenario: &str, export: &str, words: &[&str]) -> Outcome {
    let all = [&["run", scenario, "--out", "results", "--export-aws", export, "--output", "json"], words].concat();
    let summary = serde_json::from_str(&folder.command(&all)).unwrap();
    let mut rows = csv_rows(&folder.text("results/jobs.csv"));
    let cells = |row: &BTreeMap<String, String>, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| row[*name].clone()).collect()
    };
    rows.sort_by_key(|row| {
        let submitted = (row["submitted_s"].parse::<f64>().unwrap() * 1e3).round();
        (row["job_name"].clone(), format!("{submitted:020}"), child(&row["job_id"]), cells(row, &["ended_s", "run_s"]))
    });
    let told = |row: &BTreeMap<String, String>| {
        let [name, state, attempts, submitted, ran] =
            ["job_name", "state", "attempts", "submitted_s", "run_s"].map(|name| row[name].clone());
        (name, state, attempts, submitted, ran)
    };
    let times = |row| cells(row, &["job_name", "first_running_s", "ended_s", "instance_type"]);
    let attempts = attempts(&folder.path().join(export));
    Outcome { jobs: rows.iter().map(told).collect(), attempts, times: rows.iter().map(times).collect(), summary }
}

/// Each described job: name, child, state, and of each attempt how long it ran and how it ended.
fn attempts(export: &Path) -> Vec<Vec<Value>> {
    let names = std::fs::read_dir(export).unwrap().map(|entry| entry.unwrap().path());
    let pages = names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("describe-jobs-"));
    let mut all = Vec::new();
    for page in pages {
        let page: Value = serde_json::from_slice(&std::fs::read(page).unwrap()).unwrap();
        for job in page["jobs"].as_array().unwrap() {
            let mut row = vec![job["jobName"].clone(), job["arrayProperties"]["index"].clone(), job["status"].clone()];
            for attempt in job["attempts"].as_array().unwrap() {
                let ran = attempt["startedAt"].as_u64().map(|at| attempt["stoppedAt"].as_u64().unwrap() - at);
                row.extend([json!(ran), attempt["container"].clone(), attempt["statusReason"].clone()]);
            }
            all.push(row);
        }
    }
    all.sort_by_key(|row| format!("{row:?}"));
    all
}

/// The child's index of `0-17:3`.
fn child(id: &str) -> u32 {
    id.split_once(':').map_or(0, |(_, child)| child.parse().unwrap())
}

fn csv_rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let heads: Vec<_> = lines.next().unwrap().split(',').collect();
    let row =
        |line: &str| heads.iter().map(|head| (*head).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
    lines.map(row).collect()
}

/// Runs a scenario, and again what its export is imported as; what the import told too.
fn there_and_back(folder: &Folder, scenario: &str, words: &[&str]) -> (Outcome, Outcome, String) {
    let first = outcome(folder, scenario, "export", words);
    let (_, told) = folder.import(&["aws", "export", "--begin", BEGIN]);
    folder.command(&["validate", "imported/scenario.json"]);
    let second = outcome(folder, "imported/scenario.json", "again", words);
    assert!(!told.contains("Left out"), "all that is exported can be imported: {told}");
    (first, second, told)
}

/// Jobs, arrivals, runtimes, attempts and ends.
fn assert_same_jobs(first: &Outcome, second: &Outcome) {
    assert!(!first.jobs.is_empty());
    let differing: Vec<_> = first.jobs.iter().zip(&second.jobs).filter(|(a, b)| a != b).take(5).collect();
    assert!(differing.is_empty() && first.jobs.len() == second.jobs.len(), "{differing:#?}");
    let differing: Vec<_> = first.attempts.iter().zip(&second.attempts).filter(|(a, b)| a != b).take(5).collect();
    assert!(differing.is_empty() && first.attempts.len() == second.attempts.len(), "{differing:#?}");
}

/// Figures of the summary but those of the scenario's file and of the computer.
fn figures(summary: &Value) -> Value {
    let mut summary = summary.clone();
    summary["sim"]["wall_s"] = Value::Null;
    summary["scenario"] = Value::Null;
    // In the order in which a scenario first names them.
    for (list, name) in [("queues", "queue"), ("job_names", "job_name"), ("shares", "share")] {
        if let Some(rows) = summary[list].as_array_mut() {
            rows.sort_by_key(|row| row[name].to_string());
        }
    }
    summary
}

fn assert_same_results(first: &Outcome, second: &Outcome) {
    let differing: Vec<_> = first.times.iter().zip(&second.times).filter(|(a, b)| a != b).take(5).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    let (first, second) = (figures(&first.summary), figures(&second.summary));
    for (key, own) in first.as_object().unwrap() {
        assert_eq!(own, &second[key], "{key}");
    }
}

fn house(name: &str) -> String {
    format!("{}/scenarios/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// With the latencies of the preset `typical`: the account is whole in the export, time 0 is the same, and jobs have the ids that
/// they had, so that even what is drawn is drawn alike.
#[test]
fn the_walkthrough_comes_back_to_the_millisecond() {
    let folder = Folder::new("round-trip-getting-started");
    let (first, second, told) = there_and_back(&folder, &house("getting-started"), &[]);
    assert_eq!(first.jobs.len(), 600);
    assert_same_jobs(&first, &second);
    assert_same_results(&first, &second);
    assert!(told.contains("time 0 is 2026-01-01T00:00:00Z") && told.contains("600 recorded attempts"), "{told}");
}

/// Arrays with `N_TO_N` and SEQUENTIAL, a fan-in, retries by exit code, failures that fail dependents, timeouts, two shares,
/// priorities, overrides, a consumable resource, someone who terminates.
pub(crate) fn busy() -> Value {
    let pod = |cpu: &str| {
        json!({ "podProperties": { "containers": [{
            "name": "main", "image": "busybox", "resources": { "limits": { "cpu": cpu, "memory": "1024Mi" } }
        }] } })
    };
    let submit = |name: &str, share: &str, more: Value| {
        let mut submit =
            json!({ "jobName": name, "jobQueue": "fair", "jobDefinition": "work", "shareIdentifier": share });
        submit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        submit
    };
    let lognormal = json!({ "lognormal": { "median": "4m", "p95": "20m" } });
    json!({
        "region": "us-east-1",
        "assumptions": { "preset": "ideal" },
        "computeEnvironments": [{
            "computeEnvironmentName": "ce", "type": "MANAGED", "state": "ENABLED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c", "kubernetesNamespace": "n" },
            "computeResources": {
                "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": 96,
                "instanceTypes": ["m5.xlarge", "c5.4xlarge"], "subnets": ["subnet-0123456789abcdef0"],
                "securityGroupIds": ["sg-0123456789abcdef0"], "instanceRole": "eks"
            }
        }],
        "schedulingPolicies": [{ "name": "shares", "fairsharePolicy": { "shareDecaySeconds": 3600,
            "shareDistribution": [{ "shareIdentifier": "red", "weightFactor": 0.5 }, { "shareIdentifier": "blue" }] } }],
        "consumableResources": [{ "consumableResourceName": "license", "totalQuantity": 6, "resourceType": "REPLENISHABLE" }],
        "jobQueues": [
            { "jobQueueName": "fair", "priority": 5,
              "schedulingPolicyArn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/shares",
              "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "ce" }] },
            { "jobQueueName": "plain", "priority": 1, "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "ce" }] }
        ],
        "jobDefinitions": [
            { "jobDefinitionName": "work", "type": "container", "schedulingPriority": 1, "eksProperties": pod("1"),
              "retryStrategy": { "attempts": 3, "evaluateOnExit": [
                  { "onExitCode": "75", "action": "RETRY" }, { "onExitCode": "*", "action": "EXIT" }] } },
            { "jobDefinitionName": "limited", "type": "container", "eksProperties": pod("2"),
              "timeout": { "attemptDurationSeconds": 300 }, "retryStrategy": { "attempts": 2 },
              "consumableResourceProperties": { "consumableResourceList": [
                  { "consumableResource": "license", "quantity": 2 }] } }
        ],
        "workload": [
            { "name": "split", "count": 12, "arrivals": { "fixed": { "every": "7m" } }, "runtime": { "constant": "90s" },
              "submit": submit("split", "red", json!({})) },
            { "name": "map", "count": 12, "arrivals": { "fixed": { "every": "7m" } }, "runtime": lognormal,
              "submit": submit("map", "red", json!({ "arrayProperties": { "size": 9 }, "dependsOn": [{ "jobId": "split" }] })) },
            { "name": "second", "count": 12, "arrivals": { "fixed": { "every": "7m" } }, "runtime": lognormal,
              "failures": [{ "exitCode": 75, "probability": 0.2 }, { "exitCode": 3, "probability": 0.02 }],
              "submit": submit("second", "red", json!({ "arrayProperties": { "size": 9 },
                  "dependsOn": [{ "jobId": "map", "type": "N_TO_N" }] })) },
            { "name": "merge", "count": 12, "arrivals": { "fixed": { "every": "7m" } }, "runtime": { "constant": "3m" },
              "submit": submit("merge", "red", json!({ "dependsOn": [{ "jobId": "second" }] })) },
            { "count": 150, "arrivals": { "poisson": { "perHour": 120 } }, "runtime": lognormal,
              "failures": [{ "exitCode": 75, "probability": 0.15 }, { "reason": "OOMKilled", "probability": 0.05 }],
              "submit": submit("blue", "blue", json!({ "schedulingPriorityOverride": 7 })) },
            { "count": 1, "arrivals": { "fixed": { "start": "5m" } }, "runtime": { "constant": "2m" },
              "submit": submit("chain", "blue", json!({ "arrayProperties": { "size": 5 },
                  "dependsOn": [{ "type": "SEQUENTIAL" }],
                  "eksPropertiesOverride": { "podProperties": { "containers": [{ "name": "main",
                      "resources": { "limits": { "cpu": "3", "memory": "2048Mi" } } }] } } })) },
            { "count": 80, "arrivals": { "poisson": { "perHour": 60 } }, "runtime": lognormal,
              "submit": { "jobName": "limited", "jobQueue": "plain", "jobDefinition": "limited" } },
            { "name": "long", "count": 2, "arrivals": { "fixed": { "start": "10m" } }, "runtime": { "constant": "5h" },
              "submit": submit("long", "blue", json!({})) }
        ],
        "operations": [
            { "at": "1h", "operation": "TerminateJob", "input": { "jobId": "7-0", "reason": "too long" } },
            { "at": "90m", "operation": "TerminateJob", "input": { "jobId": "7-1", "reason": "this too" } }
        ]
    })
}

#[test]
fn arrays_dependencies_retries_timeouts_and_shares_come_back() {
    let folder = Folder::new("round-trip-busy");
    folder.write("busy.json", busy().to_string());
    let ideal = ["--set", "/assumptions={\"preset\":\"ideal\"}"];
    let (first, second, _) = there_and_back(&folder, "busy.json", &ideal);
    let count = |state: &str| first.jobs.iter().filter(|job| job.1 == state).count();
    assert!(count("SUCCEEDED") > 300 && count("FAILED") > 10, "{:?}", first.summary["jobs"]);
    assert!(first.summary["jobs"]["timed_out_attempts"].as_u64() > Some(5), "{:?}", first.summary["jobs"]);
    assert_eq!(first.summary["jobs"]["terminated"], 2);
    assert!(first.jobs.iter().any(|job| job.0 == "second" && job.2 == "3"), "some are retried to the end");
    assert_same_jobs(&first, &second);
    assert_same_results(&first, &second);
}

/// With latencies, jobs that wait for each other stand under other numbers and meet other ones: the work is the same, and the
/// results are near.
#[test]
fn with_latencies_the_work_is_the_same_and_the_makespan_near() {
    let folder = Folder::new("round-trip-latencies");
    let mut scenario = busy();
    for member in ["assumptions", "operations"] {
        scenario.as_object_mut().unwrap().remove(member);
    }
    scenario["workload"][7]["runtime"] = json!({ "constant": "20m" });
    folder.write("busy.json", scenario.to_string());
    let (first, second, _) = there_and_back(&folder, "busy.json", &[]);
    assert_same_jobs(&first, &second);
    let [a, b] = [&first, &second].map(|outcome| outcome.summary["makespan_s"].as_f64().unwrap());
    eprintln!("makespan {a:.0} s, after the round trip {b:.0} s: {:+.2} %", (b / a - 1.0) * 100.0);
    assert!((b / a - 1.0).abs() < 0.05, "{a} {b}");
}

/// All nodes of a job start together, and its main node tells how long it ran.
#[test]
fn multi_node_jobs_come_back() {
    let folder = Folder::new("round-trip-multi-node");
    let ideal = ["--set", "/assumptions={\"preset\":\"ideal\"}", "--set", "/workload/1/count=300"];
    let first = outcome(&folder, &house("multi-node"), "export", &ideal);
    folder.import(&["aws", "export", "--begin", BEGIN]);
    let second = outcome(&folder, "imported/scenario.json", "again", &ideal[..2]);
    assert_same_jobs(&first, &second);
    assert_same_results(&first, &second);
}

#[test]
fn an_export_takes_a_new_folder_only_and_a_beginning_must_be_a_date() {
    let folder = Folder::new("round-trip-refused");
    let few = ["run", &house("getting-started"), "--set", "/workload/0/count=2", "--export-aws", "export"];
    folder.command(&few);
    assert!(folder.refused(&few).contains("name a new folder"));
    let words = ["import", "aws", "export", "-o", "imported", "--begin"];
    assert!(folder.refused(&[&words[..], &["monday"]].concat()).contains("--begin monday"));
    let late = folder.command(&[&words[..], &["2027-01-01T00:00:00Z"]].concat());
    assert!(late.contains("before the beginning that was asked for"), "{late}");
}
