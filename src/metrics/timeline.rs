//! The run over time: in each bin of time, the exact average of each level and how often some things happened. Knows
//! levels and time, not where they come from.

use serde::{Deserialize, Serialize};

use crate::metrics::bins::{Bins, mean};
use crate::units::SimTime;

const LEVELS: usize = 7;
const COUNTS: usize = 3;

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

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// EC2 took an instance back.
    Interruption,
    /// An attempt ended with its node.
    InterruptedAttempt,
    /// A job was RUNNABLE again after an attempt.
    Retry,
}

/// One bin: averages from `start_s` to `end_s`, and counts.
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
    /// Spot instances that EC2 took back: a count, as are the next two.
    pub interruptions: u64,
    /// Attempts whose node went away.
    pub interrupted_attempts: u64,
    /// Attempts after which the job was RUNNABLE again.
    pub retries: u64,
}

/// Integrals of the levels, and counts, by bin.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    bins: Bins<{ LEVELS + COUNTS }>,
}

impl Timeline {
    /// The levels held from the last call until `now`.
    pub(super) fn advance(&mut self, now: SimTime, levels: &Levels) {
        self.bins.advance(now, levels.values());
    }

    /// It happened at the time of the last call of `advance`.
    pub(super) fn count(&mut self, what: Happened) {
        self.bins.last()[LEVELS + what as usize] += 1;
    }

    /// The bins up to the last call's time; the last one may be shorter than the others.
    pub(super) fn rows(&self) -> Vec<TimelineRow> {
        let rows = self.bins.rows().map(|(start, end, sums)| {
            let mean = |level: usize, unit: u128| mean(sums[level], unit, (start, end));
            let count = |what: Happened| u64::try_from(sums[LEVELS + what as usize]).unwrap_or(u64::MAX);
            TimelineRow {
                start_s: start.as_secs_f64(),
                end_s: end.as_secs_f64(),
                demand_vcpus: mean(0, 1_000),
                launched_vcpus: mean(1, 1_000),
                requested_vcpus: mean(2, 1_000),
                waiting_jobs: mean(3, 1),
                running_jobs: mean(4, 1),
                nodes: mean(5, 1),
                cost_usd_per_hour: mean(6, 1_000_000),
                interruptions: count(Happened::Interruption),
                interrupted_attempts: count(Happened::InterruptedAttempt),
                retries: count(Happened::Retry),
            }
        });
        rows.collect()
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

    #[test]
    fn counts_add_up_however_wide_the_bins_are() {
        let mut timeline = Timeline::default();
        for second in 1..2_000 {
            timeline.advance(SimTime::from_millis(second * 1_000), &nodes(1));
            timeline.count(Happened::Retry);
        }
        timeline.count(Happened::Interruption);
        let rows = timeline.rows();
        assert_eq!(rows.iter().map(|row| row.retries).sum::<u64>(), 1_999);
        assert_eq!((rows[0].retries, rows.last().unwrap().interruptions), (4, 1));
    }
}
