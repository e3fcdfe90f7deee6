//! Intrinsic functions and conditions, as far as the templates tell.
//!
//! Source: the CloudFormation user guide's references of intrinsic functions and of pseudo parameters.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::catalog;
use crate::import::declared::{Kind, unresolved, why_unresolved};
use crate::import::stand_ins::ACCOUNT;

/// Nesting of functions and of resources that name each other; a circle ends here.
const DEPTH_MAX: u32 = 50;
const STACK: &str = "imported";

/// The kind of a resource of AWS Batch.
pub(super) fn kind(resource_type: &str) -> Option<Kind> {
    Some(match resource_type {
        "AWS::Batch::ComputeEnvironment" => Kind::ComputeEnvironment,
        "AWS::Batch::JobQueue" => Kind::JobQueue,
        "AWS::Batch::JobDefinition" => Kind::JobDefinition,
        "AWS::Batch::SchedulingPolicy" => Kind::SchedulingPolicy,
        "AWS::Batch::ConsumableResource" => Kind::ConsumableResource,
        _ => return None,
    })
}

/// Resolves what one template says.
pub(super) struct Functions<'a> {
    pub(super) template: &'a Value,
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) region: &'a str,
    /// What templates export, by name.
    pub(super) exports: &'a BTreeMap<String, Value>,
    conditions: RefCell<BTreeMap<String, Option<bool>>>,
    names: RefCell<BTreeMap<String, Option<String>>>,
}

impl<'a> Functions<'a> {
    pub(super) fn new(
        template: &'a Value,
        parameters: &'a BTreeMap<String, String>,
        region: &'a str,
        exports: &'a BTreeMap<String, Value>,
    ) -> Self {
        Self { template, parameters, region, exports, conditions: RefCell::default(), names: RefCell::default() }
    }

    /// A value without functions; what can't be known is an `unresolved`, what is `AWS::NoValue` is null.
    pub(super) fn resolve(&self, value: &Value, depth: u32) -> Value {
        if depth > DEPTH_MAX {
            return unresolved(format!("more than {DEPTH_MAX} levels, or a circle"), "unresolved");
        }
        match value {
            Value::Array(items) => {
                items.iter().map(|item| self.resolve(item, depth + 1)).filter(|item| !item.is_null()).collect()
            }
            Value::Object(fields) => match fields.iter().next() {
                Some((name, argument)) if fields.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) => {
                    self.call(name, argument, depth + 1)
                }
                _ => {
                    let resolved = fields.iter().map(|(key, value)| (key.clone(), self.resolve(value, depth + 1)));
                    Value::Object(resolved.filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
                }
            },
            _ => value.clone(),
        }
    }

    fn call(&self, name: &str, argument: &Value, depth: u32) -> Value {
        if name == "Ref" {
            return self.reference(argument.as_str().unwrap_or_default(), depth);
        }
        if name == "Fn::If" {
            let condition = argument[0].as_str().and_then(|name| self.condition(name, depth));
            return match condition {
                Some(holds) => self.resolve(&argument[if holds { 1 } else { 2 }], depth),
                None => unresolved(format!("whether condition {} holds is not known", argument[0]), "unresolved"),
            };
        }
        if name == "Fn::Sub" {
            return self.sub(argument, depth);
        }
        let resolved = self.resolve(argument, depth);
        // One part that is not known leaves the whole unknown.
        if let Some(part) = unknown_part(&resolved) {
            return part.clone();
        }
        self.applied(name, &resolved, depth).unwrap_or_else(|| {
            let shown: String = resolved.to_string().chars().take(80).collect();
            unresolved(format!("{name} of {shown} can't be resolved from the template"), "unresolved")
        })
    }

