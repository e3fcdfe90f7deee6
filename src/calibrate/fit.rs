//! Which law is taken of a sample, and why.

use serde::Serialize;
use serde_json::Value;

use crate::experiment::stats::{Family, Law, Parameter, goodness};
use crate::import::measured;
use crate::model::Distribution;
use crate::model::duration::TextDuration;
use crate::units::SimDuration;

/// With fewer values nothing is fitted: the standard error of a lognormal's sigma is then above a fifth of it.
pub const SAMPLE_MIN: usize = 12;
/// A law is ruled out where a sample of its own lies as far from it no more often than that.
const LEVEL: f64 = 0.05;
/// The seed of all bootstraps, so that the same files give the same figures.
const SEED: u64 = 1;
/// Where clocks read no finer, in seconds: Kubernetes' and EC2's, and AWS Batch's.
const RESOLUTIONS: [f64; 2] = [1.0, 0.001];

/// A law that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Which.
    pub family: Family,
    /// Fitted by maximum likelihood, in seconds where they are times.
    pub parameters: Vec<Parameter>,
    /// Akaike's criterion; less is better.
    pub aic: f64,
    /// Anderson and Darling's A².
    pub anderson_darling: f64,
    /// Of it, by parametric bootstrap.
    pub p_value: f64,
    /// How many values were tested: of a large sample, some chosen at random.
    pub tested: usize,
    /// Whether it is ruled out at 5 %.
    pub ruled_out: bool,
    /// The law itself, to be drawn.
    #[serde(skip)]
    pub law: Law,
}

/// What comes of a sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fitted {
    /// In order of the criterion, the best first; none where there was nothing to fit.
    pub candidates: Vec<Candidate>,
    /// As a scenario writes it; null where there are too few values.
    pub distribution: Option<Value>,
    /// What was taken, and why.
    pub reason: String,
    /// What a clock's reading was rounded to, in seconds.
    pub resolution_s: f64,
    /// The law that was taken, where it is one.
    #[serde(skip)]
    pub law: Option<Law>,
}

/// Fits what was measured, in milliseconds.
pub(super) fn fit(millis: &[u64]) -> Fitted {
    let resolution_s = resolution(millis);
    let mut found =
        Fitted { candidates: Vec::new(), distribution: None, reason: String::new(), resolution_s, law: None };
    if millis.len() < SAMPLE_MIN {
        let size = millis.len();
        found.reason = format!("too few: {size} of the {SAMPLE_MIN} that a fit takes at least; the default stays");
        return found;
    }
    if millis.iter().all(|value| *value == millis[0]) {
        found.distribution = measured(spans(millis));
        "all are equal".clone_into(&mut found.reason);
        return found;
    }
    let sample = seconds(millis, resolution_s);
    found.candidates = Family::ALL.into_iter().filter_map(|family| candidate(family, &sample, resolution_s)).collect();
    found.candidates.sort_by(|one, other| one.aic.total_cmp(&other.aic));
    let left = || found.candidates.iter().filter(|candidate| !candidate.ruled_out);
    if let Some(best) = left().next() {
        let others: Vec<_> = left().skip(1).map(|other| other.family.name()).collect();
        let others = match others.as_slice() {
            [] => "the only one that is not ruled out".to_owned(),
            others => format!("the least AIC of those not ruled out ({} neither)", others.join(", ")),
        };
        found.reason = format!("{}: {others}, p {:.2}", best.family.name(), best.p_value);
        found.distribution = serde_json::to_value(distribution(&best.law)).ok();
        found.law = Some(best.law);
    } else {
        "empirical: every law is ruled out at 5 %".clone_into(&mut found.reason);
        found.distribution = measured(spans(millis));
    }
    found
}

fn candidate(family: Family, sample: &[f64], resolution_s: f64) -> Option<Candidate> {
    let law = Law::fit(family, sample)?;
    let test = goodness(family, sample, resolution_s, SEED)?;
    Some(Candidate {
        family,
        parameters: law.parameters(sample.len()),
        aic: law.aic(sample),
        anderson_darling: test.statistic,
        p_value: test.p_value,
        tested: test.tested,
        ruled_out: test.p_value <= LEVEL,
        law,
    })
}

/// The coarsest clock that could have measured all of them.
fn resolution(millis: &[u64]) -> f64 {
    let [whole, fine] = RESOLUTIONS;
    if millis.iter().all(|value| value % 1_000 == 0) { whole } else { fine }
}

/// In seconds; what was measured as nothing is half of what the clock can tell.
pub(super) fn seconds(millis: &[u64], resolution_s: f64) -> Vec<f64> {
    spans(millis).map(|span| span.as_secs_f64().max(resolution_s / 2.0)).collect()
}

fn spans(millis: &[u64]) -> impl Iterator<Item = SimDuration> {
    millis.iter().map(|&value| SimDuration::from_millis(value))
}

/// A law as a scenario writes it.
fn distribution(law: &Law) -> Distribution {
    let span = |secs: f64| TextDuration(SimDuration::from_secs_f64(secs));
    match *law {
        Law::Exponential { mean } => Distribution::Exponential { mean: span(mean) },
        Law::Lognormal { mu, .. } => Distribution::Lognormal { median: span(mu.exp()), p95: span(law.quantile(0.95)) },
        Law::Weibull { shape, scale } => Distribution::Weibull { shape, scale: span(scale) },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::experiment::stats::sample;

    fn drawn(law: &Law, size: usize) -> Vec<u64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds above 0")]
        let millis = |secs: f64| (secs * 1_000.0).round() as u64;
        sample(law, size, 0.0, 42).into_iter().map(millis).collect()
    }

    #[test]
    fn the_law_that_made_the_sample_is_taken() {
        let lognormal = fit(&drawn(&Law::Lognormal { mu: 60_f64.ln(), sigma: 0.5 }, 400));
        assert_eq!(lognormal.law.unwrap().family(), Family::Lognormal, "{lognormal:?}");
        let exponential = fit(&drawn(&Law::Exponential { mean: 20.0 }, 400));
        assert_eq!(exponential.law.unwrap().family(), Family::Exponential, "{exponential:?}");
        let weibull = fit(&drawn(&Law::Weibull { shape: 4.0, scale: 30.0 }, 400));
        assert_eq!(weibull.law.unwrap().family(), Family::Weibull, "{weibull:?}");
        assert!(weibull.candidates.iter().filter(|other| other.ruled_out).count() == 2, "{weibull:?}");
    }

    #[test]
    fn what_no_law_fits_is_taken_as_it_was() {
        let two_kinds: Vec<u64> = (0..60).map(|n| if n % 2 == 0 { 20_000 + n } else { 300_000 + n }).collect();
        let found = fit(&two_kinds);
        assert_eq!(found.law, None);
        assert_eq!(found.distribution.unwrap()["empirical"].as_array().unwrap().len(), 60);
        assert!(found.reason.starts_with("empirical") && found.candidates.len() == 3, "{}", found.reason);
    }

    #[test]
    fn too_few_and_equal_values_are_told() {
        let few = fit(&[1_500; SAMPLE_MIN - 1]);
        assert!(few.distribution.is_none() && few.reason.contains("too few: 11"), "{few:?}");
        let equal = fit(&[30_000; SAMPLE_MIN]);
        assert_eq!((equal.distribution, equal.resolution_s), (Some(json!({ "constant": "30s" })), 1.0));
    }
}
