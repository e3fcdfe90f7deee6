//! Nodes: which of the core's stands for which object, and what of the one must be told to the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{ComputeEnvironmentId, NodeId};
use crate::journal::NamedNode;
use crate::live::acts::Act;
use crate::live::backend::Backend;
use crate::live::claims;
use crate::live::facts::{NodeFacts, NodeState};
use crate::live::ledger::Ledger;
use crate::scheduler::{Event, NodeLossCause};
use crate::units::{SimDuration, SimTime};

/// From EC2's interruption notice to the end of a Spot instance. Source: EC2's user guide, "Spot Instance interruption
/// notices".
const INTERRUPTION_NOTICE: SimDuration = SimDuration::from_secs(120);

/// The nodes of a run.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    by_id: BTreeMap<NodeId, Node>,
    by_name: BTreeMap<String, NodeId>,
    by_claim: BTreeMap<String, NodeId>,
    next: u32,
    /// Nodes of claims of this run that were seen before their claim.
    early: BTreeMap<String, NodeFacts>,
    /// Nodes that their environment gave up though they can't be removed: they are not taken again.
    released: BTreeSet<String>,
    /// Nodes that were taken for lost though they may come back, by name and uid: whether their containers still run nobody
    /// knows.
    unreachable: BTreeMap<NodeId, (String, String)>,
    /// Names in the list that is being told.
    listed: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Node {
    environment: Option<ComputeEnvironmentId>,
    name: Option<String>,
    uid: Option<String>,
    claim: Option<String>,
    stage: Stage,
    warned: bool,
    terminating: bool,
}

/// What the core knows of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Nothing: it has an id, and no fact about it yet.
    #[default]
    Minted,
    /// It was launched.
    Launched,
    /// It is ready.
    Ready,
}

impl Nodes {
    /// Nodes that have not joined, that take pods, and that are given back.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let of = |stage| self.by_id.values().filter(|node| !node.terminating && node.stage == stage).count();
        (of(Stage::Launched), of(Stage::Ready), self.by_id.values().filter(|node| node.terminating).count())
    }

    pub(super) fn is_terminating(&self) -> bool {
        self.by_id.values().any(|node| node.terminating)
    }

    /// Nodes that the core gave back and that are still there.
    pub(super) fn terminating(&self) -> Vec<NodeId> {
        self.by_id.iter().filter(|(_, node)| node.terminating).map(|(id, _)| *id).collect()
    }

    /// Of nodes that were taken for lost, those that are gone indeed: the object of this name, and of this uid where it is
    /// known.
    fn gone_indeed(&mut self, name: &str, uid: Option<&str>) -> bool {
        let before = self.unreachable.len();
        self.unreachable.retain(|_, (known, of)| known != name || uid.is_some_and(|uid| uid != of));
        self.unreachable.len() < before
    }

    pub(super) fn launched(&self) -> impl Iterator<Item = &str> {
        self.by_id.values().filter_map(|node| node.claim.as_deref())
    }

    pub(super) fn begin_list(&mut self) {
        self.listed.clear();
    }

    /// Name and uid of a node that has joined.
    pub(super) fn object(&self, node: NodeId) -> Option<(&str, &str)> {
        let node = self.by_id.get(&node)?;
        Some((node.name.as_deref()?, node.uid.as_deref()?))
    }

    /// Whether a node is no more, and its containers with it.
    pub(super) fn is_gone(&self, node: NodeId) -> bool {
        !self.by_id.contains_key(&node) && !self.unreachable.contains_key(&node)
    }

    pub(super) fn environment(&self, node: NodeId) -> Option<ComputeEnvironmentId> {
        self.by_id.get(&node)?.environment
    }

    pub(super) fn of_claim(&self, claim: &str) -> Option<NodeId> {
        self.by_claim.get(claim).copied()
    }

    pub(super) fn claim(&self, node: NodeId) -> Option<&str> {
        self.by_id.get(&node)?.claim.as_deref()
    }

    /// Claims of nodes that the core believes in.
    pub(super) fn claims(&self) -> Vec<(NodeId, String, bool)> {
        let claims = self.by_id.iter().filter_map(|(id, node)| Some((*id, node.claim.clone()?, node.terminating)));
        claims.collect()
    }

    /// A new id, and what it stands for.
    pub(super) fn mint(&mut self, name: Option<(&str, &str)>, claim: Option<&str>) -> NamedNode {
        let node = NodeId(self.next);
        let named = NamedNode {
            node,
            name: name.map(|(name, _)| name.to_owned()),
            uid: name.map(|(_, uid)| uid.to_owned()),
            claim: claim.map(str::to_owned),
        };
        self.name(&named);
        named
    }

    /// What an id stands for; told again, what it stands for too.
    pub(super) fn name(&mut self, named: &NamedNode) {
        self.next = self.next.max(named.node.0 + 1);
        let node = self.by_id.entry(named.node).or_default();
        if let (Some(name), Some(uid)) = (&named.name, &named.uid) {
            node.name = Some(name.clone());
            node.uid = Some(uid.clone());
            self.by_name.insert(name.clone(), named.node);
        }
        if let Some(claim) = &named.claim {
            node.claim = Some(claim.clone());
            self.by_claim.insert(claim.clone(), named.node);
        }
    }

    pub(super) fn adopted(&mut self, node: NodeId, environment: ComputeEnvironmentId) {
        self.next = self.next.max(node.0 + 1);
        let node = self.by_id.entry(node).or_default();
        node.environment = Some(environment);
        node.stage = Stage::Ready;
    }

    pub(super) fn launched_for(&mut self, node: NodeId, environment: ComputeEnvironmentId) {
        self.next = self.next.max(node.0 + 1);
        let node = self.by_id.entry(node).or_default();
        node.environment = Some(environment);
        node.stage = Stage::Launched;
    }

    pub(super) fn ready(&mut self, node: NodeId) {
        if let Some(node) = self.by_id.get_mut(&node) {
            node.stage = Stage::Ready;
        }
    }

    pub(super) fn warned(&mut self, node: NodeId) {
        if let Some(node) = self.by_id.get_mut(&node) {
            node.warned = true;
        }
    }

    pub(super) fn set_terminating(&mut self, node: NodeId) {
        if let Some(node) = self.by_id.get_mut(&node) {
            node.terminating = true;
        }
    }

    /// The core knows it no more. One that was `released` can't be removed, and is not to be taken again.
    pub(super) fn lost(&mut self, id: NodeId, released: bool) {
        let Some(node) = self.by_id.remove(&id) else { return };
        self.released.extend(node.uid.filter(|_| released));
        if let Some(name) = node.name.filter(|name| self.by_name.get(name) == Some(&id)) {
            self.by_name.remove(&name);
        }
        if let Some(claim) = node.claim {
            self.by_claim.remove(&claim);
        }
    }
}

