//! Output analysis against known answers: what an interval covers, what common random numbers save, what a truncated
//! warm-up removes, and how often a system is taken for stable, or not, that is the other.
//!
//! M/M/1 queues run through the simulator and the product's own warm-up. One service takes a unit of time on average; a
//! queue with load ρ forgets its start as e^(-t/τ) with τ = 1/(1 - √ρ)² units. Seeds are fixed, so every figure is the same
//! each time: `cargo test --test output_analysis -- --nocapture` shows them. More of each, in minutes: `--ignored`.

#[path = "common/farm.rs"]
mod farm;

use farm::{secs, server_farm};
use rayon::prelude::*;
use windtunnel::driver;
use windtunnel::experiment::stats::Estimate;
use windtunnel::experiment::{Load, PILOTS, common_warmup, simulate, steady_state};
use windtunnel::ids::{JobQueueId, JobSpecId};
use windtunnel::metrics::{Metrics, Results, WarmupMethod};
use windtunnel::model::{Distribution, Names};
use windtunnel::scenario::{self, Setting};
use windtunnel::scheduler::{Scheduler, SchedulerConfig, Settings};
use windtunnel::sim::{Arrivals, SimWorld, WorkloadEntry, WorkloadSource, WorldSpec};
use windtunnel::units::{SimDuration, SimTime};

/// The unit of time, in seconds: so long that the rounding to milliseconds is below a millionth of a service time.
const UNIT_S: f64 = 1_000.0;
const LEVEL: f64 = 0.95;

fn units(units: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(units * UNIT_S)
}

/// A queue with this load, that gets so many jobs.
fn m_m_1(rho: f64, jobs: u64) -> WorldSpec {
    server_farm(1, jobs, UNIT_S / rho, Distribution::Exponential { mean: secs(1_000) })
}

/// Its mean wait, in units: ρ/(1 - ρ).
fn exact_wait(rho: f64) -> f64 {
    rho / (1.0 - rho)
}

fn run(world: WorldSpec, seed: u64, warmup: Option<SimTime>) -> Results {
    let config = SchedulerConfig {
        settings: Settings::from(&world.assumptions),
        instance_types: world.instance_types.iter().map(|one| one.facts).collect(),
    };
    let mut metrics = Metrics::new(config.instance_types.clone(), Names::default(), &world.assumptions);
    if let Some(until) = warmup {
        metrics = metrics.with_warmup(until);
    }
    let mut world = SimWorld::new(world, seed);
    driver::run(&mut Scheduler::new(config), &mut world, &mut metrics).unwrap();
    metrics.finish("m/m/1", seed, world.ended_at()).unwrap()
}

