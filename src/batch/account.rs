//! The account: everything that was created in it, and what each call answers. The calls themselves stand in one file per
//! noun. Holds no clock and no core: time is the caller's, and what the core must hear of comes out as events.

use std::collections::BTreeMap;

use crate::batch::capacity::InstanceTypes;
use crate::batch::definitions::Definitions;
use crate::batch::environments::Environment;
use crate::batch::exit::EndTexts;
use crate::batch::jobs::KnownJobs;
use crate::batch::policies::Policy;
use crate::batch::queues::Queue;
use crate::batch::registry::{Noun, Registry, Status};
use crate::batch::resources::Resource;
use crate::batch::shares::Shares;
use crate::batch::specs::{KnownSpec, Specs};
use crate::history::RequestReasons;
use crate::ids::{ComputeEnvironmentId, JobQueueId};
use crate::model::{Assumptions, JobQueue, Problem};
use crate::scheduler::{ConsumableSpec, EnvironmentSpec, Event, QueuePolicy, QueueSpec, Reason};

/// AWS Batch's control plane for one account and Region.
#[derive(Debug, Clone)]
pub struct Batch<T> {
    pub(super) types: T,
    pub(super) assumptions: Assumptions,
    pub(super) texts: EndTexts,
    region: String,
    leniency: Option<Leniency>,
    pub(super) environments: Registry<Environment>,
    pub(super) queues: Registry<Queue>,
    pub(super) policies: Registry<Policy>,
    /// By the name of the queue.
    beyond: BTreeMap<String, QueuePolicy>,
    pub(super) resources: Registry<Resource>,
    pub(super) definitions: Definitions,
    pub(super) shares: Shares,
    pub(super) specs: Specs,
    pub(super) jobs: KnownJobs,
    pub(super) reasons: RequestReasons,
}

/// What a call gives: AWS's answer, and what the core must be told, in this order.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<R> {
    /// The answer.
    pub response: R,
    /// Facts for the core.
    pub events: Vec<Event>,
}

/// Names of which nothing can be said, for the documents that create them could not be read.
#[derive(Debug, Clone)]
struct Leniency {
    unread: Vec<Noun>,
}

/// The example account of AWS's own documentation.
const ACCOUNT: &str = "123456789012";

impl<T: InstanceTypes> Batch<T> {
    /// An empty account.
    pub fn new(types: T, assumptions: Assumptions, region: &str) -> Self {
        Self {
            types,
            texts: EndTexts::new(&assumptions),
            assumptions,
            region: region.to_owned(),
            leniency: None,
            environments: Registry::new(Noun::ComputeEnvironment),
            queues: Registry::new(Noun::JobQueue),
            policies: Registry::new(Noun::SchedulingPolicy),
            beyond: BTreeMap::new(),
            resources: Registry::new(Noun::ConsumableResource),
            definitions: Definitions::default(),
            shares: Shares::default(),
            specs: Specs::default(),
            jobs: KnownJobs::default(),
            reasons: RequestReasons::default(),
        }
    }

    /// Judges documents in one pass from here on: one that is refused is taken in all the same, as far as it goes, so that
    /// what names it can be judged too. Nothing is said of unknown names of the nouns in `unread`.
    pub fn be_lenient(&mut self, unread: Vec<Noun>) {
        self.leniency = Some(Leniency { unread });
    }

    /// Takes calls one by one from here on, and refuses what AWS Batch refuses.
    pub fn be_strict(&mut self) {
        self.leniency = None;
    }

    /// The same account over another table of the same types.
    pub fn with_types<U: InstanceTypes>(self, types: U) -> Batch<U> {
        let Self { types: _, assumptions, texts, region, leniency, environments, queues, policies, .. } = self;
        let Self { beyond, resources, definitions, shares, specs, jobs, reasons, .. } = self;
        Batch {
            types,
            assumptions,
            texts,
            region,
            leniency,
            environments,
            queues,
            policies,
            beyond,
            resources,
            definitions,
            shares,
            specs,
            jobs,
            reasons,
        }
    }

    /// Has queues of these names do what AWS Batch has no document for, from their creation on.
    pub fn follow(&mut self, policies: BTreeMap<String, QueuePolicy>) {
        self.beyond = policies;
    }

    /// What a queue of this name does beyond AWS Batch.
    pub(super) fn policy_beyond(&self, queue: &str) -> QueuePolicy {
        self.beyond.get(queue).copied().unwrap_or_default()
    }

