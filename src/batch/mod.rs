//! AWS Batch's control plane as a library: an account of environments, queues, policies, consumable resources and job
//! definitions, and the calls that change it. What the core must hear of comes out as events.
//!
//! `account` is the façade, `registry` who bears which name, then one file per noun; `capacity` what `instanceTypes`
//! stand for, `shares` weights, `exit` what `evaluateOnExit` matches, `specs` and `submissions` what a job comes to,
//! `describe` and `paging` the questions about them; `describe_jobs`, `list_jobs` with `job_filters`, and `snapshot` those
//! about jobs, where `named_job` is what an id names and `job_shapes` how AWS writes it.

mod account;
mod capacity;
mod definitions;
mod describe;
mod describe_jobs;
mod environments;
mod error;
mod exit;
mod job_filters;
mod job_shapes;
mod jobs;
mod list_jobs;
mod named_job;
mod paging;
mod policies;
mod queues;
mod registry;
mod resources;
mod shares;
mod snapshot;
mod specs;
mod submissions;

pub use account::{AccountNames, Batch, Outcome};
pub use capacity::{InstanceTypes, TypeOffer};
pub use definitions::RegisteredJobDefinition;
pub use describe::{
    ComputeEnvironmentDetail, ConsumableResourceDetail, JobDefinitionDetail, JobDefinitionFilter, JobQueueDetail,
    SchedulingPolicyDetail,
};
pub use environments::ComputeEnvironmentName;
pub use error::{BatchError, Exception};
pub use exit::{EndText, EndTexts};
pub use job_filters::KeyValuesPair;
pub use job_shapes::{
    ArrayPropertiesDetail, AttemptDetail, CapacityUsage, ContainerSummary, EksAttemptContainerDetail, EksAttemptDetail,
    EksPodPropertiesDetail, EksPropertiesDetail, JobDetail, JobSummary, NodeDetails, NodePropertiesSummary,
};
pub use list_jobs::ListJobs;
pub use paging::{Page, PageRequest};
pub use policies::SchedulingPolicyName;
pub use queues::JobQueueName;
pub use registry::{Noun, Status};
pub use resources::{ConsumableResourceName, UpdatedConsumableResource};
pub use snapshot::{
    FairshareCapacityUtilization, FairshareUtilizationDetail, FrontOfQueueDetail, FrontOfQueueJobSummary,
    JobQueueSnapshot, QueueSnapshotUtilizationDetail,
};
pub use specs::{JudgedSubmission, KnownSpec, Variation};
pub use submissions::{Submission, SubmittedJob};
