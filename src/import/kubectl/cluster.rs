//! What objects say of nodes for jobs: what a type offers, which daemonsets are on it, and what is left of fixed nodes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalog;
use crate::import::kubectl::reading::Reading;
use crate::import::notes::Notes;
use crate::kubernetes::labels::{INSTANCE_TYPE_LABEL, ZONE_LABEL, capacity_type};
use crate::kubernetes::objects::{NodeObject, Taint};
use crate::kubernetes::quantity;
use crate::model::Resources;
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, TAINT};

/// What binds a node to something that launches nodes, and that AWS Batch's nodes therefore lack.
const LAUNCHER_LABELS: &[&str] =
    &["eks.amazonaws.com/nodegroup", "karpenter.sh/nodepool", "alpha.eksctl.io/nodegroup-name"];
/// More devices than that no instance has; a GPU that is shared by time shows as many.
const GPUS_MAX: u16 = 64;
/// More than any kubelet takes.
const PODS_MAX: u16 = 10_000;

/// A type of node, as it was seen.
#[derive(Debug, Clone)]
pub(super) struct SeenType {
    /// The least that its nodes offer.
    pub(super) allocatable: Resources,
    /// What a node of AWS Batch of this type would be.
    sample: NodeObject,
    of_batch: bool,
    pub(super) nodes: u64,
}

/// A node that jobs may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Room {
    pub(super) allocatable: Resources,
    pub(super) taken: Resources,
}

/// Fixed nodes alike, and how many.
pub(super) type Rooms = BTreeMap<Room, u32>;

/// What a node offers to pods, within what a scenario can say.
fn allocatable(node: &NodeObject, notes: &mut Notes) -> Resources {
    let mut offered = quantity::offered(&node.status.allocatable);
    if offered.gpus > GPUS_MAX || offered.pods > PODS_MAX {
        notes.made_up(format!("of nodes with more than {GPUS_MAX} GPUs or {PODS_MAX} pods, only so many are taken"));
        offered.gpus = offered.gpus.min(GPUS_MAX);
        offered.pods = offered.pods.min(PODS_MAX);
    }
    offered
}

fn is_of_batch(node: &NodeObject) -> bool {
    node.metadata.labels.contains_key(COMPUTE_ENVIRONMENT_LABEL)
}

/// What a node for jobs of this one's kind would be: with AWS Batch's label and taints.
fn as_of_batch(node: &NodeObject) -> NodeObject {
    let mut sample = node.clone();
    sample.spec.unschedulable = false;
    sample
        .spec
        .taints
        .retain(|taint| is_of_batch(node) && taint.key != TAINT && !taint.key.starts_with("node.kubernetes.io/"));
    for effect in ["NoSchedule", "NoExecute"] {
        sample.spec.taints.push(Taint { key: TAINT.to_owned(), value: String::new(), effect: effect.to_owned() });
    }
    if !is_of_batch(node) {
        sample.metadata.labels.retain(|label, _| !LAUNCHER_LABELS.contains(&label.as_str()));
        sample.metadata.labels.insert(COMPUTE_ENVIRONMENT_LABEL.to_owned(), "any".to_owned());
    }
    sample
}

/// Types of nodes, by name. Nodes of AWS Batch go before others of their type: bootstrap settings may differ.
pub(super) fn types(reading: &Reading, notes: &mut Notes) -> BTreeMap<String, SeenType> {
    let mut types: BTreeMap<String, SeenType> = BTreeMap::new();
    for (name, node) in &reading.nodes {
        let Some(instance_type) = node.metadata.labels.get(INSTANCE_TYPE_LABEL) else {
            notes.leave_out(&format!("nodes without the label {INSTANCE_TYPE_LABEL}, among types"), name);
            continue;
        };
        let (offered, of_batch) = (allocatable(node, notes), is_of_batch(node));
        if offered == Resources::ZERO {
            notes.leave_out("nodes whose kubelet has not said yet what they offer, among types", name);
            continue;
        }
        let new = SeenType { allocatable: offered, sample: as_of_batch(node), of_batch, nodes: 1 };
        match types.get_mut(instance_type) {
            Some(known) if known.of_batch == of_batch => {
                if known.allocatable != offered {
                    notes.made_up(format!(
                        "nodes of {instance_type} differ in what they offer: the least of each resource is taken"
                    ));
                }
                known.allocatable = least(known.allocatable, offered);
                known.nodes += 1;
            }
            Some(known) if known.of_batch => {}
            _ => drop(types.insert(instance_type.clone(), new)),
        }
    }
    types
}

