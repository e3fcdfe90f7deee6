//! The synthetic world: the only place with randomness. It starts what the core commands and reports what came of it.

mod spec;

pub use spec::*;
