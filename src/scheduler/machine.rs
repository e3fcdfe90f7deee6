//! The state machine itself: absorbs facts, fires timers, places jobs, scales.

use crate::scheduler::{Decision, Observation, SchedulerConfig};

/// The scheduling core.
#[derive(Debug, Clone)]
pub struct Scheduler {}

impl Scheduler {
    /// A core that has seen nothing yet.
    pub fn new(_config: SchedulerConfig) -> Self {
        Self {}
    }

    /// Takes in what the world reported and answers with what is to be done about it.
    ///
    /// `decision` is emptied first; its buffers are reused.
    pub fn step(&mut self, _seen: &Observation, decision: &mut Decision) {
        decision.clear();
    }
}
