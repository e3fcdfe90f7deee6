//! `ListJobs`: the jobs of a queue, an array or a multi-node parallel job. Source: `API:ListJobsRequest`, whose rules stand
//! here; `API:JobSummary`. Which jobs there are is for `history` to know.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::batch::account::Batch;
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::batch::job_filters::{Filter, KeyValuesPair};
use crate::batch::job_shapes::{CapacityUsage, JobSummary, NodePropertiesSummary};
use crate::batch::named_job::NamedJob;
use crate::batch::paging::{Page, PageRequest};
use crate::batch::registry::Noun;
use crate::history::{JobLog, JobRecord, JobState, unix_ms};
use crate::ids::{JobId, JobRef};
use crate::model::Problem;
use crate::units::SimTime;

/// Which jobs are wanted: those of exactly one queue, array or multi-node parallel job. Source: `API:ListJobsRequest`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListJobs {
    /// Name or ARN: jobs and arrays of a queue, without children and nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_queue: Option<String>,
    /// The children of an array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array_job_id: Option<String>,
    /// The nodes of a multi-node parallel job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_node_job_id: Option<String>,
    /// RUNNING where absent; counts for nothing beside a filter other than `SHARE_IDENTIFIER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_status: Option<JobState>,
    /// Entries of a page at most, 1 to 1000, with filters to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
    /// What the page before gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// One at most; counts for nothing among children and nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<KeyValuesPair>,
}

const OPERATION: &str = "ListJobs";
/// Entries of a page at most, by status. Source: `API:ListJobsRequest.maxResults`.
const BY_STATUS_MAX: u32 = 1_000;
/// Entries of a page at most, with filters. Source: the same.
const FILTERED_MAX: u32 = 100;

/// A place in a list with the latest `createdAt` first. A token names it, so that jobs that are submitted between two pages
/// shift nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LatestFirst(Reverse<(SimTime, JobRef)>);

impl fmt::Display for LatestFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reverse((created_at, job)) = self.0;
        write!(f, "{}/{job}", created_at.as_millis())
    }
}

impl FromStr for LatestFirst {
    type Err = ();

    fn from_str(token: &str) -> Result<Self, ()> {
        let (created_at, job) = token.split_once('/').ok_or(())?;
        let created_at = SimTime::from_millis(created_at.parse().map_err(|_| ())?);
        Ok(Self(Reverse((created_at, job.parse().map_err(|_| ())?))))
    }
}

impl<T: InstanceTypes> Batch<T> {
    /// `ListJobs`: children by index, nodes by index, all others with the latest `createdAt` first.
    pub fn list_jobs(&self, request: &ListJobs, log: &JobLog) -> Result<Page<JobSummary>, BatchError> {
        let refused = |problem| BatchError::refused(OPERATION, problem);
        let filter = Filter::read(&request.filters).map_err(refused)?;
        let most = if filter.is_some() { FILTERED_MAX } else { BY_STATUS_MAX };
        let page = PageRequest { max_results: request.max_results, next_token: request.next_token.clone() };
        let status = request.job_status.unwrap_or(JobState::Running);
        let summary = |(place, job): (u32, NamedJob<'_>)| (place, self.job_summary(&job));
        match (&request.job_queue, &request.array_job_id, &request.multi_node_job_id) {
            (Some(queue), None, None) => {
                let found = self.queues.find(queue);
                let queue = found.ok_or_else(|| refused(self.queues.unknown(queue, "/jobQueue")))?;
                let status = match &filter {
                    None => Some(status),
                    Some(Filter::ShareIdentifier(_)) => request.job_status,
                    Some(_) => None,
                };
                let wanted = |record: &&JobRecord| {
                    record.job.child.is_none()
                        && record.queue.index() == queue
                        && status.is_none_or(|status| record.state == status)
                };
                let jobs = log.iter().filter(wanted).filter_map(|record| NamedJob::of(record, self.job_specs()));
                let jobs = jobs.filter(|job| filter.as_ref().is_none_or(|filter| filter.takes(job)));
                let place = |job: &NamedJob<'_>| LatestFirst(Reverse((job.record.created_at(), job.record.job)));
                let mut jobs: Vec<_> = jobs.map(|job| (place(&job), job)).collect();
                jobs.sort_unstable_by_key(|(place, _)| *place);
                page.page_of(OPERATION, most, jobs.iter().map(|(place, job)| (*place, self.job_summary(job))))
            }
            (None, Some(array), None) => {
                let array = self.whole_job(array, "/arrayJobId").map_err(refused)?;
                let children = log.children(array).filter(|child| child.state == status);
                let children = children.filter_map(|child| NamedJob::of(child, self.job_specs()));
                let children = children.map(|child| (child.record.job.child.unwrap_or(0), child));
                page.page_of(OPERATION, BY_STATUS_MAX, children.map(summary))
            }
            (None, None, Some(job)) => {
                let job = self.whole_job(job, "/multiNodeJobId").map_err(refused)?;
                let job = log.get(JobRef { job, child: None }).and_then(|job| NamedJob::of(job, self.job_specs()));
                let nodes = job.into_iter().flat_map(NamedJob::nodes).filter(|node| node.status() == status);
                page.page_of(OPERATION, BY_STATUS_MAX, nodes.map(|node| (node.node.unwrap_or(0), node)).map(summary))
            }
            _ => {
                let message = "jobs are listed by exactly one of `jobQueue`, `arrayJobId` and `multiNodeJobId`";
                Err(refused(Problem::new("", message, "write one of them")))
            }
        }
    }

    /// What `ListJobs` says of one job, array or child, if the log knows it.
    pub fn summarize_job(&self, job: JobRef, log: &JobLog) -> Option<JobSummary> {
        NamedJob::of(log.get(job)?, self.job_specs()).map(|job| self.job_summary(&job))
    }

    /// The job of an id that is no child's.
    fn whole_job(&self, id: &str, pointer: &str) -> Result<JobId, Problem> {
        let reference = self.jobs.reference(id, pointer)?;
        if reference.child.is_some() {
            let message = format!("`{id}` is a child of an array");
            return Err(Problem::new(pointer, message, format!("write `{}`", reference.job)));
        }
        Ok(reference.job)
    }

    fn job_summary(&self, named: &NamedJob<'_>) -> JobSummary {
        let (record, job, id) = (named.record, &named.known.job, named.id());
        let cpu = Some(named.cpu()).filter(|&cpu| cpu > 0);
        JobSummary {
            job_arn: self.arn_of("job", &id),
            job_id: id,
            job_name: job.job_name.clone(),
            capacity_usage: cpu.map(CapacityUsage::of_cpu).into_iter().collect(),
            created_at: unix_ms(record.created_at()),
            scheduled_at: named.scheduled_at(),
            share_identifier: job.share_identifier.clone(),
            status: named.status(),
            status_reason: self.status_reason(named),
            started_at: named.started_at(),
            stopped_at: named.stopped_at(),
            container: named.container(),
            array_properties: named.array_properties(),
            node_properties: job.nodes.map(|nodes| NodePropertiesSummary {
                is_main_node: named.node.map(|node| node == nodes.main),
                num_nodes: nodes.count,
                node_index: named.node,
            }),
            job_definition: self.arn(Noun::JobDefinition, &named.known.job_definition),
            is_cancelled: record.cancelled.then_some(true),
            is_terminated: record.terminated.then_some(true),
        }
    }
}
