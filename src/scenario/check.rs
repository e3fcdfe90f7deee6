//! A scenario's value against its schema: every fault at once, in words; and the value mended enough to be read, so that
//! what it says can be judged in the same pass.
//!
//! Knows JSON Schema, not AWS. Where a part is mended, later findings about it are held back: they would be about the
//! mend, not about what the user wrote.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};

use crate::model::Problem;
use crate::model::duration;
use crate::nearest::{nearest, one_of};
use crate::scenario::placeholder::{placeholder, resolve};
use crate::scenario::text::child;
use crate::scenario::wording::{no_variant, range, shown, wrong_type};
use crate::scenario::{elsewhere, schema};

static SCHEMA: LazyLock<Value> = LazyLock::new(schema::inlined_schema);

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let is_span = |text: &str| duration::parse(text).is_ok();
    jsonschema::draft202012::options()
        .with_format("span", is_span)
        .with_format("stop", move |text| text == "drained" || is_span(text))
        .should_validate_formats(true)
        .build(&SCHEMA)
        .expect("the scenario's schema is a schema")
});

/// Mending reveals what was hidden behind a fault; so deep can faults be nested.
const ROUNDS_MAX: usize = 24;

/// What the check found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The faults.
    pub(super) problems: Vec<Problem>,
    /// Pointers of parts that now hold something else than was written.
    pub(super) mended: Vec<String>,
    /// Pointers of lists that have more entries than they may.
    pub(super) too_long: Vec<String>,
}

/// A change that lets the value be read.
enum Mend {
    Put(String, Value),
    Remove(String, String),
}

/// Finds all faults and mends the value. Nothing is said about parts that were `mended` before.
pub(super) fn check(value: &mut Value, mended: Vec<String>) -> Checked {
    let mut checked = Checked { mended, ..Checked::default() };
    for _ in 0..ROUNDS_MAX {
        let (mut faults, mut mends) = (Vec::new(), Vec::new());
        for error in VALIDATOR.iter_errors(value) {
            if matches!(error.kind(), Kind::MaxItems { .. }) {
                checked.too_long.push(error.instance_path().as_str().to_owned());
            }
            explain(&error, &mut faults, &mut mends);
        }
        faults.retain(|fault| !checked.is_mended(&fault.pointer) && !checked.problems.contains(fault));
        checked.problems.extend(faults);
        if mends.is_empty() {
            break;
        }
        for mend in mends {
            match mend {
                Mend::Put(at, new) => {
                    put(value, &at, new);
                    // What an operation takes hangs on its name: of one without, nothing else can be said.
                    let operation = at.strip_suffix("/operation").filter(|of| of.starts_with("/operations/"));
                    checked.mended.push(operation.map_or(at.clone(), str::to_owned));
                }
                Mend::Remove(at, name) => {
                    if let Some(Value::Object(fields)) = value.pointer_mut(&at) {
                        fields.shift_remove(&name);
                    }
                }
            }
        }
    }
    checked
}

impl Checked {
    /// Whether the part at `pointer` holds something else than was written.
    pub(super) fn is_mended(&self, pointer: &str) -> bool {
        self.mended.iter().any(|at| super::file::is_within(pointer, at))
    }
}

fn put(value: &mut Value, at: &str, new: Value) {
    if let Some(slot) = value.pointer_mut(at) {
        *slot = new;
    } else if let Some((parent, last)) = at.rsplit_once('/')
        && let Some(Value::Object(fields)) = value.pointer_mut(parent)
    {
        fields.insert(last.replace("~1", "/").replace("~0", "~"), new);
    }
}

