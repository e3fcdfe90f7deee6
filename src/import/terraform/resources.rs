//! Resources of a plan or a state, modules within modules, and which of their members are known only after apply.
//!
//! Source: Terraform's page on the JSON output format: `values` of a state, `planned_values` and `resource_changes` of a plan.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::import::declared::{Kind, unresolved};
use crate::import::notes::Notes;

/// Modules within modules.
const DEPTH_MAX: u32 = 50;

/// A resource of AWS Batch.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) kind: Kind,
    /// Like `module.batch.aws_batch_job_queue.main[0]`.
    pub(super) address: String,
    /// The address of its module; empty for the root.
    pub(super) module: String,
    /// Its name and index in the configuration.
    pub(super) id: String,
    /// Its members; those known after apply are `unresolved`.
    pub(super) values: Value,
}

pub(super) fn kind(resource_type: &str) -> Option<Kind> {
    Some(match resource_type {
        "aws_batch_compute_environment" => Kind::ComputeEnvironment,
        "aws_batch_job_queue" => Kind::JobQueue,
        "aws_batch_job_definition" => Kind::JobDefinition,
        "aws_batch_scheduling_policy" => Kind::SchedulingPolicy,
        _ => return None,
    })
}

/// All of them; what is not AWS Batch's is counted.
pub(super) fn resources(file: &str, shown: &Value, notes: &mut Notes) -> Vec<Resource> {
    let values = if shown["planned_values"].is_object() { &shown["planned_values"] } else { &shown["values"] };
    let changes = shown["resource_changes"].as_array().into_iter().flatten();
    let unknown: BTreeMap<&str, &Value> =
        changes.filter_map(|change| Some((change["address"].as_str()?, &change["change"]["after_unknown"]))).collect();
    let mut found = Vec::new();
    of_module(file, &values["root_module"], 0, &unknown, &mut found, notes);
    found
}

fn of_module(
    file: &str,
    module: &Value,
    depth: u32,
    unknown: &BTreeMap<&str, &Value>,
    found: &mut Vec<Resource>,
    notes: &mut Notes,
) {
    let own = module["address"].as_str().unwrap_or_default();
    for resource in module["resources"].as_array().into_iter().flatten() {
        let text = |key: &str| resource[key].as_str().unwrap_or_default();
        let (address, resource_type) = (text("address"), text("type"));
        let place = format!("{file} {address}");
        let Some(kind) = kind(resource_type) else {
            let of_batch = resource_type.starts_with("aws_batch_");
            let reason = if of_batch {
                "resources of AWS Batch that scenarios don't have"
            } else {
                "resources that are not AWS Batch's"
            };
            notes.leave_out(reason, place);
            continue;
        };
        if text("mode") == "data" {
            notes.leave_out("data sources: they show what is declared elsewhere", place);
            continue;
        }
        let mut values = resource["values"].clone();
        if let Some(unknown) = unknown.get(address) {
            overlay(&mut values, unknown);
        }
        let index = match &resource["index"] {
            Value::Null => String::new(),
            Value::String(text) => format!("-{text}"),
            other => format!("-{other}"),
        };
        let id = format!("{}{index}", text("name"));
        found.push(Resource { kind, address: address.to_owned(), module: own.to_owned(), id, values });
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        if depth < DEPTH_MAX {
            of_module(file, child, depth + 1, unknown, found, notes);
        } else {
            notes.leave_out("modules too deep within others", child["address"].as_str().unwrap_or_default());
        }
    }
}

/// Puts what is known after apply into its places.
fn overlay(values: &mut Value, unknown: &Value) {
    match unknown {
        Value::Bool(true) => *values = unresolved("it is known after apply", "known-after-apply"),
        Value::Object(fields) => {
            for (key, inner) in fields.iter().filter(|(_, inner)| says_something(inner)) {
                if values.is_null() {
                    *values = Value::Object(serde_json::Map::new());
                }
                if let Some(values) = values.as_object_mut() {
                    overlay(values.entry(key.clone()).or_insert(Value::Null), inner);
                }
            }
        }
        Value::Array(items) => {
            for (n, inner) in items.iter().enumerate().filter(|(_, inner)| says_something(inner)) {
                if values.is_null() {
                    *values = Value::Array(Vec::new());
                }
                if let Some(values) = values.as_array_mut() {
                    while values.len() <= n {
                        values.push(Value::Null);
                    }
                    overlay(&mut values[n], inner);
                }
            }
        }
        _ => {}
    }
}

fn says_something(unknown: &Value) -> bool {
    match unknown {
        Value::Bool(known_later) => *known_later,
        Value::Object(fields) => fields.values().any(says_something),
        Value::Array(items) => items.iter().any(says_something),
        _ => false,
    }
}
