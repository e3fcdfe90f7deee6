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
    "operation/bulk-limit", "One call of CancelJobs or TerminateJobs names 50 jobs at most.",
        "API:CancelJobsRequest", Documented, [Test("tests/batch/jobs.rs::bulk_ends_pass_over_what_is_not_known")];
    "operation/end-reason", "The reason of the call that ended a job is the job's statusReason.",
        "API:TerminateJobRequest", Documented, [Test("tests/batch/describe_jobs.rs::whoever_ends_a_job_gives_its_status_reason"), Test("tests/batch/describe_jobs.rs::a_request_that_came_too_late_gives_no_reason")];
    "operation/describe-jobs", "One call of DescribeJobs names 100 jobs at most; ids that are not known are passed over.",
        "API:DescribeJobsRequest", Documented, [Test("tests/batch/describe_jobs.rs::one_call_names_a_hundred_jobs_and_unknown_ones_are_passed_over")];
    "operation/job-detail", "A job is told with its attempts and its pod, an array with its children by state, a node by its own id.",
        "API:JobDetail", Documented, [Test("tests/batch/describe_jobs.rs::a_job_is_told_with_its_attempts"), Test("tests/batch/describe_jobs.rs::an_array_counts_its_children"), Test("tests/batch/describe_jobs.rs::a_multi_node_job_has_nodes")];
    "operation/list-jobs", "ListJobs lists the RUNNING jobs of a queue, an array or a multi-node parallel job, unless a status is given.",
        "API:ListJobsRequest", Documented, [Test("tests/batch/list_jobs.rs::running_jobs_are_listed_unless_a_status_is_given"), Test("tests/batch/list_jobs.rs::children_and_nodes_are_listed_by_their_job"), Test("tests/batch/list_jobs.rs::what_is_not_allowed_is_refused")];
    "operation/list-filters", "One filter lists jobs of any status, the latest first; SHARE_IDENTIFIER goes with a status.",
        "API:ListJobsRequest", Documented, [Test("tests/batch/list_jobs.rs::a_filter_lists_jobs_of_any_status_the_latest_first"), Test("tests/batch/list_jobs.rs::a_share_goes_with_a_status")];
    "operation/list-created-at", "BEFORE_CREATED_AT lists what was created before its value, AFTER_CREATED_AT what was created after it.",
        "API:ListJobsRequest", Assumption("the page's sentence can be read either way"), [Test("tests/batch/list_jobs.rs::a_filter_lists_jobs_of_any_status_the_latest_first")];
    "operation/list-pages", "A page holds 1,000 jobs by status and 100 with a filter at most.",
        "API:ListJobsRequest", Documented, [Test("tests/batch/list_jobs.rs::pages_follow_each_other_while_jobs_come_in"), Test("tests/batch/list_jobs.rs::what_is_not_allowed_is_refused")];
    "operation/snapshot", "GetJobQueueSnapshot shows the first 100 RUNNABLE jobs: a FIFO queue's by submission, a fair-share queue's by share usage and priority.",
        "API:GetJobQueueSnapshotResponse", Documented, [Test("tests/batch/snapshot.rs::a_fifo_queue_goes_by_submission"), Test("tests/batch/snapshot.rs::a_retry_stands_in_front"), Test("tests/batch/snapshot.rs::a_fair_share_queue_takes_shares_in_turn"), Test("tests/batch/snapshot.rs::a_hundred_jobs_are_shown_of_a_queue_that_exists")];
    "operation/snapshot-position", "A job is at its position since the last job came in ahead of it, or left the line of RUNNABLE ones.",
        "API:FrontOfQueueJobSummary", Assumption("what counts as a move is inferred"), [Test("tests/batch/snapshot.rs::a_fifo_queue_goes_by_submission")];
    "operation/patterns", "A pattern of evaluateOnExit matches whole texts, or their beginning before a `*`.",
        "API:EvaluateOnExit", Assumption("the texts are the …StatusReason assumptions"), [Test("tests/batch/exit.rs::a_prefix_reaches_up_to_the_variable_part"), Test("tests/batch/exit.rs::exit_codes_are_digits_or_their_beginning"), Test("tests/batch/exit.rs::the_user_guides_example_compiles")];
};
