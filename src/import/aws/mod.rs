//! What `aws batch describe-…` and `list-jobs` tell of an account and its past, as a scenario.
//!
//! `pages` reads their JSON as a stream and recognises what a page holds, `export` gathers it. Of the account `environments`
//! (with queues and policies), `definitions` (with `pods`, what containers on ECS ask for as pods) and `instance_types` write
//! documents. Of the past `wire` is a job as AWS writes it, `attempts` how its attempts ended, `history` keeps what of it
//! counts, `kinds` which jobs are alike, `groups` makes entries of those, `workload` writes them; `scenario` the whole. `times` keeps when
//! jobs and instances were what, for whoever measures.

mod attempts;
mod definitions;
mod documents;
mod environments;
mod export;
mod groups;
mod history;
mod instance_types;
mod kinds;
mod pages;
mod pods;
mod scenario;
mod times;
mod wire;
mod workload;

pub use export::Export;
pub(in crate::import) use times::timestamp;
pub use times::{InstanceTime, JobTime, Times};
