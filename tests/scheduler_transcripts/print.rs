//! Writes decisions down, one line each.

use std::fmt::Write;

use windtunnel::ids::InstanceTypeId;
use windtunnel::scheduler::{Absorbed, Command, Decision, Demand, Ending, Reason, ScaleInCause};

use super::facts::TYPES;

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
        Command::LaunchNodes(request) => format!(
            "ask EC2 for {} vCPUs of {} ({}, {}): {}",
            request.target_vcpus,
            names(&request.instance_types),
            request.environment,
            request.purchase,
            request.launch
        ),
        Command::TerminateNode { node } => format!("terminate {node}"),
        Command::CreatePod { pod, job, attempt, node, .. } => {
            format!("create pod {pod} on {node}: job {job}, attempt {attempt}")
        }
        Command::DeletePod { pod, why, .. } => format!("delete pod {pod}: {why:?}"),
    }
}

fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Attempt(end) => {
            let then = if end.retried { ", to be retried" } else { "" };
            format!("attempt {} of {} ended: {:?}{then}", end.attempt, end.job, end.outcome)
        }
        Ending::Job(end) => format!("job {} {}", end.job, if end.succeeded() { "SUCCEEDED" } else { "FAILED" }),
    }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::QueueBlocked { queue, head, why } => format!("{queue} waits, job {head} first: {}", why.name()),
        Reason::QueueUnblocked { queue } => format!("{queue} waits no more"),
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
        Reason::TypeAvoided { environment, instance_type, until } => {
            format!("{environment} avoids {} until {until}", name(*instance_type))
        }
        Reason::Learned { environment, instance_type, estimated, actual } => {
            let name = name(*instance_type);
            format!("{environment} learned that {name} offers {} CPU, not {}", actual.cpu, estimated.cpu)
        }
    }
}