impl Ledger {
    pub(super) fn node_sighted(&mut self, facts: NodeFacts, now: SimTime) {
        self.nodes.listed.insert(facts.name.clone());
        let known = self.nodes.by_name.get(&facts.name).copied();
        let same =
            known.filter(|id| self.nodes.by_id.get(id).is_some_and(|node| node.uid.as_ref() == Some(&facts.uid)));
        if let (Some(id), None) = (known, same) {
            // Another machine under the same name.
            self.lose(id, None);
        }
        match same {
            Some(id) => self.known_node(id, &facts, now),
            None => self.new_node(facts, now),
        }
    }

    fn known_node(&mut self, id: NodeId, facts: &NodeFacts, now: SimTime) {
        let Some(node) = self.nodes.by_id.get(&id) else { return };
        let (stage, warned) = (node.stage, node.warned);
        if facts.state == NodeState::Unreachable && stage == Stage::Ready {
            self.nodes.unreachable.insert(id, (facts.name.clone(), facts.uid.clone()));
            self.lose(id, Some(NodeLossCause::Failed));
            return;
        }
        if facts.state == NodeState::Ready && stage == Stage::Launched {
            self.tell(Event::NodeReady { node: id, free: facts.free });
        }
        if facts.notice && !warned && stage != Stage::Minted {
            self.tell(Event::SpotInterruptionWarning { node: id, terminates_at: now + INTERRUPTION_NOTICE });
        }
    }

