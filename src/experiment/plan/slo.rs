//! Objectives: `wait.p95 <= 15m`, `jobs.failed == 0`, `makespan <= 8h in 90%`. Reads them, and says of a design's runs
//! whether an objective is met, missed, or still open.
//!
//! A bound (`<=`, `<`, `>=`, `>`) is about the mean over runs, unless `in SHARE` asks that so many runs keep it; `==` is
//! about every run.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

use crate::experiment::metric::{Measures, Metric, Unit};
use crate::experiment::stats::Estimate;
use crate::model::duration;
use crate::units::SimDuration;

/// An objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// As the user wrote it.
    pub text: String,
    /// What is looked at.
    pub metric: Metric,
    /// How it is compared.
    pub relation: Relation,
    /// With what, in the metric's unit.
    pub threshold: f64,
    /// The share of runs that must keep it; `None` where the mean must.
    pub quota: Option<f64>,
}

/// How a value is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are named for what they are")]
pub enum Relation {
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = "<")]
    Below,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = ">")]
    Above,
    #[serde(rename = "==")]
    Equal,
}

/// What a design's runs say of an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// Beyond doubt.
    Yes,
    /// Beyond doubt not.
    No,
    /// More runs would tell.
    Open,
}

/// An objective, judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The metric over the runs; null where no run has a value.
    pub estimate: Option<Estimate>,
    /// Runs that keep the objective.
    pub kept: u32,
    /// What that says.
    pub met: Met,
    /// What the point estimate says, however uncertain.
    pub on_average: bool,
    /// How far the mean is on the right side of the threshold, as a share of it (of 1 where it is zero); negative on the
    /// wrong side; null without a value.
    pub margin: Option<f64>,
}

const RELATIONS: [(&str, Relation); 5] = [
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("==", Relation::Equal),
    ("<", Relation::Below),
    (">", Relation::Above),
];

impl Objective {
    /// Reads an objective about one of the `known` keys.
    pub fn parse(text: &str, known: &Measures) -> Result<Self, String> {
        let example = "write it like `wait.p95 <= 15m`, `jobs.failed == 0` or `makespan <= 8h in 90%`";
        let at = text.find(['<', '>', '=']).ok_or_else(|| format!("it compares nothing: {example}"))?;
        let (name, rest) = text.split_at(at);
        let (sign, relation) = RELATIONS
            .into_iter()
            .find(|(sign, _)| rest.starts_with(sign))
            .ok_or_else(|| format!("`=` is no comparison: {example}"))?;
        let rest = rest[sign.len()..].trim();
        let (value, quota) = match rest.split_once(" in ") {
            Some((value, share)) => (
                value.trim(),
                Some(
                    read_share(share)
                        .ok_or_else(|| format!("`{}` is no share of runs: write it like 95%", share.trim()))?,
                ),
            ),
            None => (rest, None),
        };
        let metric = Metric::parse(name);
        let metric = match metric.find(known) {
            Ok(metric) => metric,
            Err(_) if metric.key().starts_with("shares.") => metric,
            Err(Some(meant)) => return Err(format!("the results have no `{metric}`: did you mean `{meant}`?")),
            Err(None) => return Err(format!("the results have no `{metric}`: {example}")),
        };
        let threshold = read_value(value, metric.unit())?;
        let quota = quota.or((relation == Relation::Equal).then_some(1.0));
        Ok(Self { text: text.split_whitespace().collect::<Vec<_>>().join(" "), metric, relation, threshold, quota })
    }

    /// Whether one value keeps it; a run without a value does not.
    pub fn holds(&self, value: Option<f64>) -> bool {
        let Some(value) = value else { return false };
        match self.relation {
            Relation::AtMost => value <= self.threshold,
            Relation::Below => value < self.threshold,
            Relation::AtLeast => value >= self.threshold,
            Relation::Above => value > self.threshold,
            Relation::Equal => (value - self.threshold).abs() <= f64::EPSILON * self.threshold.abs(),
        }
    }

    /// What runs say, with a chance of at most 1 - `level` that `Yes` or `No` is wrong.
    pub fn judge(&self, values: &[Option<f64>], level: f64) -> Judgement {
        let numbers: Vec<f64> = values.iter().copied().flatten().collect();
        // Both ends of a two-sided interval at this level are one-sided bounds at `level`.
        let estimate = Estimate::of(&numbers, (2.0 * level - 1.0).max(f64::EPSILON));
        let kept = u32::try_from(values.iter().filter(|value| self.holds(**value)).count()).unwrap_or(u32::MAX);
        let runs = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let (met, on_average) = match self.quota {
            Some(quota) => judge_share(kept, runs, quota, level),
            None if numbers.len() < values.len() => (Met::No, false),
            None => self.judge_mean(estimate),
        };
        Judgement { estimate, kept, met, on_average, margin: estimate.map(|found| self.margin(found.mean)) }
    }

    /// How far a value is on the right side.
    fn margin(&self, value: f64) -> f64 {
        let distance = match self.relation {
            Relation::AtMost | Relation::Below => self.threshold - value,
            Relation::AtLeast | Relation::Above => value - self.threshold,
            Relation::Equal => -(value - self.threshold).abs(),
        };
        if self.threshold == 0.0 { distance } else { distance / self.threshold.abs() }
    }

    fn judge_mean(&self, estimate: Option<Estimate>) -> (Met, bool) {
        let Some(found) = estimate else { return (Met::Open, false) };
        let on_average = self.holds(Some(found.mean));
        let met = match found.ends() {
            None => Met::Open,
            Some((low, high)) => match (self.holds(Some(low)), self.holds(Some(high))) {
                (true, true) => Met::Yes,
                (false, false) => Met::No,
                _ => Met::Open,
            },
        };
        (met, on_average)
    }
}

