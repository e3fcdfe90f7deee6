//! Rules of queues: what they take, what blocks them, in which order their jobs go, and how shares are told apart.

use super::Mark::{Assumption, Documented};
use super::Tested::{LeftOut, Test, Transcript};
use super::{Rule, rules};

pub(super) const QUEUES: &[Rule] = rules! {
    "queue/disabled", "A DISABLED queue takes no submission; what is in it still runs.",
        "API:JQState", Documented, [Transcript("disabled_queue")];
    "queue/update", "An updated queue goes on under its new priority and with its new environments.",
        "API:UpdateJobQueueRequest", Documented, [Transcript("queue_update")];
    "queue/policy-stays", "A scheduling policy can be replaced, never removed; a FIFO queue never gains one.",
        "API:UpdateJobQueueRequest", Documented, [Transcript("policy_is_never_removed")];
    "queue/share-identifier", "A fair-share queue takes only jobs with a shareIdentifier, a FIFO queue only jobs without.",
        "API:SubmitJobRequest", Documented, [Transcript("share_identifier")];
    "queue/active-shares", "A submission that would make a 501st share active is refused.",
        "API:SubmitJobRequest", Documented, [Test("tests/conformance/shares.rs::the_501st_active_share_is_refused")];
    "queue/submitted-jobs", "No more than 1,000,000 jobs are SUBMITTED at a time.",
        "UG:service_limits", Documented, [Transcript("submitted_jobs_limit")];
    "queue/submit-rate", "No more than 50 SubmitJob calls are taken in a second; an array is one call.",
        "UG:service_limits", Assumption("submitJobRateLimit"), [Transcript("submit_rate_limit")];
    "queue/environments-in-order", "Environments are tried in ascending order.",
        "UG:compute_environments", Assumption("spillPolicy"), [Transcript("spill_at_max"), Transcript("spill_on_ice")];
};

pub(super) const CONSUMABLES: &[Rule] = rules! {
    "consumable/at-the-head", "A consumable resource is looked for at the head of the queue, where a job waits in RUNNABLE.",
        "UG:resource-aware-scheduling", Documented, [Transcript("consumable_resource")];
    "consumable/held", "It is held from STARTING to SUCCEEDED or FAILED.",
        "UG:resource-aware-scheduling", Documented, [Transcript("consumable_resource")];
    "consumable/lowered", "A quantity below what is in use takes nothing away; a larger one lets more start.",
        "UG:resource-aware-scheduling", Documented, [Transcript("consumable_resource_lowered")];
    "consumable/used-up", "What a job took of a NON_REPLENISHABLE resource does not come back.",
        "API:CreateConsumableResourceRequest", Documented, [Transcript("consumable_resource_used_up")];
    "consumable/across-retries", "A retried job keeps what it holds.",
        "UG:resource-aware-scheduling", Assumption("consumablesHeldAcrossRetries"), [Transcript("consumable_resource_across_retries")];
    "consumable/of-all-queues", "A resource is one for all queues.",
        "UG:resource-aware-scheduling", Assumption("its scope is inferred"), [Transcript("consumable_resource_of_two_queues")];
};

pub(super) const BLOCKED: &[Rule] = rules! {
    "blocked/capacity", "A head for which EC2 has none of the types is said to block its queue, if all environments have that problem.",
        "UG:job_stuck_in_runnable", Assumption("blockedDetectionDelay"), [Transcript("head_blocked_by_capacity")];
    "blocked/max-resource", "So is one that asks for more vCPUs than maxvCpus allows.",
        "UG:job_stuck_in_runnable", Assumption("blockedDetectionDelay"), [Transcript("head_blocked_by_max_resource")];
    "blocked/resource-requirement", "So is one that no allowed type can hold; nothing is launched for those behind it.",
        "UG:job_stuck_in_runnable", Assumption("blockedDetectionDelay"), [Transcript("too_large_a_head")];
    "blocked/configuration", "So is a multi-node parallel job that no environment of its queue can run.",
        "UG:job_stuck_in_runnable", Assumption("that this is the reason given is inferred"), [Transcript("multi_node_needs_on_demand")];
    "blocked/invalid", "So is one whose environments are all INVALID; no time limit is for that.",
        "UG:job_stuck_in_runnable", Documented, [Transcript("head_blocked_by_invalid_environments")];
    "blocked/texts", "The statusReasons are those of the page, word by word.",
        "UG:job_stuck_in_runnable", Documented, [Test("src/history/status_reason.rs::the_texts_that_aws_publishes"), Test("tests/history/lives.rs::a_lack_of_capacity_names_the_type")];
    "blocked/service-role", "A queue is blocked by missing permissions of the service role, or for an undetermined cause.",
        "UG:job_stuck_in_runnable", Documented, [LeftOut("neither can come about in a simulation")];
    "time-limit/cancels", "A job that blocks its queue for longer than a time limit of that reason is cancelled, never before.",
        "API:JobStateTimeLimitAction", Documented, [Transcript("time_limit")];
    "time-limit/own-reason", "The limit of another reason does not count; the time begins anew with another reason.",
        "API:JobStateTimeLimitAction", Documented, [Transcript("time_limit_of_another_reason")];
    "time-limit/text", "It says `Canceled by JobStateTimeLimit action due to reason: …`.",
        "UG:job_stuck_in_runnable_time_limit_actions", Documented, [Test("tests/history/lives.rs::a_head_that_is_said_to_block_its_queue_carries_why_until_a_time_limit_ends_it")];
};

