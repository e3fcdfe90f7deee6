//! Job definitions and what submissions make of them: specs, interned, and whether any node could carry them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::JobSpecId;
use crate::model::job_definition::JobDefinitionType;
use crate::model::job_queue::name_of;
use crate::model::retry::RetryStrategy;
use crate::model::{Assumptions, JobDefinition, JobSpecName, Resources, SubmitJob, effective};
use crate::scenario::environments::{Environment, Host, Queue, unknown};
use crate::scenario::judge::Judge;
use crate::scenario::schema::Scenario;
use crate::scheduler::JobSpec;
use crate::units::SimDuration;

/// A revision of a job definition.
#[derive(Debug)]
pub(super) struct Revision<'a> {
    document: &'a JobDefinition,
    number: u32,
    /// Pointer of the document.
    at: String,
}

/// What a submission resolves to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    definition: usize,
    submit: &'a SubmitJob,
    /// What its pod asks for.
    pub(super) requests: Resources,
    attempts: u8,
    timeout: Option<SimDuration>,
}

/// What makes two submissions the same to the core: definition, name, requests, attempts, timeout, image.
type SpecKey = (usize, String, Resources, u8, Option<SimDuration>, u32);

/// Job definitions and the specs interned so far.
#[derive(Debug)]
pub(super) struct Jobs<'a> {
    assumptions: &'a Assumptions,
    revisions: Vec<Revision<'a>>,
    interned: BTreeMap<SpecKey, JobSpecId>,
    /// Findings about too large jobs, each said once: definition's pointer and queue.
    too_large: BTreeSet<(String, usize)>,
    pub(super) specs: Vec<JobSpec>,
    /// Images by size in MiB: one per definition and size, which a node pulls once.
    pub(super) images: Vec<u32>,
    image_ids: BTreeMap<(usize, u32), u32>,
    /// Image by spec.
    pub(super) image_of: Vec<u32>,
    pub(super) names: Vec<JobSpecName>,
}

impl Shape<'_> {
    /// The same with other requests.
    pub(super) fn asking_for(self, requests: Resources) -> Self {
        Self { requests, ..self }
    }
}

impl<'a> Jobs<'a> {
    /// Judges the job definitions.
    pub(super) fn new(scenario: &'a Scenario, assumptions: &'a Assumptions, judge: &mut Judge<'_>) -> Self {
        let mut last = BTreeMap::new();
        let mut revisions = Vec::new();
        for (index, document) in scenario.job_definitions.iter().enumerate() {
            let (document, at) = (&document.0, format!("/jobDefinitions/{index}"));
            judge.errors(&at, document.problems(assumptions));
            refuse_in_definition(document, &at, judge);
            warn_of_conditions(document.retry_strategy.as_ref(), &at, judge);
            let number: &mut u32 = last.entry(document.job_definition_name.as_str()).or_default();
            *number += 1;
            revisions.push(Revision { document, number: *number, at });
        }
        Self {
            assumptions,
            revisions,
            interned: BTreeMap::new(),
            too_large: BTreeSet::new(),
            specs: Vec::new(),
            images: Vec::new(),
            image_ids: BTreeMap::new(),
            image_of: Vec::new(),
            names: Vec::new(),
        }
    }

