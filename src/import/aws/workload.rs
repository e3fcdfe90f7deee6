//! The workload of a history: which jobs come when and wait for whom, how their attempts went, and who was ended by request.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Value, json};

use crate::ids::{JobId, JobRef};
use crate::import::Notes;
use crate::import::aws::attempts::{End, UNSAID_EXIT_CODE};
use crate::import::aws::groups::{Group, GroupWait, Top, Wait, groups};
use crate::import::aws::history::{History, Job};
use crate::import::aws::kinds::Kind;
use crate::import::runs::{Run, RunFailure, Runs};
use crate::import::workload::{TIMED_OUT_FACTOR, workload_entry};
use crate::model::duration;
use crate::model::submit_job::ArrayJobDependency;
use crate::units::{SimDuration, SimTime};

/// Entries and operations of a scenario at most: their numbers are part of jobs' ids.
const ENTRIES_MAX: usize = u16::MAX as usize;
/// Children of an array, as AWS Batch takes them.
const ARRAY_SIZES: std::ops::RangeInclusive<u32> = 2..=10_000;

/// What became of a history.
#[derive(Debug, Default)]
pub(super) struct Workload {
    pub(super) entries: Vec<Value>,
    pub(super) operations: Vec<Value>,
    pub(super) runs: Runs,
    /// Names of entries whose jobs are arrays.
    pub(super) arrays: BTreeSet<String>,
    /// Milliseconds since 1970 of time zero.
    pub(super) begun: u64,
    pub(super) jobs: u64,
    counts: Counts,
}

/// How often what was treated how.
#[derive(Debug, Default)]
struct Counts {
    cut_short: u64,
    requested: u64,
    timed_out: u64,
    unsaid: u64,
    unfinished: u64,
    untold: u64,
    never_ran: u64,
    arrivals: u64,
    arrays: u64,
    children: u64,
    children_without: u64,
}

/// A job by itself, or an array with its children, by places in the history.
#[derive(Debug, Clone)]
struct Member {
    first: usize,
    children: Range<usize>,
    created: u64,
    kind: u32,
}

/// Writes the workload; time 0 is `begins`, else when the first job came. `submits` has a submission for each kind, `None` of kinds that can't be submitted.
pub(super) fn workload(
    history: &mut History,
    submit: &mut impl FnMut(&Kind, &History) -> Option<Value>,
    begins: Option<u64>,
    notes: &mut Notes,
) -> Workload {
    let mut workload = Workload::default();
    let mut members = members(history, &mut workload.counts);
    let mut submits: BTreeMap<u32, Option<Value>> = BTreeMap::new();
    for member in &members {
        submits.entry(member.kind).or_insert_with(|| submit(history.kinds.get(member.kind), history));
    }
    members.retain(|member| {
        let known = submits.get(&member.kind).is_some_and(Option::is_some);
        if !known {
            let reason = "jobs whose definition is not known: export describe-job-definitions, or their describe-jobs";
            notes.leave_out(reason, history.text_of(&history.jobs[member.first]));
        }
        known
    });
    let (members, tops) = in_order(&members, history, notes);
    let first = members.iter().map(|member| member.created).min().unwrap_or(0);
    workload.begun = begins.map_or(first, |begins| begins.min(first));
    if begins.is_some_and(|begins| begins > first) {
        notes.made_up("time 0 is when the first job came, which was before the beginning that was asked for");
    }
    let mut groups = groups(&tops);
    if groups.len() > ENTRIES_MAX {
        let beyond: usize = groups[ENTRIES_MAX..].iter().map(|group| group.jobs.len()).sum();
        let reason = "jobs of kinds that come rarely: a scenario has 65535 entries at most";
        notes.leave_out_many(reason, beyond as u64);
        groups.truncate(ENTRIES_MAX);
    }
    let mut placed = vec![None; tops.len()];
    for (entry, group) in (0..).zip(&groups) {
        for (index, &job) in (0..).zip(&group.jobs) {
            placed[job as usize] = Some(JobId::new(entry, index));
        }
    }
    for (at, group) in groups.iter().enumerate() {
        let Some(Some(submit)) = submits.get(&group.kind) else { continue };
        workload.entry(at, group, submit.clone(), &members, &placed, history);
    }
    workload.end_on_request(&members, &placed, history, notes);
    workload.told(notes);
    workload
}

