//! With every assumption at its ideal the simulator is a queueing system, and queueing theory says what it must give.
//!
//! The ordinary tests estimate each value to 5 %. To 1 %, in some minutes:
//! `cargo test --test queueing -- --ignored --nocapture`

mod common;

use common::{agrees, run, secs, server_farm, spot_restarts};
use windtunnel::model::Distribution;
use windtunnel::scheduler::JobEnd;

/// The unit of time, in seconds: so long that the rounding to milliseconds is below a millionth of a service time.
const UNIT_S: u64 = 1_000;

/// Jobs not measured, since a run begins with an empty queue. The slowest of these systems (one unit of work per unit of
/// time, 0.9 offered) forgets its start as e^(-t/τ) with τ = 1/(1 - √0.9)² = 380 units; ten times that are 3,420 arrivals.
const WARM_UP: u64 = 3_500;

fn wait_units(job: &JobEnd) -> f64 {
    let began = job.first_running_at.expect("it succeeded");
    began.since(job.submitted_at).as_secs_f64() / unit_s()
}

#[expect(clippy::cast_precision_loss, reason = "a thousand")]
const fn unit_s() -> f64 {
    UNIT_S as f64
}

/// The mean wait in the queue of a farm that gets `per_unit` jobs per unit of time.
fn waits(what: &str, servers: usize, per_unit: f64, runtime: &Distribution, exact: f64, jobs: u64, precision: f64) {
    agrees(what, exact, precision, |seed| {
        let farm = server_farm(servers, WARM_UP + jobs, unit_s() / per_unit, runtime.clone());
        run(farm, seed, WARM_UP, wait_units).mean()
    });
}

/// ρ = 0.9: the wait is ρ/(μ - λ).
fn m_m_1(jobs: u64, precision: f64) {
    let service = Distribution::Exponential { mean: secs(UNIT_S) };
    waits("M/M/1, mean wait in service times", 1, 0.9, &service, 9.0, jobs, precision);
}

/// The same load on fifteen servers: the wait is C(15, 13.5)/(15μ - λ) by Erlang's C formula.
fn m_m_15(jobs: u64, precision: f64) {
    let service = Distribution::Exponential { mean: secs(15 * UNIT_S) };
    waits("M/M/15, mean wait in units of time", 15, 0.9, &service, 6.026_293, jobs, precision);
}

/// ρ = 0.8: the wait is ρ/(2(1 - ρ)), by Pollaczek and Khinchine.
fn m_d_1(jobs: u64, precision: f64) {
    let service = Distribution::Constant(secs(UNIT_S));
    waits("M/D/1, mean wait in service times", 1, 0.8, &service, 2.0, jobs, precision);
}

/// A job of length w that starts afresh whenever its host is taken, at rate λ, takes (e^(λw) - 1)/λ on average. That it
/// gets ten attempts and no more shortens this by less than a millionth: all ten fail once in 26 million jobs.
///
/// Instances are shared one after the other: one that stood idle, or served others before, is as good as new, for an
/// exponential life has no memory. What happens to an instance while it is idle costs nobody anything.
fn restarts_under_spot_interruption(jobs: u64, precision: f64) {
    const PER_HOUR: f64 = 0.05;
    const WORK_HOURS: u64 = 4;
    let exact = (PER_HOUR * 4.0).exp_m1() / PER_HOUR;
    agrees("restarts on Spot, mean hours from submission to end", exact, precision, |seed| {
        let world = spot_restarts(PER_HOUR, jobs, 36.0, secs(WORK_HOURS * 3_600));
        let totals = run(world, seed, 0, |job| job.ended_at.since(job.submitted_at).as_secs_f64() / 3_600.0);
        assert!(totals.pods > jobs, "nobody was interrupted");
        assert!(totals.launches * 4 < totals.pods * 3, "instances were not used again");
        totals.mean()
    });
}

#[test]
fn m_m_1_waits_as_long_as_theory_says() {
    m_m_1(200_000, 0.05);
}

#[test]
fn m_m_15_waits_as_long_as_theory_says() {
    m_m_15(300_000, 0.05);
}

#[test]
fn m_d_1_waits_as_long_as_theory_says() {
    m_d_1(30_000, 0.05);
}

#[test]
fn interrupted_jobs_take_as_long_as_theory_says() {
    restarts_under_spot_interruption(1_000, 0.05);
}

#[test]
#[ignore = "minutes: cargo test --test queueing -- --ignored --nocapture"]
fn all_of_it_to_one_percent() {
    m_m_1(3_500_000, 0.01);
    m_m_15(6_500_000, 0.01);
    m_d_1(800_000, 0.01);
    restarts_under_spot_interruption(50_000, 0.01);
}
