//! Many runs, and what they say together: replications of variants under common random numbers, and decisions from them.
//!
//! | where | claim to check there |
//! |---|---|
//! | `steady` | which warm-up is left out, and what is said of the steady state after it |
//! | `stats/` | what an interval covers, where a warm-up ends, whether a system is stable |
//!
//! It knows scenarios, worlds and metrics; not how anything is shown. Threads run beside each other, never inside a run.

pub mod stats;
mod steady;

pub use steady::{Load, WarmUp, common_warmup, steady_state};
