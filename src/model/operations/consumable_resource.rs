//! Changing and deleting consumable resources. Source: `API:UpdateConsumableResourceRequest`,
//! `API:DeleteConsumableResourceRequest`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;

/// `UpdateConsumableResource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateConsumableResource {
    /// Name or ARN.
    #[schemars(length(min = 1))]
    pub consumable_resource: String,
    /// What is done with `quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<QuantityOperation>,
    /// The new total, or how much it changes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_223_372_036_854_775_807_u64))]
    pub quantity: Option<u64>,
    /// Makes repeated requests one, for eight hours; 1 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub client_token: Option<String>,
}

/// How a total changes. Source: `API:UpdateConsumableResourceRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum QuantityOperation {
    /// The total becomes the quantity.
    Set,
    /// The total grows by it.
    Add,
    /// The total shrinks by it.
    Remove,
}

/// `DeleteConsumableResource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteConsumableResource {
    /// Name or ARN.
    #[schemars(length(min = 1))]
    pub consumable_resource: String,
}

impl UpdateConsumableResource {
    /// What AWS Batch would reject of the request by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let problem = match (self.operation, self.quantity) {
            (Some(_), None) => Problem::new("", "`operation` has no `quantity`", "add `quantity`"),
            (None, Some(_)) => {
                Problem::new("", "`quantity` has no `operation`", "add `operation`: `SET`, `ADD` or `REMOVE`")
            }
            _ => return Vec::new(),
        };
        vec![problem]
    }

    /// The total after the request; at least 0.
    pub fn applied_to(&self, total: u64) -> u64 {
        match (self.operation, self.quantity) {
            (Some(QuantityOperation::Set), Some(quantity)) => quantity,
            (Some(QuantityOperation::Add), Some(quantity)) => total.saturating_add(quantity),
            (Some(QuantityOperation::Remove), Some(quantity)) => total.saturating_sub(quantity),
            (None, _) | (_, None) => total,
        }
    }
}
