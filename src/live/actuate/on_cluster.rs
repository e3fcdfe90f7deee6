//! The writing side against a real API server, where one is given: `WINDTUNNEL_TEST_KUBECONFIG` names the kubeconfig of a
//! disposable cluster. Without it these tests say that they are skipped.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::{Actuator, Halt};
use crate::catalog::instance_type;
use crate::ids::{ComputeEnvironmentId, InstanceTypeId, LaunchId};
use crate::live::acts::{Act, MANAGED_BY, Manifest, RUN_LABEL};
use crate::live::backend::NodeClass;
use crate::live::claims::Claims;
use crate::live::facts::{Answer, Refusal, Sighting};
use crate::live::guard::{Guard, Scope};
use crate::live::pods::RunEnvironment;
use crate::live::settings::LiveSettings;
use crate::live::telemetry::Metrics;
use crate::model::{FleetStrategy, PurchaseOption};
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, JOB_ID_LABEL, NODE_UID_LABEL, TAINT};
use crate::scheduler::LaunchRequest;

const RUN: &str = "ac700000-6f1d-4a7e-9a53-0f4f6f5b7a11";
const NODE: &str = "act-node";

/// A way into the disposable cluster as one of its users; `None` without a cluster.
pub(in crate::live) async fn client(user: Option<&str>) -> Option<kube::Client> {
    let Some(path) = std::env::var_os("WINDTUNNEL_TEST_KUBECONFIG") else {
        println!("skipped: WINDTUNNEL_TEST_KUBECONFIG names no disposable cluster");
        return None;
    };
    let kubeconfig = Kubeconfig::read_from(path).unwrap();
    let context = kubeconfig.contexts.iter().find(|context| {
        user.is_some_and(|user| context.context.as_ref().is_some_and(|within| within.user.as_deref() == Some(user)))
    });
    let context = context.map(|context| context.name.clone());
    assert_eq!(context.is_some(), user.is_some(), "the kubeconfig has a context for each user");
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    config.default_retry = false;
    Some(kube::Client::try_from(config).unwrap())
}

/// A request as it would be written by hand; an error is the status.
pub(in crate::live) async fn request(
    client: &kube::Client,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value, u16> {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = hyper::Request::builder().method(method).uri(path).header("Content-Type", "application/json");
    match client.request::<Value>(request.body(body).unwrap()).await {
        Ok(value) => Ok(value),
        Err(kube::Error::Api(status)) => Err(status.code),
        Err(error) => panic!("{method} {path}: {error}"),
    }
}

/// A namespace of a test's own, where AWS Batch's user has what AWS documents.
pub(in crate::live) async fn namespace(admin: &kube::Client, purpose: &str) -> String {
    let name = format!("act-{purpose}-{}", std::process::id());
    let space = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    request(admin, "POST", "/api/v1/namespaces", &space).await.unwrap();
    let rbac = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{name}");
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": "batch" },
        "rules": [{
            "apiGroups": [""], "resources": ["pods"],
            "verbs": ["create", "get", "list", "watch", "delete", "patch"],
        }],
    });
    request(admin, "POST", &format!("{rbac}/roles"), &role).await.unwrap();
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": { "name": "batch" },
        "subjects": [{ "kind": "User", "name": "aws-batch", "apiGroup": "rbac.authorization.k8s.io" }],
        "roleRef": { "kind": "Role", "name": "batch", "apiGroup": "rbac.authorization.k8s.io" },
    });
    request(admin, "POST", &format!("{rbac}/rolebindings"), &binding).await.unwrap();
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default" } });
    let _ = request(admin, "POST", &format!("/api/v1/namespaces/{name}/serviceaccounts"), &account).await;
    name
}

