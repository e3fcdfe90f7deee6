//! The fold's end: everything that lives is billed to the last moment, and integers become the numbers of the summary,
//! each divided once.

use crate::driver::DriverError;
use crate::metrics::billing::Charge;
use crate::metrics::capacity::{Bill, Part, Usage};
use crate::metrics::findings::findings;
use crate::metrics::fold::{Learned, Metrics};
use crate::metrics::nodes::FleetRow;
use crate::metrics::pictures::Pictures;
use crate::metrics::summary::{
    CapacityFacts, CostFacts, InstanceTypeRow, JobFacts, JobNameRow, NodeSize, QueueRow, ShareRow, SimFacts, Slowdown,
    SpotFacts, Summary,
};
use crate::metrics::timeline::TimelineRow;
use crate::metrics::waits::Spans;
use crate::metrics::window::Flow;
use crate::model::{Names, PurchaseOption};
use crate::units::{SimDuration, SimTime};

/// What a run leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The numbers.
    pub summary: Summary,
    /// The run over time.
    pub timeline: Vec<TimelineRow>,
    /// What only pictures need, where [`Metrics::with_pictures`] asked for it.
    pub pictures: Option<Pictures>,
    /// What came in and how long it waited, for a judgement of the steady state.
    pub flow: Flow,
}

impl Metrics {
    /// Ends the run at `end` and says what it was. Fails only where a sink can't be written.
    pub fn finish(mut self, scenario: &str, seed: u64, end: SimTime) -> Result<Results, DriverError> {
        let end = end.max(self.now);
        if self.counting.is_due(end) {
            self.begin_window();
        }
        self.timeline.advance(end, &self.levels);
        self.blocked.finish(end);
        self.nodes.finish(end, &mut self.levels);
        self.close_nodes()?;
        if let Some(sinks) = self.sinks.take() {
            sinks.finish()?;
        }
        let mut summary = self.summary(scenario, seed, end);
        summary.findings = findings(&summary);
        let pictures = self.pictures.take().map(|sketches| {
            let waits = self.jobs.queues.iter().enumerate();
            let waits = waits.map(|(index, queue)| (self.queue_name(index), queue.wait.distribution()));
            sketches.finish(end, &self.names, waits.collect())
        });
        let flow = self.counting.flow(self.jobs.last_submit);
        Ok(Results { summary, timeline: self.timeline.rows(), pictures, flow })
    }

    fn summary(&self, scenario: &str, seed: u64, end: SimTime) -> Summary {
        let jobs = self.job_facts();
        let ended = jobs.succeeded + jobs.failed;
        let mut wait = Spans::default();
        self.jobs.queues.iter().for_each(|queue| wait.add(&queue.wait));
        let fleet = Fleet::of(self);
        let capacity = fleet.capacity(self, end);
        let window = self.counting.window(end);
        Summary {
            scenario: scenario.to_owned(),
            seed,
            sim: SimFacts { end_s: end.as_secs_f64(), events: self.events, steps: self.steps, wall_s: None },
            jobs,
            wait_s: wait.quantiles(),
            runnable_s: self.jobs.runnable.quantiles(),
            turnaround_s: self.jobs.turnaround.quantiles(),
            bounded_slowdown: Slowdown {
                mean: per(self.jobs.slowdown_sum, ended),
                max: (ended > 0).then_some(self.jobs.slowdown_max),
            },
            makespan_s: self.makespan().filter(|_| window.is_none()).map(SimDuration::as_secs_f64),
            capacity,
            cost: fleet.cost(self, end, jobs.succeeded, capacity.vcpu_hours_useful),
            spot: SpotFacts {
                interruptions: fleet.all.interruptions,
                warnings: self.nodes.warnings,
                reclaimed_uncharged: fleet.all.uncharged,
            },
            blocked_s: self.blocked.total(),
            instance_types: fleet.rows,
            queues: self.queue_rows(),
            shares: self.share_rows(),
            job_names: self.job_name_rows(),
            node_sizes: self.learned.iter().map(|learned| node_size(learned, &self.names)).collect(),
            assumptions: self.assumptions.rows().into_iter().map(|row| (row.name.to_owned(), row.value)).collect(),
            findings: Vec::new(),
            window,
            steady_state: None,
        }
    }

    fn makespan(&self) -> Option<SimDuration> {
        let (from, to) = self.jobs.first_submit.zip(self.jobs.last_end)?;
        Some(to.since(from))
    }

