//! What the commands about many runs share: their arguments, the folder that keeps a study, Ctrl-C, progress.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use crate::cli::provenance::file_word;
use crate::cli::run::settings;
use crate::cli::{CliError, ExitStatus};
use crate::experiment::{Executor, Ledger, LedgerError, Progress, Study, StudyError, parse_axis, use_threads};
use crate::scenario::{Finding, Findings, StudyFile};

/// Whether someone pressed Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Arguments of every study.
#[derive(Debug, Args)]
pub(super) struct StudyArgs {
    /// A scenario, or a study: a JSON file that names a scenario and what of it is varied.
    #[arg(value_name = "SCENARIO|STUDY")]
    file: PathBuf,
    /// Vary a field: a short name (maxvCpus, allocationStrategy, instanceTypes, spotStress, …) or a JSON pointer, and its
    /// values; repeat for a grid.
    #[arg(long, value_name = "FIELD=V1,V2,…")]
    vary: Vec<String>,
    /// Change a value of the scenario in all variants, by JSON pointer; repeat for more.
    #[arg(long, value_name = "POINTER=VALUE")]
    set: Vec<String>,
    /// Take assumptions from this file in all variants, like those that `windtunnel calibrate` writes; --set goes before them.
    #[arg(long = "assumptions", value_name = "FILE")]
    assumption_file: Option<PathBuf>,
    /// The seed of the first replication, the next one's is one more; the scenario's own (or 1) if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Confidence level of intervals [default: 0.95]
    #[arg(long)]
    level: Option<f64>,
    /// Leave out each run's beginning, the same in all variants: a span like 2h, or `auto`, which takes what MSER-5 finds in
    /// pilot runs.
    #[arg(long, value_name = "auto|SPAN")]
    warmup: Option<String>,
    /// Write the results into this folder, and keep finished runs there while the study goes on.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Go on with a study that was interrupted.
    #[arg(long, requires = "out")]
    resume: bool,
    /// Threads to run on; all cores if not given. Results don't depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl StudyArgs {
    /// The study as the file and the arguments have it; these win.
    pub(super) fn file(&self) -> Result<StudyFile, CliError> {
        let mut file = StudyFile::open(&self.file).map_err(|findings| bad_input(&findings))?;
        let (axes, wrong): (Vec<_>, Vec<_>) = self.vary.iter().map(|text| parse_axis(text)).partition(Result::is_ok);
        let wrong: Vec<Finding> = wrong.into_iter().filter_map(Result::err).collect();
        if !wrong.is_empty() {
            return Err(bad_input(&Findings::new(wrong)));
        }
        if !axes.is_empty() {
            file.vary = axes.into_iter().filter_map(Result::ok).collect();
            file.variants.clear();
        }
        let settings = settings(self.assumption_file.as_deref(), &self.set)?;
        file.set.extend(
            settings.into_iter().map(|setting| (setting.pointer, setting.value)).collect::<Map<String, Value>>(),
        );
        file.seed = self.seed.or(file.seed);
        file.level = self.level.or(file.level);
        file.warmup = self.warmup.clone().or(file.warmup);
        Ok(file)
    }

