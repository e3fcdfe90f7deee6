//! The core's table of pods: one record per attempt that is STARTING or RUNNING, in reused slots with generations, so
//! that a late fact about an earlier pod is told apart from one about this.

use crate::ids::{JobQueueId, JobRef, JobSpecId, PodId};
use crate::scheduler::nodes::{NodeSlot, Nodes};
use crate::units::{SimDuration, SimTime};

/// Where a pod's record lies.
pub(super) type PodSlot = u32;

/// An attempt that is STARTING or RUNNING.
#[derive(Debug, Clone)]
pub(super) struct Pod {
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) queue: JobQueueId,
    /// This attempt's number, from 1.
    pub(super) attempt: u8,
    /// The job ran into its timeout and the pod is being deleted.
    pub(super) timed_out: bool,
    pub(super) node: NodeSlot,
    pub(super) submitted_at: SimTime,
    /// Of the job's first attempt that ran.
    pub(super) first_running_at: Option<SimTime>,
    /// Time in RUNNABLE so far.
    pub(super) runnable: SimDuration,
    pub(super) starting_at: SimTime,
    pub(super) running_at: Option<SimTime>,
    /// Neighbours on the node's list.
    next: Option<PodSlot>,
    previous: Option<PodSlot>,
}

impl Pod {
    /// An attempt that begins now.
    #[expect(clippy::too_many_arguments, reason = "a record is built once, in one place")]
    pub(super) const fn starting(
        job: JobRef,
        spec: JobSpecId,
        queue: JobQueueId,
        attempt: u8,
        node: NodeSlot,
        submitted_at: SimTime,
        first_running_at: Option<SimTime>,
        runnable: SimDuration,
        starting_at: SimTime,
    ) -> Self {
        Self {
            job,
            spec,
            queue,
            attempt,
            timed_out: false,
            node,
            submitted_at,
            first_running_at,
            runnable,
            starting_at,
            running_at: None,
            next: None,
            previous: None,
        }
    }
}

#[derive(Debug, Clone)]
struct Slot {
    generation: u32,
    pod: Option<Pod>,
}

/// All pods.
#[derive(Debug, Clone, Default)]
pub(super) struct Pods {
    slots: Vec<Slot>,
    vacant: Vec<PodSlot>,
    live: usize,
}

impl Pods {
    /// Adds a pod and puts it on its node's list.
    pub(super) fn insert(&mut self, mut pod: Pod, nodes: &mut Nodes) -> PodId {
        let node = nodes.get_mut(pod.node);
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, pod: None });
            PodSlot::try_from(self.slots.len() - 1).expect("fewer than four billion pods at once")
        });
        pod.next = node.first_pod.replace(slot);
        node.pods += 1;
        if let Some(next) = pod.next {
            self.at_mut(next).previous = Some(slot);
        }
        self.live += 1;
        let entry = &mut self.slots[slot as usize];
        entry.pod = Some(pod);
        PodId { slot, generation: entry.generation }
    }

    /// Removes a pod from the table and from its node's list.
    pub(super) fn remove(&mut self, id: PodId, nodes: &mut Nodes) -> Option<Pod> {
        self.get(id)?;
        let slot = &mut self.slots[id.slot as usize];
        let pod = slot.pod.take().expect("just seen");
        slot.generation += 1;
        self.vacant.push(id.slot);
        self.live -= 1;
        if let Some(next) = pod.next {
            self.at_mut(next).previous = pod.previous;
        }
        let node = nodes.get_mut(pod.node);
        node.pods -= 1;
        match pod.previous {
            Some(previous) => self.at_mut(previous).next = pod.next,
            None => node.first_pod = pod.next,
        }
        Some(pod)
    }

    /// The pod, if it is still the one meant.
    pub(super) fn get(&self, id: PodId) -> Option<&Pod> {
        self.slots.get(id.slot as usize).filter(|slot| slot.generation == id.generation)?.pod.as_ref()
    }

    /// The pod, if it is still the one meant.
    pub(super) fn get_mut(&mut self, id: PodId) -> Option<&mut Pod> {
        self.slots.get_mut(id.slot as usize).filter(|slot| slot.generation == id.generation)?.pod.as_mut()
    }

    /// The id of the pod in a slot.
    pub(super) fn id(&self, slot: PodSlot) -> PodId {
        PodId { slot, generation: self.slots[slot as usize].generation }
    }

    /// Number of pods.
    pub(super) const fn len(&self) -> usize {
        self.live
    }

    /// All pods, in order of slot. For the audit.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PodId, &Pod)> {
        (0..)
            .zip(&self.slots)
            .filter_map(|(slot, entry)| Some((PodId { slot, generation: entry.generation }, entry.pod.as_ref()?)))
    }

    fn at_mut(&mut self, slot: PodSlot) -> &mut Pod {
        self.slots[slot as usize].pod.as_mut().expect("a pod on a node's list lives")
    }
}
