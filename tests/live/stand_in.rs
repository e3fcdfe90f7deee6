//! A small stand-in for Karpenter, of what its v1 controllers do to a `NodeClaim` (`pkg/controllers/nodeclaim` of
//! kubernetes-sigs/karpenter): finalizer, launch, registration, initialisation, termination; and the deletion of a claim that
//! finds no capacity, or whose node is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
};
use kube::{Api, Client, Error, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::bed::{Bed, TEST_LABEL, until};
use crate::nodes::{Amounts, NodeShape};

const FINALIZER: &str = "karpenter.sh/termination";
const ENVIRONMENT: &str = "batch.amazonaws.com/compute-environment-uuid";
/// vCPUs and GiB of the types that it can launch.
const TYPES: &[(&str, u32, u32)] = &[("c5.xlarge", 4, 8), ("m5.xlarge", 4, 16), ("m5.2xlarge", 8, 32)];

/// What it does, and how fast.
#[derive(Debug, Clone, Default)]
pub(crate) struct Habits {
    /// Types without capacity.
    pub(crate) sold_out: BTreeSet<&'static str>,
    /// From seeing a claim to its instance.
    pub(crate) launch: Duration,
    /// From the instance to the node.
    pub(crate) join: Duration,
}

/// What it saw and did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doings {
    /// Claims by name, each with the uids that it had: one, unless it was made twice.
    pub(crate) claims: BTreeMap<String, BTreeSet<String>>,
    /// Claims that found no capacity, and what they had asked for.
    pub(crate) refused: BTreeMap<String, Vec<String>>,
    /// Instances by claim, and their types.
    pub(crate) launched: BTreeMap<String, String>,
}

/// Karpenter, for the claims of one test.
pub(crate) struct Karpenter {
    doings: Arc<Mutex<Doings>>,
    task: JoinHandle<()>,
    claims: Api<DynamicObject>,
    selector: ListParams,
}

struct Controller {
    habits: Habits,
    doings: Arc<Mutex<Doings>>,
    claims: Api<DynamicObject>,
    nodes: Api<Node>,
    namespace: String,
    /// When claims may go on.
    due: BTreeMap<(String, &'static str), Instant>,
}

impl Karpenter {
    /// Begins to look after claims of the test's environment, whose uuid is the test's namespace. Makes the definition of the
    /// kind where there is none; it stays, for other tests use it too.
    pub(crate) async fn start(bed: &Bed, habits: Habits) -> Self {
        define(&bed.admin()).await;
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("karpenter.sh", "v1", "NodeClaim"));
        let claims: Api<DynamicObject> = Api::all_with(bed.admin(), &kind);
        until("NodeClaims can be listed", async || claims.list(&ListParams::default().limit(1)).await.is_ok()).await;
        let doings = Arc::new(Mutex::new(Doings::default()));
        let mut controller = Controller {
            habits,
            doings: doings.clone(),
            claims: claims.clone(),
            nodes: Api::all(bed.admin()),
            namespace: bed.namespace().to_owned(),
            due: BTreeMap::new(),
        };
        let selector = ListParams::default().labels(&format!("{ENVIRONMENT}={}", bed.namespace()));
        let own = selector.clone();
        let task = tokio::spawn(async move {
            loop {
                // Whatever fails is tried again from what the cluster says.
                if let Ok(list) = controller.claims.list(&own).await {
                    for claim in list.items {
                        let _ = controller.reconcile(&claim).await;
                    }
                }
                sleep(Duration::from_millis(100)).await;
            }
        });
        Self { doings, task, claims, selector }
    }

    /// What it saw and did so far.
    pub(crate) fn doings(&self) -> Doings {
        self.doings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Claims of the test that are there.
    pub(crate) async fn claims(&self) -> Vec<DynamicObject> {
        self.claims.list(&self.selector).await.unwrap().items
    }

    /// Stops, and gives the names of what is left; removes it.
    pub(crate) async fn stop(self) -> Vec<String> {
        let left: Vec<_> = self.claims().await.iter().map(ResourceExt::name_any).collect();
        self.task.abort();
        for name in &left {
            let none = json!({ "metadata": { "finalizers": null } });
            let _ = self.claims.patch(name, &PatchParams::default(), &Patch::Merge(none)).await;
            let _ = self.claims.delete(name, &DeleteParams::default()).await;
        }
        left
    }
}

impl Controller {
    async fn reconcile(&mut self, claim: &DynamicObject) -> Result<(), Error> {
        let name = claim.name_any();
        self.doing(|doings| doings.claims.entry(name.clone()).or_default().insert(claim.uid().unwrap_or_default()));
        let node = format!("{name}-node");
        let there = self.nodes.get_opt(&node).await?;
        if claim.metadata.deletion_timestamp.is_some() {
            if there.is_some() {
                self.nodes.delete(&node, &DeleteParams::default().grace_period(0)).await?;
                return Ok(());
            }
            return self.patch(&name, json!({ "metadata": { "finalizers": null } })).await;
        }
        if !claim.finalizers().iter().any(|finalizer| finalizer == FINALIZER) {
            self.patch(&name, json!({ "metadata": { "finalizers": [FINALIZER] } })).await?;
        }
        if !holds(claim, "Launched") {
            return if self.is_due(&name, "launch", self.habits.launch) { self.launch(claim).await } else { Ok(()) };
        }
        if !holds(claim, "Registered") {
            return if self.is_due(&name, "join", self.habits.join) {
                self.register(claim, &node).await
            } else {
                Ok(())
            };
        }
        let Some(there) = there else {
            // The instance is gone: garbage collection.
            return self.claims.delete(&name, &DeleteParams::default()).await.map(drop);
        };
        let conditions = there.status.as_ref().and_then(|status| status.conditions.as_ref());
        let ready = conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"));
        if ready && !holds(claim, "Ready") {
            return self
                .set(claim, &["Launched", "Registered", "Initialized", "Ready"], json!({ "nodeName": node }))
                .await;
        }
        Ok(())
    }

