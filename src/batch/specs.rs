//! Job specs: what the core is told of an effective job, each told once. Knows numbers and ids; whether a queue takes the
//! job is for others.

use std::collections::BTreeMap;

use crate::batch::account::queue_id;
use crate::ids::{InstanceTypeId, JobQueueId, JobSpecId, ShareId};
use crate::model::container::ResourceList;
use crate::model::pod::EksPodProperties;
use crate::model::retry::JobTimeout;
use crate::model::{EffectiveJob, JobSpecName, PodGroup, Resources, quantity};
use crate::scheduler::{ConsumableRequirement, ExitRule, JobSpec, MultiNode};
use crate::units::SimDuration;

/// A spec with what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownSpec {
    /// What the core is told.
    pub spec: JobSpec,
    /// The documents' side of it.
    pub job: EffectiveJob,
    /// Its name, and its job definition as first submitted.
    pub name: JobSpecName,
    /// `name:revision` of the job definition.
    pub job_definition: String,
    /// What tells it apart beside its documents.
    pub variation: Variation,
}

impl KnownSpec {
    /// A pod as it asks, where a log says what that is: its first container asks for what the others leave of it.
    pub(super) fn pod(&self, group: &PodGroup) -> EksPodProperties {
        let mut pod = group.pod.clone();
        let (Some(asked), Some(first)) = (self.variation.requests, pod.containers.first_mut()) else { return pod };
        let resources = first.resources.get_or_insert_default();
        let (own, all) = (resources.requests(&mut Vec::new()), group.requests);
        let rest = |asked: u32, own: u32, all: u32| asked.saturating_sub(all.saturating_sub(own));
        let cpu = rest(asked.cpu.0, own.cpu.0, all.cpu.0);
        let memory = rest(asked.memory.0, own.memory.0, all.memory.0);
        if (cpu, memory) != (own.cpu.0, own.memory.0) {
            // Limits stand in for requests that are silent.
            let gpu = resources.limits.take().and_then(|limits| limits.gpu);
            let gpu = resources.requests.take().and_then(|requests| requests.gpu).or(gpu);
            let (cpu, memory) = (Some(quantity::vcpus(cpu)), Some(format!("{memory}Mi")));
            resources.limits = Some(ResourceList { cpu, memory, gpu });
        }
        pod
    }

    /// The attempts' timeout, which a log may say. Whole seconds, as AWS has them: no attempt is to end early.
    pub(super) fn timeout(&self) -> Option<JobTimeout> {
        let Some(own) = self.variation.timeout else { return self.job.timeout };
        let seconds = own.as_millis().div_ceil(1_000);
        Some(JobTimeout { attempt_duration_seconds: u32::try_from(seconds).unwrap_or(u32::MAX) })
    }
}

/// What no AWS document says of a submission, and yet makes it another job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Variation {
    /// What each pod asks for, where a log says it and not the job definition.
    pub requests: Option<Resources>,
    /// The attempts' timeout, where a log says it and not the job definition.
    pub timeout: Option<SimDuration>,
    /// Size of the container image, where the caller tells jobs apart by it, MiB.
    pub image_mib: Option<u32>,
}

/// Specs in order of appearance.
#[derive(Debug, Clone, Default)]
pub(super) struct Specs {
    all: Vec<KnownSpec>,
    /// Ids by job definition and job name, among which equals are looked for.
    alike: BTreeMap<(String, String), Vec<usize>>,
}

/// A submission that its queue takes, before it has ids.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedSubmission {
    pub(super) queue: usize,
    /// `name:revision` of its job definition.
    pub(super) definition: String,
    /// The same as the submission writes it.
    pub(super) submitted_as: String,
    pub(super) job: EffectiveJob,
    pub(super) consumables: Vec<ConsumableRequirement>,
    pub(super) instance_type: Option<InstanceTypeId>,
    pub(super) evaluate_on_exit: Vec<ExitRule>,
}

impl JudgedSubmission {
    /// Where it goes.
    pub fn queue(&self) -> JobQueueId {
        queue_id(self.queue)
    }

    /// What its pod asks for; of a multi-node parallel job, the largest that any pod asks of each resource.
    pub fn requests(&self) -> Resources {
        self.job.groups.iter().map(|group| group.requests).reduce(Resources::max).unwrap_or_default()
    }

    fn spec(&self, variation: Variation, share: Option<ShareId>) -> JobSpec {
        let job = &self.job;
        let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        JobSpec {
            requests: variation.requests.unwrap_or_else(|| self.requests()),
            attempts: job.retry_strategy.attempts_or_default(),
            timeout: variation
                .timeout
                .or_else(|| job.timeout.map(|timeout| SimDuration::from_secs(timeout.attempt_duration_seconds.into()))),
            evaluate_on_exit: self.evaluate_on_exit.clone(),
            share,
            scheduling_priority: u16::try_from(job.scheduling_priority).unwrap_or_default(),
            consumables: self.consumables.clone(),
            multi_node: job.nodes.map(|nodes| MultiNode {
                nodes: small(nodes.count),
                main: small(nodes.main),
                instance_type: self.instance_type,
            }),
        }
    }
}

impl Specs {
    pub(super) fn all(&self) -> &[KnownSpec] {
        &self.all
    }

    /// The id of a job, and whether it is new.
    pub(super) fn intern(
        &mut self,
        judged: &JudgedSubmission,
        variation: Variation,
        share: Option<ShareId>,
    ) -> (JobSpecId, bool) {
        let JudgedSubmission { job, definition, .. } = judged;
        let alike = self.alike.entry((definition.clone(), job.job_name.clone())).or_default();
        let spec = judged.spec(variation, share);
        let equal = |index: &&usize| {
            let known = &self.all[**index];
            known.variation == variation && known.spec == spec && known.job == *job
        };
        let id = |index: usize| JobSpecId(u32::try_from(index).expect("submissions in memory are fewer than 2^32"));
        if let Some(known) = alike.iter().find(equal) {
            return (id(*known), false);
        }
        alike.push(self.all.len());
        self.all.push(KnownSpec {
            spec,
            job: job.clone(),
            name: JobSpecName { job_name: job.job_name.clone(), job_definition: judged.submitted_as.clone() },
            job_definition: definition.clone(),
            variation,
        });
        (id(self.all.len() - 1), true)
    }
}
