//! What `computeResources` mean to the core: entries of `instanceTypes` as types, and the limits. Knows instance types by
//! what a table says of them; the table is the caller's.

use std::collections::BTreeSet;

use crate::catalog::Architecture;
use crate::ids::InstanceTypeId;
use crate::model::compute_environment::{ComputeEnvironment, ComputeResource, EnvironmentType, State};
use crate::model::{Problem, PurchaseOption};
use crate::scheduler::{EnvironmentSpec, ManagedSpec};
use crate::units::SimDuration;

/// The instance types that documents can name. All ids are known before the first document is judged.
pub trait InstanceTypes {
    /// Whether an entry of `instanceTypes` names one type, rather than a family or a keyword.
    fn is_single(&self, entry: &str) -> bool;

    /// The types that an entry stands for, in order; or why it stands for none, with the way out.
    fn expand(&self, entry: &str) -> Result<Vec<TypeOffer>, String>;
}

/// An instance type, as far as the control plane cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeOffer {
    /// Its id.
    pub id: InstanceTypeId,
    /// What its processors execute.
    pub architecture: Architecture,
    /// Whether EC2 offers it as Spot.
    pub spot: bool,
}

impl<T: InstanceTypes + ?Sized> InstanceTypes for &T {
    fn is_single(&self, entry: &str) -> bool {
        (**self).is_single(entry)
    }

    fn expand(&self, entry: &str) -> Result<Vec<TypeOffer>, String> {
        (**self).expand(entry)
    }
}

/// What the core is told of an environment, and its architecture; faults are added to `problems`.
pub(super) fn environment_spec(
    document: &ComputeEnvironment,
    types: &impl InstanceTypes,
    problems: &mut Vec<Problem>,
) -> (EnvironmentSpec, Option<Architecture>) {
    let resources = document.compute_resources.as_ref().filter(|_| document.kind == EnvironmentType::Managed);
    let mut architecture = None;
    let managed = resources.map(|resources| {
        let (instance_types, found) = expand(resources, types, problems);
        architecture = found;
        managed_spec(resources, instance_types)
    });
    let enabled = document.state == State::Enabled;
    (EnvironmentSpec { enabled, managed, unmanaged_vcpus: document.unmanaged_vcpus }, architecture)
}

fn managed_spec(resources: &ComputeResource, instance_types: Vec<Vec<InstanceTypeId>>) -> ManagedSpec {
    let delay = resources.scaling_policy.as_ref().map_or(0, |policy| policy.min_scale_down_delay_minutes);
    ManagedSpec {
        purchase: resources.kind,
        strategy: resources.strategy_or_default(),
        min_vcpus: resources.min_vcpus,
        max_vcpus: resources.max_vcpus,
        instance_types,
        min_scale_down_delay: (delay > 0).then(|| SimDuration::from_mins(delay.into())),
        bid_percentage: resources.bid_percentage,
    }
}

/// One list per entry, no type twice, and the architecture that all share (`UG:instance-type-compute-table`).
fn expand(
    resources: &ComputeResource,
    types: &impl InstanceTypes,
    problems: &mut Vec<Problem>,
) -> (Vec<Vec<InstanceTypeId>>, Option<Architecture>) {
    const AT: &str = "/computeResources/instanceTypes";
    let entries = &resources.instance_types;
    // A type that has an entry of its own keeps its place there, whatever family comes before.
    let singles: BTreeSet<InstanceTypeId> = entries
        .iter()
        .filter(|entry| types.is_single(entry))
        .flat_map(|entry| types.expand(entry).unwrap_or_default())
        .map(|offer| offer.id)
        .collect();
    let (mut lists, mut taken, mut architecture) = (Vec::new(), BTreeSet::new(), None);
    let mut not_spot = false;
    for (index, entry) in entries.iter().enumerate() {
        let offers = match types.expand(entry) {
            Ok(offers) => offers,
            Err(why) => {
                problems.push(Problem::new(format!("{AT}/{index}"), why, ""));
                continue;
            }
        };
        let mut own = Vec::new();
        for offer in offers {
            if resources.kind == PurchaseOption::Spot && !offer.spot {
                not_spot = true;
                continue;
            }
            if (!types.is_single(entry) && singles.contains(&offer.id)) || !taken.insert(offer.id) {
                continue;
            }
            if let Some(known) = architecture.filter(|known| *known != offer.architecture) {
                let own = offer.architecture;
                let message = format!(
                    "`{entry}` is {own} and the entries before it are {known}: an environment's types share one architecture"
                );
                problems.push(Problem::new(format!("{AT}/{index}"), message, "give it an environment of its own"));
                break;
            }
            architecture = Some(offer.architecture);
            own.push(offer.id);
        }
        if !own.is_empty() {
            lists.push(own);
        }
    }
    if taken.is_empty() && not_spot {
        let help = "name other types, or write `\"type\": \"EC2\"`";
        problems.push(Problem::new(AT, "EC2 offers none of these types as Spot", help));
    }
    (lists, architecture)
}
