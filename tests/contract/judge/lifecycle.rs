//! Attempts and jobs: how they must end, and which must be tried again.

use windtunnel::ids::{JobRef, PodId};
use windtunnel::scheduler::{AttemptOutcome, DeleteCause, EndCause, EndKind, ExitCodePattern, JobSpec, PodFailure};

use super::{Judge, Pod, Progress};

impl Judge<'_> {
    /// A job ends.
    pub(super) fn end(&mut self, name: JobRef, why: EndCause) {
        let job = self.jobs.get_mut(&name).expect("a known job");
        job.progress = Progress::Ended(why == EndCause::Succeeded);
        self.pending.remove(&name);
        self.put_back(name);
        self.due.jobs.insert(name, why);
        if name.child.is_some() && self.outcome(name.job).is_some() {
            let children = self.jobs_of(JobRef { child: None, ..name });
            let failed = children.iter().filter(|child| self.jobs[*child].progress == Progress::Ended(false)).count();
            let number = |count: usize| u32::try_from(count).expect("a small array");
            self.due.arrays.insert(name.job, (number(children.len()), number(failed)));
        }
    }

    /// Gives back the consumable resources that a job holds.
    fn put_back(&mut self, name: JobRef) {
        let job = self.jobs.get_mut(&name).expect("a known job");
        if std::mem::replace(&mut job.holds, false) {
            for need in &self.specs[job.spec.index()].consumables {
                if let Some(Some(known)) = self.consumables.get_mut(need.resource.index())
                    && known.spec.replenishable
                {
                    known.in_use -= need.quantity;
                }
            }
        }
    }

    /// A job that has started is to be stopped.
    pub(super) fn stop(&mut self, name: JobRef, why: DeleteCause) {
        if let Progress::Active(pod) = self.jobs[&name].progress {
            self.delete(pod, why);
        }
    }

    /// A pod is to be deleted, unless it is being deleted already: then only the user's word changes how it ends.
    pub(super) fn delete(&mut self, id: PodId, why: DeleteCause) {
        let Some(pod) = self.pods.get_mut(&id) else { return };
        let may_retry = |why: DeleteCause| matches!(why, DeleteCause::Volume | DeleteCause::EnvironmentUpdate);
        let wanted = |why: DeleteCause| matches!(why, DeleteCause::Terminated | DeleteCause::QueueDeleted);
        match pod.ending {
            None => {
                pod.ending = Some(why);
                self.due.deletes.insert(id, why);
            }
            Some(before) if may_retry(before) && wanted(why) => pod.ending = Some(why),
            Some(_) => {}
        }
    }

    /// A pod is over; facts about others are late.
    pub(super) fn pod_over(&mut self, id: PodId, outcome: AttemptOutcome) {
        let Some(pod) = self.pods.remove(&id) else {
            self.tally.late_facts += 1;
            return;
        };
        let requests = self.spec(pod.job).requests;
        let node = self.nodes.get_mut(&pod.node).expect("a pod's node lives");
        node.held -= requests;
        node.pods.remove(&id);
        if node.pods.is_empty() {
            node.idle_since = self.now;
            node.tenant = None;
        }
        let outcome = match (outcome, pod.ending) {
            (AttemptOutcome::Succeeded, _) | (_, None) => outcome,
            (_, Some(why)) => ended_by(why),
        };
        if pod.part.is_some_and(|(_, leader)| leader != id) {
            self.tally.followers_ended += 1;
            self.due.attempts.insert(id, (outcome, false));
            return;
        }
        self.leader_over(id, &pod, outcome);
    }

    fn leader_over(&mut self, id: PodId, pod: &Pod, outcome: AttemptOutcome) {
        let spec = self.spec(pod.job);
        let rejected = failure(outcome).is_some_and(|(kind, _)| kind == EndKind::Rejected);
        let for_free = rejected && !self.settings.rejected_pod_charges_attempt;
        let retried = for_free || pod.attempt < spec.attempts && is_retried(spec, outcome);
        self.due.attempts.insert(id, (outcome, retried));
        self.tally.rejected += u64::from(rejected);
        let stop = if outcome == AttemptOutcome::Succeeded {
            DeleteCause::MainNodeSucceeded
        } else {
            DeleteCause::MainNodeEnded
        };
        let all = self.pods.iter();
        let others: Vec<_> =
            all.filter(|(_, other)| other.part.is_some_and(|(_, main)| main == id)).map(|(&pod, _)| pod).collect();
        for other in others {
            self.delete(other, stop);
        }
        let queue = self.jobs[&pod.job].queue;
        for one in self.queues[queue.index()].usage.values_mut().flatten().filter(|one| one.pod == id) {
            one.until.get_or_insert(self.now);
        }
        if retried {
            self.tally.retried += 1;
            if !self.settings.consumables_held_across_retries {
                self.put_back(pod.job);
            }
            let job = self.jobs.get_mut(&pod.job).expect("a known job");
            job.charged = pod.attempt - u8::from(for_free);
            (job.progress, job.retry, job.runnable_since) = (Progress::Waiting, true, self.now);
        } else {
            let why = match (outcome, pod.ending) {
                (AttemptOutcome::Succeeded, _) => EndCause::Succeeded,
                (AttemptOutcome::Terminated, Some(DeleteCause::QueueDeleted)) => EndCause::QueueDeleted,
                (AttemptOutcome::Terminated, _) => EndCause::Terminated,
                _ => EndCause::AttemptFailed,
            };
            self.end(pod.job, why);
            self.resolve();
        }
    }
}

