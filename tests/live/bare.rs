//! The yardstick: how fast a bare `kube` client gets pods through this API server, with nothing in between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Pods per second of each phase, and how long each took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bare {
    pub(crate) pods: usize,
    pub(crate) concurrency: usize,
    /// From the first request to the last answer.
    pub(crate) created: Duration,
    /// From the first request to the end of the last pod, as a watch saw it.
    pub(crate) ended: Duration,
    /// From the first deletion to the last answer.
    pub(crate) deleted: Duration,
}

impl Bare {
    pub(crate) fn created_per_s(&self) -> f64 {
        self.per_s(self.created)
    }

    pub(crate) fn ended_per_s(&self) -> f64 {
        self.per_s(self.ended)
    }

    pub(crate) fn deleted_per_s(&self) -> f64 {
        self.per_s(self.deleted)
    }

    fn per_s(&self, taken: Duration) -> f64 {
        f64::from(u32::try_from(self.pods).unwrap()) / taken.as_secs_f64()
    }
}

/// A pod of the simplest kind, on a node, that runs for a while (a Go duration).
pub(crate) fn pod(name: &str, node: &str, run: &str) -> Pod {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "annotations": { "windtunnel.dev/run": run } },
        "spec": {
            "nodeName": node, "restartPolicy": "Never",
            "containers": [{
                "name": "main", "image": "busybox",
                "resources": { "requests": { "cpu": "10m", "memory": "10Mi" } },
            }],
        },
    });
    serde_json::from_value(pod).unwrap()
}

/// Creates pods with so many requests in flight, waits until all have ended, and deletes them. The pods must end by
/// themselves.
pub(crate) async fn measure(pods: &Api<Pod>, concurrency: usize, of: Vec<Pod>) -> Bare {
    let count = of.len();
    let names: BTreeSet<String> = of.iter().map(ResourceExt::name_any).collect();
    let version = pods.list(&ListParams::default().limit(1)).await.unwrap().metadata.resource_version.unwrap();
    let began = Instant::now();
    let ends = tokio::spawn(all_ended(pods.clone(), version, names.clone()));
    stream::iter(of)
        .for_each_concurrent(concurrency, |pod| async move {
            pods.create(&PostParams::default(), &pod).await.unwrap();
        })
        .await;
    let created = began.elapsed();
    ends.await.unwrap();
    let ended = began.elapsed();
    let began = Instant::now();
    stream::iter(names)
        .for_each_concurrent(concurrency, |name| async move {
            pods.delete(&name, &DeleteParams::default()).await.unwrap();
        })
        .await;
    Bare { pods: count, concurrency, created, ended, deleted: began.elapsed() }
}

async fn all_ended(pods: Api<Pod>, mut version: String, mut waited_for: BTreeSet<String>) {
    while !waited_for.is_empty() {
        let mut events = pods.watch(&WatchParams::default(), &version).await.unwrap().boxed();
        while let Some(event) = events.next().await {
            if let WatchEvent::Added(pod) | WatchEvent::Modified(pod) = event.unwrap() {
                version = pod.resource_version().unwrap();
                let phase = pod.status.and_then(|status| status.phase).unwrap_or_default();
                if matches!(phase.as_str(), "Succeeded" | "Failed") {
                    waited_for.remove(&pod.metadata.name.unwrap());
                }
            }
            if waited_for.is_empty() {
                return;
            }
        }
    }
}

/// Keeps so many pods under way, with so many requests in flight: creates, and when one has ended, deletes it and creates the
/// next. Returns when the last is deleted.
pub(crate) async fn keep_going(pods: &Api<Pod>, concurrency: usize, under_way: usize, of: Vec<Pod>) {
    let version = pods.list(&ListParams::default().limit(1)).await.unwrap().metadata.resource_version.unwrap();
    let (requests, places) = (Arc::new(Semaphore::new(concurrency)), Arc::new(Semaphore::new(under_way)));
    let cleaning = tokio::spawn(clean_up(pods.clone(), version, of.len(), requests.clone(), places.clone()));
    for pod in of {
        places.acquire().await.unwrap().forget();
        let request = requests.clone().acquire_owned().await.unwrap();
        let pods = pods.clone();
        tokio::spawn(async move {
            pods.create(&PostParams::default(), &pod).await.unwrap();
            drop(request);
        });
    }
    cleaning.await.unwrap();
}

async fn clean_up(pods: Api<Pod>, mut version: String, count: usize, requests: Arc<Semaphore>, places: Arc<Semaphore>) {
    let mut ended = BTreeSet::new();
    let mut deleting = JoinSet::new();
    while ended.len() < count {
        let mut events = pods.watch(&WatchParams::default(), &version).await.unwrap().boxed();
        while let Some(event) = events.next().await {
            let WatchEvent::Modified(pod) = event.unwrap() else { continue };
            version = pod.resource_version().unwrap();
            let name = pod.name_any();
            let phase = pod.status.and_then(|status| status.phase).unwrap_or_default();
            if matches!(phase.as_str(), "Succeeded" | "Failed") && ended.insert(name.clone()) {
                places.add_permits(1);
                let (pods, requests) = (pods.clone(), requests.clone());
                deleting.spawn(async move {
                    let _request = requests.acquire_owned().await.unwrap();
                    pods.delete(&name, &DeleteParams::default()).await.unwrap();
                });
            }
            if ended.len() == count {
                break;
            }
        }
    }
    deleting.join_all().await;
}
