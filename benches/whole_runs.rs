//! Whole runs of the reference load, metrics included, and how much of their time the bare event queue would take; then
//! the same load as arrays, under fair share, and with dependencies.
//!
//! `WINDTUNNEL_BENCH_LONG=1` adds the run of ten million jobs on twenty thousand nodes.

mod reference;
mod variants;

use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use rand_xoshiro::Xoshiro256PlusPlus;
use windtunnel::driver;
use windtunnel::metrics::Metrics;
use windtunnel::model::{JobSpecName, Names};
use windtunnel::scheduler::Scheduler;
use windtunnel::sim::{SimWorld, WorldSpec};
use windtunnel::units::{SimDuration, SimTime};
use windtunnel::wheel::Wheel;

fn whole_runs(c: &mut Criterion) {
    let mut sizes = vec![(10_000, 100), (1_000_000, 1_000)];
    if std::env::var_os("WINDTUNNEL_BENCH_LONG").is_some() {
        sizes.push((10_000_000, 20_000));
    }
    let mut group = c.benchmark_group("whole_run");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (jobs, nodes) in sizes {
        let mut best = Duration::MAX;
        let mut events = 0;
        group.throughput(Throughput::Elements(jobs));
        group.bench_function(format!("{jobs}_jobs_{nodes}_nodes"), |b| {
            b.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    let (took, handled) = run(jobs, nodes);
                    best = best.min(took);
                    events = handled;
                    total += took;
                }
                total
            });
        });
        if best == Duration::MAX {
            // Filtered out on the command line.
            continue;
        }
        let bare = bare_queue(events, u64::from(nodes) * 15);
        let per_job = best.as_secs_f64() / reference::as_f64(jobs);
        println!(
            "{jobs} jobs on {nodes} nodes: {:.0} jobs/s, {:.0} ns per job, {events} events; the bare queue takes {:.0} % \
             of that; peak memory of the process so far {}",
            1.0 / per_job,
            per_job * 1e9,
            100.0 * bare.as_secs_f64() / best.as_secs_f64(),
            peak_memory(),
        );
    }
    group.finish();
}

/// The same load in other forms: arrays, shares, dependencies. What one job of each costs, against a plain one.
fn forms(c: &mut Criterion) {
    let mut group = c.benchmark_group("forms");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let mut plain = None;
    for (name, world, jobs) in variants::all() {
        let mut best = Duration::MAX;
        group.throughput(Throughput::Elements(jobs));
        group.bench_function(name, |b| {
            b.iter_custom(|iterations| {
                let took = |_| run_world(world.clone(), jobs).0;
                let each: Vec<_> = (0..iterations).map(took).collect();
                best = each.iter().copied().min().unwrap_or(best).min(best);
                each.into_iter().sum()
            });
        });
        if best == Duration::MAX {
            continue;
        }
        let per_job = best.as_secs_f64() / reference::as_f64(jobs);
        let plain = *plain.get_or_insert(per_job);
        println!("{name}: {:.0} ns per job, {:.2} x a plain one", per_job * 1e9, per_job / plain);
    }
    group.finish();
}

fn run(jobs: u64, nodes: u32) -> (Duration, u64) {
    run_world(reference::world(jobs, nodes), jobs)
}

fn run_world(world: WorldSpec, jobs: u64) -> (Duration, u64) {
    let config = reference::config(&world);
    let names = Names {
        compute_environments: vec!["reference".to_owned()],
        job_queues: vec!["reference".to_owned()],
        job_specs: vec![JobSpecName::default()],
        instance_types: vec!["m5.4xlarge".to_owned()],
        zones: ('a'..='f').map(|zone| format!("us-east-1{zone}")).collect(),
        ..Names::default()
    };
    let begun = now();
    let mut metrics = Metrics::new(config.instance_types.clone(), names, &world.assumptions);
    let mut scheduler = Scheduler::new(config);
    let mut world = SimWorld::new(world, 1);
    driver::run(&mut scheduler, &mut world, &mut metrics).expect("a simulated world can't fail");
    let results = metrics.finish("reference", 1, world.ended_at()).expect("nothing is written");
    let took = begun.elapsed();
    assert_eq!(results.summary.jobs.succeeded, jobs);
    (took, world.handled())
}

/// As many events through the bare queue, with about as many waiting.
fn bare_queue(events: u64, waiting: u64) -> Duration {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut gap = || SimDuration::from_secs_f64(428.0 * stream.sample::<f64, _>(Exp1));
    let mut wheel = Wheel::default();
    (0..waiting).for_each(|item| wheel.push(SimTime::ZERO + gap(), item));
    let begun = now();
    for _ in 0..events {
        let (at, item) = wheel.pop_until(SimTime::MAX).expect("never empty");
        wheel.push(at + gap(), item);
    }
    begun.elapsed()
}

/// What the system says this process needed at most.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |size| size.trim().to_owned())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

criterion_group!(benches, whole_runs, forms);
criterion_main!(benches);
