//! What the world reports, taken down; and what must follow from it.

use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobRef, LaunchId, NodeId, PodId};
use windtunnel::model::Resources;
use windtunnel::scheduler::{
    AttemptOutcome, ConsumableSpec, DeleteCause, EnvironmentSpec, Event, InfrastructureUpdate, Observation, PodStuck,
    QueueSpec,
};

use super::{Consumable, Environment, Judge, Node, Progress, Queue};
use crate::settings::{largest, vcpus};

impl Judge<'_> {
    /// Takes in what the world reports.
    pub(crate) fn seen(&mut self, seen: &Observation) {
        self.now = seen.now;
        for event in &seen.events {
            self.fact(event);
        }
    }

    fn fact(&mut self, event: &Event) {
        match event {
            Event::ComputeEnvironmentCreated { environment, spec } => self.environment_created(*environment, spec),
            Event::ComputeEnvironmentUpdated { environment, spec, infrastructure } => {
                self.environment_updated(*environment, spec, *infrastructure);
            }
            Event::ComputeEnvironmentInvalid { environment } => {
                if let Some(known) = self.existing(*environment) {
                    (known.invalid, known.excused) = (true, true);
                    self.tally.invalid_reported += 1;
                }
            }
            Event::ComputeEnvironmentDeleted { environment } => {
                if let Some(known) = self.existing(*environment) {
                    known.deleted = true;
                    self.tally.environments_deleted += 1;
                }
            }
            Event::JobQueueCreated { queue, spec } => self.queue_created(*queue, spec),
            Event::JobQueueUpdated { queue, spec } => self.queue_updated(*queue, spec),
            Event::JobQueueDeleted { queue } => self.queue_deleted(*queue),
            Event::ConsumableResourceSet { resource, spec } => self.consumable_set(resource.index(), *spec),
            Event::JobSpecRegistered { spec, job } => {
                if spec.index() == self.specs.len() {
                    self.specs.push((**job).clone());
                }
            }
            Event::JobSubmitted { job, queue, spec, array_size, depends_on, tracked } => {
                self.submitted(*job, (*queue, *spec), *array_size, depends_on, *tracked);
            }
            Event::JobCancelRequested { job } => self.cancel(*job),
            Event::JobTerminateRequested { job } => self.terminate(*job),
            Event::NodeLaunched { launch, environment, node, instance_type, .. } => {
                self.launched(*launch, *environment, *node, *instance_type);
            }
            Event::CapacityUnavailable { launch, .. } => {
                if let Some(launch) = self.launches.get_mut(launch) {
                    launch.closed = true;
                    self.tally.insufficient += 1;
                }
            }
            Event::NodeReady { node, free } => self.ready(*node, *free),
            Event::NodeAdopted { environment, node, vcpus, free } => self.adopted(*environment, *node, *vcpus, *free),
            Event::SpotInterruptionWarning { node, .. } => {
                if let Some(node) = self.nodes.get_mut(node) {
                    node.warned = true;
                    self.tally.warned += 1;
                }
            }
            Event::NodeLost { node, .. } => self.lost(*node),
            Event::SpotPriceChanged { .. } => {}
            Event::PodRunning { pod } => self.running(*pod),
            Event::PodSucceeded { pod } => self.pod_over(*pod, AttemptOutcome::Succeeded),
            Event::PodFailed { pod, failure } => self.pod_over(*pod, AttemptOutcome::Failed(*failure)),
            Event::PodStuck { pod, why: PodStuck::Volume } => self.delete(*pod, DeleteCause::Volume),
            Event::PodStuck { why: PodStuck::Image, .. } => self.tally.images_missing += 1,
        }
    }

    /// An environment that was created and not deleted.
    fn existing(&mut self, id: ComputeEnvironmentId) -> Option<&mut Environment> {
        self.environments.get_mut(id.index())?.as_mut().filter(|environment| !environment.deleted)
    }

    fn environment_created(&mut self, id: ComputeEnvironmentId, spec: &EnvironmentSpec) {
        if self.environments.len() <= id.index() {
            self.environments.resize_with(id.index() + 1, || None);
        }
        self.environments[id.index()].get_or_insert_with(|| Environment {
            spec: spec.clone(),
            deleted: false,
            invalid: false,
            jobs_end_at: None,
            ceiling: ceiling(spec),
            reached_minimum: false,
            excused: true,
            never_joined: 0,
            losses: 0,
        });
    }

    fn environment_updated(
        &mut self,
        id: ComputeEnvironmentId,
        spec: &EnvironmentSpec,
        infrastructure: Option<InfrastructureUpdate>,
    ) {
        let now = self.now;
        let Some(environment) = self.existing(id) else { return };
        environment.spec = spec.clone();
        environment.ceiling = environment.ceiling.max(ceiling(spec));
        (environment.reached_minimum, environment.excused) = (false, true);
        let was_invalid = std::mem::replace(&mut environment.invalid, false);
        let update = infrastructure.filter(|_| spec.managed.is_some());
        if let Some(update) = update {
            environment.jobs_end_at =
                Some(if update.terminate_jobs { now } else { now + update.job_execution_timeout });
            for node in self.nodes.values_mut().filter(|node| node.environment == id) {
                node.outdated = true;
            }
            if update.terminate_jobs {
                self.end_outdated(id);
            }
        }
        self.tally.valid_again += u64::from(was_invalid);
        self.tally.infrastructure += u64::from(update.is_some());
        self.tally.scaling_updates += u64::from(update.is_none());
        self.tally.disabled += u64::from(!spec.enabled);
    }

    /// Jobs on outdated nodes are to end.
    fn end_outdated(&mut self, id: ComputeEnvironmentId) {
        let on_outdated = |node: &NodeId| self.nodes[node].environment == id && self.nodes[node].outdated;
        let pods: Vec<_> = self.pods.iter().filter(|(_, pod)| on_outdated(&pod.node)).map(|(&pod, _)| pod).collect();
        for pod in pods {
            self.delete(pod, DeleteCause::EnvironmentUpdate);
        }
    }

    fn queue_created(&mut self, id: JobQueueId, spec: &QueueSpec) {
        if id.index() == self.queues.len() {
            self.tally.fair_share += u64::from(spec.fair_share.is_some());
            let usage = std::collections::BTreeMap::new();
            self.queues.push(Queue { spec: spec.clone(), deleted: false, window_changed: false, head: None, usage });
        }
    }

    fn queue_updated(&mut self, id: JobQueueId, spec: &QueueSpec) {
        let Some(queue) = self.queues.get_mut(id.index()).filter(|queue| !queue.deleted) else { return };
        let decay = |spec: &QueueSpec| spec.fair_share.as_ref().map(|policy| policy.share_decay);
        queue.window_changed |= decay(spec) != decay(&queue.spec);
        if let Some(head) = queue.head.as_mut().filter(|_| queue.spec.environments != spec.environments) {
            head.why_since = self.now;
        }
        queue.spec = QueueSpec { policy: queue.spec.policy, ..spec.clone() };
        self.tally.queues_updated += 1;
    }

    fn consumable_set(&mut self, index: usize, spec: ConsumableSpec) {
        if self.consumables.len() <= index {
            self.consumables.resize(index + 1, None);
        }
        let in_use = self.consumables[index].map_or(0, |known| known.in_use);
        self.tally.overcommitted += u64::from(in_use > spec.total);
        self.consumables[index] = Some(Consumable { spec, in_use });
    }

    fn terminate(&mut self, named: JobRef) {
        self.cancel(named);
        if !self.submissions.get(&named.job).is_some_and(|submission| submission.tracked) {
            return;
        }
        for name in self.jobs_of(named) {
            self.tally.terminated += u64::from(matches!(self.jobs[&name].progress, Progress::Active(_)));
            self.stop(name, DeleteCause::Terminated);
        }
    }

    fn launched(&mut self, launch: LaunchId, id: ComputeEnvironmentId, node: NodeId, instance_type: InstanceTypeId) {
        if !self.known_nodes.insert(node) {
            return;
        }
        let given_up_after = self.settings.launch_response_deadline;
        let request = self.launches.get_mut(&launch).expect("the world answers what was asked");
        let late = self.now >= request.asked_at + given_up_after || request.closed;
        self.tally.late_nodes += u64::from(late);
        request.given += vcpus(instance_type);
        request.closed |= request.given >= request.target;
        let node_of = Node { late, ..self.node(id, Some(instance_type), vcpus(instance_type)) };
        self.nodes.insert(node, node_of);
    }

    fn adopted(&mut self, id: ComputeEnvironmentId, node: NodeId, vcpus: u32, free: Resources) {
        if self.known_nodes.insert(node) {
            self.tally.adopted += 1;
            let adopted = Node { offers: Some(free), ..self.node(id, None, vcpus) };
            self.nodes.insert(node, adopted);
        }
    }

    fn node(&self, environment: ComputeEnvironmentId, instance_type: Option<InstanceTypeId>, vcpus: u32) -> Node {
        Node {
            environment,
            instance_type,
            vcpus,
            launched_at: self.now,
            offers: None,
            held: Resources::ZERO,
            pods: std::collections::BTreeSet::new(),
            idle_since: self.now,
            used: false,
            warned: false,
            terminating: false,
            outdated: false,
            late: false,
            tenant: None,
        }
    }

    fn ready(&mut self, id: NodeId, free: Resources) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.terminating && node.offers.is_none()) else {
            return;
        };
        (node.offers, node.idle_since) = (Some(free), now);
    }

    fn lost(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get(&id) else {
            self.tally.late_facts += 1;
            return;
        };
        self.tally.lost_with_jobs += u64::from(!node.pods.is_empty());
        for pod in node.pods.clone() {
            self.pod_over(pod, AttemptOutcome::HostTerminated);
        }
        let node = self.nodes.remove(&id).expect("just seen");
        let environment = self.environments[node.environment.index()].as_mut().expect("it has nodes");
        environment.losses += 1;
        environment.excused |= !node.terminating;
    }

    fn running(&mut self, id: PodId) {
        let now = self.now;
        let Some(pod) = self.pods.get_mut(&id) else {
            self.tally.late_facts += 1;
            return;
        };
        if pod.running_at.is_some() {
            self.tally.doubled += 1;
            return;
        }
        pod.running_at = Some(now);
        let leads = pod.part.is_some_and(|(_, leader)| leader == id) && pod.ending.is_none();
        let (job, losses) = (pod.job, pod.losses);
        let multi_node = self.spec(job).multi_node.as_ref().filter(|_| leads);
        if let Some(followers) = multi_node.map(|multi_node| multi_node.nodes - 1).filter(|&n| n > 0) {
            let environment = self.nodes[&self.pods[&id].node].environment;
            let known = self.environments[environment.index()].as_ref().expect("it has nodes");
            // A node that was kept for a follower may have been lost meanwhile, unseen from here.
            let lost = known.losses - losses;
            self.due.leaders.insert(id, if lost == 0 { followers } else { 0 });
        }
    }
}

/// The least number of vCPUs that an environment may never have.
fn ceiling(spec: &EnvironmentSpec) -> u32 {
    spec.managed.as_ref().map_or(0, |managed| managed.max_vcpus + largest(managed))
}
