//! How the core says attempts and jobs ended, against what happened.

use windtunnel::scheduler::{ArrayEnd, AttemptEnd, AttemptOutcome, EndCause, Ending, JobEnd};
use windtunnel::units::SimDuration;

use super::{Judge, Turn, Verdict, demand};

impl Judge<'_> {
    pub(super) fn ending(&mut self, ending: &Ending) -> Verdict {
        match ending {
            Ending::Attempt(end) => self.attempt_ended(end),
            Ending::Job(end) => self.job_ended(end),
            Ending::Array(end) => self.array_ended(end),
        }
    }

    fn attempt_ended(&mut self, end: &AttemptEnd) -> Verdict {
        let (pod, outcome) = self.ended.remove(&end.pod).ok_or_else(|| format!("{} did not end", end.pod))?;
        let job = self.jobs.get_mut(&pod.job).expect("pods have jobs");
        let limit = self.world.specs[job.spec.index()].attempts;
        let retried = match outcome {
            AttemptOutcome::Succeeded | AttemptOutcome::TimedOut => false,
            AttemptOutcome::Failed(_) | AttemptOutcome::HostTerminated => pod.attempt < limit,
            other => return Err(format!("{} ended so: {other:?}", end.pod)),
        };
        let expected = AttemptEnd {
            pod: end.pod,
            job: pod.job,
            queue: job.queue,
            spec: job.spec,
            attempt: pod.attempt,
            node: pod.node,
            starting_at: pod.starting_at,
            running_at: pod.running_at,
            stopped_at: self.now,
            outcome,
            retried,
            node_index: None,
        };
        demand!(*end == expected, "said to have ended: {end:?}, ended: {expected:?}");
        if retried {
            job.runnable_since = self.now;
            let turn = Turn::Retry(job.submitted_at, pod.job);
            self.waiting[job.queue.index()].insert(turn);
        } else {
            job.over = Some(outcome);
        }
        Ok(())
    }

    /// An array ends with its last child, and says how many failed.
    fn array_ended(&mut self, end: &ArrayEnd) -> Verdict {
        let children: Vec<_> = self.jobs.iter().filter(|(name, _)| name.job == end.job).map(|(_, job)| job).collect();
        demand!(children.iter().all(|job| job.terminal), "{} ended before its children", end.job);
        let failed = children.iter().filter(|job| job.over != Some(AttemptOutcome::Succeeded)).count();
        let told = (end.size as usize, end.failed as usize, end.ended_at);
        demand!(told == (children.len(), failed, self.now), "{end:?}, but {failed} of {} failed", children.len());
        demand!(self.arrays.remove(&end.job), "{} ended twice", end.job);
        Ok(())
    }

    fn job_ended(&mut self, end: &JobEnd) -> Verdict {
        let job = self.jobs.get_mut(&end.job).ok_or_else(|| format!("{} never was", end.job))?;
        demand!(!std::mem::replace(&mut job.terminal, true), "{} ended twice", end.job);
        let outcome = job.over.ok_or_else(|| format!("{} ended, its last attempt did not", end.job))?;
        let expected = JobEnd {
            job: end.job,
            queue: job.queue,
            spec: job.spec,
            why: if outcome == AttemptOutcome::Succeeded { EndCause::Succeeded } else { EndCause::AttemptFailed },
            attempts: job.attempts,
            submitted_at: job.submitted_at,
            first_running_at: job.first_running_at,
            runnable: job.runnable,
            last_run: end.last_run,
            ended_at: self.now,
        };
        demand!(*end == expected, "said to have ended: {end:?}, ended: {expected:?}");
        let ran = job.first_running_at.map_or(SimDuration::ZERO, |at| self.now.since(at));
        demand!(end.last_run <= ran, "{} ran for {} after {ran}", end.job, end.last_run);
        Ok(())
    }
}
