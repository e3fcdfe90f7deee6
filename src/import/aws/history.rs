//! Jobs that were, each as a small record: what of it a scenario can use. A job that stands on several pages is one job, as
//! the page knows it that knows most.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::import::Notes;
use crate::import::aws::attempts::{Attempt, End, attempts};
use crate::import::aws::kinds::{Kind, Kinds, Texts, text_of};
use crate::import::aws::pages::Place;
use crate::import::aws::pods;
use crate::import::aws::wire::{WireDependency, WireJob, millis};
use crate::import::ecs::is_empty;
use crate::model::job_queue::name_of;
use crate::model::submit_job::ArrayJobDependency;

/// States in the order in which a job goes through them; the last two are ends.
const STATES: [&str; 7] = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"];
const ENDED: u8 = 5;

/// A job's id: a UUID's number, else the number of a text, marked as no UUID is. Texts take more memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(u128);

/// A job, or an array's child.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) id: Id,
    /// 0, or the child's index and one: arrays stand before their children.
    pub(super) part: u32,
    pub(super) kind: u32,
    /// Milliseconds since 1970; 0 where that is not known.
    pub(super) created: u64,
    pub(super) stopped: u64,
    first_attempt: u32,
    first_dependency: u32,
    /// Its place in the export.
    pub(super) order: u32,
    file: u32,
    attempts: u8,
    dependencies: u8,
    state: u8,
    flags: u8,
}

const DETAIL: u8 = 1;
const CANCELLED: u8 = 2;
const TERMINATED: u8 = 4;
const DEPENDENCY_FAILED: u8 = 8;
/// It had no `createdAt`: `created` is when it started.
const ARRIVAL_MADE_UP: u8 = 16;

/// What a job waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dependency {
    /// The job and, where it is an array's child, the child's index and one; `None` for the array's own children.
    pub(super) on: Option<(Id, u32)>,
    pub(super) kind: Option<ArrayJobDependency>,
}

/// All jobs of an export.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) jobs: Vec<Job>,
    pub(super) kinds: Kinds,
    /// What a definition's first job was told to run, by the definition's text.
    pub(super) samples: BTreeMap<u32, Value>,
    attempts: Vec<Attempt>,
    dependencies: Vec<Dependency>,
    ids: Texts,
    files: Texts,
    /// Jobs that started before they were created.
    pub(super) skewed: u64,
    pub(super) details: u64,
    pub(super) summaries: u64,
    nodes: u64,
    tagged: u64,
    parameterised: u64,
}

impl Job {
    pub(super) const fn is_detail(&self) -> bool {
        self.flags & DETAIL != 0
    }

    pub(super) const fn is_cancelled(&self) -> bool {
        self.flags & CANCELLED != 0
    }

    pub(super) const fn is_terminated(&self) -> bool {
        self.flags & TERMINATED != 0
    }

    /// It FAILED because another job had.
    pub(super) const fn is_failed_dependency(&self) -> bool {
        self.flags & DEPENDENCY_FAILED != 0
    }

    pub(super) const fn is_arrival_made_up(&self) -> bool {
        self.flags & ARRIVAL_MADE_UP != 0
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.state >= ENDED
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state == 6
    }
}

