//! `windtunnel calibrate`: latencies from hand-made objects and from a run whose latencies are known, and the run played again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::{Value, json};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("windtunnel-calibration-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, value: &Value) {
        std::fs::write(self.0.join(name), value.to_string()).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    fn output(&self, words: &[&str]) -> Output {
        Command::cargo_bin("windtunnel").unwrap().current_dir(&self.0).args(words).output().unwrap()
    }

    /// What the program printed; it must end well.
    fn windtunnel(&self, words: &[&str]) -> String {
        let output = self.output(words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "windtunnel {}: {told}", words.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What the program said when it refused.
    fn refused(&self, words: &[&str]) -> String {
        let output = self.output(words);
        assert_eq!(output.status.code(), Some(2), "windtunnel {}", words.join(" "));
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Seconds after midnight of 2026-01-01, as Kubernetes writes them.
fn at(secs: u64) -> String {
    let (day, rest) = (secs / 86_400, secs % 86_400);
    format!("2026-01-{:02}T{:02}:{:02}:{:02}Z", day + 1, rest / 3_600, rest / 60 % 60, rest % 60)
}

fn node(name: &str, of_type: &str, created: u64, ready: Option<u64>) -> Value {
    let conditions = ready.map(|ready| json!({ "type": "Ready", "status": "True", "lastTransitionTime": at(ready) }));
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "creationTimestamp": at(created),
                      "labels": { "node.kubernetes.io/instance-type": of_type } },
        "spec": { "providerID": format!("aws:///us-east-1a/i-{name}") },
        "status": { "conditions": conditions.into_iter().collect::<Vec<_>>() },
    })
}

fn pod(name: &str, node: &str, created: u64, started: u64) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": "jobs", "creationTimestamp": at(created),
                      "labels": { "batch.amazonaws.com/job-id": name } },
        "spec": { "nodeName": node, "containers": [{ "name": "default", "image": "busybox" }] },
        "status": { "containerStatuses": [{ "restartCount": 0, "state": { "terminated": { "startedAt": at(started) } } }] },
    })
}

fn list(items: &[Value]) -> Value {
    // Ahead of the items, as kubectl writes it.
    serde_json::from_str(&format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":{}}}", json!(items))).unwrap()
}

fn instance(id: &str, of_type: &str, launched: u64) -> Value {
    json!({ "InstanceId": format!("i-{id}"), "InstanceType": of_type, "LaunchTime": at(launched) })
}

fn latency<'a>(found: &'a Value, name: &str) -> Option<&'a Value> {
    found["latencies"].as_array().unwrap().iter().find(|latency| latency["name"] == name)
}

fn name(n: u64) -> String {
    format!("n{n}")
}

