//! The pods of a run on a real cluster: rendered by the pure function of the contract, and marked as this run's own.

use std::time::Duration;

use serde_json::{Value, json};

use crate::ids::{ComputeEnvironmentId, JobId, JobQueueId, JobRef, JobSpecId};
use crate::live::acts::{MANAGED_BY, RUN_LABEL};
use crate::model::EffectiveJob;
use crate::pod::{self, ArrayChild, Attempt, JobNode};

/// Annotation for KWOK: how long the pod runs.
pub const SCRIPT_RUN: &str = "windtunnel.dev/run";
/// Annotation for KWOK: the exit code that it ends with.
pub const SCRIPT_EXIT: &str = "windtunnel.dev/exit";

/// What the pods of a run are made from, beside the attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPods {
    /// The run's id, a UUID.
    pub run: String,
    /// Names of the queues, by id.
    pub job_queues: Vec<String>,
    /// The environments, by id.
    pub environments: Vec<RunEnvironment>,
    /// The jobs behind the specs, by id; it grows as jobs are submitted.
    pub jobs: Vec<EffectiveJob>,
}

/// A compute environment, as pods know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnvironment {
    /// `computeEnvironmentName`.
    pub name: String,
    /// `uuid`: the value of the label on its nodes.
    pub uuid: String,
    /// `kubernetesNamespace`, for jobs that name none.
    pub namespace: String,
}

/// An attempt, and where it was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The job, or child.
    pub job: JobRef,
    /// Children of its array.
    pub array_size: Option<u32>,
    /// Its spec.
    pub spec: JobSpecId,
    /// Its queue.
    pub queue: JobQueueId,
    /// The attempt, from 1.
    pub attempt: u8,
    /// Of a multi-node parallel job: which of its nodes.
    pub node_index: Option<u16>,
    /// Of a multi-node parallel job: address of the main node, once known.
    pub main_address: Option<&'a str>,
    /// The environment of the node.
    pub environment: ComputeEnvironmentId,
    /// Name of the Kubernetes node.
    pub node_name: &'a str,
    /// `metadata.uid` of the Kubernetes node.
    pub node_uid: &'a str,
    /// What a pod on a KWOK node is to do; nothing where the containers are real.
    pub script: Option<Script>,
}

/// What becomes of a pod that no container runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// From RUNNING to its end, by the wall.
    pub run: Duration,
    /// The exit code that it ends with.
    pub exit: i32,
}

/// A pod, ready to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPod {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// The whole object.
    pub manifest: Value,
}

impl RunPods {
    /// The id of a job in this run, a UUID: another in every run, so that runs never meet in a cluster.
    pub fn job_id(&self, job: JobId) -> String {
        pod::job_uuid(&self.run, job).to_string()
    }

    /// Namespace and name of an attempt's pod, which don't hang on where it was placed; `None` as with [`write`](Self::write).
    pub fn name(&self, placed: &Placed<'_>) -> Option<(String, String)> {
        let job_id = self.job_id(placed.job.job);
        let attempt = self.attempt(placed, &job_id)?;
        Some((pod::namespace(&attempt).to_owned(), pod::pod_name(&attempt)))
    }

    /// The label that tells whose pod it is: the same for all attempts of a job, another for each child and node.
    pub fn job_label(&self, job: JobRef, node_index: Option<u16>) -> String {
        let id = self.job_id(job.job);
        match (job.child, node_index) {
            (Some(part), _) => format!("{id}.{part}"),
            (None, Some(part)) => format!("{id}.{part}"),
            (None, None) => id,
        }
    }

    /// The pod of an attempt; `None` where its spec, queue, node or environment is none of this run's.
    pub fn write(&self, placed: &Placed<'_>) -> Option<RunPod> {
        let job_id = self.job_id(placed.job.job);
        let attempt = self.attempt(placed, &job_id)?;
        let mut manifest = pod::render(&attempt);
        let metadata = &mut manifest["metadata"];
        metadata["labels"][RUN_LABEL] = json!(self.run);
        metadata["labels"][MANAGED_BY.0] = json!(MANAGED_BY.1);
        if let Some(script) = placed.script {
            metadata["annotations"][SCRIPT_RUN] = json!(format!("{}ms", script.run.as_millis()));
            metadata["annotations"][SCRIPT_EXIT] = json!(script.exit.to_string());
        }
        Some(RunPod { namespace: pod::namespace(&attempt).to_owned(), name: pod::pod_name(&attempt), manifest })
    }

    fn attempt<'a>(&'a self, placed: &Placed<'a>, job_id: &'a str) -> Option<Attempt<'a>> {
        let job = self.jobs.get(placed.spec.index())?;
        let environment = self.environments.get(placed.environment.index())?;
        let node_index = placed.node_index.map(u32::from);
        Some(Attempt {
            job_id,
            number: placed.attempt.into(),
            array: placed.job.child.zip(placed.array_size).map(|(index, size)| ArrayChild { index, size }),
            node: node_index.zip(job.nodes).map(|(index, nodes)| JobNode {
                index,
                count: nodes.count,
                main: nodes.main,
                main_address: placed.main_address.filter(|_| index != nodes.main),
            }),
            job_queue: self.job_queues.get(placed.queue.index())?,
            compute_environment: &environment.name,
            compute_environment_uuid: &environment.uuid,
            compute_environment_namespace: &environment.namespace,
            node_name: placed.node_name,
            node_uid: placed.node_uid,
            pod: &job.group_of(node_index.unwrap_or(0))?.pod,
        })
    }

    /// Namespaces that the run's pods can be in, in alphabetical order.
    pub fn namespaces(&self) -> Vec<String> {
        let own = self
            .jobs
            .iter()
            .flat_map(|job| &job.groups)
            .filter_map(|group| group.pod.metadata.as_ref().and_then(|metadata| metadata.namespace.clone()));
        let mut all: Vec<_> = own.chain(self.environments.iter().map(|e| e.namespace.clone())).collect();
        all.sort();
        all.dedup();
        all
    }
}
