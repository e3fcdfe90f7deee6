//! AWS Batch's control plane as a library: an account of environments, queues, policies, consumable resources and job
//! definitions, and the calls that change it. What the core must hear of comes out as events.
//!
//! `account` is the façade, `registry` who bears which name, then one file per noun; `capacity` what `instanceTypes`
//! stand for, `shares` weights, `exit` what `evaluateOnExit` matches, `specs` and `submissions` what a job comes to,
//! `describe` and `paging` the questions.

mod account;
mod capacity;
mod definitions;
mod describe;
mod environments;
mod error;
mod exit;
mod jobs;
mod paging;
mod policies;
mod queues;
mod registry;
mod resources;
mod shares;
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
pub use paging::{Page, PageRequest};
pub use policies::SchedulingPolicyName;
pub use queues::JobQueueName;
pub use registry::{Noun, Status};
pub use resources::{ConsumableResourceName, UpdatedConsumableResource};
pub use specs::{JudgedSubmission, KnownSpec, Variation};
pub use submissions::{Submission, SubmittedJob};
