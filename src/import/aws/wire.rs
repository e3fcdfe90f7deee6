//! A job as AWS writes it, in `describe-jobs` or, with less, in `list-jobs`. Every member may be missing; what isn't needed
//! is passed over. Source: `API:JobDetail`, `API:JobSummary`, `API:AttemptDetail`, `API:EksAttemptDetail`.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireJob {
    pub(super) job_id: Option<String>,
    pub(super) job_name: Option<String>,
    pub(super) job_queue: Option<String>,
    pub(super) job_definition: Option<String>,
    pub(super) status: Option<String>,
    pub(super) status_reason: Option<String>,
    pub(super) share_identifier: Option<String>,
    pub(super) scheduling_priority: Option<i32>,
    pub(super) attempts: Option<Vec<WireAttempt>>,
    pub(super) eks_attempts: Option<Vec<WireAttempt>>,
    pub(super) created_at: Option<f64>,
    pub(super) started_at: Option<f64>,
    pub(super) stopped_at: Option<f64>,
    pub(super) depends_on: Option<Vec<WireDependency>>,
    pub(super) array_properties: Option<WireArray>,
    pub(super) node_details: Option<Value>,
    pub(super) container: Option<Value>,
    pub(super) retry_strategy: Option<Value>,
    pub(super) timeout: Option<WireTimeout>,
    pub(super) consumable_resource_properties: Option<Value>,
    pub(super) is_cancelled: Option<bool>,
    pub(super) is_terminated: Option<bool>,
}

/// An attempt, on ECS or on EKS.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireAttempt {
    pub(super) container: Option<WireContainer>,
    pub(super) containers: Option<Vec<WireContainer>>,
    pub(super) init_containers: Option<Vec<WireContainer>>,
    pub(super) task_properties: Option<Vec<WireTask>>,
    pub(super) started_at: Option<f64>,
    pub(super) stopped_at: Option<f64>,
    pub(super) status_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireTask {
    pub(super) containers: Option<Vec<WireContainer>>,
}

/// How a container ended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireContainer {
    pub(super) exit_code: Option<i64>,
    pub(super) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireDependency {
    pub(super) job_id: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireArray {
    pub(super) size: Option<u32>,
    pub(super) index: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireTimeout {
    pub(super) attempt_duration_seconds: Option<u64>,
}

impl WireJob {
    /// Attempts as EKS tells of them, else as ECS does.
    pub(super) fn all_attempts(&self) -> &[WireAttempt] {
        let some = |list: &'_ Option<Vec<WireAttempt>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let list = if some(&self.eks_attempts) { &self.eks_attempts } else { &self.attempts };
        list.as_deref().unwrap_or_default()
    }
}

/// A time in milliseconds since 1970, as AWS writes it; `None` for what is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded before")]
pub(super) fn millis(written: Option<f64>) -> Option<u64> {
    /// The year 2500: what is later is no time in milliseconds.
    const LATEST: f64 = 16_725_225_600_000.0;
    written.filter(|&at| (1.0..LATEST).contains(&at)).map(|at| at as u64)
}
