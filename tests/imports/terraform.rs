//! Plans and states as `terraform show -json` prints them.

use serde_json::{Value, json};

use crate::folder::Folder;

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn resource(address: &str, values: Value) -> Value {
    let bare = address.rsplit_once("module.fleet.").map_or(address, |(_, bare)| bare);
    let (kind, name) = bare.split_once('.').unwrap();
    let mut resource = json!({ "address": address, "mode": "managed", "type": kind, "values": values });
    match name.split_once('[') {
        Some((name, index)) => {
            resource["name"] = json!(name);
            resource["index"] = serde_json::from_str(index.trim_end_matches(']')).unwrap();
        }
        None => resource["name"] = json!(name),
    }
    resource
}

fn environment(name: &str, eks: bool) -> Value {
    let configuration =
        json!([{ "eks_cluster_arn": "arn:aws:eks:eu-west-1:123456789012:cluster/c", "kubernetes_namespace": "jobs" }]);
    json!({
        "name": name, "name_prefix": null, "type": "MANAGED", "state": "ENABLED", "service_role": null, "tags": { "Team_A": "x" },
        "eks_configuration": if eks { configuration } else { json!([]) }, "update_policy": [],
        "compute_resources": [{
            "type": "EC2", "allocation_strategy": "BEST_FIT_PROGRESSIVE", "bid_percentage": null, "min_vcpus": 0, "max_vcpus": 64,
            "desired_vcpus": 4, "instance_type": ["c5.xlarge", "m5.xlarge"], "subnets": ["subnet-1"], "security_group_ids": ["sg-1"],
            "instance_role": "arn:aws:iam::123456789012:instance-profile/p", "ec2_configuration": [], "launch_template": [],
            "placement_group": "", "tags": null,
        }],
    })
}

fn pod_definition() -> Value {
    let container = json!({
        "args": [], "command": ["sleep", "60"], "env": [{ "name": "A_B", "value": "1" }], "image": "busybox", "image_pull_policy": "",
        "name": "", "resources": [{ "limits": { "cpu": "1", "memory": "1024Mi" }, "requests": { "cpu": "1", "memory": "1024Mi" } }],
        "security_context": [{ "privileged": null, "read_only_root_file_system": null, "run_as_user": 1000 }],
        "volume_mounts": [{ "mount_path": "/tmp", "name": "tmp", "read_only": false }],
    });
    json!({
        "name": "pod", "type": "container", "platform_capabilities": null, "propagate_tags": false, "scheduling_priority": null,
        "container_properties": null, "node_properties": null, "parameters": null,
        "eks_properties": [{ "pod_properties": [{
            "containers": [container], "dns_policy": "", "host_network": true, "init_containers": [], "image_pull_secret": [],
            "metadata": [{ "labels": { "Env_Of": "test" }, "annotations": null }], "service_account_name": "",
            "volumes": [{ "name": "tmp", "empty_dir": [{ "medium": "", "size_limit": "64Mi" }], "host_path": [], "secret": [] }],
        }] }],
        "retry_strategy": [{ "attempts": 2, "evaluate_on_exit": [
            { "action": "retry", "on_exit_code": "", "on_reason": "", "on_status_reason": "Host EC2*" }] }],
        "timeout": [{ "attempt_duration_seconds": 600 }],
    })
}

fn at<'a>(scenario: &'a Value, pointer: &str) -> &'a Value {
    scenario.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}: {scenario:#}"))
}

