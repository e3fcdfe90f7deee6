//! `CreateComputeEnvironment` for Amazon EKS, as `--cli-input-json` takes it.
//!
//! Source: `API:CreateComputeEnvironmentRequest`, `API:ComputeResource`. Says what a document holds and what is wrong
//! within it; knows neither the instance types that exist nor the queues that use it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ec2_configuration::{self, Ec2Configuration};
use crate::model::launch_template::LaunchTemplate;
use crate::model::text::{DNS_LABEL, NAME_PATTERN, namespace_problem};
use crate::model::{AllocationStrategy, Problem, PurchaseOption, tags};

/// A compute environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComputeEnvironment {
    /// Up to 128 letters, digits, hyphens and underscores.
    #[schemars(regex(pattern = NAME_PATTERN))]
    pub compute_environment_name: String,
    /// Whether Batch manages the capacity.
    #[serde(rename = "type")]
    pub kind: EnvironmentType,
    /// DISABLED places and scales nothing, but keeps `minvCpus`.
    #[serde(default)]
    pub state: State,
    /// UNMANAGED only; used for fair-share reservation alone.
    #[serde(rename = "unmanagedvCpus", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000_000))]
    pub unmanaged_vcpus: Option<u32>,
    /// The capacity; required for MANAGED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_resources: Option<ComputeResource>,
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_configuration: Option<EksConfiguration>,
    /// EKS takes only the service-linked role: leave unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// Tags of the environment; they do not reach EC2.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Reserved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// Who manages the capacity. Source: `API:CEType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EnvironmentType {
    /// Batch.
    Managed,
    /// The user: Batch places jobs on nodes that carry the environment's label.
    Unmanaged,
}

/// Whether an environment or a queue works. Source: `API:CEState`, `API:JQState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// It does.
    #[default]
    Enabled,
    /// It takes nothing new.
    Disabled,
}

/// The cluster of an environment. Source: `API:EksConfiguration`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksConfiguration {
    /// ARN of the EKS cluster.
    pub eks_cluster_arn: String,
    /// Namespace of the jobs' pods: below 64 characters, not `default`, not starting with `kube-`.
    #[schemars(length(max = 63), regex(pattern = DNS_LABEL))]
    pub kubernetes_namespace: String,
    /// How Batch gets into the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_entry: Option<EksAccessEntry>,
}

/// An access entry. Source: `API:EksAccessEntry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksAccessEntry {
    /// What is wanted.
    pub desired_state: AccessEntryState,
}

/// Source: `API:EksAccessEntry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub enum AccessEntryState {
    Enabled,
    Disabled,
    InheritFromCluster,
}

/// The capacity of a MANAGED environment. Source: `API:ComputeResource`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComputeResource {
    /// On-Demand (EC2) or Spot.
    #[serde(rename = "type")]
    pub kind: PurchaseOption,
    /// How instance types are chosen. AWS requires it for EKS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_strategy: Option<AllocationStrategy>,
    /// Kept running even with no job.
    #[serde(default, rename = "minvCpus")]
    #[schemars(range(max = 10_000_000))]
    pub min_vcpus: u32,
    /// The limit; overshot by less than one instance.
    #[serde(rename = "maxvCpus")]
    #[schemars(range(max = 10_000_000))]
    pub max_vcpus: u32,
    /// Batch moves it by itself between `minvCpus` and `maxvCpus`.
    #[serde(rename = "desiredvCpus", skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10_000_000))]
    pub desired_vcpus: Option<u32>,
    /// Families (`m5`), types (`m5.xlarge`) or `optimal`, `default_x86_64`, `default_arm64`.
    #[schemars(length(min = 1))]
    pub instance_types: Vec<String>,
    /// SPOT: launch only while the Spot price is below this percentage of On-Demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub bid_percentage: Option<u32>,
    /// When nodes without jobs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_policy: Option<ScalingPolicy>,
    /// Subnets of one VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// Security groups, here or in the launch template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_group_ids: Vec<String>,
    /// Instance profile of the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_role: Option<String>,
    /// Key pair of the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ec2_key_pair: Option<String>,
    /// Tags of the instances.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Placement group of the instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement_group: Option<String>,
    /// Needed with `BEST_FIT` only, which EKS does not take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_iam_fleet_role: Option<String>,
    /// Deprecated; `ec2Configuration` wins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// Which image the nodes run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 2))]
    pub ec2_configuration: Vec<Ec2Configuration>,
    /// Launch template of the instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template: Option<LaunchTemplate>,
}

/// Scale-down. Source: `API:ComputeScalingPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScalingPolicy {
    /// 0 (unset) or 20 to 10080: how long a node stays after its last job.
    #[serde(default)]
    #[schemars(range(max = 10_080))]
    pub min_scale_down_delay_minutes: u32,
}

impl ScalingPolicy {
    /// What AWS Batch would reject of it, seen from `computeResources`.
    pub(super) fn problem(&self) -> Option<Problem> {
        matches!(self.min_scale_down_delay_minutes, 1..=19).then(|| {
            Problem::new(
                "/scalingPolicy/minScaleDownDelayMinutes",
                "it is neither 0 (unset) nor 20 to 10080 minutes",
                "write 20",
            )
        })
    }
}

