//! One way of writing into another: `MinvCpus` of CloudFormation and `min_vcpus` of Terraform are both `minvCpus`, a block is an
//! object whether it stands in a list or not, and `"256"` is a number where AWS wants one.

use serde_json::{Map, Value, json};

use crate::import::notes::Notes;

/// What may stand at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Text,
    Number,
    Flag,
    /// Keys are the user's own.
    Texts,
    /// Anything, as it is.
    Any,
    Object(&'static [(&'static str, Shape)]),
    List(&'static Shape),
}

/// Keys of what stands for a value that can't be known: why, and the text in its place where a text is wanted.
const UNRESOLVED: &str = "\u{0}unresolved";
const STAND_IN: &str = "\u{0}instead";

/// Stands for a value that can't be known.
pub(in crate::import) fn unresolved(why: impl Into<String>, stand_in: &str) -> Value {
    json!({ UNRESOLVED: why.into(), STAND_IN: stand_in })
}

/// Why a value is not known, if it isn't.
pub(in crate::import) fn why_unresolved(value: &Value) -> Option<&str> {
    value.get(UNRESOLVED)?.as_str()
}

/// Whether two ways to write a member mean the same one.
fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// Members that providers call otherwise, by their place's own name.
const OTHERWISE: &[(&str, &str)] = &[
    ("instancetype", "instancetypes"),
    ("imagepullsecret", "imagepullsecrets"),
    ("jobstatetimelimitaction", "jobstatetimelimitactions"),
];

/// Writes a value as the AWS CLI does. What it can't say, or nobody knows, is told and left out; `None` if that is all of it.
pub(super) fn written(value: &Value, shape: Shape, at: &str, notes: &mut Notes) -> Option<Value> {
    if let Some(why) = why_unresolved(value) {
        if matches!(shape, Shape::Text) {
            let stand_in = value[STAND_IN].as_str().unwrap_or("unresolved");
            notes.made_up(format!("{at}: {why}; `{stand_in}` stands for it"));
            return Some(json!(stand_in));
        }
        notes.leave_out("values that are not known yet", format!("{at}: {why}"));
        return None;
    }
    match (shape, value) {
        (_, Value::Null) => None,
        (Shape::Any, _) => Some(value.clone()),
        (Shape::Text, Value::String(_)) | (Shape::Number, Value::Number(_)) | (Shape::Flag, Value::Bool(_)) => {
            Some(value.clone())
        }
        (Shape::Text, Value::Number(number)) => Some(json!(number.to_string())),
        (Shape::Text, Value::Bool(flag)) => Some(json!(flag.to_string())),
        (Shape::Number, Value::String(text)) => {
            let number = text.trim().parse::<i64>().map(Value::from);
            number.or_else(|_| text.trim().parse::<f64>().map(Value::from)).ok().or_else(|| odd(at, "no number", notes))
        }
        (Shape::Flag, Value::String(text)) => text
            .to_ascii_lowercase()
            .parse::<bool>()
            .ok()
            .map(Value::from)
            .or_else(|| odd(at, "not true or false", notes)),
        (Shape::Texts, Value::Object(texts)) => {
            let rows = texts.iter().filter_map(|(key, text)| {
                Some((key.clone(), written(text, Shape::Text, &format!("{at}/{key}"), notes)?))
            });
            Some(Value::Object(rows.collect()))
        }
        // Tags of CloudFormation may be a list of keys and values.
        (Shape::Texts, Value::Array(pairs)) => {
            let rows = pairs.iter().enumerate().filter_map(|(n, pair)| {
                let key = pair["Key"].as_str()?.to_owned();
                Some((key, written(&pair["Value"], Shape::Text, &format!("{at}/{n}"), notes)?))
            });
            Some(Value::Object(rows.collect()))
        }
        // A block of Terraform is a list of at most one.
        (Shape::Object(_), Value::Array(blocks)) if blocks.len() <= 1 => written(blocks.first()?, shape, at, notes),
        (Shape::Object(members), Value::Object(fields)) => Some(object(fields, members, at, notes)),
        (Shape::List(each), Value::Array(items)) => {
            let items = items.iter().enumerate();
            Some(items.filter_map(|(n, item)| written(item, *each, &format!("{at}/{n}"), notes)).collect())
        }
        (Shape::List(each), _) => Some(json!([written(value, *each, at, notes)?])),
        _ => odd(at, "formed otherwise than AWS Batch forms it", notes),
    }
}

fn odd(at: &str, what: &str, notes: &mut Notes) -> Option<Value> {
    notes.leave_out("values that are not what stands there in AWS Batch", format!("{at}: {what}"));
    None
}

fn object(fields: &Map<String, Value>, members: &[(&str, Shape)], at: &str, notes: &mut Notes) -> Value {
    let mut out = Map::new();
    for (key, value) in fields {
        let here = format!("{at}/{key}");
        let plain = plain(key);
        let meant = OTHERWISE.iter().find(|(theirs, _)| *theirs == plain).map_or(plain.as_str(), |(_, ours)| *ours);
        match members.iter().find(|(name, _)| self::plain(name) == meant) {
            Some((name, shape)) => {
                if let Some(value) = written(value, *shape, &here, notes) {
                    out.insert((*name).to_owned(), value);
                }
            }
            None if is_nothing(value) => {}
            None => notes.leave_out("members that a scenario has no use for", here),
        }
    }
    Value::Object(out)
}

/// Providers write everything, also what nobody set.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
