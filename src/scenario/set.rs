//! Variation by JSON pointer: `--set /computeEnvironments/0/computeResources/maxvCpus=256`. Changes the scenario's value
//! before it is judged; knows nothing of what it means.

use serde_json::Value;

use crate::scenario::file::ScenarioFile;
use crate::scenario::finding::Finding;
use crate::scenario::text;

/// Objects that a scenario or document may leave out and a setting may yet point into.
const OPTIONAL_OBJECTS: [&str; 9] = [
    "arrayProperties",
    "assumptions",
    "cluster",
    "market",
    "policies",
    "retryStrategy",
    "scalingPolicy",
    "stop",
    "timeout",
];

/// One variation: a part of the scenario, and what stands there instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// JSON pointer into the scenario with all documents in their places.
    pub pointer: String,
    /// The value.
    pub value: Value,
}

impl Setting {
    /// Reads `/json/pointer=VALUE`; a value that is no JSON is a string.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        let wrong = |message: &str| {
            Finding::about_file(
                format!("--set {text}"),
                message,
                "write a JSON pointer and a value, like /computeEnvironments/0/computeResources/maxvCpus=256",
            )
        };
        let (pointer, value) = text.split_once('=').ok_or_else(|| wrong("it has no `=`"))?;
        if !pointer.starts_with('/') {
            return Err(wrong("what stands before `=` does not start with `/`"));
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        Ok(Self { pointer: pointer.to_owned(), value })
    }
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.value {
            Value::String(text) => write!(f, "{}={text}", self.pointer),
            value => write!(f, "{}={value}", self.pointer),
        }
    }
}

/// The new value as text where a text stood: on a command line, `cpu=1` means what `"cpu": "1"` means in a document.
fn in_the_form_of(old: Option<&Value>, new: &Value) -> Value {
    match (old, new) {
        (Some(Value::String(_)), Value::Number(_) | Value::Bool(_)) => Value::String(new.to_string()),
        _ => new.clone(),
    }
}

impl ScenarioFile {
    /// Puts a setting's value in its place. The part must exist, or be a field that its object could have (`seed`, say,
    /// where the scenario leaves it out); a list takes one more entry at `-`. `null` takes a field away: AWS's documents
    /// leave out what they don't say.
    pub fn set(&mut self, setting: &Setting) -> Result<(), Finding> {
        let Setting { pointer, value } = setting;
        let (parent, last) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        self.open_optional_objects(parent);
        let mut set_at = pointer.clone();
        match self.value.pointer_mut(parent) {
            Some(Value::Object(fields)) => {
                let field = last.replace("~1", "/").replace("~0", "~");
                if value.is_null() {
                    fields.shift_remove(&field);
                } else {
                    let value = in_the_form_of(fields.get(&field), value);
                    fields.insert(field, value);
                }
            }
            Some(Value::Array(entries)) => match last.parse::<usize>() {
                Ok(index) if index < entries.len() => entries[index] = in_the_form_of(entries.get(index), value),
                _ if last == "-" => {
                    set_at = format!("{parent}/{}", entries.len());
                    entries.push(value.clone());
                }
                _ => return Err(self.no_such_part(setting)),
            },
            _ => return Err(self.no_such_part(setting)),
        }
        self.note_override(&set_at, &setting.to_string());
        Ok(())
    }

    /// Puts empty objects where the pointer passes through optional ones that the scenario leaves out.
    fn open_optional_objects(&mut self, parent: &str) {
        let mut here = &mut self.value;
        let mut by_queue = false;
        for step in parent.split('/').skip(1) {
            // Below `policies` every queue may have an entry.
            let optional = OPTIONAL_OBJECTS.contains(&step) || by_queue;
            by_queue = step == "policies";
            let name = step.replace("~1", "/").replace("~0", "~");
            here = match here {
                Value::Object(fields) => {
                    if optional && !fields.contains_key(&name) {
                        fields.insert(name.clone(), Value::Object(serde_json::Map::new()));
                    }
                    match fields.get_mut(&name) {
                        Some(next) => next,
                        None => return,
                    }
                }
                Value::Array(entries) => match name.parse::<usize>().ok().and_then(|at| entries.get_mut(at)) {
                    Some(next) => next,
                    None => return,
                },
                _ => return,
            };
        }
    }

