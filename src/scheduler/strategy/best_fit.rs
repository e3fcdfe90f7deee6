//! `BEST_FIT`: the one best-fitting, cheapest type, and waiting when it is not to be had. EKS environments reject it; it
//! is here as the baseline that the progressive strategies are measured against. Source: `UG:allocation-strategies`.

use super::ask::{Ask, Choice, Strategy};
use crate::model::FleetStrategy;

pub(super) struct BestFit;

impl Strategy for BestFit {
    fn fleet(&self) -> FleetStrategy {
        FleetStrategy::LowestPrice
    }

    fn choose(&self, ask: &Ask<'_>) -> Option<Choice> {
        let best = ask.candidates.iter().min_by(|a, b| ask.compare(a, b))?;
        (!best.avoided).then(|| ask.nodes_of(best))
    }
}
