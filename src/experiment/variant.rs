//! What is varied: axes of values, and the variants that they span. Reads `maxvCpus=256,512`; knows a scenario as something
//! that can be changed and resolved, not what its fields mean.

use serde_json::{Map, Value};

use crate::scenario::{Axis, Finding, Findings, NamedVariant, Resolved, ScenarioFile, Setting};

/// One design: a scenario with settings of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// What it is called; unique in its study.
    pub name: String,
    /// Its value on each axis of the study, as text; empty where variants are named one by one.
    pub levels: Vec<String>,
    /// What it changes.
    pub settings: Vec<Setting>,
}

/// Reads an axis as `FIELD=VALUE,VALUE,…`. Commas within brackets, braces and quotes belong to a value; a value that is
/// no JSON is a string.
pub fn parse_axis(text: &str) -> Result<Axis, Finding> {
    let wrong = |message: &str| {
        let help = "write a field and its values, like maxvCpus=256,512 or instanceTypes=[\"m5\"],[\"m5\",\"c5\"]";
        Finding::about_file(format!("--vary {text}"), message, help)
    };
    let (field, values) = text.split_once('=').ok_or_else(|| wrong("it has no `=`"))?;
    let values: Vec<_> = parts(values).into_iter().map(str::trim).map(value).collect();
    if values.iter().any(|value| value == "") {
        return Err(wrong("a value is missing"));
    }
    for (index, value) in values.iter().enumerate() {
        if values[..index].contains(value) {
            return Err(wrong(&format!("`{}` stands there twice", label(value))));
        }
    }
    Ok(Axis { field: field.trim().to_owned(), values })
}

/// What an axis is called in a table: an alias by itself, a pointer by its last part.
pub fn axis_name(axis: &Axis) -> &str {
    if axis.field.starts_with('/') { axis.field.rsplit('/').next().unwrap_or(&axis.field) } else { &axis.field }
}

/// Settings by alias or pointer, as pointers.
pub(super) fn settings(set: &Map<String, Value>, scenario: &ScenarioFile) -> Result<Vec<Setting>, Findings> {
    let (mut settings, mut wrong) = (Vec::new(), Vec::new());
    for (field, value) in set {
        match scenario.pointers_of(field) {
            Ok(pointers) => {
                settings.extend(pointers.into_iter().map(|pointer| Setting { pointer, value: value.clone() }));
            }
            Err(finding) => wrong.push(finding),
        }
    }
    if wrong.is_empty() { Ok(settings) } else { Err(Findings::new(wrong)) }
}

/// A variant that has a name.
pub(super) fn named(variant: &NamedVariant, scenario: &ScenarioFile) -> Result<Variant, Findings> {
    let settings = settings(&variant.set, scenario)?;
    Ok(Variant { name: variant.name.clone(), levels: Vec::new(), settings })
}

/// All combinations of the axes' values, the last axis fastest.
pub(super) fn grid(axes: &[Axis], scenario: &ScenarioFile) -> Result<Vec<Variant>, Findings> {
    let mut variants = vec![Variant { name: String::new(), levels: Vec::new(), settings: Vec::new() }];
    let mut wrong = Vec::new();
    for axis in axes {
        let pointers = match scenario.pointers_of(&axis.field) {
            Ok(pointers) => pointers,
            Err(finding) => {
                wrong.push(finding);
                continue;
            }
        };
        let extended = variants.iter().flat_map(|variant| {
            axis.values.iter().map(|value| {
                let mut variant = variant.clone();
                variant.levels.push(label(value));
                let set = |pointer: &String| Setting { pointer: pointer.clone(), value: value.clone() };
                variant.settings.extend(pointers.iter().map(set));
                variant
            })
        });
        variants = extended.collect();
    }
    if !wrong.is_empty() {
        return Err(Findings::new(wrong));
    }
    for variant in &mut variants {
        variant.name = variant.levels.join(", ");
    }
    Ok(variants)
}

impl Variant {
    /// The scenario as the variant has it, ready to run.
    pub fn resolve(&self, scenario: &ScenarioFile) -> Result<Resolved, Findings> {
        let mut file = scenario.clone();
        let wrong: Vec<_> = self.settings.iter().filter_map(|setting| file.set(setting).err()).collect();
        if wrong.is_empty() { file.resolve() } else { Err(Findings::new(wrong)) }
    }

    /// Whether the scenario is this variant as it stands.
    pub fn is_as_written(&self, scenario: &ScenarioFile) -> bool {
        self.settings.iter().all(|setting| {
            let written = scenario.value().pointer(&setting.pointer);
            written.map_or(setting.value.is_null(), |written| label(written) == label(&setting.value))
        })
    }
}

/// A value as a name: text by itself, a list by its entries, an object by its own name.
pub(super) fn label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(entries) if !entries.is_empty() => entries.iter().map(label).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => match fields.get("name") {
            Some(Value::String(name)) => name.clone(),
            _ => value.to_string(),
        },
        value => value.to_string(),
    }
}

/// A value as it stands on a command line.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Text split at its commas, but for those within brackets, braces and quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0_i32, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn scenario() -> ScenarioFile {
        let text = br#"{ "seed": 1, "region": "eu-west-1" }"#;
        ScenarioFile::read("x", "x.json", Path::new(""), text).expect("JSON")
    }

    #[test]
    fn values_are_split_at_the_commas_that_part_them() {
        let axis = parse_axis(r#"instanceTypes=["m5","c5"],["a,b"], r5 ,7"#).unwrap();
        assert_eq!(axis.values.iter().map(label).collect::<Vec<_>>(), ["m5 c5", "a,b", "r5", "7"]);
        assert_eq!(axis.values[3], 7);
        assert!(parse_axis("maxvCpus").unwrap_err().to_string().contains("no `=`"));
        assert!(parse_axis("maxvCpus=1,,2").unwrap_err().to_string().contains("missing"));
        assert!(parse_axis("maxvCpus=1,2,1").unwrap_err().to_string().contains("`1` stands there twice"));
    }

    #[test]
    fn a_grid_has_every_combination_once() {
        let axes = ["/seed=1,2", "/region=eu-west-1,us-east-1"].map(|text| parse_axis(text).unwrap());
        let variants = grid(&axes, &scenario()).unwrap();
        let names: Vec<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
        assert_eq!(names, ["1, eu-west-1", "1, us-east-1", "2, eu-west-1", "2, us-east-1"]);
        assert_eq!(variants[1].settings[1].to_string(), "/region=us-east-1");
        let written: Vec<_> = variants.iter().map(|variant| variant.is_as_written(&scenario())).collect();
        assert_eq!(written, [true, false, false, false]);
    }
}
