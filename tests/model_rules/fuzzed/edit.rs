//! Random changes of a document: of any part by anything, or by what the tables of rules and limits hold.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::documents::{Base, Change, alter};
use crate::limits::ACCEPTED;
use crate::rules::{Rule, all};

/// A change; where it meets nothing to change, it does nothing.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Remove(Index),
    Replace(Index, Value),
    Rename(Index, &'static str),
    /// Repeats an entry of a list so often.
    Repeat(Index, usize),
    /// Puts one part in the place of another.
    Copy(Index, Index),
    /// Changes a number a little, or a text by a sign.
    Nudge(Index, i64, char),
    /// Goes to a limit that is accepted.
    Limit(Index),
    /// Breaks a rule.
    Break(Index),
}

/// One document: its kind, and what is changed of the valid one.
pub(crate) fn edited() -> impl Strategy<Value = (Base, Vec<Edit>)> {
    // Most rules are about definitions, submissions and environments.
    let bases: Vec<_> = [Base::JobDefinition; 8]
        .into_iter()
        .chain([Base::Submit, Base::Submit, Base::Submit, Base::MultiNode, Base::MultiNode, Base::SubmitMultiNode])
        .chain([Base::ComputeEnvironment, Base::ComputeEnvironment, Base::JobQueue, Base::SchedulingPolicy])
        .chain(Base::ALL.into_iter().filter(|base| base.whole() == *base))
        .collect();
    (select(bases), prop::collection::vec(edit(), 1..5))
}

pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    let junk = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(0.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(65_536),
        json!(4_294_967_295_u32),
        json!(10_001),
        json!(""),
        json!("0"),
        json!("+1"),
        json!("1e1"),
        json!("0.25"),
        json!(".5"),
        json!("4Mi"),
        json!("+4Mi"),
        json!("104857600Mi"),
        json!("10000000"),
        json!("m5"),
        json!("a/b~c"),
        json!("*"),
        json!("ü".repeat(200)),
        json!("\u{0}"),
        json!("Ref::a"),
        json!("Ref::"),
        json!(":"),
        json!("1:+2"),
        json!("0:4294967295"),
        json!("definition:+1"),
        json!("definition:0"),
        json!("0-0"),
        json!("arn:aws:batch:us-east-1:123456789012:job-queue/queue"),
        json!([]),
        json!({}),
        json!([[]]),
        json!([{}]),
        json!({ "a": "b" }),
    ];
    let names =
        vec!["x", "", "~1", "name", "cpu", "memory", "limits", "requests", "type", "containerProperties", "state"];
    let at = any::<Index>;
    prop_oneof![
        2 => at().prop_map(Edit::Remove),
        4 => (at(), select(junk)).prop_map(|(at, junk)| Edit::Replace(at, junk)),
        1 => (at(), select(names)).prop_map(|(at, name)| Edit::Rename(at, name)),
        1 => (at(), 1..60_usize).prop_map(|(at, times)| Edit::Repeat(at, times)),
        1 => (at(), at()).prop_map(|(from, to)| Edit::Copy(from, to)),
        4 => (at(), select(vec![-1, 1, 7, 100, 1_000]), select(vec!['a', '0', '.', '+', '-', '_', '*', ':', ' ', 'M', 'é']))
            .prop_map(|(at, by, sign)| Edit::Nudge(at, by, sign)),
        4 => at().prop_map(Edit::Limit),
        2 => at().prop_map(Edit::Break),
    ]
}

impl Edit {
    /// Changes a document of the base's kind.
    pub(crate) fn apply(&self, base: Base, document: &mut Value) {
        let mut all = Vec::new();
        pointers(document, "", &mut all);
        let part = |index: &Index| all.get(index.index(all.len().max(1)));
        match self {
            Self::Limit(index) => {
                let limits: Vec<_> = limits(base).collect();
                if !limits.is_empty() {
                    let (limited, changes) = index.get(&limits);
                    alter(document, *limited, changes);
                }
            }
            Self::Break(index) => {
                let rules: Vec<_> = rules(base).collect();
                let rule = index.get(&rules);
                alter(document, rule.base, rule.changes);
            }
            Self::Copy(from, to) => {
                if let (Some(from), Some(to)) = (part(from), part(to)) {
                    let copy = document.pointer(from).cloned().unwrap_or_default();
                    *document.pointer_mut(to).expect("it was listed") = copy;
                }
            }
            Self::Replace(at, new) => {
                if let Some(at) = part(at) {
                    *document.pointer_mut(at).expect("it was listed") = new.clone();
                }
            }
            Self::Nudge(at, by, sign) => {
                if let Some(slot) = part(at).and_then(|at| document.pointer_mut(at)) {
                    nudge(slot, *by, *sign);
                }
            }
            Self::Remove(at) | Self::Rename(at, _) | Self::Repeat(at, _) => {
                if let Some(at) = part(at) {
                    self.apply_in_parent(at, document);
                }
            }
        }
    }

    fn apply_in_parent(&self, at: &str, document: &mut Value) {
        let (parent, name) = at.rsplit_once('/').expect("parts stand in something");
        let name = name.replace("~1", "/").replace("~0", "~");
        match (self, document.pointer_mut(parent)) {
            (Self::Remove(_), Some(Value::Object(fields))) => drop(fields.shift_remove(&name)),
            (Self::Rename(_, new), Some(Value::Object(fields))) => {
                let value = fields.shift_remove(&name).expect("it was listed");
                fields.insert((*new).to_owned(), value);
            }
            (Self::Remove(_), Some(Value::Array(entries))) => drop(entries.remove(name.parse().expect("an index"))),
            (Self::Repeat(_, times), Some(Value::Array(entries))) => {
                let entry = entries[name.parse::<usize>().expect("an index")].clone();
                entries.extend(std::iter::repeat_n(entry, *times));
            }
            _ => {}
        }
    }
}

/// The limits of a document of the base's kind that are accepted.
pub(crate) fn limits(base: Base) -> impl Iterator<Item = (Base, &'static [Change])> {
    ACCEPTED
        .iter()
        .filter(move |(_, limited, _)| limited.whole() == base)
        .map(|(_, limited, changes)| (*limited, *changes))
}

/// The rules about a document of the base's kind.
pub(crate) fn rules(base: Base) -> impl Iterator<Item = &'static Rule> {
    all().filter(move |rule| rule.base.whole() == base)
}

fn nudge(slot: &mut Value, by: i64, sign: char) {
    match slot {
        Value::Number(number) => {
            *slot = number.as_i64().map_or(json!(0), |number| json!(number.saturating_add(by)));
        }
        Value::String(text) if by < 0 => text.insert(0, sign),
        Value::String(text) => text.push(sign),
        _ => {}
    }
}

/// Pointers of all parts.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let mut visit = |name: &str, inner: &Value| {
        let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        pointers(inner, &at, all);
        all.push(at);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| visit(name, inner)),
        Value::Array(entries) => entries.iter().enumerate().for_each(|(index, inner)| visit(&index.to_string(), inner)),
        _ => {}
    }
}
