//! What is left of nodes for jobs: what a kubelet offers, less the pods of others, and less the daemonsets that have yet to
//! put a pod there.

use std::collections::{BTreeMap, BTreeSet};

use crate::kubernetes::daemon_set::DaemonSet;
use crate::kubernetes::objects::{NodeObject, PodObject};
use crate::kubernetes::quantity::sum;
use crate::kubernetes::requests;
use crate::model::Resources;

/// What the pods of others take of nodes, by node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    by_node: BTreeMap<String, OfNode>,
}

/// What is taken of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct OfNode {
    requests: Resources,
    /// Uids of the daemonsets that have a pod there.
    daemon_sets: BTreeSet<String>,
}

impl Taken {
    /// Counts a pod, unless it is over or on no node.
    pub fn add(&mut self, pod: &PodObject) {
        if is_over(pod) || pod.spec.node_name.is_empty() {
            return;
        }
        let of_node = self.by_node.entry(pod.spec.node_name.clone()).or_default();
        of_node.requests = sum(of_node.requests, requests::of_pod(&pod.spec));
        of_node.daemon_sets.extend(daemon_set_of(pod).map(str::to_owned));
    }

    /// What is left of a node.
    pub fn left(&self, node: &NodeObject, allocatable: Resources, daemon_sets: &[DaemonSet]) -> Resources {
        allocatable.saturating_sub(self.of(node, daemon_sets))
    }

    /// What pods take of a node, and daemonsets will.
    pub fn of(&self, node: &NodeObject, daemon_sets: &[DaemonSet]) -> Resources {
        let nothing = OfNode::default();
        let taken = self.by_node.get(&node.metadata.name).unwrap_or(&nothing);
        let to_come = daemon_sets.iter().filter(|set| !taken.daemon_sets.contains(&set.uid) && set.wants(node));
        to_come.map(|set| set.requests).fold(taken.requests, sum)
    }
}

/// Whether a pod has ended: it takes no room any more.
pub fn is_over(pod: &PodObject) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// Uid of the daemonset that a pod belongs to.
pub fn daemon_set_of(pod: &PodObject) -> Option<&str> {
    let owner = pod.metadata.owner_references.iter().find(|owner| owner.kind == "DaemonSet");
    owner.map(|owner| owner.uid.as_str())
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::units::{MiB, MilliCpu};

    fn daemon_set(uid: &str, cpu: &str) -> DaemonSet {
        let containers = json!([{ "name": "c", "resources": { "requests": { "cpu": cpu } } }]);
        let object =
            json!({ "metadata": { "uid": uid }, "spec": { "template": { "spec": { "containers": containers } } } });
        DaemonSet::of(serde_json::from_value(object).expect("a daemonset"))
    }

    fn pod(node: &str, cpu: &str, more: Value) -> PodObject {
        let containers = json!([{ "name": "c", "resources": { "requests": { "cpu": cpu, "memory": "100Mi" } } }]);
        let mut pod = json!({ "metadata": {}, "spec": { "nodeName": node, "containers": containers }, "status": {} });
        for (field, value) in more.as_object().expect("fields") {
            pod[field] = value.clone();
        }
        serde_json::from_value(pod).expect("a pod")
    }

    #[test]
    fn others_and_daemonsets_to_come_take_room_once() {
        let owned = json!({ "metadata": { "ownerReferences": [{ "kind": "DaemonSet", "uid": "there" }] } });
        let mut taken = Taken::default();
        for pod in [
            pod("n", "100m", owned),
            pod("n", "200m", json!({})),
            pod("n", "400m", json!({ "metadata": { "labels": { "app": "another" } } })),
            pod("n", "800m", json!({ "status": { "phase": "Succeeded" } })),
            pod("m", "800m", json!({})),
            pod("", "800m", json!({})),
        ] {
            taken.add(&pod);
        }
        let node: NodeObject = serde_json::from_value(json!({ "metadata": { "name": "n" } })).expect("a node");
        let allocatable = Resources { cpu: MilliCpu(4_000), memory: MiB(1_000), gpus: 1, pods: 10 };
        let sets = [daemon_set("there", "100m"), daemon_set("to come", "50m")];
        let left = Resources { cpu: MilliCpu(3_250), memory: MiB(700), gpus: 1, pods: 6 };
        assert_eq!(taken.left(&node, allocatable, &sets), left);
        let tiny = Resources { cpu: MilliCpu(10), ..allocatable };
        assert_eq!(taken.left(&node, tiny, &sets).cpu, MilliCpu(0), "an overfull node has nothing left");
    }
}
