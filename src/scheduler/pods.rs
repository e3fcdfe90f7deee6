//! The core's table of pods: one record per attempt that is STARTING or RUNNING, in reused slots with generations, so
//! that a late fact about an earlier pod is told apart from one about this.
//!
//! A large cluster runs hundreds of thousands of pods and touches their records at random, so a record is one cache line:
//! what only retried jobs have stands apart.

use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId, PodId};
use crate::scheduler::decision::DeleteCause;
use crate::scheduler::gangs::GangId;
use crate::scheduler::lane::Head;
use crate::scheduler::nodes::{NodeSlot, Nodes};
use crate::units::{SimDuration, SimTime};

/// Where a pod's record lies.
pub(super) type PodSlot = u32;

/// Stands for no child: an array has at most 10,000.
const NO_CHILD: u32 = u32::MAX;
/// Stands for a time that has not come.
const NOT_YET: SimTime = SimTime::MAX;

/// An attempt that is STARTING or RUNNING.
#[derive(Debug, Clone)]
pub(super) struct Pod {
    job: JobId,
    child: u32,
    pub(super) spec: JobSpecId,
    pub(super) node: NodeSlot,
    pub(super) queue: JobQueueId,
    /// This attempt's number, from 1.
    pub(super) attempt: u8,
    /// Why it is being deleted, if it is.
    pub(super) ending: Option<DeleteCause>,
    pub(super) submitted_at: SimTime,
    pub(super) starting_at: SimTime,
    running_at: SimTime,
    /// What few pods have.
    rare: Option<Box<Rare>>,
}

/// What only some attempts have: those of jobs with a past or a record, and of multi-node parallel jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rare {
    /// Of a job with a past; a first try's follows from its times.
    pub(super) before: Option<History>,
    /// What becomes of the job is to be entered in its record.
    pub(super) recorded: bool,
    /// Its part in a multi-node parallel job.
    pub(super) part: Option<Part>,
}

/// A pod's part in a multi-node parallel job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Which job's nodes.
    pub(super) gang: GangId,
    /// Which of them, from 0.
    pub(super) node_index: u16,
    /// Whether the world was told to create the pod; before, its node is only kept for it.
    pub(super) created: bool,
}

/// What went before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct History {
    /// When the job's first attempt that ran became RUNNING.
    pub(super) first_running_at: Option<SimTime>,
    /// Time in RUNNABLE, this attempt's wait included.
    pub(super) runnable: SimDuration,
}

impl History {
    /// Nothing.
    pub(super) const NONE: Self = Self { first_running_at: None, runnable: SimDuration::ZERO };
}

impl Pod {
    /// An attempt of the head of a queue that begins at `now`.
    pub(super) fn starting(head: &Head, queue: JobQueueId, node: NodeSlot, now: SimTime, part: Option<Part>) -> Self {
        let waited = now.since(head.runnable_since);
        let before = head.before.map(|before| History { runnable: before.runnable + waited, ..before });
        let rare = Rare { before, recorded: head.recorded, part };
        Self {
            job: head.job.job,
            child: head.job.child.unwrap_or(NO_CHILD),
            spec: head.spec,
            node,
            queue,
            attempt: head.charged + 1,
            ending: None,
            submitted_at: head.submitted_at,
            starting_at: now,
            running_at: NOT_YET,
            rare: (rare != Rare::default()).then(|| Box::new(rare)),
        }
    }

    /// Whose attempt it is.
    pub(super) fn job(&self) -> JobRef {
        JobRef { job: self.job, child: Some(self.child).filter(|&child| child != NO_CHILD) }
    }

    /// When it became RUNNING.
    pub(super) fn running_at(&self) -> Option<SimTime> {
        Some(self.running_at).filter(|&at| at != NOT_YET)
    }

    /// It is RUNNING; whether that is news.
    pub(super) fn runs(&mut self, now: SimTime) -> bool {
        let news = self.running_at == NOT_YET;
        if news {
            self.running_at = now;
        }
        news
    }

    /// Whether what becomes of the job is to be entered in its record.
    pub(super) fn is_recorded(&self) -> bool {
        self.rare.as_deref().is_some_and(|rare| rare.recorded)
    }

    /// Its part in a multi-node parallel job.
    pub(super) fn part(&self) -> Option<Part> {
        self.rare.as_deref()?.part
    }

    /// The world was told to create it.
    pub(super) fn created(&mut self) {
        if let Some(part) = self.rare.as_deref_mut().and_then(|rare| rare.part.as_mut()) {
            part.created = true;
        }
    }

    /// The job's history, this attempt included; `latency` from SUBMITTED to RUNNABLE.
    pub(super) fn history(&self, latency: SimDuration) -> History {
        let running_at = self.running_at();
        match self.rare.as_deref().and_then(|rare| rare.before) {
            Some(before) => History { first_running_at: before.first_running_at.or(running_at), ..before },
            None => {
                History { first_running_at: running_at, runnable: self.starting_at.since(self.submitted_at + latency) }
            }
        }
    }
}

/// One cache line, and never two.
#[derive(Debug, Clone)]
#[repr(align(64))]
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
    pub(super) fn insert(&mut self, pod: Pod, nodes: &mut Nodes) -> PodId {
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, pod: None });
            PodSlot::try_from(self.slots.len() - 1).expect("fewer than four billion pods at once")
        });
        nodes.get_mut(pod.node).pods.push(slot);
        self.live += 1;
        let entry = &mut self.slots[slot as usize];
        entry.pod = Some(pod);
        PodId { slot, generation: entry.generation }
    }

    /// Removes a pod from the table and from its node's list.
    pub(super) fn remove(&mut self, id: PodId, nodes: &mut Nodes) -> Option<Pod> {
        let slot = self.slots.get_mut(id.slot as usize).filter(|slot| slot.generation == id.generation)?;
        let pod = slot.pod.take()?;
        slot.generation += 1;
        self.vacant.push(id.slot);
        self.live -= 1;
        // A node's list is short and contiguous: a search costs less than links through the records of its other pods.
        let on_node = &mut nodes.get_mut(pod.node).pods;
        let index = on_node.iter().position(|&slot| slot == id.slot).expect("a pod is on its node's list");
        on_node.swap_remove(index);
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

    /// All pods, by slot: for the audit, and for what concerns all pods of a queue.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PodId, &Pod)> {
        (0..)
            .zip(&self.slots)
            .filter_map(|(slot, entry)| Some((PodId { slot, generation: entry.generation }, entry.pod.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_cache_line() {
        assert!(size_of::<Slot>() == 64, "{} bytes", size_of::<Slot>());
    }
}
