//! The observation window: with a warm-up, what counts begins anew at its end. State goes on (nodes live, jobs wait, pods
//! hold their CPU), sums start from nothing.
//!
//! Money of a node that lives through the warm-up's end: its meter is read then, and the window pays from there on. What
//! EC2 rounds up, to whole seconds and a minute at least, is paid at the end of a node's life, and so falls where that
//! lies. A Spot instance that is reclaimed within its first hour costs the window nothing, whenever it was launched.
//!
//! Waits are kept by time of submission, not of ending, in a bounded number of bins, so that a mean can be had with its
//! interval. Knows nothing of how the length of a warm-up is chosen.

use crate::metrics::fold::Metrics;
use crate::metrics::jobs::Jobs;
use crate::metrics::steady::Window;
use crate::scheduler::JobEnd;
use crate::units::{SimDuration, SimTime};

const BINS: usize = 512;
const FIRST_WIDTH_MS: u64 = 1_000;

/// Jobs of one span of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitBin {
    /// Jobs submitted in it that ran and ended.
    pub jobs: u64,
    /// Their waits from submission to the first RUNNING, added up.
    pub wait_ms: u128,
}

/// What a judgement of the steady state needs beside the summary and the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flow {
    /// When the last job was submitted.
    pub last_submission: Option<SimTime>,
    /// Width of the bins.
    pub width: SimDuration,
    /// From the warm-up's end on; empty without a warm-up.
    pub waits: Vec<WaitBin>,
}

/// Where counting begins, and the waits from there on.
#[derive(Debug, Clone)]
pub(super) struct Counting {
    /// The warm-up's end.
    from: SimTime,
    /// The same while it lies ahead; else later than every step.
    due: SimTime,
    waits: Option<Waits>,
}

impl Default for Counting {
    fn default() -> Self {
        Self { from: SimTime::ZERO, due: SimTime::MAX, waits: None }
    }
}

impl Counting {
    /// Whether the warm-up ends before anything more happens at `now`.
    pub(super) fn is_due(&self, now: SimTime) -> bool {
        now >= self.due
    }

    /// Whether a job or node counts that was submitted, or ended, at this time.
    pub(super) fn counts(&self, at: SimTime) -> bool {
        at >= self.from
    }

    /// A time, or the warm-up's end if that is later.
    pub(super) fn clip(&self, at: SimTime) -> SimTime {
        at.max(self.from)
    }

    /// A job of the window ended.
    pub(super) fn ended(&mut self, end: &JobEnd) {
        if let (Some(waits), Some(running)) = (&mut self.waits, end.first_running_at) {
            waits.record(end.submitted_at.since(self.from), running.since(end.submitted_at));
        }
    }

    /// The window of a run that ends at `end`; `None` if there is no warm-up.
    pub(super) fn window(&self, end: SimTime) -> Option<Window> {
        self.waits.as_ref()?;
        Some(Window { from_s: self.from.as_secs_f64(), until_s: end.as_secs_f64() })
    }

    /// The span that is counted in a run that ends at `end`.
    pub(super) fn span(&self, end: SimTime) -> SimDuration {
        end.since(self.from)
    }

    pub(super) fn flow(&self, last_submission: Option<SimTime>) -> Flow {
        let waits = self.waits.as_ref();
        Flow {
            last_submission,
            width: SimDuration::from_millis(waits.map_or(0, |waits| waits.width_ms)),
            waits: waits.map_or_else(Vec::new, |waits| waits.bins.clone()),
        }
    }
}

impl Metrics {
    /// Leaves out what happens before `until`. See [`Window`] for what that means to each key; `jobs.csv` and `nodes.csv`
    /// have the jobs submitted and the nodes alive from then on, with what these cost from then on.
    #[must_use]
    pub fn with_warmup(mut self, until: SimTime) -> Self {
        self.counting = Counting { from: until, due: until, waits: Some(Waits::default()) };
        self
    }

    /// The warm-up is over: nothing has changed since the last step, so everything can be read as of its end.
    pub(super) fn begin_window(&mut self) {
        let now = self.counting.from;
        self.counting.due = SimTime::MAX;
        let last_submit = self.jobs.last_submit;
        self.kinds.clear();
        self.jobs = Jobs { last_submit, ..Jobs::new(self.names.job_queues.len()) };
        self.blocked.begin_window(now);
        self.nodes.begin_window(now, &self.levels);
    }
}

/// Waits by time of submission. When the bins are full, their width doubles and neighbours merge.
#[derive(Debug, Clone)]
struct Waits {
    width_ms: u64,
    bins: Vec<WaitBin>,
}

impl Default for Waits {
    fn default() -> Self {
        Self { width_ms: FIRST_WIDTH_MS, bins: Vec::new() }
    }
}

impl Waits {
    /// A job submitted so long after the window's beginning waited for so long.
    fn record(&mut self, after: SimDuration, wait: SimDuration) {
        while after.as_millis() / self.width_ms >= BINS as u64 {
            self.widen();
        }
        let bin = usize::try_from(after.as_millis() / self.width_ms).expect("below the number of bins");
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, WaitBin::default());
        }
        self.bins[bin].jobs += 1;
        self.bins[bin].wait_ms += u128::from(wait.as_millis());
    }

    fn widen(&mut self) {
        self.width_ms *= 2;
        let merged = self.bins.chunks(2).map(|pair| WaitBin {
            jobs: pair.iter().map(|bin| bin.jobs).sum(),
            wait_ms: pair.iter().map(|bin| bin.wait_ms).sum(),
        });
        self.bins = merged.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_with_the_time_of_their_submission() {
        let secs = SimDuration::from_secs;
        let mut waits = Waits::default();
        // In order of ending: the first submitted ends last.
        for (after, wait) in [(511, 5), (1, 7), (0, 1), (1_500, 3)] {
            waits.record(secs(after), secs(wait));
        }
        assert_eq!(waits.width_ms, 4_000);
        assert_eq!(waits.bins.len(), 376);
        assert_eq!(waits.bins[0], WaitBin { jobs: 2, wait_ms: 8_000 });
        assert_eq!(waits.bins[127], WaitBin { jobs: 1, wait_ms: 5_000 });
        assert_eq!(waits.bins[375], WaitBin { jobs: 1, wait_ms: 3_000 });
        assert_eq!(waits.bins.iter().map(|bin| bin.jobs).sum::<u64>(), 4);
    }
}
