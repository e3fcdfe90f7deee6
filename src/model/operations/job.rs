//! Ending jobs, one or many. Source: `API:CancelJobRequest`, `API:TerminateJobRequest`, `API:CancelJobsRequest`,
//! `API:TerminateJobsRequest`. Cancelling ends jobs that have not been placed, terminating ends any.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `CancelJob`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelJob {
    /// The job; `id:index` for a child of an array.
    #[schemars(length(min = 1))]
    pub job_id: String,
    /// Becomes the job's `statusReason`; up to 1024 characters.
    #[schemars(length(max = 1_024))]
    pub reason: String,
}

/// `TerminateJob`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TerminateJob {
    /// The job; `id:index` for a child of an array.
    #[schemars(length(min = 1))]
    pub job_id: String,
    /// Becomes the job's `statusReason`; up to 1024 characters.
    #[schemars(length(max = 1_024))]
    pub reason: String,
}

/// `CancelJobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelJobs {
    /// Up to 50 jobs; ids that are not known are passed over.
    #[schemars(length(min = 1, max = 50))]
    pub jobs: Vec<String>,
    /// Becomes the jobs' `statusReason`; up to 1024 characters.
    #[schemars(length(max = 1_024))]
    pub reason: String,
}

/// `TerminateJobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TerminateJobs {
    /// Up to 50 jobs; ids that are not known are passed over.
    #[schemars(length(min = 1, max = 50))]
    pub jobs: Vec<String>,
    /// Becomes the jobs' `statusReason`; up to 1024 characters.
    #[schemars(length(max = 1_024))]
    pub reason: String,
}