/// The schema that a failed keyword belongs to.
fn schema_of(error: &ValidationError<'_>) -> &'static Value {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    SCHEMA.pointer(parent).unwrap_or(&Value::Null)
}

fn explain(error: &ValidationError<'_>, faults: &mut Vec<Problem>, mends: &mut Vec<Mend>) {
    let at = error.instance_path().as_str();
    let schema = schema_of(error);
    let shown = shown(error.instance());
    let mut fault = |message: String, help: String| faults.push(Problem::new(at, message, help));
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let parent = error.instance().as_object();
            for name in unexpected {
                let (message, help) = unknown_field(name, at, schema, parent);
                faults.push(Problem::new(child(at, name), message, help));
                mends.push(Mend::Remove(at.to_owned(), name.clone()));
            }
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let field = &schema["properties"][name];
            if !is_misspelt(name, error.instance(), schema) {
                fault(format!("`{name}` is missing"), format!("add `{name}`{}", summary(field)));
            }
            mends.push(Mend::Put(child(at, name), placeholder(&SCHEMA, field, name)));
        }
        Kind::Type { kind } => {
            let (message, help) = wrong_type(error.instance(), kind, &summary(schema));
            fault(message, help);
            mends.push(mend(at, schema));
        }
        Kind::Enum { .. } | Kind::Constant { .. } => {
            let (message, help) = wrong_word(error.instance(), &words(schema));
            fault(message, help);
            mends.push(mend(at, schema));
        }
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            variants(error, schema, context, faults, mends);
        }
        Kind::Minimum { limit } | Kind::ExclusiveMinimum { limit } => {
            fault(format!("{shown} is below {limit}"), range(schema));
            mends.push(Mend::Put(at.to_owned(), limit.clone()));
        }
        Kind::Maximum { limit } | Kind::ExclusiveMaximum { limit } => {
            fault(format!("{shown} is above {limit}"), range(schema));
            mends.push(Mend::Put(at.to_owned(), limit.clone()));
        }
        Kind::Format { format } => {
            let drained = if format == "stop" { "`drained`, or a span of time " } else { "it " };
            fault(format!("{shown} is no span of time"), format!("write {drained}like 90s, 15m, 1h30m, 2d, PT2H"));
            mends.push(mend(at, schema));
        }
        Kind::MinItems { limit } => fault(
            format!("the list has {} entries", error.instance().as_array().map_or(0, Vec::len)),
            format!("give at least {limit}"),
        ),
        Kind::MaxItems { limit } => fault(
            format!("the list has {} entries", error.instance().as_array().map_or(0, Vec::len)),
            format!("give {limit} at most"),
        ),
        Kind::MinLength { limit } => {
            fault(format!("{shown} is too short"), format!("write at least {limit} characters"));
        }
        Kind::MaxLength { limit } => fault(format!("{shown} is too long"), format!("write {limit} characters at most")),
        Kind::Pattern { pattern } => fault(
            format!("{shown} is not of the form that AWS Batch takes"),
            match summary(schema) {
                about if about.is_empty() => format!("it must match {pattern}"),
                about => about.trim_start_matches([':', ' ']).to_owned(),
            },
        ),
        _ => {
            fault(error.to_string(), String::new());
            mends.push(mend(at, schema));
        }
    }
}

/// Whether an unknown field of the object is this one, misspelt: that is said already.
fn is_misspelt(name: &str, instance: &Value, schema: &Value) -> bool {
    let (Some(given), Some(known)) = (instance.as_object(), schema["properties"].as_object()) else { return false };
    let free = || known.keys().map(String::as_str).filter(|known| !given.contains_key(*known));
    given.keys().filter(|given| !known.contains_key(*given)).any(|given| nearest(given, free()) == Some(name))
}

fn mend(at: &str, schema: &Value) -> Mend {
    let name = at.rsplit('/').next().unwrap_or_default();
    Mend::Put(at.to_owned(), placeholder(&SCHEMA, schema, name))
}

