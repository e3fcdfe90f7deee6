//! Pods whose volumes can't be had. No status says so: a pod waits for them as it waits for anything. Its events do, and they
//! are asked for where it has waited too long.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::kubernetes::objects::PodObject;
use crate::live::convert::pod;
use crate::live::facts::{ObjectName, PodFacts, PodPhase};
use crate::live::observe::call::{CallError, Caller, Query};
use crate::live::observe::follow::Unheard;
use crate::live::observe::pods::Desk;
use crate::scheduler::PodStuck;

/// Why a kubelet, or the controller that attaches volumes, can't do with them.
const FAILED: &[&str] = &["FailedAttachVolume", "FailedMount"];
/// What a kubelet does once all volumes of a pod are mounted: it waits for something else, or not at all.
const MOUNTED: &[&str] = &["Pulling", "Pulled", "Created", "Started"];
/// Volumes of this name begin so: the API server adds one to most pods, and it holds up none.
const TOKEN: &str = "kube-api-access-";
/// How often it is looked who has waited too long, at most and at least.
const TICKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));

/// Pods that wait with volumes of their own.
#[derive(Debug, Default)]
pub(super) struct Waits(BTreeMap<ObjectName, Wait>);

#[derive(Debug)]
struct Wait {
    facts: PodFacts,
    /// When it was first seen to wait, or last asked for.
    since: Instant,
}

impl Waits {
    /// A pod as it is now.
    pub(super) fn saw(&mut self, object: &PodObject) {
        let facts = pod::facts(object);
        let own = object.spec.volumes.iter().any(|volume| !volume.name.starts_with(TOKEN));
        if !own || facts.node.is_empty() || facts.deleting || facts.phase != PodPhase::Pending {
            self.gone(&pod::name(object));
            return;
        }
        let since = Instant::now();
        self.0
            .entry(pod::name(object))
            .and_modify(|wait| wait.facts.clone_from(&facts))
            .or_insert(Wait { facts, since });
    }

    /// A pod is there no more.
    pub(super) fn gone(&mut self, name: &ObjectName) {
        self.0.remove(name);
    }

    /// Nothing is known any more of some pods.
    pub(super) fn forget(&mut self, whom: impl Fn(&ObjectName) -> bool) {
        self.0.retain(|name, _| !whom(name));
    }

    /// Those that have waited for so long since they came, or since they were asked for.
    pub(super) fn overdue(&mut self, patience: Duration) -> Vec<ObjectName> {
        let now = Instant::now();
        let overdue = self.0.iter_mut().filter(|(_, wait)| now.duration_since(wait.since) >= patience);
        overdue
            .map(|(name, wait)| {
                wait.since = now;
                name.clone()
            })
            .collect()
    }

    /// The pod as one that its volumes hold up; `None` where it waits no more.
    pub(super) fn stuck(&self, name: &ObjectName) -> Option<PodFacts> {
        let facts = self.0.get(name)?.facts.clone();
        Some(PodFacts { phase: PodPhase::Stuck(PodStuck::Volume), ..facts })
    }
}

/// An `Event`, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct EventObject {
    reason: String,
    message: String,
}

/// Looks, as long as someone listens, for pods that their volumes hold up. Where events can't be listed, it says so once and
/// looks no more: such pods then wait until their job's timeout.
pub(super) async fn run(caller: &Caller, desk: &Desk, patience: Duration) -> Result<(), Unheard> {
    loop {
        sleep((patience / 4).clamp(TICKS.0, TICKS.1)).await;
        for name in desk.overdue(patience) {
            match why(caller, &name).await {
                Ok(None) => {}
                Ok(Some(why)) => {
                    tracing::warn!(pod = name.name, namespace = name.namespace, why, "its volumes hold it up");
                    desk.stuck(&name)?;
                }
                Err(error) if error.is_forbidden() => {
                    tracing::warn!(
                        %error,
                        "pods that their volumes hold up can't be told: the user may not list events; `--print-rbac` prints the \
                         rule"
                    );
                    std::future::pending::<()>().await;
                }
                // It is asked again, after as long.
                Err(error) => tracing::debug!(%error, pod = name.name, "its events can't be listed"),
            }
        }
    }
}

/// Why a pod's volumes can't be had, by its events.
async fn why(caller: &Caller, name: &ObjectName) -> Result<Option<String>, CallError> {
    let of_pod = format!("involvedObject.name={},involvedObject.uid={}", name.name, name.uid);
    let mut failed = None;
    let mut mounted = false;
    let take = |event: EventObject| {
        mounted |= MOUNTED.contains(&event.reason.as_str());
        if FAILED.contains(&event.reason.as_str()) {
            failed = Some(format!("{}: {}", event.reason, event.message));
        }
    };
    caller.each(&Query::events_in(&name.namespace).with_fields(of_pod), take).await?;
    Ok(failed.filter(|_| !mounted))
}
