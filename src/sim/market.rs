//! What EC2 has and for how much: pools (instance type × zone) with a hidden, changing depth, shortages, Spot prices, and
//! the Spot weather. All of it is exogenous: it runs by its own keyed clocks, whoever launches what.

use rand::{Rng, RngExt};

use crate::ids::{InstanceTypeId, ZoneId};
use crate::model::PurchaseOption;
use crate::sim::keyed::{Purpose, Streams};
use crate::sim::path::Path;
use crate::sim::sampler::{Sampler, exponential, normal, uniform};
use crate::sim::spec::{SpotMarket, SpotPath, WorldSpec, WorldType};
use crate::units::{MicroUsd, SimDuration, SimTime};

/// A pool, as an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PoolId(pub(super) u32);

/// Shortages last this long; the assumptions' probabilities are per such span.
const SHORTAGE_SPAN: SimDuration = SimDuration::from_mins(3);
/// Depths move once per such span.
const DEPTH_SPAN: SimDuration = SimDuration::HOUR;

/// Something with a value that changes at times of its own.
#[derive(Debug, Clone, Copy)]
struct Clock {
    /// How often it changed.
    n: u64,
    /// When it changes next.
    next: SimTime,
}

#[derive(Debug, Clone)]
struct Pool {
    price: MicroUsd,
    price_clock: Clock,
    weather: Clock,
    /// In a harsh market: whether it has nothing to give.
    down: bool,
    /// Depth by purchase option, for the span it was last asked in.
    depths: [Depth; 2],
    /// What was recorded of it: that is not drawn.
    recorded: Option<Box<SpotPath>>,
}

/// What a pool has in a span of time, worked out once per span.
#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    hour: Option<u64>,
    vcpus: u32,
    shortage_span: Option<u64>,
    short: bool,
}

/// What a turn of a pool's weather does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Turn {
    /// A wave takes this part of the pool's instances.
    Wave { number: u64, fraction: f64 },
    /// The pool has capacity again.
    Recovery,
    /// The pool has this many instances from now on, as was recorded.
    Count(u32),
}

/// All pools.
#[derive(Debug, Clone)]
pub(super) struct Market {
    streams: Streams,
    zones: u32,
    spot: SpotMarket,
    pools: Vec<Pool>,
    depth_vcpus: f64,
    depth_sigma: f64,
    depth_by_bucket: [f64; 5],
    shortage_on_demand: f64,
    shortage_spot: [f64; 5],
    price_sigma: f64,
    price_gap_s: f64,
    hazard_per_hour: [f64; 5],
    mass_share: f64,
    mass_fraction: [f64; 2],
    up: Sampler,
    down: Sampler,
}

impl Market {
    pub(super) fn new(world: &WorldSpec, streams: Streams) -> Self {
        let all = &world.assumptions;
        let stress = if world.spot == SpotMarket::Advisor { all.spot_stress } else { 0.0 };
        let mut market = Self {
            streams,
            zones: world.zones.into(),
            spot: world.spot,
            pools: Vec::new(),
            depth_vcpus: all.pool_depth_vcpus.into(),
            depth_sigma: all.pool_depth_sigma,
            depth_by_bucket: all.spot_depth_by_bucket,
            shortage_on_demand: all.on_demand_insufficient_capacity,
            shortage_spot: all.spot_insufficient_capacity,
            price_sigma: all.spot_price_sigma,
            price_gap_s: 86_400.0 / all.spot_price_changes_per_day,
            hazard_per_hour: all.spot_hazard_per_hour.map(|hazard| hazard * stress),
            mass_share: all.spot_mass_share,
            mass_fraction: all.spot_mass_fraction,
            up: Sampler::from(&all.harsh_up_time),
            down: Sampler::from(&all.harsh_down_time),
        };
        for (index, instance_type) in world.instance_types.iter().enumerate() {
            for zone in 0..world.zones {
                let id = InstanceTypeId(u16::try_from(index).expect("ids are 16 bits"));
                let pool = market.open(market.pool(id, ZoneId(zone)), instance_type);
                market.pools.push(pool);
            }
        }
        for recorded in &world.spot_paths {
            let id = market.pool(recorded.instance_type, recorded.zone);
            market.pools[id.0 as usize].recorded = Some(Box::new(recorded.clone()));
        }
        market
    }

    /// How many instances a pool has, where that was recorded.
    fn count(&self, id: PoolId) -> Option<&Path<u32>> {
        self.pools[id.0 as usize].recorded.as_ref()?.instances.as_ref()
    }

    /// What a pool's Spot instances cost, where that was recorded.
    fn path_of_price(&self, id: PoolId) -> Option<&Path<MicroUsd>> {
        self.pools[id.0 as usize].recorded.as_ref()?.per_hour.as_ref()
    }

