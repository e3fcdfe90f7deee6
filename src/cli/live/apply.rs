//! `windtunnel live --apply`: the scheduler drives the cluster.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::live::feed::ScenarioFeed;
use crate::cli::live::{LiveArgs, Prepared, Speed, outside};
use crate::cli::output::{OutputFormat, print};
use crate::cli::provenance::provenance;
use crate::cli::{CliError, ExitStatus};
use crate::journal::checksum;
use crate::live::backend::Backend;
use crate::live::cluster::{End, Outcome};
use crate::live::connect::Connection;
use crate::live::folded::Account;
use crate::live::jobs::Feed;
use crate::live::session::{Ended, Session};
use crate::live::settings::LiveSettings;
use crate::live::telemetry::{LogFormat, log};
use crate::metrics::Metrics;
use crate::report::{self, OutputDir};
use crate::scenario::Resolved;

/// What only `--apply` asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --apply")]
pub(super) struct ApplyArgs {
    /// The cluster's name, as the context has it: proof that it is the one that was meant.
    #[arg(long, value_name = "CLUSTER")]
    pub(super) confirm: Option<String>,
    /// Where the journal is written: ahead of every act, so that a run that was killed can go on. Also with --shadow.
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
    /// Go on with the run of the journal.
    #[arg(long)]
    pub(super) resume: bool,
    /// When to end: once all jobs are done (the default), or only when stopped. A watched folder never ends by itself.
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(super) until: Option<Until>,
    /// The nodes are KWOK's: each pod says, in annotations, how long it runs and how it ends, drawn as in a simulation. Of jobs
    /// from --jobs nothing is drawn: their definitions give the annotations, as `windtunnel.dev/run: 30s`.
    #[arg(long)]
    pub(super) kwok: bool,
    /// Writes per minute at most; 3000 if not given.
    #[arg(long, value_name = "N")]
    pub(super) writes_per_minute: Option<u32>,
    /// Writes under way at once; 32 if not given.
    #[arg(long, value_name = "N")]
    pub(super) writes_in_flight: Option<usize>,
    /// Share of an environment's nodes that may be removed within a minute, percent; one always may. 20 if not given.
    #[arg(long, value_name = "PERCENT")]
    pub(super) node_removal_percent: Option<u32>,
    /// With `--backend render`: where it is told which nodes are wanted and which no longer, one line of JSON each, appended
    /// to a file; standard output if not given, or `-`, where the summary follows at the end, after a line
    /// `{"announcements":"end"}`. `"wanted":"launch"` names types, vCPUs, and the label and taints that nodes shall have; it
    /// counts until as many vCPUs joined, or a line `"wanted":"withdrawal"` of the same `launch` (after the assumption
    /// `launchResponseDeadline`, when another takes its place). `"wanted":"removal"` names a node to be taken away: the run ends
    /// when it is gone. A run that goes on repeats the lines that still count.
    #[arg(long, value_name = "FILE|-")]
    pub(super) announce: Option<PathBuf>,
    /// Serve metrics for Prometheus on this port of the loopback interface; 0 takes any.
    #[arg(long, value_name = "PORT")]
    pub(super) metrics_port: Option<u16>,
    /// Write report.html, summary.json, jobs.csv, nodes.csv, timeline.csv and timeline.svg into this folder at the end. Also
    /// with --shadow.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// What is logged to stderr: a level (`info` if not given), or a filter like `info,windtunnel::live::actuate=debug`.
    #[arg(long, value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// How: for people, if not given.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) log_format: Option<LogForm>,
}

/// `--log-format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum LogForm {
    /// Lines for people.
    #[default]
    Text,
    /// An object of JSON per line.
    Json,
}

/// `--until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Until {
    /// Nothing is left to do.
    #[default]
    Drained,
    /// SIGTERM or Ctrl-C.
    Stopped,
}