fn least(a: Resources, b: Resources) -> Resources {
    Resources {
        cpu: a.cpu.min(b.cpu),
        memory: a.memory.min(b.memory),
        gpus: a.gpus.min(b.gpus),
        pods: a.pods.min(b.pods),
    }
}

/// `cluster.instanceTypes`: what nodes of each type offer. A type that the catalog lacks has no price and can't be said.
pub(super) fn instance_types(types: &BTreeMap<String, SeenType>, notes: &mut Notes) -> Vec<Value> {
    let mut rows = Vec::new();
    for (name, seen) in types {
        if catalog::instance_type(name).is_err() {
            notes.leave_out(
                "types that the catalog lacks, for want of a price: add them to cluster.instanceTypes",
                name,
            );
            continue;
        }
        notes.used(format!("what {} of {name} offer: {}", of_nodes(seen.nodes), seen.allocatable));
        rows.push(json!({ "name": name, "allocatable": amount(seen.allocatable) }));
    }
    rows
}

fn of_nodes(count: u64) -> String {
    if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") }
}

pub(super) fn amount(of: Resources) -> Value {
    let mut written =
        json!({ "cpu": format!("{}m", of.cpu.0), "memory": format!("{}Mi", of.memory.0), "pods": of.pods });
    if of.gpus > 0 {
        written["gpus"] = json!(of.gpus);
    }
    written
}

/// `cluster.daemonSets`: those that AWS Batch's nodes get. `None` where no file told of daemonsets.
pub(super) fn daemon_sets(
    reading: &Reading,
    types: &BTreeMap<String, SeenType>,
    notes: &mut Notes,
) -> Option<Vec<Value>> {
    if reading.daemon_sets.is_empty() {
        notes.made_up(
            "daemonsets: there are none in the files, so that the typical ones of `windtunnel assumptions` stand in",
        );
        return None;
    }
    let mut rows = Vec::new();
    for set in &reading.daemon_sets {
        let name = format!("{}/{}", set.namespace, set.name);
        let asks = set.requests;
        if !set.tolerates_batch_taint() {
            notes.leave_out(
                &format!("daemonsets that don't tolerate {TAINT}: AWS Batch's nodes have none of them"),
                name,
            );
            continue;
        }
        let on: Vec<_> = types.iter().filter(|(_, seen)| set.wants(&seen.sample)).map(|(name, _)| name).collect();
        if on.is_empty() && !types.is_empty() {
            notes.leave_out("daemonsets whose node selector or affinity keeps them off all nodes like these", name);
            continue;
        }
        if asks.gpus > 0 {
            notes.leave_out("GPUs that daemonsets ask for", name.as_str());
        }
        notes.used(format!("daemonset {name}, {asks} on {}", where_on(on.len(), types.len())));
        let mut row =
            json!({ "name": name, "cpu": format!("{}m", asks.cpu.0), "memory": format!("{}Mi", asks.memory.0) });
        if on.len() < types.len() {
            row["instanceTypes"] = json!(on);
        }
        rows.push(row);
    }
    if types.values().any(|seen| !seen.of_batch) {
        notes.made_up(
            "types without a node of AWS Batch: its nodes are taken to offer what others of the type do, and to carry their labels \
             but those of whoever launched them",
        );
    }
    Some(rows)
}

fn where_on(some: usize, all: usize) -> String {
    if some == all { "nodes of all types".to_owned() } else { format!("nodes of {some} of {all} types") }
}

