//! EC2 instances from request to end: what comes of a capacity request, when nodes join, when EC2 takes them back.

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, LaunchId, NodeId, PodId, ZoneId};
use crate::model::{PurchaseOption, Resources};
use crate::scheduler::{Event, LaunchRequest, NodeLossCause};
use crate::sim::fleet::{self, Offer};
use crate::sim::keyed::Purpose;
use crate::sim::kubelet::ImageReady;
use crate::sim::market::{PoolId, Turn, happens, time_to_next};
use crate::sim::spec::{NodeClass, WorldSpec};
use crate::sim::world::{Happening, SimWorld};
use crate::units::{MicroUsd, SimTime};

/// A node, as it truly is.
#[derive(Debug)]
pub(super) struct Instance {
    /// What jobs have not taken.
    pub(super) free: Resources,
    /// `None` for a node that was there from the start.
    origin: Option<Origin>,
    /// EC2 has decided to take it back.
    doomed: bool,
    /// Images on it, and when each was or will be complete.
    images: Vec<ImageReady>,
    /// Pods that stay as they are until they are deleted.
    parked: Vec<PodId>,
}

#[derive(Debug, Clone, Copy)]
struct Origin {
    instance_type: InstanceTypeId,
    pool: PoolId,
    purchase: PurchaseOption,
    /// The how-manieth instance of its pool, for draws.
    ordinal: u64,
    /// Its place among the pool's.
    index: usize,
}

/// All instances.
#[derive(Debug)]
pub(super) struct Instances {
    /// By node id.
    slots: Vec<u32>,
    live: Vec<Option<Instance>>,
    vacant: Vec<u32>,
    pools: Vec<PoolUse>,
    requests: u64,
}

/// What this run took from a pool.
#[derive(Debug, Clone, Default)]
struct PoolUse {
    /// By purchase option: what On-Demand takes is not Spot's.
    vcpus: [u32; 2],
    launched: u64,
    spot: Vec<NodeId>,
    told: Option<MicroUsd>,
    price_awaited: bool,
    turn_awaited: bool,
}

const NOWHERE: u32 = u32::MAX;

impl Instance {
    /// When an image is, or will be, on the node.
    pub(super) fn image_ready(&self, image: u32) -> Option<SimTime> {
        self.images.iter().find(|&&(known, _)| known == image).map(|&(_, at)| at)
    }

    /// A pod stays as it is until it is deleted.
    pub(super) fn park(&mut self, pod: PodId) {
        self.parked.push(pod);
    }

    /// A pod is deleted; whether it was parked.
    pub(super) fn unpark(&mut self, pod: PodId) -> bool {
        let at = self.parked.iter().position(|&parked| parked == pod);
        at.is_some_and(|at| self.parked.swap_remove(at) == pod)
    }

    /// An image is being pulled.
    pub(super) fn pull(&mut self, image: u32, ready: SimTime) {
        self.images.push((image, ready));
    }
}

impl Instances {
    pub(super) fn new(world: &WorldSpec) -> Self {
        let pools = world.instance_types.len() * usize::from(world.zones);
        Self {
            slots: Vec::new(),
            live: Vec::new(),
            vacant: Vec::new(),
            pools: vec![PoolUse::default(); pools],
            requests: 0,
        }
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Instance> {
        let slot = *self.slots.get(id.index()).filter(|&&slot| slot != NOWHERE)?;
        self.live[slot as usize].as_ref()
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Instance> {
        let slot = *self.slots.get(id.index()).filter(|&&slot| slot != NOWHERE)?;
        self.live[slot as usize].as_mut()
    }

    fn insert(&mut self, instance: Instance) -> NodeId {
        let id = NodeId(u32::try_from(self.slots.len()).expect("fewer than four billion nodes"));
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.live.push(None);
            u32::try_from(self.live.len() - 1).expect("fewer than four billion nodes")
        });
        self.live[slot as usize] = Some(instance);
        self.slots.push(slot);
        id
    }

    fn remove(&mut self, id: NodeId) -> Option<Instance> {
        self.get(id)?;
        let slot = std::mem::replace(&mut self.slots[id.index()], NOWHERE);
        self.vacant.push(slot);
        self.live[slot as usize].take()
    }
}

impl SimWorld {
    /// Nodes that are there from the start.
    pub(super) fn adopt_fixed_nodes(&mut self) {
        for fixed in self.spec.nodes.clone() {
            let instance =
                Instance { free: fixed.free, origin: None, doomed: false, images: Vec::new(), parked: Vec::new() };
            let node = self.instances.insert(instance);
            let (environment, vcpus, free) = (fixed.environment, fixed.vcpus, fixed.free);
            self.facts.push(Event::NodeAdopted { environment, node, vcpus, free });
        }
    }

    /// A request is on its way to EC2.
    pub(super) fn request(&mut self, request: &LaunchRequest) {
        let number = self.instances.requests;
        self.instances.requests += 1;
        let mut stream = self.streams.of(Purpose::Request, request.environment.0.into(), number);
        let at = self.now + self.latencies.request.draw(&mut stream);
        self.schedule(at, Happening::Answer(Box::new(request.clone())));
    }

