//! What `aws ec2 describe-spot-price-history` prints, in one page or several: the changes of Spot prices.

use std::io::Read;

use jiff::Timestamp;
use serde_json::{Deserializer, Value};

use crate::import::spot::error::{SpotError, TOLD};
use crate::import::unpacked::text;
use crate::units::{MicroUsd, SimDuration};

/// Some 300,000 changes: months of a few types. Who has more asks for fewer types.
const BYTES_MAX: u64 = 64 << 20;
const FORM: &str = "give what `aws ec2 describe-spot-price-history` prints";
const HOUR_MS: i64 = 3_600_000;
const USD_MAX: f64 = 100_000.0;
/// The product that nodes of a cluster are, unless someone says otherwise.
pub const LINUX: &str = "Linux/UNIX";

/// A price from a time on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceChange {
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
    /// Of which type.
    pub instance_type: String,
    /// In which zone.
    pub zone: String,
    /// Of which product, like `Linux/UNIX`.
    pub product: String,
    /// How much.
    pub per_hour: MicroUsd,
}

/// Changes in order of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceHistory {
    /// All of them.
    pub changes: Vec<PriceChange>,
}

impl PriceHistory {
    /// Reads pages, gzipped or not, one after another in a file.
    pub fn read(from: impl Read) -> Result<Self, Vec<SpotError>> {
        let text = text(from, BYTES_MAX)
            .map_err(|error| vec![SpotError::new("", format!("it can't be read: {error}"), FORM)])?;
        let pages: Result<Vec<Value>, _> = Deserializer::from_str(&text).into_iter::<Value>().collect();
        let pages = pages.map_err(|error| vec![SpotError::new("", format!("it is no JSON: {error}"), FORM)])?;
        Self::of(&pages)
    }

    /// Whether this is the form of a page.
    pub(super) fn is(value: &Value) -> bool {
        value.get("SpotPriceHistory").is_some() || value.is_array()
    }

    /// Reads pages from their JSON.
    pub(super) fn of(pages: &[Value]) -> Result<Self, Vec<SpotError>> {
        let (mut changes, mut errors) = (Vec::new(), Vec::new());
        for (page, value) in pages.iter().enumerate() {
            let page = if pages.len() > 1 { format!("page {} ", page + 1) } else { String::new() };
            let (at, rows) = match value {
                Value::Array(rows) => (page, Some(rows)),
                _ => (format!("{page}/SpotPriceHistory"), value.get("SpotPriceHistory").and_then(Value::as_array)),
            };
            let Some(rows) = rows else {
                errors.push(SpotError::new(at, "a list of prices is expected here", FORM));
                continue;
            };
            for (index, row) in rows.iter().enumerate() {
                match change(row, &format!("{at}/{index}")) {
                    Ok(change) => changes.push(change),
                    Err(error) if errors.len() < TOLD => errors.push(error),
                    Err(_) => break,
                }
            }
        }
        if changes.is_empty() && errors.is_empty() {
            errors.push(SpotError::new("/SpotPriceHistory", "it has no price", "ask for a longer time"));
        }
        changes.sort();
        changes.dedup();
        if errors.is_empty() { Ok(Self { changes }) } else { Err(errors) }
    }

    /// When it begins: with the first change of any pool, so that pools stay beside each other.
    pub fn begins_ms(&self) -> i64 {
        self.changes.first().map_or(0, |change| change.at_ms)
    }

    /// How long it is: until the full hour after the last change of any pool, since that price held for a while, too.
    pub fn length(&self) -> SimDuration {
        let last = self.changes.last().map_or(0, |change| change.at_ms);
        self.since((last.div_euclid(HOUR_MS) + 1) * HOUR_MS)
    }

    fn since(&self, at_ms: i64) -> SimDuration {
        SimDuration::from_millis(u64::try_from(at_ms - self.begins_ms()).unwrap_or(0))
    }

