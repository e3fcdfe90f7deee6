//! Multi-node parallel jobs: all nodes or nothing, one pod per node, nothing beside it, and the main node decides.
//!
//! Source: `UG:mnp-eks-running-mnp-jobs`, `UG:job-lifecycle` (the main node first; the others when it runs; its end is the
//! job's), `UG:mnp-ce` (no Spot, no UNMANAGED; one instance type, and no other in its place).

use std::collections::BTreeMap;

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobRef, JobSpecId, PodId};
use crate::model::PurchaseOption;
use crate::scheduler::ManagedSpec;
use crate::scheduler::decision::{AttemptOutcome, Command, Decision, DeleteCause};
use crate::scheduler::environment::Environment;
use crate::scheduler::lane::Head;
use crate::scheduler::machine::Scheduler;
use crate::scheduler::nodes::NodeSlot;
use crate::scheduler::pods::{Part, Pod};
use crate::scheduler::reason::Blocked;
use crate::scheduler::shapes::{ByShape, ShapeId};

/// A running multi-node parallel job, as an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GangId(u32);

/// The pods of a multi-node parallel job's attempt.
#[derive(Debug, Clone)]
struct Gang {
    leader: PodId,
    /// All others that live.
    followers: Vec<PodId>,
}

/// All running multi-node parallel jobs, in reused slots.
#[derive(Debug, Clone, Default)]
pub(super) struct Gangs {
    slots: Vec<Option<Gang>>,
    vacant: Vec<GangId>,
}

impl Gangs {
    fn next_id(&mut self) -> GangId {
        self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            GangId(u32::try_from(self.slots.len() - 1).expect("fewer than four billion jobs at once"))
        })
    }

    /// Whether a pod is its job's main node.
    pub(super) fn leads(&self, part: Part, pod: PodId) -> bool {
        self.slots[part.gang.0 as usize].as_ref().is_some_and(|gang| gang.leader == pod)
    }

    /// The pod of the main node, unless it is over.
    pub(super) fn leader(&self, part: Part) -> Option<PodId> {
        self.slots[part.gang.0 as usize].as_ref().map(|gang| gang.leader).filter(|pod| pod.slot != u32::MAX)
    }

    /// All of them: the main node's pod, unless it is over, and the others. For the audit.
    pub(super) fn iter(&self) -> impl Iterator<Item = (GangId, Option<PodId>, &[PodId])> {
        let living = (0..).map(GangId).zip(&self.slots).filter_map(|(id, gang)| Some((id, gang.as_ref()?)));
        living.map(|(id, gang)| (id, Some(gang.leader).filter(|pod| pod.slot != u32::MAX), &gang.followers[..]))
    }

    fn followers(&self, id: GangId) -> Vec<PodId> {
        self.slots[id.0 as usize].as_ref().map_or_else(Vec::new, |gang| gang.followers.clone())
    }

    /// Takes a follower out.
    fn lose(&mut self, id: GangId, pod: PodId) {
        if let Some(gang) = &mut self.slots[id.0 as usize] {
            gang.followers.retain(|&follower| follower != pod);
        }
        self.forget_if_over(id);
    }

    /// The leader is gone: no pod leads any more.
    fn behead(&mut self, id: GangId) {
        if let Some(gang) = &mut self.slots[id.0 as usize] {
            gang.leader = PodId { slot: u32::MAX, generation: u32::MAX };
        }
        self.forget_if_over(id);
    }

    fn forget_if_over(&mut self, id: GangId) {
        let entry = &mut self.slots[id.0 as usize];
        if entry.as_ref().is_some_and(|gang| gang.followers.is_empty() && gang.leader.slot == u32::MAX) {
            *entry = None;
            self.vacant.push(id);
        }
    }
}

/// Nodes for a multi-node parallel job, all of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seats(Vec<NodeSlot>);

