//! How long to wait before a call is tried again.

use std::time::{Duration, SystemTime};

/// The first wait: the time in which a lost connection is taken up elsewhere.
const FIRST: Duration = Duration::from_millis(250);
/// The longest: a cluster that is back should not wait for its scheduler.
const LONGEST: Duration = Duration::from_secs(8);

/// Waits that double up to a limit, each by chance up to a half shorter, so that watches that were lost together don't come
/// back together.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// It went well.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// How often it has failed since it last went well.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// It failed: how long to wait, and no less than what the server asked for.
    pub fn next(&mut self, asked: Option<Duration>, now: SystemTime) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // The last digits of the wall clock are chance enough here.
        let chance = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_micros() % 1_000;
        let wait = doubled.saturating_sub(doubled * chance / 2_000);
        asked.map_or(wait, |asked| wait.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let at = |micros| SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(None, at(0)), FIRST);
        assert_eq!(backoff.next(None, at(0)), FIRST * 2);
        assert_eq!(backoff.next(None, at(500)), FIRST * 3, "a quarter less");
        assert_eq!(backoff.next(Some(Duration::from_mins(1)), at(0)), Duration::from_mins(1), "Retry-After");
        for _ in 0..100 {
            assert!(backoff.next(None, at(0)) <= LONGEST);
        }
        assert_eq!((backoff.next(None, at(0)), backoff.failures()), (LONGEST, 105));
        backoff.reset();
        assert_eq!(backoff.next(None, at(0)), FIRST);
    }
}
