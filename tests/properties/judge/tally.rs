//! What happened, counted: worlds in which nothing happens prove nothing.

use windtunnel::scheduler::{
    AttemptOutcome, Blocked, Command, Decision, Demand, Ending, Event, NodeLossCause, PodFailure, Reason, ScaleInCause,
};

tally! {
    succeeded failed arrays timed_out host_terminated exit_code retried
    launched refused late ready reclaimed lost_unwarned warned
    given_back never_joined invalidated for_minimum learned
    awaiting at_max insufficient too_large no_room disabled rate invalid max_resource
    drained stuck
}

impl Tally {
    pub(super) fn fact(&mut self, event: &Event) {
        match event {
            Event::NodeLaunched { .. } => self.launched += 1,
            Event::CapacityUnavailable { .. } => self.refused += 1,
            Event::NodeReady { .. } => self.ready += 1,
            Event::SpotInterruptionWarning { .. } => self.warned += 1,
            Event::NodeLost { cause: NodeLossCause::SpotInterruption, .. } => self.reclaimed += 1,
            _ => {}
        }
        self.lost_unwarned = self.reclaimed.saturating_sub(self.warned);
    }

    pub(super) fn decision(&mut self, decision: &Decision) {
        for ending in &decision.endings {
            match ending {
                Ending::Job(job) if job.succeeded() => self.succeeded += 1,
                Ending::Job(_) => self.failed += 1,
                Ending::Array(_) => self.arrays += 1,
                Ending::Attempt(attempt) => {
                    self.retried += u64::from(attempt.retried);
                    match attempt.outcome {
                        AttemptOutcome::TimedOut => self.timed_out += 1,
                        AttemptOutcome::HostTerminated => self.host_terminated += 1,
                        AttemptOutcome::Failed(PodFailure::ExitCode(_)) => self.exit_code += 1,
                        _ => {}
                    }
                }
            }
        }
        self.given_back +=
            decision.commands.iter().filter(|command| matches!(command, Command::TerminateNode { .. })).count() as u64;
        for reason in &decision.reasons {
            match reason {
                Reason::QueueBlocked { why, .. } => *self.blocked(*why) += 1,
                Reason::Launching { demand: Demand::MinVcpus, .. } => self.for_minimum += 1,
                Reason::ScalingIn { why: ScaleInCause::NeverJoined, .. } => self.never_joined += 1,
                Reason::Learned { .. } => self.learned += 1,
                Reason::EnvironmentInvalid { .. } => self.invalidated += 1,
                _ => {}
            }
        }
    }

    fn blocked(&mut self, why: Blocked) -> &mut u64 {
        match why {
            Blocked::AwaitingCapacity => &mut self.awaiting,
            Blocked::AtMaxVcpus => &mut self.at_max,
            Blocked::InsufficientInstanceCapacity => &mut self.insufficient,
            Blocked::JobResourceRequirement => &mut self.too_large,
            Blocked::NoRoomOnNodes => &mut self.no_room,
            Blocked::EnvironmentDisabled => &mut self.disabled,
            Blocked::DispatchRate => &mut self.rate,
            Blocked::EnvironmentInvalid => &mut self.invalid,
            Blocked::ComputeEnvironmentMaxResource => &mut self.max_resource,
            Blocked::ConsumableResource | Blocked::InstanceConfigurationUnsupported | Blocked::ShareReservation => {
                panic!("{why:?} in a world without")
            }
        }
    }
}
