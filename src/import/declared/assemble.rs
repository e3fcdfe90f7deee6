//! Documents that refer to each other, and a trickle of jobs through every queue.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::import::declared::environments::{environment, upper};
use crate::import::declared::shape::written;
use crate::import::declared::shapes::Kind;
use crate::import::declared::{pods, sizes};
use crate::import::imported::Imported;
use crate::import::notes::Notes;
use crate::import::stand_ins::ACCOUNT;
use crate::import::trickle;
use crate::model::{
    Assumptions, ComputeEnvironment, ConsumableResource, JobDefinition, JobQueue, Problem, Resources, SchedulingPolicy,
};
use crate::units::{MiB, MilliCpu};

/// Nodes of an UNMANAGED environment, which nothing but a cluster tells: so many, so large.
const UNMANAGED_NODES: u32 = 4;
const UNMANAGED_NODE: Resources = Resources { cpu: MilliCpu(16_000), memory: MiB(64 << 10), gpus: 0, pods: 110 };
/// Weight and name of the share of jobs where the policy names none.
const SHARE: &str = "default";

/// A resource as it was declared.
#[derive(Debug, Clone)]
pub(in crate::import) struct Declared {
    pub(in crate::import) kind: Kind,
    /// Where it stands, for people.
    pub(in crate::import) place: String,
    /// What it is called where it was declared: its name, if it has none of its own.
    pub(in crate::import) id: String,
    /// Its members, in whatever case.
    pub(in crate::import) members: Value,
}

/// A scenario of what was declared. `description` says where it comes from.
pub(in crate::import) fn assemble(
    declared: &[Declared],
    region: &str,
    description: &str,
    workload: Option<&Value>,
    mut notes: Notes,
) -> Imported {
    let mut lists: BTreeMap<Kind, Vec<Value>> = BTreeMap::new();
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for kind in Kind::ALL {
        // Queues refer to environments and policies, which stand before them.
        for one in declared.iter().filter(|one| one.kind == kind) {
            *counts.entry(kind).or_default() += 1;
            if let Some(document) = document(one, region, &lists, &mut notes) {
                lists.entry(kind).or_default().push(document);
            }
        }
    }
    for (kind, count) in counts {
        let kept = lists.get(&kind).map_or(0, Vec::len);
        notes.used(format!("{kept} of {count} {}", kind.list()));
    }
    let of = |kind: Kind| lists.get(&kind).cloned().unwrap_or_default();
    let mut scenario = json!({ "description": description, "region": region });
    for kind in Kind::ALL {
        scenario[kind.list()] = json!(of(kind));
    }
    let rows: Vec<_> =
        of(Kind::ComputeEnvironment).iter().filter(|one| one["type"] == "UNMANAGED").map(fixed).collect();
    if !rows.is_empty() {
        notes.made_up(format!("{UNMANAGED_NODES} nodes of {UNMANAGED_NODE} for each UNMANAGED environment"));
        scenario["cluster"] = json!({ "nodes": rows });
    }
    match workload {
        Some(own) => take_over(&mut scenario, own, &mut notes),
        None => scenario["workload"] = json!(trickle(&lists, region, &mut notes)),
    }
    notes.made_up("the account and whatever else no declaration holds: nothing is deployed yet");
    Imported { scenario, files: BTreeMap::new(), notes }
}

fn fixed(environment: &Value) -> Value {
    json!({
        "computeEnvironment": environment["computeEnvironmentName"], "count": UNMANAGED_NODES,
        "cpu": format!("{}m", UNMANAGED_NODE.cpu.0), "memory": format!("{}Mi", UNMANAGED_NODE.memory.0),
        "pods": UNMANAGED_NODE.pods,
    })
}

