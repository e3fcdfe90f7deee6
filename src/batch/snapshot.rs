//! `GetJobQueueSnapshot`: who is next in a queue, and who uses it. Source: `API:GetJobQueueSnapshotResponse`. The order is
//! the core's to tell, for only it knows whose turn it is; the caller asks it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::batch::account::{Batch, queue_id};
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::batch::job_shapes::CapacityUsage;
use crate::batch::named_job::NamedJob;
use crate::batch::registry::Noun;
use crate::history::{JobLog, JobState, unix_ms};
use crate::ids::{JobQueueId, JobRef};
use crate::units::SimTime;

/// A queue at one moment. Source: `API:GetJobQueueSnapshotResponse`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct JobQueueSnapshot {
    pub front_of_queue: FrontOfQueueDetail,
    pub queue_utilization: QueueSnapshotUtilizationDetail,
}

/// The first 100 RUNNABLE jobs in the order in which they will be tried. Source: `API:FrontOfQueueDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct FrontOfQueueDetail {
    pub jobs: Vec<FrontOfQueueJobSummary>,
    pub last_updated_at: u64,
}

/// Source: `API:FrontOfQueueJobSummary`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct FrontOfQueueJobSummary {
    pub job_arn: String,
    /// When it came to its place in the queue.
    pub earliest_time_at_position: u64,
}

/// What is placed, in `cpu`. Source: `API:QueueSnapshotUtilizationDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct QueueSnapshotUtilizationDetail {
    pub total_capacity_usage: [CapacityUsage; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fairshare_utilization: Option<FairshareUtilizationDetail>,
    pub last_updated_at: u64,
}

/// Of a fair-share queue. Source: `API:FairshareUtilizationDetail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FairshareUtilizationDetail {
    /// Shares that use capacity now.
    pub active_share_count: usize,
    /// The 20 that use most, the most first.
    pub top_capacity_utilization: Vec<FairshareCapacityUtilization>,
}

/// Source: `API:FairshareCapacityUtilization`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct FairshareCapacityUtilization {
    pub share_identifier: String,
    pub capacity_usage: [CapacityUsage; 1],
}

/// Jobs of a snapshot at most. Source: `API:FrontOfQueueDetail.jobs`.
const FRONT_MAX: usize = 100;
/// Shares of a snapshot at most. Source: `API:FairshareUtilizationDetail.topCapacityUtilization`.
const SHARES_MAX: usize = 20;

impl<T: InstanceTypes> Batch<T> {
    /// `GetJobQueueSnapshot`, of a queue by name or ARN. `front` is asked for so many RUNNABLE jobs in order, each with since
    /// when it is so: `Scheduler::front`.
    pub fn get_job_queue_snapshot(
        &self,
        job_queue: &str,
        log: &JobLog,
        front: impl FnOnce(JobQueueId, usize) -> Vec<(JobRef, SimTime)>,
    ) -> Result<JobQueueSnapshot, BatchError> {
        let found = self.queues.find(job_queue);
        let index = found
            .ok_or_else(|| BatchError::refused("GetJobQueueSnapshot", self.queues.unknown(job_queue, "/jobQueue")))?;
        let queue = queue_id(index);
        // Whoever leaves a queue moves up all behind, whoever comes in ahead moves them down: so a place is as old as the
        // later of the two. AWS does not say more than that it is when the job came there.
        let mut since = log.moved_up_at(queue);
        let jobs = front(queue, FRONT_MAX).into_iter().map(|(job, runnable_since)| {
            since = since.max(runnable_since);
            FrontOfQueueJobSummary {
                job_arn: self.arn_of("job", &job.to_string()),
                earliest_time_at_position: unix_ms(since),
            }
        });
        Ok(JobQueueSnapshot {
            front_of_queue: FrontOfQueueDetail { jobs: jobs.collect(), last_updated_at: unix_ms(log.as_of()) },
            queue_utilization: self.utilization(queue, log),
        })
    }

    fn utilization(&self, queue: JobQueueId, log: &JobLog) -> QueueSnapshotUtilizationDetail {
        let placed = |state| matches!(state, JobState::Starting | JobState::Running);
        let records = log.iter().filter(|record| record.queue == queue && placed(record.state));
        let (mut total, mut by_share) = (0, BTreeMap::<&str, u64>::new());
        for job in records.filter_map(|record| NamedJob::of(record, self.job_specs())) {
            total += job.cpu();
            if let Some(share) = &job.known.job.share_identifier {
                *by_share.entry(share).or_default() += job.cpu();
            }
        }
        let is_fair = self.job_queue(queue).is_some_and(|document| document.scheduling_policy_arn.is_some());
        let mut shares: Vec<_> = by_share.into_iter().collect();
        shares.sort_unstable_by_key(|&(share, cpu)| (Reverse(cpu), share));
        let top = shares.iter().take(SHARES_MAX).map(|&(share, cpu)| FairshareCapacityUtilization {
            share_identifier: share.to_owned(),
            capacity_usage: [CapacityUsage::of_cpu(cpu)],
        });
        QueueSnapshotUtilizationDetail {
            total_capacity_usage: [CapacityUsage::of_cpu(total)],
            fairshare_utilization: is_fair.then(|| FairshareUtilizationDetail {
                active_share_count: shares.len(),
                top_capacity_utilization: top.collect(),
            }),
            last_updated_at: unix_ms(log.as_of()),
        }
    }

    /// The ARN of a queue, of a deleted one too.
    pub(super) fn queue_arn(&self, queue: JobQueueId) -> String {
        let name = self.job_queue(queue).map_or("", |document| &document.job_queue_name);
        self.arn(Noun::JobQueue, name)
    }
}
