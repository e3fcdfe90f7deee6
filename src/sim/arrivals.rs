//! The work that comes to the cluster: when each entry submits next, and how long an attempt of a job runs.

use rand::Rng;

use crate::ids::{JobId, JobRef};
use crate::scheduler::Event;
use crate::sim::keyed::{Purpose, Streams};
use crate::sim::sampler::{Sampler, exponential};
use crate::sim::spec::{Arrivals, Failure, WorkloadEntry, WorkloadSource};
use crate::units::{SimDuration, SimTime};

/// An entry of the workload, as it unrolls.
#[derive(Debug, Clone)]
pub(super) struct EntryState {
    number: u16,
    entry: WorkloadEntry,
    runtime: Option<Sampler>,
    /// Index of the next submission.
    next: u64,
    /// Of a Poisson process: the time of the last submission, unrounded, so that roundings don't add up.
    clock_s: f64,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    /// From the pod's creation to RUNNING, where that was recorded.
    pub(super) start: Option<SimDuration>,
    /// From RUNNING to the end.
    pub(super) runtime: SimDuration,
    /// From the pod's deletion to its end, where that was recorded.
    pub(super) stop: Option<SimDuration>,
    /// What goes wrong, if anything does.
    pub(super) failure: Option<Failure>,
}

impl EntryState {
    pub(super) fn new(number: u16, entry: WorkloadEntry) -> Self {
        let runtime = match &entry.source {
            WorkloadSource::Synthetic { runtime, .. } => Some(Sampler::from(runtime)),
            WorkloadSource::Trace(_) => None,
        };
        let clock_s = match &entry.source {
            WorkloadSource::Synthetic { arrivals: Arrivals::Poisson { start, .. }, .. } => start.as_secs_f64(),
            _ => 0.0,
        };
        Self { number, entry, runtime, next: 0, clock_s }
    }

    /// When the next submission comes; `None` after the last. To be called once per submission.
    pub(super) fn next_time(&mut self, streams: Streams) -> Option<SimTime> {
        match &self.entry.source {
            WorkloadSource::Trace(jobs) => jobs.get(usize::try_from(self.next).ok()?).map(|job| job.submit_at),
            WorkloadSource::Synthetic { count, arrivals, .. } => {
                if self.next >= *count {
                    return None;
                }
                match arrivals {
                    Arrivals::Fixed { start, every } => {
                        Some(*start + SimDuration::from_millis(every.as_millis().saturating_mul(self.next)))
                    }
                    Arrivals::List(times) => times.get(usize::try_from(self.next).ok()?).copied(),
                    Arrivals::Poisson { mean_gap_s, .. } => {
                        let mut stream = streams.of(Purpose::Arrival, self.number.into(), self.next);
                        self.clock_s += mean_gap_s * exponential(&mut stream);
                        Some(SimTime::ZERO + SimDuration::from_secs_f64(self.clock_s))
                    }
                }
            }
        }
    }

    /// The next submission.
    pub(super) fn submit(&mut self) -> Event {
        let index = self.next;
        self.next += 1;
        let (spec, array_size) = match &self.entry.source {
            WorkloadSource::Synthetic { spec, array_size, .. } => (*spec, *array_size),
            WorkloadSource::Trace(jobs) => (jobs[usize::try_from(index).expect("within the trace")].spec, None),
        };
        Event::JobSubmitted {
            job: JobId::new(self.number, index),
            queue: self.entry.queue,
            spec,
            array_size,
            depends_on: self.entry.depends_on.iter().map(|dependency| dependency.of(index)).collect(),
            tracked: self.entry.tracked.contains(index),
        }
    }

    /// What becomes of an attempt of one of the entry's jobs: the same whatever the scheduler does.
    ///
    /// How long it runs is the job's own, the same in every attempt: if each attempt drew anew, a job that is
    /// interrupted until it draws a short run would finish sooner than its work allows.
    pub(super) fn fate(&self, job: JobRef, attempt: u8, streams: Streams) -> Fate {
        let recorded = self.entry.recorded.as_ref();
        if let Some(run) = recorded.and_then(|runs| runs.of(job.job.index(), job.child.unwrap_or(0), attempt)) {
            // The record of another attempt tells nothing of how long this one's pod takes to start and to stop.
            let own = |span: Option<SimDuration>| span.filter(|_| run.attempt == attempt);
            return Fate { start: own(run.start), runtime: run.runtime, stop: own(run.stop), failure: run.failure };
        }
        let child = u64::from(job.child.unwrap_or(0)) << 8;
        let (runtime, recorded_failure) = match &self.entry.source {
            WorkloadSource::Trace(jobs) => {
                let recorded = jobs[usize::try_from(job.job.index()).expect("within the trace")];
                (recorded.runtime, recorded.fails)
            }
            WorkloadSource::Synthetic { .. } => {
                let sampler = self.runtime.as_ref().expect("synthetic entries have one");
                (sampler.draw(&mut streams.of(Purpose::Runtime, job.job.raw(), child)), false)
            }
        };
        let failure = if recorded_failure {
            Some(Failure::ExitCode(1))
        } else {
            self.draw_failure(job, child | u64::from(attempt), streams)
        };
        Fate { start: None, runtime, stop: None, failure }
    }

    /// One draw, against the probabilities summed up: a mode that is added at the end changes no other attempt.
    fn draw_failure(&self, job: JobRef, key: u64, streams: Streams) -> Option<Failure> {
        /// 2^64: a draw is one of so many.
        const DRAWS: f64 = 18_446_744_073_709_551_616.0;
        let entry = &self.entry;
        if entry.failure_probability <= 0.0 && entry.failures.is_empty() {
            return None;
        }
        let drawn = streams.of(Purpose::Failure, job.job.raw(), key).next_u64();
        let plain = (entry.failure_probability, Failure::ExitCode(1));
        let modes = std::iter::once(plain).chain(entry.failures.iter().map(|mode| (mode.probability, mode.failure)));
        let mut sum = 0.0;
        for (probability, failure) in modes {
            sum += probability;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates at both ends")]
            let below = (sum * DRAWS) as u64;
            if sum >= 1.0 || drawn < below {
                return Some(failure);
            }
        }
        None
    }
}
