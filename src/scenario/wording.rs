//! How the schema check words what it finds. Knows values and the names of JSON's types; not which schema asked.

use jsonschema::error::TypeKind;
use serde_json::Value;

use crate::nearest::{nearest, one_of};

pub(super) fn wrong_type(instance: &Value, expected: &TypeKind, about: &str) -> (String, String) {
    let names: Vec<String> = match expected {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(many) => many.iter().map(|one| one.to_string()).collect(),
    };
    let expected = names.iter().map(|name| with_article(name)).collect::<Vec<_>>().join(" or ");
    let wants = |name: &str| names.iter().any(|known| known == name);
    let help = match instance {
        Value::Number(number) if wants("string") => format!("write it in double quotes: `\"{number}\"`"),
        Value::Bool(word) if wants("string") => format!("write it in double quotes: `\"{word}\"`"),
        Value::String(text) if (wants("integer") || wants("number")) && text.parse::<f64>().is_ok() => {
            format!("write it without quotes: `{text}`")
        }
        Value::String(text) if wants("boolean") && matches!(text.as_str(), "true" | "false") => {
            format!("write it without quotes: `{text}`")
        }
        Value::Number(_) if wants("integer") => "write a whole number".to_owned(),
        Value::Null => format!("remove the field, or write {expected}"),
        other if wants("array") && !other.is_array() => "put it in brackets: `[ … ]`".to_owned(),
        _ => format!("write {expected}{about}"),
    };
    (format!("{} stands where {expected} is expected", shown(instance)), help)
}

pub(super) fn no_variant(instance: &Value, tags: &[&str]) -> (String, String) {
    let example = format!("write an object with one of {}", one_of(tags.iter().copied()));
    match instance {
        Value::Object(fields) => {
            let given: Vec<_> = fields.keys().map(String::as_str).collect();
            let (known, unknown): (Vec<_>, Vec<_>) = given.iter().copied().partition(|name| tags.contains(name));
            match (known.as_slice(), unknown.as_slice()) {
                ([], [name]) => {
                    let help = nearest(name, tags.iter().copied()).map_or(example, |meant| format!("write `{meant}`"));
                    (format!("unknown form `{name}`"), help)
                }
                ([], []) => ("the object is empty".to_owned(), example),
                _ => (
                    format!("{} stand together", one_of(given).replace(" or ", " and ")),
                    format!("keep one: {example}"),
                ),
            }
        }
        other => (format!("{} stands where an object is expected", shown(other)), example),
    }
}

pub(super) fn range(schema: &Value) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Number(min), Value::Number(max)) => format!("write {min} to {max}"),
        (Value::Number(min), _) => format!("write {min} or more"),
        (_, Value::Number(max)) => format!("write {max} or less"),
        _ => String::new(),
    }
}

/// A value as it is shown in a message: short.
pub(super) fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) if text.chars().count() > LONGEST => {
            format!("`{}…`", text.chars().take(LONGEST).collect::<String>())
        }
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn with_article(name: &str) -> String {
    match name {
        "array" => "a list".to_owned(),
        "object" | "integer" => format!("an {name}"),
        name => format!("a {name}"),
    }
}
