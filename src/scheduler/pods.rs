//! The core's table of pods: one record per attempt that is STARTING or RUNNING, in reused slots with generations, so
//! that a late fact about an earlier pod is told apart from one about this.
//!
//! A large cluster runs hundreds of thousands of pods and touches their records at random, so a record is one cache line:
//! what only retried jobs have stands apart.

use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId, PodId};
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
    /// The job ran into its timeout and the pod is being deleted.
    pub(super) timed_out: bool,
    pub(super) submitted_at: SimTime,
    pub(super) starting_at: SimTime,
    running_at: SimTime,
    /// Of a job that is being tried again; the first try's history follows from its times.
    history: Option<Box<History>>,
}

/// What went before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct History {
    /// When the job's first attempt that ran became RUNNING.
    pub(super) first_running_at: Option<SimTime>,
    /// Time in RUNNABLE, this attempt's wait included.
    pub(super) runnable: SimDuration,
}

impl Pod {
    /// An attempt that begins at `starting_at`. `history` for those that are not a job's first.
    #[expect(clippy::too_many_arguments, reason = "a record is built once, in one place")]
    pub(super) fn starting(
        job: JobRef,
        spec: JobSpecId,
        queue: JobQueueId,
        attempt: u8,
        node: NodeSlot,
        submitted_at: SimTime,
        starting_at: SimTime,
        history: Option<History>,
    ) -> Self {
        Self {
            job: job.job,
            child: job.child.unwrap_or(NO_CHILD),
            spec,
            node,
            queue,
            attempt,
            timed_out: false,
            submitted_at,
            starting_at,
            running_at: NOT_YET,
            history: history.map(Box::new),
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

    /// The job's history, this attempt included; `latency` from SUBMITTED to RUNNABLE.
    pub(super) fn history(&self, latency: SimDuration) -> History {
        let running_at = self.running_at();
        match self.history.as_deref() {
            Some(before) => History { first_running_at: before.first_running_at.or(running_at), ..*before },
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

    /// All pods. For the audit.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Pod> {
        self.slots.iter().filter_map(|slot| slot.pod.as_ref())
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
