//! What would be done to a cluster, now, and why. Nothing is changed: `question` is what is asked and how it is answered, `plan` lets a core decide about a snapshot, `pods`
//! writes the pods that it wants, `verdicts` asks the API server about each, `findings` puts names to it all, in a
//! `report`.

mod findings;
mod plan;
mod pods;
mod question;
mod report;
mod verdicts;

pub use findings::report;
pub use plan::{Plan, PlannedLaunch, PlannedPod, RefusedSubmission, Waiting, WaitsFor, plan};
pub use pods::{STAND_IN_NODE, WantedPod, wanted};
pub use question::{Question, answer};
pub use report::*;
pub use verdicts::{Verdict, judge};
