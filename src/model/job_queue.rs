//! `CreateJobQueue`, as `--cli-input-json` takes it. Source: `API:CreateJobQueueRequest`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::compute_environment::State;
use crate::model::text::NAME_PATTERN;
use crate::model::{Problem, tags};

/// A job queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobQueue {
    /// Up to 128 letters, digits, hyphens and underscores.
    #[schemars(regex(pattern = NAME_PATTERN))]
    pub job_queue_name: String,
    /// DISABLED takes no submissions.
    #[serde(default)]
    pub state: State,
    /// Higher is evaluated first among queues that share an environment.
    pub priority: i32,
    /// One to three environments, tried in ascending `order`.
    #[schemars(length(min = 1, max = 3))]
    pub compute_environment_order: Vec<ComputeEnvironmentOrder>,
    /// What kind of environments it uses; EKS here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_queue_type: Option<JobQueueType>,
    /// Makes it a fair-share queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_policy_arn: Option<String>,
    /// What happens to jobs that block the queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub job_state_time_limit_actions: Vec<JobStateTimeLimitAction>,
    /// Tags of the queue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// One environment of a queue. Source: `API:ComputeEnvironmentOrder`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComputeEnvironmentOrder {
    /// Lower is tried first.
    pub order: i32,
    /// Name or ARN of the environment.
    pub compute_environment: String,
}

/// Source: `API:JobQueueType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub enum JobQueueType {
    Eks,
    Ecs,
    EcsFargate,
    EcsManagedInstances,
    SagemakerTraining,
}

/// Source: `API:JobStateTimeLimitAction`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobStateTimeLimitAction {
    /// The reason for which the job is stuck.
    pub reason: TimeLimitReason,
    /// RUNNABLE.
    pub state: JobState,
    /// How long it may be stuck, seconds.
    #[schemars(range(min = 600, max = 86_400))]
    pub max_time_seconds: u32,
    /// CANCEL.
    pub action: JobStateAction,
}

/// The state that a time limit watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub enum JobState {
    Runnable,
}

/// What a time limit does. Source: `API:JobStateTimeLimitActionsAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum JobStateAction {
    /// The job fails.
    Cancel,
    /// For queues of type `SAGEMAKER_TRAINING`; refused here.
    Terminate,
}

/// Reasons that a time limit can be for; AWS Batch knows others that it can't. Source:
/// `UG:job_stuck_in_runnable_time_limit_actions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TimeLimitReason {
    /// EC2 has none of the instances.
    #[serde(rename = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY")]
    InsufficientInstanceCapacity,
    /// The job does not fit under any environment's `maxvCpus`.
    #[serde(rename = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE")]
    ComputeEnvironmentMaxResource,
    /// No type of any environment carries the job.
    #[serde(rename = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")]
    JobResourceRequirement,
    /// An environment's types can't be used.
    #[serde(rename = "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED")]
    Ec2InstanceConfigurationUnsupported,
}

/// The last part of an ARN like `…:job-queue/My-Eks-JQ1`, or the name itself.
pub fn name_of(name_or_arn: &str) -> &str {
    if name_or_arn.starts_with("arn:") { name_or_arn.rsplit('/').next().unwrap_or(name_or_arn) } else { name_or_arn }
}

impl JobQueue {
    /// Names of its environments in the order they are tried, each with its index in `computeEnvironmentOrder`.
    pub fn environments(&self) -> Vec<(usize, &str)> {
        let mut order: Vec<_> = self.compute_environment_order.iter().enumerate().collect();
        order.sort_by_key(|&(index, entry)| (entry.order, index));
        order.into_iter().map(|(index, entry)| (index, name_of(&entry.compute_environment))).collect()
    }

    /// What AWS Batch would reject of the document by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !matches!(self.job_queue_type, None | Some(JobQueueType::Eks)) {
            problems.push(Problem::new("/jobQueueType", "only EKS queues are simulated", "write `EKS`, or remove it"));
        }
        problems.extend(order_problems(&self.compute_environment_order));
        problems.extend(time_limit_problems(&self.job_state_time_limit_actions));
        problems.extend(tags::problems(&self.tags));
        problems
    }
}

/// What is wrong with a queue's `computeEnvironmentOrder`.
pub(super) fn order_problems(order: &[ComputeEnvironmentOrder]) -> Vec<Problem> {
    let (mut problems, mut orders, mut names) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (index, entry) in order.iter().enumerate() {
        if !orders.insert(entry.order) {
            problems.push(Problem::new(
                format!("/computeEnvironmentOrder/{index}/order"),
                format!("{} stands twice", entry.order),
                "give every environment an order of its own",
            ));
        }
        if !names.insert(name_of(&entry.compute_environment)) {
            problems.push(Problem::new(
                format!("/computeEnvironmentOrder/{index}/computeEnvironment"),
                format!("`{}` stands twice", entry.compute_environment),
                "name every environment once",
            ));
        }
    }
    problems
}

/// What is wrong with a queue's `jobStateTimeLimitActions`.
pub(super) fn time_limit_problems(actions: &[JobStateTimeLimitAction]) -> Vec<Problem> {
    let wrong = actions.iter().enumerate().filter(|(_, action)| action.action == JobStateAction::Terminate);
    wrong
        .map(|(index, _)| {
            Problem::new(
                format!("/jobStateTimeLimitActions/{index}/action"),
                "AWS Batch takes `TERMINATE` for queues of SageMaker training jobs only",
                "write `CANCEL`",
            )
        })
        .collect()
}
