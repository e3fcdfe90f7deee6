//! What charts of a run need besides its summary and timeline, kept only where someone asked: spans of nodes while they
//! are few, nodes by type and use by share over time, distributions of waits. Memory grows with instance types and
//! shares, not with nodes or jobs. Knows nothing of how charts look.

use std::collections::BTreeMap;

use crate::ids::{InstanceTypeId, JobQueueId, NodeId, ShareId};
use crate::metrics::bins::{Bins, mean};
use crate::metrics::nodes::{Closed, Origin};
use crate::metrics::waits::Step;
use crate::model::{Names, PurchaseOption};
use crate::scheduler::NodeLossCause;
use crate::units::{MilliCpu, SimTime};

/// Nodes that are remembered one by one; with more of them, none is.
const SPANS_MAX: usize = 200;

/// What charts need of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Pictures {
    /// Waits to the first RUNNING, by queue.
    pub waits: Vec<QueueWaits>,
    /// All nodes in order of launch, if they are few enough to be told apart.
    pub spans: Option<Vec<NodeSpan>>,
    /// Nodes by instance type and purchase option.
    pub fleets: Vec<FleetSeries>,
    /// What pods of each share held, of fair-share queues. Of attempts that ended.
    pub shares: Vec<ShareSeries>,
}

/// How long the jobs of a queue waited.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueWaits {
    /// `jobQueueName`.
    pub queue: String,
    /// How many waited no longer than how long; empty if none ran.
    pub steps: Vec<Step>,
}

/// One node's life.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeSpan {
    /// Type and purchase option; `None` for adopted nodes.
    pub what: Option<(String, PurchaseOption)>,
    /// Launch, in seconds.
    pub launched_s: f64,
    /// Ready, if it ever was.
    pub ready_s: Option<f64>,
    /// Its end, or the run's.
    pub gone_s: f64,
    /// Why it ended; `None` if the run did first.
    pub cause: Option<NodeLossCause>,
}

/// Nodes of a type and purchase option over time.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetSeries {
    /// Type and purchase option; `None` for adopted nodes.
    pub what: Option<(String, PurchaseOption)>,
    /// How many nodes, on average, in each bin of the timeline.
    pub nodes: Vec<f64>,
}

/// A share's use over time.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareSeries {
    /// `jobQueueName`.
    pub queue: String,
    /// `shareIdentifier`.
    pub share: String,
    /// vCPUs requested, on average, in each bin of the timeline.
    pub vcpus: Vec<f64>,
}

type What = Option<(InstanceTypeId, PurchaseOption)>;

/// A node by its ids.
#[derive(Debug, Clone, Copy)]
struct Span {
    id: NodeId,
    what: What,
    launched: SimTime,
    ready: Option<SimTime>,
    gone: SimTime,
    cause: Option<NodeLossCause>,
}

/// The pictures' material while the run goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Sketches {
    spans: Vec<Span>,
    nodes: usize,
    /// By type and whether Spot; adopted nodes stand under `None`.
    fleets: BTreeMap<Option<(InstanceTypeId, bool)>, Bins<1>>,
    shares: BTreeMap<(JobQueueId, ShareId), Bins<1>>,
}

impl Sketches {
    /// A node's life is over, or the run's.
    pub(super) fn node(&mut self, closed: &Closed) {
        let what = match closed.node.origin {
            Origin::Adopted => None,
            Origin::Launched { instance_type, purchase, .. } => Some((instance_type, purchase)),
        };
        let (launched, gone) = (closed.node.cpu.launched(), closed.end.at);
        let fleet = what.map(|(instance_type, purchase)| (instance_type, purchase == PurchaseOption::Spot));
        self.fleets.entry(fleet).or_default().add((launched, gone), 1);
        self.nodes += 1;
        if self.nodes <= SPANS_MAX {
            let ready = closed.node.cpu.ready_at();
            self.spans.push(Span { id: closed.node.id, what, launched, ready, gone, cause: closed.end.cause });
        }
    }

    /// A share's pod held `cpu` from one time to another.
    pub(super) fn used(&mut self, share: (JobQueueId, ShareId), cpu: MilliCpu, span: (SimTime, SimTime)) {
        self.shares.entry(share).or_default().add(span, u64::from(cpu.0));
    }

    /// The run ended at `end`.
    pub(super) fn finish(mut self, end: SimTime, names: &Names, waits: Vec<(String, Vec<Step>)>) -> Pictures {
        let known = |what: What| what.map(|(id, purchase)| (name(&names.instance_types, id.index(), id), purchase));
        let level = |mut bins: Bins<1>, unit: u128| -> Vec<f64> {
            bins.advance(end, [0]);
            bins.rows().map(|(from, to, sums)| mean(sums[0], unit, (from, to))).collect()
        };
        self.spans.sort_by_key(|span| (span.launched, span.id));
        let spans = self.spans.into_iter().map(|span| NodeSpan {
            what: known(span.what),
            launched_s: span.launched.as_secs_f64(),
            ready_s: span.ready.map(SimTime::as_secs_f64),
            gone_s: span.gone.as_secs_f64(),
            cause: span.cause,
        });
        let fleets = self.fleets.into_iter().map(|(fleet, bins)| FleetSeries {
            what: known(fleet.map(|(id, spot)| (id, if spot { PurchaseOption::Spot } else { PurchaseOption::Ec2 }))),
            nodes: level(bins, 1),
        });
        let shares = self.shares.into_iter().map(|((queue, share), bins)| ShareSeries {
            queue: name(&names.job_queues, queue.index(), queue),
            share: name(&names.shares, share.index(), share),
            vcpus: level(bins, 1_000),
        });
        Pictures {
            waits: waits.into_iter().map(|(queue, steps)| QueueWaits { queue, steps }).collect(),
            spans: (self.nodes <= SPANS_MAX).then(|| spans.collect()),
            fleets: fleets.collect(),
            shares: shares.collect(),
        }
    }
}

fn name(names: &[String], index: usize, id: impl std::fmt::Display) -> String {
    names.get(index).cloned().unwrap_or_else(|| id.to_string())
}
