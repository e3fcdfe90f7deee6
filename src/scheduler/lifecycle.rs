//! From a node's launch to its loss: what the core makes of facts about capacity, and when it gives a node back.
//!
//! Source: spec of scaling down in `UG:compute_environments` and `API:ComputeScalingPolicy` (per instance, from its last
//! job's end; never-used instances are exempt); the times themselves are assumptions.

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, LaunchId, NodeId};
use crate::model::Resources;
use crate::scheduler::decision::{AttemptOutcome, Command, Decision};
use crate::scheduler::environment::Fulfilled;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::nodes::{Node, NodeSlot, NodeState};
use crate::scheduler::reason::{Blocked, InvalidCause, Reason, ScaleInCause};
use crate::scheduler::timers::Timer;
use crate::units::{SimDuration, SimTime};

impl Scheduler {
    /// EC2 started an instance.
    pub(super) fn node_launched(
        &mut self,
        launch: LaunchId,
        id: ComputeEnvironmentId,
        node: NodeId,
        instance_type: InstanceTypeId,
    ) {
        let known = self.environments.get(id.index()).is_some_and(Option::is_some);
        if !known || self.nodes.known(node) || instance_type.index() >= self.instance_types.len() {
            self.absorbed.duplicates += 1;
            return;
        }
        let facts = *self.facts(instance_type);
        let offer = self.environment(id).offer(instance_type, &facts, &self.settings);
        let environment = self.environment_mut(id);
        let fulfilled = environment.fulfil(launch, facts.vcpus);
        let late = fulfilled == Fulfilled::Late;
        self.absorbed.late_launches += u64::from(late);
        let covers = match fulfilled {
            Fulfilled::Jobs(shape) => Some((shape, self.specs.times_in(shape, offer))),
            Fulfilled::Minimum | Fulfilled::Late => None,
        };
        let environment = self.environment_mut(id);
        if let Some((shape, jobs)) = covers {
            environment.covered.add(shape, jobs.into());
        }
        environment.vcpus += facts.vcpus;
        let slot = self.add_node(node, id, Some(instance_type), facts.vcpus, NodeState::Launched, covers);
        self.nodes.get_mut(slot).late = late;
        self.timers.set(self.now + self.settings.node_join_deadline, Timer::Join(node));
        // What minvCpus held back may be dispensable now.
        self.watch_held(id);
    }

    /// Watches again what was held back though it was idle.
    pub(super) fn watch_held(&mut self, id: ComputeEnvironmentId) {
        let Some(environment) = self.environments.get_mut(id.index()).and_then(Option::as_mut) else { return };
        for held in std::mem::take(&mut environment.held) {
            if let Some(slot) = self.nodes.slot(held) {
                self.watch_idle(slot);
            }
        }
    }

    /// A node of an UNMANAGED environment appeared.
    pub(super) fn node_adopted(&mut self, id: ComputeEnvironmentId, node: NodeId, vcpus: u32, free: Resources) {
        let known = self.environments.get(id.index()).is_some_and(Option::is_some);
        if !known || self.nodes.known(node) {
            self.absorbed.duplicates += 1;
            return;
        }
        self.environment_mut(id).vcpus += vcpus;
        let slot = self.add_node(node, id, None, vcpus, NodeState::Ready, None);
        self.open(slot, free);
    }

    /// A node joined, and tells what it really offers.
    pub(super) fn node_ready(&mut self, id: NodeId, free: Resources, out: &mut Decision) {
        let Some(slot) = self.nodes.slot(id) else {
            self.absorbed.unknown_nodes += 1;
            return;
        };
        let node = self.nodes.get_mut(slot);
        if node.state != NodeState::Launched {
            self.absorbed.duplicates += 1;
            return;
        }
        node.state = NodeState::Ready;
        node.idle_since = self.now;
        let (id, instance_type) = (node.environment, node.instance_type);
        let now = self.now;
        let environment = self.environment_mut(id);
        environment.joined_at = Some(now);
        environment.failed_joins = 0;
        self.uncover(slot);
        if let Some(instance_type) = instance_type {
            let estimated = self.environment(id).offer(instance_type, self.facts(instance_type), &self.settings);
            if self.environment_mut(id).learn(instance_type, free) {
                out.reasons.push(Reason::Learned { environment: id, instance_type, estimated, actual: free });
            }
        }
        self.open(slot, free);
        self.watch_idle(slot);
    }

    /// EC2 announced to reclaim a node.
    pub(super) fn node_warned(&mut self, id: NodeId) {
        let Some(slot) = self.nodes.slot(id) else {
            self.absorbed.unknown_nodes += 1;
            return;
        };
        let node = self.nodes.get_mut(slot);
        if std::mem::replace(&mut node.warned, true) {
            self.absorbed.duplicates += 1;
            return;
        }
        if !self.settings.placement_after_notice {
            // Whatever it was launched for can't come to it any more, even if it still joins.
            self.uncover(slot);
        }
        self.reindex(slot);
        self.request_scaling();
    }

