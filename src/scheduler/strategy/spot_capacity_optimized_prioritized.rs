//! `SPOT_CAPACITY_OPTIMIZED_PRIORITIZED`: capacity first, the order of `instanceTypes` as far as that allows. Source:
//! `API:CRAllocationStrategy` (2026); EC2's capacity-optimized-prioritized does as much.

use super::ask::{Ask, Choice, Strategy};
use super::spot;
use crate::model::FleetStrategy;

pub(super) struct SpotCapacityOptimizedPrioritized;

impl Strategy for SpotCapacityOptimizedPrioritized {
    fn fleet(&self) -> FleetStrategy {
        FleetStrategy::CapacityOptimizedPrioritized
    }

    fn choose(&self, ask: &Ask<'_>) -> Option<Choice> {
        spot::choose(ask, |a, b| a.entry.cmp(&b.entry).then_with(|| ask.compare(a, b)))
    }
}
