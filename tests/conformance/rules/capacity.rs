//! Rules of compute environments, of how Batch asks EC2 for instances, and of when it gives them back.

use super::Mark::{Assumption, Documented, Observed};
use super::Tested::{LeftOut, Test, Transcript};
use super::{Rule, rules};

pub(super) const ENVIRONMENTS: &[Rule] = rules! {
    "ce/min-when-disabled", "minvCpus is kept, even while the environment is DISABLED.",
        "API:ComputeResource", Documented, [Transcript("minvcpus_when_disabled")];
    "ce/disabled", "A DISABLED environment takes no new job and is not scaled out; what runs there goes on.",
        "API:CEState", Documented, [Transcript("disabled_environment")];
    "ce/invalid", "An INVALID environment takes no job; the queue's next environment is tried.",
        "UG:compute_environments", Documented, [Transcript("invalid_environment")];
    "ce/never-joined", "An environment none of whose nodes joins is scaled down and becomes INVALID, not at once.",
        "UG:batch_eks_invalid_compute_environment", Assumption("invalidAfterFailedJoins, nodeJoinDeadline"), [Transcript("nodes_never_join")];
    "ce/invalid-causes", "Other causes make an environment INVALID: an unsupported version of the cluster, a missing instance profile, namespace or role.",
        "UG:batch_eks_invalid_compute_environment", Documented, [Transcript("invalid_environment"), LeftOut("which cause it is, only a live cluster can tell")];
    "ce/deleted", "A deleted environment takes its nodes with it.",
        "API:DeleteComputeEnvironment", Documented, [Transcript("environment_deleted")];
    "ce/scaling-update", "A scaling update keeps the nodes and takes effect at once.",
        "UG:scaling-updates", Documented, [Transcript("scaling_update")];
    "ce/infrastructure-update", "During an infrastructure update new jobs go to new nodes; old nodes go as their jobs end.",
        "UG:infrastructure-updates", Documented, [Transcript("infrastructure_update")];
    "ce/terminate-jobs-on-update", "terminateJobsOnUpdate ends the jobs on old nodes at once; they follow their retry strategy.",
        "API:UpdatePolicy", Documented, [Transcript("infrastructure_update_terminates_jobs")];
    "ce/job-execution-timeout", "Without it, jobs on old nodes are ended after jobExecutionTimeoutMinutes.",
        "API:UpdatePolicy", Documented, [Transcript("infrastructure_update_timeout")];
    "ce/unmanaged", "Jobs of an UNMANAGED environment go to the nodes that carry its label; it is never scaled.",
        "UG:create-compute-environment-unmanaged-eks", Documented, [Transcript("unmanaged_is_not_scaled")];
    "ce/access-entry", "One access entry of the cluster is shared by its environments.",
        "UG:eks-access-entries", Documented, [LeftOut("it decides who may act on a cluster, and no simulation acts on one")];
    "ce/metal", "A family does not include its bare metal sizes.",
        "UG:create-compute-environment-managed-eks", Documented, [Test("tests/catalog.rs::families_never_include_metal")];
};

pub(super) const STRATEGIES: &[Rule] = rules! {
    "strategy/best-fit", "BEST_FIT asks for its one type and waits while EC2 has none of it.",
        "UG:allocation-strategies", Documented, [Transcript("best_fit_waits"), Test("src/scheduler/strategy/tests.rs::best_fit_waits_for_the_cheapest_of_all")];
    "strategy/best-fit-progressive", "BEST_FIT_PROGRESSIVE prefers types with a lower cost per vCPU that are large enough; others when those are not to be had.",
        "API:CRAllocationStrategy", Assumption("bestFitObjective"), [Transcript("spill_on_ice"), Test("src/scheduler/strategy/tests.rs::best_fit_progressive_takes_the_cheapest_to_be_had")];
    "strategy/ordered", "BEST_FIT_PROGRESSIVE_ORDERED follows the order of instanceTypes and passes over what is too small.",
        "API:CRAllocationStrategy", Documented, [Transcript("ordered_types"), Test("src/scheduler/strategy/tests.rs::ordered_skips_no_entry_that_has_something")];
    "strategy/spot", "The Spot strategies name the types that are large enough, and EC2 chooses the pools.",
        "UG:allocation-strategies", Assumption("spotTypeEfficiencyPercent"), [Test("src/scheduler/strategy/tests.rs::spot_names_every_efficient_type_and_no_other")];
    "strategy/overshoot", "maxvCpus may be exceeded, never by more than a single instance.",
        "UG:allocation-strategies", Documented, [Transcript("overshoot_by_one_instance"), Test("src/scheduler/strategy/tests.rs::no_request_exceeds_the_room_by_an_instance"), Test("tests/properties/judge/capacity.rs::check_capacity")];
    "ec2/fleet-strategies", "EC2 chooses among pools of type and zone as its fleet strategies say.",
        "EC2API:SpotOptionsRequest, EC2API:OnDemandOptionsRequest", Documented, [Test("src/sim/fleet.rs::each_strategy_takes_its_pools")];
    "ec2/bid-percentage", "A Spot instance is launched only while its price is below bidPercentage of On-Demand.",
        "API:ComputeResource", Documented, [Transcript("bid_percentage")];
    "ec2/interruption", "A Spot interruption fails the attempt, which is retried if attempts are left; there is a notice two minutes before, best effort.",
        "UG:bestpractice6", Documented, [Transcript("interruption")];
    "ec2/no-placement-after-notice", "No pod goes to a node that has had its notice, and none is moved away.",
        "UG:bestpractice6", Assumption("placementAfterNotice"), [Transcript("interruption")];
    "ec2/host-terminated", "An attempt whose host went says `Host EC2 (instance …) terminated.`",
        "UG:bestpractice6", Observed, [Test("tests/history/lives.rs::what_ended_an_attempt_is_told_in_the_words_that_users_know")];
    "ec2/late-answers", "A request without an answer is made anew; a late answer is taken on.",
        "—", Assumption("launchResponseDeadline"), [Transcript("late_launch_is_absorbed")];
    "ec2/billing", "Instances are billed by the second, sixty at least; one that EC2 reclaims in its first hour is free.",
        "Amazon EC2 pricing", Documented, [Test("src/metrics/billing.rs::a_minute_at_least_and_whole_seconds"), Test("src/metrics/billing.rs::only_what_ec2_reclaims_in_the_first_hour_is_free")];
};

pub(super) const SCALING: &[Rule] = rules! {
    "scaling/cold-estimate", "Before a node of a type was seen, 0.5 vCPU and 500 MiB are set aside for daemonsets; then the real value counts.",
        "UG:memory-cpu-batch-eks", Documented, [Transcript("estimate_then_learn")];
    "scaling/requests", "Scaling and placement go by requests; a limit alone is copied into them.",
        "API:EksContainerResourceRequirements", Documented, [Test("tests/catalog.rs::the_user_guides_examples_of_what_fits")];
    "scaling/idle", "With nothing to run, instances go, down to minvCpus; sizes never change.",
        "UG:compute_environments", Assumption("idleScaleDownDelay"), [Transcript("idle_scale_down")];
    "scaling/min-scale-down-delay", "minScaleDownDelayMinutes counts from a node's last job; a new job begins it anew; unused nodes are exempt.",
        "API:ComputeScalingPolicy", Documented, [Transcript("min_scale_down_delay")];
    "scaling/busy-nodes-stay", "A node on which something runs is never drained.",
        "UG:eks", Assumption("no consolidation is documented"), [Transcript("busy_nodes_stay")];
};
