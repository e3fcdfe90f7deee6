//! Consumable resources: created, updated, deleted. Source: `API:CreateConsumableResource`,
//! `API:UpdateConsumableResource`, `API:DeleteConsumableResource`, `UG:resource-aware-scheduling`. Knows totals; what is in
//! use is for the core to know.

use serde::Serialize;

use crate::batch::account::{Batch, Outcome};
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::batch::registry::{Noun, Status};
use crate::ids::ConsumableResourceId;
use crate::model::ConsumableResource;
use crate::model::consumable_resource::ResourceType;
use crate::model::operations::{DeleteConsumableResource, UpdateConsumableResource};
use crate::scheduler::{ConsumableSpec, Event};

/// Resources of an account and Region. Source: `UG:service_limits`.
const RESOURCES_MAX: usize = 50_000;

/// A consumable resource.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) document: ConsumableResource,
    pub(super) status: Status,
}

/// The answer to `CreateConsumableResource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct ConsumableResourceName {
    pub consumable_resource_name: String,
    pub consumable_resource_arn: String,
}

/// The answer to `UpdateConsumableResource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct UpdatedConsumableResource {
    pub consumable_resource_name: String,
    pub consumable_resource_arn: String,
    pub total_quantity: u64,
}

impl Resource {
    pub(super) fn spec(&self) -> ConsumableSpec {
        ConsumableSpec {
            total: self.document.total_quantity,
            replenishable: self.document.resource_type == ResourceType::Replenishable,
        }
    }
}

impl<T: InstanceTypes> Batch<T> {
    /// `CreateConsumableResource`.
    pub fn create_consumable_resource(
        &mut self,
        document: &ConsumableResource,
    ) -> Result<Outcome<ConsumableResourceName>, BatchError> {
        const OPERATION: &str = "CreateConsumableResource";
        if !self.resources.has_ids() {
            return Err(BatchError::exhausted(OPERATION, Noun::ConsumableResource.name()));
        }
        let name = &document.consumable_resource_name;
        let mut problems = document.problems();
        problems.extend(self.resources.over_quota(RESOURCES_MAX));
        let taken = self.resources.taken(name, "/consumableResourceName");
        let free = taken.is_none();
        problems.extend(taken);
        let mut event = None;
        if free && self.takes_in(&problems) {
            let created = Resource { document: document.clone(), status: Status::Valid };
            let spec = created.spec();
            let resource = resource_id(self.resources.insert(name, created));
            event = Some(Event::ConsumableResourceSet { resource, spec });
        }
        BatchError::check(OPERATION, problems)?;
        let response = ConsumableResourceName {
            consumable_resource_name: name.clone(),
            consumable_resource_arn: self.arn(Noun::ConsumableResource, name),
        };
        Ok(Outcome { response, events: event.into_iter().collect() })
    }

    /// `UpdateConsumableResource`: the total is set, raised or lowered, not below 0.
    pub fn update_consumable_resource(
        &mut self,
        request: &UpdateConsumableResource,
    ) -> Result<Outcome<UpdatedConsumableResource>, BatchError> {
        const OPERATION: &str = "UpdateConsumableResource";
        let mut problems = request.problems();
        let found = self.find(&self.resources, &request.consumable_resource, "/consumableResource", &mut problems);
        let Some(index) = found else { return Err(BatchError::client(OPERATION, problems)) };
        BatchError::check(OPERATION, problems)?;
        let known = &mut self.resources.all_mut()[index];
        let before = known.spec();
        known.document.total_quantity = request.applied_to(known.document.total_quantity);
        let (spec, name) = (known.spec(), known.document.consumable_resource_name.clone());
        let response = UpdatedConsumableResource {
            consumable_resource_arn: self.arn(Noun::ConsumableResource, &name),
            consumable_resource_name: name,
            total_quantity: spec.total,
        };
        let changed = (spec != before).then(|| Event::ConsumableResourceSet { resource: resource_id(index), spec });
        Ok(Outcome { response, events: changed.into_iter().collect() })
    }

    /// `DeleteConsumableResource`: nothing is left of it. Jobs that hold it go on; jobs that wait for it wait for ever.
    pub fn delete_consumable_resource(
        &mut self,
        request: &DeleteConsumableResource,
    ) -> Result<Outcome<()>, BatchError> {
        const OPERATION: &str = "DeleteConsumableResource";
        let mut problems = Vec::new();
        let found = self.find(&self.resources, &request.consumable_resource, "/consumableResource", &mut problems);
        let Some(index) = found else { return Err(BatchError::client(OPERATION, problems)) };
        let known = &mut self.resources.all_mut()[index];
        known.status = Status::Deleted;
        let (name, spec) =
            (known.document.consumable_resource_name.clone(), ConsumableSpec { total: 0, ..known.spec() });
        self.resources.remove(&name);
        let event = Event::ConsumableResourceSet { resource: resource_id(index), spec };
        Ok(Outcome { response: (), events: vec![event] })
    }
}

pub(super) fn resource_id(index: usize) -> ConsumableResourceId {
    ConsumableResourceId(u16::try_from(index).expect("registries hold as many as ids tell apart"))
}
