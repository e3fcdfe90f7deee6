//! Jobs that calls can name, and the calls that end them. Source: `API:CancelJob`, `API:TerminateJob`, `API:CancelJobs`,
//! `API:TerminateJobs`, `API:JobDependency`. Knows that a job was submitted and whether it is an array; not where it stands.

use std::collections::BTreeMap;

use crate::batch::account::{Batch, Outcome};
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::history::RequestReasons;
use crate::ids::{JobId, JobRef};
use crate::model::operations::{CancelJob, CancelJobs, TerminateJob, TerminateJobs};
use crate::model::submit_job::{ArrayJobDependency, JobDependency};
use crate::model::{Problem, SubmitJob};
use crate::scheduler::{Dependency, Event};

/// Jobs that a bulk call names at most. Source: `API:CancelJobsRequest`.
const BULK_MAX: usize = 50;

/// Ranges of ids that are known, by their first.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownJobs {
    ranges: BTreeMap<JobId, Range>,
}

/// Jobs of one kind.
#[derive(Debug, Clone, Copy)]
struct Range {
    count: u64,
    array_size: Option<u32>,
}

impl KnownJobs {
    /// The range that a job is in.
    fn find(&self, job: JobId) -> Option<Range> {
        let (first, range) = self.ranges.range(..=job).next_back()?;
        (job.raw() - first.raw() < range.count).then_some(*range)
    }

    /// The job, or array child, of an id; or why there is none.
    pub(super) fn reference(&self, id: &str, pointer: &str) -> Result<JobRef, Problem> {
        let unknown = || {
            let help = "name a job by its id, `entry-index`, or `entry-index:child` for a child of an array";
            Problem::new(pointer, format!("no job has the id `{id}`"), help)
        };
        let reference: JobRef = id.parse().map_err(|_| unknown())?;
        let array_size = self.find(reference.job).ok_or_else(unknown)?.array_size;
        match (reference.child, array_size) {
            (Some(child), Some(size)) if child < size => Ok(reference),
            (None, _) => Ok(reference),
            (Some(_), Some(size)) => {
                let message = format!("job `{}` has {size} children, counted from 0", reference.job);
                Err(Problem::new(pointer, message, format!("write `{}:{}` at most", reference.job, size - 1)))
            }
            (Some(_), None) => {
                let message = format!("job `{}` is no array and has no children", reference.job);
                Err(Problem::new(pointer, message, format!("write `{}`", reference.job)))
            }
        }
    }
}

impl<T: InstanceTypes> Batch<T> {
    /// Takes note that `count` jobs from `first` on were submitted, each an array of `array_size` or none: calls may name
    /// them.
    pub fn know_jobs(&mut self, first: JobId, count: u64, array_size: Option<u32>) {
        self.jobs.ranges.insert(first, Range { count, array_size });
    }

    /// What a submission's `dependsOn` says to the core; every job that it names must be known.
    pub fn dependencies(&self, submit: &SubmitJob) -> Result<Vec<Dependency>, Vec<Problem>> {
        let own = submit.array_properties.map(|array| array.size);
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for (index, dependency) in submit.depends_on.iter().enumerate() {
            match self.dependency(dependency, own, &format!("/dependsOn/{index}/jobId")) {
                Ok(dependency) => found.extend(dependency),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(problems) }
    }

    /// `None` for an entry that is at fault by itself, which the submission's own problems say.
    fn dependency(&self, written: &JobDependency, own: Option<u32>, at: &str) -> Result<Option<Dependency>, Problem> {
        let Some(id) = &written.job_id else {
            return Ok((written.kind == Some(ArrayJobDependency::Sequential)).then_some(Dependency::Sequential));
        };
        let reference = self.jobs.reference(id, at)?;
        if reference.child.is_some() {
            let message = format!("`{id}` is a child of an array, and dependencies are on whole jobs");
            return Err(Problem::new(at, message, format!("write `{}`", reference.job)));
        }
        if written.kind != Some(ArrayJobDependency::NToN) {
            return Ok(Some(Dependency::Job(reference.job)));
        }
        let other = self.jobs.find(reference.job).and_then(|range| range.array_size);
        if own.is_some() && other != own {
            let theirs = other.map_or_else(|| "no array".to_owned(), |size| format!("an array of {size}"));
            let message = format!("`N_TO_N` is between arrays of one size, but `{id}` is {theirs}");
            return Err(Problem::new(at, message, "submit both with the same `arrayProperties.size`"));
        }
        Ok(Some(Dependency::NToN(reference.job)))
    }

    /// `CancelJob`: ends a job that has not reached STARTING; the core decides whether that is so.
    pub fn cancel_job(&mut self, request: &CancelJob) -> Result<Outcome<()>, BatchError> {
        self.end("CancelJob", (&request.job_id, &request.reason), |job| Event::JobCancelRequested { job })
    }

    /// `TerminateJob`: ends a job wherever it stands.
    pub fn terminate_job(&mut self, request: &TerminateJob) -> Result<Outcome<()>, BatchError> {
        self.end("TerminateJob", (&request.job_id, &request.reason), |job| Event::JobTerminateRequested { job })
    }

    /// `CancelJobs`: unknown ids are passed over.
    pub fn cancel_jobs(&mut self, request: &CancelJobs) -> Result<Outcome<()>, BatchError> {
        self.end_all("CancelJobs", (&request.jobs, &request.reason), |job| Event::JobCancelRequested { job })
    }

    /// `TerminateJobs`: unknown ids are passed over.
    pub fn terminate_jobs(&mut self, request: &TerminateJobs) -> Result<Outcome<()>, BatchError> {
        self.end_all("TerminateJobs", (&request.jobs, &request.reason), |job| Event::JobTerminateRequested { job })
    }

    /// The reasons that were given so far to end jobs: what `history` tells of the jobs that ended so.
    pub const fn request_reasons(&self) -> &RequestReasons {
        &self.reasons
    }

    fn end(
        &mut self,
        operation: &'static str,
        (id, reason): (&str, &str),
        event: fn(JobRef) -> Event,
    ) -> Result<Outcome<()>, BatchError> {
        let job = self.jobs.reference(id, "/jobId").map_err(|problem| BatchError::refused(operation, problem))?;
        self.reasons.add(job, reason);
        Ok(Outcome { response: (), events: vec![event(job)] })
    }

    fn end_all(
        &mut self,
        operation: &'static str,
        (ids, reason): (&[String], &str),
        event: fn(JobRef) -> Event,
    ) -> Result<Outcome<()>, BatchError> {
        if ids.len() > BULK_MAX {
            let message = format!("{} jobs in one call, but AWS Batch takes {BULK_MAX}", ids.len());
            return Err(BatchError::refused(operation, Problem::new("/jobs", message, "split the call")));
        }
        let known: Vec<_> = ids.iter().filter_map(|id| self.jobs.reference(id, "/jobs").ok()).collect();
        for job in &known {
            self.reasons.add(*job, reason);
        }
        Ok(Outcome { response: (), events: known.into_iter().map(event).collect() })
    }
}
