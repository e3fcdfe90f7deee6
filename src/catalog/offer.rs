//! What EC2 asks for an instance type in a region: On-Demand price with where it comes from, Spot saving, and how often
//! Spot takes instances back. Averages of a month; how a Spot market moves is the simulated world's affair.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::table;
use crate::units::MicroUsd;

/// An instance type's offer in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// On-Demand price per hour.
    pub on_demand_per_hour: MicroUsd,
    /// Where that price comes from.
    pub basis: PriceBasis,
    /// Date of that price, `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// The Spot offer; `None` where EC2 sells the type not as Spot.
    pub spot: Option<SpotOffer>,
    /// Availability Zones that have the type, like `us-east-1a`, in alphabetical order.
    pub zones: Vec<String>,
}

/// The mean of a month on the Spot market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpotOffer {
    /// Mean Spot price per hour.
    pub per_hour: MicroUsd,
    /// Saving against On-Demand, in thousandths.
    pub saving_permille: u16,
    /// How often instances are interrupted.
    pub interruption: InterruptionBucket,
    /// Whose figures these are.
    pub basis: SpotBasis,
}

/// Where an On-Demand price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceBasis {
    /// The published list price.
    List,
    /// Derived from the list price of other sizes of the family.
    FamilyRatio,
    /// Taken over from a region with equal prices.
    RegionParity,
    /// Derived by the ratio of the type's class between two regions.
    ClassRatio,
    /// Derived by the ratio of all prices between two regions.
    RegionRatio,
}

/// Whose Spot figures an offer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpotBasis {
    /// The Spot Instance Advisor's for this type and region.
    Advisor,
    /// The advisor does not list the type: medians of its class over all regions, of saving and of bucket.
    ClassMedian,
}

/// The Spot Instance Advisor's bucket of interruption frequency, 0 to 4: share of instances interrupted in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct InterruptionBucket(u8);

impl InterruptionBucket {
    /// The bucket as an index into a table of five.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl TryFrom<u8> for InterruptionBucket {
    type Error = String;
    fn try_from(bucket: u8) -> Result<Self, String> {
        if bucket < 5 { Ok(Self(bucket)) } else { Err(format!("{bucket} is no interruption bucket: 0 to 4")) }
    }
}

impl From<InterruptionBucket> for u8 {
    fn from(bucket: InterruptionBucket) -> Self {
        bucket.0
    }
}

impl fmt::Display for InterruptionBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["<5%", "5-10%", "10-15%", "15-20%", ">20%"][self.index()])
    }
}

impl fmt::Display for PriceBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "list",
            Self::FamilyRatio => "family ratio",
            Self::RegionParity => "region parity",
            Self::ClassRatio => "class ratio",
            Self::RegionRatio => "region ratio",
        })
    }
}

impl fmt::Display for SpotBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Advisor => "Spot Advisor",
            Self::ClassMedian => "class median",
        })
    }
}

impl SpotOffer {
    /// The offer of a type that costs `on_demand` per hour, from the advisor's saving and bucket, or, where it has
    /// none, from the medians of the type's class.
    pub(super) fn new(on_demand: MicroUsd, advisor: Option<(u16, InterruptionBucket)>, class: &str) -> Self {
        let ((saving_permille, interruption), basis) = match advisor {
            Some(figures) => (figures, SpotBasis::Advisor),
            None => (class_median(class), SpotBasis::ClassMedian),
        };
        let share = 1_000 - u64::from(saving_permille);
        let per_hour = MicroUsd((on_demand.0 * share + 500) / 1_000);
        Self { per_hour, saving_permille, interruption, basis }
    }
}

/// A row of `data/spot_classes.csv`.
#[derive(Deserialize)]
struct ClassRow {
    class: String,
    saving_percent: f64,
    bucket: InterruptionBucket,
}

/// Median saving in thousandths and median bucket of a class of types; of all types for a class that has none.
fn class_median(class: &str) -> (u16, InterruptionBucket) {
    static CLASSES: LazyLock<Vec<ClassRow>> =
        LazyLock::new(|| table::rows("spot_classes.csv", include_str!("data/spot_classes.csv")));
    let of = |class: &str| CLASSES.iter().find(|row| row.class == class);
    let row = of(class).or_else(|| of("any")).expect("embedded table spot_classes.csv: no row `any`");
    (permille(row.saving_percent), row.bucket)
}

/// Percent, with one decimal at most, in whole thousandths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float-to-int casts saturate")]
fn permille(percent: f64) -> u16 {
    (percent * 10.0).round().min(1_000.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_price_is_the_on_demand_price_less_the_saving() {
        let spot = SpotOffer::new(MicroUsd(96_000), Some((660, InterruptionBucket(3))), "m");
        assert_eq!((spot.per_hour, spot.basis), (MicroUsd(32_640), SpotBasis::Advisor));
        assert_eq!(spot.interruption.to_string(), "15-20%");
    }

    #[test]
    fn types_without_advice_take_the_median_of_their_class() {
        let of = |class| SpotOffer::new(MicroUsd(100_000), None, class);
        assert_eq!((of("d").saving_permille, of("d").interruption), (685, InterruptionBucket(2)));
        assert_eq!(of("d").basis, SpotBasis::ClassMedian);
        assert_eq!((of("u").saving_permille, of("u").interruption), (650, InterruptionBucket(2)));
    }

    #[test]
    fn there_are_five_buckets() {
        assert!(InterruptionBucket::try_from(4).is_ok());
        assert!(InterruptionBucket::try_from(5).is_err());
    }
}
