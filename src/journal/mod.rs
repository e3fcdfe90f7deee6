//! A journal: what a run saw and what the core decided, step by step, in a file that proves and reproduces the run.

mod error;
mod extract;
mod format;
mod reader;
mod writer;

pub use error::JournalError;
pub use extract::exogenous;
pub use format::{FORMAT, Header};
pub use reader::Reader;
pub use writer::Writer;
