//! Keyed random streams: what a draw is for decides what it gives, not when it is drawn.
//!
//! Two runs under one seed then meet the same jobs and the same Spot weather, whatever their schedulers do, and may be
//! compared pair by pair (common random numbers). The generator is xoshiro256++, whose output its crate promises stable.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of random numbers for one purpose.
pub(super) type Stream = Xoshiro256PlusPlus;

/// What a stream is for. The numbers are part of the results' definition: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum Purpose {
    /// The gap before the n-th submission of a workload entry.
    Arrival = 1,
    /// How long a job runs.
    Runtime = 2,
    /// A pod's start, by job and attempt.
    PodStart = 3,
    /// EC2's answer to the n-th request of an environment.
    Request = 4,
    /// The n-th instance of a pool: its start, whether it joins, how long EC2 leaves it, its end.
    Instance = 5,
    /// A pool's depth, by hour.
    Depth = 6,
    /// Whether a pool has anything to give, by span of three minutes.
    Shortage = 7,
    /// A pool's n-th Spot price and when it changes.
    Price = 8,
    /// A pool's n-th wave of reclaims, or turn in a harsh market.
    Wave = 9,
    /// Whether a wave takes an instance.
    WaveVictim = 10,
    /// Whether an attempt fails.
    Failure = 11,
    /// The n-th trajectory of a screening through the assumptions.
    Design = 12,
    /// Who goes when a pool shrinks that was recorded.
    Shrinkage = 13,
}

/// All streams of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    seed: u64,
}

impl Streams {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream for a purpose and the thing it concerns.
    pub(super) fn of(self, purpose: Purpose, a: u64, b: u64) -> Stream {
        let key = [purpose as u64, a, b].into_iter().fold(mix(self.seed), |key, part| mix(key ^ mix(part)));
        Stream::seed_from_u64(key)
    }
}

/// Random numbers for the design of an experiment, whose runs are seeded apart: the same for a seed and a part of the design.
pub fn design_numbers(seed: u64, part: u64) -> impl Iterator<Item = u64> {
    let mut stream = Streams::new(seed).of(Purpose::Design, part, 0);
    std::iter::repeat_with(move || stream.next_u64())
}

/// `SplitMix64`'s step: a bijection that turns neighbouring numbers into unrelated ones.
const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_what_it_is_for() {
        let draw = |seed, purpose, a, b| Streams::new(seed).of(purpose, a, b).next_u64();
        let base = draw(1, Purpose::Runtime, 7, 1);
        assert_eq!(base, draw(1, Purpose::Runtime, 7, 1));
        for other in
            [draw(2, Purpose::Runtime, 7, 1), draw(1, Purpose::PodStart, 7, 1), draw(1, Purpose::Runtime, 1, 7)]
        {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn the_streams_are_part_of_the_results_definition() {
        assert_eq!(Streams::new(1).of(Purpose::Arrival, 0, 0).next_u64(), 9_579_327_875_526_494_010);
    }
}
