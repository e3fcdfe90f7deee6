//! What a RUNNABLE job waited for, summed up: as the head of its queue, behind other heads, or for its turn.
//!
//! Only one job is followed, so memory is a few sums. A head is known from the core's reasons, from when one is said until
//! the next is.

use std::collections::BTreeMap;

use crate::history::transition::{JobState, Transition};
use crate::ids::{JobQueueId, JobRef};
use crate::scheduler::{Blocked, Decision, Reason};
use crate::units::{SimDuration, SimTime};

/// Time spent behind jobs that waited for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// All of it.
    pub time: SimDuration,
    /// How many heads there were, one after the other.
    pub heads: u32,
    /// The head that took longest, and how long.
    pub longest: (JobRef, SimDuration),
}

/// Placed ahead of a head of the queue, by a policy beyond AWS Batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WentAhead {
    /// How often, over all attempts, and children of an array.
    pub times: u32,
    /// The head that was overtaken last.
    pub head: JobRef,
    /// Until when a place was kept for it, if that was known.
    pub until: Option<SimTime>,
}

/// What one job, or an array's children together, waited for while RUNNABLE.
#[derive(Debug, Clone)]
pub struct Waits {
    /// The job; an array without child stands for all of its children.
    job: JobRef,
    queue: Option<JobQueueId>,
    /// The queues' heads, as last said.
    heads: BTreeMap<JobQueueId, (JobRef, Blocked)>,
    /// How many of the followed jobs are RUNNABLE.
    runnable: u32,
    /// Up to when time is accounted for.
    accounted: SimTime,
    /// Since when the present head of the queue has been accounted for.
    head_time: SimDuration,
    /// As the head of its queue, by why.
    pub as_head: BTreeMap<Blocked, SimDuration>,
    /// Behind others, by why these waited.
    pub behind: BTreeMap<Blocked, Behind>,
    /// While its queue moved: for its turn, and for the scheduling cycle.
    pub in_turn: SimDuration,
    /// Whom it overtook.
    pub went_ahead: Option<WentAhead>,
}

impl Waits {
    /// Nothing yet.
    pub const fn new(job: JobRef) -> Self {
        Self {
            job,
            queue: None,
            heads: BTreeMap::new(),
            runnable: 0,
            accounted: SimTime::ZERO,
            head_time: SimDuration::ZERO,
            as_head: BTreeMap::new(),
            behind: BTreeMap::new(),
            in_turn: SimDuration::ZERO,
            went_ahead: None,
        }
    }

    /// The job is in this queue.
    pub const fn in_queue(&mut self, queue: JobQueueId) {
        self.queue = Some(queue);
    }

    /// Takes in a step at `now`: the followed job's transitions, then what is said of heads from now on.
    pub fn fold(&mut self, now: SimTime, transitions: &[Transition], decision: &Decision) {
        for transition in transitions {
            if !self.concerns(transition.job) {
                continue;
            }
            self.advance(transition.at);
            self.runnable += u32::from(transition.to == JobState::Runnable);
            if transition.from == Some(JobState::Runnable) {
                self.runnable = self.runnable.saturating_sub(1);
            }
        }
        self.advance(now);
        for reason in &decision.reasons {
            let (queue, head) = match reason {
                Reason::QueueBlocked { queue, head, why } => (*queue, Some((*head, *why))),
                Reason::QueueUnblocked { queue } => (*queue, None),
                &Reason::Backfilled { job, head, until, .. } if self.concerns(job) => {
                    let times = self.went_ahead.map_or(0, |before| before.times) + 1;
                    self.went_ahead = Some(WentAhead { times, head, until });
                    continue;
                }
                _ => continue,
            };
            if Some(queue) == self.queue {
                self.close_head();
            }
            match head {
                Some(head) => self.heads.insert(queue, head),
                None => self.heads.remove(&queue),
            };
        }
    }

    /// Accounts for the time up to `now`, at the end of the run.
    pub fn finish(&mut self, now: SimTime) {
        self.advance(now);
        self.close_head();
    }

    fn concerns(&self, job: JobRef) -> bool {
        job == self.job || self.job.child.is_none() && job.job == self.job.job
    }

    fn advance(&mut self, to: SimTime) {
        let time = to.since(self.accounted);
        self.accounted = self.accounted.max(to);
        if self.runnable == 0 {
            return;
        }
        match self.queue.and_then(|queue| self.heads.get(&queue)) {
            None => self.in_turn += time,
            Some(&(head, why)) if self.concerns(head) => *self.as_head.entry(why).or_default() += time,
            Some(_) => self.head_time += time,
        }
    }

    /// The head of the queue, behind which the job waited, gives way.
    fn close_head(&mut self) {
        let time = std::mem::take(&mut self.head_time);
        if time == SimDuration::ZERO {
            return;
        }
        let Some(&(head, why)) = self.queue.and_then(|queue| self.heads.get(&queue)) else { return };
        let first = Behind { time: SimDuration::ZERO, heads: 0, longest: (head, SimDuration::ZERO) };
        let behind = self.behind.entry(why).or_insert(first);
        behind.time += time;
        behind.heads += 1;
        if time > behind.longest.1 {
            behind.longest = (head, time);
        }
    }
}
