//! Job queues: created, updated, deleted, and what the core is told of them. Source: `API:CreateJobQueue`,
//! `API:UpdateJobQueue`, `API:DeleteJobQueue`. Knows environments and policies by name, jobs not at all.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::batch::account::{Batch, Outcome, environment_id, queue_id};
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::batch::registry::{Noun, Status};
use crate::ids::ShareId;
use crate::model::compute_environment::State;
use crate::model::job_queue::{JobStateTimeLimitAction, TimeLimitReason};
use crate::model::operations::{DeleteJobQueue, UpdateJobQueue};
use crate::model::{JobQueue, Problem};
use crate::scheduler::{Blocked, Event, QueueSpec, TimeLimit};
use crate::units::SimDuration;

/// Queues of an account and Region. Source: `UG:service_limits`.
const QUEUES_MAX: usize = 50;
/// Environments of a queue. Source: `UG:service_limits`.
const ENVIRONMENTS_MAX: usize = 3;

/// A job queue.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) document: JobQueue,
    pub(super) status: Status,
    pub(super) spec: QueueSpec,
    /// Index of its scheduling policy.
    pub(super) policy: Option<usize>,
    /// Shares that jobs were submitted under.
    pub(super) shares: BTreeSet<ShareId>,
}

/// The answer to `CreateJobQueue` and `UpdateJobQueue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct JobQueueName {
    pub job_queue_name: String,
    pub job_queue_arn: String,
}

impl<T: InstanceTypes> Batch<T> {
    /// `CreateJobQueue`.
    pub fn create_job_queue(&mut self, document: &JobQueue) -> Result<Outcome<JobQueueName>, BatchError> {
        const OPERATION: &str = "CreateJobQueue";
        if !self.queues.has_ids() {
            return Err(BatchError::exhausted(OPERATION, Noun::JobQueue.name()));
        }
        let name = &document.job_queue_name;
        let mut problems = document.problems();
        let (spec, policy) = self.queue_spec(document, &BTreeSet::new(), &mut problems);
        problems.extend(self.queues.over_quota(QUEUES_MAX));
        let taken = self.queues.taken(name, "/jobQueueName");
        let free = taken.is_none();
        problems.extend(taken);
        let mut event = None;
        if free && self.takes_in(&problems) {
            let (document, shares) = (document.clone(), BTreeSet::new());
            let created = Queue { document, status: Status::Valid, spec: spec.clone(), policy, shares };
            let queue = queue_id(self.queues.insert(name, created));
            event = Some(Event::JobQueueCreated { queue, spec: Box::new(spec) });
        }
        BatchError::check(OPERATION, problems)?;
        Ok(Outcome { response: self.queue_name(name), events: event.into_iter().collect() })
    }

    /// `UpdateJobQueue`. A scheduling policy can be replaced, never removed, and never added to a FIFO queue.
    pub fn update_job_queue(&mut self, request: &UpdateJobQueue) -> Result<Outcome<JobQueueName>, BatchError> {
        const OPERATION: &str = "UpdateJobQueue";
        let mut problems = request.problems();
        let Some(index) = self.find(&self.queues, &request.job_queue, "/jobQueue", &mut problems) else {
            return Err(BatchError::client(OPERATION, problems));
        };
        let queue = &self.queues.all()[index];
        problems.extend(request.problems_for(&queue.document));
        let document = request.applied_to(&queue.document);
        let (spec, policy) = self.queue_spec(&document, &queue.shares, &mut problems);
        BatchError::check(OPERATION, problems)?;
        let response = self.queue_name(&document.job_queue_name);
        let known = &mut self.queues.all_mut()[index];
        (known.document, known.spec, known.policy) = (document, spec.clone(), policy);
        let event = Event::JobQueueUpdated { queue: queue_id(index), spec: Box::new(spec) };
        Ok(Outcome { response, events: vec![event] })
    }

