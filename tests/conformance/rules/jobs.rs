//! Rules of jobs: states, attempts, retries, the ends that someone wants, arrays and dependencies.

use super::Mark::{Assumption, Documented, Observed};
use super::Tested::{LeftOut, Pod, Test, Transcript};
use super::{Rule, rules};

pub(super) const ATTEMPTS: &[Rule] = rules! {
    "job/states", "SUBMITTED, PENDING with dependencies, RUNNABLE, STARTING, RUNNING, SUCCEEDED or FAILED; a retry goes back to RUNNABLE.",
        "UG:job_states", Documented, [Test("tests/history/runs.rs::a_transcript_s_history_is_the_core_s_own_account"), Test("tests/history/lives.rs::a_job_goes_through_the_states_and_a_retry_goes_back_to_runnable")];
    "job/evaluation", "A job is SUBMITTED until it was evaluated.",
        "UG:job_states", Assumption("submitToRunnable"), [Test("tests/history/lives.rs::a_job_goes_through_the_states_and_a_retry_goes_back_to_runnable")];
    "job/one-pod", "An attempt is a pod, and its end the attempt's.",
        "UG:eks-jobs", Documented, [Transcript("retry_to_the_front")];
    "retry/attempts", "A failed attempt is retried until attempts are used up.",
        "API:RetryStrategy", Documented, [Transcript("retry_to_the_front"), Transcript("evaluate_on_exit")];
    "retry/front", "A retried job goes ahead of all that never ran.",
        "UG:bestpractice6", Documented, [Transcript("retry_to_the_front")];
    "retry/host", "The loss of a host is retried like a failure.",
        "UG:job_retries", Documented, [Transcript("interruption")];
    "retry/evaluate-on-exit", "The first entry of evaluateOnExit that matches decides; where none does, the attempt is retried.",
        "API:EvaluateOnExit", Documented, [Transcript("evaluate_on_exit")];
    "retry/all-conditions", "An entry matches only if all of its conditions do.",
        "API:EvaluateOnExit", Documented, [Transcript("evaluate_on_exit_all_conditions")];
    "retry/rejected-pod", "A pod that the kubelet turns away costs no attempt.",
        "—", Assumption("rejectedPodChargesAttempt"), [Transcript("rejection_is_not_charged")];
    "retry/rejecting-node", "A node that turned a pod away is left alone for a while, then tried again.",
        "—", Assumption("rejectedNodeRetryDelay"), [Transcript("rejecting_node_is_tried_again")];
    "timeout/from-running", "A timeout counts from RUNNING, each attempt anew; init containers and pulls are not in it.",
        "UG:job_timeouts", Documented, [Transcript("timeout_is_final")];
    "timeout/final", "A job that timed out is not retried.",
        "UG:job_timeouts", Documented, [Transcript("timeout_is_final")];
    "timeout/grace", "Containers that are to end get SIGTERM, and SIGKILL after 30 seconds.",
        "UG:job_timeouts", Documented, [Pod("plain")];
    "timeout/reason", "It says `Job attempt duration exceeded timeout`.",
        "UG:job_timeouts", Observed, [Test("tests/history/lives.rs::what_ended_an_attempt_is_told_in_the_words_that_users_know")];
    "starting/volume", "A pod whose volume can't be attached or mounted is ended.",
        "UG:batch-eks-job-stuck-in-starting", Documented, [Transcript("volume_not_attached")];
    "starting/image", "A pod whose image can't be pulled stays STARTING until someone ends it.",
        "UG:batch-eks-job-stuck-in-starting", Documented, [Transcript("volume_not_attached")];
    "facts/absorbed", "Late, doubled and unknown facts change nothing.",
        "—", Assumption("any watch of a cluster repeats itself"), [Transcript("absorbed_facts")];
};

