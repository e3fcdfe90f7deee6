//! Which assumptions are varied, and between what. An absolute range stays where it is, a relative one goes around the
//! scenario's value; the scenario's value is the base of both. Runs nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::experiment::study::Study;
use crate::model::range::{Fixed, Level, Range};
use crate::model::{Assumption, duration};
use crate::nearest::nearest;
use crate::scenario::{Finding, Findings};

/// An assumption that is varied.
#[derive(Debug, Clone)]
pub(super) struct Varied {
    pub(super) name: &'static str,
    pub(super) range: &'static str,
    pub(super) plausible: Range,
    /// The scenario's value.
    pub(super) base: Value,
    /// What it takes instead, each at an end of its range; one at least.
    pub(super) levels: Vec<(End, Level)>,
}

/// Which end of its range a level stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The smaller one, or the word that is named first.
    Low,
    /// The larger one, or the word that is named last.
    High,
}

/// An assumption that is not varied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotVaried {
    /// Its name.
    pub assumption: String,
    /// Why it is not.
    pub why: Why,
}

/// Why an assumption is not varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// AWS publishes it.
    Documented,
    /// Any text would do.
    FreeText,
    /// Another assumption multiplies it.
    Scaled,
    /// Its range holds nothing but the scenario's value: twice nothing, say.
    NothingElse,
    /// The variants differ in it already.
    VariantsDiffer,
}

impl Why {
    /// In a sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::FreeText => "free text",
            Self::Scaled => "another assumption scales it",
            Self::NothingElse => "its range holds nothing else",
            Self::VariantsDiffer => "the variants differ in it",
        }
    }
}

/// The assumptions of a study's variants that are varied: those of `names`, or all. All faults of the names at once.
pub(super) fn choose(study: &Study, names: &[String]) -> Result<(Vec<Varied>, Vec<NotVaried>), Findings> {
    let all: Vec<Vec<Assumption>> = study.designs.iter().map(|design| design.world.assumptions.rows()).collect();
    let (mut varied, mut not_varied, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for (at, row) in all[study.baseline].iter().enumerate() {
        if !names.is_empty() && !names.iter().any(|name| name == row.name) {
            continue;
        }
        let is_shared = all.iter().all(|rows| rows[at].value == row.value);
        match if is_shared { of(row) } else { Err(Why::VariantsDiffer) } {
            Ok(found) => varied.push(found),
            Err(why) if names.is_empty() => not_varied.push(NotVaried { assumption: row.name.to_owned(), why }),
            Err(why) => {
                let message = format!("it can't be varied: {}", why.text());
                wrong.push(Finding::about_file(option(row.name), message, "leave it out"));
            }
        }
    }
    for name in names.iter().filter(|name| !all[0].iter().any(|row| row.name == **name)) {
        let help = nearest(name, all[0].iter().map(|row| row.name))
            .map_or_else(|| "see `windtunnel assumptions`".to_owned(), |meant| format!("did you mean `{meant}`?"));
        wrong.push(Finding::about_file(option(name), "no assumption is called so", help));
    }
    if wrong.is_empty() && varied.is_empty() {
        wrong.push(Finding::about_file(
            study.scenario.as_str(),
            "no assumption is left to vary",
            "vary something else than the assumptions' preset, or compare the variants with `windtunnel compare`",
        ));
    }
    if wrong.is_empty() { Ok((varied, not_varied)) } else { Err(Findings::new(wrong)) }
}

fn option(name: &str) -> String {
    format!("--assumption {name}")
}

fn of(row: &Assumption) -> Result<Varied, Why> {
    let plausible = row.plausible();
    if let Range::Fixed(fixed) = plausible {
        return Err(match fixed {
            Fixed::Documented => Why::Documented,
            Fixed::FreeText => Why::FreeText,
            Fixed::Scaled => Why::Scaled,
        });
    }
    let levels = plausible.levels(&row.value);
    if levels.is_empty() {
        return Err(Why::NothingElse);
    }
    let levels = ends(&row.value, &levels).into_iter().zip(levels).collect();
    Ok(Varied { name: row.name, range: row.range, plausible, base: row.value.clone(), levels })
}

/// At which end each level stands: by size, or by the order they are named in where all are on one side of the base.
fn ends(base: &Value, levels: &[Level]) -> Vec<End> {
    let base = size(base);
    let by_size: Vec<End> = levels
        .iter()
        .map(|level| match (size(&level.value), base) {
            (Some(level), Some(base)) if level < base => End::Low,
            _ => End::High,
        })
        .collect();
    let one_sided = by_size.windows(2).all(|pair| pair[0] == pair[1]);
    if levels.len() > 1 && one_sided {
        (0..levels.len()).map(|index| if index == 0 { End::Low } else { End::High }).collect()
    } else {
        by_size
    }
}

/// How large a value is, compared with others of its assumption; a word has no size.
fn size(value: &Value) -> Option<f64> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => duration::parse(text).ok().map(crate::units::SimDuration::as_secs_f64),
        Value::Array(entries) => entries.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sides(range: &str, base: &Value) -> Vec<End> {
        ends(base, &Range::parse(range).expect("a range").levels(base))
    }

    #[test]
    fn a_level_stands_at_the_end_where_a_reader_looks_for_it() {
        assert_eq!(sides("0.5s to 30s", &json!("2s")), [End::Low, End::High]);
        assert_eq!(sides("0s to 120s", &json!("2m")), [End::Low]);
        assert_eq!(sides("0 to 0.72", &json!(0.0)), [End::High]);
        assert_eq!(sides("true or false", &json!(true)), [End::Low]);
        assert_eq!(sides("0, or 20 to 200", &json!(0)), [End::Low, End::High]);
        assert_eq!(sides("0.2 to 50", &json!(100.0)), [End::Low, End::High]);
        assert_eq!(sides("a, b or c", &json!("b")), [End::Low, End::High]);
    }
}
