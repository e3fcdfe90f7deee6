//! `windtunnel run SCENARIO`: one simulated run, from the scenario's file to a table, JSON, files and a journal.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::batch::Batch;
use crate::cli::output::{OutputFormat, print};
use crate::cli::progress::{Progress, Stopwatch};
use crate::cli::provenance::{file_word, provenance};
use crate::cli::{CliError, ExitStatus};
use crate::driver::{self, DriverError};
use crate::experiment::{PILOTS, WarmUp, choose_warmup, steady_state};
use crate::export::{AwsExport, ExportError};
use crate::history::EventBridge;
use crate::history::status_reason::Texts;
use crate::journal::{Header, Writer};
use crate::metrics::figures::{counted, span};
use crate::metrics::{Metrics, Results};
use crate::model::duration;
use crate::report::{self, OutputDir, OutputFile};
use crate::scenario::{self, KnownTypes, Resolved, Setting};
use crate::scheduler::Scheduler;
use crate::sim::SimWorld;
use crate::units::SimTime;

/// Run a scenario in the simulated world.
///
/// Same binary, scenario and seed: same bytes, whatever the machine does meanwhile.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The scenario, a JSON file.
    scenario: PathBuf,
    /// The seed of all randomness; the scenario's own (or 1) if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Change a value of the scenario, by JSON pointer; repeat for more.
    #[arg(long, value_name = "POINTER=VALUE")]
    set: Vec<String>,
    /// Take assumptions from this file, like those that `windtunnel calibrate` writes; --set goes before them.
    #[arg(long, value_name = "FILE")]
    assumptions: Option<PathBuf>,
    /// Leave out the beginning, and judge the steady state after it: a span like 2h or PT2H, or `auto`, which takes what
    /// MSER-5 finds in five pilot runs under other seeds.
    #[arg(long, value_name = "auto|SPAN", value_parser = Warmup::parse)]
    warmup: Option<Warmup>,
    /// Write report.html, summary.json, jobs.csv, nodes.csv, timeline.csv and timeline.svg into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write every observation and decision as JSON Lines; compressed when the name ends in .gz.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Write the events that Amazon `EventBridge` would carry (`Batch Job State Change`, `Batch Job Queue Blocked`) as JSON
    /// Lines. A run has no date of its own: time 0 is 2026-01-01T00:00:00Z; the account is 000000000000.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write what the AWS CLI would tell of the account and its jobs when the run is over into this folder, which must be new
    /// or empty: `describe-compute-environments`, `describe-job-queues`, `describe-job-definitions`,
    /// `describe-scheduling-policies`, `list-consumable-resources`, `list-jobs` by queue and status, `describe-jobs`, in pages
    /// as AWS gives them. Time 0 is 2026-01-01T00:00:00Z; ids of jobs are UUIDs that follow from the scenario's name; ARNs are
    /// of the account 123456789012. `windtunnel import aws DIR` makes a scenario of it again.
    #[arg(long, value_name = "DIR")]
    export_aws: Option<PathBuf>,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

/// What to leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Warmup {
    Auto,
    Fixed(SimTime),
}

impl Warmup {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let fixed = duration::parse(text).map(|span| Self::Fixed(SimTime::ZERO + span));
        fixed.map_err(|error| format!("{error}; or `auto`"))
    }

    /// Where it ends; `auto` asks pilot runs.
    fn choose(self, scenario: &Resolved, seed: u64) -> Result<WarmUp, CliError> {
        match self {
            Self::Fixed(until) => Ok(WarmUp::fixed(until)),
            Self::Auto => {
                eprintln!("{PILOTS} pilot runs, to find the warm-up");
                choose_warmup(&[scenario], seed).map_err(failed)
            }
        }
    }
}

/// What is written while the run goes on, and given its name after it.
struct Files {
    journal: Option<Writer>,
    events: Option<EventBridge<OutputFile>>,
    aws: Option<AwsExport<KnownTypes>>,
}