/// The mean wait in units.
fn wait(results: &Results) -> f64 {
    results.summary.wait_s.mean.expect("jobs ran") / UNIT_S
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn covers(estimate: &Estimate, exact: f64) -> bool {
    estimate.ends().is_some_and(|(low, high)| low <= exact && exact <= high)
}

fn nearly_95_percent(what: &str, covered: f64, experiments: usize) {
    println!("{what}: {:.1} % of {experiments} intervals at 95 % cover the truth", covered * 100.0);
    assert!((0.93..=0.97).contains(&covered), "{what}: {covered}");
}

/// Experiments of ten replications, each with its own seed: how many of the intervals cover the truth.
fn replications_cover(rho: f64, warmup: f64, jobs: u64, experiments: usize) {
    let covered = (0..experiments as u64).into_par_iter().filter(|experiment| {
        let replicate = |replication| wait(&run(m_m_1(rho, jobs), experiment * 10 + replication, Some(units(warmup))));
        let means: Vec<f64> = (0..10).map(replicate).collect();
        covers(&Estimate::of(&means, LEVEL).unwrap(), exact_wait(rho))
    });
    let what = format!("M/M/1 at {rho}, 10 replications of {jobs} jobs, warm-up {warmup} services");
    nearly_95_percent(&what, share(covered.count(), experiments), experiments);
}

/// One long run each: how many of the intervals by batch means cover the truth.
fn batch_means_cover(rho: f64, warmup: f64, jobs: u64, experiments: usize) {
    let judged: Vec<_> = (0..experiments as u64)
        .into_par_iter()
        .map(|seed| {
            let results = run(m_m_1(rho, jobs), seed, Some(units(warmup)));
            let wait = steady_state(&results, WarmupMethod::Fixed).unwrap().wait_mean;
            wait.map(|wait| (wait.n, covers(&wait, exact_wait(rho) * UNIT_S)))
        })
        .collect();
    let covered = judged.iter().flatten().filter(|(_, covers)| *covers).count();
    let of = |n| judged.iter().flatten().filter(|(batches, _)| *batches == n).count();
    let what = format!(
        "M/M/1 at {rho}, batch means of {jobs} jobs ({} with 30, {} with 20, {} with 10)",
        of(30),
        of(20),
        of(10)
    );
    nearly_95_percent(&what, share(covered, experiments), experiments);
}

#[test]
fn intervals_over_replications_cover_the_truth() {
    replications_cover(0.5, 120.0, 500, 1_000);
}

#[test]
fn intervals_by_batch_means_cover_the_truth() {
    batch_means_cover(0.5, 120.0, 5_000, 600);
}

#[test]
#[ignore = "minutes: cargo test --test output_analysis -- --ignored --nocapture"]
fn intervals_cover_the_truth_at_higher_loads() {
    replications_cover(0.8, 900.0, 6_000, 1_000);
    batch_means_cover(0.5, 120.0, 20_000, 1_000);
    batch_means_cover(0.8, 900.0, 40_000, 1_000);
}

/// Variance of the difference of two variants over 30 pairs: with seeds of their own, over that with the same seeds.
fn variance_saved(what: &str, a: impl Fn(u64) -> f64 + Sync, b: impl Fn(u64) -> f64 + Sync) -> f64 {
    let deviation = |other: u64| {
        let differences: Vec<f64> = (1..=30_u64).into_par_iter().map(|seed| b(seed + other) - a(seed)).collect();
        let estimate = Estimate::of(&differences, LEVEL).unwrap();
        println!(
            "{what}, {} seeds: {:.4} ± {:.4}",
            if other == 0 { "the same" } else { "other" },
            estimate.mean,
            estimate.half_width.unwrap()
        );
        estimate.deviation.unwrap()
    };
    let saved = (deviation(1_000) / deviation(0)).powi(2);
    println!("{what}: common random numbers divide the variance of the difference by {saved:.1}");
    saved
}

#[test]
fn common_random_numbers_narrow_the_difference_of_two_farms() {
    let farm = |service_s| {
        move |seed| {
            let world = server_farm(4, 5_000, UNIT_S / 3.2, Distribution::Exponential { mean: secs(service_s) });
            wait(&run(world, seed, Some(units(50.0))))
        }
    };
    assert!(variance_saved("mean wait, 4 servers at load 3.2, or 5 % faster", farm(1_000), farm(950)) > 5.0);
}

#[test]
fn common_random_numbers_narrow_the_difference_of_a_scenario_s_variants() {
    let variant = |max_vcpus: u32| {
        let settings =
            [format!("/computeEnvironments/0/computeResources/maxvCpus={max_vcpus}"), "/stop/at=4d".to_owned()];
        let settings = settings.map(|text| Setting::parse(&text).unwrap());
        let scenario = scenario::load("scenarios/steady-service.json".as_ref(), &settings).unwrap();
        move |seed| simulate(&scenario, seed, Some(units(86.4))).unwrap().summary.cost.total
    };
    assert!(variance_saved("cost of steady-service, maxvCpus 64 or 72", variant(64), variant(72)) > 5.0);
}

/// A queue that begins with so many jobs in line.
fn begun_with(initial: u64, rho: f64, jobs: u64) -> WorldSpec {
    let mut world = m_m_1(rho, jobs);
    let at_once = WorkloadSource::Synthetic {
        spec: JobSpecId(0),
        array_size: None,
        count: initial,
        arrivals: Arrivals::Fixed { start: SimTime::ZERO, every: SimDuration::ZERO },
        runtime: Distribution::Exponential { mean: secs(1_000) },
    };
    world.workload.push(WorkloadEntry::new(JobQueueId(0), at_once));
    world
}

/// What is left of the bias of the mean wait when the warm-up is left out that MSER-5 finds in a run's pilots: before and
/// after, in units.
fn bias_removed(
    what: &str,
    world: impl Fn() -> WorldSpec + Sync,
    runs: u64,
    pilots: fn(u64) -> Vec<u64>,
) -> (f64, f64) {
    let exact = exact_wait(if what.contains("0.9") { 0.9 } else { 0.8 });
    let waits: Vec<[f64; 3]> = (1..=runs)
        .into_par_iter()
        .map(|seed| {
            let loads: Vec<Load> = pilots(seed).into_iter().map(|pilot| Load::of(&run(world(), pilot, None))).collect();
            let until = common_warmup([loads.as_slice()]).until;
            let (before, after) = (run(world(), seed, None), run(world(), seed, Some(until)));
            [wait(&before), wait(&after), until.as_secs_f64() / UNIT_S]
        })
        .collect();
    let of = |which: usize| mean(&waits.iter().map(|run| run[which]).collect::<Vec<_>>());
    let (before, after) = (of(0) - exact, of(1) - exact);
    println!(
        "M/M/1 at {what}: bias of the mean wait {before:+.3}, {after:+.3} after MSER-5 left out {:.0} services on \
         average (exact {exact:.2}, {runs} runs)",
        of(2)
    );
    (before, after)
}

/// Seeds of pilot runs: others than that of the run.
fn others(seed: u64) -> Vec<u64> {
    (1..=PILOTS as u64).map(|pilot| 10_000 * pilot + seed).collect()
}

#[test]
fn mser_5_removes_the_bias_of_the_start() {
    let (before, after) = bias_removed("0.8, begun with 100 jobs", || begun_with(100, 0.8, 4_000), 60, others);
    assert!(before > 1.0 && after.abs() < 0.2 * before, "{before} {after}");
    let (before, after) = bias_removed("0.9, begun empty", || m_m_1(0.9, 1_000), 400, others);
    assert!(before < -0.5 && after.abs() < 0.75 * before.abs(), "{before} {after}");
}

/// Why pilots have seeds of their own.
#[test]
#[ignore = "minutes: cargo test --test output_analysis -- --ignored --nocapture"]
fn a_warm_up_chosen_on_the_run_itself_biases_it() {
    let (_, own) = bias_removed("0.9, 5,000 jobs, own pilot", || m_m_1(0.9, 5_000), 400, |seed| vec![seed]);
    let (_, other) = bias_removed("0.9, 5,000 jobs, other pilots", || m_m_1(0.9, 5_000), 400, others);
    assert!(own < -0.5 && other.abs() < 0.5 * own.abs(), "{own} {other}");
}

/// How a load is judged in so many runs: stable, not stable, too short to tell.
fn verdicts(rho: f64, length: f64, runs: u64) -> [f64; 3] {
    let verdicts: Vec<Option<bool>> = (1..=runs)
        .into_par_iter()
        .map(|seed| {
            let world = WorldSpec { stop_at: units(length), ..m_m_1(rho, u64::MAX) };
            steady_state(&run(world, seed, Some(units(length / 10.0))), WarmupMethod::Fixed).unwrap().stable
        })
        .collect();
    let of = |verdict| share(verdicts.iter().filter(|&&one| one == verdict).count(), verdicts.len());
    let shares = [of(Some(true)), of(Some(false)), of(None)];
    let [stable, unstable, untold] = shares.map(|share| share * 100.0);
    println!(
        "M/M/1 at {rho}, {length} services, {runs} runs: {stable:.1} % stable, {unstable:.1} % not, {untold:.1} % too short to tell"
    );
    shares
}

#[test]
fn growing_queues_are_told_from_those_that_come_back() {
    let [stable, unstable, _] = verdicts(0.9, 4_000.0, 500);
    assert!(stable > 0.95 && unstable < 0.01, "{stable} {unstable}");
    let [stable, unstable, _] = verdicts(1.1, 4_000.0, 500);
    assert!(unstable > 0.95 && stable < 0.01, "{stable} {unstable}");
    // A run that is far too short says so, rather than something wrong.
    let [_, unstable, _] = verdicts(0.9, 500.0, 500);
    assert!(unstable < 0.05, "{unstable}");
    let [stable, ..] = verdicts(1.1, 500.0, 500);
    assert!(stable < 0.05, "{stable}");
}

#[test]
#[ignore = "minutes: cargo test --test output_analysis -- --ignored --nocapture"]
fn growing_queues_are_told_from_those_that_come_back_in_longer_runs() {
    for rho in [0.8, 0.9, 0.95] {
        let [stable, unstable, _] = verdicts(rho, 20_000.0, 1_000);
        assert!(stable > 0.95 && unstable < 0.01, "at {rho}: {stable} {unstable}");
    }
    for rho in [1.05, 1.1] {
        let [stable, unstable, _] = verdicts(rho, 20_000.0, 1_000);
        assert!(unstable > 0.95 && stable < 0.02, "at {rho}: {stable} {unstable}");
    }
}
