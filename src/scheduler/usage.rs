//! What a share used, fading over a window: CPU time in buckets, summed up with falling weights. Integers only.
//!
//! Source: `API:FairsharePolicy` (the window), `UG:share-identifiers` (vCPU usage over time). How usage fades within the
//! window is the assumption `fairShareDecayShape`; what a job counts the moment it starts, `fairShareStartCharge`.

use crate::model::DecayShape;
use crate::units::{SimDuration, SimTime};

/// Buckets of a window: usage moves on in steps of a window's 32nd.
const BUCKETS: usize = 32;
/// What usage of this moment weighs; older usage weighs less.
const FULL_WEIGHT: u32 = 1 << 16;
/// The 32nd part of four halvings of `FULL_WEIGHT`, to the power of one bucket: half the weight in half the window.
const EXPONENTIAL_STEP: u64 = 62_757;

/// A window over past usage: how long its buckets are and what they weigh, newest first.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// Milliseconds of a bucket; 0 where only current usage counts.
    bucket_ms: u64,
    weights: [u32; BUCKETS],
    /// What a job counts when it starts, milliseconds of its CPU.
    start_charge_ms: u64,
}

impl Window {
    pub(super) fn new(length: SimDuration, shape: DecayShape, start_charge: SimDuration) -> Self {
        let mut weights = [FULL_WEIGHT; BUCKETS];
        let mut faded = u64::from(FULL_WEIGHT);
        for (age, weight) in (0..).zip(&mut weights) {
            *weight = match shape {
                DecayShape::Box => FULL_WEIGHT,
                DecayShape::Linear => FULL_WEIGHT / 32 * (32 - age),
                DecayShape::Exponential => u32::try_from(faded).expect("it only falls"),
            };
            faded = (faded * EXPONENTIAL_STEP) >> 16;
        }
        let buckets = BUCKETS as u64;
        let bucket_ms = length.as_millis().div_ceil(buckets);
        Self { bucket_ms, weights, start_charge_ms: start_charge.as_millis() }
    }

    /// How long usage counts.
    pub(super) fn length(&self) -> SimDuration {
        SimDuration::from_millis(self.bucket_ms * BUCKETS as u64)
    }
}

/// The usage of one share.
#[derive(Debug, Clone)]
pub(super) struct Usage {
    /// CPU of its jobs in STARTING and RUNNING, thousandths of a vCPU.
    cpu: u64,
    /// Until when usage was entered.
    entered_until: SimTime,
    /// Number of the newest bucket since time zero.
    newest: u64,
    /// CPU milliseconds by bucket, in thousandths.
    buckets: [u64; BUCKETS],
    /// The weighted sum over all buckets but the newest.
    older: u128,
}

impl Usage {
    pub(super) const fn new() -> Self {
        Self { cpu: 0, entered_until: SimTime::ZERO, newest: 0, buckets: [0; BUCKETS], older: 0 }
    }

    /// The same usage under another window: what counted so far is as of now.
    pub(super) fn moved(&self, to: &Window) -> Self {
        let newest = self.entered_until.as_millis().checked_div(to.bucket_ms).unwrap_or(0);
        let mut moved = Self { newest, buckets: [0; BUCKETS], older: 0, ..self.clone() };
        moved.buckets[slot(newest)] = self.buckets.iter().sum();
        moved
    }

    /// CPU of its jobs in STARTING and RUNNING, thousandths of a vCPU.
    pub(super) const fn cpu(&self) -> u64 {
        self.cpu
    }

    /// A job starts.
    pub(super) fn start(&mut self, cpu: u64, now: SimTime, window: &Window) {
        self.enter(now, window);
        self.cpu += cpu;
    }

    /// A job's attempt ended.
    pub(super) fn stop(&mut self, cpu: u64, now: SimTime, window: &Window) {
        self.enter(now, window);
        self.cpu -= cpu;
    }

