//! The account as its owner and the world know it: what was created, submitted and launched, and what an act of a script
//! comes to among that.

use std::collections::BTreeMap;

use proptest::sample::Index;
use windtunnel::ids::{
    ComputeEnvironmentId, ConsumableResourceId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId,
    PodId,
};
use windtunnel::model::{AllocationStrategy, PurchaseOption, Resources};
use windtunnel::scheduler::{
    ConsumableSpec, Dependency, EnvironmentSpec, Event, InfrastructureUpdate, JobSpec, ManagedSpec, NodeLossCause,
    QueueSpec,
};
use windtunnel::units::{MiB, MilliCpu, SimDuration};

use super::scripts::{Act, On, SHARES, Script};
use super::settings::TYPES;
use super::world::World;

/// What there is.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    environments: Vec<EnvironmentSpec>,
    queues: Vec<(QueueSpec, bool)>,
    specs: Vec<JobSpec>,
    consumables: Vec<ConsumableSpec>,
    /// Job ids with the array's size, in order.
    jobs: Vec<(JobId, Option<u32>)>,
    submissions: Vec<Event>,
    /// Nodes that live, and their environments.
    nodes: BTreeMap<NodeId, ComputeEnvironmentId>,
}

impl Stage {
    pub(crate) fn new(script: &Script) -> Self {
        let known = script.environments.len();
        let queues = script.queues.iter().cloned().map(|queue| (among(queue, known), false)).collect();
        Self {
            environments: script.environments.clone(),
            queues,
            specs: script.specs.clone(),
            consumables: script.consumables.clone(),
            jobs: Vec::new(),
            submissions: Vec::new(),
            nodes: BTreeMap::new(),
        }
    }

    /// The facts that everything begins with.
    pub(crate) fn opening(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (environment, spec) in (0..).map(ComputeEnvironmentId).zip(&self.environments) {
            events.push(Event::ComputeEnvironmentCreated { environment, spec: Box::new(spec.clone()) });
        }
        for (queue, (spec, _)) in (0..).map(JobQueueId).zip(&self.queues) {
            events.push(Event::JobQueueCreated { queue, spec: Box::new(spec.clone()) });
        }
        for (resource, &spec) in (0..).map(ConsumableResourceId).zip(&self.consumables) {
            events.push(Event::ConsumableResourceSet { resource, spec });
        }
        for (spec, job) in (0..).map(JobSpecId).zip(&self.specs) {
            events.push(Event::JobSpecRegistered { spec, job: Box::new(job.clone()) });
        }
        events
    }

    /// What makes the rest of the work possible: an environment without limits for every queue, and enough of everything.
    pub(crate) fn turn_benign(&self) -> Vec<Event> {
        let rescue = ComputeEnvironmentId(u16::try_from(self.environments.len()).expect("a handful"));
        let managed = ManagedSpec {
            purchase: PurchaseOption::Ec2,
            strategy: AllocationStrategy::BestFitProgressive,
            min_vcpus: 0,
            max_vcpus: 4_000,
            instance_types: (0..TYPES).map(|id| vec![InstanceTypeId(id)]).collect(),
            min_scale_down_delay: None,
            bid_percentage: None,
        };
        let spec = EnvironmentSpec { enabled: true, managed: Some(managed), unmanaged_vcpus: None };
        let mut events = vec![Event::ComputeEnvironmentCreated { environment: rescue, spec: Box::new(spec) }];
        for (resource, spec) in (0..).map(ConsumableResourceId).zip(&self.consumables) {
            let spec = ConsumableSpec { total: 10_000, ..*spec };
            events.push(Event::ConsumableResourceSet { resource, spec });
        }
        for (queue, (spec, deleted)) in (0..).map(JobQueueId).zip(&self.queues) {
            if !deleted {
                let environments = spec.environments.iter().copied().take(2).chain([rescue]).collect();
                let spec = QueueSpec { environments, enabled: true, ..spec.clone() };
                events.push(Event::JobQueueUpdated { queue, spec: Box::new(spec) });
            }
        }
        events
    }

