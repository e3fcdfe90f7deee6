//! What a source of jobs is: something that is asked at times, and told when what it gave is safe.

use crate::driver::DriverError;
use crate::ids::JobRef;
use crate::journal::{Named, NamedJob};
use crate::live::pods::Script;
use crate::model::EffectiveJob;
use crate::scheduler::Event;
use crate::units::SimTime;

/// A source of submissions, and of whatever else happens to the account.
pub trait Feed {
    /// When it has something next, as far as it knows; what comes from outside says nothing ahead.
    fn next_at(&mut self) -> Option<SimTime>;

    /// Takes what has come by `now`.
    fn take(&mut self, now: SimTime, taken: &mut Taken) -> Result<(), DriverError>;

    /// Whether nothing will ever come from it again.
    fn is_done(&mut self) -> bool;

    /// What was taken is in the journal, on disk: who sent it may be told so.
    fn recorded(&mut self) -> Result<(), DriverError>;

    /// What an earlier program of the run had taken: submissions that the journal holds. Told in order, before
    /// [`go_on_from`](Self::go_on_from).
    fn remember(&mut self, _: &[NamedJob], _: &mut Taken) -> Result<(), DriverError> {
        Ok(())
    }

    /// Everything that comes by the clock until then was taken by an earlier program.
    fn go_on_from(&mut self, _: SimTime) {}

    /// What becomes of an attempt where no container decides it: on nodes that only exist on paper.
    fn fate(&mut self, _: JobRef, _: u8) -> Option<Script> {
        None
    }
}

/// What came from a source.
#[derive(Debug, Default)]
pub struct Taken {
    /// Facts for the core, in order.
    pub events: Vec<Event>,
    /// What ids in them stand for.
    pub named: Named,
    /// The jobs behind specs that are new, by id.
    pub jobs: Vec<EffectiveJob>,
}
