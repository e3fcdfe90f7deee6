//! What one job's end means for others: dependents are released or fail, arrays end with their last child.
//!
//! Source: `UG:job_dependencies` (a failed dependency fails the dependent), `UG:array_jobs` (an array fails if any child
//! failed, and only when all have ended). That an array as a dependency means all of its children is inferred.

use crate::ids::{JobId, JobRef};
use crate::scheduler::decision::{ArrayEnd, Decision, EndCause, Ending};
use crate::scheduler::jobs::{Dependent, State};
use crate::scheduler::lane::{Returning, Waiting};
use crate::scheduler::machine::Scheduler;
use crate::scheduler::pods::History;
use crate::scheduler::reason::Reason;

impl Scheduler {
    /// A recorded job, or a child of an array, has ended. What follows from that is worked off one by one, so that a
    /// chain of ten thousand failures takes no stack.
    pub(super) fn settle(&mut self, job: JobRef, succeeded: bool, out: &mut Decision) {
        // At once: nobody may end it again while it waits to be settled.
        self.jobs.enter(job, State::Ended { succeeded });
        self.settled.push_back((job, succeeded));
        if self.settling {
            return;
        }
        self.settling = true;
        while let Some((job, succeeded)) = self.settled.pop_front() {
            self.settle_one(job, succeeded, out);
        }
        self.settling = false;
    }

    fn settle_one(&mut self, job: JobRef, succeeded: bool, out: &mut Decision) {
        let Some(index) = job.child else { return self.whole_job_ended(job.job, succeeded, out) };
        let Some(record) = self.jobs.get_mut(job.job) else { return };
        let Some(array) = record.array.as_mut() else { return };
        array.ended += 1;
        array.failed += u32::from(!succeeded);
        let (size, failed, all_ended) = (array.size, array.failed, array.ended == array.size);
        let next = array.sequential.then_some(index + 1).filter(|&next| next < size);
        let each: Vec<_> = record.dependents.iter().filter(|dependent| dependent.each).copied().collect();
        if all_ended {
            record.state = State::Ended { succeeded: failed == 0 };
            let (queue, submitted_at) = (record.queue, record.submitted_at);
            let ended_at = self.now;
            let end = ArrayEnd { job: job.job, queue, size, failed, submitted_at, ended_at };
            out.endings.push(Ending::Array(end));
        }
        if let Some(next) = next {
            self.predecessor_ended(JobRef { job: job.job, child: Some(next) }, succeeded, false, out);
        }
        for Dependent { job, .. } in each {
            self.predecessor_ended(JobRef { job, child: Some(index) }, succeeded, true, out);
        }
        if all_ended {
            self.whole_job_ended(job.job, failed == 0, out);
        }
    }

    /// A child that waited for another need not wait for it any longer.
    fn predecessor_ended(&mut self, job: JobRef, succeeded: bool, counted: bool, out: &mut Decision) {
        let record = self.jobs.get_mut(job.job);
        let array = record.and_then(|record| record.array.as_mut());
        let child = array.zip(job.child).and_then(|(array, index)| array.children.get_mut(index as usize));
        let Some(child) = child.filter(|child| child.state == State::Pending) else { return };
        if succeeded {
            child.unmet -= u8::from(counted);
            self.release_child_if_ready(job, out);
        } else {
            self.dependency_failed(job, out);
        }
    }

    /// A plain job, or all of an array, has ended.
    fn whole_job_ended(&mut self, id: JobId, succeeded: bool, out: &mut Decision) {
        let Some(record) = self.jobs.get_mut(id) else { return };
        let dependents = std::mem::take(&mut record.dependents);
        if !record.tracked {
            self.jobs.forget(id);
        }
        for Dependent { job, .. } in dependents.into_iter().filter(|dependent| !dependent.each) {
            let Some(record) = self.jobs.get_mut(job).filter(|record| record.state == State::Pending) else { continue };
            if succeeded {
                record.unmet -= 1;
                self.release_ready(job, out);
            } else {
                self.dependency_failed(JobRef { job, child: None }, out);
            }
        }
    }

