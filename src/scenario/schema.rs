//! The shape of a scenario file, and its JSON Schema. Says what may be written where; what it means together is for the
//! loader to judge.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::duration::TextDuration;
use crate::model::{ComputeEnvironment, ConsumableResource, JobDefinition, JobQueue, SchedulingPolicy};
use crate::scenario::cluster::Cluster;
use crate::scenario::market::Market;
use crate::scenario::operations::Operation;
use crate::scenario::work::WorkloadEntry;

/// A Windtunnel scenario: AWS Batch documents, and beside them what AWS has no field for.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Scenario {
    /// Where this schema is; for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// What question the scenario asks.
    #[serde(default)]
    pub description: String,
    /// AWS Region: types, zones and prices are taken from there.
    pub region: String,
    /// Seed of everything that is drawn.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Documents as `aws batch create-compute-environment --cli-input-json` takes them.
    #[schemars(length(min = 1))]
    pub compute_environments: Vec<Document<ComputeEnvironment>>,
    /// Documents as `aws batch create-job-queue --cli-input-json` takes them.
    #[schemars(length(min = 1))]
    pub job_queues: Vec<Document<JobQueue>>,
    /// Documents as `aws batch register-job-definition --cli-input-json` takes them; one that repeats a name is its next
    /// revision.
    #[schemars(length(min = 1))]
    pub job_definitions: Vec<Document<JobDefinition>>,
    /// Documents as `aws batch create-scheduling-policy --cli-input-json` takes them; queues name them by name or ARN.
    #[serde(default)]
    pub scheduling_policies: Vec<Document<SchedulingPolicy>>,
    /// Documents as `aws batch create-consumable-resource --cli-input-json` takes them.
    #[serde(default)]
    pub consumable_resources: Vec<Document<ConsumableResource>>,
    /// What the cluster holds beside what Batch launches.
    #[serde(default)]
    pub cluster: Cluster,
    /// What is submitted.
    pub workload: Vec<WorkloadEntry>,
    /// Calls to AWS Batch during the run. Those of one time happen in this order, before the submissions of that time.
    #[serde(default)]
    pub operations: Vec<Operation>,
    /// The Spot market.
    #[serde(default)]
    pub market: Market,
    /// What Windtunnel's own scheduler does beyond AWS Batch, by queue.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// Values that AWS does not publish, where they shall not be the default; see `windtunnel assumptions`.
    #[serde(default)]
    pub assumptions: AssumptionOverrides,
    /// When the run ends.
    #[serde(default)]
    pub stop: Stop,
}

const fn default_seed() -> u64 {
    1
}

/// An AWS document, here or in a file of its own: `{ "file": "job-queue.json" }`, relative to the scenario's folder.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(super) struct Document<T>(pub T);

/// A document in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileReference {
    /// Path of the document, relative to the scenario's folder.
    pub file: String,
}

impl<T: JsonSchema> JsonSchema for Document<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Document", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (file, inline) = (generator.subschema_for::<FileReference>(), generator.subschema_for::<T>());
        json_schema!({ "description": "The document, or the file that holds it.", "anyOf": [file, inline] })
    }
}

/// What Windtunnel's own scheduler does beyond AWS Batch, in a queue without a scheduling policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Policy {
    /// Whose turn it is. A job to be tried again comes first in every order; ties go by submission.
    #[serde(default)]
    pub order: Order,
    /// Whether later jobs may overtake a blocked head of the queue.
    #[serde(default)]
    pub backfill: Backfill,
    /// How many jobs behind the head are looked at in a cycle (Slurm's `bf_max_job_test`); all where absent. What is left of
    /// an array counts as one, and once more for each child that goes ahead.
    #[schemars(range(min = 1))]
    pub backfill_depth: Option<u32>,
    /// In which order the jobs behind the head are looked at; the queue's own where absent. With `shortestJobFirst` in a queue
    /// whose order is that of submission, `easy` is what the literature calls EASY-SJBF.
    pub backfill_order: Option<Order>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Order {
    /// First in, first out, as in AWS Batch.
    #[default]
    Submission,
    /// By the estimate, which is the job's `attemptDurationSeconds`; jobs without one last.
    ShortestJobFirst,
    /// By the vCPUs that the whole job asks for, all nodes of a multi-node parallel job together, then by its memory.
    LargestJobFirst,
}

/// Whether later jobs may overtake a blocked head of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Backfill {
    /// Never, as in AWS Batch.
    #[default]
    None,
    /// EASY: the head has a place reserved on the node (or nodes) where it could start first if all jobs end by their
    /// `attemptDurationSeconds`. Later jobs go ahead where that does not delay it.
    Easy,
}

/// When the run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Stop {
    /// `drained`, or a time.
    #[serde(default)]
    pub at: StopAt,
    /// With `drained`: this late at the latest.
    pub after: Option<TextDuration>,
}

/// When the run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum StopAt {
    /// When every job has ended and nothing is left to do.
    #[default]
    Drained,
    /// This long after its beginning, whatever still runs.
    Time(TextDuration),
}

