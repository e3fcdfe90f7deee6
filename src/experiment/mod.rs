//! Many runs, and what they say together: replications of variants under common random numbers, and decisions from them.
//!
//! | where | claim to check there |
//! |---|---|
//! | `stats/` | what an interval covers, where a warm-up ends, whether a system is stable |
//!
//! It knows scenarios, worlds and metrics; not how anything is shown. Threads run beside each other, never inside a run.

pub mod stats;