/// Nodes that jobs may use, by compute environment's uuid; those with `label` (key and value) under its text.
pub(super) fn fixed(reading: &Reading, label: Option<&(String, String)>, notes: &mut Notes) -> BTreeMap<String, Rooms> {
    let mut fixed: BTreeMap<String, Rooms> = BTreeMap::new();
    let (mut foreign, mut jobs) = (0, 0);
    for (name, node) in &reading.nodes {
        let labels = &node.metadata.labels;
        let labelled =
            label.filter(|(key, value)| labels.get(key) == Some(value)).map(|(key, value)| format!("{key}={value}"));
        let Some(environment) = labels.get(COMPUTE_ENVIRONMENT_LABEL).cloned().or(labelled) else {
            let other = "nodes without AWS Batch's label, as nodes for jobs (--nodes-labelled KEY=VALUE takes those with a label)";
            notes.leave_out(other, name);
            continue;
        };
        let ready = node.status.conditions.iter().find(|condition| condition.kind == "Ready");
        let offered = allocatable(node, notes);
        if node.spec.unschedulable {
            notes.leave_out("nodes that are cordoned", name);
        } else if ready.is_some_and(|condition| condition.status != "True") {
            notes.leave_out("nodes that are not ready", name);
        } else if offered == Resources::ZERO {
            notes.leave_out("nodes whose kubelet has not said yet what they offer", name);
        } else {
            let own = reading.foreign.get(name).map_or(&[][..], Vec::as_slice);
            for pod in own.iter().take(1) {
                notes.made_up(format!(
                    "pods of others, like {} ({}), stay where they are for the whole run",
                    pod.place, pod.requests
                ));
            }
            foreign += own.len();
            jobs += reading.of_batch.get(name).copied().unwrap_or(0);
            let room = Room { allocatable: offered, taken: within(reading.taken.of(node, &reading.daemon_sets)) };
            *fixed.entry(environment).or_default().entry(room).or_default() += 1;
        }
    }
    if foreign > 0 {
        notes.used(format!("{foreign} pods of others on nodes for jobs: they take room there"));
    }
    if jobs > 0 {
        notes.leave_out_many("running pods of AWS Batch's jobs: their room counts as free", jobs);
    }
    fixed
}

fn within(taken: Resources) -> Resources {
    Resources { gpus: taken.gpus.min(GPUS_MAX), pods: taken.pods.min(PODS_MAX), ..taken }
}

/// `cluster.nodes` of an environment.
pub(super) fn rows(environment: &str, rooms: &Rooms) -> Vec<Value> {
    let rows = rooms.iter().map(|(room, count)| {
        let mut row = amount(room.allocatable);
        row["computeEnvironment"] = json!(environment);
        row["count"] = json!(count);
        row["taken"] = amount(room.taken);
        row
    });
    rows.collect()
}

/// The region that most zones of nodes are in, where the catalog knows it; and how nodes were bought is told.
pub(super) fn region(reading: &Reading, notes: &mut Notes) -> Option<String> {
    let label = |node: &NodeObject| node.metadata.labels.get(ZONE_LABEL).cloned();
    let mut zones: BTreeMap<String, u64> = BTreeMap::new();
    let mut bought: BTreeMap<String, u64> = BTreeMap::new();
    for node in reading.nodes.values() {
        if let Some(zone) = label(node) {
            *zones.entry(zone).or_default() += 1;
        }
        if let Some(how) = capacity_type(node) {
            *bought.entry(how.to_owned()).or_default() += 1;
        }
    }
    let told = |of: &BTreeMap<String, u64>| {
        of.iter().map(|(what, count)| format!("{count} in {what}")).collect::<Vec<_>>().join(", ")
    };
    if !zones.is_empty() {
        notes.used(format!("zones of nodes: {}", told(&zones)));
    }
    if !bought.is_empty() {
        let how: Vec<_> = bought.iter().map(|(how, count)| format!("{count} {how}")).collect();
        notes.used(format!("capacity types of nodes: {}; fixed nodes have none in a scenario", how.join(", ")));
    }
    let known: BTreeSet<_> = zones.keys().map(|zone| zone.trim_end_matches(|c: char| c.is_ascii_lowercase())).collect();
    let of =
        |region: &str| zones.iter().filter(|(zone, _)| zone.starts_with(region)).map(|(_, count)| count).sum::<u64>();
    let region = known.into_iter().filter(|region| catalog::region(region).is_ok()).max_by_key(|region| of(region));
    region.map(str::to_owned)
}
