//! One look at a cluster: what a dry run and a shadow run begin with.

use std::collections::{BTreeMap, BTreeSet};

use kube::Client;

use crate::kubernetes::daemon_set::DaemonSet;
use crate::kubernetes::objects::{NodeObject, PodObject};
use crate::kubernetes::requests;
use crate::kubernetes::room::{Taken, daemon_set_of, is_over};
use crate::live::acts::RUN_LABEL;
use crate::live::clock::wall;
use crate::live::convert::node::{self, Past};
use crate::live::convert::pod;
use crate::live::error::LiveError;
use crate::live::facts::{NodeFacts, PodFacts};
use crate::live::observe::call::{Caller, Query};
use crate::live::observe::survey;
use crate::live::settings::LiveSettings;
use crate::model::Resources;
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, JOB_ID_LABEL};

/// A cluster at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Version of the API server, like `v1.33.1-eks-1234567`.
    pub server_version: String,
    /// Nodes that carry the label of one of the run's environments, by name.
    pub nodes: Vec<NodeFacts>,
    /// Names of all other nodes.
    pub other_nodes: Vec<String>,
    /// All daemonsets, by namespace and name.
    pub daemon_sets: Vec<DaemonSetFacts>,
    /// Pods of others on nodes of the run's environments, that no daemonset owns: they take room.
    pub foreign_pods: Vec<ForeignPod>,
    /// Pods on those nodes or in the run's namespaces that earlier runs left behind, with their run's id.
    pub earlier_runs: Vec<(String, PodFacts)>,
}

/// A `DaemonSet`, as far as it concerns nodes for jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSetFacts {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// What each of its pods asks for.
    pub requests: Resources,
    /// Whether its pods tolerate the taint of AWS Batch's nodes, with both effects: else it has none there.
    pub tolerates_batch_taint: bool,
    /// Those of the snapshot's nodes where it wants a pod (node selector, affinity, tolerations), by name.
    pub wanted_on: Vec<String>,
}

/// A pod of someone else on a node for jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPod {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `spec.nodeName`.
    pub node: String,
    /// What it asks for.
    pub requests: Resources,
    /// It carries AWS Batch's labels and not those of a run of this program: AWS Batch itself drives that node.
    pub of_aws_batch: bool,
}

/// Looks at a cluster once: at nodes, at daemonsets, then at pods, so that what runs on a node is not missed.
///
/// A run that looks before it begins knows no pods of its own: all that carry the label of a run are an earlier one's.
/// `namespaces` are those of the run; only where pods of all namespaces can't be listed is room counted by them alone.
pub async fn read(
    client: &Client,
    environments: &[String],
    namespaces: &[String],
    settings: &LiveSettings,
) -> Result<Snapshot, LiveError> {
    let caller = Caller::new(client, settings);
    let version = caller.within(client.apiserver_version()).await;
    let version = version.map_err(|error| error.while_doing("the API server does not say its version"))?;
    let mut nodes: BTreeMap<String, NodeObject> = BTreeMap::new();
    let mut other_nodes = Vec::new();
    let ours = |node: &NodeObject| {
        node.metadata.labels.get(COMPUTE_ENVIRONMENT_LABEL).is_some_and(|uuid| environments.contains(uuid))
    };
    let each = |node: NodeObject| {
        let name = node.metadata.name.clone();
        if ours(&node) { drop(nodes.insert(name, node)) } else { other_nodes.push(name) }
    };
    let listed = caller.each(&Query::nodes(), each).await;
    listed.map_err(|error| error.while_doing("can't list nodes"))?;
    let daemon_sets = survey::daemon_sets(&caller).await;
    let daemon_sets = daemon_sets.map_err(|error| error.while_doing("can't list daemonsets"))?;
    let mut pods = Pods::new(&nodes, namespaces);
    let listed = survey::each_pod(&caller, namespaces, |all| all, |pod| pods.add(&pod)).await;
    listed.map_err(|error| error.while_doing("can't list pods"))?;
    let Pods { taken, mut foreign, mut earlier, .. } = pods;
    foreign.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    earlier.sort_by(|(_, a), (_, b)| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    other_nodes.sort();
    let now = wall();
    let facts = nodes.values().map(|object| {
        let facts = node::facts(object, Past::Unknown, now, settings.not_ready_timeout);
        NodeFacts { free: taken.left(object, facts.allocatable, &daemon_sets), ..facts }
    });
    let mut sets: Vec<_> = daemon_sets.iter().map(|set| set_facts(set, &nodes)).collect();
    sets.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    Ok(Snapshot {
        server_version: version.git_version,
        nodes: facts.collect(),
        other_nodes,
        daemon_sets: sets,
        foreign_pods: foreign,
        earlier_runs: earlier,
    })
}

fn set_facts(set: &DaemonSet, nodes: &BTreeMap<String, NodeObject>) -> DaemonSetFacts {
    let wanted = nodes.values().filter(|node| set.wants(node)).map(|node| node.metadata.name.clone());
    DaemonSetFacts {
        namespace: set.namespace.clone(),
        name: set.name.clone(),
        requests: set.requests,
        tolerates_batch_taint: set.tolerates_batch_taint(),
        wanted_on: wanted.collect(),
    }
}

/// What is kept of pods, of which there may be many times as many elsewhere.
struct Pods<'a> {
    nodes: &'a BTreeMap<String, NodeObject>,
    namespaces: BTreeSet<&'a str>,
    taken: Taken,
    foreign: Vec<ForeignPod>,
    earlier: Vec<(String, PodFacts)>,
}

impl<'a> Pods<'a> {
    fn new(nodes: &'a BTreeMap<String, NodeObject>, namespaces: &'a [String]) -> Self {
        let namespaces = namespaces.iter().map(String::as_str).collect();
        Self { nodes, namespaces, taken: Taken::default(), foreign: Vec::new(), earlier: Vec::new() }
    }

    fn add(&mut self, object: &PodObject) {
        let here = self.nodes.contains_key(&object.spec.node_name);
        let run = object.metadata.labels.get(RUN_LABEL);
        if let Some(run) = run.filter(|_| here || self.namespaces.contains(object.metadata.namespace.as_str())) {
            self.earlier.push((run.clone(), pod::facts(object)));
        }
        if !here || is_over(object) {
            return;
        }
        self.taken.add(object);
        if run.is_none() && daemon_set_of(object).is_none() {
            self.foreign.push(ForeignPod {
                namespace: object.metadata.namespace.clone(),
                name: object.metadata.name.clone(),
                node: object.spec.node_name.clone(),
                requests: requests::of_pod(&object.spec),
                of_aws_batch: object.metadata.labels.contains_key(JOB_ID_LABEL),
            });
        }
    }
}