impl<'de> Deserialize<'de> for StopAt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value == "drained" {
            return Ok(Self::Drained);
        }
        serde_json::from_value(value).map(Self::Time).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for StopAt {
    fn schema_name() -> Cow<'static, str> {
        "StopAt".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "`drained` (every job has ended), or a span of time from the beginning, like 7d.",
            "type": ["string", "number"], "minimum": 0, "format": "stop"
        })
    }
}

/// Assumptions that differ from their preset.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct AssumptionOverrides(pub Map<String, Value>);

/// Names of assumptions that are shares or probabilities.
const SHARES: [&str; 7] = [
    "neverJoinsProbability",
    "onDemandInsufficientCapacity",
    "spotInsufficientCapacity",
    "spotMassShare",
    "spotMassFraction",
    "spotLostNoticeProbability",
    "savingsPlanDiscount",
];

impl JsonSchema for AssumptionOverrides {
    fn schema_name() -> Cow<'static, str> {
        "AssumptionOverrides".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = crate::model::Assumptions::json_schema(generator);
        if let Some(Value::Object(fields)) = schema.get_mut("properties") {
            for (name, field) in fields.iter_mut() {
                let number = if field["type"] == "array" { &mut field["items"] } else { &mut *field };
                if number["type"] == "number" {
                    number["minimum"] = 0.into();
                    if SHARES.contains(&name.as_str()) {
                        number["maximum"] = 1.into();
                    }
                }
                match name.as_str() {
                    "vmMemoryOverheadPpm" => field["maximum"] = 1_000_000.into(),
                    "imagePullMiBPerSecond" => field["minimum"] = 0.001.into(),
                    _ => {}
                }
            }
            fields.insert(
                "preset".to_owned(),
                serde_json::json!({
                    "description": "What the values start from: `default`, or `ideal` (nothing takes time, nothing fails).",
                    "enum": ["default", "ideal"], "default": "default"
                }),
            );
        }
        schema
    }
}

/// The JSON Schema of a scenario file, as published.
pub fn json_schema() -> Value {
    let mut schema = schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Scenario>()
        .to_value();
    remove_null(&mut schema);
    bound_integers(&mut schema);
    schema
}

/// Integers have the range of their type where a field gives no narrower one.
fn bound_integers(schema: &mut Value) {
    let range: Option<(i64, i64)> = match schema["format"].as_str() {
        Some("int32") => Some((i32::MIN.into(), i32::MAX.into())),
        Some("uint32") => Some((0, u32::MAX.into())),
        Some("uint16") => Some((0, u16::MAX.into())),
        Some("uint8") => Some((0, u8::MAX.into())),
        _ => None,
    };
    if let (Some((min, max)), Some(fields)) = (range, schema.as_object_mut()) {
        fields.entry("minimum").or_insert_with(|| min.into());
        fields.entry("maximum").or_insert_with(|| max.into());
    }
    each_child(schema, bound_integers);
}

/// The schema after `{ "file": … }` has been replaced by what the file holds: every document then has one shape, and
/// messages need not speak of the other.
pub(super) fn inlined_schema() -> Value {
    fn inline(schema: &mut Value) {
        let document = schema["anyOf"]
            .as_array()
            .filter(|of| of.len() == 2 && of[0]["$ref"] == "#/$defs/FileReference")
            .map(|of| of[1].clone());
        if let Some(document) = document {
            *schema = document;
        }
        each_child(schema, inline);
    }
    let mut schema = json_schema();
    inline(&mut schema);
    schema
}

/// AWS's documents leave out what they don't say; they never say `null`.
pub(super) fn remove_null(schema: &mut Value) {
    if let Some(fields) = schema.as_object_mut() {
        if let Some(Value::Array(types)) = fields.get_mut("type") {
            types.retain(|name| name != "null");
            if let [one] = types.as_slice() {
                fields["type"] = one.clone();
            }
        }
        if let Some(Value::Array(of)) = fields.get_mut("anyOf") {
            of.retain(|variant| variant["type"] != "null");
            if let [Value::Object(one)] = of.as_slice() {
                let one = one.clone();
                fields.remove("anyOf");
                fields.extend(one);
            }
        }
        if fields.get("default").is_some_and(Value::is_null) {
            fields.remove("default");
        }
        if let Some(Value::Array(options)) = fields.get_mut("enum") {
            options.retain(|option| !option.is_null());
        }
    }
    each_child(schema, remove_null);
}

fn each_child(schema: &mut Value, visit: fn(&mut Value)) {
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(visit),
        Value::Array(elements) => elements.iter_mut().for_each(visit),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_in_step() {
        let published = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/scenario.schema.json"))
            .unwrap_or_default();
        let now = serde_json::to_string_pretty(&json_schema()).expect("a schema has a text") + "\n";
        assert!(published == now, "regenerate it: cargo run -- schema > scenarios/scenario.schema.json");
    }
}
