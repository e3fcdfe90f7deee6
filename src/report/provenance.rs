//! Where a run's numbers come from: what was asked, which prices and catalogs it rests on. Told by whoever ran it; holds
//! nothing that differs from one run to the same one again.

/// What results can't say of themselves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Provenance {
    /// What the scenario says of itself.
    pub description: String,
    /// The command that gives these numbers again, without the program's path and without where files go.
    pub command: String,
    /// The region whose prices hold.
    pub region: String,
    /// Prices of the instance types that the scenario allows.
    pub prices: Vec<PriceSource>,
    /// The catalog's sources.
    pub sources: Vec<Source>,
}

/// A price and how it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceSource {
    /// The instance type.
    pub instance_type: String,
    /// On-Demand, USD per hour.
    pub on_demand_usd: f64,
    /// Mean Spot price, USD per hour; `None` where EC2 offers no Spot.
    pub spot_usd: Option<f64>,
    /// How the On-Demand price is known.
    pub basis: String,
    /// Its date; `None` for the scenario's own.
    pub as_of: Option<String>,
}

/// A kind of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which facts.
    pub what: String,
    /// From where.
    pub from: String,
    /// Of which day, month or year.
    pub as_of: String,
}
