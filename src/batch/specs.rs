//! Job specs: what the core is told of an effective job, each told once. Knows numbers and ids; whether a queue takes the
//! job is for others.

use std::collections::BTreeMap;

use crate::ids::{InstanceTypeId, JobSpecId, ShareId};
use crate::model::{EffectiveJob, Resources};
use crate::scheduler::{ConsumableRequirement, ExitRule, JobSpec, MultiNode};
use crate::units::SimDuration;

/// A spec with what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownSpec {
    /// What the core is told.
    pub spec: JobSpec,
    /// The documents' side of it.
    pub job: EffectiveJob,
    /// `name:revision` of the job definition.
    pub job_definition: String,
    /// What tells it apart beside its documents.
    pub variation: Variation,
}

/// What no AWS document says of a submission, and yet makes it another job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Variation {
    /// What each pod asks for, where a log says it and not the job definition.
    pub requests: Option<Resources>,
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

/// The parts of a spec that are ids of the account.
#[derive(Debug)]
pub(super) struct Interned {
    pub(super) share: Option<ShareId>,
    pub(super) consumables: Vec<ConsumableRequirement>,
    pub(super) instance_type: Option<InstanceTypeId>,
    pub(super) evaluate_on_exit: Vec<ExitRule>,
}

impl Specs {
    pub(super) fn all(&self) -> &[KnownSpec] {
        &self.all
    }

    /// The id of a job, and whether it is new.
    pub(super) fn intern(
        &mut self,
        job: EffectiveJob,
        definition: String,
        variation: Variation,
        ids: Interned,
    ) -> (JobSpecId, bool) {
        let alike = self.alike.entry((definition.clone(), job.job_name.clone())).or_default();
        let equal = |index: &&usize| self.all[**index].job == job && self.all[**index].variation == variation;
        let id = |index: usize| JobSpecId(u32::try_from(index).expect("submissions in memory are fewer than 2^32"));
        if let Some(known) = alike.iter().find(equal) {
            return (id(*known), false);
        }
        let spec = job_spec(&job, variation, ids);
        alike.push(self.all.len());
        self.all.push(KnownSpec { spec, job, job_definition: definition, variation });
        (id(self.all.len() - 1), true)
    }
}

fn job_spec(job: &EffectiveJob, variation: Variation, ids: Interned) -> JobSpec {
    let largest = job.groups.iter().map(|group| group.requests).reduce(Resources::max).unwrap_or_default();
    let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    JobSpec {
        requests: variation.requests.unwrap_or(largest),
        attempts: job.retry_strategy.attempts_or_default(),
        timeout: job.timeout.map(|timeout| SimDuration::from_secs(timeout.attempt_duration_seconds.into())),
        evaluate_on_exit: ids.evaluate_on_exit,
        share: ids.share,
        scheduling_priority: u16::try_from(job.scheduling_priority).unwrap_or_default(),
        consumables: ids.consumables,
        multi_node: job.nodes.map(|nodes| MultiNode {
            nodes: small(nodes.count),
            main: small(nodes.main),
            instance_type: ids.instance_type,
        }),
    }
}
