//! The synthetic world: the only place with randomness. It starts what the core commands and reports what came of it.

mod arrivals;
mod fleet;
mod instances;
mod keyed;
mod kubelet;
mod market;
mod outside;
mod path;
mod sampler;
mod spec;
mod submissions;
mod world;

pub use keyed::design_numbers;
pub use outside::{Behaviour, Told};
pub use path::{AtEnd, Path};
pub use spec::*;
pub use submissions::Submissions;
pub use world::SimWorld;