impl Scheduler {
    /// Empty nodes of one type in an environment, none of them barred, as many as the job has; or why there are not.
    pub(super) fn find_seats(
        &self,
        id: ComputeEnvironmentId,
        shape: ShapeId,
        barred: &[NodeSlot],
    ) -> Result<Seats, Blocked> {
        let environment = self.environment(id);
        if !environment.takes_gangs() {
            return Err(Blocked::InstanceConfigurationUnsupported);
        }
        let wanted = self.specs.nodes(shape);
        let mut by_type: Vec<(InstanceTypeId, Vec<NodeSlot>)> = Vec::new();
        for slot in environment.idle_nodes(self.specs.requests(shape)) {
            if barred.binary_search(&slot).is_ok() {
                continue;
            }
            let Some(instance_type) = self.nodes.get(slot).instance_type else { continue };
            if self.specs.instance_type(shape).is_some_and(|only| only != instance_type) {
                continue;
            }
            let at = by_type.iter().position(|(known, _)| *known == instance_type).unwrap_or_else(|| {
                by_type.push((instance_type, Vec::new()));
                by_type.len() - 1
            });
            by_type[at].1.push(slot);
            if by_type[at].1.len() == usize::from(wanted) {
                return Ok(Seats(by_type.swap_remove(at).1));
            }
        }
        Err(self.outlook(id, shape))
    }

    /// The most empty nodes of one type that a multi-node parallel job could have.
    fn idle_seats(&self, id: ComputeEnvironmentId, shape: ShapeId, only: Option<InstanceTypeId>) -> u64 {
        let idle = self.environment(id).idle_nodes(self.specs.requests(shape));
        let mut by_type: BTreeMap<InstanceTypeId, u64> = BTreeMap::new();
        for instance_type in idle.filter_map(|slot| self.nodes.get(slot).instance_type) {
            if only.is_none_or(|only| only == instance_type) {
                *by_type.entry(instance_type).or_default() += 1;
            }
        }
        by_type.into_values().max().unwrap_or(0)
    }

    /// Why a multi-node parallel job that an environment could hold does not have its nodes.
    pub(super) fn outlook_for_seats(&self, id: ComputeEnvironmentId, managed: &ManagedSpec, shape: ShapeId) -> Blocked {
        let environment = self.environment(id);
        let nodes = u32::from(self.specs.nodes(shape));
        let Some(vcpus) = self.seat_vcpus(environment, shape) else { return Blocked::JobResourceRequirement };
        if vcpus * (nodes - 1) >= managed.max_vcpus {
            return Blocked::ComputeEnvironmentMaxResource;
        }
        let only = self.gang_type(environment, shape);
        let idle = self.idle_seats(id, shape, only);
        let coming = environment.covered.get(shape);
        let room = u64::from(environment.room(managed).div_ceil(vcpus));
        if idle + coming + room < u64::from(nodes) {
            Blocked::AtMaxVcpus
        } else if coming == 0 && only.is_some_and(|only| environment.avoids(only, self.now)) {
            Blocked::InsufficientInstanceCapacity
        } else {
            Blocked::AwaitingCapacity
        }
    }

    /// vCPUs of the smallest type that can be a node of a multi-node parallel job.
    fn seat_vcpus(&self, environment: &Environment, shape: ShapeId) -> Option<u32> {
        let need = self.specs.requests(shape);
        let types = environment.spec.managed.iter().flat_map(|managed| managed.instance_types.iter().flatten());
        let fitting = types.filter(|&&id| {
            self.may_use(environment, shape, id) && need.fits(environment.offer(id, self.facts(id), &self.settings))
        });
        fitting.map(|&id| self.facts(id).vcpus).min()
    }

    /// The type that all nodes of a multi-node parallel job are to be, if one was chosen or named. A chosen one whose nodes
    /// turned out to be too small is left.
    pub(super) fn gang_type(&self, environment: &Environment, shape: ShapeId) -> Option<InstanceTypeId> {
        let fits = |id: &InstanceTypeId| {
            self.specs.requests(shape).fits(environment.offer(*id, self.facts(*id), &self.settings))
        };
        let chosen = environment.gang_types.get(&shape).copied().filter(fits);
        chosen.or(self.specs.instance_type(shape))
    }

    /// Asks for what so many multi-node parallel jobs lack of their nodes in an environment. All nodes of a job are in one,
    /// so no part of a job is asked for, and what another environment has does not help. Returns how many jobs will have
    /// all of their nodes there.
    pub(super) fn scale_for_gangs(
        &mut self,
        id: ComputeEnvironmentId,
        queue: JobQueueId,
        shape: ShapeId,
        jobs: u64,
        covered: &mut ByShape,
        out: &mut Decision,
    ) -> u64 {
        let Some(environment) = self.environments[id.index()].as_ref() else { return 0 };
        let Some(managed) = environment.spec.managed.as_ref().filter(|_| environment.takes_gangs()) else { return 0 };
        if environment.is_usable().is_err() || !self.is_worth_asking(id, shape) {
            return 0;
        }
        let nodes = u64::from(self.specs.nodes(shape));
        let only = self.gang_type(environment, shape);
        let room = self.seat_vcpus(environment, shape).map_or(0, |vcpus| environment.room(managed).div_ceil(vcpus));
        let have = self.idle_seats(id, shape, only) + covered.take(shape, jobs * nodes);
        let whole = jobs.min((have + u64::from(room)) / nodes) * nodes;
        let asked = whole.saturating_sub(have);
        let short = if asked > 0 { self.ask_for(id, queue, shape, asked, out) } else { 0 };
        jobs.min((have + asked - short) / nodes)
    }

