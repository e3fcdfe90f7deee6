//! The work alone, without a world: what a workload submits and when, for worlds that are not simulated.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::JobRef;
use crate::scheduler::Event;
use crate::sim::arrivals::EntryState;
use crate::sim::keyed::Streams;
use crate::sim::spec::{Failure, WorkloadEntry};
use crate::units::{SimDuration, SimTime};

/// All submissions of a workload, in order of time, and in that of the entries where they come at one time: a job is
/// submitted before those that depend on it. The same as in the simulated world under this seed.
#[derive(Debug, Clone)]
pub struct Submissions {
    streams: Streams,
    entries: Vec<EntryState>,
    next: BinaryHeap<Reverse<(SimTime, u16)>>,
}

impl Submissions {
    /// Those of a workload under a seed.
    ///
    /// # Panics
    /// If the workload has more than 65,536 entries.
    pub fn new(workload: &[WorkloadEntry], seed: u64) -> Self {
        let numbered = workload.iter().enumerate().map(|(number, entry)| {
            EntryState::new(u16::try_from(number).expect("at most 65,536 workload entries"), entry.clone())
        });
        let mut all = Self { streams: Streams::new(seed), entries: numbered.collect(), next: BinaryHeap::new() };
        for number in 0..=u16::MAX {
            if usize::from(number) >= all.entries.len() {
                break;
            }
            all.await_next(number);
        }
        all
    }

    /// What becomes of an attempt of a job: how long it runs, and what goes wrong. `None` for a job of no entry.
    pub fn fate(&self, job: JobRef, attempt: u8) -> Option<(SimDuration, Option<Failure>)> {
        let entry = self.entries.get(usize::from(job.job.entry()))?;
        let fate = entry.fate(job, attempt, self.streams);
        Some((fate.runtime, fate.failure))
    }

    fn await_next(&mut self, number: u16) {
        if let Some(at) = self.entries[usize::from(number)].next_time(self.streams) {
            self.next.push(Reverse((at, number)));
        }
    }
}

impl Iterator for Submissions {
    type Item = (SimTime, Event);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((at, number)) = self.next.pop()?;
        let submission = self.entries[usize::from(number)].submit();
        self.await_next(number);
        Some((at, submission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{JobQueueId, JobSpecId};
    use crate::model::Distribution;
    use crate::model::duration::TextDuration;
    use crate::sim::spec::{Arrivals, WorkloadSource};

    #[test]
    fn entries_are_merged_by_time_and_then_by_entry() {
        let entry = |start: u64, every: u64, count| {
            WorkloadEntry::new(
                JobQueueId(0),
                WorkloadSource::Synthetic {
                    spec: JobSpecId(0),
                    array_size: None,
                    count,
                    arrivals: Arrivals::Fixed {
                        start: SimTime::from_millis(start),
                        every: SimDuration::from_millis(every),
                    },
                    runtime: Distribution::Constant(TextDuration::default()),
                },
            )
        };
        let told = |workload: &[WorkloadEntry]| {
            let submissions = Submissions::new(workload, 1).map(|(at, event)| match event {
                Event::JobSubmitted { job, .. } => format!("{}:{job}", at.as_millis()),
                _ => unreachable!("nothing else is submitted"),
            });
            submissions.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(&[entry(10, 10, 3), entry(0, 20, 2)]), "0:1-0 10:0-0 20:0-1 20:1-1 30:0-2");
        assert_eq!(told(&[entry(5, 0, 2), entry(5, 0, 1)]), "5:0-0 5:0-1 5:1-0");
        assert_eq!(told(&[]), "");
    }
}
