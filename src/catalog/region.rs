//! Regions: which have prices, what they offer, in which zones. A region's table is parsed when it is first asked for; one
//! of a user's own stands for the embedded one.

use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;

use super::error::{CatalogError, nearest_name, nearest_priced};
use super::instance_type::{InstanceType, instance_type};
use super::offer::{InterruptionBucket, Offer, PriceBasis, SpotOffer};
use super::{own, table};
use crate::units::MicroUsd;

/// A region with prices.
#[derive(Debug)]
pub struct Region {
    /// `us-east-1`.
    pub name: &'static str,
    /// Where it is, in AWS's words: `N. Virginia`.
    pub location: &'static str,
    /// Dates of its list prices and of its derived ones; empty where it has none.
    list_as_of: &'static str,
    derived_as_of: &'static str,
    /// What it offers, in alphabetical order of the types.
    listings: Vec<Listing>,
}

/// A type that a region has, as its table says: perhaps without a price, perhaps without the advisor's figures.
#[derive(Debug)]
struct Listing {
    instance_type: &'static InstanceType,
    on_demand: Option<(MicroUsd, PriceBasis)>,
    /// The price's date, where it is not its region's.
    as_of: Option<&'static str>,
    advisor: Option<(u16, InterruptionBucket)>,
    zone_letters: String,
}

/// The region of this name; an error names the nearest that has prices.
///
/// # Panics
/// On a defect of the embedded table.
pub fn region(name: &str) -> Result<&'static Region, CatalogError> {
    let Some(row) = region_rows().iter().find(|row| row.region == name) else {
        return Err(CatalogError::UnknownRegion {
            name: name.to_owned(),
            nearest: nearest_name(name, regions_with_prices()).map(str::to_owned),
            known: regions_with_prices().collect::<Vec<_>>().join(", "),
        });
    };
    if let Some(own) = own::region(name) {
        return Ok(own);
    }
    match OFFERS.iter().find(|table| table.region == name) {
        Some(table) => Ok(table.parsed.get_or_init(|| {
            Region::parse(row, table.text).unwrap_or_else(|error| panic!("embedded table {name}.csv: {error}"))
        })),
        None => Err(CatalogError::NoPriceData {
            name: name.to_owned(),
            location: row.location.clone(),
            nearest: row.nearest_with_prices.clone().unwrap_or_default(),
        }),
    }
}

/// Whether AWS has a region of this name, with prices here or without.
pub fn is_region(name: &str) -> bool {
    region_rows().iter().any(|row| row.region == name)
}

/// Names of the regions that have prices, in alphabetical order.
pub fn regions_with_prices() -> impl Iterator<Item = &'static str> {
    let embedded = OFFERS.iter().map(|table| table.region);
    let mut all: Vec<_> = embedded.chain(own::regions().map(|region| region.name)).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

/// The region of this name by a table of its offers; the error says what is wrong with the name, or with the table.
pub(super) fn parse(name: &str, text: &str) -> Result<Region, String> {
    let row = region_rows().iter().find(|row| row.region == name);
    let row = row.ok_or_else(|| format!("no region is called `{name}`"))?;
    Region::parse(row, text)
}

/// The embedded table of a region's offers, as text.
pub(super) fn embedded(name: &str) -> Option<&'static str> {
    OFFERS.iter().find(|table| table.region == name).map(|table| table.text)
}

impl Region {
    /// What EC2 asks for a type here. The error of a type that is not offered, or has no On-Demand price, names the
    /// nearest that has one.
    pub fn offer(&self, wanted: &InstanceType) -> Result<Offer, CatalogError> {
        let (instance_type, region) = (wanted.name.clone(), self.name.to_owned());
        let nearest = || nearest_priced(wanted, self).map(str::to_owned);
        let Some(listing) = self.listing(wanted) else {
            return Err(CatalogError::NotOffered { instance_type, region, nearest: nearest() });
        };
        let Some((on_demand_per_hour, basis)) = listing.on_demand else {
            return Err(CatalogError::NoOnDemandPrice { instance_type, region, nearest: nearest() });
        };
        Ok(Offer {
            on_demand_per_hour,
            basis,
            as_of: listing.as_of.unwrap_or(match basis {
                PriceBasis::List => self.list_as_of,
                _ => self.derived_as_of,
            }),
            spot: wanted.offers_spot.then(|| SpotOffer::new(on_demand_per_hour, listing.advisor, wanted.class())),
            zones: self.zone_names(&listing.zone_letters),
        })
    }

