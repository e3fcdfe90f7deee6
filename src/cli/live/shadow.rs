//! `windtunnel live --shadow`: the simulated world, begun with what a real cluster is like now, and fed with what comes while
//! it goes on.

mod behaviours;
mod paced;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::cli::live::shadow::behaviours::{Behaviours, parse_runtime};
use crate::cli::live::shadow::paced::Paced;
use crate::cli::live::{LiveArgs, Prepared, Speed, account, look_at, outside, told};
use crate::cli::output::{OutputFormat, print};
use crate::cli::progress::{Progress, Stopwatch};
use crate::cli::provenance::provenance;
use crate::cli::{CliError, ExitStatus};
use crate::driver::{self, DriverError, Watcher};
use crate::journal::{Header, Named, Writer};
use crate::live::clock::{Clock, wall};
use crate::live::connect;
use crate::live::folded::{FoldedNode, usable_nodes};
use crate::live::settings::LiveSettings;
use crate::metrics::figures::counted;
use crate::metrics::{Metrics, Results};
use crate::model::{Distribution, Resources};
use crate::report::{self, OutputDir};
use crate::scenario::Resolved;
use crate::scheduler::{Decision, Event, Observation, Scheduler};
use crate::sim::{FixedNode, SimWorld, WorldSpec};
use crate::units::SimTime;

/// What only `--shadow` asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --shadow")]
pub(super) struct ShadowArgs {
    /// How long jobs from outside run whose job definition no workload entry has: a span like 5m, or a distribution as a
    /// scenario writes it. 5m if not given. Others run, and fail, as the first entry with their job definition says.
    #[arg(long, value_name = "SPAN|DISTRIBUTION", value_parser = parse_runtime, requires = "jobs")]
    pub(super) runtime: Option<Distribution>,
}

/// Runs the mode.
pub(super) fn run(args: &LiveArgs, prepared: Prepared) -> Result<ExitStatus, CliError> {
    let Prepared { mut scenario, account: batch, seed, backend, pods } = prepared;
    let speed = args.speed.unwrap_or(if args.jobs.is_some() { Speed::Times(1.0) } else { Speed::Max });
    if args.jobs.is_some() && speed == Speed::Max {
        let why = "--speed max: jobs from outside come by a clock; give a number, however large";
        return Err(CliError::BadInput(why.to_owned()));
    }
    let settings = LiveSettings::default();
    let (_, snapshot) = connect::wait_for(look_at(args, &pods, &settings)).map_err(|error| told(&error))?;
    let nodes = usable_nodes(&snapshot, &pods.environments);
    scenario.world.environments = account(&scenario.world).under(&backend).environments;
    scenario.world.nodes = nodes.iter().map(fixed).collect();
    let seen = offers(&nodes);
    for (name, known) in scenario.names.instance_types.iter().zip(&mut scenario.world.instance_types) {
        known.free = seen.get(name.as_str()).copied().unwrap_or(known.free);
    }
    eprintln!(
        "{} ({}): {} of the cluster, {} whose room is known from a node",
        args.context(),
        snapshot.server_version,
        counted(nodes.len() as u64, "node"),
        counted(seen.len() as u64, "instance type"),
    );

    let out = args.apply.out.as_deref().map(OutputDir::create).transpose().map_err(failed)?;
    let words = args.words().into_iter().chain(["--shadow", "--context", args.context()].map(str::to_owned));
    let provenance = provenance(&words.collect::<Vec<_>>(), &scenario);
    let watch = Stopwatch::start();
    let named = Rc::new(RefCell::new(Named::default()));
    let stop = stopped_by_signals();
    let world = &scenario.world;
    let world = Paced {
        feed: outside(args, world, batch)?,
        behaviours: Behaviours::new(world, &scenario.names, args.shadow.runtime.clone()),
        named,
        stop: stop.clone(),
        stop_at: world.stop_at,
        world: SimWorld::new(world.clone(), seed),
        pace: match speed {
            Speed::Max => None,
            Speed::Times(speed) => Some(Clock::new(wall(), speed, SimTime::ZERO)),
        },
    };
    let mut results = simulate(scenario, seed, world, out.as_ref(), args.apply.journal.as_deref()).map_err(failed)?;
    results.summary.sim.wall_s = Some(watch.elapsed_s());
    if stop.load(Ordering::Acquire) {
        eprintln!("stopped: the report is of what happened until then");
    }
    if let Some(out) = out {
        for file in out.write(&results, &provenance).map_err(failed)? {
            eprintln!("wrote {}", file.display());
        }
    }
    print(&match args.output() {
        OutputFormat::Table => report::table(&results.summary),
        OutputFormat::Json => report::json(&results.summary),
    })
}

