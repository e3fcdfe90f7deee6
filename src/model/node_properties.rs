//! The nodes of a multi-node parallel job: `nodeProperties`, and which range rules which node. Source:
//! `API:NodeProperties`, `API:NodeRangeProperty`, `UG:mnp-eks-running-mnp-jobs`. Knows indexes of a job's nodes, not
//! the machines they become.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::consumable_resource::ConsumableResourceProperties;
use crate::model::job_definition::EksProperties;
use crate::model::{Problem, Resources};

/// The nodes of a multi-node parallel job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeProperties {
    /// 1 to 1000 nodes.
    #[schemars(range(min = 1, max = NODES_MAX))]
    pub num_nodes: u32,
    /// Index of the node whose end is the job's end; below `numNodes`.
    pub main_node: u32,
    /// One to five ranges that cover all nodes; where they are nested, the narrower one rules.
    #[schemars(length(min = 1, max = 5))]
    pub node_range_properties: Vec<NodeRangeProperty>,
}

/// What the nodes of a range run. Source: `API:NodeRangeProperty`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeRangeProperty {
    /// Indexes from 0, like `0:3`, `:3`, `4:` or `3`.
    #[schemars(regex(pattern = TARGET_NODES_PATTERN))]
    pub target_nodes: String,
    /// The pod of each node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_properties: Option<EksProperties>,
    /// The instance type of the job's nodes; one at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1))]
    pub instance_types: Vec<String>,
    /// Consumable resources that each node holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties: Option<ConsumableResourceProperties>,
}

/// Nodes of one job at most. Source: `UG:mnp-eks-running-mnp-jobs`.
pub(super) const NODES_MAX: u32 = 1_000;

/// `a:b`, `:b`, `a:`, `:` or `a`.
pub(super) const TARGET_NODES_PATTERN: &str = "^([0-9]{1,9}|[0-9]{0,9}:[0-9]{0,9})$";

/// A range of node indexes, ends included; without `last`, up to the last node that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetNodes {
    /// The first index.
    pub first: u32,
    /// The last index; `None` for an open range.
    pub last: Option<u32>,
}

impl TargetNodes {
    /// Reads `a:b`, `:b`, `a:`, `:` or `a`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?;
        let Some((first, last)) = text.split_once(':') else {
            let only = number(text)?;
            return Some(Self { first: only, last: Some(only) });
        };
        let first = if first.is_empty() { 0 } else { number(first)? };
        Some(Self { first, last: if last.is_empty() { None } else { Some(number(last)?) } })
    }

    /// Whether the range holds the node.
    pub fn contains(self, node: u32) -> bool {
        self.first <= node && self.last.is_none_or(|last| node <= last)
    }

    /// How many of a job's nodes the range holds: what makes one range narrower than another.
    pub fn width(self, num_nodes: u32) -> u32 {
        let end = self.last.map_or(num_nodes, |last| last.saturating_add(1).min(num_nodes));
        end.saturating_sub(self.first)
    }

    /// What is wrong with the range, in a job of so many nodes.
    pub(super) fn problem(self, num_nodes: u32) -> Option<(String, String)> {
        match self.last {
            Some(last) if last < self.first => {
                Some((format!("the range ends at {last}, before it begins"), format!("write `{last}:{}`", self.first)))
            }
            Some(last) if last >= num_nodes => Some((
                format!("there is no node {last}: the job has {num_nodes}, counted from 0"),
                format!("write `{}:`, or a last node below {num_nodes}", self.first),
            )),
            None if self.first >= num_nodes => Some((
                format!("there is no node {}: the job has {num_nodes}, counted from 0", self.first),
                format!("begin below {num_nodes}"),
            )),
            _ => None,
        }
    }
}

impl fmt::Display for TargetNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.first)?;
        self.last.map_or(Ok(()), |last| last.fmt(f))
    }
}

impl NodeRangeProperty {
    /// Its range; `None` where the text is none, which the schema says.
    pub fn target(&self) -> Option<TargetNodes> {
        TargetNodes::parse(&self.target_nodes)
    }
}

impl NodeProperties {
    /// Index of the range that rules a node: of those that hold it the narrowest, the last of equals.
    pub fn range_of(&self, node: u32, num_nodes: u32) -> Option<usize> {
        let holding = self.node_range_properties.iter().enumerate().filter_map(|(index, range)| {
            range.target().filter(|target| target.contains(node)).map(|target| (target.width(num_nodes), index))
        });
        holding.min_by_key(|&(width, index)| (width, std::cmp::Reverse(index))).map(|(_, index)| index)
    }

