//! Every value that AWS does not publish, by name: default, plausible range, and the reason for both.
//!
//! Nothing of this kind stands as a constant anywhere else. The table below is the single source: the struct, its JSON
//! form, `windtunnel assumptions` and the ideal world without overheads are generated from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::distribution::Distribution;
use crate::model::duration::TextDuration;
use crate::model::range::Range;
use crate::model::{BestFitObjective, DecayShape, ParameterSubstitution, SpillPolicy};
use crate::units::SimDuration;

const fn secs(secs: u64) -> TextDuration {
    TextDuration(SimDuration::from_secs(secs))
}

const fn mins(mins: u64) -> TextDuration {
    TextDuration(SimDuration::from_mins(mins))
}

/// One row of the table: what a person needs to judge an assumption.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumption {
    /// Its name in a scenario's `assumptions`.
    pub name: &'static str,
    /// Its value in this run.
    pub value: serde_json::Value,
    /// The plausible range, for sensitivity studies.
    pub range: &'static str,
    /// Where the default comes from and why it may be otherwise.
    pub reason: &'static str,
}

impl Assumption {
    /// What it could plausibly be instead.
    ///
    /// # Panics
    /// Never: a test reads every range of the table.
    pub fn plausible(&self) -> Range {
        Range::parse(self.range).expect("every range of the table is read by a test")
    }
}

