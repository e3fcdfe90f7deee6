//! `plan` against brute force and against queueing theory: it finds the same design with at most half of the runs, and
//! what it chose keeps its objectives under seeds that nobody has seen.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use assert_cmd::Command;
use serde_json::{Value, json};
use windtunnel::experiment::plan::{Outcome, Plan, PlanRequest, plan};
use windtunnel::experiment::{Executor, Metric, Study, parse_axis};
use windtunnel::scenario::StudyFile;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Runs of a design at most, and of every design by brute force.
const RUNS: u32 = 40;

fn study(scenario: &Path, vary: &[&str], slo: &[&str]) -> StudyFile {
    StudyFile {
        vary: vary.iter().map(|text| parse_axis(text).unwrap()).collect(),
        slo: slo.iter().map(|&text| text.to_owned()).collect(),
        max_replications: Some(RUNS),
        ..StudyFile::of_scenario(scenario)
    }
}

fn shipped(name: &str) -> PathBuf {
    Path::new(ROOT).join("scenarios").join(name)
}

static GO_ON: AtomicBool = AtomicBool::new(false);

/// The plan, and the seeds that it used.
fn planned(file: &StudyFile) -> Plan {
    let study = Study::new(file).unwrap_or_else(|findings| panic!("{findings}"));
    let request = PlanRequest::new(file, &study).unwrap_or_else(|findings| panic!("{findings}"));
    plan(&mut Executor::new(&study, &GO_ON), &study, &request, &()).unwrap()
}

fn mean(values: &[Option<f64>]) -> f64 {
    let values: Vec<f64> = values.iter().map(|value| value.expect("measured")).collect();
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
}

/// Every design as often as it gets: the index of the cheapest whose means keep `keeps`.
fn brute_force(file: &StudyFile, minimize: &str, keeps: &[(&str, f64)]) -> Option<usize> {
    let study = Study::new(file).unwrap();
    let mut executor = Executor::new(&study, &GO_ON);
    let all: Vec<usize> = (0..study.variants.len()).collect();
    executor.run(&all, RUNS, &()).unwrap();
    let of = |design, key: &str| mean(&executor.samples().values(design, &Metric::of(key), RUNS));
    let feasible = all.into_iter().filter(|&design| keeps.iter().all(|&(key, most)| of(design, key) <= most));
    feasible.min_by(|&a, &b| of(a, minimize).total_cmp(&of(b, minimize)).then(a.cmp(&b)))
}

/// The chosen design under a thousand seeds further on.
fn holds_elsewhere(file: &StudyFile, design: usize, keeps: &[(&str, f64)]) {
    let elsewhere = StudyFile { seed: Some(1_000_001), ..file.clone() };
    let study = Study::new(&elsewhere).unwrap();
    let mut executor = Executor::new(&study, &GO_ON);
    executor.run(&[design], 30, &()).unwrap();
    for &(key, most) in keeps {
        let found = mean(&executor.samples().values(design, &Metric::of(key), 30));
        assert!(found <= most, "{}: {key} is {found} under other seeds, not {most}", study.variants[design].name);
    }
}

/// The plan's choice is brute force's, for at most half of its runs, and holds elsewhere.
fn finds_what_brute_force_finds(file: &StudyFile, keeps: &[(&str, f64)]) -> Plan {
    let found = planned(file);
    let chosen = found.chosen.as_ref().expect("some design keeps the objectives");
    let best = brute_force(file, "cost.total", keeps).expect("brute force finds one too");
    assert_eq!(found.designs[chosen.design].name, found.designs[best].name);
    let all = u64::from(RUNS) * found.designs.len() as u64;
    let spent = found.spent.search + found.spent.fresh;
    println!("{}: {spent} runs instead of {all}", found.scenario);
    assert!(spent * 2 <= all, "{spent} runs instead of {all}");
    assert!(chosen.fresh.held);
    holds_elsewhere(file, chosen.design, keeps);
    found
}

