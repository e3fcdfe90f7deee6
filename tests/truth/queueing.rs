//! Queueing systems whose means are known, beside those of `tests/queueing.rs`: several servers, service of any distribution,
//! priorities, shortest job first.

use rayon::prelude::*;
use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::ids::{ComputeEnvironmentId, JobQueueId, JobSpecId};
use windtunnel::model::Distribution;
use windtunnel::scheduler::{
    Decision, Ending, JobOrder, JobSpec, Observation, QueuePolicy, QueueSpec, Scheduler, SchedulerConfig, Settings,
};
use windtunnel::sim::{Arrivals, SimWorld, WorkloadEntry, WorkloadSource, WorldSpec};
use windtunnel::units::{SimDuration, SimTime};

use crate::farm::{SERVER, secs, server_farm};
use crate::page::{Row, keep};

/// The unit of time, in seconds: so long that the rounding to milliseconds is far below what can be measured.
const UNIT_S: u64 = 1_000;
const SEEDS: u64 = 20;
/// Student's t for a 95 % interval with 19 degrees of freedom, two-sided.
const STUDENT_T_95_DF_19: f64 = 2.093_024;
/// That over this is how far a mean may be off, in halves of its interval, where twenty intervals have to hold together at 95 %:
/// Bonferroni's 99.75 % each.
const TOGETHER: f64 = 3.481_151 / STUDENT_T_95_DF_19;

/// A mean with half of its 95 % confidence interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate {
    pub(crate) mean: f64,
    pub(crate) half: f64,
}

impl Estimate {
    /// From twenty independent replications.
    #[expect(clippy::cast_precision_loss, reason = "twenty")]
    pub(crate) fn of(replications: &[f64]) -> Self {
        assert_eq!(replications.len(), 20);
        let n = replications.len() as f64;
        let mean = replications.iter().sum::<f64>() / n;
        let variance = replications.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Self { mean, half: STUDENT_T_95_DF_19 * (variance / n).sqrt() }
    }
}

/// Jobs of one kind: so many per unit of time, and how long they take.
struct Class {
    per_unit: f64,
    service: Distribution,
    /// E S and E S², in units of time.
    mean: f64,
    square: f64,
}

impl Class {
    fn constant(per_unit: f64, units: f64) -> Self {
        Self { per_unit, service: Distribution::constant(units_of_time(units)), mean: units, square: units * units }
    }

    fn exponential(per_unit: f64) -> Self {
        Self { per_unit, service: Distribution::Exponential { mean: secs(UNIT_S) }, mean: 1.0, square: 2.0 }
    }

    /// With a median of one unit and a 95th percentile of three.
    fn lognormal(per_unit: f64) -> Self {
        let variance = (3.0_f64.ln() / 1.644_853_626_951_472_7).powi(2);
        let service = Distribution::lognormal_secs(UNIT_S, 3 * UNIT_S);
        Self { per_unit, service, mean: (variance / 2.0).exp(), square: (2.0 * variance).exp() }
    }

    /// Shape one half, scale half a unit: a mean of one and a square of six, for Γ(3) is 2 and Γ(5) is 24.
    fn weibull(per_unit: f64) -> Self {
        let service = Distribution::Weibull { shape: 0.5, scale: secs(UNIT_S / 2) };
        Self { per_unit, service, mean: 1.0, square: 6.0 }
    }

    fn load(&self) -> f64 {
        self.per_unit * self.mean
    }
}

#[expect(clippy::cast_precision_loss, reason = "a thousand")]
fn units_of_time(units: f64) -> SimDuration {
    SimDuration::from_secs_f64(units * UNIT_S as f64)
}

/// Erlang's C: the share of jobs that wait in M/M/c under an offered load, by way of his B.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let b = erlang_b(servers, offered);
    let rho = offered / f64::from(servers);
    b / (1.0 - rho * (1.0 - b))
}

/// Erlang's B: the share of jobs that find all servers busy where none may wait.
fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |b, server| offered * b / (f64::from(server) + offered * b))
}

/// Cobham's mean waits under priorities without preemption, the highest first.
fn cobham(classes: &[Class]) -> Vec<f64> {
    let residual = classes.iter().map(|class| class.per_unit * class.square).sum::<f64>() / 2.0;
    let mut above = 0.0;
    let wait = |class: &Class| {
        let before = above;
        above += class.load();
        residual / ((1.0 - before) * (1.0 - above))
    };
    classes.iter().map(wait).collect()
}

/// What waits are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Priority {
    /// One queue, first come, first served.
    None,
    /// A queue for each class, the first before the others.
    Queues,
    /// One queue by `shortestJobFirst`; estimates are service times.
    ShortestFirst,
}

