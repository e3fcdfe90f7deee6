//! `CreateSchedulingPolicy`, as `--cli-input-json` takes it: fair share between the users of a queue. Source:
//! `API:CreateSchedulingPolicyRequest`, `API:FairsharePolicy`, `API:ShareAttributes`. Knows shares by name, not usage.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::submit_job::SHARE_PATTERN;
use crate::model::text::NAME_PATTERN;
use crate::model::{Problem, tags};

/// A scheduling policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SchedulingPolicy {
    /// Up to 128 letters, digits, hyphens and underscores.
    #[schemars(regex(pattern = NAME_PATTERN))]
    pub name: String,
    /// How shares are weighed; all alike where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fairshare_policy: Option<FairsharePolicy>,
    /// For queues of type `SAGEMAKER_TRAINING`; refused here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_share_policy: Option<Value>,
    /// Tags of the policy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// How shares are weighed. Source: `API:FairsharePolicy`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FairsharePolicy {
    /// How far back usage counts, 0 (the least window, 600 s) to 604800.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 604_800))]
    pub share_decay_seconds: Option<u32>,
    /// Percentage of `maxvCpus` kept for shares that are not active, 0 to 99.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 99))]
    pub compute_reservation: Option<u8>,
    /// Weights; a share that no entry names has weight 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub share_distribution: Vec<ShareAttributes>,
}

/// The weight of a share, or of all shares with a prefix. Source: `API:ShareAttributes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShareAttributes {
    /// Up to 255 letters and digits; a `*` at the end makes it a prefix.
    #[schemars(regex(pattern = SHARE_PATTERN))]
    pub share_identifier: String,
    /// 0.0001 to 999.9999, the lower the more; 1 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0001, max = 999.9999))]
    pub weight_factor: Option<f64>,
}

impl ShareAttributes {
    /// Whether the entry speaks of a share identifier.
    pub fn names(&self, share: &str) -> bool {
        match self.share_identifier.strip_suffix('*') {
            Some(prefix) => share.starts_with(prefix),
            None => share == self.share_identifier,
        }
    }

    /// Whether some share identifier is named by both entries.
    fn overlaps(&self, other: &Self) -> bool {
        let prefix = |entry: &Self| entry.share_identifier.strip_suffix('*').map(str::to_owned);
        match (prefix(self), prefix(other)) {
            (Some(own), Some(others)) => own.starts_with(&others) || others.starts_with(&own),
            (Some(_), None) => self.names(&other.share_identifier),
            _ => other.names(&self.share_identifier),
        }
    }
}

impl FairsharePolicy {
    /// What AWS Batch would reject of it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, entry) in self.share_distribution.iter().enumerate() {
            if let Some(other) = self.share_distribution[..index].iter().find(|other| entry.overlaps(other)) {
                problems.push(Problem::new(
                    format!("/shareDistribution/{index}/shareIdentifier"),
                    format!(
                        "`{}` overlaps with `{}`, an entry before it",
                        entry.share_identifier, other.share_identifier
                    ),
                    "let every share be named by one entry",
                ));
            }
        }
        problems
    }

    /// The weight of a share.
    pub fn weight_of(&self, share: &str) -> f64 {
        let entry = self.share_distribution.iter().find(|entry| entry.names(share));
        entry.and_then(|entry| entry.weight_factor).unwrap_or(1.0)
    }
}

/// Why a quota share policy is refused, where one is given.
pub(super) fn quota_share_problem(policy: Option<&Value>) -> Option<Problem> {
    policy.map(|_| {
        Problem::new(
            "/quotaSharePolicy",
            "AWS Batch takes quota shares for queues of SageMaker training jobs only",
            "write `fairsharePolicy`",
        )
    })
}

impl SchedulingPolicy {
    /// What AWS Batch would reject of the document by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let fair = self.fairshare_policy.iter().flat_map(FairsharePolicy::problems);
        let mut problems: Vec<_> = fair.map(|problem| problem.under("/fairsharePolicy")).collect();
        problems.extend(quota_share_problem(self.quota_share_policy.as_ref()));
        problems.extend(tags::problems(&self.tags));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_overlap_when_a_share_could_be_both() {
        let entry = |name: &str| ShareAttributes { share_identifier: name.to_owned(), weight_factor: Some(0.5) };
        let overlap = |a: &str, b: &str| entry(a).overlaps(&entry(b)) && entry(b).overlaps(&entry(a));
        for (a, b) in [("A", "A"), ("A*", "A"), ("A*", "A1"), ("A*", "AB*"), ("A*", "A*")] {
            assert!(overlap(a, b), "{a} {b}");
        }
        for (a, b) in [("A", "B"), ("A", "A1"), ("A1*", "A2*"), ("A1*", "A")] {
            assert!(!entry(a).overlaps(&entry(b)) && !entry(b).overlaps(&entry(a)), "{a} {b}");
        }
        let policy = FairsharePolicy { share_distribution: vec![entry("A*")], ..FairsharePolicy::default() };
        assert!((policy.weight_of("A7") - 0.5).abs() < 1e-9 && (policy.weight_of("B") - 1.0).abs() < 1e-9);
    }
}
