//! What a container of Amazon ECS asks for, as a pod.

use serde_json::{Value, json};

use crate::import::ecs;
use crate::import::notes::Notes;

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
            into_pod(range, &format!("{place}/nodeRangeProperties/{n}"), notes)?;
        }
    } else {
        into_pod(&mut document, place, notes)?;
    }
    Some(document)
}

/// Puts `eksProperties` in the place of what is for Amazon ECS.
fn into_pod(own: &mut Value, place: &str, notes: &mut Notes) -> Option<()> {
    let made = if own["eksProperties"].is_object() { None } else { Some(ecs::pod(own)) };
    match made {
        Some(Ok(pod)) => {
            ecs::tell(own, place, notes);
            own["eksProperties"] = json!({ "podProperties": pod });
        }
        Some(Err(why)) => {
            notes.leave_out("job definitions that no pod can stand for", format!("{place}: {why}"));
            return None;
        }
        None => {}
    }
    let fields = own.as_object_mut()?;
    for name in ["container", "containerProperties", "ecsProperties"] {
        fields.shift_remove(name);
    }
    Some(())
}