    fn new_node(&mut self, facts: NodeFacts, now: SimTime) {
        let Some(&environment) = self.environments.get(&facts.environment_uuid) else { return };
        let object = (facts.name.as_str(), facts.uid.as_str());
        if let Some(claim) = facts.claim.clone().filter(|claim| self.launches.is_own(claim)) {
            // Its claim tells that it was launched.
            let Some(id) = self.nodes.of_claim(&claim) else {
                self.nodes.early.insert(claim, facts);
                return;
            };
            let named =
                NamedNode { node: id, name: Some(facts.name.clone()), uid: Some(facts.uid.clone()), claim: None };
            self.nodes.name(&named);
            self.out.named.nodes.push(named);
            self.known_node(id, &facts, now);
            return;
        }
        if facts.state != NodeState::Ready || facts.notice || self.nodes.released.contains(&facts.uid) {
            return;
        }
        let wanted = match self.backend {
            Backend::Render => self.launches.wanting(environment, self.types.named(facts.instance_type.as_deref())),
            Backend::Unmanaged | Backend::Karpenter(_) => None,
        };
        let named = self.nodes.mint(Some(object), None);
        let node = named.node;
        self.out.named.nodes.push(named);
        let Some((launch, instance_type, purchase)) = wanted else {
            self.tell(Event::NodeAdopted { environment, node, vcpus: facts.vcpus, free: facts.free });
            return;
        };
        let zone = self.types.zone(facts.zone.as_deref());
        let purchase = facts.purchase.unwrap_or(purchase);
        self.tell(Event::NodeLaunched { launch, environment, node, instance_type, zone, purchase });
        self.tell(Event::NodeReady { node, free: facts.free });
    }

    /// A claim has its instance: a node of it may have been seen already.
    pub(super) fn claim_has_node(&mut self, claim: &str, now: SimTime) {
        if let Some(facts) = self.nodes.early.remove(claim) {
            self.node_sighted(facts, now);
        }
    }

    pub(super) fn node_gone(&mut self, name: &str, uid: Option<&str>) {
        self.nodes.early.retain(|_, facts| facts.name != name);
        if self.nodes.gone_indeed(name, uid) {
            self.pods_lose_host(name);
        }
        let Some(&id) = self.nodes.by_name.get(name) else { return };
        let Some(node) = self.nodes.by_id.get(&id) else { return };
        if uid.is_none_or(|uid| node.uid.as_deref() == Some(uid)) {
            self.lose(id, None);
        }
    }

    pub(super) fn nodes_listed(&mut self) {
        let listed = std::mem::take(&mut self.nodes.listed);
        let unreachable = self.nodes.unreachable.values().map(|(name, _)| name);
        let early = self.nodes.early.values().map(|facts| &facts.name);
        let known: BTreeSet<_> = self.nodes.by_name.keys().chain(unreachable).chain(early).collect();
        let missing: Vec<_> = known.into_iter().filter(|name| !listed.contains(*name)).cloned().collect();
        for name in missing {
            self.node_gone(&name, None);
        }
    }

    /// Tells that a node is lost, and why: as the run wanted, as it was announced, or out of the blue.
    pub(super) fn lose(&mut self, id: NodeId, cause: Option<NodeLossCause>) {
        let Some(node) = self.nodes.by_id.get(&id) else { return };
        let cause = cause.unwrap_or(match (node.terminating, node.warned) {
            (true, _) => NodeLossCause::Terminated,
            (false, true) => NodeLossCause::SpotInterruption,
            (false, false) => NodeLossCause::Failed,
        });
        let (claim, asked) = (node.claim.clone(), node.terminating);
        self.tell(Event::NodeLost { node: id, cause });
        // Its claim is nobody's from now on.
        if let Some(name) = claim.filter(|claim| self.launches.leave(claim) && !asked) {
            self.out.acts.push(Act::DeleteNodeClaim { name });
        }
    }

    /// The core gives a node back.
    pub(super) fn terminate(&mut self, id: NodeId, acts: &mut Vec<Act>) {
        if let Some(claim) = self.nodes.claim(id) {
            acts.push(Act::DeleteNodeClaim { name: claim.to_owned() });
            return;
        }
        let Some(node) = self.nodes.by_id.get(&id) else { return };
        if let (Backend::Render, Some(name)) = (&self.backend, &node.name) {
            let environment = node.environment.and_then(|id| self.run.environments.get(id.index()));
            let told = environment.map(|environment| claims::removal(&self.run.run, environment, name));
            acts.extend(told.map(|told| Act::Announce(Box::new(told))));
            return;
        }
        // Nobody here can remove it: to the environment it is gone.
        self.lose(id, Some(NodeLossCause::Terminated));
    }
}
