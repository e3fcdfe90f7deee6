//! When pods came, ended and went, as a watch of its own sees it: the same eye on whoever creates them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, WatchEvent, WatchParams};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// So late the watch may be.
const LATE: Duration = Duration::from_secs(30);

/// Watches a namespace.
pub(crate) struct Witness {
    seen: Arc<Mutex<BTreeMap<String, Life>>>,
    watching: JoinHandle<()>,
}

/// One pod's.
#[derive(Debug, Clone, Copy)]
struct Life {
    came: Instant,
    ended: Option<Instant>,
    gone: Option<Instant>,
}

/// When everything happened, each list in order of time.
#[derive(Debug)]
pub(crate) struct Course {
    came: Vec<Instant>,
    gone: Vec<Instant>,
    /// From a pod's end to its object's.
    lingered: Vec<Duration>,
}

impl Witness {
    /// Sees what happens from now on.
    pub(crate) async fn start(pods: Api<Pod>) -> Witness {
        let version = pods.list(&ListParams::default().limit(1)).await.unwrap().metadata.resource_version.unwrap();
        let seen = Arc::new(Mutex::new(BTreeMap::new()));
        let watching = tokio::spawn(watch(pods, version, seen.clone()));
        Witness { seen, watching }
    }

    /// The course of so many pods, once all of them are gone.
    pub(crate) async fn course(self, pods: usize) -> Course {
        let left = || {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            (seen.len(), seen.values().filter(|life| life.gone.is_none()).count())
        };
        let began = Instant::now();
        while left() != (pods, 0) {
            let (came, stay) = left();
            assert!(began.elapsed() < LATE, "of {pods} pods {came} came, and {stay} of them are still there");
            sleep(Duration::from_millis(50)).await;
        }
        self.watching.abort();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut course = Course {
            came: seen.values().map(|life| life.came).collect(),
            gone: seen.values().filter_map(|life| life.gone).collect(),
            lingered: seen.values().filter_map(|life| Some(life.gone?.duration_since(life.ended?))).collect(),
        };
        assert_eq!(course.lingered.len(), pods, "each pod ended before it went");
        course.came.sort_unstable();
        course.gone.sort_unstable();
        course.lingered.sort_unstable();
        course
    }
}

impl Course {
    /// From the first pod created to the last one gone.
    pub(crate) fn whole(&self) -> Duration {
        self.gone[self.gone.len() - 1].duration_since(self.came[0])
    }

    /// The figures, in words; `burst` pods came before any had to end.
    pub(crate) fn told(&self, burst: usize) -> String {
        let burst = burst.min(self.came.len());
        let rate = |count: usize, took: Duration| f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64();
        let at = |percent: usize| self.lingered[(self.lingered.len() - 1) * percent / 100].as_millis();
        format!(
            "{:.1} pods/s from first to last, {:.0}/s while the first {burst} were created, cleaned up after {} ms (p50) {} ms (p99)",
            rate(self.came.len(), self.whole()),
            rate(burst - 1, self.came[burst - 1].duration_since(self.came[0])),
            at(50),
            at(99),
        )
    }
}

async fn watch(pods: Api<Pod>, mut version: String, seen: Arc<Mutex<BTreeMap<String, Life>>>) {
    loop {
        let mut events = pods.watch(&WatchParams::default(), &version).await.unwrap().boxed();
        while let Some(event) = events.next().await {
            let (pod, gone) = match event.unwrap() {
                WatchEvent::Added(pod) | WatchEvent::Modified(pod) => (pod, false),
                WatchEvent::Deleted(pod) => (pod, true),
                WatchEvent::Bookmark(mark) => {
                    version = mark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(error) => panic!("events were missed: {error:?}"),
            };
            version = pod.metadata.resource_version.unwrap();
            if pod.spec.is_none_or(|spec| spec.node_name.is_none()) {
                // Not one that runs: a lease.
                continue;
            }
            let now = Instant::now();
            let phase = pod.status.and_then(|status| status.phase).unwrap_or_default();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let name = pod.metadata.name.unwrap();
            let life = seen.entry(name).or_insert(Life { came: now, ended: None, gone: None });
            if matches!(phase.as_str(), "Succeeded" | "Failed") {
                life.ended.get_or_insert(now);
            }
            if gone {
                life.gone = Some(now);
            }
        }
    }
}
