//! A journal: what a run saw and what the core decided, step by step, in a file that proves and reproduces the run.

mod append;
mod divergence;
mod error;
mod extract;
mod format;
mod reader;
mod replay;
mod seal;
mod words;
mod writer;

pub use append::{Appender, Past, Resumed};
pub use divergence::{Divergence, Part};
pub use error::JournalError;
pub use extract::exogenous;
pub use format::{FORMAT, Header, LiveEnvironment, LiveHeader, Named, NamedJob, NamedNode};
pub use reader::{Ended, Reader};
pub use replay::{Equal, ReplayError, replay, replay_into};
pub use seal::checksum;
pub use writer::Writer;
