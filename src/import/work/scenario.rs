//! The whole scenario of recorded work, the runs beside it, and what was rounded, left out or made up on the way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::import::runs;
use crate::import::work::capacity::Capacity;
use crate::import::work::documents::{
    QUEUE, definition, definition_name, environment_notes, plain_name, queues, shares,
};
use crate::import::work::entries::{Submitted, workload};
use crate::import::work::error::WorkError;
use crate::import::work::job::{RecordedJob, RecordedWork};
use crate::import::work::order::ordered;
use crate::import::work::target::Target;
use crate::import::{Imported, Notes};
use crate::model::{Resources, duration};
use crate::units::{MiB, MilliCpu, SimTime};

/// The scenario calls its runs so.
pub(super) const RUNS_FILE: &str = "runs.csv";
/// `retryStrategy.attempts` at most (`API:RetryStrategy`).
const ATTEMPTS_MAX: usize = 10;
/// Attempts of jobs on Spot instances that would have needed fewer: interruptions are nobody's record.
const SPOT_ATTEMPTS: u8 = 3;
/// Queues that an account has at most (`UG:service_limits`).
const QUEUES_MAX: usize = 50;
/// Least requests that AWS Batch takes (`UG:create-job-definition-eks`).
const QUARTER: u32 = 250;
const LEAST_MEMORY: MiB = MiB(4);

/// Makes a complete scenario of recorded work.
pub fn scenario(mut work: RecordedWork, target: &Target) -> Result<Imported, WorkError> {
    let mut notes = std::mem::take(&mut work.notes);
    begin_at_zero(&mut work.jobs);
    cut_attempts(&mut work.jobs, &mut notes);
    round_notes(&work.jobs, target, &mut notes);
    let shapes = work.jobs.iter().map(|job| requests(job, target)).collect();
    let capacity = Capacity::new(target, &work.nodes, &shapes, &mut notes)?;
    let jobs = carried(work.jobs, &capacity, target, &mut notes);
    if jobs.is_empty() {
        let help =
            "see that the file is what its name says, or allow larger nodes with `--instance-types` or `--nodes`";
        return Err(WorkError::new(format!("no job is left to import\n{notes}\n"), help));
    }
    user_notes(&jobs, target, &mut notes);
    doomed_notes(&jobs, &mut notes);
    let ordered = ordered(jobs, &mut notes)?;

    let named = queue_names(&ordered.jobs, &mut notes);
    let users = shares(ordered.jobs.iter().map(user));
    let definitions: BTreeMap<_, _> = ordered
        .jobs
        .iter()
        .map(|job| (requests(job, target), attempts(job, target)))
        .map(|shape| (shape, definition_name(shape.0, shape.1)))
        .collect();
    let submitted = |job: &RecordedJob| Submitted {
        queue: job.queue.as_ref().and_then(|queue| named.get(queue)).map_or(QUEUE, String::as_str).to_owned(),
        definition: definitions.get(&(requests(job, target), attempts(job, target))).cloned().unwrap_or_default(),
        share: if target.fair_share { users.get(user(job)).cloned() } else { None },
    };
    let workload = workload(&ordered, submitted)?;
    if workload.unknown > 0 {
        notes.made_up(format!(
            "{} jobs of which it is not known how long they run: as long as one of their kind, or 5 minutes",
            workload.unknown
        ));
    }
    let attempts: usize = workload.runs.values().map(Vec::len).sum();
    notes.used(format!(
        "{} jobs in {} entries, {attempts} recorded attempts",
        ordered.jobs.len(),
        workload.entries.len()
    ));
    environment_notes(&mut notes);

    let used: BTreeSet<_> = ordered.jobs.iter().map(|job| submitted(job).queue).collect();
    let (queues, policies) = queues(used.iter().map(String::as_str), target);
    let mut scenario = frame(&work.description, target, capacity);
    scenario["jobQueues"] = json!(queues);
    scenario["jobDefinitions"] =
        definitions.iter().map(|(&(requests, attempts), name)| definition(name, requests, attempts)).collect();
    if !policies.is_empty() {
        scenario["schedulingPolicies"] = json!(policies);
    }
    scenario["workload"] = json!(workload.entries);
    if let Some(at) = work.stop {
        scenario["stop"] = json!({ "at": duration::to_text(at) });
    }
    let rows = runs::write(&workload.runs, |_| false)
        .map_err(|error| WorkError::new(error.to_string(), "this is a defect of Windtunnel"))?;
    Ok(Imported { scenario, files: BTreeMap::from([(RUNS_FILE.to_owned(), rows)]), notes })
}