impl ComputeResource {
    /// What Batch falls back to where the document names no strategy (AWS requires one, an example of the user guide
    /// omits it).
    pub const fn strategy_or_default(&self) -> AllocationStrategy {
        match (self.allocation_strategy, self.kind) {
            (Some(strategy), _) => strategy,
            (None, PurchaseOption::Ec2) => AllocationStrategy::BestFitProgressive,
            (None, PurchaseOption::Spot) => AllocationStrategy::SpotPriceCapacityOptimized,
        }
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<_> = self.strategy_problem().into_iter().collect();
        problems.extend(self.vcpu_problems());
        problems.extend(self.scaling_policy.as_ref().and_then(ScalingPolicy::problem));
        if self.bid_percentage.is_some() && self.kind == PurchaseOption::Ec2 {
            problems.push(Problem::new(
                "/bidPercentage",
                "it is for Spot environments, but `type` is `EC2`",
                "remove it, or write `\"type\": \"SPOT\"`",
            ));
        }
        problems.extend(ec2_configuration::problems(&self.ec2_configuration));
        if let Some(template) = &self.launch_template {
            let own = template.problems(Some(&self.instance_types));
            problems.extend(own.into_iter().map(|problem| problem.under("/launchTemplate")));
        }
        problems
    }

    fn strategy_problem(&self) -> Option<Problem> {
        use AllocationStrategy as S;
        let default = Self { allocation_strategy: None, ..self.clone() }.strategy_or_default();
        let (message, help) = match (self.strategy_or_default(), self.kind) {
            (S::BestFit, _) => (
                "Amazon EKS does not take `BEST_FIT`: only Amazon ECS environments do".to_owned(),
                format!("write `{default}`"),
            ),
            (
                strategy @ (S::SpotCapacityOptimized
                | S::SpotCapacityOptimizedPrioritized
                | S::SpotPriceCapacityOptimized),
                PurchaseOption::Ec2,
            ) => (
                format!("`{strategy}` picks among Spot pools, but `type` is `EC2`"),
                format!("write `\"type\": \"SPOT\"`, or the strategy `{default}`"),
            ),
            (S::BestFitProgressiveOrdered, PurchaseOption::Spot) => (
                "`BEST_FIT_PROGRESSIVE_ORDERED` is for On-Demand instances, but `type` is `SPOT`".to_owned(),
                "write `\"type\": \"EC2\"`, or the strategy `SPOT_CAPACITY_OPTIMIZED_PRIORITIZED`".to_owned(),
            ),
            _ => return None,
        };
        Some(Problem::new("/allocationStrategy", message, help))
    }

    fn vcpu_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.min_vcpus > self.max_vcpus {
            problems.push(Problem::new(
                "/minvCpus",
                format!("{} is above `maxvCpus`, {}", self.min_vcpus, self.max_vcpus),
                format!("write {} or less, or raise `maxvCpus`", self.max_vcpus),
            ));
        }
        if self.desired_vcpus.is_some_and(|desired| desired < self.min_vcpus || desired > self.max_vcpus) {
            problems.push(Problem::new(
                "/desiredvCpus",
                "it is not between `minvCpus` and `maxvCpus`",
                "remove it: AWS Batch moves it by itself",
            ));
        }
        problems
    }
}

impl ComputeEnvironment {
    /// What AWS Batch would reject of the document by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = match (&self.compute_resources, self.kind) {
            (None, EnvironmentType::Managed) => vec![Problem::new(
                "",
                "a MANAGED environment needs `computeResources`",
                "add `computeResources` with `type`, `maxvCpus` and `instanceTypes`",
            )],
            (Some(_), EnvironmentType::Unmanaged) => vec![Problem::new(
                "/computeResources",
                "an UNMANAGED environment has no `computeResources`: its nodes are the user's",
                "remove it and give the nodes in the scenario's `cluster.nodes`, or write `\"type\": \"MANAGED\"`",
            )],
            (Some(resources), EnvironmentType::Managed) => {
                resources.problems().into_iter().map(|p| p.under("/computeResources")).collect()
            }
            (None, EnvironmentType::Unmanaged) => Vec::new(),
        };
        if let Some(eks) = &self.eks_configuration {
            let at = "/eksConfiguration/kubernetesNamespace";
            problems.extend(namespace_problem(&eks.kubernetes_namespace, "kube-", at));
        }
        if self.unmanaged_vcpus.is_some() && self.kind == EnvironmentType::Managed {
            problems.push(Problem::new(
                "/unmanagedvCpus",
                "it is for UNMANAGED environments",
                "remove it; a MANAGED environment's limit is `computeResources.maxvCpus`",
            ));
        }
        let own_role = |role: &&String| !role.ends_with("/AWSServiceRoleForBatch") && *role != "AWSServiceRoleForBatch";
        if let Some(role) = self.service_role.as_ref().filter(own_role).filter(|_| self.eks_configuration.is_some()) {
            problems.push(Problem::new(
                "/serviceRole",
                format!("Amazon EKS environments have the service-linked role `AWSServiceRoleForBatch`, not `{role}`"),
                "remove it",
            ));
        }
        problems.extend(tags::problems(&self.tags));
        problems
    }
}
