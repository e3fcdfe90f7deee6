//! What people call the things that the core knows by id. Reports need it, decisions never do.

use serde::{Deserialize, Serialize};

use crate::ids::JobSpecId;

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

impl Names {
    /// Takes in what a job spec is called that came up while a run went on.
    pub fn call(&mut self, spec: JobSpecId, name: &JobSpecName) {
        if self.job_specs.len() <= spec.index() {
            self.job_specs.resize_with(spec.index() + 1, JobSpecName::default);
        }
        self.job_specs[spec.index()].clone_from(name);
    }
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
