//! Jobs that differ in nothing but their time are one entry of the workload. Dependencies name single jobs of other entries, so
//! any graph can be said; an entry is as large as the graph allows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::ids::JobId;
use crate::import::fit::distribution;
use crate::import::runs::{Run, Runs};
use crate::import::work::documents::plain_name;
use crate::import::work::error::WorkError;
use crate::import::work::job::RecordedJob;
use crate::import::work::order::Ordered;
use crate::model::duration;
use crate::units::{SimDuration, SimTime};

/// Entries at most: their numbers are part of their jobs' ids.
const ENTRIES_MAX: usize = u16::MAX as usize;
/// What a job is taken to run of whose kind none is known to have.
const UNKNOWN_RUNTIME: SimDuration = SimDuration::from_mins(5);

/// What a job is submitted as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Submitted {
    pub(super) queue: String,
    pub(super) definition: String,
    pub(super) share: Option<String>,
}

/// A workload.
pub(super) struct Workload {
    pub(super) entries: Vec<Value>,
    pub(super) runs: Runs,
    /// Jobs whose runtime is nobody's record.
    pub(super) unknown: u64,
}

struct Entry {
    name: String,
    jobs: Vec<usize>,
    waits: Vec<JobId>,
}

/// Makes entries of jobs.
pub(super) fn workload(
    ordered: &Ordered,
    submitted: impl Fn(&RecordedJob) -> Submitted,
) -> Result<Workload, WorkError> {
    let entries = entries(ordered, &submitted)?;
    let kinds = kinds(&ordered.jobs);
    let mut runs = Runs::new();
    let mut unknown = 0;
    for entry in &entries {
        let own: Vec<_> =
            entry.jobs.iter().zip(0..).flat_map(|(&job, index)| attempts(&ordered.jobs[job], index)).collect();
        unknown += entry.jobs.iter().filter(|&&job| ordered.jobs[job].attempts.is_empty()).count() as u64;
        if !own.is_empty() {
            runs.insert(entry.name.clone(), own);
        }
    }
    let written = entries.iter().map(|entry| {
        let first = &ordered.jobs[entry.jobs[0]];
        written(entry, &entries, ordered, submitted(first), &kinds, runs.get(&entry.name))
    });
    Ok(Workload { entries: written.collect(), runs, unknown })
}

fn entries(ordered: &Ordered, submitted: &impl Fn(&RecordedJob) -> Submitted) -> Result<Vec<Entry>, WorkError> {
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut names = Names::default();
    let mut places = vec![None; ordered.jobs.len()];
    // By depth: entries stand behind those that they wait for, as jobs of one time are submitted in the order of entries.
    for &job in &ordered.order {
        let own = &ordered.jobs[job];
        let mut waits: Vec<JobId> = own.depends_on.iter().filter_map(|&parent| places[parent]).collect();
        waits.sort_unstable();
        let name = plain_name(&own.kind);
        let key = (ordered.depths[job], name.clone(), submitted(own), waits.clone());
        let at = *known.entry(key).or_insert_with(|| {
            entries.push(Entry { name: names.new_one(&name), jobs: Vec::new(), waits });
            entries.len() - 1
        });
        let Ok(number) = u16::try_from(at) else {
            let message =
                format!("the jobs wait for so many different ones that they make more than {ENTRIES_MAX} entries");
            return Err(WorkError::new(message, "import a part of them"));
        };
        places[job] = Some(JobId::new(number, entries[at].jobs.len() as u64));
        entries[at].jobs.push(job);
    }
    Ok(entries)
}

/// Names of entries, each once.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
    numbers: BTreeMap<String, u32>,
}

impl Names {
    fn new_one(&mut self, wanted: &str) -> String {
        let number = self.numbers.entry(wanted.to_owned()).or_default();
        loop {
            *number += 1;
            let name = if *number == 1 { wanted.to_owned() } else { format!("{wanted}-{number}") };
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

fn attempts(job: &RecordedJob, index: u64) -> impl Iterator<Item = Run> + '_ {
    (1..=u8::MAX).zip(&job.attempts).map(move |(attempt, recorded)| Run {
        start: None,
        stop: None,
        index,
        child: 0,
        attempt,
        runtime: recorded.runtime,
        failure: recorded.failure,
    })
}

/// How long jobs of a kind ran, for those of which it is not known.
fn kinds(jobs: &[RecordedJob]) -> BTreeMap<&str, Value> {
    let mut of: BTreeMap<&str, Vec<SimDuration>> = BTreeMap::new();
    for kind in jobs.iter().filter(|job| job.attempts.is_empty()).map(|job| job.kind.as_str()) {
        of.entry(kind).or_default();
    }
    for job in jobs {
        if let (Some(known), Some(last)) = (of.get_mut(job.kind.as_str()), job.attempts.last()) {
            known.push(last.runtime);
        }
    }
    of.into_iter().filter_map(|(kind, known)| Some((kind, distribution(known)?))).collect()
}

fn written(
    entry: &Entry,
    entries: &[Entry],
    ordered: &Ordered,
    submitted: Submitted,
    kinds: &BTreeMap<&str, Value>,
    runs: Option<&Vec<Run>>,
) -> Value {
    let first = &ordered.jobs[entry.jobs[0]];
    let mut submit = json!({
        "jobName": plain_name(&first.kind),
        "jobQueue": submitted.queue,
        "jobDefinition": submitted.definition,
    });
    if let Some(share) = submitted.share {
        submit["shareIdentifier"] = json!(share);
    }
    if !entry.waits.is_empty() {
        // By its name where that can mean only it.
        let id = |job: &JobId| match &entries[usize::from(job.entry())] {
            other if other.jobs.len() == 1 => other.name.clone(),
            _ => job.to_string(),
        };
        submit["dependsOn"] = entry.waits.iter().map(|job| json!({ "jobId": id(job) })).collect();
    }
    let times = || entry.jobs.iter().map(|&job| ordered.jobs[job].submit);
    let mut written = json!({ "name": entry.name, "submit": submit });
    let start = first.submit;
    if times().all(|time| time == start) {
        written["count"] = json!(entry.jobs.len());
        if start > SimTime::ZERO {
            written["arrivals"] = json!({ "fixed": { "start": text(start) } });
        }
    } else {
        written["arrivals"] = json!({ "list": times().map(text).collect::<Vec<_>>() });
    }
    let succeeded = runs.into_iter().flatten().filter(|run| run.failure.is_none()).map(|run| run.runtime);
    let of_kind = || kinds.get(first.kind.as_str()).cloned();
    written["runtime"] = distribution(succeeded)
        .or_else(of_kind)
        .unwrap_or_else(|| json!({ "constant": duration::to_text(UNKNOWN_RUNTIME) }));
    if runs.is_some() {
        written["recorded"] = json!(super::scenario::RUNS_FILE);
    }
    written
}

fn text(at: SimTime) -> String {
    duration::to_text(at.since(SimTime::ZERO))
}
