//! When jobs and instances were what, for whoever measures: the times of AWS's answers, and nothing else of them.

use jiff::Timestamp;
use serde_json::Value;

use crate::import::Notes;
use crate::import::aws::kinds::Texts;
use crate::import::aws::pages::Place;
use crate::import::aws::wire::{WireJob, millis};

/// A job, or an array's child, that ran. Times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub struct JobTime {
    pub id: String,
    pub queue: String,
    pub definition: String,
    pub created: u64,
    /// Of its first attempt.
    pub started: u64,
    /// Of its last one, if it ended.
    pub stopped: Option<u64>,
    /// When its first attempt stopped, if it did.
    pub first_stopped: Option<u64>,
    /// Where its first attempt ran, if that is told.
    pub node: Option<String>,
    pub is_dependent: bool,
    pub is_child: bool,
    /// It ran more than once.
    pub is_retried: bool,
}

/// An EC2 instance. Times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub struct InstanceTime {
    pub id: String,
    pub private_dns_name: String,
    pub instance_type: String,
    pub launched: u64,
}

/// What an export tells of times.
#[derive(Debug, Clone, Default)]
pub struct Times {
    /// By id; of one that stands several times, what was read last.
    pub jobs: Vec<JobTime>,
    /// By id.
    pub instances: Vec<InstanceTime>,
}

/// Times as they are read: of texts that recur each is kept once.
#[derive(Debug, Default)]
pub(super) struct Reading {
    texts: Texts,
    jobs: Vec<Row>,
    instances: Vec<InstanceTime>,
}

#[derive(Debug)]
struct Row {
    id: Box<str>,
    queue: u32,
    definition: u32,
    node: Option<u32>,
    created: u64,
    started: u64,
    stopped: Option<u64>,
    first_stopped: Option<u64>,
    is_dependent: bool,
    is_child: bool,
    is_retried: bool,
}

impl Reading {
    /// Takes in a job; what is wrong with it is told where its history is taken.
    pub(super) fn job(&mut self, item: &Value) {
        let Ok(job) = WireJob::of(item) else { return };
        let (Some(id), Some(created)) = (job.job_id.as_deref(), millis(job.created_at)) else { return };
        let array = job.array_properties.as_ref();
        let is_array = array.is_some_and(|array| array.size.is_some() && array.index.is_none());
        if is_array || id.contains('#') {
            return;
        }
        let all = job.all_attempts();
        let ran = all.iter().enumerate().filter_map(|(at, attempt)| Some((at, millis(attempt.started_at)?)));
        let first = ran.min_by_key(|&(_, started)| started);
        let Some(started) = first.map(|(_, started)| started).or(millis(job.started_at)) else { return };
        let nodes = first.and_then(|(at, _)| item["eksAttempts"][at]["nodeName"].as_str());
        let only = (all.len() < 2).then(|| item["eksProperties"]["podProperties"]["nodeName"].as_str()).flatten();
        let node = nodes.or(only).filter(|name| !name.is_empty()).map(|name| self.texts.id(name));
        let has_ended = matches!(job.status.as_deref(), Some("SUCCEEDED" | "FAILED"));
        let stopped = millis(job.stopped_at).filter(|_| has_ended);
        self.jobs.push(Row {
            id: id.into(),
            queue: self.texts.id(job.job_queue.as_deref().unwrap_or_default()),
            definition: self.texts.id(job.job_definition.as_deref().unwrap_or_default()),
            node,
            created,
            started,
            stopped,
            first_stopped: first.and_then(|(at, _)| millis(all[at].stopped_at)).or(stopped),
            is_dependent: job.depends_on.as_ref().is_some_and(|on| !on.is_empty()),
            is_child: array.is_some_and(|array| array.index.is_some()),
            is_retried: all.len() > 1,
        });
    }

    /// Takes in a reservation of `describe-instances`.
    pub(super) fn reservation(&mut self, item: &Value, place: Place<'_>, notes: &mut Notes) {
        for instance in item["Instances"].as_array().into_iter().flatten() {
            let text = |member: &str| instance[member].as_str().unwrap_or_default().to_owned();
            let launched = instance["LaunchTime"].as_str().and_then(timestamp);
            match launched {
                Some(launched) if !text("InstanceId").is_empty() => self.instances.push(InstanceTime {
                    id: text("InstanceId"),
                    private_dns_name: text("PrivateDnsName"),
                    instance_type: text("InstanceType"),
                    launched,
                }),
                _ => notes.leave_out("instances without an InstanceId or a LaunchTime", place.to_string()),
            }
        }
    }

    pub(super) fn finish(mut self) -> Times {
        // Stable, so that of equal ids the last one stands last.
        self.jobs.sort_by(|one, other| one.id.cmp(&other.id));
        let mut jobs: Vec<JobTime> = Vec::with_capacity(self.jobs.len());
        for row in self.jobs {
            let text = |id: u32| self.texts.get(id).to_owned();
            let job = JobTime {
                id: row.id.into(),
                queue: text(row.queue),
                definition: text(row.definition),
                created: row.created,
                started: row.started,
                stopped: row.stopped,
                first_stopped: row.first_stopped,
                node: row.node.map(text),
                is_dependent: row.is_dependent,
                is_child: row.is_child,
                is_retried: row.is_retried,
            };
            match jobs.last_mut() {
                // A summary knows less of a job than its description.
                Some(last) if last.id == job.id => {
                    if job.node.is_some() || last.node.is_none() {
                        *last = job;
                    }
                }
                _ => jobs.push(job),
            }
        }
        self.instances.sort_by(|one, other| one.id.cmp(&other.id));
        self.instances.dedup_by(|one, other| one.id == other.id);
        Times { jobs, instances: self.instances }
    }
}

/// A time as AWS and Kubernetes write it, in milliseconds since 1970.
pub(in crate::import) fn timestamp(text: &str) -> Option<u64> {
    u64::try_from(text.parse::<Timestamp>().ok()?.as_millisecond()).ok()
}
