//! Job queues.

use serde_json::json;
use windtunnel::ids::{ComputeEnvironmentId, JobQueueId};
use windtunnel::scheduler::{Blocked, Event, QueueSpec, TimeLimit};
use windtunnel::units::SimDuration;

use crate::{account, done, empty, environment, events, fault, is, ok, queue, read, with};

#[test]
fn a_created_queue_tries_its_environments_in_order() {
    let mut batch = account();
    ok(batch.create_compute_environment(&read(environment("f"))));
    let document = json!({ "jobQueueName": "r", "priority": 7, "state": "DISABLED", "computeEnvironmentOrder": [
        { "order": 5, "computeEnvironment": "e" },
        { "order": 2, "computeEnvironment": "arn:aws:batch:us-east-1:123456789012:compute-environment/f" } ] });
    let outcome = done(batch.create_job_queue(&read(document)));
    assert_eq!(outcome.response.job_queue_arn, "arn:aws:batch:us-east-1:123456789012:job-queue/r");
    let order = vec![ComputeEnvironmentId(1), ComputeEnvironmentId(0)];
    let spec = Box::new(QueueSpec { enabled: false, ..QueueSpec::fifo(7, order) });
    assert_eq!(outcome.events, [Event::JobQueueCreated { queue: JobQueueId(1), spec }]);
}

// `UG:service_limits`: 50 queues; 3 environments each.
#[test]
fn quotas_hold() {
    let mut batch = account();
    for index in 1..50 {
        ok(batch.create_job_queue(&read(queue(&format!("q{index}"), &["e"]))));
    }
    is(
        batch.create_job_queue(&read(queue("one-more", &["e"]))),
        "",
        "this is job queue number 51, but AWS Batch takes 50 per account and Region",
    );
    let mut batch = empty();
    for name in ["a", "b", "c", "d"] {
        ok(batch.create_compute_environment(&read(environment(name))));
    }
    is(
        batch.create_job_queue(&read(queue("q", &["a", "b", "c", "d"]))),
        "/computeEnvironmentOrder",
        "the queue has 4 compute environments, but AWS Batch takes 3",
    );
}

// `API:CreateJobQueueRequest`: environments that exist, of one architecture.
#[test]
fn environments_are_known_and_of_one_architecture() {
    let mut batch = account();
    is(
        batch.create_job_queue(&read(queue("r", &["nowhere"]))),
        "/computeEnvironmentOrder/0/computeEnvironment",
        "no compute environment is called `nowhere`",
    );
    ok(batch.create_compute_environment(&read(with(
        environment("arm"),
        "/computeResources/instanceTypes",
        json!(["m6g"]),
    ))));
    is(
        batch.create_job_queue(&read(queue("r", &["e", "arm"]))),
        "/computeEnvironmentOrder/1/computeEnvironment",
        "`arm` is arm64 and the environments before it are x86_64: a queue's environments share one architecture",
    );
}

// `API:JobStateTimeLimitAction`, `UG:job_stuck_in_runnable_time_limit_actions`.
#[test]
fn time_limits_are_told_by_what_the_head_waits_for() {
    let action =
        |reason: &str| json!({ "reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL" });
    let actions = json!([
        action("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
        action("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"),
        action("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"),
    ]);
    let request = json!({ "jobQueue": "q", "jobStateTimeLimitActions": actions });
    let told = events(account().update_job_queue(&read(request)));
    let [Event::JobQueueUpdated { spec, .. }] = &told[..] else { panic!("{told:?}") };
    let limit = |why| TimeLimit { why, after: SimDuration::from_mins(10) };
    assert_eq!(
        spec.time_limits,
        [
            Blocked::JobResourceRequirement,
            Blocked::InsufficientInstanceCapacity,
            Blocked::ComputeEnvironmentMaxResource
        ]
        .map(limit)
    );
}

// `API:UpdateJobQueueRequest`: a policy is replaced, never removed, and never added to a FIFO queue.
#[test]
fn a_scheduling_policy_is_replaced_never_added() {
    let mut batch = account();
    for (name, decay) in [("p", 600), ("r", 1_200)] {
        let policy = json!({ "name": name, "fairsharePolicy": { "shareDecaySeconds": decay } });
        ok(batch.create_scheduling_policy(&read(policy)));
    }
    is(
        batch.update_job_queue(&read(json!({ "jobQueue": "q", "schedulingPolicyArn": "p" }))),
        "/schedulingPolicyArn",
        "`q` is a FIFO queue, and a queue is given a scheduling policy at its creation or never",
    );
    let fair = with(queue("fair", &["e"]), "/schedulingPolicyArn", json!("p"));
    ok(batch.create_job_queue(&read(fair)));
    let arn = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/r";
    let told = events(batch.update_job_queue(&read(json!({ "jobQueue": "fair", "schedulingPolicyArn": arn }))));
    let [Event::JobQueueUpdated { spec, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(spec.fair_share.as_ref().map(|fair| fair.share_decay), Some(SimDuration::from_mins(20)));
    let told = events(batch.update_job_queue(&read(json!({ "jobQueue": "fair", "priority": 9 }))));
    assert!(
        matches!(&told[..], [Event::JobQueueUpdated { spec, .. }] if spec.fair_share.is_some() && spec.priority == 9),
        "what is not given stays: {told:?}"
    );
}

// `API:DeleteJobQueue`: DISABLED before.
#[test]
fn deletion_needs_a_disabled_queue() {
    let mut batch = account();
    let delete = read(json!({ "jobQueue": "q" }));
    assert_eq!(fault(batch.delete_job_queue(&delete)).1, "Cannot delete, `q` is ENABLED");
    ok(batch.update_job_queue(&read(json!({ "jobQueue": "q", "state": "DISABLED" }))));
    assert_eq!(events(batch.delete_job_queue(&delete)), [Event::JobQueueDeleted { queue: JobQueueId(0) }]);
    is(batch.delete_job_queue(&delete), "/jobQueue", "no job queue is called `q`");
}
