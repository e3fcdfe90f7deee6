//! Workflows in `WfFormat` run as the graphs they are: with room for all and nothing that takes time but the tasks, the makespan is
//! the critical path, to the millisecond.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::traces::{say, traces};

/// Nothing takes time, nothing fails.
const IDEAL: [&str; 2] = ["--set", r#"/assumptions={"preset":"ideal"}"#];
/// Room for everything at once.
const ROOM: [&str; 2] = ["--nodes", "400x64x512Gi"];

/// A graph as the test reads it: by task, its milliseconds and parents. Knows nothing of the import.
struct Graph(BTreeMap<String, (f64, Vec<String>)>);

impl Graph {
    /// Of an instance of version 1.5.
    fn new(instance: &Value) -> Self {
        let tasks = |part: &str| instance["workflow"][part]["tasks"].as_array().unwrap().clone();
        let id = |task: &Value| task["id"].as_str().unwrap().to_owned();
        let mut graph: BTreeMap<_, _> = tasks("execution")
            .iter()
            .map(|task| (id(task), ((task["runtimeInSeconds"].as_f64().unwrap() * 1e3).round(), Vec::new())))
            .collect();
        for task in tasks("specification") {
            for parent in task["parents"].as_array().unwrap() {
                graph.get_mut(&id(&task)).unwrap().1.push(parent.as_str().unwrap().to_owned());
            }
            for child in task["children"].as_array().unwrap() {
                graph.get_mut(child.as_str().unwrap()).unwrap().1.push(id(&task));
            }
        }
        Self(graph)
    }

    /// Seconds of the longest chain: when each task ends, by waves until nothing changes.
    fn critical_path_s(&self) -> f64 {
        let mut ends: BTreeMap<&str, f64> = BTreeMap::new();
        loop {
            let before = ends.clone();
            for (task, (millis, parents)) in &self.0 {
                let start = parents
                    .iter()
                    .map(|parent| before.get(parent.as_str()).copied().unwrap_or(0.0))
                    .fold(0.0, f64::max);
                ends.insert(task, start + millis);
            }
            if ends == before {
                return ends.values().copied().fold(0.0, f64::max) / 1e3;
            }
        }
    }
}

#[track_caller]
fn assert_seconds(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - wanted).abs() < 5e-4, "{found} s, {wanted} s");
}

