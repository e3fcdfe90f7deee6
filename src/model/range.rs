//! What an assumption could plausibly be instead, read from its range in the table: `0.5s to 30s`, `half to triple`,
//! `linear, exponential or box`. The text is the only source; knows nothing of what an assumption means.

use serde_json::Value;

use crate::model::distribution::Distribution;
use crate::model::duration;
use crate::units::SimDuration;

/// An interval with ends further apart than this is divided by ratios, not by differences.
const DECADE: f64 = 10.0;
/// Places of a range that are told apart where all of it is searched.
pub const GRID: usize = 4;

/// What a value could plausibly be instead.
#[derive(Debug, Clone, PartialEq)]
pub enum Range {
    /// One of these; a list of numbers has the same one in every place.
    Choices(Vec<Choice>),
    /// As it is, times a factor between these; no number exceeds `at_most`.
    Factors {
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
        /// A bound on the product.
        at_most: f64,
    },
    /// Nothing else.
    Fixed(Fixed),
}

/// A value, or all values between two.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// A value.
    One(Scalar),
    /// Everything from the first to the second.
    Between(Scalar, Scalar),
}

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A number.
    Number(f64),
    /// A span of time.
    Span(SimDuration),
    /// One of a few words, `true` and `false` among them.
    Word(String),
}

/// Why a value is not varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// AWS publishes it.
    Documented,
    /// Any text would do.
    FreeText,
    /// Another assumption multiplies it.
    Scaled,
}

/// A value that an assumption could have instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// As a scenario writes it.
    pub value: Value,
    /// In a table.
    pub label: String,
}

impl Range {
    /// Reads a range; `None` if it is written in no known way.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = without_remarks(text);
        if plain.starts_with("any text") {
            return Some(Self::Fixed(Fixed::FreeText));
        }
        if plain.starts_with("see ") {
            return Some(Self::Fixed(Fixed::Scaled));
        }
        let (body, at_most) = match plain.split_once(", at most ") {
            Some((body, most)) => (body, most.parse().ok()?),
            None => (plain.as_str(), f64::INFINITY),
        };
        if let Some((low, high)) = body.split_once(" to ").and_then(|(low, high)| Some((factor(low)?, factor(high)?))) {
            return Some(Self::Factors { low, high, at_most });
        }
        let parts = body.trim_end_matches(" each").replace(", or ", ", ").replace(" or ", ", ");
        let choices: Vec<_> = parts.split(", ").map(choice).collect::<Option<_>>()?;
        match choices.as_slice() {
            [Choice::One(_)] if text.contains("(documented)") => Some(Self::Fixed(Fixed::Documented)),
            [Choice::One(_)] => None,
            _ => Some(Self::Choices(choices)),
        }
    }

    /// The ends of the range, and every value that it names, for an assumption that has a value; that one left out.
    pub fn levels(&self, value: &Value) -> Vec<Level> {
        let all = match self {
            Self::Fixed(_) => Vec::new(),
            Self::Factors { low, high, .. } => [0.0, 1.0]
                .into_iter()
                .zip([low, high])
                .map(|(at, factor)| (self.at(value, at), times(*factor)))
                .collect(),
            Self::Choices(choices) => choices
                .iter()
                .flat_map(|choice| match choice {
                    Choice::One(one) => vec![one],
                    Choice::Between(low, high) => vec![low, high],
                })
                .map(|scalar| (scalar.like(value), scalar.label(value)))
                .collect(),
        };
        all.into_iter().filter(|(found, _)| found != value).map(|(value, label)| Level { value, label }).collect()
    }

    /// What an assumption's value is called beside its levels.
    pub fn base_label(&self, value: &Value) -> String {
        match (self, value) {
            (Self::Factors { .. }, _) => times(1.0),
            (_, Value::Array(entries)) => {
                let (first, last) = (entries.first(), entries.last());
                first.zip(last).map(|(first, last)| format!("{first} … {last}")).unwrap_or_default()
            }
            (_, Value::String(text)) => text.clone(),
            (_, value) => value.to_string(),
        }
    }

    /// The value at a part of the range, from 0 to 1. Factors, and intervals over more than a decade, are divided by
    /// ratios; values and intervals beside each other take their turns in [`GRID`] places.
    pub fn at(&self, value: &Value, part: f64) -> Value {
        match self {
            Self::Fixed(_) => value.clone(),
            Self::Factors { low, high, at_most } => multiplied(value, low * (high / low).powf(part), *at_most),
            Self::Choices(choices) => match choices.as_slice() {
                [Choice::Between(low, high)] => low.towards(high, part).like(value),
                choices => {
                    let places = places(choices);
                    #[expect(
                        clippy::cast_precision_loss,
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "an index into a handful of places"
                    )]
                    let index = (part * (places.len() - 1) as f64).round() as usize;
                    places[index].like(value)
                }
            },
        }
    }
}

