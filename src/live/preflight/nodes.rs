//! The nodes of the run's environments, and who else is at work on them.

use std::collections::BTreeSet;

use crate::kubernetes::labels::{INSTANCE_TYPE_LABEL, ZONE_LABEL};
use crate::kubernetes::objects::NodeObject;
use crate::live::acts::RUN_LABEL;
use crate::live::backend::Backend;
use crate::live::observe::call::{Caller, Query};
use crate::live::pods::RunEnvironment;
use crate::live::preflight::check::{Check, Status};
use crate::live::preflight::checks::Plan;
use crate::live::rbac::Mode;
use crate::live::snapshot::{self, Snapshot};
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, TAINT};

/// So many are named; of the others, it is said how many they are.
const NAMED: usize = 3;

/// Checks nodes, and pods of others on them.
pub(super) async fn check(caller: &Caller, plan: &Plan<'_>, namespaces: &[String]) -> Vec<Check> {
    let uuids: Vec<_> = plan.pods.environments.iter().map(|environment| environment.uuid.clone()).collect();
    let mut nodes: Vec<NodeObject> = Vec::new();
    let labelled = Query::nodes().labelled(COMPUTE_ENVIRONMENT_LABEL);
    if let Err(error) = caller.each(&labelled, |node| nodes.push(node)).await {
        return vec![Check::unknown("nodes of the compute environments", &error)];
    }
    let mut all = Vec::new();
    for environment in &plan.pods.environments {
        let of = |node: &&NodeObject| node.metadata.labels.get(COMPUTE_ENVIRONMENT_LABEL) == Some(&environment.uuid);
        let own: Vec<_> = nodes.iter().filter(of).collect();
        all.extend(of_environment(environment, &own, plan));
    }
    match snapshot::read(caller.client(), &uuids, namespaces, plan.settings).await {
        Ok(snapshot) => all.extend(others(&snapshot, plan)),
        Err(error) => all.push(Check::not_checked("others at work on these nodes", error.to_string())),
    }
    all
}

/// A command's selector of the nodes of an environment.
fn selector(environment: &RunEnvironment) -> String {
    format!("{COMPUTE_ENVIRONMENT_LABEL}={}", environment.uuid)
}

fn of_environment(environment: &RunEnvironment, nodes: &[&NodeObject], plan: &Plan<'_>) -> Vec<Check> {
    let name = format!("nodes of {}", environment.name);
    if nodes.is_empty() {
        return vec![match plan.backend {
            Backend::Unmanaged => {
                let detail = "no node carries the label of this compute environment, and this back end launches none";
                let fix = format!("kubectl label node NAME {}", selector(environment));
                grave(plan.mode, name, detail.to_owned()).mended_by(fix)
            }
            Backend::Karpenter(_) | Backend::Render => Check::ok(name, "none yet: they will be asked for"),
        }];
    }
    let mut all = vec![Check::ok(name.clone(), format!("{} of them", nodes.len()))];
    let tainted = |node: &NodeObject| {
        let has = |effect: &str| node.spec.taints.iter().any(|taint| taint.key == TAINT && taint.effect == effect);
        has("NoSchedule") && has("NoExecute")
    };
    let bare: Vec<_> = nodes.iter().filter(|node| !tainted(node)).map(|node| node.metadata.name.as_str()).collect();
    if !bare.is_empty() {
        let detail =
            format!("{} lack the taint `{TAINT}` with both effects: pods of others may land there", list(&bare));
        let fix =
            format!("kubectl taint nodes --selector {} {TAINT}:NoSchedule {TAINT}:NoExecute", selector(environment));
        all.push(Check::warning(format!("taint of {name}"), detail).mended_by(fix));
    }
    for label in [INSTANCE_TYPE_LABEL, ZONE_LABEL] {
        let without: Vec<_> = nodes
            .iter()
            .filter(|node| !node.metadata.labels.contains_key(label))
            .map(|node| node.metadata.name.as_str())
            .collect();
        if !without.is_empty() {
            let detail = format!("{} lack the label `{label}`: what they cost can't be told", list(&without));
            let fix = format!("kubectl label node NAME {label}=VALUE");
            all.push(Check::warning(format!("labels of {name}"), detail).mended_by(fix));
        }
    }
    all
}

/// Whoever else works on these nodes, or left something there.
fn others(snapshot: &Snapshot, plan: &Plan<'_>) -> Vec<Check> {
    let names = |of_aws_batch: bool| -> Vec<String> {
        let pods = snapshot.foreign_pods.iter().filter(|pod| pod.of_aws_batch == of_aws_batch);
        pods.map(|pod| format!("{}/{}", pod.namespace, pod.name)).collect()
    };
    let mut all = Vec::new();
    let batch = names(true);
    if batch.is_empty() {
        all.push(Check::ok("AWS Batch on these nodes", "it runs no pods there"));
    } else {
        let detail = format!("it runs {}: two schedulers on one node would over-commit it", list(&batch));
        let fix = "# disable the compute environment's job queues in AWS Batch, or label other nodes for this run:\n\
                   aws batch update-job-queue --job-queue NAME --state DISABLED";
        all.push(Check::failed("AWS Batch on these nodes", detail).mended_by(fix));
    }
    let others = names(false);
    if !others.is_empty() {
        let detail = format!("{} take room on these nodes; what comes later is not seen", list(&others));
        all.push(Check::warning("pods of others on these nodes", detail));
    }
    let left: Vec<_> = snapshot.earlier_runs.iter().filter(|(run, _)| *run != plan.pods.run).collect();
    let runs: BTreeSet<_> = left.iter().map(|(run, pod)| (run.as_str(), pod.namespace.as_str())).collect();
    if left.is_empty() {
        all.push(Check::ok("pods of earlier runs", "there are none"));
    } else {
        let words: Vec<_> = left.iter().map(|(_, pod)| format!("{}/{}", pod.namespace, pod.name)).collect();
        let detail = format!("{} are of another run: go on with that run by its journal, or delete them", list(&words));
        let commands: Vec<_> = runs
            .iter()
            .map(|(run, namespace)| format!("kubectl delete pods --namespace {namespace} --selector {RUN_LABEL}={run}"))
            .collect();
        all.push(grave(plan.mode, "pods of earlier runs".to_owned(), detail).mended_by(commands.join("\n")));
    }
    all
}

