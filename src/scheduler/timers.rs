//! What the core waits for by the clock. None is ever cancelled: a timer that has lost its object is dropped when it comes
//! to stand first, so that nobody is woken for it and no run goes on for its sake.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::{ComputeEnvironmentId, JobQueueId, LaunchId, NodeId, PodId};
use crate::units::SimTime;

/// A reason to look at something at a certain time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The node may have been idle long enough.
    Idle(NodeId),
    /// The node should have joined by now.
    Join(NodeId),
    /// EC2 should have answered by now.
    Response(LaunchId),
    /// The attempt has run as long as it may.
    Timeout(PodId),
    /// A type that was not to be had may be asked for again.
    CapacityRetry(ComputeEnvironmentId),
    /// A node that turned a pod away may be tried again.
    Suspect(NodeId),
    /// A head may have blocked its queue for long enough.
    Blocked(JobQueueId),
    /// Jobs on the nodes that an update replaces have run as long as they may.
    UpdateTimeout(ComputeEnvironmentId),
}

/// Timers by time, in order of setting on ties.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(SimTime, u64, Timer)>>,
    set: u64,
}

impl Timers {
    /// Sets a timer.
    pub(super) fn set(&mut self, at: SimTime, timer: Timer) {
        self.heap.push(Reverse((at, self.set, timer)));
        self.set += 1;
    }

    /// When the next one fires.
    fn next(&self) -> Option<SimTime> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// When the next one fires that still has an object.
    pub(super) fn next_live(&mut self, is_live: impl Fn(Timer) -> bool) -> Option<SimTime> {
        while let Some(&Reverse((at, _, timer))) = self.heap.peek() {
            if is_live(timer) {
                return Some(at);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes one that is due.
    pub(super) fn fire(&mut self, now: SimTime) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((.., timer))| timer)
    }
}
