//! What instances cost: Amazon EC2's billing of Linux instances, in integers.
//!
//! Sources: "Amazon EC2 On-Demand Pricing" and "Billing and purchasing options" (per second, 60 seconds at least, from
//! launch to termination); "Billing for interrupted Spot Instances" (EC2 interrupts in the first hour: no charge);
//! "Amazon EBS pricing" (per second, 60 seconds at least, a month has 30 days). Nothing here knows of jobs.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::model::{Assumptions, PurchaseOption};
use crate::scheduler::NodeLossCause;
use crate::units::{MicroUsd, SimDuration, SimTime};

const HOUR_MS: u128 = 3_600_000;
const MONTH_MS: u128 = 30 * 24 * HOUR_MS;
const MINIMUM_BILLED_MS: u64 = 60_000;

/// Money before its one division: micro-dollars per hour times milliseconds. Exact, and it adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Charge(u128);

impl Charge {
    /// Nothing to pay.
    pub const ZERO: Self = Self(0);

    /// A price per hour, paid for a span of time.
    pub fn new(per_hour: MicroUsd, span: SimDuration) -> Self {
        Self(u128::from(per_hour.0) * u128::from(span.as_millis()))
    }

    /// A price per month of 30 days, paid for a sum of milliseconds, to the nearest unit of this type.
    pub fn monthly(per_month: MicroUsd, span_ms: u128) -> Self {
        let hours = MONTH_MS / HOUR_MS;
        Self((u128::from(per_month.0) * span_ms + hours / 2) / hours)
    }

    /// The `part / whole` share, rounded down; nothing of nothing.
    #[must_use]
    pub fn share(self, part: u128, whole: u128) -> Self {
        Self((self.0 * part).checked_div(whole).unwrap_or(0))
    }

    /// What is left after `other`, or nothing.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Micro-dollars, to the nearest.
    pub fn micro_usd(self) -> MicroUsd {
        MicroUsd(u64::try_from((self.0 + HOUR_MS / 2) / HOUR_MS).unwrap_or(u64::MAX))
    }

    /// US dollars, to the nearest micro-dollar.
    pub fn as_usd(self) -> f64 {
        self.micro_usd().as_usd()
    }

    /// US dollars, to the nearest billionth: one job's part can be less than a micro-dollar.
    #[expect(clippy::cast_precision_loss, reason = "a figure for display")]
    pub fn as_usd_fine(self) -> f64 {
        ((self.0 * 1_000 + HOUR_MS / 2) / HOUR_MS) as f64 / 1e9
    }
}

impl Add for Charge {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Charge {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Charge {
    fn sum<I: Iterator<Item = Self>>(charges: I) -> Self {
        charges.fold(Self::ZERO, Add::add)
    }
}

/// Prices beside the instances' own, from the assumptions of the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tariff {
    /// `savingsPlanDiscount` on On-Demand prices, in millionths.
    pub savings_ppm: u32,
    /// A node's root volume: `rootVolumeGiB` times `rootVolumeUsdPerGiBMonth`.
    pub volume_per_month: MicroUsd,
    /// `eksClusterUsdPerHour`.
    pub cluster_per_hour: MicroUsd,
}

impl From<&Assumptions> for Tariff {
    fn from(assumptions: &Assumptions) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000,000 after the clamp")]
        let savings_ppm = (assumptions.savings_plan_discount.clamp(0.0, 1.0) * 1e6).round() as u32;
        let volume_usd = f64::from(assumptions.root_volume_gib) * assumptions.root_volume_usd_per_gib_month;
        Self {
            savings_ppm,
            volume_per_month: MicroUsd::from_usd(volume_usd),
            cluster_per_hour: MicroUsd::from_usd(assumptions.eks_cluster_usd_per_hour),
        }
    }
}

impl Tariff {
    /// The On-Demand price after the discount, to the nearest micro-dollar per hour.
    pub fn on_demand(self, list_price: MicroUsd) -> MicroUsd {
        let kept = u128::from(1_000_000 - self.savings_ppm.min(1_000_000));
        MicroUsd(u64::try_from((u128::from(list_price.0) * kept + 500_000) / 1_000_000).unwrap_or(u64::MAX))
    }
}

/// The span that is billed for an instance that lived for `life`: whole seconds, a minute at least.
pub fn billed(life: SimDuration) -> SimDuration {
    SimDuration::from_millis(life.as_millis().next_multiple_of(1_000).max(MINIMUM_BILLED_MS))
}

