//! Job definitions: revisions in order, as pods; those that jobs were of and nobody exported, from their first job. What a
//! submission says differently from its definition.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::import::Notes;
use crate::import::aws::documents::{Described, fitting, plain};
use crate::import::aws::history::History;
use crate::import::aws::pods::{Ask, Body, body, pod_override};
use crate::import::ecs;
use crate::model::retry::RetryStrategy;
use crate::model::{Assumptions, JobDefinition};

/// All definitions of a scenario.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// As a scenario registers them.
    pub(super) documents: Vec<Value>,
    /// By `name:revision` as AWS has it.
    known: BTreeMap<String, Known>,
    /// Names of those made for nodes that asked for something else.
    variants: BTreeMap<(String, Ask), String>,
    revisions: BTreeMap<String, u32>,
}

/// A definition that jobs can name.
#[derive(Debug, Clone)]
struct Known {
    /// `name:revision` in the scenario.
    name: String,
    document: Map<String, Value>,
    body: Body,
    ask: Option<Ask>,
}

/// What a definition says that a submission can override.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Defaults {
    pub(super) retry: RetryStrategy,
    pub(super) timeout: Option<u64>,
    pub(super) priority: Option<i64>,
    pub(super) consumables: Value,
}

/// How a definition is called, without ARN.
fn split(full: &str) -> (&str, u32) {
    let (name, revision) = full.rsplit_once(':').unwrap_or((full, "1"));
    revision.parse().map_or((full, 1), |revision| (name, revision))
}

