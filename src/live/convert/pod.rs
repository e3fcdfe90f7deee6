//! Where a pod stands.

use std::time::SystemTime;

use crate::kubernetes::objects::{ContainerStatus, PodObject};
use crate::live::convert::failure;
use crate::live::facts::{ObjectName, PodFacts, PodPhase};
use crate::pod::JOB_ID_LABEL;
use crate::scheduler::PodStuck;

/// Why a container waits that can't be had as things are: its image, or what it is made from. Its kubelet tries on, and AWS
/// Batch leaves the job STARTING in all these cases (`UG:batch-eks-job-stuck-in-starting`).
const STUCK: &[&str] = &[
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
];

/// A pod as it is now.
pub fn facts(pod: &PodObject) -> PodFacts {
    PodFacts {
        namespace: pod.metadata.namespace.clone(),
        name: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
        job: pod.metadata.labels.get(JOB_ID_LABEL).cloned().unwrap_or_default(),
        node: pod.spec.node_name.clone(),
        phase: phase(pod),
        deleting: pod.metadata.deletion_timestamp.is_some(),
        ip: pod.status.pod_ip.clone().filter(|ip| !ip.is_empty()),
    }
}

/// Which pod.
pub fn name(pod: &PodObject) -> ObjectName {
    let meta = &pod.metadata;
    ObjectName { namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid.clone() }
}

fn phase(pod: &PodObject) -> PodPhase {
    match pod.status.phase.as_str() {
        "Succeeded" => PodPhase::Succeeded,
        "Failed" => PodPhase::Failed(failure::of(pod)),
        "Running" if all_started(pod) => PodPhase::Running,
        _ if is_stuck(pod) => PodPhase::Stuck(PodStuck::Image),
        _ => PodPhase::Pending,
    }
}

/// Kubernetes calls a pod `Running` as soon as one of its containers runs. Where there are no statuses at all, as KWOK's
/// own stages leave it, that word is all there is.
fn all_started(pod: &PodObject) -> bool {
    let started = |status: &ContainerStatus| status.state.running.is_some() || status.state.terminated.is_some();
    let statuses = &pod.status.container_statuses;
    statuses.is_empty() || (statuses.len() >= pod.spec.containers.len() && statuses.iter().all(started))
}

fn is_stuck(pod: &PodObject) -> bool {
    let all = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    all.filter_map(|status| status.state.waiting.as_ref()).any(|waiting| STUCK.contains(&waiting.reason.as_str()))
}

/// A time as Kubernetes writes it.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::scheduler::PodFailure;

    fn read(pod: Value) -> PodFacts {
        facts(&serde_json::from_value(pod).expect("a pod"))
    }

    fn with(phase: &str, statuses: Value) -> PodPhase {
        let containers = json!([{ "name": "a" }, { "name": "b" }]);
        read(json!({ "spec": { "containers": containers }, "status": { "phase": phase, "containerStatuses": statuses } }))
            .phase
    }

    #[test]
    fn a_pod_runs_when_all_its_containers_have_started() {
        let runs =
            |name: &str| json!({ "name": name, "state": { "running": { "startedAt": "2026-03-01T10:00:00Z" } } });
        let done = json!({ "name": "b", "state": { "terminated": { "exitCode": 0 } } });
        let waits = json!({ "name": "b", "state": { "waiting": { "reason": "ContainerCreating" } } });
        assert_eq!(with("Running", json!([runs("a"), runs("b")])), PodPhase::Running);
        assert_eq!(with("Running", json!([runs("a"), done])), PodPhase::Running, "it had started");
        assert_eq!(with("Running", json!([runs("a"), waits])), PodPhase::Pending);
        assert_eq!(with("Running", json!([runs("a")])), PodPhase::Pending, "the other has no status yet");
        assert_eq!(with("Running", json!([])), PodPhase::Running, "KWOK's own stages write none");
        assert_eq!(with("Pending", json!([])), PodPhase::Pending);
        assert_eq!(with("", json!([])), PodPhase::Pending, "no status yet");
        assert_eq!(with("Succeeded", json!([])), PodPhase::Succeeded);
        let failed = json!([{ "name": "a", "state": { "terminated": { "exitCode": 4, "reason": "Error" } } }]);
        assert_eq!(with("Failed", failed), PodPhase::Failed(PodFailure::ExitCode(4)));
    }

    #[test]
    fn what_can_not_be_pulled_is_stuck() {
        let waits =
            |reason: &str| json!([{ "name": "a", "state": { "waiting": { "reason": reason, "message": "…" } } }]);
        for reason in STUCK {
            assert_eq!(with("Pending", waits(reason)), PodPhase::Stuck(PodStuck::Image), "{reason}");
        }
        assert_eq!(with("Running", waits("ErrImagePull")), PodPhase::Stuck(PodStuck::Image), "one of two runs");
        for reason in ["ContainerCreating", "PodInitializing"] {
            assert_eq!(with("Pending", waits(reason)), PodPhase::Pending, "{reason}");
        }
        let init = json!({ "status": { "phase": "Pending", "initContainerStatuses": waits("ImagePullBackOff") } });
        assert_eq!(read(init).phase, PodPhase::Stuck(PodStuck::Image));
    }

    #[test]
    fn a_pod_is_told_with_its_names() {
        let pod = read(json!({
            "metadata": { "namespace": "jobs", "name": "aws-batch.1", "uid": "u", "deletionTimestamp": "2026-03-01T10:00:00Z" },
            "spec": { "nodeName": "ip-10-0-0-1.ec2.internal", "containers": [{ "name": "default" }] },
            "status": { "phase": "Running", "podIP": "10.0.0.1" },
        }));
        assert_eq!((pod.namespace.as_str(), pod.name.as_str(), pod.uid.as_str()), ("jobs", "aws-batch.1", "u"));
        assert_eq!(
            (pod.node.as_str(), pod.deleting, pod.ip.as_deref()),
            ("ip-10-0-0-1.ec2.internal", true, Some("10.0.0.1"))
        );
    }
}
