//! `import kubectl` of what a real API server answers: allocatable, daemonsets and foreign pods as the objects say.

use std::process::Command;

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::bed::{Bed, User, alone};
use crate::nodes::{Amounts, NodeShape};

/// A type that no other test uses, so that its nodes are this test's.
const TYPE: &str = "c6i.2xlarge";

/// What `kubectl get --raw` prints, into files beside the bed's own.
async fn dump(bed: &Bed, client: &Client) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for (name, path) in [("nodes", "/api/v1/nodes"), ("sets", "/apis/apps/v1/daemonsets"), ("pods", "/api/v1/pods")] {
        let request = hyper::Request::get(path).body(Vec::new()).unwrap();
        let file = bed.kubeconfig(User::Admin).with_file_name(format!("{name}.json"));
        std::fs::write(&file, client.request_text(request).await.unwrap()).unwrap();
        files.push(file);
    }
    files
}

fn asks(cpu: &str, memory: &str) -> Value {
    json!({ "name": "c", "image": "busybox", "resources": { "requests": { "cpu": cpu, "memory": memory } } })
}

async fn daemon_set(bed: &Bed, name: &str, tolerations: &Value) {
    let mut named = asks("10m", "200Mi");
    named["name"] = json!("init");
    let set = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": name },
        "spec": { "selector": { "matchLabels": { "app": name } }, "template": {
            "metadata": { "labels": { "app": name } },
            "spec": { "tolerations": tolerations, "nodeSelector": { "node.kubernetes.io/instance-type": TYPE },
                      "initContainers": [named], "containers": [asks("150m", "64Mi")] },
        } },
    });
    let sets: Api<DaemonSet> = Api::namespaced(bed.admin(), bed.namespace());
    sets.create(&PostParams::default(), &serde_json::from_value(set).unwrap()).await.unwrap();
}

#[test]
fn real_objects_say_what_nodes_offer() {
    alone(|bed| async move {
        let shape = NodeShape {
            environment: Some(bed.namespace().to_owned()),
            instance_type: TYPE.to_owned(),
            capacity: Amounts { cpu_millis: 8_000, memory_mib: 16_384, pods: 58 },
            allocatable: Amounts { cpu_millis: 7_910, memory_mib: 14_803, pods: 58 },
            ..NodeShape::default()
        };
        let names = bed.add_nodes(2, &shape).await;
        daemon_set(&bed, "everywhere", &json!([{ "operator": "Exists" }])).await;
        daemon_set(&bed, "elsewhere", &json!([])).await;
        let foreign = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "foreign", "annotations": { "windtunnel.dev/run": "10m" } },
            "spec": { "nodeName": names[0], "restartPolicy": "Never", "containers": [asks("1", "1Gi")],
                      "tolerations": [{ "operator": "Exists" }] },
        });
        let foreign: Pod = serde_json::from_value(foreign).unwrap();
        bed.pods().create(&PostParams::default(), &foreign).await.unwrap();

        let files = dump(&bed, &bed.admin()).await;
        let folder = files[0].with_file_name("imported");
        let mut command = Command::new(env!("CARGO_BIN_EXE_windtunnel"));
        let output = command.args(["import", "kubectl"]).args(&files).arg("-o").arg(&folder).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let scenario: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("scenario.json")).unwrap()).unwrap();
        let rows = |list: &str| scenario["cluster"][list].as_array().unwrap().clone();

        let listed: Value = serde_json::from_str(&std::fs::read_to_string(&files[0]).unwrap()).unwrap();
        let mut items = listed["items"].as_array().unwrap().iter();
        let node = items.find(|node| node["metadata"]["name"] == names[0]).unwrap();
        let offered = &node["status"]["allocatable"];
        let seen = rows("instanceTypes").into_iter().find(|row| row["name"] == TYPE).unwrap();
        assert_eq!(
            (&offered["cpu"], &offered["memory"]),
            (&seen["allocatable"]["cpu"], &seen["allocatable"]["memory"])
        );
        assert_eq!(offered["pods"].as_str().unwrap(), seen["allocatable"]["pods"].to_string());

        // Its init container asks for more memory, its container for more CPU.
        let in_bed = |name: &str| format!("{}/{name}", bed.namespace());
        let set = rows("daemonSets").into_iter().find(|row| row["name"] == in_bed("everywhere")).unwrap();
        assert_eq!((&set["cpu"], &set["memory"]), (&json!("150m"), &json!("200Mi")));
        assert!(
            rows("daemonSets").iter().all(|row| row["name"] != in_bed("elsewhere")),
            "it does not tolerate the taint"
        );
        assert!(told.contains("daemonsets that don't tolerate batch.amazonaws.com/batch-node"), "{told}");

        let of_ours = |row: &Value| row["computeEnvironment"].as_str().unwrap().contains(bed.namespace());
        let mut taken: Vec<_> = rows("nodes").into_iter().filter(of_ours).map(|row| row["taken"].clone()).collect();
        taken.sort_by_key(ToString::to_string);
        let one = json!({ "cpu": "1150m", "memory": "1224Mi", "pods": 2 });
        let other = json!({ "cpu": "150m", "memory": "200Mi", "pods": 1 });
        assert_eq!(taken, [one, other]);

        let mut command = Command::new(env!("CARGO_BIN_EXE_windtunnel"));
        let run = command.arg("run").arg(folder.join("scenario.json")).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    });
}
