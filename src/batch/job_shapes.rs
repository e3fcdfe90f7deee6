//! Jobs in AWS's JSON shapes, as far as a job on EKS has them and something is known of them. Times are milliseconds since
//! 1970. Left out: what only a cluster knows (names of pods, ids of containers) and what the core forgets (tags). Knows no
//! account.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::history::{JobState, StatusSummary};
use crate::model::consumable_resource::ConsumableResourceProperties;
use crate::model::node_properties::NodeProperties;
use crate::model::pod::EksPodProperties;
use crate::model::retry::{JobTimeout, RetryStrategy};
use crate::model::submit_job::JobDependency;

/// A job, an array, an array's child, or a node of a multi-node parallel job. Source: `API:JobDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct JobDetail {
    pub job_arn: String,
    pub job_name: String,
    pub job_id: String,
    pub job_queue: String,
    pub status: JobState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_identifier: Option<String>,
    /// Of a job in a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_priority: Option<i32>,
    pub attempts: Vec<AttemptDetail>,
    pub created_at: u64,
    pub retry_strategy: RetryStrategy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<u64>,
    pub depends_on: Vec<JobDependency>,
    pub job_definition: String,
    pub parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_details: Option<NodeDetails>,
    /// Of a multi-node parallel job itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_properties: Option<NodeProperties>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array_properties: Option<ArrayPropertiesDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    pub platform_capabilities: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_properties: Option<EksPropertiesDetail>,
    pub eks_attempts: Vec<EksAttemptDetail>,
    pub is_cancelled: bool,
    pub is_terminated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties: Option<ConsumableResourceProperties>,
}

/// An attempt that has ended. Source: `API:AttemptDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct AttemptDetail {
    pub container: ContainerSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<u64>,
    pub stopped_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
}

/// How a container ended, as far as it did. Source: `API:ContainerSummary`, `API:AttemptContainerDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct ContainerSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// The same attempt as a pod. Source: `API:EksAttemptDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct EksAttemptDetail {
    pub containers: Vec<EksAttemptContainerDetail>,
    /// Where all environments of the queue are of one cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_cluster_arn: Option<String>,
    /// The job's, else that of all environments of the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_namespace: Option<String>,
    pub node_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<u64>,
    pub stopped_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
}

/// A container of the pod. A pod that failed says it of its first. Source: `API:EksAttemptContainerDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct EksAttemptContainerDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(flatten)]
    pub end: ContainerSummary,
}

/// The pod of a job, and its node once it has one. Source: `API:EksPropertiesDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct EksPropertiesDetail {
    pub pod_properties: EksPodPropertiesDetail,
}

/// Source: `API:EksPodPropertiesDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct EksPodPropertiesDetail {
    #[serde(flatten)]
    pub pod: EksPodProperties,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
}

/// Of an array its size and its children by state, of a child its index. Source: `API:ArrayPropertiesDetail`,
/// `API:ArrayPropertiesSummary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
#[expect(missing_docs, reason = "AWS's names say it")]
pub enum ArrayPropertiesDetail {
    #[serde(rename_all = "camelCase")]
    Array { status_summary: StatusSummary, size: u32 },
    #[serde(rename_all = "camelCase")]
    Child { index: u32 },
}

/// Which node of a multi-node parallel job it is. Source: `API:NodeDetails`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct NodeDetails {
    pub node_index: u32,
    pub is_main_node: bool,
}

/// A job in a list. Source: `API:JobSummary`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct JobSummary {
    pub job_arn: String,
    pub job_id: String,
    pub job_name: String,
    /// What its pods ask for; not of an array, which has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capacity_usage: Vec<CapacityUsage>,
    pub created_at: u64,
    /// When it last became STARTING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_identifier: Option<String>,
    pub status: JobState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array_properties: Option<ArrayPropertiesDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_properties: Option<NodePropertiesSummary>,
    pub job_definition: String,
    /// There only where it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_cancelled: Option<bool>,
    /// There only where it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_terminated: Option<bool>,
}

/// Capacity, on EKS in `cpu`. Source: `API:JobCapacityUsageSummary`, `API:QueueSnapshotCapacityUsage`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct CapacityUsage {
    pub capacity_unit: &'static str,
    /// vCPUs.
    pub quantity: f64,
}

impl CapacityUsage {
    /// Of thousandths of a vCPU.
    pub(super) fn of_cpu(milli_cpu: u64) -> Self {
        let (whole, rest) = (milli_cpu / 1_000, milli_cpu % 1_000);
        let whole = u32::try_from(whole).unwrap_or(u32::MAX);
        let rest = u32::try_from(rest).unwrap_or_default();
        Self { capacity_unit: "cpu", quantity: f64::from(whole) + f64::from(rest) / 1_000.0 }
    }
}

/// A multi-node parallel job in a list, or one of its nodes. Source: `API:NodePropertiesSummary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct NodePropertiesSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_main_node: Option<bool>,
    pub num_nodes: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_index: Option<u32>,
}
