//! What a core makes of a snapshot, without a cluster.

use serde_json::json;
use windtunnel::live::backend::Backend;
use windtunnel::live::dry_run::{STAND_IN_NODE, Verdict, WaitsFor};
use windtunnel::live::facts::NodeState;
use windtunnel::live::snapshot::{DaemonSetFacts, ForeignPod, Snapshot};
use windtunnel::model::Resources;
use windtunnel::report::dry_run_table;
use windtunnel::scheduler::Blocked;

use crate::support::{DryRun, node, scenario, submit};

fn with(nodes: Vec<windtunnel::live::facts::NodeFacts>) -> Snapshot {
    Snapshot { server_version: "v1.36.0".to_owned(), nodes, ..Snapshot::default() }
}

/// Three jobs fit on the nodes; where nobody launches, the rest waits for room.
#[test]
fn places_what_fits_and_says_what_the_rest_waits_for() {
    let scenario = scenario(&json!([submit("small", 10, &json!({}))]));
    let run = DryRun { scenario, backend: Backend::Unmanaged, snapshot: with(vec![node("a", 2), node("b", 1)]) };
    let plan = run.plan();
    assert_eq!(plan.pods.len(), 3);
    assert!(plan.launches.is_empty(), "nobody launches");
    assert_eq!((plan.waiting[0].jobs, plan.waiting[0].why), (7, WaitsFor::Queue(Blocked::NoRoomOnNodes)));
    assert_eq!(plan.waiting[0].first.to_string(), "0-3");
}

/// Nodes that are not ready, cordoned, about to go, or another environment's, take nothing.
#[test]
fn leaves_nodes_alone_that_take_no_jobs() {
    let scenario = scenario(&json!([submit("small", 10, &json!({}))]));
    let (mut cordoned, mut going, mut strange) = (node("a", 8), node("b", 8), node("c", 8));
    cordoned.state = NodeState::NotUsable;
    going.notice = true;
    strange.environment_uuid = "another".to_owned();
    let run = DryRun { scenario, backend: Backend::Unmanaged, snapshot: with(vec![cordoned, going, strange]) };
    assert!(run.plan().pods.is_empty());
    let report = run.report(|_| Verdict::Accepted);
    let why: Vec<_> = report.nodes.iter().map(|node| node.unusable).collect();
    assert_eq!(why, [Some("not ready, or cordoned"), Some("it will be taken away"), None]);
    assert_eq!((report.compute_environments[0].nodes, report.compute_environments[0].unusable_nodes), (0, 2));
}

/// A managed environment asks for capacity for what does not fit, once, however long the horizon is.
#[test]
fn asks_for_capacity_once_and_says_what_it_costs() {
    let mut scenario = scenario(&json!([submit("small", 10, &json!({}))]));
    // One pod every two seconds: placing goes on while the request is open.
    scenario.config.settings.dispatch_rate = 1;
    let run = DryRun { scenario, backend: Backend::Render, snapshot: with(vec![node("a", 4)]) };
    let plan = run.plan();
    assert_eq!(plan.pods.len(), 4, "all that fits, though it takes several cycles");
    let jobs: u64 = plan.waiting.iter().map(|row| row.jobs).sum();
    assert_eq!(jobs, 6);
    let wanted: u32 = plan.launches.iter().map(|launch| launch.request.target_vcpus).sum();
    assert!((6..=16).contains(&wanted), "for the jobs that wait, not twice: {:?}", plan.launches);

    let report = run.report(|_| Verdict::Accepted);
    let offer = &report.launches[0].instance_types[0];
    assert!(offer.per_hour > 0.0 && offer.nodes > 0);
    let one = if report.launches[0].purchase == windtunnel::model::PurchaseOption::Ec2 {
        offer.on_demand_per_hour
    } else {
        offer.spot_per_hour
    };
    assert!((offer.per_hour - one * f64::from(offer.nodes)).abs() < 1e-6);
    assert!(dry_run_table(&report).contains("capacity would be asked for (AWAITING_CAPACITY)"));
}

