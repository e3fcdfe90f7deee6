//! Where recorded work shall run: what an archive can't know and a person decides.

use crate::import::work::job::RecordedNodes;
use crate::model::AllocationStrategy;
use crate::units::MiB;

/// Where recorded work shall run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// AWS Region.
    pub region: String,
    /// What `instanceTypes` shall say; chosen by what the jobs ask for where empty.
    pub instance_types: Vec<String>,
    /// `maxvCpus`; a multiple of what the work needs where absent.
    pub max_vcpus: Option<u32>,
    /// How the environment buys; Spot instances if the strategy is one of Spot's.
    pub strategy: AllocationStrategy,
    /// Fixed nodes instead: an UNMANAGED environment. An archive's own nodes where empty.
    pub nodes: Vec<RecordedNodes>,
    /// Memory per vCPU of jobs whose memory is not known.
    pub memory_per_vcpu: MiB,
    /// Whether each user is a share of a fair-share queue.
    pub fair_share: bool,
}

impl Target {
    /// General-purpose, compute- and memory-optimised families that every region has, of one architecture.
    pub(super) const FAMILIES: [&'static str; 6] = ["m5", "m6i", "c5", "c6i", "r5", "r6i"];
    /// Families with NVIDIA GPUs, one to eight of them, besides those.
    pub(super) const GPU_FAMILIES: [&'static str; 3] = ["g4dn", "g5", "g6"];
    /// Memory per vCPU where nobody says: half of what general-purpose types have, so that CPU decides.
    pub const MEMORY_PER_VCPU: MiB = MiB(2_048);
    /// `maxvCpus` where nobody says: so many that archives of a thousand jobs and more seldom wait for it.
    pub const MAX_VCPUS: u32 = 10_000;

    /// Whether instances are Spot instances.
    pub fn is_spot(&self) -> bool {
        matches!(
            self.strategy,
            AllocationStrategy::SpotCapacityOptimized
                | AllocationStrategy::SpotCapacityOptimizedPrioritized
                | AllocationStrategy::SpotPriceCapacityOptimized
        )
    }
}

impl Default for Target {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            instance_types: Vec::new(),
            max_vcpus: None,
            strategy: AllocationStrategy::BestFitProgressive,
            nodes: Vec::new(),
            memory_per_vcpu: Self::MEMORY_PER_VCPU,
            fair_share: false,
        }
    }
}
