//! Jobs that ask for the same resources are one shape: what fits one fits all, so backlog and capacity on its way are
//! counted by shape and never looked at job by job.

use std::collections::BTreeMap;

use crate::ids::{InstanceTypeId, JobSpecId};
use crate::model::Resources;
use crate::scheduler::JobSpec;

/// A distinct demand, in order of first appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShapeId(pub(super) u32);

impl ShapeId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What makes jobs the same demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    /// Of each pod.
    requests: Resources,
    /// Nodes of a multi-node parallel job.
    nodes: Option<u16>,
    /// The only type these may be.
    instance_type: Option<InstanceTypeId>,
}

/// Registered job specs and their shapes.
#[derive(Debug, Clone, Default)]
pub(super) struct Specs {
    by_id: Vec<Option<(JobSpec, ShapeId)>>,
    shapes: Vec<Shape>,
    ids: BTreeMap<Shape, ShapeId>,
}

impl Specs {
    /// Registers a spec under its id; whether that is news, and its main node one of its nodes.
    pub(super) fn register(&mut self, id: JobSpecId, spec: JobSpec) -> bool {
        if id.index() >= self.by_id.len() {
            self.by_id.resize_with(id.index() + 1, || None);
        }
        if self.by_id[id.index()].is_some() {
            return false;
        }
        let multi_node = spec.multi_node.as_ref();
        if multi_node.is_some_and(|multi_node| multi_node.main >= multi_node.nodes) {
            return false;
        }
        let shape = Shape {
            requests: spec.requests,
            nodes: multi_node.map(|multi_node| multi_node.nodes),
            instance_type: multi_node.and_then(|multi_node| multi_node.instance_type),
        };
        let shape = *self.ids.entry(shape).or_insert_with(|| {
            self.shapes.push(shape);
            ShapeId(u32::try_from(self.shapes.len() - 1).expect("fewer than four billion shapes"))
        });
        self.by_id[id.index()] = Some((spec, shape));
        true
    }

    /// The spec, if it was registered.
    pub(super) fn find(&self, id: JobSpecId) -> Option<&(JobSpec, ShapeId)> {
        self.by_id.get(id.index())?.as_ref()
    }

    /// A spec that a job in the system refers to.
    pub(super) fn get(&self, id: JobSpecId) -> &JobSpec {
        &self.find(id).expect("jobs refer to registered specs").0
    }

    /// A spec that a job in the system refers to, and its shape.
    pub(super) fn known(&self, id: JobSpecId) -> (&JobSpec, ShapeId) {
        let (spec, shape) = self.find(id).expect("jobs refer to registered specs");
        (spec, *shape)
    }

    /// The shape of a spec that a job in the system refers to.
    pub(super) fn shape(&self, id: JobSpecId) -> ShapeId {
        self.known(id).1
    }

    /// What each pod of a job of the shape asks for.
    pub(super) fn requests(&self, shape: ShapeId) -> Resources {
        self.shapes[shape.index()].requests
    }

    /// CPU that a job of the shape asks for in all, thousandths of a vCPU.
    pub(super) fn cpu(&self, shape: ShapeId) -> u64 {
        u64::from(self.requests(shape).cpu.0) * u64::from(self.nodes(shape))
    }

    /// Whether jobs of the shape are multi-node parallel.
    pub(super) fn is_multi_node(&self, shape: ShapeId) -> bool {
        self.shapes[shape.index()].nodes.is_some()
    }

    /// Nodes that a job of the shape runs on.
    pub(super) fn nodes(&self, shape: ShapeId) -> u16 {
        self.shapes[shape.index()].nodes.unwrap_or(1)
    }

    /// The only type that the nodes of a multi-node parallel job may be.
    pub(super) fn instance_type(&self, shape: ShapeId) -> Option<InstanceTypeId> {
        self.shapes[shape.index()].instance_type
    }

    /// Pods of the shape that a node which offers so much is good for.
    pub(super) fn times_in(&self, shape: ShapeId, offers: Resources) -> u32 {
        let times = self.requests(shape).times_in(offers);
        // A node of a multi-node parallel job carries nothing else.
        if self.is_multi_node(shape) { times.min(1) } else { times }
    }
}

/// A number per shape.
#[derive(Debug, Clone, Default)]
pub(super) struct ByShape {
    numbers: Vec<u64>,
    total: u64,
}

impl ByShape {
    pub(super) const fn new() -> Self {
        Self { numbers: Vec::new(), total: 0 }
    }

    pub(super) fn get(&self, shape: ShapeId) -> u64 {
        self.numbers.get(shape.index()).copied().unwrap_or(0)
    }

    pub(super) fn add(&mut self, shape: ShapeId, number: u64) {
        if shape.index() >= self.numbers.len() {
            self.numbers.resize(shape.index() + 1, 0);
        }
        self.numbers[shape.index()] += number;
        self.total += number;
    }

    /// Takes up to `number` away and returns how much that was.
    pub(super) fn take(&mut self, shape: ShapeId, number: u64) -> u64 {
        let Some(have) = self.numbers.get_mut(shape.index()) else { return 0 };
        let taken = number.min(*have);
        *have -= taken;
        self.total -= taken;
        taken
    }

    /// The sum over all shapes.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Shapes with a number above zero, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ShapeId, u64)> {
        (0..).zip(&self.numbers).filter(|&(_, &number)| number > 0).map(|(index, &number)| (ShapeId(index), number))
    }
}
