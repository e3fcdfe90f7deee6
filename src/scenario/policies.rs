//! What queues do beyond AWS Batch: judges `policies`, gives each queue its own, and says where estimates are missing.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::{Batch, InstanceTypes};
use crate::ids::{JobQueueId, JobSpecId};
use crate::model::JobQueue;
use crate::nearest::nearest;
use crate::scenario::judge::Judge;
use crate::scenario::operations::Call;
use crate::scenario::schema::{Backfill, Order, Policy, Scenario};
use crate::scenario::text;
use crate::scenario::timeline::{PlannedCall, Run};
use crate::scheduler::{EasyBackfill, Event, JobOrder, QueuePolicy};
use crate::sim::WorkloadSource;

/// What the core is told, by the queue's name.
pub(super) fn by_queue(scenario: &Scenario) -> BTreeMap<String, QueuePolicy> {
    scenario.policies.iter().map(|(queue, &policy)| (queue.clone(), policy.into())).collect()
}

impl From<Policy> for QueuePolicy {
    fn from(policy: Policy) -> Self {
        let backfill = match policy.backfill {
            Backfill::None => None,
            Backfill::Easy => {
                let order = policy.backfill_order.map(JobOrder::from);
                Some(EasyBackfill { depth: policy.backfill_depth, order })
            }
        };
        Self { order: policy.order.into(), backfill }
    }
}

impl From<Order> for JobOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Submission => Self::Submission,
            Order::ShortestJobFirst => Self::ShortestJobFirst,
            Order::LargestJobFirst => Self::LargestJobFirst,
        }
    }
}

/// Whether every policy has a queue, and that queue no scheduling policy.
pub(super) fn judge(scenario: &Scenario, calls: &[PlannedCall], judge: &mut Judge<'_>) {
    let created = calls.iter().filter_map(|call| match &call.call {
        Call::CreateJobQueue(document) => Some(&**document),
        _ => None,
    });
    let known: Vec<&JobQueue> = scenario.job_queues.iter().map(|queue| &queue.0).chain(created).collect();
    let names = || known.iter().map(|queue| queue.job_queue_name.as_str());
    for (name, policy) in &scenario.policies {
        let at = text::child("/policies", name);
        if !names().any(|known| known == name) {
            if judge.is_list_complete("/jobQueues") && judge.is_list_complete("/operations") {
                let help = nearest(name, names()).map(|meant| format!("did you mean `{meant}`?"));
                judge.error(at, format!("no job queue is called `{name}`"), help.unwrap_or_default());
            }
            continue;
        }
        let is_fair = |queue: &&&JobQueue| queue.job_queue_name == *name && queue.scheduling_policy_arn.is_some();
        let idle =
            [("backfillOrder", policy.backfill_order.is_some()), ("backfillDepth", policy.backfill_depth.is_some())];
        for (field, _) in idle.into_iter().filter(|&(_, is_set)| is_set && policy.backfill == Backfill::None) {
            judge.warn(
                text::child(&at, field),
                format!("`{field}` says nothing where nobody goes ahead"),
                "add `\"backfill\": \"easy\"`, or remove it",
            );
        }
        if !QueuePolicy::from(*policy).is_plain() && known.iter().any(|queue| is_fair(&queue)) {
            judge.error(
                at,
                format!("queue `{name}` has a scheduling policy, which decides whose turn it is"),
                format!("remove `schedulingPolicyArn` from the queue, or `{name}` from `policies`"),
            );
        }
    }
}

/// Warns of jobs without an estimate in queues that go by estimates.
pub(super) fn judge_estimates<T: InstanceTypes>(
    scenario: &Scenario,
    run: &Run,
    batch: &Batch<T>,
    judge: &mut Judge<'_>,
) {
    let queues = batch.names().job_queues;
    for (name, policy) in &scenario.policies {
        let why = match policy {
            Policy { backfill: Backfill::Easy, .. } => {
                "the place of a head that waits for such a job has no time, and such a job goes ahead only where it is in no head's way"
            }
            Policy { order: Order::ShortestJobFirst, .. } => "such a job comes after all that have one",
            Policy { backfill: Backfill::None, order: Order::Submission | Order::LargestJobFirst, .. } => continue,
        };
        let mut without = BTreeSet::new();
        for spec in submitted(run, |queue| queues.get(queue.index()).is_some_and(|known| known == name)) {
            let known = &batch.job_specs()[spec.index()];
            if known.spec.timeout.is_none() {
                without.insert(format!("`{}`", known.name.job_name));
            }
        }
        if !without.is_empty() {
            let jobs = without.into_iter().collect::<Vec<_>>().join(", ");
            judge.warn(
                text::child("/policies", name),
                format!("jobs of the queue have no timeout, which is their estimate: {jobs}; {why}"),
                "add `timeout.attemptDurationSeconds` to their job definition or submission",
            );
        }
    }
}

/// Specs that are submitted to some queues.
fn submitted(run: &Run, is_meant: impl Fn(JobQueueId) -> bool) -> BTreeSet<JobSpecId> {
    let mut specs = BTreeSet::new();
    for entry in run.workload.iter().filter(|entry| is_meant(entry.queue)) {
        match &entry.source {
            WorkloadSource::Synthetic { spec, .. } => drop(specs.insert(*spec)),
            WorkloadSource::Trace(jobs) => specs.extend(jobs.iter().map(|job| job.spec)),
        }
    }
    specs.extend(run.operations.iter().flat_map(|(_, events)| events).filter_map(|event| match event {
        Event::JobSubmitted { queue, spec, .. } if is_meant(*queue) => Some(*spec),
        _ => None,
    }));
    specs
}