    /// Takes down what is told.
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::JobQueueUpdated { queue, spec } if queue.index() < self.queues.len() => {
                self.queues[queue.index()].0 = (**spec).clone();
            }
            Event::JobQueueDeleted { queue } if queue.index() < self.queues.len() => {
                self.queues[queue.index()].1 = true;
            }
            Event::ComputeEnvironmentUpdated { environment, spec, .. }
                if environment.index() < self.environments.len() =>
            {
                self.environments[environment.index()] = (**spec).clone();
            }
            Event::ConsumableResourceSet { resource, spec } => self.consumables[resource.index()] = *spec,
            Event::NodeLaunched { environment, node, .. } | Event::NodeAdopted { environment, node, .. } => {
                self.nodes.insert(*node, *environment);
            }
            Event::NodeLost { node, .. } => drop(self.nodes.remove(node)),
            Event::JobSubmitted { .. } => self.submissions.push(event.clone()),
            _ => {}
        }
    }

    fn job(&self, index: Index, child: Option<u32>) -> Option<JobRef> {
        let (job, array_size) = *(!self.jobs.is_empty()).then(|| index.get(&self.jobs))?;
        Some(JobRef { job, child: child.filter(|_| array_size.is_some()) })
    }

    fn submit(&mut self, act: &Act) -> Option<Event> {
        let Act::Submit { queue, base, share, array, depends_on, tracked } = act else { return None };
        let queue = queue.index(self.queues.len());
        // Now and then a share for a FIFO queue, or none for a fair-share queue.
        let fair = self.queues[queue].0.fair_share.is_some() != (share.index(20) == 0);
        let per_base = SHARES as usize + 1;
        let variant = if fair { 1 + share.index(SHARES as usize) } else { 0 };
        let spec = base.index(self.specs.len() / per_base) * per_base + variant;
        let mut array_size = *array;
        let mut depends = Vec::new();
        for on in depends_on {
            depends.push(match on {
                On::Job(index) | On::NToN(index) if !self.jobs.is_empty() => {
                    let (job, size) = *index.get(&self.jobs);
                    if matches!(on, On::Job(_)) {
                        Dependency::Job(job)
                    } else {
                        array_size = size.or(array_size);
                        Dependency::NToN(job)
                    }
                }
                On::Sequential => Dependency::Sequential,
                On::Unknown => Dependency::Job(JobId::new(9, 9)),
                On::Job(_) | On::NToN(_) => continue,
            });
        }
        let job = JobId::new(0, self.jobs.len() as u64);
        self.jobs.push((job, array_size));
        Some(Event::JobSubmitted {
            job,
            queue: JobQueueId(u16::try_from(queue).expect("a handful")),
            spec: JobSpecId(u32::try_from(spec).expect("a handful")),
            array_size,
            depends_on: depends.into(),
            tracked: *tracked,
        })
    }

    /// An environment's update: its scaling, or with `infrastructure` all that may change of it.
    fn updated(&self, at: usize, new: &EnvironmentSpec, infrastructure: bool) -> EnvironmentSpec {
        let old = &self.environments[at];
        let managed = match (&old.managed, &new.managed) {
            (Some(_), Some(new)) if infrastructure => Some(new.clone()),
            (Some(old), Some(new)) => {
                Some(ManagedSpec { min_vcpus: new.min_vcpus, max_vcpus: new.max_vcpus, ..old.clone() })
            }
            (old, _) => old.clone(),
        };
        EnvironmentSpec { enabled: new.enabled, managed, unmanaged_vcpus: old.unmanaged_vcpus }
    }

    /// A fact that makes no sense, or comes again.
    fn noise(&self, kind: u8, which: Index) -> Option<Event> {
        let pod = PodId { slot: u32::try_from(which.index(6)).expect("small"), generation: 99 };
        let nowhere = JobRef { job: JobId::new(9, 9), child: None };
        Some(match kind {
            0 => Event::PodRunning { pod },
            1 => Event::PodSucceeded { pod },
            2 => Event::NodeReady { node: NodeId(70_000), free: Resources::ZERO },
            3 => Event::NodeLost { node: NodeId(70_000), cause: NodeLossCause::Failed },
            4 => Event::CapacityUnavailable { launch: LaunchId(70_000), instance_types: Vec::new(), vcpus_short: 1 },
            5 => Event::JobCancelRequested { job: nowhere },
            6 => Event::JobTerminateRequested { job: nowhere },
            7 => Event::ComputeEnvironmentInvalid { environment: ComputeEnvironmentId(77) },
            8 => Event::JobQueueDeleted { queue: JobQueueId(77) },
            _ => {
                let recorded = |event: &&Event| match event {
                    Event::JobSubmitted { tracked, .. } => *tracked,
                    _ => false,
                };
                let known: Vec<_> = self.submissions.iter().filter(recorded).collect();
                (*(!known.is_empty()).then(|| which.get(&known))?).clone()
            }
        })
    }
}

