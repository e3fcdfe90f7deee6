//! The bed: pods live as their annotations say, users may what they should, and nothing stays behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;
use tokio::time::Instant;

use crate::bare::{self, measure};
use crate::bed::{User, allowed, alone, until, with};
use crate::nodes::NodeShape;
use crate::private::PrivateBed;

/// Phase, and exit code of the first container.
fn state(pod: &Pod) -> (String, Option<i32>) {
    let status = pod.status.clone().unwrap_or_default();
    let container = status.container_statuses.and_then(|all| all.into_iter().next());
    let code = container.and_then(|container| Some(container.state?.terminated?.exit_code));
    (status.phase.unwrap_or_default(), code)
}

fn scripted(name: &str, node: &str, script: &[(&str, &str)]) -> Pod {
    let mut pod = bare::pod(name, node, "0s");
    let script = script.iter().map(|(name, value)| (format!("windtunnel.dev/{name}"), (*value).to_owned()));
    pod.metadata.annotations = Some(script.collect());
    pod
}

#[test]
fn pods_live_as_their_annotations_say() {
    with(async |bed| {
        let node = bed.add_nodes(1, &NodeShape::default()).await.remove(0);
        let pods = bed.pods();
        let began = Instant::now();
        for (name, script) in [
            ("good", &[("run", "300ms")][..]),
            ("bad", &[("start", "500ms"), ("run", "1500ms"), ("exit", "3")]),
            ("endless", &[]),
        ] {
            pods.create(&PostParams::default(), &scripted(name, &node, script)).await.unwrap();
        }
        // Who touches a pod does not wind its clock back.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let touch = Patch::Merge(json!({ "metadata": { "labels": { "touched": "yes" } } }));
        pods.patch("bad", &PatchParams::default(), &touch).await.unwrap();
        assert_eq!(state(&pods.get("bad").await.unwrap()), ("Running".to_owned(), None));
        until("the bad one has failed", async || state(&pods.get("bad").await.unwrap()).0 == "Failed").await;
        let taken = began.elapsed();
        assert!(taken > Duration::from_secs(2) && taken < Duration::from_secs(3), "ended after {taken:?}, not 2 s");
        assert_eq!(state(&pods.get("bad").await.unwrap()).1, Some(3));
        assert_eq!(state(&pods.get("good").await.unwrap()), ("Succeeded".to_owned(), Some(0)));
        assert_eq!(state(&pods.get("endless").await.unwrap()), ("Running".to_owned(), None));
    });
}

/// How a running pod ended that was deleted, and after how long.
async fn stopped(pods: &Api<Pod>, pod: Pod) -> ((String, Option<i32>), Duration) {
    let name = pod.name_any();
    pods.create(&PostParams::default(), &pod).await.unwrap();
    until("it runs", async || state(&pods.get(&name).await.unwrap()).0 == "Running").await;
    let version = pods.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let only = WatchParams::default().fields(&format!("metadata.name={name}"));
    let mut events = pods.watch(&only, &version).await.unwrap().boxed();
    let began = Instant::now();
    pods.delete(&name, &DeleteParams::default()).await.unwrap();
    while let Some(event) = events.next().await {
        if let WatchEvent::Deleted(pod) = event.unwrap() {
            return (state(&pod), began.elapsed());
        }
    }
    panic!("the watch ended before the pod");
}

#[test]
fn a_deleted_pod_ends_as_a_kubelet_would_end_it() {
    with(async |bed| {
        let node = bed.add_nodes(1, &NodeShape::default()).await.remove(0);
        let pods = bed.pods();
        let (end, taken) = stopped(&pods, scripted("at-once", &node, &[])).await;
        assert_eq!(end, ("Failed".to_owned(), Some(143)));
        assert!(taken < Duration::from_secs(1), "{taken:?}");
        let (end, taken) = stopped(&pods, scripted("in-a-while", &node, &[("stop", "1s")])).await;
        assert_eq!(end, ("Failed".to_owned(), Some(143)));
        assert!(taken >= Duration::from_secs(1), "{taken:?}");
        let mut stubborn = scripted("never", &node, &[("stop", "never")]);
        stubborn.spec.as_mut().unwrap().termination_grace_period_seconds = Some(2);
        let (end, taken) = stopped(&pods, stubborn).await;
        assert_eq!(end, ("Failed".to_owned(), Some(137)));
        // Kubernetes keeps moments in whole seconds.
        assert!(taken >= Duration::from_secs(1) && taken < Duration::from_secs(4), "{taken:?}");
    });
}

