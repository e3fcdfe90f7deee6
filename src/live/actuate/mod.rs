//! From acts to calls: everything that the adapter changes in a cluster goes through here, and through the guard.
//!
//! `run` is the loop: it takes acts in, starts as many as may be under way, and tells what came of them. `order` is an act
//! as it is kept (bytes, not trees: twenty thousand of them fit into little memory) and `queue` their order: one after the
//! other for one object, side by side for different ones. `carry` makes the calls that an order takes, `wire` a single
//! call with its deadline, `judge` what an answer means. What fails for now waits by `patience` and is made again, for as long
//! as it takes: creating is harmless by name, deleting by uid.

mod carry;
mod judge;
mod order;
mod patience;
mod queue;
mod run;
pub(in crate::live) mod wire;

#[cfg(test)]
pub(in crate::live) mod fake;
#[cfg(test)]
pub(in crate::live) mod on_cluster;
#[cfg(test)]
mod tests;

pub use run::{Actuator, Halt};
