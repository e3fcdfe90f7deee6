//! The scenario file: what a user writes, judged in one pass and resolved to ids and numbers.
//!
//! `file` reads and inlines, `set` varies, `alias` knows short names, `check` holds against the schema and mends. What is right is put in order of
//! time: `account` gives the documents to the control plane, `plan` lists the jobs, `timeline` plays workload and
//! operations; `types`, `hosts`, `subnets`, `workload`, `depend` and `trace` judge their parts, `load` brings it together.

mod account;
mod alias;
mod check;
mod cluster;
mod depend;
mod elsewhere;
mod file;
mod finding;
mod hosts;
mod judge;
mod load;
mod market;
mod operations;
mod placeholder;
mod plan;
mod policies;
mod recorded;
mod schema;
mod set;
mod study;
mod subnets;
mod text;
mod timeline;
mod trace;
mod types;
mod wording;
mod work;
mod workload;

pub use file::ScenarioFile;
pub use finding::{Finding, Findings, Severity};
pub use load::{Resolved, load, load_with_account};
pub use market::RecordedFacts;
pub use schema::json_schema;
pub use set::Setting;
pub use study::{Axis, NamedVariant, StudyFile, study_schema};
pub use trace::TRACES_VARIABLE;
pub use types::{KnownTypes, Price};
