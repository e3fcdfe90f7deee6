//! Laws of positive quantities, fitted by maximum likelihood: exponential, lognormal, Weibull. Positive numbers in, a law
//! with the standard errors of its parameters out.
//!
//! Standard errors are asymptotic, from Fisher's information: N. L. Johnson, S. Kotz, N. Balakrishnan, *Continuous
//! Univariate Distributions*, vol. 1, 2nd ed., chapters 14, 19 and 21.

use std::f64::consts::PI;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// A family of laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Family {
    /// Memoryless.
    Exponential,
    /// The logarithm is normal.
    Lognormal,
    /// Weibull's.
    Weibull,
}

impl Family {
    /// All of them; the one with fewest parameters first.
    pub const ALL: [Self; 3] = [Self::Exponential, Self::Lognormal, Self::Weibull];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exponential => "exponential",
            Self::Lognormal => "lognormal",
            Self::Weibull => "weibull",
        }
    }
}

/// A law: a family with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the parameters are the textbook's")]
pub enum Law {
    Exponential { mean: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Weibull { shape: f64, scale: f64 },
}

/// A parameter with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Parameter {
    pub name: &'static str,
    pub value: f64,
    pub standard_error: f64,
}

/// 1 − γ, Euler's constant, from the information matrix of a Weibull law.
const ONE_LESS_EULER: f64 = 0.422_784_335_098_467_1;
/// Shapes that a scenario takes.
const SHAPES: (f64, f64) = (0.05, 50.0);

impl Law {
    /// The law of a family under which the sample is likeliest. `None` where there is none: fewer than two values, one that is
    /// not above 0, all equal, or
    /// so close together (or far apart) that a Weibull's shape would be none that a scenario takes.
    pub fn fit(family: Family, sample: &[f64]) -> Option<Self> {
        let least = sample.iter().copied().fold(f64::INFINITY, f64::min);
        let most = sample.iter().copied().fold(0.0, f64::max);
        if sample.len() < 2 || least <= 0.0 || !most.is_finite() || least >= most {
            return None;
        }
        let logs = || sample.iter().map(|value| value.ln());
        let mu = mean(logs());
        Some(match family {
            Family::Exponential => Self::Exponential { mean: mean(sample.iter().copied()) },
            Family::Lognormal => Self::Lognormal { mu, sigma: mean(logs().map(|log| (log - mu).powi(2))).sqrt() },
            Family::Weibull => {
                // Relative to the largest value, so that no power overflows.
                let logs: Vec<f64> = logs().map(|log| log - most.ln()).collect();
                let shape = weibull_shape(&logs)?;
                let scale = most * mean(logs.iter().map(|log| (shape * log).exp())).powf(1.0 / shape);
                Self::Weibull { shape, scale }
            }
        })
    }

    /// Its family.
    pub const fn family(&self) -> Family {
        match self {
            Self::Exponential { .. } => Family::Exponential,
            Self::Lognormal { .. } => Family::Lognormal,
            Self::Weibull { .. } => Family::Weibull,
        }
    }

    /// The parameters, with the standard errors that they have when fitted to so many values.
    pub fn parameters(&self, size: usize) -> Vec<Parameter> {
        let root = float(size).sqrt();
        let of = |name, value, error: f64| Parameter { name, value, standard_error: error / root };
        match *self {
            Self::Exponential { mean } => vec![of("mean", mean, mean)],
            Self::Lognormal { mu, sigma } => {
                vec![of("mu", mu, sigma), of("sigma", sigma, sigma / 2_f64.sqrt())]
            }
            Self::Weibull { shape, scale } => {
                let of_shape = 6_f64.sqrt() / PI;
                let of_scale = (1.0 + (of_shape * ONE_LESS_EULER).powi(2)).sqrt();
                vec![of("shape", shape, shape * of_shape), of("scale", scale, of_scale * scale / shape)]
            }
        }
    }

    /// The share of values that are not above this one.
    pub fn cdf(&self, value: f64) -> f64 {
        if value <= 0.0 {
            return 0.0;
        }
        match *self {
            Self::Exponential { mean } => -(-value / mean).exp_m1(),
            Self::Lognormal { mu, sigma } => Normal::standard().cdf((value.ln() - mu) / sigma),
            Self::Weibull { shape, scale } => -(-(value / scale).powf(shape)).exp_m1(),
        }
    }

    /// The value that this share of all is not above.
    pub fn quantile(&self, share: f64) -> f64 {
        match *self {
            Self::Exponential { mean } => -mean * (-share).ln_1p(),
            Self::Lognormal { mu, sigma } => (mu + sigma * Normal::standard().inverse_cdf(share)).exp(),
            Self::Weibull { shape, scale } => scale * (-(-share).ln_1p()).powf(1.0 / shape),
        }
    }