    fn no_such_part(&self, setting: &Setting) -> Finding {
        let file = format!("--set {setting}");
        let (mut at, mut here) = (String::new(), &self.value);
        for step in setting.pointer.split('/').skip(1) {
            let name = step.replace("~1", "/").replace("~0", "~");
            let next = match here {
                Value::Object(fields) => fields.get(&name),
                Value::Array(entries) => name.parse::<usize>().ok().and_then(|index| entries.get(index)),
                _ => None,
            };
            let Some(next) = next else { break };
            at = text::child(&at, &name);
            here = next;
        }
        let missing = setting.pointer[at.len()..].split('/').nth(1).unwrap_or_default();
        let place = if at.is_empty() { "the scenario".to_owned() } else { format!("`{at}`") };
        let (message, help) = match here {
            Value::Object(fields) => {
                let nearest = crate::nearest::nearest(missing, fields.keys().map(String::as_str));
                let known = fields.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                let help = nearest.map_or_else(
                    || format!("it has {known}"),
                    |name| format!("did you mean `{}`?", text::child(&at, name)),
                );
                (format!("{place} has no `{missing}`"), help)
            }
            Value::Array(entries) if entries.is_empty() => {
                (format!("{place} is an empty list"), "append to it with `-`".to_owned())
            }
            Value::Array(entries) => (
                format!("{place} has no entry `{missing}`"),
                format!("write 0 to {}, or `-` to append", entries.len() - 1),
            ),
            _ => (format!("{place} is a single value without `{missing}`"), format!("set `{at}` itself")),
        };
        Finding::about_file(file, message, help)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn scenario() -> ScenarioFile {
        let text = br#"{ "computeEnvironments": [ { "computeResources": { "maxvCpus": 1 } } ], "seed": 1 }"#;
        ScenarioFile::read("x", "x.json", Path::new(""), text).expect("JSON")
    }

    fn set(text: &str) -> Result<Value, String> {
        let mut scenario = scenario();
        let setting = Setting::parse(text).map_err(|finding| finding.to_string())?;
        scenario.set(&setting).map_err(|finding| finding.to_string())?;
        Ok(scenario.value)
    }

    #[test]
    fn values_are_json_or_else_text() {
        assert_eq!(set("/seed=7").expect("set")["seed"], 7);
        assert_eq!(set("/region=us-east-1").expect("set")["region"], "us-east-1");
        let max = &set("/computeEnvironments/0/computeResources/maxvCpus=256").expect("set")["computeEnvironments"];
        assert_eq!(max[0]["computeResources"]["maxvCpus"], 256);
        assert_eq!(set("/assumptions/spotStress=3").expect("set")["assumptions"]["spotStress"], 3);
        assert_eq!(set("/seed=null").expect("set").get("seed"), None);
        assert_eq!(set("/policies/My-JQ/backfill=easy").expect("set")["policies"]["My-JQ"]["backfill"], "easy");
        assert_eq!(set("/computeEnvironments/-={}").expect("set")["computeEnvironments"][1], serde_json::json!({}));
    }

    #[test]
    fn a_pointer_to_nothing_names_what_is_there() {
        let said = |text| set(text).unwrap_err();
        assert!(said("/computeEnvironment/0/type=SPOT").contains("did you mean `/computeEnvironments`?"));
        assert!(
            said("/computeEnvironments/3/type=SPOT").contains("write 0 to 0"),
            "{}",
            said("/computeEnvironments/3/x=1")
        );
        assert!(said("/seed/x=1").contains("single value"));
        assert!(said("seed").contains("no `=`"));
        assert!(said("seed=1").contains("start with `/`"));
    }
}
