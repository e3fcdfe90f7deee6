//! One object after the other, in the order in which a cluster tells of it.

mod capacity;
mod nodes;
mod pods;

use super::{ENVIRONMENT_UUID, Setting, node_room};
use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId};
use crate::live::acts::Act;
use crate::live::facts::{
    ClaimPhase, Kind, NodeClaimFacts, NodeFacts, NodeState, ObjectName, PodFacts, PodPhase, Sighting,
};
use crate::live::ledger::Ledger;
use crate::model::{FleetStrategy, PurchaseOption};
use crate::scheduler::{
    AttemptEnd, AttemptOutcome, Command, Decision, DeleteCause, Ending, Event, LaunchRequest, Observation,
};
use crate::units::SimTime;

/// What was told, and what is to be done.
type Told = (Vec<Event>, Vec<Act>);

/// A ledger that someone tells a story to.
struct Story {
    setting: Setting,
    ledger: Ledger,
    now: SimTime,
    /// What a journal would hold.
    past: Vec<(Observation, Decision)>,
    named: crate::journal::Named,
}

impl Story {
    /// One job was submitted of spec 1, or of 0 where there is no other; all lists are told and empty.
    fn new(setting: Setting) -> Self {
        let mut story = Self::unlisted(setting);
        let beginning = story.setting.beginning(1);
        for event in beginning {
            story.ledger.tell(event);
        }
        story.list(Vec::new());
        story.take();
        story
    }

    fn unlisted(setting: Setting) -> Self {
        let ledger = setting.ledger();
        Self { setting, ledger, now: SimTime::ZERO, past: Vec::new(), named: crate::journal::Named::default() }
    }

    /// The program is killed and another begins: it knows what the journal holds, and lists.
    fn restart(&mut self, listed: Vec<Sighting>) -> Told {
        self.ledger = self.setting.ledger();
        self.ledger.remember_named(&self.named);
        for (seen, decision) in &self.past {
            self.ledger.remember(seen, decision);
        }
        self.list(listed);
        let mut told = self.take();
        told.1.extend(self.ledger.repeat(&mut |_, _| None));
        told
    }

    /// All kinds are listed, and hold this.
    fn list(&mut self, listed: Vec<Sighting>) {
        let kinds = [Kind::NodeClaim, Kind::Node, Kind::Pod];
        let begun = kinds.map(Sighting::ListBegun).into_iter();
        for sighting in begun.chain(listed).chain(kinds.map(Sighting::ListEnded)) {
            self.ledger.sighted(sighting, self.now);
        }
    }

    fn relist(&mut self, listed: Vec<Sighting>) -> Told {
        self.list(listed);
        self.take()
    }

    fn take(&mut self) -> Told {
        let mut events = Vec::new();
        let named = self.ledger.take_facts(&mut events);
        self.named.nodes.extend(named.nodes);
        let seen = Observation { now: self.now, events: events.clone() };
        self.past.push((seen, Decision::default()));
        (events, self.ledger.take_acts())
    }

    fn see(&mut self, sighting: impl Into<Sighting>) -> Told {
        self.ledger.sighted(sighting.into(), self.now);
        self.take()
    }

    fn wait(&mut self, seconds: u64) -> Told {
        self.now = SimTime::from_millis(self.now.as_millis() + seconds * 1_000);
        self.ledger.time_passes(self.now);
        self.take()
    }

    fn decide(&mut self, decision: Decision) -> Vec<Act> {
        let acts = self.ledger.decided(self.now, &decision, &mut |_, _| None);
        self.past.push((Observation { now: self.now, events: Vec::new() }, decision));
        acts
    }

    fn command(&mut self, command: Command) -> Vec<Act> {
        self.decide(Decision { commands: vec![command], ..Decision::default() })
    }

    /// The core places an attempt of the job on node 0.
    fn place(&mut self, attempt: u8) -> Vec<Act> {
        self.command(create(attempt, 0, None))
    }

    /// The core is done with an attempt.
    fn end(&mut self, attempt: u8, outcome: AttemptOutcome) -> Vec<Act> {
        self.decide(Decision { endings: vec![ending(attempt, outcome)], ..Decision::default() })
    }
}

/// The array of spec 0 has one child: the job of every story.
fn job() -> JobRef {
    JobRef { job: JobId::new(0, 0), child: Some(0) }
}

