//! Compute environments.

use serde_json::json;
use windtunnel::batch::{PageRequest, Status};
use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId};
use windtunnel::scheduler::{Event, InfrastructureUpdate, InvalidCause, Reason};
use windtunnel::units::SimDuration;

use crate::{account, done, empty, environment, events, is, ok, queue, read, with};

fn update(changes: &serde_json::Value) -> serde_json::Value {
    json!({ "computeEnvironment": "e", "computeResources": changes })
}

#[test]
fn a_created_environment_is_told_to_the_core() {
    let outcome = done(empty().create_compute_environment(&read(environment("e"))));
    assert_eq!(outcome.response.compute_environment_arn, "arn:aws:batch:us-east-1:123456789012:compute-environment/e");
    let [Event::ComputeEnvironmentCreated { environment: ComputeEnvironmentId(0), spec }] = &outcome.events[..] else {
        panic!("{:?}", outcome.events)
    };
    let managed = spec.managed.as_ref().expect("it is MANAGED");
    assert_eq!(managed.instance_types, [[InstanceTypeId(0), InstanceTypeId(1)]]);
    assert_eq!((spec.enabled, managed.max_vcpus), (true, 64));
}

// `API:CreateComputeEnvironmentRequest`: names are unique in account and Region.
#[test]
fn names_are_unique_and_free_again_after_deletion() {
    let mut batch = empty();
    ok(batch.create_compute_environment(&read(environment("e"))));
    let again = read(environment("e"));
    is(
        batch.create_compute_environment(&again),
        "/computeEnvironmentName",
        "Object already exists: two compute environments are called `e`",
    );
    ok(batch.update_compute_environment(&read(json!({ "computeEnvironment": "e", "state": "DISABLED" }))));
    ok(batch.delete_compute_environment(&read(json!({ "computeEnvironment": "e" }))));
    let created = events(batch.create_compute_environment(&again));
    assert!(
        matches!(created[..], [Event::ComputeEnvironmentCreated { environment: ComputeEnvironmentId(1), .. }]),
        "an id is never used twice: {created:?}"
    );
}

// `UG:service_limits`: 50 environments, 5 per EKS cluster.
#[test]
fn quotas_hold() {
    let mut batch = empty();
    for index in 0..50 {
        ok(batch.create_compute_environment(&read(environment(&format!("e{index}")))));
    }
    is(
        batch.create_compute_environment(&read(environment("one-more"))),
        "",
        "this is compute environment number 51, but AWS Batch takes 50 per account and Region",
    );
    let mut batch = empty();
    let on_one_cluster =
        |name: &str| with(environment(name), "/eksConfiguration/eksClusterArn", json!("arn:aws:eks:x"));
    for index in 0..5 {
        ok(batch.create_compute_environment(&read(on_one_cluster(&format!("e{index}")))));
    }
    is(
        batch.create_compute_environment(&read(on_one_cluster("e5"))),
        "/eksConfiguration/eksClusterArn",
        "this is compute environment number 6 of the cluster, but AWS Batch takes 5 per EKS cluster",
    );
}

// `UG:instance-type-compute-table`: one architecture per environment; an explicit type keeps its own place.
#[test]
fn instance_types_share_an_architecture() {
    let types = |types| with(environment("e"), "/computeResources/instanceTypes", types);
    is(
        empty().create_compute_environment(&read(types(json!(["m5", "m6g"])))),
        "/computeResources/instanceTypes/1",
        "`m6g` is arm64 and the entries before it are x86_64: an environment's types share one architecture",
    );
    let created = events(empty().create_compute_environment(&read(types(json!(["m5", "m5.large"])))));
    let [Event::ComputeEnvironmentCreated { spec, .. }] = &created[..] else { panic!("{created:?}") };
    let lists = &spec.managed.as_ref().expect("it is MANAGED").instance_types;
    assert_eq!(lists[..], [[InstanceTypeId(1)], [InstanceTypeId(0)]]);
    let spot = with(types(json!(["m6g"])), "/computeResources/type", json!("SPOT"));
    let spot = with(spot, "/computeResources/allocationStrategy", json!("SPOT_CAPACITY_OPTIMIZED"));
    is(
        empty().create_compute_environment(&read(spot)),
        "/computeResources/instanceTypes",
        "EC2 offers none of these types as Spot",
    );
}

// `UG:scaling-updates`: limits and state alone leave the nodes where they are.
#[test]
fn a_scaling_update_keeps_the_nodes() {
    let mut batch = account();
    let told = events(batch.update_compute_environment(&read(update(&json!({ "minvCpus": 8, "maxvCpus": 128 })))));
    let [Event::ComputeEnvironmentUpdated { environment: ComputeEnvironmentId(0), spec, infrastructure: None }] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    let managed = spec.managed.as_ref().expect("it is MANAGED");
    assert_eq!((managed.min_vcpus, managed.max_vcpus), (8, 128));
    let told =
        events(batch.update_compute_environment(&read(json!({ "computeEnvironment": "e", "state": "DISABLED" }))));
    assert!(
        matches!(&told[..], [Event::ComputeEnvironmentUpdated { spec, infrastructure: None, .. }] if !spec.enabled),
        "{told:?}"
    );
}

