//! A journal as a scenario: what came from outside becomes documents and a workload, what followed from commands becomes
//! runs and assumptions.
//!
//! `day` folds the records, `fit` turns measured spans into distributions, `documents` writes what AWS has documents for,
//! `scenario` the whole and what was lost on the way.

mod day;
mod documents;
mod fit;
mod scenario;

pub use day::Day;
pub(in crate::import) use fit::distribution;
pub use scenario::scenario;
