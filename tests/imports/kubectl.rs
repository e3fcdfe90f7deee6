//! A dump by hand: two kinds of nodes, daemonsets that are on all, some and none of AWS Batch's, and pods of everyone.

use std::io::Write;

use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::folder::Folder;

const UUID: &str = "0f4c1d2e-8a5b-4f57-9c11-6f0f1c2d3e4f";
const LABEL: &str = "batch.amazonaws.com/compute-environment-uuid";
const TAINT: &str = "batch.amazonaws.com/batch-node";

fn node(name: &str, instance_type: &str, batch: bool, allocatable: &Value) -> Value {
    let mut labels = json!({
        "kubernetes.io/os": "linux", "node.kubernetes.io/instance-type": instance_type,
        "topology.kubernetes.io/zone": "eu-west-1b", "eks.amazonaws.com/capacityType": "ON_DEMAND",
    });
    let mut taints = json!([]);
    if batch {
        labels[LABEL] = json!(UUID);
        taints = json!([{ "key": TAINT, "effect": "NoSchedule" }, { "key": TAINT, "effect": "NoExecute" }]);
    }
    if instance_type.starts_with('g') {
        labels["accelerator"] = json!("nvidia");
    }
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "uid": format!("node-{name}"), "labels": labels },
        "spec": { "taints": taints },
        "status": { "capacity": { "cpu": "2" }, "allocatable": allocatable,
                    "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn daemon_set(name: &str, spec: Value) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": { "namespace": "kube-system", "name": name, "uid": format!("set-{name}") },
            "spec": { "template": { "spec": spec } } })
}

fn pod(name: &str, node: &str, cpu: &str, more: &Value) -> Value {
    let mut metadata = json!({ "namespace": "apps", "name": name, "uid": format!("pod-{name}") });
    for (key, value) in more["metadata"].as_object().into_iter().flatten() {
        metadata[key] = value.clone();
    }
    let containers = json!([{ "name": "c", "resources": { "requests": { "cpu": cpu, "memory": "100Mi" } } }]);
    let phase = more["phase"].as_str().unwrap_or("Running");
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": { "nodeName": node, "containers": containers }, "status": { "phase": phase } })
}

fn everywhere() -> Value {
    json!([{ "operator": "Exists" }])
}

fn nodes() -> Vec<Value> {
    let large = json!({ "cpu": "1930m", "memory": "7244720Ki", "pods": "29" });
    let less = json!({ "cpu": "1930m", "memory": "7243000Ki", "pods": "29" });
    let gpu = json!({ "cpu": "3920m", "memory": "14Gi", "pods": "29", "nvidia.com/gpu": "1" });
    let mut cordoned = node("cordoned", "m5.large", true, &large);
    cordoned["spec"]["unschedulable"] = json!(true);
    vec![
        node("batch-1", "m5.large", true, &large),
        node("batch-2", "m5.large", true, &less),
        // Of the same type, but not AWS Batch's: it says nothing of AWS Batch's nodes.
        node("system", "m5.large", false, &json!({ "cpu": "1000m", "memory": "1Gi", "pods": "110" })),
        node("gpu", "g4dn.xlarge", false, &gpu),
        cordoned,
    ]
}

fn sets() -> Vec<Value> {
    let asks =
        |cpu: &str, memory: &str| json!({ "name": "c", "resources": { "requests": { "cpu": cpu, "memory": memory } } });
    vec![
        // The init container's moment is the most demanding of its memory; the runtime's overhead comes on top.
        daemon_set(
            "aws-node",
            json!({
                "tolerations": everywhere(), "initContainers": [asks("10m", "300Mi")],
                "containers": [asks("25m", "50Mi"), asks("25m", "50Mi")], "overhead": { "cpu": "5m", "memory": "10Mi" },
            }),
        ),
        daemon_set(
            "device-plugin",
            json!({
                "tolerations": everywhere(), "nodeSelector": { "accelerator": "nvidia" }, "containers": [asks("20m", "20Mi")],
            }),
        ),
        daemon_set("logs", json!({ "containers": [asks("500m", "500Mi")] })),
        daemon_set(
            "windows",
            json!({
                "tolerations": everywhere(), "nodeSelector": { "kubernetes.io/os": "windows" }, "containers": [asks("1", "1Gi")],
            }),
        ),
    ]
}

fn pods() -> Vec<Value> {
    let owned = json!({ "metadata": { "ownerReferences": [{ "kind": "DaemonSet", "uid": "set-aws-node" }] } });
    let mut of_set = pod("aws-node-x", "batch-1", "55m", &owned);
    of_set["spec"]["containers"][0]["resources"]["requests"]["memory"] = json!("310Mi");
    vec![
        of_set,
        pod("web", "batch-1", "250m", &json!({})),
        pod("done", "batch-1", "1", &json!({ "phase": "Succeeded" })),
        pod("job", "batch-1", "1", &json!({ "metadata": { "labels": { "batch.amazonaws.com/job-id": "j" } } })),
        pod("elsewhere", "system", "1", &json!({})),
    ]
}

