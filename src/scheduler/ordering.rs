//! The order of a queue: retries first, then by submission; an array's children by index.
//!
//! AWS documents order by submission time (`API:GetJobQueueSnapshotResponse`) and that a retried job goes to the front
//! (`UG:bestpractice6`). An array waits as one range, however many children it has.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{JobId, JobRef, JobSpecId};
use crate::scheduler::QueueSpec;
use crate::scheduler::pods::History;
use crate::scheduler::reason::Blocked;
use crate::scheduler::shapes::{ByShape, ShapeId};
use crate::units::{SimDuration, SimTime};

/// Jobs not yet dispatched for the first time: one, or what is left of an array.
#[derive(Debug, Clone)]
struct Submission {
    job: JobId,
    spec: JobSpecId,
    shape: ShapeId,
    submitted_at: SimTime,
    /// The next child, and one past the last; `None` for a plain job.
    children: Option<(u32, u32)>,
}

impl Submission {
    fn jobs(&self) -> u64 {
        self.children.map_or(1, |(next, end)| u64::from(end - next))
    }
}

/// A job to be tried again.
#[derive(Debug, Clone)]
pub(super) struct Retry {
    pub(super) spec: JobSpecId,
    pub(super) shape: ShapeId,
    /// Attempts that count against the job's limit.
    pub(super) charged: u8,
    /// What went before this wait.
    pub(super) before: History,
    pub(super) runnable_since: SimTime,
}

/// The job whose turn it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) shape: ShapeId,
    pub(super) submitted_at: SimTime,
    pub(super) charged: u8,
    /// Of a job to be tried again.
    pub(super) before: Option<History>,
    pub(super) runnable_since: SimTime,
}

/// A job queue.
#[derive(Debug, Clone)]
pub(super) struct JobQueue {
    pub(super) spec: QueueSpec,
    /// In order of submission; the first `eligible` of them are RUNNABLE, the rest SUBMITTED.
    fresh: VecDeque<Submission>,
    eligible: usize,
    /// By submission.
    retries: BTreeMap<(SimTime, JobRef), Retry>,
    /// RUNNABLE jobs by shape.
    pub(super) backlog: ByShape,
    /// CPU that the RUNNABLE jobs ask for, thousandths of a vCPU.
    pub(super) backlog_cpu: u64,
    /// What was last said about its head.
    pub(super) blocked: Option<(JobRef, Blocked)>,
}

impl JobQueue {
    /// An empty queue.
    pub(super) const fn new(spec: QueueSpec) -> Self {
        Self {
            spec,
            fresh: VecDeque::new(),
            eligible: 0,
            retries: BTreeMap::new(),
            backlog: ByShape::new(),
            backlog_cpu: 0,
            blocked: None,
        }
    }

    /// Takes a submission in: it is SUBMITTED.
    pub(super) fn submit(
        &mut self,
        job: JobId,
        spec: JobSpecId,
        shape: ShapeId,
        array_size: Option<u32>,
        now: SimTime,
    ) {
        let children = array_size.map(|size| (0, size));
        self.fresh.push_back(Submission { job, spec, shape, submitted_at: now, children });
    }

    /// Makes RUNNABLE what was submitted `latency` ago or earlier; `cpu` tells a shape's request.
    pub(super) fn promote(&mut self, now: SimTime, latency: SimDuration, cpu: impl Fn(ShapeId) -> u64) {
        while let Some(next) = self.fresh.get(self.eligible)
            && next.submitted_at + latency <= now
        {
            let (shape, jobs) = (next.shape, next.jobs());
            self.backlog.add(shape, jobs);
            self.backlog_cpu += jobs * cpu(shape);
            self.eligible += 1;
        }
    }

    /// When the next SUBMITTED job becomes RUNNABLE.
    pub(super) fn next_eligible(&self, latency: SimDuration) -> Option<SimTime> {
        self.fresh.get(self.eligible).map(|next| next.submitted_at + latency)
    }

    /// Puts a job back: it is RUNNABLE again, ahead of all that never ran.
    pub(super) fn retry(&mut self, job: JobRef, submitted_at: SimTime, cpu: u64, retry: Retry) {
        self.backlog.add(retry.shape, 1);
        self.backlog_cpu += cpu;
        self.retries.insert((submitted_at, job), retry);
    }

    /// Whether a job is RUNNABLE.
    pub(super) fn has_runnable(&self) -> bool {
        self.eligible > 0 || !self.retries.is_empty()
    }

    /// The job whose turn it is; `latency` as for [`Self::promote`].
    pub(super) fn head(&self, latency: SimDuration) -> Option<Head> {
        if let Some((&(submitted_at, job), retry)) = self.retries.first_key_value() {
            let Retry { spec, shape, charged, before, runnable_since } = *retry;
            let before = Some(before);
            return Some(Head { job, spec, shape, submitted_at, charged, before, runnable_since });
        }
        if self.eligible == 0 {
            return None;
        }
        let first = &self.fresh[0];
        Some(Head {
            job: JobRef { job: first.job, child: first.children.map(|(next, _)| next) },
            spec: first.spec,
            shape: first.shape,
            submitted_at: first.submitted_at,
            charged: 0,
            before: None,
            runnable_since: first.submitted_at + latency,
        })
    }

    /// Takes the head off, whose request is `cpu`.
    pub(super) fn pop(&mut self, head: &Head, cpu: u64) {
        self.backlog.take(head.shape, 1);
        self.backlog_cpu -= cpu;
        if head.before.is_some() {
            self.retries.pop_first();
            return;
        }
        let first = self.fresh.front_mut().expect("the head stands first");
        if let Some((next, end)) = &mut first.children {
            *next += 1;
            if next < end {
                return;
            }
        }
        self.fresh.pop_front();
        self.eligible -= 1;
    }

    /// RUNNABLE jobs counted one by one, by shape. For the audit.
    pub(super) fn recount(&self) -> ByShape {
        let mut counted = ByShape::new();
        for submission in self.fresh.iter().take(self.eligible) {
            counted.add(submission.shape, submission.jobs());
        }
        for retry in self.retries.values() {
            counted.add(retry.shape, 1);
        }
        counted
    }

    /// Jobs of the queue in SUBMITTED or RUNNABLE.
    pub(super) fn waiting(&self) -> u64 {
        self.fresh.iter().map(Submission::jobs).sum::<u64>() + self.retries.len() as u64
    }
}
