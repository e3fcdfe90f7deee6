//! The scheduling core: a deterministic state machine that turns facts into commands and reasons.
//!
//! It holds no clock, no randomness, no I/O and no strings, and it cannot fail. [`Scheduler::step`] is the only way in.

mod audit;
mod decision;
mod endings;
mod environment;
mod event;
mod fit;
mod lifecycle;
mod machine;
mod nodes;
mod ordering;
mod placement;
mod pods;
mod reason;
mod scaling;
mod settings;
mod shapes;
mod spec;
mod strategy;
mod timers;

pub use decision::*;
pub use event::*;
pub use machine::{Absorbed, Scheduler};
pub use reason::*;
pub use settings::*;
pub use spec::*;