    /// A job, all children of an array that are PENDING, or one child, will never run.
    pub(super) fn dependency_failed(&mut self, job: JobRef, out: &mut Decision) {
        for one in self.pending_of(job) {
            self.end_before_start(one, EndCause::DependencyFailed, out);
        }
        if let (Some(record), None) = (self.jobs.get_mut(job.job), job.child)
            && record.array.as_ref().is_some_and(|array| array.children.is_empty())
        {
            // All children are as far as the array.
            record.state = State::Ended { succeeded: false };
        }
    }

    /// The PENDING jobs that a reference names: a plain job, an array's children, or one of them.
    pub(super) fn pending_of(&self, job: JobRef) -> Vec<JobRef> {
        self.in_state(job, |state| state == State::Pending)
    }

    /// The jobs in a state that a reference names: a plain job, an array's children, or one of them.
    pub(super) fn in_state(&self, job: JobRef, wanted: impl Fn(State) -> bool) -> Vec<JobRef> {
        let Some(record) = self.jobs.get(job.job) else { return Vec::new() };
        match (&record.array, job.child) {
            (Some(array), None) if array.children.is_empty() => {
                let one = |child| JobRef { job: job.job, child: Some(child) };
                if wanted(record.state) { (0..array.size).map(one).collect() } else { Vec::new() }
            }
            (Some(array), None) => (0..)
                .zip(&array.children)
                .filter(|(_, child)| wanted(child.state))
                .map(|(child, _)| JobRef { job: job.job, child: Some(child) })
                .collect(),
            _ => record.state_of(job).filter(|&state| wanted(state)).map(|_| job).into_iter().collect(),
        }
    }

    /// Releases what no longer waits for whole jobs.
    pub(super) fn release_ready(&mut self, id: JobId, out: &mut Decision) {
        let Some(record) = self.jobs.get_mut(id).filter(|record| record.unmet == 0 && record.state == State::Pending)
        else {
            return;
        };
        let whole = JobRef { job: id, child: None };
        match &record.array {
            Some(array) if array.is_one_by_one() => {
                record.state = State::InLine;
                for child in 0..array.size {
                    self.release_child_if_ready(JobRef { job: id, child: Some(child) }, out);
                }
            }
            _ if record.cancelled => {
                for one in self.pending_of(whole) {
                    self.end_before_start(one, EndCause::Cancelled, out);
                }
            }
            Some(array) => {
                record.runnable_since = Some(self.now);
                let (times, size) = ((record.submitted_at, self.now), array.size);
                let waiting = Waiting::new(id, record.spec, record.is_followed(), times, Some(size));
                let queue = record.queue;
                self.enter_all(id, State::InLine);
                self.queues[queue.index()].release_all(waiting, &self.specs);
                self.released(whole, out);
            }
            None => self.release_one(whole, out),
        }
    }

    fn release_child_if_ready(&mut self, job: JobRef, out: &mut Decision) {
        let (Some(record), Some(index)) = (self.jobs.get(job.job), job.child) else { return };
        let Some(array) = &record.array else { return };
        let child = &array.children[index as usize];
        let before = index.checked_sub(1).filter(|_| array.sequential).map(|before| &array.children[before as usize]);
        let ready = child.state == State::Pending
            && child.unmet == 0
            && record.unmet == 0
            && before.is_none_or(|before| before.state == State::Ended { succeeded: true });
        if !ready {
            return;
        }
        if child.cancelled || record.cancelled {
            self.end_before_start(job, EndCause::Cancelled, out);
        } else {
            self.release_one(job, out);
        }
    }

    fn release_one(&mut self, job: JobRef, out: &mut Decision) {
        let Some(record) = self.jobs.get(job.job) else { return };
        let (queue, submitted_at) = (record.queue, record.submitted_at);
        let returning = Returning {
            spec: record.spec,
            recorded: record.is_followed(),
            charged: 0,
            holds: false,
            before: History::NONE,
            runnable_since: self.now,
        };
        self.jobs.enter(job, State::InLine);
        self.queues[queue.index()].release(job, submitted_at, returning, &self.specs);
        self.released(job, out);
    }

    fn released(&mut self, job: JobRef, out: &mut Decision) {
        out.reasons.push(Reason::Released { job });
        self.request_cycle(self.now);
    }
}
