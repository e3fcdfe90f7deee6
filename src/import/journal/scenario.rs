//! The whole scenario of a day, the runs beside it, and what was lost or made up on the way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::catalog;
use crate::ids::{InstanceTypeId, JobId, JobRef};
use crate::import::journal::day::{AdoptedNode, Attempt, Day, Submission};
use crate::import::journal::documents::Documents;
use crate::import::runs::{self, Run, Runs, RunsError};
use crate::import::workload::{RUNS_FILE, TIMED_OUT_FACTOR, UNKNOWN_RUNTIME, workload_entry};
use crate::import::{Imported, Notes, fit};
use crate::model::{Assumptions, Resources, duration};
use crate::scheduler::{Dependency, TypeFacts};
use crate::units::{SimDuration, SimTime};

/// Submissions that are one entry of the workload.
struct Entry<'a> {
    first: &'a Submission,
    name: String,
    times: Vec<SimTime>,
}

/// Turns a day into a scenario that reads its runs from `runs.csv` beside it.
pub fn scenario(day: &Day) -> Result<Imported, RunsError> {
    let mut documents = Documents::new(day);
    let (entries, places) = entries(day);
    let runs = runs(day, &entries, &places);
    let workload: Vec<_> = entries.iter().map(|entry| written(day, entry, &documents, &runs, &places)).collect();
    let mut scenario = json!({
        "description": format!("A day of `{}`, from its journal.", day.header.scenario),
        "region": documents.region(),
        "seed": day.header.seed.unwrap_or(1),
        "computeEnvironments": documents.environments(),
        "jobQueues": documents.queues(),
        "jobDefinitions": documents.job_definitions(),
        "cluster": cluster(day, &documents),
        "workload": workload,
        "assumptions": assumptions(day),
    });
    for (key, list) in [
        ("schedulingPolicies", documents.scheduling_policies()),
        ("consumableResources", documents.consumable_resources()),
        ("operations", operations(day, &places)),
    ] {
        if !list.is_empty() {
            scenario[key] = Value::Array(list);
        }
    }
    let policies = documents.policies();
    if !policies.is_empty() {
        scenario["policies"] = Value::Object(policies);
    }
    let mut notes = documents.notes;
    let attempts: usize = runs.values().map(Vec::len).sum();
    notes.used(format!("{} submissions and {attempts} recorded attempts", day.submissions.len()));
    losses(day, &mut notes);
    let arrays = entries.iter().filter(|entry| entry.first.array_size.is_some());
    let arrays: BTreeSet<_> = arrays.map(|entry| entry.name.as_str()).collect();
    let rows = runs::write(&runs, |jobs| arrays.contains(jobs))?;
    Ok(Imported { scenario, files: BTreeMap::from([(RUNS_FILE.to_owned(), rows)]), notes })
}

/// Where a submission went: entry, and index in it.
type Places = BTreeMap<JobId, (usize, u64)>;

/// Submissions that differ in nothing but their time are one entry, in order of the first of them.
fn entries(day: &Day) -> (Vec<Entry<'_>>, Places) {
    let mut known = BTreeMap::new();
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut places = Places::new();
    for submission in &day.submissions {
        let waits: Vec<_> = submission.depends_on.iter().map(key).collect();
        let kind = (submission.job.entry(), submission.queue, submission.spec, submission.array_size, waits);
        let at = *known.entry(kind).or_insert_with(|| {
            let name = format!("jobs-{}", entries.len());
            entries.push(Entry { first: submission, name, times: Vec::new() });
            entries.len() - 1
        });
        places.entry(submission.job).or_insert((at, entries[at].times.len() as u64));
        entries[at].times.push(submission.at);
    }
    (entries, places)
}

/// A dependency, to be compared.
const fn key(dependency: &Dependency) -> (u8, u64) {
    match dependency {
        Dependency::Job(job) => (0, job.raw()),
        Dependency::NToN(job) => (1, job.raw()),
        Dependency::Sequential => (2, 0),
    }
}

