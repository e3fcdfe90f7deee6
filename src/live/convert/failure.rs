//! Why a pod failed, from what its kubelet left in its status.

use std::time::SystemTime;

use crate::kubernetes::objects::{Container, ContainerStatus, PodObject, Terminated};
use crate::kubernetes::quantity::GPU;
use crate::live::convert::pod::time;
use crate::scheduler::PodFailure;

/// Of a container that ended while nobody looked: SIGKILL's. A kubelet that lost a container says the same
/// (`ContainerStatusUnknown`).
const UNSEEN_EXIT_CODE: i32 = 137;

/// Why a pod of phase `Failed` failed.
pub(super) fn of(pod: &PodObject) -> PodFailure {
    if let Some(rejection) = rejection(pod) {
        return rejection;
    }
    match culprit(pod) {
        Some(ended) if ended.reason == "OOMKilled" => PodFailure::OomKilled,
        Some(ended) => PodFailure::ExitCode(ended.exit_code),
        // Evicted, gone with its node, or past its deadline, and no container told how it ended.
        None => PodFailure::ExitCode(UNSEEN_EXIT_CODE),
    }
}

/// How the kubelet turned the pod away before it began; `None` if it began.
fn rejection(pod: &PodObject) -> Option<PodFailure> {
    let status = &pod.status;
    if all_statuses(pod).any(|container| container.state.running.is_some() || container.state.terminated.is_some()) {
        return None;
    }
    match status.reason.as_str() {
        "OutOfcpu" => Some(PodFailure::OutOfCpu),
        "OutOfmemory" => Some(PodFailure::OutOfMemory),
        reason if reason.strip_prefix("OutOf") == Some(GPU) => Some(PodFailure::OutOfGpu),
        // A device plugin had fewer devices than the node had said: `UnexpectedAdmissionError` is all that tells.
        "UnexpectedAdmissionError" if status.message.contains(GPU) => Some(PodFailure::OutOfGpu),
        // The core has no name for these. They too are about the node as it is now: the same pod may start elsewhere.
        "UnexpectedAdmissionError" | "NodeShutdown" => Some(PodFailure::OutOfPods),
        reason if reason.starts_with("OutOf") => Some(PodFailure::OutOfPods),
        _ => None,
    }
}

fn all_statuses(pod: &PodObject) -> impl Iterator<Item = &ContainerStatus> {
    pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses)
}

/// The failed container that counts where several failed: the first in time, for what failed later may have failed because
/// it had; of those that failed in the same second, the first as the pod lists them.
fn culprit(pod: &PodObject) -> Option<&Terminated> {
    let place = |name: &str| {
        let listed = pod.spec.init_containers.iter().chain(&pod.spec.containers);
        listed.map(|container| container.name.as_str()).position(|listed| listed == name)
    };
    let counts = |status: &&ContainerStatus| {
        let init = pod.spec.init_containers.iter().find(|container| container.name == status.name);
        // A sidecar is stopped when the others are done; how it ends decides nothing.
        !init.is_some_and(Container::is_sidecar)
    };
    let failed = all_statuses(pod).filter(counts).filter_map(|status| {
        let ended =
            status.state.terminated.as_ref().filter(|ended| ended.exit_code != 0 || ended.reason == "OOMKilled");
        ended.map(|ended| (when(ended), place(&status.name).unwrap_or(usize::MAX), ended))
    });
    failed.min_by_key(|&(at, place, _)| (at, place)).map(|(_, _, ended)| ended)
}

