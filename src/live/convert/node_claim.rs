//! Where a `NodeClaim` stands.
//!
//! Karpenter v1 (`pkg/controllers/nodeclaim/lifecycle` of kubernetes-sigs/karpenter) says little of a failed launch: where
//! there is no capacity, and where its node class is not ready, it deletes the claim at once and leaves no condition, only
//! an event and a line in its log. For every other error it sets `Launched` to `Unknown` with a reason (`LaunchFailed`, or
//! the provider's own) and tries again, until it deletes the claim after five minutes; one that does not register, after
//! fifteen. Versions before v1, and other providers, set `Launched` to `False`.

use crate::kubernetes::labels::{INSTANCE_TYPE_LABEL, ZONE_LABEL};
use crate::kubernetes::objects::{Condition, NodeClaimObject};
use crate::live::facts::{ClaimPhase, NodeClaimFacts, ObjectName};

/// What EC2 calls it, and providers pass on in reason or message, when trying again soon is no use.
const NO_CAPACITY: &[&str] = &[
    "InsufficientCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientHostCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientFreeAddressesInSubnet",
    "ReservationCapacityExceeded",
    "MaxSpotInstanceCountExceeded",
    "VcpuLimitExceeded",
    "UnfulfillableCapacity",
];

/// A claim as it is now.
pub fn facts(claim: &NodeClaimObject) -> NodeClaimFacts {
    let label = |name: &str| claim.metadata.labels.get(name).cloned();
    NodeClaimFacts {
        name: claim.metadata.name.clone(),
        uid: claim.metadata.uid.clone(),
        phase: phase(claim),
        node: claim.status.node_name.clone().filter(|name| !name.is_empty()),
        instance_type: label(INSTANCE_TYPE_LABEL),
        zone: label(ZONE_LABEL),
        deleting: claim.metadata.deletion_timestamp.is_some(),
    }
}

/// Which claim.
pub fn name(claim: &NodeClaimObject) -> ObjectName {
    ObjectName { namespace: String::new(), name: claim.metadata.name.clone(), uid: claim.metadata.uid.clone() }
}

fn phase(claim: &NodeClaimObject) -> ClaimPhase {
    let launched = claim.status.conditions.iter().find(|condition| condition.kind == "Launched");
    let status = launched.map_or("", |condition| condition.status.as_str());
    match launched {
        Some(_) if status == "True" => ClaimPhase::Launched,
        Some(condition) if status == "False" || is_short(condition) => ClaimPhase::Failed(words(condition)),
        // Whoever deleted it: it will have no instance.
        _ if claim.metadata.deletion_timestamp.is_some() => {
            ClaimPhase::Failed(launched.map(words).filter(|words| !words.is_empty()).unwrap_or_else(|| {
                "deleted before it was launched, as Karpenter does where there is no capacity or the node class is not \
                 ready"
                    .to_owned()
            }))
        }
        _ => ClaimPhase::Pending,
    }
}

fn is_short(condition: &Condition) -> bool {
    NO_CAPACITY.iter().any(|word| condition.reason.contains(word) || condition.message.contains(word))
}

fn words(condition: &Condition) -> String {
    match (condition.reason.as_str(), condition.message.as_str()) {
        (reason, "") => reason.to_owned(),
        ("", message) => message.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claim(conditions: Value) -> Value {
        json!({
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": { "name": "claim-1", "uid": "u", "labels": {} },
            "spec": {},
            "status": { "conditions": conditions },
        })
    }

    fn read(claim: Value) -> NodeClaimFacts {
        facts(&serde_json::from_value(claim).expect("a claim"))
    }

    fn launched(status: &str, reason: &str, message: &str) -> Value {
        json!([
            { "type": "Initialized", "status": "Unknown", "reason": "AwaitingReconciliation" },
            { "type": "Launched", "status": status, "reason": reason, "message": message },
        ])
    }

    #[test]
    fn a_claim_becomes_a_node() {
        let phase = |conditions| read(claim(conditions)).phase;
        assert_eq!(
            read(json!({ "metadata": { "name": "c" } })).phase,
            ClaimPhase::Pending,
            "Karpenter has not seen it"
        );
        assert_eq!(phase(json!([])), ClaimPhase::Pending);
        let waiting = launched("Unknown", "AwaitingReconciliation", "object is awaiting reconciliation");
        assert_eq!(phase(waiting), ClaimPhase::Pending);
        let mut there = claim(launched("True", "Launched", ""));
        there["status"]["nodeName"] = json!("node-1");
        there["metadata"]["labels"] = json!({ INSTANCE_TYPE_LABEL: "m5.large", ZONE_LABEL: "us-east-1a" });
        let facts = read(there);
        assert_eq!((facts.phase, facts.node.as_deref()), (ClaimPhase::Launched, Some("node-1")));
        assert_eq!((facts.instance_type.as_deref(), facts.zone.as_deref()), (Some("m5.large"), Some("us-east-1a")));
    }

    #[test]
    fn a_claim_fails_in_karpenters_words() {
        let phase = |conditions| read(claim(conditions)).phase;
        assert_eq!(
            phase(launched("False", "LaunchFailed", "no subnets")),
            ClaimPhase::Failed("LaunchFailed: no subnets".to_owned())
        );
        assert_eq!(
            phase(launched("Unknown", "LaunchFailed", "creating instance, InsufficientInstanceCapacity")),
            ClaimPhase::Failed("LaunchFailed: creating instance, InsufficientInstanceCapacity".to_owned())
        );
        let throttled = launched("Unknown", "LaunchFailed", "RequestLimitExceeded");
        assert_eq!(phase(throttled), ClaimPhase::Pending, "Karpenter tries again");
    }

    #[test]
    fn a_claim_that_is_taken_back_before_it_launched_has_failed() {
        let mut back = claim(launched("Unknown", "", ""));
        back["metadata"]["deletionTimestamp"] = json!("2026-03-01T10:00:00Z");
        let facts = read(back);
        assert!(facts.deleting);
        assert!(matches!(facts.phase, ClaimPhase::Failed(words) if words.contains("no capacity")));
        let mut launched = claim(launched("True", "Launched", ""));
        launched["metadata"]["deletionTimestamp"] = json!("2026-03-01T10:00:00Z");
        assert_eq!(read(launched).phase, ClaimPhase::Launched);
    }
}
