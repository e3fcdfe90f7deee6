//! The scheduling core: a deterministic state machine that turns facts into commands and reasons.
//!
//! It holds no clock, no randomness, no I/O and no strings, and it cannot fail. `Scheduler::step` is the only way in.

mod decision;
mod event;
mod settings;

pub use decision::*;
pub use event::*;
pub use settings::*;

mod machine;
pub use machine::Scheduler;
