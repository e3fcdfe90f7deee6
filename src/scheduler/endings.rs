//! How attempts and jobs end, and which jobs are tried again.
//!
//! Source: `API:RetryStrategy`, `UG:job_retries` (a non-zero exit and a lost host are retried, a timeout never), `UG:job_timeouts`.

use crate::ids::PodId;
use crate::scheduler::decision::{AttemptEnd, AttemptOutcome, Decision, EndCause, Ending, JobEnd};
use crate::scheduler::event::PodFailure;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::ordering::{JobQueue, Retry};
use crate::scheduler::timers::Timer;
use crate::units::SimDuration;

impl Scheduler {
    /// All containers of a pod run.
    pub(super) fn pod_running(&mut self, id: PodId) {
        let Some(pod) = self.pods.get_mut(id) else {
            self.absorbed.unknown_pods += 1;
            return;
        };
        if !pod.runs(self.now) {
            self.absorbed.duplicates += 1;
            return;
        }
        if let Some(timeout) = self.specs.get(pod.spec).timeout {
            self.timers.set(self.now + timeout, Timer::Timeout(id));
        }
    }

    /// A pod reached Succeeded or Failed, or went with its node.
    pub(super) fn pod_ended(&mut self, id: PodId, outcome: AttemptOutcome, out: &mut Decision) {
        let Some(pod) = self.pods.remove(id, &mut self.nodes) else {
            self.absorbed.unknown_pods += 1;
            return;
        };
        let outcome = match outcome {
            // Who ran into its timeout has timed out, even if its host goes before its containers do.
            AttemptOutcome::Failed(_) | AttemptOutcome::HostTerminated if pod.timed_out => AttemptOutcome::TimedOut,
            other => other,
        };
        let rejected = matches!(outcome, AttemptOutcome::Failed(failure) if failure.is_rejection());
        self.release(&pod, rejected);

        let free_of_charge = rejected && !self.settings.rejected_pod_charges_attempt;
        let spec = self.specs.get(pod.spec);
        let retried = match outcome {
            AttemptOutcome::Succeeded | AttemptOutcome::TimedOut => false,
            AttemptOutcome::Terminated | AttemptOutcome::MainNodeEnded => false,
            AttemptOutcome::Failed(_)
            | AttemptOutcome::HostTerminated
            | AttemptOutcome::VolumeNotAttached
            | AttemptOutcome::EnvironmentUpdated => free_of_charge || pod.attempt < spec.attempts,
        };
        out.endings.push(Ending::Attempt(AttemptEnd {
            pod: id,
            job: pod.job(),
            spec: pod.spec,
            attempt: pod.attempt,
            node: self.nodes.get(pod.node).id,
            starting_at: pod.starting_at,
            running_at: pod.running_at(),
            stopped_at: self.now,
            outcome,
            retried,
            node_index: None,
        }));
        let history = pod.history(self.settings.submit_to_runnable);
        if retried {
            let retry = Retry {
                spec: pod.spec,
                shape: self.specs.shape(pod.spec),
                charged: if free_of_charge { pod.attempt - 1 } else { pod.attempt },
                before: history,
                runnable_since: self.now,
            };
            let cpu = u64::from(spec.requests.cpu.0);
            self.queues[pod.queue.index()].retry(pod.job(), pod.submitted_at, cpu, retry);
            self.request_cycle(self.now);
        } else {
            out.endings.push(Ending::Job(JobEnd {
                job: pod.job(),
                queue: pod.queue,
                spec: pod.spec,
                why: if outcome == AttemptOutcome::Succeeded { EndCause::Succeeded } else { EndCause::AttemptFailed },
                attempts: pod.attempt,
                submitted_at: pod.submitted_at,
                first_running_at: history.first_running_at,
                runnable: history.runnable,
                last_run: pod.running_at().map_or(SimDuration::ZERO, |at| self.now.since(at)),
                ended_at: self.now,
            }));
        }
    }

    /// Gives a node back what a pod held.
    fn release(&mut self, pod: &crate::scheduler::pods::Pod, rejected: bool) {
        let requests = self.specs.get(pod.spec).requests;
        let node = self.nodes.get_mut(pod.node);
        node.free += requests;
        // Whoever turned a pod away has less than it said; the next pod that really ends there clears that up.
        node.suspect = rejected;
        if node.pods.is_empty() {
            node.idle_since = self.now;
            self.watch_idle(pod.node);
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
            Self::ExitCode(_) | Self::OomKilled | Self::Deleted => false,
        }
    }
}
