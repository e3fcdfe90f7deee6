//! What people call the things that the core knows by id. Reports need it, decisions never do.

use serde::{Deserialize, Serialize};

/// Names by id; every list is indexed by the id's number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Names {
    /// `computeEnvironmentName`.
    pub compute_environments: Vec<String>,
    /// `jobQueueName`.
    pub job_queues: Vec<String>,
    /// `jobName` and `jobDefinition` of each job spec.
    pub job_specs: Vec<JobSpecName>,
    /// Instance types, like `m5.large`, in alphabetical order.
    pub instance_types: Vec<String>,
    /// Availability Zones, like `us-east-1a`.
    pub zones: Vec<String>,
    /// `shareIdentifier`s, in order of appearance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<String>,
    /// `consumableResourceName`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumable_resources: Vec<String>,
}

/// What a submission calls its job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSpecName {
    /// `jobName`.
    pub job_name: String,
    /// `jobDefinition`, as submitted.
    pub job_definition: String,
}
