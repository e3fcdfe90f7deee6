//! Templates of AWS CloudFormation, written by hand or synthesised by the CDK: what a team has before anything is deployed.
//!
//! `yaml` reads JSON and YAML with the short tags, `functions` resolves intrinsic functions as far as a template tells,
//! `template` finds the resources of AWS Batch.

mod functions;
mod template;
mod yaml;

pub use template::{Template, Wanted, scenario};
