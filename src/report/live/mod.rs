//! What is told of a real cluster.

mod dry_run;

pub use dry_run::dry_run_table;
