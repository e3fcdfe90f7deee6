//! Requests that change or end what documents created: one file per noun. Creating is in the nouns' own files.
//!
//! Each request says what AWS Batch would reject of it by itself; whether the thing it names exists, and is in a state
//! to be changed, is for whoever holds the account.

mod compute_environment;
mod consumable_resource;
mod job;
mod job_definition;
mod job_queue;
mod scheduling_policy;

pub use compute_environment::{
    ComputeResourceUpdate, DeleteComputeEnvironment, EksConfigurationUpdate, UpdateComputeEnvironment, UpdateKind,
    UpdatePolicy,
};
pub use consumable_resource::{DeleteConsumableResource, QuantityOperation, UpdateConsumableResource};
pub use job::{CancelJob, CancelJobs, TerminateJob, TerminateJobs};
pub use job_definition::DeregisterJobDefinition;
pub use job_queue::{DeleteJobQueue, UpdateJobQueue};
pub use scheduling_policy::{DeleteSchedulingPolicy, UpdateSchedulingPolicy};
