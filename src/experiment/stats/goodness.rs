//! Whether a sample can be of a fitted law: Anderson and Darling's statistic, whose distribution under the law is found by
//! parametric bootstrap, since the parameters were fitted to the same sample.
//!
//! Sources: T. W. Anderson, D. A. Darling, "A test of goodness of fit", *JASA* 49, 1954; W. Stute, W. González Manteiga,
//! M. Presedo Quindimil, "Bootstrap based goodness-of-fit-tests", *Metrika* 40, 1993.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::experiment::stats::laws::{Law, float};

/// Samples drawn under the law: p values have steps of 1/200.
const DRAWS: u64 = 199;
/// Most values that are tested: more would reject every law for what doesn't matter.
pub const TESTED_MAX: usize = 1_000;

/// A test of a law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goodness {
    /// Anderson and Darling's A².
    pub statistic: f64,
    /// How often a sample of the law itself lies as far from its own fit.
    pub p_value: f64,
    /// How many values were tested: of a large sample, some chosen at random.
    pub tested: usize,
}

/// Tests the law that is fitted to a sample whose values were measured between two clock readings of a resolution (0 for an
/// exact clock). The same for the same seed. `None` where the law can't be fitted.
pub fn goodness(family: super::Family, values: &[f64], resolution: f64, seed: u64) -> Option<Goodness> {
    let chosen = chosen(values, seed);
    let law = Law::fit(family, &chosen)?;
    let statistic = anderson_darling(&law, &chosen);
    let mut as_far = 0;
    for draw in 1..=DRAWS {
        let drawn = sample(&law, chosen.len(), resolution, seed.wrapping_add(draw));
        // A sample of equal values has no law: as far as can be.
        as_far += u64::from(Law::fit(family, &drawn).is_none_or(|own| anderson_darling(&own, &drawn) >= statistic));
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    let p_value = (as_far + 1) as f64 / (DRAWS + 1) as f64;
    Some(Goodness { statistic, p_value, tested: chosen.len() })
}

/// All values, or as many as are tested, chosen at random.
fn chosen(values: &[f64], seed: u64) -> Vec<f64> {
    let mut values = values.to_vec();
    if values.len() > TESTED_MAX {
        let mut stream = Xoshiro256PlusPlus::seed_from_u64(seed);
        for place in 0..TESTED_MAX {
            let other = stream.random_range(place..values.len());
            values.swap(place, other);
        }
        values.truncate(TESTED_MAX);
    }
    values
}

/// A² of a sample.
fn anderson_darling(law: &Law, sample: &[f64]) -> f64 {
    /// What a share is at least, so that a far value is far and no more.
    const LEAST: f64 = 1e-15;
    let mut shares: Vec<f64> = sample.iter().map(|&value| law.cdf(value).clamp(LEAST, 1.0 - LEAST)).collect();
    shares.sort_unstable_by(f64::total_cmp);
    let size = float(shares.len());
    let pairs = shares.iter().zip(shares.iter().rev()).enumerate();
    let sum: f64 = pairs.map(|(rank, (low, high))| float(2 * rank + 1) * (low.ln() + (-high).ln_1p())).sum();
    -size - sum / size
}

/// So many values of a law as a clock of a resolution measures them: the difference of two readings, each cut off. What that
/// makes nothing is half of the resolution.
pub fn sample(law: &Law, size: usize, resolution: f64, seed: u64) -> Vec<f64> {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(seed);
    let values = (0..size).map(|_| {
        let value = law.quantile(open(&mut stream));
        if resolution > 0.0 {
            let begun: f64 = stream.random();
            ((value / resolution + begun).floor() * resolution).max(resolution / 2.0)
        } else {
            value
        }
    });
    values.collect()
}

/// A draw from between 0 and 1, neither included.
fn open(stream: &mut Xoshiro256PlusPlus) -> f64 {
    let drawn: f64 = stream.random();
    drawn.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::stats::Family;

    const LEVEL: f64 = 0.05;

    /// How many of 200 samples are rejected.
    fn rejected(of: &Law, family: Family, size: usize, resolution: f64) -> u32 {
        let seeds = (0..200_u64).map(|seed| seed * 1_000 + 7);
        let tests = seeds.map(|seed| goodness(family, &sample(of, size, resolution, seed), resolution, seed + 500));
        tests.map(|test| u32::from(test.is_some_and(|test| test.p_value <= LEVEL))).sum()
    }

    /// 10 of 200 are to be expected at 5 %; 2 to 20 have a probability of 99.8 %.
    #[test]
    fn the_right_family_is_rejected_at_the_stated_rate() {
        for (law, resolution) in [
            (Law::Exponential { mean: 20.0 }, 0.0),
            (Law::Lognormal { mu: 3.8, sigma: 0.4 }, 0.0),
            (Law::Weibull { shape: 2.0, scale: 40.0 }, 0.0),
            (Law::Lognormal { mu: 1.6, sigma: 0.8 }, 1.0),
        ] {
            let rejected = rejected(&law, law.family(), 40, resolution);
            assert!((2..=20).contains(&rejected), "{law:?}: {rejected} of 200");
        }
    }

    #[test]
    fn a_wrong_family_is_rejected() {
        for (law, family) in [
            (Law::Exponential { mean: 20.0 }, Family::Lognormal),
            (Law::Lognormal { mu: 3.8, sigma: 0.4 }, Family::Exponential),
            (Law::Lognormal { mu: 3.8, sigma: 1.0 }, Family::Weibull),
        ] {
            let rejected = rejected(&law, family, 120, 0.0);
            assert!(rejected >= 160, "{law:?} as {family:?}: {rejected} of 200");
        }
    }

    #[test]
    fn a_statistic_by_hand() {
        // Shares 0.25 and 0.75: A² = −2 − (ln 0.25 + ln 0.25 + 3 (ln 0.75 + ln 0.75)) / 2.
        let law = Law::Exponential { mean: 1.0 };
        let found = anderson_darling(&law, &[law.quantile(0.75), law.quantile(0.25)]);
        let expected = -2.0 - (0.25_f64.ln() + 3.0 * 0.75_f64.ln());
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    #[test]
    fn of_a_large_sample_some_are_tested() {
        let values = sample(&Law::Exponential { mean: 1.0 }, 5_000, 0.0, 3);
        let test = goodness(Family::Exponential, &values, 0.0, 9).unwrap();
        assert_eq!(test.tested, TESTED_MAX);
        assert_eq!(goodness(Family::Exponential, &values, 0.0, 9), Some(test));
        assert_eq!(goodness(Family::Exponential, &[1.0; 9], 0.0, 9), None);
    }
}
