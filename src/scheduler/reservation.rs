//! The place that is reserved for a head that finds no room: on which nodes it could start, and when, if every job ends by
//! its estimate.
//!
//! A job's estimate is its timeout, from RUNNING; until then the job counts as starting now. A job without a timeout never
//! ends; one whose time is over, or that is being stopped, ends now. A node on its way to the head is taken to join before
//! anything ends: when it joins nobody knows, and until then nothing that exists needs to be kept free for the head.

use std::collections::BTreeMap;

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobSpecId};
use crate::model::Resources;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::nodes::{Node, NodeSlot, NodeState};
use crate::scheduler::pods::PodSlot;
use crate::scheduler::reason::Blocked;
use crate::scheduler::shapes::ShapeId;
use crate::units::SimTime;

/// What is kept for a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reservation {
    /// When it could start; `None` if that waits for a node on its way, or for jobs of which nobody knows when they end.
    pub(super) until: Option<SimTime>,
    /// Nodes that are kept free for it by then, ascending. Where no time is known: those of its nodes that are free already
    /// while others are on their way; or, where nothing is, all nodes that could hold it when empty, or whose vCPUs it needs.
    pub(super) nodes: Vec<NodeSlot>,
    /// What is left on them beside it.
    pub(super) left: Resources,
}

/// When a head could start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    Now,
    /// With a node that is on its way.
    Joins,
    At(SimTime),
}

/// A place where the head could start.
#[derive(Debug, Clone)]
struct Place {
    when: When,
    nodes: Vec<NodeSlot>,
    left: Resources,
}

/// Places as they are found: the earliest counts, of equals the first.
#[derive(Debug, Default)]
struct Search {
    best: Option<Place>,
    /// Nodes that could hold the head, or one of its pods, when empty, or must go before one comes that could.
    candidates: Vec<NodeSlot>,
}

impl Search {
    fn found(&mut self, place: Place) {
        if self.best.as_ref().is_none_or(|best| place.when < best.when) {
            self.best = Some(place);
        }
    }
}

impl Scheduler {
    /// Reserves a place for the head of a queue in the first `tried` of the queue's environments.
    pub(super) fn reserve(&self, queue: JobQueueId, spec: JobSpecId, tried: usize) -> Reservation {
        let shape = self.specs.shape(spec);
        let mut search = Search::default();
        for &id in self.queues[queue.index()].spec.environments.iter().take(tried) {
            let environment = self.environments.get(id.index()).and_then(Option::as_ref);
            if environment.is_none_or(|environment| environment.is_usable().is_err()) {
                continue;
            }
            if self.specs.is_multi_node(shape) {
                self.look_for_seats(id, shape, &mut search);
            } else {
                self.look_for_node(id, shape, &mut search);
            }
            if search.best.is_none() && self.outlook(id, shape) == Blocked::AtMaxVcpus {
                // Its node is not there yet, and will be when enough of the others have gone.
                search.candidates.extend(self.environment(id).nodes());
            }
        }
        let Search { best, mut candidates } = search;
        let (until, mut nodes, left) = match best {
            Some(Place { when, nodes, left }) => (self.time(when), nodes, left),
            None => (None, std::mem::take(&mut candidates), Resources::ZERO),
        };
        nodes.sort_unstable();
        nodes.dedup();
        Reservation { until, nodes, left }
    }

    const fn time(&self, when: When) -> Option<SimTime> {
        match when {
            When::Now => Some(self.now),
            When::Joins => None,
            When::At(at) => Some(at),
        }
    }

    fn when(&self, at: SimTime) -> When {
        if at <= self.now { When::Now } else { When::At(at) }
    }

    /// Looks for the node of an environment on which the pod of a head could start first.
    fn look_for_node(&self, id: ComputeEnvironmentId, shape: ShapeId, search: &mut Search) {
        let environment = self.environment(id);
        let need = self.specs.requests(shape);
        let mut joins = environment.covered.get(shape) > 0;
        for slot in environment.nodes() {
            let node = self.nodes.get(slot);
            joins |= self.is_on_its_way(node) && need.fits(self.offer_of(node));
            if !self.keeps(node) || !need.fits(node.offers) {
                continue;
            }
            search.candidates.push(slot);
            let before = search.best.as_ref().map(|best| best.when);
            if let Some((at, free)) = self.room_at(node, need, before) {
                search.found(Place { when: self.when(at), nodes: vec![slot], left: free.saturating_sub(need) });
            }
        }
        if joins {
            search.found(Place { when: When::Joins, nodes: Vec::new(), left: Resources::ZERO });
        }
    }

