//! `SubmitJob` documents that come one by one, given to the account in order. Each is one line of JSON; a source says where
//! lines come from and what becomes of answers.

use serde_json::{Value, json};

use crate::batch::{Batch, InstanceTypes, SubmittedJob};
use crate::driver::DriverError;
use crate::ids::JobId;
use crate::journal::NamedJob;
use crate::live::jobs::{Feed, Taken};
use crate::model::{JobSpecName, SubmitJob};
use crate::scheduler::Event;
use crate::units::SimTime;

/// Where lines come from.
pub trait Source {
    /// Lines that have come: what each is called (a file and a line's number), and its text.
    fn lines(&mut self) -> Result<Vec<(String, String)>, DriverError>;

    /// Whether no line will ever come again.
    fn is_done(&self) -> bool;

    /// What became of lines that were taken. They are in the journal, on disk.
    fn answered(&mut self, answers: &[Answered]) -> Result<(), DriverError>;

    /// A line that an earlier program of the run had taken: it must not come again.
    fn remember(&mut self, taken: &Answered);
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What the line is called.
    pub source: String,
    /// AWS's answer to `SubmitJob`, or what it refuses and why: one object of JSON.
    pub answer: Value,
    /// Whether it was taken.
    pub taken: bool,
}

/// Submissions from a source, under ids of a workload entry of their own.
#[derive(Debug)]
pub struct Documents<S, T> {
    source: S,
    batch: Batch<T>,
    entry: u16,
    next: u64,
    answers: Vec<Answered>,
}

impl<S: Source, T: InstanceTypes> Documents<S, T> {
    /// Submissions to an account. `entry` is a number that no entry of the scenario's workload has.
    pub fn new(source: S, batch: Batch<T>, entry: u16) -> Self {
        Self { source, batch, entry, next: 0, answers: Vec::new() }
    }

    /// Gives a document to the account.
    fn submit(&mut self, document: &Value, taken: &mut Taken) -> Result<(JobId, SubmittedJob), String> {
        let submit: SubmitJob = serde_json::from_value(document.clone())
            .map_err(|error| format!("it is no input of SubmitJob: {error}; see `aws batch submit-job help`"))?;
        let job = JobId::new(self.entry, self.next);
        let known = self.batch.job_specs().len();
        let outcome = self.batch.submit_job(&submit, job).map_err(|error| error.to_string())?;
        self.next += 1;
        taken.events.extend(outcome.events);
        taken.jobs.extend(self.batch.job_specs()[known..].iter().map(|spec| spec.job.clone()));
        Ok((job, outcome.response))
    }

    /// Name of the spec that a submission introduced.
    fn new_spec(&self, before: usize) -> Option<JobSpecName> {
        self.batch.job_specs().get(before).map(|known| known.name.clone())
    }
}

impl<S: Source, T: InstanceTypes> Feed for Documents<S, T> {
    fn next_at(&mut self) -> Option<SimTime> {
        None
    }

    fn take(&mut self, _: SimTime, taken: &mut Taken) -> Result<(), DriverError> {
        for (source, line) in self.source.lines()? {
            if line.trim().is_empty() {
                continue;
            }
            let known = self.batch.job_specs().len();
            let read = serde_json::from_str::<Value>(&line).map_err(|error| format!("it is no JSON: {error}"));
            let outcome = read.and_then(|submit| self.submit(&submit, taken).map(|done| (submit, done)));
            let answered = match outcome {
                Ok((submit, (job, response))) => {
                    let new_spec = self.new_spec(known);
                    taken.named.jobs.push(NamedJob { job, source: source.clone(), submit, new_spec });
                    tracing::info!(%job, source, "job submitted");
                    Answered { answer: json!(response), source, taken: true }
                }
                Err(why) => {
                    tracing::warn!(source, why, "submission refused");
                    Answered { answer: json!({ "error": why }), source, taken: false }
                }
            };
            self.answers.push(answered);
        }
        // Nothing of it goes into the journal, and nobody may come for a long time.
        if self.answers.iter().all(|answered| !answered.taken) { self.recorded() } else { Ok(()) }
    }

    fn is_done(&mut self) -> bool {
        self.source.is_done()
    }

    fn recorded(&mut self) -> Result<(), DriverError> {
        if self.answers.is_empty() {
            return Ok(());
        }
        self.source.answered(&std::mem::take(&mut self.answers))
    }

    fn remember(&mut self, named: &[NamedJob], taken: &mut Taken) -> Result<(), DriverError> {
        let entry = self.entry;
        for NamedJob { job, source, submit, .. } in named.iter().filter(|named| named.job.entry() == entry) {
            let submitted = self.submit(submit, taken).map_err(|why| {
                DriverError::World(
                    format!("{source}: the journal holds this submission, and now it is refused: {why}").into(),
                )
            })?;
            if submitted.0 != *job {
                let why = format!("{source}: the journal calls it {job}, and now it is {}", submitted.0);
                return Err(DriverError::World(why.into()));
            }
            let answer = json!(submitted.1);
            self.source.remember(&Answered { source: source.clone(), answer, taken: true });
        }
        // The core knows them from its own part of the journal.
        taken.events.retain(|event| !matches!(event, Event::JobSubmitted { .. } | Event::JobSpecRegistered { .. }));
        Ok(())
    }
}
