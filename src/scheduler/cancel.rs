//! Jobs that end because someone, or a time limit, wants it: `CancelJob`, `TerminateJob`, job state time limits, and the
//! deletion of their queue.
//!
//! Source: `API:CancelJob` (nothing from STARTING on is touched; a PENDING job ends only once it no longer waits),
//! `API:TerminateJob`, `UG:job_stuck_in_runnable`, `API:JobStateTimeLimitAction`, `API:DeleteJobQueue`.

use crate::ids::{JobQueueId, JobRef, JobSpecId, PodId};
use crate::scheduler::decision::{Decision, DeleteCause, EndCause};
use crate::scheduler::jobs::State;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::queue::BlockedHead;
use crate::scheduler::reason::{Blocked, Reason};
use crate::scheduler::timers::Timer;
use crate::units::SimTime;

/// A head that can't be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldUp {
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) why: Blocked,
    /// All environments of the queue have this problem.
    pub(super) unanimous: bool,
}

impl Scheduler {
    /// `CancelJob`.
    pub(super) fn cancel(&mut self, job: JobRef, out: &mut Decision) {
        if self.jobs.get(job.job).is_none_or(|record| !record.tracked || record.state_of(job).is_none()) {
            self.absorbed.unknown_jobs += 1;
            return;
        }
        self.cancel_pending(job);
        for one in self.in_state(job, |state| state == State::InLine) {
            self.end_before_start(one, EndCause::Cancelled, out);
        }
    }

    /// `TerminateJob`: what has started is stopped, the rest is cancelled.
    pub(super) fn terminate(&mut self, job: JobRef, out: &mut Decision) {
        self.cancel(job, out);
        for one in self.in_state(job, |state| matches!(state, State::Active(_))) {
            if let Some(State::Active(pod)) = self.jobs.get(one.job).and_then(|record| record.state_of(one)) {
                self.delete_pod(pod, DeleteCause::Terminated, out);
            }
        }
    }

    /// Has what is PENDING end when it no longer waits for other jobs.
    fn cancel_pending(&mut self, job: JobRef) {
        let Some(record) = self.jobs.get_mut(job.job) else { return };
        match (job.child, &mut record.array) {
            (Some(child), Some(array)) => {
                if let Some(child) = array.children.get_mut(child as usize) {
                    child.cancelled = true;
                }
            }
            _ => record.cancelled = true,
        }
    }

    /// A queue was deleted: its jobs end.
    pub(super) fn delete_queue(&mut self, id: JobQueueId, out: &mut Decision) {
        let Some(queue) = self.queues.get_mut(id.index()).filter(|queue| !queue.deleted) else {
            self.absorbed.duplicates += 1;
            return;
        };
        queue.deleted = true;
        self.submitted_jobs -= queue.submitted();
        for one in self.queues[id.index()].clear() {
            let place = (one.submitted_at, one.runnable_since);
            self.end_waiting(one.job, (id, one.spec), place, one.past, EndCause::QueueDeleted, out);
        }
        let pending: Vec<_> = self.jobs.iter().filter(|(_, record)| record.queue == id).map(|(job, _)| job).collect();
        for job in pending {
            for one in self.pending_of(JobRef { job, child: None }) {
                self.end_before_start(one, EndCause::QueueDeleted, out);
            }
        }
        let active: Vec<PodId> = self.pods.iter().filter(|(_, pod)| pod.queue == id).map(|(id, _)| id).collect();
        for pod in active {
            let leads = self.pods.get(pod).is_some_and(|p| p.part().is_none_or(|part| self.gangs.leads(part, pod)));
            if leads {
                self.delete_pod(pod, DeleteCause::QueueDeleted, out);
            }
        }
        self.report_blocked(id, None, out);
    }

