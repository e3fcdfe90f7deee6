//! The account of a job for people: short sentences with numbers, at most 100 columns. Everything here is in the JSON too.

use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::cli::explain::account::{Account, Ahead, Asks, Attempt, Child, Children, Waited};
use crate::history::JobState;
use crate::metrics::figures::{count, counted, span, usd};
use crate::scheduler::{Blocked, Refusal};

const WIDTH: u16 = 100;
const NONE: &str = "–";

/// The account as text.
pub(super) fn table(account: &Account) -> String {
    let mut sections = vec![head(account), states(account)];
    sections.extend(waits(&account.waits));
    sections.extend(attempts(&account.attempts));
    sections.extend(account.children.iter().flat_map(children));
    sections.join("\n\n")
}

fn head(account: &Account) -> String {
    let what = if let Some(children) = &account.children {
        format!("array of {} {}", count(children.size.into()), account.job_name)
    } else {
        account.job_name.clone()
    };
    let mut lines = vec![format!("{}: {what} ({}) in {}", account.job, account.job_definition, account.queue)];
    lines.extend(account.asks.as_ref().map(asks));
    if !account.depends_on.is_empty() {
        lines.push(format!("depends on {}", account.depends_on.join(", ")));
    }
    let lived = |until: f64| span(until - account.submitted_s);
    lines.push(match account.ended_s {
        Some(ended) => format!(
            "{} after {}; {} in RUNNABLE, cost {}",
            account.state,
            lived(ended),
            span(account.waits.runnable_s),
            usd(account.cost_usd)
        ),
        None => format!(
            "still {} when the run ended, {} after its submission; {} in RUNNABLE, cost so far {}",
            account.state,
            lived(account.run_ended_s),
            span(account.waits.runnable_s),
            usd(account.cost_usd)
        ),
    });
    if let Some(reason) = &account.status_reason {
        lines.push(format!("statusReason: {reason}"));
    }
    lines.join("\n")
}

fn asks(asks: &Asks) -> String {
    let mut text = String::from("asks for ");
    if let Some(nodes) = asks.nodes {
        write!(text, "{} of ", counted(nodes.into(), "node")).expect("writing to a string can't fail");
    }
    let vcpus =
        if (asks.vcpus - 1.0).abs() < f64::EPSILON { "1 vCPU".to_owned() } else { format!("{} vCPUs", asks.vcpus) };
    let mut parts = vec![format!("{text}{vcpus}"), format!("{} MiB", count(asks.memory_mib.into()))];
    if asks.gpus > 0 {
        parts.push(counted(asks.gpus.into(), "GPU"));
    }
    parts.extend(asks.consumable_resources.iter().map(|holds| format!("{} of {}", holds.quantity, holds.resource)));
    parts.push(format!("at most {}", counted(asks.attempts.into(), "attempt")));
    parts.extend(asks.timeout_s.map(|timeout| format!("timeout {}", span(timeout))));
    parts.extend(asks.share.as_ref().map(|share| format!("share {share}, priority {}", asks.scheduling_priority)));
    parts.join(", ")
}

/// A borderless table: `left` columns read from the left, the others from the right.
fn section(heads: &[&str], left: usize, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_width(WIDTH).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heads.iter().copied());
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn states(account: &Account) -> String {
    let rows = account.states.iter().map(|stay| {
        let time = if stay.state.is_terminal() { String::new() } else { span(stay.for_s) };
        vec![stay.state.to_string(), span(stay.at_s), time]
    });
    section(&["STATE", "at", "for"], 1, rows)
}

/// Sentences in the order of their time, the longest first.
fn waits(waits: &Waited) -> Option<String> {
    let mut lines: Vec<(f64, String)> = Vec::new();
    for head in &waits.as_head {
        lines.push((head.for_s, format!("first in its queue: {} ({})", words(head.blocked), head.why)));
    }
    for behind in &waits.behind {
        let heads = if behind.heads == 1 {
            format!("behind {}", behind.longest_head)
        } else {
            format!(
                "behind {}, one after the other, of which {} took {}",
                counted(behind.heads.into(), "job"),
                behind.longest_head,
                span(behind.longest_s)
            )
        };
        lines.push((behind.for_s, format!("{heads}: {} ({})", words(behind.blocked), behind.why)));
    }
    if waits.in_turn_s > 0.0 {
        lines.push((waits.in_turn_s, "for its turn, while the queue moved".to_owned()));
    }
    // A stable sort of times that are no NaN: equal ones stay in their order.
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let ahead = waits.went_ahead.iter().map(|ahead| vec![String::new(), went_ahead(ahead)]);
    let rows = lines.into_iter().map(|(time, line)| vec![span(time), line]).chain(ahead);
    let text = section(&["WAITED", "in RUNNABLE"], 2, rows);
    (waits.runnable_s > 0.0 || waits.went_ahead.is_some()).then_some(text)
}

