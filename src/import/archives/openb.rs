//! Alibaba's GPU traces of 2023 (`openb`, github.com/alibaba/clusterdata): a list of pods, and one of nodes.
//!
//! Pods ask for a part of a GPU there; AWS Batch knows whole ones. Models of GPUs can't be asked for: a queue has three compute
//! environments at most, fewer than there are models.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::Deserialize;

use crate::import::Notes;
use crate::import::runs::RunFailure;
use crate::import::work::{
    RecordedAttempt, RecordedJob, RecordedNodes, RecordedRequests, RecordedWork, WorkError, plain,
};
use crate::units::{MiB, MilliCpu, SimDuration, SimTime};

/// How long pods stay that never leave: longer than whoever looks on.
const HELD: SimDuration = SimDuration::from_secs(10 * 365 * 86_400);

/// When a run of pods that never leave ends: all that can be placed has been, and how full nodes are hardly changes with the
/// first seconds.
const HELD_STOP: SimDuration = SimDuration::from_secs(86_400);

/// How a list of pods is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Openb {
    /// All pods come at the beginning, in the list's order, and stay: how full do the nodes get?
    pub hold: bool,
}

#[derive(Deserialize)]
struct NodeRow {
    sn: String,
    cpu_milli: u32,
    memory_mib: u32,
    gpu: u16,
    model: Option<String>,
}

#[derive(Deserialize)]
struct PodRow {
    name: String,
    cpu_milli: u32,
    memory_mib: u32,
    num_gpu: u16,
    #[serde(default)]
    gpu_milli: u32,
    #[serde(default)]
    gpu_spec: String,
    #[serde(default)]
    qos: String,
    #[serde(default)]
    pod_phase: String,
    creation_time: Option<u64>,
    deletion_time: Option<u64>,
    scheduled_time: Option<u64>,
}

/// Reads both lists, plain or gzipped.
pub fn openb(pod_list: impl Read, node_list: impl Read, options: Openb) -> Result<RecordedWork, WorkError> {
    let mut notes = Notes::default();
    let sizes = read_nodes(node_list, &mut notes)?;
    let rows: Vec<(PodRow, u64)> = rows(pod_list, "the list of pods", &mut notes)?;
    let end = rows.iter().filter_map(|(row, _)| row.deletion_time).max().unwrap_or(0);
    told(&rows, &mut notes);
    let mut jobs = Vec::with_capacity(rows.len());
    let mut names = BTreeSet::new();
    for (row, line) in rows {
        if !names.insert(row.name.clone()) {
            notes.leave_out("pods whose name stands there before", format!("{} (line {line})", row.name));
            continue;
        }
        jobs.extend(job(&row, line, end, options, &mut notes));
    }
    if options.hold {
        for (job, millis) in jobs.iter_mut().zip(0..) {
            job.submit = SimTime::from_millis(millis);
        }
    }
    if options.hold {
        notes.made_up(
            "all pods come at the beginning, a millisecond apart in the list's order, and never leave (`--hold`)",
        );
    }
    notes.used(format!("{} pods on {} nodes of {} sizes", jobs.len(), count(&sizes), sizes.len()));
    let description =
        format!("{} pods of Alibaba's GPU trace (openb, 2023) on its {} nodes.", jobs.len(), count(&sizes));
    Ok(RecordedWork { description, jobs, nodes: sizes, stop: options.hold.then_some(HELD_STOP), notes })
}

fn count(nodes: &[RecordedNodes]) -> u32 {
    nodes.iter().map(|node| node.count).sum()
}

/// Rows with their lines; those that are none are left out.
fn rows<T: for<'de> Deserialize<'de>>(
    file: impl Read,
    what: &str,
    notes: &mut Notes,
) -> Result<Vec<(T, u64)>, WorkError> {
    let unreadable = |error: &dyn std::fmt::Display| WorkError::new(format!("{what}: {error}"), "fetch the file again");
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(plain(file).map_err(|error| unreadable(&error))?);
    let headers = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => return Err(unreadable(&error)),
            Err(error) => {
                notes.leave_out(&format!("lines of {what} that can't be read"), error.to_string());
                continue;
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        match record.deserialize(Some(&headers)) {
            Ok(row) => rows.push((row, line)),
            Err(error) => {
                notes.leave_out(&format!("lines of {what} that can't be read"), format!("line {line}: {error}"));
            }
        }
    }
    if rows.is_empty() {
        return Err(WorkError::new(
            format!("{what} holds no row\n{notes}\n"),
            "name openb_pod_list_….csv and, with --node-list, openb_node_list_….csv",
        ));
    }
    Ok(rows)
}