/// Runs the mode.
pub(super) fn run(args: &LiveArgs, prepared: Prepared) -> Result<ExitStatus, CliError> {
    let own = &args.apply;
    let format = match own.log_format.unwrap_or_default() {
        LogForm::Text => LogFormat::Human,
        LogForm::Json => LogFormat::Json,
    };
    log::init(own.log.as_deref().unwrap_or(log::DEFAULT_FILTER), format)
        .map_err(|error| CliError::BadInput(error.to_string()))?;
    let connection = args.connection();
    confirm(own, &connection)?;
    let Some(journal) = own.journal.clone() else {
        let why = "--apply needs --journal FILE: without it, a run that is killed can't go on";
        return Err(CliError::BadInput(why.to_owned()));
    };
    let known = LiveSettings::default();
    let settings = LiveSettings {
        writes_per_minute: own.writes_per_minute.unwrap_or(known.writes_per_minute),
        writes_in_flight: own.writes_in_flight.unwrap_or(known.writes_in_flight),
        node_removal_percent: own.node_removal_percent.unwrap_or(known.node_removal_percent),
        ..known
    };
    let speed = match args.speed {
        None => 1.0,
        Some(Speed::Times(speed)) => speed,
        Some(Speed::Max) => {
            let why = "--speed max: a real cluster has a clock of its own; give a number, or look ahead with --shadow";
            return Err(CliError::BadInput(why.to_owned()));
        }
    };
    let out = own.out.as_deref().map(OutputDir::create).transpose().map_err(failed)?;

    let Prepared { scenario, account: batch, seed, backend, pods } = prepared;
    let scenario_crc32 =
        checksum(format!("{:?}{seed}", (&scenario.world, &scenario.config, &scenario.names)).as_bytes());
    let world = &scenario.world;
    let account = Account {
        environments: world.environments.clone(),
        queues: world.queues.clone(),
        consumables: world.consumables.clone(),
        specs: world.specs.clone(),
    };
    let beginning = account.under(&backend).beginning(&[]);
    let mut feeds: Vec<Box<dyn Feed>> =
        vec![Box::new(ScenarioFeed::new(world, beginning, seed, own.kwok.then_some(speed)))];
    feeds.extend(outside(args, world, batch)?);
    let provenance = provenance(&args.words(), &scenario);
    let Resolved { world, config, names, scenario_name, .. } = scenario;
    let mut metrics = Metrics::new(config.instance_types.clone(), names.clone(), &world.assumptions);
    if let Some(out) = &out {
        metrics = metrics.with_sinks(out.sinks().map_err(failed)?).with_pictures();
    }
    let told = backend == Backend::Render && to_stdout(own.announce.as_deref());
    let session = Session {
        connection,
        scenario: scenario_name.clone(),
        scenario_crc32,
        config,
        names,
        pods,
        backend,
        speed,
        journal: journal.clone(),
        resume: own.resume,
        feeds,
        end: if own.until.unwrap_or_default() == Until::Drained { End::Drained } else { End::Never },
        settings,
        metrics_port: own.metrics_port,
        announce: announce(own.announce.as_deref())?,
    };
    let ended = session.run(&mut metrics).map_err(failed)?;
    say(&ended, &journal);
    if told {
        // What comes after it on standard output is no announcement.
        println!(r#"{{"announcements":"end"}}"#);
    }
    let results = metrics.finish(&scenario_name, seed, ended.at).map_err(failed)?;
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

fn to_stdout(announce: Option<&Path>) -> bool {
    announce.is_none_or(|to| to.as_os_str() == "-")
}

/// Where announcements go.
fn announce(to: Option<&Path>) -> Result<Box<dyn Write + Send>, CliError> {
    let Some(to) = to.filter(|_| !to_stdout(to)) else { return Ok(Box::new(std::io::stdout())) };
    let file = OpenOptions::new().create(true).append(true).open(to);
    let file = file.map_err(|error| CliError::BadInput(format!("--announce {}: {error}", to.display())))?;
    Ok(Box::new(file))
}

/// Whoever drives a cluster says which.
fn confirm(own: &ApplyArgs, connection: &Connection) -> Result<(), CliError> {
    let cluster = connection.cluster_name().map_err(|error| CliError::BadInput(error.to_string()))?;
    match &own.confirm {
        Some(named) if *named == cluster => Ok(()),
        Some(named) => Err(CliError::BadInput(format!(
            "--confirm {named}: context `{}` is of cluster `{cluster}`; nothing was done",
            connection.context
        ))),
        None => Err(CliError::BadInput(format!(
            "--apply changes cluster `{cluster}`: say so with --confirm {cluster}, after a look with --dry-run"
        ))),
    }
}

fn say(ended: &Ended, journal: &Path) {
    let file = journal.display();
    match ended.outcome {
        Outcome::Drained => eprintln!("nothing is left to do; the run's journal is {file}"),
        Outcome::Stopped => eprintln!("stopped: pods go on; go on with --resume --journal {file}"),
    }
    if !ended.nodes_left.is_empty() {
        eprintln!(
            "nodes that the run launched and that are still there (minvCpus): NodeClaims {}; remove them with `kubectl delete \
             nodeclaims -l windtunnel.dev/run={}`",
            ended.nodes_left.join(", "),
            ended.run
        );
    }
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
