//! `DescribeJobs`: everything about some jobs. Source: `API:DescribeJobs`, `API:JobDetail`. What became of a job is for
//! `history` to know; what it is, for the account.

use crate::batch::account::Batch;
use crate::batch::capacity::InstanceTypes;
use crate::batch::describe::too_many;
use crate::batch::error::BatchError;
use crate::batch::job_shapes::{
    AttemptDetail, ContainerSummary, EksAttemptContainerDetail, EksAttemptDetail, EksPodPropertiesDetail,
    EksPropertiesDetail, JobDetail, NodeDetails,
};
use crate::batch::named_job::{NamedJob, container};
use crate::batch::registry::Noun;
use crate::history::{AttemptRecord, JobLog, unix_ms};
use crate::ids::JobRef;
use crate::model::compute_environment::EksConfiguration;
use crate::model::consumable_resource::{ConsumableResourceProperties, ConsumableResourceRequirement};
use crate::model::job_definition::EksProperties;
use crate::model::metadata::EksMetadata;
use crate::model::node_properties::{NodeProperties, NodeRangeProperty};
use crate::model::submit_job::{ArrayJobDependency, JobDependency};
use crate::model::{EffectiveJob, PodGroup};
use crate::scheduler::{AttemptEnd, AttemptOutcome, Dependency};

impl<T: InstanceTypes> Batch<T> {
    /// `DescribeJobs`: these, by id, 100 at most; ids that the log does not know are passed over.
    pub fn describe_jobs(&self, jobs: &[String], log: &JobLog) -> Result<Vec<JobDetail>, BatchError> {
        too_many("DescribeJobs", "/jobs", jobs)?;
        let named = jobs.iter().filter_map(|id| NamedJob::find(id, log, self.job_specs()));
        Ok(named.map(|job| self.job_detail(&job)).collect())
    }

    /// What `DescribeJobs` says of one job, array or child, if the log knows it.
    pub fn describe_job(&self, job: JobRef, log: &JobLog) -> Option<JobDetail> {
        NamedJob::of(log.get(job)?, self.job_specs()).map(|job| self.job_detail(&job))
    }

    fn job_detail(&self, named: &NamedJob<'_>) -> JobDetail {
        let (record, job, id) = (named.record, &named.known.job, named.id());
        let nodes = job.nodes.zip(named.node);
        let attempts = || named.ended().map(|(attempt, end)| attempt_detail(attempt, &end));
        let is_set = job.nodes.is_some() && named.node.is_none();
        let group = job.group_of(named.node.unwrap_or(0)).filter(|_| !is_set);
        JobDetail {
            job_arn: self.arn_of("job", &id),
            job_name: job.job_name.clone(),
            job_id: id,
            job_queue: self.queue_arn(record.queue),
            status: named.status(),
            status_reason: self.status_reason(named),
            share_identifier: job.share_identifier.clone(),
            scheduling_priority: job.share_identifier.as_ref().map(|_| job.scheduling_priority),
            attempts: attempts().collect(),
            created_at: unix_ms(record.created_at()),
            retry_strategy: job.retry_strategy.clone(),
            started_at: named.started_at(),
            stopped_at: named.stopped_at(),
            depends_on: record.depends_on.iter().map(depends_on).collect(),
            job_definition: self.arn(Noun::JobDefinition, &named.known.job_definition),
            parameters: job.parameters.clone(),
            node_details: nodes.map(|(nodes, node)| NodeDetails { node_index: node, is_main_node: node == nodes.main }),
            node_properties: is_set.then(|| node_properties(job)).flatten(),
            array_properties: named.array_properties(),
            timeout: named.known.timeout(),
            platform_capabilities: ["EC2"],
            eks_properties: group.map(|group| EksPropertiesDetail {
                pod_properties: EksPodPropertiesDetail {
                    pod: named.known.pod(group),
                    node_name: named.attempts().next_back().map(|attempt| attempt.node.to_string()),
                },
            }),
            eks_attempts: self.eks_attempts(named),
            is_cancelled: record.cancelled,
            is_terminated: record.terminated,
            consumable_resource_properties: held(job),
        }
    }

