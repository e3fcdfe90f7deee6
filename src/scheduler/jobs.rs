//! Records of the jobs that are more than a place in a queue: arrays, jobs that others depend on or that depend on
//! others, and jobs that someone may name. All other jobs have none: they are a place in a queue, then a pod.
//!
//! Source: `UG:array_jobs`, `UG:job_dependencies`, `API:JobDependency`.

use std::collections::BTreeMap;

use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId, PodId};
use crate::units::SimTime;

/// How far a recorded job, or array child, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for other jobs.
    Pending,
    /// SUBMITTED or RUNNABLE.
    InLine,
    /// STARTING or RUNNING; of a multi-node parallel job, its main node's pod.
    Active(PodId),
    /// It ended, and so.
    Ended {
        /// SUCCEEDED, else FAILED.
        succeeded: bool,
    },
}

/// A child of an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child {
    pub(super) state: State,
    /// Children of other arrays that must succeed before.
    pub(super) unmet: u8,
    /// It ends as soon as it no longer waits for others.
    pub(super) cancelled: bool,
}

/// An array's children.
#[derive(Debug, Clone)]
pub(super) struct Array {
    pub(super) size: u32,
    pub(super) ended: u32,
    pub(super) failed: u32,
    /// Each child waits for the one before.
    pub(super) sequential: bool,
    /// One by one, where that matters: of tracked arrays and of those whose children wait each for itself.
    pub(super) children: Vec<Child>,
}

impl Array {
    /// Whether the children become RUNNABLE one by one.
    pub(super) fn is_one_by_one(&self) -> bool {
        self.sequential || self.children.iter().any(|child| child.unmet > 0 || child.cancelled)
    }
}

/// A job that waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dependent {
    pub(super) job: JobId,
    /// `N_TO_N`: child by child.
    pub(super) each: bool,
}

/// A job of which more is known than its place.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) queue: JobQueueId,
    pub(super) spec: JobSpecId,
    pub(super) submitted_at: SimTime,
    /// It may be named, and how it ended be asked for.
    pub(super) tracked: bool,
    /// It waited, or waits, for others.
    pub(super) held_up: bool,
    /// Since when it is RUNNABLE, if it waited for others and no longer does.
    pub(super) runnable_since: Option<SimTime>,
    /// Whole jobs that must succeed before.
    pub(super) unmet: u32,
    /// It ends as soon as it no longer waits for others.
    pub(super) cancelled: bool,
    /// Of an array: Pending until its children are released, Ended after the last; in between it says nothing.
    pub(super) state: State,
    pub(super) array: Option<Array>,
    pub(super) dependents: Vec<Dependent>,
}

impl Record {
    /// Whether what becomes of each of its jobs is to be entered.
    pub(super) fn is_followed(&self) -> bool {
        self.array.as_ref().map_or(self.tracked, |array| !array.children.is_empty())
    }

    /// How far one of its jobs is: itself, or a child.
    pub(super) fn state_of(&self, job: JobRef) -> Option<State> {
        match (job.child, &self.array) {
            (None, _) => Some(self.state),
            (Some(child), Some(array)) => array.children.get(child as usize).map(|child| child.state),
            (Some(_), None) => None,
        }
    }

    fn state_mut(&mut self, job: JobRef) -> Option<&mut State> {
        match (job.child, &mut self.array) {
            (None, _) => Some(&mut self.state),
            (Some(child), Some(array)) => array.children.get_mut(child as usize).map(|child| &mut child.state),
            (Some(_), None) => None,
        }
    }
}

/// All records.
#[derive(Debug, Clone, Default)]
pub(super) struct Jobs(BTreeMap<JobId, Record>);

impl Jobs {
    pub(super) fn insert(&mut self, id: JobId, record: Record) {
        self.0.insert(id, record);
    }

    pub(super) fn get(&self, id: JobId) -> Option<&Record> {
        self.0.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: JobId) -> Option<&mut Record> {
        self.0.get_mut(&id)
    }

    /// Forgets a job that nobody will ask for.
    pub(super) fn forget(&mut self, id: JobId) {
        self.0.remove(&id);
    }

    /// Enters how far a followed job is.
    pub(super) fn enter(&mut self, job: JobRef, state: State) {
        if let Some(known) = self.0.get_mut(&job.job).and_then(|record| record.state_mut(job)) {
            *known = state;
        }
    }

    /// All records, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (JobId, &Record)> {
        self.0.iter().map(|(&id, record)| (id, record))
    }
}