    /// EC2 answers a request with instances, or with none.
    pub(super) fn answer(&mut self, request: &LaunchRequest) {
        let offers = self.offers(request);
        let depth_share = self.spec.assumptions.fleet_depth_share;
        let taken = fleet::allocate(request.fleet, offers, request.target_vcpus, depth_share);
        let mut given = 0;
        for (offer, count) in taken {
            given += count * offer.vcpus;
            for _ in 0..count {
                self.launch(request.launch, request.environment, request.purchase, offer);
            }
        }
        if given < request.target_vcpus {
            self.facts.push(Event::CapacityUnavailable {
                launch: request.launch,
                instance_types: request.instance_types.clone(),
                vcpus_short: request.target_vcpus - given,
            });
        }
    }

    /// What the pools of a request's types have to offer.
    fn offers(&mut self, request: &LaunchRequest) -> Vec<Offer> {
        let mut offers = Vec::new();
        let own = self.spec.environment_zones.get(request.environment.index()).filter(|zones| !zones.is_empty());
        for (priority, &instance_type) in request.instance_types.iter().enumerate() {
            let truth = &self.spec.instance_types[instance_type.index()];
            for &zone in truth.zones.iter().filter(|zone| own.is_none_or(|own| own.contains(zone))) {
                let pool = self.market.pool(instance_type, zone);
                let on_demand = truth.facts.on_demand_per_hour;
                let per_hour = match request.purchase {
                    PurchaseOption::Ec2 => Some(on_demand),
                    PurchaseOption::Spot => self.market.spot_price(pool, self.now, truth),
                };
                let Some(per_hour) = per_hour else { continue };
                let bid = u64::from(request.bid_percentage.unwrap_or(100));
                if request.purchase == PurchaseOption::Spot && per_hour.0 * 100 >= on_demand.0 * bid && bid < 100 {
                    continue;
                }
                let depth = self.market.depth(pool, request.purchase, self.now, truth);
                let available =
                    depth.saturating_sub(self.instances.pools[pool.0 as usize].vcpus[request.purchase as usize]);
                offers.push(Offer { pool, instance_type, priority, vcpus: truth.vcpus(), available, per_hour });
            }
        }
        offers
    }

    fn launch(&mut self, launch: LaunchId, environment: ComputeEnvironmentId, purchase: PurchaseOption, offer: Offer) {
        let Offer { pool, instance_type, vcpus, per_hour, .. } = offer;
        let (_, zone): (_, ZoneId) = self.market.place(pool);
        let usage = &mut self.instances.pools[pool.0 as usize];
        let ordinal = usage.launched;
        usage.launched += 1;
        usage.vcpus[purchase as usize] += vcpus;
        let tell_price = purchase == PurchaseOption::Spot && usage.told.replace(per_hour) != Some(per_hour);
        if tell_price {
            self.facts.push(Event::SpotPriceChanged { instance_type, zone, per_hour });
        }
        let truth = &self.spec.instance_types[instance_type.index()];
        let mut stream = self.streams.of(Purpose::Instance, pool.0.into(), ordinal);
        let ready = match truth.class {
            NodeClass::Cpu => &self.latencies.ready_cpu,
            NodeClass::Gpu => &self.latencies.ready_gpu,
            NodeClass::Metal => &self.latencies.ready_metal,
        };
        let joins_at = self.now + ready.draw(&mut stream);
        let stillborn = happens(self.spec.assumptions.never_joins_probability, &mut stream);
        let lone_hazard = self.market.lone_hazard_per_hour(pool, truth);
        let interrupted_in = time_to_next(lone_hazard, &mut stream).filter(|_| purchase == PurchaseOption::Spot);
        let index = self.instances.pools[pool.0 as usize].spot.len();
        let origin = Some(Origin { instance_type, pool, purchase, ordinal, index });
        let instance = Instance { free: truth.free, origin, doomed: false, images: Vec::new(), parked: Vec::new() };
        let node = self.instances.insert(instance);
        if purchase == PurchaseOption::Spot {
            self.instances.pools[pool.0 as usize].spot.push(node);
            self.await_market(pool);
        }
        if let Some(span) = interrupted_in {
            self.schedule(self.now + span, Happening::Interrupt(node));
        }
        if !stillborn {
            self.schedule(joins_at, Happening::Join(node));
        }
        self.facts.push(Event::NodeLaunched { launch, environment, node, instance_type, zone, purchase });
    }

    /// Has the market's next moves noticed while something of the pool is in use.
    fn await_market(&mut self, pool: PoolId) {
        let usage = &mut self.instances.pools[pool.0 as usize];
        let turn = !std::mem::replace(&mut usage.turn_awaited, true);
        let price = !std::mem::replace(&mut usage.price_awaited, true);
        for (wanted, at, happening) in [
            (turn, self.market.next_turn(pool, self.now), Happening::Turn(pool)),
            (price, self.market.next_price(pool, self.now), Happening::Price(pool)),
        ] {
            if wanted && at < SimTime::MAX {
                self.schedule(at.max(self.now), happening);
            }
        }
    }

