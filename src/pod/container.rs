//! One container of an attempt's pod: the user's, with the variables that AWS Batch sets and what Kubernetes wants of
//! its resources. Source: `API:EksContainer`, `UG:job_env_vars`, `UG:memory-cpu-batch-eks`.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::container::{DEFAULT_CONTAINER_NAME, EksContainer, ResourceList, ResourceRequirements};
use crate::model::security_context::ContainerSecurityContext;
use crate::pod::attempt::Attempt;

/// A part of a document as JSON: AWS's names of these parts are Kubernetes' own.
pub(super) fn as_written(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("documents have a JSON form")
}

/// The variables that AWS Batch sets, in this order. Source: `UG:job_env_vars`.
pub(super) fn variables(attempt: &Attempt<'_>) -> Vec<(&'static str, String)> {
    let mut set = vec![
        ("AWS_BATCH_JOB_ID", attempt.job_id_text()),
        ("AWS_BATCH_JOB_ATTEMPT", attempt.number.to_string()),
        ("AWS_BATCH_JQ_NAME", attempt.job_queue.to_owned()),
        ("AWS_BATCH_CE_NAME", attempt.compute_environment.to_owned()),
        ("AWS_BATCH_JOB_KUBERNETES_NODE_UID", attempt.node_uid.to_owned()),
    ];
    if let Some(child) = attempt.array {
        set.push(("AWS_BATCH_JOB_ARRAY_INDEX", child.index.to_string()));
        set.push(("AWS_BATCH_JOB_ARRAY_SIZE", child.size.to_string()));
    }
    if let Some(node) = attempt.node {
        set.push(("AWS_BATCH_JOB_NODE_INDEX", node.index.to_string()));
        set.push(("AWS_BATCH_JOB_NUM_NODES", node.count.to_string()));
        set.push(("AWS_BATCH_JOB_MAIN_NODE_INDEX", node.main.to_string()));
        if let Some(address) = node.main_address.filter(|_| !node.is_main()) {
            set.push(("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS", address.to_owned()));
        }
    }
    set
}

/// A container as Kubernetes takes it.
pub(super) fn render(container: &EksContainer, variables: &[(&'static str, String)]) -> Value {
    // Kubernetes takes lower-case names only; AWS's `Default` is `default` in every pod that it has shown.
    let name = container.name.as_deref().unwrap_or(DEFAULT_CONTAINER_NAME).to_ascii_lowercase();
    let mut fields = Map::from_iter([("name".to_owned(), json!(name)), ("image".to_owned(), json!(container.image))]);
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    if let Some(policy) = &container.image_pull_policy {
        put("imagePullPolicy", as_written(policy));
    }
    if !container.command.is_empty() {
        put("command", json!(container.command));
    }
    if !container.args.is_empty() {
        put("args", json!(container.args));
    }
    // Batch's come first: Kubernetes expands `$(NAME)` in a value only if NAME stands before it.
    let batch = variables.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    put("env", batch.chain(container.env.iter().map(as_written)).collect());
    if let Some(resources) = &container.resources {
        put("resources", as_written(&completed(resources)));
    }
    if !container.volume_mounts.is_empty() {
        put("volumeMounts", as_written(&container.volume_mounts));
    }
    if let Some(context) = &container.security_context {
        put("securityContext", as_written(&with_defaults(context)));
    }
    Value::Object(fields)
}

/// Requests as AWS Batch completes them, from the limits; and the limit that Kubernetes wants of every GPU.
fn completed(resources: &ResourceRequirements) -> ResourceRequirements {
    let mut requests = resources.requests.clone().unwrap_or_default();
    let mut limits = resources.limits.clone().unwrap_or_default();
    requests.cpu = requests.cpu.or_else(|| limits.cpu.clone());
    requests.memory = requests.memory.or_else(|| limits.memory.clone());
    requests.gpu = requests.gpu.or_else(|| limits.gpu.clone());
    limits.gpu = limits.gpu.or_else(|| requests.gpu.clone());
    let some = |list: ResourceList| (list != ResourceList::default()).then_some(list);
    ResourceRequirements { limits: some(limits), requests: some(requests) }
}

/// AWS's default of `allowPrivilegeEscalation` is false where Kubernetes' is true; Kubernetes refuses it for privileged
/// containers. The other defaults are the same in both. Source: `API:EksContainerSecurityContext`.
fn with_defaults(context: &ContainerSecurityContext) -> ContainerSecurityContext {
    let mut context = context.clone();
    if context.privileged != Some(true) {
        context.allow_privilege_escalation.get_or_insert(false);
    }
    context
}
