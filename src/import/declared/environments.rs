//! Compute environments for Amazon ECS, as Amazon EKS would have them; those on Fargate have no nodes, and stay out.

use serde_json::{Value, json};

use crate::import::notes::Notes;

/// Stands for an account and a cluster.
pub(in crate::import) const ACCOUNT: &str = "000000000000";
const NAMESPACE: &str = "imported";

/// An environment as it can be simulated; `None` if it can't.
pub(super) fn environment(mut document: Value, region: &str, place: &str, notes: &mut Notes) -> Option<Value> {
    upper(&mut document["type"]);
    let for_eks = document.get("eksConfiguration").is_some();
    if document["type"].as_str().is_none() {
        document["type"] = json!("MANAGED");
    }
    if !for_eks {
        document["eksConfiguration"] = json!({
            "eksClusterArn": format!("arn:aws:eks:{region}:{ACCOUNT}:cluster/imported"), "kubernetesNamespace": NAMESPACE,
        });
        notes.made_up(
            "environments without eksConfiguration are for Amazon ECS: the same instances are taken to be nodes of a cluster, with \
             what a kubelet and daemonsets keep of them",
        );
    }
    let arn = &mut document["eksConfiguration"]["eksClusterArn"];
    if !arn.as_str().is_some_and(|arn| arn.starts_with("arn:")) {
        *arn = json!(format!("arn:aws:eks:{region}:{ACCOUNT}:cluster/imported"));
    }
    if document["type"] != "MANAGED" {
        if let Some(fields) = document.as_object_mut() {
            fields.shift_remove("computeResources");
        }
        return Some(document);
    }
    if !document["computeResources"].is_object() {
        notes.leave_out("MANAGED environments without computeResources", place);
        return None;
    }
    let resources = &mut document["computeResources"];
    upper(&mut resources["type"]);
    if resources["type"].as_str().is_none_or(|kind| !matches!(kind, "EC2" | "SPOT")) {
        notes.leave_out("environments that are neither EC2 nor SPOT: Fargate has no nodes to simulate", place);
        return None;
    }
    let fields = resources.as_object_mut()?;
    if !for_eks {
        // Images of Amazon ECS; and its strategy BEST_FIT, also where none is named, which EKS does not take.
        for key in ["ec2Configuration", "imageId", "placementGroup"] {
            if fields.shift_remove(key).is_some() {
                notes.leave_out("settings that are for Amazon ECS only", format!("{place}/computeResources/{key}"));
            }
        }
        if fields.get("allocationStrategy").is_none_or(|strategy| strategy == "BEST_FIT") {
            let spot = fields["type"] == "SPOT";
            let strategy = if spot { "SPOT_CAPACITY_OPTIMIZED" } else { "BEST_FIT_PROGRESSIVE" };
            notes.made_up(format!("{place}: allocation strategy {strategy}, for Amazon EKS has no BEST_FIT"));
            fields.insert("allocationStrategy".to_owned(), json!(strategy));
        }
    }
    fields.shift_remove("desiredvCpus");
    fields.retain(|_, value| !value.is_null());
    let stand_ins = [
        ("minvCpus", json!(0)),
        ("subnets", json!(["subnet-00000000"])),
        ("securityGroupIds", json!(["sg-00000000"])),
        ("instanceRole", json!("imported")),
        ("instanceTypes", json!(["optimal"])),
    ];
    for (key, value) in stand_ins {
        let missing = fields.get(key).is_none_or(|known| known.as_array().is_some_and(Vec::is_empty));
        if missing {
            notes.made_up(format!("{place}/computeResources/{key}: {value}"));
            fields.insert(key.to_owned(), value);
        }
    }
    if !fields.contains_key("maxvCpus") {
        notes.leave_out("MANAGED environments whose maxvCpus is not known", place);
        return None;
    }
    Some(document)
}

/// AWS takes these words in any case from templates.
pub(super) fn upper(word: &mut Value) {
    if let Some(text) = word.as_str().map(str::to_ascii_uppercase) {
        *word = Value::String(text);
    }
}
