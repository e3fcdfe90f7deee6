//! Recorded work of any origin, as a scenario: the one form that archives are read into, and the writer of the folder.
//!
//! `job` is the form, `target` where the work shall run, `read` what readers share. `order` puts jobs behind what they wait
//! for, within AWS Batch's limits; `entries` makes one entry of jobs that differ in nothing but time; `capacity` the compute
//! environment, and which jobs it could never carry; `documents` what AWS has documents for; `scenario` the whole.

mod capacity;
mod documents;
mod entries;
mod error;
mod job;
mod order;
mod read;
mod scenario;
mod target;

pub use error::WorkError;
pub use job::{RecordedAttempt, RecordedJob, RecordedNodes, RecordedRequests, RecordedWork};
pub use scenario::scenario;
pub use target::Target;

pub(in crate::import) use capacity::Capacity;
pub(in crate::import) use documents::{QUEUE, definition, environment_notes, plain_name, queues};
pub(in crate::import) use read::{plain, time};
pub(in crate::import) use scenario::frame;
