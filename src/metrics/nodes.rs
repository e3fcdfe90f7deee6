//! Every node from launch to bill: the table of live nodes, the Spot pools' meters and the totals of finished nodes by
//! instance type and purchase option.
//!
//! Memory: four bytes per node ever launched, a record per live node, a row per type. Adopted nodes count as capacity
//! and cost nothing: what an UNMANAGED environment's owner pays is not known here. Knows nothing of jobs but the CPU
//! and GPUs that their pods request.

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, NodeId, ZoneId};
use crate::metrics::billing::{Charge, PoolMeter, Tariff, billed, is_uncharged};
use crate::metrics::capacity::{Bill, CpuMeter, NodeEnd, Part, Usage};
use crate::metrics::gpus::GpuMeter;
use crate::metrics::timeline::Levels;
use crate::model::{PurchaseOption, Resources};
use crate::scheduler::{NodeLossCause, TypeFacts};
use crate::units::{MicroUsd, MilliCpu, SimDuration, SimTime};

/// How a node came to be and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was there; no charge.
    Adopted,
    /// Launched from a pool, as one of the two options.
    Launched { instance_type: InstanceTypeId, zone: ZoneId, purchase: PurchaseOption },
}

/// A live node.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) environment: ComputeEnvironmentId,
    pub(super) origin: Origin,
    pub(super) cpu: CpuMeter,
    /// Pods it has had in the window.
    pub(super) pods: u32,
    pods_now: u32,
    gpus: u16,
    /// The meter's reading at launch, or at the window's beginning.
    reading: Charge,
    gone: Option<(NodeEnd, Charge)>,
}

/// A finished node.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    pub(super) node: Node,
    pub(super) end: NodeEnd,
    pub(super) usage: Usage,
    pub(super) charge: Charge,
}

/// Totals of the nodes of one instance type and purchase option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FleetRow {
    /// Those that lived in the window, and of these, those that were there before it.
    pub(super) nodes: u64,
    pub(super) carried: u64,
    pub(super) attempts: u64,
    pub(super) interruptions: u64,
    pub(super) uncharged: u64,
    pub(super) usage: Usage,
    pub(super) bill: Bill,
}

#[derive(Debug, Clone, Copy)]
struct Pool {
    meter: PoolMeter,
    live: u64,
}

/// All nodes of a run.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    types: Vec<TypeFacts>,
    tariff: Tariff,
    /// By type, then zone; a type's list grows to the zones that were seen.
    pools: Vec<Vec<Pool>>,
    /// By node id: the slot in `live` plus one; 0 once the node is finished.
    slot_of: Vec<u32>,
    live: Vec<Node>,
    gone: Vec<NodeId>,
    /// By type and purchase option; adopted nodes come last.
    fleet: Vec<FleetRow>,
    /// Where the window begins.
    from: SimTime,
    /// Milliseconds for which root volumes are billed.
    pub(super) volume_ms: u128,
    pub(super) warnings: u64,
    pub(super) gpus: GpuMeter,
    pub(super) peak_mcpu: u64,
    pub(super) peak_count: u64,
}

impl Nodes {
    pub(super) fn new(types: Vec<TypeFacts>, tariff: Tariff) -> Self {
        Self {
            pools: vec![Vec::new(); types.len()],
            fleet: vec![FleetRow::default(); types.len() * 2 + 1],
            types,
            tariff,
            slot_of: Vec::new(),
            live: Vec::new(),
            gone: Vec::new(),
            from: SimTime::ZERO,
            volume_ms: 0,
            warnings: 0,
            gpus: GpuMeter::default(),
            peak_mcpu: 0,
            peak_count: 0,
        }
    }

    /// Number of instance types.
    pub(super) const fn types(&self) -> usize {
        self.types.len()
    }

    /// The rows of one type: On-Demand and Spot.
    pub(super) fn fleet_of(&self, instance_type: usize) -> [FleetRow; 2] {
        [self.fleet[instance_type * 2], self.fleet[instance_type * 2 + 1]]
    }

