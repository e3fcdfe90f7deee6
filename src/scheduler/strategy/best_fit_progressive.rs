//! `BEST_FIT_PROGRESSIVE`: types large enough for the jobs, preferring a lower cost per vCPU; others when those are not to
//! be had. Source: `UG:allocation-strategies`. How cost is weighed is the assumption `bestFitObjective`.

use super::ask::{Ask, Choice, Strategy};
use crate::model::FleetStrategy;

pub(super) struct BestFitProgressive;

impl Strategy for BestFitProgressive {
    fn fleet(&self) -> FleetStrategy {
        FleetStrategy::LowestPrice
    }

    fn choose(&self, ask: &Ask<'_>) -> Option<Choice> {
        let candidates = ask.within_room();
        let best = candidates.iter().min_by(|a, b| ask.compare(a, b))?;
        Some(ask.nodes_of(best))
    }
}
