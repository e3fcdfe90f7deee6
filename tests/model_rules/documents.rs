//! Valid documents of every kind, small and complete, and how they are changed and judged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use windtunnel::model::operations::{
    CancelJob, CancelJobs, DeleteComputeEnvironment, DeleteConsumableResource, DeleteJobQueue, DeleteSchedulingPolicy,
    DeregisterJobDefinition, TerminateJob, TerminateJobs, UpdateComputeEnvironment, UpdateConsumableResource,
    UpdateJobQueue, UpdateSchedulingPolicy,
};
use windtunnel::model::{
    Assumptions, ComputeEnvironment, ConsumableResource, JobDefinition, JobQueue, Problem, SchedulingPolicy, SubmitJob,
    effective,
};

/// A kind of document, or a part of one that rules speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    JobDefinition,
    /// The pod of a job definition.
    Pod,
    /// The container of that pod.
    Container,
    MultiNode,
    /// A submission, with the job definition.
    Submit,
    /// A submission, with the multi-node job definition.
    SubmitMultiNode,
    /// A submission, with a multi-node job definition whose ranges have ends.
    SubmitFixedNodes,
    ComputeEnvironment,
    ComputeResources,
    JobQueue,
    SchedulingPolicy,
    ConsumableResource,
    UpdateComputeEnvironment,
    DeleteComputeEnvironment,
    UpdateJobQueue,
    DeleteJobQueue,
    UpdateSchedulingPolicy,
    DeleteSchedulingPolicy,
    UpdateConsumableResource,
    DeleteConsumableResource,
    DeregisterJobDefinition,
    CancelJob,
    CancelJobs,
    TerminateJob,
    TerminateJobs,
}

