//! Jobs with their states and attempts, as `DescribeJobs` knows them: built from transitions, for as long as wanted.
//!
//! Memory: a record per job in the system, and per finished job as far as these are kept.

use std::collections::{BTreeMap, VecDeque};

use crate::driver::{DriverError, Watcher};
use crate::history::states::States;
use crate::history::status_reason::{self, Shortages};
use crate::history::transition::{Cause, JobState, Transition};
use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId, NodeId, PodId};
use crate::model::Names;
use crate::scheduler::{
    AttemptEnd, AttemptOutcome, Command, Decision, Dependency, Ending, Event, Observation, Reason, SchedulerConfig,
};
use crate::units::{SimDuration, SimTime};

/// How many finished jobs a log keeps; with an array, its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All of them.
    All,
    /// The last so many to finish.
    Last(usize),
}

/// When a job came to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: SimTime,
    /// The state from then on.
    pub state: JobState,
}

/// One pod of a job. Of a multi-node parallel job, an attempt has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The jobs of a run.
#[derive(Debug, Clone)]
pub struct JobLog {
    states: States,
    names: Names,
    keep: Keep,
    jobs: BTreeMap<JobRef, JobRecord>,
    /// Finished jobs that are kept, oldest first; arrays and jobs, not children.
    finished: VecDeque<JobId>,
    shortages: Shortages,
    transitions: Vec<Transition>,
}

impl JobLog {
    /// An empty log of a run under this configuration, with these names.
    pub fn new(config: &SchedulerConfig, names: Names, keep: Keep) -> Self {
        Self {
            states: States::new(config),
            names,
            keep,
            jobs: BTreeMap::new(),
            finished: VecDeque::new(),
            shortages: Shortages::default(),
            transitions: Vec::new(),
        }
    }

    /// Looks at one job only, or at one array and its children.
    #[must_use]
    pub fn only(mut self, job: JobId) -> Self {
        self.states = self.states.only(job);
        self
    }

    /// Names by id.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// A job, an array (a job without child) or an array's child.
    pub fn get(&self, job: JobRef) -> Option<&JobRecord> {
        self.jobs.get(&job)
    }

    /// All jobs that are known, in order of their ids; an array before its children.
    pub fn iter(&self) -> impl Iterator<Item = &JobRecord> {
        self.jobs.values()
    }

    /// The children of an array that have begun, by index.
    pub fn children(&self, array: JobId) -> impl Iterator<Item = &JobRecord> {
        let (first, last) = (JobRef { job: array, child: Some(0) }, JobRef { job: array, child: Some(u32::MAX) });
        self.jobs.range(first..=last).map(|(_, record)| record)
    }

    /// Takes in a step. `changed` is shown each transition with the job's record after it; then every job that is now said to
    /// block its queue, without a transition.
    pub fn fold(
        &mut self,
        seen: &Observation,
        decision: &Decision,
        mut changed: impl FnMut(&JobRecord, Option<&Transition>, &Names) -> Result<(), DriverError>,
    ) -> Result<(), DriverError> {
        let mut transitions = std::mem::take(&mut self.transitions);
        self.states.fold(seen, decision, &mut transitions);
        self.shortages.fold(seen, decision);
        let mut folded = Ok(());
        self.submissions(seen, &transitions);
        self.requests(seen);
        self.pods(seen.now, decision);
        for transition in &transitions {
            self.apply(transition);
            if let Some(record) = self.jobs.get(&transition.job)
                && folded.is_ok()
            {
                folded = changed(record, Some(transition), &self.names);
            }
            self.forget(transition);
        }
        for reason in &decision.reasons {
            if let Reason::HeadBlocked { queue, head, why } = reason
                && let Some(record) = self.jobs.get_mut(head)
            {
                record.status_reason = Some(self.shortages.of_head(*queue, *why, &self.names));
                if folded.is_ok() {
                    folded = changed(record, None, &self.names);
                }
            }
        }
        transitions.clear();
        self.transitions = transitions;
        folded
    }

    /// Opens the records of jobs that were submitted, as far as they were taken.
    fn submissions(&mut self, seen: &Observation, transitions: &[Transition]) {
        let submitted = transitions.iter().filter(|transition| transition.cause == Cause::Submitted);
        // In the order of the events, which may hold others.
        let mut taken = submitted.map(|transition| transition.job.job).peekable();
        for event in &seen.events {
            if let Event::JobSubmitted { job, queue, spec, array_size, depends_on, .. } = event
                && taken.next_if_eq(job).is_some()
            {
                let job = JobRef { job: *job, child: None };
                self.jobs.insert(
                    job,
                    JobRecord {
                        job,
                        queue: *queue,
                        spec: *spec,
                        array_size: *array_size,
                        depends_on: depends_on.clone(),
                        state: JobState::Submitted,
                        moments: Vec::new(),
                        attempts: Vec::new(),
                        status_reason: None,
                        summary: StatusSummary::default(),
                        cancelled: false,
                        terminated: false,
                    },
                );
            }
        }
    }