/// Nothing has an ARN yet; who belongs to whom stands in the configuration.
fn plan() -> Value {
    let order = json!([{ "order": 1 }, { "order": 2 }]);
    let changes = [
        (
            "aws_batch_job_queue.main",
            json!({ "arn": true, "id": true, "scheduling_policy_arn": true,
            "compute_environment_order": [{ "compute_environment": true }, { "compute_environment": true }] }),
        ),
        (
            "aws_batch_compute_environment.fleet[\"b\"]",
            json!({ "arn": true, "compute_resources": [{ "subnets": [true] }] }),
        ),
        ("module.fleet.aws_batch_job_queue.inner", json!({ "arn": true, "compute_environments": true })),
    ];
    let changes =
        changes.map(|(address, unknown)| json!({ "address": address, "change": { "after_unknown": unknown } }));
    let mut b = environment("b", true);
    b["compute_resources"][0]["subnets"] = json!([]);
    let reference =
        |to: &str| json!({ "compute_environment": { "references": [format!("{to}.arn"), to] }, "order": {} });
    json!({
        "format_version": "1.2", "resource_changes": changes,
        "planned_values": { "root_module": {
            "resources": [
                resource("aws_batch_compute_environment.fleet[\"a\"]", environment("a", true)),
                resource("aws_batch_compute_environment.fleet[\"b\"]", b),
                resource("aws_batch_scheduling_policy.shares", json!({ "name": "shares", "fair_share_policy": [{
                    "compute_reservation": 1, "share_decay_seconds": 600,
                    "share_distribution": [{ "share_identifier": "team", "weight_factor": 0.5 }] }] })),
                resource("aws_batch_job_queue.main", json!({ "name": "main", "priority": 5, "state": "ENABLED",
                    "compute_environment_order": order, "job_state_time_limit_action": [
                        { "action": "CANCEL", "max_time_seconds": 3600, "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
                          "state": "RUNNABLE" }] })),
                resource("aws_batch_job_definition.pod", pod_definition()),
                resource("aws_iam_role.batch", json!({ "name": "r" })),
            ],
            "child_modules": [{ "address": "module.fleet", "resources": [
                resource("module.fleet.aws_batch_compute_environment.own", environment("own", true)),
                resource("module.fleet.aws_batch_job_queue.inner", json!({ "name": "inner", "priority": 1, "state": "ENABLED" })),
            ] }],
        } },
        "configuration": {
            "provider_config": { "aws": { "expressions": { "region": { "constant_value": "eu-west-1" } } } },
            "root_module": {
                "resources": [{ "address": "aws_batch_job_queue.main", "expressions": {
                    "scheduling_policy_arn": { "references": ["aws_batch_scheduling_policy.shares.arn"] },
                    "compute_environment_order": [
                        reference("aws_batch_compute_environment.fleet[\"b\"]"), reference("aws_batch_compute_environment.fleet[\"a\"]")],
                } }],
                "module_calls": { "fleet": { "module": { "resources": [
                    { "address": "aws_batch_job_queue.inner", "expressions": {
                        "compute_environments": { "references": ["aws_batch_compute_environment.own.arn"] } } },
                ] } } },
            },
        },
    })
}

#[test]
fn a_plan_is_followed_by_its_references() {
    let folder = Folder::new("tf-plan");
    folder.write("plan.json", plan().to_string());
    let (scenario, told) = folder.import(&["terraform", "plan.json"]);
    assert_eq!(scenario["region"], "eu-west-1");
    let names: Vec<_> =
        scenario["computeEnvironments"].as_array().unwrap().iter().map(|one| &one["computeEnvironmentName"]).collect();
    assert_eq!(names, ["a", "b", "own"], "{told}");
    let resources = json!({
        "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": 64,
        "instanceTypes": ["c5.xlarge", "m5.xlarge"], "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"],
        "instanceRole": "arn:aws:iam::123456789012:instance-profile/p",
    });
    assert_eq!(at(&scenario, "/computeEnvironments/0/computeResources"), &resources);
    assert_eq!(at(&scenario, "/computeEnvironments/0/tags"), &json!({ "Team_A": "x" }));
    assert_eq!(at(&scenario, "/computeEnvironments/1/computeResources/subnets"), &json!(["known-after-apply"]));
    let order = json!([{ "order": 1, "computeEnvironment": "b" }, { "order": 2, "computeEnvironment": "a" }]);
    assert_eq!(at(&scenario, "/jobQueues/0/computeEnvironmentOrder"), &order);
    let limit = at(&scenario, "/jobQueues/0/jobStateTimeLimitActions/0");
    assert_eq!(limit["maxTimeSeconds"], 3600);
    assert!(at(&scenario, "/jobQueues/0/schedulingPolicyArn").as_str().unwrap().ends_with("scheduling-policy/shares"));
    let inner = json!([{ "order": 1, "computeEnvironment": "own" }]);
    assert_eq!(at(&scenario, "/jobQueues/1/computeEnvironmentOrder"), &inner);
    let pod = at(&scenario, "/jobDefinitions/0/eksProperties/podProperties");
    assert_eq!(pod["metadata"]["labels"], json!({ "Env_Of": "test" }));
    assert_eq!(pod["volumes"][0]["emptyDir"]["sizeLimit"], "64Mi");
    assert_eq!(pod["containers"][0]["resources"]["limits"], json!({ "cpu": "1", "memory": "1024Mi" }));
    assert_eq!(pod["containers"][0]["securityContext"], json!({ "runAsUser": 1000 }));
    let retry = at(&scenario, "/jobDefinitions/0/retryStrategy");
    assert_eq!((&retry["attempts"], &retry["evaluateOnExit"][0]["onStatusReason"]), (&json!(2), &json!("Host EC2*")));
    assert!(told.contains("1 × resources that are not AWS Batch's (plan.json aws_iam_role.batch)"), "{told}");
    assert!(told.contains("subnets/0: it is known after apply"), "{told}");
    assert_eq!(at(&scenario, "/workload/0/submit/shareIdentifier"), "team");
    assert_eq!(folder.run(&[])["jobs"]["succeeded"], 40);
}