    /// All zones that have anything, like `us-east-1a`, in alphabetical order.
    pub fn zones(&self) -> Vec<String> {
        let mut letters: Vec<char> = self.listings.iter().flat_map(|listing| listing.zone_letters.chars()).collect();
        letters.sort_unstable();
        letters.dedup();
        self.zone_names(&String::from_iter(letters))
    }

    /// The types that have an On-Demand price here, in alphabetical order.
    pub fn priced(&self) -> impl Iterator<Item = &'static InstanceType> {
        self.listings.iter().filter(|listing| listing.on_demand.is_some()).map(|listing| listing.instance_type)
    }

    /// Whether the type has an On-Demand price here.
    pub fn has_price(&self, instance_type: &InstanceType) -> bool {
        self.listing(instance_type).is_some_and(|listing| listing.on_demand.is_some())
    }

    fn listing(&self, wanted: &InstanceType) -> Option<&Listing> {
        let index = self.listings.binary_search_by(|listing| listing.instance_type.name.cmp(&wanted.name)).ok()?;
        Some(&self.listings[index])
    }

    fn zone_names(&self, letters: &str) -> Vec<String> {
        letters.chars().map(|letter| format!("{}{letter}", self.name)).collect()
    }

    fn parse(row: &'static RegionRow, text: &str) -> Result<Self, String> {
        let rows = table::read::<OfferRow>(text)?.into_iter();
        let listings = rows.map(Listing::try_from).collect::<Result<Vec<_>, _>>()?;
        table::sorted(listings.iter().map(|listing| listing.instance_type.name.as_str()))?;
        Ok(Self {
            name: &row.region,
            location: &row.location,
            list_as_of: row.list_as_of.as_deref().unwrap_or_default(),
            derived_as_of: row.derived_as_of.as_deref().unwrap_or_default(),
            listings,
        })
    }
}

/// A row of `data/regions.csv`.
#[derive(Deserialize)]
struct RegionRow {
    region: String,
    location: String,
    list_as_of: Option<String>,
    derived_as_of: Option<String>,
    nearest_with_prices: Option<String>,
}

fn region_rows() -> &'static [RegionRow] {
    static REGIONS: LazyLock<Vec<RegionRow>> =
        LazyLock::new(|| table::rows("regions.csv", include_str!("data/regions.csv")));
    &REGIONS
}

/// A row of `data/offers/REGION.csv`.
#[derive(Deserialize)]
struct OfferRow {
    r#type: String,
    zones: String,
    usd_per_hour: Option<f64>,
    basis: Option<PriceBasis>,
    #[serde(default)]
    as_of: Option<String>,
    saving_percent: Option<u16>,
    bucket: Option<InterruptionBucket>,
}

impl TryFrom<OfferRow> for Listing {
    type Error = String;

