//! A cluster as it changes: watches, each told as sightings.
//!
//! `watch` starts them all. `call` is a request that can't hang, `follow` a list and what comes after it, however often the
//! connection breaks, and `backoff` how long it waits then. `pods`, `nodes` and `claims` tell a kind each; `survey` finds
//! what others take of nodes, `volumes` whom volumes hold up.

pub mod backoff;
pub mod call;
mod claims;
mod follow;
mod nodes;
mod pods;
#[cfg(test)]
mod scripted;

pub mod survey;
mod volumes;
mod watch;

pub use watch::{Watch, run};
