//! Measured spans as a distribution of a scenario: what was measured, not a shape that is assumed.

use serde_json::{Value, json};

use crate::model::duration;
use crate::units::SimDuration;

/// How many values an empirical distribution is given at most: percentiles, and both ends.
const VALUES: usize = 101;

/// The distribution of what was measured: a constant where it is always the same, else its values, or their percentiles
/// where there are many. `None` of nothing.
pub fn distribution(measured: impl IntoIterator<Item = SimDuration>) -> Option<Value> {
    let mut values: Vec<_> = measured.into_iter().collect();
    values.sort_unstable();
    let (first, last) = (*values.first()?, *values.last()?);
    if first == last {
        return Some(json!({ "constant": duration::to_text(first) }));
    }
    let chosen: Vec<_> = if values.len() <= VALUES {
        values.iter().map(|&value| duration::to_text(value)).collect()
    } else {
        let at = |rank: usize| values[rank * (values.len() - 1) / (VALUES - 1)];
        (0..VALUES).map(|rank| duration::to_text(at(rank))).collect()
    };
    Some(json!({ "empirical": chosen }))
}

/// The value that half of what was measured does not exceed, for what a scenario takes one value of.
pub(super) fn median(measured: &[SimDuration]) -> Option<SimDuration> {
    let mut values = measured.to_vec();
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_measured() {
        let of = |secs: &[u64]| distribution(secs.iter().map(|&secs| SimDuration::from_secs(secs)));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7, 7]), Some(json!({ "constant": "7s" })));
        assert_eq!(of(&[9, 7]), Some(json!({ "empirical": ["7s", "9s"] })));
        assert_eq!(
            (median(&[]), median(&[5, 1, 3].map(SimDuration::from_secs))),
            (None, Some(SimDuration::from_secs(3)))
        );
        let many = distribution((0..=1_000).map(SimDuration::from_secs)).unwrap();
        let many = many["empirical"].as_array().unwrap();
        assert_eq!(
            (many.len(), &many[0], &many[50], &many[100]),
            (101, &json!("0s"), &json!("8m20s"), &json!("16m40s"))
        );
    }
}
