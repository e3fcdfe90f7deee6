//! Compute environments: created, updated, deleted. Source: `API:CreateComputeEnvironment`,
//! `API:UpdateComputeEnvironment`, `API:DeleteComputeEnvironment`, `UG:updating-compute-environments`. Knows which queues
//! hold an environment, not what runs in it.

use serde::Serialize;

use crate::batch::account::{Batch, Outcome, environment_id};
use crate::batch::capacity::{InstanceTypes, environment_spec};
use crate::batch::error::BatchError;
use crate::batch::registry::{Noun, Status};
use crate::catalog::Architecture;
use crate::model::compute_environment::{EnvironmentType, State};
use crate::model::operations::{DeleteComputeEnvironment, UpdateComputeEnvironment, UpdateKind};
use crate::model::{ComputeEnvironment, Problem};
use crate::scheduler::{EnvironmentSpec, Event, InfrastructureUpdate};
use crate::units::SimDuration;

/// Environments of an account and Region. Source: `UG:service_limits`.
const ENVIRONMENTS_MAX: usize = 50;
/// Environments of one EKS cluster. Source: `UG:service_limits`.
const PER_CLUSTER_MAX: usize = 5;

/// A compute environment.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) document: ComputeEnvironment,
    pub(super) status: Status,
    pub(super) spec: EnvironmentSpec,
    pub(super) architecture: Option<Architecture>,
}

/// The answer to `CreateComputeEnvironment` and `UpdateComputeEnvironment`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct ComputeEnvironmentName {
    pub compute_environment_name: String,
    pub compute_environment_arn: String,
}

impl<T: InstanceTypes> Batch<T> {
    /// `CreateComputeEnvironment`.
    pub fn create_compute_environment(
        &mut self,
        document: &ComputeEnvironment,
    ) -> Result<Outcome<ComputeEnvironmentName>, BatchError> {
        const OPERATION: &str = "CreateComputeEnvironment";
        if !self.environments.has_ids() {
            return Err(BatchError::exhausted(OPERATION, Noun::ComputeEnvironment.name()));
        }
        let name = &document.compute_environment_name;
        let mut problems = document.problems();
        let (spec, architecture) = environment_spec(document, &self.types, &mut problems);
        problems.extend(self.environments.over_quota(ENVIRONMENTS_MAX));
        problems.extend(self.over_cluster_quota(document));
        let taken = self.environments.taken(name, "/computeEnvironmentName");
        let free = taken.is_none();
        problems.extend(taken);
        let mut event = None;
        if free && self.takes_in(&problems) {
            let (document, status) = (document.clone(), Status::Valid);
            let created = Environment { document, status, spec: spec.clone(), architecture };
            let environment = environment_id(self.environments.insert(name, created));
            event = Some(Event::ComputeEnvironmentCreated { environment, spec: Box::new(spec) });
        }
        BatchError::check(OPERATION, problems)?;
        Ok(Outcome { response: self.environment_name(name), events: event.into_iter().collect() })
    }

    /// `UpdateComputeEnvironment`. Where only limits, state or the way into the cluster change, nodes stay; else they are
    /// replaced as the request's `updatePolicy` says. Every strategy that EKS takes allows that.
    pub fn update_compute_environment(
        &mut self,
        request: &UpdateComputeEnvironment,
    ) -> Result<Outcome<ComputeEnvironmentName>, BatchError> {
        const OPERATION: &str = "UpdateComputeEnvironment";
        let mut problems = request.problems();
        let found = self.find(&self.environments, &request.compute_environment, "/computeEnvironment", &mut problems);
        let Some(index) = found else { return Err(BatchError::client(OPERATION, problems)) };
        let before = &self.environments.all()[index];
        problems.extend(misplaced(request, before.document.kind));
        let infrastructure = request.kind() == UpdateKind::Infrastructure;
        let document = request.applied_to(&before.document);
        problems
            .extend(document.problems().into_iter().filter(|problem| !before.document.problems().contains(problem)));
        let (spec, architecture) = environment_spec(&document, &self.types, &mut problems);
        problems.extend(self.mixed_queue(index, architecture));
        BatchError::check(OPERATION, problems)?;
        let environment = environment_id(index);
        let response = self.environment_name(&document.compute_environment_name);
        let known = &mut self.environments.all_mut()[index];
        (known.document, known.spec, known.architecture) = (document, spec.clone(), architecture);
        let policy = request.update_policy.unwrap_or_default();
        let infrastructure = infrastructure.then(|| InfrastructureUpdate {
            terminate_jobs: policy.terminate_jobs_on_update,
            job_execution_timeout: SimDuration::from_mins(policy.job_execution_timeout_minutes.into()),
        });
        let event = Event::ComputeEnvironmentUpdated { environment, spec: Box::new(spec), infrastructure };
        Ok(Outcome { response, events: vec![event] })
    }

