//! The shape of a scenario's `operations`: calls to AWS Batch by name and input, and when they are made.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::model::duration::TextDuration;
use crate::model::operations::{
    CancelJob, CancelJobs, DeleteComputeEnvironment, DeleteConsumableResource, DeleteJobQueue, DeleteSchedulingPolicy,
    DeregisterJobDefinition, TerminateJob, TerminateJobs, UpdateComputeEnvironment, UpdateConsumableResource,
    UpdateJobQueue, UpdateSchedulingPolicy,
};
use crate::model::{
    ComputeEnvironment, ConsumableResource, Distribution, JobDefinition, JobQueue, SchedulingPolicy, SubmitJob,
};
use crate::scenario::schema::Document;
use crate::scenario::work::{FailureMode, JOBS_NAME_PATTERN};

/// A call to AWS Batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(super) struct Operation(pub OperationFields);

/// A call to AWS Batch.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OperationFields {
    /// When it is made, from the beginning of the run.
    pub at: TextDuration,
    /// AWS's name of it.
    pub operation: OperationName,
    /// A document as `aws batch … --cli-input-json` takes it.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub input: Value,
    /// `SubmitJob`: what other entries and operations call the job by.
    #[schemars(regex(pattern = JOBS_NAME_PATTERN))]
    pub name: Option<String>,
    /// `SubmitJob`: how long an attempt runs, from RUNNING.
    pub runtime: Option<Distribution>,
    /// `SubmitJob`: probability that an attempt ends with exit code 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub failure_probability: Option<f64>,
    /// `SubmitJob`: other ways in which an attempt fails.
    #[serde(default)]
    pub failures: Vec<FailureMode>,
    /// `SubmitJob`: size of the container image; the assumption `imageSizeMiB` where absent.
    #[serde(rename = "imageSizeMiB")]
    #[schemars(range(max = 1_000_000))]
    pub image_size_mib: Option<u32>,
}

/// Names, inputs, and the enum of both, from one list.
macro_rules! operations {
    ($($name:ident($input:ty),)*) => {
        /// What can be called during a run.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
        pub(super) enum OperationName {
            $($name,)*
        }

        /// What is called, with its input.
        #[derive(Debug, Clone, PartialEq)]
        pub(super) enum Call {
            $($name(Box<$input>),)*
        }

        impl OperationName {
            /// The call with this input.
            pub(super) fn call(self, input: &Value) -> Result<Call, serde_json::Error> {
                match self {
                    $(Self::$name => read(input).map(Call::$name),)*
                }
            }
        }

        /// One schema per name: what its input looks like.
        fn inputs(generator: &mut SchemaGenerator) -> Vec<Value> {
            vec![$(input_of(stringify!($name), &generator.subschema_for::<Document<$input>>()),)*]
        }
    };
}

operations! {
    CreateComputeEnvironment(ComputeEnvironment),
    UpdateComputeEnvironment(UpdateComputeEnvironment),
    DeleteComputeEnvironment(DeleteComputeEnvironment),
    CreateJobQueue(JobQueue),
    UpdateJobQueue(UpdateJobQueue),
    DeleteJobQueue(DeleteJobQueue),
    CreateSchedulingPolicy(SchedulingPolicy),
    UpdateSchedulingPolicy(UpdateSchedulingPolicy),
    DeleteSchedulingPolicy(DeleteSchedulingPolicy),
    CreateConsumableResource(ConsumableResource),
    UpdateConsumableResource(UpdateConsumableResource),
    DeleteConsumableResource(DeleteConsumableResource),
    RegisterJobDefinition(JobDefinition),
    DeregisterJobDefinition(DeregisterJobDefinition),
    SubmitJob(SubmitJob),
    CancelJob(CancelJob),
    CancelJobs(CancelJobs),
    TerminateJob(TerminateJob),
    TerminateJobs(TerminateJobs),
}

fn read<T: DeserializeOwned>(input: &Value) -> Result<Box<T>, serde_json::Error> {
    T::deserialize(input).map(Box::new)
}

fn input_of(name: &str, input: &Schema) -> Value {
    json!({
        "if": { "properties": { "operation": { "const": name } }, "required": ["operation"] },
        "then": { "properties": { "input": input } }
    })
}

impl JsonSchema for Operation {
    fn schema_name() -> Cow<'static, str> {
        "Operation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = OperationFields::json_schema(generator);
        schema.insert("allOf".to_owned(), inputs(generator).into());
        schema
    }
}
