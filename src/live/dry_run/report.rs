//! A dry run's result, by name: what the table shows and what `--output json` prints. Times in seconds, memory in MiB,
//! money in USD.

use serde::Serialize;
use serde_json::Value;

use crate::model::{AllocationStrategy, FleetStrategy, PurchaseOption, Resources};
use crate::scheduler::{PassedOverCause, Refusal};

/// Everything that a dry run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of what is drawn.
    pub seed: u64,
    /// Context of the kubeconfig.
    pub context: String,
    /// Version of the API server.
    pub server_version: String,
    /// Who would provide nodes.
    pub backend: String,
    /// How long the scheduler was given, from the submissions on.
    pub horizon_s: f64,
    /// Counts of jobs.
    pub jobs: JobCounts,
    /// Compute environments, by id.
    pub compute_environments: Vec<EnvironmentRow>,
    /// Nodes that carry the label of an environment.
    pub nodes: Vec<NodeRow>,
    /// What would be launched.
    pub launches: Vec<LaunchRow>,
    /// What would wait.
    pub waiting: Vec<WaitingRow>,
    /// Submissions that would not be taken.
    pub refused_submissions: Vec<RefusedRow>,
    /// What the API server said, equal answers together.
    pub verdicts: Vec<VerdictRow>,
    /// Every pod that the API server was asked about.
    pub pods: Vec<PodRow>,
    /// Daemonsets that don't tolerate the taint of AWS Batch's nodes.
    pub daemon_sets_without_toleration: Vec<DaemonSetRow>,
    /// Pods of others that take room on nodes for jobs.
    pub pods_of_others: Vec<OtherPodRow>,
    /// Pods that earlier runs left behind.
    pub pods_of_earlier_runs: Vec<EarlierPodRow>,
    /// What a dry run can't know, or did not look at.
    pub not_checked: Vec<String>,
}

/// Jobs and array children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct JobCounts {
    /// In all.
    pub submitted: u64,
    /// Placed at once.
    pub placed: u64,
    /// Left waiting.
    pub waiting: u64,
    /// Not taken by their queue.
    pub refused: u64,
}

/// A compute environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentRow {
    /// `computeEnvironmentName`.
    pub name: String,
    /// Value of the label on its nodes.
    pub uuid: String,
    /// `kubernetesNamespace`.
    pub namespace: String,
    /// Whether nodes would be launched for it.
    pub launches: bool,
    /// Nodes that take jobs.
    pub nodes: u64,
    /// Nodes with its label that take none.
    pub unusable_nodes: u64,
    /// vCPUs of those that do.
    pub vcpus: u64,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeRow {
    /// `metadata.name`.
    pub name: String,
    /// `computeEnvironmentName`.
    pub compute_environment: String,
    /// Its type, where its labels say.
    pub instance_type: Option<String>,
    /// Its zone, where its labels say.
    pub zone: Option<String>,
    /// Why it takes no jobs; nothing where it does.
    pub unusable: Option<&'static str>,
    /// vCPUs.
    pub vcpus: u32,
    /// What its kubelet offers to all pods.
    pub allocatable: Resources,
    /// What of it is free for jobs.
    pub free: Resources,
    /// What the scheduler would have taken for free without looking; nothing where it does not know the type.
    pub estimated: Option<Resources>,
    /// Pods that would be created on it.
    pub pods: u64,
    /// What they ask for.
    pub requested: Resources,
}

/// A request for capacity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaunchRow {
    /// `computeEnvironmentName`.
    pub compute_environment: String,
    /// On-Demand or Spot.
    pub purchase: PurchaseOption,
    /// The allocation strategy.
    pub strategy: Option<AllocationStrategy>,
    /// How EC2 would choose among the types.
    pub fleet: FleetStrategy,
    /// vCPUs wanted.
    pub target_vcpus: u32,
    /// `jobQueueName` of the jobs that it is for; nothing where it is for `minvCpus`.
    pub job_queue: Option<String>,
    /// How many jobs it is for.
    pub jobs: Option<u32>,
    /// What each of them asks for.
    pub requests: Option<Resources>,
    /// Acceptable types, most wanted first.
    pub instance_types: Vec<OfferRow>,
    /// Allowed types that are not asked for, by reason.
    pub passed_over: Vec<PassedOverRow>,
}

/// An acceptable type, and what the whole request would be if EC2 took it alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfferRow {
    /// Its name.
    pub name: String,
    /// vCPUs of one.
    pub vcpus: u32,
    /// On-Demand price of one per hour.
    pub on_demand_per_hour: f64,
    /// Mean Spot price of one per hour.
    pub spot_per_hour: f64,
    /// Nodes that reach the target.
    pub nodes: u32,
    /// What these cost per hour as they would be bought.
    pub per_hour: f64,
}

/// Allowed types that are not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOverRow {
    /// Why.
    pub why: PassedOverCause,
    /// Which.
    pub instance_types: Vec<String>,
}

/// Jobs that wait for the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingRow {
    /// `jobQueueName`.
    pub job_queue: String,
    /// `jobName`.
    pub job_name: String,
    /// How many jobs and array children.
    pub jobs: u64,
    /// The reason, by its name in results.
    pub why: &'static str,
    /// The reason in words.
    pub means: &'static str,
    /// The first of them.
    pub first: String,
}

/// A submission that would not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// `jobQueueName`.
    pub job_queue: String,
    /// The job or array.
    pub job: String,
    /// Jobs and array children.
    pub jobs: u32,
    /// Why.
    pub why: Refusal,
}

/// An answer of the API server, and how often it gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictRow {
    /// `accepted`, `refused` or `unanswered`.
    pub verdict: &'static str,
    /// HTTP status of a refusal.
    pub code: Option<u16>,
    /// Its reason, like `Forbidden`.
    pub reason: Option<String>,
    /// Its message; the name of the pod is left out.
    pub message: Option<String>,
    /// Namespaces of the pods.
    pub namespaces: Vec<String>,
    /// Pods that the API server was asked about.
    pub asked: u64,
    /// Pods that these stand for, themselves included.
    pub pods: u64,
    /// The first job of which it was said.
    pub first: String,
}

/// A pod that the API server was asked about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PodRow {
    /// The job.
    pub job: String,
    /// `jobName`.
    pub job_name: String,
    /// `jobQueueName`.
    pub job_queue: String,
    /// `computeEnvironmentName`.
    pub compute_environment: String,
    /// Of a multi-node parallel job: which of its nodes.
    pub node_index: Option<u16>,
    /// The node; nothing for one that stands for jobs that wait.
    pub node: Option<String>,
    /// How many pods it stands for, itself included.
    pub stands_for: u64,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `accepted`, `refused` or `unanswered`.
    pub verdict: &'static str,
    /// In the API server's words, where it does not accept.
    pub message: Option<String>,
    /// The whole object.
    pub manifest: Value,
}

/// A daemonset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DaemonSetRow {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// What each of its pods asks for.
    pub requests: Resources,
}

/// A pod of someone else on a node for jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherPodRow {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// Where it is.
    pub node: String,
    /// What it asks for.
    pub requests: Resources,
    /// AWS Batch itself drives that node.
    pub of_aws_batch: bool,
}

/// A pod that an earlier run left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierPodRow {
    /// The run's id.
    pub run: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// Where it is.
    pub node: String,
}

impl Report {
    /// Pods that the API server would refuse, or did not answer for.
    pub fn not_accepted(&self) -> u64 {
        self.verdicts.iter().filter(|row| row.verdict != "accepted").map(|row| row.pods).sum()
    }
}
