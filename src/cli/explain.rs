//! `windtunnel explain`: one job of a run, from its submission to its bill.
//!
//! Follows the job through a simulation or a journal and prints what is known of it; what follows from that is computed in
//! [`account`], how it looks is [`table`]'s.

mod account;
mod pods;
mod table;

use std::path::{Path, PathBuf};

use clap::Args;

use self::account::Account;
use self::pods::PodSource;
use crate::cli::output::{OutputFormat, json, print};
use crate::cli::run;
use crate::cli::{CliError, ExitStatus};
use crate::driver::{self, DriverError, Watcher};
use crate::history::Follow;
use crate::history::status_reason::Texts;
use crate::ids::JobRef;
use crate::journal::{JournalError, Reader};
use crate::metrics::Metrics;
use crate::metrics::figures::counted;
use crate::model::Assumptions;
use crate::scheduler::Scheduler;
use crate::sim::SimWorld;

/// Explain one job of a run: why it waited, where it ran, how it ended, what it cost.
///
/// Runs the scenario, or reads the journal of a run. From a journal, costs are at list prices: it holds no discount.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A scenario, or a journal written with `run --journal`.
    #[arg(value_name = "SCENARIO|JOURNAL")]
    file: PathBuf,
    /// The job, as jobs.csv names it: `0-17`; `0-17:3` is a child of the array 0-17.
    #[arg(long, value_name = "ID")]
    job: String,
    /// The seed of all randomness; the scenario's own (or 1) if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Change a value of the scenario, by JSON pointer; repeat for more.
    #[arg(long, value_name = "POINTER=VALUE")]
    set: Vec<String>,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
    /// Print the Pods of the job's attempts instead, as they would be created: one, or a list of kind List.
    #[arg(long, conflicts_with = "output")]
    pod: bool,
}

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> Result<ExitStatus, CliError> {
    let job: JobRef = args.job.parse().map_err(|error| CliError::BadInput(format!("--job: {error}")))?;
    let (follow, metrics, source) = match Reader::open(&args.file) {
        Ok(_) if args.pod => {
            let file = args.file.display();
            return Err(CliError::BadInput(format!("{file} is a journal, which holds no pods: name a scenario")));
        }
        Ok(journal) if args.seed.is_none() && args.set.is_empty() => from_journal(journal, job)?,
        Ok(_) => {
            let file = args.file.display();
            return Err(CliError::BadInput(format!("{file} is a journal of a run: leave out --seed and --set")));
        }
        Err(JournalError::NotAJournal { .. }) => from_scenario(args, job)?,
        Err(error) if error.is_bad_input() => return Err(CliError::BadInput(error.to_string())),
        Err(error) => return Err(CliError::Failed(error.to_string())),
    };
    let Some(account) = Account::of(&follow, metrics.followed()) else {
        return Err(CliError::BadInput(unknown(&args.file, job, &follow)));
    };
    if let (Some(source), true) = (source, args.pod) {
        return print(&json("the pods", &pods::pods(&source, &follow))?);
    }
    print(&match args.output {
        OutputFormat::Table => table::table(&account),
        OutputFormat::Json => json("the explanation", &account)?,
    })
}

/// What was seen of the job, what it cost, and what its pods are made from; a journal does not hold that.
type Followed = (Follow, Metrics, Option<PodSource>);

fn from_scenario(args: &ExplainArgs, job: JobRef) -> Result<Followed, CliError> {
    let scenario = run::load(&args.file, &args.set)?;
    for warning in &scenario.warnings {
        eprintln!("{warning}");
    }
    let seed = args.seed.unwrap_or(scenario.seed);
    let source = PodSource::of(&scenario);
    let assumptions = &scenario.world.assumptions;
    let texts = Texts::new(assumptions).with_reasons(scenario.request_reasons.clone());
    let mut follow = Follow::new(job, &scenario.config, scenario.names.clone()).with_texts(texts);
    let mut metrics =
        Metrics::new(scenario.config.instance_types.clone(), scenario.names, assumptions).following(job.job);
    let mut scheduler = Scheduler::new(scenario.config);
    let mut world = SimWorld::new(scenario.world, seed);
    driver::run(&mut scheduler, &mut world, &mut (&mut follow, &mut metrics)).map_err(failed)?;
    Ok((follow, metrics, Some(source)))
}

fn from_journal(mut journal: Reader, job: JobRef) -> Result<Followed, CliError> {
    let header = journal.header();
    let mut follow = Follow::new(job, &header.config, header.names.clone());
    let types = header.config.instance_types.clone();
    let mut metrics = Metrics::new(types, header.names.clone(), &Assumptions::default()).following(job.job);
    loop {
        match step(&mut journal, &mut (&mut follow, &mut metrics)) {
            Ok(true) => {}
            Ok(false) => {
                if let Some(open) = journal.ended().in_words() {
                    eprintln!("{open}: explained as far as it is written");
                }
                break;
            }
            // What was written before the cut is as true as ever.
            Err(StepError::Journal(error @ JournalError::CutOff { .. })) => {
                eprintln!("warning: {error}");
                break;
            }
            Err(StepError::Journal(error)) if error.is_bad_input() => {
                return Err(CliError::BadInput(error.to_string()));
            }
            Err(StepError::Journal(error)) => return Err(failed(error)),
            Err(StepError::Watcher(error)) => return Err(failed(error)),
        }
    }
    Ok((follow, metrics, None))
}

enum StepError {
    Journal(JournalError),
    Watcher(DriverError),
}

/// Shows a journal's next step to a watcher; false after the last.
fn step(journal: &mut Reader, watcher: &mut impl Watcher) -> Result<bool, StepError> {
    let Some(seen) = journal.observation().map_err(StepError::Journal)? else { return Ok(false) };
    for (spec, name) in journal.take_named().specs(&seen) {
        watcher.called(spec, name);
    }
    watcher.seen(&seen).map_err(StepError::Watcher)?;
    let decision = journal.decision().map_err(StepError::Journal)?;
    watcher.decided(&seen, &decision).map_err(StepError::Watcher)?;
    Ok(true)
}

/// Why there is nothing to explain, with the ids that there are.
fn unknown(file: &Path, job: JobRef, follow: &Follow) -> String {
    let file = file.display();
    if let Some((queue, why)) = follow.refused() {
        let queue = follow.names().job_queues.get(queue.index()).map_or_else(|| queue.to_string(), Clone::clone);
        return format!("{file}: the submission of {job} was not taken by {queue}: {}", table::refusal(why));
    }
    if let Some(array) = follow.submission() {
        return match (array.array_size, job.child) {
            (Some(size), Some(child)) if child >= size => {
                format!("{file} has no job {job}: the children of {} are {0}:0 to {0}:{}", job.job, size - 1)
            }
            (Some(_), _) => format!("{file}: {job} had not begun when the run ended"),
            (None, _) => {
                format!("{file} has no job {job}: {} is no array; leave out `:{}`", job.job, job.child.unwrap_or(0))
            }
        };
    }
    let ranges: Vec<_> = follow
        .ids()
        .iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
        .collect();
    if ranges.is_empty() {
        return format!("{file} has no job {job}: no job was submitted");
    }
    let entries = counted(ranges.len() as u64, "range");
    format!("{file} has no job {job}: it has {} ({entries} of ids, one per workload entry)", ranges.join(", "))
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Failed(error.to_string())
}