    /// Says what holds a queue up, when that changed.
    pub(super) fn report_blocked(&mut self, id: JobQueueId, blocked: Option<HeldUp>, out: &mut Decision) {
        let before = self.queues[id.index()].blocked;
        let awaits_seats = blocked.is_some_and(|blocked| self.is_wait_for_seats(blocked.why, blocked.spec));
        if !awaits_seats && before.is_some_and(|before| self.is_wait_for_seats(before.why, before.spec)) {
            for environment in self.queues[id.index()].spec.environments.clone() {
                self.watch_held(environment);
            }
        }
        let Some(HeldUp { job, spec, why, unanimous }) = blocked else {
            if self.queues[id.index()].blocked.take().is_some() {
                out.reasons.push(Reason::QueueUnblocked { queue: id });
            }
            return;
        };
        let same_head = before.filter(|before| before.job == job);
        let reported = self.reported(id, why, unanimous, same_head);
        let told = same_head.is_some_and(|before| before.told && before.reported == reported);
        self.queues[id.index()].blocked = Some(BlockedHead { job, spec, why, reported, told });
        if before.is_none_or(|before| (before.job, before.why) != (job, why)) {
            out.reasons.push(Reason::QueueBlocked { queue: id, head: job, why });
        }
        let news = reported.filter(|_| same_head.and_then(|before| before.reported) != reported);
        if let Some((why, since)) = news {
            self.timers.set(since + self.settings.blocked_detection_delay, Timer::Blocked(id));
            self.watch_time_limit(id, why, since);
        }
    }

    /// Has a head looked at again when the time is over that it may block its queue.
    fn watch_time_limit(&mut self, id: JobQueueId, why: Blocked, since: SimTime) {
        let limits = self.queues[id.index()].spec.time_limits.iter();
        if let Some(after) = limits.filter(|limit| limit.why == why).map(|limit| limit.after).min() {
            self.timers.set(since + after, Timer::Blocked(id));
        }
    }

    /// A queue has other time limits: they hold for the head that blocks it now, too.
    pub(super) fn time_limits_changed(&mut self, id: JobQueueId) {
        if let Some((why, since)) = self.queues[id.index()].blocked.and_then(|blocked| blocked.reported) {
            self.watch_time_limit(id, why, since);
        }
    }

    /// What AWS Batch would say of a head, and since when it has been so.
    fn reported(
        &self,
        id: JobQueueId,
        why: Blocked,
        unanimous: bool,
        before: Option<BlockedHead>,
    ) -> Option<(Blocked, SimTime)> {
        let before = before.and_then(|before| before.reported);
        if why == Blocked::AwaitingCapacity {
            // Asking EC2 again does not end a lack of capacity; an instance that comes does.
            return before.filter(|(why, _)| *why == Blocked::InsufficientInstanceCapacity && !self.is_served(id));
        }
        let why = Some(why).filter(|why| unanimous && why.is_reported())?;
        Some(before.filter(|(known, _)| *known == why).unwrap_or((why, self.now)))
    }

    /// Whether an instance for the head of a queue is on its way, and not just asked for.
    fn is_served(&self, id: JobQueueId) -> bool {
        let environments = &self.queues[id.index()].spec.environments;
        environments.iter().filter_map(|id| self.environments[id.index()].as_ref()).any(|environment| {
            let asked: u64 = environment.launches.iter().map(|launch| u64::from(launch.jobs)).sum();
            environment.covered.total() > asked
        })
    }

    /// A head may have blocked its queue for long enough to be told, or to be cancelled.
    pub(super) fn blocked_for_long(&mut self, id: JobQueueId, out: &mut Decision) {
        let queue = &mut self.queues[id.index()];
        let Some(BlockedHead { job, reported: Some((why, since)), told, .. }) = queue.blocked else { return };
        if !told && since + self.settings.blocked_detection_delay <= self.now {
            queue.blocked = queue.blocked.map(|blocked| BlockedHead { told: true, ..blocked });
            out.reasons.push(Reason::HeadBlocked { queue: id, head: job, why });
        }
        let limit = queue.spec.time_limits.iter().find(|limit| limit.why == why && since + limit.after <= self.now);
        if limit.is_none() {
            return;
        }
        let Some(head) = queue.head(self.now).filter(|head| head.job == job) else { return };
        queue.pop(&head, &self.specs);
        // The next cycle says whether the queue moves; until then nothing more is said of this head.
        queue.blocked = queue.blocked.map(|blocked| BlockedHead { reported: None, ..blocked });
        if let Some(shares) = queue.shares() {
            shares.forget_turns();
        }
        let times = (head.submitted_at, head.runnable_since);
        let past = head.past();
        self.end_waiting(job, (id, head.spec), times, past, EndCause::TimeLimit(why), out);
    }
}