    fn job_facts(&self) -> JobFacts {
        let mut facts = JobFacts {
            attempts: self.jobs.attempts,
            retries: self.jobs.retries,
            interrupted_attempts: self.jobs.interrupted,
            timed_out_attempts: self.jobs.timed_out,
            rejected_attempts: self.jobs.rejected,
            refused: self.jobs.refused,
            cancelled: self.jobs.ended_by.cancelled,
            terminated: self.jobs.ended_by.terminated,
            dependency_failed: self.jobs.ended_by.dependency,
            time_limited: self.jobs.ended_by.time_limit,
            backfilled: self.jobs.backfilled,
            ..JobFacts::default()
        };
        for queue in &self.jobs.queues {
            facts.submitted += queue.submitted;
            facts.succeeded += queue.succeeded;
            facts.failed += queue.failed;
        }
        facts.unfinished = facts.submitted.saturating_sub(facts.succeeded + facts.failed);
        facts
    }

    fn queue_rows(&self) -> Vec<QueueRow> {
        let rows = self.jobs.queues.iter().enumerate();
        rows.map(|(index, queue)| QueueRow {
            queue: self.queue_name(index),
            submitted: queue.submitted,
            succeeded: queue.succeeded,
            failed: queue.failed,
            unfinished: queue.submitted.saturating_sub(queue.succeeded + queue.failed),
            wait_s: queue.wait.quantiles(),
            blocked_s: self.blocked.of_queue(index),
        })
        .collect()
    }

    fn queue_name(&self, index: usize) -> String {
        self.names.job_queues.get(index).cloned().unwrap_or_else(|| format!("jq-{index}"))
    }

    fn job_name_rows(&self) -> Vec<JobNameRow> {
        let rows = self.kinds.iter().map(|(name, jobs)| JobNameRow {
            job_name: name.to_owned(),
            submitted: jobs.submitted,
            succeeded: jobs.succeeded,
            failed: jobs.failed,
            unfinished: jobs.submitted.saturating_sub(jobs.succeeded + jobs.failed),
            wait_s: jobs.wait.quantiles(),
        });
        rows.collect()
    }

    fn share_rows(&self) -> Vec<ShareRow> {
        let rows = self.jobs.shares.iter();
        rows.map(|(&(queue, share), jobs)| ShareRow {
            queue: self.queue_name(queue.index()),
            share: self.names.shares.get(share.index()).cloned().unwrap_or_else(|| share.to_string()),
            submitted: jobs.submitted,
            succeeded: jobs.succeeded,
            failed: jobs.failed,
            unfinished: jobs.submitted.saturating_sub(jobs.succeeded + jobs.failed),
            wait_s: jobs.wait.quantiles(),
            vcpu_hours: vcpu_hours(jobs.used),
        })
        .collect()
    }
}

/// All nodes of the run, added up.
struct Fleet {
    rows: Vec<InstanceTypeRow>,
    all: FleetRow,
    on_demand: Charge,
    spot: Charge,
    adopted: u64,
    /// Launched before the window.
    carried: u64,
}

impl Fleet {
    fn of(metrics: &Metrics) -> Self {
        let mut fleet = Self {
            rows: Vec::new(),
            all: FleetRow::default(),
            on_demand: Charge::ZERO,
            spot: Charge::ZERO,
            adopted: metrics.nodes.adopted().nodes,
            carried: 0,
        };
        for (index, name) in metrics.names.instance_types.iter().enumerate().take(metrics.nodes.types()) {
            let [on_demand, spot] = metrics.nodes.fleet_of(index);
            fleet.carried += on_demand.carried + spot.carried;
            fleet.on_demand += on_demand.bill.total();
            fleet.spot += spot.bill.total();
            fleet.add(Some((name, PurchaseOption::Ec2)), &on_demand);
            fleet.add(Some((name, PurchaseOption::Spot)), &spot);
        }
        fleet.add(None, &metrics.nodes.adopted());
        fleet
    }

    fn add(&mut self, what: Option<(&String, PurchaseOption)>, row: &FleetRow) {
        if row.nodes == 0 {
            return;
        }
        self.all.nodes += row.nodes;
        self.all.attempts += row.attempts;
        self.all.interruptions += row.interruptions;
        self.all.uncharged += row.uncharged;
        self.all.usage += row.usage;
        self.all.bill += row.bill;
        self.rows.push(InstanceTypeRow {
            instance_type: what.map(|(name, _)| name.clone()),
            purchase: what.map(|(_, purchase)| purchase),
            nodes: row.nodes,
            vcpu_hours: vcpu_hours(row.usage.total()),
            utilization: share(row.usage.requested(), row.usage.total()),
            cost: row.bill.total().as_usd(),
            idle_cost: row.bill[Part::Idle].as_usd(),
            useful_cost: row.bill[Part::Useful].as_usd(),
            lost_cost: row.bill.lost().as_usd(),
            unfinished_cost: row.bill[Part::Unfinished].as_usd(),
            overhead_cost: row.bill[Part::Overhead].as_usd(),
            startup_cost: row.bill[Part::Startup].as_usd(),
            interruptions: row.interruptions,
            attempts: row.attempts,
        });
    }

