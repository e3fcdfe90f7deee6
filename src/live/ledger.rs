//! Which of the core's ids stands for which object of the cluster, and what both sides have been told of it. Turns what was
//! seen of the cluster into facts for the core, and decisions of the core into acts.
//!
//! Knows no clock, no client and no file. Everything that must outlive the program follows from what the journal holds
//! (names, observations, decisions): told the same again, a new ledger stands where the old one stood. What was merely seen
//! of the cluster since the program began (uids of pods, what a list held) is looked up again.

mod claims;
mod nodes;
mod pods;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::claims::Launches;
use self::nodes::Nodes;
use self::pods::Pods;
use crate::catalog::{self, InstanceType};
use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, ZoneId};
use crate::journal::Named;
use crate::live::acts::Act;
use crate::live::backend::Backend;
use crate::live::facts::{Answer, Kind, Sighting};
use crate::live::guard::claim_prefix;
use crate::live::pods::{RunPods, Script};
use crate::model::Names;
use crate::scheduler::{Command, Decision, Ending, Event, NodeLossCause, Observation, Reason, SchedulerConfig};
use crate::units::SimTime;

/// What becomes of an attempt, where no container decides it.
pub type Fate<'a> = &'a mut dyn FnMut(JobRef, u8) -> Option<Script>;

/// The ids of a run and what they stand for.
#[derive(Debug)]
pub struct Ledger {
    run: RunPods,
    backend: Backend,
    types: TypeTable,
    /// By the value of the label on nodes.
    environments: BTreeMap<String, ComputeEnvironmentId>,
    /// Jobs that have not ended.
    jobs: BTreeMap<JobId, Submitted>,
    nodes: Nodes,
    pods: Pods,
    launches: Launches,
    /// Kinds whose first list has not been told to its end.
    unlisted: BTreeSet<Kind>,
    out: Outbox,
}

/// What is to be told, since it was last asked for.
#[derive(Debug, Default)]
struct Outbox {
    events: Vec<Event>,
    named: Named,
    acts: Vec<Act>,
}

/// How much there is of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Jobs that have not ended; an array is one.
    pub jobs: usize,
    /// Attempts that are STARTING.
    pub starting: usize,
    /// Attempts that are RUNNING.
    pub running: usize,
    /// Nodes that were launched and have not joined.
    pub launched: usize,
    /// Nodes that take pods.
    pub ready: usize,
    /// Nodes that were given back and are still there.
    pub terminating: usize,
}

/// A job that was submitted.
#[derive(Debug, Clone, Copy)]
struct Submitted {
    queue: JobQueueId,
    array_size: Option<u32>,
}

/// Instance types and zones, both ways.
#[derive(Debug)]
struct TypeTable {
    vcpus: Vec<u32>,
    /// What the catalog says of them; nothing at all where it lacks one, for nobody could launch it.
    catalog: Vec<&'static InstanceType>,
    by_name: BTreeMap<String, InstanceTypeId>,
    zones: BTreeMap<String, ZoneId>,
}

impl TypeTable {
    fn new(names: &Names, config: &SchedulerConfig) -> Self {
        let by_name =
            (0..).map(InstanceTypeId).zip(&names.instance_types).map(|(id, name)| (name.clone(), id)).collect();
        let zones = (0..).map(ZoneId).zip(&names.zones).map(|(id, name)| (name.clone(), id)).collect();
        let known = names.instance_types.iter().map(|name| catalog::instance_type(name));
        let catalog = known.collect::<Result<_, _>>().unwrap_or_default();
        Self { catalog, vcpus: config.instance_types.iter().map(|facts| facts.vcpus).collect(), by_name, zones }
    }

    /// The zone of a name; the first where the run knows none of that name, for only prices hang on it.
    fn zone(&self, name: Option<&str>) -> ZoneId {
        name.and_then(|name| self.zones.get(name)).copied().unwrap_or(ZoneId(0))
    }

    fn named(&self, name: Option<&str>) -> Option<InstanceTypeId> {
        self.by_name.get(name?).copied()
    }
}

