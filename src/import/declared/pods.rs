//! What a container of Amazon ECS asks for, as a pod.

use serde_json::{Map, Value, json};

use crate::import::notes::Notes;

/// AWS Batch's steps for containers of pods, thousandths of a vCPU; on Amazon ECS whole vCPUs are taken, on Fargate quarters.
const CPU_STEP: f64 = 0.25;

/// A job definition whose containers are pods'; `None` if it can't be.
pub(super) fn definition(mut document: Value, place: &str, notes: &mut Notes) -> Option<Value> {
    if let Some(kind) = document["type"].as_str().map(str::to_ascii_lowercase) {
        document["type"] = json!(kind);
    }
    let fields = document.as_object_mut()?;
    fields.shift_remove("platformCapabilities");
    let multi_node = fields.get("nodeProperties").is_some_and(Value::is_object);
    fields.insert("type".to_owned(), json!(if multi_node { "multinode" } else { "container" }));
    if multi_node {
        for (n, range) in document["nodeProperties"]["nodeRangeProperties"].as_array_mut()?.iter_mut().enumerate() {
            into_pod(range.as_object_mut()?, "container", &format!("{place}/nodeRangeProperties/{n}"), notes)?;
        }
    } else {
        into_pod(fields, "containerProperties", place, notes)?;
    }
    Some(document)
}

/// Puts `eksProperties` in the place of what is for Amazon ECS.
fn into_pod(fields: &mut Map<String, Value>, key: &str, place: &str, notes: &mut Notes) -> Option<()> {
    let (one, task) = (fields.shift_remove(key), fields.shift_remove("ecsProperties"));
    if fields.contains_key("eksProperties") {
        return Some(());
    }
    let tasks = task.as_ref().and_then(|task| task["taskProperties"][0]["containers"].as_array().cloned());
    let containers = one.map_or_else(|| tasks.unwrap_or_default(), |one| vec![one]);
    let written: Vec<_> = containers.iter().map_while(container).collect();
    if written.is_empty() || written.len() < containers.len() {
        notes.leave_out("job definitions that don't say how many vCPUs and how much memory they ask for", place);
        return None;
    }
    notes.made_up(
        "job definitions for Amazon ECS: image, command, environment, vCPUs, memory and GPUs are a pod's; roles, mounts, logs and \
         Linux parameters are not taken over",
    );
    fields.insert("eksProperties".to_owned(), json!({ "podProperties": { "containers": written } }));
    Some(())
}

fn container(of: &Value) -> Option<Value> {
    let listed = |wanted: &str| {
        let all = of["resourceRequirements"].as_array().into_iter().flatten();
        all.filter(|one| one["type"] == wanted).find_map(|one| one["value"].as_str()?.parse::<f64>().ok())
    };
    let vcpus = listed("VCPU").or_else(|| of["vcpus"].as_f64())?;
    let memory = listed("MEMORY").or_else(|| of["memory"].as_f64())?;
    let vcpus = (vcpus / CPU_STEP).ceil() * CPU_STEP;
    let mut limits = json!({ "cpu": vcpus.to_string(), "memory": format!("{}Mi", memory.ceil()) });
    if let Some(gpus) = listed("GPU").filter(|gpus| *gpus > 0.0) {
        limits["nvidia.com/gpu"] = json!(gpus.to_string());
    }
    let mut made = json!({ "image": of["image"].as_str().unwrap_or("imported"), "resources": { "limits": limits } });
    for (theirs, ours) in [("name", "name"), ("command", "command"), ("environment", "env")] {
        if let Some(value) = of.get(theirs) {
            made[ours] = value.clone();
        }
    }
    Some(made)
}