    fn capacity(&self, metrics: &Metrics, end: SimTime) -> CapacityFacts {
        let usage: &Usage = &self.all.usage;
        let gpus = &metrics.nodes.gpus;
        let (launched, requested) = (gpus.launched.total(end), gpus.requested.total(end));
        let gpu_hours = |gpu_ms: u128| (launched > 0).then(|| vcpu_hours(gpu_ms * 1_000));
        let total = usage.total();
        CapacityFacts {
            vcpu_hours_launched: vcpu_hours(total),
            vcpu_hours_requested: vcpu_hours(usage.requested()),
            vcpu_hours_useful: vcpu_hours(usage[Part::Useful]),
            vcpu_hours_lost: vcpu_hours(usage.lost()),
            vcpu_hours_lost_to_interruptions: vcpu_hours(usage[Part::Interrupted]),
            vcpu_hours_unfinished: vcpu_hours(usage[Part::Unfinished]),
            peak_vcpus: metrics.nodes.peak_mcpu / 1_000,
            peak_nodes: metrics.nodes.peak_count,
            nodes_launched: self.all.nodes - self.adopted - self.carried,
            nodes_adopted: self.adopted,
            utilization: share(usage.requested(), total),
            overhead_share: share(usage[Part::Overhead], total),
            startup_share: share(usage[Part::Startup], total),
            idle_share: share(usage[Part::Idle], total),
            gpu_hours_launched: gpu_hours(launched),
            gpu_hours_requested: gpu_hours(requested),
            gpu_utilization: share(requested, launched),
        }
    }

    fn cost(&self, metrics: &Metrics, end: SimTime, succeeded: u64, useful_vcpu_hours: f64) -> CostFacts {
        let bill: &Bill = &self.all.bill;
        let volumes = Charge::monthly(metrics.tariff.volume_per_month, metrics.nodes.volume_ms);
        let cluster_fee = Charge::new(metrics.tariff.cluster_per_hour, metrics.counting.span(end));
        let total = (bill.total() + volumes + cluster_fee).as_usd();
        CostFacts {
            total,
            instances: bill.total().as_usd(),
            on_demand: self.on_demand.as_usd(),
            spot: self.spot.as_usd(),
            volumes: volumes.as_usd(),
            cluster_fee: cluster_fee.as_usd(),
            useful: bill[Part::Useful].as_usd(),
            lost: bill.lost().as_usd(),
            lost_to_interruptions: bill[Part::Interrupted].as_usd(),
            unfinished: bill[Part::Unfinished].as_usd(),
            overhead: bill[Part::Overhead].as_usd(),
            startup: bill[Part::Startup].as_usd(),
            idle: bill[Part::Idle].as_usd(),
            per_1000_succeeded: per(total * 1_000.0, succeeded),
            per_useful_vcpu_hour: (useful_vcpu_hours > 0.0).then(|| total / useful_vcpu_hours),
        }
    }
}

fn node_size(learned: &Learned, names: &Names) -> NodeSize {
    let index = learned.instance_type.index();
    NodeSize {
        instance_type: names.instance_types.get(index).cloned().unwrap_or_else(|| learned.instance_type.to_string()),
        estimated_vcpus: f64::from(learned.estimated.cpu.0) / 1e3,
        actual_vcpus: f64::from(learned.actual.cpu.0) / 1e3,
        estimated_memory_mib: learned.estimated.memory.0,
        actual_memory_mib: learned.actual.memory.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for display, its relative error below 1e-15")]
fn vcpu_hours(mcpu_ms: u128) -> f64 {
    mcpu_ms as f64 / 1e3 / SimDuration::HOUR.as_millis() as f64
}

#[expect(clippy::cast_precision_loss, reason = "a figure for display, its relative error below 1e-15")]
fn share(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for display")]
fn per(amount: f64, n: u64) -> Option<f64> {
    (n > 0).then(|| amount / n as f64)
}
