//! The judge: it finds each wrong done on purpose, and nothing where nothing is wrong.

use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use crate::bare;
use crate::bed::{Bed, until, with};
use crate::judge::{End, Judge};
use crate::nodes::{Amounts, NodeShape};
use k8s_openapi::api::core::v1::Pod;

/// A pod of a job, as AWS Batch labels and tells it.
fn pod(name: &str, node: &str, job: (&str, u32), asks: (&str, &str), script: serde_json::Value) -> Pod {
    let ((job, attempt), (cpu, memory)) = (job, asks);
    let mut made = bare::pod(name, node, "0s");
    made.metadata.annotations = serde_json::from_value(script).unwrap();
    made.metadata.labels = serde_json::from_value(json!({ "batch.amazonaws.com/job-id": job })).unwrap();
    let container = &mut made.spec.as_mut().unwrap().containers[0];
    container.env = serde_json::from_value(json!([
        { "name": "AWS_BATCH_JOB_ID", "value": job },
        { "name": "AWS_BATCH_JOB_ATTEMPT", "value": attempt.to_string() },
    ]))
    .unwrap();
    container.resources = serde_json::from_value(json!({ "requests": { "cpu": cpu, "memory": memory } })).unwrap();
    made
}

fn endless() -> serde_json::Value {
    json!({})
}

fn short(exit: &str) -> serde_json::Value {
    json!({ "windtunnel.dev/run": "100ms", "windtunnel.dev/exit": exit })
}

async fn create(bed: &Bed, pod: &Pod) {
    bed.pods().create(&PostParams::default(), pod).await.unwrap();
}

async fn one_small_node(bed: &Bed) -> String {
    let offers = Amounts { cpu_millis: 1000, memory_mib: 1024, pods: 3 };
    bed.add_nodes(1, &NodeShape { allocatable: offers, ..NodeShape::default() }).await.remove(0)
}

#[test]
fn an_over_commit_is_found() {
    with(async |bed| {
        let node = one_small_node(&bed).await;
        let judge = Judge::start(&bed).await;
        create(&bed, &pod("first", &node, ("a", 1), ("600m", "100Mi"), endless())).await;
        create(&bed, &pod("second", &node, ("b", 1), ("0.401", "100Mi"), endless())).await;
        create(&bed, &pod("third", &node, ("c", 1), ("1m", "1Gi"), endless())).await;
        create(&bed, &pod("fourth", &node, ("d", 1), ("1m", "1Mi"), endless())).await;
        let verdict = judge.verdict().await;
        let found: Vec<_> = verdict.over_commits.iter().map(|over| (over.resource, over.asked, over.offered)).collect();
        let mib = 1024 * 1024 * 1000;
        assert_eq!(found, [("cpu", 1001, 1000), ("memory", 1224 * mib, 1024 * mib), ("pods", 4000, 3000)]);
        assert_eq!(verdict.over_commits[0].node, node);
        assert_eq!(verdict.over_commits[0].pods.len(), 2);
        assert_eq!(verdict.leftovers, ["first", "fourth", "second", "third"]);
        assert_eq!(verdict.ends()["a"], End::Alive);
    });
}

#[test]
fn two_pods_of_one_job_at_once_are_found() {
    with(async |bed| {
        let node = one_small_node(&bed).await;
        let judge = Judge::start(&bed).await;
        create(&bed, &pod("first", &node, ("a", 1), ("10m", "1Mi"), endless())).await;
        create(&bed, &pod("second", &node, ("a", 2), ("10m", "1Mi"), endless())).await;
        let verdict = judge.verdict().await;
        assert_eq!(verdict.twice.len(), 1);
        assert_eq!((verdict.twice[0].job.as_str(), &verdict.twice[0].pods), ("a", &["first".into(), "second".into()]));
    });
}

#[test]
fn two_pods_of_one_attempt_are_found() {
    with(async |bed| {
        let node = one_small_node(&bed).await;
        let judge = Judge::start(&bed).await;
        for name in ["first", "second"] {
            create(&bed, &pod(name, &node, ("a", 1), ("10m", "1Mi"), endless())).await;
            bed.pods().delete(name, &DeleteParams::default()).await.unwrap();
            until("it is gone", async || bed.pods().get_opt(name).await.unwrap().is_none()).await;
        }
        let verdict = judge.verdict().await;
        assert_eq!(verdict.pods_by_attempt()[&("a", 1)], 2);
        assert_eq!((verdict.twice.len(), verdict.leftovers.len()), (0, 0));
    });
}

#[test]
fn a_run_without_fault_is_clean() {
    with(async |bed| {
        let node = one_small_node(&bed).await;
        let lost = one_small_node(&bed).await;
        let judge = Judge::start(&bed).await;
        // Each asks for nearly the whole node: one after the other is no over-commit, and a retry is no second run.
        for (name, attempt, exit) in [("first", 1, "3"), ("second", 2, "0")] {
            create(&bed, &pod(name, &node, ("a", attempt), ("900m", "1Gi"), short(exit))).await;
            until("it has ended", async || judge.ended() == usize::try_from(attempt).unwrap()).await;
        }
        // A pod on a node that is gone runs no more, though its object is still there.
        create(&bed, &pod("cut-short", &lost, ("b", 1), ("900m", "1Gi"), endless())).await;
        bed.remove_node(&lost).await;
        create(&bed, &pod("again", &node, ("b", 2), ("10m", "1Mi"), short("0"))).await;
        until("it has ended", async || judge.ended() == 3).await;
        for name in ["first", "second", "cut-short", "again"] {
            bed.pods().delete(name, &DeleteParams::default().grace_period(0)).await.unwrap();
        }
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        let ends = |job: &str| verdict.jobs[job].iter().map(|story| (story.attempt, story.end)).collect::<Vec<_>>();
        assert_eq!(ends("a"), [(1, End::Failed(3)), (2, End::Succeeded)]);
        assert_eq!(ends("b"), [(1, End::Removed), (2, End::Succeeded)]);
        assert!(verdict.jobs["a"].iter().all(|story| story.ran && story.node == node));
    });
}

#[test]
fn who_is_nowhere_or_nobodys_is_told() {
    with(async |bed| {
        let node = one_small_node(&bed).await;
        let judge = Judge::start(&bed).await;
        create(&bed, &bare::pod("stranger", &node, "10ms")).await;
        create(&bed, &pod("nowhere", "no-such-node", ("a", 1), ("10m", "1Mi"), endless())).await;
        let verdict = judge.verdict().await;
        assert_eq!(verdict.nowhere, ["nowhere"]);
        assert_eq!(verdict.strangers.len(), 1);
        assert_eq!((verdict.strangers[0].name.as_str(), verdict.strangers[0].attempt), ("stranger", 0));
        let other: Api<Pod> = Api::namespaced(bed.admin(), bed.namespace());
        other.delete("nowhere", &DeleteParams::default().grace_period(0)).await.unwrap();
    });
}
