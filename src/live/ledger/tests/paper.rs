//! A cluster on paper: nodes and pods as an API server and kubelets would have them, told late and doubled.

use std::collections::{BTreeMap, VecDeque};

use super::{ENVIRONMENT_UUID, node_room};
use crate::live::acts::Act;
use crate::live::facts::{Answer, Kind, NodeFacts, NodeState, ObjectName, PodFacts, PodPhase, Sighting};
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

/// The cluster, and what is under way to and from it.
#[derive(Debug)]
pub(super) struct Paper {
    pub(super) dice: Dice,
    pub(super) nodes: BTreeMap<String, NodeFacts>,
    pub(super) pods: BTreeMap<(String, String), PaperPod>,
    /// Acts that were sent, and when they arrive.
    acts: Vec<(SimTime, Act)>,
    /// Watch events that were not told yet, by kind: each kind in order.
    node_events: VecDeque<Sighting>,
    pod_events: VecDeque<Sighting>,
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
            acts: Vec::new(),
            node_events: VecDeque::new(),
            pod_events: VecDeque::new(),
            uids: 0,
            twice: 0,
            overcommitted: 0,
            vanished: 0,
        };
        for number in 0..nodes {
            paper.add_node(&format!("node-{number}"));
        }
        paper
    }

    fn uid(&mut self) -> String {
        self.uids += 1;
        format!("uid-{}", self.uids)
    }

    fn add_node(&mut self, name: &str) {
        let uid = self.uid();
        let facts = NodeFacts {
            name: name.to_owned(),
            uid,
            environment_uuid: ENVIRONMENT_UUID.to_owned(),
            claim: None,
            instance_type: Some("m5.xlarge".to_owned()),
            zone: None,
            purchase: None,
            vcpus: 4,
            allocatable: node_room(4),
            free: node_room(4),
            state: NodeState::Ready,
            notice: false,
        };
        self.node_events.push_back(Sighting::Node(Box::new(facts.clone())));
        self.nodes.insert(name.to_owned(), facts);
    }

    /// A machine dies with its pods, and another comes under its name.
    fn replace_node(&mut self) {
        let names: Vec<_> = self.nodes.keys().cloned().collect();
        let name = names[self.index(names.len())].clone();
        let Some(facts) = self.nodes.remove(&name) else { return };
        self.vanished += 1;
        let dead: Vec<_> = self.pods.iter().filter(|(_, pod)| pod.node == name).map(|(key, _)| key.clone()).collect();
        for key in dead {
            self.remove_pod(&key);
        }
        self.node_events.push_back(Sighting::NodeGone(ObjectName {
            namespace: String::new(),
            name: facts.name,
            uid: facts.uid,
        }));
        self.add_node(&name);
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
    }

    /// Everything there is, as a new watch tells it first.
    pub(super) fn list(&mut self) -> Vec<Sighting> {
        let mut all = vec![Sighting::ListBegun(Kind::Node)];
        all.extend(self.nodes.values().map(|facts| Sighting::Node(Box::new(facts.clone()))));
        all.push(Sighting::ListEnded(Kind::Node));
        all.push(Sighting::ListBegun(Kind::Pod));
        all.extend(self.pods.keys().filter_map(|key| self.pod_sighting(key)));
        all.push(Sighting::ListEnded(Kind::Pod));
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
        if self.dice.roll(400) == 0 {
            self.replace_node();
        }
        self.count_faults();
        match self.dice.roll(60) {
            // A watch that has to begin anew.
            0 => told.extend(self.list()),
            1..20 => {}
            _ => {
                for events in [&mut self.node_events, &mut self.pod_events] {
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
            Act::CreateNodeClaim { .. } | Act::DeleteNodeClaim { .. } | Act::Announce(_) => None,
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
        self.overcommitted += load.values().filter(|count| **count > 4).sum::<u32>();
    }
}

fn object(act: &Act) -> &str {
    match act {
        Act::CreatePod { name, .. } | Act::DeletePod { name, .. } => name,
        Act::CreateNodeClaim { name, .. } | Act::DeleteNodeClaim { name } => name,
        Act::Announce(_) => "",
    }
}

fn soon(now: SimTime, millis: u64) -> SimTime {
    SimTime::from_millis(now.as_millis() + 1 + millis)
}
