//! A dry run on a terminal: what would run where, what would be launched, what waits for what, and what the API server says.

use std::collections::{BTreeMap, BTreeSet};

use crate::live::dry_run::{EnvironmentRow, LaunchRow, NodeRow, Report};
use crate::metrics::figures::{count, counted, span, usd};
use crate::model::{PurchaseOption, Resources};
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, TAINT};
use crate::report::form::{Cell, NONE, Table};
use crate::report::terminal::{listed, section};

/// Rows of a list that a terminal has room for.
const ROWS: usize = 12;

/// The dry run as text, with a line break at the end.
pub fn dry_run_table(report: &Report) -> String {
    let sections = [
        head(report),
        section(&environments(report)),
        section(&placed(report)),
        section(&waiting(report)),
        section(&launches(report)),
        section(&nodes(report)),
        verdicts(report),
        attention(report),
        listed("NOT CHECKED", report.not_checked.iter().map(|text| bullet(text.clone()))),
    ];
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn bullet(text: String) -> [String; 2] {
    ["•".to_owned(), text]
}

fn head(report: &Report) -> String {
    let jobs = &report.jobs;
    let refused = if jobs.refused > 0 { format!(", {} not taken", count(jobs.refused)) } else { String::new() };
    format!(
        "{}, seed {}: a dry run on {} ({}), back end {}. Nothing was changed.\n{}, as if submitted now: {} placed at once, {} \
         waiting{refused}; the scheduler was given {}.",
        report.scenario,
        report.seed,
        report.context,
        report.server_version,
        report.backend,
        counted(jobs.submitted, "job"),
        count(jobs.placed),
        count(jobs.waiting),
        span(report.horizon_s),
    )
}

fn environments(report: &Report) -> Table {
    let rows = report.compute_environments.iter().map(|row| {
        vec![
            Cell::text(&row.name),
            Cell::text(&row.namespace),
            Cell::count(row.nodes),
            Cell::count(row.unusable_nodes),
            Cell::count(row.vcpus),
            Cell::text(if row.launches { report.backend.as_str() } else { "nobody" }),
        ]
    });
    let heads = ["namespace", "nodes", "unusable", "vCPUs", "more nodes by"];
    let notes = report.compute_environments.iter().filter_map(unlabelled).collect();
    Table::new("compute environments", &heads, rows.collect()).with_notes(notes)
}

/// What to do about an environment without a node.
fn unlabelled(row: &EnvironmentRow) -> Option<String> {
    (row.nodes + row.unusable_nodes == 0).then(|| {
        format!(
            "No node belongs to {0}. Its nodes carry this label (or name theirs: --environment {0}=UUID):\n  {1}={2}",
            row.name, COMPUTE_ENVIRONMENT_LABEL, row.uuid
        )
    })
}

fn placed(report: &Report) -> Table {
    let mut groups: BTreeMap<_, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for pod in &report.pods {
        if let Some(node) = &pod.node {
            let key = (pod.job_name.as_str(), pod.job_queue.as_str(), pod.compute_environment.as_str());
            let (pods, nodes) = groups.entry(key).or_default();
            *pods += 1;
            nodes.insert(node);
        }
    }
    let rows = groups.into_iter().map(|((job, queue, environment), (pods, nodes))| {
        let first = nodes.first().copied().unwrap_or_default();
        let on = if nodes.len() > 1 { format!("{first} and {} more", nodes.len() - 1) } else { first.to_owned() };
        vec![Cell::text(job), Cell::text(queue), Cell::text(environment), Cell::count(pods), Cell::text(on)]
    });
    let mut table = Table::new("pods created at once", &["queue", "compute environment", "pods", "on"], rows.collect());
    table.rows_on_terminal = ROWS;
    table
}

fn waiting(report: &Report) -> Table {
    let rows = report.waiting.iter().map(|row| {
        vec![
            Cell::text(&row.job_name),
            Cell::text(&row.job_queue),
            Cell::count(row.jobs),
            Cell::text(format!("{} ({})", row.means, row.why)),
        ]
    });
    let mut table = Table::new("jobs that wait", &["queue", "jobs", "for"], rows.collect());
    table.rows_on_terminal = ROWS;
    let refused = report.refused_submissions.iter();
    table.notes = refused.map(|row| format!("{} takes not {}: {:?}.", row.job_queue, row.job, row.why)).collect();
    table
}

fn launches(report: &Report) -> Table {
    let rows = report.launches.iter().map(launch);
    let total: f64 = report.launches.iter().filter_map(|row| Some(row.instance_types.first()?.per_hour)).sum();
    let mut table =
        Table::new("capacity asked for", &["for", "first choice", "nodes", "vCPUs", "per hour"], rows.collect());
    table.rows_on_terminal = ROWS;
    table.notes.push(format!("{} per hour if EC2 gives the first choice everywhere.", usd(total)));
    table
}

fn launch(row: &LaunchRow) -> Vec<Cell> {
    let bought = match row.purchase {
        PurchaseOption::Ec2 => "On-Demand",
        PurchaseOption::Spot => "Spot",
    };
    let jobs = row.jobs.map_or_else(|| "minvCpus".to_owned(), |jobs| counted(u64::from(jobs), "job"));
    let Some(first) = row.instance_types.first() else { return vec![Cell::text(&row.compute_environment)] };
    let others = match row.instance_types.len() - 1 {
        0 => String::new(),
        more => format!(" of {}", more + 1),
    };
    vec![
        Cell::text(&row.compute_environment),
        Cell::text(jobs),
        Cell::text(format!("{bought} {}{others}", first.name)),
        Cell::count(first.nodes.into()),
        Cell::count(row.target_vcpus.into()),
        Cell::usd(first.per_hour),
    ]
}

/// Nodes that are alike in type, room and estimate are one row.
fn nodes(report: &Report) -> Table {
    let mut groups: BTreeMap<_, Vec<&NodeRow>> = BTreeMap::new();
    for row in &report.nodes {
        let kind = row.instance_type.as_deref().unwrap_or(NONE);
        groups.entry((row.compute_environment.as_str(), kind, row.free, row.unusable)).or_default().push(row);
    }
    let rows = groups.into_iter().filter_map(|((_, kind, free, unusable), nodes)| {
        let first = nodes.first()?;
        let named = match nodes.len() {
            1 => first.name.clone(),
            more => format!("{} and {} more", first.name, more - 1),
        };
        let pods = nodes.iter().map(|node| node.pods).sum();
        let estimate = first.estimated.map_or_else(|| NONE.to_owned(), room);
        let difference = first.estimated.map_or_else(|| NONE.to_owned(), |estimated| difference(free, estimated));
        let taken = unusable.map_or_else(|| Cell::count(pods), Cell::text);
        let cells = [room(first.allocatable), room(free), estimate, difference].map(Cell::text);
        Some([Cell::text(named), Cell::text(kind)].into_iter().chain(cells).chain([taken]).collect())
    });
    let heads = ["type", "allocatable", "free", "estimated", "truth is", "new pods"];
    let mut table = Table::new("nodes", &heads, rows.collect());
    table.rows_on_terminal = ROWS;
    table.notes = [
        "free: allocatable less the pods of others and daemonsets.",
        "estimated: what the scheduler assumes of a type of which it has seen no node.",
    ]
    .map(str::to_owned)
    .into();
    table
}

fn room(resources: Resources) -> String {
    let Resources { cpu, memory, gpus, pods } = resources;
    let gpus = if gpus > 0 { format!(" {gpus} GPU") } else { String::new() };
    format!("{cpu} {memory}{gpus} {pods} pods")
}

/// How much more or less there is than was estimated.
fn difference(truth: Resources, estimate: Resources) -> String {
    let of = |truth: u32, estimate: u32| i64::from(truth) - i64::from(estimate);
    let (cpu, memory) = (of(truth.cpu.0, estimate.cpu.0), of(truth.memory.0, estimate.memory.0));
    if (cpu, memory) == (0, 0) { "as estimated".to_owned() } else { format!("{cpu:+}m {memory:+}Mi") }
}

fn verdicts(report: &Report) -> String {
    let rows = report.verdicts.iter().map(|row| {
        let code = row.code.map(|code| format!(" ({code} {})", row.reason.as_deref().unwrap_or_default()));
        let message = row.message.as_deref().map(|message| format!(": {message}"));
        let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
        let stands = if row.pods > row.asked { format!(", judged by {}", count(row.asked)) } else { String::new() };
        bullet(format!(
            "{} in {} {}{code}{stands}{message}",
            counted(row.pods, "pod"),
            row.namespaces.join(", "),
            row.verdict,
        ))
    });
    listed("WHAT THE API SERVER SAYS", rows)
}

/// What a person should look at.
fn attention(report: &Report) -> String {
    let daemon_sets = report.daemon_sets_without_toleration.iter().map(|row| {
        format!(
            "daemonset {}/{} does not tolerate the taint {TAINT}: it has no pod on nodes for jobs",
            row.namespace, row.name
        )
    });
    let batch = report.pods_of_others.iter().filter(|pod| pod.of_aws_batch);
    let nodes: BTreeSet<_> = batch.map(|pod| pod.node.as_str()).collect();
    let batch = (!nodes.is_empty()).then(|| {
        let nodes: Vec<_> = nodes.into_iter().collect();
        format!("AWS Batch itself drives {}: nothing should be placed there", nodes.join(", "))
    });
    let earlier = (!report.pods_of_earlier_runs.is_empty()).then(|| {
        let runs: BTreeSet<_> = report.pods_of_earlier_runs.iter().map(|pod| pod.run.as_str()).collect();
        let pods = counted(report.pods_of_earlier_runs.len() as u64, "pod");
        format!("{pods} of earlier runs ({}) are still there", runs.into_iter().collect::<Vec<_>>().join(", "))
    });
    listed("WORTH A LOOK", daemon_sets.chain(batch).chain(earlier).map(bullet))
}
