//! Whatever a user makes of a scenario, the loader answers with findings, never with a panic, and takes no document in
//! that AWS forbids.

#[path = "model_rules/fuzzed/outside.rs"]
mod outside;

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use windtunnel::scenario::ScenarioFile;

/// A valid scenario that uses every part of the format.
fn scenario() -> Value {
    json!({
        "description": "all of it", "region": "us-east-1", "seed": 3,
        "computeEnvironments": [
            { "computeEnvironmentName": "managed", "type": "MANAGED", "state": "ENABLED",
              "eksConfiguration": { "eksClusterArn": "arn:aws:eks:x", "kubernetesNamespace": "jobs" },
              "computeResources": { "type": "SPOT", "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
                "minvCpus": 0, "maxvCpus": 64, "instanceTypes": ["m5.large", "c5", "server"],
                "ec2Configuration": [{ "imageType": "EKS_AL2023" }],
                "launchTemplate": { "overrides": [{ "launchTemplateId": "lt", "targetInstanceTypes": ["m5.large"] }] },
                "scalingPolicy": { "minScaleDownDelayMinutes": 20 }, "bidPercentage": 60 } },
            { "computeEnvironmentName": "own", "type": "UNMANAGED",
              "eksConfiguration": { "eksClusterArn": "arn:aws:eks:x", "kubernetesNamespace": "jobs" } }
        ],
        "schedulingPolicies": [{ "name": "policy", "fairsharePolicy": { "shareDecaySeconds": 600, "computeReservation": 10,
            "shareDistribution": [{ "shareIdentifier": "A*", "weightFactor": 0.5 }] } }],
        "consumableResources": [{ "consumableResourceName": "license", "totalQuantity": 5 }],
        "jobQueues": [{ "jobQueueName": "queue", "priority": 1, "computeEnvironmentOrder": [
            { "order": 2, "computeEnvironment": "managed" }, { "order": 1, "computeEnvironment": "own" } ] },
            { "jobQueueName": "fair", "priority": 2, "schedulingPolicyArn": "policy", "computeEnvironmentOrder": [
                { "order": 1, "computeEnvironment": "managed" }],
              "jobStateTimeLimitActions": [{ "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "state": "RUNNABLE",
                "maxTimeSeconds": 600, "action": "CANCEL" }] }],
        "jobDefinitions": [{ "jobDefinitionName": "definition", "type": "container",
            "retryStrategy": { "attempts": 2, "evaluateOnExit": [{ "onExitCode": "1", "action": "RETRY" }] },
            "timeout": { "attemptDurationSeconds": 60 },
            "eksProperties": { "podProperties": {
                "containers": [{ "name": "main", "image": "i", "env": [{ "name": "A", "value": "b" }],
                    "volumeMounts": [{ "name": "scratch", "mountPath": "/s", "subPath": "t" }],
                    "securityContext": { "runAsUser": 1, "capabilities": { "drop": ["ALL"] } },
                    "resources": { "requests": { "cpu": "0.5", "memory": "64Mi" }, "limits": { "cpu": "1" } } }],
                "initContainers": [{ "name": "before", "image": "i",
                    "resources": { "limits": { "cpu": "0.25", "memory": "32Mi" } } }],
                "volumes": [{ "name": "scratch", "emptyDir": { "medium": "Memory", "sizeLimit": "1Gi" } }],
                "securityContext": { "fsGroup": 1, "seccompProfile": { "type": "RuntimeDefault" } },
                "imagePullSecrets": [{ "name": "registry" }],
                "metadata": { "labels": { "team": "a" }, "annotations": { "x.y/z": "b" }, "namespace": "jobs" } } } },
            { "jobDefinitionName": "many", "type": "multinode", "nodeProperties": { "numNodes": 2, "mainNode": 0,
              "nodeRangeProperties": [{ "targetNodes": "0:", "instanceTypes": ["m5.large"], "eksProperties": {
                "podProperties": { "containers": [{ "image": "i",
                    "resources": { "limits": { "cpu": "1", "memory": "64Mi" } } }] } } }] } }],
        "cluster": {
            "daemonSets": [{ "name": "aws-node", "cpu": "50m", "memory": "0Mi" }],
            "nodes": [{ "computeEnvironment": "own", "count": 2, "cpu": "4", "memory": "8Gi", "pods": 20 }],
            "instanceTypes": [{ "name": "server", "vcpus": 2, "memoryMiB": 4096, "onDemandPrice": 0.1, "spotPrice": 0.05,
                "reserve": "none" }] },
        "workload": [
            { "name": "first", "submit": { "jobName": "a", "jobQueue": "queue", "jobDefinition": "definition",
                "arrayProperties": { "size": 10 },
                "eksPropertiesOverride": { "podProperties": { "containers": [
                    { "name": "main", "resources": { "requests": { "cpu": "0.75" } } }] } } },
              "count": 5, "arrivals": { "poisson": { "perHour": 60, "start": "1m" } },
              "runtime": { "lognormal": { "median": "1m", "p95": "2m" } }, "failureProbability": 0.1,
              "failures": [{ "probability": 0.1, "exitCode": 3 }, { "probability": 0.1, "reason": "OOMKilled" }] },
            { "submit": { "jobName": "b", "jobQueue": "queue", "jobDefinition": "definition:1" },
              "arrivals": { "list": ["0s", 60, "PT2M"] }, "runtime": { "empirical": ["1m", "2m"] }, "imageSizeMiB": 10 },
            { "submit": { "jobName": "c", "jobQueue": "queue", "jobDefinition": "definition" }, "count": 2,
              "arrivals": { "fixed": { "every": "1s" } }, "runtime": { "weibull": { "shape": 0.7, "scale": "5m" } } },
            { "submit": { "jobName": "d", "jobQueue": "fair", "jobDefinition": "definition", "shareIdentifier": "A1",
                "dependsOn": [{ "jobId": "first", "type": "N_TO_N" }, { "type": "SEQUENTIAL" }, { "jobId": "2-1" }],
                "arrayProperties": { "size": 10 }, "consumableResourcePropertiesOverride": {
                    "consumableResourceList": [{ "consumableResource": "license", "quantity": 2 }] } },
              "count": 5, "arrivals": { "fixed": { "start": "1h", "every": "1h" } }, "runtime": { "constant": "1m" } },
            { "submit": { "jobName": "e", "jobQueue": "queue", "jobDefinition": "many" }, "runtime": { "constant": "1m" } }
        ],
        "operations": [
            { "at": "PT2H", "operation": "UpdateComputeEnvironment", "input": { "computeEnvironment": "managed",
                "computeResources": { "maxvCpus": 128, "instanceTypes": ["m5.large", "r5"] },
                "updatePolicy": { "terminateJobsOnUpdate": true } } },
            { "at": "1h", "operation": "SubmitJob", "name": "late", "runtime": { "constant": "1h" }, "imageSizeMiB": 5,
              "input": { "jobName": "late", "jobQueue": "fair", "jobDefinition": "definition", "shareIdentifier": "B" } },
            { "at": "2h", "operation": "TerminateJob", "input": { "jobId": "late", "reason": "enough" } },
            { "at": "2h", "operation": "CancelJobs", "input": { "jobs": ["0-1:3", "3-0"], "reason": "enough" } },
            { "at": "3h", "operation": "RegisterJobDefinition", "input": { "jobDefinitionName": "new", "type": "container",
                "eksProperties": { "podProperties": { "containers": [{ "image": "i",
                    "resources": { "limits": { "cpu": "1", "memory": "64Mi" } } }] } } } },
            { "at": "3h", "operation": "UpdateSchedulingPolicy", "input": { "arn": "policy",
                "fairsharePolicy": { "shareDistribution": [{ "shareIdentifier": "B", "weightFactor": 2 }] } } },
            { "at": "4h", "operation": "UpdateConsumableResource", "input": {
                "consumableResource": "license", "operation": "ADD", "quantity": 1 } },
            { "at": "5h", "operation": "UpdateJobQueue", "input": { "jobQueue": "queue", "state": "DISABLED" } },
            { "at": "6h", "operation": "DeleteJobQueue", "input": { "jobQueue": "queue" } }
        ],
        "market": { "spot": "harsh" },
        "policies": { "queue": { "backfill": "none" } },
        "assumptions": { "preset": "ideal", "schedulingCycle": "2s", "podStart": { "constant": "1s" } },
        "stop": { "at": "drained", "after": "7d" }
    })
}

