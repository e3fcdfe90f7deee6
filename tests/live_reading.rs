//! The reading side of the live adapter on a real API server: what it tells of nodes and pods as they live and go, one look
//! at a cluster, and the checks before a run, as an administrator, as AWS Batch's user, and as nobody.
//!
//! Skipped without a disposable cluster, whose kubeconfig `WINDTUNNEL_TEST_KUBECONFIG` names.
#![cfg(feature = "live")]

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::{DeleteParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use windtunnel::live::acts::RUN_LABEL;
use windtunnel::live::backend::Backend;
use windtunnel::live::facts::{NodeState, PodPhase, Sighting};
use windtunnel::live::observe::{Watch, run};
use windtunnel::live::pods::{RunEnvironment, RunPods};
use windtunnel::live::preflight::{Plan, Status, check};
use windtunnel::live::rbac::{Mode, manifest};
use windtunnel::live::settings::LiveSettings;
use windtunnel::live::snapshot;
use windtunnel::model::{EffectiveJob, PodGroup, Resources};
use windtunnel::scheduler::PodFailure;
use windtunnel::units::MilliCpu;

/// A client of the test cluster in the context whose name ends so; `None` without a cluster.
async fn client(context: &str) -> Option<Client> {
    let path = std::env::var_os("WINDTUNNEL_TEST_KUBECONFIG")?;
    let file = Kubeconfig::read_from(path).expect("a kubeconfig");
    let name = file.contexts.iter().map(|named| &named.name).find(|name| name.ends_with(context)).expect("a context");
    let options = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(file, &options).await.expect("a configuration");
    Some(Client::try_from(config).expect("a client"))
}

/// What a test makes, under names of its own.
struct Bed {
    admin: Client,
    namespace: String,
    uuid: String,
}

impl Bed {
    async fn new(name: &str) -> Option<Self> {
        let Some(admin) = client("test").await else {
            eprintln!("skipped: WINDTUNNEL_TEST_KUBECONFIG names no cluster");
            return None;
        };
        let unique = format!("look-{name}-{}", std::process::id());
        let object = json!({ "metadata": { "name": unique } });
        let namespaces: Api<Namespace> = Api::all(admin.clone());
        namespaces.create(&PostParams::default(), &of(&object)).await.expect("a namespace");
        Some(Self { admin, uuid: unique.clone(), namespace: unique })
    }

    async fn node(&self, name: &str) -> String {
        let name = format!("{}-{name}", self.namespace);
        let amounts = json!({ "cpu": "4", "memory": "8Gi", "pods": "20" });
        let labels = json!({ "batch.amazonaws.com/compute-environment-uuid": self.uuid });
        let object = json!({
            "metadata": { "name": name, "labels": labels },
            // Keeps the daemonsets of whoever else uses the cluster off it.
            "spec": { "taints": [{ "key": "look", "effect": "NoSchedule" }] },
            "status": { "capacity": amounts, "allocatable": amounts },
        });
        let nodes: Api<Node> = Api::all(self.admin.clone());
        nodes.create(&PostParams::default(), &of(&object)).await.expect("a node");
        name
    }

    async fn pod(&self, name: &str, node: &str, labels: Value, annotations: Value) {
        let resources = json!({ "requests": { "cpu": "500m", "memory": "64Mi" } });
        let object = json!({
            "metadata": { "name": name, "namespace": self.namespace, "labels": labels, "annotations": annotations },
            "spec": {
                "nodeName": node,
                "restartPolicy": "Never",
                "containers": [{ "name": "default", "image": "none", "resources": resources }],
            },
        });
        let pods: Api<Pod> = Api::namespaced(self.admin.clone(), &self.namespace);
        pods.create(&PostParams::default(), &of(&object)).await.expect("a pod");
    }

    /// Sends a manifest as it is, document by document, as `kubectl create` would.
    async fn create(&self, yaml: &str) -> Vec<String> {
        let mut made = Vec::new();
        for document in yaml.split("---\n") {
            let field =
                |name: &str| document.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap_or_default();
            let place = match field("namespace: ").trim_matches('"') {
                "" => String::new(),
                namespace => format!("namespaces/{namespace}/"),
            };
            let kind = field("kind: ").to_lowercase();
            let path = format!("/apis/rbac.authorization.k8s.io/v1/{place}{kind}s");
            let request = kube::core::Request::new(&path).create(&PostParams::default(), document.into());
            let mut request = request.expect("a request");
            request.headers_mut().insert("content-type", "application/yaml".parse().expect("a header"));
            let answer = self.admin.request::<Value>(request).await;
            answer.unwrap_or_else(|error| panic!("{error}:\n{document}"));
            made.push(format!("{path}/{}", field("name: ")));
        }
        made
    }

    async fn remove(self, objects: Vec<String>) {
        let now = DeleteParams::default().grace_period(0);
        let pods: Api<Pod> = Api::namespaced(self.admin.clone(), &self.namespace);
        let _ = pods.delete_collection(&now, &kube::api::ListParams::default()).await;
        let nodes: Api<Node> = Api::all(self.admin.clone());
        let labelled = format!("batch.amazonaws.com/compute-environment-uuid={}", self.uuid);
        let _ = nodes.delete_collection(&now, &kube::api::ListParams::default().labels(&labelled)).await;
        for path in objects {
            let (path, name) = path.rsplit_once('/').expect("a path");
            let request = kube::core::Request::new(path).delete(name, &now).expect("a request");
            let _ = self.admin.request::<Value>(request).await;
        }
        let namespaces: Api<Namespace> = Api::all(self.admin);
        let _ = namespaces.delete(&self.namespace, &now).await;
    }
}

fn of<T: serde::de::DeserializeOwned>(object: &Value) -> T {
    serde_json::from_value(object.clone()).expect("an object")
}

/// Waits for a sighting, and gives back all that came before it.
fn until(told: &Receiver<Sighting>, what: &str, is_it: impl Fn(&Sighting) -> bool) -> Vec<Sighting> {
    let mut before = Vec::new();
    loop {
        let sighting =
            told.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("no {what} after {before:#?}"));
        let found = is_it(&sighting);
        before.push(sighting);
        if found {
            return before;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_and_pods_are_told_as_they_live() {
    let Some(bed) = Bed::new("watch").await else { return };
    let node = bed.node("a").await;
    bed.pod("other", &node, json!({}), json!({})).await;
    let watch = Watch {
        environments: vec![bed.uuid.clone()],
        run: bed.uuid.clone(),
        namespaces: vec![bed.namespace.clone()],
        claims: false,
        settings: LiveSettings::default(),
    };
    let (out, told) = channel();
    let watching = tokio::spawn(run(bed.admin.clone(), watch, out));
    let ready = |sighting: &Sighting| matches!(sighting, Sighting::Node(node) if node.state == NodeState::Ready);
    let seen = until(&told, "ready node", ready);
    let Some(Sighting::Node(facts)) = seen.last() else { unreachable!("it is a node") };
    assert_eq!((facts.vcpus, facts.free.cpu, facts.free.pods), (4, MilliCpu(3_500), 19), "less the pod of another");

    let own = json!({ RUN_LABEL: bed.uuid });
    let ends = |code: &str| json!({ "windtunnel.dev/run": "300ms", "windtunnel.dev/exit": code });
    bed.pod("good", &node, own.clone(), ends("0")).await;
    bed.pod("bad", &node, own.clone(), ends("3")).await;
    bed.pod("long", &node, own, json!({})).await;
    let phase = |name: &'static str, phase: PodPhase| move |sighting: &Sighting| matches!(sighting, Sighting::Pod(pod) if pod.name == name && pod.phase == phase);
    let mut seen = until(&told, "end of good", phase("good", PodPhase::Succeeded));
    if !seen.iter().any(phase("bad", PodPhase::Failed(PodFailure::ExitCode(3)))) {
        seen.extend(until(&told, "end of bad", phase("bad", PodPhase::Failed(PodFailure::ExitCode(3)))));
    }
    assert!(seen.iter().any(phase("good", PodPhase::Running)), "{seen:#?}");

    let nodes: Api<Node> = Api::all(bed.admin.clone());
    nodes.delete(&node, &DeleteParams::default()).await.expect("deleted");
    until(&told, "end of the node", |sighting| matches!(sighting, Sighting::NodeGone(gone) if gone.name == node));
    watching.abort();
    bed.remove(Vec::new()).await;
}

fn job(service_account: &str) -> EffectiveJob {
    let pod = json!({ "serviceAccountName": service_account, "containers": [{ "image": "none" }] });
    EffectiveJob {
        job_name: "job".to_owned(),
        groups: vec![PodGroup { first: 0, last: 0, pod: of(&pod), requests: Resources::ZERO, instance_type: None }],
        nodes: None,
        array_size: None,
        retry_strategy: of(&json!({})),
        timeout: None,
        scheduling_priority: 0,
        share_identifier: None,
        consumable_resources: std::collections::BTreeMap::new(),
        parameters: std::collections::BTreeMap::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_against_a_run_is_found_before_it() {
    let Some(bed) = Bed::new("check").await else { return };
    let node = bed.node("a").await;
    bed.pod("web", &node, json!({}), json!({})).await;
    let yaml = manifest(&Backend::Unmanaged, std::slice::from_ref(&bed.namespace), "aws-batch");
    // Under a name of its own: another test may have AWS Batch's roles there already.
    let yaml = yaml.replace("aws-batch-cluster-role", &format!("{}-role", bed.namespace));
    let made = bed.create(&yaml).await;

    let settings = LiveSettings::default();
    let pods = RunPods {
        run: "now".to_owned(),
        job_queues: Vec::new(),
        environments: vec![RunEnvironment {
            name: "environment".to_owned(),
            uuid: bed.uuid.clone(),
            namespace: bed.namespace.clone(),
        }],
        jobs: vec![job("absent")],
    };
    let plan = Plan { mode: Mode::Apply, backend: &Backend::Unmanaged, pods: &pods, settings: &settings };
    for (context, may_not, missing) in [("test", 0, 1), ("aws-batch", 0, 1), ("nobody", 10, 0)] {
        let client = client(context).await.expect("a cluster");
        let checks = check(&client, &plan).await;
        let failed =
            |word: &str| checks.iter().filter(|c| c.status == Status::Failed && c.name.starts_with(word)).count();
        assert_eq!((failed("may "), failed("service account")), (may_not, missing), "{context}: {checks:#?}");
        assert!(
            checks.iter().filter(|c| c.name.starts_with("may ") && c.status == Status::Failed).all(|c| c.fix.is_some())
        );
        if context == "aws-batch" {
            let taint = checks.iter().find(|c| c.name.starts_with("taint")).expect("a check");
            assert_eq!(taint.status, Status::Warning, "the node has none");
            assert!(checks.iter().any(|c| c.name == "pods of others on these nodes" && c.status == Status::Warning));
        }
    }
    let aws_batch = client("aws-batch").await.expect("a cluster");
    let uuids = [bed.uuid.clone()];
    bed.pod("left", &node, json!({ RUN_LABEL: "before" }), json!({})).await;
    let seen =
        snapshot::read(&aws_batch, &uuids, std::slice::from_ref(&bed.namespace), &settings).await.expect("a look");
    assert!(seen.server_version.starts_with('v'), "{}", seen.server_version);
    assert_eq!(seen.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), [node.as_str()]);
    assert_eq!(seen.nodes[0].free.cpu, MilliCpu(3_000), "less what others and an earlier run take");
    assert_eq!(seen.foreign_pods.iter().map(|pod| pod.name.as_str()).collect::<Vec<_>>(), ["web"]);
    assert_eq!(
        seen.earlier_runs.iter().map(|(run, pod)| (run.as_str(), pod.name.as_str())).collect::<Vec<_>>(),
        [("before", "left")]
    );
    let checks = check(&aws_batch, &plan).await;
    let earlier = checks.iter().find(|c| c.name == "pods of earlier runs").expect("a check");
    assert_eq!(earlier.status, Status::Failed);
    bed.remove(made).await;
}