/// A document that AWS Batch would take; what is wrong with one that it would not is told.
fn document(one: &Declared, region: &str, known: &BTreeMap<Kind, Vec<Value>>, notes: &mut Notes) -> Option<Value> {
    let Declared { kind, place, id, members } = one;
    let mut document = written(members, kind.shape(), place, notes)?;
    let name = document[kind.name()].as_str().filter(|name| !name.is_empty() && *name != "unresolved");
    let name = name.map_or_else(
        || {
            notes.made_up(format!("{place}: the name {}, for it declares none", plain(id)));
            plain(id)
        },
        str::to_owned,
    );
    document[kind.name()] = json!(name);
    let taken = known.get(kind).into_iter().flatten().any(|other| other[kind.name()] == name.as_str());
    if taken {
        notes.leave_out("documents whose name another one has", format!("{place}: {name}"));
        return None;
    }
    for key in ["state", "resourceType"] {
        if document.get(key).is_some() {
            upper(&mut document[key]);
        }
    }
    let document = match kind {
        Kind::ComputeEnvironment => environment(document, region, place, notes)?,
        Kind::JobQueue => queue(document, region, known, place, notes)?,
        Kind::JobDefinition => pods::definition(document, place, notes)?,
        Kind::SchedulingPolicy | Kind::ConsumableResource => document,
    };
    let fault = match kind {
        Kind::ComputeEnvironment => fault::<ComputeEnvironment>(&document, ComputeEnvironment::problems),
        Kind::SchedulingPolicy => fault::<SchedulingPolicy>(&document, SchedulingPolicy::problems),
        Kind::ConsumableResource => fault::<ConsumableResource>(&document, ConsumableResource::problems),
        Kind::JobQueue => fault::<JobQueue>(&document, JobQueue::problems),
        Kind::JobDefinition => fault::<JobDefinition>(&document, |one| one.problems(&Assumptions::default())),
    };
    if let Some(fault) = fault {
        notes.leave_out("documents that AWS Batch would refuse", format!("{place}: {fault}"));
        return None;
    }
    Some(document)
}

fn fault<T: DeserializeOwned>(document: &Value, problems: impl Fn(&T) -> Vec<Problem>) -> Option<String> {
    match serde_json::from_value::<T>(document.clone()) {
        Err(error) => Some(error.to_string()),
        Ok(typed) => problems(&typed).first().map(|first| format!("{}: {}", first.pointer, first.message)),
    }
}

/// A name as AWS takes it.
fn plain(id: &str) -> String {
    let plain = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' });
    plain.collect::<String>().trim_matches('-').chars().take(120).collect()
}