/// What stands against driving a cluster, and is only worth knowing where nothing is done.
fn grave(mode: Mode, name: String, detail: String) -> Check {
    let status = if mode == Mode::Apply { Status::Failed } else { Status::Warning };
    Check { status, ..Check::ok(name, detail) }
}

/// The first few, and how many more.
fn list<T: AsRef<str>>(names: &[T]) -> String {
    let first = names.iter().take(NAMED).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::live::facts::{PodFacts, PodPhase};
    use crate::live::pods::RunPods;
    use crate::live::settings::LiveSettings;
    use crate::live::snapshot::ForeignPod;
    use crate::model::Resources;

    fn environment() -> RunEnvironment {
        RunEnvironment { name: "batch".to_owned(), uuid: "u-1".to_owned(), namespace: "jobs".to_owned() }
    }

    fn with<T>(mode: Mode, backend: &Backend, look: impl FnOnce(&Plan<'_>) -> T) -> T {
        let pods = RunPods {
            run: "now".to_owned(),
            job_queues: Vec::new(),
            environments: vec![environment()],
            jobs: Vec::new(),
        };
        look(&Plan { mode, backend, pods: &pods, settings: &LiveSettings::default() })
    }

    fn node(taints: &Value, labels: &Value) -> NodeObject {
        let object = json!({ "metadata": { "name": "n", "labels": labels }, "spec": { "taints": taints } });
        serde_json::from_value(object).expect("a node")
    }

    #[test]
    fn nodes_are_there_tainted_and_labelled() {
        let bare = node(&json!([{ "key": TAINT, "effect": "NoSchedule" }]), &json!({ ZONE_LABEL: "a" }));
        let taints = json!([{ "key": TAINT, "effect": "NoSchedule" }, { "key": TAINT, "effect": "NoExecute" }]);
        let whole = node(&taints, &json!({ ZONE_LABEL: "a", INSTANCE_TYPE_LABEL: "m5.large" }));
        let of = |mode, backend: &Backend, nodes: &[&NodeObject]| {
            with(mode, backend, |plan| of_environment(&environment(), nodes, plan))
        };
        let status = |checks: &[Check]| checks.iter().map(|check| check.status).collect::<Vec<_>>();
        assert_eq!(status(&of(Mode::Apply, &Backend::Unmanaged, &[&whole])), [Status::Ok]);
        let found = of(Mode::Apply, &Backend::Unmanaged, &[&whole, &bare]);
        assert_eq!(status(&found), [Status::Ok, Status::Warning, Status::Warning]);
        assert!(
            found[1].fix.as_deref().is_some_and(|fix| fix.contains("=u-1 batch.amazonaws.com/batch-node:NoSchedule"))
        );
        assert_eq!(status(&of(Mode::Apply, &Backend::Unmanaged, &[])), [Status::Failed]);
        assert_eq!(status(&of(Mode::DryRun, &Backend::Unmanaged, &[])), [Status::Warning]);
        assert_eq!(status(&of(Mode::Apply, &Backend::Render, &[])), [Status::Ok]);
    }

    #[test]
    fn others_stand_in_the_way() {
        let pod = |name: &str, of_aws_batch| ForeignPod {
            namespace: "jobs".to_owned(),
            name: name.to_owned(),
            node: "n".to_owned(),
            requests: Resources::ZERO,
            of_aws_batch,
        };
        let left = PodFacts {
            namespace: "jobs".to_owned(),
            name: "old".to_owned(),
            uid: "o".to_owned(),
            job: "j".to_owned(),
            node: "n".to_owned(),
            phase: PodPhase::Running,
            deleting: false,
            ip: None,
        };
        let mut snapshot = Snapshot {
            foreign_pods: vec![pod("a", true), pod("b", true), pod("c", true), pod("d", true), pod("web", false)],
            earlier_runs: vec![("before".to_owned(), left.clone()), ("now".to_owned(), left)],
            ..Snapshot::default()
        };
        let checks = with(Mode::Apply, &Backend::Unmanaged, |plan| others(&snapshot, plan));
        let status: Vec<_> = checks.iter().map(|check| check.status).collect();
        assert_eq!(status, [Status::Failed, Status::Warning, Status::Failed]);
        assert!(checks[0].detail.contains("jobs/a, jobs/b, jobs/c and 1 more"), "{}", checks[0].detail);
        let fix = "kubectl delete pods --namespace jobs --selector windtunnel.dev/run=before";
        assert_eq!(checks[2].fix.as_deref(), Some(fix), "its own pods are its own");
        snapshot.foreign_pods.clear();
        snapshot.earlier_runs.remove(0);
        let checks = with(Mode::Apply, &Backend::Unmanaged, |plan| others(&snapshot, plan));
        assert!(checks.iter().all(|check| check.status == Status::Ok), "{checks:?}");
    }
}