    /// The prices of a pool, by time since the beginning.
    pub fn of_pool<'a>(
        &'a self,
        instance_type: &'a str,
        zone: &'a str,
        product: &'a str,
    ) -> impl Iterator<Item = (SimDuration, MicroUsd)> {
        let own = move |change: &&PriceChange| {
            change.instance_type == instance_type && change.zone == zone && is_product(&change.product, product)
        };
        self.changes.iter().filter(own).map(|change| (self.since(change.at_ms), change.per_hour))
    }

    /// Of when it is: the days of its first change and its last.
    pub fn days(&self) -> String {
        let day = |change: Option<&PriceChange>| {
            let at = change.and_then(|change| Timestamp::from_millisecond(change.at_ms).ok());
            at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string())
        };
        let (first, last) = (day(self.changes.first()), day(self.changes.last()));
        if first == last { first } else { format!("{first} to {last}") }
    }
}

/// Whether a row is of a product; accounts of old are told `Linux/UNIX (Amazon VPC)`.
fn is_product(told: &str, wanted: &str) -> bool {
    told == wanted || told.strip_suffix(" (Amazon VPC)") == Some(wanted)
}

fn change(row: &Value, at: &str) -> Result<PriceChange, SpotError> {
    let text = |key: &str| {
        let text = row.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| SpotError::new(format!("{at}/{key}"), "a text is expected here", FORM))
    };
    let usd = text("SpotPrice")?;
    let price = usd.parse().ok().filter(|usd| (0.0..=USD_MAX).contains(usd)).map(MicroUsd::from_usd);
    let wrong = |key: &str, message: String| SpotError::new(format!("{at}/{key}"), message, FORM);
    let when = text("Timestamp")?;
    let instant = when.parse::<Timestamp>();
    Ok(PriceChange {
        at_ms: instant.map_err(|_| wrong("Timestamp", format!("`{when}` is no time")))?.as_millisecond(),
        instance_type: text("InstanceType")?.to_owned(),
        zone: text("AvailabilityZone")?.to_owned(),
        product: text("ProductDescription")?.to_owned(),
        per_hour: price.ok_or_else(|| wrong("SpotPrice", format!("`{usd}` is no price in USD")))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(zone: &str, price: &str, at: &str) -> String {
        format!(
            r#"{{"AvailabilityZone":"{zone}","InstanceType":"m5.large","ProductDescription":"Linux/UNIX",
                "SpotPrice":"{price}","Timestamp":"{at}"}}"#
        )
    }

    #[test]
    fn pages_are_one_history_from_the_first_change_of_any_pool() {
        let late = row("us-east-1a", "0.035", "2026-03-01T10:20:00+00:00");
        let early = row("us-east-1b", "0.040000", "2026-03-01T09:00:00.000Z");
        let text = format!("{{\"SpotPriceHistory\":[{late}]}}\n{{\"SpotPriceHistory\":[{early}],\"NextToken\":\"\"}}");
        let history = PriceHistory::read(text.as_bytes()).expect("a history");
        assert_eq!(history.length(), SimDuration::from_secs(7_200));
        let own: Vec<_> = history.of_pool("m5.large", "us-east-1a", LINUX).collect();
        assert_eq!(own, [(SimDuration::from_mins(80), MicroUsd(35_000))]);
        assert_eq!(history.of_pool("m5.large", "us-east-1a", "Windows").count(), 0);
        assert_eq!(history.days(), "2026-03-01");
    }

    #[test]
    fn faults_are_told_by_page_and_pointer() {
        let (bad, torn) = (row("us-east-1a", "cheap", "2026-03-01T09:00:00Z"), row("us-east-1a", "1", "yesterday"));
        let text = format!("{{\"SpotPriceHistory\":[{bad}]}}{{\"SpotPriceHistory\":[{torn}, {{}}]}}");
        let errors = PriceHistory::read(text.as_bytes()).unwrap_err();
        let told: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            told,
            [
                "page 1 /SpotPriceHistory/0/SpotPrice",
                "page 2 /SpotPriceHistory/0/Timestamp",
                "page 2 /SpotPriceHistory/1/SpotPrice"
            ]
        );
        assert!(
            PriceHistory::read("{\"SpotPriceHistory\":[]}".as_bytes()).unwrap_err()[0].message.contains("no price")
        );
    }
}
