//! The history of jobs: what crossed the seam, told as AWS Batch tells it.
//!
//! | file | claim to check there |
//! |---|---|
//! | `transition` | AWS's job states, and what moves a job from one to the next |
//! | `states` | which fact or decision is which transition |
//! | `status_reason` | every `statusReason`, word by word |
//! | `log` | jobs with their states and attempts, as `DescribeJobs` knows them |
//! | `waits` | what a RUNNABLE job waited for |
//! | `follow` | one job, with all that explains it |
//!
//! It knows observations, decisions and the model; not the scheduler's state, not the world, not money.

mod follow;
mod log;
mod states;
pub mod status_reason;
mod transition;
mod waits;

pub use follow::{Follow, IdRanges, NodeFacts};
pub use log::{AttemptRecord, JobLog, JobRecord, Keep, Moment, StatusSummary};
pub use states::States;
pub use transition::{Cause, JobState, Transition};
pub use waits::{Behind, Waits};