#[test]
fn latencies_of_nodes_by_class_and_of_pods() {
    let folder = Folder::new("by-hand");
    let mut nodes: Vec<_> = (0..12).map(|n| node(&name(n), "m5.large", 120, Some(145))).collect();
    nodes.extend((12..24).map(|n| node(&name(n), "m5.metal", 600, Some(640 + n))));
    nodes.extend((24..36).map(|n| node(&name(n), "g4dn.xlarge", 120, Some(150))));
    nodes.push(node("odd", "x0.none", 120, Some(150)));
    let of_type = |n| {
        if n < 12 {
            "m5.large"
        } else if n < 24 {
            "m5.metal"
        } else {
            "g4dn.xlarge"
        }
    };
    let mut instances: Vec<_> = (0..36).map(|n| instance(&name(n), of_type(n), 100)).collect();
    instances.push(instance("odd", "x0.none", 100));
    // The first pod of a node pulls; twelve come after it, one while it pulls.
    let mut pods = vec![pod("first", "n0", 200, 230), pod("meanwhile", "n0", 210, 231)];
    pods.extend((0..12).map(|n| pod(&format!("p{n:02}"), "n0", 300 + n, 304 + n)));
    nodes.extend(pods);
    folder.write("cluster.json", &list(&nodes));
    folder.write(
        "instances.json",
        &json!({ "Reservations": [{ "Instances": instances }, { "Instances": [instance("alone", "m5.large", 5)] }] }),
    );
    let told = folder.windtunnel(&["calibrate", "cluster.json", "instances.json", "-o", "out"]);
    let taken = folder.json("out/assumptions.json");
    let taken = &taken["assumptions"];
    assert_eq!(
        (&taken["pendingToReady"], &taken["podStart"]),
        (&json!({ "constant": "45s" }), &json!({ "constant": "4s" }))
    );
    assert_eq!(taken["pendingToReadyMetal"].as_object().unwrap().len(), 1);
    // Of GPUs the plugin comes after Ready; of the rest nothing tells.
    assert_eq!(taken.as_object().unwrap().len(), 3, "{taken}");
    let found = folder.json("out/calibration.json");
    let gpu = latency(&found, "pendingToReadyGpu").unwrap();
    assert_eq!((&gpu["samples"], &gpu["taken"], &gpu["meanS"]), (&json!(12), &json!(false), &json!(50.0)));
    assert_eq!(latency(&found, "registeredToReady").unwrap()["samples"], 37);
    assert_eq!(latency(&found, "podStart").unwrap()["samples"], 12);
    for words in [
        "2 × podStart: pods before which",
        "1 × nodes of types that the catalog lacks",
        "i-alone",
        "requestToPending",
        "No back-test",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(folder.text("out/calibration.svg").starts_with("<svg role=\"img\""));
}

#[test]
fn without_launches_only_what_is_said_of_boots_helps() {
    let folder = Folder::new("boot");
    let nodes: Vec<_> = (0..12).map(|n| node(&name(n), "m5.large", 120, Some(145))).collect();
    folder.write("nodes.json", &list(&nodes));
    let told = folder.windtunnel(&["calibrate", "nodes.json", "-o", "out"]);
    assert_eq!(folder.json("out/assumptions.json"), json!({ "assumptions": {} }));
    assert!(told.contains("describe-instances") && told.contains("registeredToReady"), "{told}");
    let told = folder.windtunnel(&["calibrate", "nodes.json", "--boot", "20s", "-o", "out"]);
    assert_eq!(
        folder.json("out/assumptions.json"),
        json!({ "assumptions": { "pendingToReady": { "constant": "45s" } } })
    );
    assert!(told.contains("20000 ms before"), "{told}");
}

#[test]
fn what_can_not_be_used_is_told_and_defaults_stay() {
    let folder = Folder::new("bad");
    let mut items: Vec<_> = (0..5).map(|n| node(&name(n), "m5.large", 120, Some(145 + n))).collect();
    items.push(node("skewed", "m5.large", 120, Some(90)));
    items.push(node("unready", "m5.large", 120, None));
    let mut down = node("down", "m5.large", 120, Some(200));
    down["status"]["conditions"][0]["status"] = json!("Unknown");
    items.push(down);
    items.push(pod("skewed-pod", "n0", 500, 400));
    let mut restarted = pod("restarted", "n0", 500, 900);
    restarted["status"]["containerStatuses"][0]["restartCount"] = json!(2);
    items.push(restarted);
    let mut foreign = pod("foreign", "n0", 500, 900);
    foreign["metadata"]["labels"] = json!({});
    items.push(foreign);
    items.push(json!({ "kind": "Node", "metadata": {} }));
    folder.write("nodes.json", &list(&items));
    let told = folder.windtunnel(&["calibrate", "nodes.json", "--boot", "1s", "-o", "out"]);
    assert_eq!(folder.json("out/assumptions.json"), json!({ "assumptions": {} }));
    for words in [
        "too few: 5 of the 12",
        "1 × registeredToReady: spans that end before they begin (clocks that differ) (skewed)",
        "1 × pendingToReady: spans that end before they begin",
        "1 × podStart: spans that end before they begin",
        "1 × nodes without the condition Ready",
        "1 × nodes that are not Ready",
        "1 × pods whose containers were restarted",
        "1 × pods that are not of AWS Batch",
        "1 × nodes without a name or a creationTimestamp",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    folder.write("other.json", &json!({ "what": 1 }));
    assert!(folder.refused(&["calibrate", "other.json"]).contains("none of the files tells of nodes"));
    std::fs::write(folder.0.join("cut.json"), "{\"apiVersion\": \"v1\", ").unwrap();
    assert!(folder.refused(&["calibrate", "cut.json"]).contains("cut.json can't be read"));
    assert!(folder.refused(&["calibrate", "gone.json"]).contains("gone.json can't be read"));
    folder.write("assumptions.json", &json!({ "assumption": {} }));
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/getting-started.json");
    let refused = folder.refused(&["run", scenario, "--assumptions", "assumptions.json"]);
    assert!(refused.contains("/assumption is no part of it"), "{refused}");
    folder.write("assumptions.json", &json!({ "assumptions": { "podStarts": { "constant": "1s" } } }));
    let refused = folder.refused(&["compare", scenario, "--assumptions", "assumptions.json"]);
    assert!(refused.contains("/assumptions/podStarts"), "{refused}");
}

/// Jobs whose node is told, so that it can be seen whether they waited for it: on one node, with room.
#[test]
fn the_wait_of_jobs_that_found_room_is_a_sum_and_no_assumption() {
    let folder = Folder::new("jobs");
    let job = |n: u64, created: u64, started: u64, stopped: u64| {
        json!({ "jobId": format!("00000000-0000-4000-8000-{n:012}"), "jobQueue": "q", "jobDefinition": "d:1", "status": "SUCCEEDED",
                "createdAt": created, "startedAt": started, "stoppedAt": stopped,
                "eksAttempts": [{ "nodeName": "n0", "startedAt": started, "stoppedAt": stopped }] })
    };
    let base = 1_767_225_600_000;
    let mut jobs = vec![job(0, base, base + 90_000, base + 9_000_000)];
    jobs.extend((1..=12).map(|n| job(n, base + n * 100_000, base + n * 100_000 + 7_000, base + 9_000_000 + n)));
    // Room became free while this one waited.
    jobs.push(job(13, base + 8_999_000, base + 9_001_000, base + 9_100_000));
    folder.write("jobs.json", &json!({ "jobs": jobs }));
    folder.windtunnel(&["calibrate", "jobs.json", "-o", "out"]);
    let found = folder.json("out/calibration.json");
    let sum = latency(&found, "submitToRunning").unwrap();
    assert_eq!((&sum["samples"], &sum["meanS"], &sum["taken"]), (&json!(12), &json!(7.0), &json!(false)));
    assert_eq!(folder.json("out/assumptions.json"), json!({ "assumptions": {} }));
}

/// A run under latencies that are far from the defaults, told as AWS and kubectl would, gives them back, and is played again.
#[test]
fn a_run_gives_back_its_latencies_and_is_predicted() {
    let folder = Folder::new("run");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/getting-started.json");
    let known = json!({ "assumptions": {
        "pendingToReady": { "weibull": { "shape": 5.0, "scale": "4m" } },
        "podStart": { "lognormal": { "median": "40s", "p95": "90s" } },
        "imagePullBase": "0s", "neverJoinsProbability": 0.0,
    } });
    folder.write("known.json", &known);
    let run = [
        "run",
        scenario,
        "--assumptions",
        "known.json",
        "--out",
        "out",
        "--events",
        "events.jsonl",
        "--export-aws",
        "export",
    ];
    folder.windtunnel(&run);
    let mut objects = Vec::new();
    let mut instances = Vec::new();
    let whole = |text: &str| text.split('.').next().unwrap().parse::<u64>().unwrap();
    let nodes = folder.text("out/nodes.csv");
    for row in nodes.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
        let mut object = node(row[0], row[1], whole(row[5]) + 20, Some(whole(row[6])));
        object["metadata"]["deletionTimestamp"] = json!(at(whole(row[7])));
        objects.push(object);
        instances.push(instance(row[0], row[1], whole(row[5])));
    }
    let secs = |time: &str| {
        let clock: Vec<u64> = time[11..19].split(':').map(|part| part.parse().unwrap()).collect();
        clock[0] * 3_600 + clock[1] * 60 + clock[2]
    };
    let mut starting = BTreeMap::new();
    let mut running = BTreeMap::new();
    for line in folder.text("events.jsonl").lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let detail = &event["detail"];
        let id = detail["jobId"].as_str().unwrap_or_default().to_owned();
        match detail["status"].as_str() {
            Some("STARTING") => drop(starting.insert(id, secs(event["time"].as_str().unwrap()))),
            Some("RUNNING") => drop(running.insert(id, secs(event["time"].as_str().unwrap()))),
            _ => {}
        }
    }
    for row in folder.text("out/jobs.csv").lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
        objects.push(pod(row[0], row[11], starting[row[0]], running[row[0]]));
    }
    folder.write("cluster.json", &list(&objects));
    folder.write("instances.json", &json!({ "Reservations": [{ "Instances": instances }] }));
    let told = folder.windtunnel(&["calibrate", "cluster.json", "instances.json", "export", "-o", "calibrated"]);
    println!("{told}");
    let found = folder.json("calibrated/calibration.json");
    let parameter = |latency: &Value, family: &str, name: &str| {
        let all = latency["candidates"].as_array().unwrap();
        let candidate = all.iter().find(|candidate| candidate["family"] == family).unwrap();
        assert_eq!(candidate["ruledOut"], false, "{candidate}");
        let all = candidate["parameters"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == name).unwrap();
        (one["value"].as_f64().unwrap(), one["standardError"].as_f64().unwrap())
    };
    let ready = latency(&found, "pendingToReady").unwrap();
    let start = latency(&found, "podStart").unwrap();
    for ((value, error), truth) in [
        (parameter(ready, "weibull", "shape"), 5.0),
        (parameter(ready, "weibull", "scale"), 240.0),
        (parameter(start, "lognormal", "mu"), 40_f64.ln()),
        (parameter(start, "lognormal", "sigma"), (90.0_f64 / 40.0).ln() / 1.644_853_627),
    ] {
        assert!((value - truth).abs() <= 3.0 * error, "{value} ± {error}, not {truth}: {told}");
    }
    assert_eq!((&ready["taken"], &start["taken"]), (&json!(true), &json!(true)), "{told}");
    let test = &found["backTest"];
    let figures = test["figures"].as_array().unwrap();
    assert_eq!((&test["jobs"], figures.len()), (&json!(600), 4), "{told}");
    for figure in figures {
        assert!(figure["relativeError"].as_f64().unwrap().abs() < 0.15, "{figure}: {told}");
    }
    // Under the defaults it would not have been predicted.
    let defaults = folder.windtunnel(&[
        "run",
        "calibrated/back-test/scenario.json",
        "--set",
        "/assumptions={}",
        "--output",
        "json",
    ]);
    let defaults: Value = serde_json::from_str(&defaults).unwrap();
    let actual = figures[0]["actual"].as_f64().unwrap();
    assert!(defaults["wait_s"]["p50"].as_f64().unwrap() < 0.7 * actual, "{defaults}");
    // What was written is taken by other runs.
    folder.windtunnel(&["validate", "calibrated/back-test/scenario.json"]);
    let again =
        folder.windtunnel(&["run", scenario, "--assumptions", "calibrated/assumptions.json", "--output", "json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["assumptions"]["podStart"], found["assumptions"]["podStart"]);
}
