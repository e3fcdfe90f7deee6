//! What is compared: a key of the results, its unit, and whether less of it is better. Reads `wait.p95` as `wait_s.p95`;
//! knows the summary's keys, not how they come about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::metrics::Summary;
use crate::metrics::figures::{number, percent, span, usd};
use crate::nearest::nearest;

/// Numbers of a run by key: `cost.total`, `wait_s.p95`, `queues.bulk.wait_s.p95`. `None` where there was nothing to
/// measure, like the longest wait when no job ran.
pub type Measures = BTreeMap<String, Option<f64>>;

/// A key of the results.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metric(String);

/// What a metric's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Time.
    Seconds,
    /// Money.
    Usd,
    /// 0 to 1.
    Share,
    /// A count, or anything else without a unit.
    Number,
}

/// Which of two values is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The smaller one.
    Lower,
    /// The larger one.
    Higher,
}

/// Blocked time is listed by reason where there was any: none is no time.
const BLOCKED: &str = "blocked_s.";

/// 1 where the queue of a run grew without end, of runs whose warm-up is left out.
pub(super) const UNSTABLE: &str = "steady_state.unstable";

/// Short names of metrics; all other keys may leave out the `_s` of seconds.
const SHORT: [(&str, &str); 6] = [
    ("cost", "cost.total"),
    ("makespan", "makespan_s"),
    ("wait", "wait_s.mean"),
    ("turnaround", "turnaround_s.mean"),
    ("interruptions", "spot.interruptions"),
    ("utilization", "capacity.utilization"),
];

/// Metrics of which more is better.
const HIGHER_IS_BETTER: [&str; 4] =
    ["jobs.succeeded", "capacity.utilization", "capacity.vcpu_hours_useful", "cost.useful"];

impl Metric {
    /// A metric by its key, as it stands in the results.
    pub fn of(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// Reads a metric's name: a key of the results, with or without `_s`, or one of the short names. Which keys there are
    /// is known when a run has been made: see [`find`](Self::find).
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let long = SHORT.iter().find(|(short, _)| *short == text).map_or(text, |&(_, long)| long);
        Self(long.to_owned())
    }

