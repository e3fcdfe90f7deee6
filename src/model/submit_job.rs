//! `SubmitJob` for Amazon EKS, as `--cli-input-json` takes it. Source: `API:SubmitJobRequest`. Says what a document
//! holds and what is wrong within it; what it makes of a job definition is in `effective.rs`. Knows no queue.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::consumable_resource::ConsumableResourceProperties;
use crate::model::node_overrides::NodeOverrides;
use crate::model::pod_override::EksPropertiesOverride;
use crate::model::retry::{JobTimeout, RetryStrategy};
use crate::model::text::too_large;
use crate::model::{Assumptions, Problem, tags};

/// A submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitJob {
    /// Up to 128 characters, the first a letter or digit.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$"))]
    pub job_name: String,
    /// Name or ARN of the queue.
    pub job_queue: String,
    /// Name, `name:revision` or ARN of the job definition; the latest revision by name alone.
    pub job_definition: String,
    /// Share of a fair-share queue: up to 255 letters and digits, with an optional `*` at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = SHARE_PATTERN))]
    pub share_identifier: Option<String>,
    /// Order within a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_999))]
    pub scheduling_priority_override: Option<i32>,
    /// Makes it an array job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array_properties: Option<ArrayProperties>,
    /// Jobs that must succeed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub depends_on: Vec<JobDependency>,
    /// Substitution parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Replaces the job definition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    /// Replaces the job definition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    /// Changes the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_properties_override: Option<EksPropertiesOverride>,
    /// Changes the nodes of a multi-node parallel job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_overrides: Option<NodeOverrides>,
    /// Replaces the job definition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties_override: Option<ConsumableResourceProperties>,
    /// Tags of the job.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// What AWS Batch takes for a share identifier, in a submission and in a policy. Source: `API:SubmitJobRequest`,
/// `API:ShareAttributes`.
pub(super) const SHARE_PATTERN: &str = "^[A-Za-z0-9]{1,255}[*]?$";

/// Source: `API:ArrayProperties`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrayProperties {
    /// Number of children.
    #[schemars(range(min = 2, max = 10_000))]
    pub size: u32,
}

/// Source: `API:JobDependency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobDependency {
    /// The job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub job_id: Option<String>,
    /// Between array children.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ArrayJobDependency>,
}

/// Source: `API:ArrayJobDependency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub enum ArrayJobDependency {
    NToN,
    Sequential,
}

/// The largest submission, KiB. Source: `UG:service_limits`.
const SIZE_MAX_KIB: usize = 30;

impl SubmitJob {
    /// What AWS Batch would reject of the submission by itself.
    pub fn problems(&self, assumptions: &Assumptions) -> Vec<Problem> {
        let mut problems = self.dependency_problems();
        if let Some(retry) = &self.retry_strategy {
            let own = retry.problems(assumptions.evaluate_on_exit_limit);
            problems.extend(own.into_iter().map(|problem| problem.under("/retryStrategy")));
        }
        if let Some(consumables) = &self.consumable_resource_properties_override {
            let at = "/consumableResourcePropertiesOverride";
            problems.extend(consumables.problems().into_iter().map(|problem| problem.under(at)));
        }
        if let Some(nodes) = &self.node_overrides {
            problems.extend(nodes.problems().into_iter().map(|problem| problem.under("/nodeOverrides")));
        }
        problems.extend(tags::problems(&self.tags));
        problems.extend(too_large(self, SIZE_MAX_KIB));
        problems
    }

    /// What is wrong with `dependsOn`. Source: `API:SubmitJobRequest`, `UG:array_jobs`.
    fn dependency_problems(&self) -> Vec<Problem> {
        use ArrayJobDependency::{NToN, Sequential};
        let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
        for (index, dependency) in self.depends_on.iter().enumerate() {
            let at = format!("/dependsOn/{index}");
            let JobDependency { job_id, kind } = dependency;
            let fault = match (kind, job_id) {
                (Some(kind), _) if self.array_properties.is_none() => Some((
                    "/type",
                    format!("`{}` is between the children of array jobs, and this job has none", kind.name()),
                    "remove `type`, or add `arrayProperties`".to_owned(),
                )),
                (Some(Sequential), Some(_)) => Some((
                    "/jobId",
                    "`SEQUENTIAL` is among the job's own children and names no job".to_owned(),
                    "remove `jobId`, or write `\"type\": \"N_TO_N\"`".to_owned(),
                )),
                (Some(NToN), None) => Some((
                    "",
                    "`N_TO_N` names no job".to_owned(),
                    "add `jobId`, the array job whose children the job's own wait for".to_owned(),
                )),
                (None, None) => Some(("", "the entry names no job".to_owned(), "add `jobId`".to_owned())),
                (Some(Sequential), None) | (Some(NToN) | None, Some(_)) => None,
            };
            if let Some((place, message, help)) = fault {
                problems.push(Problem::new(format!("{at}{place}"), message, help));
            } else if !seen.insert(job_id.as_deref()) {
                problems.push(Problem::new(at, "the dependency stands twice", "keep one"));
            }
        }
        problems
    }
}

impl ArrayJobDependency {
    /// The name that AWS gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NToN => "N_TO_N",
            Self::Sequential => "SEQUENTIAL",
        }
    }
}
