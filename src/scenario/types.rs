//! The instance types of a run: what the entries of `instanceTypes` stand for, the catalog's facts and the scenario's own
//! put together, and what daemonsets leave of a node. Knows no environment and no job.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::{InstanceTypes, TypeOffer};
use crate::catalog::{self, Architecture, CatalogError, InstanceType, Region};
use crate::ids::{InstanceTypeId, ZoneId};
use crate::model::{Assumptions, Resources};
use crate::scenario::cluster::{Amount, Cluster, CustomType, DaemonSet, Reserve};
use crate::scenario::judge::Judge;
use crate::scheduler::TypeFacts;
use crate::sim::{NodeClass, WorldType};
use crate::units::{MiB, MicroUsd, MilliCpu};

/// Where a price that a run rests on comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The instance type.
    pub instance_type: String,
    /// On-Demand price per hour.
    pub on_demand_per_hour: MicroUsd,
    /// Mean Spot price per hour; `None` where EC2 offers the type not as Spot.
    pub spot_per_hour: Option<MicroUsd>,
    /// How the On-Demand price is known: the catalog's basis, or `scenario`.
    pub basis: String,
    /// Date of the On-Demand price; `None` for the scenario's own.
    pub as_of: Option<String>,
}

/// A type as this run sees it.
#[derive(Debug, Clone)]
pub(super) struct RunType {
    pub(super) instance_type: InstanceType,
    pub(super) price: Price,
    /// What a node of it offers to jobs.
    pub(super) free: Resources,
    world: WorldType,
}

/// What entries of `instanceTypes` can stand for.
#[derive(Debug)]
pub(super) struct Types<'a> {
    region: Option<&'static Region>,
    zones: Vec<String>,
    customs: BTreeMap<&'a str, &'a CustomType>,
    /// What each daemonset takes of the nodes that it is on; `None` stands for those of all nodes.
    daemon_sets: Vec<(Option<&'a DaemonSet>, Resources)>,
    /// What nodes of a type were seen to offer.
    allocatable: BTreeMap<&'a str, Resources>,
    vm_memory_overhead_ppm: u32,
    /// Types that an environment allows, by name.
    used: BTreeMap<String, RunType>,
    /// What each entry stands for, or why for nothing.
    entries: BTreeMap<String, Result<Vec<String>, String>>,
    /// Names by id, once all entries are known.
    names: Vec<String>,
}

impl<'a> Types<'a> {
    pub(super) fn new(
        region: Option<&'static Region>,
        cluster: &'a Cluster,
        assumptions: &Assumptions,
        judge: &mut Judge<'_>,
    ) -> Self {
        let mut customs = BTreeMap::new();
        let mut allocatable = BTreeMap::new();
        for (index, custom) in cluster.instance_types.iter().enumerate() {
            let at = format!("/cluster/instanceTypes/{index}");
            if customs.insert(custom.name.as_str(), custom).is_some() {
                judge.error(
                    format!("{at}/name"),
                    format!("`{}` stands twice", custom.name),
                    "describe every type once",
                );
            }
            if let Some(seen) = &custom.allocatable {
                let seen = seen.resources(&format!("{at}/allocatable"), judge);
                allocatable.insert(custom.name.as_str(), seen);
            }
            let made_up = catalog::instance_type(&custom.name).is_err();
            for (missing, field) in [
                (custom.vcpus.is_none(), "vcpus"),
                (custom.memory_mib.is_none(), "memoryMiB"),
                (custom.on_demand_price.is_none(), "onDemandPrice"),
            ] {
                if made_up && missing {
                    judge.error(
                        at.as_str(),
                        format!("the catalog has no `{}`, so `{field}` is needed", custom.name),
                        format!("add `{field}`, or write the name of a type that the catalog has"),
                    );
                }
            }
        }
        Self {
            zones: region.map_or_else(Vec::new, Region::zones),
            region,
            customs,
            daemon_sets: daemon_sets(cluster, assumptions, judge),
            allocatable,
            vm_memory_overhead_ppm: assumptions.vm_memory_overhead_ppm,
            used: BTreeMap::new(),
            entries: BTreeMap::new(),
            names: Vec::new(),
        }
    }

