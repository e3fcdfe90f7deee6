//! Journals of live runs, made by the library without a cluster: what came while the run went on is explained by its name,
//! and imported; that the end is missing is said.

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::ids::JobId;
use windtunnel::journal::{Appender, Header, LiveEnvironment, LiveHeader, Named, NamedJob};
use windtunnel::model::{Distribution, SubmitJob};
use windtunnel::scenario;
use windtunnel::scheduler::{Decision, Event, Observation, Scheduler};
use windtunnel::sim::{Behaviour, SimWorld, Told};
use windtunnel::units::{SimDuration, SimTime};

/// Writes a live run's journal, with the names of what is submitted when it is.
struct Journal {
    appender: Rc<RefCell<Appender>>,
    named: Vec<NamedJob>,
}

impl Watcher for Journal {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        let is_told =
            |own| seen.events.iter().any(|event| matches!(event, Event::JobSubmitted { job, .. } if *job == own));
        let jobs: Vec<_> = self.named.extract_if(.., |named| is_told(named.job)).collect();
        if !jobs.is_empty() {
            self.appender.borrow_mut().named(&Named { jobs, ..Named::default() })?;
        }
        self.appender.borrow_mut().seen(seen)
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.appender.borrow_mut().decided(decision).map(drop)
    }
}

fn submit(name: &str, definition: &str, more: &Value) -> Value {
    let mut submit = json!({ "jobName": name, "jobQueue": "queue", "jobDefinition": definition });
    submit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    submit
}

