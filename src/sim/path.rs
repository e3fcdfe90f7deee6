//! Values that were recorded over time: what holds now, and when it changes. Knows nothing of what the values are.

use std::sync::Arc;

use crate::units::{SimDuration, SimTime};

/// What comes after the end of what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// It begins anew.
    Repeat,
    /// The last value stays.
    Hold,
}

/// A recorded value: constant but for its steps. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<T> {
    /// From when on which value holds: ascending, the first at zero, neighbours differ.
    steps: Arc<[(SimDuration, T)]>,
    length: SimDuration,
    at_end: AtEnd,
    offset: SimDuration,
}

impl<T: Copy + PartialEq> Path<T> {
    /// A path of these steps, in ascending order of time, that ends at `length`; the run begins `offset` into it. Before the
    /// first step its value holds already. `None` without a step, without length, or where a step stands beyond it or before
    /// the one that it follows.
    pub fn new(
        steps: impl IntoIterator<Item = (SimDuration, T)>,
        length: SimDuration,
        at_end: AtEnd,
        offset: SimDuration,
    ) -> Option<Self> {
        let mut kept: Vec<(SimDuration, T)> = Vec::new();
        let mut last_at = SimDuration::ZERO;
        for (at, value) in steps {
            if at < last_at || at >= length {
                return None;
            }
            last_at = at;
            match kept.last_mut() {
                None => kept.push((SimDuration::ZERO, value)),
                Some(last) if last.1 == value => {}
                // Of two values at one time, the later said holds.
                Some(last) if last.0 == at => last.1 = value,
                Some(_) => kept.push((at, value)),
            }
        }
        kept.dedup_by(|next, last| next.1 == last.1);
        (!kept.is_empty()).then(|| Self { steps: kept.into(), length, at_end, offset })
    }

    /// The value at `now`, and when the next one begins: later than `now`, and never for a value that stays.
    pub fn at(&self, now: SimTime) -> (T, SimTime) {
        let (offset, length) = (self.offset.as_millis(), self.length.as_millis());
        let since = now.as_millis().saturating_add(offset);
        let begun = match self.at_end {
            AtEnd::Repeat => since / length * length,
            AtEnd::Hold => 0,
        };
        let next = self.steps.partition_point(|&(at, _)| at.as_millis() <= since - begun);
        // The first step is at zero, so one has been taken.
        let value = self.steps[next.saturating_sub(1)].1;
        let ends = (self.at_end == AtEnd::Repeat && self.steps.len() > 1).then_some(length);
        let until = self.steps.get(next).map(|&(at, _)| at.as_millis()).or(ends);
        let until = until.map_or(SimTime::MAX, |until| SimTime::from_millis((begun + until).saturating_sub(offset)));
        (value, until)
    }

    /// The mean of `of` over its whole length.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
    pub fn mean(&self, of: impl Fn(T) -> f64) -> f64 {
        let ends = self.steps.iter().skip(1).map(|&(at, _)| at).chain([self.length]);
        let sum: f64 = self
            .steps
            .iter()
            .zip(ends)
            .map(|(&(at, value), end)| of(value) * (end.as_millis() - at.as_millis()) as f64)
            .sum();
        sum / self.length.as_millis() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> SimDuration {
        SimDuration::from_secs(secs)
    }

    fn path(at_end: AtEnd, offset: u64) -> Path<u32> {
        let steps = [(0, 2), (10, 2), (20, 5), (30, 0)].map(|(at, value)| (secs(at), value));
        Path::new(steps, secs(40), at_end, secs(offset)).expect("a path")
    }

    fn at(path: &Path<u32>, now: u64) -> (u32, Option<u64>) {
        let (value, next) = path.at(SimTime::ZERO + secs(now));
        (value, (next < SimTime::MAX).then(|| next.as_millis() / 1_000))
    }

    #[test]
    fn a_value_holds_until_the_next_that_differs() {
        let path = path(AtEnd::Hold, 0);
        assert_eq!(
            [0, 19, 20, 30, 400].map(|now| at(&path, now)),
            [(2, Some(20)), (2, Some(20)), (5, Some(30)), (0, None), (0, None)]
        );
        assert!((path.mean(f64::from) - 2.25).abs() < 1e-12);
    }

    #[test]
    fn what_repeats_begins_anew_at_its_end() {
        let path = path(AtEnd::Repeat, 25);
        assert_eq!(
            [0, 5, 14, 15, 35, 55].map(|now| at(&path, now)),
            [(5, Some(5)), (0, Some(15)), (0, Some(15)), (2, Some(35)), (5, Some(45)), (2, Some(75))]
        );
    }

    #[test]
    fn a_single_value_never_changes_and_disorder_is_no_path() {
        let one = |steps: &[(u64, u32)]| {
            Path::new(steps.iter().map(|&(at, v)| (secs(at), v)), secs(40), AtEnd::Repeat, secs(0))
        };
        assert_eq!(at(&one(&[(7, 3)]).expect("a path"), 100), (3, None));
        assert_eq!(at(&one(&[(0, 3), (9, 4), (9, 3)]).expect("a path"), 100), (3, None));
        assert_eq!((one(&[]), one(&[(40, 1)]), one(&[(9, 1), (8, 2)])), (None, None, None));
    }
}
