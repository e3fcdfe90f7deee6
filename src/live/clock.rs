//! The run's time on a wall clock: milliseconds since the run began, faster where a test wants it.

use std::time::{Duration, Instant, SystemTime};

use crate::units::SimTime;

/// Maps the wall clock to the run's time. A run that is resumed keeps its beginning; while a program goes on, its time
/// follows a clock that nobody sets.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// The run's time when this program began.
    began: SimTime,
    began_at: Instant,
    /// Seconds of the run in a second of the wall.
    speed: f64,
}

impl Clock {
    /// A clock of a run that began at `began_at`, `speed` times as fast as the wall's; it never says less than `floor`, what
    /// the run had already seen, even if the wall clock was set back since.
    ///
    /// # Panics
    /// If `speed` is not a positive number.
    pub fn new(began_at: SystemTime, speed: f64, floor: SimTime) -> Self {
        Self::at(wall(), began_at, speed, floor)
    }

    fn at(wall: SystemTime, began_at: SystemTime, speed: f64, floor: SimTime) -> Self {
        assert!(speed.is_finite() && speed > 0.0, "a clock's speed is a positive number, not {speed}");
        let since = wall.duration_since(began_at).unwrap_or_default();
        Self { began: SimTime::from_millis(millis(since.mul_f64(speed))).max(floor), began_at: instant(), speed }
    }

    /// Now.
    pub fn now(&self) -> SimTime {
        self.after(instant().duration_since(self.began_at))
    }

    /// The run's time so long after this program began.
    fn after(&self, elapsed: Duration) -> SimTime {
        SimTime::from_millis(self.began.as_millis() + millis(elapsed.mul_f64(self.speed)))
    }

    /// How long to wait, by the wall, until a time of the run; zero if it has come.
    pub fn until(&self, at: SimTime) -> Duration {
        self.wait_from(at, instant().duration_since(self.began_at))
    }

    fn wait_from(&self, at: SimTime, elapsed: Duration) -> Duration {
        let ahead = at.max(self.began).since(self.began);
        let due = Duration::try_from_secs_f64(ahead.as_secs_f64() / self.speed).unwrap_or(Duration::MAX);
        due.saturating_sub(elapsed)
    }

    /// How long a span of the run is by the wall.
    pub fn wall_span(&self, span: crate::units::SimDuration) -> Duration {
        Duration::try_from_secs_f64(span.as_secs_f64() / self.speed).unwrap_or(Duration::MAX)
    }
}

/// The wall clock. A live run is the one kind of run that happens at a time of day.
#[expect(clippy::disallowed_methods, reason = "the world is real, and so is its time")]
pub fn wall() -> SystemTime {
    SystemTime::now()
}

#[expect(clippy::disallowed_methods, reason = "the world is real, and so is its time")]
fn instant() -> Instant {
    Instant::now()
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
        let seconds = Duration::from_secs;
        let clock = Clock::at(began + seconds(2), began, 60.0, SimTime::ZERO);
        assert_eq!(clock.after(Duration::ZERO), SimTime::from_millis(120_000));
        assert_eq!(clock.after(seconds(3)), SimTime::from_millis(300_000));
        assert_eq!(clock.wait_from(SimTime::from_millis(180_000), Duration::ZERO), seconds(1));
        assert_eq!(clock.wait_from(SimTime::from_millis(60_000), Duration::ZERO), Duration::ZERO);
        assert!(clock.wait_from(SimTime::MAX, seconds(2)) > Duration::from_hours(24 * 365 * 1_000));
        let set_back = Clock::at(began, began + seconds(5), 60.0, SimTime::from_millis(300_000));
        assert_eq!(set_back.after(Duration::ZERO), SimTime::from_millis(300_000), "a wall clock set back");
    }
}
