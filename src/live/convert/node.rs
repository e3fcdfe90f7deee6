//! What a node can be used for, and what it is.

use std::time::{Duration, SystemTime};

use crate::kubernetes::labels::{INSTANCE_TYPE_LABEL, ZONE_LABEL, capacity_type};
use crate::kubernetes::objects::{Condition, NodeObject, Taint};
use crate::kubernetes::quantity;
use crate::live::convert::pod::time;
use crate::live::facts::{NodeFacts, NodeState};
use crate::model::{PurchaseOption, Resources};
use crate::pod::COMPUTE_ENVIRONMENT_LABEL;

/// Taints that say that the node will be taken away. AWS's termination handler also marks nodes that EC2 recommends to
/// rebalance (`…/rebalance-recommendation`), and the Cluster Autoscaler those that it may remove some day
/// (`DeletionCandidateOfClusterAutoscaler`): these may stay, and are not here.
const NOTICES: &[&str] = &[
    "aws-node-termination-handler/spot-itn",
    "aws-node-termination-handler/scheduled-maintenance",
    "aws-node-termination-handler/asg-lifecycle-termination",
    "karpenter.sh/disrupted",
    "ToBeDeletedByClusterAutoscaler",
    "node.cloudprovider.kubernetes.io/shutdown",
    "node.kubernetes.io/out-of-service",
];
/// Karpenter's taint before v1, with its value.
const OLD_KARPENTER_NOTICE: (&str, &str) = ("karpenter.sh/disruption", "disrupting");

/// A node registers before it is ready. A condition that changed this long after the node had come has been another before,
/// and only `Ready` turns to and fro.
const REGISTRATION: Duration = Duration::from_secs(10);

/// What is known of a node from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// Nothing: it is seen for the first time.
    Unknown,
    /// Whether it has been ready.
    Seen {
        /// It has been.
        ready: bool,
    },
}

/// A node as it is at `now`. What is `free` of it takes more than the node to know, and is left at nothing.
pub fn facts(node: &NodeObject, past: Past, now: SystemTime, not_ready_timeout: Duration) -> NodeFacts {
    let label = |name: &str| node.metadata.labels.get(name).cloned();
    let readiness = Readiness::of(node, past);
    NodeFacts {
        name: node.metadata.name.clone(),
        uid: node.metadata.uid.clone(),
        environment_uuid: label(COMPUTE_ENVIRONMENT_LABEL).unwrap_or_default(),
        claim: claim(node),
        instance_type: label(INSTANCE_TYPE_LABEL),
        zone: label(ZONE_LABEL),
        purchase: capacity_type(node).and_then(purchase),
        vcpus: quantity::vcpus(&node.status.capacity),
        allocatable: quantity::offered(&node.status.allocatable),
        free: Resources::ZERO,
        state: readiness.state(now, not_ready_timeout),
        notice: node.metadata.deletion_timestamp.is_some() || node.spec.taints.iter().any(is_notice),
    }
}

/// What a node's state follows from, as time goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// Condition `Ready` is `True`.
    pub ready: bool,
    /// It has been ready, now or before.
    pub was_ready: bool,
    cordoned: bool,
    /// When `Ready` last changed.
    since: Option<SystemTime>,
}

impl Readiness {
    /// Of a node as it is.
    pub fn of(node: &NodeObject, past: Past) -> Self {
        let condition = node.status.conditions.iter().find(|condition| condition.kind == "Ready");
        let since = condition.and_then(|condition| time(condition.last_transition_time.as_deref()?));
        let ready = condition.is_some_and(|condition| condition.status == "True");
        let was_ready = match past {
            Past::Seen { ready } => ready,
            Past::Unknown => condition.is_some_and(|condition| turned(node, condition)),
        };
        Self { ready, was_ready: ready || was_ready, cordoned: node.spec.unschedulable, since }
    }