/// A state: everything has its ARN; definitions for Amazon ECS are JSON as a text.
#[test]
fn a_state_for_ecs_becomes_pods() {
    let folder = Folder::new("tf-state");
    let arn = |kind: &str, name: &str| format!("arn:aws:batch:us-west-2:123456789012:{kind}/{name}");
    let mut fleet = environment("ignored", false);
    fleet["compute_environment_name"] = json!("fleet");
    fleet.as_object_mut().unwrap().shift_remove("name");
    fleet["arn"] = json!(arn("compute-environment", "fleet"));
    let properties = json!({ "image": "busybox", "jobRoleArn": "arn:x", "resourceRequirements": [
        { "type": "VCPU", "value": "2" }, { "type": "MEMORY", "value": "3072" }] });
    let state = json!({ "format_version": "1.0", "values": { "root_module": { "resources": [
        resource("aws_batch_compute_environment.this", fleet),
        resource("aws_batch_job_queue.this", json!({ "name": "q", "arn": arn("job-queue", "q"), "priority": 1, "state": "ENABLED",
            "compute_environments": [arn("compute-environment", "fleet")], "scheduling_policy_arn": "" })),
        resource("aws_batch_job_definition.this", json!({ "name": "ecs", "type": "container",
            "container_properties": properties.to_string(), "arn": arn("job-definition", "ecs:3"), "revision": 3 })),
        resource("aws_batch_job_definition.torn", json!({ "name": "torn", "type": "container", "container_properties": "{" })),
    ] } } });
    folder.write("state.json", state.to_string());
    let (scenario, told) = folder.import(&["terraform", "state.json"]);
    assert_eq!(scenario["region"], "us-west-2");
    let order = json!([{ "order": 1, "computeEnvironment": "fleet" }]);
    assert_eq!(at(&scenario, "/jobQueues/0/computeEnvironmentOrder"), &order, "{told}");
    let limits = at(&scenario, "/jobDefinitions/0/eksProperties/podProperties/containers/0/resources/limits");
    assert_eq!(limits, &json!({ "cpu": "2", "memory": "3072Mi" }));
    assert!(told.contains("1 × properties that are no JSON (state.json aws_batch_job_definition.torn"), "{told}");
    assert!(told.contains("compute environments of Amazon ECS are of Amazon EKS"), "{told}");
    assert_eq!(folder.run(&[])["jobs"]["succeeded"], 20);
    let workload = json!({
        "region": "us-west-2", "computeEnvironments": scenario["computeEnvironments"], "jobQueues": scenario["jobQueues"],
        "jobDefinitions": scenario["jobDefinitions"],
        "workload": [{ "submit": { "jobName": "mine", "jobQueue": "q", "jobDefinition": "ecs" }, "count": 7,
                       "runtime": { "constant": "2m" } }],
    });
    folder.write("mine.json", workload.to_string());
    folder.import(&["terraform", "state.json", "--workload", "mine.json"]);
    assert_eq!(folder.run(&[])["jobs"]["submitted"], 7);
}

#[test]
fn what_terraform_does_not_show_is_refused() {
    let folder = Folder::new("tf-bad");
    folder.write("terraform.tfstate", json!({ "version": 4, "resources": [] }).to_string());
    let refused = folder.refused(&["import", "terraform", "terraform.tfstate", "-o", "x"]);
    assert!(refused.contains("as Terraform stores it") && refused.contains("terraform show -json"), "{refused}");
    folder.write("torn.json", "{\"values\": {");
    assert!(folder.refused(&["import", "terraform", "torn.json", "-o", "x"]).contains("torn.json is no JSON"));
}