    /// The key that was meant, among those of a run; else the one most like it, if any is.
    pub fn find(&self, known: &Measures) -> Result<Self, Option<Self>> {
        if known.contains_key(&self.0) || self.0.starts_with(BLOCKED) {
            return Ok(self.clone());
        }
        let without_units =
            |key: &str| key.split('.').map(|part| part.trim_end_matches("_s")).collect::<Vec<_>>().join(".");
        let meant = without_units(&self.0);
        let found = known.keys().find(|key| without_units(key) == meant).map(|key| Self::of(key));
        found.ok_or_else(|| nearest(&self.0, known.keys().map(String::as_str)).map(Self::of))
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// The metric's value in a run; `None` where it has none (the longest wait when no job ran).
    pub fn value(&self, measures: &Measures) -> Option<f64> {
        let value = measures.get(&self.0).copied().flatten();
        if self.0.starts_with(BLOCKED) { Some(value.unwrap_or(0.0)) } else { value }
    }

    /// What its values are.
    pub fn unit(&self) -> Unit {
        let is_span = self.0.split('.').any(|part| part.ends_with("_s"));
        let last = self.0.rsplit('.').next().unwrap_or_default();
        if is_span && last != "count" {
            Unit::Seconds
        } else if self.0.starts_with("cost.") || last.ends_with("cost") {
            Unit::Usd
        } else if last.ends_with("_share") || last == "utilization" {
            Unit::Share
        } else {
            Unit::Number
        }
    }

    /// Whether less of it is better.
    pub fn better(&self) -> Better {
        if HIGHER_IS_BETTER.contains(&self.0.as_str()) || self.0.ends_with(".succeeded") {
            Better::Higher
        } else {
            Better::Lower
        }
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Unit {
    /// A value as people read it: `$4.27`, `12m05s`, `41 %`, `1,234`.
    pub fn show(self, value: f64) -> String {
        let sign = if value < 0.0 { "-" } else { "" };
        let size = value.abs();
        let shown = match self {
            Self::Seconds => span(size),
            Self::Usd => usd(size),
            Self::Share => percent(size),
            Self::Number => number(size),
        };
        format!("{sign}{shown}")
    }
}

/// All numbers of a summary, by key: those of queues and shares under their names.
///
/// # Panics
/// Never: every summary has a JSON form.
pub fn measures(summary: &Summary) -> Measures {
    let Value::Object(fields) = serde_json::to_value(summary).expect("a summary has a JSON form") else {
        return Measures::new();
    };
    let mut found = Measures::new();
    for (name, value) in &fields {
        match name.as_str() {
            // The seed is a name, the assumptions are given, findings repeat what stands elsewhere.
            "seed" | "assumptions" | "findings" | "instance_types" | "node_sizes" | "queues" | "shares"
            | "job_names" => {}
            "steady_state" => {
                put(&mut found, name, value);
                let unstable = value.get("stable").map(|stable| if *stable == Value::Bool(false) { 1.0 } else { 0.0 });
                found.extend(unstable.map(|unstable| (UNSTABLE.to_owned(), Some(unstable))));
            }
            "sim" => put(&mut found, "sim.end_s", &value["end_s"]),
            name => put(&mut found, name, value),
        }
    }
    let named = |list: &str, name: fn(&Value) -> Option<String>| {
        let rows = fields.get(list).and_then(Value::as_array).into_iter().flatten();
        rows.filter_map(|row| Some((name(row)?, row.clone()))).collect::<Vec<_>>()
    };
    for (queue, row) in named("queues", |row| Some(format!("queues.{}", row["queue"].as_str()?))) {
        put(&mut found, &queue, &row);
    }
    for (job_name, row) in named("job_names", |row| Some(format!("job_names.{}", row["job_name"].as_str()?))) {
        put(&mut found, &job_name, &row);
    }
    let share = |row: &Value| Some(format!("shares.{}.{}", row["queue"].as_str()?, row["share"].as_str()?));
    for (share, row) in named("shares", share) {
        put(&mut found, &share, &row);
    }
    found
}

fn put(found: &mut Measures, key: &str, value: &Value) {
    match value {
        Value::Number(_) | Value::Null => drop(found.insert(key.to_owned(), value.as_f64())),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| put(found, &format!("{key}.{name}"), value)),
        Value::Bool(_) | Value::String(_) | Value::Array(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    fn known() -> Measures {
        let names = Names { job_queues: vec!["bulk".to_owned()], ..Names::default() };
        let metrics = Metrics::new(Vec::new(), names, &Assumptions::default());
        measures(&metrics.finish("x", 1, SimTime::ZERO).unwrap().summary)
    }

    #[test]
    fn names_are_read_with_and_without_units() {
        let key = |text: &str| Metric::parse(text).find(&known()).map(|metric| metric.key().to_owned());
        assert_eq!(key("wait.p95").unwrap(), "wait_s.p95");
        assert_eq!(key("wait_s.p95").unwrap(), "wait_s.p95");
        assert_eq!(key("makespan").unwrap(), "makespan_s");
        assert_eq!(key("cost").unwrap(), "cost.total");
        assert_eq!(key("queues.bulk.wait.max").unwrap(), "queues.bulk.wait_s.max");
        assert_eq!(key("cost.totl").unwrap_err(), Some(Metric::of("cost.total")));
        assert_eq!(key("blocked_s.DISPATCH_RATE").unwrap(), "blocked_s.DISPATCH_RATE");
    }

    #[test]
    fn units_and_directions_follow_from_the_key() {
        let of = |key: &str| (Metric::of(key).unit(), Metric::of(key).better());
        assert_eq!(of("wait_s.p95"), (Unit::Seconds, Better::Lower));
        assert_eq!(of("wait_s.count"), (Unit::Number, Better::Lower));
        assert_eq!(of("cost.per_1000_succeeded"), (Unit::Usd, Better::Lower));
        assert_eq!(of("capacity.utilization"), (Unit::Share, Better::Higher));
        assert_eq!(of("jobs.succeeded"), (Unit::Number, Better::Higher));
        assert_eq!(Unit::Usd.show(-4.268), "-$4.27");
    }

    #[test]
    fn what_was_not_measured_is_known_but_no_number() {
        assert_eq!(Metric::of("wait_s.p95").value(&known()), None);
        assert_eq!(Metric::of("jobs.failed").value(&known()), Some(0.0));
        assert_eq!(Metric::of("blocked_s.DISPATCH_RATE").value(&known()), Some(0.0));
    }
}
