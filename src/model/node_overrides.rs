//! What a submission changes of a multi-node parallel job: `nodeOverrides`. Source: `API:NodeOverrides`,
//! `API:NodePropertyOverride`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::model::consumable_resource::ConsumableResourceProperties;
use crate::model::node_properties::{NODES_MAX, NodeProperties, NodeRangeProperty, TARGET_NODES_PATTERN, TargetNodes};
use crate::model::pod_override::EksPropertiesOverride;

/// Changes of a multi-node parallel job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeOverrides {
    /// Another number of nodes, 1 to 1000; needs a range without an upper end in the job definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = NODES_MAX))]
    pub num_nodes: Option<u32>,
    /// Changes by range of nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub node_property_overrides: Vec<NodePropertyOverride>,
}

/// Changes of the nodes of a range. Source: `API:NodePropertyOverride`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodePropertyOverride {
    /// Indexes from 0, like `0:3`, `:3`, `4:` or `3`.
    #[schemars(regex(pattern = TARGET_NODES_PATTERN))]
    pub target_nodes: String,
    /// Another instance type for the job's nodes; one at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1))]
    pub instance_types: Vec<String>,
    /// Changes of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_properties_override: Option<EksPropertiesOverride>,
    /// Replaces the consumable resources of the range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties_override: Option<ConsumableResourceProperties>,
}

impl NodePropertyOverride {
    /// Its range; `None` where the text is none, which the schema says.
    pub fn target(&self) -> Option<TargetNodes> {
        TargetNodes::parse(&self.target_nodes)
    }
}

impl NodeOverrides {
    /// What AWS Batch would reject of it, whatever the job definition.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, entry) in self.node_property_overrides.iter().enumerate() {
            if let Some(consumables) = &entry.consumable_resource_properties_override {
                let at = format!("/nodePropertyOverrides/{index}/consumableResourcePropertiesOverride");
                problems.extend(consumables.problems().into_iter().map(|problem| problem.under(&at)));
            }
        }
        problems
    }

    /// What AWS Batch would reject of it for these nodes. Source: the three conditions of `API:NodeOverrides`.
    pub fn problems_for(&self, nodes: &NodeProperties) -> Vec<Problem> {
        let mut problems = Vec::new();
        let num_nodes = self.num_nodes.unwrap_or(nodes.num_nodes);
        if self.num_nodes.is_some() {
            let at = "/numNodes";
            let ranges = || nodes.node_range_properties.iter().filter_map(NodeRangeProperty::target);
            if !ranges().any(|range| range.last.is_none()) {
                problems.push(Problem::new(
                    at,
                    "the job definition has no range with an open upper end",
                    "remove it, or register a definition with a range like `0:`",
                ));
            }
            if let Some(range) = ranges().find(|range| range.first >= num_nodes) {
                problems.push(Problem::new(
                    at,
                    format!("with {num_nodes} nodes the job definition's range `{range}` has none"),
                    format!("write more than {}", range.first),
                ));
            } else if nodes.main_node >= num_nodes {
                problems.push(Problem::new(
                    at,
                    format!("with {num_nodes} nodes there is no node {}, the job's main node", nodes.main_node),
                    format!("write more than {}", nodes.main_node),
                ));
            }
        }
        for (index, entry) in self.node_property_overrides.iter().enumerate() {
            if let Some((message, help)) = entry.target().and_then(|range| range.problem(num_nodes)) {
                problems.push(Problem::new(format!("/nodePropertyOverrides/{index}/targetNodes"), message, help));
            }
        }
        problems
    }
}