/// Choices one after the other: an interval takes as many places as are left of the grid, two at least.
fn places(choices: &[Choice]) -> Vec<Scalar> {
    let ones = choices.iter().filter(|choice| matches!(choice, Choice::One(_))).count();
    let within = GRID.saturating_sub(ones).max(2);
    let places = choices.iter().flat_map(|choice| match choice {
        Choice::One(one) => vec![one.clone()],
        Choice::Between(low, high) => {
            #[expect(clippy::cast_precision_loss, reason = "a handful of places")]
            let part = |index| index as f64 / (within - 1) as f64;
            (0..within).map(|index| low.towards(high, part(index))).collect()
        }
    });
    places.collect()
}

impl Scalar {
    /// The value on the way to another, in JSON's terms a number or a span; a word stays what it is.
    fn towards(&self, high: &Self, part: f64) -> Self {
        let between = |low: f64, high: f64| {
            if low > 0.0 && high / low > DECADE { low * (high / low).powf(part) } else { low + (high - low) * part }
        };
        match (self, high) {
            (Self::Number(low), Self::Number(high)) => Self::Number(between(*low, *high)),
            (Self::Span(low), Self::Span(high)) => {
                Self::Span(SimDuration::from_secs_f64(between(low.as_secs_f64(), high.as_secs_f64())))
            }
            (low, _) => low.clone(),
        }
    }

    /// The value in the form that another has: whole where that is whole, in every place of a list.
    fn like(&self, value: &Value) -> Value {
        match (value, self) {
            (Value::Array(entries), _) => Value::Array(entries.iter().map(|entry| self.like(entry)).collect()),
            (Value::Number(old), Self::Number(number)) if !old.is_f64() => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
                let whole = number.round() as u64;
                whole.into()
            }
            (_, Self::Number(number)) => (*number).into(),
            (_, Self::Span(span)) => duration::to_text(*span).into(),
            (Value::Bool(_), Self::Word(word)) => (word == "true").into(),
            (_, Self::Word(word)) => word.as_str().into(),
        }
    }

    fn label(&self, value: &Value) -> String {
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Span(span) => duration::to_text(*span),
            Self::Word(word) => word.clone(),
        };
        if value.is_array() { format!("{text} each") } else { text }
    }
}

fn times(factor: f64) -> String {
    format!("× {factor}")
}

/// A value times a factor: all times of a distribution, every number of a list.
fn multiplied(value: &Value, factor: f64, at_most: f64) -> Value {
    if let Ok(distribution) = serde_json::from_value::<Distribution>(value.clone()) {
        return serde_json::to_value(distribution.scaled(factor)).unwrap_or_else(|_| value.clone());
    }
    match value {
        Value::Array(entries) => entries.iter().map(|entry| multiplied(entry, factor, at_most)).collect(),
        Value::Number(number) => {
            number.as_f64().map_or_else(|| value.clone(), |n| Scalar::Number((n * factor).min(at_most)).like(value))
        }
        _ => value.clone(),
    }
}

/// Text without what stands in parentheses.
fn without_remarks(text: &str) -> String {
    let mut depth = 0_u32;
    let kept: String = text
        .chars()
        .filter(|c| {
            depth += u32::from(*c == '(');
            let is_kept = depth == 0;
            depth -= u32::from(*c == ')' && depth > 0);
            is_kept
        })
        .collect();
    kept.replace(" ,", ",").replace("  ", " ").trim().to_owned()
}

/// `half`, `double`, `triple`, `5 times`.
fn factor(text: &str) -> Option<f64> {
    match text {
        "half" => Some(0.5),
        "double" => Some(2.0),
        "triple" => Some(3.0),
        text => text.strip_suffix(" times")?.parse().ok(),
    }
}

fn choice(text: &str) -> Option<Choice> {
    match text.split_once(" to ") {
        Some((low, high)) => match (scalar(low)?, scalar(high)?) {
            (Scalar::Word(_), _) | (_, Scalar::Word(_)) => None,
            (low, high) => Some(Choice::Between(low, high)),
        },
        None => scalar(text).map(Choice::One),
    }
}