fn runs(day: &Day, entries: &[Entry<'_>], places: &Places) -> Runs {
    let mut runs = Runs::new();
    for (&(job, child, attempt), &recorded) in &day.runs {
        if let Some(&(entry, index)) = places.get(&job) {
            let Attempt { start, runtime, stop, failure } = recorded;
            let run = Run { index, child, attempt, start, runtime, stop, failure };
            runs.entry(entries[entry].name.clone()).or_default().push(run);
        }
    }
    for own in runs.values_mut() {
        own.sort_unstable();
    }
    runs
}

fn written(day: &Day, entry: &Entry<'_>, documents: &Documents<'_>, runs: &Runs, places: &Places) -> Value {
    let Submission { queue, spec, array_size, ref depends_on, .. } = *entry.first;
    let names = &day.header.names;
    let mut submit = json!({
        "jobName": documents.job_name(spec),
        "jobQueue": names.job_queues.get(queue.index()),
        "jobDefinition": documents.definitions.get(&spec),
    });
    if let Some(share) = documents.share_of(spec) {
        submit["shareIdentifier"] = json!(share);
    }
    if let Some(size) = array_size {
        submit["arrayProperties"] = json!({ "size": size });
    }
    let waits: Vec<_> = depends_on.iter().filter_map(|dependency| wait(dependency, places)).collect();
    if !waits.is_empty() {
        submit["dependsOn"] = json!(waits);
    }
    workload_entry(&entry.name, &submit, &entry.times, runs.get(&entry.name).map_or(&[], Vec::as_slice))
}

fn text(at: SimTime) -> String {
    duration::to_text(at.since(SimTime::ZERO))
}

fn wait(dependency: &Dependency, places: &Places) -> Option<Value> {
    Some(match dependency {
        Dependency::Job(job) => json!({ "jobId": placed(*job, places)?.to_string() }),
        Dependency::NToN(job) => json!({ "jobId": placed(*job, places)?.to_string(), "type": "N_TO_N" }),
        Dependency::Sequential => json!({ "type": "SEQUENTIAL" }),
    })
}

/// The id of a job in the scenario.
fn placed(job: JobId, places: &Places) -> Option<JobId> {
    let &(entry, index) = places.get(&job)?;
    Some(JobId::new(u16::try_from(entry).ok()?, index))
}

/// Jobs that people ended.
fn operations(day: &Day, places: &Places) -> Vec<Value> {
    let calls = day.ended_by_request.iter().filter_map(|request| {
        let job = JobRef { job: placed(request.job.job, places)?, child: request.job.child };
        let operation = if request.terminate { "TerminateJob" } else { "CancelJob" };
        let input = json!({ "jobId": job.to_string(), "reason": "recorded" });
        Some(json!({ "at": text(request.at), "operation": operation, "input": input }))
    });
    calls.collect()
}

fn cluster(day: &Day, documents: &Documents<'_>) -> Value {
    let mut cluster = json!({ "daemonSets": daemon_sets(day), "instanceTypes": instance_types(day, documents) });
    let mut nodes: Vec<(AdoptedNode, u32)> = Vec::new();
    for &node in day.nodes.iter().filter(|node| is_unmanaged(day, node)) {
        match nodes.last_mut() {
            Some((last, count)) if *last == node => *count += 1,
            _ => nodes.push((node, 1)),
        }
    }
    let names = &day.header.names.compute_environments;
    let rows = nodes.into_iter().map(|(node, count)| {
        json!({
            "computeEnvironment": names.get(node.environment.index()),
            "count": count,
            "cpu": format!("{}m", node.free.cpu.0),
            "memory": format!("{}Mi", node.free.memory.0),
            "gpus": node.free.gpus,
            "pods": node.free.pods
        })
    });
    cluster["nodes"] = Value::Array(rows.collect());
    cluster
}

fn is_unmanaged(day: &Day, node: &AdoptedNode) -> bool {
    day.environments.get(node.environment.index()).is_some_and(|environment| environment.managed.is_none())
}

/// What was taken of nodes beside what their kubelets keep: as most nodes showed it, as one daemonset for each pod slot.
fn daemon_sets(day: &Day) -> Vec<Value> {
    let taken = taken(day).into_iter().max_by_key(|&(taken, nodes)| (nodes, taken)).map(|(taken, _)| taken);
    let Some(taken) = taken.filter(|taken| *taken != Resources::ZERO) else { return Vec::new() };
    let pods = taken.pods.max(1);
    let rows = (0..pods).map(|n| {
        let (cpu, memory) = if n == 0 { (taken.cpu.0, taken.memory.0) } else { (0, 0) };
        json!({ "name": format!("recorded-{n}"), "cpu": format!("{cpu}m"), "memory": format!("{memory}Mi") })
    });
    rows.collect()
}

/// What was taken of nodes beside what their kubelets keep, and of how many nodes so.
fn taken(day: &Day) -> BTreeMap<Resources, u64> {
    let mut taken: BTreeMap<Resources, u64> = BTreeMap::new();
    for (id, offers) in &day.offers {
        let Some(facts) = day.header.config.instance_types.get(id.index()) else { continue };
        for (&free, &nodes) in offers {
            let less = facts.allocatable.saturating_sub(free);
            *taken.entry(Resources { gpus: 0, ..less }).or_default() += nodes;
        }
    }
    taken
}

/// The prices that the day knew, and types that the catalog lacks.
fn instance_types(day: &Day, documents: &Documents<'_>) -> Vec<Value> {
    let types = day.header.config.instance_types.iter().zip(0..);
    types.map(|(facts, id)| instance_type(documents.type_name(InstanceTypeId(id)), facts)).collect()
}

fn instance_type(name: &str, facts: &TypeFacts) -> Value {
    let mut written = json!({
        "name": name,
        "onDemandPrice": facts.on_demand_per_hour.as_usd(),
        "spotPrice": facts.spot_per_hour.as_usd(),
    });
    if catalog::instance_type(name).is_err() {
        written["vcpus"] = json!(facts.vcpus);
        written["memoryMiB"] = json!(facts.allocatable.memory.0);
        written["gpus"] = json!(facts.allocatable.gpus);
        written["maxPods"] = json!(facts.allocatable.pods);
    }
    written
}

/// What the core was told, and what was measured of the world.
fn assumptions(day: &Day) -> Value {
    let mut all = core_assumptions(day);
    let ready = |wanted: Class| {
        let of = day.measured.ready.iter().filter(move |(id, _)| class(day, **id) == wanted);
        of.flat_map(|(_, spans)| spans.iter().copied())
    };
    let measured = [
        ("requestToPending", fit::distribution(day.measured.request.iter().copied())),
        ("pendingToReady", fit::distribution(ready(Class::Cpu))),
        ("pendingToReadyGpu", fit::distribution(ready(Class::Gpu))),
        ("pendingToReadyMetal", fit::distribution(ready(Class::Metal))),
        ("terminateToGone", fit::distribution(day.measured.gone.iter().copied())),
        ("podStart", fit::distribution(day.measured.pod_start.iter().copied())),
    ];
    for (name, distribution) in measured {
        if let Some(distribution) = distribution {
            all.insert(name.to_owned(), distribution);
        }
    }
    if let Some(median) = fit::median(&day.measured.stop) {
        all.insert("sigtermToExit".to_owned(), json!(duration::to_text(median)));
    }
    // What was measured from CreatePod to RUNNING holds the pull already.
    all.insert("imageSizeMiB".to_owned(), json!(0));
    Value::Object(all)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Cpu,
    Gpu,
    Metal,
}

fn class(day: &Day, id: InstanceTypeId) -> Class {
    let facts = day.header.config.instance_types.get(id.index());
    let name = day.header.names.instance_types.get(id.index());
    if name.is_some_and(|name| name.contains("metal")) {
        Class::Metal
    } else if facts.is_some_and(|facts| facts.allocatable.gpus > 0) {
        Class::Gpu
    } else {
        Class::Cpu
    }
}

/// The core's settings are assumptions of the same names; spans of time are text there.
fn core_assumptions(day: &Day) -> Map<String, Value> {
    let known = serde_json::to_value(Assumptions::default()).unwrap_or_default();
    let Ok(Value::Object(settings)) = serde_json::to_value(&day.header.config.settings) else { return Map::new() };
    let renamed = settings.into_iter().map(|(name, value)| {
        let name = match name.as_str() {
            "coldDaemonSetCpu" => "coldDaemonSetCpuMilli".to_owned(),
            "coldDaemonSetMemory" => "coldDaemonSetMemoryMiB".to_owned(),
            _ => name,
        };
        let span = value.as_u64().filter(|_| known[&name].is_string());
        let value = span.map_or(value, |millis| json!(duration::to_text(SimDuration::from_millis(millis))));
        (name, value)
    });
    renamed.filter(|(name, _)| known.get(name).is_some()).collect()
}

/// What a scenario can't say, or this day did not tell.
fn losses(day: &Day, notes: &mut Notes) {
    for (what, count) in &day.dropped {
        notes.leave_out_many(what, *count);
    }
    if let Some(error) = &day.cut_off {
        notes.leave_out("what comes after the journal's readable part", error.as_str());
    }
    let managed = day.nodes.iter().filter(|node| !is_unmanaged(day, node)).count();
    if managed > 0 {
        notes.leave_out_many("nodes of MANAGED environments that nobody had launched", managed as u64);
    }
    if day.cut_short > 0 {
        notes.made_up(format!(
            "{} attempts were ended by a request or the loss of their node: they run as long as the job's next attempt did, else \
             as is drawn from those of their kind that succeeded, else {}",
            day.cut_short,
            duration::to_text(UNKNOWN_RUNTIME)
        ));
    }
    if day.timed_out > 0 {
        notes.made_up(format!(
            "{} attempts were ended by a timeout: they are taken to need {TIMED_OUT_FACTOR} times as long",
            day.timed_out
        ));
    }
    if taken(day).len() > 1 {
        notes.made_up("nodes differed in what daemonsets took: all are given what most showed");
    }
    notes.made_up("what a journal holds none of: images, commands, namespaces, subnets, roles, account");
}
