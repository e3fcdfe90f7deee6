//! Consumable resources (licenses, tokens, bandwidth): the resource itself as `CreateConsumableResource` takes it, and
//! what a job asks of it. Source: `API:CreateConsumableResourceRequest`, `API:ConsumableResourceProperties`,
//! `UG:resource-aware-scheduling`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::job_queue::name_of;
use crate::model::text::NAME_PATTERN;
use crate::model::{Problem, tags};

/// A consumable resource of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumableResource {
    /// Up to 128 letters, digits, hyphens and underscores.
    #[schemars(regex(pattern = NAME_PATTERN))]
    pub consumable_resource_name: String,
    /// How much there is; 0 where absent.
    #[serde(default)]
    #[schemars(range(max = 9_223_372_036_854_775_807_u64))]
    pub total_quantity: u64,
    /// Whether jobs give back what they held.
    #[serde(default)]
    pub resource_type: ResourceType,
    /// Tags of the resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Whether jobs give back what they held. Source: `API:CreateConsumableResourceRequest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResourceType {
    /// They do, when they end.
    #[default]
    Replenishable,
    /// They use it up.
    NonReplenishable,
}

/// What a job holds while it runs. Source: `API:ConsumableResourceProperties`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumableResourceProperties {
    /// Up to five.
    #[serde(default)]
    #[schemars(length(max = 5))]
    pub consumable_resource_list: Vec<ConsumableResourceRequirement>,
}

/// Source: `API:ConsumableResourceRequirement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumableResourceRequirement {
    /// Name or ARN.
    #[schemars(length(min = 1))]
    pub consumable_resource: String,
    /// How much, at least 1.
    #[schemars(range(min = 1, max = 9_223_372_036_854_775_807_u64))]
    pub quantity: u64,
}

/// Resources of a job at most. Source: `UG:resource-aware-scheduling-how-to-for-jobs`.
pub(super) const RESOURCES_PER_JOB_MAX: usize = 5;

impl ConsumableResource {
    /// What AWS Batch would reject of the document by itself.
    pub fn problems(&self) -> Vec<Problem> {
        tags::problems(&self.tags)
    }
}

impl ConsumableResourceProperties {
    /// What AWS Batch would reject of the list by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let mut names = BTreeSet::new();
        let twice = |entry: &ConsumableResourceRequirement, index: usize| {
            Problem::new(
                format!("/consumableResourceList/{index}/consumableResource"),
                format!("`{}` stands twice", entry.consumable_resource),
                "name every resource once, with the quantity of both",
            )
        };
        let entries = self.consumable_resource_list.iter().enumerate();
        entries
            .filter(|(_, entry)| !names.insert(name_of(&entry.consumable_resource)))
            .map(|(index, entry)| twice(entry, index))
            .collect()
    }

    /// What is asked of each resource, by name, `times` over.
    pub fn quantities(&self, times: u64) -> impl Iterator<Item = (&str, u64)> {
        self.consumable_resource_list
            .iter()
            .map(move |entry| (name_of(&entry.consumable_resource), entry.quantity.saturating_mul(times)))
    }
}
