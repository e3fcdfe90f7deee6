//! What is known of a job: its states, its pods, and why it is where it is. Written by the log; knows no other job.

use serde::{Serialize, Serializer};

use crate::history::requests::Request;
use crate::history::transition::JobState;
use crate::ids::{JobQueueId, JobRef, JobSpecId, NodeId, PodId};
use crate::scheduler::{AttemptEnd, AttemptOutcome, Dependency};
use crate::units::{SimDuration, SimTime};

/// When a job came to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: SimTime,
    /// The state from then on.
    pub state: JobState,
}

/// One pod of a job. Of a multi-node parallel job, an attempt has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// 1 for the first.
    pub attempt: u8,
    /// Its pod.
    pub pod: PodId,
    /// Where it was placed.
    pub node: NodeId,
    /// Of a multi-node parallel job: which of its nodes the pod is.
    pub node_index: Option<u16>,
    /// When it became STARTING.
    pub starting_at: SimTime,
    /// When it became RUNNING, if it did: `startedAt`.
    pub running_at: Option<SimTime>,
    /// How it ended, once it has.
    pub end: Option<AttemptEnd>,
    /// Its statusReason, once it has one.
    pub status_reason: Option<String>,
}

impl AttemptRecord {
    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<AttemptOutcome> {
        self.end.map(|end| end.outcome)
    }
}

/// Children of an array by state: `arrayProperties.statusSummary`, in the order of [`JobState::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusSummary(pub [u32; JobState::ALL.len()]);

impl StatusSummary {
    /// How many children are in a state.
    pub const fn count(&self, state: JobState) -> u32 {
        self.0[state as usize]
    }

    pub(super) const fn moved(&mut self, from: Option<JobState>, to: JobState) {
        if let Some(from) = from {
            self.0[from as usize] = self.0[from as usize].saturating_sub(1);
        }
        self.0[to as usize] += 1;
    }
}

impl Serialize for StatusSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(JobState::ALL.map(|state| (state.name(), self.count(state))))
    }
}

/// What is known of a job, an array, or an array's child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// The job.
    pub job: JobRef,
    /// Its queue.
    pub queue: JobQueueId,
    /// Its spec.
    pub spec: JobSpecId,
    /// Of an array: how many children it has.
    pub array_size: Option<u32>,
    /// What it depends on; of a child, what its array depends on.
    pub depends_on: Box<[Dependency]>,
    /// Its state.
    pub state: JobState,
    /// Its states, the first at `createdAt`.
    pub moments: Vec<Moment>,
    /// Its pods, in the order of their creation.
    pub attempts: Vec<AttemptRecord>,
    /// Why it is in its state, as far as anything says so.
    pub status_reason: Option<String>,
    /// Of an array: its children by state.
    pub summary: StatusSummary,
    /// `CancelJob` was called on it.
    pub cancelled: bool,
    /// `TerminateJob` was called on it.
    pub terminated: bool,
    /// The call that is to end it; once it has ended, the one that did.
    pub request: Option<Request>,
}

impl JobRecord {
    /// `createdAt`: submitted, or of a child, spawned.
    pub fn created_at(&self) -> SimTime {
        self.moments.first().map_or(SimTime::ZERO, |moment| moment.at)
    }

    /// `startedAt`: the last time it became RUNNING.
    pub fn started_at(&self) -> Option<SimTime> {
        self.moments.iter().rev().find(|moment| moment.state == JobState::Running).map(|moment| moment.at)
    }

    /// Its states in the order in which it came to them, with when and for how long; the last one up to `end`.
    pub fn stays(&self, end: SimTime) -> impl Iterator<Item = (JobState, SimTime, SimDuration)> {
        self.moments.iter().enumerate().map(move |(index, moment)| {
            let until = self.moments.get(index + 1).map_or(end.max(moment.at), |next| next.at);
            (moment.state, moment.at, until.since(moment.at))
        })
    }

    /// `stoppedAt`: when it ended.
    pub fn stopped_at(&self) -> Option<SimTime> {
        self.moments.last().filter(|moment| moment.state.is_terminal()).map(|moment| moment.at)
    }
}