    /// The reason of the call that ended the job, else what history says.
    pub(super) fn status_reason(&self, named: &NamedJob<'_>) -> Option<String> {
        let record = named.record;
        if named.node.is_some() && !record.state.is_terminal() {
            return named.ended().next_back().and_then(|(attempt, _)| attempt.status_reason.clone());
        }
        let given = record.request.filter(|_| record.state.is_terminal()).and_then(|it| self.reasons.get(it));
        given.map(str::to_owned).or_else(|| record.status_reason.clone())
    }

    fn eks_attempts(&self, named: &NamedJob<'_>) -> Vec<EksAttemptDetail> {
        let job = &named.known.job;
        let main = job.nodes.map_or(0, |nodes| nodes.main);
        let Some(group) = job.group_of(named.node.unwrap_or(main)) else { return Vec::new() };
        let own = group.pod.metadata.as_ref().and_then(|EksMetadata { namespace, .. }| namespace.clone());
        let cluster = |of: fn(&EksConfiguration) -> &String| self.common(named.record.queue.index(), of);
        let namespace = own.or_else(|| cluster(|eks| &eks.kubernetes_namespace));
        let detail = |(attempt, end): (&AttemptRecord, AttemptEnd)| EksAttemptDetail {
            containers: containers(group, end.outcome),
            eks_cluster_arn: cluster(|eks| &eks.eks_cluster_arn),
            pod_namespace: namespace.clone(),
            node_name: end.node.to_string(),
            started_at: end.running_at.map(unix_ms),
            stopped_at: unix_ms(end.stopped_at),
            status_reason: attempt.status_reason.clone(),
        };
        named.ended().map(detail).collect()
    }

    /// What the environments of a queue have in common; `None` where they differ.
    fn common(&self, queue: usize, of: fn(&EksConfiguration) -> &String) -> Option<String> {
        let environments = &self.queues.all().get(queue)?.spec.environments;
        let all = environments.iter().map(|id| self.environments.all().get(id.index()));
        let mut all = all.map(|environment| environment?.document.eks_configuration.as_ref().map(of));
        let first = all.next()??;
        all.all(|other| other == Some(first)).then(|| first.clone())
    }
}

fn attempt_detail(attempt: &AttemptRecord, end: &AttemptEnd) -> AttemptDetail {
    AttemptDetail {
        container: container(end.outcome),
        started_at: end.running_at.map(unix_ms),
        stopped_at: unix_ms(end.stopped_at),
        status_reason: attempt.status_reason.clone(),
    }
}

/// Of several containers that did not all succeed, nothing says which one failed: the first tells it.
fn containers(group: &PodGroup, outcome: AttemptOutcome) -> Vec<EksAttemptContainerDetail> {
    let tells = |index| index == 0 || outcome == AttemptOutcome::Succeeded;
    let all = group.pod.containers.iter().enumerate();
    all.map(|(index, one)| EksAttemptContainerDetail {
        name: one.name.clone(),
        end: if tells(index) { container(outcome) } else { ContainerSummary::default() },
    })
    .collect()
}

fn depends_on(dependency: &Dependency) -> JobDependency {
    match dependency {
        Dependency::Job(job) => JobDependency { job_id: Some(job.to_string()), kind: None },
        Dependency::NToN(job) => JobDependency { job_id: Some(job.to_string()), kind: Some(ArrayJobDependency::NToN) },
        Dependency::Sequential => JobDependency { job_id: None, kind: Some(ArrayJobDependency::Sequential) },
    }
}

/// The nodes with their pods as they run, overrides applied.
fn node_properties(job: &EffectiveJob) -> Option<NodeProperties> {
    let nodes = job.nodes?;
    let range = |group: &PodGroup| NodeRangeProperty {
        target_nodes: format!("{}:{}", group.first, group.last),
        eks_properties: Some(EksProperties { pod_properties: group.pod.clone() }),
        instance_types: group.instance_type.iter().cloned().collect(),
        consumable_resource_properties: None,
    };
    Some(NodeProperties {
        num_nodes: nodes.count,
        main_node: nodes.main,
        node_range_properties: job.groups.iter().map(range).collect(),
    })
}

fn held(job: &EffectiveJob) -> Option<ConsumableResourceProperties> {
    let all = job.consumable_resources.iter();
    let consumable_resource_list: Vec<_> = all
        .map(|(name, &quantity)| ConsumableResourceRequirement { consumable_resource: name.clone(), quantity })
        .collect();
    (!consumable_resource_list.is_empty()).then_some(ConsumableResourceProperties { consumable_resource_list })
}
