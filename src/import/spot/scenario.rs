//! A small scenario around recorded pools: an environment that buys Spot instances of their types, and jobs that are made up so
//! that it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde_json::{Deserializer, Value, json};

use crate::catalog::{self, InstanceType, Region};
use crate::import::imported::Imported;
use crate::import::notes::Notes;
use crate::import::spot::availability::Availability;
use crate::import::spot::history::PriceHistory;
use crate::import::stand_ins::{eks_configuration, with_network};
use crate::import::unpacked::text;

/// More than a year of seconds, or months of prices.
const BYTES_MAX: u64 = 64 << 20;
/// A price history of more types makes no small scenario; the rest is told.
const TYPES_MAX: usize = 20;
/// Where only prices are known: how many instances the environment may have.
const INSTANCES: u32 = 8;
/// So many made-up jobs are submitted per instance that the environment may have, each for an hour.
const JOBS_PER_INSTANCE: u32 = 12;
/// Into so many jobs an instance's vCPUs are split.
const JOBS_AT_ONCE: u32 = 4;

/// What a file holds.
#[derive(Debug)]
enum Content {
    Trace(Availability),
    History(PriceHistory),
}

/// A file that was read.
#[derive(Debug)]
pub struct SpotFile {
    shown: String,
    content: Content,
    text: String,
}

/// What is asked of an import beside its files.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The instance type of traces whose name tells none.
    pub instance_type: Option<String>,
    /// The zone of traces whose name tells none.
    pub availability_zone: Option<String>,
    /// Instances that one of a trace stands for.
    pub instances_per_unit: f64,
    /// Which product's prices.
    pub product_description: String,
}

/// Reads a file, gzipped or not: a trace, or pages of prices.
pub fn read(shown: &str, from: impl Read) -> Result<SpotFile, String> {
    let text = text(from, BYTES_MAX).map_err(|error| format!("{shown} can't be read: {error}"))?;
    let pages: Result<Vec<Value>, _> = Deserializer::from_str(&text).into_iter::<Value>().collect();
    let pages = pages.map_err(|error| format!("{shown} is no JSON: {error}"))?;
    let content = match pages.as_slice() {
        [page] if Availability::is(page) => Availability::of(page).map(Content::Trace),
        [page, ..] if PriceHistory::is(page) => PriceHistory::of(&pages).map(Content::History),
        _ => {
            return Err(format!(
                "{shown} is neither an availability trace ({{\"metadata\": {{\"gap_seconds\": 300}}, \"data\": [4, 4, 1]}}) \
                 nor what `aws ec2 describe-spot-price-history` prints"
            ));
        }
    };
    let content = content
        .map_err(|errors| errors.iter().map(|error| format!("{shown} {error}")).collect::<Vec<_>>().join("\n"))?;
    Ok(SpotFile { shown: shown.to_owned(), content, text })
}

/// What is gathered of all files.
#[derive(Default)]
struct Gathered {
    entries: Vec<Value>,
    files: BTreeMap<String, String>,
    zones: BTreeSet<String>,
    /// The most instances of each type that a trace has at once.
    instances: BTreeMap<String, Option<u32>>,
    notes: Notes,
}

/// Writes the scenario; an error where a trace's type, zone or region can't be told.
pub fn scenario(files: Vec<SpotFile>, wanted: &Wanted) -> Result<Imported, String> {
    if !(wanted.instances_per_unit >= 0.001 && wanted.instances_per_unit <= 1e6) {
        return Err("--instances-per-unit: a number from 0.001 to 1000000 is expected".to_owned());
    }
    let mut gathered = Gathered::default();
    for file in files {
        gathered.file(file, wanted)?;
    }
    let region = gathered.region()?;
    let types = gathered.types(region)?;
    let Gathered { entries, files, zones, mut notes, .. } = gathered;
    let scenario = written(region, entries, &types, zones, &mut notes);
    Ok(Imported { scenario, files, notes })
}