/// A flag that Ctrl-C sets; a second one ends the program as it would without us.
fn stopped_by_signals() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::AcqRel) {
            std::process::exit(ExitStatus::Interrupted.code().into());
        }
    });
    stop
}

/// Runs the world to its end, or until it is stopped.
fn simulate(
    scenario: Resolved,
    seed: u64,
    mut world: Paced<Clock>,
    out: Option<&OutputDir>,
    journal: Option<&Path>,
) -> Result<Results, DriverError> {
    let Resolved { world: WorldSpec { assumptions, .. }, config, names, scenario_name, .. } = scenario;
    let header = Header::new(Some(seed), &scenario_name, config.clone(), names.clone());
    let mut metrics = Metrics::new(config.instance_types.clone(), names, &assumptions);
    if let Some(out) = out {
        metrics = metrics.with_sinks(out.sinks()?).with_pictures();
    }
    let mut shown = Shown {
        named: world.named.clone(),
        journal: journal.map(|path| Writer::create(path, &header)).transpose()?,
        metrics,
    };
    let mut progress = Progress::on_terminal(&scenario_name);
    driver::run(&mut Scheduler::new(config), &mut world, &mut (&mut shown, &mut progress))?;
    if let Some(progress) = progress {
        progress.finish();
    }
    if let Some(journal) = shown.journal {
        journal.finish()?;
    }
    shown.metrics.finish(&scenario_name, seed, world.ended_at())
}

/// Journal and metrics, with the names of what comes while the run goes on.
struct Shown {
    named: Rc<RefCell<Named>>,
    journal: Option<Writer>,
    metrics: Metrics,
}

impl Shown {
    /// What the observation is the first to use; it may be older than the latest submission.
    fn take_named(&mut self, seen: &Observation) -> Named {
        let mut named = self.named.borrow_mut();
        if named.jobs.is_empty() {
            return Named::default();
        }
        let is_told =
            |own| seen.events.iter().any(|event| matches!(event, Event::JobSubmitted { job, .. } if *job == own));
        let (now, later) = std::mem::take(&mut named.jobs).into_iter().partition(|named| is_told(named.job));
        named.jobs = later;
        Named { jobs: now, ..Named::default() }
    }
}

impl Watcher for Shown {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        let named = self.take_named(seen);
        for (spec, name) in named.specs(seen) {
            self.metrics.called(spec, name);
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| !named.is_empty()) {
            journal.named(&named)?;
        }
        (&mut self.journal, &mut self.metrics).seen(seen)
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        (&mut self.journal, &mut self.metrics).decided(seen, decision)
    }
}

/// A node of the cluster as one that is there from the start.
fn fixed(node: &FoldedNode) -> FixedNode {
    FixedNode { environment: node.environment, vcpus: node.facts.vcpus, free: node.facts.free }
}

/// What a node of each type that is there offers: of several the one with the most, for pods of others are no part of a
/// node that is launched.
fn offers(nodes: &[FoldedNode]) -> BTreeMap<&str, Resources> {
    let mut offers: BTreeMap<&str, Resources> = BTreeMap::new();
    for node in nodes {
        if let Some(name) = node.facts.instance_type.as_deref() {
            let most = offers.entry(name).or_default();
            *most = Resources::max(*most, node.facts.free);
        }
    }
    offers
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
