//! A scenario of a plan or a state.

use std::io::Read;

use serde_json::{Map, Value};

use crate::import::declared::{Declared, Kind, assemble, why_unresolved};
use crate::import::imported::Imported;
use crate::import::notes::Notes;
use crate::import::terraform::references::{name, resource_name, settle};
use crate::import::terraform::resources::{Resource, resources};
use crate::import::unpacked;

/// States of large organisations have tens of megabytes.
const BYTES_MAX: u64 = 256 << 20;
const REGION: &str = "us-east-1";
const DESCRIPTION: &str = "AWS Batch as Terraform declares it, with a made-up workload.";
/// What AWS answers, or Terraform notes for itself: nobody declared it.
const COMPUTED: &[&str] = &[
    "arn",
    "arn_prefix",
    "deregister_on_new_revision",
    "ecs_cluster_arn",
    "id",
    "region",
    "revision",
    "status",
    "status_reason",
    "tags_all",
    "timeouts",
];
/// Members that are JSON as a text, and in AWS's own case.
const TEXTS: &[&str] = &["container_properties", "ecs_properties", "node_properties"];

/// Members whose keys are the user's own.
const OWN_KEYS: &[&str] = &["annotations", "labels", "limits", "parameters", "requests", "tags"];

/// What is asked of an import beside its file.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The region, instead of the one that is found.
    pub region: Option<String>,
    /// The scenario whose jobs run there, with its documents in place, instead of made-up ones.
    pub workload: Option<Value>,
}

/// Reads what `terraform show -json` printed, gzipped or not. The error is a sentence that names the file.
pub fn read(file: &str, from: impl Read) -> Result<Value, String> {
    let text = unpacked::text(from, BYTES_MAX).map_err(|error| format!("{file} can't be read: {error}"))?;
    let way_out = "give what `terraform show -json` prints of a plan or a state";
    let shown: Value = serde_json::from_str(&text).map_err(|error| format!("{file} is no JSON: {error}: {way_out}"))?;
    if shown["planned_values"].is_object() || shown["values"].is_object() {
        Ok(shown)
    } else if shown["resources"].is_array() {
        Err(format!("{file} is a state as Terraform stores it, whose form is its own: {way_out}"))
    } else {
        Err(format!("{file} holds neither `values` nor `planned_values`: {way_out}"))
    }
}

/// A scenario of what was shown.
pub fn scenario(file: &str, shown: &Value, wanted: &Wanted) -> Imported {
    let mut notes = Notes::default();
    let mut all = resources(file, shown, &mut notes);
    let region = region(&all, shown, wanted, &mut notes);
    let known = all.clone();
    for queue in all.iter_mut().filter(|resource| resource.kind == Kind::JobQueue) {
        settle(queue, &known, shown, &region, &mut notes);
    }
    let declared: Vec<_> = all.into_iter().map(|resource| declared(file, resource, &mut notes)).collect();
    assemble(&declared, &region, DESCRIPTION, wanted.workload.as_ref(), notes)
}

fn declared(file: &str, resource: Resource, notes: &mut Notes) -> Declared {
    let name = name(&resource);
    let Resource { kind, address, id, values, .. } = resource;
    let place = format!("{file} {address}");
    let mut members = Map::new();
    for (key, value) in set(&values).as_object().cloned().unwrap_or_default() {
        let key = key.as_str();
        if COMPUTED.contains(&key) || key == "name" || key == resource_name(kind) || key.ends_with("name_prefix") {
            continue;
        }
        match value.as_str().filter(|_| TEXTS.contains(&key)) {
            Some("") => {}
            Some(text) => match serde_json::from_str(text) {
                Ok(inner) => drop(members.insert(key.to_owned(), inner)),
                Err(error) => notes.leave_out("properties that are no JSON", format!("{place}/{key}: {error}")),
            },
            None => drop(members.insert(key.to_owned(), value)),
        }
    }
    if name == id {
        notes.made_up(format!("{place}: the name {id}, for its own is known after apply"));
    }
    members.insert(kind.name().to_owned(), Value::String(plain(&name)));
    Declared { kind, place, id, members: Value::Object(members) }
}

/// What someone set: Terraform shows members that nobody did as null, and older providers as empty.
fn set(value: &Value) -> Value {
    let Value::Object(fields) = value else {
        return value.as_array().map_or_else(|| value.clone(), |items| items.iter().map(set).collect());
    };
    if why_unresolved(value).is_some() {
        return value.clone();
    }
    let is_set = |key: &str, value: &Value| match value {
        Value::Null => false,
        // An environment variable may be empty.
        Value::String(text) => !text.is_empty() || key == "value",
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    let kept = fields.iter().filter(|(key, value)| is_set(key, value));
    let kept = kept
        .map(|(key, value)| (key.clone(), if OWN_KEYS.contains(&key.as_str()) { value.clone() } else { set(value) }));
    Value::Object(kept.collect())
}

/// Names of instances of a resource have signs that AWS does not take.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}

fn region(all: &[Resource], shown: &Value, wanted: &Wanted, notes: &mut Notes) -> String {
    if let Some(region) = &wanted.region {
        return region.clone();
    }
    let of_arn = |resource: &Resource| {
        let text = resource.values["arn"].as_str().filter(|_| why_unresolved(&resource.values["arn"]).is_none())?;
        text.split(':').nth(3).map(str::to_owned)
    };
    let own = |resource: &Resource| resource.values["region"].as_str().map(str::to_owned);
    let providers = shown["configuration"]["provider_config"].as_object().into_iter().flatten();
    let mut of_provider = providers.filter(|(key, _)| key.as_str() == "aws" || key.ends_with(":aws"));
    let provider = of_provider.find_map(|(_, one)| one["expressions"]["region"]["constant_value"].as_str());
    let found = all.iter().find_map(of_arn).or_else(|| all.iter().find_map(own)).or(provider.map(str::to_owned));
    found.filter(|region| !region.is_empty()).unwrap_or_else(|| {
        notes.made_up(format!("the region, {REGION}: neither resources nor provider tell one (--region names it)"));
        REGION.to_owned()
    })
}
