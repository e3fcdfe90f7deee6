//! A cluster at one moment, and what a run says of itself, as the first facts of a core. Pure.

use crate::ids::{ComputeEnvironmentId, NodeId};
use crate::live::backend::Backend;
use crate::live::facts::{NodeFacts, NodeState};
use crate::live::pods::RunEnvironment;
use crate::live::snapshot::Snapshot;
use crate::scheduler::{ConsumableSpec, EnvironmentSpec, Event, JobSpec, QueueSpec};

/// What the documents of a run come to, each list by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Compute environments.
    pub environments: Vec<EnvironmentSpec>,
    /// Job queues.
    pub queues: Vec<QueueSpec>,
    /// Consumable resources.
    pub consumables: Vec<ConsumableSpec>,
    /// Job specs.
    pub specs: Vec<JobSpec>,
}

/// A node that jobs can be placed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedNode {
    /// The core's name for it: its place among the nodes.
    pub id: NodeId,
    /// Whose label it carries.
    pub environment: ComputeEnvironmentId,
    /// Everything else.
    pub facts: NodeFacts,
}

impl Account {
    /// The same account where nobody launches nodes: MANAGED environments too are only placed into. In a fair-share
    /// reservation they count for as much as before.
    #[must_use]
    pub fn under(mut self, backend: &Backend) -> Self {
        if *backend == Backend::Unmanaged {
            for environment in &mut self.environments {
                environment.unmanaged_vcpus = environment.most_vcpus();
                environment.managed = None;
            }
        }
        self
    }

    /// The first facts: the account, then the nodes.
    pub fn beginning(&self, nodes: &[FoldedNode]) -> Vec<Event> {
        let mut events = Event::beginning(&self.environments, &self.queues, &self.consumables, &self.specs);
        events.extend(nodes.iter().map(|node| Event::NodeAdopted {
            environment: node.environment,
            node: node.id,
            vcpus: node.facts.vcpus,
            free: node.facts.free,
        }));
        events
    }
}

/// Those of the snapshot's nodes that take jobs, in order of their names: ready, not about to go, and of one of the
/// environments.
pub fn usable_nodes(snapshot: &Snapshot, environments: &[RunEnvironment]) -> Vec<FoldedNode> {
    let usable = snapshot.nodes.iter().filter_map(|facts| {
        let at = environments.iter().position(|environment| environment.uuid == facts.environment_uuid)?;
        let id = ComputeEnvironmentId(u16::try_from(at).ok()?);
        (facts.state == NodeState::Ready && !facts.notice).then_some((id, facts))
    });
    let numbered = (0..).map(NodeId).zip(usable);
    numbered.map(|(id, (environment, facts))| FoldedNode { id, environment, facts: facts.clone() }).collect()
}
