//! A decision as a whole: what had to follow from the facts is in it, and nothing else is.

use windtunnel::ids::JobRef;
use windtunnel::scheduler::{AttemptEnd, Blocked, Decision, EndCause, Ending, InvalidCause, JobEnd, Reason, Scheduler};

use super::{Due, Head, Judge, Progress, Queue, Verdict, demand};

impl Judge<'_> {
    /// Judges what the core made of what it saw.
    pub(crate) fn decided(&mut self, decision: &Decision, core: &Scheduler) -> Verdict {
        let refused: Vec<_> = decision.reasons.iter().filter_map(refused).collect();
        demand!(refused == self.due.refused, "refused {refused:?} and not {:?}", self.due.refused);
        for ending in &decision.endings {
            match ending {
                Ending::Attempt(end) => self.attempt_ended(end)?,
                Ending::Job(end) => self.job_ended(end)?,
                Ending::Array(end) => {
                    let due = self.due.arrays.remove(&end.job);
                    demand!(due == Some((end.size, end.failed)), "{} ended as {end:?}, due was {due:?}", end.job);
                    let all = self.jobs_of(JobRef { job: end.job, child: None });
                    let early = all.iter().find(|child| self.due.jobs.contains_key(child));
                    demand!(early.is_none(), "{} ended before its child {early:?}", end.job);
                    self.tally.arrays_failed += u64::from(end.failed > 0);
                    self.tally.arrays_succeeded += u64::from(end.failed == 0);
                }
            }
        }
        self.backfilled = decision.reasons.iter().filter_map(backfilled).collect();
        for command in &decision.commands {
            self.command(command, &decision.reasons)?;
        }
        for reason in &decision.reasons {
            self.reason(reason)?;
        }
        self.nothing_is_left_out()?;
        self.due = Due::default();
        if let Some(at) = decision.wake_at {
            demand!(at > self.now, "wants to be woken at {at}, which is over");
        }
        self.check_capacity()?;
        self.agrees(core)
    }

    fn attempt_ended(&mut self, end: &AttemptEnd) -> Verdict {
        let Some((outcome, retried)) = self.due.attempts.remove(&end.pod) else {
            return Err(format!("{} of {} ended, which was not due", end.pod, end.job));
        };
        demand!(end.outcome == outcome, "{} of {} ended as {:?} and not {outcome:?}", end.pod, end.job, end.outcome);
        demand!(end.retried == retried, "{} of {} ({outcome:?}): retried {}", end.pod, end.job, end.retried);
        self.tally.attempt(end);
        Ok(())
    }

    fn job_ended(&mut self, end: &JobEnd) -> Verdict {
        if let EndCause::TimeLimit(why) = end.why {
            self.time_limit(end.job, why)?;
        }
        let Some(due) = self.due.jobs.remove(&end.job) else {
            return Err(format!("{} ended ({:?}), which was not due", end.job, end.why));
        };
        // In a queue that is deleted, who waits for a job that just ended ends for either reason.
        let either = [EndCause::QueueDeleted, EndCause::DependencyFailed];
        demand!(
            due == end.why || either.contains(&due) && either.contains(&end.why),
            "{} ended by {:?} and not {due:?}",
            end.job,
            end.why
        );
        let job = &self.jobs[&end.job];
        demand!(end.attempts == job.charged, "{} ended after {} attempts of {}", end.job, end.attempts, job.charged);
        self.tally.ended(end.why);
        Ok(())
    }

    /// The head of a queue has blocked it for longer than a limit allows.
    fn time_limit(&mut self, name: JobRef, why: Blocked) -> Verdict {
        let job = self.jobs.get(&name).ok_or("an unknown job ended")?;
        demand!(job.progress == Progress::Waiting, "{name} was {:?} and ended by a time limit", job.progress);
        let queue = &self.queues[job.queue.index()];
        let limits = queue.spec.time_limits.iter().filter(|limit| limit.why == why);
        let after = limits.map(|limit| limit.after).min().ok_or("no such limit")?;
        let Some(Head { job: head, since, why: said, .. }) = queue.head else {
            return Err(format!("{name} ended by a time limit and blocks nothing"));
        };
        demand!(head == name && since + after <= self.now, "{name} blocks since {since}, {head} stands first");
        let asks_again = why == Blocked::InsufficientInstanceCapacity && said == Blocked::AwaitingCapacity;
        demand!(said == why || asks_again, "{name} blocked for {said:?} and ended for {why:?}");
        self.end(name, EndCause::TimeLimit(why));
        self.resolve();
        Ok(())
    }

    fn reason(&mut self, reason: &Reason) -> Verdict {
        match *reason {
            Reason::QueueBlocked { queue, head, why } => {
                self.tally.blocked(why);
                let known = self.queues[queue.index()].head.filter(|known| known.job == head);
                let since = known.map_or(self.now, |known| known.since);
                self.queues[queue.index()].head = Some(Head { job: head, since, why, why_since: self.now });
            }
            Reason::QueueUnblocked { queue } => self.queues[queue.index()].head = None,
            Reason::HeadBlocked { .. } => self.tally.head_blocked += 1,
            Reason::EnvironmentInvalid { environment, why: InvalidCause::NodesNeverJoined } => {
                self.tally.never_joined_invalid += 1;
                let limit = self.settings.invalid_after_failed_joins;
                let known = self.environments[environment.index()].as_mut().ok_or("no such environment is INVALID")?;
                demand!(known.never_joined >= limit, "{environment} is INVALID after {}", known.never_joined);
                (known.invalid, known.excused) = (true, true);
            }
            _ => {}
        }
        Ok(())
    }

    /// All that was due has happened.
    fn nothing_is_left_out(&self) -> Verdict {
        let Due { refused: _, attempts, jobs, arrays, deletes, leaders } = &self.due;
        demand!(attempts.is_empty(), "attempts did not end: {attempts:?}");
        demand!(jobs.is_empty(), "jobs did not end: {jobs:?}");
        demand!(arrays.is_empty(), "arrays did not end: {arrays:?}");
        demand!(deletes.is_empty(), "pods were not deleted: {deletes:?}");
        demand!(
            leaders.values().all(|&left| left == 0),
            "nodes of multi-node parallel jobs did not start: {leaders:?}"
        );
        for (id, pod) in &self.pods {
            let leads = pod.part.is_none_or(|(_, leader)| leader == *id);
            let timeout = self.spec(pod.job).timeout.filter(|_| leads && pod.ending.is_none());
            if let (Some(timeout), Some(running_at)) = (timeout, pod.running_at) {
                demand!(running_at + timeout > self.now, "{} runs longer than it may", pod.job);
            }
            let node = &self.nodes[&pod.node];
            let environment = self.environments[node.environment.index()].as_ref();
            let jobs_end_at = environment.and_then(|environment| environment.jobs_end_at);
            let over = node.outdated && jobs_end_at.is_some_and(|at| at <= self.now) && pod.ending.is_none();
            demand!(!over, "{} still runs on a node that was to be replaced by {jobs_end_at:?}", pod.job);
        }
        self.queues.iter().enumerate().try_for_each(|(index, queue)| self.head_is_looked_after(index, queue))
    }

    /// A queue is not said to be blocked by a job that is gone, nor blocked for longer than a time limit allows.
    fn head_is_looked_after(&self, index: usize, queue: &Queue) -> Verdict {
        let Some(Head { job: name, why, why_since, .. }) = queue.head else { return Ok(()) };
        let waits = self.jobs[&name].progress == Progress::Waiting;
        demand!(
            waits || self.now < self.now.ceil_to(self.settings.scheduling_cycle),
            "jq-{index} is still said to be blocked by {name}, which is {:?}",
            self.jobs[&name].progress
        );
        // With several environments, or shares, it cannot be told from outside whether all have the problem.
        let plain = queue.spec.environments.len() == 1 && queue.spec.fair_share.is_none();
        let limit = queue.spec.time_limits.iter().find(|limit| limit.why == why && why_since + limit.after <= self.now);
        demand!(!waits || !plain || limit.is_none(), "{name} blocks jq-{index} since {why_since}, beyond {limit:?}");
        Ok(())
    }
}

/// Who goes ahead of which head.
fn backfilled(reason: &Reason) -> Option<(JobRef, JobRef)> {
    match reason {
        Reason::Backfilled { job, head, .. } => Some((*job, *head)),
        _ => None,
    }
}

fn refused(reason: &Reason) -> Option<windtunnel::ids::JobId> {
    match reason {
        Reason::SubmissionRefused { job, .. } => Some(*job),
        _ => None,
    }
}