/// Whether an instance is free of charge: Spot, and EC2 itself took it within its first hour.
pub fn is_uncharged(purchase: PurchaseOption, cause: Option<NodeLossCause>, life: SimDuration) -> bool {
    purchase == PurchaseOption::Spot && cause == Some(NodeLossCause::SpotInterruption) && life < SimDuration::HOUR
}

/// The meter of a Spot pool (type and zone): what one instance running since the beginning would have cost. A moving
/// price then costs one update, however many instances the pool has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolMeter {
    per_hour: MicroUsd,
    before: Charge,
    since: SimTime,
}

impl PoolMeter {
    /// A pool with this price from the beginning.
    pub const fn new(per_hour: MicroUsd) -> Self {
        Self { per_hour, before: Charge::ZERO, since: SimTime::ZERO }
    }

    /// The price now.
    pub const fn per_hour(&self) -> MicroUsd {
        self.per_hour
    }

    /// The price moves.
    pub fn set(&mut self, per_hour: MicroUsd, now: SimTime) {
        self.before = self.reading(now);
        self.since = now;
        self.per_hour = per_hour;
    }

    /// The meter's reading; the difference of two readings is what an instance between them costs. `now` is not before
    /// the last change.
    pub fn reading(&self, now: SimTime) -> Charge {
        self.before + Charge::new(self.per_hour, now.since(self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M5_LARGE: MicroUsd = MicroUsd(96_000);

    fn secs(secs: u64) -> SimDuration {
        SimDuration::from_secs(secs)
    }

    #[test]
    fn a_minute_at_least_and_whole_seconds() {
        assert_eq!(billed(secs(0)), secs(60));
        assert_eq!(billed(secs(30)), secs(60));
        assert_eq!(billed(secs(60)), secs(60));
        assert_eq!(billed(SimDuration::from_millis(60_001)), secs(61));
        assert_eq!(billed(SimDuration::from_millis(3_599_999)), secs(3_600));
        // 0.096 USD for 60 of 3600 seconds.
        assert_eq!(Charge::new(M5_LARGE, billed(secs(30))).micro_usd(), MicroUsd(1_600));
    }

    #[test]
    fn a_spot_instance_pays_the_price_as_it_moves() {
        let mut pool = PoolMeter::new(MicroUsd(36_000));
        let launched = pool.reading(SimTime::from_millis(600_000));
        pool.set(MicroUsd(72_000), SimTime::from_millis(1_200_000));
        let at_end = pool.reading(SimTime::from_millis(3_000_000));
        // Ten minutes at 0.036 and thirty at 0.072 USD per hour.
        assert_eq!(at_end.saturating_sub(launched).micro_usd(), MicroUsd(6_000 + 36_000));
    }

    #[test]
    fn only_what_ec2_reclaims_in_the_first_hour_is_free() {
        use NodeLossCause::{Failed, SpotInterruption, Terminated};
        let free = |purchase, cause, minutes| is_uncharged(purchase, cause, SimDuration::from_mins(minutes));
        assert!(free(PurchaseOption::Spot, Some(SpotInterruption), 59));
        assert!(!free(PurchaseOption::Spot, Some(SpotInterruption), 60));
        assert!(!free(PurchaseOption::Spot, Some(SpotInterruption), 61));
        assert!(!free(PurchaseOption::Spot, Some(Terminated), 10));
        assert!(!free(PurchaseOption::Spot, None, 10));
        assert!(!free(PurchaseOption::Ec2, Some(Failed), 10));
    }

    #[test]
    fn the_tariff_is_the_assumptions() {
        let assumptions = Assumptions { savings_plan_discount: 0.28, ..Assumptions::default() };
        let tariff = Tariff::from(&assumptions);
        assert_eq!(tariff.on_demand(M5_LARGE), MicroUsd(69_120));
        assert_eq!(tariff.cluster_per_hour, MicroUsd(100_000));
        // 30 GiB at 0.08 USD: 2.40 USD a month, a third of a cent an hour.
        assert_eq!(tariff.volume_per_month, MicroUsd(2_400_000));
        assert_eq!(Charge::monthly(tariff.volume_per_month, 30 * 3_600_000).micro_usd(), MicroUsd(100_000));
        assert_eq!(Tariff::from(&Assumptions::ideal()), Tariff::default());
    }

    #[test]
    fn small_amounts_keep_their_digits() {
        // One second of a vCPU at 0.048 USD per hour.
        let charge = Charge::new(MicroUsd(48_000), secs(1));
        assert_eq!(charge.micro_usd(), MicroUsd(13));
        assert!((charge.as_usd_fine() - 0.000_013_333).abs() < 1e-12);
    }
}