/// A scenario without queues, definitions and workload.
pub(in crate::import) fn frame(description: &str, target: &Target, capacity: Capacity) -> Value {
    let mut scenario = json!({
        "description": description,
        "region": target.region,
        "seed": 1,
        "computeEnvironments": [capacity.environment],
    });
    if let Some(cluster) = capacity.cluster {
        scenario["cluster"] = cluster;
    }
    scenario
}

/// The first submission is the beginning.
fn begin_at_zero(jobs: &mut [RecordedJob]) {
    let first = jobs.iter().map(|job| job.submit).min().unwrap_or(SimTime::ZERO);
    for job in jobs {
        job.submit = SimTime::ZERO + job.submit.since(first);
    }
}

fn cut_attempts(jobs: &mut [RecordedJob], notes: &mut Notes) {
    for job in jobs.iter_mut().filter(|job| job.attempts.len() > ATTEMPTS_MAX) {
        let surplus = job.attempts.len() - ATTEMPTS_MAX;
        job.attempts.drain(..surplus);
        notes.leave_out("jobs whose first attempts are left out: AWS Batch makes 10 at most", job.place.as_str());
    }
}

/// What a pod asks for: whole quarters of a vCPU, whole MiB, at least what AWS Batch takes.
fn requests(job: &RecordedJob, target: &Target) -> Resources {
    let wanted = job.requests;
    let cpu = wanted.cpu.0.max(1).div_ceil(QUARTER).saturating_mul(QUARTER);
    let memory = wanted.memory.unwrap_or_else(|| {
        let mib = (u64::from(target.memory_per_vcpu.0) * u64::from(cpu)).div_ceil(1_000);
        MiB(u32::try_from(mib).unwrap_or(u32::MAX))
    });
    Resources::pod(MilliCpu(cpu), memory.max(LEAST_MEMORY), wanted.gpus)
}

fn round_notes(jobs: &[RecordedJob], target: &Target, notes: &mut Notes) {
    let count = |wanted: fn(&RecordedJob) -> bool| jobs.iter().filter(|job| wanted(job)).count();
    let (uneven, unknown) = (
        count(|job| job.requests.cpu.0 % QUARTER != 0 || job.requests.cpu.0 == 0),
        count(|job| job.requests.memory.is_none()),
    );
    let small = count(|job| job.requests.memory.is_some_and(|memory| memory < LEAST_MEMORY));
    if uneven > 0 {
        notes.made_up(format!("CPU of {uneven} jobs is rounded up to whole quarters of a vCPU, which AWS Batch takes"));
    }
    if small > 0 {
        notes.made_up(format!("memory of {small} jobs is raised to AWS Batch's least, 4 MiB"));
    }
    if unknown > 0 {
        let mib = target.memory_per_vcpu.0;
        notes.made_up(format!(
            "memory of {unknown} jobs, which is not known: {mib} MiB per vCPU (`--memory` gives another)"
        ));
    }
}

/// How often the definition lets a job be tried: as often as it was; on Spot more often if it got through.
fn attempts(job: &RecordedJob, target: &Target) -> u8 {
    let recorded = u8::try_from(job.attempts.len().max(1)).unwrap_or(u8::MAX);
    let got_through = job.attempts.last().is_none_or(|last| last.failure.is_none());
    if target.is_spot() && got_through { recorded.max(SPOT_ATTEMPTS) } else { recorded }
}

