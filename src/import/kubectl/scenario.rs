//! A scenario around the cluster that was read: with someone's own workload, or with one made up so that it runs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::catalog;
use crate::import::imported::Imported;
use crate::import::kubectl::cluster::{self, Rooms, SeenType};
use crate::import::kubectl::reading::Reading;
use crate::import::notes::Notes;
use crate::import::stand_ins::{eks_configuration, with_network};
use crate::import::trickle;
use crate::model::Resources;
use crate::units::{MiB, MilliCpu};

/// Where no zone tells.
const REGION: &str = "us-east-1";
/// Stands for images, which nothing runs.
const IMAGE: &str = "imported";
/// Of the environment that is made up where no node is for jobs.
const MANAGED_VCPUS_MAX: u32 = 256;
/// What the made-up job asks for, where nodes have that much.
const JOB: (u32, u32) = (1_000, 1_024);
/// AWS Batch's steps and least amounts for containers in pods.
const CPU_STEP: u32 = 250;
const MEMORY_LEAST: u32 = 4;
const DEFINITION: &str = "made-up";

/// What is asked of an import beside its files.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Key and value of a label: nodes that carry it are nodes for jobs, too.
    pub nodes_labelled: Option<(String, String)>,
    /// The scenario that runs on this cluster, with its documents in place, instead of a made-up one.
    pub workload: Option<Value>,
    /// The region, where zones don't tell it.
    pub region: Option<String>,
}

/// Writes the cluster as a scenario.
pub fn scenario(mut reading: Reading, wanted: &Wanted) -> Imported {
    let mut notes = std::mem::take(&mut reading.notes);
    notes.used(format!(
        "{} nodes, {} daemonsets, {} pods",
        reading.nodes.len(),
        reading.daemon_sets.len(),
        reading.pods
    ));
    if reading.pods == 0 {
        notes.made_up("that nobody else has pods: there are none in the files");
    }
    let types = cluster::types(&reading, &mut notes);
    let mut own = json!({ "instanceTypes": cluster::instance_types(&types, &mut notes) });
    let sets = cluster::daemon_sets(&reading, &types, &mut notes);
    if let Some(sets) = &sets {
        own["daemonSets"] = json!(sets);
    }
    let fixed = cluster::fixed(&reading, wanted.nodes_labelled.as_ref(), &mut notes);
    let found = cluster::region(&reading, &mut notes);
    let scenario = if let Some(workload) = &wanted.workload {
        taken_over(workload.clone(), own, &fixed, &mut notes)
    } else {
        let region = wanted.region.clone().or(found).unwrap_or_else(|| {
            notes.made_up(format!(
                "the region, {REGION}: no node has a zone that the catalog knows (--region names it)"
            ));
            REGION.to_owned()
        });
        made_up(&region, own, &fixed, &types, &mut notes)
    };
    Imported { scenario, files: BTreeMap::new(), notes }
}

/// Someone's scenario on this cluster.
fn taken_over(mut scenario: Value, mut own: Value, fixed: &BTreeMap<String, Rooms>, notes: &mut Notes) -> Value {
    notes.used("documents, workload and assumptions of the scenario that --workload names");
    let environments = scenario["computeEnvironments"].as_array().map_or(&[][..], Vec::as_slice);
    let unmanaged = environments.iter().filter(|environment| environment["type"].as_str() == Some("UNMANAGED"));
    let unmanaged: Vec<_> =
        unmanaged.filter_map(|environment| environment["computeEnvironmentName"].as_str().map(str::to_owned)).collect();
    let mut rows = Vec::new();
    for (uuid, rooms) in fixed {
        let count: u32 = rooms.values().sum();
        // Documents don't hold the uuid that AWS gave an environment: only where there is one is it clear which is meant.
        if let [name] = unmanaged.as_slice() {
            notes.made_up(format!("that the {count} nodes of {uuid} belong to the UNMANAGED environment {name}"));
            rows.extend(cluster::rows(name, rooms));
        } else {
            let reason = "nodes for jobs that the scenario of --workload has no one UNMANAGED environment for";
            notes.leave_out_many(reason, count.into());
        }
    }
    let before = scenario["cluster"].take();
    let known = own["instanceTypes"].as_array().cloned().unwrap_or_default();
    let mut types: Vec<Value> = before["instanceTypes"].as_array().cloned().unwrap_or_default();
    for row in &mut types {
        if let Some(seen) = known.iter().find(|seen| seen["name"] == row["name"]) {
            row["allocatable"] = seen["allocatable"].clone();
        }
    }
    let listed: Vec<_> = types.iter().map(|row| row["name"].clone()).collect();
    types.extend(known.iter().filter(|seen| !listed.contains(&seen["name"])).cloned());
    own["instanceTypes"] = json!(types);
    for (key, what) in [("daemonSets", "daemonsets"), ("nodes", "fixed nodes")] {
        let replaced = key == "nodes" || own.get(key).is_some();
        match before.get(key) {
            Some(old) if replaced => {
                let count = old.as_array().map_or(0, Vec::len);
                notes.leave_out_many(
                    &format!("{what} of the scenario that --workload names: the cluster's own count"),
                    count as u64,
                );
            }
            Some(old) => own[key] = old.clone(),
            None => {}
        }
    }
    own["nodes"] = json!(rows);
    scenario["cluster"] = own;
    scenario
}

