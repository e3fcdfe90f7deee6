//! `live --dry-run` as a person calls it: it says what the API server would say, and changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};

use crate::bed::{Bed, CLUSTER, User, alone, with};
use crate::nodes::NodeShape;

const UUID: &str = "2f6c3a50-7d1e-3a44-8f7b-d9d0c0a1";

/// The `uuid` of an environment of this test alone.
fn uuid(bed: &Bed) -> String {
    let own: String = bed.namespace().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{UUID}{own:0>4}").chars().take(63).collect()
}

/// A scenario with a job definition for each of these namespaces, each submitted three times.
fn scenario(bed: &Bed, namespaces: &[&str]) -> PathBuf {
    let definitions = namespaces.iter().enumerate().map(|(n, namespace)| {
        let container = json!({ "image": "busybox", "resources": { "requests": { "cpu": "0.5", "memory": "256Mi" } } });
        json!({ "jobDefinitionName": format!("d{n}"), "type": "container",
                "eksProperties": { "podProperties": { "containers": [container], "metadata": { "namespace": namespace } } } })
    });
    let workload = (0..namespaces.len()).map(|n| {
        let submit = json!({ "jobName": format!("job-{n}"), "jobQueue": "queue", "jobDefinition": format!("d{n}") });
        json!({ "submit": submit, "count": 3, "runtime": { "constant": "1m" } })
    });
    let value = json!({
        "region": "us-east-1",
        "computeEnvironments": [{ "computeEnvironmentName": "fleet", "type": "UNMANAGED", "state": "ENABLED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c",
                                  "kubernetesNamespace": bed.namespace() } }],
        "jobQueues": [{ "jobQueueName": "queue", "priority": 1,
                        "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "fleet" }] }],
        "jobDefinitions": definitions.collect::<Vec<_>>(),
        // The loader wants a node that could hold the jobs.
        "cluster": { "nodes": [{ "computeEnvironment": "fleet", "cpu": "4", "memory": "16Gi" }] },
        "workload": workload.collect::<Vec<_>>()
    });
    let file = bed.kubeconfig(User::Admin).with_file_name("dry.json");
    std::fs::write(&file, value.to_string()).unwrap();
    file
}

fn dry_run(bed: &Bed, user: User, namespaces: &[&str]) -> Output {
    let (file, kubeconfig) = (scenario(bed, namespaces), bed.kubeconfig(user));
    let mut command = Command::new(env!("CARGO_BIN_EXE_windtunnel"));
    command.arg("live").arg(file).arg("--kubeconfig").arg(kubeconfig).args(["--context", CLUSTER, "--dry-run"]);
    command.args(["--output", "json", "--environment", &format!("fleet={}", uuid(bed))]).output().unwrap()
}

fn report(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"))
}

async fn get(client: &Client, path: &str) -> Option<Value> {
    client.request(hyper::Request::get(path).body(Vec::new()).unwrap()).await.ok()
}

async fn send(client: &Client, method: &str, path: &str, body: &Value) {
    let request =
        hyper::Request::builder().method(method).uri(path).header("Content-Type", "application/merge-patch+json");
    let sent: Value = client.request(request.body(serde_json::to_vec(body).unwrap()).unwrap()).await.unwrap();
    assert!(sent["metadata"]["name"].is_string(), "{sent}");
}

/// The resourceVersion of every object of every kind that can be listed, by kind, namespace and name.
async fn everything(client: &Client) -> BTreeMap<String, String> {
    let groups = get(client, "/apis").await.unwrap();
    let groups = groups["groups"].as_array().unwrap().iter();
    let versions = groups.map(|group| format!("/apis/{}", group["preferredVersion"]["groupVersion"].as_str().unwrap()));
    let mut all = BTreeMap::new();
    for version in std::iter::once("/api/v1".to_owned()).chain(versions) {
        let known = get(client, &version).await.unwrap_or_default();
        for kind in known["resources"].as_array().into_iter().flatten() {
            let (name, verbs) = (kind["name"].as_str().unwrap(), kind["verbs"].as_array().unwrap());
            if name.contains('/') || !verbs.iter().any(|verb| verb == "list") {
                continue;
            }
            let Some(list) = get(client, &format!("{version}/{name}")).await else { continue };
            for item in list["items"].as_array().into_iter().flatten() {
                let meta = &item["metadata"];
                let key = format!("{version}/{name} {} {}", meta["namespace"], meta["name"]);
                all.insert(key, meta["resourceVersion"].to_string());
            }
        }
    }
    all
}

/// Every object of every kind is as it was. Others may be at work on the bed: what this changed, it would change each time.
#[test]
fn changes_nothing() {
    const TRIES: usize = 8;
    alone(|bed| async move {
        let own = bed.namespace().to_owned();
        bed.add_nodes(2, &NodeShape { environment: Some(uuid(&bed)), ..NodeShape::default() }).await;
        let mut changed = Vec::new();
        for _ in 0..TRIES {
            let before = everything(&bed.admin()).await;
            assert!(before.len() > 50 && before.keys().any(|key| key.contains(&own)), "{} objects", before.len());
            let output = dry_run(&bed, User::Admin, &[&own]);
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(report(&output)["jobs"]["placed"], 3);
            let after = everything(&bed.admin()).await;
            if before == after {
                return;
            }
            let differs = |key: &&String| before.get(*key) != after.get(*key);
            changed = before.keys().chain(after.keys()).filter(differs).cloned().collect();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        panic!("changed each time, last: {changed:#?}");
    });
}

/// A quota that is used up, `PodSecurity`, a namespace that is not there: each answers for itself, and the exit code tells.
#[test]
fn the_api_server_answers_as_it_would() {
    with(|bed| async move {
        let (own, admin) = (bed.namespace().to_owned(), bed.admin());
        let (full, strict) = (bed.another_namespace().await, bed.another_namespace().await);
        bed.add_nodes(2, &NodeShape { environment: Some(uuid(&bed)), ..NodeShape::default() }).await;
        let label = json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
        send(&admin, "PATCH", &format!("/api/v1/namespaces/{strict}"), &label).await;
        let quota = json!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "none" },
                            "spec": { "hard": { "pods": "0" } } });
        let quotas = format!("/api/v1/namespaces/{full}/resourcequotas");
        let request = hyper::Request::post(&quotas).header("Content-Type", "application/json");
        let _: Value = admin.request(request.body(serde_json::to_vec(&quota).unwrap()).unwrap()).await.unwrap();
        // What a controller would note: admission goes by the status.
        let status = json!({ "status": { "hard": { "pods": "0" }, "used": { "pods": "0" } } });
        send(&admin, "PATCH", &format!("{quotas}/none/status"), &status).await;
        tokio::time::sleep(Duration::from_secs(1)).await;

        let missing = format!("{own}-missing");
        let output = dry_run(&bed, User::Admin, &[&own, &full, &strict, &missing]);
        let report = report(&output);
        let said = |namespace: &str| {
            let rows = report["verdicts"].as_array().unwrap().iter();
            let mut rows = rows.filter(|row| row["namespaces"].as_array().unwrap().iter().any(|one| one == namespace));
            let row = rows.next().unwrap_or_else(|| panic!("nothing of {namespace}: {:#}", report["verdicts"]));
            assert_eq!((row["pods"].as_u64(), rows.next()), (Some(3), None), "one answer for three pods: {row}");
            (row["code"].as_u64(), row["message"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(said(&own), (None, String::new()));
        assert!(
            matches!(said(&full), (Some(403), message) if message.contains("exceeded quota: none")),
            "{:?}",
            said(&full)
        );
        assert!(
            matches!(said(&strict), (Some(403), message) if message.contains("PodSecurity")),
            "{:?}",
            said(&strict)
        );
        assert!(
            matches!(said(&missing), (Some(404), message) if message.contains("not found")),
            "{:?}",
            said(&missing)
        );
        assert_eq!(output.status.code(), Some(3), "pods would be refused");
    });
}

/// Who may not look is told so, and by AWS Batch's own rules everything can be asked.
#[test]
fn asks_in_the_name_of_its_user() {
    with(|bed| async move {
        let own = bed.namespace().to_owned();
        bed.add_nodes(1, &NodeShape { environment: Some(uuid(&bed)), ..NodeShape::default() }).await;
        let refused = dry_run(&bed, User::Nobody, &[&own]);
        assert_eq!(refused.status.code(), Some(1));
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(told.contains("can't list nodes: nodes is forbidden: User \"nobody\" cannot list"), "{told}");
        assert!(told.contains("--print-rbac") && !told.contains("Status {") && !told.contains("ApiError"), "{told}");

        bed.grant_aws_batch().await;
        let elsewhere = bed.another_namespace().await;
        let output = dry_run(&bed, User::AwsBatch, &[&own, &elsewhere]);
        let report = report(&output);
        let row = &report["verdicts"][0];
        assert_eq!((row["code"].as_u64(), row["pods"].as_u64()), (Some(403), Some(3)), "{:#}", report["verdicts"]);
        assert!(row["message"].as_str().unwrap().contains("aws-batch"), "{row}");
        assert_eq!(report["verdicts"][1]["verdict"], "accepted");
    });
}