    /// A node joins, unless it was told to go meanwhile.
    pub(super) fn join(&mut self, id: NodeId) {
        if let Some(instance) = self.instances.get(id) {
            self.facts.push(Event::NodeReady { node: id, free: instance.free });
        }
    }

    /// A node was told to go.
    pub(super) fn terminate(&mut self, id: NodeId) {
        let Some(origin) = self.instances.get(id).and_then(|instance| instance.origin) else { return };
        let mut stream = self.streams.of(Purpose::Instance, u64::MAX - u64::from(origin.pool.0), origin.ordinal);
        let at = self.now + self.latencies.gone.draw(&mut stream);
        self.schedule(at, Happening::Gone(id));
    }

    /// A node that was told to go is gone.
    pub(super) fn gone(&mut self, id: NodeId) {
        self.lose(id, NodeLossCause::Terminated);
    }

    /// EC2 decides to reclaim an instance: a warning, if it is not lost, and two minutes.
    pub(super) fn interrupt(&mut self, id: NodeId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(origin) = instance.origin.filter(|_| !instance.doomed) else { return };
        instance.doomed = true;
        let all = &self.spec.assumptions;
        let terminates_at = self.now + all.spot_notice.0;
        let mut stream = self.streams.of(Purpose::WaveVictim, u64::MAX - u64::from(origin.pool.0), origin.ordinal);
        if !happens(all.spot_lost_notice_probability, &mut stream) {
            self.facts.push(Event::SpotInterruptionWarning { node: id, terminates_at });
        }
        self.schedule(terminates_at, Happening::Reclaim(id));
    }

    /// EC2 takes an instance.
    pub(super) fn reclaim(&mut self, id: NodeId) {
        self.lose(id, NodeLossCause::SpotInterruption);
    }

    fn lose(&mut self, id: NodeId, cause: NodeLossCause) {
        let Some(instance) = self.instances.remove(id) else { return };
        if let Some(Origin { instance_type, pool, purchase, index, .. }) = instance.origin {
            let usage = &mut self.instances.pools[pool.0 as usize];
            usage.vcpus[purchase as usize] -= self.spec.instance_types[instance_type.index()].vcpus();
            if purchase == PurchaseOption::Spot {
                usage.spot.swap_remove(index);
                let moved = usage.spot.get(index).copied();
                if let Some(origin) = moved.and_then(|moved| self.instances.get_mut(moved)?.origin.as_mut()) {
                    origin.index = index;
                }
            }
        }
        self.facts.push(Event::NodeLost { node: id, cause });
    }

    /// The weather of a pool turns.
    pub(super) fn turn(&mut self, pool: PoolId) {
        let (instance_type, _) = self.market.place(pool);
        let turn = self.market.turn(pool, self.now, &self.spec.instance_types[instance_type.index()]);
        match turn {
            Some(Turn::Wave { number, fraction }) => {
                for node in self.instances.pools[pool.0 as usize].spot.clone() {
                    let ordinal =
                        self.instances.get(node).and_then(|instance| instance.origin).map(|origin| origin.ordinal);
                    if ordinal.is_some_and(|ordinal| self.market.wave_takes(pool, number, fraction, ordinal)) {
                        self.interrupt(node);
                    }
                }
            }
            Some(Turn::Count(count)) => self.shrink(pool, count as usize),
            Some(Turn::Recovery) | None => {}
        }
        self.instances.pools[pool.0 as usize].turn_awaited = false;
        self.keep_awaiting(pool);
    }

    /// A pool has only so many instances left: the excess of those that stay is reclaimed, by lot.
    fn shrink(&mut self, pool: PoolId, count: usize) {
        let staying = self.instances.pools[pool.0 as usize].spot.iter().filter_map(|&node| {
            let instance = self.instances.get(node).filter(|instance| !instance.doomed)?;
            Some((self.market.lot(pool, self.now, instance.origin?.ordinal), node))
        });
        let mut staying: Vec<_> = staying.collect();
        staying.sort_unstable();
        for &(_, node) in &staying[..staying.len().saturating_sub(count)] {
            self.interrupt(node);
        }
    }

    /// The Spot price of a pool moves.
    pub(super) fn price_moves(&mut self, pool: PoolId) {
        let (instance_type, zone) = self.market.place(pool);
        self.instances.pools[pool.0 as usize].price_awaited = false;
        if self.instances.pools[pool.0 as usize].spot.is_empty() {
            return;
        }
        let truth = &self.spec.instance_types[instance_type.index()];
        if let Some(per_hour) = self.market.spot_price(pool, self.now, truth) {
            self.instances.pools[pool.0 as usize].told = Some(per_hour);
            self.facts.push(Event::SpotPriceChanged { instance_type, zone, per_hour });
        }
        self.keep_awaiting(pool);
    }

    fn keep_awaiting(&mut self, pool: PoolId) {
        if !self.instances.pools[pool.0 as usize].spot.is_empty() {
            self.await_market(pool);
        }
    }
}
