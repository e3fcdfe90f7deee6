//! `SPOT_PRICE_CAPACITY_OPTIMIZED`: of the pools with capacity, the cheapest. AWS recommends it over
//! `SPOT_CAPACITY_OPTIMIZED` in most cases. Source: `UG:allocation-strategies`.

use super::ask::{Ask, Choice, Strategy};
use super::spot;
use crate::model::FleetStrategy;

pub(super) struct SpotPriceCapacityOptimized;

impl Strategy for SpotPriceCapacityOptimized {
    fn fleet(&self) -> FleetStrategy {
        FleetStrategy::PriceCapacityOptimized
    }

    fn choose(&self, ask: &Ask<'_>) -> Option<Choice> {
        spot::choose(ask, |a, b| ask.compare(a, b))
    }
}