/// A farm of servers and these jobs, about so many in all.
fn farm(servers: u32, classes: &[Class], priority: Priority, jobs: f64) -> WorldSpec {
    let mut world = server_farm(servers as usize, 0, 1.0, Distribution::constant(SimDuration::ZERO));
    let environments = vec![ComputeEnvironmentId(0)];
    let per_unit: f64 = classes.iter().map(|class| class.per_unit).sum();
    let policy = match priority {
        Priority::ShortestFirst => QueuePolicy { order: JobOrder::ShortestJobFirst, backfill: None },
        Priority::None | Priority::Queues => QueuePolicy::default(),
    };
    let queues = if priority == Priority::Queues { classes.len() } else { 1 };
    world.queues = (0..queues)
        .map(|rank| {
            let height = i32::try_from(queues - rank).unwrap();
            QueueSpec { policy, ..QueueSpec::fifo(height, environments.clone()) }
        })
        .collect();
    let timeout = |class: &Class| {
        (priority == Priority::ShortestFirst).then(|| units_of_time(class.mean) + SimDuration::from_secs(1))
    };
    world.specs = classes
        .iter()
        .map(|class| JobSpec { requests: SERVER, attempts: 1, timeout: timeout(class), ..JobSpec::default() })
        .collect();
    world.image_of = vec![0; classes.len()];
    world.workload = (0_u16..)
        .zip(classes)
        .map(|(number, class)| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "thousands")]
            let count = (jobs * class.per_unit / per_unit) as u64;
            let mean_gap_s = units_of_time(1.0).as_secs_f64() / class.per_unit;
            let source = WorkloadSource::Synthetic {
                spec: JobSpecId(u32::from(number)),
                array_size: None,
                count,
                arrivals: Arrivals::Poisson { start: SimTime::ZERO, mean_gap_s },
                runtime: class.service.clone(),
            };
            WorkloadEntry::new(JobQueueId(if queues > 1 { number } else { 0 }), source)
        })
        .collect();
    world
}

/// Waits by class, of those submitted between the warm-up and the end of arrivals.
#[derive(Debug, Default)]
struct Waits {
    from: SimTime,
    to: SimTime,
    /// Jobs, the sum of their waits in units of time, and how many waited.
    classes: Vec<(f64, f64, f64)>,
}

impl Watcher for Waits {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for ending in &decision.endings {
            let Ending::Job(job) = ending else { continue };
            assert!(job.succeeded(), "{} failed", job.job);
            if job.submitted_at < self.from || job.submitted_at > self.to {
                continue;
            }
            let wait = job.first_running_at.expect("it ran").since(job.submitted_at);
            let class = &mut self.classes[usize::from(job.job.job.entry())];
            class.0 += 1.0;
            class.1 += wait.as_secs_f64() / units_of_time(1.0).as_secs_f64();
            class.2 += f64::from(u8::from(!wait.is_zero()));
        }
        Ok(())
    }
}

/// Mean wait and share of jobs that wait, by class, in one run. The first twentieth of the arrivals is warm-up: a hundred times
/// what the slowest of these systems remembers of its start, or more.
fn measure(servers: u32, classes: &[Class], priority: Priority, jobs: f64, seed: u64) -> Vec<(f64, f64)> {
    let world = farm(servers, classes, priority, jobs);
    let config = SchedulerConfig { settings: Settings::from(&world.assumptions), instance_types: Vec::new() };
    let span = jobs / classes.iter().map(|class| class.per_unit).sum::<f64>();
    let mut waits = Waits {
        from: SimTime::ZERO + units_of_time(span / 20.0),
        to: SimTime::ZERO + units_of_time(span * 0.98),
        classes: vec![(0.0, 0.0, 0.0); classes.len()],
    };
    driver::run(&mut Scheduler::new(config), &mut SimWorld::new(world, seed), &mut waits).unwrap();
    waits.classes.iter().map(|&(jobs, sum, waited)| (sum / jobs, waited / jobs)).collect()
}

/// A system, and what is known of it.
struct System {
    servers: u32,
    classes: Vec<Class>,
    priority: Priority,
    /// Each with what is known, and whose wait it is, or what else.
    known: Vec<(String, f64, Figure)>,
}

#[derive(Debug, Clone, Copy)]
enum Figure {
    MeanWait(usize),
    /// The share of jobs that wait.
    Waiting,
    /// Erlang's B by way of the share that waits.
    Loss,
}

impl System {
    fn one_class(name: &str, class: Class) -> Self {
        let exact = cobham(std::slice::from_ref(&class))[0];
        Self {
            servers: 1,
            classes: vec![class],
            priority: Priority::None,
            known: vec![(format!("{name}: mean wait"), exact, Figure::MeanWait(0))],
        }
    }

