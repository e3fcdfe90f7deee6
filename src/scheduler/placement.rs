//! The scheduling cycle: queues by falling priority, each in its order until its head finds no room.
//!
//! Source: `API:JobQueueDetail.priority` (cycles, priority is no reservation), `UG:job_stuck_in_runnable` (a head blocks
//! what is behind it), `UG:compute_environments` (environments in ascending order).

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobRef};
use crate::model::{Resources, SpillPolicy};
use crate::scheduler::TypeFacts;
use crate::scheduler::decision::{Command, Decision};
use crate::scheduler::machine::Scheduler;
use crate::scheduler::nodes::NodeSlot;
use crate::scheduler::ordering::Head;
use crate::scheduler::pods::{History, Pod};
use crate::scheduler::reason::{Blocked, Reason};
use crate::scheduler::shapes::ShapeId;
use crate::units::{SimDuration, SimTime};

impl Scheduler {
    /// Places what finds room.
    pub(super) fn cycle(&mut self, out: &mut Decision) {
        let order = std::mem::take(&mut self.queue_order);
        for &queue in &order {
            self.evaluate(queue, out);
        }
        self.queue_order = order;
    }

    fn evaluate(&mut self, id: JobQueueId, out: &mut Decision) {
        let latency = self.settings.submit_to_runnable;
        let specs = &self.specs;
        self.queues[id.index()].promote(self.now, latency, |shape| specs.requests(shape).cpu.0.into());
        while let Some(head) = self.queues[id.index()].head(latency) {
            match self.find_node(id, &head) {
                Ok(node) => self.dispatch(id, &head, node, out),
                Err(why) => {
                    self.report_blocked(id, Some((head.job, why)), out);
                    // What waits for capacity is the scaling decision's business.
                    self.request_scaling();
                    return;
                }
            }
        }
        self.report_blocked(id, None, out);
    }

    /// A node for the head of a queue, or why there is none.
    fn find_node(&mut self, queue: JobQueueId, head: &Head) -> Result<NodeSlot, Blocked> {
        let need = self.specs.requests(head.shape);
        let mut why = Blocked::JobResourceRequirement;
        for index in 0..self.queues[queue.index()].spec.environments.len() {
            let id = self.queues[queue.index()].spec.environments[index];
            match self.find_node_in(id, head.shape, need) {
                Ok(node) => return Ok(node),
                Err(reason) => why = why.or(reason),
            }
            if why.passes() && self.settings.spill_policy == SpillPolicy::OnMaxOrIce {
                break;
            }
        }
        Err(why)
    }

    fn find_node_in(&mut self, id: ComputeEnvironmentId, shape: ShapeId, need: Resources) -> Result<NodeSlot, Blocked> {
        let Some(environment) = self.environments.get_mut(id.index()).and_then(Option::as_mut) else {
            return Err(Blocked::EnvironmentDisabled);
        };
        if !environment.spec.enabled {
            return Err(Blocked::EnvironmentDisabled);
        }
        if self.settings.dispatch_rate > 0 && environment.next_dispatch_at > self.now {
            if !environment.has_room(need) {
                return Err(self.outlook(id, shape));
            }
            let at = environment.next_dispatch_at;
            self.request_cycle(at);
            return Err(Blocked::DispatchRate);
        }
        let pack =
            environment.free.cpu * u64::from(self.settings.pack_threshold_percent) > self.backlog_cpu_of(id) * 100;
        let environment = self.environment_mut(id);
        match environment.find_room(need, pack) {
            Some(node) => Ok(node),
            None => Err(self.outlook(id, shape)),
        }
    }

    /// Why a job finds no room in an environment that is full: whether more could come, or what stands against it.
    pub(super) fn outlook(&self, id: ComputeEnvironmentId, shape: ShapeId) -> Blocked {
        let environment = self.environment(id);
        let need = self.specs.requests(shape);
        let Some(managed) = &environment.spec.managed else {
            return if need.fits(environment.largest) {
                Blocked::NoRoomOnNodes
            } else {
                Blocked::JobResourceRequirement
            };
        };
        let fits = |&&id: &&_| need.fits(environment.offer(id, self.facts(id), &self.settings));
        let mut fitting = managed.instance_types.iter().flatten().filter(fits).peekable();
        if fitting.peek().is_none() {
            Blocked::JobResourceRequirement
        } else if environment.vcpus + environment.outstanding() >= managed.max_vcpus {
            Blocked::AtMaxVcpus
        } else if environment.covered.get(shape) == 0 && fitting.all(|&id| environment.avoids(id, self.now)) {
            Blocked::InsufficientInstanceCapacity
        } else {
            Blocked::AwaitingCapacity
        }
    }