/// Of several forms, the one that was meant: the one with the fewest faults at the part itself.
fn variants(
    error: &ValidationError<'_>,
    schema: &'static Value,
    context: &[Vec<ValidationError<'static>>],
    faults: &mut Vec<Problem>,
    mends: &mut Vec<Mend>,
) {
    let at = error.instance_path().as_str();
    let known = words(schema);
    if !known.is_empty() {
        let (message, help) = wrong_word(error.instance(), &known);
        faults.push(Problem::new(at, message, help));
        mends.push(mend(at, schema));
        return;
    }
    let here = |errors: &Vec<ValidationError<'_>>| {
        errors
            .iter()
            .filter(|e| e.instance_path().as_str() == at)
            .map(|e| match e.kind() {
                Kind::AdditionalProperties { unexpected } => unexpected.len(),
                // A missing field may simply be missing; another form's field tells the forms apart.
                Kind::Type { .. } => 100,
                _ => 2,
            })
            .sum::<usize>()
    };
    let tags = tags(schema);
    let meant = context.iter().enumerate().min_by_key(|(index, errors)| (here(errors), *index));
    let Some((_, errors)) = meant.filter(|(_, errors)| tags.is_empty() || here(errors) == 0) else {
        let (message, help) = no_variant(error.instance(), &tags);
        faults.push(Problem::new(at, message, help));
        mends.push(mend(at, schema));
        return;
    };
    for inner in errors {
        explain(inner, faults, mends);
    }
}

/// The words that a schema admits, if it admits words alone.
fn words(schema: &Value) -> Vec<&str> {
    let schema = resolve(&SCHEMA, schema);
    if let Some(options) = schema["enum"].as_array() {
        return options.iter().filter_map(Value::as_str).collect();
    }
    if let Some(word) = schema["const"].as_str() {
        return vec![word];
    }
    let forms = ["oneOf", "anyOf"].into_iter().find_map(|key| schema[key].as_array());
    let Some(forms) = forms else { return Vec::new() };
    let each: Vec<_> = forms.iter().map(words).collect();
    if each.iter().any(Vec::is_empty) { Vec::new() } else { each.concat() }
}

/// The names that tell a schema's forms apart, if each form is an object of one field, as in
/// `{ "lognormal": { … } }`.
fn tags(schema: &Value) -> Vec<&str> {
    let Some(forms) = schema["oneOf"].as_array() else { return Vec::new() };
    if forms.iter().any(|form| form["required"].as_array().is_none_or(|names| names.len() != 1)) {
        return Vec::new();
    }
    forms.iter().filter_map(|form| form["required"][0].as_str()).collect()
}

fn unknown_field(name: &str, at: &str, schema: &Value, parent: Option<&Map<String, Value>>) -> (String, String) {
    let known = schema["properties"].as_object();
    let known = || known.into_iter().flat_map(|fields| fields.keys().map(String::as_str));
    if let Some(told) = elsewhere::told(name, at) {
        return told;
    }
    let free = known().filter(|known| parent.is_none_or(|given| !given.contains_key(*known)));
    let help = match (nearest(name, free), nearest(name, known())) {
        (Some(meant), _) => format!("write `{meant}`"),
        (None, Some(given)) => format!("remove it: `{given}` stands here already"),
        (None, None) => {
            format!("known here: {}", known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    };
    (format!("unknown field `{name}`"), help)
}

fn wrong_word(instance: &Value, words: &[&str]) -> (String, String) {
    let found = instance.as_str().unwrap_or_default();
    if let Some(told) = elsewhere::told_word(found) {
        return told;
    }
    let help = match nearest(found, words.iter().copied()) {
        Some(meant) if words.len() > 1 => format!("did you mean `{meant}`? Known: {}", one_of(words.iter().copied())),
        _ => format!("write {}", one_of(words.iter().copied())),
    };
    (format!("{} is not known here", shown(instance)), help)
}

/// `: ` and the first sentence of a schema's description, where it has one.
fn summary(schema: &Value) -> String {
    let text = schema["description"].as_str().or_else(|| resolve(&SCHEMA, schema)["description"].as_str());
    text.map_or_else(String::new, |text| {
        let first = text.split(". ").next().unwrap_or(text).replace('\n', " ");
        format!(": {}", first.trim_end_matches('.'))
    })
}