/// Takes a namespace away with all that is in it, also where no controller finishes that.
pub(in crate::live) async fn remove(admin: &kube::Client, namespace: &str) {
    let at_once = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0 });
    let path = format!("/api/v1/namespaces/{namespace}");
    let pods = request(admin, "GET", &format!("{path}/pods"), &Value::Null).await.unwrap();
    let names = pods["items"].as_array().unwrap().iter().map(|pod| pod["metadata"]["name"].as_str().unwrap());
    futures::stream::iter(names)
        .for_each_concurrent(16, |name| {
            let (path, at_once) = (format!("{path}/pods/{name}"), &at_once);
            async move {
                let _ = request(admin, "DELETE", &path, at_once).await;
            }
        })
        .await;
    if let Ok(mut left) = request(admin, "DELETE", &path, &Value::Null).await {
        left["spec"]["finalizers"] = json!([]);
        let _ = request(admin, "PUT", &format!("{path}/finalize"), &left).await;
    }
}

/// A quota that counts from now on, also where no controller counts what was there before.
pub(in crate::live) async fn quota(admin: &kube::Client, namespace: &str, hard: &Value) {
    let path = format!("/api/v1/namespaces/{namespace}/resourcequotas");
    let used: Value = hard.as_object().unwrap().keys().map(|name| (name.clone(), json!("0"))).collect();
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "act" }, "spec": { "hard": hard },
        "status": { "hard": hard, "used": used },
    });
    let mut made = request(admin, "POST", &path, &quota).await.unwrap();
    made["status"] = quota["status"].clone();
    request(admin, "PUT", &format!("{path}/act/status"), &made).await.unwrap();
}

fn pod_name(number: u32) -> String {
    format!("aws-batch.14638eb9-d218-372d-ba5c-{number:012x}")
}

fn manifest(namespace: &str, number: u32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": pod_name(number), "namespace": namespace, "labels": {
            RUN_LABEL: RUN, MANAGED_BY.0: MANAGED_BY.1, COMPUTE_ENVIRONMENT_LABEL: "env",
            JOB_ID_LABEL: format!("job-{number}"), NODE_UID_LABEL: "n",
        }},
        "spec": {
            "nodeName": NODE, "restartPolicy": "Never", "terminationGracePeriodSeconds": 30, "hostNetwork": true,
            "tolerations": [
                { "key": TAINT, "operator": "Exists", "effect": "NoSchedule" },
                { "key": TAINT, "operator": "Exists", "effect": "NoExecute" },
            ],
            "containers": [{
                "name": "main", "image": "public.ecr.aws/amazonlinux/amazonlinux:2", "command": ["sleep", "60"],
                "env": (0..8).map(|n| json!({ "name": format!("AWS_BATCH_{n}"), "value": "0123456789" })).collect::<Vec<_>>(),
                "resources": { "requests": { "cpu": "1", "memory": "1Gi" }, "limits": { "cpu": "1", "memory": "1Gi" } },
            }],
        },
    })
}

/// Carries acts out and returns the answers, the time that it took, and the figures.
async fn carry_out(
    client: kube::Client,
    namespace: &str,
    settings: LiveSettings,
    acts: impl IntoIterator<Item = Act>,
) -> (Vec<Answer>, Duration, Metrics) {
    let scope = Scope {
        run: RUN.to_owned(),
        namespaces: BTreeSet::from([namespace.to_owned()]),
        environments: BTreeSet::from(["env".to_owned()]),
    };
    let guard = Guard::new(scope, &settings);
    assert!(guard.allow_node(NODE, "env"));
    let (give, received) = mpsc::unbounded_channel();
    let (out, told) = channel();
    let (_halt, halt) = watch::channel(Halt::Go);
    let metrics = Metrics::new();
    let announce = Box::new(std::io::sink());
    let actuator = Actuator { client, guard, hold: None, settings, metrics: metrics.clone(), announce, out, halt };
    let began = Instant::now();
    let work = tokio::spawn(actuator.run(received));
    for act in acts {
        give.send(act).unwrap();
    }
    drop(give);
    work.await.unwrap().unwrap();
    let took = began.elapsed();
    let answers = told.try_iter().map(|told| if let Sighting::Answer(answer) = told { answer } else { panic!() });
    (answers.collect(), took, metrics)
}

