//! Output analysis: what a sample of runs says about the system. Numbers in, numbers out; knows nothing of where they
//! come from.

mod interval;
mod multiple;

pub use interval::{Estimate, paired};
pub use multiple::{holm, together};
