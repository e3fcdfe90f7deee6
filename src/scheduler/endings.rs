//! How attempts and jobs end, and which jobs are tried again.
//!
//! Source: `API:RetryStrategy`, `API:EvaluateOnExit`, `UG:job_retries` (a non-zero exit and a lost host are retried; a
//! timeout, a cancellation and a termination never), `UG:job_timeouts`.

use crate::ids::{JobQueueId, JobRef, JobSpecId, PodId};
use crate::scheduler::decision::{
    AttemptEnd, AttemptOutcome, Command, Decision, DeleteCause, EndCause, Ending, JobEnd,
};
use crate::scheduler::event::{PodFailure, PodStuck};
use crate::scheduler::jobs::State;
use crate::scheduler::lane::Returning;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::pods::{History, Pod};
use crate::scheduler::queue::JobQueue;
use crate::scheduler::reason::ScaleInCause;
use crate::scheduler::spec::{EndKind, ExitCodePattern, ExitRule};
use crate::scheduler::timers::Timer;
use crate::units::{SimDuration, SimTime};

impl Scheduler {
    /// All containers of a pod run.
    pub(super) fn pod_running(&mut self, id: PodId, out: &mut Decision) {
        let Some(pod) = self.pods.get_mut(id) else {
            self.absorbed.unknown_pods += 1;
            return;
        };
        if !pod.runs(self.now) {
            self.absorbed.duplicates += 1;
            return;
        }
        let (spec, part, goes) = (pod.spec, pod.part(), pod.ending.is_some());
        let leads = part.is_none_or(|part| self.gangs.leads(part, id));
        if let Some(timeout) = self.specs.get(spec).timeout.filter(|_| leads) {
            self.timers.set(self.now + timeout, Timer::Timeout(id));
        }
        // Who is being deleted leads nobody.
        if let Some(part) = part.filter(|_| leads && !goes) {
            self.start_followers(part, out);
        }
    }

    /// A pod can't start. Batch ends an attempt whose volume can't be attached; one whose image can't be pulled stays
    /// STARTING (`UG:batch-eks-job-stuck-in-starting`).
    pub(super) fn pod_stuck(&mut self, id: PodId, why: PodStuck, out: &mut Decision) {
        if self.pods.get(id).is_none() {
            self.absorbed.unknown_pods += 1;
            return;
        }
        match why {
            PodStuck::Volume => self.delete_pod(id, DeleteCause::Volume, out),
            PodStuck::Image => {}
        }
    }

    /// Has a pod deleted, unless it already is. The user's word outweighs a cause after which the job would be tried again.
    pub(super) fn delete_pod(&mut self, id: PodId, why: DeleteCause, out: &mut Decision) {
        let Some(pod) = self.pods.get_mut(id) else { return };
        if let Some(before) = pod.ending {
            if before.allows_retry() && why.is_wanted() {
                pod.ending = Some(why);
            }
            return;
        }
        pod.ending = Some(why);
        let (spec, node) = (pod.spec, self.nodes.get(pod.node).id);
        out.commands.push(Command::DeletePod { pod: id, spec, node, why });
    }

    /// A pod reached Succeeded or Failed, or went with its node.
    pub(super) fn pod_ended(&mut self, id: PodId, outcome: AttemptOutcome, out: &mut Decision) {
        let Some(pod) = self.pods.remove(id, &mut self.nodes) else {
            self.absorbed.unknown_pods += 1;
            return;
        };
        let outcome = match (outcome, pod.ending) {
            // Who was being deleted has ended for that reason, even if its host goes before its containers do.
            (AttemptOutcome::Failed(_) | AttemptOutcome::HostTerminated, Some(why)) => why.into(),
            (outcome, _) => outcome,
        };
        let rejected = matches!(outcome, AttemptOutcome::Failed(failure) if failure.is_rejection());
        self.release(&pod, rejected, out);
        if let Some(part) = pod.part()
            && !self.gangs.leads(part, id)
        {
            self.follower_ended(id, &pod, part, outcome, out);
            return;
        }
        let free_of_charge = rejected && !self.settings.rejected_pod_charges_attempt;
        let retried =
            free_of_charge || (pod.attempt < self.specs.get(pod.spec).attempts && self.is_retried(&pod, outcome));
        self.attempt_ended(id, &pod, outcome, retried, out);
        if let Some(part) = pod.part() {
            self.leader_ended(part, outcome, out);
        }
        let spec = self.specs.get(pod.spec);
        if let (Some(share), Some(shares)) = (spec.share, self.queues[pod.queue.index()].shares()) {
            shares.stop(share, spec.cpu(), self.now);
        }
        if retried {
            self.try_again(&pod, free_of_charge);
        } else {
            self.job_ended(&pod, outcome, out);
        }
    }

    /// Tells the end of a pod.
    pub(super) fn attempt_ended(
        &mut self,
        id: PodId,
        pod: &Pod,
        outcome: AttemptOutcome,
        retried: bool,
        out: &mut Decision,
    ) {
        out.endings.push(Ending::Attempt(AttemptEnd {
            pod: id,
            job: pod.job(),
            queue: pod.queue,
            spec: pod.spec,
            attempt: pod.attempt,
            node: self.nodes.get(pod.node).id,
            starting_at: pod.starting_at,
            running_at: pod.running_at(),
            stopped_at: self.now,
            outcome,
            retried,
            node_index: pod.part().map(|part| part.node_index),
        }));
    }