    /// A node is gone, and its pods with it.
    pub(super) fn node_lost(&mut self, id: NodeId, out: &mut Decision) {
        let Some(slot) = self.nodes.slot(id) else {
            self.absorbed.unknown_nodes += 1;
            return;
        };
        self.uncover(slot);
        let node = self.nodes.get_mut(slot);
        let was_terminating = std::mem::replace(&mut node.state, NodeState::Terminating) == NodeState::Terminating;
        // No idle timer for what is gone.
        node.idle_timer = true;
        while let Some(&pod) = self.nodes.get(slot).pods.last() {
            let pod = self.pods.id(pod);
            self.pod_ended(pod, AttemptOutcome::HostTerminated, out);
        }
        let node = self.nodes.remove(slot);
        let environment = self.environment_mut(node.environment);
        environment.vacate(node.position);
        environment.vcpus -= node.vcpus;
        if was_terminating {
            environment.terminating_vcpus -= node.vcpus;
        }
        if node.outdated {
            environment.outdated_nodes -= 1;
            self.update_may_be_over(node.environment, out);
        }
        self.request_scaling();
    }

    /// EC2 had none of these types.
    pub(super) fn capacity_unavailable(&mut self, launch: LaunchId, types: &[InstanceTypeId], out: &mut Decision) {
        let Some(id) = self.close_launch(launch) else {
            self.absorbed.duplicates += 1;
            return;
        };
        // Asking again this very moment would get the same answer.
        let delay = self.settings.capacity_retry_delay.max(SimDuration::from_millis(1));
        let until = self.now + delay;
        for &instance_type in types {
            self.environment_mut(id).avoid(instance_type, until);
            out.reasons.push(Reason::TypeAvoided { environment: id, instance_type, until });
        }
        self.timers.set(until, Timer::CapacityRetry(id));
        self.request_cycle(self.now);
        self.request_scaling();
    }

    /// EC2 has not answered.
    pub(super) fn launch_given_up(&mut self, launch: LaunchId) {
        if self.close_launch(launch).is_some() {
            self.request_scaling();
        }
    }

    fn close_launch(&mut self, launch: LaunchId) -> Option<ComputeEnvironmentId> {
        let ids = (0..).map(ComputeEnvironmentId);
        let (id, _) = ids
            .zip(&mut self.environments)
            .filter_map(|(id, environment)| Some((id, environment.as_mut()?)))
            .find_map(|(id, environment)| Some((id, environment.close(launch)?)))?;
        Some(id)
    }

    /// A node's time to join is over.
    pub(super) fn joined_in_time(&mut self, id: NodeId, out: &mut Decision) {
        if let Some(slot) = self.nodes.slot(id)
            && self.nodes.get(slot).state == NodeState::Launched
        {
            let environment = self.nodes.get(slot).environment;
            self.uncover(slot);
            self.give_back_node(slot, ScaleInCause::NeverJoined, out);
            self.failed_to_join(environment, out);
            self.request_scaling();
        }
    }

    /// A node of an environment failed to join. When so many have in a row, and none that was launched with the last of
    /// them has joined, the environment is INVALID.
    fn failed_to_join(&mut self, id: ComputeEnvironmentId, out: &mut Decision) {
        let launched_at =
            SimTime::from_millis(self.now.as_millis().saturating_sub(self.settings.node_join_deadline.as_millis()));
        let limit = self.settings.invalid_after_failed_joins;
        let environment = self.environment_mut(id);
        if environment.joined_at.is_none_or(|joined| joined < launched_at) {
            environment.failed_joins += 1;
            if environment.failed_joins >= limit {
                self.invalidate(id, InvalidCause::NodesNeverJoined, out);
            }
        }
    }

    /// A node turned a pod away a while ago: it may have what it says by now.
    pub(super) fn try_again_on(&mut self, id: NodeId) {
        if let Some(slot) = self.nodes.slot(id) {
            self.nodes.get_mut(slot).suspect = false;
            self.reindex(slot);
            self.request_cycle(self.now);
        }
    }

    /// Watches a node that became idle.
    pub(super) fn watch_idle(&mut self, slot: NodeSlot) {
        let delay = self.idle_delay(slot);
        let node = self.nodes.get_mut(slot);
        let managed = self.environments[node.environment.index()].as_ref().is_some_and(|e| e.spec.managed.is_some());
        if managed && !node.idle_timer {
            node.idle_timer = true;
            let at = (node.idle_since + delay).max(self.now);
            self.timers.set(at, Timer::Idle(node.id));
        }
    }

