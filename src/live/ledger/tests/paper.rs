//! A cluster on paper: nodes and pods as an API server and kubelets would have them, told late and doubled.

use std::collections::{BTreeMap, VecDeque};

use super::{ENVIRONMENT_UUID, node_room};
use crate::live::acts::Act;
use crate::live::facts::{
    Answer, ClaimPhase, Kind, NodeClaimFacts, NodeFacts, NodeState, ObjectName, PodFacts, PodPhase, Sighting,
};
use crate::scheduler::PodFailure;
use crate::units::SimTime;

/// Random numbers of tests: splitmix64.
#[derive(Debug, Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

#[derive(Debug, Clone)]
pub(super) struct PaperPod {
    pub(super) uid: String,
    pub(super) node: String,
    /// Whose pod it is: job id and child, by its label.
    pub(super) job: String,
    pub(super) phase: PodPhase,
    pub(super) deleting: bool,
    /// When its phase changes next.
    due: SimTime,
    exit: i32,
}

impl PaperPod {
    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed(_))
    }
}

#[derive(Debug, Clone)]
pub(super) struct PaperClaim {
    facts: NodeClaimFacts,
    /// The instance type that it asks for.
    wanted: String,
    /// What happens to it next, and when.
    due: SimTime,
    next: ClaimStep,
}

/// What Karpenter does to a claim next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClaimStep {
    Launch,
    /// There is no capacity: it deletes the claim.
    Refuse,
    Join,
    /// The instance ends, and with it the claim.
    Remove,
    Nothing,
}

/// The cluster, and what is under way to and from it.
#[derive(Debug)]
pub(super) struct Paper {
    pub(super) dice: Dice,
    pub(super) nodes: BTreeMap<String, NodeFacts>,
    pub(super) pods: BTreeMap<(String, String), PaperPod>,
    /// Karpenter's claims; nothing where there is no Karpenter.
    pub(super) claims: BTreeMap<String, PaperClaim>,
    pub(super) karpenter: bool,
    /// Claims that found no capacity, and how many there ever were.
    pub(super) refused: u32,
    pub(super) claimed: u32,
    /// Acts that were sent, and when they arrive.
    acts: Vec<(SimTime, Act)>,
    /// Watch events that were not told yet, by kind: each kind in order.
    node_events: VecDeque<Sighting>,
    pod_events: VecDeque<Sighting>,
    claim_events: VecDeque<Sighting>,
    uids: u32,
    /// How often two pods of one job were alive at once.
    pub(super) twice: u32,
    /// Pods on a node beyond what it offers.
    pub(super) overcommitted: u32,
    pub(super) vanished: u32,
}

impl Paper {
    pub(super) fn new(seed: u64, nodes: u32) -> Self {
        let mut paper = Self {
            dice: Dice(seed),
            nodes: BTreeMap::new(),
            pods: BTreeMap::new(),
            claims: BTreeMap::new(),
            karpenter: false,
            refused: 0,
            claimed: 0,
            acts: Vec::new(),
            node_events: VecDeque::new(),
            pod_events: VecDeque::new(),
            claim_events: VecDeque::new(),
            uids: 0,
            twice: 0,
            overcommitted: 0,
            vanished: 0,
        };
        for number in 0..nodes {
            paper.add_node(&format!("node-{number}"), None, SMALL);
        }
        paper
    }

    fn uid(&mut self) -> String {
        self.uids += 1;
        format!("uid-{}", self.uids)
    }

    fn add_node(&mut self, name: &str, claim: Option<&str>, instance_type: &str) {
        let vcpus = vcpus(instance_type);
        let uid = self.uid();
        let facts = NodeFacts {
            name: name.to_owned(),
            uid,
            environment_uuid: ENVIRONMENT_UUID.to_owned(),
            claim: claim.map(str::to_owned),
            instance_type: Some(instance_type.to_owned()),
            zone: None,
            purchase: None,
            vcpus,
            allocatable: node_room(vcpus),
            free: node_room(vcpus),
            state: NodeState::Ready,
            notice: false,
        };
        self.node_events.push_back(Sighting::Node(Box::new(facts.clone())));
        self.nodes.insert(name.to_owned(), facts);
    }