    /// The logarithm of the sample's likelihood.
    pub fn log_likelihood(&self, sample: &[f64]) -> f64 {
        let density = |value: &f64| match *self {
            Self::Exponential { mean } => -mean.ln() - value / mean,
            Self::Lognormal { mu, sigma } => {
                -((value.ln() - mu) / sigma).powi(2) / 2.0 - value.ln() - sigma.ln() - (2.0 * PI).ln() / 2.0
            }
            Self::Weibull { shape, scale } => {
                let ratio = value / scale;
                (shape / scale).ln() + (shape - 1.0) * ratio.ln() - ratio.powf(shape)
            }
        };
        sample.iter().map(density).sum()
    }

    /// Akaike's criterion: twice the parameters less twice the logarithm of the likelihood. Less is better.
    pub fn aic(&self, sample: &[f64]) -> f64 {
        float(2 * self.parameters(sample.len()).len()) - 2.0 * self.log_likelihood(sample)
    }
}

/// Where the likelihood's derivative by the shape is 0: it only rises, so that halving finds the place.
fn weibull_shape(logs: &[f64]) -> Option<f64> {
    let center = mean(logs.iter().copied());
    let slope = |shape: f64| {
        let (mut weights, mut weighted) = (0.0, 0.0);
        for log in logs {
            let weight = (shape * log).exp();
            weights += weight;
            weighted += weight * log;
        }
        weighted / weights - 1.0 / shape - center
    };
    let (mut low, mut high) = SHAPES;
    if slope(low) >= 0.0 || slope(high) <= 0.0 {
        return None;
    }
    while (high - low) / low > 1e-9 {
        let middle = (low * high).sqrt();
        if slope(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some((low * high).sqrt())
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut size) = (0.0, 0.0);
    for value in values {
        sum += value;
        size += 1.0;
    }
    sum / size
}

#[expect(clippy::cast_precision_loss, reason = "a sample is far smaller than 2^52")]
pub(super) fn float(size: usize) -> f64 {
    size as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::stats::goodness::sample;

    #[test]
    fn fits_by_hand() {
        let values = [1.0, 2.0, 4.0];
        let Some(Law::Lognormal { mu, sigma }) = Law::fit(Family::Lognormal, &values) else { panic!("no fit") };
        assert!((mu - 2_f64.ln()).abs() < 1e-12 && (sigma - (2.0 / 3.0_f64).sqrt() * 2_f64.ln()).abs() < 1e-12);
        let exponential = Law::fit(Family::Exponential, &values).unwrap();
        assert_eq!(exponential, Law::Exponential { mean: 7.0 / 3.0 });
        // −n (ln mean + 1), and one parameter.
        assert!((exponential.aic(&values) - (2.0 + 6.0 * ((7.0 / 3.0_f64).ln() + 1.0))).abs() < 1e-12);
        // At the maximum: Σxᵏ ln x / Σxᵏ − 1/k is the mean logarithm, and λᵏ the mean of xᵏ.
        let Some(Law::Weibull { shape, scale }) = Law::fit(Family::Weibull, &values) else { panic!("no fit") };
        let power = |value: &f64| value.powf(shape);
        let weighted = values.iter().map(|value| power(value) * value.ln()).sum::<f64>();
        let powers = values.iter().map(power).sum::<f64>();
        assert!((weighted / powers - 1.0 / shape - 2_f64.ln()).abs() < 1e-7, "{shape}");
        assert!((scale.powf(shape) - powers / 3.0).abs() < 1e-6);
        assert_eq!(Law::fit(Family::Weibull, &[100.0, 100.1, 100.2]), None, "its shape is above 50");
        for nothing in [&[][..], &[1.0], &[2.0, 2.0], &[0.0, 1.0], &[1.0, f64::INFINITY]] {
            assert!(Family::ALL.iter().all(|&family| Law::fit(family, nothing).is_none()), "{nothing:?}");
        }
    }

    #[test]
    fn quantiles_undo_shares() {
        for law in laws() {
            for share in [0.01, 0.5, 0.95] {
                assert!((law.cdf(law.quantile(share)) - share).abs() < 1e-6, "{law:?}");
            }
        }
    }

    /// Of 200 samples of each law, the known parameter lies within 1.96 standard errors in 95 % of cases, less what chance and
    /// the finite size take: 88 %.
    #[test]
    fn known_parameters_are_found_within_their_standard_errors() {
        for law in laws() {
            let truth = law.parameters(1);
            let mut within = vec![0; truth.len()];
            for seed in 0..200 {
                let drawn = sample(&law, 150, 0.0, seed);
                let found = Law::fit(law.family(), &drawn).unwrap().parameters(drawn.len());
                for ((count, found), truth) in within.iter_mut().zip(&found).zip(&truth) {
                    *count += i32::from((found.value - truth.value).abs() <= 1.96 * found.standard_error);
                }
            }
            assert!(within.iter().all(|count| (176..=199).contains(count)), "{law:?}: {within:?} of 200");
        }
    }

    fn laws() -> [Law; 4] {
        [
            Law::Exponential { mean: 30.0 },
            Law::Lognormal { mu: 4.0, sigma: 0.4 },
            Law::Weibull { shape: 0.7, scale: 12.0 },
            Law::Weibull { shape: 3.0, scale: 90.0 },
        ]
    }
}