/// Runs the command.
pub(super) fn run(args: &RunArgs) -> Result<ExitStatus, CliError> {
    let settings = settings(args.assumptions.as_deref(), &args.set)?;
    let (scenario, account) = load_with_account(&args.scenario, &settings)?;
    for warning in &scenario.warnings {
        eprintln!("{warning}");
    }
    let seed = args.seed.unwrap_or(scenario.seed);
    // A folder or file that can't be written should not cost a run.
    let out = args.out.as_deref().map(OutputDir::create).transpose().map_err(failed)?;
    let journal = args.journal.as_ref().map(|path| {
        let header = Header::new(Some(seed), &scenario.scenario_name, scenario.config.clone(), scenario.names.clone());
        Writer::create(path, &header)
    });
    let journal = journal.transpose().map_err(failed)?;
    let events = args.events.as_deref().map(OutputFile::create).transpose().map_err(failed)?;
    let texts = || Texts::new(&scenario.world.assumptions).with_reasons(scenario.request_reasons.clone());
    let events = events.map(|file| {
        EventBridge::new(&scenario.config, scenario.names.clone(), &scenario.region, file).with_texts(texts())
    });
    let aws = args.export_aws.as_deref().map(|folder| {
        let told = (&scenario.config, scenario.names.clone(), texts());
        AwsExport::create(folder, &scenario.scenario_name, account, told)
    });
    let aws = aws.transpose().map_err(|error| match error {
        ExportError::NotEmpty { .. } => CliError::BadInput(error.to_string()),
        ExportError::Io { .. } => failed(error),
    })?;

    let provenance = provenance(&words(args), &scenario);
    let watch = Stopwatch::start();
    let warmup = args.warmup.map(|warmup| warmup.choose(&scenario, seed)).transpose()?;
    let mut watchers = Files { journal, events, aws };
    let until = warmup.map(|warmup| warmup.until);
    let mut results = simulate(scenario, seed, out.as_ref(), until, &mut watchers).map_err(failed)?;
    results.summary.sim.wall_s = Some(watch.elapsed_s());
    if let Some(warmup) = warmup {
        judge(&mut results, warmup)?;
    }

    if let Some(journal) = watchers.journal {
        journal.finish().map_err(failed)?;
    }
    if let Some(events) = watchers.events {
        events.into_inner().finish().map_err(failed)?;
    }
    if let Some((aws, folder)) = watchers.aws.zip(args.export_aws.as_deref()) {
        let files = aws.finish().map_err(failed)?;
        eprintln!("wrote {} with {}", folder.display(), counted(files, "file"));
    }
    if let Some(out) = out {
        let files = out.write(&results, &provenance).map_err(failed)?;
        for file in files {
            eprintln!("wrote {}", file.display());
        }
    }
    print(&match args.output {
        OutputFormat::Table => report::table(&results.summary),
        OutputFormat::Json => report::json(&results.summary),
    })
}

/// The words that give the same numbers again: where files go makes no difference to them.
fn words(args: &RunArgs) -> Vec<String> {
    let mut words = vec!["run".to_owned(), file_word(&args.scenario)];
    words.extend(args.seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
    words.extend(args.assumptions.iter().flat_map(|file| ["--assumptions".to_owned(), file_word(file)]));
    words.extend(args.set.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]));
    words
}

/// Reads a scenario with its settings; every finding is told at once.
pub(super) fn load(path: &Path, settings: &[String]) -> Result<Resolved, CliError> {
    load_with_account(path, &parse_settings(settings)?).map(|(scenario, _)| scenario)
}

/// The same, with the account as its documents and operations leave it.
fn load_with_account(path: &Path, settings: &[Setting]) -> Result<(Resolved, Batch<KnownTypes>), CliError> {
    scenario::load_with_account(path, settings).map_err(|findings| CliError::BadInput(findings.to_string()))
}