/// What no type can hold is said to be so; children that come after others wait for those.
#[test]
fn tells_what_will_never_fit_from_what_has_its_turn_later() {
    let array = json!({ "arrayProperties": { "size": 5 }, "dependsOn": [{ "type": "SEQUENTIAL" }] });
    let scenario = scenario(&json!([submit("small", 1, &array)]));
    let run = DryRun { scenario, backend: Backend::Unmanaged, snapshot: with(vec![node("a", 16)]) };
    let plan = run.plan();
    assert_eq!(plan.pods.len(), 1);
    assert_eq!((plan.waiting[0].jobs, plan.waiting[0].why), (4, WaitsFor::OtherJobs));
    assert_eq!(plan.waiting[0].first.to_string(), "0-0:1");
}

/// Each placed pod is judged by itself; of those that wait, one for all, bound to no node.
#[test]
fn has_every_kind_of_pod_judged() {
    let scenario = scenario(&json!([submit("small", 6, &json!({}))]));
    let run = DryRun { scenario, backend: Backend::Render, snapshot: with(vec![node("a", 2)]) };
    let forbidden = || Verdict::Refused { code: 403, reason: "Forbidden".to_owned(), message: "no room".to_owned() };
    let report = run.report(|pod| if pod.node.is_some() { Verdict::Accepted } else { forbidden() });
    let of: Vec<_> = report.pods.iter().map(|pod| (pod.stands_for, pod.node.as_deref())).collect();
    assert_eq!(of, [(1, Some("a")), (1, Some("a")), (4, None)]);
    assert_eq!(report.pods[0].manifest["spec"]["nodeName"], "a");
    assert_eq!(report.pods[2].manifest["spec"]["nodeName"], STAND_IN_NODE);
    assert_eq!(report.not_accepted(), 4);
    assert_eq!(report.verdicts[0].verdict, "refused", "what needs a person comes first");
    let table = dry_run_table(&report);
    assert!(table.contains("4 pods in jobs refused (403 Forbidden), judged by 1: no room"), "{table}");
    assert!(table.contains("2 pods in jobs accepted"), "{table}");
}

/// The table fits a terminal and names what a person must know.
#[test]
fn the_table_is_for_people() {
    let scenario = scenario(&json!([submit("small", 100, &json!({}))]));
    let mut snapshot = with((0..30).map(|n| node(&format!("ip-10-0-1-{n}.ec2.internal"), 2)).collect());
    let own = |name: &str, tolerates| DaemonSetFacts {
        namespace: "monitoring".to_owned(),
        name: name.to_owned(),
        requests: Resources::ZERO,
        tolerates_batch_taint: tolerates,
        wanted_on: Vec::new(),
    };
    snapshot.daemon_sets = vec![own("node-exporter", false), own("aws-node", true)];
    snapshot.foreign_pods = vec![ForeignPod {
        namespace: "prod".to_owned(),
        name: "aws-batch.1".to_owned(),
        node: "ip-10-0-1-3.ec2.internal".to_owned(),
        requests: Resources::ZERO,
        of_aws_batch: true,
    }];
    let run = DryRun { scenario, backend: Backend::Unmanaged, snapshot };
    let report = run.report(|_| Verdict::Accepted);
    let table = dry_run_table(&report);
    println!("{table}");
    let widest = table.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest} columns:\n{table}");
    for shown in [
        "100 jobs, as if submitted now: 60 placed at once, 40 waiting",
        "daemonset monitoring/node-exporter does not tolerate",
        "AWS Batch itself drives ip-10-0-1-3.ec2.internal",
        "ip-10-0-1-0.ec2.internal and 29 more",
        "quotas for all pods together",
        "(NO_ROOM_ON_NODES)",
    ] {
        assert!(table.contains(shown), "`{shown}` in:\n{table}");
    }
    assert!(!table.contains("monitoring/aws-node"), "{table}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["pods"].as_array().unwrap().len(), 61);
    assert_eq!(json["nodes"][0]["pods"], 2);
}

/// Of an environment without a node it is said how its nodes are told.
#[test]
fn says_how_nodes_are_labelled() {
    let scenario = scenario(&json!([submit("small", 1, &json!({}))]));
    let run = DryRun { scenario, backend: Backend::Unmanaged, snapshot: with(Vec::new()) };
    let table = dry_run_table(&run.report(|_| Verdict::Accepted));
    let label = format!("batch.amazonaws.com/compute-environment-uuid={}", crate::support::UUID);
    assert!(table.contains(&label) && table.contains("--environment fleet=UUID"), "{table}");
}
