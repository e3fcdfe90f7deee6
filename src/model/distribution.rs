//! Distributions of spans of time: how a scenario says how long jobs run, and an assumption how long things take.
//!
//! A description only; the simulated world draws from it. Parameters are those people know: a median and a 95th
//! percentile rather than a logarithm's mean and deviation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::duration::TextDuration;
use crate::units::SimDuration;

/// A distribution of a span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Distribution {
    /// Always the same.
    Constant(TextDuration),
    /// Memoryless.
    #[serde(rename_all = "camelCase")]
    Exponential {
        /// The mean.
        mean: TextDuration,
    },
    /// Logarithm normally distributed: the usual shape of batch runtimes and of start-up latencies.
    #[serde(rename_all = "camelCase")]
    Lognormal {
        /// Half of the values are below.
        median: TextDuration,
        /// 95 % of the values are below; not less than the median.
        p95: TextDuration,
    },
    /// Weibull: a shape below 1 has a heavy tail, 1 is exponential.
    #[serde(rename_all = "camelCase")]
    Weibull {
        /// The shape parameter k.
        #[schemars(range(min = 0.05, max = 50.0))]
        shape: f64,
        /// The scale parameter λ.
        scale: TextDuration,
    },
    /// One of these values, each equally likely.
    Empirical(#[schemars(length(min = 1))] Vec<TextDuration>),
}

/// The standard normal's 95th percentile.
const NORMAL_P95: f64 = 1.644_853_626_951_472_8;

impl Distribution {
    /// Always `span`.
    pub const fn constant(span: SimDuration) -> Self {
        Self::Constant(TextDuration(span))
    }

    /// Lognormal by its median and 95th percentile, in seconds.
    pub const fn lognormal_secs(median: u64, p95: u64) -> Self {
        Self::Lognormal {
            median: TextDuration(SimDuration::from_secs(median)),
            p95: TextDuration(SimDuration::from_secs(p95)),
        }
    }

    /// No time at all.
    pub const ZERO: Self = Self::Constant(TextDuration(SimDuration::ZERO));

    /// The deviation σ of a lognormal's logarithm, from its median and 95th percentile; 0 where the median is 0.
    pub fn lognormal_sigma(median: SimDuration, p95: SimDuration) -> f64 {
        if median.is_zero() || p95 <= median {
            0.0
        } else {
            (p95.as_secs_f64() / median.as_secs_f64()).ln() / NORMAL_P95
        }
    }

    /// The distribution of `factor` times what this one gives.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let times = |span: &TextDuration| TextDuration(SimDuration::from_secs_f64(span.0.as_secs_f64() * factor));
        match self {
            Self::Constant(span) => Self::Constant(times(span)),
            Self::Exponential { mean } => Self::Exponential { mean: times(mean) },
            Self::Lognormal { median, p95 } => Self::Lognormal { median: times(median), p95: times(p95) },
            Self::Weibull { shape, scale } => Self::Weibull { shape: *shape, scale: times(scale) },
            Self::Empirical(values) => Self::Empirical(values.iter().map(times).collect()),
        }
    }

    /// What is wrong with the parameters, if something is.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Lognormal { median, p95 } if p95 < median => Some("its p95 is below its median"),
            Self::Weibull { shape, .. } if !(shape.is_finite() && *shape > 0.0) => Some("its shape is not above 0"),
            Self::Empirical(values) if values.is_empty() => Some("it lists no value"),
            _ => None,
        }
    }

    /// JSON pointer, within the distribution, of the parameter that [`Self::problem`] is about.
    pub const fn problem_pointer(&self) -> &'static str {
        match self {
            Self::Constant(_) => "/constant",
            Self::Exponential { .. } => "/exponential/mean",
            Self::Lognormal { .. } => "/lognormal/p95",
            Self::Weibull { .. } => "/weibull/shape",
            Self::Empirical(_) => "/empirical",
        }
    }
}
