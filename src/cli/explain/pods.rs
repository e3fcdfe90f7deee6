//! The Pods of a followed job's attempts, as they would be created on a real cluster. What a simulation has no name for
//! (nodes, addresses) gets one that says what it is.

use serde_json::{Value, json};

use crate::history::{AttemptRecord, Follow, JobRecord};
use crate::model::EffectiveJob;
use crate::pod::{self, ArrayChild, Attempt, JobNode};
use crate::scenario::Resolved;

/// What pods are made from, beside the attempts.
#[derive(Debug)]
pub(super) struct PodSource {
    scenario: String,
    jobs: Vec<EffectiveJob>,
    namespaces: Vec<Option<String>>,
}

/// Stands for the namespace of an environment that names no cluster.
const NO_NAMESPACE: &str = "default";

/// Stands for the main node's address, which the other nodes are told: nodes of a simulation have none. From the range
/// that is kept for documentation (RFC 5737).
const MAIN_ADDRESS: &str = "192.0.2.1";

impl PodSource {
    pub(super) fn of(scenario: &Resolved) -> Self {
        Self {
            scenario: scenario.scenario_name.clone(),
            jobs: scenario.jobs.clone(),
            namespaces: scenario.namespaces.clone(),
        }
    }
}

/// The pod of the job's only attempt, or a list of those of all attempts and nodes.
pub(super) fn pods(source: &PodSource, follow: &Follow) -> Value {
    let Some(record) = follow.record() else { return list(&[]) };
    let pods: Vec<_> = record.attempts.iter().filter_map(|attempt| pod(source, follow, record, attempt)).collect();
    match <[Value; 1]>::try_from(pods) {
        Ok([only]) => only,
        Err(pods) => list(&pods),
    }
}

fn list(pods: &[Value]) -> Value {
    json!({ "apiVersion": "v1", "kind": "List", "items": pods })
}

fn pod(source: &PodSource, follow: &Follow, record: &JobRecord, attempt: &AttemptRecord) -> Option<Value> {
    let job = source.jobs.get(record.spec.index())?;
    let names = follow.names();
    let environment = follow.environment_of(attempt.node)?;
    let environment_name = names.compute_environments.get(environment.index())?;
    let namespace = source.namespaces.get(environment.index()).and_then(Option::as_deref);
    let node_index = attempt.node_index.map(u32::from);
    let array = follow.submission().and_then(|submission| submission.array_size);
    let attempt = Attempt {
        job_id: &pod::job_uuid(&source.scenario, record.job.job).to_string(),
        number: attempt.attempt.into(),
        array: record.job.child.zip(array).map(|(index, size)| ArrayChild { index, size }),
        node: node_index.zip(job.nodes).map(|(index, nodes)| JobNode {
            index,
            count: nodes.count,
            main: nodes.main,
            main_address: (index != nodes.main).then_some(MAIN_ADDRESS),
        }),
        job_queue: names.job_queues.get(record.queue.index())?,
        compute_environment: environment_name,
        compute_environment_uuid: &pod::compute_environment_uuid(&source.scenario, environment_name).to_string(),
        compute_environment_namespace: namespace.unwrap_or(NO_NAMESPACE),
        node_name: &attempt.node.to_string(),
        node_uid: &pod::node_uid(&source.scenario, attempt.node).to_string(),
        pod: &job.group_of(node_index.unwrap_or(0))?.pod,
    };
    Some(pod::render(&attempt))
}