impl Gathered {
    fn file(&mut self, file: SpotFile, wanted: &Wanted) -> Result<(), String> {
        let last = file.shown.rsplit(['/', '\\']).next().unwrap_or(&file.shown);
        let bare = last.strip_suffix(".gz").unwrap_or(last);
        let name = match bare {
            "-" => format!("spot-{}.json", self.files.len()),
            "scenario.json" | "notes.txt" => format!("spot-{bare}"),
            bare => bare.to_owned(),
        };
        match &file.content {
            Content::Trace(trace) => self.trace(&file.shown, bare, &name, trace, wanted)?,
            Content::History(history) => self.history(&file.shown, &name, history, wanted)?,
        }
        if self.files.insert(name.clone(), file.text).is_some() {
            return Err(format!("{}: another file is called {name}, too; rename one of them", file.shown));
        }
        Ok(())
    }

    fn trace(
        &mut self,
        shown: &str,
        bare: &str,
        name: &str,
        trace: &Availability,
        wanted: &Wanted,
    ) -> Result<(), String> {
        let instance_type = type_in(bare).or_else(|| wanted.instance_type.clone()).ok_or_else(|| {
            format!("{shown}: its name tells no instance type; name it with --instance-type, or rename the file, like r5.16xlarge-us-east-1b.json")
        })?;
        let zone = zone_in(bare).or_else(|| wanted.availability_zone.clone()).ok_or_else(|| {
            format!("{shown}: its name tells no zone; name it with --availability-zone, or rename the file, like r5.16xlarge-us-east-1b.json")
        })?;
        let most = trace.counts.iter().copied().max().unwrap_or(0);
        let up = trace.counts.iter().filter(|&&count| count > 0).count();
        self.notes.used(format!(
            "{} ticks of {} of {instance_type} in {zone}, up to {most} instances, some in {:.1} % of the ticks{} ({shown})",
            trace.counts.len(),
            trace.gap,
            percent(up, trace.counts.len()),
            if trace.prices.is_some() { ", with prices" } else { "" },
        ));
        let mut entry = json!({ "instanceType": instance_type, "availabilityZone": zone, "availability": name });
        if (wanted.instances_per_unit - 1.0).abs() > f64::EPSILON {
            entry["instancesPerUnit"] = json!(wanted.instances_per_unit);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and saturates")]
        let most = (f64::from(most) * wanted.instances_per_unit) as u32;
        let known = self.instances.entry(instance_type).or_default();
        *known = Some(known.unwrap_or(0).saturating_add(most.max(1)));
        self.zones.insert(zone);
        self.entries.push(entry);
        Ok(())
    }

    fn history(&mut self, shown: &str, name: &str, history: &PriceHistory, wanted: &Wanted) -> Result<(), String> {
        let mut pools = BTreeSet::new();
        for change in &history.changes {
            if history.of_pool(&change.instance_type, &change.zone, &wanted.product_description).next().is_some() {
                pools.insert((change.instance_type.as_str(), change.zone.as_str()));
            } else {
                self.notes.leave_out("prices of another product (--product-description)", change.product.as_str());
            }
        }
        let types: BTreeSet<&str> = pools.iter().map(|&(name, _)| name).collect();
        if types.is_empty() {
            let product = &wanted.product_description;
            return Err(format!("{shown} has no price of `{product}`: name its product with --product-description"));
        }
        for (index, instance_type) in types.iter().enumerate() {
            if index >= TYPES_MAX {
                let reason = format!("types beyond the first {TYPES_MAX} of a price history");
                self.notes.leave_out(&reason, *instance_type);
                continue;
            }
            let mut entry = json!({ "instanceType": instance_type, "prices": name });
            if wanted.product_description != super::LINUX {
                entry["productDescription"] = json!(wanted.product_description);
            }
            self.entries.push(entry);
            self.instances.entry((*instance_type).to_owned()).or_default();
        }
        self.zones.extend(pools.iter().map(|&(_, zone)| zone.to_owned()));
        let (changes, types) = (history.changes.len(), types.len());
        self.notes.used(format!("{changes} prices of {types} types, {} ({shown})", history.days()));
        Ok(())
    }

    /// The region that all zones are in.
    fn region(&self) -> Result<&'static Region, String> {
        let names: BTreeSet<_> =
            self.zones.iter().map(|zone| zone.trim_end_matches(|c: char| c.is_ascii_lowercase())).collect();
        let mut names = names.into_iter();
        match (names.next(), names.next()) {
            (Some(name), None) => catalog::region(name).map_err(|error| error.to_string()),
            (first, second) => {
                let told = [first, second].into_iter().flatten().collect::<Vec<_>>().join(" and ");
                Err(format!("the zones are in {told}: a scenario has one region; import them one by one"))
            }
        }
    }

