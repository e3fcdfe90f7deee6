//! Documents in AWS's shapes, judged by botocore, AWS's own client library: what is exported of runs, and the answers that the
//! tests of the import are written in. `WINDTUNNEL_TEST_BOTOCORE` names a Python that has it (`tests/imports/botocore_env`
//! makes one); without it nothing is judged, and that is said.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::folder::Folder;

const VARIABLE: &str = "WINDTUNNEL_TEST_BOTOCORE";

/// The Python that judges; `None`, said aloud, where there is none.
fn python() -> Option<String> {
    let python = std::env::var(VARIABLE).ok().filter(|python| !python.is_empty());
    if python.is_none() {
        eprintln!("skipped: {VARIABLE} is not set; tests/imports/botocore_env makes what it names");
    }
    python
}

/// What was looked at, and what was found wrong.
fn judged(python: &str, files: &[PathBuf]) -> (Value, String, bool) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports/botocore_check.py");
    let output = Command::new(python).arg(script).args(files).output().expect(VARIABLE);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let seen = serde_json::from_slice(&output.stdout);
    (seen.unwrap_or_else(|error| panic!("{error}: {told}")), told, output.status.success())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn botocore_reads_what_is_exported_of_every_kind_of_job() {
    let Some(python) = python() else { return };
    let folder = Folder::new("botocore");
    folder.write("busy.json", crate::round_trip::busy().to_string());
    let house = |name: &str| format!("{}/scenarios/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let runs = [
        ("getting-started", &[][..]),
        ("multi-node", &["--set", "/workload/1/count=100"][..]),
        ("pipeline", &["--set", "/stop={\"at\":\"2h\"}"][..]),
        ("license-tokens", &["--set", "/stop={\"at\":\"2h\"}"][..]),
        ("maintenance", &["--set", "/stop={\"at\":\"6h\"}"][..]),
        ("busy", &[][..]),
    ];
    let mut all = Vec::new();
    for (name, words) in runs {
        let scenario = if name == "busy" { "busy.json".to_owned() } else { house(name) };
        let export = folder.path().join("exports").join(name);
        let to = export.display().to_string();
        folder.command(&[&["run", &scenario, "--export-aws", &to], words].concat());
        all.extend(files(&export));
    }
    let (seen, told, is_well) = judged(&python, &all);
    assert!(is_well, "{told}");
    let operations = [
        "DescribeComputeEnvironments",
        "DescribeJobQueues",
        "DescribeSchedulingPolicies",
        "DescribeJobDefinitions",
        "ListConsumableResources",
        "ListJobs",
        "DescribeJobs",
    ];
    for operation in operations {
        assert!(seen[operation].as_u64() >= Some(1), "no answer of {operation} among the exports: {seen}");
    }
    eprintln!("botocore: {seen}");
}

#[test]
fn the_examples_of_the_import_are_answers_as_aws_gives_them() {
    let Some(python) = python() else { return };
    let examples = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports/aws/account"));
    assert!(!examples.is_empty());
    let (seen, told, is_well) = judged(&python, &examples);
    assert!(is_well, "{told}");
    eprintln!("botocore: {seen}");
}

/// Each fault that the check is there for is found.
#[test]
fn the_check_finds_what_aws_would_not_write() {
    let Some(python) = python() else { return };
    let folder = Folder::new("botocore-faults");
    let job = json!({ "jobName": "j", "jobId": "i", "jobQueue": "q", "status": "RUNNING", "startedAt": 1_767_225_600_000_u64,
                      "jobDefinition": "d" });
    let with = |member: &str, value: Value| {
        let mut job = job.clone();
        job[member] = value;
        json!({ "jobs": [job] })
    };
    let faults = [
        (with("colour", json!("red")), "`colour` is no member"),
        (with("status", json!("WAITING")), "`WAITING` is none of"),
        (with("createdAt", json!(1_767_225_600)), "no time in milliseconds"),
        (with("createdAt", json!("2026-01-01T00:00:00Z")), "is no whole number"),
        (json!({ "jobs": [{ "jobId": "i" }] }), "`jobName` is required"),
        (json!({ "jobs": vec![job.clone(); 101] }), "more than AWS gives"),
        (json!({ "cats": [] }), "no answer of AWS Batch"),
    ];
    for (answer, words) in faults {
        folder.write("answer.json", answer.to_string());
        let (_, told, is_well) = judged(&python, &[folder.path().join("answer.json")]);
        assert!(!is_well && told.contains(words), "`{words}`: {told}");
    }
    folder.write("answer.json", with("createdAt", json!(1_767_225_600_000_u64)).to_string());
    let (seen, told, is_well) = judged(&python, &[folder.path().join("answer.json")]);
    assert!(is_well && seen["times"] == 2, "{seen} {told}");
}
