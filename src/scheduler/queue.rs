//! A job queue: what is SUBMITTED, and the RUNNABLE jobs in the order of its policy.

use std::collections::{BTreeSet, VecDeque};

use crate::ids::{JobRef, JobSpecId, ShareId};
use crate::scheduler::lane::{Head, InLine, Lane, Place, Returning, Waiting};
use crate::scheduler::ranked::Ranked;
use crate::scheduler::reason::Blocked;
use crate::scheduler::shapes::{ByShape, Specs};
use crate::scheduler::shares::Shares;
use crate::scheduler::{QueuePolicy, QueueSpec, Settings};
use crate::units::SimTime;

/// What holds a queue up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockedHead {
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) why: Blocked,
    /// What AWS Batch would say, if anything, and since when it is so.
    pub(super) reported: Option<(Blocked, SimTime)>,
    /// Whether it was said.
    pub(super) told: bool,
}

/// The order of a queue's RUNNABLE jobs.
#[derive(Debug, Clone)]
enum Order {
    Fifo(Lane),
    Fair(Box<Shares>),
    /// FIFO with a policy beyond AWS Batch.
    Ranked(Ranked),
}

/// A job queue.
#[derive(Debug, Clone)]
pub(super) struct JobQueue {
    pub(super) spec: QueueSpec,
    /// It was deleted.
    pub(super) deleted: bool,
    /// In order of submission.
    submitted: VecDeque<Waiting>,
    order: Order,
    /// Jobs that ended where they stood; each is forgotten when its turn comes.
    skipped: BTreeSet<JobRef>,
    /// RUNNABLE jobs by shape.
    pub(super) backlog: ByShape,
    /// CPU that the RUNNABLE jobs ask for, thousandths of a vCPU.
    pub(super) backlog_cpu: u64,
    /// What was last said about its head.
    pub(super) blocked: Option<BlockedHead>,
}

impl JobQueue {
    /// An empty queue.
    pub(super) fn new(mut spec: QueueSpec, settings: &Settings) -> Self {
        let order = match &spec.fair_share {
            Some(policy) => Order::Fair(Box::new(Shares::new(policy.clone(), settings))),
            None if spec.policy.is_plain() => Order::Fifo(Lane::default()),
            None => Order::Ranked(Ranked::new(spec.policy)),
        };
        if spec.fair_share.is_some() {
            spec.policy = QueuePolicy::default();
        }
        Self {
            spec,
            deleted: false,
            submitted: VecDeque::new(),
            order,
            skipped: BTreeSet::new(),
            backlog: ByShape::new(),
            backlog_cpu: 0,
            blocked: None,
        }
    }

    /// Goes on under another specification. A FIFO queue never gains a policy, and none is ever lost (`UG:updating`).
    pub(super) fn update(&mut self, mut spec: QueueSpec, settings: &Settings) {
        match (&mut self.order, &spec.fair_share) {
            (Order::Fair(shares), Some(policy)) => shares.follow(policy.clone(), settings),
            (Order::Fifo(_) | Order::Ranked(_), None) => {}
            (Order::Fair(_), None) | (Order::Fifo(_) | Order::Ranked(_), Some(_)) => {
                spec.fair_share = self.spec.fair_share.take();
            }
        }
        spec.policy = self.spec.policy;
        self.spec = spec;
    }

    /// The shares of a fair-share queue.
    pub(super) fn shares(&mut self) -> Option<&mut Shares> {
        match &mut self.order {
            Order::Fifo(_) | Order::Ranked(_) => None,
            Order::Fair(shares) => Some(shares),
        }
    }

    /// The line of a queue with a policy beyond AWS Batch.
    pub(super) const fn ranked(&self) -> Option<&Ranked> {
        match &self.order {
            Order::Fifo(_) | Order::Fair(_) => None,
            Order::Ranked(ranked) => Some(ranked),
        }
    }

    /// Whether a submission by a share would be one active share too many.
    pub(super) fn is_full_for(&self, share: ShareId, now: SimTime) -> bool {
        match &self.order {
            Order::Fifo(_) | Order::Ranked(_) => false,
            Order::Fair(shares) => shares.is_full_for(share, now),
        }
    }