    /// `DeleteJobQueue`: it must be DISABLED; the core ends its jobs.
    pub fn delete_job_queue(&mut self, request: &DeleteJobQueue) -> Result<Outcome<()>, BatchError> {
        const OPERATION: &str = "DeleteJobQueue";
        const AT: &str = "/jobQueue";
        let mut problems = Vec::new();
        let Some(index) = self.find(&self.queues, &request.job_queue, AT, &mut problems) else {
            return Err(BatchError::client(OPERATION, problems));
        };
        let name = self.queues.all()[index].document.job_queue_name.clone();
        if self.queues.all()[index].document.state == State::Enabled {
            let message = format!("Cannot delete, `{name}` is ENABLED");
            problems.push(Problem::new(AT, message, "update it to `\"state\": \"DISABLED\"` before"));
        }
        BatchError::check(OPERATION, problems)?;
        self.queues.remove(&name);
        self.queues.all_mut()[index].status = Status::Deleted;
        Ok(Outcome { response: (), events: vec![Event::JobQueueDeleted { queue: queue_id(index) }] })
    }

    /// Brings what the core is told of a queue up to date; the event, if that changed.
    pub(super) fn refresh_queue(&mut self, index: usize) -> Option<Event> {
        let queue = &self.queues.all()[index];
        let fair_share = queue.policy.map(|policy| self.fair_share(policy, &queue.shares));
        let known = &mut self.queues.all_mut()[index];
        if known.spec.fair_share == fair_share {
            return None;
        }
        known.spec.fair_share = fair_share;
        Some(Event::JobQueueUpdated { queue: queue_id(index), spec: Box::new(known.spec.clone()) })
    }

    /// What the core is told of a queue, and the index of its policy.
    fn queue_spec(
        &self,
        document: &JobQueue,
        shares: &BTreeSet<ShareId>,
        problems: &mut Vec<Problem>,
    ) -> (QueueSpec, Option<usize>) {
        let environments = document.compute_environment_order.len();
        if environments > ENVIRONMENTS_MAX {
            problems.push(Problem::new(
                "/computeEnvironmentOrder",
                format!("the queue has {environments} compute environments, but AWS Batch takes {ENVIRONMENTS_MAX}"),
                format!("keep {ENVIRONMENTS_MAX}"),
            ));
        }
        let (mut order, mut architecture) = (Vec::new(), None);
        for (entry, name) in document.environments() {
            let at = format!("/computeEnvironmentOrder/{entry}/computeEnvironment");
            let Some(index) = self.find(&self.environments, name, &at, problems) else { continue };
            let environment = &self.environments.all()[index];
            if environment.status == Status::Invalid {
                let message = format!("`{name}` is INVALID: a queue takes VALID environments only");
                problems.push(Problem::new(at.as_str(), message, "mend the environment before, or leave it out"));
            }
            match (architecture, environment.architecture) {
                (Some(known), Some(own)) if known != own => problems.push(Problem::new(
                    at,
                    format!("`{name}` is {own} and the environments before it are {known}: a queue's environments share one architecture"),
                    "give it a queue of its own",
                )),
                (known, own) => architecture = known.or(own),
            }
            order.push(environment_id(index));
        }
        let policy = document
            .scheduling_policy_arn
            .as_ref()
            .and_then(|policy| self.find(&self.policies, policy, "/schedulingPolicyArn", problems));
        let spec = QueueSpec {
            enabled: document.state == State::Enabled,
            fair_share: policy.map(|policy| self.fair_share(policy, shares)),
            time_limits: document.job_state_time_limit_actions.iter().filter_map(time_limit).collect(),
            policy: self.policy_beyond(&document.job_queue_name),
            ..QueueSpec::fifo(document.priority, order)
        };
        (spec, policy)
    }

    fn queue_name(&self, name: &str) -> JobQueueName {
        JobQueueName { job_queue_name: name.to_owned(), job_queue_arn: self.arn(Noun::JobQueue, name) }
    }
}

/// What the core watches. An instance configuration that EC2 does not support can't be written down here: whoever names
/// an unknown type is told at once.
fn time_limit(action: &JobStateTimeLimitAction) -> Option<TimeLimit> {
    let why = match action.reason {
        TimeLimitReason::InsufficientInstanceCapacity => Blocked::InsufficientInstanceCapacity,
        TimeLimitReason::ComputeEnvironmentMaxResource => Blocked::ComputeEnvironmentMaxResource,
        TimeLimitReason::JobResourceRequirement => Blocked::JobResourceRequirement,
        TimeLimitReason::Ec2InstanceConfigurationUnsupported => return None,
    };
    Some(TimeLimit { why, after: SimDuration::from_secs(action.max_time_seconds.into()) })
}
