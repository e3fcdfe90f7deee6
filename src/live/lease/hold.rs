//! The right to write, as writers see it: until when it lasts, by this process's own clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Until when this process may write. Clones see every renewal.
#[derive(Debug, Clone)]
pub struct Hold {
    began: Instant,
    /// Milliseconds from the beginning.
    until: Arc<AtomicU64>,
}

impl Hold {
    /// A right that lasts until then.
    pub fn new(until: Instant) -> Self {
        let hold = Self { began: Instant::now(), until: Arc::new(AtomicU64::new(0)) };
        hold.set(until);
        hold
    }

    /// Whether it lasts at this time.
    pub fn holds(&self, now: Instant) -> bool {
        now < self.until()
    }

    /// When it ends, unless it is renewed before.
    pub fn until(&self) -> Instant {
        self.began + Duration::from_millis(self.until.load(Ordering::Acquire))
    }

    /// What to say when it is over.
    pub fn lost(&self) -> String {
        "the lease on the run's environments is lost: it was not renewed in time, or another instance took it. Nothing \
         more is written; start again to go on where the journal ends"
            .to_owned()
    }

    pub(super) fn set(&self, until: Instant) {
        let millis = until.saturating_duration_since(self.began).as_millis();
        self.until.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.until.store(0, Ordering::Release);
    }
}
