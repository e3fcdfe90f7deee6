//! Tables of a user's own in place of the embedded ones: newer facts, in the same columns. Taken up once, at the beginning,
//! before anything is looked up; a table that is not there leaves the embedded one in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;

use super::error::CatalogError;
use super::instance_type::{self, InstanceType};
use super::region::{self, Region};
use super::source::Source;
use super::table;

/// The folder's file of instance types.
pub const INSTANCE_TYPES: &str = "instance_types.csv";
/// The folder's folder of offers, a file `REGION.csv` for each region.
pub const OFFERS: &str = "offers";
/// The folder's file that says where its facts come from.
pub const SOURCES: &str = "sources.csv";

/// The text of tables, as they lie in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    /// All instance types: those of the embedded table, and any others.
    pub instance_types: Option<String>,
    /// All that a region offers, by region.
    pub offers: BTreeMap<String, String>,
    /// Where these facts come from.
    pub sources: Option<String>,
}

static OWN_TYPES: OnceLock<Vec<InstanceType>> = OnceLock::new();
static OWN_REGIONS: OnceLock<Vec<Region>> = OnceLock::new();
static OWN_SOURCES: OnceLock<Vec<Source>> = OnceLock::new();

/// Takes up tables for as long as the program runs. The error names the table and its row; then none may be used.
pub fn take_up(tables: &Tables) -> Result<(), CatalogError> {
    let wrong = |table: &str| {
        let table = table.to_owned();
        move |message| CatalogError::OwnTable { table, message }
    };
    if let Some(text) = &tables.instance_types {
        let types = instance_type::parse(text).and_then(keeps_all).map_err(wrong(INSTANCE_TYPES))?;
        OWN_TYPES.get_or_init(|| types);
    }
    let regions = tables
        .offers
        .iter()
        .map(|(name, text)| region::parse(name, text).map_err(wrong(&format!("{OFFERS}/{name}.csv"))));
    let regions = regions.collect::<Result<Vec<_>, _>>()?;
    OWN_REGIONS.get_or_init(|| regions);
    if let Some(text) = &tables.sources {
        let rows = table::read::<SourceRow>(text).map_err(wrong(SOURCES))?;
        OWN_SOURCES.get_or_init(|| rows.into_iter().map(Source::from).collect());
    }
    Ok(())
}

/// The embedded tables of offers name embedded types, so none may be missing.
fn keeps_all(types: Vec<InstanceType>) -> Result<Vec<InstanceType>, String> {
    let own: BTreeSet<_> = types.iter().map(|own| own.name.as_str()).collect();
    let embedded = instance_type::parse(instance_type::EMBEDDED)?;
    match embedded.iter().find(|embedded| !own.contains(embedded.name.as_str())) {
        Some(missing) => Err(format!("`{}` is missing: the table holds all types of the embedded one", missing.name)),
        None => Ok(types),
    }
}

pub(super) fn instance_types() -> Option<Vec<InstanceType>> {
    OWN_TYPES.get().cloned()
}

pub(super) fn regions() -> impl Iterator<Item = &'static Region> {
    OWN_REGIONS.get().into_iter().flatten()
}

pub(super) fn region(name: &str) -> Option<&'static Region> {
    regions().find(|region| region.name == name)
}

/// Where the facts come from that are in force: the user's own first.
pub fn sources() -> Vec<Source> {
    OWN_SOURCES.get().into_iter().flatten().copied().chain(super::SOURCES).collect()
}

/// A row of `sources.csv`.
#[derive(Deserialize)]
struct SourceRow {
    what: String,
    from: String,
    as_of: String,
}

impl From<SourceRow> for Source {
    fn from(row: SourceRow) -> Self {
        Self { what: row.what.leak(), from: row.from.leak(), as_of: row.as_of.leak() }
    }
}

/// The embedded table of instance types, to be written anew with other facts in it.
pub const fn embedded_instance_types() -> &'static str {
    instance_type::EMBEDDED
}

/// The embedded table of a region's offers; `None` for a region without prices.
pub fn embedded_offers(region: &str) -> Option<&'static str> {
    region::embedded(region)
}