    /// Takes a submission in: it is SUBMITTED.
    pub(super) fn submit(&mut self, waiting: Waiting, share: Option<ShareId>) {
        self.join(share, waiting.jobs());
        self.submitted.push_back(waiting);
    }

    /// Jobs of a share are in the queue, whatever their state.
    pub(super) fn join(&mut self, share: Option<ShareId>, jobs: u64) {
        if let (Order::Fair(shares), Some(share)) = (&mut self.order, share) {
            shares.join(share, jobs);
        }
    }

    /// Makes RUNNABLE what has been so by now; how many jobs that are.
    pub(super) fn promote(&mut self, now: SimTime, specs: &Specs) -> u64 {
        let mut promoted = 0;
        while self.submitted.front().is_some_and(|next| next.runnable_since <= now) {
            let Some(next) = self.submitted.pop_front() else { break };
            promoted += next.jobs();
            self.release_all(next, specs);
        }
        promoted
    }

    /// When the next SUBMITTED job becomes RUNNABLE.
    pub(super) fn next_eligible(&self) -> Option<SimTime> {
        self.submitted.front().map(|next| next.runnable_since)
    }

    /// Jobs that are SUBMITTED.
    pub(super) fn submitted(&self) -> u64 {
        self.submitted.iter().map(Waiting::jobs).sum()
    }

    /// Makes a job, or all children of an array, RUNNABLE.
    pub(super) fn release_all(&mut self, waiting: Waiting, specs: &Specs) {
        let (spec, shape) = specs.known(waiting.spec);
        let ended = if self.skipped.is_empty() { 0 } else { self.skipped_of(&waiting) };
        let jobs = waiting.jobs() - ended;
        self.backlog.add(shape, jobs);
        self.backlog_cpu += jobs * spec.cpu();
        match &mut self.order {
            Order::Fifo(lane) => lane.push(waiting, &mut self.skipped),
            Order::Fair(shares) => shares.lane(spec).push(waiting, &mut self.skipped),
            Order::Ranked(ranked) => ranked.push(waiting, spec, &mut self.skipped),
        }
    }

    fn skipped_of(&self, waiting: &Waiting) -> u64 {
        waiting.each().filter(|job| self.skipped.contains(job)).count() as u64
    }

    /// Makes a job RUNNABLE that waited for others.
    pub(super) fn release(&mut self, job: JobRef, submitted_at: SimTime, returning: Returning, specs: &Specs) {
        self.add(Place::Released, (job, submitted_at), returning, specs);
    }

    /// Puts a job back: it is RUNNABLE again, ahead of all that never ran (of its share and priority).
    pub(super) fn retry(&mut self, job: JobRef, submitted_at: SimTime, returning: Returning, specs: &Specs) {
        self.add(Place::Retries, (job, submitted_at), returning, specs);
    }

    /// One more job is RUNNABLE, and has a past.
    fn add(&mut self, place: Place, (job, submitted_at): (JobRef, SimTime), past: Returning, specs: &Specs) {
        let (spec, shape) = specs.known(past.spec);
        self.backlog.add(shape, 1);
        self.backlog_cpu += spec.cpu();
        match &mut self.order {
            Order::Fifo(lane) => lane.add(place, (job, submitted_at), past),
            Order::Fair(shares) => shares.lane(spec).add(place, (job, submitted_at), past),
            Order::Ranked(ranked) => ranked.add(place, (job, submitted_at), past, spec),
        }
    }

    /// Whether a job is RUNNABLE.
    pub(super) const fn has_runnable(&self) -> bool {
        self.backlog.total() > 0
    }

    /// The job whose turn it is now.
    pub(super) fn head(&mut self, now: SimTime) -> Option<Head> {
        match &mut self.order {
            Order::Fifo(lane) => lane.head(),
            Order::Fair(shares) => shares.head(now),
            Order::Ranked(ranked) => ranked.head(),
        }
    }

    /// Takes the head off; under a policy beyond AWS Batch, whoever goes ahead.
    pub(super) fn pop(&mut self, head: &Head, specs: &Specs) {
        let (spec, shape) = specs.known(head.spec);
        self.backlog.take(shape, 1);
        self.backlog_cpu -= spec.cpu();
        match &mut self.order {
            Order::Fifo(lane) => lane.pop(head, &mut self.skipped),
            Order::Fair(shares) => shares.pop(head, &mut self.skipped),
            Order::Ranked(ranked) => ranked.pop(head, spec),
        }
    }

