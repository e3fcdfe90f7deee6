//! Changing and deleting compute environments. Source: `API:UpdateComputeEnvironmentRequest`,
//! `API:ComputeResourceUpdate`, `UG:infrastructure-updates`, `UG:scaling-updates`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::compute_environment::{EksAccessEntry, ScalingPolicy, State};
use crate::model::ec2_configuration::{self, Ec2Configuration};
use crate::model::launch_template::LaunchTemplate;
use crate::model::{AllocationStrategy, ComputeEnvironment, Problem, PurchaseOption};

/// `UpdateComputeEnvironment`: what is given changes, what is not stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateComputeEnvironment {
    /// Name or ARN.
    #[schemars(length(min = 1))]
    pub compute_environment: String,
    /// DISABLED places and scales nothing, but keeps `minvCpus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// UNMANAGED only.
    #[serde(rename = "unmanagedvCpus", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000_000))]
    pub unmanaged_vcpus: Option<u32>,
    /// The capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_resources: Option<ComputeResourceUpdate>,
    /// The cluster; only how Batch gets into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_configuration: Option<EksConfigurationUpdate>,
    /// EKS takes only the service-linked role: leave unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// What becomes of running jobs when instances are replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_policy: Option<UpdatePolicy>,
    /// Reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// What can change of an environment's cluster. Source: `API:EksConfigurationUpdate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksConfigurationUpdate {
    /// How Batch gets into the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_entry: Option<EksAccessEntry>,
}

/// What becomes of running jobs when instances are replaced. Source: `API:UpdatePolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdatePolicy {
    /// Whether they are ended at once; then the timeout is of no account.
    #[serde(default)]
    pub terminate_jobs_on_update: bool,
    /// 1 to 7200: how long they may go on otherwise.
    #[serde(default = "default_timeout_minutes")]
    #[schemars(range(min = 1, max = 7_200))]
    pub job_execution_timeout_minutes: u32,
}

const fn default_timeout_minutes() -> u32 {
    30
}

impl Default for UpdatePolicy {
    fn default() -> Self {
        Self { terminate_jobs_on_update: false, job_execution_timeout_minutes: default_timeout_minutes() }
    }
}

/// What can change of an environment's capacity. Source: `API:ComputeResourceUpdate`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are those of `ComputeResource`")]
pub struct ComputeResourceUpdate {
    #[serde(rename = "minvCpus", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000_000))]
    pub min_vcpus: Option<u32>,
    #[serde(rename = "maxvCpus", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000_000))]
    pub max_vcpus: Option<u32>,
    /// Refused: AWS Batch takes it for Amazon ECS only.
    #[serde(rename = "desiredvCpus", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000_000))]
    pub desired_vcpus: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_policy: Option<ScalingPolicy>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<PurchaseOption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_strategy: Option<AllocationStrategy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub instance_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub bid_percentage: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnets: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_group_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ec2_key_pair: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2))]
    pub ec2_configuration: Option<Vec<Ec2Configuration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template: Option<LaunchTemplate>,
    /// Whether instances move to AWS Batch's latest image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_to_latest_image_version: Option<bool>,
}

/// `DeleteComputeEnvironment`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteComputeEnvironment {
    /// Name or ARN of an environment that is DISABLED and in no queue.
    #[schemars(length(min = 1))]
    pub compute_environment: String,
}

/// What an update takes. Source: `UG:scaling-updates`, `UG:infrastructure-updates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UpdateKind {
    /// Limits move; instances stay.
    Scaling,
    /// Instances are replaced, as the [`UpdatePolicy`] says.
    Infrastructure,
}

