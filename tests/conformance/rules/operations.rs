//! Rules of the control plane's operations: what they refuse, and what they change.

use super::Mark::{Assumption, Documented};
use super::Tested::Test;
use super::{Rule, rules};

pub(super) const OPERATIONS: &[Rule] = rules! {
    "operation/definition-revisions", "Each registration under a name is a new revision; a name alone is the latest active one.",
        "API:RegisterJobDefinitionRequest", Documented, [Test("tests/batch/definitions.rs::registrations_are_counted"), Test("tests/batch/definitions.rs::a_name_alone_is_the_latest_active_revision")];
    "operation/inactive-definition", "A deregistered definition takes no submission.",
        "API:DeregisterJobDefinitionRequest", Documented, [Test("tests/batch/definitions.rs::inactive_and_unknown_definitions_are_refused")];
    "operation/submission-overrides", "A submission's own priority, timeout and attempts come before the definition's.",
        "API:SubmitJobRequest", Documented, [Test("tests/batch/submissions.rs::priorities_timeouts_and_attempts_are_the_submissions_before_the_definitions")];
    "operation/environment-quotas", "There are at most so many environments, of a cluster and in all.",
        "UG:service_limits", Documented, [Test("tests/batch/environments.rs::quotas_hold")];
    "operation/queue-quotas", "There are at most so many queues.",
        "UG:service_limits", Documented, [Test("tests/batch/queues.rs::quotas_hold")];
    "operation/one-architecture", "The types of an environment, and the environments of a queue, are of one architecture.",
        "API:CreateJobQueueRequest", Documented, [Test("tests/batch/environments.rs::instance_types_share_an_architecture"), Test("tests/batch/queues.rs::environments_are_known_and_of_one_architecture")];
    "operation/scaling-update", "A change of vCPU limits alone keeps the nodes; one of the infrastructure replaces them.",
        "UG:updating-compute-environments", Documented, [Test("tests/batch/environments.rs::a_scaling_update_keeps_the_nodes"), Test("tests/batch/environments.rs::an_infrastructure_update_replaces_the_nodes")];
    "operation/delete-environment", "Only a DISABLED environment in no queue can be deleted.",
        "API:DeleteComputeEnvironment", Documented, [Test("tests/batch/environments.rs::deletion_needs_a_disabled_environment_in_no_queue")];
    "operation/delete-queue", "Only a DISABLED queue can be deleted.",
        "API:DeleteJobQueue", Documented, [Test("tests/batch/queues.rs::deletion_needs_a_disabled_queue")];
    "operation/policy-in-use", "A scheduling policy that a queue has can't be deleted.",
        "API:DeleteSchedulingPolicyRequest", Documented, [Test("tests/batch/policies.rs::a_policy_in_use_stays")];
    "operation/quantity", "A consumable resource's quantity is set, raised or lowered.",
        "API:UpdateConsumableResourceRequest", Documented, [Test("tests/batch/resources.rs::a_total_is_set_raised_and_lowered")];
    "operation/bulk", "CancelJobs and TerminateJobs pass over jobs that are not known.",
        "API:CancelJobsRequest", Documented, [Test("tests/batch/jobs.rs::bulk_ends_pass_over_what_is_not_known")];
    "operation/patterns", "A pattern of evaluateOnExit matches whole texts, or their beginning before a `*`.",
        "API:EvaluateOnExit", Assumption("the texts are the …StatusReason assumptions"), [Test("tests/batch/exit.rs::a_prefix_reaches_up_to_the_variable_part"), Test("tests/batch/exit.rs::exit_codes_are_digits_or_their_beginning"), Test("tests/batch/exit.rs::the_user_guides_example_compiles")];
};