/// Jobs and arrays in order of ids; an array of which only children are known is put together from them.
fn members(history: &mut History, counts: &mut Counts) -> Vec<Member> {
    let mut members = Vec::new();
    let mut at = 0;
    while at < history.jobs.len() {
        let first = history.jobs[at];
        let end = at + history.jobs[at..].partition_point(|job| job.id == first.id);
        let has_parent = first.part == 0;
        let children = if has_parent { at + 1..end } else { at..end };
        let mut kind = *history.kinds.get(first.kind);
        let largest = history.jobs[children.clone()].last().map_or(0, |job| job.part);
        if !has_parent || (kind.size.is_none() && largest > 0) {
            counts.arrays += 1;
            kind.size = Some(largest.max(kind.size.unwrap_or(0)));
        }
        kind.size = kind.size.map(|size| size.min(*ARRAY_SIZES.end())).filter(|size| ARRAY_SIZES.contains(size));
        let created = history.jobs[at..end].iter().map(|job| job.created).min().unwrap_or(first.created);
        let created = if has_parent { first.created } else { created };
        let kind = history.kinds.id(kind);
        members.push(Member { first: at, children, created, kind });
        at = end;
    }
    members
}

/// Members in order of time, after all that they wait for, with what they wait for.
fn in_order(members: &[Member], history: &History, notes: &mut Notes) -> (Vec<Member>, Vec<Top>) {
    let place = |first: usize| members.binary_search_by_key(&first, |member| member.first).ok();
    let mut waits: Vec<Vec<Wait>> = Vec::with_capacity(members.len());
    for member in members {
        let job = &history.jobs[member.first];
        let is_array = history.kinds.get(member.kind).size.is_some();
        let mut own = Vec::new();
        for dependency in history.dependencies_of(job) {
            let kind = dependency.kind.filter(|_| is_array);
            let Some((id, part)) = dependency.on else {
                own.extend(kind.map(|_| Wait { on: None, child: None, kind }));
                continue;
            };
            let Some(on) = history.find(id).and_then(place) else {
                let reason = "dependencies on jobs that are not in the export: they are taken to have ended";
                notes.leave_out(reason, history.text_of(job));
                continue;
            };
            let child = part.checked_sub(1);
            let other = history.kinds.get(members[on].kind).size;
            if (kind == Some(ArrayJobDependency::NToN) && other != history.kinds.get(member.kind).size)
                || child.is_some_and(|child| other.is_none_or(|size| child >= size))
            {
                notes.leave_out("dependencies between arrays that don't match", history.text_of(job));
                continue;
            }
            own.push(Wait { on: u32::try_from(on).ok(), child, kind });
        }
        own.sort_unstable();
        own.dedup_by_key(|wait| (wait.on, wait.child));
        waits.push(own);
    }
    let order = order(members, &waits, history);
    let mut numbers = vec![0_u32; members.len()];
    for (number, &at) in (0..).zip(&order) {
        numbers[at] = number;
    }
    let mut tops = Vec::with_capacity(order.len());
    for (number, &at) in (0..).zip(&order) {
        let mut own = std::mem::take(&mut waits[at]);
        for wait in &mut own {
            wait.on = wait.on.map(|on| numbers[on as usize]);
        }
        own.retain(|wait| {
            let before = wait.on.is_none_or(|on| on < number);
            if !before {
                let reason = "dependencies on jobs that came later";
                notes.leave_out(reason, history.text_of(&history.jobs[members[at].first]));
            }
            before
        });
        tops.push(Top { created: members[at].created, kind: members[at].kind, waits: own });
    }
    (order.iter().map(|&at| members[at].clone()).collect(), tops)
}

