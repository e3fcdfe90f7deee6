//! Many runs, and what they say together: replications of variants under common random numbers, and decisions from them.
//!
//! | where | claim to check there |
//! |---|---|
//! | `variant` | which designs an axis or a grid spans |
//! | `study` | what a study is, and what is wrong with it before the first run |
//! | `metric` | which number of a run is meant, its unit, and which way is better |
//! | `replicate`, `executor` | one run; many beside each other, with the same results on any number of threads |
//! | `ledger` | what is kept of an unfinished study, and how it goes on |
//! | `compare` | estimates, paired differences, ranks |
//! | `pareto` | which designs no other beats in both of two metrics |
//! | `plan/` | the cheapest design that keeps its objectives |
//! | `warmup` | how much of a run's beginning is left out |
//! | `steady` | what a run after its warm-up says of the steady state |
//! | `sensitivity/` | which of the values that AWS doesn't publish matter |
//! | `stats/` | what an interval covers, where a warm-up ends, whether a system is stable |
//!
//! It knows scenarios, worlds and metrics; not how anything is shown. Threads run beside each other, never inside a run.

mod compare;
mod executor;
mod ledger;
mod metric;
mod pareto;
pub mod plan;
mod replicate;
pub mod sensitivity;
pub mod stats;
mod steady;
mod study;
mod variant;
mod warmup;

pub use compare::{
    AxisRow, Cell, Comparison, Difference, Interrupted, MetricColumn, Precision, Standing, VariantRow, Verdict, compare,
};
pub use executor::{Executor, Progress, Sample, Samples, StudyError, use_threads};
pub use ledger::{Ledger, LedgerError, PARTIAL_PREFIX};
pub use metric::{Better, Measures, Metric, Unit, measures};
pub use pareto::front;
pub use replicate::{replicate, simulate};
pub use steady::steady_state;
pub use study::{LEVEL, REPLICATIONS, REPLICATIONS_MAX, Replications, Study};
pub use variant::{Variant, axis_name, parse_axis};
pub use warmup::{Load, PILOTS, WarmUp, choose_warmup, common_warmup};
