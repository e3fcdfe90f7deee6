//! The seam between the core and a world: a driver observes and applies, [`run`] turns the crank.
//!
//! `run` is the only caller of [`Scheduler::step`]. A world can be simulated, live, or a journal being replayed; the
//! core can't tell which.

use crate::ids::JobSpecId;
use crate::model::JobSpecName;
use crate::scheduler::{Decision, Observation, Scheduler};
use crate::units::SimTime;

/// A world: it reports facts and starts what it is told to start.
pub trait Driver {
    /// Waits until something happened or `wake_at` has come, whichever is first, and fills `seen` with it.
    ///
    /// Returns false, and leaves `seen` alone, when nothing will ever happen again. Time never goes back.
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError>;

    /// Starts the decision's commands, in order. Their outcomes come back from `observe`, as events.
    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError>;
}

/// Something that looks on: metrics, a journal, a progress bar.
pub trait Watcher {
    /// Hears what people call a job spec that came up while the run went on, before the observation that brings it.
    fn called(&mut self, _: JobSpecId, _: &JobSpecName) {}

    /// Sees an observation before the core does, so that a journal can be written ahead of the act.
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError>;

    /// Sees what the core made of it, before the world does.
    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError>;
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// A file that the run writes or reads.
    #[error("{context}: {source}")]
    Io {
        /// What was being done, with the file's name.
        context: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A replay's core decided otherwise than the journal's, or the journal is damaged.
    #[error(transparent)]
    Replay(Box<dyn std::error::Error + Send + Sync>),
    /// The world can't be reached, or may not be driven any more.
    #[error(transparent)]
    World(Box<dyn std::error::Error + Send + Sync>),
}

/// Runs a world to its end and returns the number of steps.
pub fn run(
    scheduler: &mut Scheduler,
    driver: &mut impl Driver,
    watcher: &mut impl Watcher,
) -> Result<u64, DriverError> {
    let mut seen = Observation::default();
    let mut decision = Decision::default();
    let mut steps = 0;
    while driver.observe(decision.wake_at, &mut seen)? {
        watcher.seen(&seen)?;
        scheduler.step(&seen, &mut decision);
        watcher.decided(&seen, &decision)?;
        driver.apply(&decision)?;
        steps += 1;
    }
    Ok(steps)
}

impl Watcher for () {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, _: &Observation, _: &Decision) -> Result<(), DriverError> {
        Ok(())
    }
}

impl<W: Watcher> Watcher for Option<W> {
    fn called(&mut self, spec: JobSpecId, name: &JobSpecName) {
        if let Some(watcher) = self {
            watcher.called(spec, name);
        }
    }

    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        self.as_mut().map_or(Ok(()), |w| w.seen(seen))
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.as_mut().map_or(Ok(()), |w| w.decided(seen, decision))
    }
}

impl<A: Watcher, B: Watcher> Watcher for (A, B) {
    fn called(&mut self, spec: JobSpecId, name: &JobSpecName) {
        self.0.called(spec, name);
        self.1.called(spec, name);
    }

    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        self.0.seen(seen)?;
        self.1.seen(seen)
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.0.decided(seen, decision)?;
        self.1.decided(seen, decision)
    }
}

impl<W: Watcher> Watcher for &mut W {
    fn called(&mut self, spec: JobSpecId, name: &JobSpecName) {
        (**self).called(spec, name);
    }

    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        (**self).seen(seen)
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        (**self).decided(seen, decision)
    }
}
