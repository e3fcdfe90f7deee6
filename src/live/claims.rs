//! `NodeClaim`s of a launch request.

use serde_json::{Value, json};

use crate::ids::InstanceTypeId;
use crate::live::backend::NodeClass;
use crate::live::pods::RunEnvironment;
use crate::model::Names;
use crate::scheduler::LaunchRequest;

/// A claim that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedClaim {
    /// `metadata.name`.
    pub name: String,
    /// What it may be: all of the same size.
    pub instance_types: Vec<InstanceTypeId>,
    /// vCPUs of each of them.
    pub vcpus: u32,
}

/// How names of a run's claims begin.
pub fn prefix(run: &str) -> String {
    format!("windtunnel-{}-", run.split('-').next().unwrap_or(run))
}

/// plan
pub fn plan(request: &LaunchRequest, run: &str, vcpus: &[u32]) -> Vec<PlannedClaim> {
    let _ = (request, run, vcpus);
    Vec::new()
}

/// manifest
pub fn manifest(
    claim: &PlannedClaim,
    _: &LaunchRequest,
    _: &Names,
    _: &RunEnvironment,
    _: &str,
    _: &NodeClass,
) -> Value {
    json!({"name": claim.name})
}

/// told
pub fn announcement(request: &LaunchRequest, _: &Names, _: &[u32], _: Option<&RunEnvironment>) -> Value {
    json!({"launch": request.launch})
}

/// removal
pub fn removal(node: &str) -> Value {
    json!({"remove": node})
}
