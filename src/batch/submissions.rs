//! `SubmitJob`: what a queue takes, and what the core is told of it. Source: `API:SubmitJobRequest`, `UG:job_queues`,
//! `UG:fair-share-scheduling`. Ids of jobs are the caller's.

use serde::Serialize;

use crate::batch::account::{Batch, Outcome, queue_id};
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::batch::registry::Noun;
use crate::batch::resources::resource_id;
use crate::batch::specs::{JudgedSubmission, Variation};
use crate::ids::{InstanceTypeId, JobId, JobQueueId, JobSpecId};
use crate::model::compute_environment::State;
use crate::model::{EffectiveJob, Problem, SubmitJob, effective};
use crate::scheduler::{ConsumableRequirement, Event};

/// What a submission comes to, whoever makes it and however often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submission {
    /// Where it goes.
    pub queue: JobQueueId,
    /// What it is.
    pub spec: JobSpecId,
    /// `arrayProperties.size`.
    pub array_size: Option<u32>,
}

/// The answer to `SubmitJob`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct SubmittedJob {
    pub job_arn: String,
    pub job_name: String,
    pub job_id: String,
}

const OPERATION: &str = "SubmitJob";

impl<T: InstanceTypes> Batch<T> {
    /// `SubmitJob` under an id that the caller minted. Later calls may name the job.
    pub fn submit_job(&mut self, submit: &SubmitJob, job: JobId) -> Result<Outcome<SubmittedJob>, BatchError> {
        let dependencies = self.dependencies(submit);
        let prepared = self.prepare_submission(submit);
        let (submission, mut events, depends_on) = match (prepared, dependencies) {
            (Ok(Outcome { response, events }), Ok(depends_on)) => (response, events, depends_on),
            (prepared, dependencies) => {
                let mut problems = prepared.err().map(|error| error.problems).unwrap_or_default();
                problems.extend(dependencies.err().into_iter().flatten());
                return Err(BatchError::client(OPERATION, problems));
            }
        };
        let Submission { queue, spec, array_size } = submission;
        self.know_jobs(job, 1, array_size);
        events.push(Event::JobSubmitted { job, queue, spec, array_size, depends_on: depends_on.into(), tracked: true });
        let response = SubmittedJob {
            job_arn: self.arn_of("job", &job.to_string()),
            job_name: submit.job_name.clone(),
            job_id: job.to_string(),
        };
        Ok(Outcome { response, events })
    }

    /// What a submission comes to, but for its `dependsOn`: [`Self::judge_submission`], then [`Self::admit`].
    pub fn prepare_submission(&mut self, submit: &SubmitJob) -> Result<Outcome<Submission>, BatchError> {
        let judged = self.judge_submission(submit)?;
        Ok(self.admit(&judged, Variation::default()))
    }

    /// Whether a queue takes a submission, but for its `dependsOn`, and what job it makes.
    pub fn judge_submission(&self, submit: &SubmitJob) -> Result<JudgedSubmission, BatchError> {
        let mut problems = Vec::new();
        let queue = self.find(&self.queues, &submit.job_queue, "/jobQueue", &mut problems);
        if let Some(queue) = queue {
            problems.extend(self.closed(queue));
            problems.extend(self.share_fault(queue, submit));
        }
        let definition = match self.definitions.find(&submit.job_definition, "/jobDefinition") {
            Ok(definition) => Some(definition),
            Err(problem) => {
                if !self.is_unread(Noun::JobDefinition) {
                    problems.push(problem);
                }
                None
            }
        };
        let Some(definition) = definition else {
            problems.extend(submit.problems(&self.assumptions));
            return Err(BatchError::client(OPERATION, problems));
        };
        let definition = &self.definitions.all()[definition];
        let (job, own) = effective(&definition.document, submit, &self.assumptions);
        problems.extend(own);
        let (Some(job), Some(queue)) = (job, queue) else { return Err(BatchError::client(OPERATION, problems)) };
        let consumables = self.consumables(&job, submit, &mut problems);
        let instance_type = self.instance_type(&job, &mut problems);
        BatchError::check(OPERATION, problems)?;
        Ok(JudgedSubmission {
            queue,
            definition: definition.full_name(),
            submitted_as: submit.job_definition.clone(),
            evaluate_on_exit: self.texts.compile(&job.retry_strategy),
            job,
            consumables,
            instance_type,
        })
    }