fn scalar(text: &str) -> Option<Scalar> {
    if let Ok(number) = text.parse() {
        return Some(Scalar::Number(number));
    }
    if let Ok(span) = duration::parse(text) {
        return Some(Scalar::Span(span));
    }
    let is_word = !text.is_empty() && text.chars().all(char::is_alphanumeric);
    is_word.then(|| Scalar::Word(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Assumptions;

    fn levels(range: &str, value: &Value) -> Vec<String> {
        let range = Range::parse(range).expect(range);
        range.levels(value).into_iter().map(|level| format!("{}: {}", level.label, level.value)).collect()
    }

    #[test]
    fn every_row_of_the_table_is_varied_or_fixed_for_a_reason() {
        let mut fixed = Vec::new();
        for row in Assumptions::default().rows() {
            let range = Range::parse(row.range).unwrap_or_else(|| panic!("{}: `{}`", row.name, row.range));
            if let Range::Fixed(why) = range {
                fixed.push((row.name, why));
                continue;
            }
            let levels = range.levels(&row.value);
            assert!((1..=2).contains(&levels.len()), "{}: {levels:?}", row.name);
            let on_grid = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0].map(|part| range.at(&row.value, part));
            for value in levels.into_iter().map(|level| level.value).chain(on_grid) {
                let mut all = serde_json::to_value(Assumptions::default()).expect("JSON");
                all[row.name] = value.clone();
                let read: Assumptions =
                    serde_json::from_value(all).unwrap_or_else(|error| panic!("{}: {error}", row.name));
                let read = read.rows().into_iter().find(|read| read.name == row.name).expect("there");
                assert_eq!(read.value, value, "{}: a level is written as a scenario writes it", row.name);
            }
        }
        let of = |wanted| fixed.iter().filter(|(_, why)| *why == wanted).map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(of(Fixed::Documented), ["coldDaemonSetCpuMilli", "coldDaemonSetMemoryMiB"]);
        assert_eq!(of(Fixed::Scaled), ["spotHazardPerHour"]);
        assert!(of(Fixed::FreeText).iter().all(|name| name.ends_with("StatusReason")));
    }

    #[test]
    fn ranges_are_read_as_people_mean_them() {
        assert_eq!(levels("0.5s to 30s", &json!("2s")), ["500ms: \"500ms\"", "30s: \"30s\""]);
        assert_eq!(levels("0s to 120s (documented)", &json!("2m")), ["0s: \"0s\""]);
        assert_eq!(levels("0 (no limit), or 20 to 200", &json!(0)), ["20: 20", "200: 200"]);
        assert_eq!(levels("0 (no limit), or 20 to 200", &json!(50)), ["0: 0", "20: 20", "200: 200"]);
        assert_eq!(levels("true or false", &json!(false)), ["true: true"]);
        assert_eq!(
            levels("linear, exponential or box", &json!("linear")),
            ["exponential: \"exponential\"", "box: \"box\""]
        );
        assert_eq!(levels("0.05 to 1 each", &json!([1.0, 0.2])), ["0.05 each: [0.05,0.05]", "1 each: [1.0,1.0]"]);
        assert_eq!(levels("half to 5 times, at most 1", &json!([0.1, 0.5])), ["× 0.5: [0.05,0.25]", "× 5: [0.5,1.0]"]);
        for wrong in ["", "around 5", "5", "often to seldom", "1 to"] {
            assert_eq!(Range::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_distribution_is_scaled_as_a_whole() {
        let startup = json!({ "lognormal": { "median": "45s", "p95": "1m30s" } });
        let found = Range::parse("half to triple").unwrap().levels(&startup);
        assert_eq!(found[0].value, json!({ "lognormal": { "median": "22s500ms", "p95": "45s" } }));
        assert_eq!(found[1].value, json!({ "lognormal": { "median": "2m15s", "p95": "4m30s" } }));
        let none = json!({ "constant": "0s" });
        assert_eq!(Range::parse("half to triple").unwrap().levels(&none), [], "nothing is still nothing");
    }

    #[test]
    fn a_wide_interval_is_divided_by_ratios() {
        let at = |range: &str, value: &Value| {
            let range = Range::parse(range).unwrap();
            [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0].map(|part| range.at(value, part))
        };
        assert_eq!(at("1 to 1000", &json!(5)), [json!(1), json!(10), json!(100), json!(1000)]);
        assert_eq!(at("0 to 60", &json!(5)), [json!(0), json!(20), json!(40), json!(60)]);
        assert_eq!(at("0 (no limit), or 20 to 180", &json!(5)), [json!(0), json!(20), json!(100), json!(180)]);
        assert_eq!(at("true or false", &json!(true)), [json!(true), json!(true), json!(false), json!(false)]);
        assert_eq!(at("a, b or c", &json!("a")), [json!("a"), json!("b"), json!("b"), json!("c")]);
    }
}