    /// A machine dies with its pods. Where there is no Karpenter, another comes under its name; else its claim goes, before or
    /// after it.
    fn replace_node(&mut self, now: SimTime) {
        let names: Vec<_> = self.nodes.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = names[self.index(names.len())].clone();
        let claim = self.nodes.get(&name).and_then(|facts| facts.claim.clone());
        self.vanished += 1;
        match claim {
            None => {
                self.remove_node(&name);
                self.add_node(&name, None, SMALL);
            }
            Some(claim) if self.dice.roll(2) == 0 => self.remove_claim(&claim),
            Some(claim) => {
                self.remove_node(&name);
                let due = soon(now, self.dice.roll(30_000));
                if let Some(claim) = self.claims.get_mut(&claim) {
                    (claim.next, claim.due) = (ClaimStep::Remove, due);
                }
            }
        }
    }

    fn remove_node(&mut self, name: &str) {
        let Some(facts) = self.nodes.remove(name) else { return };
        let dead: Vec<_> = self.pods.iter().filter(|(_, pod)| pod.node == name).map(|(key, _)| key.clone()).collect();
        for key in dead {
            self.remove_pod(&key);
        }
        self.node_events.push_back(Sighting::NodeGone(ObjectName {
            namespace: String::new(),
            name: facts.name,
            uid: facts.uid,
        }));
    }

    fn remove_claim(&mut self, name: &str) {
        let Some(claim) = self.claims.remove(name) else { return };
        self.remove_node(name);
        self.claim_events.push_back(Sighting::NodeClaimGone(ObjectName {
            namespace: String::new(),
            name: name.to_owned(),
            uid: claim.facts.uid,
        }));
    }

    fn tell_claim(&mut self, name: &str) {
        if let Some(claim) = self.claims.get(name) {
            self.claim_events.push_back(Sighting::NodeClaim(Box::new(claim.facts.clone())));
        }
    }

    fn change_claim(&mut self, name: &str, now: SimTime) {
        let wait = self.dice.roll(40_000);
        let Some(claim) = self.claims.get_mut(name) else { return };
        let step = std::mem::replace(&mut claim.next, ClaimStep::Nothing);
        claim.due = SimTime::MAX;
        match step {
            ClaimStep::Launch => {
                claim.facts.phase = ClaimPhase::Launched;
                claim.facts.instance_type = Some(claim.wanted.clone());
                (claim.next, claim.due) = (ClaimStep::Join, soon(now, wait));
                self.tell_claim(name);
            }
            ClaimStep::Refuse => {
                self.refused += 1;
                claim.facts.deleting = true;
                claim.facts.phase = ClaimPhase::Failed("no capacity".to_owned());
                (claim.next, claim.due) = (ClaimStep::Remove, soon(now, wait / 100));
                self.tell_claim(name);
            }
            ClaimStep::Join => {
                let instance_type = claim.facts.instance_type.clone().unwrap_or_default();
                self.add_node(name, Some(name), &instance_type);
            }
            ClaimStep::Remove => self.remove_claim(name),
            ClaimStep::Nothing => {}
        }
    }

    fn create_claim(&mut self, name: &str, wanted: &str, now: SimTime) {
        if self.claims.contains_key(name) {
            return;
        }
        self.claimed += 1;
        let facts = NodeClaimFacts {
            name: name.to_owned(),
            uid: self.uid(),
            phase: ClaimPhase::Pending,
            node: None,
            instance_type: None,
            zone: None,
            deleting: false,
        };
        // Some find no capacity, and some take longer than the core waits for them.
        let (next, due) = match self.dice.roll(8) {
            0 | 1 => (ClaimStep::Refuse, self.dice.roll(5_000)),
            2 => (ClaimStep::Launch, 200_000 + self.dice.roll(200_000)),
            _ => (ClaimStep::Launch, self.dice.roll(5_000)),
        };
        self.claims.insert(name.to_owned(), PaperClaim { facts, wanted: wanted.to_owned(), due: soon(now, due), next });
        self.tell_claim(name);
    }

