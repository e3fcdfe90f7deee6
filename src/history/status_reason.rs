//! Every `statusReason`, word by word, and the `reason` of a container: the one place where these texts stand.
//!
//! Sources: `UG:job_stuck_in_runnable`, `UG:job_stuck_in_runnable_time_limit_actions` (blocked queues and their time
//! limits), `UG:bestpractice6` (`Host EC2*`). AWS publishes no text for the other ends on EKS: those of failed dependencies,
//! failed children, timeouts and deleted queues are the ones that users report; where there is no report either, the text
//! says plainly what happened, or is Kubernetes' own.

use crate::ids::NodeId;
use crate::model::Names;
use crate::scheduler::{
    AttemptEnd, AttemptOutcome, Blocked, Decision, EndCause, EndKind, Event, JobEnd, Observation, PodFailure, Reason,
};

/// What a reclaimed or broken host leaves, before the instance's id and after it.
const HOST_TERMINATED: (&str, &str) = ("Host EC2 (instance ", ") terminated.");
const TIMED_OUT: &str = "Job attempt duration exceeded timeout";
const VOLUME_NOT_ATTACHED: &str = "A volume of the pod could not be attached or mounted.";
const ENVIRONMENT_UPDATED: &str = "The compute environment was updated.";
const POD_DELETED: &str = "The pod was deleted.";

/// The statusReason of an array that FAILED.
pub const CHILD_FAILED: &str = "Array Child Job failed";

/// What a node's instance is called: EC2's form, with the node's number.
pub fn instance_id(node: NodeId) -> String {
    format!("i-{:017x}", node.0)
}

/// An attempt's statusReason; `None` where its containers' exit says it all.
pub fn of_attempt(end: &AttemptEnd) -> Option<String> {
    Some(match end.outcome {
        AttemptOutcome::Succeeded | AttemptOutcome::Failed(PodFailure::ExitCode(_) | PodFailure::OomKilled) => {
            return None;
        }
        AttemptOutcome::Failed(PodFailure::Deleted) => POD_DELETED.to_owned(),
        AttemptOutcome::Failed(rejection) => of_rejection(rejection)?.to_owned(),
        AttemptOutcome::HostTerminated => {
            format!("{}{}{}", HOST_TERMINATED.0, instance_id(end.node), HOST_TERMINATED.1)
        }
        AttemptOutcome::TimedOut => TIMED_OUT.to_owned(),
        AttemptOutcome::Terminated => "The job was terminated.".to_owned(),
        AttemptOutcome::VolumeNotAttached => VOLUME_NOT_ATTACHED.to_owned(),
        AttemptOutcome::EnvironmentUpdated => ENVIRONMENT_UPDATED.to_owned(),
        AttemptOutcome::MainNodeEnded => "The main node of the job ended.".to_owned(),
    })
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
        PodFailure::ExitCode(_) | PodFailure::OomKilled | PodFailure::Deleted => None,
    }
}

/// A job's statusReason at its end; `None` where its last attempt says it all. Whoever ended the job on purpose gives a
/// reason, which the core is not told: where it is not known, the text names the action.
pub fn of_job(end: &JobEnd, attempt: Option<&AttemptEnd>) -> Option<String> {
    match end.why {
        EndCause::AttemptFailed => attempt.and_then(of_attempt),
        why => of_end(why),
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

/// What `onReason` and `onStatusReason` of `evaluateOnExit` are matched with when an attempt ends so: the container's
/// reason, then the attempt's statusReason; empty where there is none. The instance's id is any.
pub const fn patterns_see(kind: EndKind) -> (&'static str, &'static str) {
    match kind {
        EndKind::Exited => ("Error", ""),
        EndKind::OomKilled => ("OOMKilled", ""),
        EndKind::Rejected => ("OutOfcpu", "OutOfcpu"),
        EndKind::HostTerminated => ("", "Host EC2 (instance i-00000000000000000) terminated."),
        EndKind::VolumeNotAttached => ("", VOLUME_NOT_ATTACHED),
        EndKind::EnvironmentUpdated => ("", ENVIRONMENT_UPDATED),
        EndKind::Deleted => ("", POD_DELETED),
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
    fn a_reclaimed_host_matches_the_pattern_that_aws_recommends() {
        let (_, status_reason) = patterns_see(EndKind::HostTerminated);
        assert!(status_reason.starts_with("Host EC2"));
        assert_eq!(status_reason, format!("{}{}{}", HOST_TERMINATED.0, instance_id(NodeId(0)), HOST_TERMINATED.1));
    }
}
