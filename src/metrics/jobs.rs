//! What became of jobs: counts, waits and slowdowns, for all and by queue. Knows nothing of nodes and money.

use crate::ids::JobQueueId;
use crate::metrics::waits::Spans;
use crate::scheduler::{AttemptEnd, AttemptOutcome, JobEnd, PodFailure};
use crate::units::{SimDuration, SimTime};

/// Slowdowns are bounded below at this runtime, as is usual in the field: short jobs would drown everything else.
const SLOWDOWN_FLOOR: SimDuration = SimDuration::from_secs(10);

/// Jobs of one queue.
#[derive(Debug, Clone, Default)]
pub(super) struct QueueJobs {
    pub(super) submitted: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) wait: Spans,
}

/// Jobs of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Jobs {
    pub(super) queues: Vec<QueueJobs>,
    pub(super) attempts: u64,
    pub(super) retries: u64,
    pub(super) interrupted: u64,
    pub(super) timed_out: u64,
    pub(super) rejected: u64,
    pub(super) refused: u64,
    pub(super) runnable: Spans,
    pub(super) turnaround: Spans,
    pub(super) slowdown_sum: f64,
    pub(super) slowdown_max: f64,
    pub(super) first_submit: Option<SimTime>,
    pub(super) last_end: Option<SimTime>,
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

    pub(super) fn submitted(&mut self, queue: JobQueueId, jobs: u64, now: SimTime) {
        self.first_submit.get_or_insert(now);
        self.queue(queue).submitted += jobs;
    }

    /// Submissions that were counted and then not taken.
    pub(super) fn refused(&mut self, queue: JobQueueId, jobs: u64) {
        self.refused += jobs;
        let queue = self.queue(queue);
        queue.submitted = queue.submitted.saturating_sub(jobs);
    }

    pub(super) fn attempt_ended(&mut self, end: &AttemptEnd) {
        self.retries += u64::from(end.retried);
        match end.outcome {
            AttemptOutcome::Succeeded
            | AttemptOutcome::Terminated
            | AttemptOutcome::VolumeNotAttached
            | AttemptOutcome::EnvironmentUpdated
            | AttemptOutcome::MainNodeEnded
            | AttemptOutcome::Failed(PodFailure::ExitCode(_) | PodFailure::OomKilled | PodFailure::Deleted) => {}
            AttemptOutcome::HostTerminated => self.interrupted += 1,
            AttemptOutcome::TimedOut => self.timed_out += 1,
            AttemptOutcome::Failed(
                PodFailure::OutOfCpu | PodFailure::OutOfMemory | PodFailure::OutOfPods | PodFailure::OutOfGpu,
            ) => self.rejected += 1,
        }
    }

    pub(super) fn ended(&mut self, end: &JobEnd) {
        let turnaround = end.ended_at.since(end.submitted_at);
        self.runnable.record(end.runnable);
        self.turnaround.record(turnaround);
        let run = end.last_run.max(SLOWDOWN_FLOOR);
        #[expect(clippy::cast_precision_loss, reason = "a ratio for statistics; one division on the hot path")]
        let slowdown = (turnaround.as_millis() as f64 / run.as_millis() as f64).max(1.0);
        self.slowdown_sum += slowdown;
        self.slowdown_max = self.slowdown_max.max(slowdown);
        self.last_end = self.last_end.max(Some(end.ended_at));
        let queue = self.queue(end.queue);
        if end.succeeded() {
            queue.succeeded += 1;
        } else {
            queue.failed += 1;
        }
        if let Some(running) = end.first_running_at {
            queue.wait.record(running.since(end.submitted_at));
        }
    }
}
