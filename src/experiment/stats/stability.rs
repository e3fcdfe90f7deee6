//! Whether the number of jobs in a system grows without end. A series of its averages over equal spans goes in, the growth
//! and a verdict come out.
//!
//! A system that gets more than it can do grows by the difference on average, and its number of jobs is in the long run a
//! random walk with that drift; a stable one comes back again and again, so nothing is left of its ups and downs but the
//! two ends. That arrivals and departures are enough to tell: J. R. Wieland, R. Pasupathy, B. W. Schmeiser,
//! "Queueing-network stability: simulation-based checking", *Proc. Winter Simulation Conference*, 2003.
//!
//! The growth is the mean step between neighbouring batch means, its interval Student's t of these steps. Steps between
//! averages of a random walk are correlated by 1/4: H. Working, "Note on the correlation of first differences of averages
//! in a random chain", *Econometrica* 28(4), 1960. So their mean has 3/2 of the variance that independent steps would
//! have, and the interval is widened by the root of that. For a stable system it is then far too wide, which is the safe
//! side: it is hardly ever taken for an unstable one.

use crate::metrics::Estimate;

/// Batches of the series; Schmeiser's ten to thirty, as for means.
const BATCHES: usize = 20;
const LEVEL: f64 = 0.95;
/// Variance of the mean step, over that of independent steps.
const WORKING: f64 = 1.5;
/// Growth below this share of the arrivals does not count as instability: no plan hangs on it.
const NEGLIGIBLE: f64 = 0.01;
/// Growth beyond this share of the arrivals must be ruled out before a system is called stable.
const MATERIAL: f64 = 0.05;

/// What a series says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The number of jobs does not grow, or by less than matters.
    Stable,
    /// It grows.
    Unstable,
    /// The series is too short, or too restless, to tell.
    Undecided,
}

/// By how much the number of jobs grows, in jobs per span of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// The estimate.
    pub per_span: f64,
    /// Half the width of its 95 % interval.
    pub half_width: f64,
    /// What follows from it.
    pub verdict: Verdict,
}

/// The growth of a series of averages over equal spans, in each of which `arrivals` jobs come. `None` with fewer than
/// forty spans, or without arrivals.
pub fn growth(series: &[f64], arrivals: f64) -> Option<Growth> {
    let length = series.len() / BATCHES;
    if length < 2 || arrivals <= 0.0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a series has some hundred values")]
    let spans = length as f64;
    // What is over stands at the beginning, nearest to the warm-up.
    let batches = series[series.len() - length * BATCHES..].chunks_exact(length);
    let means: Vec<f64> = batches.map(|batch| batch.iter().sum::<f64>() / spans).collect();
    let steps: Vec<f64> = means.windows(2).map(|pair| (pair[1] - pair[0]) / spans).collect();
    let estimate = Estimate::of(&steps, LEVEL)?;
    let (per_span, half_width) = (estimate.mean, estimate.half_width? * WORKING.sqrt());
    let verdict = if per_span - half_width > 0.0 && per_span >= NEGLIGIBLE * arrivals {
        Verdict::Unstable
    } else if per_span + half_width <= MATERIAL * arrivals {
        Verdict::Stable
    } else {
        Verdict::Undecided
    };
    Some(Growth { per_span, half_width, verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(index: u32) -> f64 {
        f64::from((index * 7_919) % 101) / 101.0
    }

    fn verdict(series: impl Iterator<Item = f64>, arrivals: f64) -> Verdict {
        growth(&series.collect::<Vec<_>>(), arrivals).unwrap().verdict
    }

    #[test]
    fn growth_is_measured_and_named() {
        let series: Vec<f64> = (0..400).map(|n| 3.0 + 0.25 * f64::from(n) + noise(n)).collect();
        let found = growth(&series, 2.0).unwrap();
        assert!((found.per_span - 0.25).abs() < 0.01, "{found:?}");
        assert_eq!(found.verdict, Verdict::Unstable);
    }

    #[test]
    fn ups_and_downs_and_a_fall_are_stable() {
        assert_eq!(verdict((0..400).map(|n| 10.0 * noise(n)), 2.0), Verdict::Stable);
        assert_eq!(verdict((0..400).map(|n| 400.0 - f64::from(n)), 2.0), Verdict::Stable);
    }

    #[test]
    fn growth_that_nobody_would_notice_is_none() {
        assert_eq!(verdict((0..400).map(|n| 0.005 * f64::from(n)), 2.0), Verdict::Stable);
    }

    #[test]
    fn what_a_series_can_not_tell_it_does_not() {
        let swings = (0..400).map(|n| if (n / 50) % 2 == 0 { 0.0 } else { 3_000.0 });
        assert_eq!(verdict(swings, 2.0), Verdict::Undecided);
        assert_eq!(growth(&[1.0; 39], 2.0), None);
        assert_eq!(growth(&[1.0; 400], 0.0), None);
    }
}
