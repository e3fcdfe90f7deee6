//! Changes of jobs as the events that Amazon `EventBridge` carries, one JSON object per line.
//!
//! Source: `UG2023:batch_cwe_events` (a change of an existing job, none for its submission), `UG:batch-job-queue-blocked-events`.
//! A job's id is ours, as in `jobs.csv`; the account is made of zeros. Streaming: memory for what is in the system.

use std::io::{self, Write};

use serde::Serialize;

use crate::driver::{DriverError, Watcher};
use crate::history::clock::{iso_time, unix_ms};
use crate::history::log::{JobLog, Keep};
use crate::history::record::{AttemptRecord, JobRecord, StatusSummary};
use crate::history::status_reason::{self, Texts};
use crate::history::transition::{JobState, Transition};
use crate::model::Names;
use crate::scheduler::{AttemptOutcome, Decision, Dependency, Event, JobSpec, Observation, SchedulerConfig};
use crate::units::SimTime;

/// The account of every ARN.
const ACCOUNT: &str = "000000000000";

/// Writes events while a run goes on, as one of its watchers.
#[derive(Debug)]
pub struct EventBridge<W> {
    log: JobLog,
    lines: Lines<W>,
}

#[derive(Debug)]
struct Lines<W> {
    sink: W,
    region: String,
    /// By spec.
    specs: Vec<JobSpec>,
    written: u64,
    /// Reused between events; as long as the longest.
    line: Vec<u8>,
}

/// What all events have. Source: `UG2023:batch_cwe_events`.
#[derive(Serialize)]
struct Envelope<'a> {
    version: &'static str,
    id: String,
    #[serde(rename = "detail-type")]
    detail_type: &'static str,
    source: &'static str,
    account: &'static str,
    time: String,
    region: &'a str,
    resources: Vec<String>,
    detail: Detail<'a>,
}

/// What is known of the job. Source: `API:JobDetail`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    job_arn: String,
    job_name: &'a str,
    job_id: String,
    job_queue: String,
    status: JobState,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<&'a str>,
    attempts: Vec<Attempt>,
    created_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_strategy: Option<RetryStrategy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<Timeout>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_identifier: Option<&'a str>,
    depends_on: Vec<DependsOn>,
    job_definition: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    array_properties: Option<ArrayProperties>,
    is_cancelled: bool,
    is_terminated: bool,
}

