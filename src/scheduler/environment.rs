//! A compute environment in the core's eyes: its nodes' free capacity by position, what it learned of its types, what it
//! asked EC2 for and has not got yet.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::ids::{InstanceTypeId, LaunchId, NodeId};
use crate::model::Resources;
use crate::scheduler::fit::FitTree;
use crate::scheduler::nodes::NodeSlot;
use crate::scheduler::reason::Blocked;
use crate::scheduler::shapes::{ByShape, ShapeId};
use crate::scheduler::{EnvironmentSpec, ManagedSpec, Settings, TypeFacts};
use crate::units::SimTime;

/// A request for capacity that EC2 has not answered in full.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) id: LaunchId,
    /// What it is for; `None` for `minvCpus`.
    pub(super) shape: Option<ShapeId>,
    /// vCPUs still to come.
    pub(super) vcpus: u32,
    /// By how much EC2 may exceed the target.
    pub(super) overshoot: u32,
    /// Jobs that the rest of it will hold.
    pub(super) jobs: u32,
}

/// What an instance that arrived was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fulfilled {
    /// Jobs of a shape.
    Jobs(ShapeId),
    /// `minvCpus`.
    Minimum,
    /// Nothing any more: its request was given up.
    Late,
}

/// Sums over many nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Totals {
    pub(super) cpu: u64,
    pub(super) memory: u64,
    pub(super) gpus: u64,
    pub(super) pods: u64,
}

/// A compute environment.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) spec: EnvironmentSpec,
    /// It was deleted, and is kept for the nodes that it still has.
    pub(super) deleted: bool,
    /// It takes no jobs until it is updated.
    pub(super) invalid: bool,
    /// An infrastructure update is replacing its nodes.
    pub(super) updating: bool,
    /// Until when jobs on the nodes that it replaces may run.
    pub(super) jobs_end_at: SimTime,
    /// Nodes that an update replaces.
    pub(super) outdated_nodes: u32,
    /// Nodes that failed to join since one joined last.
    pub(super) failed_joins: u32,
    /// When a node joined last.
    pub(super) joined_at: Option<SimTime>,
    /// The highest `maxvCpus` that it ever had: what an update lowers takes no node away.
    pub(super) max_vcpus_ever: u32,
    /// vCPUs of its instances, those being terminated included.
    pub(super) vcpus: u32,
    /// vCPUs of those being terminated.
    pub(super) terminating_vcpus: u32,
    /// Open requests, oldest first.
    pub(super) launches: Vec<Launch>,
    /// Jobs that open requests and nodes on their way will hold.
    pub(super) covered: ByShape,
    /// Free capacity of nodes on which something runs, and of those on which nothing does.
    busy: FitTree,
    idle: FitTree,
    /// Free capacity of all nodes that take pods.
    pub(super) free: Totals,
    /// Node by position.
    positions: Vec<Option<NodeSlot>>,
    vacant: BinaryHeap<Reverse<u32>>,
    /// Where spreading goes on.
    cursor: usize,
    /// The component-wise largest that a node ever offered.
    pub(super) largest: Resources,
    /// What nodes of a type really offer.
    learned: BTreeMap<InstanceTypeId, Resources>,
    /// Types to be left alone.
    avoided: BTreeMap<InstanceTypeId, SimTime>,
    /// When the next pod may be created under a dispatch rate.
    pub(super) next_dispatch_at: SimTime,
    /// Idle nodes that only `minvCpus` keeps, or a multi-node parallel job that waits for more of them.
    pub(super) held: Vec<NodeId>,
    /// Which types were asked for last, by shape: reasons tell changes.
    pub(super) last_choice: BTreeMap<Option<ShapeId>, Vec<InstanceTypeId>>,
    /// The type that was chosen for multi-node parallel jobs, by shape: no other takes its place.
    pub(super) gang_types: BTreeMap<ShapeId, InstanceTypeId>,
    /// Why it could last not provide, by shape: reasons tell changes.
    pub(super) last_refusal: BTreeMap<ShapeId, Blocked>,
}

impl Environment {
    pub(super) fn new(spec: EnvironmentSpec) -> Self {
        Self {
            max_vcpus_ever: spec.managed.as_ref().map_or(0, |managed| managed.max_vcpus),
            spec,
            deleted: false,
            invalid: false,
            updating: false,
            jobs_end_at: SimTime::ZERO,
            outdated_nodes: 0,
            failed_joins: 0,
            joined_at: None,
            vcpus: 0,
            terminating_vcpus: 0,
            launches: Vec::new(),
            covered: ByShape::new(),
            busy: FitTree::default(),
            idle: FitTree::default(),
            free: Totals::default(),
            positions: Vec::new(),
            vacant: BinaryHeap::new(),
            cursor: 0,
            largest: Resources::ZERO,
            learned: BTreeMap::new(),
            avoided: BTreeMap::new(),
            next_dispatch_at: SimTime::ZERO,
            held: Vec::new(),
            last_choice: BTreeMap::new(),
            gang_types: BTreeMap::new(),
            last_refusal: BTreeMap::new(),
        }
    }