pub(super) const ORDER: &[Rule] = rules! {
    "order/cycles", "Queues that share an environment are evaluated in cycles, by falling priority; what one can't use goes to the next.",
        "API:JobQueueDetail", Assumption("schedulingCycle"), [Transcript("priority_is_no_reservation")];
    "order/no-preemption", "Priority is no reservation, and nothing that runs is stopped for a higher one.",
        "API:JobQueueDetail", Documented, [Transcript("no_preemption")];
    "order/fifo", "A FIFO queue goes by the time of submission.",
        "API:GetJobQueueSnapshotResponse", Documented, [Transcript("fifo_head_of_line")];
    "order/head-of-line", "A head that finds no room holds up all behind it.",
        "UG:job_stuck_in_runnable", Assumption("no back-fill is documented"), [Transcript("fifo_head_of_line")];
    "placement/packing", "Jobs are packed on few nodes once few are left, and spread while many are.",
        "HPCblog:aws-batch-updates-higher-compute-utilization", Assumption("packThresholdPercent"), [Transcript("packs_the_tail")];
    "placement/rate", "Pods are created as fast as a cap allows, if there is one.",
        "—", Assumption("dispatchRate"), [Transcript("dispatch_rate")];
    "placement/fits", "A node never holds more CPU, memory, GPUs or pods than it offers.",
        "UG:memory-cpu-batch-eks", Documented, [Test("tests/properties/main.rs::every_world_keeps_the_rules")];
};

pub(super) const FAIR_SHARE: &[Rule] = rules! {
    "fair-share/lowest-usage", "The share that used least comes first; as many vCPUs, for as long, count the same.",
        "UG:share-identifiers", Assumption("fairShareStartCharge"), [Transcript("fair_share_takes_turns")];
    "fair-share/weights", "Usage is multiplied by the share's weight: half the weight, twice the share.",
        "API:ShareAttributes", Documented, [Transcript("fair_share_weights")];
    "fair-share/priority", "Within a share a higher schedulingPriority comes first, then the earlier submission.",
        "API:SubmitJobRequest", Documented, [Transcript("fair_share_priority")];
    "fair-share/window", "Usage counts over a window of shareDecaySeconds, 600 at least, and fades.",
        "API:FairsharePolicy", Assumption("fairShareMinimumWindow, fairShareDecayShape"), [Transcript("fair_share_usage_fades")];
    "fair-share/per-queue", "Usage in one queue does not count in another.",
        "UG:fair-share-scheduling", Documented, [Transcript("fair_share_is_per_queue")];
    "fair-share/reservation", "(computeReservation / 100) to the power of the active shares is kept of maxvCpus for shares that are not active.",
        "API:FairsharePolicy", Assumption("the sum over the queue's environments is inferred"), [Transcript("compute_reservation")];
    "fair-share/unmanaged", "Of an UNMANAGED environment, unmanagedvCpus count for that.",
        "API:CreateComputeEnvironmentRequest", Documented, [Transcript("compute_reservation")];
    "fair-share/blocked-share", "The first job of the order holds up a fair-share queue like any.",
        "UG:job_stuck_in_runnable", Assumption("fairShareSkipBlockedShare"), [Transcript("fair_share_blocked_share"), Transcript("fair_share_blocked_share_is_skipped")];
    "fair-share/prefix", "Active shares of one entry that ends in * share its weight.",
        "UG2023:scheduling-policy-parameters", Assumption("prefixWeightSplit"), [Transcript("weights_of_a_prefix_are_split")];
};