/// The name that an ARN, or a name, stands for.
fn named(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

fn queue(
    mut document: Value,
    region: &str,
    known: &BTreeMap<Kind, Vec<Value>>,
    place: &str,
    notes: &mut Notes,
) -> Option<Value> {
    let names = |kind: Kind| -> BTreeSet<&str> {
        known.get(&kind).into_iter().flatten().filter_map(|one| one[kind.name()].as_str()).collect()
    };
    let environments = names(Kind::ComputeEnvironment);
    let mut order = Vec::new();
    for (n, entry) in document["computeEnvironmentOrder"].as_array().into_iter().flatten().enumerate() {
        let name = entry["computeEnvironment"].as_str().map(named).unwrap_or_default();
        if environments.contains(name) {
            order.push(json!({ "order": entry["order"].as_i64().unwrap_or(i64::try_from(n).unwrap_or(0) + 1), "computeEnvironment": name }));
        } else {
            let here = format!("{place}/computeEnvironmentOrder/{n}: {name}");
            notes.leave_out("environments of queues that are not declared here, or could not be taken", here);
        }
    }
    if order.is_empty() {
        notes.leave_out("queues without an environment that could be taken", place);
        return None;
    }
    document["computeEnvironmentOrder"] = json!(order);
    if !document["priority"].is_number() {
        notes.made_up(format!("{place}: priority 1"));
        document["priority"] = json!(1);
    }
    let policy = document["schedulingPolicyArn"].as_str().map(|arn| named(arn).to_owned());
    let fields = document.as_object_mut()?;
    fields.shift_remove("schedulingPolicyArn");
    match policy {
        Some(name) if names(Kind::SchedulingPolicy).contains(name.as_str()) => {
            let arn = format!("arn:aws:batch:{region}:{ACCOUNT}:{}/{name}", Kind::SchedulingPolicy.in_arn());
            fields.insert("schedulingPolicyArn".to_owned(), json!(arn));
        }
        Some(name) if !name.is_empty() => {
            notes.leave_out(
                "scheduling policies of queues that are not declared here: those queues are FIFO",
                format!("{place}: {name}"),
            );
        }
        _ => {}
    }
    fields.retain(|_, value| !value.is_null());
    Some(document)
}

/// Jobs of each definition through each queue whose nodes could carry them.
fn trickle(lists: &BTreeMap<Kind, Vec<Value>>, region: &str, notes: &mut Notes) -> Vec<Value> {
    let of = |kind: Kind| lists.get(&kind).into_iter().flatten();
    let mut entries = Vec::new();
    for queue in of(Kind::JobQueue) {
        let name = queue["jobQueueName"].as_str().unwrap_or_default();
        let order = queue["computeEnvironmentOrder"].as_array().into_iter().flatten();
        let environments = order.filter_map(|entry| {
            of(Kind::ComputeEnvironment).find(|one| one["computeEnvironmentName"] == entry["computeEnvironment"])
        });
        let hosts = environments
            .flat_map(|one| if one["type"] == "UNMANAGED" { vec![UNMANAGED_NODE] } else { sizes::nodes(one, region) });
        let hosts: Vec<_> = hosts.collect();
        let policy = queue["schedulingPolicyArn"].as_str().map(named);
        for definition in of(Kind::JobDefinition) {
            let job = definition["jobDefinitionName"].as_str().unwrap_or_default();
            let asked = sizes::asked(definition);
            if !asked.iter().all(|asked| hosts.iter().any(|free| asked.fits(*free))) {
                notes.leave_out(
                    "jobs that no node of the queue would carry, or that ask for nothing",
                    format!("{job} in {name}"),
                );
                continue;
            }
            let mut entry = trickle::entry(name, job);
            if let Some(policy) = policy {
                let declared = of(Kind::SchedulingPolicy).find(|one| one["name"] == policy);
                let share =
                    declared.and_then(|one| one["fairsharePolicy"]["shareDistribution"][0]["shareIdentifier"].as_str());
                entry["submit"]["shareIdentifier"] = json!(share.unwrap_or(SHARE).trim_end_matches('*'));
            }
            entries.push(entry);
        }
    }
    if entries.is_empty() {
        notes.leave_out("a workload: no queue and job definition go together; put your own in `workload`", "");
    } else {
        notes.made_up(trickle::told());
    }
    entries
}

/// Someone's jobs in what was declared.
fn take_over(scenario: &mut Value, own: &Value, notes: &mut Notes) {
    notes.used("workload, operations, policies, cluster and assumptions of the scenario that --workload names");
    for key in ["workload", "operations", "policies", "cluster", "market", "assumptions", "stop", "seed"] {
        if let Some(value) = own.get(key) {
            scenario[key] = value.clone();
        }
    }
    // Definitions that only the workload has; those that are declared count.
    for kind in Kind::ALL {
        for theirs in own[kind.list()].as_array().cloned().unwrap_or_default() {
            let declared = scenario[kind.list()].as_array().into_iter().flatten();
            let is_declared = declared.into_iter().any(|one| one[kind.name()] == theirs[kind.name()]);
            if let Some(list) = scenario[kind.list()].as_array_mut().filter(|_| !is_declared) {
                notes.used(format!(
                    "{} of --workload: {}",
                    kind.list(),
                    theirs[kind.name()].as_str().unwrap_or_default()
                ));
                list.push(theirs);
            }
        }
    }
}
