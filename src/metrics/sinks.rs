//! Rows of `jobs.csv` and `nodes.csv`, written as things end. Without sinks nothing is formatted or remembered for them.
//! Knows where rows go only as writers.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use crate::driver::DriverError;
use crate::ids::{JobRef, NodeId};
use crate::metrics::billing::Charge;
use crate::metrics::nodes::{Closed, Origin};
use crate::model::{Names, PurchaseOption};
use crate::scheduler::{JobEnd, NodeLossCause};
use crate::units::SimTime;

const JOB_COLUMNS: [&str; 14] = [
    "job_id",
    "job_name",
    "queue",
    "state",
    "attempts",
    "submitted_s",
    "first_running_s",
    "ended_s",
    "wait_s",
    "runnable_s",
    "run_s",
    "node",
    "instance_type",
    "cost_usd",
];

const NODE_COLUMNS: [&str; 13] = [
    "node",
    "instance_type",
    "purchase",
    "zone",
    "environment",
    "launched_s",
    "ready_s",
    "gone_s",
    "cause",
    "vcpus",
    "pods",
    "busy_share",
    "cost_usd",
];

#[derive(Serialize)]
struct JobRow<'a> {
    job_id: String,
    job_name: &'a str,
    queue: &'a str,
    state: &'static str,
    attempts: u8,
    submitted_s: f64,
    first_running_s: Option<f64>,
    ended_s: f64,
    wait_s: Option<f64>,
    runnable_s: f64,
    run_s: f64,
    node: Option<String>,
    instance_type: &'a str,
    cost_usd: f64,
}

#[derive(Serialize)]
struct NodeRow<'a> {
    node: String,
    instance_type: &'a str,
    purchase: &'static str,
    zone: &'a str,
    environment: &'a str,
    launched_s: f64,
    ready_s: Option<f64>,
    gone_s: Option<f64>,
    cause: &'static str,
    vcpus: u32,
    pods: u32,
    busy_share: f64,
    cost_usd: f64,
}

/// What a job's attempts cost so far, and where the last one was.
#[derive(Debug, Clone, Copy)]
struct Paid {
    cost: Charge,
    node: NodeId,
    origin: Option<Origin>,
}

/// Where rows go.
pub struct Sinks {
    jobs: csv::Writer<Box<dyn Write + Send>>,
    nodes: csv::Writer<Box<dyn Write + Send>>,
    /// Of jobs in the system with an ended attempt.
    paid: BTreeMap<JobRef, Paid>,
}

impl std::fmt::Debug for Sinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sinks").finish_non_exhaustive()
    }
}

fn named(names: &[String], index: usize) -> &str {
    names.get(index).map_or("", String::as_str)
}

fn io(file: &str) -> impl Fn(csv::Error) -> DriverError {
    let context = format!("can't write {file}");
    move |error| DriverError::Io { context: context.clone(), source: error.into() }
}

impl Sinks {
    /// Writes the heads of `jobs.csv` and `nodes.csv` to these writers, and their rows as things end.
    pub fn new(jobs: impl Write + Send + 'static, nodes: impl Write + Send + 'static) -> Result<Self, DriverError> {
        let open = |writer: Box<dyn Write + Send>, columns: &[&str], file: &str| {
            let mut rows = csv::WriterBuilder::new().has_headers(false).from_writer(writer);
            rows.write_record(columns).map_err(io(file)).map(|()| rows)
        };
        Ok(Self {
            jobs: open(Box::new(jobs), &JOB_COLUMNS, "jobs.csv")?,
            nodes: open(Box::new(nodes), &NODE_COLUMNS, "nodes.csv")?,
            paid: BTreeMap::new(),
        })
    }

    /// A pod ended on a node of this origin, and cost so much.
    pub(super) fn pod_ended(&mut self, job: JobRef, node: NodeId, origin: Option<Origin>, cost: Charge) {
        let paid = self.paid.entry(job).or_insert(Paid { cost: Charge::ZERO, node, origin });
        *paid = Paid { cost: paid.cost + cost, node, origin };
    }

    pub(super) fn job(&mut self, end: &JobEnd, names: &Names) -> Result<(), DriverError> {
        let paid = self.paid.remove(&end.job);
        let instance_type = match paid.and_then(|paid| paid.origin) {
            Some(Origin::Launched { instance_type, .. }) => named(&names.instance_types, instance_type.index()),
            Some(Origin::Adopted) | None => "",
        };
        let row = JobRow {
            job_id: end.job.to_string(),
            job_name: names.job_specs.get(end.spec.index()).map_or("", |spec| &spec.job_name),
            queue: named(&names.job_queues, end.queue.index()),
            state: if end.succeeded() { "SUCCEEDED" } else { "FAILED" },
            attempts: end.attempts,
            submitted_s: end.submitted_at.as_secs_f64(),
            first_running_s: end.first_running_at.map(SimTime::as_secs_f64),
            ended_s: end.ended_at.as_secs_f64(),
            wait_s: end.first_running_at.map(|at| at.since(end.submitted_at).as_secs_f64()),
            runnable_s: end.runnable.as_secs_f64(),
            run_s: end.last_run.as_secs_f64(),
            node: paid.map(|paid| paid.node.to_string()),
            instance_type,
            cost_usd: paid.map_or(0.0, |paid| paid.cost.as_usd_fine()),
        };
        self.jobs.serialize(row).map_err(io("jobs.csv"))
    }

    /// A job ended that has no row.
    pub(super) fn forget(&mut self, job: JobRef) {
        self.paid.remove(&job);
    }

    pub(super) fn node(&mut self, closed: &Closed, names: &Names) -> Result<(), DriverError> {
        let node = &closed.node;
        let (instance_type, zone, purchase) = match node.origin {
            Origin::Adopted => ("", "", "ADOPTED"),
            Origin::Launched { instance_type, zone, purchase } => (
                named(&names.instance_types, instance_type.index()),
                named(&names.zones, zone.index()),
                match purchase {
                    PurchaseOption::Ec2 => "EC2",
                    PurchaseOption::Spot => "SPOT",
                },
            ),
        };
        let total = closed.usage.total().max(1);
        #[expect(clippy::cast_precision_loss, reason = "a share with six digits")]
        let busy_share = (closed.usage.requested() * 1_000_000 / total) as f64 / 1e6;
        let row = NodeRow {
            node: node.id.to_string(),
            instance_type,
            purchase,
            zone,
            environment: named(&names.compute_environments, node.environment.index()),
            launched_s: node.cpu.launched().as_secs_f64(),
            ready_s: node.cpu.ready_at().map(SimTime::as_secs_f64),
            gone_s: closed.end.cause.map(|_| closed.end.at.as_secs_f64()),
            cause: match closed.end.cause {
                Some(NodeLossCause::SpotInterruption) => "SPOT_INTERRUPTION",
                Some(NodeLossCause::Terminated) => "TERMINATED",
                Some(NodeLossCause::Failed) => "FAILED",
                None => "",
            },
            vcpus: node.cpu.cpu().0 / 1_000,
            pods: node.pods,
            busy_share,
            cost_usd: closed.charge.as_usd(),
        };
        self.nodes.serialize(row).map_err(io("nodes.csv"))
    }

    /// Writes out what is buffered.
    pub(super) fn finish(mut self) -> Result<(), DriverError> {
        let flushed = self.jobs.flush().map_err(|source| ("jobs.csv", source));
        flushed
            .and_then(|()| self.nodes.flush().map_err(|source| ("nodes.csv", source)))
            .map_err(|(file, source)| DriverError::Io { context: format!("can't write {file}"), source })
    }
}