fn read_nodes(file: impl Read, notes: &mut Notes) -> Result<Vec<RecordedNodes>, WorkError> {
    let mut sizes: BTreeMap<(u32, u32, u16), u32> = BTreeMap::new();
    let mut models: BTreeMap<String, u32> = BTreeMap::new();
    for (row, line) in rows::<NodeRow>(file, "the list of nodes", notes)? {
        if row.cpu_milli == 0 {
            notes.leave_out("nodes without CPU", format!("{} (line {line})", row.sn));
            continue;
        }
        *sizes.entry((row.cpu_milli, row.memory_mib, row.gpu)).or_default() += 1;
        if let Some(model) = row.model.filter(|model| !model.is_empty()) {
            *models.entry(model).or_default() += 1;
        }
    }
    for (model, nodes) in models {
        notes.leave_out_many(&format!("model of GPU of nodes, {model}: nodes differ in size only"), u64::from(nodes));
    }
    let node = |((cpu, memory, gpus), count)| RecordedNodes { count, cpu: MilliCpu(cpu), memory: MiB(memory), gpus };
    Ok(sizes.into_iter().map(node).collect())
}

/// What is said once of many pods.
fn told(rows: &[(PodRow, u64)], notes: &mut Notes) {
    let parts: Vec<_> =
        rows.iter().filter(|(row, _)| row.num_gpu > 0 && row.gpu_milli > 0 && row.gpu_milli < 1_000).collect();
    if !parts.is_empty() {
        let asked: u64 = parts.iter().map(|(row, _)| u64::from(row.num_gpu) * u64::from(row.gpu_milli)).sum();
        let given: u64 = parts.iter().map(|(row, _)| u64::from(row.num_gpu)).sum();
        notes.made_up(format!(
            "{} pods ask for a part of a GPU, {} GPUs in all: each is given a whole one, {given} in all, as AWS Batch shares none",
            parts.len(),
            asked.div_ceil(1_000)
        ));
    }
    for (row, line) in rows.iter().filter(|(row, _)| !row.gpu_spec.is_empty()) {
        let reason = "`gpu_spec`: a queue has 3 compute environments at most, so models of GPUs can't be asked for";
        notes.leave_out(reason, format!("{} (line {line})", row.name));
    }
}

fn job(row: &PodRow, line: u64, end: u64, options: Openb, notes: &mut Notes) -> Option<RecordedJob> {
    let place = || format!("{} (line {line})", row.name);
    let Some(created) = row.creation_time else {
        notes.leave_out("pods without a creation_time", place());
        return None;
    };
    let deleted = row.deletion_time.unwrap_or_else(|| {
        notes.made_up("pods without a deletion_time stay until the last of the others is deleted");
        end
    });
    let started = row.scheduled_time.unwrap_or_else(|| {
        notes.made_up("pods that were never scheduled run as long as they waited to be deleted");
        created
    });
    let Some(secs) = deleted.checked_sub(started).filter(|_| started >= created) else {
        notes.leave_out(
            "pods that were deleted before they were scheduled, or scheduled before they were made",
            place(),
        );
        return None;
    };
    let failed = row.pod_phase == "Failed";
    if failed {
        notes.made_up("pods whose phase is Failed end with exit code 1 when they were deleted");
    }
    let runtime = if options.hold { HELD } else { SimDuration::from_secs(secs) };
    let failure = (failed && !options.hold).then_some(RunFailure::ExitCode(1));
    Some(RecordedJob {
        kind: if row.qos.is_empty() { "pod".to_owned() } else { row.qos.to_lowercase() },
        place: place(),
        queue: None,
        user: None,
        requests: RecordedRequests {
            cpu: MilliCpu(row.cpu_milli),
            memory: Some(MiB(row.memory_mib)),
            gpus: row.num_gpu,
        },
        submit: SimTime::ZERO + SimDuration::from_secs(created),
        attempts: vec![RecordedAttempt { runtime, failure }],
        depends_on: Vec::new(),
    })
}
