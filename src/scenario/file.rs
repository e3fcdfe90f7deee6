//! A scenario as it stands in its files: the value with every named document put in its place, and where each part came
//! from. Knows the places that can name a file; not what their contents mean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::import::runs::Runs;
use crate::import::swf::SwfLog;
use crate::model::Problem;
use crate::scenario::finding::{Finding, Findings, Severity};
use crate::scenario::market::Recordings;
use crate::scenario::text::{self, Text};

/// Lists whose entries are documents, or name files of them.
const DOCUMENT_LISTS: [&str; 5] =
    ["computeEnvironments", "schedulingPolicies", "consumableResources", "jobQueues", "jobDefinitions"];

/// Lists whose entries have a field that is a document, or names a file of one.
const FIELDS_OF_LISTS: [(&str, &str); 2] = [("workload", "submit"), ("operations", "input")];

/// A scenario, read but not yet judged. Cheap to clone, so that a study can vary it.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// The whole, documents in place.
    pub(super) value: Value,
    /// Where its parts came from.
    pub(super) places: Places,
    /// What reading found; the parts in question are `null`.
    pub(super) problems: Vec<Problem>,
    /// The scenario's folder.
    pub(super) folder: PathBuf,
    name: String,
    /// Logs read so far, shared by all variants of the scenario.
    pub(super) traces: Arc<Mutex<BTreeMap<PathBuf, Arc<SwfLog>>>>,
    /// Recorded attempts read so far, shared likewise.
    pub(super) runs: Arc<Mutex<BTreeMap<PathBuf, Arc<Runs>>>>,
    /// Recorded Spot pools read so far, shared likewise.
    pub(super) recordings: Arc<Mutex<Recordings>>,
}

/// Which file and line each part of a scenario stands in.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// Documents by the pointer they stand at; the scenario itself at the empty one.
    documents: BTreeMap<String, Place>,
    /// Pointers that `--set` replaced, with its text.
    overrides: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct Place {
    file: String,
    lines: Arc<BTreeMap<String, u32>>,
}

impl ScenarioFile {
    /// Reads a scenario and the documents that it names.
    pub fn open(path: &Path) -> Result<Self, Findings> {
        let file = path.display().to_string();
        let fatal = |finding| Err(Findings::new(vec![finding]));
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                return fatal(Finding::about_file(
                    file,
                    format!("can't be read ({error})"),
                    "name the file of a scenario, like scenarios/getting-started.json",
                ));
            }
        };
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self::read(&name, &file, path.parent().unwrap_or(Path::new("")), &bytes)
    }

    /// Reads a scenario from its text; `folder` is what the files it names are relative to.
    pub fn read(name: &str, file: &str, folder: &Path, bytes: &[u8]) -> Result<Self, Findings> {
        let text = text::parse(bytes).map_err(|fault| {
            let mut finding = Finding::about_file(file, fault.message, fault.help);
            finding.line = fault.line;
            Findings::new(vec![finding])
        })?;
        let mut scenario = Self {
            value: Value::Null,
            places: Places::default(),
            problems: Vec::new(),
            folder: folder.to_owned(),
            name: name.to_owned(),
            traces: Arc::default(),
            runs: Arc::default(),
            recordings: Arc::default(),
        };
        scenario.value = scenario.take(text, "", file);
        scenario.inline();
        Ok(scenario)
    }

    /// The scenario's name: its file's without extension.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scenario as one JSON value, named documents included.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// Takes a text's places over and gives its value.
    fn take(&mut self, text: Text, at: &str, file: &str) -> Value {
        self.problems.extend(text.duplicates.into_iter().map(|problem| problem.under(at)));
        self.places.documents.insert(at.to_owned(), Place { file: file.to_owned(), lines: Arc::new(text.lines) });
        text.value
    }

    fn inline(&mut self) {
        let mut named = Vec::new();
        for list in DOCUMENT_LISTS {
            let entries = self.value.get(list).and_then(Value::as_array).map_or(0, Vec::len);
            named.extend((0..entries).map(|index| format!("/{list}/{index}")));
        }
        for (list, field) in FIELDS_OF_LISTS {
            let entries = self.value.get(list).and_then(Value::as_array).map_or(0, Vec::len);
            named.extend((0..entries).map(|index| format!("/{list}/{index}/{field}")));
        }
        for at in named {
            let Some(Value::Object(fields)) = self.value.pointer(&at) else { continue };
            let Some(file) = fields.get("file") else { continue };
            let document = match (file.as_str().map(str::to_owned), fields.len()) {
                (Some(file), 1) => self.document(&at, &file),
                (None, 1) => {
                    self.problems.push(Problem::new(
                        format!("{at}/file"),
                        "a file's name is expected here",
                        "write it in double quotes, relative to the scenario's folder",
                    ));
                    Value::Null
                }
                (_, _) => {
                    self.problems.push(Problem::new(
                        at.as_str(),
                        "a document is either here or in the file that `file` names",
                        "remove `file`, or everything beside it (`--set` can change what a file holds)",
                    ));
                    Value::Null
                }
            };
            if let Some(slot) = self.value.pointer_mut(&at) {
                *slot = document;
            }
        }
    }

    fn document(&mut self, at: &str, file: &str) -> Value {
        let path = self.folder.join(file);
        let shown = path.display().to_string();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problems.push(Problem::new(
                    format!("{at}/file"),
                    format!("`{shown}` can't be read ({error})"),
                    "name a file relative to the scenario's folder",
                ));
                return Value::Null;
            }
        };
        match text::parse(&bytes) {
            Ok(text) => self.take(text, at, &shown),
            Err(fault) => {
                let lines = fault.line.map(|line| (String::new(), line)).into_iter().collect();
                self.places.documents.insert(at.to_owned(), Place { file: shown, lines: Arc::new(lines) });
                self.problems.push(Problem::new(at, fault.message, fault.help));
                Value::Null
            }
        }
    }

    /// Notes that `--set` replaced the part at `pointer`.
    pub(super) fn note_override(&mut self, pointer: &str, text: &str) {
        self.places.overrides.insert(pointer.to_owned(), text.to_owned());
        // What was wrong with the part that is no more is of no interest.
        self.problems.retain(|problem| !is_within(&problem.pointer, pointer));
    }
}

