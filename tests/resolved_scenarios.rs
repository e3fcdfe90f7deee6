//! What a scenario resolves to: what core and world are told when nothing is wrong.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use windtunnel::ids::{ConsumableResourceId, InstanceTypeId, JobId, JobRef, JobSpecId, ShareId};
use windtunnel::model::{Assumptions, Resources};
use windtunnel::scenario::{self, Resolved, ScenarioFile, Setting};
use windtunnel::scheduler::{
    Blocked, ConsumableRequirement, ConsumableSpec, Dependency, EndKind, Event, ShareWeight, TimeLimit,
};
use windtunnel::sim::{Arrivals, Failure, FailureMode, TraceJob, Tracked, WorkloadDependency, WorkloadSource};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

fn shipped(name: &str, settings: &[&str]) -> Resolved {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let settings: Vec<_> = settings.iter().map(|text| Setting::parse(text).expect("a setting")).collect();
    scenario::load(&path, &settings).unwrap_or_else(|findings| panic!("{findings}"))
}

/// A scenario with one made-up type, to be added to.
fn base() -> Value {
    json!({
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
        "workload": []
    })
}

fn resolve(folder: &Path, whole: &Value) -> Resolved {
    let text = serde_json::to_vec(whole).expect("JSON");
    ScenarioFile::read("x", "x.json", folder, &text)
        .and_then(|file| file.resolve())
        .unwrap_or_else(|findings| panic!("{findings}"))
}

/// The base with this workload, in a folder of its own.
fn with_workload(folder: &Path, workload: &Value) -> Resolved {
    resolve(folder, &with(&[("/workload", workload.clone())]))
}

/// The base with parts replaced.
fn with(parts: &[(&str, Value)]) -> Value {
    let mut whole = base();
    for (pointer, part) in parts {
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        whole.pointer_mut(parent).expect("the part is there")[field] = part.clone();
    }
    whole
}

