//! The state machine: absorbs facts, fires timers, and has cycles and scaling decisions made when they are due.

use std::collections::VecDeque;

use crate::ids::{ComputeEnvironmentId, JobQueueId, JobRef, LaunchId};
use crate::scheduler::consumables::Consumable;
use crate::scheduler::decision::{AttemptOutcome, Decision, DeleteCause};
use crate::scheduler::environment::Environment;
use crate::scheduler::event::{Event, Observation};
use crate::scheduler::gangs::Gangs;
use crate::scheduler::jobs::Jobs;
use crate::scheduler::nodes::{NodeState, Nodes};
use crate::scheduler::pods::Pods;
use crate::scheduler::queue::JobQueue;
use crate::scheduler::reason::InvalidCause;
use crate::scheduler::shapes::Specs;
use crate::scheduler::submission::Submission;
use crate::scheduler::timers::{Timer, Timers};
use crate::scheduler::{SchedulerConfig, Settings, TypeFacts};
use crate::units::SimTime;

/// The scheduling core. Equal configurations and observations give equal decisions, on every platform.
#[derive(Debug, Clone)]
pub struct Scheduler {
    pub(super) settings: Settings,
    pub(super) instance_types: Vec<TypeFacts>,
    pub(super) now: SimTime,
    pub(super) specs: Specs,
    pub(super) queues: Vec<JobQueue>,
    /// By falling priority, then by id.
    pub(super) queue_order: Vec<JobQueueId>,
    pub(super) environments: Vec<Option<Environment>>,
    /// The queues that may send jobs to an environment.
    pub(super) queues_of: Vec<Vec<JobQueueId>>,
    pub(super) nodes: Nodes,
    pub(super) pods: Pods,
    pub(super) gangs: Gangs,
    pub(super) jobs: Jobs,
    /// Ends of recorded jobs from which it has still to be seen what follows.
    pub(super) settled: VecDeque<(JobRef, bool)>,
    pub(super) settling: bool,
    /// Jobs that are SUBMITTED, in all queues.
    pub(super) submitted_jobs: u64,
    /// The second of the last `SubmitJob` calls, and how many there were in it.
    pub(super) submit_calls: (u64, u32),
    pub(super) consumables: Vec<Option<Consumable>>,
    pub(super) timers: Timers,
    pub(super) next_launch: LaunchId,
    /// When the next cycle is due.
    pub(super) cycle_at: Option<SimTime>,
    /// When the last one was.
    pub(super) cycled_at: SimTime,
    /// When the next scaling decision is due.
    scaling_at: Option<SimTime>,
    pub(super) absorbed: Absorbed,
}

/// Facts that changed nothing, by kind: late, doubled, or about things that never were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Absorbed {
    /// About pods that ended before, or never were.
    pub unknown_pods: u64,
    /// About jobs that are not tracked, or never were.
    pub unknown_jobs: u64,
    /// About nodes that are gone, or never were.
    pub unknown_nodes: u64,
    /// Capacity for a request that was given up; it is taken on all the same.
    pub late_launches: u64,
    /// The same fact again.
    pub duplicates: u64,
    /// Submissions to queues or by specs that don't exist.
    pub invalid_submissions: u64,
}

impl Scheduler {
    /// A core that has seen nothing yet.
    pub fn new(config: SchedulerConfig) -> Self {
        Self {
            settings: config.settings,
            instance_types: config.instance_types,
            now: SimTime::ZERO,
            specs: Specs::default(),
            queues: Vec::new(),
            queue_order: Vec::new(),
            environments: Vec::new(),
            queues_of: Vec::new(),
            nodes: Nodes::default(),
            pods: Pods::default(),
            gangs: Gangs::default(),
            jobs: Jobs::default(),
            settled: VecDeque::new(),
            settling: false,
            submitted_jobs: 0,
            submit_calls: (0, 0),
            consumables: Vec::new(),
            timers: Timers::default(),
            next_launch: LaunchId(0),
            cycle_at: None,
            cycled_at: SimTime::ZERO,
            scaling_at: None,
            absorbed: Absorbed::default(),
        }
    }

    /// Takes in what the world reported and answers with what is to be done about it.
    ///
    /// `decision` is emptied first; its buffers are reused. Time that went back is taken as no time passed.
    pub fn step(&mut self, seen: &Observation, decision: &mut Decision) {
        decision.clear();
        self.now = self.now.max(seen.now);
        for event in &seen.events {
            self.absorb(event, decision);
        }
        loop {
            // Placement comes first: no node is given back at the very moment a job could have it.
            if self.cycle_at.is_some_and(|at| at <= self.now) {
                self.cycle_at = None;
                self.cycled_at = self.now;
                self.cycle(decision);
                self.await_eligible();
            } else if let Some(timer) = self.timers.fire(self.now) {
                self.fire(timer, decision);
            } else if self.scaling_at.is_some_and(|at| at <= self.now) {
                self.scaling_at = None;
                self.scale(decision);
            } else {
                break;
            }
        }
        decision.wake_at = [self.next_timer(), self.cycle_at, self.scaling_at].into_iter().flatten().min();
    }

