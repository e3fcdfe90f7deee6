//! Farms of equal servers: a scenario with every assumption at its ideal is a queueing system.

use windtunnel::ids::{ComputeEnvironmentId, JobQueueId, JobSpecId};
use windtunnel::model::duration::TextDuration;
use windtunnel::model::{Assumptions, Distribution, Resources};
use windtunnel::scheduler::{EnvironmentSpec, JobSpec, QueueSpec};
use windtunnel::sim::{Arrivals, FixedNode, SpotMarket, WorkloadEntry, WorkloadSource, WorldSpec};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

/// What a job asks for and a server offers.
pub(crate) const SERVER: Resources = Resources { cpu: MilliCpu(1_000), memory: MiB(1_024), gpus: 0, pods: 1 };

pub(crate) const fn secs(secs: u64) -> TextDuration {
    TextDuration(SimDuration::from_secs(secs))
}

/// An ideal world with one queue before one environment, and jobs that each take a server of their own.
pub(crate) fn world(environment: EnvironmentSpec, jobs: u64, mean_gap_s: f64, runtime: Distribution) -> WorldSpec {
    WorldSpec {
        assumptions: Assumptions::ideal(),
        instance_types: vec![],
        zones: 1,
        environments: vec![environment],
        environment_zones: Vec::new(),
        nodes: vec![],
        queues: vec![QueueSpec::fifo(1, vec![ComputeEnvironmentId(0)])],
        consumables: Vec::new(),
        operations: Vec::new(),
        specs: vec![JobSpec { requests: SERVER, attempts: 1, ..JobSpec::default() }],
        images: vec![0],
        image_of: vec![0],
        workload: vec![WorkloadEntry::new(
            JobQueueId(0),
            WorkloadSource::Synthetic {
                spec: JobSpecId(0),
                array_size: None,
                count: jobs,
                arrivals: Arrivals::Poisson { start: SimTime::ZERO, mean_gap_s },
                runtime,
            },
        )],
        spot: SpotMarket::Calm,
        spot_paths: Vec::new(),
        stop_at: SimTime::MAX,
    }
}

/// `servers` nodes that stand there from the start: M/·/c.
pub(crate) fn server_farm(servers: usize, jobs: u64, mean_gap_s: f64, runtime: Distribution) -> WorldSpec {
    let node = FixedNode { environment: ComputeEnvironmentId(0), vcpus: 1, free: SERVER };
    let environment = EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: None };
    WorldSpec { nodes: vec![node; servers], ..world(environment, jobs, mean_gap_s, runtime) }
}