    /// What the node can be used for at `now`.
    pub fn state(&self, now: SystemTime, not_ready_timeout: Duration) -> NodeState {
        let unheard = |since: SystemTime| now.duration_since(since).unwrap_or_default() >= not_ready_timeout;
        match (self.ready, self.cordoned) {
            (true, false) => NodeState::Ready,
            (false, _) if self.was_ready && self.since.is_some_and(unheard) => NodeState::Unreachable,
            _ => NodeState::NotUsable,
        }
    }
}

/// Whether a condition that does not hold has held before.
fn turned(node: &NodeObject, condition: &Condition) -> bool {
    let at = |text: Option<&str>| text.and_then(time);
    let changed = at(condition.last_transition_time.as_deref());
    let came = at(node.metadata.creation_timestamp.as_deref());
    // The controller manager says so of a node whose kubelet never wrote a status.
    condition.reason != "NodeStatusNeverUpdated"
        && changed.zip(came).is_some_and(|(changed, came)| changed >= came + REGISTRATION)
}

fn claim(node: &NodeObject) -> Option<String> {
    let mut owners = node.metadata.owner_references.iter();
    let claim = owners.find(|owner| owner.kind == "NodeClaim" && owner.api_version.starts_with("karpenter.sh/"));
    claim.map(|owner| owner.name.clone())
}

fn purchase(text: &str) -> Option<PurchaseOption> {
    match text {
        "spot" | "SPOT" => Some(PurchaseOption::Spot),
        "on-demand" | "ON_DEMAND" | "reserved" | "CAPACITY_BLOCK" => Some(PurchaseOption::Ec2),
        _ => None,
    }
}