    /// Whether the head of a queue waits for nodes of an environment until it has them all.
    pub(super) fn awaits_seats(&self, id: ComputeEnvironmentId) -> bool {
        self.queues_of[id.index()]
            .iter()
            .filter_map(|queue| self.queues[queue.index()].blocked)
            .any(|head| self.is_wait_for_seats(head.why, head.spec))
    }

    /// Whether a head that is held up so waits for the nodes of a multi-node parallel job.
    pub(super) fn is_wait_for_seats(&self, why: Blocked, spec: JobSpecId) -> bool {
        why == Blocked::AwaitingCapacity && self.specs.is_multi_node(self.specs.shape(spec))
    }

    /// Places a multi-node parallel job: the main node's pod is created, the other nodes are kept for theirs.
    pub(super) fn seat(&mut self, queue: JobQueueId, head: &Head, seats: Seats, out: &mut Decision) {
        let gang = self.gangs.next_id();
        let main = self.specs.get(head.spec).multi_node.as_ref().map_or(0, |multi_node| multi_node.main);
        let mut pods = Vec::new();
        for (node_index, slot) in (0..).zip(seats.0) {
            let part = Part { gang, node_index, created: node_index == main };
            let id = self.take_place(queue, head, slot, Some(part));
            self.nodes.get_mut(slot).single_tenant = true;
            self.reindex(slot);
            pods.push(id);
        }
        let leader = pods.remove(usize::from(main));
        self.gangs.slots[gang.0 as usize] = Some(Gang { leader, followers: pods });
        self.create(leader, head.job, out);
    }

    /// The main node runs: the others may start.
    pub(super) fn start_followers(&mut self, part: Part, out: &mut Decision) {
        for id in self.gangs.followers(part.gang) {
            let Some(pod) = self.pods.get_mut(id) else { continue };
            pod.created();
            pod.starting_at = self.now;
            let job = pod.job();
            self.create(id, job, out);
        }
    }

    /// Tells the world to create a pod.
    pub(super) fn create(&self, id: PodId, job: JobRef, out: &mut Decision) {
        let Some(pod) = self.pods.get(id) else { return };
        let node = self.nodes.get(pod.node).id;
        let node_index = pod.part().map(|part| part.node_index);
        out.commands.push(Command::CreatePod { pod: id, job, spec: pod.spec, attempt: pod.attempt, node, node_index });
    }

    /// A node other than the main one ended, and its pod was removed: the job goes on without it.
    pub(super) fn follower_ended(
        &mut self,
        id: PodId,
        pod: &Pod,
        part: Part,
        outcome: AttemptOutcome,
        out: &mut Decision,
    ) {
        self.gangs.lose(part.gang, id);
        if part.created {
            self.attempt_ended(id, pod, outcome, false, out);
        }
    }

    /// The main node ended, and with it the attempt: what still runs of it is stopped.
    pub(super) fn leader_ended(&mut self, part: Part, outcome: AttemptOutcome, out: &mut Decision) {
        let followers = self.gangs.followers(part.gang);
        self.gangs.behead(part.gang);
        let why = if outcome == AttemptOutcome::Succeeded {
            DeleteCause::MainNodeSucceeded
        } else {
            DeleteCause::MainNodeEnded
        };
        for id in followers {
            let created = self.pods.get(id).and_then(Pod::part).is_some_and(|part| part.created);
            if created {
                self.delete_pod(id, why, out);
            } else {
                self.pod_ended(id, why.into(), out);
            }
        }
    }
}

impl Environment {
    /// Whether multi-node parallel jobs can run there.
    pub(super) fn takes_gangs(&self) -> bool {
        self.spec.managed.as_ref().is_some_and(|managed| managed.purchase == PurchaseOption::Ec2)
    }
}