/// A cluster with a job now and then.
fn made_up(
    region: &str,
    mut own: Value,
    fixed: &BTreeMap<String, Rooms>,
    types: &BTreeMap<String, SeenType>,
    notes: &mut Notes,
) -> Value {
    let mut environments = Vec::new();
    let mut rows = Vec::new();
    let mut rooms_of_queues = Vec::new();
    for (uuid, rooms) in fixed {
        let name = plain(uuid);
        environments.push(environment(&name, region, None));
        rows.extend(cluster::rows(&name, rooms));
        notes.used(format!(
            "{} nodes of {uuid}, as those of the UNMANAGED environment {name}",
            rooms.values().sum::<u32>()
        ));
        let free =
            rooms.keys().map(|room| room.allocatable.saturating_sub(room.taken)).filter(|free| takes_a_job(*free));
        match free.max_by_key(|free| (free.cpu, free.memory)) {
            Some(free) => rooms_of_queues.push((name, free)),
            None => notes.leave_out("queues for nodes that have no room for a job", name),
        }
    }
    if rooms_of_queues.is_empty() {
        let (listed, free) = launchable(region, types);
        notes.made_up(format!(
            "the MANAGED environment `managed` of {}, up to {MANAGED_VCPUS_MAX} vCPUs: no node is for jobs and has room",
            listed.join(", ")
        ));
        environments.push(environment("managed", region, Some(&listed)));
        rooms_of_queues.push(("managed".to_owned(), free));
    }
    if !fixed.is_empty() {
        notes.made_up("that the nodes are there for the whole run: whether AWS Batch launches them or you do is not in the objects");
    }
    let cpu =
        rooms_of_queues.iter().map(|(_, free)| free.cpu.0).min().unwrap_or(CPU_STEP).min(JOB.0) / CPU_STEP * CPU_STEP;
    let memory = rooms_of_queues.iter().map(|(_, free)| free.memory.0).min().unwrap_or(MEMORY_LEAST).min(JOB.1);
    let limits =
        json!({ "cpu": (f64::from(cpu.max(CPU_STEP)) / 1_000.0).to_string(), "memory": format!("{memory}Mi") });
    own["nodes"] = json!(rows);
    notes.made_up("names of environments and queues, namespace, image, the job definition");
    notes.made_up(trickle::told());
    let queues: Vec<_> = rooms_of_queues.iter().map(|(name, _)| name).collect();
    json!({
        "description": "A cluster as kubectl showed it, with a made-up workload.",
        "region": region,
        "computeEnvironments": environments,
        "jobQueues": queues.iter().map(|name| json!({
            "jobQueueName": name, "state": "ENABLED", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": name }],
        })).collect::<Vec<_>>(),
        "jobDefinitions": [{
            "jobDefinitionName": DEFINITION, "type": "container",
            "eksProperties": { "podProperties": { "containers": [{ "image": IMAGE, "resources": { "limits": limits } }] } },
        }],
        "cluster": own,
        "workload": queues.iter().map(|name| trickle::entry(name, DEFINITION)).collect::<Vec<_>>(),
    })
}

fn takes_a_job(free: Resources) -> bool {
    Resources::pod(MilliCpu(CPU_STEP), MiB(MEMORY_LEAST), 0).fits(free)
}

/// Seen types that AWS Batch could launch there, of one architecture, and what the largest offers; `m5` where there is none.
fn launchable(region: &str, types: &BTreeMap<String, SeenType>) -> (Vec<String>, Resources) {
    let region = catalog::region(region).ok();
    let known = types.iter().filter_map(|(name, seen)| {
        let listed = catalog::instance_type(name).ok()?;
        region.filter(|region| region.offer(listed).is_ok())?;
        takes_a_job(seen.allocatable).then_some((name, seen, listed.arch))
    });
    let known: Vec<_> = known.collect();
    let same: Vec<_> =
        known.iter().filter(|(_, _, arch)| known.first().is_some_and(|(_, _, first)| first == arch)).collect();
    let largest = same.iter().map(|(_, seen, _)| seen.allocatable).max_by_key(|offered| (offered.cpu, offered.memory));
    match largest {
        // Daemonsets take some of it: half of it is a job's at most.
        Some(free) => {
            let half = Resources { cpu: MilliCpu(free.cpu.0 / 2), memory: MiB(free.memory.0 / 2), ..free };
            (same.iter().map(|(name, ..)| (*name).clone()).collect(), half)
        }
        None => (vec!["m5".to_owned()], Resources::pod(MilliCpu(JOB.0), MiB(JOB.1), 0)),
    }
}

/// A name for an environment, from a uuid or a label.
fn plain(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' });
    let plain: String = plain.collect::<String>().trim_matches('-').chars().take(100).collect();
    if plain.chars().next().is_some_and(char::is_alphanumeric) { format!("nodes-{plain}") } else { "nodes".to_owned() }
}

fn environment(name: &str, region: &str, managed: Option<&[String]>) -> Value {
    let mut document = json!({
        "computeEnvironmentName": name, "type": "UNMANAGED", "state": "ENABLED",
        "eksConfiguration": eks_configuration(region),
    });
    if let Some(types) = managed {
        document["type"] = json!("MANAGED");
        document["computeResources"] = with_network(json!({
            "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": MANAGED_VCPUS_MAX,
            "instanceTypes": types,
        }));
    }
    document
}
