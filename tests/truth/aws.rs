//! The numbers of AWS's own examples, out of scenarios made of AWS's documents.

use std::path::Path;

use serde_json::{Value, json};
use windtunnel::catalog::{self, kubelet};
use windtunnel::model::Assumptions;
use windtunnel::scheduler::JobEnd;
use windtunnel::units::SimTime;

use crate::page::{Row, keep};
use crate::scenario::{on_nodes, run};

fn submit(name: &str, share: Option<&str>, size: u32) -> Value {
    let mut submit =
        json!({ "jobName": name, "jobQueue": "q", "jobDefinition": "d", "arrayProperties": { "size": size } });
    if let Some(share) = share {
        submit["shareIdentifier"] = share.into();
    }
    submit
}

fn fair(cpu: u32, policy: &Value) -> Value {
    let mut scenario = on_nodes(cpu, 1);
    scenario["schedulingPolicies"] = json!([{ "name": "fair", "fairsharePolicy": policy }]);
    scenario["jobQueues"][0]["schedulingPolicyArn"] = "fair".into();
    scenario
}

/// Percent of all vCPUs that stay free when every active share wants all of them.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn reserved(compute_reservation: u32, active: u32) -> f64 {
    const VCPUS: u32 = 6_400;
    let mut scenario = fair(VCPUS, &json!({ "computeReservation": compute_reservation }));
    let entry = |share: u32| json!({ "submit": submit("j", Some(&format!("share{share}")), VCPUS), "runtime": { "constant": "1h" } });
    scenario["workload"] = (0..active).map(entry).collect();
    scenario["stop"] = json!({ "at": "10m" });
    let used = run(&scenario, Path::new(".")).at_once;
    100.0 - used as f64 / f64::from(VCPUS) * 100.0
}

fn reservations() -> Vec<Row> {
    let published = [(50, ["50.00", "25.00", "12.50"]), (25, ["25.00", "6.25", "1.56"])];
    let row = |percent, shares, published: &str| {
        let ours = format!("{:.2} %", reserved(percent, shares));
        let what =
            format!("`computeReservation` {percent}, {shares} active: reserved of all vCPUs (API:FairsharePolicy)");
        Row::same(what, format!("{published} %"), ours)
    };
    let each = |(percent, figures): (u32, [&'static str; 3])| {
        (1..).zip(figures).map(move |(shares, published)| row(percent, shares, published)).collect::<Vec<_>>()
    };
    published.into_iter().flat_map(each).collect()
}

/// While both shares have more jobs than there is room for, how much more the one with an eighth of the weight gets.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn weights() -> Row {
    const STARTS: usize = 9_000;
    let mut scenario = fair(
        90,
        &json!({ "shareDecaySeconds": 86_400,
        "shareDistribution": [{ "shareIdentifier": "light", "weightFactor": 0.125 }] }),
    );
    let entry = |share: &str| json!({ "submit": submit("j", Some(share), 10_000), "runtime": { "constant": "10m" } });
    scenario["workload"] = json!([entry("light"), entry("heavy")]);
    let pods = run(&scenario, Path::new(".")).pods;
    let light = pods[..STARTS].iter().filter(|&&entry| entry == 0).count();
    let ratio = light as f64 / (STARTS - light) as f64;
    Row::near("weight 0.125 beside weight 1: times the compute (UG:fair-share-scheduling)", (8.0, ratio), 0.08, 2)
}

/// What a node of 8 GiB offers.
fn memory() -> [Row; 2] {
    let node =
        kubelet::breakdown(catalog::instance_type("m5.large").unwrap(), Assumptions::default().vm_memory_overhead_ppm);
    let row = |what, published: &str, ours: String| Row::same(what, published, ours);
    [
        row(
            "a node of 8 GiB: memory of the machine, MiB (UG:memory-cpu-batch-eks; sets the assumption `vmMemoryOverheadPpm`)",
            "7748",
            node.capacity.memory.0.to_string(),
        ),
        row(
            "a node of 8 GiB: memory for pods, MiB (the same; AWS calls it c5.large, its figures are m5.large's)",
            "7074",
            node.allocatable.memory.0.to_string(),
        ),
    ]
}

