//! What a pod cost: the part of its node's price that is its part of the node's CPU, from STARTING to its end. The same
//! rule for every row of `jobs.csv` and for a job that is explained. Idle time of the node is nobody's.

use crate::ids::{JobId, JobRef, PodId};
use crate::metrics::billing::Charge;
use crate::units::MilliCpu;

/// The meters of pods in the system.
#[derive(Debug, Clone, Default)]
pub(super) struct PodMeters {
    /// By pod slot: the node's meter when the pod was created.
    began: Vec<Charge>,
}

impl PodMeters {
    /// A pod begins under this reading of its node's meter.
    pub(super) fn begin(&mut self, pod: PodId, reading: Charge) {
        let slot = pod.slot as usize;
        if self.began.len() <= slot {
            self.began.resize(slot + 1, Charge::ZERO);
        }
        self.began[slot] = reading;
    }

    /// What a pod cost that ends under this reading; it held `cpu` of the node's `whole`.
    pub(super) fn end(&self, pod: PodId, reading: Charge, cpu: MilliCpu, whole: MilliCpu) -> Charge {
        let began = self.began.get(pod.slot as usize).copied().unwrap_or(reading);
        reading.saturating_sub(began).share(cpu.0.into(), whole.0.into())
    }
}

/// What a pod of the followed job cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodCost {
    /// The job, or array child.
    pub job: JobRef,
    /// The pod.
    pub pod: PodId,
    /// What it cost.
    pub cost: Charge,
}

/// The pods of one job, or of one array's children, that have ended.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    job: JobId,
    costs: Vec<PodCost>,
}

impl Followed {
    pub(super) const fn new(job: JobId) -> Self {
        Self { job, costs: Vec::new() }
    }

    pub(super) fn ended(&mut self, cost: PodCost) {
        if cost.job.job == self.job {
            self.costs.push(cost);
        }
    }

    pub(super) fn costs(&self) -> &[PodCost] {
        &self.costs
    }
}
