//! A job queue: what is SUBMITTED, and the RUNNABLE jobs in the order of its policy.

use std::collections::{BTreeSet, VecDeque};

use crate::ids::{JobRef, JobSpecId, ShareId};
use crate::scheduler::lane::{Head, InLine, Lane, Returning, Waiting};
use crate::scheduler::reason::Blocked;
use crate::scheduler::shapes::{ByShape, Specs};
use crate::scheduler::shares::Shares;
use crate::scheduler::{QueueSpec, Settings};
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
    pub(super) fn new(spec: QueueSpec, settings: &Settings) -> Self {
        let order = match &spec.fair_share {
            None => Order::Fifo(Lane::default()),
            Some(policy) => Order::Fair(Box::new(Shares::new(policy.clone(), settings))),
        };
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
            (Order::Fifo(_), None) => {}
            (Order::Fair(_), None) | (Order::Fifo(_), Some(_)) => spec.fair_share = self.spec.fair_share.take(),
        }
        self.spec = spec;
    }

    /// The shares of a fair-share queue.
    pub(super) fn shares(&mut self) -> Option<&mut Shares> {
        match &mut self.order {
            Order::Fifo(_) => None,
            Order::Fair(shares) => Some(shares),
        }
    }

    /// Whether a submission by a share would be one active share too many.
    pub(super) fn is_full_for(&self, share: ShareId, now: SimTime) -> bool {
        match &self.order {
            Order::Fifo(_) => false,
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
        let lane = match &mut self.order {
            Order::Fifo(lane) => lane,
            Order::Fair(shares) => shares.lane(spec),
        };
        lane.push(waiting, &mut self.skipped);
    }

    fn skipped_of(&self, waiting: &Waiting) -> u64 {
        waiting.each().filter(|job| self.skipped.contains(job)).count() as u64
    }

    /// Makes a job RUNNABLE that waited for others.
    pub(super) fn release(&mut self, job: JobRef, submitted_at: SimTime, returning: Returning, specs: &Specs) {
        self.lane(returning.spec, specs).release(job, submitted_at, returning);
    }

    /// Puts a job back: it is RUNNABLE again, ahead of all that never ran (of its share and priority).
    pub(super) fn retry(&mut self, job: JobRef, submitted_at: SimTime, returning: Returning, specs: &Specs) {
        self.lane(returning.spec, specs).retry(job, submitted_at, returning);
    }

    /// The lane that one more job of a spec comes to.
    fn lane(&mut self, id: JobSpecId, specs: &Specs) -> &mut Lane {
        let (spec, shape) = specs.known(id);
        self.backlog.add(shape, 1);
        self.backlog_cpu += spec.cpu();
        match &mut self.order {
            Order::Fifo(lane) => lane,
            Order::Fair(shares) => shares.lane(spec),
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
        }
    }

    /// Takes the head off.
    pub(super) fn pop(&mut self, head: &Head, specs: &Specs) {
        let (spec, shape) = specs.known(head.spec);
        self.backlog.take(shape, 1);
        self.backlog_cpu -= spec.cpu();
        match &mut self.order {
            Order::Fifo(lane) => lane.pop(head, &mut self.skipped),
            Order::Fair(shares) => shares.pop(head, &mut self.skipped),
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
        }
        all
    }

    /// Everyone who is RUNNABLE: a FIFO queue's in order, a fair-share queue's share by share.
    pub(super) fn iter(&self) -> impl Iterator<Item = InLine> {
        let (one, many) = match &self.order {
            Order::Fifo(lane) => (Some(lane), None),
            Order::Fair(shares) => (None, Some(shares.lanes())),
        };
        let lanes = one.into_iter().chain(many.into_iter().flatten());
        lanes.flat_map(Lane::iter).filter(|one| !self.skipped.contains(&one.job))
    }

    /// Everyone who is SUBMITTED or RUNNABLE. For the audit, and for the queue's deletion.
    pub(super) fn all_waiting(&self) -> impl Iterator<Item = InLine> {
        let submitted = self.submitted.iter().flat_map(|waiting| {
            let Waiting { spec, submitted_at, runnable_since, .. } = *waiting;
            waiting.each().map(move |job| InLine { job, spec, submitted_at, runnable_since, past: None })
        });
        self.iter().chain(submitted.filter(|one| !self.skipped.contains(&one.job)))
    }

    /// Jobs from SUBMITTED to RUNNING and CPU in use, by share. For the audit.
    pub(super) fn share_books(&self) -> Vec<(ShareId, u64, u64)> {
        match &self.order {
            Order::Fifo(_) => Vec::new(),
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