// `UG:infrastructure-updates`, `API:UpdatePolicy`: everything else replaces them; 30 minutes, and not at once, by default.
#[test]
fn an_infrastructure_update_replaces_the_nodes() {
    let told = events(account().update_compute_environment(&read(update(&json!({ "instanceTypes": ["m5.xlarge"] })))));
    let [Event::ComputeEnvironmentUpdated { infrastructure: Some(default), spec, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    let half_an_hour = SimDuration::from_mins(30);
    assert_eq!(*default, InfrastructureUpdate { terminate_jobs: false, job_execution_timeout: half_an_hour });
    assert_eq!(spec.managed.as_ref().expect("it is MANAGED").instance_types, [[InstanceTypeId(1)]]);
    let at_once = with(
        update(&json!({ "tags": { "a": "b" } })),
        "/updatePolicy",
        json!({ "terminateJobsOnUpdate": true, "jobExecutionTimeoutMinutes": 1 }),
    );
    let told = events(account().update_compute_environment(&read(at_once)));
    assert!(
        matches!(
            told[..],
            [Event::ComputeEnvironmentUpdated {
                infrastructure: Some(InfrastructureUpdate { terminate_jobs: true, .. }),
                ..
            }]
        ),
        "{told:?}"
    );
}

#[test]
fn updates_are_refused_with_their_reason() {
    let said = |changes| account().update_compute_environment(&read(update(&changes)));
    // `API:ComputeResourceUpdate`: not for EKS.
    is(
        said(json!({ "desiredvCpus": 4 })),
        "/computeResources/desiredvCpus",
        "AWS Batch does not take it for environments on Amazon EKS: it moves it by itself",
    );
    is(said(json!({ "minvCpus": 65 })), "/computeResources/minvCpus", "65 is above `maxvCpus`, 64");
    is(
        account().update_compute_environment(&read(json!({ "computeEnvironment": "f" }))),
        "/computeEnvironment",
        "no compute environment is called `f`",
    );
    let mut batch = account();
    let refused =
        batch.update_compute_environment(&read(update(&json!({ "instanceTypes": ["m7.large"], "minvCpus": 65 }))));
    assert_eq!(refused.expect_err("no such type").problems.len(), 2, "all faults come at once");
    let page = batch.describe_compute_environments(&[], &PageRequest::default()).expect("a page");
    assert_eq!(page.items[0].document, read(environment("e")), "a refused update leaves no trace");
}

// `API:EksConfigurationUpdate`: only the access entry can change; nodes stay.
#[test]
fn the_way_into_the_cluster_can_change() {
    let request =
        json!({ "computeEnvironment": "e", "eksConfiguration": { "accessEntry": { "desiredState": "ENABLED" } } });
    let told = events(account().update_compute_environment(&read(request)));
    assert!(matches!(told[..], [Event::ComputeEnvironmentUpdated { infrastructure: None, .. }]), "{told:?}");
}

// Spec of queues: environments share one architecture, also after an update.
#[test]
fn an_update_does_not_mix_architectures_in_a_queue() {
    let mut batch = account();
    ok(batch.create_compute_environment(&read(environment("f"))));
    ok(batch.create_job_queue(&read(queue("both", &["e", "f"]))));
    is(
        batch.update_compute_environment(&read(update(&json!({ "instanceTypes": ["m6g"] })))),
        "/computeResources/instanceTypes",
        "queue `both` has `f` too, whose types are of another architecture than arm64",
    );
}

// `API:DeleteComputeEnvironment`: DISABLED and in no queue.
#[test]
fn deletion_needs_a_disabled_environment_in_no_queue() {
    let mut batch = account();
    let delete = read(json!({ "computeEnvironment": "e" }));
    let refused = batch.delete_compute_environment(&delete).expect_err("it is ENABLED and in a queue");
    assert_eq!(
        refused.message(),
        "Cannot delete, `e` is ENABLED; Cannot delete, found existing JobQueue relationship: `q` has `e`"
    );
    ok(batch.update_compute_environment(&read(json!({ "computeEnvironment": "e", "state": "DISABLED" }))));
    ok(batch.update_job_queue(&read(json!({ "jobQueue": "q", "state": "DISABLED" }))));
    ok(batch.delete_job_queue(&read(json!({ "jobQueue": "q" }))));
    let told = events(batch.delete_compute_environment(&delete));
    assert_eq!(told, [Event::ComputeEnvironmentDeleted { environment: ComputeEnvironmentId(0) }]);
    let page = batch.describe_compute_environments(&[], &PageRequest::default()).expect("a page");
    assert_eq!(page.items, []);
}

// `API:CreateJobQueueRequest`: environments must be VALID when a queue takes them.
#[test]
fn what_the_core_reports_of_an_environment_is_its_status() {
    let mut batch = account();
    let environment = ComputeEnvironmentId(0);
    batch.hear(&Reason::EnvironmentInvalid { environment, why: InvalidCause::NodesNeverJoined });
    let page = batch.describe_compute_environments(&["e".to_owned()], &PageRequest::default()).expect("a page");
    assert_eq!(page.items[0].status, Status::Invalid);
    is(
        batch.create_job_queue(&read(queue("r", &["e"]))),
        "/computeEnvironmentOrder/0/computeEnvironment",
        "`e` is INVALID: a queue takes VALID environments only",
    );
    batch.hear(&Reason::EnvironmentValid { environment });
    ok(batch.create_job_queue(&read(queue("r", &["e"]))));
}
