//! The third driver: its world is a journal. It shows a fresh core what the journal's core was shown, and holds each
//! decision against the recorded one. It acts on nothing, and wakes nobody: the time comes from the journal too.

use crate::driver::{self, Driver, DriverError, Watcher};
use crate::journal::append::Past;
use crate::journal::{Divergence, Ended, JournalError, Named, Reader};
use crate::scheduler::{Decision, Observation, Scheduler};
use crate::units::SimTime;

/// What a replay without a difference went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equal {
    /// Steps, each with an equal decision.
    pub steps: u64,
    /// Commands in those decisions.
    pub commands: u64,
    /// How the journal ends.
    pub ended: Ended,
}

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The core decides otherwise than the journal says.
    #[error("{0}")]
    Diverged(Box<Divergence>),
    /// The journal can't be read to its end.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A watcher gave up.
    #[error(transparent)]
    Watcher(DriverError),
}

/// Runs the core anew over a journal just opened, up to the first difference. `watcher` sees the core's decisions, as in
/// any run; `()` watches nothing.
pub fn replay(mut journal: Reader, watcher: &mut impl Watcher) -> Result<Equal, ReplayError> {
    let mut scheduler = Scheduler::new(journal.header().config.clone());
    run(&mut scheduler, &mut journal, &mut (), watcher)
}

/// Brings a core to where a live journal ends, and tells `past` what it did on the way.
pub fn replay_into(
    scheduler: &mut Scheduler,
    journal: &mut Reader,
    past: &mut impl Past,
) -> Result<Equal, ReplayError> {
    run(scheduler, journal, past, &mut ())
}

fn run(
    scheduler: &mut Scheduler,
    journal: &mut Reader,
    past: &mut impl Past,
    watcher: &mut impl Watcher,
) -> Result<Equal, ReplayError> {
    let mut world = Replay { journal, past, last: Observation::default(), commands: 0 };
    let steps = driver::run(scheduler, &mut world, watcher).map_err(|error| match error {
        DriverError::Replay(inner) => match inner.downcast() {
            Ok(replay_error) => *replay_error,
            Err(other) => ReplayError::Watcher(DriverError::Replay(other)),
        },
        other @ (DriverError::Io { .. } | DriverError::World(_)) => ReplayError::Watcher(other),
    })?;
    let commands = world.commands;
    Ok(Equal { steps, commands, ended: journal.ended() })
}

struct Replay<'a, P> {
    journal: &'a mut Reader,
    past: &'a mut P,
    /// What the core was shown last, for the report of a difference, and for the past.
    last: Observation,
    commands: u64,
}

impl<P: Past> Driver for Replay<'_, P> {
    fn observe(&mut self, _: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        let next = self.journal.observation().map_err(stop)?;
        let named = self.journal.take_named();
        // Names that no observation follows were torn off with it.
        let counts = next.is_some() || self.journal.undecided().is_some();
        if counts && !named.is_empty() {
            self.past.named(named)?;
        }
        let Some(next) = next else { return Ok(false) };
        self.last.clone_from(&next);
        *seen = next;
        Ok(true)
    }

    fn apply(&mut self, got: &Decision) -> Result<(), DriverError> {
        let expected = self.journal.decision().map_err(stop)?;
        if *got != expected {
            return Err(stop(ReplayError::Diverged(Box::new(Divergence {
                step: self.journal.steps(),
                observation: self.last.clone(),
                expected,
                got: got.clone(),
                names: self.journal.header().names.clone(),
            }))));
        }
        self.commands += got.commands.len() as u64;
        self.past.step(&self.last, got)
    }
}

impl Past for () {
    fn named(&mut self, _: Named) -> Result<(), DriverError> {
        Ok(())
    }

    fn step(&mut self, _: &Observation, _: &Decision) -> Result<(), DriverError> {
        Ok(())
    }
}

fn stop(error: impl Into<ReplayError>) -> DriverError {
    DriverError::Replay(Box::new(error.into()))
}
