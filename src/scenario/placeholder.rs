//! A value that a schema takes, to stand where none or a wrong one does until everything else has been judged.

use serde_json::{Map, Value};

/// Schemas are nested less deeply; a cycle ends here.
const DEPTH_MAX: usize = 16;

/// The schema that a `$ref` names, or the schema itself.
pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH_MAX {
        let target = schema["$ref"].as_str().and_then(|path| root.pointer(path.strip_prefix('#')?));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// A value that `schema` takes. `name` is its field's: a limit (`maxvCpus`) stands in with its greatest value, so that
/// nothing seems to be beyond it.
pub(super) fn placeholder(root: &Value, schema: &Value, name: &str) -> Value {
    nested(root, schema, name, 0)
}

fn nested(root: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    let schema = resolve(root, schema);
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(value) = schema.get("default").or_else(|| schema.get("const")).or_else(|| schema.get("enum")?.get(0)) {
        return value.clone();
    }
    if let Some(first) = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.get(0)) {
        return nested(root, first, name, depth + 1);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str()).unwrap_or("object");
    match kind {
        "string" if matches!(schema["format"].as_str(), Some("span" | "stop")) => "0s".into(),
        "string" => "".into(),
        "boolean" => false.into(),
        "integer" | "number" => {
            let limit = if name.starts_with("max") { "maximum" } else { "minimum" };
            schema.get(limit).cloned().unwrap_or_else(|| 0.into())
        }
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(0).min(8);
            (0..least).map(|_| nested(root, &schema["items"], "", depth + 1)).collect()
        }
        _ => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields: Map<_, _> = required
                .map(|name| (name.to_owned(), nested(root, &schema["properties"][name], name, depth + 1)))
                .collect();
            fields.into()
        }
    }
}
