//! Studies for people and for files: what a comparison and a plan say, in the tables that the terminal and the page share.
//!
//! | file | what |
//! |---|---|
//! | `words` | estimates, differences, names of variants as people read them |
//! | `comparison` | a comparison in tables and sentences |
//! | `plan` | a plan in tables and sentences |
//! | `sensitivity` | which assumptions matter, in tables and sentences |
//! | `files` | `comparison.json`, `plan.json`, `sensitivity.json`, `replications.csv`, pictures, `report.html` |

pub(super) mod comparison;
mod files;
pub(super) mod plan;
pub(super) mod sensitivity;
pub(super) mod words;

pub use comparison::comparison_table;
pub use files::{write_comparison, write_plan, write_sensitivity};
pub use plan::plan_table;
pub use sensitivity::sensitivity_table;