impl History {
    /// Takes in an item of `describe-jobs` or `list-jobs`.
    pub(super) fn take(&mut self, item: &Value, is_detail: bool, place: Place<'_>, notes: &mut Notes) {
        let detail = is_detail.then_some(item);
        let job: WireJob = match WireJob::of(item) {
            Ok(job) => job,
            Err(error) => return notes.leave_out("jobs that are not in AWS's shape", format!("{place}: {error}")),
        };
        let Some(text) = job.job_id.as_deref() else {
            return notes.leave_out("jobs without a jobId", place.to_string());
        };
        if text.contains('#') || job.node_details.as_ref().is_some_and(|details| !details["nodeIndex"].is_null()) {
            self.nodes += 1;
            return;
        }
        let status = job.status.as_deref().unwrap_or_default();
        let state = STATES.iter().position(|known| *known == status);
        if state.is_none() {
            let reason = "states that AWS Batch doesn't have: such jobs are taken for SUBMITTED";
            notes.leave_out(reason, format!("{place}: `{status}`"));
        }
        let (id, part) = self.id(text, job.array_properties.as_ref().and_then(|array| array.index));
        let attempts = attempts(&job, status);
        let starts = job.all_attempts().iter().filter_map(|attempt| millis(attempt.started_at));
        let started = starts.chain(millis(job.started_at)).min();
        let created = millis(job.created_at);
        if created.zip(started).is_some_and(|(created, started)| started < created) {
            self.skewed += 1;
        }
        self.tagged += u64::from(!is_empty(&item["tags"]));
        self.parameterised += u64::from(!is_empty(&item["parameters"]));
        *(if is_detail { &mut self.details } else { &mut self.summaries }) += 1;
        let first_attempt = number(self.attempts.len());
        self.attempts.extend(attempts.iter().take(u8::MAX.into()));
        let first_dependency = number(self.dependencies.len());
        for written in job.depends_on.iter().flatten() {
            let Some(dependency) = self.dependency(written) else {
                notes.leave_out("dependencies that are not in AWS's shape", place.to_string());
                continue;
            };
            self.dependencies.push(dependency);
        }
        let kind = self.kind(&job, detail);
        let status_reason = job.status_reason.as_deref().unwrap_or_default();
        let flags = [
            (is_detail, DETAIL),
            (job.is_cancelled == Some(true), CANCELLED),
            (job.is_terminated == Some(true), TERMINATED),
            (status_reason.contains("Dependent Job failed"), DEPENDENCY_FAILED),
            (created.is_none(), ARRIVAL_MADE_UP),
        ];
        self.jobs.push(Job {
            id,
            part,
            kind,
            created: created.or(started).unwrap_or(0),
            stopped: millis(job.stopped_at).unwrap_or(0),
            first_attempt,
            first_dependency,
            order: number(self.jobs.len()),
            file: self.files.id(place.file),
            attempts: u8::try_from(attempts.len()).unwrap_or(u8::MAX),
            dependencies: u8::try_from(self.dependencies.len() - first_dependency as usize).unwrap_or(u8::MAX),
            state: state.and_then(|state| u8::try_from(state).ok()).unwrap_or(0),
            flags: flags.into_iter().filter(|(set, _)| *set).fold(0, |all, (_, flag)| all | flag),
        });
    }

    fn kind(&mut self, job: &WireJob, detail: Option<&Value>) -> u32 {
        let definition = name_of(job.job_definition.as_deref().unwrap_or_default());
        let definition = self.kinds.texts.id(definition);
        let body = detail.and_then(|detail| pods::body(detail).ok());
        let ask = body.and_then(|(body, _)| body.ask()).map(|ask| self.kinds.ask(ask));
        if let Some(detail) = detail.filter(|_| ask.is_some() && !self.samples.contains_key(&definition)) {
            let members = ["container", "ecsProperties", "eksProperties", "nodeProperties", "retryStrategy", "timeout"];
            let sample = members.map(|member| (member.to_owned(), detail[member].clone()));
            self.samples.insert(definition, Value::Object(sample.into_iter().collect()));
        }
        let queue = job.job_queue.as_deref().map(|queue| self.kinds.texts.id(name_of(queue)));
        let share = job.share_identifier.as_deref().filter(|share| !share.is_empty());
        let share = share.map(|share| self.kinds.texts.id(share));
        let retry = text_of(job.retry_strategy.as_ref()).map(|text| self.kinds.texts.id(&text));
        let consumables = text_of(job.consumable_resource_properties.as_ref()).map(|text| self.kinds.texts.id(&text));
        let name = self.kinds.name(job.job_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("job"));
        self.kinds.id(Kind {
            queue,
            definition,
            name,
            share,
            priority: job.scheduling_priority,
            retry,
            timeout: job.timeout.as_ref().and_then(|timeout| timeout.attempt_duration_seconds),
            consumables,
            ask,
            size: job.array_properties.as_ref().and_then(|array| array.size),
        })
    }

    /// The number of an id like `…:7`, and the child's index and one.
    fn id(&mut self, text: &str, index: Option<u32>) -> (Id, u32) {
        let (own, part) = match text.rsplit_once(':').map(|(own, child)| (own, child.parse::<u32>())) {
            Some((own, Ok(child))) => (own, child.saturating_add(1)),
            _ => (text, index.map_or(0, |index| index.saturating_add(1))),
        };
        let id = uuid(own).unwrap_or_else(|| NO_UUID | u128::from(self.ids.id(own)));
        (Id(id), part)
    }