    /// Gives a node back that has been idle long enough, unless `minvCpus` keeps it.
    pub(super) fn idle_long_enough(&mut self, id: NodeId, out: &mut Decision) {
        let Some(slot) = self.nodes.slot(id) else { return };
        let due = self.nodes.get(slot).idle_since + self.idle_delay(slot);
        let node = self.nodes.get_mut(slot);
        node.idle_timer = false;
        if node.state != NodeState::Ready || node.warned || !node.pods.is_empty() {
            return;
        }
        if due > self.now {
            self.watch_idle(slot);
            return;
        }
        let (environment, vcpus, since) = (node.environment, node.vcpus, node.idle_since);
        if let Some(at) = self.cycle_at
            && (self.cycled_at < since || self.held_by_dispatch_rate(environment))
        {
            // No cycle has seen it idle yet, or none could use it under the dispatch rate; the next one may.
            self.nodes.get_mut(slot).idle_timer = true;
            self.timers.set(at, Timer::Idle(id));
            return;
        }
        if self.awaits_seats(environment) {
            // A multi-node parallel job waits for the rest of its nodes.
            self.environment_mut(environment).held.push(id);
            return;
        }
        let state = self.environment(environment);
        let min = state.spec.managed.as_ref().map_or(0, |managed| managed.min_vcpus);
        if !state.invalid && state.vcpus - state.terminating_vcpus < min + vcpus {
            self.environment_mut(environment).held.push(id);
            return;
        }
        self.give_back_node(slot, ScaleInCause::Idle { since }, out);
    }

    fn held_by_dispatch_rate(&self, id: ComputeEnvironmentId) -> bool {
        let mut queues = self.queues_of[id.index()].iter().map(|queue| &self.queues[queue.index()]);
        queues.any(|queue| queue.blocked.is_some_and(|head| head.why == Blocked::DispatchRate))
    }

    /// From a node's last job (or its joining) to its termination.
    fn idle_delay(&self, slot: NodeSlot) -> SimDuration {
        let node = self.nodes.get(slot);
        let managed = self.environment(node.environment).spec.managed.as_ref();
        managed
            .and_then(|managed| managed.min_scale_down_delay)
            .filter(|_| node.used)
            .unwrap_or(self.settings.idle_scale_down_delay)
    }

    /// Tells the world to terminate a node.
    pub(super) fn give_back_node(&mut self, slot: NodeSlot, why: ScaleInCause, out: &mut Decision) {
        let node = self.nodes.get_mut(slot);
        node.state = NodeState::Terminating;
        let (id, environment, vcpus) = (node.id, node.environment, node.vcpus);
        self.environment_mut(environment).terminating_vcpus += vcpus;
        self.reindex(slot);
        out.commands.push(Command::TerminateNode { node: id });
        out.reasons.push(Reason::ScalingIn { node: id, why });
    }

    fn add_node(
        &mut self,
        id: NodeId,
        environment: ComputeEnvironmentId,
        instance_type: Option<InstanceTypeId>,
        vcpus: u32,
        state: NodeState,
        covers: Option<(crate::scheduler::shapes::ShapeId, u32)>,
    ) -> NodeSlot {
        let slot = self.nodes.insert(Node {
            id,
            environment,
            instance_type,
            vcpus,
            state,
            offers: Resources::ZERO,
            free: Resources::ZERO,
            position: 0,
            pods: Vec::new(),
            idle_since: self.now,
            used: false,
            idle_timer: false,
            warned: false,
            late: false,
            suspect: false,
            outdated: false,
            single_tenant: false,
            covers,
        });
        self.nodes.get_mut(slot).position = self.environment_mut(environment).settle(slot);
        slot
    }

    /// Opens a node for pods.
    fn open(&mut self, slot: NodeSlot, offers: Resources) {
        let node = self.nodes.get_mut(slot);
        node.offers = offers;
        node.free = offers;
        let environment = node.environment;
        let environment = self.environment_mut(environment);
        environment.largest = environment.largest.max(offers);
        self.reindex(slot);
        self.request_cycle(self.now);
    }

    /// What a node on its way was launched for is no longer on its way.
    pub(super) fn uncover(&mut self, slot: NodeSlot) {
        let node = self.nodes.get_mut(slot);
        if let Some((shape, jobs)) = node.covers.take() {
            let environment = node.environment;
            self.environment_mut(environment).covered.take(shape, jobs.into());
        }
    }

    /// Brings the environment's index up to date with a node.
    pub(super) fn reindex(&mut self, slot: NodeSlot) {
        let node = self.nodes.get(slot);
        let free = if node.schedulable(self.settings.placement_after_notice) { node.free } else { Resources::ZERO };
        let (position, idle) = (node.position, node.pods.is_empty());
        let environment = node.environment;
        self.environment_mut(environment).index(position, free, idle);
    }

    /// The time of the last step.
    pub const fn now(&self) -> SimTime {
        self.now
    }
}
