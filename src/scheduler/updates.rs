//! Environments and queues that change while jobs run: scaling and infrastructure updates, INVALID and VALID, deletion.
//!
//! Source: `UG:updating-compute-environments`, `API:UpdatePolicy`, `UG:batch_eks_invalid_compute_environment`,
//! `API:DeleteComputeEnvironment`, `API:UpdateJobQueueRequest`.

use crate::ids::{ComputeEnvironmentId, JobQueueId, PodId};
use crate::scheduler::decision::{Decision, DeleteCause};
use crate::scheduler::environment::Environment;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::nodes::{NodeSlot, NodeState};
use crate::scheduler::pods::Pod;
use crate::scheduler::queue::JobQueue;
use crate::scheduler::reason::{InvalidCause, Reason, ScaleInCause};
use crate::scheduler::spec::{EnvironmentSpec, InfrastructureUpdate, QueueSpec};
use crate::scheduler::timers::Timer;
use crate::units::SimDuration;

impl Scheduler {
    /// A compute environment became VALID.
    pub(super) fn create_environment(&mut self, id: ComputeEnvironmentId, spec: &EnvironmentSpec) {
        if id.index() >= self.environments.len() {
            self.environments.resize_with(id.index() + 1, || None);
            self.queues_of.resize_with(id.index() + 1, Vec::new);
        }
        let entry = &mut self.environments[id.index()];
        if entry.is_some() {
            self.absorbed.duplicates += 1;
            return;
        }
        *entry = Some(Environment::new(spec.clone()));
        self.request_cycle(self.now);
        self.request_scaling();
    }

    /// A compute environment was updated; an INVALID one is VALID again.
    pub(super) fn update_environment(
        &mut self,
        id: ComputeEnvironmentId,
        spec: &EnvironmentSpec,
        infrastructure: Option<InfrastructureUpdate>,
        out: &mut Decision,
    ) {
        let Some(environment) = self.existing(id) else {
            self.absorbed.duplicates += 1;
            return;
        };
        environment.follow(spec.clone());
        if std::mem::take(&mut environment.invalid) {
            out.reasons.push(Reason::EnvironmentValid { environment: id });
        }
        // The nodes of an UNMANAGED environment are not Batch's to replace.
        if let Some(update) = infrastructure.filter(|_| spec.managed.is_some()) {
            self.replace_nodes(id, update, out);
        }
        // Another minvCpus may let nodes go.
        self.watch_held(id);
        self.request_cycle(self.now);
        self.request_scaling();
    }

    /// New jobs go to new nodes; the old ones go when their jobs have ended, or are ended.
    fn replace_nodes(&mut self, id: ComputeEnvironmentId, update: InfrastructureUpdate, out: &mut Decision) {
        for slot in self.nodes_of(id) {
            let node = self.nodes.get_mut(slot);
            let is_new = !std::mem::replace(&mut node.outdated, true);
            self.environment_mut(id).outdated_nodes += u32::from(is_new);
            self.reindex(slot);
            self.retire_if_idle(slot, ScaleInCause::Replaced, out);
        }
        let timeout = if update.terminate_jobs { SimDuration::ZERO } else { update.job_execution_timeout };
        let jobs_end_at = self.now + timeout;
        let environment = self.environment_mut(id);
        environment.updating = true;
        environment.jobs_end_at = jobs_end_at;
        if update.terminate_jobs {
            self.end_jobs_on_outdated(id, out);
        } else {
            self.timers.set(jobs_end_at, Timer::UpdateTimeout(id));
        }
        self.update_may_be_over(id, out);
    }

    /// Jobs on nodes that an update replaces may have run as long as they may: it is so unless another update followed.
    pub(super) fn update_timed_out(&mut self, id: ComputeEnvironmentId, out: &mut Decision) {
        if self.environment(id).jobs_end_at <= self.now {
            self.end_jobs_on_outdated(id, out);
        }
    }

    /// Ends the jobs on nodes that an update replaces.
    fn end_jobs_on_outdated(&mut self, id: ComputeEnvironmentId, out: &mut Decision) {
        let on_outdated = |pod: &Pod| {
            let node = self.nodes.get(pod.node);
            node.outdated && node.environment == id
        };
        let pods: Vec<PodId> = self.pods.iter().filter(|(_, pod)| on_outdated(pod)).map(|(id, _)| id).collect();
        for pod in pods {
            let is_kept_place = self.pods.get(pod).and_then(Pod::part).is_some_and(|part| !part.created);
            if !is_kept_place {
                self.delete_pod(pod, DeleteCause::EnvironmentUpdate, out);
            }
        }
    }