    fn try_from(row: OfferRow) -> Result<Self, String> {
        let wrong = |what: &str| format!("{}: {what}", row.r#type);
        Ok(Self {
            instance_type: instance_type(&row.r#type).map_err(|error| error.to_string())?,
            on_demand: match (row.usd_per_hour, row.basis) {
                (Some(usd), Some(basis)) if usd > 0.0 && usd.is_finite() => Some((MicroUsd::from_usd(usd), basis)),
                (None, None) => None,
                _ => return Err(wrong("a price is above 0 and has a basis")),
            },
            // A table is read once, and its facts last as long as the program.
            as_of: row.as_of.as_deref().filter(|date| !date.is_empty()).map(|date| &*date.to_owned().leak()),
            advisor: match (row.saving_percent, row.bucket) {
                (Some(saving @ 0..=100), Some(bucket)) => Some((saving * 10, bucket)),
                (None, None) => None,
                _ => return Err(wrong("a saving is 0 to 100 percent and has a bucket")),
            },
            zone_letters: row.zones,
        })
    }
}

/// A region's embedded table, and what it parses to.
struct OfferTable {
    region: &'static str,
    text: &'static str,
    parsed: OnceLock<Region>,
}

/// Embeds the offers of regions by name.
macro_rules! offers {
    ($($region:literal)*) => {
        [$(OfferTable {
            region: $region,
            text: include_str!(concat!("data/offers/", $region, ".csv")),
            parsed: OnceLock::new(),
        },)*]
    };
}

static OFFERS: [OfferTable; 27] = offers! {
    "af-south-1" "ap-east-1" "ap-northeast-1" "ap-northeast-2" "ap-northeast-3" "ap-south-1" "ap-south-2"
    "ap-southeast-1" "ap-southeast-2" "ap-southeast-3" "ap-southeast-4" "ap-southeast-5" "ca-central-1" "eu-central-1"
    "eu-north-1" "eu-south-1" "eu-south-2" "eu-west-1" "eu-west-2" "eu-west-3" "me-central-1" "me-south-1" "sa-east-1"
    "us-east-1" "us-east-2" "us-west-1" "us-west-2"
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::SpotBasis;

    fn offer(region_name: &str, type_name: &str) -> Result<Offer, CatalogError> {
        region(region_name)?.offer(instance_type(type_name)?)
    }

    #[test]
    fn every_embedded_region_parses_and_dates_its_prices() {
        let mut offers = 0;
        for name in regions_with_prices() {
            let region = region(name).unwrap();
            assert!(region.zones().len() >= 2, "{name} has zones {:?}", region.zones());
            for listed in region.priced() {
                let offer = region.offer(listed).unwrap();
                assert!(offer.on_demand_per_hour > MicroUsd::ZERO && !offer.zones.is_empty(), "{name} {}", listed.name);
                assert_eq!(offer.as_of.len(), 10, "{name} {}", listed.name);
                assert!(offer.spot.is_none_or(|spot| spot.per_hour <= offer.on_demand_per_hour));
                offers += 1;
            }
        }
        assert_eq!(offers, 19_916);
    }

    #[test]
    fn every_region_without_prices_has_a_neighbour_with_them() {
        for row in region_rows() {
            match &row.nearest_with_prices {
                Some(nearest) => assert!(region(nearest).is_ok() && region(&row.region).is_err(), "{}", row.region),
                None => assert!(region(&row.region).is_ok(), "{}", row.region),
            }
        }
    }

    #[test]
    fn prices_are_those_of_the_list() {
        let m5 = offer("us-east-1", "m5.large").unwrap();
        assert_eq!((m5.on_demand_per_hour, m5.basis, m5.as_of), (MicroUsd(96_000), PriceBasis::List, "2026-07-20"));
        let spot = m5.spot.unwrap();
        assert_eq!((spot.saving_permille, spot.basis), (660, SpotBasis::Advisor));
        assert_eq!(m5.zones.first().unwrap(), "us-east-1a");
        let c7i = offer("eu-west-1", "c7i.large").unwrap();
        assert_eq!((c7i.basis, c7i.as_of), (PriceBasis::ClassRatio, "2026-07-20"));
        assert!(offer("us-east-1", "u7i-6tb.112xlarge").unwrap().spot.is_none());
    }

    #[test]
    fn a_type_without_a_price_leads_to_one_with() {
        let error = offer("us-east-1", "r9g.large").unwrap_err();
        let CatalogError::NoOnDemandPrice { nearest: Some(nearest), .. } = &error else { panic!("{error}") };
        assert!(offer("us-east-1", nearest).is_ok());
        assert!(error.to_string().contains("`cluster.instanceTypes` with `onDemandPrice`"), "{error}");
        let error = offer("eu-west-1", "p5.48xlarge").unwrap_err();
        assert!(matches!(error, CatalogError::NotOffered { .. }), "{error}");
    }

    #[test]
    fn unknown_regions_lead_to_known_ones() {
        let error = region("us-eats-1").unwrap_err().to_string();
        assert!(error.contains("did you mean `us-east-1`?"), "{error}");
        for (without, nearest) in
            [("ca-west-1", "us-west-2"), ("eu-central-2", "eu-central-1"), ("il-central-1", "me-south-1")]
        {
            let error = region(without).unwrap_err().to_string();
            assert!(error.contains(without) && error.contains(nearest), "{error}");
        }
    }
}
