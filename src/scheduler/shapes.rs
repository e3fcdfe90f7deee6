//! Jobs that ask for the same resources are one shape: what fits one fits all, so backlog and capacity on its way are
//! counted by shape and never looked at job by job.

use std::collections::BTreeMap;

use crate::ids::JobSpecId;
use crate::model::Resources;
use crate::scheduler::JobSpec;

/// A distinct vector of requests, in order of first appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShapeId(pub(super) u32);

impl ShapeId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Registered job specs and their shapes.
#[derive(Debug, Clone, Default)]
pub(super) struct Specs {
    by_id: Vec<Option<(JobSpec, ShapeId)>>,
    shapes: Vec<Resources>,
    by_requests: BTreeMap<Resources, ShapeId>,
}

impl Specs {
    /// Registers a spec under its id. A second registration of an id replaces the first for later submissions.
    pub(super) fn register(&mut self, id: JobSpecId, spec: JobSpec) {
        let requests = spec.requests;
        let shape = *self.by_requests.entry(requests).or_insert_with(|| {
            self.shapes.push(requests);
            ShapeId(u32::try_from(self.shapes.len() - 1).expect("fewer than four billion shapes"))
        });
        if id.index() >= self.by_id.len() {
            self.by_id.resize_with(id.index() + 1, || None);
        }
        self.by_id[id.index()] = Some((spec, shape));
    }

    /// The spec, if it was registered.
    pub(super) fn find(&self, id: JobSpecId) -> Option<&(JobSpec, ShapeId)> {
        self.by_id.get(id.index())?.as_ref()
    }

    /// A spec that a job in the system refers to.
    pub(super) fn get(&self, id: JobSpecId) -> &JobSpec {
        &self.find(id).expect("jobs refer to registered specs").0
    }

    /// The shape of a spec that a job in the system refers to.
    pub(super) fn shape(&self, id: JobSpecId) -> ShapeId {
        self.find(id).expect("jobs refer to registered specs").1
    }

    /// What a job of the shape asks for.
    pub(super) fn requests(&self, shape: ShapeId) -> Resources {
        self.shapes[shape.index()]
    }
}

/// A number per shape.
#[derive(Debug, Clone, Default)]
pub(super) struct ByShape(Vec<u64>);

impl ByShape {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn get(&self, shape: ShapeId) -> u64 {
        self.0.get(shape.index()).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, shape: ShapeId, number: u64) {
        if shape.index() >= self.0.len() {
            self.0.resize(shape.index() + 1, 0);
        }
        self.0[shape.index()] += number;
    }

    /// Takes up to `number` away and returns how much that was.
    pub(super) fn take(&mut self, shape: ShapeId, number: u64) -> u64 {
        let Some(have) = self.0.get_mut(shape.index()) else { return 0 };
        let taken = number.min(*have);
        *have -= taken;
        taken
    }

    /// Shapes with a number above zero, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ShapeId, u64)> {
        (0..).zip(&self.0).filter(|&(_, &number)| number > 0).map(|(index, &number)| (ShapeId(index), number))
    }
}
