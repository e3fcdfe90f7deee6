//! Output analysis: what a sample of runs, or one long run, says about the system. Numbers in, numbers out; knows nothing
//! of where they come from.
//!
//! | file | claim to check there |
//! |---|---|
//! | `interval` | Student's t, of a sample and of pairs |
//! | `multiple` | many intervals or tests at once |
//! | `warmup` | where the transient ends: MSER-5 |
//! | `batch_means` | the interval of a mean from one long run, and whether its batches are independent |
//! | `stability` | whether the number of jobs grows without end |
//! | `laws` | exponential, lognormal, Weibull: maximum likelihood, standard errors |
//! | `goodness` | whether a sample can be of a fitted law |

mod batch_means;
mod goodness;
mod interval;
mod laws;
mod multiple;
mod stability;
mod warmup;

pub use crate::metrics::Estimate;
pub use batch_means::{BatchMeans, Bin, batch_means};
pub use goodness::{Goodness, TESTED_MAX, goodness, sample};
pub use interval::paired;
pub use laws::{Family, Law, Parameter};
pub use multiple::{holm, together};
pub use stability::{Growth, Verdict, growth};
pub use warmup::mser5;
