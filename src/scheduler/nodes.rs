//! The core's table of nodes, by the ids the driver mints. Records live in reused slots; an id costs four bytes for ever.

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, NodeId};
use crate::model::Resources;
use crate::scheduler::pods::PodSlot;
use crate::units::SimTime;

/// Where a node's record lies while the node lives.
pub(super) type NodeSlot = u32;

/// No node of this id was seen yet.
const NOWHERE: u32 = u32::MAX;
/// The node of this id is gone for good.
const GONE: u32 = u32::MAX - 1;

/// A node as the core knows it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) environment: ComputeEnvironmentId,
    /// `None` for a node that was adopted.
    pub(super) instance_type: Option<InstanceTypeId>,
    pub(super) vcpus: u32,
    pub(super) state: NodeState,
    /// What it offers to jobs when empty; nothing before it is ready.
    pub(super) offers: Resources,
    /// What is left of that.
    pub(super) free: Resources,
    /// Its place in the environment's index.
    pub(super) position: u32,
    /// The pods on it.
    pub(super) pods: Vec<PodSlot>,
    /// Since when nothing runs on it.
    pub(super) idle_since: SimTime,
    /// Whether a job ever ran on it.
    pub(super) used: bool,
    /// Whether an idle timer is set.
    pub(super) idle_timer: bool,
    /// It had its interruption notice.
    pub(super) warned: bool,
    /// It came after its request was given up, on top of what took its place.
    pub(super) late: bool,
    /// The kubelet turned a pod away: what is really free is not known until one ends.
    pub(super) suspect: bool,
    /// An infrastructure update replaces it.
    pub(super) outdated: bool,
    /// A multi-node parallel job has it to itself.
    pub(super) single_tenant: bool,
    /// The jobs it was launched for, while it is on its way: shape and number.
    pub(super) covers: Option<(super::shapes::ShapeId, u32)>,
}

/// How far a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeState {
    /// The instance exists and has not joined yet.
    Launched,
    /// It takes pods.
    Ready,
    /// It was told to go.
    Terminating,
}

impl Node {
    /// Whether pods may be placed on it.
    pub(super) fn schedulable(&self, after_notice: bool) -> bool {
        self.state == NodeState::Ready
            && !self.suspect
            && !self.outdated
            && !self.single_tenant
            && (after_notice || !self.warned)
    }
}

/// All nodes.
#[derive(Debug, Clone, Default)]
pub(super) struct Nodes {
    slots: Vec<Option<Node>>,
    vacant: Vec<NodeSlot>,
    /// Slot by node id.
    by_id: Vec<NodeSlot>,
}

impl Nodes {
    /// The slot of a living node.
    pub(super) fn slot(&self, id: NodeId) -> Option<NodeSlot> {
        self.by_id.get(id.index()).copied().filter(|&slot| slot != NOWHERE && slot != GONE)
    }

    /// Whether a node of this id lives or lived.
    pub(super) fn known(&self, id: NodeId) -> bool {
        self.by_id.get(id.index()).is_some_and(|&slot| slot != NOWHERE)
    }

    /// Adds a node.
    pub(super) fn insert(&mut self, node: Node) -> NodeSlot {
        let index = node.id.index();
        if index >= self.by_id.len() {
            self.by_id.resize(index + 1, NOWHERE);
        }
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            NodeSlot::try_from(self.slots.len() - 1).expect("fewer than four billion nodes")
        });
        self.by_id[index] = slot;
        self.slots[slot as usize] = Some(node);
        slot
    }

    /// Removes a node.
    pub(super) fn remove(&mut self, slot: NodeSlot) -> Node {
        let node = self.slots[slot as usize].take().expect("a living node");
        self.by_id[node.id.index()] = GONE;
        self.vacant.push(slot);
        node
    }

    pub(super) fn get(&self, slot: NodeSlot) -> &Node {
        self.slots[slot as usize].as_ref().expect("a living node")
    }

    pub(super) fn get_mut(&mut self, slot: NodeSlot) -> &mut Node {
        self.slots[slot as usize].as_mut().expect("a living node")
    }

    /// All living nodes with their slots, in order of slot. For the audit.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeSlot, &Node)> {
        (0..).zip(&self.slots).filter_map(|(slot, node)| Some((slot, node.as_ref()?)))
    }
}
