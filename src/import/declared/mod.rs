//! What a team declares before anything is deployed: resources of AWS Batch in templates and plans, as a scenario.
//!
//! `shape` writes their members as the AWS CLI does, by the table in `shapes`; `environments` and `pods` complete
//! documents; `assemble` puts documents and a trickle of jobs together.

mod assemble;
mod environments;
mod pods;
mod shape;
mod shapes;
mod sizes;

pub(super) use assemble::{Declared, assemble};
pub(super) use shape::{unresolved, why_unresolved};
pub(super) use shapes::Kind;