    /// The types that can be launched there; entries of others are taken out.
    fn types(&mut self, region: &Region) -> Result<Vec<(&'static InstanceType, u32)>, String> {
        let (mut types, mut first_error) = (Vec::new(), None);
        for (name, most) in std::mem::take(&mut self.instances) {
            let known = catalog::instance_type(&name).and_then(|known| region.offer(known).map(|offer| (known, offer)));
            match known {
                Ok((known, offer)) if offer.spot.is_some() => types.push((known, most.unwrap_or(INSTANCES))),
                Ok(_) => self.drop_type(&name, "types that the catalog does not know as Spot"),
                Err(error) => {
                    first_error.get_or_insert(error.to_string());
                    self.drop_type(&name, "types without a price in the catalog");
                }
            }
        }
        let first = first_error.unwrap_or_else(|| "none of the types is offered as Spot".to_owned());
        if types.is_empty() { Err(first) } else { Ok(types) }
    }

    fn drop_type(&mut self, name: &str, reason: &str) {
        self.entries.retain(|entry| entry["instanceType"] != name);
        self.notes.leave_out(reason, name);
    }
}

fn written(
    region: &Region,
    entries: Vec<Value>,
    types: &[(&'static InstanceType, u32)],
    zones: BTreeSet<String>,
    notes: &mut Notes,
) -> Value {
    // All types of an environment share one architecture; jobs must fit the smallest.
    let arch = types.iter().map(|(known, _)| known.arch).next();
    let (kept, other): (Vec<_>, Vec<_>) = types.iter().partition(|(known, _)| Some(known.arch) == arch);
    for (known, _) in other {
        notes.leave_out(
            "types of another architecture than the first's in the made-up environment",
            known.name.as_str(),
        );
    }
    let entries: Vec<_> = entries
        .into_iter()
        .filter(|entry| kept.iter().any(|(known, _)| entry["instanceType"] == known.name.as_str()))
        .collect();
    let instances: u32 = kept.iter().map(|(_, most)| *most).fold(0, u32::saturating_add);
    let vcpus: u32 = kept.iter().map(|(known, most)| known.vcpus.saturating_mul(*most)).fold(0, u32::saturating_add);
    let smallest = kept.iter().map(|(known, _)| known.vcpus).min().unwrap_or(1);
    let memory = kept.iter().map(|(known, _)| known.memory.0).min().unwrap_or(1_024);
    let gpus = kept.iter().map(|(known, _)| known.gpus).min().unwrap_or(0);
    let quarters = (smallest * 4 / JOBS_AT_ONCE / 2).max(1);
    let cpu = if quarters.is_multiple_of(4) {
        (quarters / 4).to_string()
    } else {
        format!("{}.{:02}", quarters / 4, quarters % 4 * 25).trim_end_matches('0').to_owned()
    };
    let mut limits = json!({ "cpu": cpu, "memory": format!("{}Mi", (memory / JOBS_AT_ONCE / 2).max(4)) });
    if gpus > 0 {
        limits["nvidia.com/gpu"] = json!("1");
    }
    let count = instances.min(100_000).saturating_mul(JOBS_PER_INSTANCE).max(1);
    notes.made_up(format!(
        "the work: {count} jobs of an hour that all come at the beginning, each {cpu} vCPUs, tried again when an instance is \
         taken (up to 10 attempts)"
    ));
    notes.made_up(format!(
        "the environment: up to {vcpus} vCPUs, as many as the traces have at once, or {INSTANCES} instances of a type"
    ));
    notes.made_up("images, commands, namespace, subnets, roles, account");
    notes.made_up(
        "that a run begins with the first tick and price, and that they begin anew after the last (offset, atEnd)",
    );
    if kept.len() > 1 && zones.len() > 1 {
        notes.made_up("what is drawn of pools of these types in zones that no file tells of (`market.spot`)");
    }
    let name = region.name;
    // The environment launches where it was recorded, and nowhere else.
    let subnets: BTreeMap<_, _> = (0_u32..).map(|n| format!("subnet-{n:08x}")).zip(zones).collect();
    let mut resources = with_network(json!({
        "type": "SPOT", "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED", "minvCpus": 0, "maxvCpus": vcpus,
        "instanceTypes": kept.iter().map(|(known, _)| known.name.as_str()).collect::<Vec<_>>(),
    }));
    resources["subnets"] = json!(subnets.keys().collect::<Vec<_>>());
    json!({
        "description": "What do recorded Spot pools make of this work?",
        "region": name,
        "computeEnvironments": [{
            "computeEnvironmentName": "spot", "type": "MANAGED", "state": "ENABLED",
            "eksConfiguration": eks_configuration(name),
            "computeResources": resources,
        }],
        "cluster": { "subnets": subnets },
        "jobQueues": [{
            "jobQueueName": "made-up", "state": "ENABLED", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "spot" }],
        }],
        "jobDefinitions": [{
            "jobDefinitionName": "made-up", "type": "container",
            "retryStrategy": { "attempts": 10, "evaluateOnExit": [
                { "onStatusReason": "Host EC2*", "action": "RETRY" }, { "onReason": "*", "action": "EXIT" },
            ] },
            "eksProperties": { "podProperties": { "containers": [
                { "image": "imported", "command": ["true"], "resources": { "limits": limits } },
            ] } },
        }],
        "workload": [{
            "submit": { "jobName": "made-up", "jobQueue": "made-up", "jobDefinition": "made-up" },
            "count": count, "runtime": { "constant": "1h" },
        }],
        "market": { "spot": "advisor", "traces": entries },
        // A trace may leave nothing for the jobs, for ever.
        "stop": { "at": "drained", "after": "30d" },
    })
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

/// The instance type that a file's name tells: `r5.16xlarge-us-east-1b-2023-04-19.json`.
fn type_in(name: &str) -> Option<String> {
    let words = name.split(['-', '_', ' ']);
    // Of `r5.16xlarge.json` the first two parts are the type.
    let mut types = words.filter_map(|word| {
        let mut parts = word.split('.');
        let name = format!("{}.{}", parts.next()?, parts.next()?);
        catalog::instance_type(&name).ok().map(|known| known.name.clone())
    });
    types.next().or_else(|| {
        // Families and sizes with a hyphen: `u-6tb1.metal`, `m5.metal-24xl`.
        let longest = catalog::instance_types().iter().filter(|known| name.contains(&known.name));
        longest.max_by_key(|known| known.name.len()).map(|known| known.name.clone())
    })
}

/// The zone that a file's name tells.
fn zone_in(name: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    catalog::regions_with_prices().find_map(|region| {
        let at = name.find(region)?;
        let rest = &name[at + region.len()..];
        let mut letters = rest.chars();
        let letter = letters.next().filter(char::is_ascii_lowercase)?;
        let ends = !letters.next().is_some_and(is_part);
        ends.then(|| format!("{region}{letter}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_types_and_zones() {
        let told = |name: &str| (type_in(name), zone_in(name));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told("r5.16xlarge-us-east-1b-2023-04-19.json"), (some("r5.16xlarge"), some("us-east-1b")));
        assert_eq!(told("us-east-1f_v100_1-4node.json"), (None, some("us-east-1f")));
        assert_eq!(told("m5.metal.json"), (some("m5.metal"), None));
        assert_eq!(told("us-east-1box.json").1, None);
    }
}
