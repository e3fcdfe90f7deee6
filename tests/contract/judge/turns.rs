//! Whose turn it is: order within a queue or share, and a fair-share queue's shares by usage, worked out in floating point
//! from the documented meaning.

use std::cmp::Reverse;

use windtunnel::ids::{JobQueueId, JobRef, ShareId};
use windtunnel::model::DecayShape;
use windtunnel::scheduler::{FairShare, JobOrder};
use windtunnel::units::{SimDuration, SimTime};

use super::{Job, Judge, Progress, Queue, Verdict, demand};

/// A place in a line: priority, then retries, then the queue's own order, then time of submission.
type Place = (Reverse<u16>, bool, (u64, u64), SimTime);

impl Judge<'_> {
    /// Whether a job that is dispatched now stands first in its queue.
    pub(super) fn is_next(&mut self, name: JobRef) -> Verdict {
        if let Some(head) = self.backfilled.remove(&name) {
            return self.may_go_ahead(name, head);
        }
        let job = &self.jobs[&name];
        let share = self.specs[job.spec.index()].share;
        let mine = self.place_of(job);
        for (other, book) in self.waiting_in(job.queue) {
            if self.specs[book.spec.index()].share == share {
                let place = self.place_of(book);
                demand!(mine <= place, "{name} was dispatched before {other} of {}", job.queue);
                let sibling_first = other.job == name.job && place == mine && other.child < name.child;
                demand!(!sibling_first, "{name} was dispatched before {other}, which comes first");
            }
        }
        let queue = &self.queues[job.queue.index()];
        if let (Some(share), Some(policy)) = (share, &queue.spec.fair_share) {
            self.is_unreserved(job.queue, policy)?;
            let comparable = self.settings.fair_share_decay_shape == DecayShape::Linear && !queue.window_changed;
            if comparable && !self.settings.fair_share_skip_blocked_share {
                self.has_least_usage(job.queue, share, policy)?;
            }
        }
        self.tally.by_share += u64::from(share.is_some());
        Ok(())
    }

    /// A job that is backfilled overtakes the head of its queue, which waits.
    fn may_go_ahead(&mut self, name: JobRef, head: JobRef) -> Verdict {
        let (job, first) = (&self.jobs[&name], &self.jobs[&head]);
        let spec = &self.queues[job.queue.index()].spec;
        demand!(spec.policy.backfill.is_some(), "{name} goes ahead in {}, which does not backfill", job.queue);
        demand!(
            first.queue == job.queue && first.progress == Progress::Waiting,
            "{head} is no head, {name} overtook it"
        );
        for (other, book) in self.waiting_in(job.queue) {
            demand!(self.place_of(first) <= self.place_of(book), "{name} overtook {head}, but {other} stands first");
        }
        self.tally.backfilled += 1;
        Ok(())
    }

    /// A place by the queue's own order.
    fn rank(&self, job: &Job) -> (u64, u64) {
        let queue = &self.queues[job.queue.index()].spec;
        let spec = &self.specs[job.spec.index()];
        let pods = spec.multi_node.as_ref().map_or(1, |one| u64::from(one.nodes));
        match queue.policy.order {
            _ if queue.fair_share.is_some() || job.retry => (0, 0),
            JobOrder::Submission => (0, 0),
            JobOrder::ShortestJobFirst => (spec.timeout.map_or(u64::MAX, SimDuration::as_millis), 0),
            JobOrder::LargestJobFirst => {
                let (cpu, memory) = (u64::from(spec.requests.cpu.0), u64::from(spec.requests.memory.0));
                (u64::MAX - cpu * pods, u64::MAX - memory * pods)
            }
        }
    }

    fn waiting_in(&self, id: JobQueueId) -> impl Iterator<Item = (JobRef, &Job)> {
        let is_runnable =
            move |job: &&Job| job.queue == id && job.progress == Progress::Waiting && job.runnable_since <= self.now;
        self.jobs.iter().filter(move |(_, job)| is_runnable(job)).map(|(&name, job)| (name, job))
    }

    fn place_of(&self, job: &Job) -> Place {
        let priority = self.specs[job.spec.index()].scheduling_priority;
        (Reverse(priority), !job.retry, self.rank(job), job.submitted_at)
    }

    /// Of the shares with RUNNABLE jobs, none has used less, weight considered, beyond what counting in buckets may blur.
    fn has_least_usage(&self, id: JobQueueId, share: ShareId, policy: &FairShare) -> Verdict {
        let (mine, blur) = self.usage(id, share, policy);
        let mut others: Vec<_> =
            self.waiting_in(id).filter_map(|(_, job)| self.specs[job.spec.index()].share).collect();
        others.sort_unstable();
        others.dedup();
        for other in others.into_iter().filter(|&other| other != share) {
            let (theirs, their_blur) = self.usage(id, other, policy);
            let in_turn = mine - blur <= theirs + their_blur + 1e-6;
            demand!(
                in_turn,
                "{share} of {id} has {mine:.0} ± {blur:.0} and goes before {other} with {theirs:.0} ± {their_blur:.0}"
            );
        }
        Ok(())
    }

    /// Usage × weight of a share now, thousandths of vCPU milliseconds, and how far buckets may blur it.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of days")]
    fn usage(&self, id: JobQueueId, share: ShareId, policy: &FairShare) -> (f64, f64) {
        let queue = &self.queues[id.index()];
        let window = policy.share_decay.max(self.settings.fair_share_minimum_window).as_millis() as f64;
        let charge = self.settings.fair_share_start_charge.as_millis() as f64;
        let charge = if window == 0.0 { charge.max(1.0) } else { charge };
        let (mut counted, mut all) = (0.0, 0.0);
        for one in queue.usage.get(&share).into_iter().flatten() {
            let cpu = one.cpu as f64;
            let age = |at: SimTime| self.now.since(at).as_millis() as f64;
            let (oldest, newest) = (age(one.from), one.until.map_or(0.0, age));
            if window > 0.0 {
                let (from, until) = (oldest.min(window), newest.min(window));
                counted += cpu * (from - until - (from * from - until * until) / (2.0 * window));
                let seen = window * 34.0 / 32.0;
                all += cpu * (oldest.min(seen) - newest.min(seen));
            }
            if one.until.is_none() {
                counted += cpu * charge;
            }
        }
        let weight = f64::from(self.weight(queue, share, policy));
        (counted * weight, all * weight / 16.0)
    }

    fn weight(&self, queue: &Queue, share: ShareId, policy: &FairShare) -> u32 {
        let entry = |id: ShareId| policy.weights.iter().find(|weight| weight.share == id);
        let Some(known) = entry(share) else { return 10_000 };
        let is_active = |id: ShareId| {
            self.jobs.values().any(|job| {
                std::ptr::eq(&raw const self.queues[job.queue.index()], queue)
                    && !matches!(job.progress, Progress::Ended(_))
                    && self.specs[job.spec.index()].share == Some(id)
            })
        };
        match known.prefix.filter(|_| self.settings.prefix_weight_split) {
            Some(prefix) => {
                let siblings = policy.weights.iter().filter(|other| other.prefix == Some(prefix));
                let active = siblings.filter(|other| is_active(other.share)).count();
                known.weight * u32::try_from(active).expect("a handful")
            }
            None => known.weight,
        }
    }

    /// What is reserved for shares that are not active is left alone; one job may cross the line.
    #[expect(clippy::cast_precision_loss, reason = "thousandths of a few thousand vCPUs")]
    fn is_unreserved(&self, id: JobQueueId, policy: &FairShare) -> Verdict {
        let queue = &self.queues[id.index()];
        let environments = queue.spec.environments.iter();
        let known = environments.filter_map(|id| self.environments.get(id.index())?.as_ref());
        let Some(most) = known
            .map(|environment| match &environment.spec.managed {
                Some(managed) => Some(managed.max_vcpus),
                None => environment.spec.unmanaged_vcpus,
            })
            .sum::<Option<u32>>()
        else {
            return Ok(());
        };
        let shares = (0..crate::scripts::SHARES).map(ShareId);
        let window = policy.share_decay.max(self.settings.fair_share_minimum_window);
        let is_active = |share: &ShareId| {
            let unfinished = self.jobs.values().any(|job| {
                job.queue == id
                    && !matches!(job.progress, Progress::Ended(_))
                    && self.specs[job.spec.index()].share == Some(*share)
            });
            let used = queue.usage.get(share).into_iter().flatten().filter_map(|one| one.until).max();
            unfinished || used.is_some_and(|until| until + window > self.now)
        };
        let active = shares.filter(is_active).count();
        let ratio = f64::from(policy.compute_reservation) / 100.0;
        let reserved = ratio.powi(i32::try_from(active).expect("a handful"));
        let used: u64 = queue.usage.values().flatten().filter(|one| one.until.is_none()).map(|one| one.cpu).sum();
        let open = f64::from(most) * 1_000.0 * (1.0 - reserved);
        let within = policy.compute_reservation == 0 || queue.window_changed || (used as f64) < open + 1.0;
        demand!(within, "{id} uses {used} of {open:.0} that {active} active shares may have");
        Ok(())
    }
}
