//! Jobs with their states and attempts, as `DescribeJobs` knows them: built from transitions, for as long as wanted.
//!
//! Memory: a record per job in the system, and per finished job as far as these are kept.

use std::collections::{BTreeMap, VecDeque};

use crate::driver::{DriverError, Watcher};
use crate::history::record::{AttemptRecord, JobRecord, Moment, StatusSummary};
use crate::history::requests::RequestCount;
use crate::history::states::States;
use crate::history::status_reason::{Shortages, Texts};
use crate::history::transition::{Cause, JobState, Transition};
use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId};
use crate::model::{JobSpecName, Names};
use crate::scheduler::{Command, Decision, EndCause, Ending, Event, Observation, Reason, SchedulerConfig};
use crate::units::SimTime;

/// How many finished jobs a log keeps; with an array, its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All of them.
    All,
    /// The last so many to finish.
    Last(usize),
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
    texts: Texts,
    requested: RequestCount,
    /// By queue: when a job last left its RUNNABLE ones.
    left_line: Vec<SimTime>,
    as_of: SimTime,
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
            texts: Texts::default(),
            requested: RequestCount::default(),
            left_line: Vec::new(),
            as_of: SimTime::ZERO,
            transitions: Vec::new(),
        }
    }

    /// Looks at one job only, or at one array and its children.
    #[must_use]
    pub fn only(mut self, job: JobId) -> Self {
        self.states = self.states.only(job);
        self
    }

    /// Tells the ends of attempts in these words.
    #[must_use]
    pub fn with_texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
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

    /// Forgets a job, and an array's children with it: for whoever keeps what is over elsewhere.
    pub fn remove(&mut self, job: JobId) {
        let (first, last) = (JobRef { job, child: None }, JobRef { job, child: Some(u32::MAX) });
        let known: Vec<JobRef> = self.jobs.range(first..=last).map(|(job, _)| *job).collect();
        for job in known {
            self.jobs.remove(&job);
        }
    }

    /// The time of the last step.
    pub const fn as_of(&self) -> SimTime {
        self.as_of
    }

    /// When a RUNNABLE job of a queue was last placed, or ended where it waited: those behind it moved up.
    pub fn moved_up_at(&self, queue: JobQueueId) -> SimTime {
        self.left_line.get(queue.index()).copied().unwrap_or(SimTime::ZERO)
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
        self.as_of = seen.now;
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
                        request: None,
                    },
                );
            }
        }
    }

    /// Marks what `CancelJob` and `TerminateJob` were called on, and the children with their array. From STARTING on, only
    /// the latter ends a job.
    fn requests(&mut self, seen: &Observation) {
        for event in &seen.events {
            let (job, terminate) = match event {
                Event::JobCancelRequested { job } => (*job, false),
                Event::JobTerminateRequested { job } => (*job, true),
                _ => continue,
            };
            let request = self.requested.next(job);
            let last = JobRef { child: job.child.or(Some(u32::MAX)), ..job };
            for (_, record) in self.jobs.range_mut(job..=last) {
                if !record.state.is_terminal() {
                    record.cancelled |= !terminate;
                    record.terminated |= terminate;
                    if terminate || record.state < JobState::Starting {
                        record.request.get_or_insert(request);
                    }
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
                attempt.status_reason = self.texts.of_attempt(end);
            }
        }
        for command in &decision.commands {
            if let Command::CreatePod { pod, job, attempt, node, node_index, .. } = command {
                // A child's record may open in this very step.
                if let Some(record) = self.open(*job) {
                    record.attempts.push(AttemptRecord {
                        attempt: *attempt,
                        pod: *pod,
                        node: *node,
                        node_index: *node_index,
                        starting_at: now,
                        running_at: None,
                        end: None,
                        status_reason: None,
                    });
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
        let (queue, request) = (record.queue, record.request);
        let ended = match &cause {
            Cause::Retried(end) => self.texts.of_attempt(end),
            Cause::Ended { job, attempt } => self.texts.of_job(job, attempt.as_ref(), request),
            Cause::ChildrenEnded(end) => (end.failed > 0).then(|| self.texts.of_failed_array(request)),
            _ => None,
        };
        if from == Some(JobState::Runnable) {
            self.leave_line(queue, at);
        }
        let Some(record) = self.jobs.get_mut(&job) else { return };
        record.state = to;
        record.moments.push(Moment { at, state: to });
        if !is_requested(&cause) {
            record.request = None;
        }
        match cause {
            Cause::Retried(_) | Cause::Ended { .. } | Cause::ChildrenEnded(_) => record.status_reason = ended,
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

    fn leave_line(&mut self, queue: JobQueueId, at: SimTime) {
        if self.left_line.len() <= queue.index() {
            self.left_line.resize(queue.index() + 1, SimTime::ZERO);
        }
        self.left_line[queue.index()] = at;
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
            self.remove(oldest);
        }
    }
}

/// Whether a request to end the job may have had this outcome, or has none yet.
const fn is_requested(cause: &Cause) -> bool {
    match cause {
        Cause::Ended { job, .. } => matches!(job.why, EndCause::Cancelled | EndCause::Terminated),
        Cause::ChildrenEnded(end) => end.failed > 0,
        _ => true,
    }
}

impl Watcher for JobLog {
    fn called(&mut self, spec: JobSpecId, name: &JobSpecName) {
        self.names.call(spec, name);
    }

    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.fold(seen, decision, |_, _, _| Ok(()))
    }
}
