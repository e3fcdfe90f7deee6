//! Capacity planning: the cheapest design that keeps its objectives, found with few runs.
//!
//! | file | claim to check there |
//! |---|---|
//! | `slo` | what an objective means, and when it is met beyond doubt |
//! | `search` | which designs get more runs, and when it ends |
//! | `findings` | the plan: chosen design, runner-up, front, regions that can't do |

mod findings;
mod search;
mod slo;

pub use findings::{Candidate, Chosen, Fresh, Miss, ObjectiveRow, Outcome, Plan, Region, RunnerUp, Spent};
pub use search::{PlanRequest, plan};
pub use slo::{Judgement, Met, Objective, Relation};
