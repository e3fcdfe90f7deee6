//! Every `statusReason`, word by word, and the `reason` of a container: the one place where these texts stand.
//!
//! Sources: `UG:job_stuck_in_runnable`, `UG:job_stuck_in_runnable_time_limit_actions` (blocked queues and their time
//! limits), `UG:bestpractice6` (`Host EC2*`). AWS publishes no text for the other ends on EKS. Those of attempts that can be
//! retried are assumptions (`…StatusReason`), since `evaluateOnExit` hangs on them; those of failed dependencies, failed
//! children, timeouts and deleted queues are the ones that users report; else the text says plainly what happened.

use crate::history::requests::{Request, RequestReasons};
use crate::ids::NodeId;
use crate::model::{Assumptions, Names};
use crate::scheduler::{
    AttemptEnd, AttemptOutcome, Blocked, Decision, EndCause, EndKind, Event, JobEnd, Observation, PodFailure, Reason,
};

/// Where the text of a lost host has the instance's id.
const ID: &str = "{id}";

/// The statusReason of an array that FAILED.
const CHILD_FAILED: &str = "Array Child Job failed";

/// What a node's instance is called: EC2's form, with the node's number.
pub fn instance_id(node: NodeId) -> String {
    format!("i-{:017x}", node.0)
}

/// What is said of an attempt that ended so: the statusReason under these assumptions, which may hold `{id}` where the
/// instance's id stands.
pub fn of_end_kind(kind: EndKind, all: &Assumptions) -> &str {
    match kind {
        EndKind::Exited => &all.container_exit_status_reason,
        EndKind::OomKilled => &all.out_of_memory_status_reason,
        EndKind::Rejected => &all.pod_rejected_status_reason,
        EndKind::HostTerminated => &all.host_terminated_status_reason,
        EndKind::VolumeNotAttached => &all.volume_status_reason,
        EndKind::EnvironmentUpdated => &all.environment_updated_status_reason,
        EndKind::Deleted => &all.pod_deleted_status_reason,
        EndKind::Refused => &all.pod_refused_status_reason,
    }
}

/// The texts of a run, as its assumptions and its callers give them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// By kind of end.
    ends: Vec<String>,
    reasons: RequestReasons,
}

impl Texts {
    /// The texts under these assumptions.
    pub fn new(all: &Assumptions) -> Self {
        let ends = EndKind::ALL.map(|kind| of_end_kind(kind, all).to_owned()).into();
        Self { ends, reasons: RequestReasons::default() }
    }

    /// Tells jobs that were ended on purpose with the reasons of whoever did it.
    #[must_use]
    pub fn with_reasons(mut self, reasons: RequestReasons) -> Self {
        self.reasons = reasons;
        self
    }

    /// An attempt's statusReason; `None` where it succeeded.
    pub fn of_attempt(&self, end: &AttemptEnd) -> Option<String> {
        if let Some((kind, _)) = end.outcome.failure() {
            return self.ends.get(kind as usize).map(|text| text.replace(ID, &instance_id(end.node)));
        }
        Some(match end.outcome {
            AttemptOutcome::TimedOut => "Job attempt duration exceeded timeout".to_owned(),
            AttemptOutcome::Terminated => "The job was terminated.".to_owned(),
            AttemptOutcome::MainNodeEnded => "The main node of the job ended.".to_owned(),
            AttemptOutcome::Succeeded
            | AttemptOutcome::Failed(_)
            | AttemptOutcome::HostTerminated
            | AttemptOutcome::VolumeNotAttached
            | AttemptOutcome::EnvironmentUpdated => return None,
        })
    }

    /// A job's statusReason at its end; `None` where it SUCCEEDED. Of a job that was ended on purpose it is the reason that
    /// the request gave (`API:TerminateJobRequest`); where that is not known, the text names the action.
    pub fn of_job(&self, end: &JobEnd, attempt: Option<&AttemptEnd>, request: Option<Request>) -> Option<String> {
        match end.why {
            EndCause::AttemptFailed => attempt.and_then(|attempt| self.of_attempt(attempt)),
            EndCause::Cancelled | EndCause::Terminated => self.of_request(request).or_else(|| of_end(end.why)),
            why => of_end(why),
        }
    }