/// A change of a document; pointers start at the base's root.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Puts a value, JSON text.
    Set(&'static str, &'static str),
    Remove(&'static str),
    /// Puts a text that repeats another so often.
    Repeat(&'static str, &'static str, usize),
    /// Puts a text that begins with one and repeats another so often.
    Pad(&'static str, &'static str, &'static str, usize),
    /// Puts a list of so many values, JSON text in which `%` is the index.
    Fill(&'static str, usize, &'static str),
    /// Puts an object of so many fields.
    Fields(&'static str, usize),
}

/// The base's document with changes.
pub(crate) fn changed(base: Base, changes: &[Change]) -> Value {
    let mut document = base.document();
    assert!(alter(&mut document, base, changes), "{base:?} has no place for {changes:?}");
    document
}

/// Changes a document of the base's kind; whether it had the places for all of that.
pub(crate) fn alter(document: &mut Value, base: Base, changes: &[Change]) -> bool {
    let mut done = true;
    for change in changes {
        let (at, value) = match *change {
            Change::Set(at, text) => (at, Some(serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}")))),
            Change::Remove(at) => (at, None),
            Change::Repeat(at, text, times) => (at, Some(json!(text.repeat(times)))),
            Change::Pad(at, start, text, times) => (at, Some(json!(start.to_owned() + &text.repeat(times)))),
            Change::Fill(at, count, text) => {
                let entry = |index: usize| serde_json::from_str(&text.replace('%', &index.to_string())).expect("JSON");
                (at, Some(Value::Array((0..count).map(entry).collect())))
            }
            Change::Fields(at, count) => (at, Some((0..count).map(|n| (format!("key{n}"), json!("value"))).collect())),
        };
        done &= put(document, &format!("{}{at}", base.root()), value);
    }
    done
}

/// Puts or removes the value at a pointer, whose parents are made where they are missing; whether there was a place.
fn put(document: &mut Value, at: &str, value: Option<Value>) -> bool {
    let (parent, name) = at.rsplit_once('/').expect("a pointer");
    if document.pointer(parent).is_none() && !put(document, parent, Some(json!({}))) {
        return false;
    }
    let name = name.replace("~1", "/").replace("~0", "~");
    match (document.pointer_mut(parent), value) {
        (Some(Value::Array(entries)), Some(value)) => match name.parse::<usize>() {
            Ok(index) if index < entries.len() => entries[index] = value,
            _ => entries.push(value),
        },
        (Some(Value::Object(fields)), Some(value)) => drop(fields.insert(name, value)),
        (Some(Value::Object(fields)), None) => drop(fields.shift_remove(&name)),
        _ => return false,
    }
    true
}

/// Pointer and message of everything that is wrong: what the schema says, then `problems()`.
pub(crate) type Faults = Vec<(String, String)>;

/// What the schema of `T` says, then `problems`.
fn faults<T: JsonSchema + DeserializeOwned>(document: &Value, problems: impl FnOnce(T) -> Vec<Problem>) -> Faults {
    let validator = validator::<T>();
    let mut found: Faults =
        validator.iter_errors(document).map(|error| (error.instance_path().to_string(), error.to_string())).collect();
    match T::deserialize(document) {
        Ok(read) => found.extend(problems(read).into_iter().map(|p| (p.pointer, format!("{}: {}", p.message, p.help)))),
        Err(error) => assert!(!found.is_empty(), "the schema takes what can't be read: {error}: {document}"),
    }
    found
}

/// The validator of a document's schema, built once.
fn validator<T: JsonSchema>() -> Arc<Validator> {
    static BUILT: Mutex<BTreeMap<&str, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().expect("no test panics while it builds");
    let compile = || {
        let mut schema = schemars::schema_for!(T).to_value();
        as_published(&mut schema);
        Arc::new(jsonschema::validator_for(&schema).expect("a schema"))
    };
    Arc::clone(built.entry(std::any::type_name::<T>()).or_insert_with(compile))
}

/// As the published schema has it: documents leave out what they don't say, so `null` is no value; whole numbers have
/// the limits of their type.
fn as_published(schema: &mut Value) {
    if let Value::Object(fields) = schema {
        if let Some(Value::Array(types)) = fields.get_mut("type") {
            types.retain(|name| name != "null");
        }
        let range = match fields.get("format").and_then(Value::as_str) {
            Some("int32") => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
            Some("uint32") => Some((0, i64::from(u32::MAX))),
            Some("uint16") => Some((0, i64::from(u16::MAX))),
            Some("uint8") => Some((0, i64::from(u8::MAX))),
            _ => None,
        };
        if let Some((min, max)) = range {
            fields.entry("minimum").or_insert(json!(min));
            fields.entry("maximum").or_insert(json!(max));
        }
        if let Some(Value::Array(of)) = fields.get_mut("anyOf") {
            of.retain(|variant| variant["type"] != "null");
            if let [Value::Object(one)] = of.as_slice() {
                let one = one.clone();
                fields.remove("anyOf");
                fields.extend(one);
            }
        }
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(as_published),
        Value::Array(entries) => entries.iter_mut().for_each(as_published),
        _ => {}
    }
}

impl Base {
    pub(crate) const ALL: [Self; 25] = [
        Self::JobDefinition,
        Self::Pod,
        Self::Container,
        Self::MultiNode,
        Self::Submit,
        Self::SubmitMultiNode,
        Self::SubmitFixedNodes,
        Self::ComputeEnvironment,
        Self::ComputeResources,
        Self::JobQueue,
        Self::SchedulingPolicy,
        Self::ConsumableResource,
        Self::UpdateComputeEnvironment,
        Self::DeleteComputeEnvironment,
        Self::UpdateJobQueue,
        Self::DeleteJobQueue,
        Self::UpdateSchedulingPolicy,
        Self::DeleteSchedulingPolicy,
        Self::UpdateConsumableResource,
        Self::DeleteConsumableResource,
        Self::DeregisterJobDefinition,
        Self::CancelJob,
        Self::CancelJobs,
        Self::TerminateJob,
        Self::TerminateJobs,
    ];

    /// The base that stands for the whole document of this one.
    pub(crate) const fn whole(self) -> Self {
        match self {
            Self::Pod | Self::Container => Self::JobDefinition,
            Self::ComputeResources => Self::ComputeEnvironment,
            whole => whole,
        }
    }

    /// Pointer of the part that rules speak of.
    pub(crate) const fn root(self) -> &'static str {
        match self {
            Self::Pod => "/eksProperties/podProperties",
            Self::Container => "/eksProperties/podProperties/containers/0",
            Self::ComputeResources => "/computeResources",
            _ => "",
        }
    }

    /// The valid document.
    pub(crate) fn document(self) -> Value {
        match self {
            Self::JobDefinition | Self::Pod | Self::Container => definition(),
            Self::MultiNode => multi_node(),
            Self::Submit => json!({ "jobName": "job", "jobQueue": "queue", "jobDefinition": "definition" }),
            Self::SubmitMultiNode | Self::SubmitFixedNodes => {
                json!({ "jobName": "job", "jobQueue": "queue", "jobDefinition": "multi" })
            }
            Self::ComputeEnvironment | Self::ComputeResources => environment(),
            Self::JobQueue => json!({
                "jobQueueName": "queue", "priority": 1, "jobQueueType": "EKS",
                "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "environment" }],
                "jobStateTimeLimitActions": [{ "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
                    "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL" }]
            }),
            Self::SchedulingPolicy => json!({
                "name": "policy", "fairsharePolicy": { "shareDecaySeconds": 600, "computeReservation": 10,
                    "shareDistribution": [{ "shareIdentifier": "A*", "weightFactor": 0.5 }] }
            }),
            Self::ConsumableResource => json!({ "consumableResourceName": "license", "totalQuantity": 10 }),
            Self::UpdateComputeEnvironment => json!({
                "computeEnvironment": "environment", "computeResources": { "maxvCpus": 256 }
            }),
            Self::DeleteComputeEnvironment => json!({ "computeEnvironment": "environment" }),
            Self::UpdateJobQueue => json!({ "jobQueue": "queue", "priority": 2 }),
            Self::DeleteJobQueue => json!({ "jobQueue": "queue" }),
            Self::UpdateSchedulingPolicy => json!({
                "arn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/policy", "fairsharePolicy": {}
            }),
            Self::DeleteSchedulingPolicy => {
                json!({ "arn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/policy" })
            }
            Self::UpdateConsumableResource => {
                json!({ "consumableResource": "license", "operation": "ADD", "quantity": 5 })
            }
            Self::DeleteConsumableResource => json!({ "consumableResource": "license" }),
            Self::DeregisterJobDefinition => json!({ "jobDefinition": "definition:1" }),
            Self::CancelJob | Self::TerminateJob => json!({ "jobId": "id", "reason": "no longer needed" }),
            Self::CancelJobs | Self::TerminateJobs => json!({ "jobs": ["id"], "reason": "no longer needed" }),
        }
    }

    /// The job definition of a submission.
    pub(crate) fn definition(self) -> Value {
        match self {
            Self::SubmitMultiNode => multi_node(),
            Self::SubmitFixedNodes => {
                let mut fixed = multi_node();
                fixed["nodeProperties"]["nodeRangeProperties"][1]["targetNodes"] = json!("2:3");
                fixed
            }
            _ => definition(),
        }
    }

    /// Everything that is wrong with a document of this kind.
    pub(crate) fn judge(self, document: &Value) -> Faults {
        let assumptions = Assumptions::default();
        let with = |definition: Value| {
            let definition: JobDefinition = serde_json::from_value(definition).expect("a definition");
            faults::<SubmitJob>(document, |submit| effective(&definition, &submit, &assumptions).1)
        };
        match self {
            Self::JobDefinition | Self::Pod | Self::Container | Self::MultiNode => {
                faults::<JobDefinition>(document, |definition| definition.problems(&assumptions))
            }
            Self::Submit | Self::SubmitMultiNode | Self::SubmitFixedNodes => with(self.definition()),
            Self::ComputeEnvironment | Self::ComputeResources => {
                faults::<ComputeEnvironment>(document, |environment| environment.problems())
            }
            Self::JobQueue => faults::<JobQueue>(document, |queue| queue.problems()),
            Self::SchedulingPolicy => faults::<SchedulingPolicy>(document, |policy| policy.problems()),
            Self::ConsumableResource => faults::<ConsumableResource>(document, |resource| resource.problems()),
            Self::UpdateComputeEnvironment => faults::<UpdateComputeEnvironment>(document, |update| update.problems()),
            Self::UpdateJobQueue => faults::<UpdateJobQueue>(document, |update| {
                let queue: JobQueue = serde_json::from_value(Self::JobQueue.document()).expect("a queue");
                let mut problems = update.problems();
                problems.extend(update.problems_for(&queue));
                problems
            }),
            Self::UpdateSchedulingPolicy => faults::<UpdateSchedulingPolicy>(document, |update| update.problems()),
            Self::UpdateConsumableResource => faults::<UpdateConsumableResource>(document, |update| update.problems()),
            Self::DeregisterJobDefinition => faults::<DeregisterJobDefinition>(document, |request| request.problems()),
            Self::DeleteComputeEnvironment => faults::<DeleteComputeEnvironment>(document, |_| Vec::new()),
            Self::DeleteJobQueue => faults::<DeleteJobQueue>(document, |_| Vec::new()),
            Self::DeleteSchedulingPolicy => faults::<DeleteSchedulingPolicy>(document, |_| Vec::new()),
            Self::DeleteConsumableResource => faults::<DeleteConsumableResource>(document, |_| Vec::new()),
            Self::CancelJob => faults::<CancelJob>(document, |_| Vec::new()),
            Self::CancelJobs => faults::<CancelJobs>(document, |_| Vec::new()),
            Self::TerminateJob => faults::<TerminateJob>(document, |_| Vec::new()),
            Self::TerminateJobs => faults::<TerminateJobs>(document, |_| Vec::new()),
        }
    }
}

fn definition() -> Value {
    json!({
        "jobDefinitionName": "definition", "type": "container",
        "eksProperties": { "podProperties": {
            "containers": [{ "name": "main", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "512Mi" } } }],
            "volumes": [{ "name": "data", "emptyDir": {} }]
        } }
    })
}

fn multi_node() -> Value {
    let pod = |name: &str| {
        let container =
            json!({ "name": name, "image": "i", "resources": { "limits": { "cpu": "1", "memory": "512Mi" } } });
        json!({ "podProperties": { "containers": [container] } })
    };
    json!({
        "jobDefinitionName": "multi", "type": "multinode",
        "nodeProperties": { "numNodes": 4, "mainNode": 3, "nodeRangeProperties": [
            { "targetNodes": "0:1", "eksProperties": pod("main"), "instanceTypes": ["m5.large"] },
            { "targetNodes": "2:", "eksProperties": pod("worker") }
        ] }
    })
}

fn environment() -> Value {
    json!({
        "computeEnvironmentName": "environment", "type": "MANAGED",
        "eksConfiguration": {
            "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c", "kubernetesNamespace": "jobs"
        },
        "computeResources": {
            "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": 128,
            "instanceTypes": ["m5", "c5.large"],
            "launchTemplate": { "launchTemplateName": "template", "version": "$Latest", "overrides": [
                { "launchTemplateId": "lt-1", "targetInstanceTypes": ["m5.large"] }] }
        }
    })
}