    fn dependency(&mut self, written: &WireDependency) -> Option<Dependency> {
        let kind = match written.kind.as_deref() {
            None | Some("") => None,
            Some("N_TO_N") => Some(ArrayJobDependency::NToN),
            Some("SEQUENTIAL") => Some(ArrayJobDependency::Sequential),
            Some(_) => return None,
        };
        let on = written.job_id.as_deref().filter(|_| kind != Some(ArrayJobDependency::Sequential));
        let on = on.map(|text| self.id(text, None));
        (on.is_some() || kind == Some(ArrayJobDependency::Sequential)).then_some(Dependency { on, kind })
    }

    /// Puts together what stands several times, in order of ids, arrays before their children.
    pub(super) fn settle(&mut self, notes: &mut Notes) {
        let kinds = self.kinds.settled();
        self.jobs.sort_unstable_by_key(|job| (job.id, job.part, job.order));
        let mut settled: Vec<Job> = Vec::with_capacity(self.jobs.len());
        for mut job in std::mem::take(&mut self.jobs) {
            job.kind = kinds.get(job.kind as usize).copied().unwrap_or(job.kind);
            match settled.last_mut() {
                Some(last) if (last.id, last.part) == (job.id, job.part) => {
                    if last.is_detail() == job.is_detail() {
                        let reason = "jobs that stand in the export more than once: the later state counts";
                        notes.leave_out(reason, format!("{} {}", self.files.get(job.file), self.text_of(&job)));
                    }
                    *last = merged(last, &job);
                }
                _ => settled.push(job),
            }
        }
        settled.retain(|job| {
            let known = job.created > 0;
            if !known {
                let at = format!("{} {}", self.files.get(job.file), self.text_of(job));
                notes.leave_out("jobs without createdAt that never started", at);
            }
            known
        });
        self.jobs = settled;
        if self.nodes > 0 {
            let reason = "nodes of multi-node parallel jobs: the job itself tells how it went";
            notes.leave_out_many(reason, self.nodes);
        }
        let counts = [
            (self.tagged, "tags of jobs: nothing of a run depends on them"),
            (self.parameterised, "parameters of jobs: they stand in commands, which nothing runs"),
        ];
        for (count, reason) in counts {
            if count > 0 {
                notes.leave_out_many(reason, count);
            }
        }
        if self.details > 0 {
            notes.made_up("jobs have the images, commands and environment of their definition, which nothing runs");
        }
    }

    /// Tells of attempts whose times contradict each other.
    pub(super) fn tell_contradictory(&self, notes: &mut Notes) {
        for job in &self.jobs {
            for _ in self.attempts_of(job).iter().filter(|attempt| attempt.end == End::Untold) {
                let reason = "attempts that stopped before they started, or never started and succeeded";
                notes.leave_out(reason, self.text_of(job));
            }
        }
    }

    pub(super) fn attempts_of(&self, job: &Job) -> &[Attempt] {
        let first = job.first_attempt as usize;
        &self.attempts[first..first + usize::from(job.attempts)]
    }

    pub(super) fn dependencies_of(&self, job: &Job) -> &[Dependency] {
        let first = job.first_dependency as usize;
        &self.dependencies[first..first + usize::from(job.dependencies)]
    }

    /// A job's place among all, which are in order.
    pub(super) fn find(&self, id: Id) -> Option<usize> {
        let at = self.jobs.partition_point(|job| job.id < id);
        self.jobs.get(at).filter(|job| job.id == id).map(|_| at)
    }

    /// The id as it stood.
    pub(super) fn text_of(&self, job: &Job) -> String {
        let Id(id) = job.id;
        let own = if id & NO_UUID == NO_UUID {
            self.ids.get(u32::try_from(id & u128::from(u32::MAX)).unwrap_or(0)).to_owned()
        } else {
            let digits = format!("{id:032x}");
            [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
        };
        if job.part > 0 { format!("{own}:{}", job.part - 1) } else { own }
    }
}

/// Where a UUID's version stands: no version is 15.
const NO_UUID: u128 = 0xf << 76;

/// The number of a UUID as AWS writes it.
fn uuid(text: &str) -> Option<u128> {
    let parts: Vec<_> = text.split('-').collect();
    let shaped = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]);
    let plain = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    let id = (shaped && plain).then(|| u128::from_str_radix(&parts.concat(), 16).ok())??;
    (id & NO_UUID != NO_UUID).then_some(id)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// One job of two records: the detail's, of details the one with the later state; what that lacks, from the other.