impl Ledger {
    /// The ledger of a run that has not begun.
    pub fn new(run: RunPods, backend: Backend, names: &Names, config: &SchedulerConfig) -> Self {
        let environments = (0..)
            .map(ComputeEnvironmentId)
            .zip(&run.environments)
            .map(|(id, known)| (known.uuid.clone(), id))
            .collect();
        let mut unlisted = BTreeSet::from([Kind::Node, Kind::Pod]);
        if matches!(backend, Backend::Karpenter(_)) {
            unlisted.insert(Kind::NodeClaim);
        }
        Self {
            types: TypeTable::new(names, config),
            launches: Launches::new(claim_prefix(&run.run), config.settings.launch_response_deadline),
            run,
            backend,
            environments,
            jobs: BTreeMap::new(),
            nodes: Nodes::default(),
            pods: Pods::default(),
            unlisted,
            out: Outbox::default(),
        }
    }

    /// What pods are made from; jobs that are submitted while the run goes on are added to it.
    pub const fn run_mut(&mut self) -> &mut RunPods {
        &mut self.run
    }

    /// Whether every kind has been listed once: before, nothing can be said of what is missing.
    pub fn is_synced(&self) -> bool {
        self.unlisted.is_empty()
    }

    /// Whether nothing of the run is left to be waited for, in the cluster or in the core's lines.
    pub fn is_drained(&self) -> bool {
        self.jobs.is_empty() && self.pods.is_empty() && self.launches.is_empty() && !self.nodes.is_terminating()
    }

    /// How much there is of what.
    pub fn counts(&self) -> Counts {
        let (starting, running) = self.pods.counts();
        let (launched, ready, terminating) = self.nodes.counts();
        Counts { jobs: self.jobs.len(), starting, running, launched, ready, terminating }
    }

