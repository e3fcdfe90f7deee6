//! Fields and words that other documents know and these don't: what stands for them on Amazon EKS. A table for people's
//! habits (Amazon ECS, plain Kubernetes); nothing decides by it.

use serde_json::Value;

use crate::model::Problem;

/// What to say of a field that EKS documents don't have; `at` is the object it stands in.
pub(super) fn told(field: &str, at: &str) -> Option<(String, String)> {
    let in_job_definition = at.starts_with("/jobDefinitions/");
    let (message, help) = match field {
        "ecsProperties" if in_job_definition => {
            ("`ecsProperties` is for Amazon ECS", "write `eksProperties.podProperties`")
        }
        "platformCapabilities" | "propagateTags" if in_job_definition => {
            ("AWS Batch takes this field for Amazon ECS only", "remove it")
        }
        "containerOverrides" | "ecsPropertiesOverride" => (
            "AWS Batch does not take this override for jobs on EKS",
            "write `eksPropertiesOverride.podProperties.containers`",
        ),
        "container" | "ecsProperties" if at.contains("/nodeRangeProperties/") => {
            ("it is for Amazon ECS; on EKS a node runs a pod", "write `eksProperties.podProperties`")
        }
        "nodeSelector"
        | "affinity"
        | "tolerations"
        | "priorityClassName"
        | "runtimeClassName"
        | "terminationGracePeriodSeconds"
        | "schedulerName"
        | "topologySpreadConstraints"
        | "restartPolicy"
        | "nodeName"
            if at.contains("odProperties") =>
        {
            ("AWS Batch has no such field in `podProperties`: it places the pods itself", "remove it")
        }
        "ports" | "livenessProbe" | "readinessProbe" | "startupProbe" | "lifecycle" | "envFrom"
            if at.contains("ontainers/") =>
        {
            ("AWS Batch has no such field for containers", "remove it")
        }
        "vcpus" if at.ends_with("/resources") || at.contains("ontainers/") => {
            ("`vcpus` is a field of Amazon ECS documents", "write `resources.limits.cpu`")
        }
        "configMap" | "projected" | "csi" | "nfs" | "ephemeral" if at.contains("/volumes/") => (
            "AWS Batch does not take this kind of volume",
            "use `hostPath`, `emptyDir`, `secret` or `persistentVolumeClaim`",
        ),
        _ => return None,
    };
    Some((format!("`{field}`: {message}"), help.to_owned()))
}

/// What to say of a word that EKS documents don't have.
pub(super) fn told_word(word: &str) -> Option<(String, String)> {
    match word {
        "FARGATE" | "FARGATE_SPOT" => Some((
            format!("Amazon EKS environments have no `{word}`: AWS Batch runs EKS jobs on EC2 instances only"),
            "write `EC2` or `SPOT`".to_owned(),
        )),
        "ON_DEMAND" | "On-Demand" => {
            Some((format!("`{word}` is not known here"), "write `EC2`, AWS Batch's word for On-Demand".to_owned()))
        }
        _ => None,
    }
}

/// Takes `containerProperties` out of the job definitions and says, field by field, what stands for it on EKS. Gives the
/// pointers of the definitions whose pod is now unknown.
pub(super) fn take_container_properties(scenario: &mut Value) -> (Vec<Problem>, Vec<String>) {
    let (mut problems, mut unknown) = (Vec::new(), Vec::new());
    let definitions = scenario.get_mut("jobDefinitions").and_then(Value::as_array_mut);
    for (index, definition) in definitions.into_iter().flatten().enumerate() {
        let Some(fields) = definition.as_object_mut() else { continue };
        let Some(properties) = fields.shift_remove("containerProperties") else { continue };
        let at = format!("/jobDefinitions/{index}");
        problems.push(Problem::new(
            format!("{at}/containerProperties"),
            "`containerProperties` is for Amazon ECS; on EKS a job is a pod",
            "write `eksProperties.podProperties.containers`, one entry per container",
        ));
        let inner = properties.as_object().into_iter().flat_map(serde_json::Map::keys);
        problems.extend(inner.map(|name| {
            let message = format!("`{name}` has no effect on EKS");
            Problem::new(format!("{at}/containerProperties/{name}"), message, pod_field(name))
        }));
        if !fields.contains_key("eksProperties") {
            let container = serde_json::json!({ "image": "" });
            let pod = serde_json::json!({ "podProperties": { "containers": [container] } });
            fields.insert("eksProperties".to_owned(), pod);
            unknown.push(format!("{at}/eksProperties"));
        }
    }
    (problems, unknown)
}

/// Where a field of `containerProperties` goes on EKS.
fn pod_field(name: &str) -> String {
    let at = "eksProperties.podProperties";
    match name {
        "image" | "command" => format!("write `{at}.containers[].{name}`"),
        "environment" => format!("write `{at}.containers[].env`"),
        "vcpus" => format!("write `{at}.containers[].resources.limits.cpu`, like `\"1\"`"),
        "memory" => format!("write `{at}.containers[].resources.limits.memory`, like `\"1024Mi\"`"),
        "resourceRequirements" => format!(
            "write `{at}.containers[].resources.limits`: VCPU is `cpu`, MEMORY is `memory` (with `Mi`), GPU is `nvidia.com/gpu`"
        ),
        "volumes" => format!("write `{at}.volumes`"),
        "mountPoints" => format!("write `{at}.containers[].volumeMounts`"),
        "jobRoleArn" | "executionRoleArn" => {
            format!("write `{at}.serviceAccountName`, a service account that is bound to the role")
        }
        "privileged" | "readonlyRootFilesystem" | "user" => format!("write `{at}.containers[].securityContext`"),
        _ => "remove it: pods have nothing like it in AWS Batch".to_owned(),
    }
}
