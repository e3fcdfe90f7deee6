//! The run over time, in a bounded number of bins: when they are full, their width doubles and neighbours merge. Each
//! bin holds the exact time average of each level. Knows levels and time, not where they come from.

use serde::{Deserialize, Serialize};

use crate::units::SimTime;

const BINS: usize = 512;
const FIRST_WIDTH_MS: u64 = 1_000;
const LEVELS: usize = 7;

/// What is drawn over time: levels that hold between steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Levels {
    /// CPU that jobs without a pod ask for (SUBMITTED or RUNNABLE), milli-CPU.
    pub demand_mcpu: u64,
    /// All vCPUs of nodes, milli-CPU.
    pub launched_mcpu: u64,
    /// Requests of pods STARTING or RUNNING, milli-CPU.
    pub requested_mcpu: u64,
    /// Jobs without a pod.
    pub waiting_jobs: u64,
    /// Jobs RUNNING.
    pub running_jobs: u64,
    /// Nodes.
    pub nodes: u64,
    /// Price of all instances, micro-dollars per hour.
    pub cost_rate: u64,
}

impl Levels {
    const fn values(&self) -> [u64; LEVELS] {
        [
            self.demand_mcpu,
            self.launched_mcpu,
            self.requested_mcpu,
            self.waiting_jobs,
            self.running_jobs,
            self.nodes,
            self.cost_rate,
        ]
    }
}

/// One bin: averages from `start_s` to `end_s`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TimelineRow {
    /// Beginning, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// vCPUs that jobs without a pod ask for.
    pub demand_vcpus: f64,
    /// vCPUs of all nodes.
    pub launched_vcpus: f64,
    /// vCPUs that pods STARTING or RUNNING request.
    pub requested_vcpus: f64,
    /// Jobs without a pod.
    pub waiting_jobs: f64,
    /// Jobs RUNNING.
    pub running_jobs: f64,
    /// Nodes.
    pub nodes: f64,
    /// Price of all instances, USD per hour.
    pub cost_usd_per_hour: f64,
}

/// Integrals of the levels by bin.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    width_ms: u64,
    /// End of the last bin.
    bin_end_ms: u64,
    /// Of full bins; the last one is still filling.
    bins: Vec<[u128; LEVELS]>,
    now_ms: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        let mut bins = Vec::with_capacity(BINS);
        bins.push([0; LEVELS]);
        Self { width_ms: FIRST_WIDTH_MS, bin_end_ms: FIRST_WIDTH_MS, bins, now_ms: 0 }
    }
}

impl Timeline {
    /// The levels held from the last call until `now`.
    pub(super) fn advance(&mut self, now: SimTime, levels: &Levels) {
        let now_ms = now.as_millis();
        if now_ms <= self.now_ms {
            return;
        }
        let values = levels.values();
        loop {
            let until = now_ms.min(self.bin_end_ms);
            let span = u128::from(until - self.now_ms);
            let bin = self.bins.last_mut().expect("there is always a bin");
            for (integral, value) in bin.iter_mut().zip(values) {
                *integral += u128::from(value) * span;
            }
            self.now_ms = until;
            if until == now_ms {
                return;
            }
            self.open_next_bin();
        }
    }

    fn open_next_bin(&mut self) {
        if self.bins.len() == BINS {
            for pair in 0..BINS / 2 {
                let (first, second) = (self.bins[2 * pair], self.bins[2 * pair + 1]);
                self.bins[pair] = std::array::from_fn(|level| first[level] + second[level]);
            }
            self.bins.truncate(BINS / 2);
            self.width_ms *= 2;
        }
        self.bins.push([0; LEVELS]);
        self.bin_end_ms = self.width_ms.saturating_mul(self.bins.len() as u64);
    }

    /// The bins up to the last call's time; the last one may be shorter than the others.
    pub(super) fn rows(&self) -> Vec<TimelineRow> {
        let mut rows = Vec::with_capacity(self.bins.len());
        for (index, bin) in self.bins.iter().enumerate() {
            let start = self.width_ms * index as u64;
            let end = (start + self.width_ms).min(self.now_ms);
            if end <= start {
                break;
            }
            let mean = |level: usize, unit: u128| {
                // Rounded in integers to a thousandth of the unit shown: bytes that don't hang on float formatting.
                #[expect(clippy::cast_precision_loss, reason = "a figure for display")]
                let thousandths = (bin[level] * 1_000 / unit / u128::from(end - start)) as f64;
                thousandths / 1e3
            };
            rows.push(TimelineRow {
                start_s: SimTime::from_millis(start).as_secs_f64(),
                end_s: SimTime::from_millis(end).as_secs_f64(),
                demand_vcpus: mean(0, 1_000),
                launched_vcpus: mean(1, 1_000),
                requested_vcpus: mean(2, 1_000),
                waiting_jobs: mean(3, 1),
                running_jobs: mean(4, 1),
                nodes: mean(5, 1),
                cost_usd_per_hour: mean(6, 1_000_000),
            });
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(nodes: u64) -> Levels {
        Levels { nodes, launched_mcpu: nodes * 4_000, ..Levels::default() }
    }

    #[test]
    fn a_bin_holds_the_average_of_its_steps() {
        let mut timeline = Timeline::default();
        timeline.advance(SimTime::from_millis(250), &nodes(0));
        timeline.advance(SimTime::from_millis(1_500), &nodes(2));
        timeline.advance(SimTime::from_millis(1_500), &nodes(9));
        let rows = timeline.rows();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].nodes, rows[0].launched_vcpus), (1.5, 6.0));
        assert_eq!((rows[1].start_s, rows[1].end_s, rows[1].nodes), (1.0, 1.5, 2.0));
    }

    #[test]
    fn bins_double_and_keep_what_they_hold() {
        let mut timeline = Timeline::default();
        timeline.advance(SimTime::from_millis(10_000), &nodes(4));
        timeline.advance(SimTime::from_millis(100 * 3_600_000), &nodes(1));
        let rows = timeline.rows();
        // 360,000 s need bins of 1024 s: 351 full ones and a shorter last one.
        assert_eq!(rows.len(), 352);
        assert_eq!((rows[0].end_s, rows[351].end_s), (1_024.0, 360_000.0));
        let mean = (10.0 * 4.0 + 1_014.0) / 1_024.0;
        assert!((rows[0].nodes - mean).abs() < 1e-3);
        assert!(rows[1..].iter().all(|row| (row.nodes - 1.0).abs() < 1e-9));
    }

    #[test]
    fn an_end_on_a_bins_edge_leaves_no_empty_row() {
        let mut timeline = Timeline::default();
        timeline.advance(SimTime::from_millis(512_000), &nodes(1));
        assert_eq!(timeline.rows().len(), 512);
        timeline.advance(SimTime::from_millis(512_001), &nodes(1));
        assert_eq!(timeline.rows().len(), 257);
        assert_eq!(Timeline::default().rows(), Vec::new());
    }
}
