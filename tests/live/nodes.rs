//! Nodes that KWOK plays: as EC2 instances of a compute environment look to the API server.

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Node;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use crate::bed::{Bed, TEST_LABEL, until};

/// What a node has, or offers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amounts {
    pub(crate) cpu_millis: u32,
    pub(crate) memory_mib: u32,
    pub(crate) pods: u32,
}

/// What nodes look like.
#[derive(Debug, Clone)]
pub(crate) struct NodeShape {
    /// `batch.amazonaws.com/compute-environment-uuid`, and with it AWS Batch's taint.
    pub(crate) environment: Option<String>,
    pub(crate) instance_type: String,
    pub(crate) zone: String,
    pub(crate) capacity: Amounts,
    pub(crate) allocatable: Amounts,
    /// More labels.
    pub(crate) labels: Vec<(String, String)>,
}

impl Default for NodeShape {
    /// An m5.xlarge in no environment, with round numbers left of it.
    fn default() -> Self {
        NodeShape {
            environment: None,
            instance_type: "m5.xlarge".to_owned(),
            zone: "us-east-1a".to_owned(),
            capacity: Amounts { cpu_millis: 4000, memory_mib: 16384, pods: 58 },
            allocatable: Amounts { cpu_millis: 3900, memory_mib: 15000, pods: 58 },
            labels: Vec::new(),
        }
    }
}

impl NodeShape {
    /// The node as a kubelet would register it.
    pub(crate) fn node(&self, name: &str, test: &str) -> Node {
        let mut labels = json!({
            TEST_LABEL: test,
            "kubernetes.io/hostname": name,
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": self.instance_type,
            "topology.kubernetes.io/region": self.zone.trim_end_matches(|c: char| c.is_ascii_alphabetic()),
            "topology.kubernetes.io/zone": self.zone,
        });
        let mut taints = json!([]);
        if let Some(environment) = &self.environment {
            labels["batch.amazonaws.com/compute-environment-uuid"] = json!(environment);
            taints = json!([
                { "key": "batch.amazonaws.com/batch-node", "effect": "NoSchedule" },
                { "key": "batch.amazonaws.com/batch-node", "effect": "NoExecute" },
            ]);
        }
        for (name, value) in &self.labels {
            labels[name] = json!(value);
        }
        let amounts = |of: &Amounts| {
            let (cpu, memory) = (format!("{}m", of.cpu_millis), format!("{}Mi", of.memory_mib));
            json!({ "cpu": cpu, "memory": memory, "pods": of.pods.to_string() })
        };
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": labels },
            "spec": { "providerID": format!("aws:///{}/{name}", self.zone), "taints": taints },
            "status": { "capacity": amounts(&self.capacity), "allocatable": amounts(&self.allocatable) },
        });
        serde_json::from_value(node).unwrap()
    }
}

impl Bed {
    /// Registers nodes of this test, `<namespace>-<n>` counted on from those that are there, and waits until they are Ready.
    pub(crate) async fn add_nodes(&self, count: usize, shape: &NodeShape) -> Vec<String> {
        let nodes: Api<Node> = Api::all(self.admin());
        let ours = ListParams::default().labels(&format!("{TEST_LABEL}={}", self.namespace()));
        let there = nodes.list_metadata(&ours).await.unwrap().items;
        let number = |name: &str| name.rsplit('-').next().and_then(|n| n.parse::<usize>().ok()).map_or(0, |n| n + 1);
        let first = there.iter().map(|node| number(&node.name_any())).max().unwrap_or(0);
        let names: Vec<String> = (first..first + count).map(|n| format!("{}-{n}", self.namespace())).collect();
        let made: Vec<_> = names.iter().map(|name| shape.node(name, self.namespace())).collect();
        stream::iter(made)
            .for_each_concurrent(16, |node| {
                let nodes = nodes.clone();
                async move {
                    nodes.create(&PostParams::default(), &node).await.unwrap();
                }
            })
            .await;
        until("all nodes are Ready (is KWOK running?)", async || {
            let there = nodes.list(&ours).await.unwrap().items;
            names.iter().all(|name| there.iter().any(|node| node.name_any() == *name && is_ready(node)))
        })
        .await;
        names
    }

    /// Takes a node away, as when EC2 has taken the instance back and its node was removed.
    pub(crate) async fn remove_node(&self, name: &str) {
        Api::<Node>::all(self.admin()).delete(name, &DeleteParams::default()).await.unwrap();
    }
}

fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"))
}
