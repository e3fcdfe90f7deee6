//! AWS Batch's control plane through its public face: one story per documented rule, with its source.

mod definitions;
mod describe_jobs;
mod environments;
mod exit;
mod jobs;
mod list_jobs;
mod paging;
mod policies;
mod queues;
mod resources;
mod snapshot;
mod submissions;
mod world;

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use windtunnel::batch::{Batch, BatchError, Exception, InstanceTypes, Outcome, TypeOffer};
use windtunnel::catalog::Architecture;
use windtunnel::ids::InstanceTypeId;
use windtunnel::model::Assumptions;
use windtunnel::scheduler::Event;

/// Two families: `m5` (`x86_64`) of large and xlarge, `m6g` (`arm64`) of large, which EC2 does not offer as Spot.
struct Table;

impl InstanceTypes for Table {
    fn is_single(&self, entry: &str) -> bool {
        entry.contains('.')
    }

    fn expand(&self, entry: &str) -> Result<Vec<TypeOffer>, String> {
        let all = [
            ("m5.large", Architecture::X86_64),
            ("m5.xlarge", Architecture::X86_64),
            ("m6g.large", Architecture::Arm64),
        ];
        let offers: Vec<_> = (0..)
            .zip(all)
            .filter(|(_, (name, _))| *name == entry || name.split('.').next() == Some(entry))
            .map(|(id, (_, architecture))| TypeOffer {
                id: InstanceTypeId(id),
                architecture,
                spot: architecture == Architecture::X86_64,
            })
            .collect();
        if offers.is_empty() { Err(format!("no instance type is called `{entry}`")) } else { Ok(offers) }
    }
}

type Account = Batch<Table>;

fn empty() -> Account {
    Batch::new(Table, Assumptions::default(), "us-east-1")
}

/// An account with environment `e`, queue `q` before it, and job definition `d`.
fn account() -> Account {
    let mut batch = empty();
    ok(batch.create_compute_environment(&read(environment("e"))));
    ok(batch.create_job_queue(&read(queue("q", &["e"]))));
    ok(batch.register_job_definition(&read(definition("d"))));
    batch
}

/// A document as AWS's command line takes it.
fn read<T: DeserializeOwned>(document: Value) -> T {
    serde_json::from_value(document).expect("a document")
}

/// The document with a field set.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    document.pointer_mut(parent).expect("the part is there")[field] = value;
    document
}

fn environment(name: &str) -> Value {
    json!({
        "computeEnvironmentName": name, "type": "MANAGED",
        "eksConfiguration": { "eksClusterArn": format!("arn:aws:eks:us-east-1:1:cluster/{name}"), "kubernetesNamespace": "jobs" },
        "computeResources": { "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "maxvCpus": 64,
            "instanceTypes": ["m5"] }
    })
}

fn queue(name: &str, environments: &[&str]) -> Value {
    let order: Vec<_> =
        (1..).zip(environments).map(|(order, name)| json!({ "order": order, "computeEnvironment": name })).collect();
    json!({ "jobQueueName": name, "priority": 1, "computeEnvironmentOrder": order })
}

fn definition(name: &str) -> Value {
    json!({ "jobDefinitionName": name, "type": "container", "eksProperties": { "podProperties": { "containers": [
        { "image": "i", "resources": { "limits": { "cpu": "1", "memory": "1024Mi" } } } ] } } })
}

fn submission() -> Value {
    json!({ "jobName": "j", "jobQueue": "q", "jobDefinition": "d" })
}

fn done<R>(outcome: Result<Outcome<R>, BatchError>) -> Outcome<R> {
    outcome.unwrap_or_else(|error| panic!("{error}"))
}

fn ok<R>(outcome: Result<Outcome<R>, BatchError>) {
    let _told = done(outcome);
}

fn events<R>(outcome: Result<Outcome<R>, BatchError>) -> Vec<Event> {
    done(outcome).events
}

/// Pointer and message of the only fault; the caller's, as all but exhausted ids are.
fn fault<R: Debug>(outcome: Result<R, BatchError>) -> (String, String) {
    let error = outcome.expect_err("it is refused");
    assert_eq!(error.exception, Exception::ClientException);
    assert_eq!(error.problems.len(), 1, "{error}");
    let problem = &error.problems[0];
    assert!(!problem.help.is_empty(), "{error}: a fault comes with a way out");
    (problem.pointer.clone(), problem.message.clone())
}

fn is<R: Debug>(outcome: Result<R, BatchError>, pointer: &str, message: &str) {
    let found = fault(outcome);
    assert_eq!((found.0.as_str(), found.1.as_str()), (pointer, message));
}

#[test]
fn an_error_reads_as_on_the_command_line_of_aws() {
    let error = account().create_job_queue(&read(queue("q", &["e"]))).expect_err("the name is taken");
    assert_eq!(
        error.to_string(),
        "An error occurred (ClientException) when calling the CreateJobQueue operation: Object already exists: two job \
         queues are called `q`"
    );
    assert_eq!(error.exception.status(), 400);
}
