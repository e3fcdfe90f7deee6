//! One step of the core at 5,000 full nodes with 100,000 RUNNABLE jobs behind them: pods end, the cycle places the next.
//! Prints the distribution of single steps, for a mean hides what a person waiting for a decision would notice.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use windtunnel::ids::{ComputeEnvironmentId, JobId, JobQueueId, JobSpecId, NodeId, PodId};
use windtunnel::model::{Assumptions, Resources};
use windtunnel::scheduler::{
    Command, Decision, EnvironmentSpec, Event, JobSpec, Observation, QueueSpec, Scheduler, SchedulerConfig, Settings,
};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

const NODES: u32 = 5_000;
const JOBS_PER_NODE: u32 = 15;
const RUNNABLE: u64 = 100_000;
/// Pods that end between two cycles.
const ENDING: usize = 350;

/// A core at work, and what its world would say next.
struct Load {
    core: Scheduler,
    decision: Decision,
    seen: Observation,
    running: Vec<PodId>,
    submitted: u64,
    ended: usize,
}

impl Load {
    fn new() -> Self {
        let config = SchedulerConfig { settings: Settings::from(&Assumptions::default()), instance_types: Vec::new() };
        let mut load = Self {
            core: Scheduler::new(config),
            decision: Decision::default(),
            seen: Observation::default(),
            running: Vec::new(),
            submitted: 0,
            ended: 0,
        };
        let environment = ComputeEnvironmentId(0);
        let (queue, spec) = (JobQueueId(0), JobSpecId(0));
        let free = Resources { cpu: MilliCpu(15_690), memory: MiB(58_000), gpus: 0, pods: 230 };
        let requests = Resources::pod(MilliCpu(1_000), MiB(2_048), 0);
        let events = &mut load.seen.events;
        events.push(Event::ComputeEnvironmentCreated {
            environment,
            spec: Box::new(EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: None }),
        });
        let environments = vec![environment];
        events.push(Event::JobQueueCreated { queue, spec: Box::new(QueueSpec::fifo(1, environments)) });
        let job = Box::new(JobSpec { requests, attempts: 1, ..JobSpec::default() });
        events.push(Event::JobSpecRegistered { spec, job });
        events.extend((0..NODES).map(|id| Event::NodeAdopted { environment, node: NodeId(id), vcpus: 16, free }));
        load.submit(u64::from(NODES * JOBS_PER_NODE) + RUNNABLE);
        load.step();
        load.seen.now = SimTime::from_millis(10_000);
        load.step();
        assert_eq!(load.running.len(), (NODES * JOBS_PER_NODE) as usize);
        load
    }

    fn submit(&mut self, jobs: u64) {
        let ids = self.submitted..self.submitted + jobs;
        self.submitted = ids.end;
        let job = |index| Event::submitted(JobId::new(0, index), JobQueueId(0), JobSpecId(0), None);
        self.seen.events.extend(ids.map(job));
    }

    /// Some pods end and as many jobs come: the next cycle's input.
    fn prepare(&mut self) {
        self.seen.now = self.seen.now + SimDuration::from_secs(2);
        for _ in 0..ENDING {
            let index = self.ended * 7_919 % self.running.len();
            self.ended += 1;
            self.seen.events.push(Event::PodSucceeded { pod: self.running.swap_remove(index) });
        }
        self.submit(ENDING as u64);
    }

    fn step(&mut self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
        let begun = Instant::now();
        self.core.step(&self.seen, &mut self.decision);
        let took = begun.elapsed();
        self.seen.events.clear();
        self.running.extend(self.decision.commands.iter().filter_map(|command| match command {
            Command::CreatePod { pod, .. } => Some(*pod),
            _ => None,
        }));
        took
    }
}

fn step(c: &mut Criterion) {
    let mut load = Load::new();
    let mut took = Vec::new();
    c.bench_function("step/5000_nodes_100000_runnable", |b| {
        b.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                load.prepare();
                let one = load.step();
                took.push(one);
                total += one;
            }
            total
        });
    });
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    println!(
        "{} steps with {ENDING} pods ending in each: p50 {:?}, p99 {:?}, max {:?}",
        took.len(),
        at(50),
        at(99),
        at(100)
    );
}

criterion_group!(benches, step);
criterion_main!(benches);
