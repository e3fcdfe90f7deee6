//! A journal as a scenario: what came from outside becomes documents and a workload, what followed from commands becomes
//! runs and assumptions.
//!
//! `day` folds the records, `documents` writes what AWS has documents for,
//! `scenario` the whole and what was lost on the way.

mod day;
mod documents;
mod scenario;

pub use day::Day;
pub use scenario::scenario;