/// Whether a share of runs keeps an objective: exact binomial bounds (Clopper and Pearson, Biometrika 26, 1934). A quota
/// of all runs is missed by the first that fails, and met as long as none does.
fn judge_share(kept: u32, runs: u32, quota: f64, level: f64) -> (Met, bool) {
    let share = if runs == 0 { 0.0 } else { f64::from(kept) / f64::from(runs) };
    let on_average = runs > 0 && share >= quota;
    if quota >= 1.0 {
        return (
            if kept < runs {
                Met::No
            } else if runs > 1 {
                Met::Yes
            } else {
                Met::Open
            },
            on_average,
        );
    }
    let bound = |a: f64, b: f64, p: f64| Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(p));
    let (kept, runs) = (f64::from(kept), f64::from(runs));
    let low = if kept > 0.0 { bound(kept, runs - kept + 1.0, 1.0 - level) } else { 0.0 };
    let high = if kept < runs { bound(kept + 1.0, runs - kept, level) } else { 1.0 };
    let met = match () {
        () if low >= quota => Met::Yes,
        () if high < quota => Met::No,
        () => Met::Open,
    };
    (met, on_average)
}

fn read_share(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches("of runs").trim();
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (share > 0.0 && share <= 1.0).then_some(share)
}

/// A threshold in a metric's unit.
fn read_value(text: &str, unit: Unit) -> Result<f64, String> {
    let number = |text: &str| text.trim().replace(',', "").parse::<f64>().ok().filter(|value| value.is_finite());
    let (found, help) = match unit {
        Unit::Seconds => {
            (duration::parse(text).ok().map(SimDuration::as_secs_f64), "a span of time, like 15m, 8h or 90s")
        }
        Unit::Usd => (number(text.trim_start_matches('$')), "dollars, like $250 or 250"),
        Unit::Share => (
            text.strip_suffix('%').map_or_else(|| number(text), |percent| number(percent).map(|share| share / 100.0)),
            "a share, like 80% or 0.8",
        ),
        Unit::Number => (number(text), "a number, like 0 or 12.5"),
    };
    found.ok_or_else(|| format!("`{text}` can't be compared with: write {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Measures {
        ["wait_s.p95", "makespan_s", "jobs.failed", "cost.total", "capacity.utilization"]
            .map(|key| (key.to_owned(), None))
            .into()
    }

    fn objective(text: &str) -> Objective {
        Objective::parse(text, &known()).unwrap()
    }

    #[test]
    fn reads_values_in_the_metrics_unit() {
        let found = objective(" wait.p95<=15m ");
        assert_eq!((found.metric.key(), found.relation, found.threshold), ("wait_s.p95", Relation::AtMost, 900.0));
        assert_eq!(objective("makespan < PT8H").threshold, 28_800.0);
        assert_eq!(objective("cost <= $1,250.50").threshold, 1_250.5);
        assert_eq!(objective("utilization >= 80%").threshold, 0.8);
        assert_eq!(objective("jobs.failed == 0").quota, Some(1.0));
        assert_eq!(objective("wait.p95 <= 15m in 90% of runs").quota, Some(0.9));
    }

    #[test]
    fn says_what_it_cant_read() {
        let said = |text| Objective::parse(text, &known()).unwrap_err();
        assert!(said("wait.p95").contains("compares nothing"));
        assert!(said("wait.p95 = 15m").contains("no comparison"));
        assert!(said("wait.p59 <= 15m").contains("did you mean `wait_s.p95`?"), "{}", said("wait.p59 <= 15m"));
        assert!(said("wait.p95 <= soon").contains("like 15m"));
        assert!(said("wait.p95 <= 15m in most").contains("no share"));
    }

    #[test]
    fn a_mean_is_judged_by_its_interval() {
        let judge = |values: &[f64]| {
            let values: Vec<_> = values.iter().copied().map(Some).collect();
            objective("wait.p95 <= 100s").judge(&values, 0.95)
        };
        assert_eq!(judge(&[90.0, 91.0, 89.0, 90.0]).met, Met::Yes);
        assert_eq!(judge(&[110.0, 111.0, 109.0]).met, Met::No);
        let open = judge(&[90.0, 130.0, 70.0]);
        assert_eq!((open.met, open.on_average, open.kept), (Met::Open, true, 2));
        assert_eq!(judge(&[90.0]).met, Met::Open);
        assert_eq!(judge(&[100.0, 100.0]).met, Met::Yes);
        assert!((judge(&[90.0, 90.0]).margin.unwrap() - 0.1).abs() < 1e-12);
        let unmeasured = objective("wait.p95 <= 100s").judge(&[Some(1.0), None, Some(1.0)], 0.95);
        assert_eq!((unmeasured.met, unmeasured.on_average), (Met::No, false));
    }

    #[test]
    fn a_share_of_runs_is_judged_exactly() {
        let objective = objective("wait.p95 <= 100s in 90%");
        let judge = |kept: usize, runs: usize| {
            let values: Vec<_> = (0..runs).map(|run| Some(if run < kept { 50.0 } else { 150.0 })).collect();
            objective.judge(&values, 0.95).met
        };
        // 0.9^28 = 0.052, 0.9^29 = 0.047: 29 runs without a failure are needed.
        assert_eq!((judge(28, 28), judge(29, 29)), (Met::Open, Met::Yes));
        assert_eq!((judge(5, 10), judge(8, 10)), (Met::No, Met::Open));
        let every = super::Objective { quota: Some(1.0), ..objective.clone() };
        assert_eq!(every.judge(&[Some(1.0); 3], 0.95).met, Met::Yes);
        assert_eq!(every.judge(&[Some(1.0), Some(101.0)], 0.95).met, Met::No);
    }
}
