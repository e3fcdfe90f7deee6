//! One line of RUNNABLE jobs: those to be tried again first, then by submission; an array's children by index.
//!
//! AWS documents order by submission time (`API:GetJobQueueSnapshotResponse`) and that a retried job goes to the front
//! (`UG:bestpractice6`). A FIFO queue is one lane; a fair-share queue has one per share and priority. An array waits as
//! one range, however many children it has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::ids::{JobId, JobRef, JobSpecId};
use crate::scheduler::pods::History;
use crate::units::SimTime;

/// Stands for no child: an array has at most 10,000.
const NO_CHILD: u32 = u32::MAX;

/// Jobs that were not dispatched yet: one, or what is left of an array.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) job: JobId,
    pub(super) spec: JobSpecId,
    /// The job has a record (see `jobs.rs`).
    pub(super) recorded: bool,
    pub(super) submitted_at: SimTime,
    pub(super) runnable_since: SimTime,
    /// The next child, and one past the last.
    next: u32,
    end: u32,
}

impl Waiting {
    /// A job, or an array of children.
    pub(super) fn new(
        job: JobId,
        spec: JobSpecId,
        recorded: bool,
        (submitted_at, runnable_since): (SimTime, SimTime),
        array_size: Option<u32>,
    ) -> Self {
        let (next, end) = array_size.map_or((NO_CHILD, NO_CHILD), |size| (0, size));
        Self { job, spec, recorded, submitted_at, runnable_since, next, end }
    }

    /// How many jobs it stands for.
    pub(super) fn jobs(&self) -> u64 {
        if self.next == NO_CHILD { 1 } else { u64::from(self.end - self.next) }
    }

    /// The first of them.
    pub(super) fn first(&self) -> JobRef {
        JobRef { job: self.job, child: Some(self.next).filter(|&child| child != NO_CHILD) }
    }

    /// All of them.
    pub(super) fn each(&self) -> impl Iterator<Item = JobRef> + use<> {
        let (job, plain, children) = (self.job, self.next == NO_CHILD, self.next..self.end);
        plain
            .then_some(JobRef { job, child: None })
            .into_iter()
            .chain(children.map(move |child| JobRef { job, child: Some(child) }))
    }

    /// Takes the first of them off; whether that was the last.
    fn advance(&mut self) -> bool {
        if self.next == NO_CHILD {
            return true;
        }
        self.next += 1;
        self.next == self.end
    }
}

/// A job with a past: it was tried before, or waited for other jobs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Returning {
    pub(super) spec: JobSpecId,
    pub(super) recorded: bool,
    /// Attempts that count against the job's limit.
    pub(super) charged: u8,
    /// It still holds its consumable resources.
    pub(super) holds: bool,
    /// What went before this wait.
    pub(super) before: History,
    pub(super) runnable_since: SimTime,
}

/// The job whose turn it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) recorded: bool,
    pub(super) submitted_at: SimTime,
    pub(super) charged: u8,
    pub(super) holds: bool,
    /// Of a job with a past.
    pub(super) before: Option<History>,
    pub(super) runnable_since: SimTime,
    place: Place,
}

impl Head {
    /// What the job brings with it, if it has a past.
    pub(super) fn past(&self) -> Option<Returning> {
        self.before.map(|before| Returning {
            spec: self.spec,
            recorded: self.recorded,
            charged: self.charged,
            holds: self.holds,
            before,
            runnable_since: self.runnable_since,
        })
    }
}

/// Which of a lane's lists a job stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Fresh,
    Released,
    Retries,
}

/// A line of RUNNABLE jobs.
#[derive(Debug, Clone, Default)]
pub(super) struct Lane {
    /// In order of submission.
    fresh: VecDeque<Waiting>,
    /// Single jobs that became RUNNABLE later than others of their time, by submission.
    released: BTreeMap<(SimTime, JobRef), Returning>,
    /// To be tried again, by submission.
    retries: BTreeMap<(SimTime, JobRef), Returning>,
}