fn list(items: &[Value]) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "items": items, "metadata": { "resourceVersion": "" } }).to_string()
}

fn dump() -> String {
    list(&[nodes(), sets(), pods()].concat())
}

fn of_type<'a>(scenario: &'a Value, name: &str) -> &'a Value {
    let mut rows = scenario["cluster"]["instanceTypes"].as_array().unwrap().iter();
    rows.find(|row| row["name"] == name).unwrap()
}

#[test]
fn nodes_say_what_they_offer_and_what_is_taken() {
    let folder = Folder::new("kubectl");
    folder.write("cluster.json", dump());
    let (scenario, told) = folder.import(&["kubectl", "cluster.json"]);
    assert_eq!(scenario["region"], "eu-west-1");
    // The least of both: 7,243,000 Ki are 7,073 whole MiB, and no other than AWS Batch's counts.
    assert_eq!(
        of_type(&scenario, "m5.large")["allocatable"],
        json!({ "cpu": "1930m", "memory": "7073Mi", "pods": 29 })
    );
    let gpu = json!({ "cpu": "3920m", "memory": "14336Mi", "pods": 29, "gpus": 1 });
    assert_eq!(of_type(&scenario, "g4dn.xlarge")["allocatable"], gpu);
    let sets = json!([
        { "name": "kube-system/aws-node", "cpu": "55m", "memory": "310Mi" },
        { "name": "kube-system/device-plugin", "cpu": "20m", "memory": "20Mi", "instanceTypes": ["g4dn.xlarge"] },
    ]);
    assert_eq!(scenario["cluster"]["daemonSets"], sets);
    let nodes = scenario["cluster"]["nodes"].as_array().unwrap();
    // One with the daemonset's pod and someone's own; one that the daemonset will come to. Jobs' pods and those that are over
    // take nothing.
    let mut taken: Vec<_> = nodes.iter().map(|row| (row["taken"].to_string(), row["count"].clone())).collect();
    taken.sort_by(|a, b| a.0.cmp(&b.0));
    let amount = |cpu: &str, memory: &str, pods: u8| json!({ "cpu": cpu, "memory": memory, "pods": pods }).to_string();
    assert_eq!(taken, [(amount("305m", "410Mi", 2), json!(1)), (amount("55m", "310Mi", 1), json!(1))]);
    for words in [
        "1 × daemonsets that don't tolerate batch.amazonaws.com/batch-node",
        "kube-system/logs",
        "1 × daemonsets whose node selector or affinity keeps them off",
        "1 × nodes that are cordoned (cordoned)",
        "2 × nodes without AWS Batch's label",
        "1 × pods that are over",
        "1 × running pods of AWS Batch's jobs",
        "1 pods of others on nodes for jobs",
        "capacity types of nodes: 5 ON_DEMAND",
        "nodes of m5.large differ",
    ] {
        assert!(told.contains(words), "`{words}` is not in\n{told}");
    }
    let summary = folder.run(&[]);
    assert_eq!(summary["jobs"]["submitted"], summary["jobs"]["succeeded"], "{summary}");
}

#[test]
fn pages_and_pipes_are_the_same_cluster() {
    let folder = Folder::new("kubectl-pages");
    folder.write("cluster.json", dump());
    let (whole, _) = folder.import(&["kubectl", "cluster.json"]);
    folder.write("nodes.json", list(&nodes()));
    // Objects one by one, as `kubectl get daemonset NAME -o json` prints them; and pods twice.
    folder.write("sets.json", sets().iter().map(Value::to_string).collect::<Vec<_>>().join("\n"));
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(list(&pods()).as_bytes()).unwrap();
    folder.write("pods.gz", packed.finish().unwrap());
    let (pages, told) = folder.import(&["kubectl", "pods.gz", "nodes.json", "sets.json", "pods.gz"]);
    assert_eq!(pages, whole);
    assert!(told.contains("5 × objects that came before, with the same uid"), "{told}");
}

#[test]
fn broken_files_are_told() {
    let folder = Folder::new("kubectl-broken");
    let whole = dump();
    let cut = whole.find("\"system\"").unwrap();
    folder.write("cut.json", &whole[..cut]);
    let (scenario, told) = folder.import(&["kubectl", "cut.json"]);
    assert_eq!(of_type(&scenario, "m5.large")["allocatable"]["memory"], "7073Mi");
    assert!(
        told.contains("1 × rests of files that could not be read") && told.contains("cut.json after 2 objects"),
        "{told}"
    );
    assert!(scenario["cluster"].get("daemonSets").is_none(), "unknown is not none");
    folder.run(&[]);
    let odd = json!({ "kind": "Pod", "metadata": { "name": "odd" }, "spec": { "containers": "none" } });
    let other = json!({ "kind": "Service", "metadata": { "name": "web" } });
    folder.write("odd.json", list(&[nodes(), vec![odd, other, json!({ "kind": "Node" })]].concat()));
    let (_, told) = folder.import(&["kubectl", "odd.json"]);
    assert!(told.contains("1 × objects that are not formed as Kubernetes forms them (odd.json /items/5: "), "{told}");
    assert!(told.contains("1 × objects that are no nodes, daemonsets or pods (odd.json /items/6)"), "{told}");
    assert!(told.contains("1 × objects without a name (odd.json /items/7)"), "{told}");
    folder.write("none.json", "No resources found\n");
    let refused = folder.refused(&["import", "kubectl", "none.json", "-o", "none"]);
    assert!(refused.contains("none.json") && refused.contains("kubectl get nodes,daemonsets,pods"), "{refused}");
}

