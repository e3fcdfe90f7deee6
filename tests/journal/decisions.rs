//! Every command, ending and reason, as a journal holds it.

use windtunnel::ids::InstanceTypeId;
use windtunnel::model::{FleetStrategy, PurchaseOption};
use windtunnel::scheduler::{
    ArrayEnd, AttemptEnd, AttemptOutcome, Blocked, Command, DeleteCause, Demand, EndCause, Ending, InvalidCause,
    JobEnd, LaunchRequest, PassedOver, PassedOverCause, PodFailure, Reason, Refusal, ScaleInCause,
};
use windtunnel::units::SimDuration;

use crate::records::{CE, FREE, JQ, LAUNCH, NODE, POD, SPEC, TYPE, all_covered, at, check, child, job};
use crate::world::requests;

#[test]
fn commands() {
    let launch = LaunchRequest {
        launch: LAUNCH,
        environment: CE,
        purchase: PurchaseOption::Spot,
        fleet: FleetStrategy::PriceCapacityOptimized,
        instance_types: vec![TYPE, InstanceTypeId(0)],
        target_vcpus: 12,
        bid_percentage: Some(60),
    };
    let delete = |why| Command::DeletePod { pod: POD, spec: SPEC, node: NODE, why };
    let examples = [
        (
            Command::LaunchNodes(Box::new(launch)),
            r#"{"command":"LaunchNodes","launch":7,"environment":1,"purchase":"SPOT","fleet":"price-capacity-optimized","instance_types":[4,0],"target_vcpus":12,"bid_percentage":60}"#,
        ),
        (Command::TerminateNode { node: NODE }, r#"{"command":"TerminateNode","node":6}"#),
        (
            Command::CreatePod { pod: POD, job: child(), spec: SPEC, attempt: 2, node: NODE, node_index: None },
            r#"{"command":"CreatePod","pod":"8.9","job":"0-17:3","spec":3,"attempt":2,"node":6}"#,
        ),
        (
            Command::CreatePod { pod: POD, job: job(), spec: SPEC, attempt: 1, node: NODE, node_index: Some(3) },
            r#"{"command":"CreatePod","pod":"8.9","job":"0-17","spec":3,"attempt":1,"node":6,"node_index":3}"#,
        ),
        (delete(DeleteCause::Timeout), r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"Timeout"}"#),
        (
            delete(DeleteCause::Terminated),
            r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"Terminated"}"#,
        ),
        (delete(DeleteCause::Volume), r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"Volume"}"#),
        (
            delete(DeleteCause::EnvironmentUpdate),
            r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"EnvironmentUpdate"}"#,
        ),
        (
            delete(DeleteCause::MainNodeSucceeded),
            r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"MainNodeSucceeded"}"#,
        ),
        (
            delete(DeleteCause::MainNodeEnded),
            r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"MainNodeEnded"}"#,
        ),
        (
            delete(DeleteCause::QueueDeleted),
            r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"QueueDeleted"}"#,
        ),
    ];
    all_covered!(
        examples,
        Command::LaunchNodes(_),
        Command::TerminateNode { .. },
        Command::CreatePod { .. },
        Command::DeletePod { .. },
    );
}

