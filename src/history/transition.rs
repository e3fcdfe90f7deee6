//! AWS's job states and what moves a job between them. Nothing here knows how a transition is found out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{JobRef, NodeId, PodId};
use crate::scheduler::{ArrayEnd, AttemptEnd, JobEnd};
use crate::units::SimTime;

/// A job's state. Source: `API:JobStatus`, `UG:job_states`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JobState {
    /// In its queue, and not yet evaluated.
    Submitted,
    /// It waits for another job; of an array: it waits for its children.
    Pending,
    /// It waits for resources.
    Runnable,
    /// It has a node: its image is pulled, its init containers run.
    Starting,
    /// Its containers run.
    Running,
    /// It is over, and well.
    Succeeded,
    /// It is over, and not well.
    Failed,
}

impl JobState {
    /// All of them, in the order in which a job goes through them.
    pub const ALL: [Self; 7] =
        [Self::Submitted, Self::Pending, Self::Runnable, Self::Starting, Self::Running, Self::Succeeded, Self::Failed];

    /// AWS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Pending => "PENDING",
            Self::Runnable => "RUNNABLE",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// SUCCEEDED or FAILED.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A job, an array or an array's child went from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The job, or array child; an array itself is a job without a child.
    pub job: JobRef,
    /// When.
    pub at: SimTime,
    /// From which state; `None` where the job begins.
    pub from: Option<JobState>,
    /// To which state.
    pub to: JobState,
    /// What moved it.
    pub cause: Cause,
}

/// What moved a job to another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Cause {
    /// To SUBMITTED, by `SubmitJob`.
    Submitted,
    /// To PENDING: an array's child begins (`API:JobDetail.createdAt`).
    Spawned,
    /// To PENDING: it was evaluated, and depends on other jobs.
    Depends,
    /// To PENDING: the first of an array's children is RUNNABLE (`UG:array_jobs`).
    ChildRunnable,
    /// To RUNNABLE: it was evaluated, and depends on nothing.
    Evaluated,
    /// To RUNNABLE: what it depended on has succeeded.
    Released,
    /// To STARTING: its pod is to be created on a node.
    Placed { pod: PodId, attempt: u8, node: NodeId },
    /// To RUNNING: its containers run.
    Started { pod: PodId },
    /// To RUNNABLE again.
    Retried(AttemptEnd),
    /// To its end, with the attempt that ended with it.
    Ended { job: JobEnd, attempt: Option<AttemptEnd> },
    /// To its end, with the last of its children.
    ChildrenEnded(ArrayEnd),
}