fn create(namespace: &str, number: u32) -> Act {
    let manifest = Manifest::from(&manifest(namespace, number));
    Act::CreatePod { namespace: namespace.to_owned(), name: pod_name(number), manifest }
}

fn delete(namespace: &str, number: u32, grace_seconds: u32) -> Act {
    Act::DeletePod { namespace: namespace.to_owned(), name: pod_name(number), uid: None, grace_seconds }
}

#[tokio::test]
async fn pods_are_written_under_the_rules_that_aws_documents() {
    let (Some(admin), Some(batch)) = (client(None).await, client(Some("aws-batch")).await) else { return };
    let namespace = namespace(&admin, "pods").await;
    let settings = LiveSettings::default();
    let acts = [create(&namespace, 1), create(&namespace, 1), delete(&namespace, 1, 0), create(&namespace, 2)];
    let (answers, _, _) = carry_out(batch.clone(), &namespace, settings.clone(), acts).await;
    let made = |again| move |answer: &&Answer| matches!(answer, Answer::PodCreated { again: was, .. } if *was == again);
    assert_eq!((answers.iter().filter(made(false)).count(), answers.iter().filter(made(true)).count()), (2, 1));

    // A new process knows nothing: it looks before it deletes, and the label tells.
    let mut invalid = manifest(&namespace, 3);
    invalid["spec"]["containers"][0]["image"] = json!("");
    let invalid =
        Act::CreatePod { namespace: namespace.clone(), name: pod_name(3), manifest: Manifest::from(&invalid) };
    let acts = [delete(&namespace, 1, 0), delete(&namespace, 2, 0), invalid];
    let (answers, _, _) = carry_out(batch.clone(), &namespace, settings.clone(), acts).await;
    assert!(answers.contains(&Answer::PodAbsent { namespace: namespace.clone(), name: pod_name(1) }), "{answers:?}");
    let why =
        answers.iter().find_map(|answer| if let Answer::PodRefused { why, .. } = answer { Some(why) } else { None });
    assert!(matches!(why, Some(Refusal::Forbidden(words)) if words.contains("image")), "{answers:?}");
    let pods = request(&admin, "GET", &format!("/api/v1/namespaces/{namespace}/pods"), &Value::Null).await.unwrap();
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(0));

    quota(&admin, &namespace, &json!({ "pods": "0" })).await;
    let (answers, _, _) = carry_out(batch, &namespace, settings, [create(&namespace, 4)]).await;
    assert!(
        matches!(&answers[..], [Answer::PodRefused { why: Refusal::Quota(words), .. }] if words.contains("pods=1")),
        "{answers:?}"
    );
    remove(&admin, &namespace).await;
}

