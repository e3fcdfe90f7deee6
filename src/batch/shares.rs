//! Share identifiers as numbers, and the weights that a policy gives them: entries that end in `*` are resolved for the
//! shares that have appeared. Source: `API:ShareAttributes`. Knows no queue and no usage.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::ShareId;
use crate::model::scheduling_policy::FairsharePolicy;
use crate::scheduler::ShareWeight;

/// Shares in order of appearance; an identifier is one share whatever the queue, for queues don't add up.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    names: Vec<String>,
    ids: BTreeMap<String, ShareId>,
}

/// The core counts weights in ten-thousandths, the least that AWS Batch tells apart.
const ONE: u32 = 10_000;

impl Shares {
    pub(super) fn intern(&mut self, name: &str) -> ShareId {
        if let Some(known) = self.ids.get(name) {
            return *known;
        }
        let id = ShareId(u32::try_from(self.names.len()).expect("shares are submitted one by one, below u32"));
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Weights of those of the shares that don't simply weigh 1, in ascending order of their ids.
    pub(super) fn weights(&self, policy: &FairsharePolicy, shares: &BTreeSet<ShareId>) -> Vec<ShareWeight> {
        let weigh = |share: &ShareId| {
            let name = &self.names[share.index()];
            let (index, entry) = policy.share_distribution.iter().enumerate().find(|(_, entry)| entry.names(name))?;
            let prefix = entry.share_identifier.ends_with('*').then(|| u16::try_from(index).unwrap_or(u16::MAX));
            let weight = entry.weight_factor.map_or(ONE, ten_thousandths);
            (weight != ONE || prefix.is_some()).then_some(ShareWeight { share: *share, weight, prefix })
        };
        shares.iter().filter_map(weigh).collect()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what AWS Batch takes")]
fn ten_thousandths(weight: f64) -> u32 {
    (weight * f64::from(ONE)).round().clamp(1.0, 9_999_999.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_ends_in_a_star_is_resolved_for_each_share_that_appeared() {
        let policy: FairsharePolicy = serde_json::from_value(serde_json::json!({ "shareDistribution": [
            { "shareIdentifier": "A*", "weightFactor": 0.125 }, { "shareIdentifier": "B", "weightFactor": 999.9999 },
            { "shareIdentifier": "C" }, { "shareIdentifier": "D*" }
        ] }))
        .expect("a policy");
        let mut shares = Shares::default();
        let seen = ["C", "A2", "other", "B", "A1", "D1"].map(|name| shares.intern(name)).into();
        assert_eq!(shares.intern("B"), ShareId(3), "one id for one name");
        let weight = |share, weight, prefix| ShareWeight { share: ShareId(share), weight, prefix };
        assert_eq!(
            shares.weights(&policy, &seen),
            [weight(1, 1_250, Some(0)), weight(3, 9_999_999, None), weight(4, 1_250, Some(0)), weight(5, ONE, Some(3))]
        );
    }
}
