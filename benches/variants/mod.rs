//! The reference load in the other forms that jobs can have, each as many jobs on as many nodes.

use windtunnel::ids::{JobQueueId, JobSpecId, ShareId};
use windtunnel::scheduler::{FairShare, ShareWeight};
use windtunnel::sim::{Arrivals, Tracked, WorkloadDependency, WorkloadEntry, WorkloadSource, WorldSpec};
use windtunnel::units::{SimDuration, SimTime};

use crate::reference;

/// AWS's largest array.
const ARRAY_SIZE: u32 = 10_000;
/// Nodes of all of them.
const NODES: u32 = 1_000;
const SHARES: u32 = 50;

/// Name, world and number of jobs; the plain one first.
pub(crate) fn all() -> Vec<(&'static str, WorldSpec, u64)> {
    let jobs = 100 * u64::from(ARRAY_SIZE);
    vec![
        ("plain_1000000", reference::world(jobs, NODES), jobs),
        ("arrays_100_x_10000", arrays(jobs), jobs),
        ("shares_50_x_20000", shares(jobs), jobs),
        ("n_to_n_pair_2_x_10000", pair(), 2 * u64::from(ARRAY_SIZE)),
    ]
}

/// Changes the source of the only entry.
fn with_source(mut world: WorldSpec, change: impl Fn(&mut Option<u32>, &mut u64, &mut Arrivals)) -> WorldSpec {
    let WorkloadSource::Synthetic { array_size, count, arrivals, .. } = &mut world.workload[0].source else {
        return world;
    };
    change(array_size, count, arrivals);
    world
}

fn slower(arrivals: &mut Arrivals, times: f64) {
    if let Arrivals::Poisson { mean_gap_s, .. } = arrivals {
        *mean_gap_s *= times;
    }
}

/// Arrays come as much more rarely as they are larger.
fn arrays(jobs: u64) -> WorldSpec {
    with_source(reference::world(jobs, NODES), |array_size, count, arrivals| {
        *array_size = Some(ARRAY_SIZE);
        *count = jobs / u64::from(ARRAY_SIZE);
        slower(arrivals, f64::from(ARRAY_SIZE));
    })
}

/// The same jobs from fifty shares of different weight.
fn shares(jobs: u64) -> WorldSpec {
    let mut world = with_source(reference::world(jobs, NODES), |_, count, arrivals| {
        *count = jobs / u64::from(SHARES);
        slower(arrivals, f64::from(SHARES));
    });
    let (entry, spec) = (world.workload.remove(0), world.specs.remove(0));
    for share in 0..SHARES {
        let mut entry = entry.clone();
        if let WorkloadSource::Synthetic { spec, .. } = &mut entry.source {
            *spec = JobSpecId(share);
        }
        world.workload.push(entry);
        let mut spec = spec.clone();
        spec.share = Some(ShareId(share));
        world.specs.push(spec);
        world.image_of.resize(world.specs.len(), 0);
    }
    let weights = (0..SHARES).map(|n| ShareWeight { share: ShareId(n), weight: 10_000 * (1 + n % 4), prefix: None });
    world.queues[0].fair_share =
        Some(FairShare { share_decay: SimDuration::HOUR, compute_reservation: 0, weights: weights.collect() });
    world
}

/// Two of AWS's largest arrays, child by child.
fn pair() -> WorldSpec {
    let mut world = with_source(reference::world(1, NODES), |array_size, _, arrivals| {
        *array_size = Some(ARRAY_SIZE);
        *arrivals = Arrivals::Fixed { start: SimTime::ZERO, every: SimDuration::ZERO };
    });
    let first = WorkloadEntry { tracked: Tracked::All, ..world.workload[0].clone() };
    let second = WorkloadEntry {
        queue: JobQueueId(0),
        depends_on: vec![WorkloadDependency::Paired { entry: 0, n_to_n: true }],
        ..world.workload[0].clone()
    };
    world.workload = vec![first, second];
    world
}