#[test]
fn endings_of_attempts() {
    let attempt = |outcome| AttemptEnd {
        pod: POD,
        job: child(),
        queue: JQ,
        spec: SPEC,
        attempt: 1,
        node: NODE,
        starting_at: at(10),
        running_at: None,
        stopped_at: at(30),
        outcome,
        retried: false,
        node_index: None,
    };
    let text = |outcome: &str, running_at: &str, node_index: &str| {
        format!(
            r#"{{"ended":"Attempt","pod":"8.9","job":"0-17:3","queue":2,"spec":3,"attempt":1,"node":6,"starting_at":10,{running_at}"stopped_at":30,"outcome":{outcome},"retried":false{node_index}}}"#
        )
    };
    let main = AttemptEnd { running_at: Some(at(20)), node_index: Some(0), ..attempt(AttemptOutcome::Succeeded) };
    check(&Ending::Attempt(main), &text(r#""Succeeded""#, r#""running_at":20,"#, r#","node_index":0"#));
    let failed = AttemptOutcome::Failed;
    for (outcome, said) in [
        (failed(PodFailure::OutOfCpu), r#"{"Failed":"OutOfCpu"}"#),
        (failed(PodFailure::ExitCode(137)), r#"{"Failed":{"ExitCode":137}}"#),
        (AttemptOutcome::HostTerminated, r#""HostTerminated""#),
        (AttemptOutcome::TimedOut, r#""TimedOut""#),
        (AttemptOutcome::Terminated, r#""Terminated""#),
        (AttemptOutcome::VolumeNotAttached, r#""VolumeNotAttached""#),
        (AttemptOutcome::EnvironmentUpdated, r#""EnvironmentUpdated""#),
        (AttemptOutcome::MainNodeEnded, r#""MainNodeEnded""#),
    ] {
        check(&Ending::Attempt(attempt(outcome)), &text(said, "", ""));
    }
}

#[test]
fn endings_of_jobs() {
    let end = |why, first_running_at| JobEnd {
        job: job(),
        queue: JQ,
        spec: SPEC,
        why,
        attempts: 1,
        submitted_at: at(1),
        first_running_at,
        runnable: SimDuration::from_millis(9),
        last_run: SimDuration::from_millis(10),
        ended_at: at(30),
    };
    let text = |why: &str, running: &str| {
        format!(
            r#"{{"ended":"Job","job":"0-17","queue":2,"spec":3,"why":{why},"attempts":1,"submitted_at":1,{running}"runnable":9,"last_run":10,"ended_at":30}}"#
        )
    };
    check(&Ending::Job(end(EndCause::Succeeded, Some(at(20)))), &text(r#""Succeeded""#, r#""first_running_at":20,"#));
    for (why, said) in [
        (EndCause::AttemptFailed, r#""AttemptFailed""#),
        (EndCause::DependencyFailed, r#""DependencyFailed""#),
        (EndCause::Cancelled, r#""Cancelled""#),
        (EndCause::Terminated, r#""Terminated""#),
        (EndCause::TimeLimit(Blocked::JobResourceRequirement), r#"{"TimeLimit":"JobResourceRequirement"}"#),
        (EndCause::QueueDeleted, r#""QueueDeleted""#),
    ] {
        check(&Ending::Job(end(why, None)), &text(said, ""));
    }
    let array = ArrayEnd { job: job().job, queue: JQ, size: 10, failed: 1, submitted_at: at(1), ended_at: at(30) };
    check(
        &Ending::Array(array),
        r#"{"ended":"Array","job":"0-17","queue":2,"size":10,"failed":1,"submitted_at":1,"ended_at":30}"#,
    );
}

#[test]
fn a_time_that_nobody_knows_is_left_out() {
    let reason = Reason::Backfilled { queue: JQ, job: child(), head: job(), until: None };
    check(&reason, r#"{"reason":"Backfilled","queue":2,"job":"0-17:3","head":"0-17"}"#);
}

#[test]
fn reasons() {
    let passed_over = [
        PassedOverCause::TooSmall,
        PassedOverCause::Avoided,
        PassedOverCause::CostsMore,
        PassedOverCause::LaterInOrder,
        PassedOverCause::TooLarge,
    ];
    let passed_over = passed_over.map(|why| PassedOver { instance_type: TYPE, why }).to_vec();
    let launching = |demand, passed_over| Reason::Launching { launch: LAUNCH, environment: CE, demand, passed_over };
    let jobs = Demand::Jobs { queue: JQ, requests: requests(), jobs: 12 };
    let examples = [
        (
            Reason::QueueBlocked { queue: JQ, head: job(), why: Blocked::AtMaxVcpus },
            r#"{"reason":"QueueBlocked","queue":2,"head":"0-17","why":"AtMaxVcpus"}"#,
        ),
        (Reason::QueueUnblocked { queue: JQ }, r#"{"reason":"QueueUnblocked","queue":2}"#),
        (
            Reason::HeadBlocked { queue: JQ, head: child(), why: Blocked::EnvironmentInvalid },
            r#"{"reason":"HeadBlocked","queue":2,"head":"0-17:3","why":"EnvironmentInvalid"}"#,
        ),
        (
            Reason::Backfilled { queue: JQ, job: child(), head: job(), until: Some(at(300_000)) },
            r#"{"reason":"Backfilled","queue":2,"job":"0-17:3","head":"0-17","until":300000}"#,
        ),
        (Reason::Released { job: job() }, r#"{"reason":"Released","job":"0-17"}"#),
        (
            Reason::SubmissionRefused { job: job().job, queue: JQ, spec: SPEC, jobs: 10, why: Refusal::QueueClosed },
            r#"{"reason":"SubmissionRefused","job":"0-17","queue":2,"spec":3,"jobs":10,"why":"QueueClosed"}"#,
        ),
        (
            Reason::EnvironmentInvalid { environment: CE, why: InvalidCause::NodesNeverJoined },
            r#"{"reason":"EnvironmentInvalid","environment":1,"why":"NodesNeverJoined"}"#,
        ),
        (
            Reason::EnvironmentInvalid { environment: CE, why: InvalidCause::Reported },
            r#"{"reason":"EnvironmentInvalid","environment":1,"why":"Reported"}"#,
        ),
        (Reason::EnvironmentValid { environment: CE }, r#"{"reason":"EnvironmentValid","environment":1}"#),
        (Reason::EnvironmentUpdated { environment: CE }, r#"{"reason":"EnvironmentUpdated","environment":1}"#),
        (
            launching(Demand::MinVcpus, Vec::new()),
            r#"{"reason":"Launching","launch":7,"environment":1,"demand":"MinVcpus"}"#,
        ),
        (
            launching(jobs, passed_over),
            r#"{"reason":"Launching","launch":7,"environment":1,"demand":{"Jobs":{"queue":2,"requests":{"cpu":1000,"memory":1024,"pods":1},"jobs":12}},"passed_over":[{"instance_type":4,"why":"TooSmall"},{"instance_type":4,"why":"Avoided"},{"instance_type":4,"why":"CostsMore"},{"instance_type":4,"why":"LaterInOrder"},{"instance_type":4,"why":"TooLarge"}]}"#,
        ),
        (
            Reason::CannotProvide { environment: CE, queue: JQ, why: Blocked::InsufficientInstanceCapacity },
            r#"{"reason":"CannotProvide","environment":1,"queue":2,"why":"InsufficientInstanceCapacity"}"#,
        ),
        (
            Reason::ScalingIn { node: NODE, why: ScaleInCause::Idle { since: at(5) } },
            r#"{"reason":"ScalingIn","node":6,"why":{"Idle":{"since":5}}}"#,
        ),
        (
            Reason::ScalingIn { node: NODE, why: ScaleInCause::NeverJoined },
            r#"{"reason":"ScalingIn","node":6,"why":"NeverJoined"}"#,
        ),
        (
            Reason::ScalingIn { node: NODE, why: ScaleInCause::Replaced },
            r#"{"reason":"ScalingIn","node":6,"why":"Replaced"}"#,
        ),
        (
            Reason::ScalingIn { node: NODE, why: ScaleInCause::EnvironmentInvalid },
            r#"{"reason":"ScalingIn","node":6,"why":"EnvironmentInvalid"}"#,
        ),
        (
            Reason::ScalingIn { node: NODE, why: ScaleInCause::EnvironmentDeleted },
            r#"{"reason":"ScalingIn","node":6,"why":"EnvironmentDeleted"}"#,
        ),
        (
            Reason::TypeAvoided { environment: CE, instance_type: TYPE, until: at(300_000) },
            r#"{"reason":"TypeAvoided","environment":1,"instance_type":4,"until":300000}"#,
        ),
        (
            Reason::Learned { environment: CE, instance_type: TYPE, estimated: FREE, actual: FREE },
            r#"{"reason":"Learned","environment":1,"instance_type":4,"estimated":FREE,"actual":FREE}"#,
        ),
    ];
    all_covered!(
        examples,
        Reason::QueueBlocked { .. },
        Reason::QueueUnblocked { .. },
        Reason::HeadBlocked { .. },
        Reason::Backfilled { .. },
        Reason::Released { .. },
        Reason::SubmissionRefused { .. },
        Reason::EnvironmentInvalid { .. },
        Reason::EnvironmentValid { .. },
        Reason::EnvironmentUpdated { .. },
        Reason::Launching { .. },
        Reason::CannotProvide { .. },
        Reason::ScalingIn { .. },
        Reason::TypeAvoided { .. },
        Reason::Learned { .. },
    );
}

/// The words for why a head waits and why a submission is refused.
#[test]
fn causes() {
    for (why, text) in [
        (Blocked::AwaitingCapacity, r#""AwaitingCapacity""#),
        (Blocked::AtMaxVcpus, r#""AtMaxVcpus""#),
        (Blocked::InsufficientInstanceCapacity, r#""InsufficientInstanceCapacity""#),
        (Blocked::JobResourceRequirement, r#""JobResourceRequirement""#),
        (Blocked::NoRoomOnNodes, r#""NoRoomOnNodes""#),
        (Blocked::EnvironmentDisabled, r#""EnvironmentDisabled""#),
        (Blocked::DispatchRate, r#""DispatchRate""#),
        (Blocked::EnvironmentInvalid, r#""EnvironmentInvalid""#),
        (Blocked::ComputeEnvironmentMaxResource, r#""ComputeEnvironmentMaxResource""#),
        (Blocked::ConsumableResource, r#""ConsumableResource""#),
        (Blocked::InstanceConfigurationUnsupported, r#""InstanceConfigurationUnsupported""#),
        (Blocked::ShareReservation, r#""ShareReservation""#),
    ] {
        check(&why, text);
    }
    for (why, text) in [
        (Refusal::QueueClosed, r#""QueueClosed""#),
        (Refusal::ShareIdentifier, r#""ShareIdentifier""#),
        (Refusal::ActiveShares, r#""ActiveShares""#),
        (Refusal::SubmittedJobs, r#""SubmittedJobs""#),
        (Refusal::TooManyRequests, r#""TooManyRequests""#),
        (Refusal::Dependency, r#""Dependency""#),
    ] {
        check(&why, text);
    }
}