    /// The statusReason of an array that FAILED.
    pub fn of_failed_array(&self, request: Option<Request>) -> String {
        self.of_request(request).unwrap_or_else(|| CHILD_FAILED.to_owned())
    }

    fn of_request(&self, request: Option<Request>) -> Option<String> {
        request.and_then(|request| self.reasons.get(request)).map(str::to_owned)
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::new(&Assumptions::default())
    }
}

/// A container's `reason`, as Kubernetes gives it.
pub const fn of_container(outcome: AttemptOutcome) -> Option<&'static str> {
    match outcome {
        AttemptOutcome::Succeeded => Some("Completed"),
        AttemptOutcome::Failed(PodFailure::ExitCode(_)) | AttemptOutcome::TimedOut | AttemptOutcome::Terminated => {
            Some("Error")
        }
        AttemptOutcome::Failed(PodFailure::OomKilled) => Some("OOMKilled"),
        AttemptOutcome::Failed(rejection) => of_rejection(rejection),
        AttemptOutcome::HostTerminated
        | AttemptOutcome::VolumeNotAttached
        | AttemptOutcome::EnvironmentUpdated
        | AttemptOutcome::MainNodeEnded => None,
    }
}

/// A container's exit code, where it had one. One that was killed after SIGTERM has 137 (128 + SIGKILL).
pub const fn exit_code(outcome: AttemptOutcome) -> Option<i32> {
    match outcome {
        AttemptOutcome::Succeeded => Some(0),
        AttemptOutcome::Failed(PodFailure::ExitCode(code)) => Some(code),
        AttemptOutcome::Failed(PodFailure::OomKilled) | AttemptOutcome::TimedOut | AttemptOutcome::Terminated => {
            Some(137)
        }
        AttemptOutcome::Failed(_)
        | AttemptOutcome::HostTerminated
        | AttemptOutcome::VolumeNotAttached
        | AttemptOutcome::EnvironmentUpdated
        | AttemptOutcome::MainNodeEnded => None,
    }
}

/// What the kubelet says of a pod that it turned away.
const fn of_rejection(failure: PodFailure) -> Option<&'static str> {
    match failure {
        PodFailure::OutOfCpu => Some("OutOfcpu"),
        PodFailure::OutOfMemory => Some("OutOfmemory"),
        PodFailure::OutOfPods => Some("OutOfpods"),
        PodFailure::OutOfGpu => Some("OutOfnvidia.com/gpu"),
        PodFailure::ExitCode(_) | PodFailure::OomKilled | PodFailure::Deleted | PodFailure::Refused => None,
    }
}

fn of_end(why: EndCause) -> Option<String> {
    Some(match why {
        EndCause::Succeeded | EndCause::AttemptFailed => return None,
        EndCause::DependencyFailed => "Dependent Job failed".to_owned(),
        EndCause::Cancelled => "Canceled by CancelJob.".to_owned(),
        EndCause::Terminated => "Terminated by TerminateJob.".to_owned(),
        EndCause::TimeLimit(why) => format!("Canceled by JobStateTimeLimit action due to reason: {}", why.name()),
        EndCause::QueueDeleted => "JobQueue deleted".to_owned(),
    })
}

/// The statusReason of a RUNNABLE job that is said to block its queue. EC2 had none of `instance_type`, where it is that.
pub fn of_blocked(why: Blocked, instance_type: Option<&str>) -> String {
    match why {
        Blocked::InsufficientInstanceCapacity => format!(
            "{} - Service cannot fulfill the capacity requested for instance type [{}]",
            why.name(),
            instance_type.unwrap_or("instanceTypeName")
        ),
        Blocked::ComputeEnvironmentMaxResource => {
            format!("{} - CE(s) associated with the job queue cannot meet the CPU requirement of the job.", why.name())
        }
        Blocked::JobResourceRequirement => format!(
            "{} - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to \
             the job queue.",
            why.name()
        ),
        Blocked::InstanceConfigurationUnsupported => format!(
            "{} - Your compute environment associated with this job queue has an unsupported instance type configuration.",
            why.name()
        ),
        Blocked::EnvironmentInvalid => {
            format!("{} - CE(s) associated with the job queue are invalid.", why.name())
        }
        Blocked::AwaitingCapacity
        | Blocked::AtMaxVcpus
        | Blocked::NoRoomOnNodes
        | Blocked::EnvironmentDisabled
        | Blocked::DispatchRate
        | Blocked::ConsumableResource
        | Blocked::ShareReservation => "UNDETERMINED - Batch job is blocked, root cause is undetermined.".to_owned(),
    }
}

