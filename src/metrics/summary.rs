//! The results of a run, as `summary.json` and `--output json` hold them. The keys are stable: more may be added, none
//! renamed. Times in seconds, memory in MiB, money in USD, shares from 0 to 1; null where there is nothing to divide by.

use serde::{Deserialize, Serialize};

use crate::metrics::blocked::BlockedSeconds;
use crate::metrics::findings::{Finding, findings};
use crate::metrics::steady::{SteadyState, Window};
use crate::metrics::waits::Quantiles;
use crate::model::PurchaseOption;

/// Everything a run has to say for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The simulation itself.
    pub sim: SimFacts,
    /// Jobs; the children of an array count one by one, the array itself does not.
    pub jobs: JobFacts,
    /// From submission to the first RUNNING, of ended jobs that ran.
    pub wait_s: Quantiles,
    /// Time in RUNNABLE over all attempts, of ended jobs.
    pub runnable_s: Quantiles,
    /// From submission to SUCCEEDED or FAILED.
    pub turnaround_s: Quantiles,
    /// Turnaround over the last attempt's run (10 s at least), 1 at least.
    pub bounded_slowdown: Slowdown,
    /// From the first submission to the last job's end; null where a warm-up is left out.
    pub makespan_s: Option<f64>,
    /// CPU.
    pub capacity: CapacityFacts,
    /// Money.
    pub cost: CostFacts,
    /// Spot interruptions.
    pub spot: SpotFacts,
    /// How long heads of queues were blocked, by reason, all queues together.
    pub blocked_s: BlockedSeconds,
    /// Nodes by instance type and purchase option; those that had none are left out.
    pub instance_types: Vec<InstanceTypeRow>,
    /// Jobs by queue.
    pub queues: Vec<QueueRow>,
    /// Shares of fair-share queues, by queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<ShareRow>,
    /// Jobs by name, where a run has several names and not too many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub job_names: Vec<JobNameRow>,
    /// What nodes really offered, against the estimate by which they were chosen.
    pub node_sizes: Vec<NodeSize>,
    /// Values of all assumptions, by name.
    pub assumptions: serde_json::Map<String, serde_json::Value>,
    /// What stands out.
    pub findings: Vec<Finding>,
    /// The part of the run that is counted, if not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// What is said of the steady state, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady_state: Option<SteadyState>,
}

impl Summary {
    /// Length of what is counted, in seconds.
    pub fn counted_s(&self) -> f64 {
        self.window.map_or(self.sim.end_s, |window| (window.until_s - window.from_s).max(0.0))
    }

    /// Adds a judgement of the steady state, and what stands out in it.
    pub fn judge(&mut self, steady_state: SteadyState) {
        self.steady_state = Some(steady_state);
        self.findings = findings(self);
    }
}

/// The simulation itself.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SimFacts {
    /// Simulated time at the end.
    pub end_s: f64,
    /// Events that the core was told.
    pub events: u64,
    /// Steps of the core.
    pub steps: u64,
    /// Wall-clock time, for people only: never in a file, so that files are equal when runs are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_s: Option<f64>,
}

/// Counts of jobs and attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobFacts {
    /// Submitted.
    pub submitted: u64,
    /// SUCCEEDED.
    pub succeeded: u64,
    /// FAILED.
    pub failed: u64,
    /// Neither, when the simulation ended.
    pub unfinished: u64,
    /// Pods created.
    pub attempts: u64,
    /// Attempts after which the job was RUNNABLE again.
    pub retries: u64,
    /// Attempts whose node went away, or was replaced by an infrastructure update.
    pub interrupted_attempts: u64,
    /// Attempts that ran into the job's timeout.
    pub timed_out_attempts: u64,
    /// Pods that the kubelet turned away (`OutOfcpu`, …).
    pub rejected_attempts: u64,
    /// Submissions that AWS Batch would not have taken; not among the submitted.
    #[serde(default)]
    pub refused: u64,
    /// FAILED by `CancelJob`.
    #[serde(default)]
    pub cancelled: u64,
    /// FAILED by `TerminateJob`, or with their queue.
    #[serde(default)]
    pub terminated: u64,
    /// FAILED because a job that they depend on did.
    #[serde(default)]
    pub dependency_failed: u64,
    /// FAILED by a job state time limit.
    #[serde(default)]
    pub time_limited: u64,
    /// Attempts that were placed ahead of a blocked head by a policy beyond AWS Batch; left out where there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub backfilled: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Bounded slowdown.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Slowdown {
    /// The mean.
    pub mean: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// CPU: of all vCPUs of nodes while they lived, what was requested, kept, waited for and idle.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CapacityFacts {
    /// All vCPUs of nodes while they lived, adopted nodes included.
    pub vcpu_hours_launched: f64,
    /// Requests of pods while STARTING or RUNNING: useful, lost and unfinished.
    pub vcpu_hours_requested: f64,
    /// Of attempts that succeeded.
    pub vcpu_hours_useful: f64,
    /// Of attempts that were thrown away.
    pub vcpu_hours_lost: f64,
    /// Of these, attempts whose node went away.
    pub vcpu_hours_lost_to_interruptions: f64,
    /// Of attempts in flight when the simulation ended.
    pub vcpu_hours_unfinished: f64,
    /// Most vCPUs at a time.
    pub peak_vcpus: u64,
    /// Most nodes at a time.
    pub peak_nodes: u64,
    /// Nodes launched; with a warm-up, those launched after it.
    pub nodes_launched: u64,
    /// Nodes that were there and were adopted.
    pub nodes_adopted: u64,
    /// Requested share of launched. With the next three, the whole: they sum to 1.
    pub utilization: Option<f64>,
    /// Kept by kubelet and daemonsets on ready nodes.
    pub overhead_share: Option<f64>,
    /// Launched and not yet ready.
    pub startup_share: Option<f64>,
    /// On offer and not requested.
    pub idle_share: Option<f64>,
    /// All GPUs of nodes while they lived; adopted nodes' as far as they were free. This key and the next two are left out where
    /// no node had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_hours_launched: Option<f64>,
    /// GPUs of pods while STARTING or RUNNING.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_hours_requested: Option<f64>,
    /// Requested share of launched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_utilization: Option<f64>,
}

