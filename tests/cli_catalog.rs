//! `windtunnel catalog` from the outside: what a person sees, what a program reads, and how bad input ends.

use assert_cmd::Command;
use serde_json::Value;

/// Exit code, stdout and stderr of `windtunnel catalog ARGS`.
fn catalog(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("windtunnel").unwrap().arg("catalog").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(args: &[&str]) -> Value {
    let (code, stdout, stderr) = catalog(&[args, &["--output", "json"]].concat());
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn one_type_is_shown_step_by_step() {
    let (code, stdout, stderr) = catalog(&["m5.large"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for shown in [
        "2 vCPU",
        "8192Mi",
        "x86_64",
        "29 pods",
        "444Mi",
        "7748Mi",
        "70m",
        "574Mi",
        "100Mi",
        "1930m",
        "7074Mi",
        "1430m",
        "6574Mi",
        "200m",
        "1730m",
        "$0.0960/h",
        "$0.0480 per vCPU-hour",
        "list of 2026-07-20",
        "$0.0326/h",
        "66%",
        "15-20%",
        "us-east-1a",
    ] {
        assert!(stdout.contains(shown), "no {shown} in\n{stdout}");
    }
}

#[test]
fn several_types_have_a_row_each() {
    let (code, stdout, _) = catalog(&["m5", "g5.12xlarge", "--region", "eu-west-1"]);
    assert_eq!(code, 0);
    let rows: Vec<_> = stdout.lines().filter(|line| line.starts_with("m5.") || line.starts_with("g5.")).collect();
    assert_eq!(rows.len(), 9, "{stdout}");
    assert!(rows[0].starts_with("m5.large") && rows[0].contains("$0.1070"), "{stdout}");
    assert!(stdout.contains("4 x A10G") && !stdout.contains("metal"), "{stdout}");
}

#[test]
fn the_json_has_every_number() {
    let report = json(&["m5.large"]);
    let facts = &report["instance_types"][0];
    assert_eq!(report["vm_memory_overhead_ppm"], 54_199);
    assert_eq!(facts["typical_daemon_sets"]["cpu_milli"], 200);
    assert_eq!(facts["capacity"]["memory_mib"], 7_748);
    assert_eq!(facts["allocatable"], serde_json::json!({"cpu_milli": 1930, "memory_mib": 7074, "gpus": 0, "pods": 29}));
    assert_eq!(facts["for_jobs_cold"]["cpu_milli"], 1_430);
    assert_eq!(facts["for_jobs"], serde_json::json!({"cpu_milli": 1730, "memory_mib": 6824, "gpus": 0, "pods": 25}));
    let offer = &facts["offer"];
    assert_eq!((&offer["on_demand_usd_per_hour"], &offer["price_basis"]), (&0.096.into(), &"list".into()));
    assert_eq!((&offer["spot"]["saving"], &offer["spot"]["interruption_bucket"]), (&0.66.into(), &3.into()));
}

#[test]
fn without_an_argument_the_families_are_listed() {
    let (code, stdout, _) = catalog(&[]);
    assert_eq!(code, 0);
    assert!(stdout.contains("m5 8, ") && stdout.contains("windtunnel catalog m5.large"), "{stdout}");
    assert!(stdout.lines().count() < 80, "{stdout}");
    let families = json(&["--region", "eu-west-1"]);
    assert!(families["families"].as_array().unwrap().iter().any(|f| f["family"] == "m5" && f["sizes"] == 8));
}

#[test]
fn a_type_without_a_price_is_shown_with_a_word_on_stderr() {
    let (code, stdout, stderr) = catalog(&["p5e.48xlarge"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("8 x H200") && stdout.contains("No On-Demand price in us-east-1"), "{stdout}");
    assert!(stderr.contains("note: p5e.48xlarge") && stderr.contains("`onDemandPrice`"), "{stderr}");
    assert!(json(&["p5e.48xlarge"])["instance_types"][0]["offer"].is_null());
}

#[test]
fn bad_input_says_what_would_be_good_all_at_once() {
    let (code, stdout, stderr) = catalog(&["m5.lagre", "optimum", "m5"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("did you mean `m5.large`?") && stderr.contains("did you mean `optimal`?"), "{stderr}");

    let (code, _, stderr) = catalog(&["m5", "--region", "il-central-1"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("il-central-1 (Tel Aviv)") && stderr.contains("`me-south-1`"), "{stderr}");

    let (code, _, stderr) = catalog(&["m5", "--region", "us-east-9"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("did you mean `us-east-1`?"), "{stderr}");
}