/// Of which instance type EC2 had none lately, by queue: what the statusReason of a job without capacity names.
#[derive(Debug, Clone, Default)]
pub struct Shortages {
    /// By queue: its environments.
    environments_of: Vec<Vec<crate::ids::ComputeEnvironmentId>>,
    /// By environment: the order in which it was said, and the type.
    avoided: Vec<Option<(u64, crate::ids::InstanceTypeId)>>,
    said: u64,
}

impl Shortages {
    /// Takes in a step.
    pub fn fold(&mut self, seen: &Observation, decision: &Decision) {
        for event in &seen.events {
            if let Event::JobQueueCreated { queue, spec } | Event::JobQueueUpdated { queue, spec } = event {
                if self.environments_of.len() <= queue.index() {
                    self.environments_of.resize(queue.index() + 1, Vec::new());
                }
                self.environments_of[queue.index()].clone_from(&spec.environments);
            }
        }
        for reason in &decision.reasons {
            if let Reason::TypeAvoided { environment, instance_type, .. } = reason {
                if self.avoided.len() <= environment.index() {
                    self.avoided.resize(environment.index() + 1, None);
                }
                self.said += 1;
                self.avoided[environment.index()] = Some((self.said, *instance_type));
            }
        }
    }

    /// The statusReason of the head of a queue that is said to block it.
    pub fn of_head(&self, queue: crate::ids::JobQueueId, why: Blocked, names: &Names) -> String {
        let environments = self.environments_of.get(queue.index()).map_or(&[][..], Vec::as_slice);
        let avoided = environments.iter().filter_map(|id| self.avoided.get(id.index()).copied().flatten());
        let latest = avoided.max().map(|(_, instance_type)| instance_type);
        of_blocked(why, latest.and_then(|it| names.instance_types.get(it.index())).map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_that_aws_publishes() {
        let said = of_blocked(Blocked::InsufficientInstanceCapacity, Some("m5.large"));
        let capacity = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for \
                        instance type [m5.large]";
        assert_eq!(said, capacity);
        let max = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the \
                   CPU requirement of the job.";
        assert_eq!(of_blocked(Blocked::ComputeEnvironmentMaxResource, None), max);
        let requirement = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is \
                           higher than that can be met by the CE(s) attached to the job queue.";
        assert_eq!(of_blocked(Blocked::JobResourceRequirement, None), requirement);
        let unsupported = "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your compute environment associated with \
                           this job queue has an unsupported instance type configuration.";
        assert_eq!(of_blocked(Blocked::InstanceConfigurationUnsupported, None), unsupported);
        let invalid = "ACTION_REQUIRED - CE(s) associated with the job queue are invalid.";
        assert_eq!(of_blocked(Blocked::EnvironmentInvalid, None), invalid);
        let limit = "Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT";
        assert_eq!(of_end(EndCause::TimeLimit(Blocked::JobResourceRequirement)).as_deref(), Some(limit));
    }

    #[test]
    fn every_kind_of_end_has_its_own_text() {
        let all = Assumptions { pod_deleted_status_reason: "gone".to_owned(), ..Assumptions::default() };
        let texts = Texts::new(&all);
        for (index, kind) in EndKind::ALL.into_iter().enumerate() {
            assert_eq!(texts.ends[kind as usize], of_end_kind(kind, &all), "{kind:?} stands {index}th");
        }
        assert_eq!(texts.ends[EndKind::Deleted as usize], "gone");
    }
}
