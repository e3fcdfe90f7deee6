//! JSON text to a value and the line of each of its parts. Strict JSON: what AWS's own tools would not read is not read.
//! Knows nothing of what the text means.

use std::collections::{BTreeMap, BTreeSet};

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use serde_json::Value;

use crate::model::Problem;

/// A JSON text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// What it says.
    pub(super) value: Value,
    /// Line of each part, from 1, by JSON pointer.
    pub(super) lines: BTreeMap<String, u32>,
    /// Fields that stand twice.
    pub(super) duplicates: Vec<Problem>,
}

/// Text that is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotJson {
    pub(super) line: Option<u32>,
    pub(super) message: String,
    pub(super) help: String,
}

/// Reads JSON text.
pub(super) fn parse(bytes: &[u8]) -> Result<Text, NotJson> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
        NotJson {
            line: u32::try_from(line).ok(),
            message: "this is not UTF-8 text".to_owned(),
            help: "save the file as UTF-8".to_owned(),
        }
    })?;
    // serde_json is strict and bounds nesting; the syntax tree is read for its positions alone.
    let value = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    let mut reader = Reader { starts: line_starts(text), lines: BTreeMap::new(), duplicates: Vec::new() };
    if let Ok(parsed) = jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict())
        && let Some(root) = &parsed.value
    {
        reader.visit(String::new(), root, root.start());
    }
    Ok(Text { value, lines: reader.lines, duplicates: reader.duplicates })
}

fn strict() -> jsonc_parser::ParseOptions {
    jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn not_json(text: &str, error: &serde_json::Error) -> NotJson {
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or(&said).to_owned();
    let help = if error.is_eof() {
        "the text is cut off: close what is open"
    } else if what.contains("trailing comma") {
        "remove the comma before the closing bracket"
    } else if what.contains("recursion") {
        "nest less deeply"
    } else if text.lines().nth(error.line().saturating_sub(1)).is_some_and(|line| line.contains("//")) {
        "JSON has no comments: remove it"
    } else {
        "write strict JSON: double quotes, a comma between entries, no comments"
    };
    NotJson {
        line: u32::try_from(error.line()).ok(),
        message: format!("no valid JSON at column {}: {what}", error.column()),
        help: help.to_owned(),
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1)).collect()
}

struct Reader {
    starts: Vec<usize>,
    lines: BTreeMap<String, u32>,
    duplicates: Vec<Problem>,
}

impl Reader {
    fn visit(&mut self, pointer: String, value: &ast::Value<'_>, start: usize) {
        let line = self.starts.partition_point(|&at| at <= start);
        match value {
            ast::Value::Object(object) => {
                let mut seen = BTreeSet::new();
                for property in &object.properties {
                    let name = property.name.as_str();
                    let at = child(&pointer, name);
                    if !seen.insert(name) {
                        self.duplicates.push(Problem::new(
                            at.as_str(),
                            format!("`{name}` stands twice in this object"),
                            "remove one of them",
                        ));
                    }
                    self.visit(at, &property.value, property.start());
                }
            }
            ast::Value::Array(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    self.visit(format!("{pointer}/{index}"), element, element.start());
                }
            }
            _ => {}
        }
        self.lines.insert(pointer, u32::try_from(line).unwrap_or(u32::MAX));
    }
}

/// The pointer of `name` within the object at `pointer`.
pub(super) fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_line() {
        let text = parse(b"{\n  \"a\": [1,\n    2],\n  \"b/c\":\n    {}\n}").expect("JSON");
        let line = |pointer: &str| text.lines.get(pointer).copied();
        assert_eq!(line(""), Some(1));
        assert_eq!(line("/a"), Some(2));
        assert_eq!(line("/a/1"), Some(3));
        assert_eq!(line("/b~1c"), Some(4));
    }

    #[test]
    fn faults_name_line_and_way_out() {
        let fault = |text: &str| parse(text.as_bytes()).unwrap_err();
        assert_eq!(fault("{\n \"a\": [1,").line, Some(2));
        assert!(fault("{\n \"a\": [1,").help.contains("cut off"));
        assert!(fault("[1,]").help.contains("comma"));
        assert!(fault("{ // x\n}").help.contains("comments"));
        assert!(fault(&"[".repeat(100_000)).help.contains("nest"));
        assert_eq!(parse(b"\n\xff").unwrap_err().line, Some(2));
        assert_eq!(parse(br#"{"a":1,"a":2}"#).expect("JSON").duplicates.len(), 1);
    }
}
