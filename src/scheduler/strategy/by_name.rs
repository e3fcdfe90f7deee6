//! Which file stands behind which `allocationStrategy`. Exhaustive: a new name breaks the build here first.

use super::ask::Strategy;
use super::best_fit::BestFit;
use super::best_fit_progressive::BestFitProgressive;
use super::best_fit_progressive_ordered::BestFitProgressiveOrdered;
use super::spot_capacity_optimized::SpotCapacityOptimized;
use super::spot_capacity_optimized_prioritized::SpotCapacityOptimizedPrioritized;
use super::spot_price_capacity_optimized::SpotPriceCapacityOptimized;
use crate::model::AllocationStrategy;

/// The strategy of a name.
pub(crate) fn strategy(name: AllocationStrategy) -> &'static dyn Strategy {
    match name {
        AllocationStrategy::BestFit => &BestFit,
        AllocationStrategy::BestFitProgressive => &BestFitProgressive,
        AllocationStrategy::BestFitProgressiveOrdered => &BestFitProgressiveOrdered,
        AllocationStrategy::SpotCapacityOptimized => &SpotCapacityOptimized,
        AllocationStrategy::SpotCapacityOptimizedPrioritized => &SpotCapacityOptimizedPrioritized,
        AllocationStrategy::SpotPriceCapacityOptimized => &SpotPriceCapacityOptimized,
    }
}
