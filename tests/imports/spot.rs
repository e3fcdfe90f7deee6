//! Recorded Spot pools: traces and price histories, in scenarios and imported.

use serde_json::{Value, json};

use crate::folder::Folder;

/// A Spot environment of one type in us-east-1, whose jobs fill an instance each; nothing is drawn but the market.
fn scenario(count: u32, runtime: &str, traces: &Value) -> Value {
    json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "spot", "type": "MANAGED", "state": "ENABLED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c", "kubernetesNamespace": "jobs" },
            "computeResources": {
                "type": "SPOT", "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED", "minvCpus": 0, "maxvCpus": 64,
                "instanceTypes": ["m5.large"], "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"],
                "instanceRole": "arn:aws:iam::123456789012:instance-profile/p",
            },
        }],
        "jobQueues": [{ "jobQueueName": "q", "state": "ENABLED", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "spot" }] }],
        "jobDefinitions": [{ "jobDefinitionName": "d", "type": "container", "retryStrategy": { "attempts": 5 },
            "eksProperties": { "podProperties": { "containers": [{ "image": "busybox", "command": ["true"],
                "resources": { "limits": { "cpu": "1", "memory": "4096Mi" } } }] } } }],
        "workload": [{ "submit": { "jobName": "j", "jobQueue": "q", "jobDefinition": "d" }, "count": count,
            "runtime": { "constant": runtime } }],
        "cluster": { "daemonSets": [] },
        "market": { "spot": "calm", "traces": traces },
        "assumptions": { "preset": "ideal", "capacityRetryDelay": "1m" },
        "stop": { "at": "drained", "after": "2d" },
    })
}

/// One trace for one zone, none for all other zones: the pools there are empty.
fn traces(own: Value) -> Value {
    let mut own = own;
    own["instanceType"] = json!("m5.large");
    own["availabilityZone"] = json!("us-east-1a");
    json!([{ "instanceType": "m5.large", "availability": "none.json" }, own])
}

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("none.json", r#"{"metadata":{"gap_seconds":3600},"data":[0]}"#);
    folder
}

fn run(folder: &Folder, scenario: &Value, words: &[&str]) -> Value {
    folder.write("scenario.json", scenario.to_string());
    let words = [&["run", "scenario.json", "--out", "results", "--output", "json"], words].concat();
    serde_json::from_str(&folder.command(&words)).unwrap()
}

fn near(told: &Value, wanted: f64) {
    let told = told.as_f64().unwrap();
    assert!((told - wanted).abs() < 2e-6, "{told} is not {wanted}");
}