impl Lane {
    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.released.is_empty() && self.retries.is_empty()
    }

    /// Adds what was submitted after all that is there, or an array that was held up.
    pub(super) fn push(&mut self, waiting: Waiting, skipped: &mut BTreeSet<JobRef>) {
        let late = self.fresh.back().is_some_and(|last| last.submitted_at > waiting.submitted_at);
        if late {
            let at = self.fresh.partition_point(|other| other.submitted_at <= waiting.submitted_at);
            self.fresh.insert(at, waiting);
        } else {
            self.fresh.push_back(waiting);
        }
        self.pass_skipped(skipped);
    }

    /// Adds a job that was held up, in its place by submission.
    pub(super) fn release(&mut self, job: JobRef, submitted_at: SimTime, returning: Returning) {
        self.released.insert((submitted_at, job), returning);
    }

    /// Adds a job to be tried again, ahead of all that never ran.
    pub(super) fn retry(&mut self, job: JobRef, submitted_at: SimTime, returning: Returning) {
        self.retries.insert((submitted_at, job), returning);
    }

    /// The job whose turn it is.
    pub(super) fn head(&self) -> Option<Head> {
        let of = |place, (&(submitted_at, job), past): (&(SimTime, JobRef), &Returning)| Head {
            job,
            spec: past.spec,
            recorded: past.recorded,
            submitted_at,
            charged: past.charged,
            holds: past.holds,
            before: Some(past.before),
            runnable_since: past.runnable_since,
            place,
        };
        if let Some(first) = self.retries.first_key_value() {
            return Some(of(Place::Retries, first));
        }
        let fresh = self.fresh.front();
        if let Some(first) = self.released.first_key_value()
            && fresh.is_none_or(|fresh| *first.0 < (fresh.submitted_at, fresh.first()))
        {
            return Some(of(Place::Released, first));
        }
        fresh.map(|first| Head {
            job: first.first(),
            spec: first.spec,
            recorded: first.recorded,
            submitted_at: first.submitted_at,
            charged: 0,
            holds: false,
            before: None,
            runnable_since: first.runnable_since,
            place: Place::Fresh,
        })
    }

    /// Takes the head off.
    pub(super) fn pop(&mut self, head: &Head, skipped: &mut BTreeSet<JobRef>) {
        match head.place {
            Place::Retries => drop(self.retries.pop_first()),
            Place::Released => drop(self.released.pop_first()),
            Place::Fresh => {
                let first = self.fresh.front_mut().expect("the head stands first");
                if first.advance() {
                    self.fresh.pop_front();
                }
                if !skipped.is_empty() {
                    self.pass_skipped(skipped);
                }
            }
        }
    }

    /// Takes a job with a past out of the line.
    pub(super) fn take(&mut self, job: JobRef, submitted_at: SimTime) -> Option<Returning> {
        let key = (submitted_at, job);
        self.retries.remove(&key).or_else(|| self.released.remove(&key))
    }

    /// A job to be skipped never stands first.
    pub(super) fn pass_skipped(&mut self, skipped: &mut BTreeSet<JobRef>) {
        while let Some(first) = self.fresh.front_mut()
            && skipped.remove(&first.first())
        {
            if first.advance() {
                self.fresh.pop_front();
            }
        }
    }

    /// Everyone who waits, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = InLine> {
        let past = |(&(submitted_at, job), past): (&(SimTime, JobRef), &Returning)| InLine {
            job,
            spec: past.spec,
            submitted_at,
            runnable_since: past.runnable_since,
            past: Some(*past),
        };
        let fresh = self.fresh.iter().flat_map(|waiting| {
            let Waiting { spec, submitted_at, runnable_since, .. } = *waiting;
            waiting.each().map(move |job| InLine { job, spec, submitted_at, runnable_since, past: None })
        });
        self.retries.iter().map(past).chain(self.released.iter().map(past)).chain(fresh)
    }
}

/// A job that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct InLine {
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) submitted_at: SimTime,
    pub(super) runnable_since: SimTime,
    /// Of a job with a past.
    pub(super) past: Option<Returning>,
}

#[cfg(test)]
mod tests;
