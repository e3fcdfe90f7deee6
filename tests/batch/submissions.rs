//! Submissions: what a queue takes, and what the core is told.

use serde_json::{Value, json};
use windtunnel::ids::{ConsumableResourceId, InstanceTypeId, JobId, JobQueueId, JobSpecId};
use windtunnel::scheduler::{ConsumableRequirement, Event, JobSpec, MultiNode};
use windtunnel::units::SimDuration;

use crate::{account, definition, done, events, is, ok, read, submission, with};

/// The spec that a submission is given in an account with definition `d`.
fn spec(submit: Value) -> JobSpec {
    let mut batch = account();
    ok(batch.prepare_submission(&read(submit)));
    batch.job_specs()[0].spec.clone()
}

#[test]
fn a_submission_is_told_with_its_spec() {
    let outcome = done(account().submit_job(&read(submission()), JobId::new(0, 7)));
    assert_eq!(outcome.response.job_id, "0-7");
    assert_eq!(outcome.response.job_arn, "arn:aws:batch:us-east-1:123456789012:job/0-7");
    let [Event::JobSpecRegistered { spec: JobSpecId(0), job }, Event::JobSubmitted { job: id, queue, tracked, .. }] =
        &outcome.events[..]
    else {
        panic!("{:?}", outcome.events)
    };
    assert_eq!((job.attempts, job.requests.cpu.0), (1, 1_000));
    assert_eq!((*id, *queue, *tracked), (JobId::new(0, 7), JobQueueId(0), true));
}

// The same effective job is one spec, however it is written.
#[test]
fn equal_jobs_are_one_spec() {
    let mut batch = account();
    let first = done(batch.prepare_submission(&read(submission())));
    let by_revision = with(submission(), "/jobDefinition", json!("d:1"));
    let again = done(batch.prepare_submission(&read(by_revision)));
    assert_eq!((again.response, again.events), (first.response, vec![]));
    let other = with(submission(), "/retryStrategy", json!({ "attempts": 2 }));
    assert_eq!(done(batch.prepare_submission(&read(other))).response.spec, JobSpecId(1));
}

// `API:JobQueueDetail`: a DISABLED queue takes nothing new.
#[test]
fn a_disabled_queue_refuses() {
    let mut batch = account();
    ok(batch.update_job_queue(&read(json!({ "jobQueue": "q", "state": "DISABLED" }))));
    is(batch.prepare_submission(&read(submission())), "/jobQueue", "queue `q` is DISABLED and takes no submissions");
}

#[test]
fn all_faults_of_a_submission_come_at_once() {
    let mut batch = account();
    let submit = json!({ "jobName": "j", "jobQueue": "nowhere", "jobDefinition": "d", "shareIdentifier": "A",
        "dependsOn": [{ "jobId": "0-9" }],
        "eksPropertiesOverride": { "podProperties": { "containers": [{ "name": "other" }] } } });
    let error = batch.submit_job(&read(submit), JobId::new(0, 0)).expect_err("nothing of it is right");
    let pointers: Vec<_> = error.problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/jobQueue", "/eksPropertiesOverride/podProperties/containers/0/name", "/dependsOn/0/jobId"]);
}

// `API:SubmitJobRequest`: the submission's priority, else the definition's, else 0.
#[test]
fn priorities_timeouts_and_attempts_are_the_submissions_before_the_definitions() {
    assert_eq!(spec(submission()).scheduling_priority, 0);
    let submit = json!({ "jobName": "j", "jobQueue": "q", "jobDefinition": "d", "schedulingPriorityOverride": 7,
        "timeout": { "attemptDurationSeconds": 90 }, "retryStrategy": { "attempts": 4 } });
    let own = spec(submit);
    assert_eq!((own.scheduling_priority, own.attempts, own.timeout), (7, 4, Some(SimDuration::from_secs(90))));
    let mut batch = account();
    ok(batch.register_job_definition(&read(with(definition("d"), "/schedulingPriority", json!(5)))));
    ok(batch.prepare_submission(&read(submission())));
    assert_eq!(batch.job_specs()[0].spec.scheduling_priority, 5);
}

// `UG:resource-aware-scheduling-how-to-for-jobs`: what a job holds must exist.
#[test]
fn consumable_resources_exist_before_they_are_held() {
    let mut batch = account();
    let list = json!({ "consumableResourceList": [{ "consumableResource": "license", "quantity": 2 }] });
    let submit = with(submission(), "/consumableResourcePropertiesOverride", list.clone());
    is(
        batch.prepare_submission(&read(submit.clone())),
        "/consumableResourcePropertiesOverride/consumableResourceList",
        "no consumable resource is called `license`",
    );
    let holding = with(definition("holding"), "/consumableResourceProperties", list);
    ok(batch.register_job_definition(&read(holding)));
    let by_definition = with(submission(), "/jobDefinition", json!("holding"));
    is(batch.prepare_submission(&read(by_definition)), "/jobDefinition", "no consumable resource is called `license`");
    ok(batch.create_consumable_resource(&read(json!({ "consumableResourceName": "license" }))));
    ok(batch.prepare_submission(&read(submit)));
    assert_eq!(
        batch.job_specs()[0].spec.consumables,
        [ConsumableRequirement { resource: ConsumableResourceId(0), quantity: 2 }]
    );
}

// `API:NodeProperties`, `UG:mnp-eks-running-mnp-jobs`.
#[test]
fn a_multi_node_job_is_told_by_its_largest_pod() {
    let range = |nodes: &str, cpu: &str| {
        json!({ "targetNodes": nodes, "instanceTypes": ["m5.xlarge"], "eksProperties": { "podProperties": {
            "containers": [{ "image": "i", "resources": { "limits": { "cpu": cpu, "memory": "1024Mi" } } }] } } })
    };
    let document = json!({ "jobDefinitionName": "many", "type": "multinode", "nodeProperties": {
        "numNodes": 4, "mainNode": 1, "nodeRangeProperties": [range("0:2", "1"), range("3:", "2")] } });
    let mut batch = account();
    ok(batch.register_job_definition(&read(document)));
    let told = events(batch.prepare_submission(&read(with(submission(), "/jobDefinition", json!("many")))));
    let [Event::JobSpecRegistered { job, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(job.requests.cpu.0, 2_000);
    assert_eq!(job.multi_node, Some(MultiNode { nodes: 4, main: 1, instance_type: Some(InstanceTypeId(1)) }));
}
