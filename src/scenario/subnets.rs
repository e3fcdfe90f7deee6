//! Which Availability Zones an environment launches in: those of its subnets, as far as `cluster.subnets` tells them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::ZoneId;
use crate::model::ComputeEnvironment;
use crate::model::job_queue::name_of;
use crate::nearest::{nearest, one_of};
use crate::scenario::judge::Judge;
use crate::scenario::operations::Call;
use crate::scenario::schema::Scenario;
use crate::scenario::timeline::PlannedCall;

const SUBNETS: &str = "/cluster/subnets";

/// Zones of each environment, by id; none where they are not told, and all are meant. `environments` are their names by id,
/// `zones` those of the region.
pub(super) fn zones(
    scenario: &Scenario,
    calls: &[PlannedCall],
    environments: &[String],
    zones: &[String],
    judge: &mut Judge<'_>,
) -> Vec<Vec<ZoneId>> {
    let told = told(&scenario.cluster.subnets, zones, judge);
    if scenario.cluster.subnets.is_empty() {
        return Vec::new();
    }
    let created = calls.iter().filter_map(|call| match &call.call {
        Call::CreateComputeEnvironment(document) => Some(&**document),
        _ => None,
    });
    let documents: Vec<_> = scenario.compute_environments.iter().map(|document| &document.0).chain(created).collect();
    let mut used = BTreeSet::new();
    let mut by_name: BTreeMap<&str, Vec<ZoneId>> = BTreeMap::new();
    for document in documents {
        let own = subnets(document);
        used.extend(own.iter().map(String::as_str));
        let (known, unknown): (Vec<_>, Vec<_>) = own.iter().partition(|subnet| told.contains_key(subnet.as_str()));
        let name = document.compute_environment_name.as_str();
        if !known.is_empty() && !unknown.is_empty() {
            let message = format!("the zone of {} of `{name}` is not told", one_of(unknown.iter().map(|s| s.as_str())));
            judge.warn(SUBNETS, message, "it launches in the zones of its other subnets");
        }
        let known: BTreeSet<_> = known.into_iter().filter_map(|subnet| told.get(subnet.as_str())).collect();
        by_name.insert(name, known.into_iter().copied().collect());
    }
    for call in calls {
        if let Call::UpdateComputeEnvironment(request) = &call.call
            && let Some(changed) = request.compute_resources.as_ref().and_then(|own| own.subnets.as_ref())
        {
            used.extend(changed.iter().map(String::as_str));
            let message = format!("subnets of `{}` change during the run", name_of(&request.compute_environment));
            judge.warn(SUBNETS, message, "it launches in the zones of those that it begins with");
        }
    }
    for (subnet, _) in scenario.cluster.subnets.iter().filter(|(subnet, _)| !used.contains(subnet.as_str())) {
        let help = nearest(subnet, used.iter().copied()).map(|meant| format!("did you mean `{meant}`?"));
        let message = format!("no environment has the subnet `{subnet}`");
        judge.warn(at(subnet), message, help.unwrap_or_else(|| "it has no effect".to_owned()));
    }
    environments.iter().map(|name| by_name.remove(name.as_str()).unwrap_or_default()).collect()
}

fn at(subnet: &str) -> String {
    format!("{SUBNETS}/{subnet}")
}

fn subnets(document: &ComputeEnvironment) -> &[String] {
    document.compute_resources.as_ref().map_or(&[], |resources| &resources.subnets)
}

/// Zones by subnet; those that the region lacks are faults.
fn told<'a>(
    written: &'a BTreeMap<String, String>,
    zones: &[String],
    judge: &mut Judge<'_>,
) -> BTreeMap<&'a str, ZoneId> {
    let mut told = BTreeMap::new();
    for (subnet, zone) in written {
        match (0_u8..).zip(zones).find(|(_, known)| *known == zone) {
            Some((id, _)) => drop(told.insert(subnet.as_str(), ZoneId(id))),
            // Of a region that is unknown nothing can be said.
            None if zones.is_empty() => {}
            None => judge.error(
                at(subnet),
                format!("the region has no Availability Zone `{zone}`"),
                format!("its zones are {}", one_of(zones.iter().map(String::as_str))),
            ),
        }
    }
    told
}
