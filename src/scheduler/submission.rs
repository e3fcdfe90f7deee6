//! What becomes of a submission: refused, SUBMITTED, or PENDING until what it depends on has succeeded.
//!
//! Source: `API:SubmitJobRequest`, `API:JobDependency`, `UG:service_limits` (jobs in SUBMITTED, `SubmitJob` calls).

use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId};
use crate::scheduler::decision::Decision;
use crate::scheduler::jobs::{Array, Child, Dependent, Record, State};
use crate::scheduler::lane::Waiting;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::reason::{Reason, Refusal};
use crate::scheduler::spec::Dependency;

/// A submission, as the fact says it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Submission<'a> {
    pub(super) job: JobId,
    pub(super) queue: JobQueueId,
    pub(super) spec: JobSpecId,
    pub(super) array_size: Option<u32>,
    pub(super) depends_on: &'a [Dependency],
    pub(super) tracked: bool,
}

impl Scheduler {
    /// Takes a submission in, or says why not.
    pub(super) fn submit(&mut self, submission: &Submission<'_>, out: &mut Decision) {
        let Submission { job, queue, spec, array_size, depends_on, tracked } = *submission;
        if self.specs.find(spec).is_none() || queue.index() >= self.queues.len() || array_size == Some(0) {
            self.absorbed.invalid_submissions += 1;
            return;
        }
        let recorded = tracked || array_size.is_some() || !depends_on.is_empty();
        if recorded && self.jobs.get(job).is_some() {
            self.absorbed.duplicates += 1;
            return;
        }
        if let Some(why) = self.refusal(submission) {
            let jobs = array_size.unwrap_or(1);
            out.reasons.push(Reason::SubmissionRefused { job, queue, spec, jobs, why });
            return;
        }
        if recorded {
            self.jobs.insert(job, record(submission, self.now));
        }
        if depends_on.is_empty() {
            self.stand_in_line(submission, recorded);
        } else {
            let share = self.specs.get(spec).share;
            self.queues[queue.index()].join(share, array_size.unwrap_or(1).into());
            self.await_dependencies(submission, out);
        }
    }

    /// SUBMITTED: it will be RUNNABLE after a while.
    fn stand_in_line(&mut self, submission: &Submission<'_>, recorded: bool) {
        let Submission { job, queue, spec, array_size, tracked, .. } = *submission;
        let share = self.specs.get(spec).share;
        let runnable_at = self.now + self.settings.submit_to_runnable;
        let waiting = Waiting::new(job, spec, tracked, (self.now, runnable_at), array_size);
        self.submitted_jobs += waiting.jobs();
        self.queues[queue.index()].submit(waiting, share);
        if recorded {
            self.enter_all(job, State::InLine);
        }
        self.request_cycle(runnable_at);
    }

    /// Enters the same for a job and all its children.
    pub(super) fn enter_all(&mut self, job: JobId, state: State) {
        if let Some(record) = self.jobs.get_mut(job) {
            record.state = state;
            for child in record.array.iter_mut().flat_map(|array| &mut array.children) {
                child.state = state;
            }
        }
    }

    /// Whether a call is one too many in this second; it counts all the same.
    fn is_throttled(&mut self) -> bool {
        let limit = self.settings.submit_job_rate_limit;
        if limit == 0 {
            return false;
        }
        let second = self.now.as_millis() / 1_000;
        let (last, calls) = self.submit_calls;
        let calls = if last == second { calls.saturating_add(1) } else { 1 };
        self.submit_calls = (second, calls);
        calls > limit
    }

    fn refusal(&mut self, submission: &Submission<'_>) -> Option<Refusal> {
        if self.is_throttled() {
            return Some(Refusal::TooManyRequests);
        }
        let queue = &self.queues[submission.queue.index()];
        if queue.deleted || !queue.spec.enabled {
            return Some(Refusal::QueueClosed);
        }
        let share = self.specs.get(submission.spec).share;
        if share.is_some() != queue.spec.fair_share.is_some() {
            return Some(Refusal::ShareIdentifier);
        }
        if share.is_some_and(|share| queue.is_full_for(share, self.now)) {
            return Some(Refusal::ActiveShares);
        }
        let limit = u64::from(self.settings.submitted_jobs_limit);
        let jobs = u64::from(submission.array_size.unwrap_or(1));
        if limit > 0 && self.submitted_jobs + jobs > limit {
            return Some(Refusal::SubmittedJobs);
        }
        let depends_on = submission.depends_on;
        (!depends_on.iter().all(|on| self.can_depend(submission, *on))).then_some(Refusal::Dependency)
    }