    /// When a node has room, and how much it has then, by the estimates of what runs on it; if that is before another.
    fn room_at(&self, node: &Node, need: Resources, before: Option<When>) -> Option<(SimTime, Resources)> {
        if node.single_tenant {
            return self.empty_at(node).map(|at| (at, node.offers));
        }
        let ends = node.pods.iter().filter_map(|&slot| Some((self.estimated_end(slot)?, self.requests_of(slot))));
        let mut ends: Vec<_> = ends.filter(|&(end, _)| before.is_none_or(|before| self.when(end) < before)).collect();
        let mut most = node.free;
        for &(_, requests) in &ends {
            most += requests;
        }
        if !need.fits(most) {
            return None;
        }
        ends.sort_unstable_by_key(|&(end, _)| end);
        let (mut free, mut at) = (node.free, self.now);
        for (end, requests) in ends {
            if need.fits(free) && end > at {
                break;
            }
            at = end;
            free += requests;
        }
        need.fits(free).then_some((at, free))
    }

    /// Looks for nodes of one type in an environment on which a multi-node parallel job could start first.
    fn look_for_seats(&self, id: ComputeEnvironmentId, shape: ShapeId, search: &mut Search) {
        let environment = self.environment(id);
        if !environment.takes_gangs() {
            return;
        }
        let need = self.specs.requests(shape);
        let only = self.specs.instance_type(shape);
        let mut by_type: BTreeMap<InstanceTypeId, (u64, Vec<(SimTime, NodeSlot)>)> = BTreeMap::new();
        if let Some(chosen) = self.gang_type(environment, shape) {
            by_type.entry(chosen).or_default().0 = environment.covered.get(shape);
        }
        for slot in environment.nodes() {
            let node = self.nodes.get(slot);
            let Some(instance_type) = node.instance_type.filter(|id| only.is_none_or(|only| only == *id)) else {
                continue;
            };
            let (coming, empty) = by_type.entry(instance_type).or_default();
            let for_others = node.covers.is_none_or(|(covered, _)| covered != shape);
            *coming += u64::from(for_others && self.is_on_its_way(node) && need.fits(self.offer_of(node)));
            if self.keeps(node) && need.fits(node.offers) {
                search.candidates.push(slot);
                empty.extend(self.empty_at(node).map(|at| (at, slot)));
            }
        }
        for (coming, mut empty) in by_type.into_values() {
            empty.sort_by_key(|&(at, _)| at);
            self.look_at_seats(self.specs.nodes(shape).into(), (coming, &empty), search);
        }
    }

    /// Whether so many nodes come together of those of a type: some on their way, the others empty by these times.
    fn look_at_seats(&self, wanted: usize, (coming, empty): (u64, &[(SimTime, NodeSlot)]), search: &mut Search) {
        let coming = usize::try_from(coming).unwrap_or(usize::MAX);
        let idle = empty.iter().take_while(|(at, _)| *at <= self.now).count();
        let (when, seats) = if idle >= wanted {
            (When::Now, wanted)
        } else if idle.saturating_add(coming) >= wanted {
            (When::Joins, idle)
        } else {
            let seats = wanted - coming;
            let Some(&(at, _)) = empty.get(seats - 1) else { return };
            (When::At(at), seats)
        };
        let nodes = empty[..seats].iter().map(|&(_, slot)| slot).collect();
        search.found(Place { when, nodes, left: Resources::ZERO });
    }

    /// When nothing runs on a node any more, by the estimates.
    fn empty_at(&self, node: &Node) -> Option<SimTime> {
        node.pods.iter().try_fold(self.now, |at, &slot| Some(at.max(self.estimated_end(slot)?)))
    }

    /// Whether a node may be kept for someone, whatever runs on it now.
    fn keeps(&self, node: &Node) -> bool {
        node.state == NodeState::Ready
            && !node.suspect
            && !node.outdated
            && (self.settings.placement_after_notice || !node.warned)
    }

    fn is_on_its_way(&self, node: &Node) -> bool {
        node.state == NodeState::Launched && (self.settings.placement_after_notice || !node.warned) && !node.outdated
    }

    /// What a node on its way is taken to offer.
    fn offer_of(&self, node: &Node) -> Resources {
        let offer = |id| self.environment(node.environment).offer(id, self.facts(id), &self.settings);
        node.instance_type.map_or(Resources::ZERO, offer)
    }

    fn requests_of(&self, slot: PodSlot) -> Resources {
        self.pods.get(self.pods.id(slot)).map_or(Resources::ZERO, |pod| self.specs.get(pod.spec).requests)
    }

    /// When a pod ends by its job's estimate. Those of a multi-node parallel job end with the main node's.
    fn estimated_end(&self, slot: PodSlot) -> Option<SimTime> {
        let own = self.pods.get(self.pods.id(slot))?;
        let leader = own.part().map(|part| self.gangs.leader(part).and_then(|id| self.pods.get(id)));
        let Some(pod) = leader.unwrap_or(Some(own)) else { return Some(self.now) };
        if own.ending.is_some() || pod.ending.is_some() {
            return Some(self.now);
        }
        let timeout = self.specs.get(pod.spec).timeout?;
        Some((pod.running_at().unwrap_or(self.now) + timeout).max(self.now))
    }
}