fn day() -> Value {
    let definition = |name: &str, cpu: &str| {
        let container = json!({ "image": "busybox", "resources": { "requests": { "cpu": cpu, "memory": "512Mi" } } });
        json!({ "jobDefinitionName": name, "type": "container", "retryStrategy": { "attempts": 2 },
                "eksProperties": { "podProperties": { "containers": [container] } } })
    };
    json!({
        "region": "us-east-1",
        "computeEnvironments": [{ "computeEnvironmentName": "fleet", "type": "UNMANAGED", "state": "ENABLED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c",
                                  "kubernetesNamespace": "jobs" } }],
        "jobQueues": [{ "jobQueueName": "queue", "priority": 1,
                        "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "fleet" }] }],
        "jobDefinitions": [definition("plain", "1"), definition("wide", "1.75")],
        "cluster": { "nodes": [{ "computeEnvironment": "fleet", "count": 2, "cpu": "4", "memory": "16Gi" }] },
        "workload": [{ "submit": submit("own", "plain", &json!({})), "count": 4, "runtime": { "constant": "70s" } }],
        "assumptions": { "preset": "ideal" }
    })
}

/// A live run's journal: a scenario's four jobs, and three that come while it goes on.
fn journal(folder: &Path, whole: bool) -> PathBuf {
    let file = folder.join("day.json");
    fs::write(&file, day().to_string()).unwrap();
    let (resolved, mut batch) = scenario::load_with_account(&file, &[]).unwrap();
    let live = LiveHeader {
        run: "6f1d9f5e-9d3c-3b44-8a36-5c1d2b7e9a10".to_owned(),
        began_at_ms: 1_700_000_000_000,
        speed: 1.0,
        backend: "unmanaged".to_owned(),
        environments: vec![LiveEnvironment { uuid: "u".to_owned(), namespace: "jobs".to_owned() }],
        scenario_crc32: "00000000".to_owned(),
    };
    let header = Header::of_live(live, &resolved.scenario_name, resolved.config.clone(), resolved.names);
    let path = folder.join("live.jsonl");
    let appender = Rc::new(RefCell::new(Appender::create(&path, &header).unwrap()));
    let mut world = SimWorld::new(resolved.world, 1);
    let mut named = Vec::new();
    let late = [
        (30, submit("late", "wide", &json!({ "arrayProperties": { "size": 3 } }))),
        (45, submit("own", "plain", &json!({}))),
        (50, submit("after", "wide", &json!({ "dependsOn": [{ "jobId": "1-0" }] }))),
    ];
    for ((at, submit), index) in late.into_iter().zip(0..) {
        let job = JobId::new(1, index);
        let known = batch.job_specs().len();
        let document: SubmitJob = serde_json::from_value(submit.clone()).unwrap();
        let events = batch.submit_job(&document, job).unwrap().events;
        let new_spec = batch.job_specs().get(known).map(|spec| spec.name.clone());
        let spec = events.iter().find_map(|event| match event {
            Event::JobSubmitted { spec, .. } => Some(*spec),
            _ => None,
        });
        let runtime = Distribution::constant(SimDuration::from_secs(20 + index));
        let behaviour = Behaviour { runtime, failure_probability: 0.0, failures: Vec::new(), image_of: None };
        world.tell(SimTime::from_millis(at * 1_000), Told { events, behaviours: vec![(spec.unwrap(), behaviour)] });
        named.push(NamedJob { job, source: format!("stdin:{}", index + 1), submit, new_spec });
    }
    let mut watcher = Journal { appender: appender.clone(), named };
    driver::run(&mut Scheduler::new(header.config), &mut world, &mut watcher).unwrap();
    drop(watcher);
    let appender = Rc::into_inner(appender).unwrap().into_inner();
    if whole {
        appender.finish().unwrap();
    }
    path
}

fn windtunnel(folder: &TempDir, words: &[&str]) -> Output {
    let output = Command::cargo_bin("windtunnel").unwrap().current_dir(folder.path()).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_end_that_is_missing_is_told() {
    let folder = tempdir().unwrap();
    let path = journal(folder.path(), false);
    let said = || {
        let replayed = text(&windtunnel(&folder, &["replay", "live.jsonl"]).stdout);
        let json = text(&windtunnel(&folder, &["replay", "live.jsonl", "--output", "json"]).stdout);
        let explained = text(&windtunnel(&folder, &["explain", "live.jsonl", "--job", "1-0"]).stderr);
        (replayed, serde_json::from_str::<Value>(&json).unwrap()["ended"].clone(), explained)
    };
    let (replayed, ended, explained) = said();
    assert!(replayed.starts_with("equal: ") && replayed.contains("the run goes on, or was stopped"), "{replayed}");
    assert!(explained.contains("the run goes on, or was stopped"), "{explained}");
    assert_eq!(ended, false);
    write!(OpenOptions::new().append(true).open(&path).unwrap(), "{{\"seen\":{{\"now\":9").unwrap();
    let (replayed, ended, explained) = said();
    assert!(replayed.contains("killed while it wrote") && explained.contains("killed while it wrote"), "{replayed}");
    assert_eq!(ended, false);
    let imported = text(&windtunnel(&folder, &["import", "journal", "live.jsonl", "-o", "day"]).stdout);
    assert!(imported.contains("killed while it wrote"), "{imported}");

    let folder = tempdir().unwrap();
    journal(folder.path(), true);
    let replayed = text(&windtunnel(&folder, &["replay", "live.jsonl"]).stdout);
    assert!(replayed.starts_with("equal: ") && !replayed.contains("the run"), "{replayed}");
    let explained = windtunnel(&folder, &["explain", "live.jsonl", "--job", "1-0"]);
    assert_eq!(text(&explained.stderr), "");
}

#[test]
fn what_came_later_is_explained_by_its_name() {
    let folder = tempdir().unwrap();
    journal(folder.path(), true);
    let head = |job: &str| {
        let said = text(&windtunnel(&folder, &["explain", "live.jsonl", "--job", job]).stdout);
        said.lines().next().unwrap().to_owned()
    };
    assert_eq!(head("1-0"), "1-0: array of 3 late (wide) in queue");
    assert_eq!(head("1-1"), "1-1: own (plain) in queue", "a spec that was known");
    assert_eq!(head("1-2"), "1-2: after (wide) in queue");
}

/// The imported day has the jobs that came later, under their names, on the nodes that were there, at their times.
#[test]
fn what_came_later_is_imported() {
    let folder = tempdir().unwrap();
    journal(folder.path(), true);
    let told = text(&windtunnel(&folder, &["import", "journal", "live.jsonl", "-o", "day"]).stdout);
    assert!(told.contains("7 submissions and 9 recorded attempts"), "an array of 3: {told}");
    assert!(!told.contains("left out") && !told.contains("ends early"), "{told}");
    let text_of = fs::read_to_string(folder.path().join("day/scenario.json")).unwrap();
    let scenario: Value = serde_json::from_str(&text_of).unwrap();
    assert_eq!(scenario["computeEnvironments"][0]["type"], "UNMANAGED");
    assert_eq!(scenario["computeEnvironments"][0]["eksConfiguration"]["kubernetesNamespace"], "jobs");
    assert_eq!(scenario["cluster"]["nodes"][0]["count"], 2);
    let workload = scenario["workload"].as_array().unwrap();
    let names: Vec<_> = workload.iter().map(|entry| entry["submit"]["jobName"].as_str().unwrap()).collect();
    assert_eq!(names, ["own", "late", "own", "after"]);
    let words = ["run", "day/scenario.json", "--out", "out", "--output", "json"];
    let summary: Value = serde_json::from_slice(&windtunnel(&folder, &words).stdout).unwrap();
    assert_eq!((&summary["jobs"]["submitted"], &summary["jobs"]["succeeded"]), (&json!(9), &json!(9)));
    let jobs = fs::read_to_string(folder.path().join("out/jobs.csv")).unwrap();
    let row =
        |name: &str| jobs.lines().find(|line| line.split(',').nth(1) == Some(name)).unwrap_or_else(|| panic!("{jobs}"));
    assert!(row("late").contains(",30.0,"), "submitted at 30 s: {}", row("late"));
    assert!(row("after").contains(",22.0,"), "ran for 22 s: {}", row("after"));
}