/// Money. `total` = `instances` + `volumes` + `cluster_fee`; `instances` = `on_demand` + `spot`, and also = `useful` +
/// `lost` + `unfinished` + `overhead` + `startup` + `idle`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CostFacts {
    /// All of it.
    pub total: f64,
    /// All instances.
    pub instances: f64,
    /// On-Demand instances, after the savings plan's discount.
    pub on_demand: f64,
    /// Spot instances.
    pub spot: f64,
    /// Root volumes.
    pub volumes: f64,
    /// The EKS control plane.
    pub cluster_fee: f64,
    /// For what succeeded attempts requested.
    pub useful: f64,
    /// For what attempts requested that were thrown away.
    pub lost: f64,
    /// Of these, attempts whose node went away.
    pub lost_to_interruptions: f64,
    /// For what attempts requested that had not ended when the simulation did.
    pub unfinished: f64,
    /// For kubelet and daemonsets on ready nodes.
    pub overhead: f64,
    /// For nodes that were not ready yet.
    pub startup: f64,
    /// For vCPUs on offer that nothing requested.
    pub idle: f64,
    /// Total per thousand succeeded jobs.
    pub per_1000_succeeded: Option<f64>,
    /// Total per useful vCPU-hour: what a vCPU-hour of work really costs.
    pub per_useful_vcpu_hour: Option<f64>,
}

/// Spot interruptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpotFacts {
    /// Instances that EC2 took back.
    pub interruptions: u64,
    /// Interruption notices.
    pub warnings: u64,
    /// Of the interruptions, those in the first hour: free of charge.
    pub reclaimed_uncharged: u64,
}

/// Nodes of one instance type and purchase option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceTypeRow {
    /// The type; null for adopted nodes.
    pub instance_type: Option<String>,
    /// On-Demand or Spot; null for adopted nodes.
    pub purchase: Option<PurchaseOption>,
    /// How many nodes lived.
    pub nodes: u64,
    /// All vCPUs while they lived.
    pub vcpu_hours: f64,
    /// Requested share.
    pub utilization: Option<f64>,
    /// What they cost.
    pub cost: f64,
    /// What of it was idle. With the next five, the whole: they sum to `cost`.
    pub idle_cost: f64,
    /// For what succeeded attempts requested.
    #[serde(default)]
    pub useful_cost: f64,
    /// For what attempts requested that were thrown away.
    #[serde(default)]
    pub lost_cost: f64,
    /// For what attempts requested that had not ended when the simulation did.
    #[serde(default)]
    pub unfinished_cost: f64,
    /// For kubelet and daemonsets on ready nodes.
    #[serde(default)]
    pub overhead_cost: f64,
    /// For nodes that were not ready yet.
    #[serde(default)]
    pub startup_cost: f64,
    /// Nodes that EC2 took back.
    pub interruptions: u64,
    /// Pods created on them.
    pub attempts: u64,
}

/// Jobs of one queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueRow {
    /// `jobQueueName`.
    pub queue: String,
    /// Submitted.
    pub submitted: u64,
    /// SUCCEEDED.
    pub succeeded: u64,
    /// FAILED.
    pub failed: u64,
    /// Neither, when the simulation ended.
    pub unfinished: u64,
    /// From submission to the first RUNNING.
    pub wait_s: Quantiles,
    /// How long its head was blocked, by reason.
    pub blocked_s: BlockedSeconds,
}

/// Jobs of one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobNameRow {
    /// `jobName`.
    pub job_name: String,
    /// Submitted.
    pub submitted: u64,
    /// SUCCEEDED.
    pub succeeded: u64,
    /// FAILED.
    pub failed: u64,
    /// Neither, when the simulation ended.
    pub unfinished: u64,
    /// From submission to the first RUNNING.
    pub wait_s: Quantiles,
}

/// Jobs of one share of a fair-share queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareRow {
    /// `jobQueueName`.
    pub queue: String,
    /// `shareIdentifier`.
    pub share: String,
    /// Submitted.
    pub submitted: u64,
    /// SUCCEEDED.
    pub succeeded: u64,
    /// FAILED.
    pub failed: u64,
    /// Neither, when the simulation ended.
    pub unfinished: u64,
    /// From submission to the first RUNNING.
    pub wait_s: Quantiles,
    /// vCPU-hours that its pods held.
    pub vcpu_hours: f64,
}

/// What a type's first node really offered to jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeSize {
    /// The type.
    pub instance_type: String,
    /// vCPUs by the estimate.
    pub estimated_vcpus: f64,
    /// vCPUs on offer.
    pub actual_vcpus: f64,
    /// Memory by the estimate, MiB.
    pub estimated_memory_mib: u32,
    /// Memory on offer, MiB.
    pub actual_memory_mib: u32,
}