    /// A function of arguments that are known.
    fn applied(&self, name: &str, of: &Value, depth: u32) -> Option<Value> {
        let text = |value: &Value| text(value);
        match name {
            "Fn::GetAtt" => {
                let (resource, attribute) = match of {
                    Value::String(both) => both.split_once('.')?,
                    _ => (of[0].as_str()?, of[1].as_str()?),
                };
                Some(self.attribute(resource, attribute, depth))
            }
            "Fn::Join" => {
                let parts: Option<Vec<_>> = of[1].as_array()?.iter().map(text).collect();
                Some(json!(parts?.join(of[0].as_str()?)))
            }
            "Fn::Select" => {
                let index = text(&of[0])?.parse::<usize>().ok()?;
                of[1].as_array()?.get(index).cloned()
            }
            "Fn::Split" => Some(of[1].as_str()?.split(of[0].as_str()?).collect()),
            "Fn::FindInMap" => {
                let found = &self.template["Mappings"][of[0].as_str()?][text(&of[1])?.as_str()][text(&of[2])?.as_str()];
                let instead = of[3].get("DefaultValue");
                Some(if found.is_null() { instead?.clone() } else { found.clone() })
            }
            "Fn::ImportValue" => self.exports.get(of.as_str()?).cloned(),
            "Fn::GetAZs" => {
                let region = of.as_str().filter(|name| !name.is_empty()).unwrap_or(self.region);
                Some(json!(catalog::region(region).ok()?.zones()))
            }
            "Fn::Length" => Some(json!(of.as_array()?.len())),
            // Of user data, which nothing reads.
            "Fn::Base64" => Some(of.clone()),
            _ => None,
        }
    }

    fn reference(&self, name: &str, depth: u32) -> Value {
        let pseudo = match name {
            "AWS::Region" => self.region,
            "AWS::AccountId" => ACCOUNT,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::StackName" | "AWS::StackId" => STACK,
            "AWS::NoValue" => return Value::Null,
            "AWS::NotificationARNs" => return json!([]),
            _ => "",
        };
        if !pseudo.is_empty() {
            return json!(pseudo);
        }
        if let Some(declared) = self.template["Parameters"].get(name) {
            return self.parameter(name, declared);
        }
        if self.template["Resources"].get(name).is_none() {
            return unresolved(format!("the template has no {name}"), name);
        }
        self.arn(name, depth)
            .map_or_else(|| unresolved(format!("{name} is made when the template is deployed"), name), Value::String)
    }

    fn parameter(&self, name: &str, declared: &Value) -> Value {
        let given = self.parameters.get(name).map(|text| json!(text));
        let kind = declared["Type"].as_str().unwrap_or("String");
        if given.is_none() && kind.starts_with("AWS::SSM::") {
            return unresolved(
                format!("parameter {name} is in AWS Systems Manager (--parameter {name}=… gives it)"),
                name,
            );
        }
        let Some(value) = given.or_else(|| declared.get("Default").cloned()) else {
            return unresolved(format!("parameter {name} has no default (--parameter {name}=… gives it)"), name);
        };
        match value.as_str() {
            Some(list) if kind.starts_with("List<") || kind == "CommaDelimitedList" => {
                list.split(',').map(str::trim).collect()
            }
            _ => value,
        }
    }

    fn attribute(&self, resource: &str, attribute: &str, depth: u32) -> Value {
        let arn = attribute == "Arn" || attribute.ends_with("Arn");
        let known = if arn { self.arn(resource, depth) } else { None };
        let stand_in = format!("{resource}-{attribute}");
        known.map_or_else(
            || unresolved(format!("{attribute} of {resource} is known when the template is deployed"), &stand_in),
            Value::String,
        )
    }

    /// The ARN of a resource of AWS Batch, which only needs its name.
    fn arn(&self, resource: &str, depth: u32) -> Option<String> {
        let kind = kind(self.template["Resources"][resource]["Type"].as_str()?)?;
        let name = self.name(resource, kind, depth)?;
        Some(format!("arn:aws:batch:{}:{ACCOUNT}:{}/{name}", self.region, kind.in_arn()))
    }

