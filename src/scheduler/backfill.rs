//! EASY backfilling: the head of a queue that finds no room has a place reserved, and later jobs that don't delay it go
//! ahead. Beyond AWS Batch, where a head blocks whoever stands behind it.
//!
//! Source: Lifka, "The ANL/IBM SP Scheduling System" (1995); Mu'alem and Feitelson, "Utilization, Predictability, Workloads,
//! and User Runtime Estimates in Scheduling the IBM SP2 with Backfilling" (IEEE TPDS 12:6, 2001, section 2). There the
//! machine is one pool of processors; here each node is one, and the head's place is on the node where it could start first.
//! Who goes ahead is looked for in the queue's order or another: shortest first is EASY-SJBF (Tsafrir, Etsion, and Feitelson,
//! "Backfilling Using System-Generated Predictions Rather than User Runtime Estimates", IEEE TPDS 18:6, 2007, section 5).
//! Estimates are timeouts: how long a job truly runs nobody here knows. What reserves the place is `reservation.rs`.

use std::ops::Bound;

use crate::ids::JobQueueId;
use crate::scheduler::decision::Decision;
use crate::scheduler::lane::Head;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::placement::Room;
use crate::scheduler::ranked::Key;
use crate::scheduler::reason::{Blocked, Reason};
use crate::scheduler::reservation::Reservation;
use crate::scheduler::shapes::ShapeId;
use crate::scheduler::spec::{EasyBackfill, JobSpec};

/// What jobs of a shape may still hope for in this cycle. Whoever goes ahead only takes room away, so what was in vain
/// once is so until the next cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hope {
    /// No node has room.
    None,
    /// Nodes outside the head's place have none.
    OnReserved,
    Anywhere,
}

/// Hopes by shape.
#[derive(Debug)]
struct Hopes {
    by_shape: Vec<Hope>,
    /// Shapes with any.
    left: usize,
}

impl Hopes {
    fn of(&self, shape: ShapeId) -> Hope {
        self.by_shape.get(shape.index()).copied().unwrap_or(Hope::None)
    }

    fn set(&mut self, shape: ShapeId, hope: Hope) {
        if shape.index() >= self.by_shape.len() {
            self.by_shape.resize(shape.index() + 1, Hope::None);
        }
        let before = std::mem::replace(&mut self.by_shape[shape.index()], hope);
        self.left += usize::from(hope != Hope::None);
        self.left -= usize::from(before != Hope::None);
    }
}

impl Scheduler {
    /// Lets jobs go ahead of the head of a queue, which found no room in the first `tried` of the queue's environments.
    pub(super) fn backfill(
        &mut self,
        id: JobQueueId,
        (head, tried): (&Head, usize),
        easy: EasyBackfill,
        out: &mut Decision,
    ) {
        let mut hopes = self.hopes(id);
        let mut kept: Option<Reservation> = None;
        let mut looks_left = easy.depth.unwrap_or(u32::MAX);
        let mut from = Bound::Unbounded;
        while hopes.left > 0 {
            let hopeful = self.next_hopeful(id, from, &mut looks_left, (&hopes, kept.as_ref()));
            let Some((key, job)) = hopeful else { break };
            from = Bound::Excluded(key);
            if !self.leaves_consumables(head, &job) {
                continue;
            }
            let shape = self.specs.shape(job.spec);
            let place = kept.get_or_insert_with(|| self.reserve(id, head.spec, tried));
            let spec = self.specs.get(job.spec);
            let in_time = place.ends_before(spec, self.now);
            let beside = place.has_left(spec);
            let barred = if in_time || beside { &[][..] } else { &place.nodes };
            let requests = spec.requests;
            match self.find_room(id, &job, barred) {
                Ok(room) => {
                    if let Room::Node(slot) = room
                        && !in_time
                        && place.nodes.contains(&slot)
                    {
                        place.left -= requests;
                    }
                    let until = place.until;
                    self.dispatch(id, &job, room, out);
                    out.reasons.push(Reason::Backfilled { queue: id, job: job.job, head: head.job, until });
                    from = Bound::Included(key);
                }
                Err(refusal) if refusal.why == Blocked::ConsumableResource => {}
                Err(_) if barred.is_empty() => hopes.set(shape, Hope::None),
                Err(_) => hopes.set(shape, if place.until.is_some() { Hope::OnReserved } else { Hope::None }),
            }
        }
    }

    /// The next job from there on that may find room, as far as is known.
    fn next_hopeful(
        &self,
        id: JobQueueId,
        from: Bound<Key>,
        looks_left: &mut u32,
        (hopes, kept): (&Hopes, Option<&Reservation>),
    ) -> Option<(Key, Head)> {
        let line = self.queues[id.index()].ranked()?;
        line.next_behind(from, looks_left, |spec| {
            let (spec, shape) = self.specs.known(spec);
            match hopes.of(shape) {
                Hope::None => false,
                Hope::OnReserved => kept.is_some_and(|place| place.ends_before(spec, self.now)),
                Hope::Anywhere => true,
            }
        })
    }

    /// Which of the shapes that wait find room on any node.
    fn hopes(&self, id: JobQueueId) -> Hopes {
        let queue = &self.queues[id.index()];
        let mut hopes = Hopes { by_shape: Vec::new(), left: 0 };
        for (shape, _) in queue.backlog.iter() {
            let requests = self.specs.requests(shape);
            if queue.spec.environments.iter().any(|&environment| self.has_room(environment, requests)) {
                hopes.set(shape, Hope::Anywhere);
            }
        }
        hopes
    }

    /// Whether a job leaves the head what that needs of consumable resources.
    fn leaves_consumables(&self, head: &Head, job: &Head) -> bool {
        if head.holds || job.holds {
            return true;
        }
        let kept = &self.specs.get(head.spec).consumables;
        self.specs.get(job.spec).consumables.iter().all(|need| {
            let kept = kept.iter().filter(|kept| kept.resource == need.resource).map(|kept| kept.quantity);
            kept.max().is_none_or(|kept| self.free_consumable(need.resource) >= need.quantity.saturating_add(kept))
        })
    }
}

impl Reservation {
    /// Whether a job that starts now ends by its estimate before the place is needed.
    fn ends_before(&self, spec: &JobSpec, now: crate::units::SimTime) -> bool {
        self.until.zip(spec.timeout).is_some_and(|(until, estimate)| now + estimate <= until)
    }

    /// Whether a job fits beside the head. A multi-node parallel job shares no node.
    fn has_left(&self, spec: &JobSpec) -> bool {
        spec.multi_node.is_none() && spec.requests.fits(self.left)
    }
}