    pub(super) fn pool(&self, instance_type: InstanceTypeId, zone: ZoneId) -> PoolId {
        PoolId(u32::from(instance_type.0) * self.zones + u32::from(zone.0))
    }

    /// The type and zone of a pool.
    ///
    /// # Panics
    /// Never: a pool is made of 16 bits of type and 8 of zone.
    pub(super) fn place(&self, pool: PoolId) -> (InstanceTypeId, ZoneId) {
        let instance_type = u16::try_from(pool.0 / self.zones).expect("made of 16 bits");
        let zone = u8::try_from(pool.0 % self.zones).expect("made of 8 bits");
        (InstanceTypeId(instance_type), ZoneId(zone))
    }

    fn open(&self, id: PoolId, instance_type: &WorldType) -> Pool {
        let mut pool = Pool {
            price: MicroUsd::ZERO,
            price_clock: Clock { n: 0, next: SimTime::ZERO },
            weather: Clock { n: 0, next: SimTime::MAX },
            down: false,
            depths: [Depth::default(); 2],
            recorded: None,
        };
        if let Some(mean) = instance_type.spot_per_hour {
            (pool.price, pool.price_clock.next) = self.nth_price(id, 0, SimTime::ZERO, mean);
            pool.weather.next = self.weather_after(id, 0, SimTime::ZERO, instance_type);
        }
        pool
    }

    /// The n-th price of a pool, in force from `since`, and when the next one is.
    fn nth_price(&self, id: PoolId, n: u64, since: SimTime, mean: MicroUsd) -> (MicroUsd, SimTime) {
        let mut stream = self.streams.of(Purpose::Price, id.0.into(), n);
        let factor = (self.price_sigma * normal(&mut stream)).exp();
        let gap_s = self.price_gap_s * exponential(&mut stream);
        let next = if gap_s.is_finite() { since + SimDuration::from_secs_f64(gap_s) } else { SimTime::MAX };
        (MicroUsd::from_usd(mean.as_usd() * factor), next)
    }

    /// When the weather of a pool turns after its n-th turn at `since`.
    fn weather_after(&self, id: PoolId, n: u64, since: SimTime, instance_type: &WorldType) -> SimTime {
        let mut stream = self.streams.of(Purpose::Wave, id.0.into(), n);
        match self.spot {
            SpotMarket::Calm => SimTime::MAX,
            SpotMarket::Advisor => {
                let [low, high] = self.mass_fraction;
                let hazard = self.hazard_per_hour[usize::from(instance_type.interruption_bucket)];
                let waves_per_hour = hazard * self.mass_share / f64::midpoint(low, high);
                let gap_s = 3_600.0 / waves_per_hour * exponential(&mut stream);
                if gap_s.is_finite() { since + SimDuration::from_secs_f64(gap_s) } else { SimTime::MAX }
            }
            SpotMarket::Harsh => {
                let period = if n.is_multiple_of(2) { &self.up } else { &self.down };
                // No period is empty, or time would stand still.
                since + period.draw(&mut stream).max(SimDuration::from_millis(1))
            }
        }
    }

    /// A pool's Spot price at `now`; brings its clock up to date.
    pub(super) fn spot_price(&mut self, id: PoolId, now: SimTime, instance_type: &WorldType) -> Option<MicroUsd> {
        let mean = instance_type.spot_per_hour?;
        if let Some(path) = self.path_of_price(id) {
            return Some(path.at(now).0);
        }
        while self.pools[id.0 as usize].price_clock.next <= now {
            let Clock { n, next } = self.pools[id.0 as usize].price_clock;
            let (price, after) = self.nth_price(id, n + 1, next, mean);
            let pool = &mut self.pools[id.0 as usize];
            pool.price = price;
            pool.price_clock = Clock { n: n + 1, next: after };
        }
        Some(self.pools[id.0 as usize].price)
    }

    /// When a pool's Spot price changes next after `now`.
    pub(super) fn next_price(&self, id: PoolId, now: SimTime) -> SimTime {
        self.path_of_price(id).map_or(self.pools[id.0 as usize].price_clock.next, |path| path.at(now).1)
    }

    /// When a pool's weather turns next after `now`.
    pub(super) fn next_turn(&self, id: PoolId, now: SimTime) -> SimTime {
        self.count(id).map_or(self.pools[id.0 as usize].weather.next, |path| path.at(now).1)
    }

