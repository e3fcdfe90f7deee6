//! Writes decisions down, one line each.

use std::fmt::Write;

use windtunnel::ids::InstanceTypeId;
use windtunnel::scheduler::{Absorbed, Command, Decision, Demand, EndCause, Ending, JobEnd, Reason, ScaleInCause};

use crate::words::TYPES;

fn name(id: InstanceTypeId) -> &'static str {
    TYPES[id.index()].0
}

fn names(ids: &[InstanceTypeId]) -> String {
    ids.iter().map(|&id| name(id)).collect::<Vec<_>>().join(", ")
}

/// Endings, reasons, commands, what was absorbed, and the next wake-up: in this order.
pub(crate) fn decision(decision: &Decision, before: Absorbed, after: Absorbed, out: &mut String) {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(decision.endings.iter().map(ending));
    lines.extend(decision.reasons.iter().map(reason));
    lines.extend(decision.commands.iter().map(command));
    for (what, before, after) in [
        ("unknown pod", before.unknown_pods, after.unknown_pods),
        ("unknown node", before.unknown_nodes, after.unknown_nodes),
        ("late launch", before.late_launches, after.late_launches),
        ("duplicate", before.duplicates, after.duplicates),
        ("invalid submission", before.invalid_submissions, after.invalid_submissions),
    ] {
        lines.extend((before..after).map(|_| format!("absorbed: {what}")));
    }
    lines.extend(decision.wake_at.map(|at| format!("wake at {at}")));
    if lines.is_empty() {
        lines.push("(nothing)".to_owned());
    }
    for line in lines {
        writeln!(out, "{line}").unwrap();
    }
}

fn command(command: &Command) -> String {
    match command {
        Command::LaunchNodes(request) => {
            let bid = request.bid_percentage.map_or_else(String::new, |percent| format!(" below {percent} %"));
            format!(
                "ask EC2 for {} vCPUs of {} ({}, {}{bid}): {}",
                request.target_vcpus,
                names(&request.instance_types),
                request.environment,
                request.purchase,
                request.launch
            )
        }
        Command::TerminateNode { node } => format!("terminate {node}"),
        Command::CreatePod { pod, job, attempt, node, node_index, .. } => {
            let of = node_index.map_or_else(String::new, |index| format!(", its node {index}"));
            format!("create pod {pod} on {node}: job {job}, attempt {attempt}{of}")
        }
        Command::DeletePod { pod, why, .. } => format!("delete pod {pod}: {why:?}"),
    }
}

fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Attempt(end) => {
            let then = if end.retried { ", to be retried" } else { "" };
            let of = end.node_index.map_or_else(String::new, |index| format!(", its node {index},"));
            format!("attempt {} of {}{of} ended: {:?}{then}", end.attempt, end.job, end.outcome)
        }
        Ending::Job(end) => format!("job {} {}", end.job, state(end)),
        Ending::Array(end) if end.failed == 0 => format!("array {} SUCCEEDED: all {}", end.job, end.size),
        Ending::Array(end) => format!("array {} FAILED: {} of {}", end.job, end.failed, end.size),
    }
}

fn state(end: &JobEnd) -> String {
    match end.why {
        EndCause::Succeeded => "SUCCEEDED".to_owned(),
        EndCause::AttemptFailed => "FAILED".to_owned(),
        EndCause::DependencyFailed => "FAILED: a job that it depends on failed".to_owned(),
        EndCause::Cancelled => "FAILED: cancelled".to_owned(),
        EndCause::Terminated => "FAILED: terminated".to_owned(),
        EndCause::TimeLimit(why) => format!("FAILED: cancelled, for it waited too long for {}", why.name()),
        EndCause::QueueDeleted => "FAILED: its queue was deleted".to_owned(),
    }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::QueueBlocked { queue, head, why } => format!("{queue} waits, job {head} first: {}", why.name()),
        Reason::QueueUnblocked { queue } => format!("{queue} waits no more"),
        Reason::HeadBlocked { queue, head, why } => format!("job {head} is said to block {queue}: {}", why.name()),
        Reason::Backfilled { queue, job, head, until } => {
            let until = until.map_or_else(|| "an unknown time".to_owned(), |until| until.to_string());
            format!("job {job} goes ahead in {queue}, where a place is kept for job {head} until {until}")
        }
        Reason::Released { job } => format!("job {job} waits for no other any more"),
        Reason::SubmissionRefused { job, queue, jobs: 1, why, .. } => {
            format!("job {job} not taken by {queue}: {why:?}")
        }
        Reason::SubmissionRefused { job, queue, jobs, why, .. } => {
            format!("array {job} of {jobs} not taken by {queue}: {why:?}")
        }
        Reason::EnvironmentInvalid { environment, why } => format!("{environment} is INVALID: {why:?}"),
        Reason::EnvironmentValid { environment } => format!("{environment} is VALID again"),
        Reason::EnvironmentUpdated { environment } => format!("{environment} is UPDATING no more"),
        Reason::Launching { launch, demand, passed_over, .. } => {
            let demand = match demand {
                Demand::MinVcpus => "minvCpus".to_owned(),
                Demand::Jobs { queue, jobs, .. } => format!("{jobs} of {queue}"),
            };
            let not: Vec<_> =
                passed_over.iter().map(|other| format!("{} {:?}", name(other.instance_type), other.why)).collect();
            let not = if not.is_empty() { String::new() } else { format!(" (passed over: {})", not.join(", ")) };
            format!("{launch} is for {demand}{not}")
        }
        Reason::CannotProvide { environment, queue, why } => {
            format!("{environment} can't provide for {queue}: {}", why.name())
        }
        Reason::ScalingIn { node, why: ScaleInCause::Idle { since } } => format!("{node} is idle since {since}"),
        Reason::ScalingIn { node, why: ScaleInCause::NeverJoined } => format!("{node} never joined"),
        Reason::ScalingIn { node, why: ScaleInCause::Replaced } => format!("{node} is replaced"),
        Reason::ScalingIn { node, why: ScaleInCause::EnvironmentInvalid } => {
            format!("{node} goes: its environment is INVALID")
        }
        Reason::ScalingIn { node, why: ScaleInCause::EnvironmentDeleted } => {
            format!("{node} goes: its environment is deleted")
        }
        Reason::TypeAvoided { environment, instance_type, until } => {
            format!("{environment} avoids {} until {until}", name(*instance_type))
        }
        Reason::Learned { environment, instance_type, estimated, actual } => {
            let name = name(*instance_type);
            format!("{environment} learned that {name} offers {} CPU, not {}", actual.cpu, estimated.cpu)
        }
    }
}