    /// Whether a document with these faults is taken in.
    pub(super) fn takes_in(&self, problems: &[Problem]) -> bool {
        problems.is_empty() || self.leniency.is_some()
    }

    /// Whether names of a noun may exist that are not known.
    pub(super) fn is_unread(&self, noun: Noun) -> bool {
        self.leniency.as_ref().is_some_and(|leniency| leniency.unread.contains(&noun))
    }

    /// The index of a name; where nobody bears it, that is a problem.
    pub(super) fn find<X>(
        &self,
        registry: &Registry<X>,
        name_or_arn: &str,
        pointer: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<usize> {
        let found = registry.find(name_or_arn);
        if found.is_none() && !self.is_unread(registry.noun()) {
            problems.push(registry.unknown(name_or_arn, pointer));
        }
        found
    }

    /// The ARN of a name; of a job definition with its revision.
    pub(super) fn arn(&self, noun: Noun, name: &str) -> String {
        self.arn_of(noun.arn_part(), name)
    }

    pub(super) fn arn_of(&self, part: &str, name: &str) -> String {
        format!("arn:aws:batch:{}:{ACCOUNT}:{part}/{name}", self.region)
    }

    /// The table of instance types.
    pub const fn types(&self) -> &T {
        &self.types
    }

    /// Hears what became of environments: whether they are VALID is for the core to find out.
    pub fn hear(&mut self, reason: &Reason) {
        let (environment, status) = match *reason {
            Reason::EnvironmentInvalid { environment, .. } => (environment, Status::Invalid),
            Reason::EnvironmentValid { environment } => (environment, Status::Valid),
            _ => return,
        };
        if let Some(known) = self.environments.all_mut().get_mut(environment.index())
            && known.status != Status::Deleted
        {
            known.status = status;
        }
    }

    /// What the core is told of each environment that was ever created, by id.
    pub fn environment_specs(&self) -> impl Iterator<Item = &EnvironmentSpec> {
        self.environments.all().iter().map(|environment| &environment.spec)
    }

    /// What the core is told of each queue that was ever created, by id.
    pub fn queue_specs(&self) -> impl Iterator<Item = &QueueSpec> {
        self.queues.all().iter().map(|queue| &queue.spec)
    }

    /// What the core is told of each consumable resource that was ever created, by id.
    pub fn consumable_specs(&self) -> impl Iterator<Item = ConsumableSpec> {
        self.resources.all().iter().map(Resource::spec)
    }

    /// The effective job and the spec of each id.
    pub fn job_specs(&self) -> &[KnownSpec] {
        self.specs.all()
    }

    /// Names of all environments, queues and consumable resources that were ever created, and of the shares, by id.
    pub fn names(&self) -> AccountNames {
        AccountNames {
            compute_environments: named(self.environments.all(), |e| &e.document.compute_environment_name),
            job_queues: named(self.queues.all(), |q| &q.document.job_queue_name),
            consumable_resources: named(self.resources.all(), |r| &r.document.consumable_resource_name),
            shares: self.shares.names().to_vec(),
        }
    }

    /// The document of a queue, as it is now.
    pub fn job_queue(&self, id: JobQueueId) -> Option<&JobQueue> {
        self.queues.all().get(id.index()).map(|queue| &queue.document)
    }

    /// The id of an environment that exists.
    pub fn compute_environment_id(&self, name_or_arn: &str) -> Option<ComputeEnvironmentId> {
        self.environments.find(name_or_arn).map(environment_id)
    }

    /// The id of a queue that exists.
    pub fn job_queue_id(&self, name_or_arn: &str) -> Option<JobQueueId> {
        self.queues.find(name_or_arn).map(queue_id)
    }
}

/// Names by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountNames {
    /// `computeEnvironmentName`.
    pub compute_environments: Vec<String>,
    /// `jobQueueName`.
    pub job_queues: Vec<String>,
    /// `consumableResourceName`.
    pub consumable_resources: Vec<String>,
    /// `shareIdentifier`.
    pub shares: Vec<String>,
}

fn named<X>(all: &[X], name: impl Fn(&X) -> &String) -> Vec<String> {
    all.iter().map(|one| name(one).clone()).collect()
}

/// Ids are indexes; registries stop where they would no longer fit.
pub(super) fn environment_id(index: usize) -> ComputeEnvironmentId {
    ComputeEnvironmentId(u16::try_from(index).expect("registries hold as many as ids tell apart"))
}

pub(super) fn queue_id(index: usize) -> JobQueueId {
    JobQueueId(u16::try_from(index).expect("registries hold as many as ids tell apart"))
}