    /// The row of adopted nodes.
    pub(super) fn adopted(&self) -> FleetRow {
        *self.fleet.last().expect("the row of adopted nodes")
    }

    fn slot(&self, node: NodeId) -> Option<usize> {
        (*self.slot_of.get(node.index())?).checked_sub(1).map(|slot| slot as usize)
    }

    fn get_mut(&mut self, node: NodeId) -> Option<&mut Node> {
        self.slot(node).map(|slot| &mut self.live[slot])
    }

    /// vCPUs of a live node.
    pub(super) fn cpu_of(&self, node: NodeId) -> Option<(Origin, MilliCpu)> {
        self.slot(node).map(|slot| (self.live[slot].origin, self.live[slot].cpu.cpu()))
    }

    fn pool(&mut self, instance_type: InstanceTypeId, zone: ZoneId) -> &mut Pool {
        let price = self.types[instance_type.index()].spot_per_hour;
        let zones = &mut self.pools[instance_type.index()];
        if zones.len() <= zone.index() {
            zones.resize(zone.index() + 1, Pool { meter: PoolMeter::new(price), live: 0 });
        }
        &mut zones[zone.index()]
    }

    fn on_demand(&self, instance_type: InstanceTypeId) -> MicroUsd {
        self.tariff.on_demand(self.types[instance_type.index()].on_demand_per_hour)
    }

    /// Reading of the meter that a node runs on, and the price now. Differences of readings are money.
    fn reading(&mut self, origin: Origin, now: SimTime) -> (Charge, MicroUsd) {
        match origin {
            Origin::Adopted => (Charge::ZERO, MicroUsd::ZERO),
            Origin::Launched { instance_type, purchase: PurchaseOption::Ec2, .. } => {
                let meter = PoolMeter::new(self.on_demand(instance_type));
                (meter.reading(now), meter.per_hour())
            }
            Origin::Launched { instance_type, zone, purchase: PurchaseOption::Spot } => {
                let meter = self.pool(instance_type, zone).meter;
                (meter.reading(now), meter.per_hour())
            }
        }
    }

    /// Reading of a live node's meter.
    pub(super) fn meter_of(&mut self, node: NodeId, now: SimTime) -> Charge {
        self.slot(node).map_or(Charge::ZERO, |slot| self.reading(self.live[slot].origin, now).0)
    }

    fn open(&mut self, node: Node, levels: &mut Levels) {
        let id = node.id;
        self.gpus.launched.hold(node.gpus, node.cpu.launched());
        if self.slot_of.len() <= id.index() {
            self.slot_of.resize(id.index() + 1, 0);
        }
        levels.launched_mcpu += u64::from(node.cpu.cpu().0);
        levels.nodes += 1;
        self.peak_mcpu = self.peak_mcpu.max(levels.launched_mcpu);
        self.peak_count = self.peak_count.max(levels.nodes);
        self.live.push(node);
        self.slot_of[id.index()] = u32::try_from(self.live.len()).expect("node ids have 32 bits");
    }

    /// EC2 started an instance. A second report of the same node, or a type that nobody announced, is ignored.
    pub(super) fn launch(
        &mut self,
        now: SimTime,
        id: NodeId,
        environment: ComputeEnvironmentId,
        origin: (InstanceTypeId, ZoneId, PurchaseOption),
        levels: &mut Levels,
    ) {
        let (instance_type, zone, purchase) = origin;
        let Some(facts) = self.types.get(instance_type.index()) else { return };
        let (cpu, gpus) = (MilliCpu::from_vcpus(facts.vcpus), facts.allocatable.gpus);
        if self.slot(id).is_some() {
            return;
        }
        let origin = Origin::Launched { instance_type, zone, purchase };
        if purchase == PurchaseOption::Spot {
            self.pool(instance_type, zone).live += 1;
        }
        let (reading, price) = self.reading(origin, now);
        levels.cost_rate += price.0;
        let cpu = CpuMeter::new(cpu, now);
        self.open(Node { id, environment, origin, cpu, pods: 0, pods_now: 0, gpus, reading, gone: None }, levels);
    }