    /// Whether what a submission depends on is known, and of the size that the dependency needs.
    fn can_depend(&self, submission: &Submission<'_>, on: Dependency) -> bool {
        match on {
            Dependency::Sequential => submission.array_size.is_some(),
            Dependency::Job(on) => self.jobs.get(on).is_some_and(|record| record.tracked),
            Dependency::NToN(on) => {
                let size = self.jobs.get(on).filter(|record| record.tracked).and_then(|record| record.array.as_ref());
                submission.array_size.is_some() && size.map(|array| array.size) == submission.array_size
            }
        }
    }

    /// PENDING: notes what must succeed before, and settles what has already ended.
    fn await_dependencies(&mut self, submission: &Submission<'_>, out: &mut Decision) {
        let job = submission.job;
        let mut unmet = 0;
        for &on in submission.depends_on {
            let (Dependency::Job(on) | Dependency::NToN(on), each) = (on, matches!(on, Dependency::NToN(_))) else {
                continue;
            };
            let Some(dependency) = self.jobs.get_mut(on) else { continue };
            if each {
                let states: Vec<_> =
                    dependency.array.iter().flat_map(|array| &array.children).map(|child| child.state).collect();
                dependency.dependents.push(Dependent { job, each });
                self.await_each(job, &states);
            } else if dependency.state != (State::Ended { succeeded: true }) {
                unmet += 1;
                if !matches!(dependency.state, State::Ended { .. }) {
                    dependency.dependents.push(Dependent { job, each });
                }
            }
        }
        let Some(record) = self.jobs.get_mut(job) else { return };
        record.unmet = unmet;
        let failed = |on: &Dependency| match on {
            Dependency::Job(on) => {
                self.jobs.get(*on).is_some_and(|record| record.state == State::Ended { succeeded: false })
            }
            Dependency::NToN(_) | Dependency::Sequential => false,
        };
        if submission.depends_on.iter().any(failed) {
            self.dependency_failed(JobRef { job, child: None }, out);
        } else {
            self.fail_children_of_failed(submission, out);
            self.release_ready(job, out);
        }
    }

    /// Each child waits for the child of the same index, unless that has succeeded.
    fn await_each(&mut self, job: JobId, states: &[State]) {
        let array = self.jobs.get_mut(job).and_then(|record| record.array.as_mut());
        for (child, state) in array.into_iter().flat_map(|array| &mut array.children).zip(states) {
            child.unmet += u8::from(*state != State::Ended { succeeded: true });
        }
    }

    /// Children whose counterpart had failed before they were submitted.
    fn fail_children_of_failed(&mut self, submission: &Submission<'_>, out: &mut Decision) {
        for &on in submission.depends_on {
            let Dependency::NToN(on) = on else { continue };
            let children = self.jobs.get(on).and_then(|record| record.array.as_ref());
            let failed: Vec<u32> = (0..)
                .zip(children.map_or(&[][..], |array| &array.children))
                .filter(|(_, child)| child.state == State::Ended { succeeded: false })
                .map(|(index, _)| index)
                .collect();
            for index in failed {
                self.dependency_failed(JobRef { job: submission.job, child: Some(index) }, out);
            }
        }
    }
}

/// The record of a submission that waits for nothing yet.
fn record(submission: &Submission<'_>, now: crate::units::SimTime) -> Record {
    let sequential = submission.depends_on.contains(&Dependency::Sequential);
    let each = submission.depends_on.iter().any(|on| matches!(on, Dependency::NToN(_)));
    let state = State::Pending;
    let array = submission.array_size.map(|size| {
        let one_by_one = submission.tracked || sequential || each;
        let child = Child { state, unmet: 0, cancelled: false };
        let children = if one_by_one { vec![child; size as usize] } else { Vec::new() };
        Array { size, ended: 0, failed: 0, sequential, children }
    });
    Record {
        queue: submission.queue,
        spec: submission.spec,
        submitted_at: now,
        tracked: submission.tracked,
        held_up: !submission.depends_on.is_empty(),
        runnable_since: None,
        unmet: 0,
        cancelled: false,
        state,
        array,
        dependents: Vec::new(),
    }
}
