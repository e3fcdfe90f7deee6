//! Writes per minute, as a bucket that leaks: no more than the limit within any minute, a second's worth of it at once.

use std::time::Duration;

use tokio::time::Instant;

/// The bucket. It holds one time: when it will be empty again.
#[derive(Debug, Clone)]
pub struct Pace {
    /// What one write adds.
    interval: Duration,
    /// How far ahead of now the bucket may be filled.
    depth: Duration,
    empty_at: Option<Instant>,
}

impl Pace {
    /// A bucket for so many writes per minute; 0 counts as 1, for a run that may write nothing is a dry run.
    pub fn per_minute(writes: u32) -> Self {
        let interval = Duration::from_mins(1) / writes.max(1);
        // What fits into a second may come at once, and the minute still adds up: a second's worth is taken off the rest.
        Self { interval, depth: Duration::from_secs(1).saturating_sub(interval), empty_at: None }
    }

    /// Takes leave for one write, or says when to ask again.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let empty_at = self.empty_at.map_or(now, |at| at.max(now));
        if empty_at.duration_since(now) > self.depth {
            return Err(empty_at.checked_sub(self.depth).unwrap_or(empty_at));
        }
        self.empty_at = Some(empty_at + self.interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes that are let through in so many seconds, by one who always wants to.
    fn eager(writes: u32, span: Duration) -> u32 {
        let start = Instant::now();
        let (mut pace, mut now, mut done) = (Pace::per_minute(writes), start, 0);
        while now < start + span {
            match pace.take(now) {
                Ok(()) => done += 1,
                Err(at) => {
                    assert!(at > now, "a time in the past would be asked for ever");
                    now = at;
                }
            }
        }
        done
    }

    #[test]
    fn the_limit_holds_and_is_used() {
        for writes in [1, 2, 30, 3_000, 60_000] {
            let minutes = eager(writes, Duration::from_mins(10));
            let burst = writes / 60;
            assert!((writes * 10..=writes * 10 + burst + 1).contains(&minutes), "{minutes} of {writes} a minute");
        }
        assert_eq!(eager(3_000, Duration::from_millis(1)), 50, "a second's worth at once");
        assert_eq!(eager(0, Duration::from_mins(2)), 2);
    }

    #[test]
    fn what_was_not_used_does_not_add_up() {
        let start = Instant::now();
        let mut pace = Pace::per_minute(60);
        pace.take(start).unwrap();
        assert_eq!(pace.take(start), Err(start + Duration::from_secs(1)));
        let later = start + Duration::from_mins(5);
        pace.take(later).unwrap();
        assert!(pace.take(later).is_err());
    }
}
