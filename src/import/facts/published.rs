//! What AWS publishes about instance types, prices and Spot, in the forms that it has: what a file is says its content.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read};

use serde::Deserialize;
use serde_json::{Deserializer, Map, Value};

use crate::import::Notes;
use crate::import::unpacked::unpacked;

/// A JSON file is read as a whole; the longest, the Spot Advisor's, has 5 MB.
const JSON_MAX: u64 = 256 << 20;
/// Lines before the header of a price list.
const PREAMBLE_MAX: usize = 20;
/// Cells of a price list that make a row a node's price: shared tenancy, Linux without a licence, bought by the hour.
const WANTED: [(&str, &str); 6] = [
    ("TermType", "OnDemand"),
    ("Unit", "Hrs"),
    ("Tenancy", "Shared"),
    ("Operating System", "Linux"),
    ("Pre Installed S/W", "NA"),
    ("CapacityStatus", "Used"),
];

/// A file that is none of those known, or breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct FactsError {
    /// The file.
    pub file: String,
    /// What is wrong with it, where, and the way out.
    pub message: String,
}

/// An On-Demand price.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Price {
    pub(super) usd_per_hour: f64,
    /// `YYYY-MM-DD`, where the source has a date.
    pub(super) as_of: Option<String>,
}

/// A region, `None` where a file does not say of which it tells; and a type.
type Place = (Option<String>, String);

/// Facts from files.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What `describe-instance-types` says, by type.
    pub(super) types: BTreeMap<String, Value>,
    /// Zones of a type, as `describe-instance-type-offerings` names them.
    pub(super) zones: BTreeMap<String, BTreeSet<String>>,
    pub(super) prices: BTreeMap<Place, Price>,
    /// Saving in percent and bucket.
    pub(super) advisor: BTreeMap<Place, (i64, u64)>,
    /// The files by what they are.
    pub(super) sources: Vec<(&'static str, String)>,
}

impl Facts {
    /// Reads one file more, plain or gzipped; `name` is what to call it.
    pub fn read(&mut self, name: &str, from: impl Read, notes: &mut Notes) -> Result<(), FactsError> {
        let failed = |message: String| FactsError { file: name.to_owned(), message };
        let mut from = unpacked(from).map_err(|error| failed(format!("it can't be read: {error}")))?;
        let begins = from.fill_buf().map_err(|error| failed(format!("it can't be read: {error}")))?;
        let first = begins.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        match first {
            Some(b'{' | b'[') => self.json(name, from, notes).map_err(failed),
            Some(_) => self.csv(name, from, notes).map_err(failed),
            None => Err(failed("it is empty".to_owned())),
        }
    }

    fn json(&mut self, name: &str, from: impl BufRead, notes: &mut Notes) -> Result<(), String> {
        let mut known = false;
        for page in Deserializer::from_reader(from.take(JSON_MAX)).into_iter::<Value>() {
            let page = page.map_err(|error| format!("it is no JSON: {error}"))?;
            if let Some(advisor) = page.get("spot_advisor").and_then(Value::as_object) {
                known = true;
                self.take_advisor(name, advisor, notes);
            }
            for (index, one) in list(&page, "InstanceTypes") {
                known = true;
                match one["InstanceType"].as_str() {
                    Some(own) => {
                        self.types.insert(own.to_owned(), one.clone());
                    }
                    None => notes.leave_out("instance types without a name", format!("{name} /InstanceTypes/{index}")),
                }
            }
            for (index, one) in list(&page, "InstanceTypeOfferings") {
                known = true;
                match (one["InstanceType"].as_str(), one["Location"].as_str(), one["LocationType"].as_str()) {
                    (Some(own), Some(zone), Some("availability-zone")) => {
                        self.zones.entry(own.to_owned()).or_default().insert(zone.to_owned());
                    }
                    _ => notes.leave_out(
                        "offerings that name no zone: ask with `--location-type availability-zone`",
                        format!("{name} /InstanceTypeOfferings/{index}"),
                    ),
                }
            }
        }
        if known { Ok(()) } else { Err(unknown()) }
    }

    /// The Spot Advisor's file: region, operating system, type; `s` the saving in percent, `r` the bucket.
    fn take_advisor(&mut self, name: &str, regions: &Map<String, Value>, notes: &mut Notes) {
        self.sources.push(("Spot savings and interruption rates", "AWS Spot Instance Advisor".to_owned()));
        for (region, systems) in regions {
            for (own, figures) in systems["Linux"].as_object().into_iter().flatten() {
                match (figures["s"].as_i64(), figures["r"].as_u64()) {
                    (Some(saving @ -1_000..=100), Some(bucket @ 0..=4)) => {
                        self.advisor.insert((Some(region.clone()), own.clone()), (saving, bucket));
                    }
                    _ => notes.leave_out(
                        "figures of the Spot Advisor that are no saving up to 100 percent and a bucket from 0 to 4",
                        format!("{name} /spot_advisor/{region}/Linux/{own}"),
                    ),
                }
            }
        }
    }

