//! Labels of nodes that say what EC2 gave: written by the cloud provider, by Karpenter and by managed node groups.

use crate::kubernetes::objects::NodeObject;

/// Label of nodes: their EC2 instance type.
pub const INSTANCE_TYPE_LABEL: &str = "node.kubernetes.io/instance-type";
/// Label of nodes: their zone.
pub const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
/// Label of Karpenter's nodes: `spot`, `on-demand` or `reserved`.
pub const KARPENTER_CAPACITY_LABEL: &str = "karpenter.sh/capacity-type";
/// Label of nodes of managed node groups: `SPOT` or `ON_DEMAND`.
pub const NODE_GROUP_CAPACITY_LABEL: &str = "eks.amazonaws.com/capacityType";

/// How a node was bought, in the words of whoever launched it.
pub fn capacity_type(node: &NodeObject) -> Option<&str> {
    let label = |name: &str| node.metadata.labels.get(name).map(String::as_str);
    label(KARPENTER_CAPACITY_LABEL).or_else(|| label(NODE_GROUP_CAPACITY_LABEL))
}
