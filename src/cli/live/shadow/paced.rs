//! The simulated world at a pace of its own or by a clock, and fed from outside: a driver around a driver. Knows no cluster.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::live::shadow::behaviours::Behaviours;
use crate::driver::{Driver, DriverError};
use crate::journal::Named;
use crate::live::clock::Clock;
use crate::live::jobs::{Feed, Taken};
use crate::scheduler::{Decision, Event, Observation};
use crate::sim::{SimWorld, Told};
use crate::units::SimTime;

/// How long to wait at most before flags and feeds are looked at again.
const TICK: Duration = Duration::from_millis(20);

/// What time it is in a paced world.
pub(super) trait Pace {
    /// Now.
    fn now(&self) -> SimTime;

    /// Waits until a time of the run, but no longer than a while.
    fn wait(&self, until: Option<SimTime>);
}

impl Pace for Clock {
    fn now(&self) -> SimTime {
        Clock::now(self)
    }

    fn wait(&self, until: Option<SimTime>) {
        std::thread::sleep(until.map_or(TICK, |at| self.until(at).min(TICK)));
    }
}

/// A simulated world.
pub(super) struct Paced<P> {
    pub(super) world: SimWorld,
    /// What time it is; `None` for a world that goes as fast as it can.
    pub(super) pace: Option<P>,
    /// Jobs from outside, for a world with a pace.
    pub(super) feed: Option<Box<dyn Feed>>,
    pub(super) behaviours: Behaviours,
    /// What the next observation names, for whoever writes the journal.
    pub(super) named: Rc<RefCell<Named>>,
    /// Someone wants it to end.
    pub(super) stop: Arc<AtomicBool>,
    pub(super) stop_at: SimTime,
}

impl<P: Pace> Paced<P> {
    /// When the run ended: as its world says, but for one that was stopped between two observations.
    pub(super) fn ended_at(&self) -> SimTime {
        let own = self.world.ended_at();
        match &self.pace {
            Some(pace) if self.stop.load(Ordering::Acquire) => own.max(pace.now()).min(self.stop_at),
            _ => own,
        }
    }

    /// Tells the world what has come from outside.
    fn take(&mut self, now: SimTime) -> Result<(), DriverError> {
        let Some(feed) = &mut self.feed else { return Ok(()) };
        let mut taken = Taken::default();
        feed.take(now, &mut taken)?;
        if taken.events.is_empty() {
            // Nothing of it will be in the journal: who sent it need not wait.
            return if self.named.borrow().is_empty() { feed.recorded() } else { Ok(()) };
        }
        let mut behaviours = Vec::new();
        for event in &taken.events {
            let Event::JobSubmitted { job, spec, .. } = event else { continue };
            let named = taken.named.jobs.iter().find(|named| named.job == *job);
            let definition = named.and_then(|named| named.submit["jobDefinition"].as_str()).unwrap_or_default();
            behaviours.extend(self.behaviours.of(*spec, definition).map(|behaviour| (*spec, behaviour)));
        }
        self.named.borrow_mut().jobs.append(&mut taken.named.jobs);
        self.world.tell(now, Told { events: taken.events, behaviours });
        Ok(())
    }

    fn is_fed(&mut self) -> bool {
        self.feed.as_mut().is_none_or(|feed| feed.is_done())
    }
}

impl<P: Pace> Driver for Paced<P> {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        loop {
            if self.stop.load(Ordering::Acquire) {
                return Ok(false);
            }
            let Some(now) = self.pace.as_ref().map(Pace::now) else { return self.world.observe(wake_at, seen) };
            // A world whose time is up takes nothing more.
            if now <= self.stop_at {
                self.take(now)?;
            }
            let due = self.world.next_at().into_iter().chain(wake_at).min();
            if due.is_some_and(|at| at <= now) || now > self.stop_at {
                if !self.world.observe(Some(wake_at.map_or(now, |at| at.min(now))), seen)? {
                    return Ok(false);
                }
                if !seen.events.is_empty() || wake_at.is_some_and(|at| at <= seen.now) {
                    return Ok(true);
                }
                continue;
            }
            if wake_at.is_none() && self.world.is_idle() && self.is_fed() {
                return Ok(false);
            }
            if let Some(pace) = &self.pace {
                pace.wait(due);
            }
        }
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        self.world.apply(decision)?;
        match &mut self.feed {
            // What was taken and not told yet stands in no journal.
            Some(feed) if self.named.borrow().is_empty() => feed.recorded(),
            _ => Ok(()),
        }
    }
}
