//! The pod of an attempt as `kubectl create` would take it. Source: `UG:eks-jobs-map-running-pod-to-job`,
//! `UG:daemonset-on-batch-eks-nodes`, `API:EksPodProperties`.
//!
//! AWS Batch picks the node before it creates the pod, for the node's uid is in it; so the pod carries `spec.nodeName`
//! and Kubernetes' scheduler has no part in it. That also means that no scheduler checks taints: the kubelet evicts what
//! does not tolerate `NoExecute`, and both effects are tolerated. Neither is documented; both follow from what is.

use serde_json::{Map, Value, json};

use crate::model::container::EksContainer;
use crate::pod::attempt::Attempt;
use crate::pod::container::{self, as_written, variables};
use crate::pod::identity::pod_name;

/// Label of pods, and of the nodes of an UNMANAGED environment.
pub const COMPUTE_ENVIRONMENT_LABEL: &str = "batch.amazonaws.com/compute-environment-uuid";
/// Label with the job's id.
pub const JOB_ID_LABEL: &str = "batch.amazonaws.com/job-id";
/// Label with the uid of the node.
pub const NODE_UID_LABEL: &str = "batch.amazonaws.com/node-uid";
/// Taint of AWS Batch's nodes.
pub const TAINT: &str = "batch.amazonaws.com/batch-node";
/// From SIGTERM to SIGKILL. Source: `UG:job_timeouts`.
pub const TERMINATION_GRACE_SECONDS: u32 = 30;

/// The namespace of an attempt's pod: the job's, else the environment's.
pub fn namespace<'a>(attempt: &Attempt<'a>) -> &'a str {
    let own = attempt.pod.metadata.as_ref().and_then(|metadata| metadata.namespace.as_deref());
    own.unwrap_or(attempt.compute_environment_namespace)
}

/// The pod of an attempt. The same attempt gives the same pod, byte for byte.
pub fn render(attempt: &Attempt<'_>) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata(attempt), "spec": spec(attempt) })
}

fn metadata(attempt: &Attempt<'_>) -> Value {
    let own = attempt.pod.metadata.as_ref();
    let mut labels = own.map(|metadata| metadata.labels.clone()).unwrap_or_default();
    // A label's value can't hold the `:` and `#` of children and nodes.
    let job = attempt.job_id_text().replace([':', '#'], ".");
    labels.extend([
        (COMPUTE_ENVIRONMENT_LABEL.to_owned(), attempt.compute_environment_uuid.to_owned()),
        (JOB_ID_LABEL.to_owned(), job),
        (NODE_UID_LABEL.to_owned(), attempt.node_uid.to_owned()),
    ]);
    let mut fields = json!({ "name": pod_name(attempt), "namespace": namespace(attempt), "labels": labels });
    if let Some(metadata) = own.filter(|metadata| !metadata.annotations.is_empty()) {
        fields["annotations"] = json!(metadata.annotations);
    }
    fields
}

fn spec(attempt: &Attempt<'_>) -> Value {
    let pod = attempt.pod;
    let variables = variables(attempt);
    let all = |containers: &[EksContainer]| -> Value {
        containers.iter().map(|container| container::render(container, &variables)).collect()
    };
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("nodeName", json!(attempt.node_name));
    put("restartPolicy", json!("Never"));
    put("terminationGracePeriodSeconds", json!(TERMINATION_GRACE_SECONDS));
    put("tolerations", ["NoSchedule", "NoExecute"].into_iter().map(toleration).collect());
    put("hostNetwork", json!(pod.effective_host_network()));
    put("dnsPolicy", as_written(&pod.effective_dns_policy()));
    if let Some(name) = &pod.service_account_name {
        put("serviceAccountName", json!(name));
    }
    if !pod.image_pull_secrets.is_empty() {
        put("imagePullSecrets", as_written(&pod.image_pull_secrets));
    }
    if let Some(share) = pod.share_process_namespace {
        put("shareProcessNamespace", json!(share));
    }
    if let Some(context) = &pod.security_context {
        put("securityContext", as_written(context));
    }
    if !pod.init_containers.is_empty() {
        put("initContainers", all(&pod.init_containers));
    }
    put("containers", all(&pod.containers));
    if !pod.volumes.is_empty() {
        put("volumes", as_written(&pod.volumes));
    }
    Value::Object(fields)
}

fn toleration(effect: &str) -> Value {
    json!({ "key": TAINT, "operator": "Exists", "effect": effect })
}