/// By time; at one time, what is waited for first, else as the export has it.
fn order(members: &[Member], waits: &[Vec<Wait>], history: &History) -> Vec<usize> {
    let mut by_time: Vec<usize> = (0..members.len()).collect();
    by_time.sort_by_key(|&at| (members[at].created, history.jobs[members[at].first].order));
    let mut places = vec![0; members.len()];
    for (place, &at) in by_time.iter().enumerate() {
        places[at] = place;
    }
    let mut order = Vec::with_capacity(members.len());
    for same in by_time.chunk_by(|&a, &b| members[a].created == members[b].created) {
        if same.len() == 1 || same.iter().all(|&at| waits[at].is_empty()) {
            order.extend(same);
            continue;
        }
        // By places, which are in order.
        let first = order.len();
        let here = first..first + same.len();
        let mut open: BTreeMap<usize, usize> = BTreeMap::new();
        let mut followers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in here.clone() {
            let own = waits[by_time[place]].iter().filter_map(|wait| wait.on).map(|on| places[on as usize]);
            let own: Vec<_> = own.filter(|on| here.contains(on)).collect();
            open.insert(place, own.len());
            for on in own {
                followers.entry(on).or_default().push(place);
            }
        }
        let mut ready: BTreeSet<usize> =
            open.iter().filter(|(_, waits)| **waits == 0).map(|(place, _)| *place).collect();
        while let Some(place) = ready.pop_first() {
            order.push(by_time[place]);
            open.remove(&place);
            for follower in followers.get(&place).into_iter().flatten() {
                if let Some(waits) = open.get_mut(follower) {
                    *waits -= 1;
                    if *waits == 0 {
                        ready.insert(*follower);
                    }
                }
            }
        }
        // Those that wait for each other in a circle.
        order.extend(open.into_keys().map(|place| by_time[place]));
    }
    order
}

impl Workload {
    fn entry(
        &mut self,
        at: usize,
        group: &Group,
        mut submit: Value,
        members: &[Member],
        placed: &[Option<JobId>],
        history: &History,
    ) {
        let name = format!("jobs-{at}");
        let kind = history.kinds.get(group.kind);
        if let Some(size) = kind.size {
            submit["arrayProperties"] = json!({ "size": size });
            self.arrays.insert(name.clone());
        }
        let waits: Vec<_> = group.waits.iter().filter_map(|wait| written(*wait, placed)).collect();
        if !waits.is_empty() {
            submit["dependsOn"] = json!(waits);
        }
        let mut runs = Vec::new();
        let mut times = Vec::with_capacity(group.jobs.len());
        for (index, &job) in (0..).zip(&group.jobs) {
            let member = &members[job as usize];
            times.push(self.time(member.created));
            self.runs_of(member, index, kind, history, &mut runs);
        }
        self.jobs += group.jobs.len() as u64;
        self.entries.push(workload_entry(&name, &submit, &times, &runs));
        if !runs.is_empty() {
            self.runs.insert(name, runs);
        }
    }

    fn time(&self, millis: u64) -> SimTime {
        SimTime::from_millis(millis.saturating_sub(self.begun))
    }

    fn runs_of(&mut self, member: &Member, index: u64, kind: &Kind, history: &History, runs: &mut Vec<Run>) {
        let first = &history.jobs[member.first];
        self.counts.arrivals += u64::from(first.is_arrival_made_up());
        let Some(size) = kind.size else {
            return self.job_runs(first, index, 0, kind, history, runs);
        };
        let children = &history.jobs[member.children.clone()];
        self.counts.children += children.len() as u64;
        self.counts.children_without += u64::from(size).saturating_sub(children.len() as u64);
        for child in children.iter().filter(|child| (1..=size).contains(&child.part)) {
            self.job_runs(child, index, child.part - 1, kind, history, runs);
        }
    }

    fn job_runs(&mut self, job: &Job, index: u64, child: u32, kind: &Kind, history: &History, runs: &mut Vec<Run>) {
        let attempts = history.attempts_of(job);
        if !job.has_ended() {
            self.counts.unfinished += 1;
        } else if attempts.is_empty() && job.has_failed() && !job.is_failed_dependency() {
            self.counts.never_ran += 1;
        } else if !job.has_failed() && attempts.iter().all(|attempt| attempt.end == End::Untold) {
            self.counts.untold += 1;
        }
        for (number, attempt) in (1..=u8::MAX).zip(attempts) {
            let (millis, failure) = match attempt.end {
                End::Own(failure) => (attempt.millis, failure),
                End::Unsaid => {
                    self.counts.unsaid += 1;
                    (attempt.millis, Some(RunFailure::ExitCode(UNSAID_EXIT_CODE)))
                }
                End::TimedOut => {
                    self.counts.timed_out += 1;
                    let given = kind.timeout.map_or(attempt.millis, |seconds| seconds.saturating_mul(1_000));
                    (given.saturating_mul(TIMED_OUT_FACTOR), None)
                }
                End::Requested => {
                    self.counts.requested += 1;
                    (attempt.millis.saturating_mul(TIMED_OUT_FACTOR), None)
                }
                End::CutShort => {
                    self.counts.cut_short += 1;
                    continue;
                }
                End::Untold => continue,
            };
            let runtime = SimDuration::from_millis(millis);
            runs.push(Run { index, child, attempt: number, start: None, runtime, stop: None, failure });
        }
    }

