//! How long things took: quantiles, mean and maximum of spans of time, in memory that does not grow with their number.
//!
//! Quantiles come from a histogram with three significant decimal digits: spans below 2.048 s are kept to the
//! millisecond, longer ones within 0.05 to 0.1 % of their value, rounded up. Mean and maximum are exact. Nothing here
//! knows what was measured.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::units::SimDuration;

const SIGNIFICANT_DIGITS: u8 = 3;

/// Spans of time seen so far.
#[derive(Debug, Clone)]
pub(super) struct Spans {
    millis: Histogram<u64>,
    sum_ms: u128,
    max: SimDuration,
}

/// How finely a distribution is told: steps per factor of ten.
const STEPS_PER_DECADE: f64 = 64.0;

/// One step of a cumulative distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Seconds.
    pub at_s: f64,
    /// How many took no longer.
    pub count: u64,
}

/// What is said of a set of spans, in seconds; every field but `count` is null where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many were measured.
    pub count: u64,
    /// The arithmetic mean.
    pub mean: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// 90 % took no longer.
    pub p90: Option<f64>,
    /// 95 % took no longer.
    pub p95: Option<f64>,
    /// 99 % took no longer.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

impl Default for Spans {
    fn default() -> Self {
        let millis = Histogram::new(SIGNIFICANT_DIGITS).expect("three significant digits are allowed");
        Self { millis, sum_ms: 0, max: SimDuration::ZERO }
    }
}

impl Spans {
    /// Adds one. The histogram grows a few times in its life, so this allocates almost never.
    pub(super) fn record(&mut self, span: SimDuration) {
        let millis = span.as_millis();
        self.millis.record(millis).expect("the histogram grows to any 64-bit value");
        self.sum_ms += u128::from(millis);
        self.max = self.max.max(span);
    }

    /// Adds all of another set.
    pub(super) fn add(&mut self, other: &Self) {
        self.millis.add(&other.millis).expect("the histogram grows to any 64-bit value");
        self.sum_ms += other.sum_ms;
        self.max = self.max.max(other.max);
    }

    /// How many took how long at most: a few hundred steps, however many spans there are; spans of 0 have their own.
    pub(super) fn distribution(&self) -> Vec<Step> {
        let mut steps: Vec<(i64, Step)> = Vec::new();
        let mut count = 0;
        for recorded in self.millis.iter_recorded() {
            let millis = recorded.value_iterated_to().min(self.max.as_millis());
            count += recorded.count_since_last_iteration();
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few hundred at most")]
            let rung = if millis == 0 { -1 } else { ((millis as f64).log10() * STEPS_PER_DECADE).floor() as i64 };
            let step = Step { at_s: SimDuration::from_millis(millis).as_secs_f64(), count };
            match steps.last_mut() {
                Some((before, last)) if *before == rung => *last = step,
                _ => steps.push((rung, step)),
            }
        }
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// What is to be said of them.
    pub(super) fn quantiles(&self) -> Quantiles {
        let count = self.millis.len();
        if count == 0 {
            return Quantiles::default();
        }
        // A histogram answers with its bucket's upper end, which may lie beyond the largest value.
        let at = |quantile| {
            let millis = self.millis.value_at_quantile(quantile).min(self.max.as_millis());
            Some(SimDuration::from_millis(millis).as_secs_f64())
        };
        #[expect(clippy::cast_precision_loss, reason = "a mean for display")]
        let mean = self.sum_ms as f64 / 1e3 / count as f64;
        Quantiles {
            count,
            mean: Some(mean),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            max: Some(self.max.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(millis: impl IntoIterator<Item = u64>) -> Spans {
        let mut spans = Spans::default();
        millis.into_iter().for_each(|ms| spans.record(SimDuration::from_millis(ms)));
        spans
    }

    #[test]
    fn short_spans_are_exact() {
        let q = spans(1..=1_000).quantiles();
        assert_eq!(q.count, 1_000);
        assert_eq!((q.mean, q.p50, q.p90), (Some(0.5005), Some(0.5), Some(0.9)));
        assert_eq!((q.p95, q.p99, q.max), (Some(0.95), Some(0.99), Some(1.0)));
    }

    #[test]
    fn long_spans_are_within_a_thousandth() {
        let q = spans((1..=10_000).map(|n| n * 7_919)).quantiles();
        for (found, exact) in [(q.p50, 5_000.0), (q.p95, 9_500.0), (q.p99, 9_900.0)] {
            let exact = exact * 7.919;
            let error = (found.unwrap() - exact) / exact;
            assert!((0.0..=0.001).contains(&error), "{found:?} instead of {exact}");
        }
        assert_eq!(q.max, Some(79_190.0));
    }

    #[test]
    fn a_distribution_is_short_and_keeps_zero_apart() {
        let steps = spans((0..100_000).map(|n| n / 2 * 10)).distribution();
        assert_eq!((steps[0], steps.last().unwrap().count), (Step { at_s: 0.0, count: 2 }, 100_000));
        assert!(steps.len() < 400 && steps.is_sorted_by(|a, b| a.at_s < b.at_s && a.count < b.count));
        assert!(spans([]).distribution().is_empty());
    }

    #[test]
    fn nothing_measured_is_no_number() {
        assert_eq!(Spans::default().quantiles(), Quantiles::default());
    }

    #[test]
    fn sets_add_up() {
        let mut all = spans([10, 20]);
        all.add(&spans([3_000, 50]));
        assert_eq!(all.quantiles(), spans([10, 20, 50, 3_000]).quantiles());
    }
}
