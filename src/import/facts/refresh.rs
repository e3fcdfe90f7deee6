//! Newer facts put into the catalog's tables: what a file tells is replaced, everything else stays as it stands. Tells what
//! changed.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::catalog;
use crate::catalog::own::{self, Tables};
use crate::import::Notes;
use crate::import::facts::published::{Facts, FactsError, Price};
use crate::import::facts::table::Table;

const OFFER_COLUMNS: &str = "type,zones,usd_per_hour,basis,saving_percent,bucket,as_of\n";
/// Changes told one by one; the rest are counted.
const TOLD: usize = 5;

/// New tables, and what is to be said of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refreshed {
    /// All tables that differ from the embedded ones.
    pub tables: Tables,
    /// What was used, left out, made up.
    pub notes: Notes,
}

/// What else is to be known of the files.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Of which region a file tells that names none.
    pub region: &'a str,
    /// When the files were had, `YYYY-MM-DD`.
    pub as_of: &'a str,
}

/// Puts facts into tables: into `base` where it has one, else into the embedded one.
pub fn refresh(facts: &Facts, base: &Tables, told: Told<'_>, notes: Notes) -> Result<Refreshed, FactsError> {
    let types = base.instance_types.as_deref().unwrap_or(own::embedded_instance_types());
    let mut made = Refreshed { tables: base.clone(), notes };
    let mut types = read(own::INSTANCE_TYPES, types)?;
    if !facts.types.is_empty() {
        put_types(facts, &mut types, &mut made.notes);
        made.tables.instance_types = Some(write(own::INSTANCE_TYPES, &types)?);
    }
    for region in regions(facts, told.region, &mut made.notes) {
        let offers = base.offers.get(&region).map(String::as_str).or_else(|| own::embedded_offers(&region));
        let file = format!("{}/{region}.csv", own::OFFERS);
        let offers = read(&file, offers.unwrap_or(OFFER_COLUMNS))?.with_column("as_of");
        let zones: BTreeSet<char> = offers.keys().flat_map(|own| offers.get(own, "zones").chars()).collect();
        let zones = zones.into_iter().collect();
        let mut offers = Offers { region: &region, told, types: &types, zones, table: offers };
        offers.put(facts, &mut made.notes);
        made.tables.offers.insert(region.clone(), write(&file, &offers.table)?);
    }
    made.tables.sources = Some(sources(facts, told, base.sources.as_deref())?);
    Ok(made)
}

fn read(file: &str, text: &str) -> Result<Table, FactsError> {
    Table::parse(text).map_err(|message| FactsError { file: file.to_owned(), message })
}

fn write(file: &str, table: &Table) -> Result<String, FactsError> {
    table.text().map_err(|message| FactsError { file: file.to_owned(), message })
}

/// Regions that files tell of and AWS has.
fn regions(facts: &Facts, own: &str, notes: &mut Notes) -> BTreeSet<String> {
    let places = facts.prices.keys().chain(facts.advisor.keys()).map(|(region, _)| region.as_deref().unwrap_or(own));
    let mut all: BTreeSet<_> = places.map(str::to_owned).collect();
    if !facts.types.is_empty() || !facts.zones.is_empty() {
        all.insert(own.to_owned());
    }
    all.retain(|region| {
        let known = catalog::is_region(region);
        if !known {
            notes.leave_out("regions that the catalog does not know", region.as_str());
        }
        known
    });
    all
}

/// Enters what EC2 says of types; none is removed.
fn put_types(facts: &Facts, table: &mut Table, notes: &mut Notes) {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for (name, one) in &facts.types {
        if name.starts_with("mac") {
            notes.leave_out("mac types: EKS nodes run no macOS", name.as_str());
            continue;
        }
        let Some(cells) = cells(one) else {
            notes.leave_out("instance types without vCPUs, memory or processors", name.as_str());
            continue;
        };
        let differs: Vec<_> = cells.iter().filter(|(column, value)| table.get(name, column) != value).collect();
        if !table.has(name) {
            new.push(name.clone());
        } else if !differs.is_empty() {
            let words = differs.iter().map(|(column, to)| format!("{column} {} → {to}", table.get(name, column)));
            let words: Vec<_> = words.collect();
            changed.push(format!("{name} ({})", words.join(", ")));
        }
        for (column, value) in cells {
            table.set(name, column, value);
        }
    }
    notes.used(format!("{} instance types: {}; {}", facts.types.len(), some("new", &new), some("changed", &changed)));
}