    /// Goes on under another specification.
    pub(super) fn follow(&mut self, spec: EnvironmentSpec) {
        self.max_vcpus_ever = self.max_vcpus_ever.max(spec.managed.as_ref().map_or(0, |managed| managed.max_vcpus));
        self.spec = spec;
        self.failed_joins = 0;
        // Another list of types is another choice, and worth another word.
        self.last_choice.clear();
        self.last_refusal.clear();
        self.gang_types.clear();
    }

    /// Whether jobs may be placed and capacity be asked for; else why not.
    pub(super) const fn is_usable(&self) -> Result<(), Blocked> {
        if self.invalid {
            Err(Blocked::EnvironmentInvalid)
        } else if self.spec.enabled {
            Ok(())
        } else {
            Err(Blocked::EnvironmentDisabled)
        }
    }

    /// Empty nodes with room for `need`, by position.
    pub(super) fn idle_nodes(&self, need: Resources) -> impl Iterator<Item = NodeSlot> {
        let next = move |from: usize| self.idle.first_fit(need, from);
        std::iter::successors(next(0), move |&position| next(position + 1))
            .map(|position| self.positions[position].expect("only nodes have room"))
    }

    /// Gives a new node the lowest free position.
    pub(super) fn settle(&mut self, slot: NodeSlot) -> u32 {
        let position = self.vacant.pop().map_or_else(
            || {
                self.positions.push(None);
                u32::try_from(self.positions.len() - 1).expect("fewer than four billion nodes")
            },
            |Reverse(position)| position,
        );
        self.positions[position as usize] = Some(slot);
        position
    }

    /// Takes a node's position back.
    pub(super) fn vacate(&mut self, position: u32) {
        self.index(position, Resources::ZERO, true);
        self.positions[position as usize] = None;
        self.vacant.push(Reverse(position));
    }

    /// Records what is free for placement at a position; nothing for a node that takes no pods.
    pub(super) fn index(&mut self, position: u32, free: Resources, idle: bool) {
        let position = position as usize;
        let (now, before) = if idle { (&mut self.idle, &mut self.busy) } else { (&mut self.busy, &mut self.idle) };
        let left = before.get(position);
        if left != Resources::ZERO {
            before.set(position, Resources::ZERO);
        }
        let old = now.get(position);
        now.set(position, free);
        self.free.remove(left);
        self.free.remove(old);
        self.free.add(free);
    }

