//! Work recorded elsewhere, read into plain records. Knows nothing of scenarios but how one is written.

pub mod journal;
pub mod runs;
pub mod swf;
