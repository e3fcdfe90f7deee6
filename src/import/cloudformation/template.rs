//! The resources of AWS Batch in templates.

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::Value;

use crate::import::cloudformation::functions::{Functions, kind};
use crate::import::cloudformation::yaml;
use crate::import::declared::{Declared, assemble, why_unresolved};
use crate::import::imported::Imported;
use crate::import::notes::Notes;
use crate::import::stand_ins::ACCOUNT;
use crate::import::unpacked;

/// CloudFormation takes a megabyte.
const BYTES_MAX: u64 = 16 << 20;
const DESCRIPTION: &str = "AWS Batch as CloudFormation templates declare it, with a made-up workload.";

/// A template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    file: String,
    value: Value,
}

/// What is asked of an import beside its templates.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Values of parameters, by name.
    pub parameters: BTreeMap<String, String>,
    /// `AWS::Region`.
    pub region: String,
    /// The scenario whose jobs run there, with its documents in place, instead of made-up ones.
    pub workload: Option<Value>,
}

impl Template {
    /// Reads a template in JSON or YAML, gzipped or not. The error is a sentence that names the file.
    pub fn read(file: &str, from: impl Read) -> Result<Self, String> {
        let text = unpacked::text(from, BYTES_MAX).map_err(|error| format!("{file} can't be read: {error}"))?;
        let value = if text.trim_start().starts_with('{') {
            serde_json::from_str(&text).map_err(|error| error.to_string())
        } else {
            yaml::parse(&text)
        };
        let value = value.map_err(|error| format!("{file} is neither JSON nor YAML: {error}"))?;
        if !value["Resources"].is_object() {
            return Err(format!("{file} is no template: it has no `Resources`; give what `cdk synth` or you wrote"));
        }
        Ok(Self { file: file.to_owned(), value })
    }
}

/// A scenario of what templates declare.
pub fn scenario(templates: &[Template], wanted: &Wanted) -> Imported {
    let mut notes = Notes::default();
    let mut exports = BTreeMap::new();
    // An export may rest on another template's: as often as there are templates is enough.
    for _ in 0..templates.len() {
        let found: Vec<_> = templates.iter().flat_map(|template| exported(template, wanted, &exports)).collect();
        exports.extend(found);
    }
    let mut declared = Vec::new();
    for template in templates {
        let functions = Functions::new(&template.value, &wanted.parameters, &wanted.region, &exports);
        for (id, resource) in template.value["Resources"].as_object().into_iter().flatten() {
            let place = format!("{} /Resources/{id}", template.file);
            let resource_type = resource["Type"].as_str().unwrap_or_default();
            let Some(kind) = kind(resource_type) else {
                let reason = match resource_type {
                    "AWS::CloudFormation::Stack" => "nested stacks: give their templates, too",
                    other if other.starts_with("AWS::Batch::") => "resources of AWS Batch that scenarios don't have",
                    _ => "resources that are not AWS Batch's",
                };
                notes.leave_out(reason, place);
                continue;
            };
            if let Some(condition) = resource["Condition"].as_str() {
                match functions.condition(condition, 0) {
                    Some(true) => {}
                    Some(false) => {
                        notes.leave_out("resources whose condition does not hold", format!("{place}: {condition}"));
                        continue;
                    }
                    None => {
                        notes.made_up(format!("{place}: condition {condition}, which is not known, is taken to hold"));
                    }
                }
            }
            let mut members = functions.resolve(&resource["Properties"], 0);
            let place = format!("{place}/Properties");
            let name = kind.member();
            if let Some(why) = members.get(&name).and_then(why_unresolved) {
                notes.made_up(format!("{place}/{name}: {why}; {id} stands for it"));
                members[&name] = Value::String(id.clone());
            }
            declared.push(Declared { kind, place, id: id.clone(), members });
        }
    }
    unused(templates, wanted, &mut notes);
    notes.made_up(format!("account {ACCOUNT}, region {}, stack name `imported`", wanted.region));
    assemble(&declared, &wanted.region, DESCRIPTION, wanted.workload.as_ref(), notes)
}

fn exported(template: &Template, wanted: &Wanted, known: &BTreeMap<String, Value>) -> Vec<(String, Value)> {
    let functions = Functions::new(&template.value, &wanted.parameters, &wanted.region, known);
    let outputs = template.value["Outputs"].as_object().into_iter().flat_map(|outputs| outputs.values());
    let exported = outputs.filter_map(|output| {
        let name = functions.resolve(output.get("Export")?.get("Name")?, 0);
        Some((name.as_str()?.to_owned(), functions.resolve(&output["Value"], 0)))
    });
    exported.collect()
}

fn unused(templates: &[Template], wanted: &Wanted, notes: &mut Notes) {
    for name in wanted.parameters.keys() {
        if !templates.iter().any(|template| template.value["Parameters"].get(name).is_some()) {
            notes.leave_out("parameters that no template has", name);
        }
    }
}
