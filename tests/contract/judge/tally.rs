//! What happened, counted: scripts in which nothing happens prove nothing.

use windtunnel::scheduler::{AttemptEnd, AttemptOutcome, Blocked, DeleteCause, EndCause, ScaleInCause};

tally! {
    // Jobs and what they wait for.
    succeeded failed whole n_to_n sequential released dependency_failed arrays_succeeded arrays_failed refused
    cancelled cancelled_pending cancelled_in_vain terminated ended_by_termination queue_deleted time_limit
    // Attempts.
    retried rejected timed_out host_terminated oom_killed volume environment_updated lost_with_jobs images_missing
    followers followers_ended main_node_ended
    // Queues.
    fair_share by_share backfilled queues_updated consumed overcommitted head_blocked
    awaiting at_max insufficient_capacity too_large no_room disabled_blocks rate invalid_blocks max_resource consumable
    unsupported reservation
    // Environments and nodes.
    scaling_updates infrastructure disabled invalid_reported never_joined_invalid valid_again environments_deleted
    insufficient late_nodes adopted warned for_minimum minimum_while_disabled
    idle never_joined replaced gone_invalid gone_deleted
    // Facts that change nothing.
    late_facts doubled unknown_jobs
    drained
}

impl Tally {
    pub(super) fn ended(&mut self, why: EndCause) {
        match why {
            EndCause::Succeeded => self.succeeded += 1,
            EndCause::AttemptFailed => self.failed += 1,
            EndCause::Terminated => self.ended_by_termination += 1,
            EndCause::TimeLimit(_) => self.time_limit += 1,
            EndCause::DependencyFailed | EndCause::Cancelled | EndCause::QueueDeleted => {}
        }
    }

    pub(super) fn attempt(&mut self, end: &AttemptEnd) {
        match end.outcome {
            AttemptOutcome::TimedOut => self.timed_out += 1,
            AttemptOutcome::HostTerminated => self.host_terminated += 1,
            AttemptOutcome::Failed(windtunnel::scheduler::PodFailure::OomKilled) => self.oom_killed += 1,
            AttemptOutcome::VolumeNotAttached => self.volume += 1,
            AttemptOutcome::MainNodeEnded => self.main_node_ended += 1,
            AttemptOutcome::Succeeded
            | AttemptOutcome::Failed(_)
            | AttemptOutcome::Terminated
            | AttemptOutcome::EnvironmentUpdated => {}
        }
    }

    pub(super) fn deleted(&mut self, why: DeleteCause) {
        self.environment_updated += u64::from(why == DeleteCause::EnvironmentUpdate);
    }

    pub(super) fn scaled_in(&mut self, why: ScaleInCause) {
        match why {
            ScaleInCause::Idle { .. } => self.idle += 1,
            ScaleInCause::NeverJoined => self.never_joined += 1,
            ScaleInCause::Replaced => self.replaced += 1,
            ScaleInCause::EnvironmentInvalid => self.gone_invalid += 1,
            ScaleInCause::EnvironmentDeleted => self.gone_deleted += 1,
        }
    }

    pub(super) fn blocked(&mut self, why: Blocked) {
        let count = match why {
            Blocked::AwaitingCapacity => &mut self.awaiting,
            Blocked::AtMaxVcpus => &mut self.at_max,
            Blocked::InsufficientInstanceCapacity => &mut self.insufficient_capacity,
            Blocked::JobResourceRequirement => &mut self.too_large,
            Blocked::NoRoomOnNodes => &mut self.no_room,
            Blocked::EnvironmentDisabled => &mut self.disabled_blocks,
            Blocked::DispatchRate => &mut self.rate,
            Blocked::EnvironmentInvalid => &mut self.invalid_blocks,
            Blocked::ComputeEnvironmentMaxResource => &mut self.max_resource,
            Blocked::ConsumableResource => &mut self.consumable,
            Blocked::InstanceConfigurationUnsupported => &mut self.unsupported,
            Blocked::ShareReservation => &mut self.reservation,
        };
        *count += 1;
    }
}
