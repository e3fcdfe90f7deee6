//! The interval of a mean from one long run: batch means. Sums by bin go in, an estimate comes out, with what is known of
//! its worth.
//!
//! Between ten and thirty batches are as good as any number: B. W. Schmeiser, "Batch size effects in the analysis of
//! simulation output", *Operations Research* 30(3), 1982. Thirty are tried first, then twenty and ten, until neighbours
//! pass for independent by von Neumann's ratio: G. S. Fishman, "Grouping observations in digital simulation", *Management
//! Science* 24(5), 1978. Batches are equally long in time and hold different numbers of observations, so the mean is a
//! ratio of sums, and its variance that of the linearised ratio: W. G. Cochran, *Sampling Techniques*, 3rd ed., 1977,
//! section 6.4.

use crate::metrics::Estimate;

/// Numbers of batches, best first.
const BATCHES: [usize; 3] = [30, 20, 10];
/// Von Neumann's ratio of independent batches lies above this 19 times in 20.
const NORMAL_95: f64 = 1.644_854;

/// Observations of one of many equally long spans of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bin {
    /// Their sum.
    pub sum: f64,
    /// Their number.
    pub n: f64,
}

/// A mean by batch means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchMeans {
    /// The mean; `n` is the number of batches.
    pub estimate: Estimate,
    /// Correlation of neighbouring batches.
    pub lag1: f64,
    /// Whether it passes for none. If not, the interval is too narrow.
    pub independent: bool,
}

/// The mean of all observations with its interval at `level`; `None` with fewer than ten bins, or no observation.
///
/// # Panics
/// If `level` is not between 0 and 1.
pub fn batch_means(bins: &[Bin], level: f64) -> Option<BatchMeans> {
    let mut last = None;
    for batches in BATCHES {
        if bins.len() < batches {
            continue;
        }
        let values = linearised(bins, batches)?;
        let estimate = Estimate::of(&values, level)?;
        let lag1 = lag1(&values, estimate.mean);
        let found = BatchMeans { estimate, lag1, independent: passes_for_independent(&values, estimate.mean) };
        last = Some(found);
        if found.independent {
            break;
        }
    }
    last
}

/// A value per batch: their mean is the ratio of all sums to all numbers, their variance that of the ratio.
fn linearised(bins: &[Bin], batches: usize) -> Option<Vec<f64>> {
    let edge = |batch: usize| batch * bins.len() / batches;
    let sum_up = |bins: &[Bin]| bins.iter().fold(Bin::default(), |a, b| Bin { sum: a.sum + b.sum, n: a.n + b.n });
    let all = sum_up(bins);
    if all.n <= 0.0 {
        return None;
    }
    let ratio = all.sum / all.n;
    #[expect(clippy::cast_precision_loss, reason = "thirty")]
    let mean_n = all.n / batches as f64;
    let values = (0..batches).map(|batch| {
        let batch = sum_up(&bins[edge(batch)..edge(batch + 1)]);
        ratio + (batch.sum - ratio * batch.n) / mean_n
    });
    Some(values.collect())
}

fn squares(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

fn lag1(values: &[f64], mean: f64) -> f64 {
    let squares = squares(values, mean);
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}

/// One-sided, at 5 %: only a correlation above zero makes an interval too narrow. Half the sum of squared steps from each
/// value to the next, over the sum of squares, is 1 on average for independent values, and nearly normal.
fn passes_for_independent(values: &[f64], mean: f64) -> bool {
    let squares = squares(values, mean);
    if squares <= 0.0 {
        return true;
    }
    let steps: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    #[expect(clippy::cast_precision_loss, reason = "thirty")]
    let n = values.len() as f64;
    let standardised = (1.0 - steps / (2.0 * squares)) * ((n * n - 1.0) / (n - 2.0)).sqrt();
    standardised < NORMAL_95
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    /// Equally many observations in each bin.
    fn bins(values: impl IntoIterator<Item = f64>) -> Vec<Bin> {
        values.into_iter().map(|value| Bin { sum: value * 4.0, n: 4.0 }).collect()
    }

    #[test]
    fn equal_batches_are_an_ordinary_sample() {
        let values: Vec<f64> = (0..30_u32).map(|n| f64::from((n * 7) % 30)).collect();
        let found = batch_means(&bins(values.iter().copied()), 0.95).unwrap();
        let sample = Estimate::of(&values, 0.95).unwrap();
        close(found.estimate.mean, sample.mean);
        close(found.estimate.half_width.unwrap(), sample.half_width.unwrap());
        assert!(found.independent, "{found:?}");
    }

    #[test]
    fn the_mean_is_that_of_all_observations_whatever_the_batches_hold() {
        let bins: Vec<Bin> = (0..100_u32).map(|n| Bin { sum: f64::from(n * (n % 7)), n: f64::from(n % 7) }).collect();
        let found = batch_means(&bins, 0.95).unwrap();
        let (sum, n) = bins.iter().fold((0.0, 0.0), |all, bin| (all.0 + bin.sum, all.1 + bin.n));
        close(found.estimate.mean, sum / n);
    }

    #[test]
    fn a_trend_is_told_even_with_few_batches() {
        let found = batch_means(&bins((0..300_u32).map(f64::from)), 0.95).unwrap();
        assert_eq!(found.estimate.n, 10);
        assert!(!found.independent && found.lag1 > 0.5, "{found:?}");
    }

    #[test]
    fn short_correlation_asks_for_fewer_batches() {
        // Blocks of a tenth: three thirtieths are alike, and two twentieths, but no two tenths.
        let block = |n: u32| f64::from(((n / 24) * 7) % 10);
        let found = batch_means(&bins((0..240).map(block)), 0.95).unwrap();
        assert!(found.estimate.n == 10 && found.independent, "{found:?}");
    }

    #[test]
    fn too_little_is_no_estimate() {
        assert_eq!(batch_means(&bins([1.0; 9]), 0.95), None);
        assert_eq!(batch_means(&[Bin::default(); 40], 0.95), None);
        let still = batch_means(&bins([2.0; 40]), 0.95).unwrap();
        assert_eq!((still.estimate.mean, still.estimate.half_width, still.independent), (2.0, Some(0.0), true));
    }
}
