//! The pods of a plan: those that would be created now, and for jobs that wait a pod each of their kind.

use crate::ids::{ComputeEnvironmentId, JobQueueId, JobRef, JobSpecId};
use crate::live::dry_run::plan::{Plan, Waiting};
use crate::live::folded::{Account, FoldedNode};
use crate::live::pods::{Placed, RunPod, RunPods};

/// Stands for the node of a job that has none yet. The API server takes a pod whose `nodeName` names no node.
pub const STAND_IN_NODE: &str = "node-to-be-launched";
/// Stands for that node's `metadata.uid`.
const STAND_IN_UID: &str = "00000000-0000-0000-0000-000000000000";

/// A pod that the API server is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedPod {
    /// The job, or child.
    pub job: JobRef,
    /// Its spec.
    pub spec: JobSpecId,
    /// Its queue.
    pub queue: JobQueueId,
    /// Where it is placed, or would be first.
    pub environment: ComputeEnvironmentId,
    /// Of a multi-node parallel job: which of its nodes.
    pub node_index: Option<u16>,
    /// The node; `None` for a pod that stands for all that wait like it.
    pub node: Option<String>,
    /// How many pods it stands for, itself included.
    pub stands_for: u64,
    /// The pod itself.
    pub pod: RunPod,
}

/// Writes the pods of a plan: first those that are placed, in order, then those that stand for jobs that wait.
pub fn wanted(plan: &Plan, nodes: &[FoldedNode], account: &Account, pods: &RunPods) -> Vec<WantedPod> {
    let placed = plan.pods.iter().filter_map(|planned| {
        let node = nodes.get(planned.node.index())?;
        let placed = Placed {
            job: planned.job,
            array_size: planned.array_size,
            spec: planned.spec,
            queue: planned.queue,
            attempt: 1,
            node_index: planned.node_index,
            main_address: None,
            environment: node.environment,
            node_name: &node.facts.name,
            node_uid: &node.facts.uid,
            script: None,
        };
        Some(written(&placed, Some(&node.facts.name), 1, pods.write(&placed)?))
    });
    let waiting = plan.waiting.iter().flat_map(|waiting| stand_ins(waiting, plan, account, pods));
    placed.chain(waiting).collect()
}

/// One pod for jobs that wait; one for each group of nodes of multi-node parallel jobs.
fn stand_ins(waiting: &Waiting, plan: &Plan, account: &Account, pods: &RunPods) -> Vec<WantedPod> {
    let Some(queue) = account.queues.get(waiting.queue.index()) else { return Vec::new() };
    let launched = plan.launches.iter().map(|launch| launch.request.environment);
    let environment = launched.into_iter().find(|environment| queue.environments.contains(environment));
    let Some(environment) = environment.or_else(|| queue.environments.first().copied()) else { return Vec::new() };
    let Some(job) = pods.jobs.get(waiting.spec.index()) else { return Vec::new() };
    let groups = job.groups.iter().filter_map(|group| {
        let placed = Placed {
            job: waiting.first,
            array_size: waiting.array_size,
            spec: waiting.spec,
            queue: waiting.queue,
            attempt: 1,
            node_index: job.nodes.and_then(|_| u16::try_from(group.first).ok()),
            main_address: None,
            environment,
            node_name: STAND_IN_NODE,
            node_uid: STAND_IN_UID,
            script: None,
        };
        Some(written(&placed, None, waiting.jobs * u64::from(group.count()), pods.write(&placed)?))
    });
    groups.collect()
}

fn written(placed: &Placed<'_>, node: Option<&str>, stands_for: u64, pod: RunPod) -> WantedPod {
    WantedPod {
        job: placed.job,
        spec: placed.spec,
        queue: placed.queue,
        environment: placed.environment,
        node_index: placed.node_index,
        node: node.map(str::to_owned),
        stands_for,
        pod,
    }
}