/// Whether `pointer` is `ancestor` or a part of it.
pub(super) fn is_within(pointer: &str, ancestor: &str) -> bool {
    pointer.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Places {
    /// A finding at a pointer into the whole, told from the file that the part stands in.
    pub(super) fn locate(&self, severity: Severity, problem: Problem) -> Finding {
        let Problem { pointer, message, help } = problem;
        let overridden = ancestors(&pointer).find_map(|at| self.overrides.get(at)).cloned();
        if let Some(text) = overridden {
            return Finding { severity, file: format!("--set {text}"), line: None, pointer, message, help };
        }
        let found = ancestors(&pointer).find_map(|at| Some((at.len(), self.documents.get(at)?)));
        let Some((start, place)) = found else {
            return Finding { severity, file: String::new(), line: None, pointer, message, help };
        };
        let local = pointer[start..].to_owned();
        let line = ancestors(&local).find_map(|at| place.lines.get(at).copied());
        Finding { severity, file: place.file.clone(), line, pointer: local, message, help }
    }
}

/// A pointer, then the pointers of what it is a part of, the whole last.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |at| at.rfind('/').map(|end| &at[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_told_from_the_file_they_stand_in() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("jq.json"), "{\n\n  \"priority\": true }").expect("written");
        let text = b"{ \"jobQueues\": [\n { \"file\": \"jq.json\" }, { \"file\": \"none.json\" } ] }";
        let scenario = ScenarioFile::read("x", "x.json", folder.path(), text).expect("JSON");
        assert_eq!(scenario.value["jobQueues"][0]["priority"], true);
        let finding = scenario.places.locate(Severity::Error, Problem::new("/jobQueues/0/priority/x", "", ""));
        assert!(finding.file.ends_with("jq.json"), "{}", finding.file);
        assert_eq!((finding.line, finding.pointer.as_str()), (Some(3), "/priority/x"));
        let finding = scenario.places.locate(Severity::Error, scenario.problems[0].clone());
        assert_eq!((finding.file.as_str(), finding.line), ("x.json", Some(2)));
        assert_eq!(finding.pointer, "/jobQueues/1/file");
    }
}
