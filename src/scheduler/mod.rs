//! The scheduling core: a deterministic state machine that turns facts into commands and reasons.
//!
//! It holds no clock, no randomness, no I/O and no strings, and it cannot fail. [`Scheduler::step`] is the only way in.

mod audit;
mod audit_jobs;
mod backfill;
mod cancel;
mod consumables;
mod decision;
mod dependencies;
mod endings;
mod environment;
mod event;
mod fit;
mod gangs;
mod jobs;
mod lane;
mod lifecycle;
mod machine;
mod nodes;
mod placement;
mod pods;
mod queue;
mod ranked;
mod reason;
mod reservation;
mod scaling;
mod settings;
mod shapes;
mod shares;
mod spec;
mod strategy;
mod submission;
mod timers;
mod updates;
mod usage;
mod view;

pub use decision::*;
pub use event::*;
pub use machine::{Absorbed, Scheduler};
pub use reason::*;
pub use settings::*;
pub use spec::*;
