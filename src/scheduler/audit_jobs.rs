//! Checks the books about jobs from outside: records against queues and pods, arrays against their children, shares and
//! consumable resources against who holds them, multi-node parallel jobs against their pods.

use std::collections::BTreeMap;

use crate::ids::{ConsumableResourceId, JobId, JobQueueId, JobRef, JobSpecId, PodId, ShareId};
use crate::scheduler::jobs::{Record, State};
use crate::scheduler::machine::Scheduler;
use crate::scheduler::pods::Pod;

/// Where every job is that has not ended, found by looking.
#[derive(Default)]
struct Found {
    /// SUBMITTED or RUNNABLE; whether it holds its consumable resources.
    waiting: BTreeMap<JobRef, (JobQueueId, JobSpecId, bool)>,
    /// STARTING or RUNNING; of a multi-node parallel job, its main node's pod.
    active: BTreeMap<JobRef, (JobQueueId, JobSpecId, PodId)>,
}

impl Scheduler {
    pub(super) fn audit_jobs(&self, findings: &mut Vec<String>) {
        let found = self.find_jobs(findings);
        for (id, record) in self.jobs.iter() {
            audit_record(id, record, &found, findings);
        }
        self.audit_shares(&found, findings);
        self.audit_consumables(&found, findings);
        self.audit_gangs(findings);
        let submitted: u64 = self.queues.iter().map(super::queue::JobQueue::submitted).sum();
        if submitted != self.submitted_jobs {
            findings.push(format!("{submitted} jobs are SUBMITTED, {} are counted", self.submitted_jobs));
        }
    }

    fn find_jobs(&self, findings: &mut Vec<String>) -> Found {
        let mut found = Found::default();
        for (id, queue) in (0..).map(JobQueueId).zip(&self.queues) {
            for one in queue.all_waiting() {
                let holds = one.past.is_some_and(|past| past.holds);
                if found.waiting.insert(one.job, (id, one.spec, holds)).is_some() {
                    findings.push(format!("{} waits twice", one.job));
                }
            }
        }
        for (id, pod) in self.pods.iter() {
            let leads = pod.part().is_none_or(|part| self.gangs.leads(part, id));
            if leads && found.active.insert(pod.job(), (pod.queue, pod.spec, id)).is_some() {
                findings.push(format!("{} runs twice", pod.job()));
            }
            if leads && found.waiting.contains_key(&pod.job()) {
                findings.push(format!("{} waits and runs", pod.job()));
            }
        }
        found
    }

    /// Jobs and CPU by queue and share.
    fn audit_shares(&self, found: &Found, findings: &mut Vec<String>) {
        let mut counted: BTreeMap<(JobQueueId, ShareId), (u64, u64)> = BTreeMap::new();
        let mut count = |queue, spec: JobSpecId, jobs: u64, runs: bool| {
            let spec = self.specs.get(spec);
            if let Some(share) = spec.share {
                let entry = counted.entry((queue, share)).or_default();
                entry.0 += jobs;
                entry.1 += if runs { spec.cpu() } else { 0 };
            }
        };
        for &(queue, spec, _) in found.waiting.values() {
            count(queue, spec, 1, false);
        }
        for &(queue, spec, _) in found.active.values() {
            count(queue, spec, 1, true);
        }
        for (id, record) in self.jobs.iter() {
            let pending = self.pending_of(JobRef { job: id, child: None }).len() as u64;
            count(record.queue, record.spec, pending, false);
        }
        for (id, queue) in (0..).map(JobQueueId).zip(&self.queues) {
            for (share, jobs, cpu) in queue.share_books() {
                let (counted_jobs, counted_cpu) = counted.remove(&(id, share)).unwrap_or_default();
                if (jobs, cpu) != (counted_jobs, counted_cpu) {
                    findings.push(format!(
                        "{share} of {id}: {jobs} jobs and CPU {cpu} kept, counted {counted_jobs} and {counted_cpu}"
                    ));
                }
            }
        }
        findings.extend(counted.keys().map(|(queue, share)| format!("{share} has jobs in {queue}, which knows none")));
    }

    fn audit_consumables(&self, found: &Found, findings: &mut Vec<String>) {
        let mut held = vec![0; self.consumables.len()];
        let waiting = found.waiting.values().filter(|(_, _, holds)| *holds).map(|&(_, spec, _)| spec);
        for spec in waiting.chain(found.active.values().map(|&(_, spec, _)| spec)) {
            for need in &self.specs.get(spec).consumables {
                held[need.resource.index()] += need.quantity;
            }
        }
        for ((id, known), held) in (0..).map(ConsumableResourceId).zip(&self.consumables).zip(held) {
            let Some(known) = known else { continue };
            // Of what is not replenishable, ended jobs used some up.
            if known.in_use < held || known.spec.replenishable && known.in_use > held {
                findings.push(format!("{id}: {} in use, jobs hold {held}", known.in_use));
            }
        }
    }

    fn audit_gangs(&self, findings: &mut Vec<String>) {
        let mut listed = 0;
        for (gang, leader, followers) in self.gangs.iter() {
            for &id in leader.iter().chain(followers) {
                listed += 1;
                if self.pods.get(id).and_then(Pod::part).is_none_or(|part| part.gang != gang) {
                    findings.push(format!("{id} is listed as a node of {gang:?} and is none"));
                }
            }
        }
        let parts = self.pods.iter().filter(|(_, pod)| pod.part().is_some()).count();
        if parts != listed {
            findings.push(format!("{parts} pods are nodes of multi-node parallel jobs, {listed} are listed"));
        }
    }
}

/// A record says where its jobs are.
fn audit_record(id: JobId, record: &Record, found: &Found, findings: &mut Vec<String>) {
    let mut expect = |job: JobRef, state: State| {
        let waits = found.waiting.contains_key(&job);
        let active = found.active.get(&job).map(|(_, _, pod)| *pod);
        let holds = match state {
            State::Pending | State::Ended { .. } => !waits && active.is_none(),
            State::InLine => waits,
            State::Active(pod) => active == Some(pod),
        };
        if !holds {
            findings.push(format!("{job} is entered as {state:?}; waits: {waits}, runs as {active:?}"));
        }
    };
    let Some(array) = &record.array else {
        if record.tracked {
            expect(JobRef { job: id, child: None }, record.state);
        }
        return;
    };
    for (child, known) in (0..).zip(&array.children) {
        expect(JobRef { job: id, child: Some(child) }, known.state);
    }
    let first = JobRef { job: id, child: Some(0) };
    let last = JobRef { job: id, child: Some(array.size) };
    let unfinished = if array.children.is_empty() {
        let pending = if record.state == State::Pending { array.size as usize } else { 0 };
        found.waiting.range(first..last).count() + found.active.range(first..last).count() + pending
    } else {
        let failed = State::Ended { succeeded: false };
        if array.children.iter().filter(|child| child.state == failed).count() != array.failed as usize {
            findings.push(format!("{} children of {id} are said to have failed", array.failed));
        }
        array.children.iter().filter(|child| !matches!(child.state, State::Ended { .. })).count()
    };
    if unfinished != (array.size - array.ended) as usize {
        findings.push(format!("{} of {} children of {id} ended, {unfinished} did not", array.ended, array.size));
    }
}
