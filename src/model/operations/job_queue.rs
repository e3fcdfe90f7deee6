//! Changing and deleting job queues. Source: `API:UpdateJobQueueRequest`, `API:DeleteJobQueueRequest`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::compute_environment::State;
use crate::model::job_queue::{ComputeEnvironmentOrder, JobStateTimeLimitAction, order_problems, time_limit_problems};
use crate::model::{JobQueue, Problem};

/// `UpdateJobQueue`: what is given changes, what is not stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateJobQueue {
    /// Name or ARN.
    #[schemars(length(min = 1))]
    pub job_queue: String,
    /// DISABLED takes no submissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Higher is evaluated first among queues that share an environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// One to three environments, tried in ascending `order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub compute_environment_order: Option<Vec<ComputeEnvironmentOrder>>,
    /// Another scheduling policy, for a queue that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub scheduling_policy_arn: Option<String>,
    /// What happens to jobs that block the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_state_time_limit_actions: Option<Vec<JobStateTimeLimitAction>>,
}

/// `DeleteJobQueue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteJobQueue {
    /// Name or ARN.
    #[schemars(length(min = 1))]
    pub job_queue: String,
}

impl UpdateJobQueue {
    /// What AWS Batch would reject of the request by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = order_problems(self.compute_environment_order.as_deref().unwrap_or_default());
        problems.extend(time_limit_problems(self.job_state_time_limit_actions.as_deref().unwrap_or_default()));
        problems
    }

    /// What AWS Batch would reject of the request for this queue: a FIFO queue stays one.
    pub fn problems_for(&self, queue: &JobQueue) -> Vec<Problem> {
        let given = self.scheduling_policy_arn.as_deref().is_some_and(|arn| !arn.is_empty());
        let becomes_fair = given && queue.scheduling_policy_arn.is_none();
        let problem = || {
            Problem::new(
                "/schedulingPolicyArn",
                format!(
                    "`{}` is a FIFO queue, and a queue is given a scheduling policy at its creation or never",
                    queue.job_queue_name
                ),
                "create another queue with the policy",
            )
        };
        if becomes_fair { vec![problem()] } else { Vec::new() }
    }

    /// The queue after the request.
    #[must_use]
    pub fn applied_to(&self, queue: &JobQueue) -> JobQueue {
        let UpdateJobQueue {
            job_queue: _,
            state,
            priority,
            compute_environment_order,
            scheduling_policy_arn,
            job_state_time_limit_actions,
        } = self.clone();
        let mut changed = queue.clone();
        changed.state = state.unwrap_or(changed.state);
        changed.priority = priority.unwrap_or(changed.priority);
        changed.scheduling_policy_arn = scheduling_policy_arn.or(changed.scheduling_policy_arn);
        if let Some(order) = compute_environment_order {
            changed.compute_environment_order = order;
        }
        if let Some(actions) = job_state_time_limit_actions {
            changed.job_state_time_limit_actions = actions;
        }
        changed
    }
}
