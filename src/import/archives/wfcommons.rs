//! Workflows in `WfFormat`, the JSON of `WfCommons`: tasks, what they wait for, and how they ran.
//!
//! Source: the schemas of github.com/wfcommons/WfFormat. From 1.5 on a task's place in the graph (`specification`) and its
//! run (`execution`) stand apart, joined by `id`; before, they are one, and the units of 1.3 and 1.4 differ: `runtime` and
//! `runtimeInSeconds`, `memory` in KB and `memoryInBytes`. A dependency may stand at either end.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::import::Notes;
use crate::import::work::{RecordedAttempt, RecordedJob, RecordedRequests, RecordedWork, WorkError, plain};
use crate::units::{MiB, MilliCpu, SimDuration, SimTime};

/// Versions whose fields are known here.
const VERSIONS: [&str; 5] = ["1.2", "1.3", "1.4", "1.5", "1.6"];
/// Bytes of a `memory` of version 1.3 (`KB`, by the migration tool of the schema).
const KB: f64 = 1_000.0;
const MIB: f64 = 1_048_576.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    #[serde(default)]
    name: String,
    schema_version: Option<String>,
    workflow: Workflow,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Workflow {
    specification: Option<Specification>,
    execution: Option<Execution>,
    /// 1.3 and 1.4; `jobs` in 1.2.
    #[serde(default, alias = "jobs")]
    tasks: Vec<Task>,
    #[serde(alias = "makespan")]
    makespan_in_seconds: Option<f64>,
    #[serde(default)]
    machines: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Specification {
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Execution {
    #[serde(default)]
    tasks: Vec<Task>,
    makespan_in_seconds: Option<f64>,
    #[serde(default)]
    machines: Vec<IgnoredAny>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
struct Task {
    name: Option<String>,
    id: Option<String>,
    category: Option<String>,
    parents: Vec<String>,
    children: Vec<String>,
    #[serde(alias = "runtime")]
    runtime_in_seconds: Option<f64>,
    #[serde(alias = "cores")]
    core_count: Option<f64>,
    #[serde(rename = "avgCPU")]
    avg_cpu: Option<f64>,
    memory_in_bytes: Option<f64>,
    /// 1.3.
    memory: Option<f64>,
}

/// Reads an instance, plain or gzipped.
pub fn wfcommons(file: impl Read, name: &str) -> Result<RecordedWork, WorkError> {
    let wrong = |error: &dyn std::fmt::Display| {
        WorkError::new(format!("{name} is no WfFormat instance: {error}"), "name a JSON file of WfInstances or WfGen")
    };
    let text = plain(file).map_err(|error| wrong(&error))?;
    let instance: Instance = serde_json::from_reader(text).map_err(|error| wrong(&error))?;
    let mut notes = Notes::default();
    let version = instance.schema_version.as_deref().unwrap_or("none");
    if !VERSIONS.contains(&version) {
        notes.made_up(format!("version {version} of WfFormat is not known here: read like 1.5"));
    }
    let executed = instance.workflow.execution.is_some();
    let recorded = instance.workflow.execution.as_ref().and_then(|known| known.makespan_in_seconds);
    let makespan = recorded.or(instance.workflow.makespan_in_seconds);
    let executed_on = instance.workflow.execution.as_ref().map_or(0, |known| known.machines.len());
    let machines = executed_on.max(instance.workflow.machines.len());
    let (tasks, mut runs) = match (instance.workflow.specification, instance.workflow.execution) {
        (Some(specification), execution) => (specification.tasks, execution.map(|one| one.tasks).unwrap_or_default()),
        (None, _) => (instance.workflow.tasks, Vec::new()),
    };
    if tasks.is_empty() {
        return Err(wrong(&"it holds no task"));
    }
    let places = places(&tasks, name, &mut notes)?;
    let mut tasks = tasks;
    join(&mut tasks, &mut runs, executed, &mut notes);
    let depends_on = dependencies(&tasks, &places, &mut notes);
    let jobs: Vec<_> =
        tasks.iter().zip(depends_on).map(|(task, depends_on)| job(task, depends_on, &mut notes)).collect();
    let edges: usize = jobs.iter().map(|job| job.depends_on.len()).sum();
    notes.used(format!("{} tasks and {edges} dependencies of `{}`, WfFormat {version}", jobs.len(), instance.name));
    notes.made_up("all tasks are submitted at the beginning, each waiting for its parents: an instance has no times of submission");
    notes.made_up("all files are where they are needed: transfers take no time but what tasks' runtimes hold of it");
    if machines > 0 {
        notes.leave_out_many("machines that the tasks ran on (`--nodes` takes fixed nodes)", machines as u64);
    }
    let mut description =
        format!("The workflow `{}` of {} tasks, from its WfFormat instance.", instance.name, jobs.len());
    if let Some(makespan) = makespan {
        description.extend([" It took ", &makespan.to_string(), " s when it was recorded."]);
    }
    Ok(RecordedWork { description, jobs, notes, ..RecordedWork::default() })
}

/// Tasks by all that others may call them: their ids, and before 1.5 their names.
fn places(tasks: &[Task], file: &str, notes: &mut Notes) -> Result<BTreeMap<String, usize>, WorkError> {
    let mut places = BTreeMap::new();
    for (at, task) in tasks.iter().enumerate() {
        let own =
            task.id.as_ref().or(task.name.as_ref()).ok_or_else(|| {
                WorkError::new(format!("{file}: task {at} has neither id nor name"), "give it an `id`")
            })?;
        if places.insert(own.clone(), at).is_some() {
            return Err(WorkError::new(
                format!("{file}: two tasks are called `{own}`"),
                "give each an `id` of its own",
            ));
        }
    }
    let mut doubled = 0;
    for (at, task) in tasks.iter().enumerate() {
        let Some(name) = task.name.as_ref().filter(|_| task.id.is_some()) else { continue };
        let known = *places.entry(name.clone()).or_insert(at);
        doubled += u64::from(known != at);
    }
    if doubled > 0 && tasks.iter().any(|task| task.category.is_some()) {
        notes.made_up(format!(
            "{doubled} tasks share a name: a dependency on it means the first, one on an id is exact"
        ));
    }
    Ok(places)
}

/// Gives tasks what is said of them under `execution`.
fn join(tasks: &mut [Task], runs: &mut Vec<Task>, executed: bool, notes: &mut Notes) {
    let mut by_id: BTreeMap<String, Task> = BTreeMap::new();
    for run in runs.drain(..) {
        match run.id.clone() {
            Some(id) if !by_id.contains_key(&id) => {
                by_id.insert(id, run);
            }
            Some(id) => notes.leave_out("executions of a task that has one already", id),
            None => notes.leave_out("executions without an id", ""),
        }
    }
    for task in tasks.iter_mut() {
        let Some(run) = task.id.as_ref().and_then(|id| by_id.remove(id)) else { continue };
        *task = Task {
            runtime_in_seconds: run.runtime_in_seconds.or(task.runtime_in_seconds),
            core_count: run.core_count.or(task.core_count),
            avg_cpu: run.avg_cpu.or(task.avg_cpu),
            memory_in_bytes: run.memory_in_bytes.or(task.memory_in_bytes),
            memory: run.memory.or(task.memory),
            ..std::mem::take(task)
        };
    }
    for (id, _) in by_id {
        notes.leave_out("executions of tasks that the specification lacks", id);
    }
    if !executed && tasks.iter().all(|task| task.runtime_in_seconds.is_none()) {
        notes.made_up("the instance was never executed: it tells no runtimes");
    }
}

/// What each waits for, whichever end says so.
fn dependencies(tasks: &[Task], places: &BTreeMap<String, usize>, notes: &mut Notes) -> Vec<Vec<usize>> {
    let mut depends_on = vec![Vec::new(); tasks.len()];
    for (at, task) in tasks.iter().enumerate() {
        let mut find = |text: &String| {
            let found = places.get(text).copied();
            if found.is_none() {
                let place =
                    format!("{} of {}", text, task.id.as_ref().or(task.name.as_ref()).map_or("", String::as_str));
                notes.leave_out("dependencies on or of tasks that are not there", place);
            }
            found
        };
        for text in &task.parents {
            depends_on[at].extend(find(text));
        }
        for text in &task.children {
            if let Some(child) = find(text) {
                depends_on[child].push(at);
            }
        }
    }
    for own in &mut depends_on {
        own.sort_unstable();
        own.dedup();
    }
    depends_on
}

fn job(task: &Task, depends_on: Vec<usize>, notes: &mut Notes) -> RecordedJob {
    let id = task.id.as_ref().or(task.name.as_ref()).map_or("", String::as_str);
    let known = |value: Option<f64>| value.filter(|value| value.is_finite() && *value >= 0.0);
    let cores = known(task.core_count).filter(|&cores| cores > 0.0).or_else(|| {
        let used = known(task.avg_cpu).map(|percent| (percent / 100.0).ceil()).filter(|&cores| cores > 1.0);
        notes.made_up(if used.is_some() {
            "CPU of tasks without `coreCount`: as many as `avgCPU` says were busy, one at least"
        } else {
            "CPU of tasks without `coreCount` and with little `avgCPU`: 1 vCPU"
        });
        used
    });
    let bytes = known(task.memory_in_bytes).or_else(|| Some(known(task.memory)? * KB)).filter(|&bytes| bytes > 0.0);
    if bytes.is_some() {
        notes.made_up("memory asked for is the memory that was used, as an instance holds no requests");
    }
    let runtime = known(task.runtime_in_seconds);
    if task.runtime_in_seconds.is_some() && runtime.is_none() {
        notes.leave_out("runtimes below zero", id);
    }
    RecordedJob {
        kind: task.category.clone().or_else(|| task.name.clone()).unwrap_or_else(|| id.to_owned()),
        place: id.to_owned(),
        queue: None,
        user: None,
        requests: RecordedRequests {
            cpu: MilliCpu(whole(cores.unwrap_or(1.0) * 1_000.0)),
            memory: bytes.map(|bytes| MiB(whole((bytes / MIB).ceil()))),
            gpus: 0,
        },
        submit: SimTime::ZERO,
        attempts: runtime
            .map(|secs| RecordedAttempt { runtime: SimDuration::from_secs_f64(secs), failure: None })
            .into_iter()
            .collect(),
        depends_on,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; the cast saturates")]
fn whole(value: f64) -> u32 {
    value.ceil() as u32
}
