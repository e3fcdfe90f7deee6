//! What can be asked of the core between steps. An answer is worked out on a copy: asking changes nothing, and costs no step
//! anything.

use crate::ids::{JobQueueId, JobRef};
use crate::scheduler::machine::Scheduler;
use crate::units::SimTime;

impl Scheduler {
    /// The first `limit` RUNNABLE jobs of a queue in the order in which they would be tried now, each with when it became
    /// RUNNABLE; nobody where there is no such queue.
    ///
    /// In a fair-share queue each job counts as placed for those after it, so that the next share's turn comes
    /// (`API:GetJobQueueSnapshotResponse`: by priority and share usage).
    pub fn front(&self, queue: JobQueueId, limit: usize) -> Vec<(JobRef, SimTime)> {
        let Some(mut queue) = self.queues.get(queue.index()).filter(|queue| !queue.deleted).cloned() else {
            return Vec::new();
        };
        queue.promote(self.now, &self.specs);
        if let Some(shares) = queue.shares() {
            shares.forget_turns();
        }
        let mut front = Vec::new();
        while front.len() < limit
            && let Some(head) = queue.head(self.now)
        {
            front.push((head.job, head.runnable_since));
            queue.pop(&head, &self.specs);
            let spec = self.specs.get(head.spec);
            if let (Some(share), Some(shares)) = (spec.share, queue.shares()) {
                shares.start(share, spec.cpu(), self.now);
                shares.queue_up_again(share, self.now);
            }
        }
        front
    }
}