fn pod_id(attempt: u8) -> PodId {
    PodId { slot: attempt.into(), generation: 0 }
}

fn create(attempt: u8, node: u32, node_index: Option<u16>) -> Command {
    let slot = u32::from(attempt) + u32::from(node_index.unwrap_or(0));
    Command::CreatePod {
        pod: PodId { slot, generation: 0 },
        job: job(),
        spec: JobSpecId(0),
        attempt,
        node: NodeId(node),
        node_index,
    }
}

fn delete(attempt: u8) -> Command {
    Command::DeletePod { pod: pod_id(attempt), spec: JobSpecId(0), node: NodeId(0), why: DeleteCause::Timeout }
}

fn ending(attempt: u8, outcome: AttemptOutcome) -> Ending {
    Ending::Attempt(AttemptEnd {
        pod: pod_id(attempt),
        job: job(),
        queue: JobQueueId(0),
        spec: JobSpecId(0),
        attempt,
        node: NodeId(0),
        starting_at: SimTime::ZERO,
        running_at: None,
        stopped_at: SimTime::ZERO,
        outcome,
        retried: true,
        node_index: None,
    })
}

fn launch(id: u64, types: &[u16], target_vcpus: u32) -> Command {
    Command::LaunchNodes(Box::new(LaunchRequest {
        launch: LaunchId(id.try_into().expect("a small number")),
        environment: ComputeEnvironmentId(0),
        purchase: PurchaseOption::Ec2,
        fleet: FleetStrategy::LowestPrice,
        instance_types: types.iter().copied().map(InstanceTypeId).collect(),
        target_vcpus,
        bid_percentage: None,
    }))
}

/// The name that the acts give to a pod or claim.
fn name(act: &Act) -> &str {
    match act {
        Act::CreatePod { name, .. }
        | Act::DeletePod { name, .. }
        | Act::CreateNodeClaim { name, .. }
        | Act::DeleteNodeClaim { name } => name,
        Act::Announce(_) => "",
    }
}

fn object(name: &str, uid: &str) -> ObjectName {
    ObjectName { namespace: String::new(), name: name.to_owned(), uid: uid.to_owned() }
}

/// A node of four vCPUs that is ready.
fn node(name: &str, uid: &str) -> NodeFacts {
    NodeFacts {
        name: name.to_owned(),
        uid: uid.to_owned(),
        environment_uuid: ENVIRONMENT_UUID.to_owned(),
        claim: None,
        instance_type: Some("m5.xlarge".to_owned()),
        zone: Some("us-east-1b".to_owned()),
        purchase: None,
        vcpus: 4,
        allocatable: node_room(4),
        free: node_room(4),
        state: NodeState::Ready,
        notice: false,
    }
}

/// The pod that an act creates, in a phase.
fn pod(act: &Act, phase: PodPhase) -> PodFacts {
    let Act::CreatePod { namespace, name, manifest } = act else { panic!("{act:?} creates no pod") };
    let manifest = manifest.to_value();
    PodFacts {
        namespace: namespace.clone(),
        name: name.clone(),
        uid: format!("uid of {name}"),
        job: manifest["metadata"]["labels"][crate::pod::JOB_ID_LABEL].as_str().unwrap_or_default().to_owned(),
        node: manifest["spec"]["nodeName"].as_str().unwrap_or_default().to_owned(),
        phase,
        deleting: false,
        ip: None,
    }
}

fn claim(name: &str, phase: ClaimPhase) -> NodeClaimFacts {
    NodeClaimFacts {
        name: name.to_owned(),
        uid: format!("uid of {name}"),
        phase,
        node: None,
        instance_type: None,
        zone: None,
        deleting: false,
    }
}

impl From<NodeFacts> for Sighting {
    fn from(facts: NodeFacts) -> Self {
        Self::Node(Box::new(facts))
    }
}

impl From<PodFacts> for Sighting {
    fn from(facts: PodFacts) -> Self {
        Self::Pod(Box::new(facts))
    }
}

impl From<NodeClaimFacts> for Sighting {
    fn from(facts: NodeClaimFacts) -> Self {
        Self::NodeClaim(Box::new(facts))
    }
}

impl From<crate::live::facts::Answer> for Sighting {
    fn from(answer: crate::live::facts::Answer) -> Self {
        Self::Answer(answer)
    }
}
