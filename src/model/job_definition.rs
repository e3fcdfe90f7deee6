//! `RegisterJobDefinition` for Amazon EKS, as `--cli-input-json` takes it. Source: `API:RegisterJobDefinitionRequest`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::compute_environment::NAME_PATTERN;
use crate::model::pod::EksPodProperties;
use crate::model::{Problem, Resources};

/// A job definition; each registration under the same name is a revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobDefinition {
    /// Up to 128 letters, digits, hyphens and underscores.
    #[schemars(regex(pattern = NAME_PATTERN))]
    pub job_definition_name: String,
    /// `container`, or `multinode`.
    #[serde(rename = "type")]
    pub kind: JobDefinitionType,
    /// What EKS jobs consist of.
    pub eks_properties: EksProperties,
    /// Defaults of substitution parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Order within a share of a fair-share queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_999))]
    pub scheduling_priority: Option<i32>,
    /// How often a job is attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    /// How long an attempt may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    /// Consumable resources that a job holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties: Option<ConsumableResourceProperties>,
    /// Tags of the definition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Source: `API:JobDefinitionType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobDefinitionType {
    /// One pod.
    Container,
    /// Many pods, one per node.
    Multinode,
}

/// Source: `API:EksProperties`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksProperties {
    /// The pod.
    pub pod_properties: EksPodProperties,
}

/// How often a job is attempted. Source: `API:RetryStrategy`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryStrategy {
    /// 1 to 10; 1 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub attempts: Option<u8>,
    /// What decides about another attempt; the first entry that matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 6))]
    pub evaluate_on_exit: Vec<EvaluateOnExit>,
}

/// A condition on how an attempt ended. Source: `API:EvaluateOnExit`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluateOnExit {
    /// Pattern on the status reason, with an optional `*` at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub on_status_reason: Option<String>,
    /// Pattern on the reason, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub on_reason: Option<String>,
    /// Pattern on the exit code: digits, with an optional `*` at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub on_exit_code: Option<String>,
    /// `RETRY` or `EXIT`, in either case.
    #[schemars(regex(pattern = "^([Rr][Ee][Tt][Rr][Yy]|[Ee][Xx][Ii][Tt])$"))]
    pub action: String,
}

/// How long an attempt may run. Source: `API:JobTimeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobTimeout {
    /// At least 60, from RUNNING.
    #[schemars(range(min = 60, max = 2_147_483_647))]
    pub attempt_duration_seconds: u32,
}

/// Source: `API:ConsumableResourceProperties`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumableResourceProperties {
    /// Up to five.
    #[serde(default)]
    #[schemars(length(max = 5))]
    pub consumable_resource_list: Vec<ConsumableResourceRequirement>,
}

/// Source: `API:ConsumableResourceRequirement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumableResourceRequirement {
    /// Name or ARN.
    pub consumable_resource: String,
    /// How many.
    pub quantity: u64,
}

impl JobDefinition {
    /// The pod's effective requests, and everything that AWS Batch would reject of the document by itself.
    pub fn requests(&self, problems: &mut Vec<Problem>) -> Resources {
        if self.kind == JobDefinitionType::Multinode {
            problems.push(Problem::new(
                "/type",
                "multi-node parallel jobs are not supported yet",
                "write `container` for a job of one pod",
            ));
        }
        if self.retry_strategy.as_ref().is_some_and(|r| !r.evaluate_on_exit.is_empty() && r.attempts.is_none()) {
            problems.push(Problem::new(
                "/retryStrategy",
                "`evaluateOnExit` needs `attempts`",
                "add `attempts`, 1 to 10",
            ));
        }
        if self.consumable_resource_properties.as_ref().is_some_and(|c| !c.consumable_resource_list.is_empty()) {
            problems.push(Problem::new(
                "/consumableResourceProperties",
                "consumable resources are not supported yet",
                "remove it",
            ));
        }
        let mut own = Vec::new();
        let requests = self.eks_properties.pod_properties.requests(&mut own);
        problems.extend(own.into_iter().map(|problem| problem.under("/eksProperties/podProperties")));
        requests
    }
}
