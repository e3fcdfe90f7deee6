//! Nouns of AWS and Kubernetes, spelled as theirs, and the words a scenario is written in.

mod assumptions;
pub mod distribution;
pub mod duration;
mod names;
mod resources;
mod strategy;

pub use assumptions::{Assumption, Assumptions};
pub use distribution::Distribution;
pub use names::{JobSpecName, Names};
pub use resources::Resources;
pub use strategy::{AllocationStrategy, BestFitObjective, FleetStrategy, PurchaseOption, SpillPolicy};
