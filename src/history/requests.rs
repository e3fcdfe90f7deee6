//! What callers of `CancelJob` and `TerminateJob` gave as their reason. The core is not told: a request is recognised by the
//! job that it named and by its number. Source: `API:TerminateJobRequest.reason`. Knows no states.

use std::collections::BTreeMap;

use crate::ids::JobRef;

/// One of the requests to end a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The job that was named: of an array's child, the child or its array.
    pub job: JobRef,
    /// How many requests named that job before.
    pub number: u32,
}

/// Reasons by job, in the order of the requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestReasons(BTreeMap<JobRef, Vec<String>>);

impl RequestReasons {
    /// Takes note of the next request that names a job.
    pub fn add(&mut self, job: JobRef, reason: &str) {
        self.0.entry(job).or_default().push(reason.to_owned());
    }

    /// The reason of a request; `None` where none is known, or it is empty.
    pub fn get(&self, request: Request) -> Option<&str> {
        let reason = self.0.get(&request.job)?.get(request.number as usize)?;
        Some(reason.as_str()).filter(|reason| !reason.is_empty())
    }
}

/// Numbers the requests of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestCount(BTreeMap<JobRef, u32>);

impl RequestCount {
    /// The next request that names a job.
    pub(super) fn next(&mut self, job: JobRef) -> Request {
        let count = self.0.entry(job).or_default();
        *count += 1;
        Request { job, number: *count - 1 }
    }
}
