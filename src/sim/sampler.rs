//! Draws spans of time from the distributions a scenario describes. Parameters are worked out once, not per draw.

use std::sync::Arc;

use rand::RngExt;
use rand_distr::{Exp1, StandardNormal};

use crate::model::Distribution;
use crate::sim::keyed::Stream;
use crate::units::SimDuration;

/// A distribution, ready to be drawn from.
#[derive(Debug, Clone)]
pub(super) enum Sampler {
    Constant(SimDuration),
    Exponential { mean_s: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Weibull { inverse_shape: f64, scale_s: f64 },
    Empirical(Arc<[SimDuration]>),
}

impl Sampler {
    /// Whether every draw is zero, so that none need be made.
    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Self::Constant(span) if span.is_zero())
    }

    /// A draw.
    pub(super) fn draw(&self, stream: &mut Stream) -> SimDuration {
        match self {
            Self::Constant(span) => *span,
            Self::Exponential { mean_s } => SimDuration::from_secs_f64(mean_s * exponential(stream)),
            Self::Lognormal { mu, sigma } => SimDuration::from_secs_f64((mu + sigma * normal(stream)).exp()),
            Self::Weibull { inverse_shape, scale_s } => {
                SimDuration::from_secs_f64(scale_s * exponential(stream).powf(*inverse_shape))
            }
            Self::Empirical(values) => values[stream.random_range(0..values.len())],
        }
    }
}

impl From<&Distribution> for Sampler {
    fn from(distribution: &Distribution) -> Self {
        match distribution {
            Distribution::Constant(span) => Self::Constant(span.0),
            Distribution::Exponential { mean } if mean.0.is_zero() => Self::Constant(SimDuration::ZERO),
            Distribution::Exponential { mean } => Self::Exponential { mean_s: mean.0.as_secs_f64() },
            Distribution::Lognormal { median, .. } if median.0.is_zero() => Self::Constant(SimDuration::ZERO),
            Distribution::Lognormal { median, p95 } => Self::Lognormal {
                mu: median.0.as_secs_f64().ln(),
                sigma: Distribution::lognormal_sigma(median.0, p95.0),
            },
            Distribution::Weibull { shape, scale } => {
                Self::Weibull { inverse_shape: 1.0 / shape, scale_s: scale.0.as_secs_f64() }
            }
            Distribution::Empirical(values) => Self::Empirical(values.iter().map(|value| value.0).collect()),
        }
    }
}

/// A standard exponential draw.
pub(super) fn exponential(stream: &mut Stream) -> f64 {
    stream.sample(Exp1)
}

/// A standard normal draw.
pub(super) fn normal(stream: &mut Stream) -> f64 {
    stream.sample(StandardNormal)
}

/// A draw from [0, 1).
pub(super) fn uniform(stream: &mut Stream) -> f64 {
    stream.random()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::duration::TextDuration;
    use crate::sim::keyed::{Purpose, Streams};

    fn quantiles(distribution: &Distribution) -> (f64, f64, f64) {
        let sampler = Sampler::from(distribution);
        let streams = Streams::new(1);
        let mut draws: Vec<f64> =
            (0..40_000).map(|n| sampler.draw(&mut streams.of(Purpose::Runtime, n, 0)).as_secs_f64()).collect();
        draws.sort_by(f64::total_cmp);
        (draws[20_000], draws[38_000], draws.iter().sum::<f64>() / 40_000.0)
    }

    fn close(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 0.03, "{value} is not about {expected}");
    }

    #[test]
    fn draws_have_the_quantiles_that_were_asked_for() {
        let secs = |s| TextDuration(SimDuration::from_secs(s));
        let (median, p95, _) = quantiles(&Distribution::Lognormal { median: secs(300), p95: secs(1_200) });
        close(median, 300.0);
        close(p95, 1_200.0);
        let (_, _, mean) = quantiles(&Distribution::Exponential { mean: secs(60) });
        close(mean, 60.0);
        let (median, _, mean) = quantiles(&Distribution::Weibull { shape: 2.0, scale: secs(100) });
        close(median, 100.0 * std::f64::consts::LN_2.sqrt());
        close(mean, 100.0 * std::f64::consts::PI.sqrt() / 2.0);
        let (_, _, mean) = quantiles(&Distribution::Empirical(vec![secs(1), secs(3)]));
        close(mean, 2.0);
    }
}
