//! RUNNABLE jobs by a rank: the line of a queue that has an order of its own, or whose later jobs may overtake a head.
//!
//! Beyond AWS Batch. As in its FIFO, a job to be tried again comes before all that never ran; among equals the earlier
//! submission does, then the smaller id. Finding, adding and taking out are logarithmic wherever a job stands; an array
//! waits as one entry, or as one per stretch where some of its children ended. Knows jobs and specs, no nodes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::ids::{JobRef, JobSpecId};
use crate::scheduler::lane::{Head, InLine, Place, Returning, Waiting};
use crate::scheduler::spec::{JobOrder, JobSpec, QueuePolicy};
use crate::units::{SimDuration, SimTime};

/// Where a job stands, in the line or among those that may go ahead. The order of the fields is the order of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    never_ran: bool,
    rank: Rank,
    submitted_at: SimTime,
    /// Of an array: the first child that the entry stood for when it came.
    job: JobRef,
    /// Told apart by this are two jobs that nobody can name, submitted at one time under one id.
    again: u32,
}

/// A place by the queue's order; the smaller is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// By submission alone.
    Equal,
    Estimate(SimDuration),
    NoEstimate,
    Size {
        cpu: Reverse<u64>,
        memory: Reverse<u64>,
    },
}

impl JobOrder {
    fn rank(self, spec: &JobSpec) -> Rank {
        match self {
            Self::Submission => Rank::Equal,
            Self::ShortestJobFirst => spec.timeout.map_or(Rank::NoEstimate, Rank::Estimate),
            Self::LargestJobFirst => Rank::Size { cpu: Reverse(spec.cpu()), memory: Reverse(spec.memory()) },
        }
    }
}

/// Who stands at a key.
#[derive(Debug, Clone)]
enum Entry {
    /// Who was never dispatched.
    Fresh(Waiting),
    /// A job with a past.
    Past(Returning),
}

impl Entry {
    const fn spec(&self) -> JobSpecId {
        match self {
            Self::Fresh(waiting) => waiting.spec,
            Self::Past(past) => past.spec,
        }
    }

    /// The first job that it stands for at a key.
    fn head(&self, key: &Key) -> Head {
        match self {
            Self::Fresh(waiting) => waiting.head(Place::Fresh),
            Self::Past(past) => {
                let place = if key.never_ran { Place::Released } else { Place::Retries };
                past.head(key.job, key.submitted_at, place)
            }
        }
    }
}

/// The same jobs in the order in which they are looked at behind a head, where that is not the line's.
#[derive(Debug, Clone)]
struct Ahead {
    order: JobOrder,
    /// Keys of the line, by keys of this order.
    keys: BTreeMap<Key, Key>,
}

impl Ahead {
    /// The first key, of this order, that an entry of the line may have.
    fn key(&self, key: &Key, spec: &JobSpec) -> Key {
        let rank = if key.never_ran { self.order.rank(spec) } else { Rank::Equal };
        Key { rank, again: 0, ..*key }
    }

    fn insert(&mut self, key: Key, spec: &JobSpec) {
        let mut ahead = self.key(&key, spec);
        while self.keys.contains_key(&ahead) {
            ahead.again += 1;
        }
        self.keys.insert(ahead, key);
    }

    fn remove(&mut self, key: &Key, spec: &JobSpec) {
        let first = self.key(key, spec);
        let last = Key { again: u32::MAX, ..first };
        let found = self.keys.range(first..=last).find(|(_, stands)| *stands == key).map(|(ahead, _)| *ahead);
        if let Some(found) = found {
            self.keys.remove(&found);
        }
    }
}

/// A line of RUNNABLE jobs.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    order: JobOrder,
    by_key: BTreeMap<Key, Entry>,
    ahead: Option<Ahead>,
}

impl Ranked {
    pub(super) fn new(policy: QueuePolicy) -> Self {
        let other = policy.backfill.and_then(|easy| easy.order).filter(|&order| order != policy.order);
        let ahead = other.map(|order| Ahead { order, keys: BTreeMap::new() });
        Self { order: policy.order, by_key: BTreeMap::new(), ahead }
    }

    fn key(&self, place: Place, spec: &JobSpec, submitted_at: SimTime, job: JobRef) -> Key {
        let never_ran = place != Place::Retries;
        let rank = if never_ran { self.order.rank(spec) } else { Rank::Equal };
        Key { never_ran, rank, submitted_at, job, again: 0 }
    }

    fn insert(&mut self, mut key: Key, entry: Entry, spec: &JobSpec) {
        while self.by_key.contains_key(&key) {
            key.again += 1;
        }
        self.by_key.insert(key, entry);
        if let Some(ahead) = &mut self.ahead {
            ahead.insert(key, spec);
        }
    }

