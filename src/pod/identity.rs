//! Names that are the same whenever they are asked for: UUIDs of version 3 (name-based, MD5), as in every pod name that
//! AWS has published. Creating a pod twice is then harmless, for the second time finds the name taken.
//!
//! What AWS hashes is not published; job id and attempt are what must differ. Source: `UG:eks-jobs-map-running-pod-to-job`.

use uuid::Uuid;

use crate::ids::{JobId, NodeId};
use crate::pod::attempt::Attempt;

/// The UUID of a name of some kind. Names are parts that can't contain a line feed.
fn named(kind: &str, parts: &[&str]) -> Uuid {
    let space = Uuid::new_v3(&Uuid::NAMESPACE_DNS, b"batch.amazonaws.com");
    Uuid::new_v3(&space, format!("{kind}\n{}", parts.join("\n")).as_bytes())
}

/// The UUID in an attempt's pod name: another for every attempt, child and node.
pub fn pod_uuid(attempt: &Attempt<'_>) -> Uuid {
    named("pod", &[&attempt.job_id_text(), &attempt.number.to_string()])
}

/// The name of an attempt's pod, like `aws-batch.14638eb9-d218-372d-ba5c-1c9ab9c7f2a1`.
pub fn pod_name(attempt: &Attempt<'_>) -> String {
    format!("aws-batch.{}", pod_uuid(attempt).hyphenated())
}

/// The id that AWS Batch would give a simulated job: the same job of the same scenario has the same, in every run.
pub fn job_uuid(scenario: &str, job: JobId) -> Uuid {
    named("job", &[scenario, &job.to_string()])
}

/// The id of a run on a real cluster: another for every moment that one can begin in, by time and process. A look that
/// leaves nothing behind has no moment of its own.
pub fn run_uuid(scenario: &str, begun: Option<(u64, u32)>) -> Uuid {
    let (at_ms, process) = begun.unwrap_or_default();
    named("run", &[scenario, &at_ms.to_string(), &process.to_string()])
}

/// The `uuid` of a simulated compute environment.
pub fn compute_environment_uuid(scenario: &str, name: &str) -> Uuid {
    named("compute-environment", &[scenario, name])
}

/// The `metadata.uid` of a simulated node.
pub fn node_uid(scenario: &str, node: NodeId) -> Uuid {
    named("node", &[scenario, &node.to_string()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pod::attempt::{ArrayChild, JobNode};

    #[test]
    fn every_attempt_has_a_name_of_its_own_and_always_the_same() {
        let pod = serde_json::from_str(r#"{ "containers": [{ "image": "i" }] }"#).expect("a pod");
        let first = Attempt {
            job_id: "3ac3a4d8-0a5b-41ee-9f0c-8c2b1dd53f3c",
            number: 1,
            array: None,
            node: None,
            job_queue: "queue",
            compute_environment: "environment",
            compute_environment_uuid: "c",
            compute_environment_namespace: "jobs",
            node_name: "node",
            node_uid: "n",
            pod: &pod,
        };
        let child = |index| Some(ArrayChild { index, size: 20 });
        let node = |index| Some(JobNode { index, count: 2, main: 0, main_address: None });
        let others = [
            Attempt { number: 2, ..first },
            Attempt { number: 12, ..first },
            Attempt { array: child(1), ..first },
            Attempt { array: child(1), number: 2, ..first },
            Attempt { array: child(12), ..first },
            Attempt { node: node(1), ..first },
            Attempt { job_id: "3ac3a4d8-0a5b-41ee-9f0c-8c2b1dd53f3d", ..first },
        ];
        let names: BTreeSet<_> = others.iter().chain([&first]).map(pod_name).collect();
        assert_eq!(names.len(), others.len() + 1);
        assert_eq!(pod_uuid(&first).get_version_num(), 3);
        let elsewhere = Attempt { node_name: "other", node_uid: "o", ..first };
        assert_eq!(pod_name(&elsewhere), pod_name(&first), "creating it again elsewhere finds the name taken");
        assert_eq!(pod_name(&first), "aws-batch.2b2820b4-baba-396c-851d-f3e1cf200dd8");
    }

    #[test]
    fn jobs_are_told_apart_by_scenario() {
        let job = JobId::new(0, 1);
        assert_ne!(job_uuid("a", job), job_uuid("b", job));
        assert_ne!(job_uuid("a", job), job_uuid("a", JobId::new(0, 11)));
        assert_eq!(job_uuid("a", job), job_uuid("a", job));
    }
}
