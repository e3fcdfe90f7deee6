//! Consumable resources: locked when a job is placed, free again after it.
//!
//! Source: `UG:resource-aware-scheduling` (checked at the head of the queue, held from STARTING to SUCCEEDED or FAILED; a
//! total below what is in use holds new jobs back until jobs end). Resources are shared by all queues (inferred).

use crate::ids::{ConsumableResourceId, JobSpecId};
use crate::scheduler::machine::Scheduler;
use crate::scheduler::spec::ConsumableSpec;

/// A consumable resource and how much of it is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Consumable {
    pub(super) spec: ConsumableSpec,
    /// Held by jobs; of a resource that is not replenishable, also what ended jobs used up.
    pub(super) in_use: u64,
}

impl Scheduler {
    /// A resource was created, or its quantity set.
    pub(super) fn set_consumable(&mut self, id: ConsumableResourceId, spec: ConsumableSpec) {
        if id.index() >= self.consumables.len() {
            self.consumables.resize(id.index() + 1, None);
        }
        let entry = &mut self.consumables[id.index()];
        let in_use = entry.map_or(0, |known| known.in_use);
        *entry = Some(Consumable { spec, in_use });
        self.request_cycle(self.now);
    }

    /// Whether all that a job asks for is there.
    pub(super) fn has_consumables(&self, spec: JobSpecId) -> bool {
        self.specs.get(spec).consumables.iter().all(|need| {
            let known = self.consumables.get(need.resource.index()).copied().flatten();
            known.is_some_and(|known| known.spec.total.saturating_sub(known.in_use) >= need.quantity)
        })
    }

    /// How much of a resource nobody holds.
    pub(super) fn free_consumable(&self, id: ConsumableResourceId) -> u64 {
        let known = self.consumables.get(id.index()).copied().flatten();
        known.map_or(0, |known| known.spec.total.saturating_sub(known.in_use))
    }

    /// A job takes what it asks for.
    pub(super) fn take(&mut self, spec: JobSpecId) {
        for need in &self.specs.get(spec).consumables {
            if let Some(Some(known)) = self.consumables.get_mut(need.resource.index()) {
                known.in_use += need.quantity;
            }
        }
    }

    /// A job gives back what it held.
    pub(super) fn give_back(&mut self, spec: JobSpecId) {
        let needs = &self.specs.get(spec).consumables;
        if needs.is_empty() {
            return;
        }
        for need in needs {
            if let Some(Some(known)) = self.consumables.get_mut(need.resource.index())
                && known.spec.replenishable
            {
                known.in_use -= need.quantity;
            }
        }
        self.request_cycle(self.now);
    }

    /// Quantity in use and in all of a resource.
    pub fn consumable_in_use(&self, id: ConsumableResourceId) -> Option<(u64, u64)> {
        let known = (*self.consumables.get(id.index())?)?;
        Some((known.in_use, known.spec.total))
    }
}
