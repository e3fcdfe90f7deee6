//! What several integration tests need.

use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::ids::{ComputeEnvironmentId, JobQueueId, JobSpecId};
use windtunnel::model::duration::TextDuration;
use windtunnel::model::{Assumptions, Distribution, Resources};
use windtunnel::scheduler::*;
use windtunnel::sim::*;
use windtunnel::units::*;

pub(crate) fn secs(s: u64) -> TextDuration {
    TextDuration(SimDuration::from_secs(s))
}

pub(crate) fn server_farm(servers: usize, per_second: f64, runtime: Distribution) -> WorldSpec {
    let free = Resources { cpu: MilliCpu(1000), memory: MiB(1024), gpus: 0, pods: 1 };
    let environment = ComputeEnvironmentId(0);
    WorldSpec {
        assumptions: Assumptions::ideal(),
        instance_types: vec![],
        zones: 1,
        environments: vec![EnvironmentSpec { enabled: true, managed: None }],
        nodes: vec![FixedNode { environment, vcpus: 1, free }; servers],
        queues: vec![QueueSpec { priority: 1, environments: vec![environment] }],
        specs: vec![JobSpec { requests: Resources::pod(MilliCpu(1000), MiB(1024), 0), attempts: 1, timeout: None }],
        images: vec![0],
        image_of: vec![0],
        workload: vec![WorkloadEntry {
            queue: JobQueueId(0),
            source: WorkloadSource::Synthetic {
                spec: JobSpecId(0),
                array_size: None,
                count: 200_000,
                arrivals: Arrivals::Poisson { start: SimTime::ZERO, mean_gap_s: 1.0 / per_second },
                runtime,
            },
            failure_probability: 0.0,
        }],
        spot: SpotMarket::Calm,
        stop_at: SimTime::MAX,
    }
}

#[derive(Default)]
struct Waits {
    jobs: f64,
    sum_s: f64,
}

impl Watcher for Waits {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }
    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for ending in &decision.endings {
            if let Ending::Job(job) = ending {
                self.jobs += 1.0;
                self.sum_s += job.first_running_at.unwrap().since(job.submitted_at).as_secs_f64();
            }
        }
        Ok(())
    }
}

pub(crate) fn mean_wait_s(world: &WorldSpec, seed: u64) -> f64 {
    let config = SchedulerConfig {
        settings: Settings::from(&world.assumptions),
        instance_types: world.instance_types.iter().map(|t| t.facts).collect(),
    };
    let mut waits = Waits::default();
    driver::run(&mut Scheduler::new(config), &mut SimWorld::new(world.clone(), seed), &mut waits).unwrap();
    waits.sum_s / waits.jobs
}

pub(crate) struct Interval {
    mean: f64,
    half: f64,
}

pub(crate) fn interval(values: impl Iterator<Item = f64>) -> Interval {
    let v: Vec<f64> = values.collect();
    let n = v.iter().map(|_| 1.0).sum::<f64>();
    let mean = v.iter().sum::<f64>() / n;
    let var = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Interval { mean, half: 2.861 * (var / n).sqrt() }
}

impl Interval {
    pub(crate) fn covers(&self, truth: f64, precision: f64) {
        println!("{} ± {}", self.mean, self.half);
        assert!((self.mean - truth).abs() <= self.half, "{} ± {}", self.mean, self.half);
        assert!(self.half <= precision * truth);
    }
}