fn instance(path: &Path) -> Value {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn recorded_workflows_take_their_critical_path() {
    let Some(folder) = traces("wfcommons") else { return };
    for (name, tasks) in [("nfcore-mag", 157), ("nfcore-rnaseq", 197), ("nfcore-sarek", 26)] {
        let path = folder.join(format!("{name}.json.gz"));
        let own = Folder::new(name);
        own.import(&[&["wfcommons", path.to_str().unwrap()], &ROOM[..]].concat());
        let summary = own.run(&IDEAL);
        let critical = Graph::new(&instance(&path)).critical_path_s();
        assert_seconds(&summary["makespan_s"], critical);
        // Jobs that only stand between others are the import's own.
        let scenario = own.json("imported/scenario.json");
        let entries = scenario["workload"].as_array().unwrap();
        let joins = entries.iter().filter(|entry| entry["submit"]["jobName"] == "join");
        assert_eq!(summary["jobs"]["succeeded"], tasks + joins.count());
        say(&format!("{name}: {tasks} tasks, makespan {} s, critical path {critical} s", summary["makespan_s"]));
    }
}

fn task(id: &str, parents: &[&str], children: &[&str]) -> Value {
    json!({ "name": id.split('_').next(), "id": id, "parents": parents, "children": children })
}

/// A diamond with a tail: one end says what waits for what, the other nothing; the long way is 1.5 + 20.25 + 3 s.
fn diamond() -> Value {
    let run = |id: &str, secs: f64| json!({ "id": id, "runtimeInSeconds": secs, "coreCount": 2, "memoryInBytes": 100 << 20, "command": { "program": "x" } });
    json!({
        "name": "diamond", "schemaVersion": "1.5",
        "workflow": {
            "specification": { "tasks": [
                task("end_1", &["short_1"], &[]), task("split_1", &[], &["short_1", "long_1"]),
                task("short_1", &[], &[]), task("long_1", &["split_1"], &["end_1"])
            ], "files": [{ "id": "a", "sizeInBytes": 5 }] },
            "execution": { "makespanInSeconds": 30, "executedAt": "2024-01-01", "tasks": [
                run("split_1", 1.5), run("short_1", 2.0), run("long_1", 20.25), run("end_1", 3.0)
            ], "machines": [{ "nodeName": "n" }] }
        }
    })
}

#[test]
fn a_workflow_of_our_own_takes_its_critical_path() {
    let folder = Folder::new("diamond");
    folder.write("diamond.json", diamond().to_string());
    let (_, told) = folder.import(&[&["wfcommons", "diamond.json"], &ROOM[..]].concat());
    assert!(told.contains("4 tasks and 4 dependencies of `diamond`, WfFormat 1.5"), "{told}");
    assert!(told.contains("1 × machines that the tasks ran on"), "{told}");
    let summary = folder.run(&IDEAL);
    assert_seconds(&summary["makespan_s"], 24.75);
    assert_seconds(&summary["makespan_s"], Graph::new(&diamond()).critical_path_s());
    assert_eq!(summary["jobs"]["succeeded"], 4);
    // One node of two vCPUs: nothing beside anything else.
    folder.import(&["wfcommons", "diamond.json", "--nodes", "1x2x1Gi"]);
    assert_seconds(&folder.run(&IDEAL)["makespan_s"], 26.75);
}

/// A layer of 60 before one task and a layer of 60 behind it: more than the 20 dependencies that AWS Batch takes, and the last of
/// the first layer decides.
#[test]
fn a_fan_in_wider_than_aws_takes_adds_no_time() {
    let layer: Vec<_> = (0..60).map(|n| format!("one_{n}")).collect();
    let names: Vec<_> = layer.iter().map(String::as_str).collect();
    let mut tasks: Vec<_> = layer.iter().map(|id| task(id, &[], &[])).collect();
    tasks.push(task("all_0", &names, &[]));
    tasks.extend((0..60).map(|n| task(&format!("two_{n}"), &["all_0"], &[])));
    let runs: Vec<_> =
        tasks.iter().zip(1..).map(|(task, n)| json!({ "id": task["id"], "runtimeInSeconds": n })).collect();
    let written = json!({ "name": "wide", "schemaVersion": "1.5", "workflow": {
        "specification": { "tasks": tasks }, "execution": { "makespanInSeconds": 1, "executedAt": "x", "tasks": runs } } });
    let folder = Folder::new("wide");
    folder.write("wide.json", written.to_string());
    let (_, told) = folder.import(&[&["wfcommons", "wide.json"], &ROOM[..]].concat());
    assert!(told.contains("3 jobs called `join`"), "{told}");
    let summary = folder.run(&IDEAL);
    assert_seconds(&summary["makespan_s"], 60.0 + 61.0 + 121.0);
    assert_seconds(&summary["makespan_s"], Graph::new(&written).critical_path_s());
    assert_eq!(summary["jobs"]["succeeded"], 121 + 3);
}

/// The same two tasks in the words of 1.3 and of 1.4: by name, runtime in `runtime` and memory in KB, or spelled out.
#[test]
fn older_versions_say_the_same() {
    let parts = [
        ("1.3", json!({ "runtime": 2, "cores": 1, "memory": 2_000_000 }), "makespan"),
        ("1.4", json!({ "runtimeInSeconds": 2, "cores": 1, "memoryInBytes": 2_000_000_000_u64 }), "makespanInSeconds"),
    ];
    let scenarios = parts.map(|(version, own, makespan)| {
        let task = |name: &str, parents: &[&str]| {
            let mut task = own.clone();
            (task["name"], task["parents"], task["category"]) = (json!(name), json!(parents), json!("step"));
            task
        };
        let workflow = json!({ "tasks": [task("b_2", &["a_1"]), task("a_1", &[])], makespan: 4 });
        let folder = Folder::new(&format!("version-{version}"));
        folder.write("old.json", json!({ "name": "old", "schemaVersion": version, "workflow": workflow }).to_string());
        folder.import(&[&["wfcommons", "old.json"], &ROOM[..]].concat());
        assert_seconds(&folder.run(&IDEAL)["makespan_s"], 4.0);
        folder.json("imported/scenario.json")
    });
    assert_eq!(scenarios[0], scenarios[1]);
    assert_eq!(scenarios[0]["jobDefinitions"][0]["jobDefinitionName"], "1vcpu-1908mib");
    assert_eq!(scenarios[0]["workload"][1]["submit"]["dependsOn"], json!([{ "jobId": "step" }]));
}

#[test]
fn what_is_no_workflow_is_told() {
    let folder = Folder::new("no-workflow");
    let mut circle = diamond();
    circle["workflow"]["specification"]["tasks"][1]["parents"] = json!(["end_1"]);
    let mut twice = diamond();
    twice["workflow"]["specification"]["tasks"][0]["id"] = json!("split_1");
    let mut missing = diamond();
    missing["workflow"]["specification"]["tasks"][0]["parents"] = json!(["nobody"]);
    for (text, said) in [
        (circle.to_string(), "waits, through others, for itself"),
        (twice.to_string(), "two tasks are called `split_1`"),
        (diamond().to_string()[..200].to_owned(), "EOF while parsing"),
        ("{}".to_owned(), "missing field `workflow`"),
    ] {
        folder.write("bad.json", text);
        let (code, _, stderr) = folder.try_command(&["import", "wfcommons", "bad.json", "-o", "imported"]);
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
    folder.write("missing.json", missing.to_string());
    let (_, told) = folder.import(&["wfcommons", "missing.json"]);
    assert!(told.contains("1 × dependencies on or of tasks that are not there (nobody of end_1)"), "{told}");
}
