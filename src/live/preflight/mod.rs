//! What must hold before a run begins, asked before anything is done: permissions (`permissions`), namespaces and what jobs
//! name in them (`names`), the nodes of the environments and who else is at work on them (`nodes`).
//!
//! `checks` asks all of it and says of each what is wrong and what mends it.

mod check;
mod checks;
mod names;
mod nodes;
mod permissions;

pub use check::{Check, Status};
pub use checks::{Plan, check};
