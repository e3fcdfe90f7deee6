//! Questions to the account: describe and list what is there. Source: `API:DescribeComputeEnvironments`,
//! `API:DescribeJobQueues`, `API:DescribeSchedulingPolicies`, `API:ListSchedulingPolicies`,
//! `API:DescribeConsumableResource`, `API:ListConsumableResources`, `API:DescribeJobDefinitions`.

use serde::{Deserialize, Serialize};

use crate::batch::account::Batch;
use crate::batch::capacity::InstanceTypes;
use crate::batch::definitions::Definition;
use crate::batch::environments::Environment;
use crate::batch::error::BatchError;
use crate::batch::paging::{Page, PageRequest};
use crate::batch::policies::Policy;
use crate::batch::queues::Queue;
use crate::batch::registry::{Noun, Registry, Status};
use crate::batch::resources::Resource;
use crate::model::job_queue::name_of;
use crate::model::{ComputeEnvironment, ConsumableResource, JobDefinition, JobQueue, Problem, SchedulingPolicy};

/// A compute environment as AWS Batch shows it. Source: `API:ComputeEnvironmentDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct ComputeEnvironmentDetail {
    pub compute_environment_arn: String,
    pub status: Status,
    #[serde(flatten)]
    pub document: ComputeEnvironment,
}

/// A job queue as AWS Batch shows it. Source: `API:JobQueueDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct JobQueueDetail {
    pub job_queue_arn: String,
    pub status: Status,
    #[serde(flatten)]
    pub document: JobQueue,
}

/// A scheduling policy as AWS Batch shows it. Source: `API:SchedulingPolicyDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct SchedulingPolicyDetail {
    pub arn: String,
    #[serde(flatten)]
    pub document: SchedulingPolicy,
}

/// A consumable resource as AWS Batch shows it, but for what is in use. Source: `API:DescribeConsumableResourceResponse`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct ConsumableResourceDetail {
    pub consumable_resource_arn: String,
    #[serde(flatten)]
    pub document: ConsumableResource,
}

/// A revision of a job definition as AWS Batch shows it. Source: `API:JobDefinition`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct JobDefinitionDetail {
    pub job_definition_arn: String,
    pub revision: u32,
    pub status: &'static str,
    #[serde(flatten)]
    pub document: JobDefinition,
}

/// Which revisions are wanted; all conditions together. Source: `API:DescribeJobDefinitionsRequest`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct JobDefinitionFilter {
    /// `name:revision` or ARNs, 100 at most; all where empty.
    pub job_definitions: Vec<String>,
    /// One name.
    pub job_definition_name: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    pub status: Option<String>,
}

/// Names in one question at most. Source: `API:DescribeSchedulingPoliciesRequest`, `API:DescribeJobDefinitionsRequest`,
/// `API:DescribeJobsRequest`.
const NAMES_MAX: usize = 100;

/// Names in one call have their limit.
pub(super) fn too_many(operation: &'static str, pointer: &str, names: &[String]) -> Result<(), BatchError> {
    if names.len() <= NAMES_MAX {
        return Ok(());
    }
    let message = format!("{} names in one call, but AWS Batch takes {NAMES_MAX}", names.len());
    Err(BatchError::refused(operation, Problem::new(pointer, message, "split the call")))
}

/// The living of these names; all where no name is given. Unknown names give nothing.
fn named<'a, X>(registry: &'a Registry<X>, names: &[String]) -> impl Iterator<Item = (usize, &'a X)> {
    let wanted: Vec<_> = names.iter().filter_map(|name| registry.find(name)).collect();
    let all = names.is_empty();
    registry.iter().filter(move |(index, _)| all || wanted.contains(index))
}

impl<T: InstanceTypes> Batch<T> {
    /// `kubernetesNamespace` of the environments by id: where pods go that name no other.
    pub fn namespaces(&self) -> Vec<Option<String>> {
        let eks = |environment: &Environment| environment.document.eks_configuration.clone();
        self.environments.iter().map(|(_, environment)| Some(eks(environment)?.kubernetes_namespace)).collect()
    }

    /// `DescribeComputeEnvironments`: these, by name or ARN; all where none is named.
    pub fn describe_compute_environments(
        &self,
        names: &[String],
        page: &PageRequest,
    ) -> Result<Page<ComputeEnvironmentDetail>, BatchError> {
        const OPERATION: &str = "DescribeComputeEnvironments";
        too_many(OPERATION, "/computeEnvironments", names)?;
        let detail = |environment: &Environment| ComputeEnvironmentDetail {
            compute_environment_arn: self.arn(Noun::ComputeEnvironment, &environment.document.compute_environment_name),
            status: environment.status,
            document: environment.document.clone(),
        };
        page.page(OPERATION, named(&self.environments, names).map(|(index, one)| (index, detail(one))))
    }