    /// Takes a job out that shall not wait any longer, RUNNABLE or SUBMITTED; whether it held consumable resources.
    /// `held_up` of a job that waited for others.
    pub(super) fn remove(
        &mut self,
        job: JobRef,
        id: JobSpecId,
        (submitted_at, held_up): (SimTime, bool),
        specs: &Specs,
    ) -> Option<Returning> {
        let (spec, shape) = specs.known(id);
        let is_submitted = !held_up && self.is_submitted(job, submitted_at);
        let lane = match &mut self.order {
            Order::Fifo(lane) => lane,
            Order::Fair(shares) => shares.lane(spec),
            Order::Ranked(ranked) => {
                if is_submitted {
                    self.skipped.insert(job);
                    return None;
                }
                self.backlog.take(shape, 1);
                self.backlog_cpu -= spec.cpu();
                return ranked.remove(job, submitted_at, spec);
            }
        };
        let past = lane.take(job, submitted_at);
        if past.is_none() {
            self.skipped.insert(job);
        }
        if past.is_some() || !is_submitted {
            lane.pass_skipped(&mut self.skipped);
            self.backlog.take(shape, 1);
            self.backlog_cpu -= spec.cpu();
        }
        past
    }

    /// Whether a job is SUBMITTED. Of two jobs submitted at one time, one may be RUNNABLE already: steps take no time.
    fn is_submitted(&self, job: JobRef, submitted_at: SimTime) -> bool {
        let from = self.submitted.partition_point(|waiting| waiting.submitted_at < submitted_at);
        let mut same_time = self.submitted.range(from..).take_while(|waiting| waiting.submitted_at == submitted_at);
        same_time.any(|waiting| waiting.job == job.job)
    }

    /// Empties the queue; everyone who waited, SUBMITTED or RUNNABLE.
    pub(super) fn clear(&mut self) -> Vec<InLine> {
        let all: Vec<_> = self.all_waiting().collect();
        self.submitted.clear();
        self.skipped.clear();
        self.backlog = ByShape::new();
        self.backlog_cpu = 0;
        match &mut self.order {
            Order::Fifo(lane) => *lane = Lane::default(),
            Order::Fair(shares) => shares.clear_lanes(),
            Order::Ranked(ranked) => ranked.clear(),
        }
        all
    }

    /// Everyone who is RUNNABLE: a fair-share queue's share by share, another's in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = InLine> {
        let (one, many, ranked) = match &self.order {
            Order::Fifo(lane) => (Some(lane), None, None),
            Order::Fair(shares) => (None, Some(shares.lanes()), None),
            Order::Ranked(ranked) => (None, None, Some(ranked.iter())),
        };
        let lanes = one.into_iter().chain(many.into_iter().flatten());
        let all = lanes.flat_map(Lane::iter).chain(ranked.into_iter().flatten());
        all.filter(|one| !self.skipped.contains(&one.job))
    }

    /// Everyone who is SUBMITTED or RUNNABLE. For the audit, and for the queue's deletion.
    pub(super) fn all_waiting(&self) -> impl Iterator<Item = InLine> {
        let submitted = self.submitted.iter().flat_map(Waiting::in_line);
        self.iter().chain(submitted.filter(|one| !self.skipped.contains(&one.job)))
    }

    /// Jobs from SUBMITTED to RUNNING and CPU in use, by share. For the audit.
    pub(super) fn share_books(&self) -> Vec<(ShareId, u64, u64)> {
        match &self.order {
            Order::Fifo(_) | Order::Ranked(_) => Vec::new(),
            Order::Fair(shares) => shares.books().collect(),
        }
    }

    /// RUNNABLE jobs counted one by one, by shape. For the audit.
    pub(super) fn recount(&self, specs: &Specs) -> ByShape {
        let mut counted = ByShape::new();
        for one in self.iter() {
            counted.add(specs.known(one.spec).1, 1);
        }
        counted
    }

    /// Jobs of the queue in SUBMITTED or RUNNABLE.
    pub(super) fn waiting(&self) -> u64 {
        let submitted = self.submitted.iter().map(|waiting| waiting.jobs() - self.skipped_of(waiting)).sum::<u64>();
        submitted + self.iter().count() as u64
    }
}