#[tokio::test]
async fn claims_are_written_and_given_back() {
    let Some(admin) = client(None).await else { return };
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "nodeclaims.karpenter.sh" },
        "spec": {
            "group": "karpenter.sh", "scope": "Cluster",
            "names": { "plural": "nodeclaims", "singular": "nodeclaim", "kind": "NodeClaim", "listKind": "NodeClaimList" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
            }],
        },
    });
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let made = request(&admin, "POST", definitions, &definition).await;
    assert!(matches!(made, Ok(_) | Err(409)), "{made:?}");
    let path = "/apis/karpenter.sh/v1/nodeclaims";
    for _ in 0..100 {
        if request(&admin, "GET", path, &Value::Null).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let types = ["m5.xlarge", "c5.xlarge"].map(|name| instance_type(name).unwrap());
    let environment = RunEnvironment { name: "e".to_owned(), uuid: "env".to_owned(), namespace: "act-none".to_owned() };
    let claims =
        Claims { run: RUN, environments: &[environment], instance_types: &types, node_class: &NodeClass::default() };
    let request_of_the_core = LaunchRequest {
        launch: LaunchId(1),
        environment: ComputeEnvironmentId(0),
        purchase: PurchaseOption::Spot,
        fleet: FleetStrategy::CapacityOptimized,
        instance_types: vec![InstanceTypeId(0), InstanceTypeId(1)],
        target_vcpus: 10,
        bid_percentage: None,
    };
    let acts = claims.of(&request_of_the_core).unwrap();
    let names: Vec<_> = acts
        .iter()
        .map(|act| if let Act::CreateNodeClaim { name, .. } = act { name.clone() } else { panic!("{act:?}") })
        .collect();
    let twice = acts.iter().chain(&acts).cloned();
    let (answers, _, _) = carry_out(admin.clone(), "act-none", LiveSettings::default(), twice).await;
    assert_eq!(answers, []);
    assert_eq!(names.len(), 3);
    for name in &names {
        let claim = request(&admin, "GET", &format!("{path}/{name}"), &Value::Null).await.unwrap();
        assert_eq!(claim["metadata"]["labels"][RUN_LABEL], RUN);
    }
    let gone = names.iter().chain(&names).map(|name| Act::DeleteNodeClaim { name: name.clone() });
    carry_out(admin.clone(), "act-none", LiveSettings::default(), gone).await;
    for name in &names {
        assert_eq!(request(&admin, "GET", &format!("{path}/{name}"), &Value::Null).await, Err(404));
    }
    if made.is_ok() {
        request(&admin, "DELETE", &format!("{definitions}/nodeclaims.karpenter.sh"), &Value::Null).await.unwrap();
    }
}

/// Creates pods by the client library alone, so many at once.
async fn bare_loop(client: &kube::Client, namespace: &str, numbers: std::ops::Range<u32>, at_once: usize) -> Duration {
    let api = kube::Api::<Pod>::namespaced(client.clone(), namespace);
    let pods: Vec<Pod> = numbers.map(|number| serde_json::from_value(manifest(namespace, number)).unwrap()).collect();
    let began = Instant::now();
    futures::stream::iter(&pods)
        .for_each_concurrent(at_once, |pod| {
            let api = &api;
            async move {
                api.create(&PostParams::default(), pod).await.unwrap();
            }
        })
        .await;
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; for a cluster that nothing else is going on in: --ignored --nocapture"]
async fn pods_are_created_almost_as_fast_as_the_server_takes_them() {
    let Some(admin) = client(None).await else { return };
    let rounds: u32 = std::env::var("WINDTUNNEL_TEST_PODS").map_or(1_000, |pods| pods.parse().unwrap());
    let settings = LiveSettings { writes_per_minute: 6_000_000, ..LiveSettings::default() };
    let at_once = settings.writes_in_flight;
    let (mut bare, mut ours) = (Duration::ZERO, Duration::ZERO);
    for round in 0..4 {
        let namespace = namespace(&admin, &format!("speed-{round}")).await;
        // In turn, and each first once, for a server grows slower with what it holds.
        let (first, second) = (0..rounds, rounds..rounds * 2);
        let (for_bare, for_ours) = if round % 2 == 0 { (first, second) } else { (second, first) };
        let mut run_bare = async || bare += bare_loop(&admin, &namespace, for_bare.clone(), at_once).await;
        if round % 2 == 0 {
            run_bare().await;
        }
        let acts: Vec<_> = for_ours.map(|number| create(&namespace, number)).collect();
        let (answers, took, _) = carry_out(admin.clone(), &namespace, settings.clone(), acts).await;
        assert_eq!(answers.len(), rounds as usize);
        ours += took;
        if round % 2 == 1 {
            run_bare().await;
        }
        remove(&admin, &namespace).await;
    }
    let rate = |took: Duration| f64::from(rounds * 4) / took.as_secs_f64();
    println!("{at_once} at once: bare {:.0} pods/s, actuator {:.0} pods/s", rate(bare), rate(ours));
    assert!(rate(ours) >= rate(bare) * 0.8);
}
