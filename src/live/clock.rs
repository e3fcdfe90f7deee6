//! The run's time on a wall clock: milliseconds since the run began, faster where a test wants it.

use std::time::{Duration, SystemTime};

use crate::units::SimTime;

/// Maps the wall clock to the run's time. A run that is resumed keeps its beginning, so its time never goes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    began_at: SystemTime,
    /// Seconds of the run in a second of the wall.
    speed: f64,
    /// What the run had already seen when it was resumed: a wall clock that was set back meanwhile can't undo it.
    floor: SimTime,
}

impl Clock {
    /// A clock of a run that began at `began_at`, `speed` times as fast as the wall's.
    ///
    /// # Panics
    /// If `speed` is not a positive number.
    pub fn new(began_at: SystemTime, speed: f64) -> Self {
        assert!(speed.is_finite() && speed > 0.0, "a clock's speed is a positive number, not {speed}");
        Self { began_at, speed, floor: SimTime::ZERO }
    }

    /// The same clock, which never says less than `floor`.
    #[must_use]
    pub const fn not_before(self, floor: SimTime) -> Self {
        Self { floor, ..self }
    }

    /// Now.
    pub fn now(&self) -> SimTime {
        self.at(wall())
    }

    /// The run's time at a time of the wall.
    pub fn at(&self, wall: SystemTime) -> SimTime {
        let since = wall.duration_since(self.began_at).unwrap_or_default();
        SimTime::from_millis(millis(since.mul_f64(self.speed))).max(self.floor)
    }

    /// How long to wait, by the wall, until a time of the run; zero if it has come.
    pub fn until(&self, at: SimTime) -> Duration {
        self.until_from(at, wall())
    }

    fn until_from(&self, at: SimTime, wall: SystemTime) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a run's milliseconds are far below 2^52")]
        let due = Duration::try_from_secs_f64(at.as_millis() as f64 / 1_000.0 / self.speed);
        let since = wall.duration_since(self.began_at).unwrap_or_default();
        due.map_or(Duration::MAX, |due| due.saturating_sub(since))
    }
}

/// The wall clock. A live run is the one kind of run that happens at a time of day.
#[expect(clippy::disallowed_methods, reason = "the world is real, and so is its time")]
pub fn wall() -> SystemTime {
    SystemTime::now()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_gains_and_never_goes_back() {
        let began = SystemTime::UNIX_EPOCH;
        let after = |seconds| began + Duration::from_secs(seconds);
        let clock = Clock::new(began, 60.0);
        assert_eq!(clock.at(after(2)), SimTime::from_millis(120_000));
        assert_eq!(clock.until_from(SimTime::from_millis(180_000), after(2)), Duration::from_secs(1));
        assert_eq!(clock.until_from(SimTime::from_millis(60_000), after(2)), Duration::ZERO);
        assert_eq!(clock.at(began - Duration::from_secs(5)), SimTime::ZERO, "a wall clock set back");
        let resumed = clock.not_before(SimTime::from_millis(300_000));
        assert_eq!(resumed.at(after(2)), SimTime::from_millis(300_000));
        assert!(clock.until_from(SimTime::MAX, after(2)) > Duration::from_hours(24 * 365 * 1_000));
    }
}
