//! What a run was like: a streaming fold over observations and decisions, in constant memory.
//!
//! | file | claim to check there |
//! |---|---|
//! | `fold` | which fact or decision moves which number |
//! | `waits` | how exact quantiles are |
//! | `jobs`, `kinds` | what counts as attempt, retry, wait, slowdown; the same by name of job |
//! | `capacity` | how a node's CPU time and bill are split |
//! | `gpus` | how long nodes had GPUs, and pods held them |
//! | `billing` | what EC2 charges |
//! | `costs` | what a pod, and so a job, costs of that |
//! | `nodes` | a node from launch to bill, totals by instance type |
//! | `timeline`, `bins` | averages and counts over time in a bounded number of bins |
//! | `pictures` | what charts need besides: spans of nodes, nodes by type and use by share over time, distributions |
//! | `blocked` | what heads of queues waited for |
//! | `window`, `steady` | what counts when a warm-up is left out, and the keys that say so |
//! | `results`, `summary` | the keys of the results, and from what they are computed |
//! | `findings` | what is worth a sentence |
//! | `figures` | how numbers are written for people |
//! | `sinks` | rows of `jobs.csv` and `nodes.csv` |
//!
//! It knows observations, decisions and the model; not the scheduler's state, not the world, not files.

pub mod billing;
mod bins;
mod blocked;
mod capacity;
mod costs;
pub mod figures;
mod findings;
mod fold;
mod gpus;
mod jobs;
mod kinds;
mod nodes;
mod pictures;
mod results;
#[cfg(test)]
mod scripted;
mod sinks;
mod steady;
mod summary;
mod timeline;
mod waits;
mod window;
#[cfg(test)]
mod windowed;

pub use billing::Tariff;
pub use blocked::BlockedSeconds;
pub use costs::PodCost;
pub use findings::{Finding, FindingCode};
pub use fold::Metrics;
pub use pictures::{FleetSeries, NodeSpan, Pictures, QueueWaits, ShareSeries};
pub use results::Results;
pub use sinks::Sinks;
pub use steady::{Estimate, SteadyState, WarmupMethod, Window};
pub use summary::*;
pub use timeline::TimelineRow;
pub use waits::{Quantiles, Step};
pub use window::{Flow, WaitBin};