#[test]
fn the_size_of_a_burst() {
    let vary = ["maxvCpus=8,16,32,64,96,128", r#"instanceTypes=["m5.large","m5.xlarge"],["m5"]"#];
    let file = study(&shipped("getting-started.json"), &vary, &["wait.p95 <= 3m", "jobs.failed == 0"]);
    let found = finds_what_brute_force_finds(&file, &[("wait_s.p95", 180.0), ("jobs.failed", 0.0)]);
    let small: Vec<_> = found.infeasible.iter().map(|region| region.place.as_str()).collect();
    assert!(small.contains(&"maxvCpus=8") && small.contains(&"maxvCpus=32"), "{small:?}");
    let next = found.runner_up.as_ref().expect("there is a second");
    assert!(next.difference.expect("both ran").mean > 0.0);
    let costs: Vec<_> = found.front.iter().map(|&design| found.designs[design].cost.unwrap().mean).collect();
    assert!(costs.len() >= 3 && costs.is_sorted(), "{costs:?}");
}

#[test]
fn families_and_what_stands_behind_them() {
    let vary =
        [r#"spot.instanceTypes=["c5.4xlarge"],["m5","m6i"],["m5","m6i","c5","c6i"]"#, "on-demand.maxvCpus=0,1000,4000"];
    let file = study(&shipped("scarce-capacity.json"), &vary, &["wait.p95 <= 10m"]);
    finds_what_brute_force_finds(&file, &[("wait_s.p95", 600.0)]);
}

#[test]
fn attempts_in_a_harsh_market() {
    let mut file = study(
        &shipped("spot-against-on-demand.json"),
        &["computeEnvironment=spot,on-demand", "attempts=1,3,5,10"],
        &["jobs.failed == 0"],
    );
    file.set.insert("/market/spot".to_owned(), json!("harsh"));
    let found = finds_what_brute_force_finds(&file, &[("jobs.failed", 0.0)]);
    let missed: Vec<_> = found.designs.iter().map(|design| design.outcome == Outcome::Infeasible).collect();
    assert_eq!(missed, [true, true, true, true, false, false, false, false], "Spot loses jobs, On-Demand none");
}

/// An M/M/c queue of 8 Erlang whose mean service takes 100 s, as a scenario.
fn m_m_c(folder: &Path) -> PathBuf {
    let scenario = json!({
        "description": "How many servers?",
        "region": "us-east-1",
        "computeEnvironments": [ {
            "computeEnvironmentName": "servers", "type": "UNMANAGED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/jobs", "kubernetesNamespace": "jobs" }
        } ],
        "jobQueues": [ { "jobQueueName": "q", "priority": 1,
            "computeEnvironmentOrder": [ { "order": 1, "computeEnvironment": "servers" } ] } ],
        "jobDefinitions": [ { "jobDefinitionName": "job", "type": "container", "eksProperties": { "podProperties": {
            "containers": [ { "image": "i", "resources": { "limits": { "cpu": "1", "memory": "512Mi" } } } ] } } } ],
        "cluster": { "nodes": [ { "computeEnvironment": "servers", "count": 9, "cpu": "1", "memory": "1Gi" } ] },
        "workload": [ { "submit": { "jobName": "job", "jobQueue": "q", "jobDefinition": "job" }, "count": 8_000,
            "arrivals": { "poisson": { "perHour": 288 } }, "runtime": { "exponential": { "mean": "100s" } } } ],
        "assumptions": { "preset": "ideal" }
    });
    let path = folder.join("servers.json");
    std::fs::write(&path, scenario.to_string()).unwrap();
    path
}

/// Erlang's C formula: the mean wait in seconds with `servers` servers.
fn erlang_c_wait_s(servers: u32) -> f64 {
    let (load, service_s) = (8.0, 100.0);
    let blocking = (1..=servers).fold(1.0, |b, c| load * b / (f64::from(c) + load * b));
    let waiting = blocking / (1.0 - load / f64::from(servers) * (1.0 - blocking));
    waiting * service_s / (f64::from(servers) - load)
}

#[test]
fn the_number_of_servers_is_erlangs() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = study(&m_m_c(folder.path()), &["/cluster/nodes/0/count=9,10,11,12,13,14"], &["wait.mean <= 14s"]);
    file.minimize = Some("capacity.peak_nodes".to_owned());
    let by_theory = (9..=14).find(|&servers| erlang_c_wait_s(servers) <= 14.0).unwrap();
    assert_eq!(by_theory, 11);
    let found = planned(&file);
    let chosen = found.chosen.as_ref().expect("eleven servers will do");
    assert_eq!(found.designs[chosen.design].name, by_theory.to_string());
    assert!(chosen.beyond_doubt && chosen.fresh.held);
    assert!(2 * (found.spent.search + found.spent.fresh) <= u64::from(RUNS) * 6, "{:?}", found.spent);
}

#[test]
fn what_nothing_keeps_is_said_with_the_nearest_miss() {
    let output = Command::cargo_bin("windtunnel")
        .unwrap()
        .current_dir(ROOT)
        .args(["plan", "scenarios/getting-started.json", "--vary", "maxvCpus=8,16,32", "--slo", "wait.p95 <= 10s"])
        .args(["--output", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["chosen"], Value::Null);
    let nearest = format!("/designs/{}/name", found["nearest_miss"]["design"]);
    assert_eq!(found.pointer(&nearest).unwrap(), "32");
    assert!(found["nearest_miss"]["by"].as_f64().unwrap() > 1.0);
}

#[test]
fn a_plan_says_what_it_cant_read() {
    let said = |args: &[&str]| {
        let mut command = Command::cargo_bin("windtunnel").unwrap();
        let output =
            command.current_dir(ROOT).args(["plan", "scenarios/getting-started.json"]).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["--vary", "maxvCpus=8,16"]).contains("--slo 'wait.p95 <= 15m'"));
    assert!(said(&["--vary", "maxvCpus=8", "--slo", "cost.totl <= 1"]).contains("did you mean `cost.total`?"));
    let two = said(&["--vary", "maxvCpus=8", "--slo", "wait.p95 <= soon", "--minimize", "cost.totl"]);
    assert!(two.contains("like 15m") && two.contains("did you mean `cost.total`?"), "{two}");
}
