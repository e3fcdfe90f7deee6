//! `RegisterJobDefinition` for Amazon EKS, as `--cli-input-json` takes it. Source: `API:RegisterJobDefinitionRequest`.
//! Says what a document holds and what is wrong within it; knows no queue and no submission.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::consumable_resource::ConsumableResourceProperties;
use crate::model::node_properties::NodeProperties;
use crate::model::pod::EksPodProperties;
use crate::model::retry::{JobTimeout, RetryStrategy};
use crate::model::text::{NAME_PATTERN, too_large};
use crate::model::{Assumptions, Problem, Resources, tags};

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
    /// What EKS jobs consist of; with `container`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_properties: Option<EksProperties>,
    /// What the nodes of a multi-node parallel job run; with `multinode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_properties: Option<NodeProperties>,
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

/// The largest definition, KiB. Source: `UG:service_limits`.
const SIZE_MAX_KIB: usize = 24;

impl JobDefinition {
    /// Everything that AWS Batch would reject of the document by itself.
    pub fn problems(&self, assumptions: &Assumptions) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.requests(assumptions, &mut problems);
        problems
    }

    /// The effective requests of its pod (the largest, of a multi-node parallel job), and everything that AWS Batch
    /// would reject of the document by itself.
    pub fn requests(&self, assumptions: &Assumptions, problems: &mut Vec<Problem>) -> Resources {
        let mut largest = Resources::ZERO;
        if let Some(eks) = &self.eks_properties {
            let mut own = Vec::new();
            largest = eks.pod_properties.requests(&mut own);
            problems.extend(own.into_iter().map(|problem| problem.under("/eksProperties/podProperties")));
        }
        if let Some(nodes) = &self.node_properties {
            let mut own = Vec::new();
            largest = largest.max(nodes.requests(&mut own));
            problems.extend(own.into_iter().map(|problem| problem.under("/nodeProperties")));
        }
        problems.extend(self.kind_problems());
        if let Some(retry) = &self.retry_strategy {
            let own = retry.problems(assumptions.evaluate_on_exit_limit);
            problems.extend(own.into_iter().map(|problem| problem.under("/retryStrategy")));
        }
        if let Some(consumables) = &self.consumable_resource_properties {
            problems.extend(consumables.problems().into_iter().map(|p| p.under("/consumableResourceProperties")));
        }
        problems.extend(tags::problems(&self.tags));
        problems.extend(too_large(self, SIZE_MAX_KIB));
        largest
    }

    /// `container` goes with `eksProperties`, `multinode` with `nodeProperties`, and neither with both.
    fn kind_problems(&self) -> Vec<Problem> {
        let (own, given, other, other_given, kind) = match self.kind {
            JobDefinitionType::Container => {
                let (eks, nodes) = (self.eks_properties.is_some(), self.node_properties.is_some());
                ("eksProperties", eks, "nodeProperties", nodes, "container")
            }
            JobDefinitionType::Multinode => {
                let (eks, nodes) = (self.eks_properties.is_some(), self.node_properties.is_some());
                ("nodeProperties", nodes, "eksProperties", eks, "multinode")
            }
        };
        let mut problems = Vec::new();
        if !given {
            let message = format!("a `{kind}` job definition needs `{own}`");
            problems.push(Problem::new("", message, format!("add `{own}`, or change `type`")));
        }
        if other_given {
            let message = format!("a `{kind}` job definition has no `{other}`");
            problems.push(Problem::new(format!("/{other}"), message, format!("remove it; `{own}` says what runs")));
        }
        problems
    }
}