    /// Whether an attempt that ended so is worth another, by its nature and by `evaluateOnExit`.
    fn is_retried(&self, pod: &Pod, outcome: AttemptOutcome) -> bool {
        let Some((kind, exit_code)) = outcome.failure() else { return false };
        let rules = &self.specs.get(pod.spec).evaluate_on_exit;
        rules.iter().find(|rule| rule.matches(kind, exit_code)).is_none_or(|rule| rule.retry)
    }

    fn try_again(&mut self, pod: &Pod, free_of_charge: bool) {
        let holds = self.settings.consumables_held_across_retries;
        if !holds {
            self.give_back(pod.spec);
        }
        let returning = Returning {
            spec: pod.spec,
            recorded: pod.is_recorded(),
            charged: if free_of_charge { pod.attempt - 1 } else { pod.attempt },
            holds,
            before: pod.history(self.settings.submit_to_runnable),
            runnable_since: self.now,
        };
        if pod.is_recorded() {
            self.jobs.enter(pod.job(), State::InLine);
        }
        self.queues[pod.queue.index()].retry(pod.job(), pod.submitted_at, returning, &self.specs);
        self.request_cycle(self.now);
    }

    /// The job of a pod reached SUCCEEDED or FAILED.
    fn job_ended(&mut self, pod: &Pod, outcome: AttemptOutcome, out: &mut Decision) {
        let history = pod.history(self.settings.submit_to_runnable);
        let why = match (outcome, pod.ending) {
            (AttemptOutcome::Succeeded, _) => EndCause::Succeeded,
            (AttemptOutcome::Terminated, Some(DeleteCause::QueueDeleted)) => EndCause::QueueDeleted,
            (AttemptOutcome::Terminated, _) => EndCause::Terminated,
            _ => EndCause::AttemptFailed,
        };
        self.give_back(pod.spec);
        let end = JobEnd {
            job: pod.job(),
            queue: pod.queue,
            spec: pod.spec,
            why,
            attempts: pod.attempt,
            submitted_at: pod.submitted_at,
            first_running_at: history.first_running_at,
            runnable: history.runnable,
            last_run: pod.running_at().map_or(SimDuration::ZERO, |at| self.now.since(at)),
            ended_at: self.now,
        };
        self.end_job(end, pod.is_recorded(), out);
    }

    /// Tells the end of a job, and what follows from it.
    fn end_job(&mut self, end: JobEnd, recorded: bool, out: &mut Decision) {
        let share = self.specs.get(end.spec).share;
        if let (Some(share), Some(shares)) = (share, self.queues[end.queue.index()].shares()) {
            shares.leave(share);
        }
        out.endings.push(Ending::Job(end));
        if recorded || end.job.child.is_some() {
            self.settle(end.job, end.succeeded(), out);
        }
    }

    /// A recorded job that is PENDING, SUBMITTED or RUNNABLE ends where it stands.
    pub(super) fn end_before_start(&mut self, job: JobRef, why: EndCause, out: &mut Decision) {
        let Some(record) = self.jobs.get(job.job) else { return };
        // Of an array whose children are not followed one by one, all are as far as the array.
        let state = record.state_of(job).unwrap_or(record.state);
        let (queue, spec) = (record.queue, record.spec);
        let (submitted_at, held_up) = (record.submitted_at, record.held_up);
        let since = record.runnable_since.unwrap_or(submitted_at + self.settings.submit_to_runnable);
        match state {
            State::Pending => self.end_waiting(job, (queue, spec), (submitted_at, self.now), None, why, out),
            State::InLine => {
                let past = self.queues[queue.index()].remove(job, spec, (submitted_at, held_up), &self.specs);
                self.end_waiting(job, (queue, spec), (submitted_at, since), past, why, out);
            }
            State::Active(_) | State::Ended { .. } => {}
        }
    }

    /// Tells the end of a job that was taken out of the line, or never stood there.
    pub(super) fn end_waiting(
        &mut self,
        job: JobRef,
        (queue, spec): (JobQueueId, JobSpecId),
        (submitted_at, runnable_since): (SimTime, SimTime),
        past: Option<Returning>,
        why: EndCause,
        out: &mut Decision,
    ) {
        if past.is_some_and(|past| past.holds) {
            self.give_back(spec);
        }
        let before = past.map_or(History::NONE, |past| past.before);
        let waited = self.now.since(past.map_or(runnable_since, |past| past.runnable_since));
        let end = JobEnd {
            job,
            queue,
            spec,
            why,
            attempts: past.map_or(0, |past| past.charged),
            submitted_at,
            first_running_at: before.first_running_at,
            runnable: before.runnable + waited,
            last_run: SimDuration::ZERO,
            ended_at: self.now,
        };
        let recorded = self.jobs.get(job.job).is_some();
        self.end_job(end, recorded, out);
        self.request_cycle(self.now);
    }