/// So many, and the first of them.
fn some(what: &str, all: &[String]) -> String {
    let more = if all.len() > TOLD { ", …" } else { "" };
    let named =
        if all.is_empty() { String::new() } else { format!(" ({}{more})", all[..all.len().min(TOLD)].join(", ")) };
    format!("{} {what}{named}", all.len())
}

/// The cells of a type, from `EC2:InstanceTypeInfo`.
fn cells(one: &Value) -> Option<[(&'static str, String); 13]> {
    let number = |value: Option<&Value>| value.and_then(Value::as_u64).map(|n| n.to_string()).unwrap_or_default();
    let flag = |yes: bool| if yes { "y" } else { "n" }.to_owned();
    let names = |pointer: &str, name: &str| {
        one.pointer(pointer).and_then(Value::as_array).is_some_and(|list| list.iter().any(|one| one == name))
    };
    let gpus = one.pointer("/GpuInfo/Gpus").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |member: &str| gpus.first().and_then(|gpu| gpu[member].as_str()).unwrap_or_default().to_owned();
    // A node offers NVIDIA's as nvidia.com/gpu; of others there is the model alone.
    let nvidia = gpus.iter().filter(|gpu| gpu["Manufacturer"] == "NVIDIA").filter_map(|gpu| gpu["Count"].as_u64());
    let network = &one["NetworkInfo"];
    // The kubelet's limit counts the interfaces of the default card alone.
    let card = network["DefaultNetworkCardIndex"].as_u64().unwrap_or(0);
    let mut cards = network["NetworkCards"].as_array().into_iter().flatten();
    let default = cards.find(|one| one["NetworkCardIndex"].as_u64() == Some(card)).unwrap_or(network);
    one.pointer("/ProcessorInfo/SupportedArchitectures")?;
    let arm = names("/ProcessorInfo/SupportedArchitectures", "arm64");
    Some([
        ("arch", if arm { "arm64" } else { "x86_64" }.to_owned()),
        ("vcpus", one.pointer("/VCpuInfo/DefaultVCpus")?.as_u64()?.to_string()),
        ("memory_mib", one.pointer("/MemoryInfo/SizeInMiB")?.as_u64()?.to_string()),
        ("gpus", nvidia.sum::<u64>().to_string()),
        ("gpu_vendor", text("Manufacturer")),
        ("gpu_model", text("Name")),
        ("gpu_memory_mib", number(gpus.first().and_then(|gpu| gpu.pointer("/MemoryInfo/SizeInMiB")))),
        ("enis", number(default.get("MaximumNetworkInterfaces"))),
        ("ipv4_per_eni", number(network.get("Ipv4AddressesPerInterface"))),
        ("bare_metal", flag(one["BareMetal"] == true)),
        ("burstable", flag(one["BurstablePerformanceSupported"] == true)),
        ("current_generation", flag(one["CurrentGeneration"] == true)),
        ("spot", flag(names("/SupportedUsageClasses", "spot"))),
    ])
}

/// A region's table.
struct Offers<'a> {
    region: &'a str,
    told: Told<'a>,
    types: &'a Table,
    table: Table,
    /// Letters of all zones that the table had.
    zones: String,
}

