//! What stands for what a foreign format doesn't tell and nothing of a run depends on: account, cluster, namespace, network,
//! role. Each import says in its notes that it made them up.

use serde_json::{Map, Value, json};

/// The account of all ARNs.
pub(super) const ACCOUNT: &str = "000000000000";
/// The namespace of jobs.
pub(super) const NAMESPACE: &str = "imported";

/// The cluster's ARN.
pub(super) fn cluster_arn(region: &str) -> String {
    format!("arn:aws:eks:{region}:{ACCOUNT}:cluster/imported")
}

/// `eksConfiguration`.
pub(super) fn eks_configuration(region: &str) -> Value {
    json!({ "eksClusterArn": cluster_arn(region), "kubernetesNamespace": NAMESPACE })
}

/// Members of `computeResources` that AWS wants and nothing depends on.
pub(super) fn network() -> Map<String, Value> {
    let role = format!("arn:aws:iam::{ACCOUNT}:instance-profile/imported");
    let members = [
        ("subnets", json!(["subnet-00000000"])),
        ("securityGroupIds", json!(["sg-00000000"])),
        ("instanceRole", json!(role)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `computeResources` with its network.
pub(super) fn with_network(mut resources: Value) -> Value {
    if let Some(members) = resources.as_object_mut() {
        members.extend(network());
    }
    resources
}