    fn take(&mut self, key: &Key, spec: &JobSpec) -> Option<Entry> {
        if let Some(ahead) = &mut self.ahead {
            ahead.remove(key, spec);
        }
        self.by_key.remove(key)
    }

    /// Adds a job, or an array, but for those that ended where they stood.
    pub(super) fn push(&mut self, waiting: Waiting, spec: &JobSpec, ended: &mut BTreeSet<JobRef>) {
        for part in waiting.without(ended) {
            let key = self.key(Place::Fresh, spec, part.submitted_at, part.first());
            self.insert(key, Entry::Fresh(part), spec);
        }
    }

    /// Adds a job with a past: one that was held up in its place among those that never ran, or one to be tried again.
    pub(super) fn add(
        &mut self,
        place: Place,
        (job, submitted_at): (JobRef, SimTime),
        past: Returning,
        spec: &JobSpec,
    ) {
        let key = self.key(place, spec, submitted_at, job);
        self.insert(key, Entry::Past(past), spec);
    }

    /// The job whose turn it is.
    pub(super) fn head(&self) -> Option<Head> {
        self.by_key.first_key_value().map(|(key, entry)| entry.head(key))
    }

    /// Of those behind the head and the rest of its array, which ask for the same, the first from there on whose spec is
    /// meant, and where it stands among them; after so many looks nobody.
    pub(super) fn next_behind(
        &self,
        from: Bound<Key>,
        looks_left: &mut u32,
        mut is_meant: impl FnMut(JobSpecId) -> bool,
    ) -> Option<(Key, Head)> {
        let (&head, _) = self.by_key.first_key_value()?;
        let range = (from, Bound::Unbounded);
        let (own, other) = match &self.ahead {
            None => (Some(self.by_key.range(range).map(|(key, _)| (key, key))), None),
            Some(ahead) => (None, Some(ahead.keys.range(range))),
        };
        let all = own.into_iter().flatten().chain(other.into_iter().flatten());
        for (place, key) in all.filter(|(_, key)| **key != head) {
            *looks_left = looks_left.checked_sub(1)?;
            let Some(entry) = self.by_key.get(key) else { continue };
            if is_meant(entry.spec()) {
                return Some((*place, entry.head(key)));
            }
        }
        None
    }

    /// Where a job stands that waits here.
    fn find(&self, place: Place, spec: &JobSpec, submitted_at: SimTime, job: JobRef) -> Option<Key> {
        let last = Key { again: u32::MAX, ..self.key(place, spec, submitted_at, job) };
        let (key, entry) = self.by_key.range(..=last).next_back()?;
        let holds = match entry {
            Entry::Fresh(waiting) => waiting.holds(job),
            Entry::Past(_) => key.job == job,
        };
        let stands = Key { job, again: u32::MAX, ..*key } == last;
        (holds && stands).then_some(*key)
    }

    /// Takes a job off that was found to be next, wherever it stands.
    pub(super) fn pop(&mut self, head: &Head, spec: &JobSpec) {
        let Some(key) = self.find(head.place, spec, head.submitted_at, head.job) else { return };
        let over = match self.by_key.get_mut(&key) {
            Some(Entry::Fresh(waiting)) => waiting.advance(),
            Some(Entry::Past(_)) | None => true,
        };
        if over {
            self.take(&key, spec);
        }
    }

    /// Takes a job out of the line; its past, if it has one.
    pub(super) fn remove(&mut self, job: JobRef, submitted_at: SimTime, spec: &JobSpec) -> Option<Returning> {
        let places = [Place::Retries, Place::Fresh];
        let key = places.into_iter().find_map(|place| self.find(place, spec, submitted_at, job))?;
        match self.take(&key, spec)? {
            Entry::Past(past) => Some(past),
            Entry::Fresh(waiting) => {
                for part in waiting.without_one(job) {
                    self.insert(Key { job: part.first(), again: 0, ..key }, Entry::Fresh(part), spec);
                }
                None
            }
        }
    }

    /// Forgets who waits.
    pub(super) fn clear(&mut self) {
        self.by_key.clear();
        if let Some(ahead) = &mut self.ahead {
            ahead.keys.clear();
        }
    }

    /// Everyone who waits, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = InLine> {
        self.by_key.iter().flat_map(|(key, entry)| {
            let (fresh, past) = match entry {
                Entry::Fresh(waiting) => (Some(waiting.in_line()), None),
                Entry::Past(past) => (None, Some(past.in_line(key.job, key.submitted_at))),
            };
            fresh.into_iter().flatten().chain(past)
        })
    }
}

#[cfg(test)]
mod tests;