    /// What counts of it now: comparable between shares of one window.
    pub(super) fn score(&mut self, now: SimTime, window: &Window) -> u128 {
        self.enter(now, window);
        let newest = if window.bucket_ms == 0 { 0 } else { self.buckets[slot(self.newest)] };
        // With neither a window nor a charge, what runs now still tells shares apart.
        let charge = if window.bucket_ms == 0 { window.start_charge_ms.max(1) } else { window.start_charge_ms };
        let current = u128::from(newest) + u128::from(self.cpu) * u128::from(charge);
        self.older + current * u128::from(window.weights[0])
    }

    /// Enters usage up to now.
    fn enter(&mut self, now: SimTime, window: &Window) {
        let (from, until) = (self.entered_until.as_millis(), now.as_millis());
        self.entered_until = self.entered_until.max(now);
        let Some(bucket) = until.checked_div(window.bucket_ms).filter(|_| until > from) else { return };
        if bucket > self.newest {
            self.turn_to(bucket, from, window);
        }
        self.buckets[slot(bucket)] += self.cpu * (until - from.max(bucket * window.bucket_ms));
    }

    /// Completes the newest bucket and those between, and goes on to `bucket`.
    fn turn_to(&mut self, bucket: u64, from: u64, window: &Window) {
        let oldest = bucket.saturating_sub(BUCKETS as u64 - 1);
        for number in (self.newest + 1).max(oldest)..=bucket {
            self.buckets[slot(number)] = 0;
        }
        for number in self.newest.max(oldest)..bucket {
            let (begin, end) = (number * window.bucket_ms, (number + 1) * window.bucket_ms);
            self.buckets[slot(number)] += self.cpu * (end - from.max(begin));
        }
        self.newest = bucket;
        let ages = (1..BUCKETS as u64).take_while(|&age| age <= bucket).zip(&window.weights[1..]);
        self.older = ages.map(|(age, &weight)| u128::from(self.buckets[slot(bucket - age)]) * u128::from(weight)).sum();
    }
}

/// Where the bucket of a number lies.
#[expect(clippy::cast_possible_truncation, reason = "a remainder below the number of buckets")]
const fn slot(bucket: u64) -> usize {
    (bucket % BUCKETS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(shape: DecayShape, charge: u64) -> Window {
        // 32 buckets of a second.
        Window::new(SimDuration::from_secs(32), shape, SimDuration::from_secs(charge))
    }

    fn at(secs: u64) -> SimTime {
        SimTime::from_millis(secs * 1_000)
    }

    /// A second of a vCPU's use that counts in full.
    const SECOND: u128 = 1_000 * 1_000 * FULL_WEIGHT as u128;

    #[test]
    fn usage_adds_up_and_leaves_the_window() {
        let window = window(DecayShape::Box, 0);
        let mut usage = Usage::new();
        usage.start(1_000, at(3), &window);
        assert_eq!(usage.score(at(10), &window), 7 * SECOND);
        usage.stop(1_000, at(20), &window);
        assert_eq!(usage.score(at(30), &window), 17 * SECOND);
        assert_eq!(usage.score(at(40), &window), 11 * SECOND, "what was used before the ninth second is over");
        assert_eq!(usage.score(at(52), &window), 0);
        usage.start(1_000, at(500), &window);
        assert_eq!(usage.score(at(600), &window), 31 * SECOND, "a gap longer than the window");
    }

    #[test]
    fn shapes_fade_as_they_say() {
        for (shape, share) in [(DecayShape::Linear, 50), (DecayShape::Exponential, 50), (DecayShape::Box, 100)] {
            let window = window(shape, 0);
            let mut usage = Usage::new();
            usage.start(1_000, at(0), &window);
            usage.stop(1_000, at(1), &window);
            let percent = usage.score(at(16), &window) * 100 / SECOND;
            assert!(percent.abs_diff(share) <= 1, "{shape:?}: {percent} % after half the window");
        }
    }

    #[test]
    fn a_start_counts_at_once() {
        let window = window(DecayShape::Linear, 60);
        let mut usage = Usage::new();
        usage.start(2_000, at(5), &window);
        assert_eq!(usage.score(at(5), &window), 120 * SECOND);
        let current = Window::new(SimDuration::ZERO, DecayShape::Linear, SimDuration::ZERO);
        assert!(usage.score(at(9), &current) > 0, "without window and charge, what runs counts");
    }
}