    /// Lets the weather of a pool turn until `now`; returns the last turn.
    pub(super) fn turn(&mut self, id: PoolId, now: SimTime, instance_type: &WorldType) -> Option<Turn> {
        if let Some(path) = self.count(id) {
            return Some(Turn::Count(path.at(now).0));
        }
        let mut last = None;
        while self.pools[id.0 as usize].weather.next <= now {
            let Clock { n, next } = self.pools[id.0 as usize].weather;
            let after = self.weather_after(id, n + 1, next, instance_type);
            let pool = &mut self.pools[id.0 as usize];
            pool.weather = Clock { n: n + 1, next: after };
            let recovers = self.spot == SpotMarket::Harsh && !n.is_multiple_of(2);
            pool.down = self.spot == SpotMarket::Harsh && !recovers;
            last = Some(if recovers {
                Turn::Recovery
            } else {
                let [low, high] = self.mass_fraction;
                // The gap was the stream's first draw, at the turn before; what the wave takes has a stream of its own.
                let share = uniform(&mut self.streams.of(Purpose::WaveVictim, id.0.into(), u64::MAX - n));
                Turn::Wave { number: n, fraction: low + (high - low) * share }
            });
        }
        last
    }

    /// Whether a wave takes the `ordinal`-th instance of a pool.
    pub(super) fn wave_takes(&self, id: PoolId, wave: u64, fraction: f64, ordinal: u64) -> bool {
        let pool = u64::from(id.0) << 32 | (wave & 0xffff_ffff);
        uniform(&mut self.streams.of(Purpose::WaveVictim, pool, ordinal)) < fraction
    }

    /// The lot of a pool's `ordinal`-th instance when the pool shrinks at `now`: the lowest go. EC2 does not say whom it takes,
    /// so neither age nor what runs there counts.
    pub(super) fn lot(&self, id: PoolId, now: SimTime, ordinal: u64) -> u64 {
        let drop = self.streams.of(Purpose::Shrinkage, id.0.into(), now.as_millis()).next_u64();
        self.streams.of(Purpose::Shrinkage, drop, ordinal).next_u64()
    }

    /// Interruptions per hour that come to instances of a pool one by one.
    pub(super) fn lone_hazard_per_hour(&self, id: PoolId, instance_type: &WorldType) -> f64 {
        if self.count(id).is_some() {
            return 0.0;
        }
        self.hazard_per_hour[usize::from(instance_type.interruption_bucket)] * (1.0 - self.mass_share)
    }

    /// vCPUs that a pool could give at `now` if nothing were taken from it yet; brings its clocks up to date.
    pub(super) fn depth(
        &mut self,
        id: PoolId,
        purchase: PurchaseOption,
        now: SimTime,
        instance_type: &WorldType,
    ) -> u32 {
        let bucket = usize::from(instance_type.interruption_bucket);
        let (shortage, factor) = match purchase {
            PurchaseOption::Ec2 => (self.shortage_on_demand, 1.0),
            PurchaseOption::Spot => {
                if let Some(path) = self.count(id) {
                    return path.at(now).0.saturating_mul(instance_type.vcpus());
                }
                // A turn at this very moment is left to whoever awaits it: it may take instances.
                let before = SimTime::from_millis(now.as_millis().saturating_sub(1));
                self.turn(id, before, instance_type);
                if self.pools[id.0 as usize].down || instance_type.spot_per_hour.is_none() {
                    return 0;
                }
                if self.spot == SpotMarket::Calm {
                    (0.0, 1.0)
                } else {
                    (self.shortage_spot[bucket], self.depth_by_bucket[bucket])
                }
            }
        };
        let side = purchase as usize;
        let key = u64::from(id.0) << 1 | side as u64;
        let mut depth = self.pools[id.0 as usize].depths[side];
        let span = now.as_millis() / SHORTAGE_SPAN.as_millis();
        if depth.shortage_span != Some(span) {
            depth.shortage_span = Some(span);
            depth.short = happens(shortage, &mut self.streams.of(Purpose::Shortage, key, span));
        }
        let hour = now.as_millis() / DEPTH_SPAN.as_millis();
        if depth.hour != Some(hour) {
            depth.hour = Some(hour);
            // A pool's own depth and the hour's, in quadrature.
            let own = normal(&mut self.streams.of(Purpose::Depth, key, u64::MAX));
            let passing = normal(&mut self.streams.of(Purpose::Depth, key, hour));
            let vcpus = self.depth_vcpus * factor * (self.depth_sigma * (0.8 * own + 0.6 * passing)).exp();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates at billions of vCPUs"
            )]
            let vcpus = vcpus as u32;
            depth.vcpus = vcpus;
        }
        self.pools[id.0 as usize].depths[side] = depth;
        if depth.short { 0 } else { depth.vcpus }
    }
}

/// Exponential time to the next of events at `per_hour`; never where there are none.
pub(super) fn time_to_next(per_hour: f64, stream: &mut super::keyed::Stream) -> Option<SimDuration> {
    let hours = exponential(stream) / per_hour;
    hours.is_finite().then(|| SimDuration::from_secs_f64(hours * 3_600.0))
}

/// Whether something of this probability happens.
pub(super) fn happens(probability: f64, stream: &mut super::keyed::Stream) -> bool {
    probability > 0.0 && stream.random_bool(probability.min(1.0))
}