/// When a container ended; one of which that is not known comes last.
fn when(ended: &Terminated) -> (bool, SystemTime) {
    match ended.finished_at.as_deref().and_then(time) {
        Some(at) => (false, at),
        None => (true, SystemTime::UNIX_EPOCH),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn failed(pod: Value) -> PodFailure {
        of(&serde_json::from_value(pod).expect("a pod"))
    }

    fn ended(name: &str, code: i32, at: &str) -> Value {
        let reason = if code == 0 { "Completed" } else { "Error" };
        json!({ "name": name, "state": { "terminated": { "exitCode": code, "reason": reason, "finishedAt": at } } })
    }

    #[test]
    fn kubelets_turn_pods_away() {
        let said = |reason: &str, message: &str| {
            failed(json!({ "status": { "phase": "Failed", "reason": reason, "message": message } }))
        };
        assert_eq!(said("OutOfcpu", "Node didn't have enough resource: cpu"), PodFailure::OutOfCpu);
        assert_eq!(said("OutOfmemory", ""), PodFailure::OutOfMemory);
        assert_eq!(said("OutOfpods", ""), PodFailure::OutOfPods);
        assert_eq!(said("OutOfnvidia.com/gpu", ""), PodFailure::OutOfGpu);
        let message = "Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 1, \
                       Available: 0, which is unexpected";
        assert_eq!(said("UnexpectedAdmissionError", message), PodFailure::OutOfGpu);
        assert_eq!(said("UnexpectedAdmissionError", "cpu manager"), PodFailure::OutOfPods);
        assert_eq!(said("NodeShutdown", "Pod was rejected as the node is shutting down."), PodFailure::OutOfPods);
        assert_eq!(said("NodeAffinity", "Predicate failed"), PodFailure::ExitCode(137), "it would be so for ever");
    }

    #[test]
    fn a_pod_that_began_was_not_turned_away() {
        let pod = json!({
            "spec": { "containers": [{ "name": "a" }] },
            "status": { "phase": "Failed", "reason": "OutOfcpu", "containerStatuses": [ended("a", 3, "")] },
        });
        assert_eq!(failed(pod), PodFailure::ExitCode(3));
    }

    #[test]
    fn the_first_to_fail_counts() {
        let pod = |statuses: Value| {
            json!({
                "spec": { "containers": [{ "name": "main" }, { "name": "helper" }] },
                "status": { "phase": "Failed", "containerStatuses": statuses },
            })
        };
        let first = ended("helper", 2, "2026-03-01T10:00:00Z");
        let later = ended("main", 143, "2026-03-01T10:00:05Z");
        assert_eq!(failed(pod(json!([first, later]))), PodFailure::ExitCode(2));
        assert_eq!(failed(pod(json!([later, first]))), PodFailure::ExitCode(2));
        // Statuses come by name; in the same second, the pod's own order decides.
        let together = ended("helper", 2, "2026-03-01T10:00:05Z");
        assert_eq!(failed(pod(json!([together, later]))), PodFailure::ExitCode(143));
        let done = ended("main", 0, "2026-03-01T09:00:00Z");
        assert_eq!(failed(pod(json!([first, done]))), PodFailure::ExitCode(2), "one that exits 0 is not to blame");
        let unknown = ended("main", 9, "no time");
        assert_eq!(failed(pod(json!([unknown, first]))), PodFailure::ExitCode(2));
    }

    #[test]
    fn init_containers_fail_and_sidecars_do_not_matter() {
        let pod = json!({
            "spec": {
                "containers": [{ "name": "main" }],
                "initContainers": [{ "name": "mesh", "restartPolicy": "Always" }, { "name": "fetch" }],
            },
            "status": {
                "phase": "Failed",
                "initContainerStatuses": [ended("mesh", 137, "2026-03-01T10:00:00Z"), ended("fetch", 22, "2026-03-01T10:00:01Z")],
                "containerStatuses": [{ "name": "main", "state": { "waiting": { "reason": "PodInitializing" } } }],
            },
        });
        assert_eq!(failed(pod), PodFailure::ExitCode(22));
    }

    #[test]
    fn memory_and_the_unseen() {
        let oom = json!({ "status": { "phase": "Failed", "containerStatuses": [
            { "name": "a", "state": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } } },
        ] } });
        assert_eq!(failed(oom), PodFailure::OomKilled);
        for reason in ["Evicted", "Shutdown", "Terminated", "NodeLost", "DeadlineExceeded", ""] {
            let pod =
                json!({ "status": { "phase": "Failed", "reason": reason, "message": "The node was low on memory." } });
            assert_eq!(failed(pod), PodFailure::ExitCode(137), "{reason}");
        }
    }
}
