//! EC2's side of a capacity request: which pools it takes the instances from, by the fleet strategy asked for.
//!
//! Source: `EC2API:SpotOptionsRequest`, `EC2API:OnDemandOptionsRequest`. A pure function of what the pools offer now.

use std::cmp::Reverse;

use crate::ids::InstanceTypeId;
use crate::model::FleetStrategy;
use crate::sim::market::PoolId;
use crate::units::MicroUsd;

/// What a pool offers to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) pool: PoolId,
    pub(super) instance_type: InstanceTypeId,
    /// Place of the type in the request's list.
    pub(super) priority: usize,
    pub(super) vcpus: u32,
    /// vCPUs to be had.
    pub(super) available: u32,
    pub(super) per_hour: MicroUsd,
}

impl Offer {
    /// Whole instances to be had.
    const fn instances(&self) -> u32 {
        self.available / self.vcpus
    }
}

/// Takes instances until `target` vCPUs are reached or nothing is left: pools and how many of each. The target is exceeded
/// by less than one instance. `depth_share`: pools with at least this share of the deepest one's capacity count as having
/// most capacity.
pub(super) fn allocate(
    strategy: FleetStrategy,
    mut offers: Vec<Offer>,
    target: u32,
    depth_share: f64,
) -> Vec<(Offer, u32)> {
    offers.retain(|offer| offer.instances() > 0);
    let deepest = offers.iter().map(|offer| offer.available).max().unwrap_or(0);
    let deep = |offer: &Offer| f64::from(offer.available) >= depth_share * f64::from(deepest);
    // Price per vCPU, compared without division, is price × (1 / vcpus): scale to a common multiple instead.
    let per_vcpu = |offer: &Offer| u128::from(offer.per_hour.0) * 1_000_000 / u128::from(offer.vcpus);
    let depth = |offer: &Offer| Reverse(offer.available);
    match strategy {
        FleetStrategy::LowestPrice => {
            offers.sort_by_key(|offer| (per_vcpu(offer), offer.priority, depth(offer), offer.pool));
        }
        FleetStrategy::Prioritized => {
            offers.sort_by_key(|offer| (offer.priority, per_vcpu(offer), depth(offer), offer.pool));
        }
        FleetStrategy::CapacityOptimized => offers.sort_by_key(|offer| (depth(offer), offer.pool)),
        FleetStrategy::CapacityOptimizedPrioritized => {
            offers.sort_by_key(|offer| {
                (!deep(offer), if deep(offer) { offer.priority } else { 0 }, depth(offer), offer.pool)
            });
        }
        FleetStrategy::PriceCapacityOptimized => {
            offers.sort_by_key(|offer| {
                (!deep(offer), if deep(offer) { per_vcpu(offer) } else { 0 }, depth(offer), offer.pool)
            });
        }
        FleetStrategy::Diversified => return spread(&offers, target),
    }
    let mut missing = target;
    let mut taken = Vec::new();
    for offer in offers {
        if missing == 0 {
            break;
        }
        let count = missing.div_ceil(offer.vcpus).min(offer.instances());
        missing = missing.saturating_sub(count * offer.vcpus);
        taken.push((offer, count));
    }
    taken
}

