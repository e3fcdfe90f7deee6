//! The shape of a scenario's `market`, and the recorded pools that it names: finds their files, reads each once, and holds them
//! against the types and zones of the run.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::ids::{InstanceTypeId, ZoneId};
use crate::import::spot::{Availability, LINUX, PriceHistory, SpotError};
use crate::model::duration::TextDuration;
use crate::scenario::file::ScenarioFile;
use crate::scenario::finding::{Finding, Severity};
use crate::scenario::judge::Judge;
use crate::scenario::trace::{self, TRACES_VARIABLE};
use crate::scenario::types::Types;
use crate::sim::{AtEnd, Path, SpotPath};
use crate::units::MicroUsd;

/// The Spot market.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Market {
    /// How Spot capacity comes and goes.
    #[serde(default)]
    pub spot: Spot,
    /// Pools whose capacity or price was recorded. They behave as recorded, all others as `spot` says.
    #[serde(default)]
    pub traces: Vec<PoolTrace>,
}

/// How Spot capacity comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Spot {
    /// Interruption rates and savings of the AWS Spot Advisor.
    #[default]
    Advisor,
    /// Scarce pools that come and go.
    Harsh,
    /// No interruption, no lack of capacity.
    Calm,
}

/// What was recorded of a Spot pool, or of a type's pools in all zones. Of two entries for a pool, that which names its zone
/// counts.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PoolTrace {
    /// The instance type.
    pub instance_type: String,
    /// The zone, like `us-east-1a`; every zone of the type where absent.
    pub availability_zone: Option<String>,
    /// File of an availability trace, `{ "metadata": { "gap_seconds": 300 }, "data": [4, 4, 1] }`: how many instances the pool
    /// has at most, tick by tick. When it has fewer than run, the excess is interrupted. Its `prices`, if any, are the pool's
    /// where `prices` names no file.
    pub availability: Option<String>,
    /// Instances of the pool that one of the trace stands for. Traces are recorded with few instances, and tell of no more.
    #[serde(default = "one")]
    #[schemars(range(min = 0.001, max = 1_000_000.0))]
    pub instances_per_unit: f64,
    /// File of what `aws ec2 describe-spot-price-history` prints, of which the pool's changes are taken.
    pub prices: Option<String>,
    /// Which product's prices.
    #[serde(default = "linux")]
    pub product_description: String,
    /// How far into what was recorded the run begins.
    #[serde(default)]
    pub offset: TextDuration,
    /// What comes after the end of what was recorded.
    #[serde(default)]
    pub at_end: WhatFollows,
}

/// What comes after the end of what was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum WhatFollows {
    /// It begins anew. The default: a trace that ends with an empty pool would else leave it empty for ever.
    #[default]
    Repeat,
    /// The last values stay.
    Hold,
}

const fn one() -> f64 {
    1.0
}

fn linux() -> String {
    LINUX.to_owned()
}

/// Facts of a run that were recorded, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFacts {
    /// Which facts.
    pub what: String,
    /// From which file.
    pub from: String,
    /// Of when, where that is known.
    pub as_of: String,
}

/// Files read so far.
#[derive(Debug, Default)]
pub(super) struct Recordings {
    availability: BTreeMap<PathBuf, Arc<Availability>>,
    prices: BTreeMap<PathBuf, Arc<PriceHistory>>,
}

/// What is known of a pool so far, and whether by an entry that names its zone.
#[derive(Default)]
struct Found {
    instances: Option<(bool, Path<u32>)>,
    per_hour: Option<(bool, Path<MicroUsd>)>,
}

/// Resolves entries one after another.
struct Reader<'a, 'j> {
    file: &'a ScenarioFile,
    types: &'a Types<'a>,
    judge: &'a mut Judge<'j>,
    pools: BTreeMap<(InstanceTypeId, ZoneId), Found>,
    facts: Vec<RecordedFacts>,
}

