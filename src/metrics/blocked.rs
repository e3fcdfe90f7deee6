//! How long the heads of queues were blocked, and by what: time between changes, per queue and reason.
//!
//! Queues are added up, so with several queues the total may exceed the run's length. Knows nothing of jobs.

use std::collections::BTreeMap;

use crate::ids::JobQueueId;
use crate::scheduler::Blocked;
use crate::units::{SimDuration, SimTime};

/// Seconds by [`Blocked::name`].
pub type BlockedSeconds = BTreeMap<String, f64>;

/// Blocked time of every queue.
#[derive(Debug, Clone, Default)]
pub(super) struct BlockedTime {
    queues: Vec<QueueState>,
}

#[derive(Debug, Clone, Default)]
struct QueueState {
    now: Option<(Blocked, SimTime)>,
    total: BTreeMap<Blocked, SimDuration>,
}

impl QueueState {
    fn change(&mut self, why: Option<Blocked>, now: SimTime) {
        match (self.now, why) {
            // The head moved on and its successor waits for the same thing.
            (Some((before, _)), Some(why)) if before == why => {}
            (Some((before, since)), _) => {
                let total = self.total.entry(before).or_default();
                *total += now.since(since);
                self.now = why.map(|why| (why, now));
            }
            (None, _) => self.now = why.map(|why| (why, now)),
        }
    }
}

impl BlockedTime {
    /// A queue's head is blocked by something (else), or by nothing any more.
    pub(super) fn change(&mut self, queue: JobQueueId, why: Option<Blocked>, now: SimTime) {
        if self.queues.len() <= queue.index() {
            self.queues.resize_with(queue.index() + 1, QueueState::default);
        }
        self.queues[queue.index()].change(why, now);
    }

    /// From now on, time is counted afresh; what is blocked still is.
    pub(super) fn begin_window(&mut self, now: SimTime) {
        for queue in &mut self.queues {
            queue.total.clear();
            if let Some((_, since)) = &mut queue.now {
                *since = now;
            }
        }
    }

    /// Ends every blockade.
    pub(super) fn finish(&mut self, end: SimTime) {
        for queue in &mut self.queues {
            queue.change(None, end);
        }
    }

    /// One queue's blocked time.
    pub(super) fn of_queue(&self, queue: usize) -> BlockedSeconds {
        self.queues.get(queue).map_or_else(BTreeMap::new, |queue| seconds(&queue.total))
    }

    /// All queues' blocked time.
    pub(super) fn total(&self) -> BlockedSeconds {
        let mut sum: BTreeMap<Blocked, SimDuration> = BTreeMap::new();
        for (&why, &time) in self.queues.iter().flat_map(|queue| &queue.total) {
            let total = sum.entry(why).or_default();
            *total += time;
        }
        seconds(&sum)
    }
}

fn seconds(total: &BTreeMap<Blocked, SimDuration>) -> BlockedSeconds {
    total.iter().map(|(why, time)| (why.name().to_owned(), time.as_secs_f64())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_to_the_reason_that_held() {
        let at = SimTime::from_millis;
        let mut blocked = BlockedTime::default();
        let queue = JobQueueId(1);
        blocked.change(queue, Some(Blocked::AwaitingCapacity), at(1_000));
        blocked.change(queue, Some(Blocked::AwaitingCapacity), at(2_000));
        blocked.change(queue, Some(Blocked::AtMaxVcpus), at(4_000));
        blocked.change(queue, None, at(9_000));
        blocked.change(queue, None, at(9_500));
        blocked.change(JobQueueId(0), Some(Blocked::AtMaxVcpus), at(10_000));
        blocked.finish(at(11_500));
        let expect = [("AT_MAX_VCPUS".to_owned(), 6.5), ("AWAITING_CAPACITY".to_owned(), 3.0)];
        assert_eq!(blocked.total(), BTreeMap::from(expect));
        assert_eq!(blocked.of_queue(0), BTreeMap::from([("AT_MAX_VCPUS".to_owned(), 1.5)]));
        assert!(blocked.of_queue(7).is_empty());
    }
}