/// The example of an array job workflow: A; B, 10,000 children, after A; C, 10,000 children, each after its own of B; D, ten
/// steps one after the other, after C; E after D.
fn workflow() -> Vec<Row> {
    const COPIES: u32 = 10_000;
    let mut scenario = on_nodes(10_000, 2);
    let job = |name: &str, size: Option<u32>, depends_on: Value, runtime: Value| {
        let mut submit = json!({ "jobName": name, "jobQueue": "q", "jobDefinition": "d", "dependsOn": depends_on });
        if let Some(size) = size {
            submit["arrayProperties"] = json!({ "size": size });
        }
        json!({ "name": name, "submit": submit, "runtime": runtime })
    };
    let spread = json!({ "lognormal": { "median": "10m", "p95": "30m" } });
    scenario["workload"] = json!([
        job("JobA", None, json!([]), json!({ "constant": "1m" })),
        job("JobB", Some(COPIES), json!([{ "jobId": "JobA" }]), spread.clone()),
        job("JobC", Some(COPIES), json!([{ "jobId": "JobB", "type": "N_TO_N" }]), spread.clone()),
        job("JobD", Some(10), json!([{ "jobId": "JobC" }, { "type": "SEQUENTIAL" }]), spread),
        job("JobE", None, json!([{ "jobId": "JobD" }]), json!({ "constant": "5m" })),
    ]);
    let ends = run(&scenario, Path::new(".")).ends;
    let of = |entry: u16| {
        let mut all: Vec<&JobEnd> = ends.iter().filter(|end| end.job.job.entry() == entry).collect();
        all.sort_by_key(|end| end.job);
        all
    };
    let [first, each, follow, steps, end] = [0, 1, 2, 3, 4].map(of);
    let began = |end: &JobEnd| end.first_running_at.expect("it ran");
    let count = |n: usize| n.to_string();
    let last = |all: &[&JobEnd]| all.iter().map(|job| job.ended_at).max().expect("somebody");
    let at_their_own_time = |all: &[&JobEnd], due: SimTime| all.iter().filter(|job| began(job) == due).count();
    let in_turn = steps.windows(2).filter(|pair| began(pair[1]) == pair[0].ended_at).count();
    let both = each.iter().zip(&follow).filter(|(b, c)| b.job.child == c.job.child && began(c) == b.ended_at).count();
    let row = |what: &str, published: usize, ours: usize| {
        Row::same(format!("array job workflow: {what} (UG:example_array_job)"), count(published), count(ours))
    };
    assert_eq!([first.len(), end.len()], [1, 1]);
    vec![
        row(
            "children of JobB that start with the end of JobA",
            COPIES as usize,
            at_their_own_time(&each, last(&first)),
        ),
        row("children of JobC that start with the end of their own of JobB (`N_TO_N`)", COPIES as usize, both),
        row("first steps of JobD that start with the end of JobC", 1, at_their_own_time(&steps[..1], last(&follow))),
        row("steps of JobD that start with the end of the one before (`SEQUENTIAL`)", 9, in_turn),
        row("JobE starts with the end of JobD", 1, at_their_own_time(&end, last(&steps))),
    ]
}

const ABOUT: &str = "Published: figures in AWS's documentation. UG is the AWS Batch User Guide, API the API Reference; the words after the colon name\n\
    the page. Each is measured in a run of a scenario that has the documents of the example, with room for what it needs.";

#[test]
fn examples_come_out_as_aws_says() {
    let rows: Vec<_> = reservations().into_iter().chain([weights()]).chain(memory()).chain(workflow()).collect();
    keep("AWS's worked examples", ABOUT, &rows);
}