    fn next_timer(&mut self) -> Option<SimTime> {
        let mut timers = std::mem::take(&mut self.timers);
        let at = timers.next_live(|timer| match timer {
            Timer::Idle(node) => self.nodes.slot(node).is_some(),
            Timer::Join(node) => {
                self.nodes.slot(node).is_some_and(|slot| self.nodes.get(slot).state == NodeState::Launched)
            }
            Timer::Response(launch) => {
                self.environments.iter().flatten().any(|environment| environment.is_open(launch))
            }
            Timer::Timeout(pod) => self.pods.get(pod).is_some(),
            Timer::Suspect(node) => self.nodes.slot(node).is_some_and(|slot| self.nodes.get(slot).suspect),
            Timer::CapacityRetry(_) => true,
            Timer::Blocked(queue) => self.queues[queue.index()].blocked.is_some_and(|head| head.reported.is_some()),
            Timer::UpdateTimeout(environment) => self.environment(environment).updating,
        });
        self.timers = timers;
        at
    }

    /// Facts that changed nothing so far.
    pub const fn absorbed(&self) -> Absorbed {
        self.absorbed
    }

    fn absorb(&mut self, event: &Event, out: &mut Decision) {
        match event {
            Event::ComputeEnvironmentCreated { environment, spec } => self.create_environment(*environment, spec),
            Event::ComputeEnvironmentUpdated { environment, spec, infrastructure } => {
                self.update_environment(*environment, spec, *infrastructure, out);
            }
            Event::ComputeEnvironmentInvalid { environment } => {
                self.invalidate(*environment, InvalidCause::Reported, out);
            }
            Event::ComputeEnvironmentDeleted { environment } => self.delete_environment(*environment, out),
            Event::JobQueueCreated { queue, spec } => self.create_queue(*queue, spec),
            Event::JobQueueUpdated { queue, spec } => self.update_queue(*queue, spec),
            Event::JobQueueDeleted { queue } => self.delete_queue(*queue, out),
            Event::ConsumableResourceSet { resource, spec } => self.set_consumable(*resource, *spec),
            Event::JobSpecRegistered { spec, job } => {
                self.absorbed.duplicates += u64::from(!self.specs.register(*spec, (**job).clone()));
            }
            Event::JobSubmitted { job, queue, spec, array_size, depends_on, tracked } => {
                let (job, queue, spec, array_size) = (*job, *queue, *spec, *array_size);
                self.submit(&Submission { job, queue, spec, array_size, depends_on, tracked: *tracked }, out);
            }
            Event::JobCancelRequested { job } => self.cancel(*job, out),
            Event::JobTerminateRequested { job } => self.terminate(*job, out),
            Event::NodeLaunched { launch, environment, node, instance_type, zone: _, purchase: _ } => {
                self.node_launched(*launch, *environment, *node, *instance_type);
            }
            Event::CapacityUnavailable { launch, instance_types, vcpus_short: _ } => {
                self.capacity_unavailable(*launch, instance_types, out);
            }
            Event::NodeReady { node, free } => self.node_ready(*node, *free, out),
            Event::NodeAdopted { environment, node, vcpus, free } => {
                self.node_adopted(*environment, *node, *vcpus, *free);
            }
            Event::SpotInterruptionWarning { node, terminates_at: _ } => self.node_warned(*node),
            Event::NodeLost { node, cause: _ } => self.node_lost(*node, out),
            // Prices are for the ledger: Batch leaves the choice of pools to EC2.
            Event::SpotPriceChanged { .. } => {}
            Event::PodRunning { pod } => self.pod_running(*pod, out),
            Event::PodSucceeded { pod } => self.pod_ended(*pod, AttemptOutcome::Succeeded, out),
            Event::PodFailed { pod, failure } => self.pod_ended(*pod, AttemptOutcome::Failed(*failure), out),
            Event::PodStuck { pod, why } => self.pod_stuck(*pod, *why, out),
        }
    }

    fn fire(&mut self, timer: Timer, out: &mut Decision) {
        match timer {
            Timer::Idle(node) => self.idle_long_enough(node, out),
            Timer::Join(node) => self.joined_in_time(node, out),
            Timer::Response(launch) => self.launch_given_up(launch),
            Timer::Suspect(node) => self.try_again_on(node),
            Timer::CapacityRetry(_) => {
                self.request_cycle(self.now);
                self.request_scaling();
            }
            Timer::Timeout(id) => self.delete_pod(id, DeleteCause::Timeout, out),
            Timer::Blocked(queue) => self.blocked_for_long(queue, out),
            Timer::UpdateTimeout(environment) => self.update_timed_out(environment, out),
        }
    }

    /// Has a cycle run at the first tick at or after `at`.
    pub(super) fn request_cycle(&mut self, at: SimTime) {
        let tick = at.ceil_to(self.settings.scheduling_cycle);
        self.cycle_at = Some(self.cycle_at.map_or(tick, |due| due.min(tick)));
    }

    /// Has a scaling decision made at the next tick.
    pub(super) fn request_scaling(&mut self) {
        let tick = self.now.ceil_to(self.settings.scale_decision_period);
        self.scaling_at.get_or_insert(tick);
    }

    /// SUBMITTED jobs want a cycle once they are RUNNABLE.
    fn await_eligible(&mut self) {
        if let Some(at) = self.queues.iter().filter_map(JobQueue::next_eligible).min() {
            self.request_cycle(at);
        }
    }

    pub(super) fn environment(&self, id: ComputeEnvironmentId) -> &Environment {
        self.environments[id.index()].as_ref().expect("an environment that has nodes exists")
    }

    pub(super) fn environment_mut(&mut self, id: ComputeEnvironmentId) -> &mut Environment {
        self.environments[id.index()].as_mut().expect("an environment that has nodes exists")
    }
}
