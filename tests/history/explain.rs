//! `windtunnel explain` from the outside: a scenario and its journal tell the same, costs are those of jobs.csv, and an id
//! that is not there is answered with those that are.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::tempdir;

/// Exit code, stdout and stderr of `windtunnel ARGS`.
fn windtunnel(args: &[&str]) -> (i32, String, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::cargo_bin("windtunnel").unwrap().current_dir(folder).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const SCENARIO: &str = "scenarios/spot-against-on-demand.json";

/// A row of jobs.csv by column.
fn row(jobs: &str, wanted: impl Fn(&dyn Fn(&str) -> String) -> bool) -> impl Fn(&str) -> String {
    let heads: Vec<_> = jobs.lines().next().unwrap().split(',').map(str::to_owned).collect();
    let find = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
    let mut rows = jobs.lines().skip(1).map(find);
    let at = move |heads: &[String], name: &str| heads.iter().position(|head| head == name).unwrap();
    let found = rows.find(|cells| wanted(&|name| cells[at(&heads, name)].clone())).expect("such a job");
    move |name: &str| found[at(&heads, name)].clone()
}

#[test]
fn a_scenario_and_its_journal_explain_a_job_alike_and_as_jobs_csv_does() {
    let folder = tempdir().unwrap();
    let (out, journal) = (folder.path().join("out"), folder.path().join("run.jsonl.gz"));
    let (out, journal) = (out.to_str().unwrap(), journal.to_str().unwrap());
    let (code, _, stderr) = windtunnel(&["run", SCENARIO, "--out", out, "--journal", journal]);
    assert_eq!(code, 0, "{stderr}");
    let jobs = fs::read_to_string(Path::new(out).join("jobs.csv")).unwrap();
    let retried = row(&jobs, |cell| cell("attempts") == "2");
    let job = retried("job_id");

    let (code, table, stderr) = windtunnel(&["explain", SCENARIO, "--job", &job]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(windtunnel(&["explain", journal, "--job", &job]).1, table);
    for shown in ["RUNNABLE", "attempt 1: host terminated; Host EC2 (instance i-", "retried: attempt 1 of", "Spot"] {
        assert!(table.contains(shown), "no {shown} in\n{table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 130), "{table}");

    let (_, json, _) = windtunnel(&["explain", journal, "--job", &job, "--output", "json"]);
    let account: Value = serde_json::from_str(&json).unwrap();
    let number = |name: &str| retried(name).parse::<f64>().unwrap();
    let is = |key: &str, expected: f64| {
        let value = account.pointer(key).and_then(Value::as_f64).unwrap_or_else(|| panic!("{key} in {json}"));
        assert!((value - expected).abs() < 1e-6, "{key}: {value}, not {expected}");
    };
    is("/cost_usd", number("cost_usd"));
    is("/waits/runnable_s", number("runnable_s"));
    is("/submitted_s", number("submitted_s"));
    is("/ended_s", number("ended_s"));
    assert_eq!(account["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(account["attempts"][1]["instance_type"], Value::String(retried("instance_type")));
}

#[test]
fn an_array_is_explained_by_its_children() {
    let args = ["explain", "scenarios/grid-array.json", "--job", "1-0", "--output", "json"];
    let (code, json, stderr) = windtunnel(&args);
    assert_eq!(code, 0, "{stderr}");
    let account: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(account["children"]["size"], 4);
    assert_eq!(account["children"]["status_summary"]["SUCCEEDED"], 4);
    assert_eq!(account["state"], "SUCCEEDED");
    let slowest = account["children"]["slowest"].as_array().unwrap();
    let lives: Vec<_> = slowest.iter().map(|child| child["since_created_s"].as_f64().unwrap()).collect();
    assert!(lives.is_sorted_by(|a, b| a >= b), "{lives:?}");
}

#[test]
fn an_unknown_job_is_answered_with_the_ids_that_there_are() {
    let explain = |job: &str| windtunnel(&["explain", "scenarios/getting-started.json", "--job", job]);
    let (code, stdout, stderr) = explain("0-5000");
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("has no job 0-5000: it has 0-0 to 0-499, 1-0 to 1-99"), "{stderr}");
    let (code, _, stderr) = explain("0-17:3");
    assert!(code == 2 && stderr.contains("0-17 is no array; leave out `:3`"), "{stderr}");
    let (code, _, stderr) = explain("17");
    assert!(code == 2 && stderr.contains("`17` is no job id"), "{stderr}");
}

#[test]
fn a_journal_takes_no_settings_and_one_that_was_cut_off_tells_what_it_holds() {
    let folder = tempdir().unwrap();
    let journal = folder.path().join("run.jsonl");
    let path = journal.to_str().unwrap();
    assert_eq!(windtunnel(&["run", "scenarios/getting-started.json", "--journal", path]).0, 0);
    let (code, _, stderr) = windtunnel(&["explain", path, "--job", "0-0", "--seed", "2"]);
    assert!(code == 2 && stderr.contains("leave out --seed and --set"), "{stderr}");

    let whole = fs::read_to_string(&journal).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    fs::write(&journal, lines[..lines.len() / 2].join("\n")).unwrap();
    let (code, stdout, stderr) = windtunnel(&["explain", path, "--job", "0-0"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("0-0: ") && stderr.contains("cut off"), "{stdout}\n{stderr}");
}

// `API:TerminateJobRequest`.
#[test]
fn a_job_that_an_operation_ended_tells_its_reason() {
    let operation =
        r#"[{ "at": "20m10s", "operation": "TerminateJob", "input": { "jobId": "1-99", "reason": "wrong input" } }]"#;
    let set = format!("/operations={operation}");
    let args = ["explain", "scenarios/getting-started.json", "--set", &set, "--job", "1-99", "--output", "json"];
    let (code, json, stderr) = windtunnel(&args);
    assert_eq!(code, 0, "{stderr}");
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&told["state"], &told["status_reason"]), (&"FAILED".into(), &"wrong input".into()), "{json}");
}