/// Values of `--assumptions` and, after them, of `--set`.
pub(super) fn settings(assumptions: Option<&Path>, set: &[String]) -> Result<Vec<Setting>, CliError> {
    let mut settings = assumptions.map(parse_assumptions).transpose()?.unwrap_or_default();
    settings.extend(parse_settings(set)?);
    Ok(settings)
}

/// Reads a fragment of a scenario that holds `assumptions`, and nothing else. Whether they are any is judged with the scenario.
fn parse_assumptions(path: &Path) -> Result<Vec<Setting>, CliError> {
    let wrong = |what: String| {
        let way_out = "give a file like {\"assumptions\": {\"podStart\": {\"constant\": \"5s\"}}}";
        CliError::BadInput(format!("--assumptions {}: {what}; {way_out}", path.display()))
    };
    let text = fs::read_to_string(path).map_err(|error| wrong(format!("it can't be read: {error}")))?;
    let fragment: Value = serde_json::from_str(&text).map_err(|error| wrong(format!("it is no JSON: {error}")))?;
    if let Some(other) = fragment.as_object().and_then(|all| all.keys().find(|key| *key != "assumptions")) {
        return Err(wrong(format!("/{other} is no part of it")));
    }
    let Some(values) = fragment["assumptions"].as_object() else {
        return Err(wrong("it has no `assumptions`".to_owned()));
    };
    let values = values.iter().map(|(name, value)| Setting {
        pointer: format!("/assumptions/{}", name.replace('~', "~0").replace('/', "~1")),
        value: value.clone(),
    });
    Ok(values.collect())
}

/// Reads the values of `--set`; every finding is told at once.
pub(super) fn parse_settings(texts: &[String]) -> Result<Vec<Setting>, CliError> {
    let (parsed, wrong): (Vec<_>, Vec<_>) = texts.iter().map(|text| Setting::parse(text)).partition(Result::is_ok);
    if wrong.is_empty() {
        return Ok(parsed.into_iter().filter_map(Result::ok).collect());
    }
    let wrong: Vec<_> = wrong.into_iter().filter_map(Result::err).map(|finding| finding.to_string()).collect();
    Err(CliError::BadInput(wrong.join("\n")))
}

/// Adds what the run says of the steady state; a run must be longer than its warm-up.
fn judge(results: &mut Results, warmup: WarmUp) -> Result<(), CliError> {
    let end_s = results.summary.sim.end_s;
    if warmup.until.as_secs_f64() >= end_s {
        return Err(CliError::BadInput(format!(
            "--warmup {}: the run ends after {}, before its warm-up does; give a shorter one, or run longer with --set \
             /stop/at=TIME and a workload that lasts until then",
            duration::to_text(warmup.until.since(SimTime::ZERO)),
            span(end_s)
        )));
    }
    if let Some(steady) = steady_state(results, warmup.method) {
        results.summary.judge(steady);
    }
    Ok(())
}

fn simulate(
    scenario: Resolved,
    seed: u64,
    out: Option<&OutputDir>,
    warmup: Option<SimTime>,
    files: &mut Files,
) -> Result<Results, DriverError> {
    let Resolved { world, config, names, scenario_name, .. } = scenario;
    let mut metrics = Metrics::new(config.instance_types.clone(), names, &world.assumptions);
    if let Some(out) = out {
        metrics = metrics.with_sinks(out.sinks()?).with_pictures();
    }
    if let Some(until) = warmup {
        metrics = metrics.with_warmup(until);
    }
    let mut progress = Progress::on_terminal(&scenario_name);
    let mut scheduler = Scheduler::new(config);
    let mut world = SimWorld::new(world, seed);
    driver::run(
        &mut scheduler,
        &mut world,
        &mut (&mut metrics, ((&mut files.journal, (&mut files.events, &mut files.aws)), &mut progress)),
    )?;
    if let Some(progress) = progress {
        progress.finish();
    }
    metrics.finish(&scenario_name, seed, world.ended_at())
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
