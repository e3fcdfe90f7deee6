//! Jobs as archives tell of them, whatever the archive. Knows no format and no scenario.

use crate::import::Notes;
use crate::import::runs::RunFailure;
use crate::units::{MiB, MilliCpu, SimDuration, SimTime};

/// What was read of an archive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecordedWork {
    /// A sentence about it.
    pub description: String,
    /// Its jobs, in the archive's order.
    pub jobs: Vec<RecordedJob>,
    /// Its nodes, where it tells of them: then these are all there are.
    pub nodes: Vec<RecordedNodes>,
    /// When a run of it shall end, if not when all jobs have.
    pub stop: Option<SimDuration>,
    /// What was used, left out and made up so far.
    pub notes: Notes,
}

/// A job that ran, or was to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedJob {
    /// What jobs of its kind are called.
    pub kind: String,
    /// Where it stands in the archive, for people: `line 7`.
    pub place: String,
    /// The queue or partition it was sent to.
    pub queue: Option<String>,
    /// Who sent it.
    pub user: Option<String>,
    /// What it asked for.
    pub requests: RecordedRequests,
    /// When it was submitted, from the archive's beginning.
    pub submit: SimTime,
    /// How it went, attempt by attempt; nothing where it is not known how long it runs.
    pub attempts: Vec<RecordedAttempt>,
    /// The jobs it waits for, by their places in [`RecordedWork::jobs`].
    pub depends_on: Vec<usize>,
}

/// What a job asked for, as it was recorded: a document may have to round it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedRequests {
    /// CPU.
    pub cpu: MilliCpu,
    /// Memory, where it is known.
    pub memory: Option<MiB>,
    /// Whole GPUs.
    pub gpus: u16,
}

/// How an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedAttempt {
    /// From its start to its end.
    pub runtime: SimDuration,
    /// What went wrong, if anything did.
    pub failure: Option<RunFailure>,
}

/// Nodes of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedNodes {
    /// How many.
    pub count: u32,
    /// CPU of each, all of it for jobs.
    pub cpu: MilliCpu,
    /// Memory of each, all of it for jobs.
    pub memory: MiB,
    /// GPUs of each.
    pub gpus: u16,
}
