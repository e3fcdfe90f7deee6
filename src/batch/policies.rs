//! Scheduling policies: created, updated, deleted, and the shares they weigh. Source: `API:CreateSchedulingPolicy`,
//! `API:UpdateSchedulingPolicy`, `API:DeleteSchedulingPolicy`.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::batch::account::{Batch, Outcome};
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::batch::registry::{Noun, Status};
use crate::ids::ShareId;
use crate::model::operations::{DeleteSchedulingPolicy, UpdateSchedulingPolicy};
use crate::model::{Problem, SchedulingPolicy};
use crate::scheduler::FairShare;
use crate::units::SimDuration;

/// A scheduling policy.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) document: SchedulingPolicy,
    pub(super) status: Status,
}

/// The answer to `CreateSchedulingPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct SchedulingPolicyName {
    pub name: String,
    pub arn: String,
}

impl<T: InstanceTypes> Batch<T> {
    /// `CreateSchedulingPolicy`.
    pub fn create_scheduling_policy(
        &mut self,
        document: &SchedulingPolicy,
    ) -> Result<Outcome<SchedulingPolicyName>, BatchError> {
        const OPERATION: &str = "CreateSchedulingPolicy";
        if !self.policies.has_ids() {
            return Err(BatchError::exhausted(OPERATION, Noun::SchedulingPolicy.name()));
        }
        let name = &document.name;
        let mut problems = document.problems();
        let taken = self.policies.taken(name, "/name");
        let free = taken.is_none();
        problems.extend(taken);
        if free && self.takes_in(&problems) {
            self.policies.insert(name, Policy { document: document.clone(), status: Status::Valid });
        }
        BatchError::check(OPERATION, problems)?;
        let response = SchedulingPolicyName { name: name.clone(), arn: self.arn(Noun::SchedulingPolicy, name) };
        Ok(Outcome { response, events: Vec::new() })
    }

    /// `UpdateSchedulingPolicy`: all queues that use it are updated with it.
    pub fn update_scheduling_policy(&mut self, request: &UpdateSchedulingPolicy) -> Result<Outcome<()>, BatchError> {
        const OPERATION: &str = "UpdateSchedulingPolicy";
        let mut problems = request.problems();
        let found = self.find(&self.policies, &request.arn, "/arn", &mut problems);
        let Some(index) = found else { return Err(BatchError::client(OPERATION, problems)) };
        BatchError::check(OPERATION, problems)?;
        if let Some(fair) = &request.fairshare_policy {
            self.policies.all_mut()[index].document.fairshare_policy = Some(fair.clone());
        }
        let users: Vec<_> =
            self.queues.iter().filter(|(_, queue)| queue.policy == Some(index)).map(|(queue, _)| queue).collect();
        let events = users.into_iter().filter_map(|queue| self.refresh_queue(queue)).collect();
        Ok(Outcome { response: (), events })
    }

    /// `DeleteSchedulingPolicy`: no queue may use it.
    pub fn delete_scheduling_policy(&mut self, request: &DeleteSchedulingPolicy) -> Result<Outcome<()>, BatchError> {
        const OPERATION: &str = "DeleteSchedulingPolicy";
        let mut problems = Vec::new();
        let found = self.find(&self.policies, &request.arn, "/arn", &mut problems);
        let Some(index) = found else { return Err(BatchError::client(OPERATION, problems)) };
        let name = self.policies.all()[index].document.name.clone();
        if let Some((_, queue)) = self.queues.iter().find(|(_, queue)| queue.policy == Some(index)) {
            let message = format!("Cannot delete, job queue `{}` uses `{name}`", queue.document.job_queue_name);
            problems.push(Problem::new("/arn", message, "delete the queue, or give it another policy, before"));
        }
        BatchError::check(OPERATION, problems)?;
        self.policies.remove(&name);
        self.policies.all_mut()[index].status = Status::Deleted;
        Ok(Outcome { response: (), events: Vec::new() })
    }

    /// What the core is told of a policy in a queue with these shares.
    pub(super) fn fair_share(&self, policy: usize, shares: &BTreeSet<ShareId>) -> FairShare {
        let document = &self.policies.all()[policy].document;
        let fair = document.fairshare_policy.clone().unwrap_or_default();
        FairShare {
            share_decay: SimDuration::from_secs(fair.share_decay_seconds.unwrap_or(0).into()),
            compute_reservation: fair.compute_reservation.unwrap_or(0).into(),
            weights: self.shares.weights(&fair, shares),
        }
    }
}