impl Offers<'_> {
    /// A zone's letter: `b` of `us-east-1b`; none of other regions, local zones and wavelength zones.
    fn letter(&self, zone: &str) -> Option<char> {
        let mut rest = zone.strip_prefix(self.region)?.chars();
        rest.next().filter(|letter| letter.is_ascii_lowercase() && rest.next().is_none())
    }

    /// Letters of those zones that are the region's.
    fn letters<'z>(&self, zones: impl IntoIterator<Item = &'z String>) -> String {
        let letters: BTreeSet<char> = zones.into_iter().filter_map(|zone| self.letter(zone)).collect();
        letters.into_iter().collect()
    }

    fn is_here(&self, region: Option<&String>) -> bool {
        region.map_or(self.told.region, String::as_str) == self.region
    }

    fn put(&mut self, facts: &Facts, notes: &mut Notes) {
        if self.region == self.told.region {
            for own in facts.types.keys().filter(|own| self.types.has(own)) {
                self.list(own, facts, notes);
            }
        }
        for (own, zones) in &facts.zones {
            let letters = self.letters(zones);
            if self.table.has(own) && !letters.is_empty() {
                self.table.set(own, "zones", letters);
            }
        }
        self.put_prices(facts, notes);
        self.put_advisor(facts, notes);
    }

    /// Lists a type that the region's table lacks; whether it stands there then.
    fn list(&mut self, own: &str, facts: &Facts, notes: &mut Notes) -> bool {
        if self.table.has(own) {
            return true;
        }
        let mut letters = self.letters(facts.zones.get(own).into_iter().flatten());
        if letters.is_empty() {
            if !self.letters(facts.zones.values().flatten()).is_empty() {
                notes.leave_out("types that no offering names in the region", format!("{} {own}", self.region));
                return false;
            }
            if self.zones.is_empty() {
                notes.leave_out(
                    "offers of regions that no zone is known of: add `describe-instance-type-offerings --location-type \
                     availability-zone`",
                    self.region,
                );
                return false;
            }
            notes.made_up(format!("new types are offered in all zones of {}: no file names theirs", self.region));
            letters.clone_from(&self.zones);
        }
        self.table.set(own, "zones", letters);
        true
    }

    fn put_prices(&mut self, facts: &Facts, notes: &mut Notes) {
        let (mut count, mut changed) = (0_u64, Vec::new());
        for ((region, own), Price { usd_per_hour, as_of }) in &facts.prices {
            if !self.is_here(region.as_ref()) {
                continue;
            }
            if !self.types.has(own) {
                notes.leave_out("prices of types that the catalog lacks: add `describe-instance-types`", own.as_str());
                continue;
            }
            if !self.list(own, facts, notes) {
                continue;
            }
            count += 1;
            let before = self.table.get(own, "usd_per_hour").parse::<f64>().ok();
            if let Some(before) = before.filter(|before| (usd_per_hour / before - 1.0).abs() > 0.000_5) {
                let percent = (usd_per_hour / before - 1.0) * 100.0;
                changed.push((percent.abs(), format!("{own} {before} → {usd_per_hour} ({percent:+.1} %)")));
            }
            self.table.set(own, "usd_per_hour", usd_per_hour.to_string());
            self.table.set(own, "basis", "list");
            self.table.set(own, "as_of", as_of.as_deref().unwrap_or(self.told.as_of));
        }
        if count > 0 {
            changed.sort_by(|a, b| b.0.total_cmp(&a.0));
            let changed: Vec<_> = changed.into_iter().map(|(_, told)| told).collect();
            notes.used(format!("{}: {count} On-Demand prices, {}", self.region, some("changed", &changed)));
        }
    }

    fn put_advisor(&mut self, facts: &Facts, notes: &mut Notes) {
        let (mut count, mut changed) = (0_u64, 0_u64);
        for ((region, own), (saving, bucket)) in &facts.advisor {
            if !self.is_here(region.as_ref()) {
                continue;
            }
            if !self.table.has(own) {
                notes
                    .leave_out("Spot figures of types that the region's table lacks", format!("{} {own}", self.region));
                continue;
            }
            // A request pays at most the On-Demand price unless it says otherwise.
            let (saving, bucket) = (saving.max(&0).to_string(), bucket.to_string());
            count += 1;
            let same = self.table.get(own, "saving_percent") == saving && self.table.get(own, "bucket") == bucket;
            changed += u64::from(!same);
            self.table.set(own, "saving_percent", saving);
            self.table.set(own, "bucket", bucket);
        }
        if count > 0 {
            notes.used(format!("{}: {count} figures of the Spot Advisor, {changed} changed", self.region));
        }
    }
}

/// Where the facts come from, the newest first.
fn sources(facts: &Facts, told: Told<'_>, base: Option<&str>) -> Result<String, FactsError> {
    let failed = |message: String| FactsError { file: own::SOURCES.to_owned(), message };
    let mut rows = Vec::new();
    if !facts.types.is_empty() {
        rows.push([format!("{} instance types", facts.types.len()), "EC2 DescribeInstanceTypes".to_owned()]);
    }
    if !facts.zones.is_empty() {
        rows.push([format!("zones of {} types", facts.zones.len()), "EC2 DescribeInstanceTypeOfferings".to_owned()]);
    }
    rows.extend(facts.sources.iter().map(|(what, from)| [(*what).to_owned(), from.clone()]));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["what", "from", "as_of"]).map_err(|error| failed(error.to_string()))?;
    for [what, from] in &rows {
        writer.write_record([what, from, told.as_of]).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| failed(error.to_string()))?;
    Ok(text + base.and_then(|base| base.split_once('\n')).map_or("", |(_, rows)| rows))
}