    /// CPU of RUNNABLE jobs that may come to an environment.
    fn backlog_cpu_of(&self, id: ComputeEnvironmentId) -> u64 {
        self.queues_of[id.index()].iter().map(|queue| self.queues[queue.index()].backlog_cpu).sum()
    }

    fn dispatch(&mut self, queue: JobQueueId, head: &Head, slot: NodeSlot, out: &mut Decision) {
        let need = self.specs.requests(head.shape);
        self.queues[queue.index()].pop(head, need.cpu.0.into());
        let attempt = head.charged + 1;
        let history = head
            .before
            .map(|before| History { runnable: before.runnable + self.now.since(head.runnable_since), ..before });
        let pod = Pod::starting(head.job, head.spec, queue, attempt, slot, head.submitted_at, self.now, history);
        let pod = self.pods.insert(pod, &mut self.nodes);
        let node = self.nodes.get_mut(slot);
        node.free -= need;
        node.used = true;
        let (environment, node) = (node.environment, node.id);
        self.reindex(slot);
        if let Some(gap) = 1_000_u64.checked_div(self.settings.dispatch_rate.into()) {
            // A bucket that holds what one cycle may dispatch.
            let cycle = self.settings.scheduling_cycle.as_millis();
            let earliest = SimTime::from_millis(self.now.as_millis().saturating_sub(cycle));
            let environment = self.environment_mut(environment);
            environment.next_dispatch_at =
                environment.next_dispatch_at.max(earliest) + SimDuration::from_millis(gap.max(1));
        }
        out.commands.push(Command::CreatePod { pod, job: head.job, spec: head.spec, attempt, node, node_index: None });
    }

    /// Says what holds a queue up, when that changed.
    fn report_blocked(&mut self, id: JobQueueId, blocked: Option<(JobRef, Blocked)>, out: &mut Decision) {
        let queue = &mut self.queues[id.index()];
        if queue.blocked == blocked {
            return;
        }
        queue.blocked = blocked;
        out.reasons.push(match blocked {
            Some((head, why)) => Reason::QueueBlocked { queue: id, head, why },
            None => Reason::QueueUnblocked { queue: id },
        });
    }

    /// The facts of a type.
    pub(super) fn facts(&self, id: InstanceTypeId) -> &TypeFacts {
        &self.instance_types[id.index()]
    }
}

impl Blocked {
    /// Whether it passes without anything else changing: what the job waits for is there or on its way.
    pub(super) const fn passes(self) -> bool {
        match self {
            Self::AwaitingCapacity | Self::DispatchRate => true,
            Self::AtMaxVcpus
            | Self::InsufficientInstanceCapacity
            | Self::JobResourceRequirement
            | Self::NoRoomOnNodes
            | Self::EnvironmentDisabled
            | Self::EnvironmentInvalid
            | Self::ComputeEnvironmentMaxResource
            | Self::ConsumableResource
            | Self::ShareReservation => false,
        }
    }

    /// Of two environments' reasons, the one that says most about what would help: room that only the rate keeps from it
    /// first, then capacity on its way, a job that is too large for all of them last.
    fn or(self, other: Self) -> Self {
        const fn rank(why: Blocked) -> u8 {
            match why {
                Blocked::DispatchRate => 0,
                Blocked::AwaitingCapacity => 1,
                Blocked::InsufficientInstanceCapacity => 2,
                Blocked::AtMaxVcpus => 3,
                Blocked::NoRoomOnNodes => 4,
                Blocked::ConsumableResource => 5,
                Blocked::ShareReservation => 6,
                Blocked::EnvironmentInvalid => 7,
                Blocked::EnvironmentDisabled => 8,
                Blocked::ComputeEnvironmentMaxResource => 9,
                Blocked::JobResourceRequirement => 10,
            }
        }
        if rank(other) < rank(self) { other } else { self }
    }
}
