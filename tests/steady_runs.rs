//! `windtunnel run --warmup`, through the binary: what a user is told of a service's steady state, or that it has none.

use std::fs;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const SERVICE: &str = "scenarios/steady-service.json";
/// A quarter of the service's month.
const WEEK: [&str; 2] = ["--set", "/stop/at=7d"];

/// Exit code, stdout and stderr.
fn run(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("windtunnel").unwrap().arg("run").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn summary(args: &[&str]) -> Value {
    let (code, stdout, stderr) = run(&[&["--output", "json"], args].concat());
    assert_eq!(code, 0, "{args:?}: {stderr}");
    serde_json::from_str(&stdout).unwrap()
}

fn number(summary: &Value, pointer: &str) -> f64 {
    summary.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {pointer}"))
}

/// A column of a CSV file, as numbers.
fn column(text: &str, name: &str) -> Vec<f64> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let at = rows.headers().unwrap().iter().position(|head| head == name).unwrap();
    rows.records().map(|row| row.unwrap()[at].parse().unwrap()).collect()
}

#[test]
fn a_service_with_enough_capacity_has_a_mean_wait_with_its_interval() {
    let summary = summary(&[SERVICE, "--warmup", "auto"]);
    let steady = &summary["steady_state"];
    assert_eq!((&steady["method"], &steady["stable"]), (&"MSER_5".into(), &true.into()), "{steady}");
    let (mean, half) = (number(steady, "/wait_mean/mean"), number(steady, "/wait_mean/half_width"));
    assert!(half > 0.0 && half < mean, "{mean} ± {half}");
    assert!((mean - number(&summary, "/wait_s/mean")).abs() < 0.02 * mean, "the jobs of the window are the same");
    assert!((10.0..11.0).contains(&number(steady, "/jobs_per_hour")), "{steady}");
    let growth = number(steady, "/growth_jobs_per_hour");
    assert!(growth.abs() < 0.1, "{growth}");
    assert_eq!(summary["window"]["from_s"], steady["warmup_s"]);
    assert!(summary["findings"].as_array().unwrap().iter().all(|finding| finding["code"] != "GROWING_QUEUE"));
}

#[test]
fn a_service_with_too_little_is_told_so_instead_of_a_mean() {
    let small = ["--set", "/computeEnvironments/0/computeResources/maxvCpus=48"];
    let args = [&[SERVICE, "--warmup", "auto"], &small[..]].concat();
    let unstable = summary(&args);
    let steady = &unstable["steady_state"];
    assert_eq!((&steady["stable"], &steady["wait_mean"]), (&false.into(), &Value::Null), "{steady}");
    let finding = &unstable["findings"][0];
    assert_eq!(finding["code"], "GROWING_QUEUE");
    let text = finding["text"].as_str().unwrap();
    assert!(text.starts_with("The queue grows by about 1.") && text.contains("no steady state"), "{text}");
    let (_, table, _) = run(&args);
    assert!(table.contains("not stable: 10.") && table.contains(text.split_at(30).0), "{table}");
}

#[test]
fn sums_hold_in_the_window_and_rows_are_those_of_the_window() {
    let out = TempDir::new().unwrap();
    let folder = out.path().to_str().unwrap();
    let args = [&[SERVICE, "--warmup", "P2D", "--out", folder], &WEEK[..]].concat();
    let (code, _, stderr) = run(&args);
    assert_eq!(code, 0, "{stderr}");
    let read = |file: &str| fs::read_to_string(out.path().join(file)).unwrap();
    let summary: Value = serde_json::from_str(&read("summary.json")).unwrap();
    let of = |pointer: &str| number(&summary, pointer);
    let parts = ["useful", "lost", "unfinished", "overhead", "startup", "idle"];
    let sum: f64 = parts.iter().map(|part| of(&format!("/cost/{part}"))).sum();
    assert!((sum - of("/cost/instances")).abs() < 1e-5, "{sum}");
    assert!((of("/cost/cluster_fee") - 0.1 * 120.0).abs() < 1e-9, "five days of the control plane");
    let jobs = |state: &str| summary["jobs"][state].as_u64().unwrap();
    assert_eq!(jobs("submitted"), jobs("succeeded") + jobs("failed") + jobs("unfinished"));
    let nodes = read("nodes.csv");
    let submitted = column(&read("jobs.csv"), "submitted_s");
    assert_eq!(submitted.len() as u64, jobs("succeeded"));
    assert!(submitted.iter().all(|&secs| secs >= 172_800.0));
    let billed: f64 = column(&nodes, "cost_usd").iter().sum();
    assert!((billed - of("/cost/instances")).abs() < 1e-3, "{billed}");
    let rows = column(&nodes, "pods").len() as u64;
    assert_eq!(rows, summary["instance_types"][0]["nodes"].as_u64().unwrap());
    let before = column(&nodes, "launched_s").iter().filter(|&&secs| secs < 172_800.0).count() as u64;
    assert!(before > 0, "nodes that live through the warm-up's end");
    assert_eq!(rows - before, summary["capacity"]["nodes_launched"].as_u64().unwrap());
    assert!(read("timeline.csv").lines().nth(1).unwrap().starts_with('0'), "the whole run");
}

#[test]
fn without_a_warm_up_nothing_is_said_of_a_steady_state() {
    let summary = summary(&[&[SERVICE], &WEEK[..]].concat());
    assert!(summary.get("steady_state").is_none() && summary.get("window").is_none());
}

#[test]
fn a_run_that_empties_at_its_end_says_that_this_counts_too() {
    let args = ["--set", "/stop/at=drained", "--set", "/workload/0/count=500", "--warmup", "6h"];
    let steady = &summary(&[&[SERVICE], &args[..]].concat())["steady_state"];
    let notes: Vec<_> = steady["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    assert!(
        notes.iter().any(|note| note.starts_with("After the last submission") && note.contains("/stop/at")),
        "{notes:?}"
    );
}

#[test]
fn a_run_too_short_to_tell_does_not_tell() {
    let steady = &summary(&[SERVICE, "--warmup", "1h", "--set", "/stop/at=8h"])["steady_state"];
    assert_eq!(steady["stable"], Value::Null, "{steady}");
    assert!(steady["notes"][0].as_str().unwrap().starts_with("The run is too short"), "{steady}");
}

#[test]
fn a_warm_up_that_can_not_be_is_an_error_with_a_way_out() {
    let (code, _, stderr) = run(&[SERVICE, "--warmup", "soon"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("`soon` is no span of time") && stderr.contains("`auto`"), "{stderr}");
    let (code, stdout, stderr) = run(&[&[SERVICE, "--warmup", "8d"], &WEEK[..]].concat());
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("--warmup 8d: the run ends after 7d") && stderr.contains("/stop/at"), "{stderr}");
}