/// Declares the struct of all assumptions, its defaults, its ideal (nothing costs time, nothing fails) and its registry.
macro_rules! assumptions {
    ($($name:literal $field:ident: $type:ty = $default:expr, ideal $ideal:expr, in $range:literal, $reason:literal;)*) => {
        /// The values of all assumptions of a run.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Assumptions {
            $(#[doc = $reason] #[doc = concat!("Plausible range: ", $range, ".")] #[serde(rename = $name)] pub $field: $type,)*
        }

        impl Default for Assumptions {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl Assumptions {
            /// An ideal world: no latency, no overhead, no failure, no fee. The simulator is then a queueing system.
            pub fn ideal() -> Self {
                Self { $($field: $ideal,)* }
            }

            /// The table, with this run's values.
            ///
            /// # Panics
            /// Never: every value has a JSON form.
            pub fn rows(&self) -> Vec<Assumption> {
                vec![$(Assumption {
                    name: $name,
                    value: serde_json::to_value(&self.$field).expect("an assumption has a JSON form"),
                    range: $range,
                    reason: $reason,
                },)*]
            }
        }
    };
}

assumptions! {
    // What Batch's scheduler does.
    "schedulingCycle" scheduling_cycle: TextDuration = secs(2), ideal secs(0), in "0.5s to 30s",
        "Batch evaluates queues in cycles; the period is not published. Users see seconds, not minutes.";
    "submitToRunnable" submit_to_runnable: TextDuration = secs(1), ideal secs(0), in "0s to 60s",
        "From SUBMITTED to RUNNABLE without dependencies; not published.";
    "dispatchRate" dispatch_rate: u32 = 0, ideal 0, in "0 (no limit), or 20 to 200",
        "Pods created per second and compute environment at most. No public figure exists, so no limit is assumed.";
    "scaleDecisionPeriod" scale_decision_period: TextDuration = secs(30), ideal secs(0), in "5s to 120s",
        "Batch inspects queues regularly to decide on scaling; the period is not published.";
    "scaleLookAhead" scale_look_ahead: u32 = 0, ideal 0, in "0 (the whole backlog), or 100 to 100000",
        "How many RUNNABLE jobs of a queue a scaling decision counts; not published.";
    "bestFitObjective" best_fit_objective: BestFitObjective = BestFitObjective::CostPerUsableVcpu, ideal BestFitObjective::CostPerUsableVcpu, in "costPerUsableVcpu or costPerVcpu",
        "AWS says that `BEST_FIT_PROGRESSIVE` prefers a lower cost per vCPU; whether overhead and left-over count is not published.";
    "spotTypeEfficiencyPercent" spot_type_efficiency_percent: u32 = 75, ideal 75, in "0 to 100",
        "Spot strategies name only types that serve the waiting jobs at least this well per vCPU, compared with the best; how Batch narrows the list is not published.";
    "spillPolicy" spill_policy: SpillPolicy = SpillPolicy::OnMaxOrIce, ideal SpillPolicy::OnMaxOrIce, in "onMaxOrIce or onNoIdle",
        "A queue's next compute environment is tried when one can't provide; whether room it could still scale to counts is not published.";
    "packThresholdPercent" pack_threshold_percent: u32 = 100, ideal 100, in "0 to 400",
        "Batch packs jobs on few nodes when few are left; here once the backlog's CPU is below this share of the free CPU. The threshold is not published.";
    "coldDaemonSetCpuMilli" cold_daemon_set_cpu_milli: u32 = 500, ideal 0, in "500 (documented)",
        "Batch sets 0.5 vCPU aside for daemonsets while it has seen no node of a type (memory and vCPU considerations for Batch on EKS).";
    "coldDaemonSetMemoryMiB" cold_daemon_set_memory_mib: u32 = 500, ideal 0, in "500 (documented)",
        "Batch sets 500 MiB aside for daemonsets while it has seen no node of a type (same page).";
    "capacityRetryDelay" capacity_retry_delay: TextDuration = mins(3), ideal secs(0), in "1m to 15m",
        "How long a type is avoided after EC2 had none; Karpenter takes 3 minutes, Batch publishes nothing.";
    "launchResponseDeadline" launch_response_deadline: TextDuration = mins(5), ideal mins(5), in "2m to 15m",
        "A capacity request without an answer is given up, and absorbed if it answers later; not published.";
    "nodeJoinDeadline" node_join_deadline: TextDuration = mins(15), ideal mins(15), in "10m to 60m",
        "An instance that has not joined the cluster by then is replaced; Batch says only that it is not immediate.";
    "idleScaleDownDelay" idle_scale_down_delay: TextDuration = mins(2), ideal secs(0), in "0m to 15m",
        "From a node's last job to its termination without minScaleDownDelayMinutes; users report from at once to minutes.";
    "rejectedPodChargesAttempt" rejected_pod_charges_attempt: bool = false, ideal false, in "true or false",
        "Whether a pod that the kubelet turned away uses up an attempt; not published.";
    "rejectedNodeRetryDelay" rejected_node_retry_delay: TextDuration = mins(3), ideal mins(3), in "10s to 15m",
        "How long a node that turned a pod away gets no other, unless one ends there before; not published.";
    "placementAfterNotice" placement_after_notice: bool = false, ideal false, in "true or false",
        "Whether pods still go to a node under a Spot interruption notice; Batch can't cordon nodes under its RBAC.";
    "invalidAfterFailedJoins" invalid_after_failed_joins: u32 = 3, ideal 3, in "1 to 20",
        "An environment of which so many nodes in a row failed to join, and none joined, becomes INVALID; Batch says only that none of the nodes joined, and that it is not immediate.";
    "blockedDetectionDelay" blocked_detection_delay: TextDuration = secs(60), ideal secs(0), in "30s to 10m",
        "How long a head blocks its queue before Batch says so; not published.";
    "fairShareMinimumWindow" fair_share_minimum_window: TextDuration = secs(600), ideal secs(600), in "0s or 600s (documented)",
        "shareDecaySeconds below this count as this: the API reference says 600 s, the user guide that 0 means current usage only.";
    "fairShareDecayShape" fair_share_decay_shape: DecayShape = DecayShape::Linear, ideal DecayShape::Linear, in "linear, exponential or box",
        "How usage fades over the window of a fair-share queue; not published.";
    "fairShareStartCharge" fair_share_start_charge: TextDuration = secs(60), ideal secs(60), in "0s to 10m",
        "A job in STARTING or RUNNING counts as if it had used its vCPUs for this long already, so that one cycle does not give everything to one share; not published.";
    "fairShareSkipBlockedShare" fair_share_skip_blocked_share: bool = false, ideal false, in "true or false",
        "Whether a share whose first job finds no room lets the other shares pass; not published.";
    "prefixWeightSplit" prefix_weight_split: bool = false, ideal false, in "true or false",
        "Whether active shares that match one entry ending in * share its weight among them, as the user guide of 2023 said; today's says nothing.";
    "consumablesHeldAcrossRetries" consumables_held_across_retries: bool = true, ideal true, in "true or false",
        "Whether a job to be retried keeps its consumable resources: AWS names SUCCEEDED and FAILED as their release, and nothing about retries.";
    "submitJobRateLimit" submit_job_rate_limit: u32 = 0, ideal 0, in "0 (clients retry until they are through), or 50 (documented)",
        "`SubmitJob` calls per second at most (service quotas say 50); those beyond are refused with `TooManyRequestsException`. AWS's clients retry by themselves, so that by default none is.";
    "submittedJobsLimit" submitted_jobs_limit: u32 = 1_000_000, ideal 0, in "1000000 (documented), or 0 (no limit)",
        "Jobs in SUBMITTED at most (service quotas); a submission beyond it is refused.";
    "evaluateOnExitLimit" evaluate_on_exit_limit: u32 = 5, ideal 5, in "5 or 6",
        "Entries of evaluateOnExit at most: 5 says the API, 6 the user guide.";
    "containerExitStatusReason" container_exit_status_reason: String = "Essential container in task exited".to_owned(), ideal "Essential container in task exited".to_owned(), in "any text",
        "What evaluateOnExit's onStatusReason sees when a container exited other than 0: observed on Amazon ECS, not published for EKS.";
    "outOfMemoryStatusReason" out_of_memory_status_reason: String = "Essential container in task exited".to_owned(), ideal "Essential container in task exited".to_owned(), in "any text",
        "The same when a container used more memory than its limit; observed on Amazon ECS.";
    "podRejectedStatusReason" pod_rejected_status_reason: String = "Pod was rejected".to_owned(), ideal "Pod was rejected".to_owned(), in "any text",
        "The same when the kubelet turned the pod away: what the kubelet says; not published.";
    "hostTerminatedStatusReason" host_terminated_status_reason: String = "Host EC2 (instance {id}) terminated.".to_owned(), ideal "Host EC2 (instance {id}) terminated.".to_owned(), in "any text, with {id} for the instance",
        "The same when the node went away: observed many times on Amazon ECS, and the user guide's pattern `Host EC2*` fits it; the text on EKS is not published.";
    "volumeStatusReason" volume_status_reason: String = "Unable to attach or mount volumes".to_owned(), ideal "Unable to attach or mount volumes".to_owned(), in "any text",
        "The same when a volume could not be attached or mounted: what the kubelet says; not published.";
    "environmentUpdatedStatusReason" environment_updated_status_reason: String = "Host EC2 (instance {id}) terminated.".to_owned(), ideal "Host EC2 (instance {id}) terminated.".to_owned(), in "any text, with {id} for the instance",
        "The same when an infrastructure update took the node; not published.";
    "podDeletedStatusReason" pod_deleted_status_reason: String = "Pod was deleted".to_owned(), ideal "Pod was deleted".to_owned(), in "any text",
        "The same when someone else deleted the pod; not published.";
    "podRefusedStatusReason" pod_refused_status_reason: String = "Pod was refused by the cluster".to_owned(), ideal "Pod was refused by the cluster".to_owned(), in "any text",
        "The same when the API server refused the pod, which a simulated one never does; not published.";
    "parameterSubstitution" parameter_substitution: ParameterSubstitution = ParameterSubstitution::CommandAndArgs, ideal ParameterSubstitution::CommandAndArgs, in "command, commandAndArgs or commandArgsEnvAndImage",
        "Where `Ref::name` is replaced by a parameter: the user guide shows a container's command, and says nothing of the other texts of a pod on EKS.";

    // What nodes are made of.
    "vmMemoryOverheadPpm" vm_memory_overhead_ppm: u32 = 54_199, ideal 0, in "17000 to 75000",
        "Memory that hypervisor and kernel keep, in millionths: AWS's example says 7748 of 8192 MiB; Karpenter takes 75000; measured fleets 17000 to 53000.";
    "typicalDaemonSetCpuMilli" typical_daemon_set_cpu_milli: u32 = 200, ideal 0, in "100 to 500",
        "What daemonsets ask of a node where the scenario lists none, thousandths of a vCPU: aws-node, kube-proxy and usually a log shipper and a metrics agent.";
    "typicalDaemonSetMemoryMiB" typical_daemon_set_memory_mib: u32 = 250, ideal 0, in "0 to 1000",
        "The same, MiB of memory.";
    "typicalDaemonSetPods" typical_daemon_set_pods: u16 = 4, ideal 0, in "2 to 8",
        "The same, pod slots.";
    "imageSizeMiB" image_size_mib: u32 = 500, ideal 0, in "50 to 8000",
        "Size of a job's container image where the workload does not say.";

    // How long things take.
    "requestToPending" request_to_pending: Distribution = Distribution::lognormal_secs(2, 5), ideal Distribution::ZERO, in "half to double",
        "From the capacity request to the instance's start; scattered public measurements.";
    "pendingToReady" pending_to_ready: Distribution = Distribution::lognormal_secs(45, 90), ideal Distribution::ZERO, in "half to triple",
        "From the instance's start to the node's Ready, daemonsets included; scattered public measurements on AL2023.";
    "pendingToReadyGpu" pending_to_ready_gpu: Distribution = Distribution::lognormal_secs(130, 330), ideal Distribution::ZERO, in "half to triple",
        "The same for GPU types, until the device plugin offers the GPUs.";
    "pendingToReadyMetal" pending_to_ready_metal: Distribution = Distribution::lognormal_secs(420, 780), ideal Distribution::ZERO, in "half to double",
        "The same for bare metal.";
    "neverJoinsProbability" never_joins_probability: f64 = 0.002, ideal 0.0, in "0 to 0.02",
        "Share of launched instances that never join the cluster.";
    "podStart" pod_start: Distribution = Distribution::lognormal_secs(5, 20), ideal Distribution::ZERO, in "half to triple",
        "From the decision to place a pod on a ready node to its containers' start, without the image pull.";
    "imagePullBase" image_pull_base: TextDuration = secs(1), ideal secs(0), in "0s to 5s",
        "Time of an image pull besides its transfer; none when the node has the image.";
    "imagePullMiBPerSecond" image_pull_mib_per_second: f64 = 57.0, ideal 1e12, in "20 to 200",
        "Transfer and unpacking rate of an image pull: about 60 MB/s on common sizes.";
    "imagePullSigma" image_pull_sigma: f64 = 0.35, ideal 0.0, in "0 to 0.7",
        "Spread of pull times: deviation of the logarithm.";
    "terminateToGone" terminate_to_gone: Distribution = Distribution::lognormal_secs(40, 90), ideal Distribution::ZERO, in "half to double",
        "From the command to terminate to the end of billing and of the node.";
    "sigtermToExit" sigterm_to_exit: TextDuration = secs(1), ideal secs(0), in "0s to 30s",
        "How long a container takes to obey SIGTERM; after 30 s (documented) it is killed.";

    // What EC2 has.
    "onDemandInsufficientCapacity" on_demand_insufficient_capacity: f64 = 0.001, ideal 0.0, in "0 to 0.05",
        "Probability that an On-Demand pool has nothing to give in a span of three minutes; not published.";
    "spotInsufficientCapacity" spot_insufficient_capacity: [f64; 5] = [0.005, 0.01, 0.02, 0.04, 0.1], ideal [0.0; 5], in "half to 5 times, at most 1",
        "The same for Spot pools, by the Spot Advisor's interruption bucket; not published.";
    "poolDepthVcpus" pool_depth_vcpus: u32 = 20_000, ideal 100_000_000, in "500 to 200000",
        "Median free vCPUs of a pool (type and zone); EC2 publishes no depth, only placement scores.";
    "poolDepthSigma" pool_depth_sigma: f64 = 0.8, ideal 0.0, in "0 to 1.5",
        "How much pools differ in depth, and change every hour: deviation of the logarithm.";
    "spotDepthByBucket" spot_depth_by_bucket: [f64; 5] = [1.0, 0.7, 0.5, 0.35, 0.2], ideal [1.0; 5], in "0.05 to 1 each",
        "Spot depth of a pool relative to the median, by interruption bucket: pools that are interrupted often have little to spare.";
    "fleetDepthShare" fleet_depth_share: f64 = 0.5, ideal 0.5, in "0.2 to 0.9",
        "EC2 takes the cheapest (or first) of the pools with most capacity; here those with this share of the deepest one's.";

    // Spot interruptions and prices.
    "spotHazardPerHour" spot_hazard_per_hour: [f64; 5] = [3.5e-5, 1.08e-4, 1.86e-4, 2.67e-4, 4.95e-4], ideal [0.0; 5], in "see spotStress",
        "Interruptions per instance-hour by the Spot Advisor's bucket: the bucket's midpoint over 30 days; AWS does not define the denominator.";
    "spotStress" spot_stress: f64 = 1.0, ideal 0.0, in "0.2 to 50",
        "Multiplies the interruption rate, since the advisor's figure is an average over types, zones and a month.";
    "spotMassShare" spot_mass_share: f64 = 0.5, ideal 0.0, in "0 to 1",
        "Share of interruptions that come as a wave through a pool rather than one by one; measured pools show both.";
    "spotMassFraction" spot_mass_fraction: [f64; 2] = [0.3, 0.6], ideal [1.0, 1.0], in "0.1 to 1 each",
        "What part of a pool's instances a wave takes, between these two.";
    "spotNotice" spot_notice: TextDuration = secs(120), ideal secs(0), in "0s to 120s (documented)",
        "Warning before a Spot instance is taken: two minutes, best effort.";
    "spotLostNoticeProbability" spot_lost_notice_probability: f64 = 0.0, ideal 1.0, in "0 to 0.1",
        "Share of interruptions without a warning: EC2 calls it best effort.";
    "spotPriceSigma" spot_price_sigma: f64 = 0.14, ideal 0.0, in "0.05 to 0.4",
        "Deviation of the logarithm of a pool's Spot price around its mean.";
    "spotPriceChangesPerDay" spot_price_changes_per_day: f64 = 3.5, ideal 0.0, in "0 to 24",
        "How often a pool's Spot price moves.";
    "harshUpTime" harsh_up_time: Distribution = Distribution::Lognormal { median: secs(1_480), p95: secs(25_075) }, ideal Distribution::Lognormal { median: secs(1_480), p95: secs(25_075) }, in "half to triple",
        "In a harsh market, how long a pool keeps its instances: lognormal(7.30, 1.72) s, as in a recorded r5.16xlarge pool; one of V100s kept them 2.4 times as long.";
    "harshDownTime" harsh_down_time: Distribution = Distribution::Lognormal { median: secs(620), p95: secs(4_466) }, ideal Distribution::Lognormal { median: secs(620), p95: secs(4_466) }, in "half to 6 times",
        "In a harsh market, how long a pool then has nothing: lognormal(6.43, 1.20) s, as in a recorded r5.16xlarge pool; one of V100s had nothing 5.4 times as long.";

    // Money beside the instances.
    "rootVolumeGiB" root_volume_gib: u32 = 30, ideal 0, in "8 to 200",
        "Root volume of a node; the EKS-optimized AMI needs at least 20 GiB.";
    "rootVolumeUsdPerGiBMonth" root_volume_usd_per_gib_month: f64 = 0.08, ideal 0.0, in "0.08 to 0.16",
        "gp3 list price in us-east-1.";
    "eksClusterUsdPerHour" eks_cluster_usd_per_hour: f64 = 0.10, ideal 0.0, in "0.10 (standard support) or 0.60 (extended)",
        "The EKS control plane's fee, for as long as the simulation runs; 0 leaves it out.";
    "savingsPlanDiscount" savings_plan_discount: f64 = 0.0, ideal 0.0, in "0 to 0.72",
        "Savings Plan or negotiated discount on On-Demand prices.";
}
