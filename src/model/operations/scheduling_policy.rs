//! Changing and deleting scheduling policies. Source: `API:UpdateSchedulingPolicyRequest`,
//! `API:DeleteSchedulingPolicyRequest`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Problem;
use crate::model::scheduling_policy::{FairsharePolicy, quota_share_problem};

/// `UpdateSchedulingPolicy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSchedulingPolicy {
    /// ARN of the policy.
    #[schemars(length(min = 1))]
    pub arn: String,
    /// Replaces the policy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fairshare_policy: Option<FairsharePolicy>,
    /// For queues of type `SAGEMAKER_TRAINING`; refused here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_share_policy: Option<Value>,
}

/// `DeleteSchedulingPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteSchedulingPolicy {
    /// ARN of the policy, which no queue may use.
    #[schemars(length(min = 1))]
    pub arn: String,
}

impl UpdateSchedulingPolicy {
    /// What AWS Batch would reject of the request by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let fair = self.fairshare_policy.iter().flat_map(FairsharePolicy::problems);
        let mut problems: Vec<_> = fair.map(|problem| problem.under("/fairsharePolicy")).collect();
        problems.extend(quota_share_problem(self.quota_share_policy.as_ref()));
        problems
    }
}