/// A queue over environments that there are.
fn among(mut queue: QueueSpec, known: usize) -> QueueSpec {
    queue.environments.retain(|id| id.index() < known);
    if queue.environments.is_empty() {
        queue.environments.push(ComputeEnvironmentId(0));
    }
    queue
}

fn id_of(index: Index, known: usize) -> u16 {
    u16::try_from(index.index(known)).expect("a handful")
}

impl World {
    /// What an act comes to, if to anything.
    pub(super) fn act(&mut self, act: &Act) -> Option<Event> {
        let (queues, environments) = (self.stage.queues.len(), self.stage.environments.len());
        Some(match act {
            Act::Submit { .. } => return self.stage.submit(act),
            Act::Cancel { job, child } => Event::JobCancelRequested { job: self.stage.job(*job, *child)? },
            Act::Terminate { job, child } => Event::JobTerminateRequested { job: self.stage.job(*job, *child)? },
            Act::Consumable { resource, total } => {
                let resource = id_of(*resource, self.stage.consumables.len());
                let spec = ConsumableSpec { total: *total, ..self.stage.consumables[usize::from(resource)] };
                Event::ConsumableResourceSet { resource: ConsumableResourceId(resource), spec }
            }
            Act::UpdateQueue { queue, spec } => {
                let queue = id_of(*queue, queues);
                let mut spec = among(spec.clone(), environments);
                let kept = &self.stage.queues[usize::from(queue)].0.fair_share;
                if spec.fair_share.is_none() || kept.is_none() {
                    spec.fair_share.clone_from(kept);
                }
                Event::JobQueueUpdated { queue: JobQueueId(queue), spec: Box::new(spec) }
            }
            Act::DeleteQueue { queue } => Event::JobQueueDeleted { queue: JobQueueId(id_of(*queue, queues)) },
            Act::UpdateEnvironment { environment, spec, infrastructure } => {
                let environment = id_of(*environment, environments);
                let spec = self.stage.updated(environment.into(), spec, infrastructure.is_some());
                let infrastructure = infrastructure.map(|(terminate_jobs, mins)| InfrastructureUpdate {
                    terminate_jobs,
                    job_execution_timeout: SimDuration::from_mins(mins),
                });
                let environment = ComputeEnvironmentId(environment);
                Event::ComputeEnvironmentUpdated { environment, spec: Box::new(spec), infrastructure }
            }
            Act::Invalidate { environment } => {
                let environment = ComputeEnvironmentId(id_of(*environment, environments));
                Event::ComputeEnvironmentInvalid { environment }
            }
            Act::DeleteEnvironment { environment } => {
                let environment = ComputeEnvironmentId(id_of(*environment, environments));
                Event::ComputeEnvironmentDeleted { environment }
            }
            Act::LoseNode { node } => {
                let node = self.some_node(*node)?;
                Event::NodeLost { node, cause: NodeLossCause::Failed }
            }
            Act::WarnNode { node } => {
                let node = self.some_node(*node)?;
                let terminates_at = self.reclaim(node);
                Event::SpotInterruptionWarning { node, terminates_at }
            }
            Act::Adopt { environment, vcpus } => {
                let environment = id_of(*environment, environments);
                if self.stage.environments[usize::from(environment)].managed.is_some() {
                    return None;
                }
                let cpu = MilliCpu(vcpus * 1_000 - 100);
                let free = Resources { cpu, memory: MiB(vcpus * 3_500), gpus: 0, pods: 10 };
                let (environment, node) = (ComputeEnvironmentId(environment), self.new_node());
                Event::NodeAdopted { environment, node, vcpus: *vcpus, free }
            }
            Act::Noise { kind, which } => return self.stage.noise(*kind, *which),
        })
    }

    fn some_node(&self, index: Index) -> Option<NodeId> {
        let nodes: Vec<_> = self.stage.nodes.keys().copied().collect();
        (!nodes.is_empty()).then(|| *index.get(&nodes))
    }
}