/// One instance of each pool in turn.
fn spread(offers: &[Offer], target: u32) -> Vec<(Offer, u32)> {
    let mut taken: Vec<_> = offers.iter().map(|&offer| (offer, 0)).collect();
    let mut missing = target;
    while missing > 0 {
        let before = missing;
        for (offer, count) in &mut taken {
            if missing > 0 && *count < offer.instances() {
                *count += 1;
                missing = missing.saturating_sub(offer.vcpus);
            }
        }
        if missing == before {
            break;
        }
    }
    taken.retain(|&(_, count)| count > 0);
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer(pool: u32, vcpus: u32, available: u32, cents: u64) -> Offer {
        Offer {
            pool: PoolId(pool),
            instance_type: InstanceTypeId(0),
            priority: pool as usize,
            vcpus,
            available,
            per_hour: MicroUsd(cents * 10_000),
        }
    }

    fn pools(strategy: FleetStrategy, offers: &[Offer], target: u32) -> Vec<(u32, u32)> {
        allocate(strategy, offers.to_vec(), target, 0.5)
            .into_iter()
            .map(|(offer, count)| (offer.pool.0, count))
            .collect()
    }

    #[test]
    fn each_strategy_takes_its_pools() {
        // Cheap and shallow, dear and deep, in between.
        let offers = [offer(0, 4, 16, 10), offer(1, 4, 400, 30), offer(2, 8, 300, 40)];
        assert_eq!(pools(FleetStrategy::LowestPrice, &offers, 24), [(0, 4), (2, 1)]);
        assert_eq!(pools(FleetStrategy::Prioritized, &offers, 20), [(0, 4), (1, 1)]);
        assert_eq!(pools(FleetStrategy::CapacityOptimized, &offers, 20), [(1, 5)]);
        assert_eq!(pools(FleetStrategy::PriceCapacityOptimized, &offers, 20), [(2, 3)]);
        assert_eq!(pools(FleetStrategy::CapacityOptimizedPrioritized, &offers, 20), [(1, 5)]);
        assert_eq!(pools(FleetStrategy::Diversified, &offers, 20), [(0, 2), (1, 1), (2, 1)]);
    }

    /// One instance at a time: always of the pool that is best of those that have one left.
    fn one_by_one(strategy: FleetStrategy, offers: &[Offer], target: u32, share: f64) -> Vec<(u32, u32)> {
        let deepest = offers.iter().filter(|o| o.instances() > 0).map(|o| o.available).max().unwrap_or(0);
        let better = |a: &Offer, b: &Offer, a_has: u32, b_has: u32| {
            let price = (a.per_hour.0 * u64::from(b.vcpus)).cmp(&(b.per_hour.0 * u64::from(a.vcpus)));
            let depth = b.available.cmp(&a.available);
            let is_deep = |o: &Offer| f64::from(o.available) >= share * f64::from(deepest);
            let shallow = is_deep(b).cmp(&is_deep(a));
            let among_deep = |order: std::cmp::Ordering| if is_deep(a) && is_deep(b) { order } else { depth };
            let order = match strategy {
                FleetStrategy::LowestPrice => price.then(a.priority.cmp(&b.priority)).then(depth),
                FleetStrategy::Prioritized => a.priority.cmp(&b.priority).then(price).then(depth),
                FleetStrategy::CapacityOptimized => depth,
                FleetStrategy::CapacityOptimizedPrioritized => {
                    shallow.then(among_deep(a.priority.cmp(&b.priority))).then(depth)
                }
                FleetStrategy::PriceCapacityOptimized => shallow.then(among_deep(price)).then(depth),
                FleetStrategy::Diversified => a_has.cmp(&b_has),
            };
            order.then(a.pool.cmp(&b.pool))
        };
        let mut taken = vec![0; offers.len()];
        let mut got = 0;
        while got < target {
            let has_one = |&i: &usize| taken[i] < offers[i].instances();
            let order = |&i: &usize, &j: &usize| better(&offers[i], &offers[j], taken[i], taken[j]);
            let Some(best) = (0..offers.len()).filter(has_one).min_by(order) else { break };
            taken[best] += 1;
            got += offers[best].vcpus;
        }
        offers.iter().zip(taken).filter(|&(_, n)| n > 0).map(|(offer, n)| (offer.pool.0, n)).collect()
    }

    proptest! {
        #[test]
        fn takes_what_one_instance_at_a_time_takes(
            drawn in prop::collection::vec((1..4u32, 0..60u32, 1..6u64), 1..6),
            target in 1..80u32,
            share in 0.2..0.9,
        ) {
            let offers: Vec<_> =
                (0..).zip(drawn).map(|(pool, (size, available, cents))| offer(pool, 1 << size, available, cents)).collect();
            for strategy in [
                FleetStrategy::LowestPrice,
                FleetStrategy::Prioritized,
                FleetStrategy::CapacityOptimized,
                FleetStrategy::CapacityOptimizedPrioritized,
                FleetStrategy::PriceCapacityOptimized,
                FleetStrategy::Diversified,
            ] {
                let taken = allocate(strategy, offers.clone(), target, share);
                let mut taken: Vec<_> = taken.into_iter().map(|(offer, count)| (offer.pool.0, count)).collect();
                taken.sort_unstable();
                prop_assert_eq!(taken, one_by_one(strategy, &offers, target, share), "{:?}", strategy);
            }
        }
    }

    #[test]
    fn an_exhausted_market_gives_what_it_has() {
        let offers = [offer(0, 4, 7, 10), offer(1, 4, 3, 10)];
        assert_eq!(pools(FleetStrategy::LowestPrice, &offers, 100), [(0, 1)]);
        assert_eq!(pools(FleetStrategy::Diversified, &offers, 100), [(0, 1)]);
    }
}