    /// `DeleteComputeEnvironment`: it must be DISABLED, and in no queue.
    pub fn delete_compute_environment(
        &mut self,
        request: &DeleteComputeEnvironment,
    ) -> Result<Outcome<()>, BatchError> {
        const OPERATION: &str = "DeleteComputeEnvironment";
        const AT: &str = "/computeEnvironment";
        let mut problems = Vec::new();
        let found = self.find(&self.environments, &request.compute_environment, AT, &mut problems);
        let Some(index) = found else { return Err(BatchError::client(OPERATION, problems)) };
        let name = self.environments.all()[index].document.compute_environment_name.clone();
        if self.environments.all()[index].document.state == State::Enabled {
            let message = format!("Cannot delete, `{name}` is ENABLED");
            problems.push(Problem::new(AT, message, "update it to `\"state\": \"DISABLED\"` before"));
        }
        let holder = self.queues.iter().find(|(_, queue)| queue.spec.environments.contains(&environment_id(index)));
        if let Some((_, queue)) = holder {
            let queue = &queue.document.job_queue_name;
            let message = format!("Cannot delete, found existing JobQueue relationship: `{queue}` has `{name}`");
            problems.push(Problem::new(AT, message, "take it out of the queue, or delete the queue, before"));
        }
        BatchError::check(OPERATION, problems)?;
        self.environments.remove(&name);
        self.environments.all_mut()[index].status = Status::Deleted;
        let event = Event::ComputeEnvironmentDeleted { environment: environment_id(index) };
        Ok(Outcome { response: (), events: vec![event] })
    }

    fn environment_name(&self, name: &str) -> ComputeEnvironmentName {
        ComputeEnvironmentName {
            compute_environment_name: name.to_owned(),
            compute_environment_arn: self.arn(Noun::ComputeEnvironment, name),
        }
    }

    fn over_cluster_quota(&self, document: &ComputeEnvironment) -> Option<Problem> {
        let cluster = cluster_of(document)?;
        let on_it = self.environments.iter().filter(|(_, other)| cluster_of(&other.document) == Some(cluster));
        let number = on_it.count() + 1;
        (number > PER_CLUSTER_MAX).then(|| {
            Problem::new(
                "/eksConfiguration/eksClusterArn",
                format!("this is compute environment number {number} of the cluster, but AWS Batch takes {PER_CLUSTER_MAX} per EKS cluster"),
                "delete one, or name another cluster",
            )
        })
    }

    /// Why an environment can't have this architecture: a queue holds it together with one of another.
    fn mixed_queue(&self, index: usize, architecture: Option<Architecture>) -> Option<Problem> {
        let own = architecture?;
        let id = environment_id(index);
        let holders = self.queues.iter().filter(|(_, queue)| queue.spec.environments.contains(&id));
        let pairs = holders.flat_map(|(_, queue)| queue.spec.environments.iter().map(move |other| (queue, *other)));
        pairs
            .filter(|(_, other)| *other != id)
            .map(|(queue, other)| (queue, &self.environments.all()[other.index()]))
            .find(|(_, other)| other.architecture.is_some_and(|other| other != own))
            .map(|(queue, other)| {
                let name = &other.document.compute_environment_name;
                Problem::new(
                    "/computeResources/instanceTypes",
                    format!(
                        "queue `{}` has `{name}` too, whose types are of another architecture than {own}",
                        queue.document.job_queue_name
                    ),
                    "keep the architecture, or take the environment out of the queue before",
                )
            })
    }
}

fn cluster_of(document: &ComputeEnvironment) -> Option<&str> {
    document.eks_configuration.as_ref().map(|eks| eks.eks_cluster_arn.as_str())
}

/// What the request gives that is not for this kind of environment.
fn misplaced(request: &UpdateComputeEnvironment, kind: EnvironmentType) -> Option<Problem> {
    match kind {
        EnvironmentType::Unmanaged if request.compute_resources.is_some() => Some(Problem::new(
            "/computeResources",
            "an UNMANAGED environment has no `computeResources`: its nodes are the user's",
            "remove it",
        )),
        EnvironmentType::Managed | EnvironmentType::Unmanaged => None,
    }
}