#[test]
fn users_may_what_aws_documents() {
    with(async |bed| {
        let nobody = bed.client(User::Nobody).await;
        assert!(!allowed(&nobody, Some(bed.namespace()), "list", "pods").await);
        bed.grant_aws_batch().await;
        let batch = bed.client(User::AwsBatch).await;
        let other = bed.another_namespace().await;
        let here = Some(bed.namespace());
        for (namespace, verb, resource, may) in [
            (here, "create", "pods", true),
            (here, "delete", "pods", true),
            (here, "create", "pods/binding", false),
            (here, "patch", "pods/status", false),
            (Some(other.as_str()), "create", "pods", false),
            (Some(other.as_str()), "watch", "pods", true),
            (None, "watch", "nodes", true),
            (None, "patch", "nodes", false),
            (None, "delete", "nodes", false),
        ] {
            let said = allowed(&batch, namespace, verb, resource).await;
            assert_eq!(said, may, "{verb} {resource} in {namespace:?}");
        }
        // The files for the binary say the same as the clients.
        let file = kube::config::Kubeconfig::read_from(bed.kubeconfig(User::Nobody)).unwrap();
        assert_eq!(file.auth_infos[0].name, "nobody");
    });
}

#[test]
fn nothing_stays_behind_even_when_a_test_fails() {
    let seen = Arc::new(Mutex::new(None));
    let tell = seen.clone();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        with(async |bed| {
            let node = bed.add_nodes(1, &NodeShape::default()).await.remove(0);
            let mut pod = scripted("held", &node, &[]);
            pod.metadata.finalizers = Some(vec!["windtunnel.dev/held".to_owned()]);
            bed.pods().create(&PostParams::default(), &pod).await.unwrap();
            let namespaces = [bed.namespace().to_owned(), bed.another_namespace().await];
            *tell.lock().unwrap() = Some((namespaces, node));
            panic!("on purpose");
        });
    }));
    let Some((namespaces, node)) = seen.lock().unwrap().take() else { return };
    assert!(failed.is_err());
    with(async |bed| {
        for namespace in &namespaces {
            let pods: Api<Pod> = Api::namespaced(bed.admin(), namespace);
            assert_eq!(pods.list(&ListParams::default()).await.unwrap().items, []);
            assert_eq!(Api::<Namespace>::all(bed.admin()).get_opt(namespace).await.unwrap(), None);
        }
        assert_eq!(Api::<Node>::all(bed.admin()).get_opt(&node).await.unwrap(), None);
    });
}

#[test]
fn a_bed_of_ones_own_can_be_broken_and_mended() {
    with(async |_| {
        let own = PrivateBed::start().await;
        assert_eq!(own.health().await.unwrap(), "etcd: well\napiserver: well\nkwok: well\n");
        let node = own.bed().add_nodes(1, &NodeShape::default()).await.remove(0);
        let pods = own.bed().pods();
        pods.create(&PostParams::default(), &scripted("endless", &node, &[])).await.unwrap();
        own.stop("apiserver").await;
        let said = own.health().await.unwrap_err();
        assert!(said.contains("apiserver: down"), "{said}");
        assert!(pods.get("endless").await.is_err());
        own.go_on("apiserver").await;
        assert_eq!(pods.get("endless").await.unwrap().name_any(), "endless");
        // KWOK finds its way back too.
        pods.create(&PostParams::default(), &scripted("short", &node, &[("run", "10ms")])).await.unwrap();
        until("a pod ends again", async || state(&pods.get("short").await.unwrap()).0 == "Succeeded").await;
        own.stop("kwok").await;
        let said = own.health().await.unwrap_err();
        assert!(said.contains("kwok: down") && said.contains("apiserver: well"), "{said}");
    });
}

#[test]
fn the_yardstick_measures() {
    // More, to see what the bed gives: WINDTUNNEL_LIVE_PODS=10000.
    let count: usize = std::env::var("WINDTUNNEL_LIVE_PODS").map_or(300, |text| text.parse().unwrap());
    alone(async |bed| {
        let nodes = bed.add_nodes(count.div_ceil(100), &NodeShape::default()).await;
        let pods = (0..count).map(|n| bare::pod(&format!("pod-{n}"), &nodes[n % nodes.len()], "1s")).collect();
        let seen = measure(&bed.pods(), 32, pods).await;
        println!(
            "{} pods, {} in flight: created {:.0}/s, ended {:.0}/s, deleted {:.0}/s",
            seen.pods,
            seen.concurrency,
            seen.created_per_s(),
            seen.ended_per_s(),
            seen.deleted_per_s()
        );
        assert_eq!(seen.pods, count);
        assert!(seen.ended >= seen.created && seen.ended > Duration::from_secs(1), "{seen:?}");
        assert!(seen.created_per_s() > 5.0 && seen.deleted_per_s() > 5.0, "{seen:?}");
        assert_eq!(bed.pods().list(&ListParams::default()).await.unwrap().items, []);
    });
}
