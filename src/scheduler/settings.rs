//! What the core is told once, before the first step: the facts of the instance types it may ask for, and what Batch
//! does that AWS does not publish. Every field of [`Settings`] carries the value of a named assumption.

use serde::{Deserialize, Serialize};

use crate::model::{Assumptions, BestFitObjective, DecayShape, Resources, SpillPolicy};
use crate::units::{MiB, MicroUsd, MilliCpu, SimDuration};

/// Everything the core needs besides observations. A journal's header holds it, so a replay needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchedulerConfig {
    /// Values of the assumptions that the core rests on.
    pub settings: Settings,
    /// The run's instance types; an `InstanceTypeId` is an index into it. In alphabetical order of their names.
    pub instance_types: Vec<TypeFacts>,
}

/// What the core knows of an instance type before it has seen a node of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeFacts {
    /// vCPUs, the unit of `minvCpus` and `maxvCpus`.
    pub vcpus: u32,
    /// Capacity less the kubelet's reserve, before any daemonset: Batch's estimate of an empty node.
    pub allocatable: Resources,
    /// On-Demand price per hour.
    pub on_demand_per_hour: MicroUsd,
    /// Long-run mean Spot price per hour; what Batch could know without asking for today's.
    pub spot_per_hour: MicroUsd,
}

impl TypeFacts {
    /// What an empty node offers to jobs as far as anybody knows who has seen none: Batch's estimate.
    pub fn estimate(&self, settings: &Settings) -> Resources {
        let daemon_sets =
            Resources { cpu: settings.cold_daemon_set_cpu, memory: settings.cold_daemon_set_memory, ..Resources::ZERO };
        self.allocatable.saturating_sub(daemon_sets)
    }
}

/// Values of the core's assumptions; see `windtunnel assumptions` for default, range and reason of each by the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "assumptions that hold independently of each other")]
pub struct Settings {
    /// Period of the scheduling cycle; zero places jobs the moment something changes.
    pub scheduling_cycle: SimDuration,
    /// From SUBMITTED to RUNNABLE for a job without dependencies.
    pub submit_to_runnable: SimDuration,
    /// Pods created per second and compute environment at most; 0 is no limit.
    pub dispatch_rate: u32,
    /// Period of scaling decisions; zero decides the moment something changes.
    pub scale_decision_period: SimDuration,
    /// How many RUNNABLE jobs of a queue a scaling decision looks at; 0 is all.
    pub scale_look_ahead: u32,
    /// What `BEST_FIT_PROGRESSIVE` minimises.
    pub best_fit_objective: BestFitObjective,
    /// Spot strategies leave out types that serve the jobs less well per vCPU than this share of the best, percent.
    pub spot_type_efficiency_percent: u32,
    /// When a job may go to a later compute environment of its queue.
    pub spill_policy: SpillPolicy,
    /// Jobs are packed once the RUNNABLE backlog's CPU is below this percentage of the free CPU on ready nodes.
    pub pack_threshold_percent: u32,
    /// CPU set aside for daemonsets on a type of which no node was seen yet.
    pub cold_daemon_set_cpu: MilliCpu,
    /// Memory set aside for daemonsets on a type of which no node was seen yet.
    pub cold_daemon_set_memory: MiB,
    /// How long a type is left alone after EC2 had none of it.
    pub capacity_retry_delay: SimDuration,
    /// A request that EC2 has not answered by then is given up.
    pub launch_response_deadline: SimDuration,
    /// An instance that has not joined the cluster by then is terminated.
    pub node_join_deadline: SimDuration,
    /// From a node's last job's end to its termination, where the environment sets no `minScaleDownDelayMinutes`.
    pub idle_scale_down_delay: SimDuration,
    /// Whether a pod that the kubelet turned away (`OutOfcpu`, …) uses up an attempt.
    pub rejected_pod_charges_attempt: bool,
    /// How long a node that turned a pod away gets no other, unless one ends there before.
    pub rejected_node_retry_delay: SimDuration,
    /// Whether pods may still go to a node that has had its Spot interruption notice.
    pub placement_after_notice: bool,
    /// So many nodes in a row that failed to join, and none that joined, make an environment INVALID.
    pub invalid_after_failed_joins: u32,
    /// How long a head blocks its queue before Batch says so.
    pub blocked_detection_delay: SimDuration,
    /// The shortest window over which usage of a fair-share queue counts.
    pub fair_share_minimum_window: SimDuration,
    /// How usage fades over the window.
    pub fair_share_decay_shape: DecayShape,
    /// A job counts from STARTING as if it had used its vCPUs for this long already.
    pub fair_share_start_charge: SimDuration,
    /// Whether a share whose first job finds no room lets the other shares pass.
    pub fair_share_skip_blocked_share: bool,
    /// Whether active shares that match one entry ending in `*` share its weight.
    pub prefix_weight_split: bool,
    /// Whether a job to be retried keeps its consumable resources.
    pub consumables_held_across_retries: bool,
    /// `SubmitJob` calls in one second at most; 0 is no limit.
    pub submit_job_rate_limit: u32,
    /// Jobs in SUBMITTED at most; 0 is no limit.
    pub submitted_jobs_limit: u32,
}

impl From<&Assumptions> for Settings {
    fn from(all: &Assumptions) -> Self {
        Self {
            scheduling_cycle: all.scheduling_cycle.0,
            submit_to_runnable: all.submit_to_runnable.0,
            dispatch_rate: all.dispatch_rate,
            scale_decision_period: all.scale_decision_period.0,
            scale_look_ahead: all.scale_look_ahead,
            best_fit_objective: all.best_fit_objective,
            spot_type_efficiency_percent: all.spot_type_efficiency_percent,
            spill_policy: all.spill_policy,
            pack_threshold_percent: all.pack_threshold_percent,
            cold_daemon_set_cpu: MilliCpu(all.cold_daemon_set_cpu_milli),
            cold_daemon_set_memory: MiB(all.cold_daemon_set_memory_mib),
            capacity_retry_delay: all.capacity_retry_delay.0,
            launch_response_deadline: all.launch_response_deadline.0,
            node_join_deadline: all.node_join_deadline.0,
            idle_scale_down_delay: all.idle_scale_down_delay.0,
            rejected_pod_charges_attempt: all.rejected_pod_charges_attempt,
            rejected_node_retry_delay: all.rejected_node_retry_delay.0,
            placement_after_notice: all.placement_after_notice,
            invalid_after_failed_joins: all.invalid_after_failed_joins,
            blocked_detection_delay: all.blocked_detection_delay.0,
            fair_share_minimum_window: all.fair_share_minimum_window.0,
            fair_share_decay_shape: all.fair_share_decay_shape,
            fair_share_start_charge: all.fair_share_start_charge.0,
            fair_share_skip_blocked_share: all.fair_share_skip_blocked_share,
            prefix_weight_split: all.prefix_weight_split,
            consumables_held_across_retries: all.consumables_held_across_retries,
            submit_job_rate_limit: all.submit_job_rate_limit,
            submitted_jobs_limit: all.submitted_jobs_limit,
        }
    }
}
