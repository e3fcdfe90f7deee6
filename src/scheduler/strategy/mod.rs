//! The allocation strategies: each turns "so many jobs of this shape" into a list of acceptable instance types and a
//! number of vCPUs, to be handed over to EC2. One file each; which pool it becomes is EC2's choice. What they all answer
//! to is in `ask`.

mod ask;
mod best_fit;
mod best_fit_progressive;
mod best_fit_progressive_ordered;
mod by_name;
mod spot;
mod spot_capacity_optimized;
mod spot_capacity_optimized_prioritized;
mod spot_price_capacity_optimized;
#[cfg(test)]
mod tests;

pub(crate) use ask::{Ask, Candidate, Choice};
pub(crate) use by_name::strategy;