fn is_notice(taint: &Taint) -> bool {
    NOTICES.contains(&taint.key.as_str()) || (taint.key.as_str(), taint.value.as_str()) == OLD_KARPENTER_NOTICE
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::units::{MiB, MilliCpu};

    const TIMEOUT: Duration = Duration::from_mins(5);

    fn node(ready: &str, changed: &str) -> Value {
        json!({
            "metadata": {
                "name": "ip-10-0-0-1.ec2.internal", "uid": "n", "creationTimestamp": "2026-03-01T10:00:00Z",
                "labels": {
                    "batch.amazonaws.com/compute-environment-uuid": "ce",
                    "node.kubernetes.io/instance-type": "m5.large", "topology.kubernetes.io/zone": "us-east-1a",
                    "eks.amazonaws.com/capacityType": "SPOT",
                },
            },
            "spec": { "taints": [{ "key": "batch.amazonaws.com/batch-node", "effect": "NoSchedule" }] },
            "status": {
                "capacity": { "cpu": "2", "memory": "7934416Ki", "pods": "29" },
                "allocatable": { "cpu": "1930m", "memory": "7244720Ki", "pods": "29" },
                "conditions": [
                    { "type": "MemoryPressure", "status": "False" },
                    { "type": "Ready", "status": ready, "reason": "KubeletNotReady", "lastTransitionTime": changed },
                ],
            },
        })
    }

    fn at(node: Value, past: Past, now: &str) -> NodeFacts {
        facts(&serde_json::from_value(node).expect("a node"), past, time(now).expect("a time"), TIMEOUT)
    }

    #[test]
    fn a_node_of_eks() {
        let facts = at(node("True", "2026-03-01T10:00:40Z"), Past::Unknown, "2026-03-01T10:01:00Z");
        assert_eq!((facts.environment_uuid.as_str(), facts.vcpus, facts.notice), ("ce", 2, false));
        assert_eq!((facts.instance_type.as_deref(), facts.zone.as_deref()), (Some("m5.large"), Some("us-east-1a")));
        assert_eq!((facts.purchase, facts.claim), (Some(PurchaseOption::Spot), None));
        assert_eq!(facts.allocatable, Resources { cpu: MilliCpu(1_930), memory: MiB(7_074), gpus: 0, pods: 29 });
        assert_eq!(facts.state, NodeState::Ready);
    }

    #[test]
    fn a_node_of_karpenter() {
        let mut karpenter = node("True", "2026-03-01T10:00:40Z");
        karpenter["metadata"]["labels"]["karpenter.sh/capacity-type"] = json!("on-demand");
        karpenter["metadata"]["ownerReferences"] = json!([
            { "apiVersion": "v1", "kind": "Other", "name": "x", "uid": "1" },
            { "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "name": "claim-1", "uid": "2" },
        ]);
        let facts = at(karpenter, Past::Unknown, "2026-03-01T10:01:00Z");
        assert_eq!((facts.claim.as_deref(), facts.purchase), (Some("claim-1"), Some(PurchaseOption::Ec2)));
    }

    #[test]
    fn a_node_that_is_silent_too_long_is_unreachable() {
        let state = |ready, changed, past, now| at(node(ready, changed), past, now).state;
        let seen = Past::Seen { ready: true };
        let gone = "2026-03-01T12:00:00Z";
        assert_eq!(state("Unknown", gone, seen, "2026-03-01T12:04:59Z"), NodeState::NotUsable);
        assert_eq!(state("Unknown", gone, seen, "2026-03-01T12:05:00Z"), NodeState::Unreachable);
        assert_eq!(state("False", gone, seen, "2026-03-01T12:05:00Z"), NodeState::Unreachable);
        assert_eq!(state("Unknown", gone, Past::Unknown, "2026-03-01T12:05:00Z"), NodeState::Unreachable);
        assert_eq!(state("Unknown", gone, seen, "2026-03-01T11:00:00Z"), NodeState::NotUsable, "clocks differ");
        let never = Past::Seen { ready: false };
        assert_eq!(state("Unknown", gone, never, "2026-03-01T13:00:00Z"), NodeState::NotUsable);
        let registered = "2026-03-01T10:00:01Z";
        assert_eq!(state("False", registered, Past::Unknown, "2026-03-01T13:00:00Z"), NodeState::NotUsable);
        let mut silent = node("Unknown", "2026-03-01T10:01:00Z");
        silent["status"]["conditions"][1]["reason"] = json!("NodeStatusNeverUpdated");
        assert_eq!(at(silent, Past::Unknown, "2026-03-01T13:00:00Z").state, NodeState::NotUsable);
        let mut bare = node("True", registered);
        bare["status"] = json!({});
        assert_eq!(at(bare, Past::Unknown, "2026-03-01T13:00:00Z").state, NodeState::NotUsable, "no status yet");
    }

    #[test]
    fn a_cordoned_node_takes_nothing_and_is_not_lost() {
        let mut cordoned = node("True", "2026-03-01T10:00:40Z");
        cordoned["spec"]["unschedulable"] = json!(true);
        assert_eq!(at(cordoned, Past::Unknown, "2026-03-01T13:00:00Z").state, NodeState::NotUsable);
    }

    #[test]
    fn notices_are_what_will_go() {
        let notice = |key: &str, value: &str| {
            let mut node = node("True", "2026-03-01T10:00:40Z");
            node["spec"]["taints"] = json!([{ "key": key, "value": value, "effect": "NoSchedule" }]);
            at(node, Past::Unknown, "2026-03-01T13:00:00Z").notice
        };
        for key in NOTICES {
            assert!(notice(key, ""), "{key}");
        }
        assert!(notice("karpenter.sh/disruption", "disrupting"));
        assert!(!notice("karpenter.sh/disruption", "candidate"));
        for key in
            ["aws-node-termination-handler/rebalance-recommendation", "DeletionCandidateOfClusterAutoscaler", "mine"]
        {
            assert!(!notice(key, ""), "{key}");
        }
        let mut deleted = node("True", "2026-03-01T10:00:40Z");
        deleted["metadata"]["deletionTimestamp"] = json!("2026-03-01T11:00:00Z");
        assert!(at(deleted, Past::Unknown, "2026-03-01T13:00:00Z").notice);
    }
}
