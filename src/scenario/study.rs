//! The study file: a scenario, what of it is varied, how often each variant runs, and what is asked. Says what may be
//! written; `experiment` does it.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::scenario::finding::{Finding, Findings};

/// A Windtunnel study: a scenario, and variants of it to be compared or searched.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StudyFile {
    /// Where this schema is; for editors.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What question the study answers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The scenario's file, relative to the study's folder.
    pub scenario: PathBuf,
    /// Changes to the scenario that all variants share, by alias or JSON pointer.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Axes; every combination of their values is a variant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vary: Vec<Axis>,
    /// Variants one by one, beside or instead of axes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<NamedVariant>,
    /// The variant that the others are compared with; the scenario as written if it is one of them, else the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Runs of each variant, under as many seeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub replications: Option<u32>,
    /// Runs of each variant at most, where their number is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2))]
    pub max_replications: Option<u32>,
    /// Runs are added until the first metric's interval is this narrow in every variant: half its width over its mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    /// Confidence level of all intervals; 0.95 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// Seed of the first replication, the next one's is one more; the scenario's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Keys of the results to compare, like `cost.total` or `wait.p95`; variants are ranked by the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Objectives, like `wait.p95 <= 15m`; for `windtunnel plan`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slo: Vec<String>,
    /// What `windtunnel plan` minimises; `cost.total` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimize: Option<String>,
    /// Runs of the design that `windtunnel plan` chose, under seeds that its search did not see; 20 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh: Option<u32>,
}

/// One field (or several that go together) and the values that it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// A short name, like `maxvCpus`, or a JSON pointer.
    pub field: String,
    /// Its values.
    #[schemars(length(min = 1))]
    pub values: Vec<Value>,
}

/// A variant with a name of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedVariant {
    /// What it is called.
    pub name: String,
    /// What it changes, by alias or JSON pointer; `null` takes a field away.
    #[serde(default)]
    pub set: Map<String, Value>,
}

impl StudyFile {
    /// A study of a scenario that varies nothing yet.
    pub fn of_scenario(path: &Path) -> Self {
        Self { scenario: path.to_owned(), ..Self::default() }
    }

    /// Reads a study, or makes one of a scenario's file; the scenario's path is then relative to where the program runs.
    pub fn open(path: &Path) -> Result<Self, Findings> {
        let file = path.display().to_string();
        let fatal = |message: String, help: &str| Findings::new(vec![Finding::about_file(&file, message, help)]);
        let bytes = std::fs::read(path).map_err(|error| {
            fatal(
                format!("can't be read ({error})"),
                "name the file of a scenario or a study, like scenarios/getting-started.json",
            )
        })?;
        let is_study = super::text::parse(&bytes).is_ok_and(|text| text.value.get("scenario").is_some());
        if !is_study {
            // Whatever is wrong with it is for the scenario's own reading to say.
            return Ok(Self::of_scenario(path));
        }
        let mut study: Self = serde_json::from_slice(&bytes)
            .map_err(|error| fatal(format!("is no study: {error}"), "see `windtunnel schema --study`"))?;
        study.scenario = path.parent().unwrap_or(Path::new("")).join(&study.scenario);
        Ok(study)
    }
}

/// The JSON Schema of a study file, as published.
pub fn study_schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<StudyFile>().to_value();
    super::schema::remove_null(&mut schema);
    schema["required"] = serde_json::json!(["scenario"]);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_a_study_that_varies_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            StudyFile::open(&path)
        };
        assert_eq!(at("a.json", "{ \"region\": 1 }").unwrap(), StudyFile::of_scenario(&folder.path().join("a.json")));
        let study = at("b.json", r#"{ "scenario": "../a.json", "vary": [ { "field": "spot", "values": ["calm"] } ] }"#);
        assert_eq!(study.unwrap().scenario, folder.path().join("../a.json"));
        let wrong = at("c.json", "{ \"scenario\": \"a.json\",\n \"replication\": 3 }").unwrap_err().to_string();
        assert!(wrong.contains("replication") && wrong.contains("line 2"), "{wrong}");
    }

    #[test]
    fn the_published_schema_is_in_step() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/studies/study.schema.json");
        let now = serde_json::to_string_pretty(&study_schema()).expect("a schema has a text") + "\n";
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(published == now, "regenerate it: cargo run -- schema --study > scenarios/studies/study.schema.json");
    }
}