/// The recorded pools of a scenario, by type and zone, and where their facts come from.
pub(super) fn recorded(
    market: &Market,
    file: &ScenarioFile,
    types: &Types<'_>,
    judge: &mut Judge<'_>,
) -> (Vec<SpotPath>, Vec<RecordedFacts>) {
    let mut reader = Reader { file, types, judge, pools: BTreeMap::new(), facts: Vec::new() };
    for (index, written) in market.traces.iter().enumerate() {
        reader.entry(written, &format!("/market/traces/{index}"));
    }
    let paths = reader.pools.into_iter().map(|((instance_type, zone), found)| SpotPath {
        instance_type,
        zone,
        instances: found.instances.map(|(_, path)| path),
        per_hour: found.per_hour.map(|(_, path)| path),
    });
    (paths.collect(), reader.facts)
}

impl Reader<'_, '_> {
    fn entry(&mut self, written: &PoolTrace, at: &str) {
        if written.availability.is_none() && written.prices.is_none() {
            let help = "name a file in `availability`, in `prices`, or in both";
            self.judge.error(at, "it names no file", help);
            return;
        }
        let Some((id, zones)) = self.zones(written, at) else { return };
        let availability = written.availability.as_deref().map(|name| (name, self.availability(name, at)));
        let history = written.prices.as_deref().map(|name| (name, self.history(name, at)));
        let (counts, trace_prices) = match &availability {
            Some((_, Some(trace))) => paths(trace, written),
            _ => (None, None),
        };
        let mut unpriced = Vec::new();
        for (zone, name) in &zones {
            let mut priced = history.is_some();
            self.keep(written, at, (id, *zone), counts.clone(), |found| &mut found.instances);
            if history.is_none() && trace_prices.is_some() {
                self.keep(written, at, (id, *zone), trace_prices.clone(), |found| &mut found.per_hour);
                priced = true;
            }
            if let Some((_, Some(history))) = &history {
                let own = history.of_pool(&written.instance_type, name, &written.product_description);
                let path = Path::new(own, history.length(), written.end(), written.offset.0);
                if path.is_none() {
                    unpriced.push(name.as_str());
                    priced = false;
                }
                self.keep(written, at, (id, *zone), path, |found| &mut found.per_hour);
            }
            self.tell(written, name, availability.as_ref(), history.as_ref().filter(|_| priced));
        }
        if !unpriced.is_empty() {
            self.unpriced(written, at, &unpriced, unpriced.len() == zones.len());
        }
    }

    /// Which pools an entry is about.
    fn zones(&mut self, written: &PoolTrace, at: &str) -> Option<(InstanceTypeId, Vec<(ZoneId, String)>)> {
        let Some((id, own)) = self.types.pools(&written.instance_type) else {
            let message = format!("no environment may launch `{}`", written.instance_type);
            self.judge.warn(format!("{at}/instanceType"), message, "it has no effect");
            return None;
        };
        if !self.types.offers_spot(id) {
            let message = format!("`{}` is not offered as Spot", written.instance_type);
            let help = "name another type, or give it a `spotPrice` in `cluster.instanceTypes`";
            self.judge.error(format!("{at}/instanceType"), message, help);
            return None;
        }
        let Some(wanted) = &written.availability_zone else { return Some((id, own)) };
        let known = own.iter().map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let zones: Vec<_> = own.into_iter().filter(|(_, name)| name == wanted).collect();
        if zones.is_empty() {
            let message = format!("`{}` is not offered in `{wanted}`", written.instance_type);
            self.judge.error(format!("{at}/availabilityZone"), message, format!("it is in {known}"));
            return None;
        }
        Some((id, zones))
    }

    /// Takes a path for a pool, unless a more specific entry has given one.
    fn keep<T>(
        &mut self,
        written: &PoolTrace,
        at: &str,
        pool: (InstanceTypeId, ZoneId),
        path: Option<Path<T>>,
        slot: impl Fn(&mut Found) -> &mut Option<(bool, Path<T>)>,
    ) {
        let Some(path) = path else { return };
        let own = written.availability_zone.is_some();
        let slot = slot(self.pools.entry(pool).or_default());
        match slot {
            Some((known, _)) if *known == own => {
                let message = format!("another entry says the same of `{}` there", written.instance_type);
                self.judge.error(at, message, "keep one of them, or name a zone in one");
            }
            Some((true, _)) => {}
            _ => *slot = Some((own, path)),
        }
    }