/// Three jobs of 40 minutes; the pool has two instances, after half an hour one, after an hour three. One of the first two is
/// taken and its job goes on the instance that stays, once that is free; the third job waits for the third half-hour.
#[test]
fn a_pool_gives_and_keeps_what_its_trace_says() {
    let folder = folder("spot-count");
    folder.write("trace.json", r#"{"metadata":{"gap_seconds":1800},"data":[2,1,3,3,3,3]}"#);
    let scenario = scenario(3, "40m", &traces(json!({ "availability": "trace.json" })));
    let summary = run(&folder, &scenario, &[]);
    assert_eq!((&summary["jobs"]["succeeded"], &summary["spot"]["interruptions"]), (&json!(3), &json!(1)));
    assert_eq!(summary["blocked_s"]["CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"], 3600.0, "a launch is refused at depth");
    near(&summary["instance_types"][0]["vcpu_hours"], 5.0);
    assert_eq!(summary["instance_types"][0]["attempts"], 4);
    let page = folder.text("results/report.html");
    assert!(page.contains("Spot capacity of m5.large in us-east-1a") && page.contains("trace.json: 6 ticks of 30m"));
    let explained = folder.command(&["explain", "scenario.json", "--job", "0-0"]);
    assert_eq!(explained, folder.command(&["explain", "scenario.json", "--job", "0-0"]), "the lot is keyed");
}

/// The third half-hour has no instance left; that the trace repeats, or that one in it stands for two, makes the difference.
#[test]
fn after_its_end_a_trace_repeats_or_holds() {
    let folder = folder("spot-end");
    folder.write("trace.json.gz", gzipped(r#"{"metadata":{"gap_seconds":1800},"data":[1,0]}"#));
    let ended = |own: Value| {
        let summary = run(&folder, &scenario(2, "20m", &traces(own)), &[]);
        summary["jobs"]["succeeded"].as_u64().unwrap()
    };
    assert_eq!(ended(json!({ "availability": "trace.json.gz" })), 2);
    assert_eq!(ended(json!({ "availability": "trace.json.gz", "atEnd": "hold" })), 1);
    assert_eq!(ended(json!({ "availability": "trace.json.gz", "atEnd": "hold", "instancesPerUnit": 2 })), 2);
    assert_eq!(ended(json!({ "availability": "trace.json.gz", "atEnd": "hold", "offset": "30m" })), 0);
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn price(usd: &str, at: &str) -> Value {
    json!({ "AvailabilityZone": "us-east-1a", "InstanceType": "m5.large", "ProductDescription": "Linux/UNIX",
        "SpotPrice": usd, "Timestamp": at })
}

/// 30 minutes at $0.04 and 10 at $0.08; half an hour later it is 30 at $0.08 and 10 at $0.04 again.
#[test]
fn the_bill_follows_the_price_path() {
    let folder = folder("spot-price");
    let history = json!({ "SpotPriceHistory": [
        price("0.080000", "2026-03-01T09:30:00+00:00"), price("0.040000", "2026-03-01T09:00:00+00:00")] });
    folder.write("prices.json", history.to_string());
    folder.write("full.json", r#"{"metadata":{"gap_seconds":3600},"data":[9],"prices":[5]}"#);
    let scenario = scenario(1, "40m", &traces(json!({ "availability": "full.json", "prices": "prices.json" })));
    let cost = |words: &[&str]| run(&folder, &scenario, words)["instance_types"][0]["cost"].clone();
    near(&cost(&[]), 0.5 * 0.04 + 0.08 / 6.0);
    near(&cost(&["--set", "/market/traces/1/offset=30m"]), 0.5 * 0.08 + 0.04 / 6.0);
    near(&cost(&["--set", "/market/traces/1/offset=30m", "--set", "/market/traces/1/atEnd=hold"]), 0.08 * 2.0 / 3.0);
    near(&cost(&["--set", "/market/traces/1/prices=null"]), 5.0 * 2.0 / 3.0);
}

#[test]
fn faults_name_file_and_pointer() {
    let folder = folder("spot-faults");
    folder.write("torn.json", r#"{"metadata":{"gap_seconds":60},"data":[1,-1]}"#);
    let told = |traces: Value| {
        folder.write("scenario.json", scenario(1, "1h", &traces).to_string());
        folder.refused(&["validate", "scenario.json"])
    };
    let own = |key: &str, value: &str| {
        let mut entry = json!({ "instanceType": "m5.large", "availability": "none.json" });
        entry[key] = json!(value);
        json!([entry])
    };
    for (traces, wanted) in [
        (own("availability", "torn.json"), vec!["torn.json", "/data/1"]),
        (own("availability", "gone.json"), vec!["/market/traces/0/availability", "no file `gone.json`"]),
        (
            own("availabilityZone", "us-east-1z"),
            vec!["/market/traces/0/availabilityZone", "not offered", "`us-east-1a`"],
        ),
        (own("atEnd", "stop"), vec!["/market/traces/0/atEnd"]),
        (json!([{ "instanceType": "m5.large" }]), vec!["/market/traces/0", "names no file"]),
        (
            json!([{ "instanceType": "m5.large", "availability": "none.json" },
            { "instanceType": "m5.large", "availability": "none.json" }]),
            vec!["/market/traces/1", "another entry"],
        ),
    ] {
        let told = told(traces);
        assert!(wanted.iter().all(|part| told.contains(part)), "{wanted:?}: {told}");
    }
}

#[test]
fn traces_and_prices_are_imported_and_run() {
    let folder = Folder::new("spot-import");
    folder.write("m5.large-us-east-1a.json", r#"{"metadata":{"gap_seconds":7200},"data":[1,2]}"#);
    let history = json!({ "SpotPriceHistory": [price("0.04", "2026-03-01T09:00:00Z")] });
    folder.write("prices.json", history.to_string());
    let (scenario, told) = folder.import(&["spot", "m5.large-us-east-1a.json", "prices.json"]);
    assert_eq!(
        scenario["market"]["traces"],
        json!([
            { "instanceType": "m5.large", "availabilityZone": "us-east-1a", "availability": "m5.large-us-east-1a.json" },
            { "instanceType": "m5.large", "prices": "prices.json" },
        ])
    );
    assert!(told.contains("2 ticks of 2h of m5.large in us-east-1a") && told.contains("the work: 24 jobs"), "{told}");
    folder.write("nameless.json", folder.text("m5.large-us-east-1a.json"));
    let refused = folder.refused(&["import", "spot", "nameless.json", "-o", "x"]);
    assert!(refused.contains("nameless.json") && refused.contains("--instance-type"), "{refused}");
    let summary: Value = serde_json::from_str(&folder.command(&[
        "run",
        "imported/scenario.json",
        "--out",
        "results",
        "--output",
        "json",
    ]))
    .unwrap();
    assert_eq!(summary["jobs"]["succeeded"], 24);
}

/// An environment launches where its subnets are: what a trace says of the only zone is what there is.
#[test]
fn subnets_say_where_an_environment_launches() {
    let folder = Folder::new("spot-subnets");
    folder.write("own.json", r#"{"metadata":{"gap_seconds":1800},"data":[0,2,1,3]}"#);
    let own = json!({ "instanceType": "m5.large", "availabilityZone": "us-east-1c", "availability": "own.json", "atEnd": "hold" });
    let mut scenario = scenario(3, "40m", &json!([own]));
    let anywhere = run(&folder, &scenario, &[]);
    assert!(anywhere["makespan_s"].as_f64().unwrap() < 3_600.0, "no zone is told: {anywhere}");
    scenario["cluster"]["subnets"] = json!({ "subnet-1": "us-east-1c" });
    let summary = run(&folder, &scenario, &[]);
    assert_eq!((&summary["jobs"]["succeeded"], &summary["spot"]["interruptions"]), (&json!(3), &json!(1)));
    let zones: Vec<_> =
        folder.text("results/nodes.csv").lines().skip(1).map(|row| row.split(',').nth(3).unwrap().to_owned()).collect();
    assert!(!zones.is_empty() && zones.iter().all(|zone| zone == "us-east-1c"), "{zones:?}");

    scenario["cluster"]["subnets"] =
        json!({ "subnet-1": "us-east-1c", "subnet-2": "us-west-2a", "subnet-l": "us-east-1a" });
    folder.write("scenario.json", scenario.to_string());
    let told = folder.refused(&["validate", "scenario.json"]);
    assert!(told.contains("/cluster/subnets/subnet-2") && told.contains("no Availability Zone `us-west-2a`"), "{told}");
    assert!(
        told.contains("no environment has the subnet `subnet-l`") && told.contains("did you mean `subnet-1`?"),
        "{told}"
    );
}

/// The imported scenario meets what was recorded.
#[test]
fn what_is_imported_launches_where_it_was_recorded() {
    let folder = Folder::new("spot-where");
    folder.write("m5.large-us-east-1b.json", r#"{"metadata":{"gap_seconds":3600},"data":[0,0,4,4,1,4]}"#);
    let (scenario, _) = folder.import(&["spot", "m5.large-us-east-1b.json"]);
    assert_eq!(scenario["cluster"]["subnets"], json!({ "subnet-00000000": "us-east-1b" }));
    let summary = folder.run(&[]);
    assert!(summary["wait_s"]["p50"].as_f64().unwrap() > 7_200.0, "for two hours there is nothing: {summary}");
    assert!(summary["spot"]["interruptions"].as_u64().unwrap() >= 1, "{summary}");
}