    /// All nodes, by position.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeSlot> {
        self.positions.iter().flatten().copied()
    }

    /// The first position from there on where `need` fits and the node is not among those barred, which ascend.
    fn first_fit(&self, tree: &FitTree, need: Resources, from: usize, barred: &[NodeSlot]) -> Option<usize> {
        let mut position = tree.first_fit(need, from)?;
        while !barred.is_empty() && self.positions[position].is_some_and(|slot| barred.binary_search(&slot).is_ok()) {
            position = tree.first_fit(need, position + 1)?;
        }
        Some(position)
    }

    /// A node with room for `need` that is not barred. Packing takes the first busy node, so that high positions drain; spreading goes round
    /// over idle nodes first. Source: the two modes of
    /// `HPCblog:aws-batch-updates-higher-compute-utilization`.
    pub(super) fn find_room(&mut self, need: Resources, pack: bool, barred: &[NodeSlot]) -> Option<NodeSlot> {
        let first = |tree: &FitTree, from: usize| self.first_fit(tree, need, from, barred);
        let position = if pack {
            first(&self.busy, 0).or_else(|| first(&self.idle, 0))?
        } else {
            let from = self.cursor;
            let round = |tree: &FitTree| first(tree, from).or_else(|| first(tree, 0));
            let position = round(&self.idle).or_else(|| round(&self.busy))?;
            self.cursor = position + 1;
            position
        };
        Some(self.positions[position].expect("only nodes have room"))
    }

    /// Whether any node has room for `need`.
    pub(super) fn has_room(&self, need: Resources) -> bool {
        self.busy.first_fit(need, 0).or_else(|| self.idle.first_fit(need, 0)).is_some()
    }

    /// What an empty node of a type offers to jobs: as seen, else by Batch's estimate.
    pub(super) fn offer(&self, id: InstanceTypeId, facts: &TypeFacts, settings: &Settings) -> Resources {
        self.learned.get(&id).copied().unwrap_or_else(|| facts.estimate(settings))
    }

    /// Remembers what a node of a type offers; whether that is news.
    pub(super) fn learn(&mut self, id: InstanceTypeId, offers: Resources) -> bool {
        self.learned.insert(id, offers) != Some(offers)
    }

    /// Leaves a type alone until then.
    pub(super) fn avoid(&mut self, id: InstanceTypeId, until: SimTime) {
        self.avoided.insert(id, until);
    }

    /// Whether a type is to be left alone.
    pub(super) fn avoids(&self, id: InstanceTypeId, now: SimTime) -> bool {
        self.avoided.get(&id).is_some_and(|&until| until > now)
    }

    /// vCPUs that may still be asked for.
    pub(super) fn room(&self, managed: &ManagedSpec) -> u32 {
        managed.max_vcpus.saturating_sub(self.vcpus).saturating_sub(self.promised())
    }

    /// vCPUs that open requests may bring at most.
    pub(super) fn promised(&self) -> u32 {
        self.launches.iter().map(|launch| launch.vcpus + launch.overshoot).sum()
    }

    /// vCPUs that open requests are about.
    pub(super) fn outstanding(&self) -> u32 {
        self.launches.iter().map(|launch| launch.vcpus).sum()
    }

    /// Whether EC2 has still to answer a request.
    pub(super) fn is_open(&self, id: LaunchId) -> bool {
        self.launches.iter().any(|launch| launch.id == id)
    }

    /// Closes a request; what it still covered is covered no more.
    pub(super) fn close(&mut self, id: LaunchId) -> Option<Launch> {
        let index = self.launches.iter().position(|launch| launch.id == id)?;
        let launch = self.launches.remove(index);
        if let Some(shape) = launch.shape {
            self.covered.take(shape, launch.jobs.into());
        }
        Some(launch)
    }

    /// An instance of a request arrived: what it still promises shrinks. Returns what the request was for.
    pub(super) fn fulfil(&mut self, id: LaunchId, vcpus: u32) -> Fulfilled {
        let Some(launch) = self.launches.iter_mut().find(|launch| launch.id == id) else { return Fulfilled::Late };
        let shape = launch.shape;
        if vcpus >= launch.vcpus {
            self.close(id);
        } else {
            let jobs = u64::from(launch.jobs) * u64::from(vcpus) / u64::from(launch.vcpus);
            launch.vcpus -= vcpus;
            launch.jobs -= u32::try_from(jobs).expect("a part of a u32");
            if let Some(shape) = shape {
                self.covered.take(shape, jobs);
            }
        }
        shape.map_or(Fulfilled::Minimum, Fulfilled::Jobs)
    }
}

impl Totals {
    fn add(&mut self, one: Resources) {
        self.cpu += u64::from(one.cpu.0);
        self.memory += u64::from(one.memory.0);
        self.gpus += u64::from(one.gpus);
        self.pods += u64::from(one.pods);
    }

    fn remove(&mut self, one: Resources) {
        self.cpu -= u64::from(one.cpu.0);
        self.memory -= u64::from(one.memory.0);
        self.gpus -= u64::from(one.gpus);
        self.pods -= u64::from(one.pods);
    }

    /// Adds room for `number` jobs.
    pub(super) fn add_jobs(&mut self, requests: Resources, number: u64) {
        self.cpu += u64::from(requests.cpu.0) * number;
        self.memory += u64::from(requests.memory.0) * number;
        self.gpus += u64::from(requests.gpus) * number;
        self.pods += u64::from(requests.pods) * number;
    }

    /// Takes room for up to `number` jobs, as if all nodes were one, and returns for how many there was.
    pub(super) fn take_jobs(&mut self, requests: Resources, number: u64) -> u64 {
        let per = |have: u64, ask: u64| have.checked_div(ask).unwrap_or(u64::MAX);
        let jobs = number
            .min(per(self.cpu, requests.cpu.0.into()))
            .min(per(self.memory, requests.memory.0.into()))
            .min(per(self.gpus, requests.gpus.into()))
            .min(per(self.pods, requests.pods.into()));
        self.cpu -= u64::from(requests.cpu.0) * jobs;
        self.memory -= u64::from(requests.memory.0) * jobs;
        self.gpus -= u64::from(requests.gpus) * jobs;
        self.pods -= u64::from(requests.pods) * jobs;
        jobs
    }
}

#[cfg(test)]
mod tests;
