//! `SPOT_CAPACITY_OPTIMIZED`: types large enough for the jobs, from the pools least likely to be interrupted. Source:
//! `UG:allocation-strategies`; that EC2's capacity-optimized strategy stands behind it is inferred from the name.

use super::ask::{Ask, Choice, Strategy};
use super::spot;
use crate::model::FleetStrategy;

pub(super) struct SpotCapacityOptimized;

impl Strategy for SpotCapacityOptimized {
    fn fleet(&self) -> FleetStrategy {
        FleetStrategy::CapacityOptimized
    }

    fn choose(&self, ask: &Ask<'_>) -> Option<Choice> {
        spot::choose(ask, |a, b| ask.compare(a, b))
    }
}
