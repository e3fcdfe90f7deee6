//! Sums over time in a bounded number of bins: when they are full, their width doubles and neighbours merge. What is
//! summed (a level times how long it held, or a count) is the caller's business; the sums stay exact.

use crate::units::SimTime;

const BINS: usize = 512;
const FIRST_WIDTH_MS: u64 = 1_000;

/// `N` sums per bin. Two sets of bins that end at the same time have bins of the same width.
#[derive(Debug, Clone)]
pub(super) struct Bins<const N: usize> {
    width_ms: u64,
    /// Of full bins; the last one is still filling.
    sums: Vec<[u128; N]>,
    /// End of the last bin.
    bin_end_ms: u64,
    now_ms: u64,
}

impl<const N: usize> Default for Bins<N> {
    fn default() -> Self {
        let mut sums = Vec::with_capacity(BINS);
        sums.push([0; N]);
        Self { width_ms: FIRST_WIDTH_MS, sums, bin_end_ms: FIRST_WIDTH_MS, now_ms: 0 }
    }
}

impl<const N: usize> Bins<N> {
    /// Levels that held from the last call until `now`: each sum grows by its level times the milliseconds. Sums without
    /// a level stay.
    pub(super) fn advance<const LEVELS: usize>(&mut self, now: SimTime, levels: [u64; LEVELS]) {
        let now_ms = now.as_millis();
        if now_ms <= self.now_ms {
            return;
        }
        loop {
            let until = now_ms.min(self.bin_end_ms);
            let span = u128::from(until - self.now_ms);
            for (sum, level) in self.last().iter_mut().zip(levels) {
                *sum += u128::from(level) * span;
            }
            self.now_ms = until;
            if until == now_ms {
                return;
            }
            self.open_next_bin();
        }
    }

    /// A level that held from `from` to `to`, both in the past or later than all before.
    pub(super) fn add(&mut self, (from, to): (SimTime, SimTime), level: u64) {
        self.advance(to, [0; N]);
        let (mut from, to) = (from.as_millis(), to.as_millis());
        while from < to {
            let index = usize::try_from(from / self.width_ms).unwrap_or(usize::MAX).min(self.sums.len() - 1);
            let until = to.min(self.width_ms.saturating_mul(index as u64 + 1)).max(from + 1);
            self.sums[index][0] += u128::from(level) * u128::from(until - from);
            from = until;
        }
    }

    /// The bin that is filling.
    pub(super) fn last(&mut self) -> &mut [u128; N] {
        self.sums.last_mut().expect("there is always a bin")
    }

    fn open_next_bin(&mut self) {
        if self.sums.len() == BINS {
            for pair in 0..BINS / 2 {
                let (first, second) = (self.sums[2 * pair], self.sums[2 * pair + 1]);
                self.sums[pair] = std::array::from_fn(|sum| first[sum] + second[sum]);
            }
            self.sums.truncate(BINS / 2);
            self.width_ms *= 2;
        }
        self.sums.push([0; N]);
        self.bin_end_ms = self.width_ms.saturating_mul(self.sums.len() as u64);
    }

    /// Beginning, end and sums of each bin up to the last call's time; the last one may be shorter than the others.
    pub(super) fn rows(&self) -> impl Iterator<Item = (SimTime, SimTime, &[u128; N])> {
        let spans = self.sums.iter().enumerate().map(|(index, bin)| {
            let start = self.width_ms * index as u64;
            (start, (start + self.width_ms).min(self.now_ms), bin)
        });
        let spans = spans.take_while(|(start, end, _)| end > start);
        spans.map(|(start, end, bin)| (SimTime::from_millis(start), SimTime::from_millis(end), bin))
    }
}

/// The level that held on average, from its sum: rounded in integers to a thousandth of `unit`, so that bytes don't hang
/// on float formatting.
pub(super) fn mean(sum: u128, unit: u128, (start, end): (SimTime, SimTime)) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for display")]
    let thousandths = (sum * 1_000 / unit / u128::from(end.since(start).as_millis())) as f64;
    thousandths / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> SimTime {
        SimTime::from_millis(secs * 1_000)
    }

    #[test]
    fn a_span_told_late_is_as_one_that_was_watched() {
        let (mut watched, mut told) = (Bins::<1>::default(), Bins::<1>::default());
        watched.advance(at(700), [0]);
        watched.advance(at(1_900), [3]);
        watched.advance(at(5_000), [0]);
        told.advance(at(5_000), [0]);
        told.add((at(700), at(1_900)), 3);
        assert!(watched.rows().eq(told.rows()));
        told.add((at(5_000), at(6_000)), 1);
        assert_eq!(told.rows().map(|(.., sums)| sums[0]).sum::<u128>(), 3 * 1_200_000 + 1_000_000);
    }
}
