//! Compute environments for Amazon ECS, as Amazon EKS would have them; those on Fargate have no nodes, and stay out.

use serde_json::{Value, json};

use crate::import::ecs;
use crate::import::notes::Notes;
use crate::import::stand_ins::{cluster_arn, network};

/// An environment as it can be simulated; `None` if it can't.
pub(super) fn environment(mut document: Value, region: &str, place: &str, notes: &mut Notes) -> Option<Value> {
    upper(&mut document["type"]);
    if document["type"].as_str().is_none() {
        document["type"] = json!("MANAGED");
    }
    let is_managed = document["type"] == "MANAGED";
    let fields = document.as_object_mut()?;
    if is_managed {
        let Some(resources) = fields.get_mut("computeResources").filter(|written| written.is_object()) else {
            notes.leave_out("MANAGED environments without computeResources", place);
            return None;
        };
        upper(&mut resources["type"]);
        if resources["type"].as_str().is_none_or(|kind| !matches!(kind, "EC2" | "SPOT")) {
            notes.leave_out("environments that are neither EC2 nor SPOT: Fargate has no nodes to simulate", place);
            return None;
        }
    } else {
        fields.shift_remove("computeResources");
    }
    if !fields.contains_key("eksConfiguration") {
        ecs::environment(fields, region, place, notes);
    }
    let arn = &mut document["eksConfiguration"]["eksClusterArn"];
    if !arn.as_str().is_some_and(|arn| arn.starts_with("arn:")) {
        *arn = json!(cluster_arn(region));
    }
    if !is_managed {
        return Some(document);
    }
    let fields = document["computeResources"].as_object_mut()?;
    fields.shift_remove("desiredvCpus");
    fields.retain(|_, value| !value.is_null());
    let types = ("instanceTypes".to_owned(), json!(["optimal"]));
    for (key, value) in [("minvCpus".to_owned(), json!(0)), types].into_iter().chain(network()) {
        let missing = fields.get(&key).is_none_or(|known| known.as_array().is_some_and(Vec::is_empty));
        if missing {
            notes.made_up(format!("{place}/computeResources/{key}: {value}"));
            fields.insert(key, value);
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
