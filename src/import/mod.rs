//! Work recorded elsewhere, read into plain records, and written back as scenarios. Knows nothing of scenarios but how one
//! is written.
//!
//! `swf` and `runs` read logs that a scenario names. Everything else is an import: from foreign files to one
//! [`Imported`], whose [`Notes`] tell what was used, left out and made up. `workload` writes the entry
//! of jobs whose attempts were recorded, `fit` what was measured as a distribution.

pub mod aws;
pub mod journal;
pub mod runs;
pub mod swf;

mod fit;
mod imported;
mod notes;
mod workload;

pub use imported::Imported;
pub use notes::{LeftOut, Notes};