    /// The effective requests of the largest pod; and everything that AWS Batch would reject.
    pub fn requests(&self, problems: &mut Vec<Problem>) -> Resources {
        let mut largest = Resources::ZERO;
        for (index, range) in self.node_range_properties.iter().enumerate() {
            let at = format!("/nodeRangeProperties/{index}");
            let mut own = Vec::new();
            largest = largest.max(range.requests(&mut own));
            let fault = range.target().and_then(|target| target.problem(self.num_nodes));
            // That there is no node at all, the schema says.
            if let Some((message, help)) = fault.filter(|_| self.num_nodes > 0) {
                own.push(Problem::new("/targetNodes", message, help));
            }
            problems.extend(own.into_iter().map(|problem| problem.under(&at)));
        }
        if self.num_nodes > 0 && self.main_node >= self.num_nodes {
            problems.push(Problem::new(
                "/mainNode",
                format!("there is no node {}: the job has {}, counted from 0", self.main_node, self.num_nodes),
                format!("write a number below {}", self.num_nodes),
            ));
        }
        problems.extend(self.uncovered());
        self.judge_namespaces(problems);
        self.judge_instance_types(problems);
        largest
    }

    fn uncovered(&self) -> Option<Problem> {
        let unread = self.node_range_properties.iter().any(|range| range.target().is_none());
        if unread || self.node_range_properties.is_empty() {
            return None;
        }
        let node = (0..self.num_nodes.min(NODES_MAX)).find(|&node| self.range_of(node, self.num_nodes).is_none())?;
        Some(Problem::new(
            "/nodeRangeProperties",
            format!("no range holds node {node}"),
            format!("cover `0:{}`", self.num_nodes.saturating_sub(1)),
        ))
    }

    /// Pods of one job talk to each other: AWS Batch wants them in one namespace. Source: `API:EksMetadata`.
    fn judge_namespaces(&self, problems: &mut Vec<Problem>) {
        let namespace = |range: &NodeRangeProperty| {
            range.eks_properties.as_ref().and_then(|eks| eks.pod_properties.metadata.as_ref()?.namespace.clone())
        };
        let Some(first) = self.node_range_properties.first().map(namespace) else { return };
        for (index, range) in self.node_range_properties.iter().enumerate() {
            if namespace(range) != first {
                problems.push(Problem::new(
                    format!("/nodeRangeProperties/{index}/eksProperties/podProperties/metadata"),
                    "the `namespace` is not that of the first range: the nodes of a job share one",
                    first.as_ref().map_or_else(
                        || "remove it here, or give it in all ranges".to_owned(),
                        |first| format!("write `\"namespace\": \"{first}\"` in all ranges"),
                    ),
                ));
            }
        }
    }

    /// All nodes of a job are of one type. Source: `UG:mnp-eks-running-mnp-jobs`.
    fn judge_instance_types(&self, problems: &mut Vec<Problem>) {
        let mut given =
            self.node_range_properties.iter().enumerate().filter_map(|(i, r)| Some((i, r.instance_types.first()?)));
        let Some((_, first)) = given.next() else { return };
        for (index, other) in given.filter(|(_, other)| *other != first) {
            problems.push(Problem::new(
                format!("/nodeRangeProperties/{index}/instanceTypes/0"),
                format!("`{other}` is not `{first}`: all nodes of a job are of one type"),
                format!("write `{first}`"),
            ));
        }
    }
}

impl NodeRangeProperty {
    fn requests(&self, problems: &mut Vec<Problem>) -> Resources {
        if let Some(consumables) = &self.consumable_resource_properties {
            problems.extend(consumables.problems().into_iter().map(|p| p.under("/consumableResourceProperties")));
        }
        let Some(eks) = &self.eks_properties else {
            problems.push(Problem::new(
                "",
                "the range has no `eksProperties`",
                "add `eksProperties.podProperties`, the pod of each of its nodes",
            ));
            return Resources::ZERO;
        };
        let mut own = Vec::new();
        let requests = eks.pod_properties.requests(&mut own);
        problems.extend(own.into_iter().map(|problem| problem.under("/eksProperties/podProperties")));
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_every_form() {
        let read = |text| TargetNodes::parse(text).map(|range| range.to_string());
        for (text, shown) in [("0:3", "0:3"), (":3", "0:3"), ("4:", "4:"), (":", "0:"), ("3", "3:3")] {
            assert_eq!(read(text).as_deref(), Some(shown), "{text}");
        }
        for text in ["", "a", "1:b", "-1:2", "1:2:3", "+1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_narrower_range_rules_and_the_last_of_equals() {
        let range = |text: &str| serde_json::json!({ "targetNodes": text });
        let of = |ranges: &[&str]| -> NodeProperties {
            let ranges: Vec<_> = ranges.iter().map(|text| range(text)).collect();
            serde_json::from_value(serde_json::json!({ "numNodes": 8, "mainNode": 0, "nodeRangeProperties": ranges }))
                .expect("node properties")
        };
        let nested = of(&["4:5", "0:", "0:3", ":3"]);
        let rulers: Vec<_> = (0..8).map(|node| nested.range_of(node, 8)).collect();
        assert_eq!(rulers, [3, 3, 3, 3, 0, 0, 1, 1].map(Some));
    }
}