/// Pointers of all parts.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                pointers(inner, &at, all);
                all.push(at);
            }
        }
        Value::Array(entries) => {
            for (index, inner) in entries.iter().enumerate() {
                let at = format!("{at}/{index}");
                pointers(inner, &at, all);
                all.push(at);
            }
        }
        _ => {}
    }
}

#[derive(Debug, Clone)]
enum Mutation {
    Delete,
    Replace(Value),
    Rename(String),
    Repeat(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let junk = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(0.5),
        json!(1e300),
        json!(u64::MAX),
        json!(4_294_967_295_u32),
        json!(65_535),
        json!(""),
        json!("0"),
        json!("65535"),
        json!("10000000"),
        json!("104857600Mi"),
        json!("m5"),
        json!("a/b~c"),
        json!("ü".repeat(200)),
        json!([]),
        json!({}),
        json!([[]]),
        json!({ "file": "nowhere" }),
        json!({ "trace": "x" }),
        json!("first"),
        json!("late"),
        json!("0-0"),
        json!("SubmitJob"),
        json!("DeleteJobQueue"),
    ]);
    let name = prop::sample::select(vec!["x", "file", "trace", "containerProperties", "maxvCpu", "", "~1", "preset"]);
    prop_oneof![
        Just(Mutation::Delete),
        junk.prop_map(Mutation::Replace),
        name.prop_map(|name| Mutation::Rename(name.to_owned())),
        (2..200_usize).prop_map(Mutation::Repeat),
    ]
}

