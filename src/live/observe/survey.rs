//! Looking around: what others take of nodes, and what daemonsets want of them.

use std::collections::BTreeSet;

use crate::kubernetes::daemon_set::DaemonSet;
use crate::kubernetes::objects::PodObject;
use crate::kubernetes::room::Taken;
use crate::live::acts::RUN_LABEL;
use crate::live::clock::wall;
use crate::live::observe::backoff::Backoff;
use crate::live::observe::call::{CallError, Caller, Query};

/// From so many nodes on, all pods are listed once instead of each node's.
const MANY: usize = 8;

/// Every pod that labels and fields select: of all namespaces, or, where that is forbidden, of `namespaces`.
pub async fn each_pod(
    caller: &Caller,
    namespaces: &[String],
    narrow: impl Fn(Query) -> Query,
    mut take: impl FnMut(PodObject),
) -> Result<(), CallError> {
    match caller.each(&narrow(Query::pods()), &mut take).await {
        Err(error) if error.is_forbidden() && !namespaces.is_empty() => {
            tracing::warn!(%error, "pods of all namespaces can't be listed: room is counted by those of the run's namespaces");
            for namespace in namespaces {
                caller.each(&narrow(Query::pods_in(namespace)), &mut take).await?;
            }
            Ok(())
        }
        answer => answer.map(drop),
    }
}

/// All daemonsets.
pub async fn daemon_sets(caller: &Caller) -> Result<Vec<DaemonSet>, CallError> {
    let mut all = Vec::new();
    caller.each(&Query::daemon_sets(), |object| all.push(DaemonSet::of(object))).await?;
    Ok(all)
}

/// What the pods of others take of nodes; of other nodes, it may say nothing.
pub(super) async fn taken(
    caller: &Caller,
    namespaces: &[String],
    run: &str,
    nodes: &[String],
) -> Result<Taken, CallError> {
    let mut taken = Taken::default();
    // Those of this run are in the ledger.
    let mut add = |pod: PodObject| {
        if pod.metadata.labels.get(RUN_LABEL).map(String::as_str) != Some(run) {
            taken.add(&pod);
        }
    };
    if nodes.len() >= MANY {
        each_pod(caller, namespaces, |pods| pods, &mut add).await?;
    } else {
        for node in nodes {
            let on_node = |pods: Query| pods.with_fields(format!("spec.nodeName={node}"));
            each_pod(caller, namespaces, on_node, &mut add).await?;
        }
    }
    Ok(taken)
}

/// The run's pods on nodes.
pub(super) async fn pods_on(
    caller: &Caller,
    namespaces: &[String],
    run_selector: &str,
    nodes: &[String],
) -> Result<Vec<PodObject>, CallError> {
    let mut found = Vec::new();
    if nodes.len() >= MANY {
        let of_run = |pods: Query| pods.labelled(run_selector);
        let nodes: BTreeSet<_> = nodes.iter().collect();
        let mut take = |pod: PodObject| found.extend(Some(pod).filter(|pod| nodes.contains(&pod.spec.node_name)));
        each_pod(caller, namespaces, of_run, &mut take).await?;
    } else {
        for node in nodes {
            let on_node = |pods: Query| pods.labelled(run_selector).with_fields(format!("spec.nodeName={node}"));
            each_pod(caller, namespaces, on_node, |pod| found.push(pod)).await?;
        }
    }
    Ok(found)
}

/// Asks until there is an answer, or it is plain that there will be none.
pub(super) async fn insist<T, F>(what: &str, ask: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut backoff = Backoff::default();
    loop {
        match ask().await {
            Ok(answer) => return Some(answer),
            Err(error) if error.is_forbidden() => {
                tracing::error!(%error, "not allowed to look at {what}");
                return None;
            }
            Err(error) => {
                let wait = backoff.next(error.retry_after(), wall());
                tracing::warn!(%error, wait_ms = wait.as_millis(), "could not look at {what}; trying again");
                tokio::time::sleep(wait).await;
            }
        }
    }
}
