//! From what AWS describes to what it takes: members that only answers have are taken away, and what is left must be a
//! document that scenarios accept, else it says why not.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::import::Notes;
use crate::import::ecs::is_empty;
use crate::model::Problem;

/// Something that was described, and where.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) document: Map<String, Value>,
    pub(super) place: String,
}

/// Members that answers have and requests don't, or on which nothing of a run hangs.
const OF_ANSWERS: &[&str] = &[
    "arn",
    "batchImageStatus",
    "computeEnvironmentArn",
    "containerOrchestrationType",
    "desiredvCpus",
    "ecsClusterArn",
    "jobDefinitionArn",
    "jobQueueArn",
    "revision",
    "status",
    "statusReason",
    "updatePolicy",
    "uuid",
];

/// Takes away, within and all around, what requests don't have, and what is empty.
pub(super) fn plain(document: &mut Map<String, Value>) {
    document.retain(|name, value| !OF_ANSWERS.contains(&name.as_str()) && !is_empty(value));
    for value in document.values_mut() {
        plain_value(value);
    }
}

fn plain_value(value: &mut Value) {
    match value {
        Value::Object(members) => plain(members),
        Value::Array(list) => list.iter_mut().for_each(plain_value),
        _ => {}
    }
}

/// What is left out of a document that is not known.
const UNKNOWN: &str = "members of documents that scenarios don't have";
/// What is left out of a document since it would be refused.
const REFUSED: &str = "members of documents that AWS Batch would refuse with Amazon EKS";
/// A document is mended so often: each time a member goes.
const MENDED_MAX: usize = 64;

/// A document as scenarios accept it: what is not known, or would be refused, is taken away and told. `None`, told too, where
/// then it is none any more.
pub(super) fn fitting<T: DeserializeOwned>(
    mut described: Described,
    what: &str,
    problems: impl Fn(&T) -> Vec<Problem>,
    notes: &mut Notes,
) -> Option<Map<String, Value>> {
    let place = described.place.clone();
    let mut why = String::new();
    for _ in 0..MENDED_MAX {
        match serde_json::from_value::<T>(Value::Object(described.document.clone())) {
            Ok(document) => {
                let Some(problem) = problems(&document).into_iter().next() else { return Some(described.document) };
                why = format!("{}: {}", problem.pointer, problem.message);
                if !remove_at(&mut described.document, &problem.pointer) {
                    break;
                }
                notes.leave_out(REFUSED, format!("{place}: {why}"));
            }
            Err(error) => {
                why = error.to_string();
                let unknown = why.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
                let Some(unknown) = unknown.map(str::to_owned) else { break };
                if !remove_named(&mut described.document, &unknown) {
                    break;
                }
                notes.leave_out(UNKNOWN, format!("{place}: {unknown}"));
            }
        }
    }
    notes.leave_out(&format!("{what} that scenarios don't take"), format!("{place}: {why}"));
    None
}

/// Takes away what a JSON pointer names; nothing where that is the document itself, or an item of a list.
fn remove_at(document: &mut Map<String, Value>, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return false };
    let mut at = document;
    for step in parent.split('/').skip(1) {
        if !at.get(step).is_some_and(Value::is_object) {
            // Within a list: the list goes.
            return at.shift_remove(step).is_some();
        }
        let Some(Value::Object(next)) = at.get_mut(step) else { return false };
        at = next;
    }
    at.shift_remove(&name.replace("~1", "/").replace("~0", "~")).is_some()
}

/// Takes away all members of a name.
fn remove_named(document: &mut Map<String, Value>, name: &str) -> bool {
    let own = document.shift_remove(name).is_some();
    document.values_mut().fold(own, |found, value| remove_in(value, name) || found)
}

fn remove_in(value: &mut Value, name: &str) -> bool {
    match value {
        Value::Object(members) => remove_named(members, name),
        Value::Array(list) => {
            // In all items, not up to the first that has it.
            let found: Vec<_> = list.iter_mut().map(|value| remove_in(value, name)).collect();
            found.contains(&true)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::JobQueue;

    fn fit(document: Value) -> (Option<Value>, String) {
        let Value::Object(mut document) = document else { panic!("an object") };
        plain(&mut document);
        let mut notes = Notes::default();
        let described = Described { document, place: "f /jobQueues/0".to_owned() };
        let fitted = fitting::<JobQueue>(described, "job queues", JobQueue::problems, &mut notes);
        (fitted.map(Value::Object), notes.to_string())
    }

    #[test]
    fn what_is_not_known_or_would_be_refused_goes_and_is_told() {
        let own = json!({ "jobQueueName": "q", "priority": 1, "computeEnvironmentOrder":
                          [{ "order": 1, "computeEnvironment": "e", "colour": "red" }] });
        let mut described = own.clone();
        for (member, value) in [
            ("jobQueueArn", json!("arn")),
            ("status", json!("VALID")),
            ("tags", json!({})),
            ("jobQueueType", json!("ECS")),
            ("newest", json!(1)),
        ] {
            described[member] = value;
        }
        let (fitted, told) = fit(described);
        let mut expected = own;
        expected["computeEnvironmentOrder"][0].as_object_mut().unwrap().remove("colour");
        assert_eq!(fitted, Some(expected));
        for words in ["f /jobQueues/0: newest", "f /jobQueues/0: colour", "only EKS queues"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        let (none, told) = fit(json!({ "jobQueueName": 7 }));
        assert_eq!(none, None);
        assert!(told.contains("1 × job queues that scenarios don't take"), "{told}");
    }
}
