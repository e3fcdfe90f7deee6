//! The history of jobs: what crossed the seam, told as AWS Batch tells it.
//!
//! | file | claim to check there |
//! |---|---|
//! | `transition` | AWS's job states, and what moves a job from one to the next |
//! | `states` | which fact or decision is which transition |
//! | `status_reason` | every `statusReason`, word by word |
//! | `requests` | which call ended a job, and the reason that it gave |
//! | `log`, `record` | jobs with their states and attempts, as `DescribeJobs` knows them |
//! | `waits` | what a RUNNABLE job waited for |
//! | `follow` | one job, with all that explains it |
//! | `event_bridge`, `clock` | changes as the events that Amazon `EventBridge` carries |
//!
//! It knows observations, decisions and the model; not the scheduler's state, not the world, not money.

mod clock;
mod event_bridge;
mod follow;
mod log;
mod record;
mod requests;
mod states;
pub mod status_reason;
mod transition;
mod waits;

pub use clock::{EPOCH_MS, iso_time, unix_ms};
pub use event_bridge::EventBridge;
pub use follow::{Follow, IdRanges, NodeFacts};
pub use log::{JobLog, Keep};
pub use record::{AttemptRecord, JobRecord, Moment, StatusSummary};
pub use requests::{Request, RequestReasons};
pub use states::States;
pub use transition::{Cause, JobState, Transition};
pub use waits::{Behind, Waits, WentAhead};