    fn delete_claim(&mut self, name: &str, now: SimTime) -> Option<Sighting> {
        let wait = self.dice.roll(10_000);
        let Some(claim) = self.claims.get_mut(name) else {
            return Some(Sighting::Answer(Answer::NodeClaimAbsent { name: name.to_owned() }));
        };
        if !claim.facts.deleting {
            claim.facts.deleting = true;
            (claim.next, claim.due) = (ClaimStep::Remove, soon(now, wait));
            self.tell_claim(name);
        }
        None
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.dice.roll(length as u64)).expect("an index")
    }

    fn remove_pod(&mut self, key: &(String, String)) {
        let Some(pod) = self.pods.remove(key) else { return };
        self.pod_events.push_back(Sighting::PodGone(ObjectName {
            namespace: key.0.clone(),
            name: key.1.clone(),
            uid: pod.uid,
        }));
    }

    fn tell_pod(&mut self, key: &(String, String)) {
        if let Some(sighting) = self.pod_sighting(key) {
            self.pod_events.push_back(sighting);
        }
    }

    fn pod_sighting(&self, key: &(String, String)) -> Option<Sighting> {
        let pod = self.pods.get(key)?;
        Some(Sighting::Pod(Box::new(PodFacts {
            namespace: key.0.clone(),
            name: key.1.clone(),
            uid: pod.uid.clone(),
            job: pod.job.clone(),
            node: pod.node.clone(),
            phase: pod.phase,
            deleting: pod.deleting,
            ip: None,
        })))
    }

    /// An act is on its way: it arrives a little later, even if whoever sent it is dead by then.
    pub(super) fn send(&mut self, act: Act, now: SimTime) {
        let at = SimTime::from_millis(now.as_millis() + 5 + self.dice.roll(200));
        // Acts on one object keep their order.
        let before = self.acts.iter().filter(|(_, other)| object(other) == object(&act)).map(|(at, _)| *at).max();
        self.acts.push((before.map_or(at, |before| before.max(at)), act));
    }

    /// Who sent acts was killed: some of them had not left yet.
    pub(super) fn lose_acts(&mut self) {
        let mut dice = self.dice.clone();
        self.acts.retain(|_| dice.roll(2) == 0);
        self.dice = dice;
        // Watches ended with it.
        self.node_events.clear();
        self.pod_events.clear();
        self.claim_events.clear();
    }

    /// Everything there is, as a new watch tells it first.
    pub(super) fn list(&mut self) -> Vec<Sighting> {
        let mut all = vec![Sighting::ListBegun(Kind::Node)];
        all.extend(self.nodes.values().map(|facts| Sighting::Node(Box::new(facts.clone()))));
        all.push(Sighting::ListEnded(Kind::Node));
        all.push(Sighting::ListBegun(Kind::Pod));
        all.extend(self.pods.keys().filter_map(|key| self.pod_sighting(key)));
        all.push(Sighting::ListEnded(Kind::Pod));
        if self.karpenter {
            let claims = self.claims.values().map(|claim| Sighting::NodeClaim(Box::new(claim.facts.clone())));
            let mut told = vec![Sighting::ListBegun(Kind::NodeClaim)];
            told.extend(claims);
            told.push(Sighting::ListEnded(Kind::NodeClaim));
            // Before or after nodes: kinds are told as they come.
            let at = if self.dice.roll(2) == 0 { 0 } else { all.len() };
            all.splice(at..at, told);
        }
        self.claim_events.clear();
        self.node_events.clear();
        self.pod_events.clear();
        all
    }

    /// Time goes on by a little; gives what is told meanwhile.
    pub(super) fn advance(&mut self, now: SimTime) -> Vec<Sighting> {
        let mut told = Vec::new();
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.acts).into_iter().partition(|(at, _)| *at <= now);
        self.acts = later;
        due.sort_by_key(|(at, _)| *at);
        for (_, act) in due {
            told.extend(self.carry_out(act, now));
        }
        let changing: Vec<_> = self.pods.iter().filter(|(_, pod)| pod.due <= now).map(|(key, _)| key.clone()).collect();
        for key in changing {
            self.change(&key, now);
        }
        let changing: Vec<_> =
            self.claims.iter().filter(|(_, claim)| claim.due <= now).map(|(name, _)| name.clone()).collect();
        for name in changing {
            self.change_claim(&name, now);
        }
        if self.dice.roll(400) == 0 {
            self.replace_node(now);
        }
        self.count_faults();
        match self.dice.roll(60) {
            // A watch that has to begin anew.
            0 => told.extend(self.list()),
            1..20 => {}
            _ => {
                for events in [&mut self.claim_events, &mut self.node_events, &mut self.pod_events] {
                    let some = events.len().min(1 + usize::try_from(self.dice.roll(8)).expect("small"));
                    for sighting in events.drain(..some) {
                        if self.dice.roll(10) == 0 {
                            told.push(sighting.clone());
                        }
                        told.push(sighting);
                    }
                }
            }
        }
        told
    }

    fn carry_out(&mut self, act: Act, now: SimTime) -> Option<Sighting> {
        match act {
            Act::CreatePod { namespace, name, manifest } => {
                let key = (namespace, name);
                let manifest = manifest.to_value();
                let again = self.pods.contains_key(&key);
                if !again {
                    let uid = self.uid();
                    let exit = i32::from(self.dice.roll(5) == 0);
                    let label =
                        |name: &str| manifest["metadata"]["labels"][name].as_str().unwrap_or_default().to_owned();
                    let node = manifest["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
                    let pod = PaperPod {
                        uid,
                        // A pod on a node that is no more stays for ever, as without a garbage collector.
                        due: if self.nodes.contains_key(&node) { soon(now, 2_000) } else { SimTime::MAX },
                        node,
                        job: label(crate::pod::JOB_ID_LABEL),
                        phase: PodPhase::Pending,
                        deleting: false,
                        exit,
                    };
                    self.pods.insert(key.clone(), pod);
                    self.tell_pod(&key);
                }
                let uid = self.pods[&key].uid.clone();
                let pod = ObjectName { namespace: key.0, name: key.1, uid };
                Some(Sighting::Answer(Answer::PodCreated { pod, again }))
            }
            Act::DeletePod { namespace, name, uid, grace_seconds } => {
                let key = (namespace, name);
                let found = self.pods.get_mut(&key).filter(|pod| uid.is_none_or(|uid| uid == pod.uid));
                let Some(pod) = found else {
                    return Some(Sighting::Answer(Answer::PodAbsent { namespace: key.0, name: key.1 }));
                };
                let at_once = grace_seconds == 0 || !pod.is_alive() || !self.nodes.contains_key(&pod.node);
                pod.deleting = true;
                pod.due = soon(now, 5_000);
                if at_once {
                    self.remove_pod(&key);
                } else {
                    self.tell_pod(&key);
                }
                None
            }
            Act::CreateNodeClaim { name, manifest, .. } => {
                let manifest = manifest.to_value();
                let wanted = &manifest["spec"]["requirements"][0]["values"][0];
                self.create_claim(&name, wanted.as_str().unwrap_or_default(), now);
                None
            }
            Act::DeleteNodeClaim { name } => self.delete_claim(&name, now),
            Act::Announce(_) => None,
        }
    }

    fn change(&mut self, key: &(String, String), now: SimTime) {
        let wait = self.dice.roll(60_000);
        let Some(pod) = self.pods.get_mut(key) else { return };
        if pod.deleting {
            self.remove_pod(key);
            return;
        }
        pod.due = SimTime::MAX;
        pod.phase = match pod.phase {
            PodPhase::Pending => {
                pod.due = soon(now, wait);
                PodPhase::Running
            }
            PodPhase::Running if pod.exit == 0 => PodPhase::Succeeded,
            PodPhase::Running => PodPhase::Failed(PodFailure::ExitCode(pod.exit)),
            over => over,
        };
        self.tell_pod(key);
    }

    fn count_faults(&mut self) {
        let mut alive = BTreeMap::<&str, u32>::new();
        let mut load = BTreeMap::<&str, u32>::new();
        for pod in self.pods.values().filter(|pod| pod.is_alive() && self.nodes.contains_key(&pod.node)) {
            *alive.entry(&pod.job).or_default() += 1;
            *load.entry(&pod.node).or_default() += 1;
        }
        self.twice += alive.values().filter(|count| **count > 1).sum::<u32>();
        self.overcommitted +=
            load.iter().filter(|(node, count)| **count > self.nodes[**node].vcpus).map(|(_, count)| count).sum::<u32>();
    }
}

/// The smaller of the two types that there are.
const SMALL: &str = "m5.xlarge";

fn vcpus(instance_type: &str) -> u32 {
    match instance_type {
        SMALL => 4,
        "m5.2xlarge" => 8,
        other => panic!("nobody asked for {other:?}"),
    }
}

fn object(act: &Act) -> &str {
    match act {
        Act::CreatePod { name, .. }
        | Act::DeletePod { name, .. }
        | Act::CreateNodeClaim { name, .. }
        | Act::DeleteNodeClaim { name } => name,
        Act::Announce(_) => "",
    }
}

fn soon(now: SimTime, millis: u64) -> SimTime {
    SimTime::from_millis(now.as_millis() + 1 + millis)
}