    /// Jobs that people ended, as operations, in order of time.
    fn end_on_request(&mut self, members: &[Member], placed: &[Option<JobId>], history: &History, notes: &mut Notes) {
        let mut ended = Vec::new();
        for (member, id) in members.iter().zip(placed) {
            let Some(id) = *id else { continue };
            let is_array = history.kinds.get(member.kind).size.is_some();
            let first = &history.jobs[member.first];
            if first.part == 0 && (first.is_cancelled() || first.is_terminated()) {
                ended.push((first, JobRef { job: id, child: None }));
                continue;
            }
            for child in history.jobs[member.children.clone()].iter().filter(|_| is_array) {
                if child.is_cancelled() || child.is_terminated() {
                    ended.push((child, JobRef { job: id, child: child.part.checked_sub(1) }));
                }
            }
        }
        ended.sort_by_key(|(job, id)| (job.stopped, *id));
        let room = ENTRIES_MAX.saturating_sub(self.entries.len());
        for (count, (job, id)) in ended.into_iter().enumerate() {
            if job.stopped == 0 || count >= room {
                let reason =
                    "jobs that someone ended, of which there is no room or time to say so: they run to their end";
                notes.leave_out(reason, history.text_of(job));
                continue;
            }
            let operation = if job.is_terminated() { "TerminateJob" } else { "CancelJob" };
            let at = duration::to_text(self.time(job.stopped).since(SimTime::ZERO));
            let input = json!({ "jobId": id.to_string(), "reason": "recorded" });
            self.operations.push(json!({ "at": at, "operation": operation, "input": input }));
        }
    }

    /// Says how what is not known was treated.
    fn told(&self, notes: &mut Notes) {
        let Counts { cut_short, requested, timed_out, unsaid, unfinished, untold, never_ran, arrivals, .. } =
            self.counts;
        let Counts { arrays, children, children_without, .. } = self.counts;
        if children > 0 {
            notes.used(format!("{children} children of arrays"));
        }
        let drawn = "as is drawn from those of their entry that succeeded, else 5m";
        let lines = [
            (
                unfinished,
                format!("jobs had not ended: they run {drawn}; those that were retried, as their last attempt did"),
            ),
            (
                never_ran,
                format!(
                    "jobs FAILED without an attempt: in the scenario they run {drawn}, unless something stops them"
                ),
            ),
            (
                cut_short,
                format!(
                    "attempts were ended by the loss of their node or pod, which is the world's doing: they run as long as the \
                     job's next attempt did, else {drawn}"
                ),
            ),
            (
                untold,
                format!("jobs succeeded, and the export does not tell when they started or stopped: they run {drawn}"),
            ),
            (
                timed_out,
                format!("attempts were ended by a timeout: they are taken to need {TIMED_OUT_FACTOR} times as long"),
            ),
            (
                requested,
                format!(
                    "attempts were ended by TerminateJob or CancelJob, which the scenario repeats: without it they are taken to \
                     run {TIMED_OUT_FACTOR} times as long"
                ),
            ),
            (unsaid, format!("attempts failed without an exit code from 1 to 255: it is {UNSAID_EXIT_CODE}")),
            (arrivals, "jobs have no createdAt: they arrive when they first started".to_owned()),
            (
                arrays,
                "arrays are not in the export themselves, only children: they have as many as the last of them says"
                    .to_owned(),
            ),
            (children_without, format!("children of arrays are not in the export: they run {drawn}")),
        ];
        for (count, line) in lines {
            if count > 0 {
                notes.made_up(format!("{count} {line}"));
            }
        }
    }
}

fn written(wait: GroupWait, placed: &[Option<JobId>]) -> Option<Value> {
    let (id, kind) = match wait {
        GroupWait::Paired { group, kind } => (format!("jobs-{group}"), kind),
        GroupWait::Same(Wait { on: None, kind, .. }) => return Some(json!({ "type": kind? })),
        GroupWait::Same(Wait { on: Some(on), child, kind }) => {
            let job = placed.get(on as usize).copied().flatten()?;
            (JobRef { job, child }.to_string(), kind)
        }
    };
    Some(match kind {
        Some(kind) => json!({ "jobId": id, "type": kind }),
        None => json!({ "jobId": id }),
    })
}