fn here(parts: &[(&str, Value)]) -> Resolved {
    resolve(Path::new(""), &with(parts))
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

fn minutely(name: &str, count: u64, depends_on: &Value) -> Value {
    let mut submit = submit(name);
    submit["dependsOn"] = depends_on.clone();
    json!({ "name": name, "submit": submit, "count": count, "arrivals": { "fixed": { "every": "1m" } },
        "runtime": { "constant": "1m" } })
}

#[test]
fn jobs_wait_for_those_of_another_entry_one_by_one_or_all_for_one() {
    let none = json!([]);
    let resolved = here(&[(
        "/workload",
        json!([
            minutely("one", 1, &none),
            minutely("many", 3, &none),
            minutely("after", 3, &json!([{ "jobId": "many" }, { "jobId": "one" }, { "jobId": "1-0" }])),
            minutely("alone", 1, &json!([{ "jobId": "one" }])),
        ]),
    )]);
    let [one, many, after, alone] = &resolved.world.workload[..] else { panic!("four entries") };
    let on = |entry, index| WorkloadDependency::All(Dependency::Job(JobId::new(entry, index)));
    assert_eq!(after.depends_on, [WorkloadDependency::Paired { entry: 1, n_to_n: false }, on(0, 0), on(1, 0)]);
    assert_eq!(after.depends_on[0].of(2), Dependency::Job(JobId::new(1, 2)));
    assert_eq!(alone.depends_on, [on(0, 0)]);
    assert_eq!((&many.tracked, &after.tracked), (&Tracked::All, &Tracked::None));
    assert_eq!(one.tracked, Tracked::Only(vec![0]), "only what is named is kept findable");
}

#[test]
fn failures_come_after_the_plain_one() {
    let mut entry = minutely("a", 1, &json!([]));
    entry["failureProbability"] = json!(0.25);
    entry["failures"] = json!([{ "probability": 0.5, "reason": "OOMKilled" }, { "probability": 0.125, "exitCode": 3 }]);
    let resolved = here(&[("/workload", json!([entry]))]);
    let entry = &resolved.world.workload[0];
    assert!((entry.failure_probability - 0.25).abs() < f64::EPSILON);
    let mode = |probability, failure| FailureMode { probability, failure };
    assert_eq!(entry.failures, [mode(0.5, Failure::OomKilled), mode(0.125, Failure::ExitCode(3))]);
}

#[test]
fn policies_limits_and_resources_reach_the_core() {
    let mut job = minutely("a", 1, &json!([]));
    job["submit"]["shareIdentifier"] = "A7".into();
    job["submit"]["schedulingPriorityOverride"] = 5.into();
    job["submit"]["retryStrategy"] =
        json!({ "attempts": 2, "evaluateOnExit": [{ "onStatusReason": "Host EC2*", "action": "RETRY" }] });
    job["submit"]["consumableResourcePropertiesOverride"] =
        json!({ "consumableResourceList": [{ "consumableResource": "license", "quantity": 2 }] });
    let resolved = here(&[
        (
            "/schedulingPolicies",
            json!([{ "name": "p", "fairsharePolicy": { "shareDistribution": [
            { "shareIdentifier": "A*", "weightFactor": 0.25 }] } }]),
        ),
        ("/consumableResources", json!([{ "consumableResourceName": "license", "totalQuantity": 4 }])),
        ("/jobQueues/0/schedulingPolicyArn", json!("arn:aws:batch:us-east-1:1:scheduling-policy/p")),
        (
            "/jobQueues/0/jobStateTimeLimitActions",
            json!([{ "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            "state": "RUNNABLE", "maxTimeSeconds": 900, "action": "CANCEL" }]),
        ),
        ("/workload", json!([job])),
    ]);
    let queue = &resolved.world.queues[0];
    let weight = ShareWeight { share: ShareId(0), weight: 2_500, prefix: Some(0) };
    assert_eq!(queue.fair_share.as_ref().map(|fair| &fair.weights[..]), Some(&[weight][..]));
    let limit = TimeLimit { why: Blocked::JobResourceRequirement, after: SimDuration::from_mins(15) };
    assert_eq!(queue.time_limits, [limit]);
    assert_eq!(resolved.world.consumables, [ConsumableSpec { total: 4, replenishable: true }]);
    let spec = &resolved.world.specs[0];
    assert_eq!((spec.share, spec.scheduling_priority), (Some(ShareId(0)), 5));
    assert_eq!(spec.consumables, [ConsumableRequirement { resource: ConsumableResourceId(0), quantity: 2 }]);
    let ends = spec.evaluate_on_exit[0].ends.as_deref();
    assert_eq!(ends, Some(&[EndKind::HostTerminated, EndKind::EnvironmentUpdated][..]));
    assert_eq!(
        (&resolved.names.shares[..], &resolved.names.consumable_resources[..]),
        (&["A7".to_owned()][..], &["license".to_owned()][..])
    );
    assert_eq!(resolved.world.operations, [], "what is known from the start is no operation");
}

#[test]
fn operations_happen_in_order_of_time() {
    let resolved = here(&[
        ("/workload", json!([minutely("a", 3, &json!([]))])),
        (
            "/operations",
            json!([
                { "at": "PT2H", "operation": "UpdateComputeEnvironment",
                  "input": { "computeEnvironment": "e", "computeResources": { "maxvCpus": 8 } } },
                { "at": "1h", "operation": "SubmitJob", "name": "late", "runtime": { "constant": "3h" },
                  "input": { "jobName": "late", "jobQueue": "q", "jobDefinition": "d", "dependsOn": [{ "jobId": "0-1" }] } },
                { "at": "2h", "operation": "TerminateJob", "input": { "jobId": "late", "reason": "enough" } },
                { "at": 60, "operation": "CancelJob", "input": { "jobId": "0-1", "reason": "enough" } },
            ]),
        ),
    ]);
    let at = |minutes| SimTime::ZERO + SimDuration::from_mins(minutes);
    let times: Vec<_> = resolved.world.operations.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [at(1), at(60), at(120), at(120)]);
    let job = |entry, index| JobRef { job: JobId::new(entry, index), child: None };
    assert_eq!(resolved.world.operations[0].1, [Event::JobCancelRequested { job: job(0, 1) }]);
    assert!(
        matches!(&resolved.world.operations[2].1[..], [Event::ComputeEnvironmentUpdated { spec, infrastructure: None, .. }]
            if spec.managed.as_ref().is_some_and(|managed| managed.max_vcpus == 8))
    );
    assert_eq!(resolved.world.operations[3].1, [Event::JobTerminateRequested { job: job(1, 0) }]);
    let [first, late] = &resolved.world.workload[..] else { panic!("a submission is an entry of its own") };
    assert_eq!((&first.tracked, &late.tracked), (&Tracked::Only(vec![1]), &Tracked::Only(vec![0])));
    assert_eq!(late.depends_on, [WorkloadDependency::All(Dependency::Job(JobId::new(0, 1)))]);
    assert!(matches!(
        late.source,
        WorkloadSource::Synthetic { count: 1, arrivals: Arrivals::Fixed { start, .. }, .. } if start == at(60)
    ));
}

#[test]
fn a_queue_that_opens_takes_what_comes_after() {
    let mut job = minutely("a", 1, &json!([]));
    job["arrivals"] = json!({ "fixed": { "start": "8h" } });
    let resolved = here(&[
        ("/jobQueues/0/state", json!("DISABLED")),
        ("/workload", json!([job])),
        (
            "/operations",
            json!([
            { "at": "8h", "operation": "UpdateJobQueue", "input": { "jobQueue": "q", "state": "ENABLED" } }]),
        ),
    ]);
    assert!(!resolved.world.queues[0].enabled);
    assert!(matches!(&resolved.world.operations[0].1[..], [Event::JobQueueUpdated { spec, .. }] if spec.enabled));
}

#[test]
fn a_new_share_is_told_when_it_comes() {
    let submission = |at: &str, share: &str| {
        json!({ "at": at, "operation": "SubmitJob", "runtime": { "constant": "1m" },
        "input": { "jobName": "a", "jobQueue": "q", "jobDefinition": "d", "shareIdentifier": share } })
    };
    let resolved = here(&[
        (
            "/schedulingPolicies",
            json!([{ "name": "p", "fairsharePolicy": { "shareDistribution": [
            { "shareIdentifier": "A", "weightFactor": 0.5 }] } }]),
        ),
        ("/jobQueues/0/schedulingPolicyArn", json!("p")),
        ("/operations", json!([submission("1h", "B"), submission("2h", "A"), submission("3h", "A")])),
    ]);
    let told: Vec<_> = resolved.world.operations.iter().map(|(_, events)| events.len()).collect();
    assert_eq!(told, [0, 1, 0], "a share that weighs 1 needs no word");
    let weights = |event: &Event| match event {
        Event::JobQueueUpdated { spec, .. } => spec.fair_share.as_ref().map(|fair| fair.weights.clone()),
        _ => None,
    };
    let weight = ShareWeight { share: ShareId(1), weight: 5_000, prefix: None };
    assert_eq!(weights(&resolved.world.operations[1].1[0]), Some(vec![weight]));
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