    /// `DescribeJobQueues`: these, by name or ARN; all where none is named.
    pub fn describe_job_queues(
        &self,
        names: &[String],
        page: &PageRequest,
    ) -> Result<Page<JobQueueDetail>, BatchError> {
        const OPERATION: &str = "DescribeJobQueues";
        too_many(OPERATION, "/jobQueues", names)?;
        let detail = |queue: &Queue| JobQueueDetail {
            job_queue_arn: self.arn(Noun::JobQueue, &queue.document.job_queue_name),
            status: queue.status,
            document: self.with_arns(queue.document.clone()),
        };
        page.page(OPERATION, named(&self.queues, names).map(|(index, one)| (index, detail(one))))
    }

    /// Answers name environments by ARN, whatever the request did.
    fn with_arns(&self, mut document: JobQueue) -> JobQueue {
        for one in &mut document.compute_environment_order {
            one.compute_environment = self.arn(Noun::ComputeEnvironment, name_of(&one.compute_environment));
        }
        document
    }

    /// `DescribeSchedulingPolicies`: these, by ARN, 100 at most.
    pub fn describe_scheduling_policies(&self, arns: &[String]) -> Result<Vec<SchedulingPolicyDetail>, BatchError> {
        too_many("DescribeSchedulingPolicies", "/arns", arns)?;
        let found = arns.iter().filter_map(|arn| self.policies.find(arn));
        Ok(found.map(|index| self.policy_detail(&self.policies.all()[index])).collect())
    }

    /// `ListSchedulingPolicies`.
    pub fn list_scheduling_policies(&self, page: &PageRequest) -> Result<Page<SchedulingPolicyDetail>, BatchError> {
        let all = self.policies.iter().map(|(index, policy)| (index, self.policy_detail(policy)));
        page.page("ListSchedulingPolicies", all)
    }

    fn policy_detail(&self, policy: &Policy) -> SchedulingPolicyDetail {
        SchedulingPolicyDetail {
            arn: self.arn(Noun::SchedulingPolicy, &policy.document.name),
            document: policy.document.clone(),
        }
    }

    /// `DescribeConsumableResource`, by name or ARN.
    pub fn describe_consumable_resource(&self, name: &str) -> Result<ConsumableResourceDetail, BatchError> {
        let found = self.resources.find(name);
        let index = found.ok_or_else(|| {
            let problem = self.resources.unknown(name, "/consumableResource");
            BatchError::refused("DescribeConsumableResource", problem)
        })?;
        Ok(self.resource_detail(&self.resources.all()[index]))
    }

    /// `ListConsumableResources`.
    pub fn list_consumable_resources(&self, page: &PageRequest) -> Result<Page<ConsumableResourceDetail>, BatchError> {
        let all = self.resources.iter().map(|(index, resource)| (index, self.resource_detail(resource)));
        page.page("ListConsumableResources", all)
    }

    fn resource_detail(&self, resource: &Resource) -> ConsumableResourceDetail {
        let name = &resource.document.consumable_resource_name;
        ConsumableResourceDetail {
            consumable_resource_arn: self.arn(Noun::ConsumableResource, name),
            document: resource.document.clone(),
        }
    }

    /// `DescribeJobDefinitions`: revisions, INACTIVE ones too unless the filter says otherwise.
    pub fn describe_job_definitions(
        &self,
        filter: &JobDefinitionFilter,
        page: &PageRequest,
    ) -> Result<Page<JobDefinitionDetail>, BatchError> {
        const OPERATION: &str = "DescribeJobDefinitions";
        too_many(OPERATION, "/jobDefinitions", &filter.job_definitions)?;
        let wanted = |definition: &Definition| {
            let full = definition.full_name();
            let listed = filter.job_definitions.iter().any(|name| name_of(name) == full);
            (filter.job_definitions.is_empty() || listed)
                && filter
                    .job_definition_name
                    .as_ref()
                    .is_none_or(|name| *name == definition.document.job_definition_name)
                && filter.status.as_ref().is_none_or(|status| status == status_name(definition))
        };
        let detail = |definition: &Definition| JobDefinitionDetail {
            job_definition_arn: self.arn(Noun::JobDefinition, &definition.full_name()),
            revision: definition.revision,
            status: status_name(definition),
            document: definition.document.clone(),
        };
        let all = self.definitions.all().iter().enumerate().filter(|(_, definition)| wanted(definition));
        page.page(OPERATION, all.map(|(index, definition)| (index, detail(definition))))
    }
}

const fn status_name(definition: &Definition) -> &'static str {
    if definition.active { "ACTIVE" } else { "INACTIVE" }
}
