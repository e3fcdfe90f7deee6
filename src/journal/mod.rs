//! A journal: what a run saw and what the core decided, step by step, in a file that proves and reproduces the run.

mod divergence;
mod error;
mod extract;
mod format;
mod reader;
mod replay;
mod words;
mod writer;

pub use divergence::{Divergence, Part};
pub use error::JournalError;
pub use extract::exogenous;
pub use format::{FORMAT, Header};
pub use reader::Reader;
pub use replay::{Equal, ReplayError, replay};
pub use writer::Writer;
