//! How long to wait before something is tried again: longer each time, never in step with others, and all together where
//! the API server takes nothing at all.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);
/// A single order's troubles must not hold up the others, an API server's must: so many faults in a row, with no success
/// in between, for each write that may be under way, are taken for the server's.
const ROWS: u32 = 2;

/// Waits that double up to a limit, each shortened by chance by up to a half.
#[derive(Debug)]
pub(super) struct Backoff {
    max: Duration,
    chance: RandomState,
    drawn: u64,
}

impl Backoff {
    pub(super) fn new(max: Duration) -> Self {
        Self { max, chance: RandomState::new(), drawn: 0 }
    }

    /// The wait after so many tries, from 1; at least what the API server asked for.
    pub(super) fn after(&mut self, tries: u32, asked: Option<Duration>) -> Duration {
        self.drawn += 1;
        let whole = FIRST.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(self.max);
        let permille = (self.chance.hash_one(self.drawn) % 1_000) as u32;
        let part = whole / 2 + whole / 2 * permille / 1_000;
        asked.map_or(part, |asked| asked + part.min(FIRST))
    }
}

/// Stops everything for a while where nothing succeeds any more, and lets a single try through then.
#[derive(Debug)]
pub(super) struct Brake {
    /// Faults since the last success.
    row: u32,
    limit: u32,
    until: Option<Instant>,
}

impl Brake {
    pub(super) fn new(in_flight_max: usize) -> Self {
        Self { row: 0, limit: u32::try_from(in_flight_max).unwrap_or(u32::MAX).saturating_mul(ROWS), until: None }
    }

    pub(super) const fn success(&mut self) {
        self.row = 0;
        self.until = None;
    }

    /// A fault that is not the order's own.
    pub(super) fn fault(&mut self, now: Instant, asked: Option<Duration>, backoff: &mut Backoff) {
        self.row = self.row.saturating_add(1);
        if self.row >= self.limit {
            self.until = Some(now + backoff.after(self.row - self.limit + 1, asked));
        }
    }

    /// How many may be under way now.
    pub(super) fn allows(&self, now: Instant, in_flight_max: usize) -> usize {
        match self.until {
            None => in_flight_max,
            Some(until) if now < until => 0,
            Some(_) => 1,
        }
    }

    /// When to look again.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit_and_differ() {
        let max = Duration::from_secs(30);
        let mut backoff = Backoff::new(max);
        for tries in 1..60 {
            let whole = (FIRST * 2_u32.pow((tries - 1).min(20))).min(max);
            let wait = backoff.after(tries, None);
            assert!(wait >= whole / 2 && wait <= whole, "{wait:?} after {tries} tries");
        }
        let waits: std::collections::BTreeSet<_> = (0..100).map(|_| backoff.after(20, None)).collect();
        assert!(waits.len() > 50, "a hundred orders that failed together must not come back together");
        let asked = Duration::from_mins(2);
        assert!((asked..asked + FIRST).contains(&backoff.after(1, Some(asked))), "the server knows better");
    }

    #[test]
    fn a_row_of_faults_stops_all_and_one_success_lets_them_go() {
        let now = Instant::now();
        let mut backoff = Backoff::new(Duration::from_secs(30));
        let mut brake = Brake::new(4);
        for _ in 0..7 {
            brake.fault(now, None, &mut backoff);
        }
        brake.success();
        for _ in 0..7 {
            brake.fault(now, None, &mut backoff);
        }
        assert_eq!(brake.allows(now, 4), 4, "a row that was broken");
        brake.fault(now, None, &mut backoff);
        assert_eq!(brake.allows(now, 4), 0);
        let until = brake.until(now).unwrap();
        assert_eq!(brake.allows(until, 4), 1);
        brake.fault(until, None, &mut backoff);
        assert_eq!(brake.allows(until, 4), 0, "the one that was let through failed");
        brake.success();
        assert_eq!((brake.allows(until, 4), brake.until(now)), (4, None));
    }
}