    /// Takes in everything that documents name, from here on with ids. To be called once.
    pub(super) fn collect<'e>(&mut self, entries: impl IntoIterator<Item = &'e str>) {
        for entry in entries {
            if !self.entries.contains_key(entry) {
                let types = self.expand_entry(entry).map_err(|error| error.to_string());
                self.entries.insert(entry.to_owned(), types);
            }
        }
        self.names = self.used.keys().cloned().collect();
    }

    /// The types that an entry stands for, in the catalog's order; empty in an unknown region.
    fn expand_entry(&mut self, entry: &str) -> Result<Vec<String>, CatalogError> {
        let Some(region) = self.region else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if let Some(custom) = self.customs.get(entry) {
            found.push(self.run_type(region, Some(custom), catalog::instance_type(entry).ok())?);
        } else {
            let family = format!("{entry}.");
            let own: Vec<_> = self.customs.iter().filter(|(name, _)| name.starts_with(&family)).collect();
            let listed = match catalog::expand(entry, region) {
                Ok(listed) => listed,
                Err(error) if own.is_empty() => return Err(error),
                Err(_) => Vec::new(),
            };
            for listed in &listed {
                found.push(self.run_type(region, self.customs.get(listed.name.as_str()).copied(), Some(listed))?);
            }
            for (name, custom) in own {
                if !listed.iter().any(|listed| listed.name == **name) {
                    found.push(self.run_type(region, Some(custom), catalog::instance_type(name).ok())?);
                }
            }
        }
        let names = found.iter().map(|found| found.instance_type.name.clone()).collect();
        self.used.extend(found.into_iter().map(|found| (found.instance_type.name.clone(), found)));
        Ok(names)
    }

    /// A type by its id.
    pub(super) fn get(&self, id: InstanceTypeId) -> Option<&RunType> {
        self.used.get(self.names.get(id.index())?)
    }

    /// A type's id, and its zones by id and name; `None` for one that no environment allows.
    pub(super) fn pools(&self, name: &str) -> Option<(InstanceTypeId, Vec<(ZoneId, String)>)> {
        let (id, found) = (self.names.binary_search_by(|known| known.as_str().cmp(name)).ok()?, self.used.get(name)?);
        let zones = found.world.zones.iter().map(|&zone| (zone, self.zones[usize::from(zone.0)].clone()));
        Some((InstanceTypeId(u16::try_from(id).ok()?), zones.collect()))
    }

    /// Whether a type can be had as Spot.
    pub(super) fn offers_spot(&self, id: InstanceTypeId) -> bool {
        self.get(id).is_some_and(|found| found.world.spot_per_hour.is_some())
    }

    pub(super) fn zones(&self) -> &[String] {
        &self.zones
    }

    /// The same table for those who have no documents: every entry, and every type by its own name.
    pub(super) fn known(&self) -> KnownTypes {
        let singles: BTreeSet<_> = self.customs.keys().map(|&name| name.to_owned()).collect();
        let named = self.entries.keys().chain(&self.names).map(|entry| {
            let offers = if self.entries.contains_key(entry) {
                self.expand(entry)
            } else {
                Ok(self.offer(entry).into_iter().collect())
            };
            (entry.clone(), offers)
        });
        KnownTypes { entries: named.collect(), singles }
    }

    fn offer(&self, name: &str) -> Option<TypeOffer> {
        let (id, found) = (self.names.binary_search_by(|known| known.as_str().cmp(name)).ok()?, self.used.get(name)?);
        Some(TypeOffer {
            id: InstanceTypeId(u16::try_from(id).ok()?),
            architecture: found.instance_type.arch,
            spot: found.price.spot_per_hour.is_some(),
        })
    }

    /// The types that environments allow, in alphabetical order.
    pub(super) fn finish(self) -> (Vec<String>, Vec<WorldType>, Vec<Price>) {
        let mut names = Vec::new();
        let (worlds, prices) = self
            .used
            .into_iter()
            .map(|(name, found)| {
                names.push(name);
                (found.world, found.price)
            })
            .unzip();
        (names, worlds, prices)
    }

    /// What daemonsets take of a node.
    fn daemon_sets_on(&self, name: &str) -> Resources {
        let here = self.daemon_sets.iter().filter(|(set, _)| set.is_none_or(|set| set.is_on(name)));
        here.fold(Resources::ZERO, |sum, (_, own)| Resources {
            cpu: MilliCpu(sum.cpu.0.saturating_add(own.cpu.0)),
            memory: MiB(sum.memory.0.saturating_add(own.memory.0)),
            gpus: sum.gpus.saturating_add(own.gpus),
            pods: sum.pods.saturating_add(own.pods),
        })
    }

    fn run_type(
        &self,
        region: &'static Region,
        custom: Option<&CustomType>,
        listed: Option<&InstanceType>,
    ) -> Result<RunType, CatalogError> {
        let instance_type = instance_type(custom, listed);
        let offer = match (listed.map(|listed| region.offer(listed)), custom.and_then(|c| c.on_demand_price)) {
            (Some(Err(error)), None) => return Err(error),
            (offer, _) => offer.and_then(Result::ok),
        };
        let usd = |price: fn(&CustomType) -> Option<f64>| custom.and_then(price).map(MicroUsd::from_usd);
        let own_price = usd(|c| c.on_demand_price);
        let on_demand_per_hour = own_price.or(offer.as_ref().map(|offer| offer.on_demand_per_hour)).unwrap_or_default();
        let listed_spot = offer.as_ref().and_then(|offer| offer.spot);
        let spot_per_hour = usd(|c| c.spot_price).or(listed_spot.map(|spot| spot.per_hour));
        let bucket = custom
            .and_then(|c| c.interruption_bucket)
            .or(listed_spot.map(|spot| u8::try_from(spot.interruption.index()).unwrap_or(4)));
        let seen = self.allocatable.get(instance_type.name.as_str());
        let allocatable = match custom.map(|c| c.reserve) {
            _ if let Some(&seen) = seen => {
                Resources { pods: if seen.pods == 0 { instance_type.max_pods } else { seen.pods }, ..seen }
            }
            Some(Reserve::None) => Resources {
                cpu: MilliCpu::from_vcpus(instance_type.vcpus),
                memory: instance_type.memory,
                gpus: instance_type.gpus,
                pods: instance_type.max_pods,
            },
            _ => catalog::kubelet::allocatable(&instance_type, self.vm_memory_overhead_ppm),
        };
        let free = allocatable.saturating_sub(self.daemon_sets_on(&instance_type.name));
        let zone_names = offer.as_ref().map_or(&self.zones, |offer| &offer.zones);
        let price = Price {
            instance_type: instance_type.name.clone(),
            on_demand_per_hour,
            spot_per_hour,
            basis: match &offer {
                Some(offer) if own_price.is_none() => offer.basis.to_string(),
                _ => "scenario".to_owned(),
            },
            as_of: offer.as_ref().filter(|_| own_price.is_none()).map(|offer| offer.as_of.to_owned()),
        };
        let world = WorldType {
            facts: TypeFacts {
                vcpus: instance_type.vcpus,
                allocatable,
                on_demand_per_hour,
                spot_per_hour: spot_per_hour.unwrap_or(on_demand_per_hour),
            },
            free,
            class: match &instance_type {
                t if t.bare_metal => NodeClass::Metal,
                t if t.gpus > 0 => NodeClass::Gpu,
                _ => NodeClass::Cpu,
            },
            interruption_bucket: bucket.unwrap_or(0),
            spot_per_hour,
            zones: (0_u8..)
                .zip(&self.zones)
                .filter(|(_, z)| zone_names.contains(z))
                .map(|(id, _)| ZoneId(id))
                .collect(),
        };
        Ok(RunType { instance_type, price, free, world })
    }
}