fn merged(one: &Job, other: &Job) -> Job {
    let rank = |job: &Job| (job.is_detail(), job.state.min(ENDED), job.order);
    let (mut most, less) = if rank(one) >= rank(other) { (*one, other) } else { (*other, one) };
    if most.attempts == 0 {
        (most.first_attempt, most.attempts) = (less.first_attempt, less.attempts);
    }
    if (most.created == 0 || most.is_arrival_made_up()) && less.created > 0 {
        most.created = less.created;
        most.flags = most.flags & !ARRIVAL_MADE_UP | less.flags & ARRIVAL_MADE_UP;
    }
    if most.stopped == 0 {
        most.stopped = less.stopped;
    }
    if most.state.min(ENDED) < less.state.min(ENDED) {
        most.state = less.state;
    }
    most.flags |= less.flags & (CANCELLED | TERMINATED | DEPENDENCY_FAILED);
    most
}

impl WireJob {
    pub(super) fn of(item: &Value) -> Result<Self, serde_json::Error> {
        use serde::Deserialize;
        if !item.is_object() {
            return Self::deserialize(&json!("no object"));
        }
        Self::deserialize(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "2d044787-c663-4ce6-a6fe-f2baf7e51b04";

    fn history(items: &[(bool, Value)]) -> (History, Notes) {
        let (mut history, mut notes) = (History::default(), Notes::default());
        for (is_detail, item) in items {
            let place = Place { file: "f", document: 0, item: None };
            history.take(item, *is_detail, place, &mut notes);
        }
        history.settle(&mut notes);
        (history, notes)
    }

    #[test]
    fn a_job_that_stands_twice_is_one() {
        let running = json!({ "jobId": ID, "status": "RUNNING", "createdAt": 5 });
        let done = json!({ "jobId": ID, "status": "SUCCEEDED", "createdAt": 5, "stoppedAt": 30,
                           "attempts": [{ "startedAt": 10, "stoppedAt": 30 }] });
        for pair in [[running.clone(), done.clone()], [done.clone(), running.clone()]] {
            let (history, notes) = history(&pair.map(|item| (true, item)));
            assert_eq!(history.jobs.len(), 1);
            assert!(history.jobs[0].has_ended());
            assert_eq!(history.attempts_of(&history.jobs[0])[0].millis, 20);
            assert!(notes.to_string().contains(&format!("the later state counts (f {ID})")), "{notes}");
        }
        let summary = json!({ "jobId": ID, "status": "SUCCEEDED", "createdAt": 3, "startedAt": 10, "stoppedAt": 30 });
        let bare = json!({ "jobId": ID, "status": "RUNNING", "jobQueue": "q" });
        let (history, notes) = history(&[(false, summary), (true, bare)]);
        let job = &history.jobs[0];
        assert_eq!((job.created, job.has_ended(), history.attempts_of(job).len()), (3, true, 1));
        assert_eq!(notes.all_left_out().len(), 0);
    }

    #[test]
    fn ids_come_back_as_they_were() {
        let odd =
            ["0-17", "not-a-uuid", "00000000-0000-f000-0000-000000000001", "00000000-0000-0000-0000-000000000001"];
        for text in odd.into_iter().chain([ID]) {
            let item = json!({ "jobId": format!("{text}:3"), "status": "FAILED", "createdAt": 1 });
            let (history, _) = history(&[(true, item)]);
            assert_eq!(history.text_of(&history.jobs[0]), format!("{text}:3"));
            assert_eq!(history.find(history.jobs[0].id), Some(0));
        }
    }

    #[test]
    fn what_can_not_be_read_is_told() {
        let (history, notes) = history(&[
            (true, json!(7)),
            (true, json!({ "jobId": "a", "createdAt": "today" })),
            (true, json!({ "status": "RUNNING" })),
            (true, json!({ "jobId": "b", "status": "PAUSED", "createdAt": 1 })),
            (true, json!({ "jobId": "c", "status": "RUNNABLE" })),
            (true, json!({ "jobId": "d#0", "status": "RUNNABLE" })),
            (true, json!({ "jobId": "e", "status": "SUCCEEDED", "startedAt": 4, "stoppedAt": 6 })),
        ]);
        assert_eq!(history.jobs.len(), 2);
        assert!(history.jobs[1].is_arrival_made_up());
        let told = notes.to_string();
        for words in
            ["2 × jobs that are not", "1 × jobs without a jobId", "f: `PAUSED`", "never started (f c)", "1 × nodes"]
        {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}
