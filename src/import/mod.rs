//! Work recorded elsewhere, read into plain records, and written back as scenarios. Knows nothing of scenarios but how one
//! is written.
//!
//! `swf`, `runs` and `spot` read what a scenario names. Everything else is an import: from foreign files to one
//! [`Imported`], whose [`Notes`] tell what was used, left out and made up. `archives` reads archives of recorded work, each into
//! the one form that `work` makes a scenario of; `workload` writes the entry of jobs whose attempts were recorded, `fit` what was
//! measured as a distribution; `declared` what templates and plans declare; `ecs` makes pods of what was meant for Amazon ECS,
//! `stand_ins` has what stands for accounts, networks and roles.

pub mod archives;
pub mod aws;
pub mod cloudformation;
pub mod facts;
pub mod journal;
pub mod kubectl;
pub mod runs;
pub mod spot;
pub mod swf;
pub mod terraform;
pub mod work;

mod declared;
mod ecs;
mod fit;
mod imported;
mod notes;
mod stand_ins;
mod trickle;
mod unpacked;
mod workload;

pub use fit::distribution as measured;
pub use imported::Imported;
pub use notes::{LeftOut, Notes};
pub use unpacked::{text, unpacked};