#[test]
fn clusters_without_nodes_for_jobs_get_an_environment() {
    let folder = Folder::new("kubectl-other");
    let others: Vec<_> = nodes().into_iter().filter(|node| node["metadata"]["labels"].get(LABEL).is_none()).collect();
    folder.write("cluster.json", list(&[others, sets()].concat()));
    let (scenario, told) = folder.import(&["kubectl", "cluster.json"]);
    assert_eq!(
        scenario["computeEnvironments"][0]["computeResources"]["instanceTypes"],
        json!(["g4dn.xlarge", "m5.large"])
    );
    assert!(told.contains("the MANAGED environment `managed`") && told.contains("that nobody else has pods"), "{told}");
    folder.run(&[]);
    let (scenario, _) = folder.import(&["kubectl", "cluster.json", "--nodes-labelled", "accelerator=nvidia"]);
    assert_eq!(scenario["computeEnvironments"][0]["type"], "UNMANAGED");
    let nodes = scenario["cluster"]["nodes"].as_array().unwrap();
    assert_eq!((nodes.len(), &nodes[0]["gpus"], &nodes[0]["count"]), (1, &json!(1), &json!(1)));
    folder.run(&[]);
    assert!(
        folder
            .refused(&["import", "kubectl", "cluster.json", "--nodes-labelled", "x", "-o", "x"])
            .contains("KEY=VALUE")
    );
}

#[test]
fn a_workload_of_ones_own_runs_there() {
    let folder = Folder::new("kubectl-workload");
    folder.write("cluster.json", dump());
    let environment = |name: &str, of: Value| {
        let mut document = json!({ "computeEnvironmentName": name, "eksConfiguration": {
            "eksClusterArn": "arn:aws:eks:eu-west-1:123456789012:cluster/c", "kubernetesNamespace": "jobs" } });
        for (key, value) in of.as_object().unwrap() {
            document[key] = value.clone();
        }
        document
    };
    let definition = json!({ "jobDefinitionName": "d", "type": "container", "eksProperties": { "podProperties": {
        "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1.75", "memory": "512Mi" } } }] } } });
    folder.write("definition.json", definition.to_string());
    let scenario = json!({
        "region": "eu-west-1",
        "computeEnvironments": [environment("mine", json!({ "type": "UNMANAGED" }))],
        "jobQueues": [{ "jobQueueName": "q", "priority": 1,
                        "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "mine" }] }],
        "jobDefinitions": [{ "file": "definition.json" }],
        "cluster": { "daemonSets": [{ "name": "guess", "cpu": "100m" }],
                     "nodes": [{ "computeEnvironment": "mine", "cpu": "64", "memory": "64Gi" }],
                     "instanceTypes": [{ "name": "m5.large", "onDemandPrice": 0.5 }] },
        "workload": [{ "submit": { "jobName": "j", "jobQueue": "q", "jobDefinition": "d" }, "count": 3,
                       "runtime": { "constant": "1m" } }],
    });
    folder.write("mine.json", scenario.to_string());
    let (imported, told) = folder.import(&["kubectl", "cluster.json", "--workload", "mine.json"]);
    assert!(told.contains("the 2 nodes of") && told.contains("UNMANAGED environment mine"), "{told}");
    assert!(
        told.contains("1 × fixed nodes of the scenario") && told.contains("1 × daemonsets of the scenario"),
        "{told}"
    );
    let large = of_type(&imported, "m5.large");
    assert_eq!((&large["onDemandPrice"], &large["allocatable"]["cpu"]), (&json!(0.5), &json!("1930m")));
    let summary = folder.run(&[]);
    // 1.75 vCPU fit beside 55m of daemonsets on 1.93, not beside 305m: one node runs all three, one after the other.
    assert_eq!(summary["jobs"]["succeeded"], 3);
    let jobs = folder.text("results/jobs.csv");
    let nodes: std::collections::BTreeSet<_> = column(&jobs, "node");
    assert_eq!(nodes.len(), 1, "{jobs}");
}

fn column(csv: &str, name: &str) -> std::collections::BTreeSet<String> {
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let heads = lines.next().unwrap();
    let at = heads.iter().position(|head| *head == name).unwrap_or_else(|| panic!("{name} is none of {heads:?}"));
    lines.map(|line| line[at].to_owned()).collect()
}
