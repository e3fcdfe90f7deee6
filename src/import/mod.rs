//! Work recorded elsewhere, read into plain records. Knows nothing of scenarios.

pub mod swf;