impl InstanceTypes for Types<'_> {
    fn is_single(&self, entry: &str) -> bool {
        entry.contains('.') || self.customs.contains_key(entry)
    }

    fn expand(&self, entry: &str) -> Result<Vec<TypeOffer>, String> {
        let names = self.entries.get(entry).ok_or_else(|| format!("no instance type is called `{entry}`"))?;
        names.as_ref().map(|names| names.iter().filter_map(|name| self.offer(name)).collect()).map_err(Clone::clone)
    }
}

/// What entries of `instanceTypes` stand for in a scenario that was read: the table of `Types` without the documents.
#[derive(Debug, Clone, Default)]
pub struct KnownTypes {
    singles: BTreeSet<String>,
    entries: BTreeMap<String, Result<Vec<TypeOffer>, String>>,
}

impl InstanceTypes for KnownTypes {
    fn is_single(&self, entry: &str) -> bool {
        entry.contains('.') || self.singles.contains(entry)
    }

    fn expand(&self, entry: &str) -> Result<Vec<TypeOffer>, String> {
        let known = self.entries.get(entry);
        known.cloned().unwrap_or_else(|| Err(format!("`{entry}` is none of the scenario's instance types")))
    }
}

/// A catalog's type with the scenario's changes, or a type that the scenario makes up.
fn instance_type(custom: Option<&CustomType>, listed: Option<&InstanceType>) -> InstanceType {
    let name = listed.map(|t| t.name.as_str()).or(custom.map(|c| c.name.as_str())).unwrap_or_default();
    let mut made = listed.cloned().unwrap_or_else(|| InstanceType {
        name: name.to_owned(),
        family: name.split('.').next().unwrap_or(name).to_owned(),
        vcpus: 1,
        memory: MiB(1),
        arch: Architecture::X86_64,
        gpus: 0,
        gpu: None,
        max_pods: InstanceType::DEFAULT_MAX_PODS,
        bare_metal: false,
        burstable: false,
        current_generation: true,
        offers_spot: custom.is_some_and(|c| c.spot_price.is_some()),
    });
    if let Some(custom) = custom {
        made.vcpus = custom.vcpus.unwrap_or(made.vcpus);
        made.memory = custom.memory_mib.map_or(made.memory, MiB);
        made.gpus = custom.gpus.unwrap_or(made.gpus);
        made.max_pods = custom.max_pods.unwrap_or(made.max_pods);
        made.arch = custom.arch.map_or(made.arch, Into::into);
    }
    made
}

/// What daemonsets take of the nodes that Batch launches.
fn daemon_sets<'a>(
    cluster: &'a Cluster,
    assumptions: &Assumptions,
    judge: &mut Judge<'_>,
) -> Vec<(Option<&'a DaemonSet>, Resources)> {
    let Some(listed) = &cluster.daemon_sets else {
        let typical = Resources {
            cpu: MilliCpu(assumptions.typical_daemon_set_cpu_milli),
            memory: MiB(assumptions.typical_daemon_set_memory_mib),
            gpus: 0,
            pods: assumptions.typical_daemon_set_pods,
        };
        return vec![(None, typical)];
    };
    let rows = listed.iter().enumerate().map(|(index, set)| {
        let asks = Amount { cpu: set.cpu.clone(), memory: set.memory.clone(), gpus: 0, pods: 1 };
        (Some(set), asks.resources(&format!("/cluster/daemonSets/{index}"), judge))
    });
    rows.collect()
}