impl Definitions {
    /// Those that jobs were of, and those exported that are ACTIVE.
    pub(super) fn new(described: Vec<Described>, history: &History, notes: &mut Notes) -> Self {
        let texts = &history.kinds.texts;
        let used: BTreeSet<&str> = history
            .jobs
            .iter()
            .map(|job| history.kinds.get(job.kind).definition)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|id| texts.get(id))
            .collect();
        let mut all: BTreeMap<(String, u32), (Described, bool)> = BTreeMap::new();
        for one in described {
            let Some(name) = one.document.get("jobDefinitionName").and_then(Value::as_str) else {
                notes.leave_out("job definitions without a name", one.place);
                continue;
            };
            let revision = one.document.get("revision").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
            let (name, revision) = (name.to_owned(), revision.unwrap_or(1));
            let is_used = used.contains(format!("{name}:{revision}").as_str());
            if one.document.get("status").and_then(Value::as_str) == Some("INACTIVE") {
                if !is_used {
                    notes.leave_out("INACTIVE job definitions that no job was of", format!("{name}:{revision}"));
                    continue;
                }
                notes.made_up("job definitions that are INACTIVE now and had jobs are ACTIVE");
            }
            all.entry((name, revision)).or_insert((one, true));
        }
        for full in used.iter().filter(|full| !full.is_empty()) {
            let (name, revision) = split(full);
            let id = history.samples.iter().find(|(id, _)| texts.get(**id) == *full);
            if let Some((_, Value::Object(sample))) = id
                && !all.contains_key(&(name.to_owned(), revision))
            {
                let mut document = sample.clone();
                document.insert("jobDefinitionName".to_owned(), json!(name));
                let described = Described { document, place: format!("the first job of {full}") };
                all.insert((name.to_owned(), revision), (described, false));
            }
        }
        let mut definitions = Self::default();
        let (mut exported, mut renumbered) = (0_u64, 0_u64);
        for ((name, revision), (one, is_exported)) in all {
            if !is_exported {
                notes.made_up("job definitions that were not exported are what their first job was told to run");
            }
            if let Some(given) = definitions.register(&name, revision, one, notes) {
                exported += u64::from(is_exported);
                renumbered += u64::from(given != revision);
            }
        }
        if exported > 0 {
            notes.used(format!("job definitions: {exported}"));
        }
        if renumbered > 0 {
            notes.made_up(format!(
                "{renumbered} job definitions have another revision's number: a scenario counts those that it has from 1"
            ));
        }
        definitions
    }

    /// Its revision in the scenario.
    fn register(&mut self, name: &str, revision: u32, one: Described, notes: &mut Notes) -> Option<u32> {
        let place = one.place.clone();
        let (body, was_ecs) = match body(&Value::Object(one.document.clone())) {
            Ok(body) => body,
            Err(why) => {
                notes.leave_out("job definitions that no pod can stand for", format!("{place} {name}: {why}"));
                return None;
            }
        };
        if was_ecs {
            let ranges = one.document.get("nodeProperties").map(|nodes| &nodes["nodeRangeProperties"]);
            match ranges.and_then(Value::as_array) {
                Some(ranges) => ranges.iter().for_each(|range| ecs::tell(range, &place, notes)),
                None => ecs::tell(&Value::Object(one.document.clone()), &place, notes),
            }
        }
        let mut document = one.document;
        plain(&mut document);
        document.retain(|member, _| !REPLACED.contains(&member.as_str()));
        document.insert("jobDefinitionName".to_owned(), json!(name));
        let (kind, member, value) = match &body {
            Body::Pod(pod) => ("container", "eksProperties", json!({ "podProperties": pod })),
            Body::Nodes(own) => ("multinode", "nodeProperties", own.clone()),
        };
        document.insert("type".to_owned(), json!(kind));
        document.insert(member.to_owned(), value);
        plain(&mut document);
        let assumptions = Assumptions::default();
        let described = Described { document, place };
        let problems = |one: &JobDefinition| one.problems(&assumptions);
        let document = fitting::<JobDefinition>(described, "job definitions", problems, notes)?;
        let given = self.revisions.entry(name.to_owned()).or_default();
        *given += 1;
        self.documents.push(Value::Object(document.clone()));
        let ask = body.ask();
        let known = Known { name: format!("{name}:{given}"), document, body, ask };
        self.known.insert(format!("{name}:{revision}"), known);
        Some(*given)
    }

    fn find(&self, full: &str) -> Option<&Known> {
        let (name, revision) = split(full);
        self.known.get(&format!("{name}:{revision}"))
    }

    /// What a definition says; `None` where it is not known.
    pub(super) fn defaults(&self, full: &str) -> Option<Defaults> {
        let document = &self.find(full)?.document;
        let member = |name: &str| document.get(name).cloned().unwrap_or_default();
        Some(Defaults {
            retry: retry_of(&member("retryStrategy")),
            timeout: member("timeout")["attemptDurationSeconds"].as_u64(),
            priority: member("schedulingPriority").as_i64(),
            consumables: member("consumableResourceProperties"),
        })
    }

    /// What a job of this definition names, and `eksPropertiesOverride` where it asked for something else.
    pub(super) fn submitted(
        &mut self,
        full: &str,
        ask: Option<&Ask>,
        notes: &mut Notes,
    ) -> Option<(String, Option<Value>)> {
        let known = self.find(full)?.clone();
        let Some(ask) = ask.filter(|ask| known.ask.as_ref() != Some(*ask)) else { return Some((known.name, None)) };
        let Some(changed) = known.body.asking(ask) else {
            notes.made_up(format!("jobs of {full} that ran other containers than it has ask for what it says"));
            return Some((known.name, None));
        };
        if let Body::Pod(pod) = &known.body {
            return Some((known.name, ask.pods.first().and_then(|ask| pod_override(pod, ask))));
        }
        // AWS Batch overrides the number of nodes, but not range by range what a scenario could be told of all.
        let key = (full.to_owned(), ask.clone());
        if let Some(name) = self.variants.get(&key) {
            return Some((name.clone(), None));
        }
        let (name, _) = split(full);
        let name = format!("{}-as-run-{}", name.chars().take(100).collect::<String>(), self.variants.len() + 1);
        let mut document = known.document.clone();
        if let Body::Nodes(nodes) = changed {
            document.insert("nodeProperties".to_owned(), nodes);
        }
        document.insert("jobDefinitionName".to_owned(), json!(name));
        notes.made_up(
            "multi-node parallel jobs that asked for something else than their definition have one of their own",
        );
        self.documents.push(Value::Object(document));
        self.variants.insert(key, format!("{name}:1"));
        Some((format!("{name}:1"), None))
    }

    /// The largest number of GPUs that anything asks for.
    pub(super) fn gpus(&self, history: &History) -> u16 {
        let asked = history.jobs.iter().filter_map(|job| history.kinds.get(job.kind).ask);
        let asked: BTreeSet<_> = asked.collect();
        let asks = asked
            .into_iter()
            .map(|id| history.kinds.asked(id))
            .chain(self.known.values().filter_map(|known| known.ask.as_ref()));
        asks.flat_map(|ask| &ask.pods).flat_map(|pod| &pod.containers).map(|one| one.gpus).max().unwrap_or(0)
    }
}

/// What a definition runs and where, which is written anew.
const REPLACED: &[&str] = &[
    "type",
    "containerProperties",
    "container",
    "ecsProperties",
    "eksProperties",
    "nodeProperties",
    "platformCapabilities",
];

/// What a text or document says of retries; 1 attempt where nothing.
pub(super) fn retry_of(document: &Value) -> RetryStrategy {
    let mut document = document.clone();
    if let Some(members) = document.as_object_mut() {
        plain(members);
    }
    let read: RetryStrategy = serde_json::from_value(document).unwrap_or_default();
    RetryStrategy { attempts: Some(read.attempts.unwrap_or(1)), ..read }
}
