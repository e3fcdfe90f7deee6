//! A cluster as `kubectl get nodes,daemonsets,pods -A -o json` shows it: what its nodes offer, what daemonsets and foreign
//! pods take of them.
//!
//! `items` streams lists, `reading` keeps what matters of each object, `cluster` says what follows for nodes, `scenario`
//! writes it down; `times` when nodes and pods were what. The rules themselves are in `crate::kubernetes`, where the live adapter has them from, too.

mod cluster;
mod items;
mod reading;
mod scenario;
mod times;

pub use reading::{Reading, Unreadable};
pub use scenario::{Wanted, scenario};
pub use times::{NodeTime, PodTime, Times};