    /// Something that runs the study: on so many threads, to be stopped by Ctrl-C, with a ledger where there is a folder.
    pub(super) fn executor<'a>(&self, study: &'a Study) -> Result<Executor<'a>, CliError> {
        if let Some(threads) = self.threads {
            // The pool is made once; a second command in one process keeps the first one's.
            let _ = use_threads(threads);
        }
        // A second Ctrl-C ends the program as it would without us.
        let _ = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                std::process::exit(ExitStatus::Interrupted.code().into());
            }
            eprintln!("\nfinishing the runs under way; press Ctrl-C again to stop at once");
        });
        let executor = Executor::new(study, &INTERRUPTED);
        let Some(folder) = &self.out else { return Ok(executor) };
        let (ledger, kept) =
            Ledger::open(folder, &study.fingerprint(), self.resume).map_err(|error| refused(&error))?;
        if !kept.is_empty() {
            eprintln!("going on with {} finished runs", kept.len());
        }
        Ok(executor.with_ledger(ledger, kept))
    }

    /// The words of a command that gives the same numbers again; `more` are the command's own.
    pub(super) fn words(&self, command: &str, more: Vec<String>) -> Vec<String> {
        let mut words = vec![command.to_owned(), file_word(&self.file)];
        let each = |option: &str, values: &[String]| -> Vec<String> {
            values.iter().flat_map(|value| [option.to_owned(), value.clone()]).collect()
        };
        words.extend(each("--vary", &self.vary));
        let assumptions = self.assumption_file.iter().flat_map(|file| ["--assumptions".to_owned(), file_word(file)]);
        words.extend(assumptions);
        words.extend(each("--set", &self.set));
        words.extend(more);
        words.extend(self.seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
        words.extend(option("--warmup", self.warmup.as_ref()));
        words.extend(self.level.iter().flat_map(|level| ["--level".to_owned(), level.to_string()]));
        words
    }

    /// What to say of a study that could not go on.
    pub(super) fn failed(&self, error: &StudyError) -> CliError {
        match (error, &self.out) {
            (StudyError::Interrupted, Some(folder)) => CliError::Interrupted(format!(
                "interrupted; what is finished is kept in {}: go on with --resume",
                folder.display()
            )),
            (StudyError::Interrupted, None) => CliError::Interrupted(
                "interrupted; with --out DIR finished runs are kept, and --resume goes on".to_owned(),
            ),
            _ => CliError::Failed(error.to_string()),
        }
    }
}

/// Judges a study; tells its warnings.
pub(super) fn judge(file: &StudyFile) -> Result<Study, CliError> {
    let study = Study::new(file).map_err(|findings| bad_input(&findings))?;
    for warning in &study.warnings {
        eprintln!("{warning}");
    }
    let all = study.variants.iter().flat_map(|variant| &variant.settings);
    let mut pointers: Vec<_> = all.map(|setting| setting.pointer.as_str()).collect();
    pointers.sort_unstable();
    pointers.dedup();
    if pointers.len() > study.axes.len() && !study.axes.is_empty() {
        // A short name stands for several fields: say for which.
        eprintln!("varied: {}", pointers.join(", "));
    }
    Ok(study)
}

fn refused(error: &LedgerError) -> CliError {
    match error {
        LedgerError::Io { .. } => CliError::Failed(error.to_string()),
        LedgerError::InUse { .. } | LedgerError::Unfinished { .. } | LedgerError::OtherStudy { .. } => {
            CliError::BadInput(error.to_string())
        }
    }
}

pub(super) fn bad_input(findings: &Findings) -> CliError {
    CliError::BadInput(findings.to_string())
}

/// An option and its value, if it was given.
pub(super) fn option<V: ToString>(name: &str, value: Option<&V>) -> Vec<String> {
    value.into_iter().flat_map(|value| [name.to_owned(), value.to_string()]).collect()
}

/// A share as `2%` or `0.02`.
pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let (digits, scale) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |digits| (digits.trim(), 100.0));
    let share = digits.parse::<f64>().map_err(|_| "write a share like 2% or 0.02".to_owned())?;
    Ok(share / scale)
}

/// A line on stderr that says how far a study is, with the time it will still take; where stderr is a terminal.
#[derive(Debug)]
pub(super) struct StudyProgress(ProgressBar);

impl StudyProgress {
    pub(super) fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:32} {pos} of {len} runs, {per_sec}, {eta} left");
        Self(bar.with_style(style.expect("a fixed template")))
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for StudyProgress {
    fn expect(&self, runs: u64) {
        self.0.inc_length(runs);
    }

    fn advance(&self) {
        self.0.inc(1);
    }
}