fn went_ahead(ahead: &Ahead) -> String {
    let whose = ahead.until_s.map_or_else(
        || "whose start could not be foreseen".to_owned(),
        |until| format!("for which a place was kept from {} on", span(until)),
    );
    let often = if ahead.times == 1 { String::new() } else { format!(" ({} times, last)", ahead.times) };
    format!("then backfilled{often}: went ahead of {}, {whose}", ahead.head)
}

/// A reason to wait in words; its name stands beside it.
const fn words(why: Blocked) -> &'static str {
    match why {
        Blocked::AwaitingCapacity => "capacity was on its way",
        Blocked::AtMaxVcpus => "every compute environment was at maxvCpus, and full",
        Blocked::InsufficientInstanceCapacity => "EC2 had none of the types that fit",
        Blocked::JobResourceRequirement => "no allowed type is large enough",
        Blocked::NoRoomOnNodes => "the nodes of the UNMANAGED environment were full",
        Blocked::EnvironmentDisabled => "every compute environment was DISABLED",
        Blocked::DispatchRate => "the cap on pods created per second was reached",
        Blocked::EnvironmentInvalid => "every compute environment was INVALID",
        Blocked::ComputeEnvironmentMaxResource => "it asks for more vCPUs than maxvCpus allows",
        Blocked::ConsumableResource => "a consumable resource was in use",
        Blocked::InstanceConfigurationUnsupported => "no environment can run multi-node parallel jobs",
        Blocked::ShareReservation => "what was left was reserved for other shares",
    }
}

/// Why a submission was not taken, in words.
pub(super) const fn refusal(why: Refusal) -> &'static str {
    match why {
        Refusal::QueueClosed => "the queue is DISABLED or deleted",
        Refusal::ShareIdentifier => {
            "a queue with a scheduling policy takes only jobs with a shareIdentifier, one without takes only jobs without"
        }
        Refusal::ActiveShares => "the queue has as many active shares as it may",
        Refusal::SubmittedJobs => "as many jobs are SUBMITTED as may be",
        Refusal::TooManyRequests => "TooManyRequestsException: more calls in a second than there may be",
        Refusal::Dependency => "a job that it depends on is not known, or its array is of another size",
    }
}

fn attempts(attempts: &[Attempt]) -> Option<String> {
    if attempts.is_empty() {
        return None;
    }
    let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), span);
    let rows = attempts.iter().map(|attempt| {
        let number = match attempt.node_index {
            None => attempt.number.to_string(),
            Some(index) => format!("{} #{index}", attempt.number),
        };
        let place = [attempt.instance_type.as_deref(), attempt.zone.as_deref()];
        vec![
            number,
            attempt.node.clone(),
            place.into_iter().flatten().collect::<Vec<_>>().join(" "),
            attempt.purchase.map_or_else(String::new, |purchase| purchase.to_string()),
            span(attempt.starting_s),
            shown(attempt.running_s),
            shown(attempt.stopped_s),
            attempt.cost_usd.map_or_else(|| NONE.to_owned(), usd),
        ]
    });
    let heads = ["ATTEMPT", "node", "type, zone", "", "STARTING", "RUNNING", "stopped", "cost"];
    let mut text = section(&heads, 4, rows);
    for attempt in attempts {
        let ended = attempt.outcome.as_deref().unwrap_or("not over when the run ended");
        let mut line = format!("\nattempt {}: {ended}", attempt.number);
        if let Some(index) = attempt.node_index {
            line = format!("\nattempt {}, node {index}: {ended}", attempt.number);
        }
        for more in [&attempt.status_reason, &attempt.retry].into_iter().flatten() {
            write!(line, "; {}", more.trim_end_matches('.')).expect("writing to a string can't fail");
        }
        text.push_str(&line);
    }
    Some(text)
}

fn children(children: &Children) -> Vec<String> {
    let mut sections = Vec::new();
    let states: Vec<JobState> = JobState::ALL
        .into_iter()
        .filter(|state| children.over_time.iter().any(|counted| counted.status_summary.contains_key(state)))
        .collect();
    let mut heads = vec!["CHILDREN at"];
    heads.extend(states.iter().map(|state| state.name()));
    let rows = children.over_time.iter().map(|counted| {
        let counts = states.iter().map(|state| counted.status_summary.get(state).copied().unwrap_or(0));
        let mut row = vec![span(counted.at_s)];
        row.extend(counts.map(|n| count(n.into())));
        row
    });
    sections.push(section(&heads, 1, rows));
    sections.push(listed("SLOWEST CHILDREN", &children.slowest));
    if !children.failed.is_empty() {
        sections.push(listed("FAILED CHILDREN", &children.failed));
    }
    sections
}

fn listed(head: &str, children: &[Child]) -> String {
    let rows = children.iter().map(|child| {
        vec![
            child.job.clone(),
            child.state.to_string(),
            child.status_reason.clone().unwrap_or_default(),
            child.attempts.to_string(),
            span(child.runnable_s),
            span(child.since_created_s),
        ]
    });
    section(&[head, "state", "statusReason", "attempts", "in RUNNABLE", "in all"], 3, rows)
}