    fn unpriced(&mut self, written: &PoolTrace, at: &str, zones: &[&str], all: bool) {
        let (product, name) = (&written.product_description, &written.instance_type);
        let message = format!("the file has no `{product}` price of `{name}` in {}", zones.join(", "));
        if all {
            let help = "ask `describe-spot-price-history` for the type and zone, or change `productDescription`";
            self.judge.error(format!("{at}/prices"), message, help);
        } else {
            self.judge.warn(format!("{at}/prices"), message, "prices there are drawn");
        }
    }

    /// Notes where facts of a pool come from.
    fn tell(
        &mut self,
        written: &PoolTrace,
        zone: &str,
        availability: Option<&(&str, Option<Arc<Availability>>)>,
        history: Option<&(&str, Option<Arc<PriceHistory>>)>,
    ) {
        let pool = format!("{} in {zone}", written.instance_type);
        if let Some((name, Some(trace))) = availability {
            let with = if trace.prices.is_some() && history.is_none() { "capacity and prices" } else { "capacity" };
            self.facts.push(RecordedFacts {
                what: format!("Spot {with} of {pool}"),
                from: format!("{name}: {} ticks of {}", trace.counts.len(), trace.gap),
                as_of: String::new(),
            });
        }
        if let Some((name, Some(history))) = history {
            self.facts.push(RecordedFacts {
                what: format!("Spot prices of {pool}"),
                from: format!("{name}: EC2 DescribeSpotPriceHistory, {}", written.product_description),
                as_of: history.days(),
            });
        }
    }

    fn availability(&mut self, name: &str, at: &str) -> Option<Arc<Availability>> {
        self.read(name, format!("{at}/availability"), |known| &mut known.availability, Availability::read)
    }

    fn history(&mut self, name: &str, at: &str) -> Option<Arc<PriceHistory>> {
        self.read(name, format!("{at}/prices"), |known| &mut known.prices, PriceHistory::read)
    }

    /// A file, read once for all entries and variants of a scenario.
    fn read<T>(
        &mut self,
        name: &str,
        at: String,
        slot: impl Fn(&mut Recordings) -> &mut BTreeMap<PathBuf, Arc<T>>,
        parse: impl Fn(File) -> Result<T, Vec<SpotError>>,
    ) -> Option<Arc<T>> {
        let Some(path) = trace::find(name, &self.file.folder, "spot") else {
            let message =
                format!("there is no file `{name}` in the scenario's folder, nor where {TRACES_VARIABLE} points");
            let help = format!("put it beside the scenario, or set {TRACES_VARIABLE} to the folder that holds it");
            self.judge.error(at, message, help);
            return None;
        };
        let mut known = self.file.recordings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = slot(&mut known).get(&path) {
            return Some(Arc::clone(read));
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) => {
                self.judge.error(at, format!("`{name}` can't be read ({error})"), "make it readable");
                return None;
            }
        };
        match parse(file) {
            Ok(read) => {
                let read = Arc::new(read);
                slot(&mut known).insert(path, Arc::clone(&read));
                Some(read)
            }
            Err(errors) => {
                for error in errors {
                    self.judge.elsewhere(in_file(&path, error));
                }
                None
            }
        }
    }
}

fn in_file(path: &FilePath, error: SpotError) -> Finding {
    Finding {
        severity: Severity::Error,
        file: path.display().to_string(),
        line: None,
        pointer: error.pointer,
        message: error.message,
        help: error.help,
    }
}

impl PoolTrace {
    const fn end(&self) -> AtEnd {
        match self.at_end {
            WhatFollows::Repeat => AtEnd::Repeat,
            WhatFollows::Hold => AtEnd::Hold,
        }
    }
}

/// What a trace says of a pool's instances and, if it does, of their price: the same in every zone.
fn paths(trace: &Availability, written: &PoolTrace) -> (Option<Path<u32>>, Option<Path<MicroUsd>>) {
    let (length, end, offset) = (trace.length(), written.end(), written.offset.0);
    let counts = trace.timed(&trace.counts).map(|(time, count)| (time, scaled(count, written)));
    let prices = trace.prices.as_deref().and_then(|prices| Path::new(trace.timed(prices), length, end, offset));
    (Path::new(counts, length, end, offset), prices)
}

/// Whole instances of the pool that so many of the trace stand for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and saturates")]
fn scaled(count: u32, written: &PoolTrace) -> u32 {
    (f64::from(count) * written.instances_per_unit).floor() as u32
}
