//! Confidence intervals of a mean by Student's t distribution, and of the mean difference of paired samples.
//!
//! Source: Law, *Simulation Modeling and Analysis*, 5th ed., sections 4.5 and 10.2 (paired-t under common random numbers).

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::metrics::Estimate;

impl Estimate {
    /// The mean of independent observations with its interval at `level` (0.95, say); `None` without observations.
    ///
    /// # Panics
    /// If `level` is not between 0 and 1.
    pub fn of(values: &[f64], level: f64) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a sample is far smaller than 2^52")]
        let size = n as f64;
        let mean = values.iter().sum::<f64>() / size;
        let deviation = (n > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (size - 1.0)).sqrt()
        });
        let half_width = deviation.map(|deviation| quantile(level, size - 1.0) * deviation / size.sqrt());
        Some(Self { n: n as u64, mean, deviation, half_width })
    }

    /// Both ends of the interval; a single observation has none.
    pub fn ends(&self) -> Option<(f64, f64)> {
        self.half_width.map(|half| (self.mean - half, self.mean + half))
    }

    /// Whether the interval leaves zero out: of a difference, whether there is one.
    pub fn excludes_zero(&self) -> bool {
        self.ends().is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }

    /// How likely a mean at least as far from zero is where the true one is zero (two-sided t test); `None` for a single
    /// observation. Equal observations other than zero leave no doubt.
    ///
    /// # Panics
    /// Never: an estimate with a deviation has two observations or more.
    pub fn p_value(&self) -> Option<f64> {
        let deviation = self.deviation?;
        if deviation == 0.0 {
            return Some(if self.mean == 0.0 { 1.0 } else { 0.0 });
        }
        #[expect(clippy::cast_precision_loss, reason = "a sample is far smaller than 2^52")]
        let size = self.n as f64;
        let distribution = StudentsT::new(0.0, 1.0, size - 1.0).expect("degrees of freedom are positive");
        Some(2.0 * distribution.sf(self.mean.abs() / (deviation / size.sqrt())))
    }

    /// Half the width relative to the mean's size; `None` where there is no interval, or the mean is zero and the
    /// interval is not.
    pub fn relative_half_width(&self) -> Option<f64> {
        let half = self.half_width?;
        if half == 0.0 {
            return Some(0.0);
        }
        (self.mean != 0.0).then(|| half / self.mean.abs())
    }
}

/// The mean of `b` less `a`, pair by pair. Values at one place come from the same random numbers.
///
/// # Panics
/// If the samples differ in length, or `level` is not between 0 and 1.
pub fn paired(a: &[f64], b: &[f64], level: f64) -> Option<Estimate> {
    assert_eq!(a.len(), b.len(), "pairs need a value on each side");
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    Estimate::of(&differences, level)
}

/// How many standard errors a two-sided interval of `level` reaches.
fn quantile(level: f64, degrees: f64) -> f64 {
    assert!(level > 0.0 && level < 1.0, "a confidence level lies between 0 and 1");
    let distribution = StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom are positive");
    distribution.inverse_cdf(f64::midpoint(1.0, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (level, degrees, table) in
            [(0.95, 1.0, 12.706), (0.95, 9.0, 2.262), (0.95, 29.0, 2.045), (0.90, 4.0, 2.132), (0.99, 120.0, 2.617)]
        {
            let found = quantile(level, degrees);
            assert!((found - table).abs() < 6e-4, "{found} instead of {table}");
        }
    }

    #[test]
    fn an_interval_by_hand() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0], 0.95).unwrap();
        assert_eq!((estimate.n, estimate.mean), (4, 2.5));
        // Deviation 1.29099, standard error 0.6455, quantile 3.1824.
        assert!((estimate.half_width.unwrap() - 2.054_26).abs() < 1e-4, "{estimate:?}");
        assert!(!estimate.excludes_zero() || estimate.ends().unwrap().0 > 0.0);
        // t = 2.5 / 0.6455 = 3.873 with 3 degrees of freedom.
        assert!((estimate.p_value().unwrap() - 0.030_466).abs() < 1e-5, "{estimate:?}");
    }

    #[test]
    fn pairs_take_out_what_both_sides_share() {
        let a = [10.0, 200.0, 3_000.0];
        let b = [11.0, 201.5, 3_001.0];
        let difference = paired(&a, &b, 0.95).unwrap();
        assert!((difference.mean - 7.0 / 6.0).abs() < 1e-9);
        assert!(difference.excludes_zero(), "{difference:?}");
    }

    #[test]
    fn a_single_observation_has_no_interval() {
        let single = Estimate::of(&[3.0], 0.95).unwrap();
        assert_eq!((single.mean, single.half_width, single.ends()), (3.0, None, None));
        assert_eq!(Estimate::of(&[], 0.95), None);
        assert_eq!(Estimate::of(&[2.0, 2.0], 0.95).unwrap().relative_half_width(), Some(0.0));
    }
}