    /// Marks what `CancelJob` and `TerminateJob` were called on, and the children with their array.
    fn requests(&mut self, seen: &Observation) {
        for event in &seen.events {
            let (job, terminate) = match event {
                Event::JobCancelRequested { job } => (*job, false),
                Event::JobTerminateRequested { job } => (*job, true),
                _ => continue,
            };
            let last = JobRef { child: job.child.or(Some(u32::MAX)), ..job };
            for (_, record) in self.jobs.range_mut(job..=last) {
                if !record.state.is_terminal() {
                    record.cancelled |= !terminate;
                    record.terminated |= terminate;
                }
            }
        }
    }

    /// Pods that end and pods that are to be created. A pod ends before its slot is used again.
    fn pods(&mut self, now: SimTime, decision: &Decision) {
        for ending in &decision.endings {
            if let Ending::Attempt(end) = ending
                && let Some(record) = self.jobs.get_mut(&end.job)
                && let Some(attempt) = record.attempts.iter_mut().rev().find(|attempt| attempt.pod == end.pod)
            {
                attempt.running_at = end.running_at;
                attempt.end = Some(*end);
            }
        }
        for command in &decision.commands {
            if let Command::CreatePod { pod, job, attempt, node, node_index, .. } = command {
                // A child's record may open in this very step.
                if let Some(record) = self.open(*job) {
                    let (attempt, pod, node, node_index) = (*attempt, *pod, *node, *node_index);
                    let (running_at, end) = (None, None);
                    let starting_at = now;
                    let record_of = AttemptRecord { attempt, pod, node, node_index, starting_at, running_at, end };
                    record.attempts.push(record_of);
                }
            }
        }
    }

    /// The record of a job; a child's is made after its array's.
    fn open(&mut self, job: JobRef) -> Option<&mut JobRecord> {
        if job.child.is_some() && !self.jobs.contains_key(&job) {
            let array = self.jobs.get(&JobRef { child: None, ..job })?;
            let child = JobRecord {
                job,
                array_size: None,
                state: JobState::Pending,
                moments: Vec::new(),
                attempts: Vec::new(),
                status_reason: None,
                summary: StatusSummary::default(),
                ..array.clone()
            };
            self.jobs.insert(job, child);
        }
        self.jobs.get_mut(&job)
    }

    fn apply(&mut self, transition: &Transition) {
        let Transition { job, at, from, to, cause } = *transition;
        let Some(record) = self.open(job) else { return };
        record.state = to;
        record.moments.push(Moment { at, state: to });
        match cause {
            Cause::Retried(end) => record.status_reason = status_reason::of_attempt(&end),
            Cause::Ended { job, attempt } => record.status_reason = status_reason::of_job(&job, attempt.as_ref()),
            Cause::ChildrenEnded(end) => {
                record.status_reason = (end.failed > 0).then(|| status_reason::CHILD_FAILED.to_owned());
            }
            Cause::Started { pod } => {
                if let Some(attempt) = record.attempts.iter_mut().find(|attempt| attempt.pod == pod) {
                    attempt.running_at = Some(at);
                }
            }
            // Why it waited is past.
            Cause::Placed { .. } => record.status_reason = None,
            Cause::Submitted
            | Cause::Spawned
            | Cause::Depends
            | Cause::ChildRunnable
            | Cause::Evaluated
            | Cause::Released => {}
        }
        if job.child.is_some()
            && let Some(array) = self.jobs.get_mut(&JobRef { child: None, ..job })
        {
            array.summary.moved(from, to);
        }
    }

    /// Drops what is finished and not to be kept. Children go with their array.
    fn forget(&mut self, transition: &Transition) {
        let Keep::Last(kept) = self.keep else { return };
        if transition.job.child.is_some() || !transition.to.is_terminal() {
            return;
        }
        self.finished.push_back(transition.job.job);
        while self.finished.len() > kept {
            let Some(oldest) = self.finished.pop_front() else { return };
            let (first, last) = (JobRef { job: oldest, child: None }, JobRef { job: oldest, child: Some(u32::MAX) });
            let children: Vec<JobRef> = self.jobs.range(first..=last).map(|(job, _)| *job).collect();
            for job in children {
                self.jobs.remove(&job);
            }
        }
    }
}

impl AttemptRecord {
    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<AttemptOutcome> {
        self.end.map(|end| end.outcome)
    }
}

impl Watcher for JobLog {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.fold(seen, decision, |_, _, _| Ok(()))
    }
}