    /// An update is over once all nodes that it replaces are gone.
    pub(super) fn update_may_be_over(&mut self, id: ComputeEnvironmentId, out: &mut Decision) {
        if self.environment(id).updating && self.environment(id).outdated_nodes == 0 {
            self.environment_mut(id).updating = false;
            out.reasons.push(Reason::EnvironmentUpdated { environment: id });
        }
    }

    /// A compute environment can't take jobs any more; what has started goes on, what is idle goes.
    pub(super) fn invalidate(&mut self, id: ComputeEnvironmentId, why: InvalidCause, out: &mut Decision) {
        let Some(environment) = self.existing(id) else {
            self.absorbed.duplicates += 1;
            return;
        };
        if std::mem::replace(&mut environment.invalid, true) {
            return;
        }
        environment.failed_joins = 0;
        out.reasons.push(Reason::EnvironmentInvalid { environment: id, why });
        for slot in self.nodes_of(id) {
            self.reindex(slot);
            self.retire_if_idle(slot, ScaleInCause::EnvironmentInvalid, out);
        }
        self.request_cycle(self.now);
    }

    /// A compute environment was deleted; it was DISABLED, and no queue's, before.
    pub(super) fn delete_environment(&mut self, id: ComputeEnvironmentId, out: &mut Decision) {
        let Some(environment) = self.existing(id) else {
            self.absorbed.duplicates += 1;
            return;
        };
        environment.deleted = true;
        environment.spec.enabled = false;
        if let Some(managed) = &mut environment.spec.managed {
            managed.min_vcpus = 0;
        }
        environment.invalid = true;
        for slot in self.nodes_of(id) {
            self.reindex(slot);
            if self.nodes.get(slot).instance_type.is_some() && self.nodes.get(slot).state != NodeState::Terminating {
                self.uncover(slot);
                self.give_back_node(slot, ScaleInCause::EnvironmentDeleted, out);
            }
        }
        self.request_cycle(self.now);
    }

    /// An environment that was created and not deleted.
    fn existing(&mut self, id: ComputeEnvironmentId) -> Option<&mut Environment> {
        self.environments.get_mut(id.index())?.as_mut().filter(|environment| !environment.deleted)
    }

    /// Gives a node back at once on which nothing runs.
    pub(super) fn retire_if_idle(&mut self, slot: NodeSlot, why: ScaleInCause, out: &mut Decision) {
        let node = self.nodes.get(slot);
        if node.instance_type.is_some() && node.pods.is_empty() && node.state != NodeState::Terminating {
            self.uncover(slot);
            self.give_back_node(slot, why, out);
        }
    }

    fn nodes_of(&self, id: ComputeEnvironmentId) -> Vec<NodeSlot> {
        self.nodes.iter().filter(|(_, node)| node.environment == id).map(|(slot, _)| slot).collect()
    }

    /// A job queue became VALID.
    pub(super) fn create_queue(&mut self, id: JobQueueId, spec: &QueueSpec) {
        // Queues come in order of their ids; anything else is a doubled fact.
        if id.index() != self.queues.len() {
            self.absorbed.duplicates += 1;
            return;
        }
        self.queues.push(JobQueue::new(spec.clone(), &self.settings));
        self.queue_order.push(id);
        self.arrange_queues();
    }

    /// A job queue, or its policy, was updated.
    pub(super) fn update_queue(&mut self, id: JobQueueId, spec: &QueueSpec) {
        let Some(queue) = self.queues.get_mut(id.index()).filter(|queue| !queue.deleted) else {
            self.absorbed.duplicates += 1;
            return;
        };
        // Nodes may be held for a job that no longer comes to their environment.
        let environments = queue.spec.environments.clone();
        queue.update(spec.clone(), &self.settings);
        self.arrange_queues();
        self.time_limits_changed(id);
        for environment in environments {
            self.watch_held(environment);
        }
        self.request_cycle(self.now);
        self.request_scaling();
    }

    /// Which queues come first, and which come to which environment.
    fn arrange_queues(&mut self) {
        let queues = &self.queues;
        self.queue_order.sort_by_key(|id| (std::cmp::Reverse(queues[id.index()].spec.priority), *id));
        self.queues_of.iter_mut().for_each(Vec::clear);
        for (id, queue) in (0..).map(JobQueueId).zip(&self.queues) {
            for environment in &queue.spec.environments {
                if environment.index() >= self.queues_of.len() {
                    self.environments.resize_with(environment.index() + 1, || None);
                    self.queues_of.resize_with(environment.index() + 1, Vec::new);
                }
                self.queues_of[environment.index()].push(id);
            }
        }
    }
}