    /// Gives a submission its ids. The events (a new share's weight, a new spec) must reach the core before the job.
    pub fn admit(&mut self, judged: &JudgedSubmission, variation: Variation) -> Outcome<Submission> {
        let JudgedSubmission { queue, job, .. } = judged;
        let share = job.share_identifier.as_ref().map(|share| self.shares.intern(share));
        let mut events = Vec::new();
        if let Some(share) = share
            && self.queues.all_mut()[*queue].shares.insert(share)
        {
            events.extend(self.refresh_queue(*queue));
        }
        let (spec, new) = self.specs.intern(judged, variation, share);
        if new {
            let job = Box::new(self.specs.all()[spec.index()].spec.clone());
            events.push(Event::JobSpecRegistered { spec, job });
        }
        Outcome { response: Submission { queue: queue_id(*queue), spec, array_size: job.array_size }, events }
    }

    /// Why a queue takes no submission.
    fn closed(&self, queue: usize) -> Option<Problem> {
        let document = &self.queues.all()[queue].document;
        (document.state == State::Disabled).then(|| {
            Problem::new(
                "/jobQueue",
                format!("queue `{}` is DISABLED and takes no submissions", document.job_queue_name),
                "write `\"state\": \"ENABLED\"` there",
            )
        })
    }

    /// Shares are mandatory in a fair-share queue and refused by a FIFO one.
    fn share_fault(&self, queue: usize, submit: &SubmitJob) -> Option<Problem> {
        let document = &self.queues.all()[queue].document;
        let name = &document.job_queue_name;
        match (&document.scheduling_policy_arn, &submit.share_identifier) {
            (Some(_), None) => Some(Problem::new(
                "",
                format!("queue `{name}` has a scheduling policy, and a submission to it needs `shareIdentifier`"),
                "add `shareIdentifier`",
            )),
            (None, Some(_)) => Some(Problem::new(
                "/shareIdentifier",
                format!("queue `{name}` is FIFO, and AWS Batch takes share identifiers on fair-share queues only"),
                "remove it, or give the queue a `schedulingPolicyArn` when it is created",
            )),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// What the job holds, in ascending order of ids; every resource must exist.
    fn consumables(
        &self,
        job: &EffectiveJob,
        submit: &SubmitJob,
        problems: &mut Vec<Problem>,
    ) -> Vec<ConsumableRequirement> {
        let at = match &submit.consumable_resource_properties_override {
            Some(_) => "/consumableResourcePropertiesOverride/consumableResourceList",
            None => "/jobDefinition",
        };
        let mut held: Vec<_> = job
            .consumable_resources
            .iter()
            .filter_map(|(name, &quantity)| {
                let index = self.find(&self.resources, name, at, problems)?;
                Some(ConsumableRequirement { resource: resource_id(index), quantity })
            })
            .collect();
        held.sort_unstable_by_key(|held| held.resource);
        held
    }

    /// The type that a multi-node parallel job asks for.
    fn instance_type(&self, job: &EffectiveJob, problems: &mut Vec<Problem>) -> Option<InstanceTypeId> {
        let wanted = job.groups.iter().find_map(|group| group.instance_type.as_deref())?;
        match self.types.expand(wanted).as_deref() {
            Ok([only]) => Some(only.id),
            Ok([]) => None,
            Ok([_, _, ..]) => {
                let message = format!("`{wanted}` is a family, and the nodes of a job are of one type");
                problems.push(Problem::new("/jobDefinition", message, format!("name one, like `{wanted}.large`")));
                None
            }
            Err(why) => {
                problems.push(Problem::new("/jobDefinition", why.clone(), ""));
                None
            }
        }
    }
}
