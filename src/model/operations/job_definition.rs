//! Deregistering job definitions. Source: `API:DeregisterJobDefinitionRequest`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::model::job_queue::name_of;

/// `DeregisterJobDefinition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeregisterJobDefinition {
    /// `name:revision`, or the ARN with the revision.
    pub job_definition: String,
}

impl DeregisterJobDefinition {
    /// Name and revision; `None` where it names no revision.
    pub fn revision(&self) -> Option<(&str, u32)> {
        let (name, revision) = name_of(&self.job_definition).rsplit_once(':')?;
        Some((name, revision.parse().ok()?))
    }

    /// What AWS Batch would reject of the request by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let missing = || {
            let message = format!("`{}` names no revision", self.job_definition);
            Problem::new("/jobDefinition", message, "write `name:revision`, like `my-definition:1`")
        };
        if self.revision().is_some() { Vec::new() } else { vec![missing()] }
    }
}
