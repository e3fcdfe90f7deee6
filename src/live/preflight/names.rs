//! Whether there is what jobs name: namespaces, service accounts, claims of volumes, secrets.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use serde::Deserialize;

use crate::live::observe::call::Caller;
use crate::live::pods::RunPods;
use crate::live::preflight::check::Check;

/// Questions under way at once.
const AT_ONCE: usize = 16;

/// What is read of these objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Object {
    status: ObjectStatus,
}

/// An object's `status`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ObjectStatus {
    phase: String,
}

/// Something that must be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Namespace(String),
    ServiceAccount { namespace: String, name: String, sure: bool },
    VolumeClaim { namespace: String, name: String, sure: bool },
    Secret { name: String },
}

/// One check for each thing that jobs name.
pub(super) async fn check(caller: &Caller, pods: &RunPods, namespaces: &[String]) -> Vec<Check> {
    stream::iter(things(pods, namespaces)).map(|thing| ask(caller, thing)).buffered(AT_ONCE).collect().await
}

/// All things, each once.
fn things(pods: &RunPods, namespaces: &[String]) -> Vec<Thing> {
    let mut all: BTreeSet<_> = namespaces.iter().cloned().map(Thing::Namespace).collect();
    let environments: BTreeSet<_> = pods.environments.iter().map(|environment| &environment.namespace).collect();
    for pod in pods.jobs.iter().flat_map(|job| &job.groups).map(|group| &group.pod) {
        let own = pod.metadata.as_ref().and_then(|metadata| metadata.namespace.as_ref());
        // A job that names no namespace runs in that of its environment, and which that is, is yet to be seen.
        let places = own.map_or_else(|| environments.iter().copied().collect(), |own| vec![own]);
        let sure = places.len() == 1;
        for namespace in places {
            all.extend(pod.service_account_name.iter().map(|name| Thing::ServiceAccount {
                namespace: namespace.clone(),
                name: name.clone(),
                sure,
            }));
            let claims = pod.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref());
            all.extend(claims.map(|claim| Thing::VolumeClaim {
                namespace: namespace.clone(),
                name: claim.claim_name.clone(),
                sure,
            }));
        }
        all.extend(pod.image_pull_secrets.iter().map(|secret| Thing::Secret { name: secret.name.clone() }));
    }
    all.into_iter().collect()
}

async fn ask(caller: &Caller, thing: Thing) -> Check {
    let (title, path, name) = match &thing {
        Thing::Namespace(name) => (format!("namespace {name}"), "/api/v1/namespaces".to_owned(), name),
        Thing::ServiceAccount { namespace, name, .. } => (
            format!("service account {namespace}/{name}"),
            format!("/api/v1/namespaces/{namespace}/serviceaccounts"),
            name,
        ),
        Thing::VolumeClaim { namespace, name, .. } => (
            format!("persistent volume claim {namespace}/{name}"),
            format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims"),
            name,
        ),
        Thing::Secret { name } => {
            let detail = "jobs pull images with it; AWS Batch's rules let nobody look at secrets";
            return Check::not_checked(format!("image pull secret {name}"), detail);
        }
    };
    match caller.get::<Object>(&path, name).await {
        Ok(found) => judge(&thing, title, found.map(|object| object.status.phase).as_deref()),
        Err(error) => Check::unknown(title, &error),
    }
}

/// What follows from a thing's phase, or from its absence.
fn judge(thing: &Thing, title: String, phase: Option<&str>) -> Check {
    let missing = |sure: bool, fix: String| {
        if sure {
            Check::failed(title.clone(), "there is none: its pods would be refused, or never start").mended_by(fix)
        } else {
            let detail = "there is none: pods of jobs that land in an environment of this namespace would not start";
            Check::warning(title.clone(), detail).mended_by(fix)
        }
    };
    match (thing, phase) {
        (Thing::Namespace(name), None) => {
            Check::failed(title, "there is none").mended_by(format!("kubectl create namespace {name}"))
        }
        (Thing::Namespace(_), Some("Terminating")) => {
            Check::failed(title, "it is being deleted, and takes no pods any more")
        }
        (Thing::ServiceAccount { namespace, name, sure }, None) => {
            missing(*sure, format!("kubectl create serviceaccount {name} --namespace {namespace}"))
        }
        (Thing::VolumeClaim { namespace, name, sure }, None) => missing(
            *sure,
            format!("# create the claim {name} in namespace {namespace}, bound to a volume:\nkubectl get storageclass"),
        ),
        // A pod that comes with its node does not bind a claim that waits for its first consumer.
        (Thing::VolumeClaim { namespace, name, .. }, Some(phase)) if phase != "Bound" => {
            Check::failed(title, format!("it is {phase}, not Bound: pods that use it would not start"))
                .mended_by(format!("kubectl describe persistentvolumeclaim {name} --namespace {namespace}"))
        }
        _ => Check::ok(title, "there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::preflight::check::Status;

    fn judged(thing: &Thing, phase: Option<&str>) -> (Status, bool) {
        let check = judge(thing, "it".to_owned(), phase);
        (check.status, check.fix.is_some())
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_out() {
        let namespace = Thing::Namespace("jobs".to_owned());
        assert_eq!(judged(&namespace, None), (Status::Failed, true));
        assert_eq!(judged(&namespace, Some("Terminating")), (Status::Failed, false));
        assert_eq!(judged(&namespace, Some("Active")), (Status::Ok, false));
        let account = |sure| Thing::ServiceAccount { namespace: "jobs".to_owned(), name: "reader".to_owned(), sure };
        assert_eq!(judged(&account(true), Some("")), (Status::Ok, false));
        assert_eq!(judged(&account(true), None), (Status::Failed, true));
        assert_eq!(judged(&account(false), None), (Status::Warning, true), "the job may run elsewhere");
        let claim = Thing::VolumeClaim { namespace: "jobs".to_owned(), name: "data".to_owned(), sure: true };
        assert_eq!(judged(&claim, Some("Bound")), (Status::Ok, false));
        assert_eq!(judged(&claim, Some("Pending")), (Status::Failed, true));
        assert_eq!(judged(&claim, None), (Status::Failed, true));
    }
}