impl ComputeResourceUpdate {
    fn replaces_instances(&self) -> bool {
        let Self {
            min_vcpus: _,
            max_vcpus: _,
            desired_vcpus: _,
            scaling_policy: _,
            kind,
            allocation_strategy,
            instance_types,
            bid_percentage,
            subnets,
            security_group_ids,
            instance_role,
            ec2_key_pair,
            tags,
            placement_group,
            image_id,
            ec2_configuration,
            launch_template,
            update_to_latest_image_version,
        } = self;
        kind.is_some()
            || allocation_strategy.is_some()
            || instance_types.is_some()
            || bid_percentage.is_some()
            || subnets.is_some()
            || security_group_ids.is_some()
            || instance_role.is_some()
            || ec2_key_pair.is_some()
            || tags.is_some()
            || placement_group.is_some()
            || image_id.is_some()
            || ec2_configuration.is_some()
            || launch_template.is_some()
            || *update_to_latest_image_version == Some(true)
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.desired_vcpus.is_some() {
            problems.push(Problem::new(
                "/desiredvCpus",
                "AWS Batch does not take it for environments on Amazon EKS: it moves it by itself",
                "remove it; `minvCpus` keeps capacity",
            ));
        }
        if self.allocation_strategy == Some(AllocationStrategy::BestFit) {
            problems.push(Problem::new(
                "/allocationStrategy",
                "Amazon EKS does not take `BEST_FIT`: only Amazon ECS environments do",
                "write `BEST_FIT_PROGRESSIVE`",
            ));
        }
        if let (Some(min), Some(max)) = (self.min_vcpus, self.max_vcpus)
            && min > max
        {
            let message = format!("{min} is above `maxvCpus`, {max}");
            problems.push(Problem::new("/minvCpus", message, format!("write {max} or less, or raise `maxvCpus`")));
        }
        problems.extend(self.scaling_policy.as_ref().and_then(ScalingPolicy::problem));
        problems.extend(ec2_configuration::problems(self.ec2_configuration.as_deref().unwrap_or_default()));
        if let Some(template) = &self.launch_template {
            let own = template.problems(self.instance_types.as_deref());
            problems.extend(own.into_iter().map(|problem| problem.under("/launchTemplate")));
        }
        problems
    }
}

impl UpdateComputeEnvironment {
    /// What the update takes.
    pub fn kind(&self) -> UpdateKind {
        match &self.compute_resources {
            Some(resources) if resources.replaces_instances() => UpdateKind::Infrastructure,
            _ => UpdateKind::Scaling,
        }
    }

    /// What AWS Batch would reject of the request by itself. What it makes of an environment is judged there:
    /// [`Self::applied_to`], then [`ComputeEnvironment::problems`].
    pub fn problems(&self) -> Vec<Problem> {
        let own = self.compute_resources.iter().flat_map(ComputeResourceUpdate::problems);
        let mut problems: Vec<_> = own.map(|problem| problem.under("/computeResources")).collect();
        if self.unmanaged_vcpus.is_some() && self.compute_resources.is_some() {
            problems.push(Problem::new(
                "/unmanagedvCpus",
                "it is for UNMANAGED environments, and `computeResources` for MANAGED ones",
                "keep one",
            ));
        }
        problems
    }

    /// The environment after the request.
    #[must_use]
    pub fn applied_to(&self, environment: &ComputeEnvironment) -> ComputeEnvironment {
        let mut changed = environment.clone();
        changed.state = self.state.unwrap_or(changed.state);
        changed.unmanaged_vcpus = self.unmanaged_vcpus.or(changed.unmanaged_vcpus);
        changed.service_role = self.service_role.clone().or(changed.service_role);
        if let (Some(update), Some(eks)) = (&self.eks_configuration, &mut changed.eks_configuration) {
            eks.access_entry = update.access_entry.clone().or(eks.access_entry.take());
        }
        let (Some(update), Some(own)) = (&self.compute_resources, &mut changed.compute_resources) else {
            return changed;
        };
        let update = update.clone();
        own.min_vcpus = update.min_vcpus.unwrap_or(own.min_vcpus);
        own.max_vcpus = update.max_vcpus.unwrap_or(own.max_vcpus);
        // Batch has moved it since, and keeps it between the limits.
        own.desired_vcpus = None;
        own.scaling_policy = update.scaling_policy.or(own.scaling_policy.take());
        own.kind = update.kind.unwrap_or(own.kind);
        own.allocation_strategy = update.allocation_strategy.or(own.allocation_strategy);
        own.bid_percentage = update.bid_percentage.or(own.bid_percentage);
        own.instance_role = update.instance_role.or(own.instance_role.take());
        own.ec2_key_pair = update.ec2_key_pair.or(own.ec2_key_pair.take());
        own.placement_group = update.placement_group.or(own.placement_group.take());
        own.image_id = update.image_id.or(own.image_id.take());
        own.launch_template = update.launch_template.or(own.launch_template.take());
        // Given lists and maps replace the environment's.
        own.instance_types = update.instance_types.unwrap_or_else(|| std::mem::take(&mut own.instance_types));
        own.subnets = update.subnets.unwrap_or_else(|| std::mem::take(&mut own.subnets));
        own.security_group_ids =
            update.security_group_ids.unwrap_or_else(|| std::mem::take(&mut own.security_group_ids));
        own.tags = update.tags.unwrap_or_else(|| std::mem::take(&mut own.tags));
        own.ec2_configuration = update.ec2_configuration.unwrap_or_else(|| std::mem::take(&mut own.ec2_configuration));
        changed
    }
}