fn mutate(value: &mut Value, pointer: &str, mutation: &Mutation) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer to a part");
    let name = last.replace("~1", "/").replace("~0", "~");
    let Some(parent) = value.pointer_mut(parent) else { return };
    match (parent, mutation) {
        (Value::Object(fields), Mutation::Delete) => drop(fields.shift_remove(&name)),
        (Value::Object(fields), Mutation::Replace(junk)) => drop(fields.insert(name, junk.clone())),
        (Value::Object(fields), Mutation::Rename(new)) => {
            if let Some(value) = fields.shift_remove(&name) {
                fields.insert(new.clone(), value);
            }
        }
        (Value::Array(entries), _) => {
            let Some(index) = name.parse::<usize>().ok().filter(|&index| index < entries.len()) else { return };
            match mutation {
                Mutation::Delete => drop(entries.remove(index)),
                Mutation::Replace(junk) => entries[index] = junk.clone(),
                Mutation::Rename(_) => {}
                Mutation::Repeat(times) => {
                    let entry = entries[index].clone();
                    entries.extend(std::iter::repeat_n(entry, *times));
                }
            }
        }
        _ => {}
    }
}

type Judge = fn(&Value) -> Vec<String>;

/// What AWS would refuse of the documents of a scenario that was accepted.
fn breaches(scenario: &Value) -> Vec<String> {
    let judges: [(&str, Judge); 5] = [
        ("/computeEnvironments", outside::compute_environment),
        ("/jobQueues", outside::job_queue),
        ("/schedulingPolicies", outside::scheduling_policy),
        ("/consumableResources", outside::consumable_resource),
        ("/jobDefinitions", outside::job_definition),
    ];
    let all = |list: &str| scenario.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut wrong: Vec<_> =
        judges.iter().flat_map(|(list, judge)| all(list).iter().flat_map(judge).collect::<Vec<_>>()).collect();
    wrong.extend(all("/workload").iter().flat_map(|entry| outside::submission(&entry["submit"])));
    wrong
}

#[test]
fn the_whole_format_is_valid() {
    let text = serde_json::to_vec(&scenario()).expect("JSON");
    let resolved = ScenarioFile::read("all", "all.json", Path::new(""), &text).and_then(|file| file.resolve());
    let resolved = resolved.unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!(resolved.names.instance_types.last().map(String::as_str), Some("server"));
    assert_eq!(resolved.world.environments[0].managed.as_ref().map(|managed| managed.instance_types.len()), Some(3));
    assert_eq!(resolved.world.nodes.len(), 2);
    assert_eq!(resolved.world.specs.len(), 6);
    assert_eq!(resolved.world.workload.len(), 6);
    assert_eq!(resolved.world.operations.len(), 9);
    assert_eq!(breaches(&scenario()), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_makes_the_loader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..4)
    ) {
        let mut value = scenario();
        for (which, mutation) in &changes {
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            if !all.is_empty() {
                mutate(&mut value, &all[which.index(all.len())], mutation);
            }
        }
        let text = serde_json::to_vec_pretty(&value).expect("JSON");
        match ScenarioFile::read("x", "x.json", Path::new(""), &text).and_then(|file| file.resolve()) {
            Ok(_) => prop_assert_eq!(breaches(&value), [""; 0], "accepted: {}", value),
            Err(findings) => {
                prop_assert!(findings.has_errors());
                prop_assert!(findings.as_slice().iter().all(|finding| !finding.message.is_empty()));
            }
        }
    }

    #[test]
    fn no_cut_makes_the_reader_panic(at in 0.0..1.0_f64) {
        let text = serde_json::to_vec_pretty(&scenario()).expect("JSON");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share")]
        let cut = (text.len() as f64 * at) as usize;
        let cut = ScenarioFile::read("x", "x.json", Path::new(""), &text[..cut]);
        prop_assert!(cut.is_err());
    }
}
