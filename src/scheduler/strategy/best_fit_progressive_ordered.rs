//! `BEST_FIT_PROGRESSIVE_ORDERED`: the first entry of `instanceTypes` that has something suitable; within a family, in the
//! manner of `BEST_FIT_PROGRESSIVE`. Source: `API:CRAllocationStrategy` (2026).

use super::ask::{Ask, Choice, Strategy};
use crate::model::FleetStrategy;

pub(super) struct BestFitProgressiveOrdered;

impl Strategy for BestFitProgressiveOrdered {
    fn fleet(&self) -> FleetStrategy {
        FleetStrategy::Prioritized
    }

    fn choose(&self, ask: &Ask<'_>) -> Option<Choice> {
        let candidates = ask.within_room();
        let first = candidates.iter().map(|candidate| candidate.entry).min()?;
        let best = candidates.iter().filter(|candidate| candidate.entry == first).min_by(|a, b| ask.compare(a, b))?;
        Some(ask.nodes_of(best))
    }
}