    /// What a submission at `at` resolves to.
    pub(super) fn shape(&self, submit: &'a SubmitJob, at: &str, judge: &mut Judge<'_>) -> Option<Shape<'a>> {
        refuse_in_submission(submit, at, judge);
        warn_of_conditions(submit.retry_strategy.as_ref(), at, judge);
        let Some(definition) = self.find(submit, at, judge) else {
            judge.errors(at, submit.problems(self.assumptions));
            return None;
        };
        let (job, problems) = effective(self.revisions[definition].document, submit, self.assumptions);
        judge.errors(at, problems);
        let job = job?;
        Some(Shape {
            definition,
            submit,
            requests: job.groups.first()?.requests,
            attempts: job.retry_strategy.attempts_or_default(),
            timeout: job.timeout.map(|timeout| SimDuration::from_secs(timeout.attempt_duration_seconds.into())),
        })
    }

    /// The spec of a shape with an image of this size; the same for the same.
    pub(super) fn intern(&mut self, shape: &Shape<'_>, image_mib: u32) -> JobSpecId {
        let Shape { definition, submit, requests, attempts, timeout } = *shape;
        let key = (definition, submit.job_name.clone(), requests, attempts, timeout, image_mib);
        let next = JobSpecId(u32::try_from(self.specs.len()).expect("specs fit u32, for entries and processors do"));
        *self.interned.entry(key).or_insert_with(|| {
            self.specs.push(JobSpec { requests, attempts, timeout, ..JobSpec::default() });
            let image = *self.image_ids.entry((definition, image_mib)).or_insert_with(|| {
                self.images.push(image_mib);
                u32::try_from(self.images.len() - 1).expect("no more images than specs")
            });
            self.image_of.push(image);
            self.names
                .push(JobSpecName { job_name: submit.job_name.clone(), job_definition: submit.job_definition.clone() });
            next
        })
    }

    /// Says it where no node that the queue could get would carry the job. `own` is where the submission sets the
    /// requests itself.
    pub(super) fn judge_size(
        &mut self,
        shape: &Shape<'_>,
        queue: (usize, &Queue<'_>),
        environments: &[Environment<'_>],
        own: Option<String>,
        judge: &mut Judge<'_>,
    ) {
        let (index, queue) = queue;
        let hosts = || queue.spec.environments.iter().flat_map(|id| &environments[id.index()].hosts);
        let requests = shape.requests;
        if !queue.complete || hosts().any(|host| requests.fits(host.free)) {
            return;
        }
        let overridden = shape.submit.eks_properties_override.is_some();
        let at = own.unwrap_or_else(|| {
            format!("{}/eksProperties/podProperties/containers/0/resources", self.revisions[shape.definition].at)
        });
        if !overridden && !self.too_large.insert((at.clone(), index)) {
            return;
        }
        let largest: Option<&Host> = hosts().max_by_key(|host| {
            let (cpu, memory, gpus) = (host.free.cpu, host.free.memory, host.free.gpus);
            // The largest in what is lacking.
            match requests {
                _ if hosts().all(|host| host.free.gpus < requests.gpus) => (u64::from(gpus), cpu, memory),
                _ if hosts().all(|host| host.free.cpu < requests.cpu) => (u64::from(cpu.0), cpu, memory),
                _ => (u64::from(memory.0), cpu, memory),
            }
        });
        let Some(largest) = largest else { return };
        judge.error(
            at,
            format!(
                "the job asks for {requests}, more than any node of queue `{}` offers: the largest, {}, has {} for jobs",
                queue.name, largest.name, largest.free
            ),
            "ask for less, or allow larger types in `instanceTypes`",
        );
    }

    fn find(&self, submit: &SubmitJob, at: &str, judge: &mut Judge<'_>) -> Option<usize> {
        let wanted = name_of(&submit.job_definition);
        let (name, revision) = match wanted.rsplit_once(':').map(|(name, digits)| (name, digits.parse::<u32>())) {
            Some((name, Ok(revision))) => (name, Some(revision)),
            _ => (wanted, None),
        };
        let of_name = |index: &usize| self.revisions[*index].document.job_definition_name == name;
        let found = (0..self.revisions.len())
            .rev()
            .filter(of_name)
            .find(|&index| revision.is_none_or(|revision| self.revisions[index].number == revision));
        if found.is_none() && judge.is_list_complete("/jobDefinitions") {
            let at = format!("{at}/jobDefinition");
            if let Some(latest) = (0..self.revisions.len()).rev().find(of_name) {
                judge.error(
                    at,
                    format!("job definition `{name}` has no revision {}", revision.unwrap_or_default()),
                    format!("the latest is `{name}:{}`", self.revisions[latest].number),
                );
            } else {
                let known: Vec<_> = self.revisions.iter().map(|r| r.document.job_definition_name.as_str()).collect();
                unknown(judge, at, "job definition", name, &known);
            }
        }
        found
    }
}

/// What a definition may hold that no job can be simulated with yet.
fn refuse_in_definition(document: &JobDefinition, at: &str, judge: &mut Judge<'_>) {
    if document.kind == JobDefinitionType::Multinode {
        judge.error(
            format!("{at}/type"),
            "multi-node parallel jobs are not supported yet",
            "write `container` for a job of one pod",
        );
    }
    if document.consumable_resource_properties.as_ref().is_some_and(|c| !c.consumable_resource_list.is_empty()) {
        let at = format!("{at}/consumableResourceProperties");
        judge.error(at, "consumable resources are not supported yet", "remove it");
    }
}

/// What a submission may hold that no job can be simulated with yet.
fn refuse_in_submission(submit: &SubmitJob, at: &str, judge: &mut Judge<'_>) {
    if submit.share_identifier.is_some() {
        judge.error(
            format!("{at}/shareIdentifier"),
            "the queue is FIFO, and AWS Batch takes share identifiers on fair-share queues only",
            "remove it; fair share is not supported yet",
        );
    }
    if !submit.depends_on.is_empty() {
        judge.error(format!("{at}/dependsOn"), "dependencies are not supported yet", "remove it");
    }
    if submit.consumable_resource_properties_override.is_some() {
        let at = format!("{at}/consumableResourcePropertiesOverride");
        judge.error(at, "consumable resources are not supported yet", "remove it");
    }
}

fn warn_of_conditions(retry: Option<&RetryStrategy>, at: &str, judge: &mut Judge<'_>) {
    if retry.is_some_and(|retry| !retry.evaluate_on_exit.is_empty()) {
        judge.warn(
            format!("{at}/retryStrategy/evaluateOnExit"),
            "these conditions are not simulated yet",
            "every failed attempt is retried while `attempts` lasts",
        );
    }
}
