//! Permissions: one table of what AWS Batch's own rules grant and what each back end needs beyond them, and what of it is
//! needed for what (`table`); the manifest that grants it (`manifest`).

mod manifest;
mod table;

pub use manifest::{manifest, rule};
pub use table::{GRANTS, Grant, Mode, Needed, Origin, Scope, needed};
