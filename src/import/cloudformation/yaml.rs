//! YAML as JSON, with CloudFormation's tags in their long form: `!Ref x` is `{ "Ref": "x" }`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

/// Values of a template, those that aliases stand for counted each time: far more than CloudFormation takes.
const VALUES_MAX: usize = 1_000_000;
const DEPTH_MAX: usize = 200;

/// What opened and is not closed yet.
struct Open<'a> {
    value: Value,
    key: Option<String>,
    anchor: usize,
    tag: Option<Cow<'a, Tag>>,
}

/// The first document of a text; an error names the line.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut anchors: BTreeMap<usize, (Value, usize)> = BTreeMap::new();
    let mut count = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| format!("line {}: {}", error.marker().line(), error.info()))?;
        let line = span.start.line();
        let (value, anchor) = match event {
            Event::MappingStart(anchor, tag) => {
                open.push(Open { value: json!({}), key: None, anchor, tag });
                if open.len() > DEPTH_MAX {
                    return Err(format!("line {line}: more than {DEPTH_MAX} levels"));
                }
                continue;
            }
            Event::SequenceStart(anchor, tag) => {
                open.push(Open { value: json!([]), key: None, anchor, tag });
                if open.len() > DEPTH_MAX {
                    return Err(format!("line {line}: more than {DEPTH_MAX} levels"));
                }
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let Some(closed) = open.pop() else { continue };
                (tagged(closed.value, closed.tag.as_deref()), closed.anchor)
            }
            Event::Scalar(text, style, anchor, tag) => {
                count += 1;
                let is_key = open.last().is_some_and(|last| last.value.is_object() && last.key.is_none());
                let plain = style == ScalarStyle::Plain && tag.is_none() && !is_key;
                let value = if plain { scalar(&text) } else { Value::String(text.into_owned()) };
                (tagged(value, tag.as_deref()), anchor)
            }
            Event::Alias(anchor) => {
                let (value, size) = anchors.get(&anchor).cloned().ok_or(format!("line {line}: an alias of nothing"))?;
                count += size;
                (value, 0)
            }
            Event::DocumentEnd => break,
            _ => continue,
        };
        if count > VALUES_MAX {
            return Err(format!("line {line}: more than {VALUES_MAX} values"));
        }
        if anchor > 0 {
            anchors.insert(anchor, (value.clone(), size(&value)));
        }
        match open.last_mut() {
            None => return Ok(value),
            Some(Open { value: Value::Array(items), .. }) => items.push(value),
            Some(Open { value: Value::Object(fields), key, .. }) => match key.take() {
                Some(name) if fields.contains_key(&name) => return Err(format!("line {line}: `{name}` stands twice")),
                Some(name) => drop(fields.insert(name, value)),
                None => *key = Some(value.as_str().ok_or(format!("line {line}: a key that is no text"))?.to_owned()),
            },
            Some(_) => {}
        }
    }
    Err("it is empty".to_owned())
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 1,
        Value::Object(fields) => fields.values().map(size).sum::<usize>() + 1,
        _ => 1,
    }
}

/// What a plain text is. Numbers keep their digits: an account's id with a nought ahead is none.
fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if let Some(number) = text.parse::<i64>().ok().filter(|number| number.to_string() == text) {
        return Value::from(number);
    }
    let decimal = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    let float = text.parse::<f64>().ok().filter(|float| decimal && float.to_string() == text);
    float.map_or_else(|| Value::String(text.to_owned()), Value::from)
}

fn tagged(value: Value, tag: Option<&Tag>) -> Value {
    let Some(tag) = tag.filter(|tag| tag.handle == "!") else { return value };
    let (name, value) = match (tag.suffix.as_str(), &value) {
        ("Ref" | "Condition", _) => (tag.suffix.clone(), value),
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((text, ""));
            ("Fn::GetAtt".to_owned(), json!([resource, attribute]))
        }
        (function, _) => (format!("Fn::{function}"), value),
    };
    let mut fields = Map::new();
    fields.insert(name, value);
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_functions() {
        let text = "A: !Ref P\nB: !GetAtt R.Arn\nC: !Sub '${P}-x'\nD: !If [C, !Select [0, !Ref L], !Ref 'AWS::NoValue']\n\
                    E: !Join\n  - ''\n  - - a\n    - !GetAtt [R, X.Y]\nF: !Condition G\n";
        let expected = json!({
            "A": { "Ref": "P" }, "B": { "Fn::GetAtt": ["R", "Arn"] }, "C": { "Fn::Sub": "${P}-x" },
            "D": { "Fn::If": ["C", { "Fn::Select": [0, { "Ref": "L" }] }, { "Ref": "AWS::NoValue" }] },
            "E": { "Fn::Join": ["", ["a", { "Fn::GetAtt": ["R", "X.Y"] }]] }, "F": { "Condition": "G" },
        });
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn scalars_keep_what_they_are() {
        let text = "V: 2010-09-09\nI: 012345678901\nN: 256\nF: 0.25\nT: true\nQ: '256'\nZ:\n1: one\nM: 1024Mi\n";
        let expected = json!({
            "V": "2010-09-09", "I": "012345678901", "N": 256, "F": 0.25, "T": true, "Q": "256", "Z": null, "1": "one", "M": "1024Mi",
        });
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn faults_have_lines_and_bombs_end() {
        assert!(parse("A: 1\nB: [1, 2\n").unwrap_err().starts_with("line "));
        assert_eq!(parse("A: 1\nA: 2\n").unwrap_err(), "line 2: `A` stands twice");
        assert_eq!(parse("").unwrap_err(), "it is empty");
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..30 {
            bomb.push_str(
                &["a0: &a0 [*b, *b, *b, *b]\n".replace("a0", &format!("a{n}")).replace("*b", &format!("*a{}", n - 1))]
                    .concat(),
            );
        }
        assert!(parse(&bomb).unwrap_err().contains("more than"));
        assert!(parse(&"[".repeat(220)).unwrap_err().contains("levels"));
        assert!(parse(&"[".repeat(5_000)).unwrap_err().starts_with("line 1: "), "the parser ends deeper ones");
    }
}