    fn csv(&mut self, name: &str, mut from: impl BufRead, notes: &mut Notes) -> Result<(), String> {
        let mut published = None;
        for _ in 0..PREAMBLE_MAX {
            let mut line = String::new();
            from.read_line(&mut line).map_err(|error| format!("it can't be read: {error}"))?;
            if line.starts_with("\"SKU\"") || line.starts_with("SKU,") {
                let header =
                    csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes()).into_records().next();
                let header = header.and_then(Result::ok).ok_or_else(unknown)?;
                return self.price_list(name, &header, published.as_deref(), from, notes);
            }
            if line.starts_with("type,") {
                return self.own_prices(name, &line, from, notes);
            }
            if let Some(date) = line.strip_prefix("\"Publication Date\",\"") {
                published = date.get(..10).map(str::to_owned);
            }
        }
        Err(unknown())
    }

    /// The rows of a price list (`index.csv` of the offer `AmazonEC2`) that are the price of a node: read one at a time, for the
    /// file of all regions has gigabytes.
    fn price_list(
        &mut self,
        name: &str,
        header: &csv::StringRecord,
        published: Option<&str>,
        from: impl Read,
        notes: &mut Notes,
    ) -> Result<(), String> {
        let column = |wanted: &str| {
            let at = header.iter().position(|column| column == wanted);
            at.ok_or_else(|| format!("the price list has no column `{wanted}`"))
        };
        let wanted = WANTED.map(|(title, value)| column(title).map(|at| (at, value)));
        let wanted = wanted.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (price, currency) = (column("PricePerUnit")?, column("Currency")?);
        let (own, region) = (column("Instance Type")?, column("Region Code")?);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(from);
        let (mut row, mut taken) = (csv::StringRecord::new(), 0_u64);
        loop {
            match reader.read_record(&mut row) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    notes.leave_out("what comes after a price list's readable part", format!("{name}: {error}"));
                    break;
                }
            }
            let cell = |at: usize| row.get(at).unwrap_or_default();
            if wanted.iter().any(|&(at, value)| cell(at) != value) || cell(own).is_empty() {
                continue;
            }
            let line = row.position().map_or(0, csv::Position::line);
            match cell(price).parse::<f64>() {
                Ok(usd_per_hour) if usd_per_hour > 0.0 && cell(currency) == "USD" => {
                    let price = Price { usd_per_hour, as_of: published.map(str::to_owned) };
                    self.prices.insert((Some(cell(region).to_owned()), cell(own).to_owned()), price);
                    taken += 1;
                }
                _ => notes.leave_out(
                    "prices of a price list that are 0, or not in USD",
                    format!("{name} line {line} after the header, {}", cell(own)),
                ),
            }
        }
        let from = published.map_or_else(String::new, |date| format!(" of {date}"));
        self.sources.push(("On-Demand prices", format!("AWS price list{from}: {taken} prices")));
        Ok(())
    }

    /// Our own form: `type,usd_per_hour` and, if wanted, `region` and `as_of`.
    fn own_prices(&mut self, name: &str, header: &str, from: impl Read, notes: &mut Notes) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Row {
            r#type: String,
            usd_per_hour: f64,
            #[serde(default)]
            region: Option<String>,
            #[serde(default)]
            as_of: Option<String>,
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mut reader = csv::Reader::from_reader(header.as_bytes().chain(from));
        for row in reader.deserialize::<Row>() {
            let row = row.map_err(|error| format!("{error}; its columns are type, usd_per_hour, region, as_of"))?;
            if row.usd_per_hour > 0.0 && row.usd_per_hour.is_finite() {
                let price = Price { usd_per_hour: row.usd_per_hour, as_of: given(row.as_of) };
                self.prices.insert((given(row.region), row.r#type), price);
            } else {
                notes.leave_out("prices that are not above 0", format!("{name} {}", row.r#type));
            }
        }
        self.sources.push(("On-Demand prices", "the user's own table".to_owned()));
        Ok(())
    }
}

/// The items of a list in a page, with their places.
fn list<'a>(page: &'a Value, member: &str) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
    page.get(member).and_then(Value::as_array).into_iter().flatten().enumerate()
}

fn unknown() -> String {
    "it is none of: `aws ec2 describe-instance-types`, `describe-instance-type-offerings --location-type availability-zone` \
     (JSON), the Spot Advisor's spot-advisor-data.json, a price list of the offer AmazonEC2 (index.csv), or a table with the \
     columns type,usd_per_hour[,region][,as_of]"
        .to_owned()
}