    /// The name of a resource of AWS Batch: its own, else that in the template.
    fn name(&self, resource: &str, kind: Kind, depth: u32) -> Option<String> {
        if let Some(known) = self.names.borrow().get(resource) {
            return known.clone();
        }
        let declared = self.template["Resources"][resource]["Properties"].get(kind.member());
        let own = declared.map(|name| self.resolve(name, depth + 1));
        let name = match own {
            None => Some(resource.to_owned()),
            // The document gets the same one.
            Some(own) if why_unresolved(&own).is_some() => Some(resource.to_owned()),
            Some(own) => own.as_str().map(str::to_owned),
        };
        self.names.borrow_mut().insert(resource.to_owned(), name.clone());
        name
    }

    fn sub(&self, argument: &Value, depth: u32) -> Value {
        let (template, own) = match argument {
            Value::Array(both) => (both.first().and_then(Value::as_str), self.resolve(&argument[1], depth)),
            _ => (argument.as_str(), Value::Null),
        };
        let Some(mut rest) = template else { return unresolved("Fn::Sub without a text", "unresolved") };
        let mut out = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            out += before;
            let Some((name, after)) = after.split_once('}') else {
                out += "${";
                rest = after;
                continue;
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                out += "${";
                out += literal;
                out += "}";
                continue;
            }
            let name = name.trim();
            let value = match (own.get(name), name.split_once('.')) {
                (Some(value), _) => value.clone(),
                (None, Some((resource, attribute))) => self.attribute(resource, attribute, depth),
                (None, None) => self.reference(name, depth),
            };
            if let Some(part) = unknown_part(&value) {
                return part.clone();
            }
            match text(&value) {
                Some(text) => out += &text,
                None => return unresolved(format!("{name} in Fn::Sub is no text"), "unresolved"),
            }
        }
        json!(out + rest)
    }

    /// Whether a named condition holds, if that can be known.
    pub(super) fn condition(&self, name: &str, depth: u32) -> Option<bool> {
        if let Some(known) = self.conditions.borrow().get(name) {
            return *known;
        }
        // A condition that leads back to itself is not known.
        self.conditions.borrow_mut().insert(name.to_owned(), None);
        let holds = self.template["Conditions"].get(name).and_then(|of| self.holds(of, depth + 1));
        self.conditions.borrow_mut().insert(name.to_owned(), holds);
        holds
    }

    fn holds(&self, of: &Value, depth: u32) -> Option<bool> {
        let (name, argument) = of.as_object()?.iter().next().filter(|_| depth <= DEPTH_MAX)?;
        let all =
            || argument.as_array().map(|all| all.iter().map(|one| self.holds(one, depth + 1)).collect::<Vec<_>>());
        match name.as_str() {
            "Condition" => self.condition(argument.as_str()?, depth),
            "Fn::Equals" => {
                let [a, b] = [0, 1].map(|n| self.resolve(&argument[n], depth));
                let known = unknown_part(&a).is_none() && unknown_part(&b).is_none();
                // `1` and `"1"` are one value to CloudFormation.
                known.then(|| a == b || text(&a).is_some_and(|text_of_a| Some(text_of_a) == text(&b)))
            }
            "Fn::Not" => all()?.first().copied()?.map(|holds| !holds),
            "Fn::And" => decided(&all()?, false),
            "Fn::Or" => decided(&all()?, true),
            _ => None,
        }
    }
}

/// Of conditions, one of which decides; else all must be known.
fn decided(all: &[Option<bool>], deciding: bool) -> Option<bool> {
    if all.contains(&Some(deciding)) {
        return Some(deciding);
    }
    all.iter().all(Option::is_some).then_some(!deciding)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// What in a value is not known, if anything.
fn unknown_part(value: &Value) -> Option<&Value> {
    match value {
        _ if why_unresolved(value).is_some() => Some(value),
        Value::Array(items) => items.iter().find_map(unknown_part),
        Value::Object(fields) => fields.values().find_map(unknown_part),
        _ => None,
    }
}