    /// Gives a node back what a pod held.
    fn release(&mut self, pod: &Pod, rejected: bool, out: &mut Decision) {
        let requests = self.specs.get(pod.spec).requests;
        let node = self.nodes.get_mut(pod.node);
        node.free += requests;
        // Whoever turned a pod away has less than it said; the next pod that really ends there clears that up, or time.
        node.suspect = rejected;
        if rejected {
            let delay = self.settings.rejected_node_retry_delay.max(SimDuration::from_millis(1));
            self.timers.set(self.now + delay, Timer::Suspect(node.id));
        }
        if node.pods.is_empty() {
            node.idle_since = self.now;
            node.single_tenant = false;
            let (outdated, environment) = (node.outdated, node.environment);
            if outdated {
                self.retire_if_idle(pod.node, ScaleInCause::Replaced, out);
            } else if self.environment(environment).invalid {
                self.retire_if_idle(pod.node, ScaleInCause::EnvironmentInvalid, out);
            } else {
                self.watch_idle(pod.node);
            }
        }
        self.reindex(pod.node);
        if self.queues.iter().any(JobQueue::has_runnable) {
            self.request_cycle(self.now);
        }
    }
}

impl PodFailure {
    /// Whether the kubelet turned the pod away before it began.
    pub const fn is_rejection(self) -> bool {
        match self {
            Self::OutOfCpu | Self::OutOfMemory | Self::OutOfPods | Self::OutOfGpu => true,
            Self::ExitCode(_) | Self::OomKilled | Self::Deleted | Self::Refused => false,
        }
    }
}

/// The exit code of a process that SIGKILL ended.
const SIGKILL_EXIT_CODE: i32 = 137;

impl AttemptOutcome {
    /// How an attempt failed, and its exit code, where another attempt may be worth while.
    pub const fn failure(self) -> Option<(EndKind, Option<i32>)> {
        match self {
            Self::Failed(PodFailure::ExitCode(code)) => Some((EndKind::Exited, Some(code))),
            Self::Failed(PodFailure::OomKilled) => Some((EndKind::OomKilled, Some(SIGKILL_EXIT_CODE))),
            Self::Failed(
                PodFailure::OutOfCpu | PodFailure::OutOfMemory | PodFailure::OutOfPods | PodFailure::OutOfGpu,
            ) => Some((EndKind::Rejected, None)),
            Self::Failed(PodFailure::Deleted) => Some((EndKind::Deleted, None)),
            Self::Failed(PodFailure::Refused) => Some((EndKind::Refused, None)),
            Self::HostTerminated => Some((EndKind::HostTerminated, None)),
            Self::VolumeNotAttached => Some((EndKind::VolumeNotAttached, None)),
            Self::EnvironmentUpdated => Some((EndKind::EnvironmentUpdated, None)),
            Self::Succeeded | Self::TimedOut | Self::Terminated | Self::MainNodeEnded => None,
        }
    }
}

impl DeleteCause {
    /// Whether a job whose pod was deleted for it may be tried again.
    const fn allows_retry(self) -> bool {
        match self {
            Self::Volume | Self::EnvironmentUpdate => true,
            Self::Timeout | Self::Terminated | Self::QueueDeleted | Self::MainNodeSucceeded | Self::MainNodeEnded => {
                false
            }
        }
    }

    /// Whether someone wants the job to end.
    const fn is_wanted(self) -> bool {
        match self {
            Self::Terminated | Self::QueueDeleted => true,
            Self::Timeout | Self::Volume | Self::EnvironmentUpdate | Self::MainNodeSucceeded | Self::MainNodeEnded => {
                false
            }
        }
    }
}

impl From<DeleteCause> for AttemptOutcome {
    fn from(why: DeleteCause) -> Self {
        match why {
            DeleteCause::Timeout => Self::TimedOut,
            DeleteCause::Terminated | DeleteCause::QueueDeleted => Self::Terminated,
            DeleteCause::Volume => Self::VolumeNotAttached,
            DeleteCause::EnvironmentUpdate => Self::EnvironmentUpdated,
            DeleteCause::MainNodeSucceeded => Self::Succeeded,
            DeleteCause::MainNodeEnded => Self::MainNodeEnded,
        }
    }
}

impl ExitRule {
    /// Whether all of its conditions hold.
    pub fn matches(&self, kind: EndKind, exit_code: Option<i32>) -> bool {
        self.ends.as_ref().is_none_or(|ends| ends.contains(&kind))
            && self.exit_code.is_none_or(|pattern| exit_code.is_some_and(|code| pattern.matches(code)))
    }
}

impl ExitCodePattern {
    /// Whether a code matches.
    pub fn matches(self, code: i32) -> bool {
        match self {
            Self::Any => true,
            Self::Is(wanted) => code == wanted,
            Self::BeginsWith(digits) => {
                let shorter = std::iter::successors(Some(code), |code| Some(code / 10).filter(|code| *code != 0));
                shorter.into_iter().any(|code| code == digits)
            }
        }
    }
}
