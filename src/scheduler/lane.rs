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

    /// Those of its children from one on and before another.
    fn part(&self, next: u32, end: u32) -> Self {
        Self { next, end, ..self.clone() }
    }

    /// What is left when some have ended, which are forgotten: one, or stretches of an array's children.
    pub(super) fn without(self, ended: &mut BTreeSet<JobRef>) -> Vec<Self> {
        let mut gone: Vec<_> =
            if ended.is_empty() { Vec::new() } else { self.each().filter(|job| ended.remove(job)).collect() };
        let mut left = vec![self];
        for job in gone.drain(..) {
            if let Some(last) = left.pop() {
                left.extend(last.without_one(job));
            }
        }
        left
    }

    /// What is left without one of them.
    pub(super) fn without_one(self, job: JobRef) -> impl Iterator<Item = Self> {
        let child = job.child.unwrap_or(NO_CHILD);
        let sides = [(self.next, child), (child.saturating_add(1), self.end)];
        sides.into_iter().filter(|(next, end)| next < end).map(move |(next, end)| self.part(next, end))
    }

    /// Whether it stands for a job.
    pub(super) fn holds(&self, job: JobRef) -> bool {
        let child = job.child.unwrap_or(NO_CHILD);
        self.job == job.job && (self.next == child || self.next < child && child < self.end)
    }

    /// The first of them, as a head that stands in `place`.
    pub(super) fn head(&self, place: Place) -> Head {
        Head {
            job: self.first(),
            spec: self.spec,
            recorded: self.recorded,
            submitted_at: self.submitted_at,
            charged: 0,
            holds: false,
            before: None,
            runnable_since: self.runnable_since,
            place,
        }
    }

    /// All of them, as they stand in line.
    pub(super) fn in_line(&self) -> impl Iterator<Item = InLine> + use<> {
        let Self { spec, submitted_at, runnable_since, .. } = *self;
        self.each().map(move |job| InLine { job, spec, submitted_at, runnable_since, past: None })
    }

    /// Takes the first of them off; whether that was the last.
    pub(super) fn advance(&mut self) -> bool {
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
    pub(super) place: Place,
}

impl Returning {
    /// A job with this past as a head that stands in `place`.
    pub(super) fn head(&self, job: JobRef, submitted_at: SimTime, place: Place) -> Head {
        Head {
            job,
            spec: self.spec,
            recorded: self.recorded,
            submitted_at,
            charged: self.charged,
            holds: self.holds,
            before: Some(self.before),
            runnable_since: self.runnable_since,
            place,
        }
    }

    /// A job with this past as it stands in line.
    pub(super) fn in_line(self, job: JobRef, submitted_at: SimTime) -> InLine {
        InLine { job, spec: self.spec, submitted_at, runnable_since: self.runnable_since, past: Some(self) }
    }
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
pub(super) enum Place {
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

    /// Adds a job with a past: one that was held up in its place by submission, or one to be tried again, ahead of all that
    /// never ran.
    pub(super) fn add(&mut self, place: Place, (job, submitted_at): (JobRef, SimTime), past: Returning) {
        let list = if place == Place::Retries { &mut self.retries } else { &mut self.released };
        list.insert((submitted_at, job), past);
    }

    /// The job whose turn it is.
    pub(super) fn head(&self) -> Option<Head> {
        let of =
            |place, (&(submitted_at, job), past): (&(SimTime, JobRef), &Returning)| past.head(job, submitted_at, place);
        if let Some(first) = self.retries.first_key_value() {
            return Some(of(Place::Retries, first));
        }
        let fresh = self.fresh.front();
        if let Some(first) = self.released.first_key_value()
            && fresh.is_none_or(|fresh| *first.0 < (fresh.submitted_at, fresh.first()))
        {
            return Some(of(Place::Released, first));
        }
        fresh.map(|first| first.head(Place::Fresh))
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
        let past = |(&(submitted_at, job), past): (&(SimTime, JobRef), &Returning)| past.in_line(job, submitted_at);
        let fresh = self.fresh.iter().flat_map(Waiting::in_line);
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