/// An attempt that has ended. Source: `API:EksAttemptDetail`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attempt {
    containers: [Container; 1],
    node_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<u64>,
    stopped_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct RetryStrategy {
    attempts: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timeout {
    attempt_duration_seconds: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DependsOn {
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

/// Of an array its size and children by state, of a child its index. Source: `API:ArrayPropertiesDetail`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum ArrayProperties {
    #[serde(rename_all = "camelCase")]
    Array {
        size: u32,
        status_summary: StatusSummary,
    },
    Child {
        index: u32,
    },
}

impl<W: Write> EventBridge<W> {
    /// Writes the events of a run under this configuration, with these names, in this region.
    pub fn new(config: &SchedulerConfig, names: Names, region: impl Into<String>, sink: W) -> Self {
        let lines = Lines { sink, region: region.into(), specs: Vec::new(), written: 0, line: Vec::new() };
        Self { log: JobLog::new(config, names, Keep::Last(0)), lines }
    }

    /// Tells the ends of attempts in these words.
    #[must_use]
    pub fn with_texts(mut self, texts: Texts) -> Self {
        self.log = self.log.with_texts(texts);
        self
    }

    /// Events written so far.
    pub const fn written(&self) -> u64 {
        self.lines.written
    }

    /// Where the events were written to.
    pub fn into_inner(self) -> W {
        self.lines.sink
    }
}

impl<W: Write> Watcher for EventBridge<W> {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for event in &seen.events {
            if let Event::JobSpecRegistered { spec, job } = event {
                self.lines.register(spec.index(), job);
            }
        }
        let lines = &mut self.lines;
        self.log.fold(seen, decision, |record, transition, names| {
            lines.changed(seen.now, record, transition, names).map_err(|source| DriverError::Io {
                context: "can't write the events; name a file in a folder that you may write to with --events"
                    .to_owned(),
                source,
            })
        })
    }
}

impl<W: Write> Lines<W> {
    fn register(&mut self, index: usize, job: &JobSpec) {
        if self.specs.len() <= index {
            self.specs.resize_with(index + 1, JobSpec::default);
        }
        self.specs[index] = job.clone();
    }

    /// A transition of a job that was there before, or, without one, that it is said to block its queue.
    fn changed(
        &mut self,
        now: SimTime,
        record: &JobRecord,
        transition: Option<&Transition>,
        names: &Names,
    ) -> io::Result<()> {
        let arn = self.arn("job", &record.job.to_string());
        let queue = names.job_queues.get(record.queue.index()).cloned().unwrap_or_else(|| record.queue.to_string());
        let queue = self.arn("job-queue", &queue);
        let (detail_type, at, resources) = match transition {
            Some(transition) if transition.from.is_none() => return Ok(()),
            Some(transition) => ("Batch Job State Change", transition.at, vec![arn.clone()]),
            None => ("Batch Job Queue Blocked", now, vec![arn.clone(), queue.clone()]),
        };
        self.written += 1;
        let event = Envelope {
            version: "0",
            // A counter in the form of a UUID: the same run, the same ids.
            id: format!("00000000-0000-0000-0000-{:012x}", self.written),
            detail_type,
            source: "aws.batch",
            account: ACCOUNT,
            time: iso_time(at),
            region: &self.region,
            resources,
            detail: self.detail(record, names, (arn, queue)),
        };
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let written = serde_json::to_writer(&mut line, &event).map_err(io::Error::from);
        line.push(b'\n');
        let written = written.and_then(|()| self.sink.write_all(&line));
        self.line = line;
        written
    }

    fn arn(&self, kind: &str, name: &str) -> String {
        format!("arn:aws:batch:{}:{ACCOUNT}:{kind}/{name}", self.region)
    }

    fn detail<'a>(
        &self,
        record: &'a JobRecord,
        names: &'a Names,
        (job_arn, job_queue): (String, String),
    ) -> Detail<'a> {
        let spec = self.specs.get(record.spec.index());
        let name = names.job_specs.get(record.spec.index());
        let definition = name.map_or("", |name| &name.job_definition);
        let share = spec.and_then(|spec| spec.share).and_then(|share| names.shares.get(share.index()));
        Detail {
            job_arn,
            job_name: name.map_or("", |name| &name.job_name),
            job_id: record.job.to_string(),
            job_queue,
            status: record.state,
            status_reason: record.status_reason.as_deref(),
            attempts: record.attempts.iter().filter_map(attempt).collect(),
            created_at: unix_ms(record.created_at()),
            started_at: record.started_at().map(unix_ms),
            stopped_at: record.stopped_at().map(unix_ms),
            retry_strategy: spec.map(|spec| RetryStrategy { attempts: spec.attempts }),
            timeout: spec
                .and_then(|spec| spec.timeout)
                .map(|timeout| Timeout { attempt_duration_seconds: timeout.as_millis() / 1_000 }),
            share_identifier: share.map(String::as_str),
            depends_on: record.depends_on.iter().map(depends_on).collect(),
            job_definition: if definition.starts_with("arn:") {
                definition.to_owned()
            } else {
                self.arn("job-definition", definition)
            },
            array_properties: match (record.array_size, record.job.child) {
                (Some(size), _) => Some(ArrayProperties::Array { size, status_summary: record.summary }),
                (None, Some(index)) => Some(ArrayProperties::Child { index }),
                (None, None) => None,
            },
            is_cancelled: record.cancelled,
            is_terminated: record.terminated,
        }
    }
}

/// An attempt that has ended; of a multi-node parallel job, one of its pods.
fn attempt(attempt: &AttemptRecord) -> Option<Attempt> {
    let end = attempt.end?;
    let outcome: AttemptOutcome = end.outcome;
    Some(Attempt {
        containers: [Container {
            exit_code: status_reason::exit_code(outcome),
            reason: status_reason::of_container(outcome),
        }],
        node_name: end.node.to_string(),
        started_at: end.running_at.map(unix_ms),
        stopped_at: unix_ms(end.stopped_at),
        status_reason: attempt.status_reason.clone(),
    })
}

fn depends_on(dependency: &Dependency) -> DependsOn {
    match dependency {
        Dependency::Job(job) => DependsOn { job_id: Some(job.to_string()), kind: None },
        Dependency::NToN(job) => DependsOn { job_id: Some(job.to_string()), kind: Some("N_TO_N") },
        Dependency::Sequential => DependsOn { job_id: None, kind: Some("SEQUENTIAL") },
    }
}
