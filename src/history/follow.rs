//! One job, or one array, with all that explains it: its record, what it waited for, the nodes it ran on.
//!
//! It follows one job through a run, a journal or a live cluster alike, and remembers little of the others: which ids there
//! are, and the nodes.

use std::collections::BTreeMap;

use crate::driver::{DriverError, Watcher};
use crate::history::log::{JobLog, Keep};
use crate::history::record::{JobRecord, StatusSummary};
use crate::history::status_reason::Texts;
use crate::history::transition::Transition;
use crate::history::waits::Waits;
use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, NodeId, ZoneId};
use crate::model::{JobSpecName, Names, PurchaseOption};
use crate::scheduler::{Decision, Event, JobSpec, Observation, Reason, Refusal, SchedulerConfig};
use crate::units::SimTime;

/// The ids that a run's submissions have, by workload entry.
#[derive(Debug, Clone, Default)]
pub struct IdRanges(BTreeMap<u16, (u64, u64)>);

impl IdRanges {
    fn add(&mut self, job: JobId) {
        let (first, last) = self.0.entry(job.entry()).or_insert((job.index(), job.index()));
        *first = job.index().min(*first);
        *last = job.index().max(*last);
    }

    /// The lowest and the highest id of each workload entry.
    pub fn iter(&self) -> impl Iterator<Item = (JobId, JobId)> {
        self.0.iter().map(|(&entry, &(first, last))| (JobId::new(entry, first), JobId::new(entry, last)))
    }
}

/// A node that a pod may have run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeFacts {
    /// It was there; the world labelled it.
    Adopted,
    /// Launched from a pool.
    Launched {
        /// Its type.
        instance_type: InstanceTypeId,
        /// Its zone.
        zone: ZoneId,
        /// On-Demand or Spot.
        purchase: PurchaseOption,
    },
}

/// Follows one job.
#[derive(Debug, Clone)]
pub struct Follow {
    job: JobRef,
    log: JobLog,
    waits: Waits,
    nodes: BTreeMap<NodeId, (ComputeEnvironmentId, NodeFacts)>,
    ids: IdRanges,
    /// The spec's, once known.
    specs: BTreeMap<JobSpecId, JobSpec>,
    refused: Option<(JobQueueId, Refusal)>,
    /// Of an array: its children by state, each time that this changed.
    summaries: Vec<(SimTime, StatusSummary)>,
    now: SimTime,
}

impl Follow {
    /// Follows `job` through a run under this configuration; an array where it has no child.
    pub fn new(job: JobRef, config: &SchedulerConfig, names: Names) -> Self {
        Self {
            job,
            log: JobLog::new(config, names, Keep::All).only(job.job),
            waits: Waits::new(job),
            nodes: BTreeMap::new(),
            ids: IdRanges::default(),
            specs: BTreeMap::new(),
            refused: None,
            summaries: Vec::new(),
            now: SimTime::ZERO,
        }
    }

    /// Tells the ends of attempts in these words.
    #[must_use]
    pub fn with_texts(mut self, texts: Texts) -> Self {
        self.log = self.log.with_texts(texts);
        self
    }

    /// The job's record; `None` if the run had none of that id.
    pub fn record(&self) -> Option<&JobRecord> {
        self.log.get(self.job)
    }

    /// Of an array: its children that have begun, by index.
    pub fn children(&self) -> impl Iterator<Item = &JobRecord> {
        self.log.children(self.job.job)
    }

    /// The array that the job is a child of, or the job itself.
    pub fn submission(&self) -> Option<&JobRecord> {
        self.log.get(JobRef { child: None, ..self.job })
    }

    /// The job's spec.
    pub fn spec(&self) -> Option<&JobSpec> {
        self.submission().and_then(|record| self.specs.get(&record.spec))
    }

    /// Names by id.
    pub const fn names(&self) -> &Names {
        self.log.names()
    }

    /// What is known of a node.
    pub fn node(&self, node: NodeId) -> Option<NodeFacts> {
        self.nodes.get(&node).map(|&(_, facts)| facts)
    }

    /// Whose node it is, or was.
    pub fn environment_of(&self, node: NodeId) -> Option<ComputeEnvironmentId> {
        self.nodes.get(&node).map(|&(environment, _)| environment)
    }

    /// Which ids there are.
    pub const fn ids(&self) -> &IdRanges {
        &self.ids
    }

    /// The queue that did not take the submission, and why, if it was not taken.
    pub const fn refused(&self) -> Option<(JobQueueId, Refusal)> {
        self.refused
    }

    /// Of an array: its children by state, each time that this changed.
    pub fn summaries(&self) -> &[(SimTime, StatusSummary)] {
        &self.summaries
    }

    /// When the run, or what is left of it, ended.
    pub const fn ended_at(&self) -> SimTime {
        self.now
    }

    /// What the job waited for while RUNNABLE, up to the end of the run.
    pub fn waits(&self) -> Waits {
        let mut waits = self.waits.clone();
        waits.finish(self.now);
        waits
    }

    fn count(&mut self, child: &Transition) {
        let mut summary = self.summaries.last().map_or_else(StatusSummary::default, |(_, summary)| *summary);
        summary.moved(child.from, child.to);
        match self.summaries.last_mut() {
            Some(last) if last.0 == child.at => last.1 = summary,
            _ => self.summaries.push((child.at, summary)),
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::JobSubmitted { job, queue, .. } => {
                self.ids.add(*job);
                if *job == self.job.job {
                    self.waits.in_queue(*queue);
                }
            }
            Event::JobSpecRegistered { spec, job } => {
                self.specs.insert(*spec, (**job).clone());
            }
            Event::NodeLaunched { node, environment, instance_type, zone, purchase, .. } => {
                let (instance_type, zone, purchase) = (*instance_type, *zone, *purchase);
                let facts = NodeFacts::Launched { instance_type, zone, purchase };
                self.nodes.insert(*node, (*environment, facts));
            }
            Event::NodeAdopted { node, environment, .. } => {
                self.nodes.insert(*node, (*environment, NodeFacts::Adopted));
            }
            _ => {}
        }
    }
}

impl Watcher for Follow {
    fn called(&mut self, spec: JobSpecId, name: &JobSpecName) {
        self.log.called(spec, name);
    }

    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.now = seen.now;
        for event in &seen.events {
            self.event(event);
        }
        let mut transitions: Vec<Transition> = Vec::new();
        self.log.fold(seen, decision, |_, transition, _| {
            transitions.extend(transition.copied());
            Ok(())
        })?;
        for reason in &decision.reasons {
            if let Reason::SubmissionRefused { job, queue, why, .. } = reason
                && *job == self.job.job
            {
                self.refused = Some((*queue, *why));
            }
        }
        self.waits.fold(seen.now, &transitions, decision);
        for transition in transitions.iter().filter(|transition| transition.job.child.is_some()) {
            self.count(transition);
        }
        Ok(())
    }
}