pub(super) const ENDED_ON_PURPOSE: &[Rule] = rules! {
    "cancel/before-starting", "CancelJob ends a job that is SUBMITTED or RUNNABLE.",
        "API:CancelJob", Documented, [Transcript("cancel_before_starting")];
    "cancel/started", "CancelJob leaves alone a job from STARTING on.",
        "API:CancelJob", Documented, [Transcript("cancel_before_starting")];
    "cancel/pending", "A PENDING job that was cancelled ends once its dependencies have.",
        "API:CancelJob", Documented, [Transcript("cancel_pending")];
    "cancel/head", "A cancelled head lets the next job come first.",
        "UG:job_stuck_in_runnable", Documented, [Transcript("cancel_before_starting")];
    "cancel/array", "Cancelling an array cancels its children; a child can be cancelled on its own.",
        "API:CancelJob", Documented, [Transcript("array_child_cancelled"), Transcript("array_terminated")];
    "terminate/started", "TerminateJob stops a job that is STARTING or RUNNING; it is not retried.",
        "API:TerminateJob", Documented, [Transcript("terminate")];
    "terminate/before-starting", "TerminateJob cancels a job that is not yet STARTING.",
        "API:TerminateJob", Documented, [Transcript("terminate")];
    "terminate/array", "Terminating an array ends all of its children.",
        "UG:array_jobs", Documented, [Transcript("array_terminated")];
    "terminate/flags", "A job remembers that it was cancelled or terminated.",
        "API:JobDetail", Documented, [Test("tests/history/lives.rs::who_was_cancelled_or_terminated_says_so")];
    "queue/deleted", "The jobs of a deleted queue end.",
        "API:DeleteJobQueue", Documented, [Transcript("deleted_queue")];
    "queue/deleted-reason", "They say `JobQueue deleted`.",
        "API:DeleteJobQueue", Observed, [Test("tests/history/lives.rs::a_deleted_queue_takes_its_jobs_with_it")];
    "retention", "Jobs that SUCCEEDED or FAILED are kept for seven days at least.",
        "UG:job_states", Documented, [Test("tests/history/lives.rs::finished_jobs_are_kept_as_wanted"), LeftOut("for how long is up to who asks: a run keeps all or as many as wanted")];
};

pub(super) const ARRAYS: &[Rule] = rules! {
    "array/order", "Children go by their index.",
        "API:GetJobQueueSnapshotResponse", Assumption("order by index is inferred"), [Transcript("fifo_head_of_line"), Transcript("array_fails_with_its_last_child")];
    "array/own-retries", "A child has its own retries.",
        "UG:array_jobs", Documented, [Transcript("array_fails_with_its_last_child")];
    "array/fails-last", "A failed child does not stop the others; the array FAILS when all have ended.",
        "UG:array_jobs", Documented, [Transcript("array_fails_with_its_last_child")];
    "array/pending", "An array is PENDING from its first RUNNABLE child on.",
        "UG:array_jobs", Documented, [Test("tests/history/lives.rs::an_array_is_pending_with_its_first_runnable_child_and_fails_with_the_last")];
    "array/reason", "A FAILED array says `Array Child Job failed`.",
        "UG:array_jobs", Observed, [Test("tests/history/lives.rs::an_array_is_pending_with_its_first_runnable_child_and_fails_with_the_last")];
    "depends/all", "A job is PENDING until all that it depends on have SUCCEEDED.",
        "UG:job_dependencies", Documented, [Transcript("dependencies")];
    "depends/no-block", "A PENDING job blocks nobody.",
        "UG:job_states", Documented, [Transcript("dependencies")];
    "depends/across-queues", "Dependencies cross queues.",
        "UG:job_dependencies", Assumption("job ids are an account's"), [Transcript("dependencies")];
    "depends/fails", "A job FAILS with any job that it depends on.",
        "UG:job_dependencies", Documented, [Transcript("dependency_fails")];
    "depends/reason", "It says `Dependent Job failed`.",
        "UG:job_dependencies", Observed, [Test("tests/history/lives.rs::a_job_with_dependencies_is_pending_until_they_have_succeeded")];
    "depends/ended", "A dependency that has ended already counts at once.",
        "UG:job_dependencies", Documented, [Transcript("dependency_already_ended")];
    "depends/array", "Who depends on an array waits for all of its children.",
        "UG:array_jobs", Assumption("the array as a whole is inferred"), [Transcript("dependency_on_an_array")];
    "depends/n-to-n", "N_TO_N: each child waits for the child of the same index.",
        "UG:array_jobs", Documented, [Transcript("n_to_n")];
    "depends/sequential", "SEQUENTIAL: each child waits until the one before has SUCCEEDED.",
        "UG:array_jobs", Documented, [Transcript("sequential")];
    "depends/known", "A submission must depend on known jobs, and N_TO_N on an array of its own size.",
        "API:JobDependency", Assumption("equal sizes are inferred"), [Transcript("unknown_dependency")];
};