    fn erlang(servers: u32, offered: f64) -> Self {
        let c = erlang_c(servers, offered);
        let name = format!("M/M/{servers}, {offered} offered");
        Self {
            servers,
            classes: vec![Class::exponential(offered)],
            priority: Priority::None,
            known: vec![
                (format!("{name}: mean wait, by Erlang's C"), c / (f64::from(servers) - offered), Figure::MeanWait(0)),
                (format!("{name}: share of jobs that wait, Erlang's C"), c, Figure::Waiting),
                (
                    format!("{name}: Erlang's B, (1 - ρ)C/(1 - ρC) of the share that waits"),
                    erlang_b(servers, offered),
                    Figure::Loss,
                ),
            ],
        }
    }

    fn ranked(name: &str, priority: Priority, classes: Vec<Class>) -> Self {
        let known = cobham(&classes)
            .into_iter()
            .enumerate()
            .map(|(class, exact)| (format!("{name}: mean wait of class {}", class + 1), exact, Figure::MeanWait(class)))
            .collect();
        Self { servers: 1, classes, priority, known }
    }

    /// A row per figure; its interval must hold the exact value, and be no wider than so much of it.
    fn rows(&self, jobs: f64, precision: f64) -> Vec<Row> {
        let runs: Vec<_> = (1..=SEEDS)
            .into_par_iter()
            .map(|seed| measure(self.servers, &self.classes, self.priority, jobs, seed))
            .collect();
        let row = |(what, exact, figure): &(String, f64, Figure)| {
            let rho = self.classes.iter().map(Class::load).sum::<f64>() / f64::from(self.servers);
            let of_run = |run: &Vec<(f64, f64)>| match *figure {
                Figure::MeanWait(class) => run[class].0,
                Figure::Waiting => run[0].1,
                Figure::Loss => (1.0 - rho) * run[0].1 / (1.0 - rho * run[0].1),
            };
            let Estimate { mean, half } = Estimate::of(&runs.iter().map(of_run).collect::<Vec<_>>());
            assert!(half <= precision * exact, "{what}: {mean} ± {half} is wider than {precision} of {exact}");
            let together = (mean - exact).abs() <= TOGETHER * half;
            let missed = (mean - exact).abs() > half && together;
            Row {
                what: what.clone(),
                published: format!("{exact:.4}"),
                ours: format!("{mean:.4} ± {half:.4}"),
                tolerance: "inside".to_owned(),
                holds: (mean - exact).abs() <= half,
                falls_short: missed.then_some("outside 95 %, inside what 20 intervals together need (99.75 % each)"),
            }
        };
        self.known.iter().map(row).collect()
    }
}

fn systems() -> Vec<System> {
    vec![
        System::erlang(2, 1.4),
        System::erlang(10, 8.0),
        System::one_class("M/D/1, ρ = 0.6", Class::constant(0.6, 1.0)),
        System::one_class("M/G/1, lognormal service (median 1, p95 3), 0.6 per unit", Class::lognormal(0.6)),
        System::one_class("M/G/1, Weibull service (shape 0.5, mean 1), ρ = 0.5", Class::weibull(0.5)),
        System::ranked(
            "M/M/1, two queues by priority, ρ = 0.3 + 0.4",
            Priority::Queues,
            vec![Class::exponential(0.3), Class::exponential(0.4)],
        ),
        System::ranked(
            "M/G/1 by `shortestJobFirst`, ρ = 0.3 of half a unit + 0.4 of two",
            Priority::ShortestFirst,
            vec![Class::constant(0.6, 0.5), Class::constant(0.2, 2.0)],
        ),
    ]
}

const ABOUT: &str = "With every assumption at its ideal the simulator is a queueing system. Exact: Erlang (1917) for M/M/c, Pollaczek and Khinchine for\n\
    M/G/1, Cobham (1954) for priorities without preemption. Waits are in units of time, in which service takes 1 on average where nothing\n\
    else is said. Measured: the mean of 20 seeds with its 95 % interval, in which the exact value should lie. Of intervals like\n\
    these one in twenty misses by chance, so a row outside is marked, and the test fails where it is outside 99.75 %. Nothing in AWS Batch turns a job away because others wait, so there is no loss system as such: that row\n\
    goes by what Erlang's B and C have to do with each other.";

#[test]
fn waits_are_those_of_theory() {
    let rows: Vec<_> = systems().iter().flat_map(|system| system.rows(20_000.0, 0.2)).collect();
    keep("Queueing theory", ABOUT, &rows);
}

#[test]
#[ignore = "a minute or more: cargo test --test truth -- --ignored"]
fn waits_are_those_of_theory_in_long_runs() {
    let rows: Vec<_> = systems().iter().flat_map(|system| system.rows(100_000.0, 0.06)).collect();
    let about = "The same with five times as many jobs: `cargo test --test truth -- --ignored`.";
    keep("Queueing theory, long runs", about, &rows);
}