/// How an attempt ends whose pod was deleted.
fn ended_by(why: DeleteCause) -> AttemptOutcome {
    match why {
        DeleteCause::Timeout => AttemptOutcome::TimedOut,
        DeleteCause::Terminated | DeleteCause::QueueDeleted => AttemptOutcome::Terminated,
        DeleteCause::Volume => AttemptOutcome::VolumeNotAttached,
        DeleteCause::EnvironmentUpdate => AttemptOutcome::EnvironmentUpdated,
        DeleteCause::MainNodeSucceeded => AttemptOutcome::Succeeded,
        DeleteCause::MainNodeEnded => AttemptOutcome::MainNodeEnded,
    }
}

/// What `evaluateOnExit` looks at, where a retry is possible at all.
fn failure(outcome: AttemptOutcome) -> Option<(EndKind, Option<i32>)> {
    Some(match outcome {
        AttemptOutcome::Failed(PodFailure::ExitCode(code)) => (EndKind::Exited, Some(code)),
        AttemptOutcome::Failed(PodFailure::OomKilled) => (EndKind::OomKilled, Some(137)),
        AttemptOutcome::Failed(PodFailure::Deleted) => (EndKind::Deleted, None),
        AttemptOutcome::Failed(PodFailure::Refused) => (EndKind::Refused, None),
        AttemptOutcome::Failed(_) => (EndKind::Rejected, None),
        AttemptOutcome::HostTerminated => (EndKind::HostTerminated, None),
        AttemptOutcome::VolumeNotAttached => (EndKind::VolumeNotAttached, None),
        AttemptOutcome::EnvironmentUpdated => (EndKind::EnvironmentUpdated, None),
        AttemptOutcome::Succeeded
        | AttemptOutcome::TimedOut
        | AttemptOutcome::Terminated
        | AttemptOutcome::MainNodeEnded => return None,
    })
}

/// The first rule all of whose conditions hold decides; without one, a failure is retried.
fn is_retried(spec: &JobSpec, outcome: AttemptOutcome) -> bool {
    let Some((kind, code)) = failure(outcome) else { return false };
    for rule in &spec.evaluate_on_exit {
        let code_matches = match (rule.exit_code, code) {
            (None, _) | (Some(ExitCodePattern::Any), Some(_)) => true,
            (Some(_), None) => false,
            (Some(ExitCodePattern::Is(wanted)), Some(code)) => code == wanted,
            (Some(ExitCodePattern::BeginsWith(digits)), Some(code)) => {
                code.to_string().starts_with(&digits.to_string())
            }
        };
        if code_matches && rule.ends.as_ref().is_none_or(|ends| ends.contains(&kind)) {
            return rule.retry;
        }
    }
    true
}
