//! What `terraform show -json` says of a plan or a state: its resources of AWS Batch.
//!
//! `resources` finds them in modules, with what is known of each; `references` whom a queue means whose environment has no ARN
//! before it is applied; `scenario` writes their members as AWS does.

mod references;
mod resources;
mod scenario;

pub use scenario::{Wanted, read, scenario};