/// The jobs that some node could carry; those that wait for others go with them.
fn carried(jobs: Vec<RecordedJob>, capacity: &Capacity, target: &Target, notes: &mut Notes) -> Vec<RecordedJob> {
    let mut gone: Vec<bool> = jobs.iter().map(|job| !capacity.carries(requests(job, target))).collect();
    if gone.iter().all(|gone| !gone) {
        return jobs;
    }
    for job in jobs.iter().zip(&gone).filter_map(|(job, gone)| gone.then_some(job)) {
        let place = format!("{} ({}): {}", job.kind, job.place, requests(job, target));
        notes.leave_out("jobs that ask for more than any node offers", place);
    }
    // Until nothing changes: a job may stand before those that it waits for.
    loop {
        let more: Vec<_> = (0..jobs.len())
            .filter(|&job| !gone[job] && jobs[job].depends_on.iter().any(|&parent| gone[parent]))
            .collect();
        if more.is_empty() {
            break;
        }
        for job in more {
            gone[job] = true;
            notes.leave_out(
                "jobs that wait for one that is left out",
                format!("{} ({})", jobs[job].kind, jobs[job].place),
            );
        }
    }
    let mut places = vec![0; jobs.len()];
    let mut next = 0;
    for (place, gone) in places.iter_mut().zip(&gone) {
        *place = next;
        next += usize::from(!gone);
    }
    let kept = jobs.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|(mut job, _)| {
        for parent in &mut job.depends_on {
            *parent = places[*parent];
        }
        job
    });
    kept.collect()
}

/// AWS Batch is stricter than some who record: what waits for a job that failed never runs.
fn doomed_notes(jobs: &[RecordedJob], notes: &mut Notes) {
    let failed = |job: usize| jobs[job].attempts.last().is_some_and(|last| last.failure.is_some());
    let doomed = jobs.iter().filter(|job| job.depends_on.iter().any(|&parent| failed(parent))).count();
    if doomed > 0 {
        notes.made_up(format!("{doomed} jobs wait for one that FAILED: they FAIL with it, as AWS Batch has it"));
    }
}

fn user(job: &RecordedJob) -> &str {
    job.user.as_deref().unwrap_or("")
}

fn user_notes(jobs: &[RecordedJob], target: &Target, notes: &mut Notes) {
    let users: BTreeSet<_> = jobs.iter().filter_map(|job| job.user.as_deref()).collect();
    match (users.len(), target.fair_share) {
        (0, false) => {}
        (0, true) => notes.made_up("no users are known: all jobs are of one share"),
        (users, true) => notes.used(format!("{users} users, each a share of its queue")),
        (users, false) => {
            notes.leave_out_many(
                "users: queues are first in, first out (`--fair-share` makes each a share)",
                users as u64,
            );
        }
    }
}

/// Names of queues as AWS takes them, by the archive's; none where there are more than an account may have.
fn queue_names(jobs: &[RecordedJob], notes: &mut Notes) -> BTreeMap<String, String> {
    let recorded: BTreeSet<_> = jobs.iter().filter_map(|job| job.queue.clone()).collect();
    if recorded.len() > QUEUES_MAX {
        let reason = format!("queues: an account has {QUEUES_MAX} at most, so all jobs go to one");
        notes.leave_out_many(&reason, recorded.len() as u64);
        return BTreeMap::new();
    }
    let mut taken = BTreeSet::from([QUEUE.to_owned()]);
    let name = |queue: String| {
        let plain = plain_name(&queue);
        let free = std::iter::once(plain.clone()).chain((2_u32..).map(|number| format!("{plain}-{number}")));
        let name = free.into_iter().find(|name| taken.insert(name.clone())).unwrap_or(plain);
        (queue, name)
    };
    recorded.into_iter().map(name).collect()
}
