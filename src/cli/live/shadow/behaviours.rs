//! How jobs behave that come from outside: as the workload says of their like, else as was assumed.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::JobSpecId;
use crate::model::duration::{self, TextDuration};
use crate::model::{Distribution, Names};
use crate::sim::{Behaviour, WorkloadEntry, WorkloadSource, WorldSpec};
use crate::units::SimDuration;

/// What jobs are taken to run whose like no workload entry has. 5 min: what an imported journal takes of those that never
/// ran to an end.
const UNKNOWN_RUNTIME: SimDuration = SimDuration::from_mins(5);

/// How jobs behave, by what they are.
#[derive(Debug)]
pub(super) struct Behaviours {
    /// The first workload entry's of each spec.
    by_spec: BTreeMap<JobSpecId, Behaviour>,
    /// The first one's of each job definition, by its name.
    by_definition: BTreeMap<String, Behaviour>,
    assumed: Distribution,
    told: BTreeSet<JobSpecId>,
    assumed_of: BTreeSet<String>,
}

impl Behaviours {
    /// Those of a world, and what is assumed of jobs that are unlike all of its workload.
    pub(super) fn new(world: &WorldSpec, names: &Names, assumed: Option<Distribution>) -> Self {
        let mut by_spec = BTreeMap::new();
        let mut by_definition = BTreeMap::new();
        for (spec, behaviour) in world.workload.iter().flat_map(of_entry) {
            if let Some(name) = names.job_specs.get(spec.index()) {
                by_definition.entry(definition_name(&name.job_definition)).or_insert_with(|| behaviour.clone());
            }
            by_spec.entry(spec).or_insert(behaviour);
        }
        let assumed = assumed.unwrap_or_else(|| Distribution::constant(UNKNOWN_RUNTIME));
        Self { by_spec, by_definition, assumed, told: BTreeSet::new(), assumed_of: BTreeSet::new() }
    }

    /// How jobs of a spec behave, of a job definition as submitted; `None` where it was asked before. Says on stderr what had
    /// to be assumed.
    pub(super) fn of(&mut self, spec: JobSpecId, definition: &str) -> Option<Behaviour> {
        if !self.told.insert(spec) {
            return None;
        }
        let name = definition_name(definition);
        let known = self.by_spec.get(&spec).or_else(|| self.by_definition.get(&name));
        Some(known.cloned().unwrap_or_else(|| {
            if self.assumed_of.insert(name.clone()) {
                let words = serde_json::to_string(&self.assumed).unwrap_or_default();
                eprintln!(
                    "{name}: no workload entry has this job definition; its jobs are taken to run {words} and never to fail \
                     (--runtime)"
                );
            }
            Behaviour {
                runtime: self.assumed.clone(),
                failure_probability: 0.0,
                failures: Vec::new(),
                image_of: None,
            }
        }))
    }
}

/// How the jobs of an entry behave; a log has jobs of several specs.
fn of_entry(entry: &WorkloadEntry) -> Vec<(JobSpecId, Behaviour)> {
    let behaviour = |spec, runtime| {
        let failures = entry.failures.clone();
        let failure_probability = entry.failure_probability;
        (spec, Behaviour { runtime, failure_probability, failures, image_of: Some(spec) })
    };
    match &entry.source {
        WorkloadSource::Synthetic { spec, runtime, .. } => vec![behaviour(*spec, runtime.clone())],
        WorkloadSource::Trace(jobs) => {
            let mut runtimes: BTreeMap<JobSpecId, Vec<TextDuration>> = BTreeMap::new();
            for job in jobs.iter() {
                runtimes.entry(job.spec).or_default().push(TextDuration(job.runtime));
            }
            runtimes.into_iter().map(|(spec, all)| behaviour(spec, Distribution::Empirical(all))).collect()
        }
    }
}

/// The name in a `jobDefinition`: of `name`, `name:revision` or an ARN.
fn definition_name(definition: &str) -> String {
    let own = definition.rsplit('/').next().unwrap_or(definition);
    own.split(':').next().unwrap_or(own).to_owned()
}

/// Reads `--runtime`: a span like `5m`, or a distribution as a scenario writes it.
pub(super) fn parse_runtime(text: &str) -> Result<Distribution, String> {
    if !text.trim_start().starts_with('{') {
        return duration::parse(text).map(Distribution::constant).map_err(|error| error.to_string());
    }
    let read: Distribution = serde_json::from_str(text)
        .map_err(|error| format!("{error}; write a distribution as a scenario does, like {{\"constant\": \"5m\"}}"))?;
    read.problem().map_or(Ok(read.clone()), |problem| Err(problem.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_known_by_name() {
        for text in ["render", "render:3", "arn:aws:batch:us-east-1:123456789012:job-definition/render:3"] {
            assert_eq!(definition_name(text), "render", "{text}");
        }
    }

    #[test]
    fn a_runtime_is_a_span_or_a_distribution() {
        let span = SimDuration::from_mins(7);
        assert_eq!(parse_runtime("7m"), Ok(Distribution::constant(span)));
        assert_eq!(parse_runtime(r#"{"constant": "7m"}"#), Ok(Distribution::constant(span)));
        for wrong in ["soon", r#"{"constant": "7 moons"}"#, r#"{"lognormal": {"median": "2m", "p95": "1m"}}"#, "{}"] {
            assert!(parse_runtime(wrong).is_err(), "{wrong}");
        }
    }
}
