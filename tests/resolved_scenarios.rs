//! What a scenario resolves to: what core and world are told when nothing is wrong.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use windtunnel::ids::{InstanceTypeId, JobSpecId};
use windtunnel::model::{Assumptions, Resources};
use windtunnel::scenario::{self, Resolved, ScenarioFile, Setting};
use windtunnel::sim::{Arrivals, TraceJob, WorkloadSource};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

fn shipped(name: &str, settings: &[&str]) -> Resolved {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let settings: Vec<_> = settings.iter().map(|text| Setting::parse(text).expect("a setting")).collect();
    scenario::load(&path, &settings).unwrap_or_else(|findings| panic!("{findings}"))
}

/// A scenario with one made-up type and this workload, in a folder of its own.
fn with_workload(folder: &Path, workload: &Value) -> Resolved {
    let whole = json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "e", "type": "MANAGED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:x", "kubernetesNamespace": "jobs" },
            "computeResources": { "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE_ORDERED",
                "maxvCpus": 64, "instanceTypes": ["m5", "server", "m5.large"] }
        }],
        "jobQueues": [{ "jobQueueName": "q", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "e" }] }],
        "jobDefinitions": [{ "jobDefinitionName": "d", "type": "container", "eksProperties": { "podProperties": {
            "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "1000Mi" } } }] } } }],
        "cluster": { "daemonSets": [{ "name": "aws-node", "cpu": "50m" }], "instanceTypes": [
            { "name": "server", "vcpus": 16, "memoryMiB": 65536, "onDemandPrice": 0.5, "reserve": "none" },
            { "name": "m5.large", "onDemandPrice": 0.25 }
        ] },
        "workload": workload
    });
    let text = serde_json::to_vec(&whole).expect("JSON");
    ScenarioFile::read("x", "x.json", folder, &text)
        .and_then(|file| file.resolve())
        .unwrap_or_else(|findings| panic!("{findings}"))
}

fn submit(name: &str) -> Value {
    json!({ "jobName": name, "jobQueue": "q", "jobDefinition": "d" })
}

#[test]
fn the_walkthrough_resolves() {
    let resolved = shipped("getting-started.json", &["/seed=9"]);
    assert_eq!((resolved.seed, resolved.scenario_name.as_str()), (9, "getting-started"));
    assert_eq!(resolved.warnings, []);
    assert!(resolved.names.instance_types.is_sorted());
    assert_eq!(resolved.names.instance_types.len(), 8);
    assert_eq!(resolved.prices.len(), 8);
    assert!(resolved.prices.iter().all(|price| !price.basis.is_empty() && price.as_of.is_some()));
    assert_eq!(resolved.world.specs.len(), 2);
    assert_eq!(resolved.world.specs[0].requests, Resources::pod(MilliCpu(1_000), MiB(1_024), 0));
    assert_eq!(resolved.world.stop_at, SimTime::MAX);
    // Daemonsets that the scenario does not list are assumed.
    let large =
        &resolved.world.instance_types[resolved.names.instance_types.iter().position(|n| n == "m5.large").unwrap()];
    assert_eq!(large.facts.allocatable.cpu, large.free.cpu + MilliCpu(200));
    assert_eq!(large.facts.allocatable.pods, large.free.pods + 4);
}

#[test]
fn assumptions_start_from_their_preset() {
    let resolved = shipped("getting-started.json", &["/assumptions/preset=ideal", "/assumptions/schedulingCycle=3s"]);
    let cycle = resolved.config.settings.scheduling_cycle;
    assert_eq!(cycle, SimDuration::from_secs(3));
    let mut expected = Assumptions::ideal();
    expected.scheduling_cycle.0 = cycle;
    assert_eq!(resolved.world.assumptions, expected);
}

#[test]
fn types_keep_the_order_of_their_entries_and_stand_once() {
    let resolved = with_workload(Path::new(""), &json!([]));
    let managed = resolved.world.environments[0].managed.as_ref().expect("it is MANAGED");
    let name = |id: &InstanceTypeId| resolved.names.instance_types[id.index()].as_str();
    let names: Vec<Vec<_>> = managed.instance_types.iter().map(|entry| entry.iter().map(name).collect()).collect();
    assert_eq!(names.iter().map(Vec::len).collect::<Vec<_>>(), [7, 1, 1]);
    assert_eq!((names[0][0], &names[1], &names[2]), ("m5.xlarge", &vec!["server"], &vec!["m5.large"]));
    let price = |name: &str| resolved.prices.iter().find(|price| price.instance_type == name).expect("it is allowed");
    assert_eq!(price("m5.large").on_demand_per_hour, MicroUsd(250_000));
    assert_eq!(price("m5.large").basis, "scenario");
    // A server of queueing theory offers all it has, but for the daemonsets.
    let server = resolved.names.instance_types.iter().position(|name| name == "server").expect("it is allowed");
    assert_eq!(
        resolved.world.instance_types[server].free,
        Resources { cpu: MilliCpu(15_950), memory: MiB(65_536), gpus: 0, pods: 109 }
    );
}

#[test]
fn equal_submissions_share_a_spec() {
    let entry = |submit: Value| json!({ "submit": submit, "runtime": { "constant": "1m" } });
    let mut other = submit("a");
    other["eksPropertiesOverride"] =
        json!({ "podProperties": { "containers": [{ "resources": { "limits": { "cpu": "2" } } }] } });
    let mut retried = submit("a");
    retried["retryStrategy"] = json!({ "attempts": 3 });
    let resolved =
        with_workload(Path::new(""), &json!([entry(submit("a")), entry(submit("a")), entry(other), entry(retried)]));
    let specs: Vec<_> = resolved.world.specs.iter().map(|spec| (spec.requests.cpu.0, spec.attempts)).collect();
    assert_eq!(specs, [(1_000, 1), (2_000, 1), (1_000, 3)]);
    assert!(matches!(
        resolved.world.workload[1].source,
        WorkloadSource::Synthetic { spec: JobSpecId(0), count: 1, .. }
    ));
}

#[test]
fn listed_arrivals_are_counted_and_sorted() {
    let resolved = with_workload(
        Path::new(""),
        &json!([{ "submit": submit("a"), "arrivals": { "list": ["2m", 60] }, "runtime": { "constant": "1m" } }]),
    );
    let WorkloadSource::Synthetic { arrivals: Arrivals::List(times), count, .. } = &resolved.world.workload[0].source
    else {
        panic!("{:?}", resolved.world.workload)
    };
    assert_eq!((&times[..], *count), (&[SimTime::from_millis(60_000), SimTime::from_millis(120_000)][..], 2));
}

#[test]
fn recorded_jobs_come_as_the_log_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |id, submit, run, processors, status| {
        format!("{id} {submit} 0 {run} {processors} -1 -1 -1 -1 -1 {status} 1 1 -1 -1 -1 -1 -1\n")
    };
    let log = [line(1, 100, 60, 1, 1), line(2, 200, 30, 4, 0), line(3, 150, 10, 1, 1), line(4, 300, 1, 1, 1)].concat();
    fs::write(folder.path().join("log.swf"), log).expect("written");
    let resolved = with_workload(
        folder.path(),
        &json!([{ "trace": "log.swf", "submit": submit("a"), "maxJobs": 3, "timeScale": 0.5, "failedJobs": "fail",
            "vcpusPerProcessor": 0.4, "memoryMiBPerVcpu": 2000 }]),
    );
    let WorkloadSource::Trace(jobs) = &resolved.world.workload[0].source else { panic!("no trace") };
    let job = |submit_ms, run_s, spec, fails| TraceJob {
        submit_at: SimTime::from_millis(submit_ms),
        runtime: SimDuration::from_secs(run_s),
        spec: JobSpecId(spec),
        fails,
    };
    assert_eq!(&jobs[..], [job(0, 60, 0, false), job(25_000, 10, 0, false), job(50_000, 30, 1, true)]);
    // 0.4 vCPUs a processor, in the quarters that AWS Batch takes.
    assert_eq!(resolved.world.specs[0].requests, Resources::pod(MilliCpu(500), MiB(1_000), 0));
    assert_eq!(resolved.world.specs[1].requests, Resources::pod(MilliCpu(1_750), MiB(3_500), 0));
    assert!(resolved.warnings.iter().any(|warning| warning.message.contains("submitted later")));
}

#[test]
#[ignore = "needs WINDTUNNEL_TRACES with LCG-2005.swf.gz of the Parallel Workloads Archive"]
fn all_jobs_of_the_grid_log_load() {
    let resolved = shipped("lcg-2005.json", &[]);
    let WorkloadSource::Trace(jobs) = &resolved.world.workload[0].source else { panic!("no trace") };
    assert_eq!(jobs.len(), 188_041);
    assert_eq!(resolved.world.specs.len(), 1);
    assert_eq!(resolved.world.specs[0].attempts, 3);
}
