//! The scheduling cycle: queues by falling priority, each in its order until its head finds no room.
//!
//! Source: `API:JobQueueDetail.priority` (cycles, priority is no reservation), `UG:job_stuck_in_runnable` (a head blocks
//! what is behind it), `UG:compute_environments` (environments in ascending order).

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, PodId};
use crate::model::SpillPolicy;
use crate::scheduler::TypeFacts;
use crate::scheduler::cancel::HeldUp;
use crate::scheduler::decision::Decision;
use crate::scheduler::gangs::Seats;
use crate::scheduler::jobs::State;
use crate::scheduler::lane::Head;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::nodes::NodeSlot;
use crate::scheduler::pods::{Part, Pod};
use crate::scheduler::reason::Blocked;
use crate::scheduler::shapes::ShapeId;
use crate::scheduler::shares::Shares;
use crate::units::{SimDuration, SimTime};

/// Where a job can go.
pub(super) enum Room {
    /// A node.
    Node(NodeSlot),
    /// The nodes of a multi-node parallel job.
    Seats(Seats),
}

/// Why a job can't be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub(super) why: Blocked,
    /// All environments of its queue have the same problem.
    unanimous: bool,
    /// So many of the environments it might go to, the first of its queue's.
    tried: usize,
}

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
        let queue = &mut self.queues[id.index()];
        self.submitted_jobs -= queue.promote(self.now, &self.specs);
        if let Some(shares) = queue.shares() {
            shares.forget_turns();
        }
        let mut blocked = None;
        while let Some(head) = self.queues[id.index()].head(self.now) {
            match self.find_room(id, &head, &[]) {
                Ok(room) => self.dispatch(id, &head, room, out),
                Err(Refusal { why, unanimous, tried }) => {
                    // What is told is the first that was held up.
                    blocked.get_or_insert(HeldUp { job: head.job, spec: head.spec, why, unanimous });
                    if let Some(easy) = self.queues[id.index()].spec.policy.backfill {
                        self.backfill(id, (&head, tried), easy, out);
                    }
                    // What waits for capacity is the scaling decision's business.
                    self.request_scaling();
                    let skips = self.settings.fair_share_skip_blocked_share && why != Blocked::ShareReservation;
                    let shares = self.queues[id.index()].shares().filter(|_| skips);
                    if !shares.is_some_and(Shares::pass_over) {
                        break;
                    }
                }
            }
        }
        if let Some(shares) = self.queues[id.index()].shares() {
            // A share that let others pass stands first again for whoever asks next.
            shares.forget_turns();
        }
        self.report_blocked(id, blocked, out);
    }

    /// Room for the head of a queue (or whoever may go ahead of it) outside the nodes that are barred to it, or why there is
    /// none.
    pub(super) fn find_room(&mut self, queue: JobQueueId, head: &Head, barred: &[NodeSlot]) -> Result<Room, Refusal> {
        let environments = self.queues[queue.index()].spec.environments.len();
        let elsewhere = |why| Err(Refusal { why, unanimous: false, tried: environments });
        if self.is_reserved(queue) {
            return elsewhere(Blocked::ShareReservation);
        }
        if !head.holds && !self.has_consumables(head.spec) {
            return elsewhere(Blocked::ConsumableResource);
        }
        let shape = self.specs.shape(head.spec);
        let mut refusal = Refusal { why: Blocked::EnvironmentDisabled, unanimous: true, tried: 0 };
        for index in 0..environments {
            let id = self.queues[queue.index()].spec.environments[index];
            let why = match self.find_room_in(id, shape, barred) {
                Ok(room) => return Ok(room),
                Err(why) => why,
            };
            refusal = refusal.or(why);
            if refusal.why.passes() && self.settings.spill_policy == SpillPolicy::OnMaxOrIce {
                break;
            }
        }
        Err(refusal)
    }

    /// Whether what is left of a queue's capacity is reserved for shares that are not active.
    fn is_reserved(&mut self, id: JobQueueId) -> bool {
        self.unreserved(id).is_some_and(|left| left == 0)
    }

    /// CPU that a queue's active shares may still take, thousandths of a vCPU; `None` where nothing is reserved.
    pub(super) fn unreserved(&mut self, id: JobQueueId) -> Option<u64> {
        let queue = &mut self.queues[id.index()];
        queue.shares().filter(|shares| shares.reserves())?;
        let environments = queue.spec.environments.iter();
        let known = environments.filter_map(|id| self.environments.get(id.index())?.as_ref());
        let vcpus: u64 = known.map(|environment| environment.spec.most_vcpus().map(u64::from)).sum::<Option<_>>()?;
        let now = self.now;
        queue.shares().map(|shares| shares.unreserved(vcpus * 1_000, now))
    }

    fn find_room_in(&mut self, id: ComputeEnvironmentId, shape: ShapeId, barred: &[NodeSlot]) -> Result<Room, Blocked> {
        let Some(environment) = self.environments.get_mut(id.index()).and_then(Option::as_mut) else {
            return Err(Blocked::EnvironmentDisabled);
        };
        environment.is_usable()?;
        let need = self.specs.requests(shape);
        if self.settings.dispatch_rate > 0 && environment.next_dispatch_at > self.now {
            if !environment.has_room(need) {
                return Err(self.outlook(id, shape));
            }
            let at = environment.next_dispatch_at;
            self.request_cycle(at);
            return Err(Blocked::DispatchRate);
        }
        if self.specs.is_multi_node(shape) {
            return self.find_seats(id, shape, barred).map(Room::Seats);
        }
        let pack =
            environment.free.cpu * u64::from(self.settings.pack_threshold_percent) > self.backlog_cpu_of(id) * 100;
        let environment = self.environment_mut(id);
        match environment.find_room(need, pack, barred) {
            Some(node) => Ok(Room::Node(node)),
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
        if self.specs.is_multi_node(shape) && !environment.takes_gangs() {
            return Blocked::InstanceConfigurationUnsupported;
        }
        if self.specs.cpu(shape) > u64::from(managed.max_vcpus) * 1_000 {
            return Blocked::ComputeEnvironmentMaxResource;
        }
        let only = self.specs.instance_type(shape);
        let fits = |&&id: &&InstanceTypeId| {
            only.is_none_or(|only| only == id) && need.fits(environment.offer(id, self.facts(id), &self.settings))
        };
        let mut fitting = managed.instance_types.iter().flatten().filter(fits).peekable();
        if fitting.peek().is_none() {
            Blocked::JobResourceRequirement
        } else if self.specs.is_multi_node(shape) {
            self.outlook_for_seats(id, managed, shape)
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

    /// Places the head of a queue, or whoever goes ahead of it.
    pub(super) fn dispatch(&mut self, queue: JobQueueId, head: &Head, room: Room, out: &mut Decision) {
        let jobs = &mut self.queues[queue.index()];
        jobs.pop(head, &self.specs);
        let spec = self.specs.get(head.spec);
        if let (Some(share), Some(shares)) = (spec.share, jobs.shares()) {
            shares.start(share, spec.cpu(), self.now);
            shares.queue_up_again(share, self.now);
        }
        if !head.holds {
            self.take(head.spec);
        }
        match room {
            Room::Node(slot) => {
                let pod = self.take_place(queue, head, slot, None);
                self.create(pod, head.job, out);
            }
            Room::Seats(seats) => self.seat(queue, head, seats, out),
        }
    }

    /// Takes a place on a node for a pod of the head of a queue.
    pub(super) fn take_place(&mut self, queue: JobQueueId, head: &Head, slot: NodeSlot, part: Option<Part>) -> PodId {
        let requests = self.specs.get(head.spec).requests;
        let leads = part.is_none_or(|part| part.created);
        let pod = self.pods.insert(Pod::starting(head, queue, slot, self.now, part), &mut self.nodes);
        if head.recorded && leads {
            self.jobs.enter(head.job, State::Active(pod));
        }
        let node = self.nodes.get_mut(slot);
        node.free -= requests;
        node.used = true;
        let environment = node.environment;
        self.reindex(slot);
        if let Some(gap) = 1_000_u64.checked_div(self.settings.dispatch_rate.into()) {
            // A bucket that holds what one cycle may dispatch.
            let cycle = self.settings.scheduling_cycle.as_millis();
            let earliest = SimTime::from_millis(self.now.as_millis().saturating_sub(cycle));
            let environment = self.environment_mut(environment);
            environment.next_dispatch_at =
                environment.next_dispatch_at.max(earliest) + SimDuration::from_millis(gap.max(1));
        }
        pod
    }

    /// The facts of a type.
    pub(super) fn facts(&self, id: InstanceTypeId) -> &TypeFacts {
        &self.instance_types[id.index()]
    }
}

impl Refusal {
    /// The same after one more environment.
    fn or(self, why: Blocked) -> Self {
        match self.tried {
            0 => Self { why, unanimous: true, tried: 1 },
            _ => Self { why: self.why.or(why), unanimous: self.unanimous && self.why == why, tried: self.tried + 1 },
        }
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
            | Self::InstanceConfigurationUnsupported
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
                Blocked::InstanceConfigurationUnsupported => 10,
                Blocked::JobResourceRequirement => 11,
            }
        }
        if rank(other) < rank(self) { other } else { self }
    }
}