    async fn launch(&mut self, claim: &DynamicObject) -> Result<(), Error> {
        let name = claim.name_any();
        let asked = values(claim, "node.kubernetes.io/instance-type");
        let has = |wanted: &&String| {
            !self.habits.sold_out.contains(wanted.as_str()) && TYPES.iter().any(|(known, ..)| known == wanted)
        };
        let Some(found) = asked.iter().find(has).cloned() else {
            self.doing(|doings| doings.refused.insert(name.clone(), asked));
            return self.claims.delete(&name, &DeleteParams::default()).await.map(drop);
        };
        let capacity_type = values(claim, "karpenter.sh/capacity-type").remove(0);
        let labels = json!({
            "node.kubernetes.io/instance-type": found,
            "topology.kubernetes.io/zone": "us-east-1a",
            "karpenter.sh/capacity-type": capacity_type,
        });
        self.patch(&name, json!({ "metadata": { "labels": labels } })).await?;
        self.set(claim, &["Launched"], json!({ "providerID": format!("aws:///us-east-1a/i-{name}") })).await?;
        self.doing(|doings| doings.launched.insert(name, found));
        Ok(())
    }

    /// The kubelet registers, and the node gets what the claim says.
    async fn register(&mut self, claim: &DynamicObject, node: &str) -> Result<(), Error> {
        let labels = claim.labels();
        let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
        let instance_type = label("node.kubernetes.io/instance-type");
        let (_, vcpus, gib) = *TYPES.iter().find(|(known, ..)| *known == instance_type).expect("a type of its own");
        let all = Amounts { cpu_millis: vcpus * 1_000, memory_mib: gib * 1_024, pods: 58 };
        let offered = Amounts { cpu_millis: all.cpu_millis - 100, memory_mib: all.memory_mib - 1_200, pods: 58 };
        let shape = NodeShape {
            environment: None,
            instance_type,
            zone: label("topology.kubernetes.io/zone"),
            capacity: all,
            allocatable: offered,
            labels: labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        let mut node_object = serde_json::to_value(shape.node(node, &self.namespace)).expect("JSON");
        node_object["spec"]["taints"] = claim.data["spec"]["taints"].clone();
        node_object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "name": claim.name_any(), "uid": claim.uid(),
            "blockOwnerDeletion": true,
        }]);
        let node_object: Node = serde_json::from_value(node_object).expect("a node");
        match self.nodes.create(&PostParams::default(), &node_object).await {
            Err(Error::Api(status)) if status.code == 409 => {}
            other => drop(other?),
        }
        self.set(claim, &["Launched", "Registered"], json!({ "nodeName": node })).await
    }

    /// Sets the status: these conditions hold.
    async fn set(&self, claim: &DynamicObject, conditions: &[&str], mut status: Value) -> Result<(), Error> {
        let now = k8s_openapi::jiff::Timestamp::now().to_string();
        status["conditions"] = conditions
            .iter()
            .map(|kind| json!({ "type": kind, "status": "True", "reason": kind, "message": "", "lastTransitionTime": now }))
            .collect();
        let patch = Patch::Merge(json!({ "status": status }));
        self.claims.patch_status(&claim.name_any(), &PatchParams::default(), &patch).await.map(drop)
    }

    async fn patch(&self, name: &str, patch: Value) -> Result<(), Error> {
        self.claims.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.map(drop)
    }

    /// Whether a claim has waited long enough for its next step.
    fn is_due(&mut self, claim: &str, step: &'static str, wait: Duration) -> bool {
        let now = Instant::now();
        *self.due.entry((claim.to_owned(), step)).or_insert(now + wait) <= now
    }

    fn doing<T>(&self, act: impl FnOnce(&mut Doings) -> T) -> T {
        act(&mut self.doings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn holds(claim: &DynamicObject, kind: &str) -> bool {
    let conditions = claim.data["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|one| one["type"] == kind && one["status"] == "True"))
}

/// The values that a requirement of the claim names.
fn values(claim: &DynamicObject, key: &str) -> Vec<String> {
    let requirements = claim.data["spec"]["requirements"].as_array().cloned().unwrap_or_default();
    let values = requirements.into_iter().find(|one| one["key"] == key).map(|one| one["values"].clone());
    serde_json::from_value(values.unwrap_or_default()).unwrap_or_default()
}

/// Our own definition of the kind, which takes whatever it is given, in the place of Karpenter's.
async fn define(client: &Client) {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "nodeclaims.karpenter.sh", "labels": { TEST_LABEL: "shared" } },
        "spec": {
            "group": "karpenter.sh", "scope": "Cluster",
            "names": {
                "plural": "nodeclaims", "singular": "nodeclaim", "kind": "NodeClaim", "listKind": "NodeClaimList",
            },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
            }],
        },
    });
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let request = hyper::Request::post(path).header("Content-Type", "application/json");
    let made = client.request_text(request.body(definition.to_string().into_bytes()).unwrap()).await;
    if let Err(error) = made {
        assert!(matches!(&error, Error::Api(status) if status.code == 409), "no definition of NodeClaims: {error}");
    }
}
