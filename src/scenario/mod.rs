//! The scenario file: what a user writes, judged in one pass and resolved to ids and numbers.
//!
//! `file` reads and inlines, `set` varies, `check` holds against the schema and mends, the judges of the parts (`types`,
//! `environments`, `jobs`, `workload`, `trace`) say what is wrong and build what is right, `load` brings it together.

mod check;
mod cluster;
mod elsewhere;
mod environments;
mod file;
mod finding;
mod jobs;
mod judge;
mod load;
mod placeholder;
mod schema;
mod set;
mod text;
mod trace;
mod types;
mod wording;
mod work;
mod workload;

pub use file::ScenarioFile;
pub use finding::{Finding, Findings, Severity};
pub use load::{Resolved, load};
pub use schema::json_schema;
pub use set::Setting;
pub use trace::TRACES_VARIABLE;
pub use types::Price;
