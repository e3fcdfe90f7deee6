//! What became of jobs: counts, waits and slowdowns, for all and by queue. Knows nothing of nodes and money.

use std::collections::BTreeMap;

use crate::ids::{JobQueueId, ShareId};
use crate::metrics::waits::Spans;
use crate::scheduler::{AttemptEnd, AttemptOutcome, EndCause, JobEnd, PodFailure};
use crate::units::{MilliCpu, SimDuration, SimTime};

/// Slowdowns are bounded below at this runtime, as is usual in the field: short jobs would drown everything else.
const SLOWDOWN_FLOOR: SimDuration = SimDuration::from_secs(10);

/// Jobs of one queue, of one share of a queue, or of one name.
#[derive(Debug, Clone, Default)]
pub(super) struct QueueJobs {
    pub(super) submitted: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) wait: Spans,
    /// CPU time of its attempts from STARTING on, milli-CPU·milliseconds.
    pub(super) used: u128,
}

impl QueueJobs {
    pub(super) fn ended(&mut self, end: &JobEnd) {
        if end.succeeded() {
            self.succeeded += 1;
        } else {
            self.failed += 1;
        }
        if let Some(running) = end.first_running_at {
            self.wait.record(running.since(end.submitted_at));
        }
    }
}

/// FAILED jobs by cause, but for those whose last attempt failed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EndedBy {
    pub(super) cancelled: u64,
    pub(super) terminated: u64,
    pub(super) dependency: u64,
    pub(super) time_limit: u64,
}

/// Jobs of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Jobs {
    pub(super) queues: Vec<QueueJobs>,
    /// Of fair-share queues.
    pub(super) shares: BTreeMap<(JobQueueId, ShareId), QueueJobs>,
    pub(super) ended_by: EndedBy,
    pub(super) attempts: u64,
    pub(super) retries: u64,
    pub(super) interrupted: u64,
    pub(super) timed_out: u64,
    pub(super) rejected: u64,
    pub(super) refused: u64,
    /// Placed ahead of a blocked head.
    pub(super) backfilled: u64,
    pub(super) runnable: Spans,
    pub(super) turnaround: Spans,
    pub(super) slowdown_sum: f64,
    pub(super) slowdown_max: f64,
    pub(super) first_submit: Option<SimTime>,
    pub(super) last_end: Option<SimTime>,
    /// Of all jobs, those before a window's beginning among them.
    pub(super) last_submit: Option<SimTime>,
}

impl Jobs {
    /// Jobs of `queues` queues; others are added as they turn up.
    pub(super) fn new(queues: usize) -> Self {
        Self { queues: vec![QueueJobs::default(); queues], ..Self::default() }
    }

    fn queue(&mut self, queue: JobQueueId) -> &mut QueueJobs {
        if self.queues.len() <= queue.index() {
            self.queues.resize_with(queue.index() + 1, QueueJobs::default);
        }
        &mut self.queues[queue.index()]
    }

    pub(super) fn submitted(&mut self, queue: JobQueueId, share: Option<ShareId>, jobs: u64, now: SimTime) {
        self.first_submit.get_or_insert(now);
        self.last_submit = Some(now);
        self.queue(queue).submitted += jobs;
        if let Some(share) = share {
            self.shares.entry((queue, share)).or_default().submitted += jobs;
        }
    }

    /// Submissions that were counted and then not taken.
    pub(super) fn refused(&mut self, queue: JobQueueId, share: Option<ShareId>, jobs: u64) {
        self.refused += jobs;
        if let Some(share) = share.and_then(|share| self.shares.get_mut(&(queue, share))) {
            share.submitted = share.submitted.saturating_sub(jobs);
        }
        let queue = self.queue(queue);
        queue.submitted = queue.submitted.saturating_sub(jobs);
    }

    /// A share's pod is over.
    pub(super) fn used(&mut self, queue: JobQueueId, share: ShareId, cpu: MilliCpu, span: SimDuration) {
        let used = u128::from(cpu.0) * u128::from(span.as_millis());
        self.shares.entry((queue, share)).or_default().used += used;
    }

    pub(super) fn attempt_ended(&mut self, end: &AttemptEnd) {
        self.retries += u64::from(end.retried);
        match end.outcome {
            AttemptOutcome::Succeeded
            | AttemptOutcome::Terminated
            | AttemptOutcome::VolumeNotAttached
            | AttemptOutcome::MainNodeEnded
            | AttemptOutcome::Failed(
                PodFailure::ExitCode(_) | PodFailure::OomKilled | PodFailure::Deleted | PodFailure::Refused,
            ) => {}
            AttemptOutcome::HostTerminated | AttemptOutcome::EnvironmentUpdated => self.interrupted += 1,
            AttemptOutcome::TimedOut => self.timed_out += 1,
            AttemptOutcome::Failed(
                PodFailure::OutOfCpu | PodFailure::OutOfMemory | PodFailure::OutOfPods | PodFailure::OutOfGpu,
            ) => self.rejected += 1,
        }
    }

    pub(super) fn ended(&mut self, end: &JobEnd, share: Option<ShareId>) {
        let turnaround = end.ended_at.since(end.submitted_at);
        self.runnable.record(end.runnable);
        self.turnaround.record(turnaround);
        let run = end.last_run.max(SLOWDOWN_FLOOR);
        #[expect(clippy::cast_precision_loss, reason = "a ratio for statistics; one division on the hot path")]
        let slowdown = (turnaround.as_millis() as f64 / run.as_millis() as f64).max(1.0);
        self.slowdown_sum += slowdown;
        self.slowdown_max = self.slowdown_max.max(slowdown);
        self.last_end = self.last_end.max(Some(end.ended_at));
        match end.why {
            EndCause::Succeeded | EndCause::AttemptFailed => {}
            EndCause::DependencyFailed => self.ended_by.dependency += 1,
            EndCause::Cancelled => self.ended_by.cancelled += 1,
            EndCause::Terminated | EndCause::QueueDeleted => self.ended_by.terminated += 1,
            EndCause::TimeLimit(_) => self.ended_by.time_limit += 1,
        }
        self.queue(end.queue).ended(end);
        if let Some(share) = share {
            self.shares.entry((end.queue, share)).or_default().ended(end);
        }
    }
}
