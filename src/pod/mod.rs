//! The Kubernetes pod of an attempt: what AWS Batch creates for it, field by field, and what it is called.
//!
//! `attempt` says which attempt of which job where, `identity` gives names that are the same whenever they are asked for,
//! `render` writes the pod, `container` each of its containers.

mod attempt;
mod container;
mod identity;
mod render;

pub use attempt::{ArrayChild, Attempt, JobNode};
pub use identity::{compute_environment_uuid, job_uuid, node_uid, pod_name, pod_uuid, run_uuid};
pub use render::{
    COMPUTE_ENVIRONMENT_LABEL, JOB_ID_LABEL, NODE_UID_LABEL, TAINT, TERMINATION_GRACE_SECONDS, namespace, render,
};