    /// Nodes by name that the run launched and that are still there.
    pub fn launched_nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.launched()
    }

    /// What was learnt from the cluster since this was last asked for: facts, and what new ids in them stand for.
    pub fn take_facts(&mut self, events: &mut Vec<Event>) -> Named {
        events.append(&mut self.out.events);
        std::mem::take(&mut self.out.named)
    }

    /// Whether there are facts to take.
    pub fn has_facts(&self) -> bool {
        !self.out.events.is_empty()
    }

    /// What is to be done, beside what decisions ask for: leftovers to clean away, what a restart has to repeat.
    pub fn take_acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.out.acts)
    }

    /// Takes in a fact that comes from elsewhere than the cluster: a submission, a change of the account.
    pub fn tell(&mut self, event: Event) {
        self.note(&event);
        self.out.events.push(event);
    }

    /// Takes in what was seen of the cluster.
    pub fn sighted(&mut self, sighting: Sighting, now: SimTime) {
        match sighting {
            Sighting::Node(facts) => self.node_sighted(*facts, now),
            Sighting::NodeGone(object) => self.node_gone(&object.name, Some(&object.uid)),
            Sighting::Pod(facts) => self.pod_sighted(*facts),
            Sighting::PodGone(object) => self.pod_gone(&object),
            Sighting::NodeClaim(facts) => self.claim_sighted(*facts, now),
            Sighting::NodeClaimGone(object) => self.claim_gone(&object.name),
            Sighting::ListBegun(kind) => self.list_begun(kind),
            Sighting::ListEnded(kind) => self.list_ended(kind, now),
            Sighting::Answer(answer) => self.answered(answer),
        }
    }

    fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::PodCreated { pod, again: _ } => self.pod_created(pod),
            Answer::PodRefused { namespace, name, why } => self.pod_refused(&namespace, &name, &why),
            Answer::PodAbsent { namespace, name } => self.pod_absent(&namespace, &name),
            Answer::NodeClaimRefused { name, message } => self.claim_failed(&name, &message),
            Answer::NodeClaimAbsent { name } => self.claim_absent(&name),
        }
    }

    fn list_begun(&mut self, kind: Kind) {
        match kind {
            Kind::Node => self.nodes.begin_list(),
            Kind::Pod => self.pods.begin_list(),
            Kind::NodeClaim => self.launches.begin_list(),
        }
    }

    fn list_ended(&mut self, kind: Kind, now: SimTime) {
        let first = self.unlisted.remove(&kind);
        match kind {
            Kind::Node => self.nodes_listed(),
            Kind::Pod => self.pods_listed(),
            Kind::NodeClaim => self.claims_listed(),
        }
        if first && self.unlisted.is_empty() {
            self.reconcile(now);
        }
    }

    /// Repeats what an earlier program of this run may have left undone, once all lists are known.
    fn reconcile(&mut self, now: SimTime) {
        self.reconcile_pods();
        self.reconcile_claims(now);
    }

    /// Takes in a decision that was made at `now`: what it makes of ids, and what is to be done.
    pub fn decided(&mut self, now: SimTime, decision: &Decision, fate: Fate<'_>) -> Vec<Act> {
        self.note_decision(now, decision);
        let mut acts = Vec::new();
        for command in &decision.commands {
            match command {
                Command::CreatePod { pod, .. } => acts.extend(self.create_pod(*pod, fate)),
                Command::DeletePod { pod, .. } => acts.extend(self.delete_pod(*pod)),
                Command::LaunchNodes(request) => self.launch(request, &mut acts),
                Command::TerminateNode { node } => self.terminate(*node, &mut acts),
            }
        }
        self.clean_up(&mut acts);
        acts
    }

    /// Tells the ledger of a step that an earlier program took. Nothing is done.
    pub fn remember(&mut self, seen: &Observation, decision: &Decision) {
        for event in &seen.events {
            self.note(event);
        }
        self.note_decision(seen.now, decision);
        self.pods.forget_cleaning();
    }

    /// Tells the ledger what an earlier program had seen and not decided upon.
    pub fn remember_undecided(&mut self, events: &[Event]) {
        for event in events {
            self.note(event);
        }
    }

    /// Tells the ledger what ids stand for.
    pub fn remember_named(&mut self, named: &Named) {
        for node in &named.nodes {
            self.nodes.name(node);
        }
    }

    /// What a fact changes, whether it is new or read from a journal.
    fn note(&mut self, event: &Event) {
        match event {
            &Event::JobSubmitted { job, queue, array_size, .. } => {
                self.jobs.insert(job, Submitted { queue, array_size });
            }
            &Event::NodeAdopted { node, environment, .. } => self.nodes.adopted(node, environment),
            &Event::NodeLaunched { launch, node, environment, instance_type, .. } => {
                self.nodes.launched_for(node, environment);
                let vcpus = self.types.vcpus.get(instance_type.index()).copied().unwrap_or(0);
                self.launches.fulfilled(launch, self.nodes.claim(node), vcpus);
            }
            &Event::NodeReady { node, .. } => self.nodes.ready(node),
            &Event::NodeLost { node, cause } => {
                let removable = matches!(self.backend, Backend::Render) || self.nodes.claim(node).is_some();
                self.nodes.lost(node, cause == NodeLossCause::Terminated && !removable);
            }
            &Event::SpotInterruptionWarning { node, .. } => self.nodes.warned(node),
            &Event::CapacityUnavailable { launch, .. } => self.launches.close(launch),
            &Event::PodRunning { pod } => self.pods.running(pod),
            &Event::PodSucceeded { pod } | &Event::PodFailed { pod, .. } => self.pods.over(pod),
            &Event::PodStuck { pod, .. } => self.pods.stuck(pod),
            _ => {}
        }
    }

    fn note_decision(&mut self, now: SimTime, decision: &Decision) {
        for command in &decision.commands {
            match command {
                &Command::CreatePod { pod, job, spec, attempt, node, node_index } => {
                    self.note_pod(pod, pods::Wanted { job, spec, attempt, node, node_index });
                }
                Command::DeletePod { pod, .. } => self.pods.set_unwanted(*pod),
                Command::LaunchNodes(request) => self.note_launch(request, now),
                Command::TerminateNode { node } => self.nodes.set_terminating(*node),
            }
        }
        for ending in &decision.endings {
            match ending {
                Ending::Attempt(end) => self.pod_ended(end.pod),
                Ending::Job(end) if end.job.child.is_none() => self.job_ended(end.job.job),
                Ending::Job(_) => {}
                Ending::Array(end) => self.job_ended(end.job),
            }
        }
        for reason in &decision.reasons {
            if let Reason::SubmissionRefused { job, .. } = reason {
                self.job_ended(*job);
            }
        }
    }

    fn job_ended(&mut self, job: JobId) {
        self.jobs.remove(&job);
        self.pods.forget_job(job);
    }
}