    /// A node that was there carries an UNMANAGED environment's label.
    pub(super) fn adopt(
        &mut self,
        now: SimTime,
        id: NodeId,
        environment: ComputeEnvironmentId,
        (vcpus, free): (u32, Resources),
        levels: &mut Levels,
    ) {
        if self.slot(id).is_some() {
            return;
        }
        let mut cpu = CpuMeter::new(MilliCpu::from_vcpus(vcpus), now);
        cpu.ready(now, free.cpu);
        let (origin, reading) = (Origin::Adopted, Charge::ZERO);
        self.open(
            Node { id, environment, origin, cpu, pods: 0, pods_now: 0, gpus: free.gpus, reading, gone: None },
            levels,
        );
    }

    /// A node joined.
    pub(super) fn ready(&mut self, now: SimTime, id: NodeId, free: MilliCpu) {
        if let Some(node) = self.get_mut(id) {
            node.cpu.ready(now, free);
        }
    }

    /// A pool's price moved: the meter turns on at another speed, and so does the rate of its live instances.
    pub(super) fn price(
        &mut self,
        now: SimTime,
        (instance_type, zone): (InstanceTypeId, ZoneId),
        per_hour: MicroUsd,
        levels: &mut Levels,
    ) {
        if instance_type.index() >= self.types.len() {
            return;
        }
        let pool = self.pool(instance_type, zone);
        levels.cost_rate = levels.cost_rate.saturating_sub(pool.live * pool.meter.per_hour().0);
        pool.meter.set(per_hour, now);
        levels.cost_rate += pool.live * per_hour.0;
    }

    /// A pod is to be created on a node.
    pub(super) fn hold(&mut self, id: NodeId, (cpu, gpus): (MilliCpu, u16), now: SimTime) {
        if let Some(node) = self.get_mut(id) {
            node.pods += 1;
            node.pods_now += 1;
            node.cpu.hold(cpu, now);
            if gpus > 0 {
                self.gpus.requested.hold(gpus, now);
            }
        }
    }

    /// An attempt on a node ended; its interval is cut to the node's life.
    pub(super) fn release(
        &mut self,
        id: NodeId,
        (cpu, gpus): (MilliCpu, u16),
        (start, stop): (SimTime, SimTime),
        part: Part,
    ) {
        if let Some(node) = self.get_mut(id) {
            let stop = node.gone.as_ref().map_or(stop, |(end, _)| stop.min(end.at));
            node.cpu.release(cpu, start, stop, part);
            node.pods_now = node.pods_now.saturating_sub(1);
            if node.pods_now == 0 && node.gone.is_some() {
                self.gone.push(id);
            }
            if gpus > 0 {
                self.gpus.requested.release(gpus, start, stop);
            }
        }
    }

    /// A node is gone: its bill is written now, its CPU once its attempts' ends are known, which is in the same step.
    /// Tells whether the node was there.
    pub(super) fn lose(&mut self, now: SimTime, id: NodeId, cause: Option<NodeLossCause>, levels: &mut Levels) -> bool {
        let Some(slot) = self.slot(id) else { return false };
        if self.live[slot].gone.is_some() {
            return false;
        }
        let (origin, launched, before) = {
            let node = &self.live[slot];
            (node.origin, node.cpu.launched(), node.reading)
        };
        let (reading, price) = self.reading(origin, now);
        let mut charge = Charge::ZERO;
        if let Origin::Launched { instance_type, zone, purchase } = origin {
            let life = now.since(launched);
            let billed = billed(life);
            if purchase == PurchaseOption::Spot {
                self.pool(instance_type, zone).live -= 1;
            }
            if !is_uncharged(purchase, cause, life) {
                let rounding = SimDuration::from_millis(billed.as_millis() - life.as_millis());
                charge = reading.saturating_sub(before) + Charge::new(price, rounding);
            }
            let before = self.from.since(launched).as_millis();
            self.volume_ms += u128::from(billed.as_millis().saturating_sub(before));
        }
        let node = &mut self.live[slot];
        levels.launched_mcpu = levels.launched_mcpu.saturating_sub(u64::from(node.cpu.cpu().0));
        levels.nodes = levels.nodes.saturating_sub(1);
        levels.cost_rate = levels.cost_rate.saturating_sub(price.0);
        node.gone = Some((NodeEnd { at: now, cause }, charge));
        self.gpus.launched.release(node.gpus, launched, now);
        if node.pods_now == 0 {
            self.gone.push(id);
        }
        true
    }

