//! Submissions, and what waits for what: worked out anew from all that is known after every fact.

use std::collections::BTreeSet;

use windtunnel::ids::{JobId, JobQueueId, JobRef, JobSpecId};
use windtunnel::scheduler::{Dependency, EndCause};

use super::{Job, Judge, Progress, Submission};

impl Judge<'_> {
    pub(super) fn submitted(
        &mut self,
        id: JobId,
        (queue, spec): (JobQueueId, JobSpecId),
        array_size: Option<u32>,
        depends_on: &[Dependency],
        tracked: bool,
    ) {
        if self.submissions.contains_key(&id) {
            self.tally.doubled += 1;
            return;
        }
        if self.is_refused((queue, spec), array_size, depends_on) {
            self.tally.refused += 1;
            self.due.refused.push(id);
            return;
        }
        let depends_on = depends_on.to_vec();
        let held_up = !depends_on.is_empty();
        self.tally.whole += u64::from(depends_on.iter().any(|on| matches!(on, Dependency::Job(_))));
        self.tally.n_to_n += u64::from(depends_on.iter().any(|on| matches!(on, Dependency::NToN(_))));
        self.tally.sequential += u64::from(depends_on.contains(&Dependency::Sequential));
        self.submissions.insert(id, Submission { array_size, depends_on, tracked });
        let latency = self.settings.submit_to_runnable;
        for job in self.jobs_of(JobRef { job: id, child: None }) {
            let (progress, runnable_since) =
                if held_up { (Progress::Pending, self.now) } else { (Progress::Waiting, self.now + latency) };
            let entry = Job {
                queue,
                spec,
                submitted_at: self.now,
                progress,
                runnable_since,
                charged: 0,
                retry: false,
                cancelled: false,
                holds: false,
            };
            self.jobs.insert(job, entry);
            if held_up {
                self.pending.insert(job);
            }
        }
        self.resolve();
    }

    fn is_refused(
        &self,
        (queue, spec): (JobQueueId, JobSpecId),
        array_size: Option<u32>,
        depends_on: &[Dependency],
    ) -> bool {
        let queue = &self.queues[queue.index()];
        let size_of = |id: &JobId| self.submissions.get(id).filter(|one| one.tracked).map(|one| one.array_size);
        let unknown = depends_on.iter().any(|on| match on {
            Dependency::Sequential => array_size.is_none(),
            Dependency::Job(id) => size_of(id).is_none(),
            Dependency::NToN(id) => array_size.is_none() || size_of(id) != Some(array_size),
        });
        let share = self.specs[spec.index()].share;
        queue.deleted || !queue.spec.enabled || share.is_some() != queue.spec.fair_share.is_some() || unknown
    }

    /// The jobs that a reference names: a plain job, all children of an array, or one of them.
    pub(super) fn jobs_of(&self, named: JobRef) -> Vec<JobRef> {
        let Some(submission) = self.submissions.get(&named.job) else { return Vec::new() };
        match (submission.array_size, named.child) {
            (Some(size), None) => (0..size).map(|child| JobRef { child: Some(child), ..named }).collect(),
            (Some(size), Some(child)) if child >= size => Vec::new(),
            (None, Some(_)) => Vec::new(),
            _ => vec![named],
        }
    }

    /// Whether a plain job, or all of an array, has succeeded; `None` before its end.
    pub(super) fn outcome(&self, id: JobId) -> Option<bool> {
        let all = self.jobs_of(JobRef { job: id, child: None });
        let ends = all.iter().map(|job| self.end_of(*job)).collect::<Option<Vec<_>>>()?;
        Some(ends.into_iter().all(|succeeded| succeeded))
    }

    fn end_of(&self, job: JobRef) -> Option<bool> {
        match self.jobs[&job].progress {
            Progress::Ended(succeeded) => Some(succeeded),
            _ => None,
        }
    }

    /// The ends that a PENDING job waits for.
    fn awaited(&self, job: JobRef) -> Vec<Option<bool>> {
        let on = |on: &Dependency| match on {
            Dependency::Job(id) => Some(self.outcome(*id)),
            Dependency::NToN(id) => Some(self.end_of(JobRef { job: *id, child: job.child })),
            Dependency::Sequential => {
                let before = job.child.and_then(|child| child.checked_sub(1))?;
                Some(self.end_of(JobRef { child: Some(before), ..job }))
            }
        };
        self.submissions[&job.job].depends_on.iter().filter_map(on).collect()
    }

    /// Releases and fails PENDING jobs until nothing follows any more.
    pub(super) fn resolve(&mut self) {
        loop {
            let waiting: BTreeSet<_> = self.pending.clone();
            let before = waiting.len();
            for job in waiting {
                let awaited = self.awaited(job);
                if awaited.contains(&Some(false)) {
                    self.tally.dependency_failed += 1;
                    self.end(job, EndCause::DependencyFailed);
                } else if awaited.iter().all(|end| *end == Some(true)) {
                    if self.jobs[&job].cancelled {
                        self.tally.cancelled_pending += 1;
                        self.end(job, EndCause::Cancelled);
                    } else {
                        self.tally.released += 1;
                        self.pending.remove(&job);
                        let now = self.now;
                        let job = self.jobs.get_mut(&job).expect("it waits");
                        (job.progress, job.runnable_since) = (Progress::Waiting, now);
                    }
                }
            }
            if self.pending.len() == before {
                break;
            }
        }
    }

    /// `CancelJob`, or what `TerminateJob` is before STARTING.
    pub(super) fn cancel(&mut self, named: JobRef) {
        if !self.submissions.get(&named.job).is_some_and(|submission| submission.tracked) {
            self.tally.unknown_jobs += 1;
            return;
        }
        for name in self.jobs_of(named) {
            let job = self.jobs.get_mut(&name).expect("an accepted job");
            match job.progress {
                Progress::Pending => job.cancelled = true,
                Progress::Waiting => {
                    self.tally.cancelled += 1;
                    self.end(name, EndCause::Cancelled);
                }
                Progress::Active(_) => self.tally.cancelled_in_vain += 1,
                Progress::Ended(_) => {}
            }
        }
        self.resolve();
    }

    /// The queue was deleted: all of its jobs end.
    pub(super) fn queue_deleted(&mut self, id: JobQueueId) {
        let Some(queue) = self.queues.get_mut(id.index()).filter(|queue| !queue.deleted) else { return };
        queue.deleted = true;
        let names: Vec<_> = self.jobs.iter().filter(|(_, job)| job.queue == id).map(|(&name, _)| name).collect();
        for &name in &names {
            if matches!(self.jobs[&name].progress, Progress::Pending | Progress::Waiting) {
                self.tally.queue_deleted += 1;
                self.end(name, EndCause::QueueDeleted);
            }
        }
        self.resolve();
        for name in names {
            self.stop(name, windtunnel::scheduler::DeleteCause::QueueDeleted);
        }
    }
}