    /// Takes one node that is gone with all its pods out of the table and adds it to the totals.
    pub(super) fn next_closed(&mut self) -> Option<Closed> {
        // A node may stand in the list twice, if facts about its pods contradict each other.
        let (id, slot) = loop {
            let id = self.gone.pop()?;
            if let Some(slot) = self.slot(id) {
                break (id, slot);
            }
        };
        let node = self.live.swap_remove(slot);
        self.slot_of[id.index()] = 0;
        if let Some(moved) = self.live.get(slot) {
            self.slot_of[moved.id.index()] = u32::try_from(slot + 1).expect("node ids have 32 bits");
        }
        let (end, charge) = node.gone?;
        let usage = node.cpu.usage(end.at);
        let row = match node.origin {
            Origin::Adopted => self.fleet.len() - 1,
            Origin::Launched { instance_type, purchase, .. } => {
                instance_type.index() * 2 + usize::from(purchase == PurchaseOption::Spot)
            }
        };
        let interrupted = end.cause == Some(NodeLossCause::SpotInterruption);
        let row = &mut self.fleet[row];
        row.nodes += 1;
        row.carried += u64::from(node.cpu.launched() < self.from);
        row.attempts += u64::from(node.pods);
        row.interruptions += u64::from(interrupted);
        row.uncharged += u64::from(is_free(&node, end));
        row.usage += usage;
        row.bill += usage.split(charge);
        Some(Closed { node, end, usage, charge })
    }

    /// The window begins: one pass over the living nodes, whose meters are read now, and totals start from nothing.
    pub(super) fn begin_window(&mut self, now: SimTime, levels: &Levels) {
        for slot in 0..self.live.len() {
            let (reading, _) = self.reading(self.live[slot].origin, now);
            let node = &mut self.live[slot];
            node.cpu.begin_window(now);
            node.reading = reading;
            node.pods = 0;
            if let Some((_, charge)) = &mut node.gone {
                *charge = Charge::ZERO;
            }
        }
        self.from = now;
        self.gpus.launched.begin_window(now);
        self.gpus.requested.begin_window(now);
        self.fleet.fill(FleetRow::default());
        (self.volume_ms, self.warnings) = (0, 0);
        (self.peak_mcpu, self.peak_count) = (levels.launched_mcpu, levels.nodes);
    }

    /// The run is over: all that live end now, to be closed in order of launch.
    pub(super) fn finish(&mut self, end: SimTime, levels: &mut Levels) {
        let mut ids: Vec<NodeId> = self.live.iter().map(|node| node.id).collect();
        ids.sort_unstable();
        for &id in &ids {
            self.lose(end, id, None, levels);
        }
        // Pods still on them are unfinished. `next_closed` pops from the back.
        self.gone = ids;
        self.gone.reverse();
    }
}

fn is_free(node: &Node, end: NodeEnd) -> bool {
    match node.origin {
        Origin::Adopted => false,
        Origin::Launched { purchase, .. } => is_uncharged(purchase, end.cause, end.at.since(node.cpu.launched())),
    }
}
