//! Runs beside each other: which are wanted, which are there already, and who is told. Results do not depend on the
//! number of threads, for each stands in the place of its variant and replication.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::driver::DriverError;
use crate::experiment::ledger::{Ledger, LedgerError};
use crate::experiment::metric::{Measures, Metric};
use crate::experiment::replicate::replicate;
use crate::experiment::study::Study;

/// The numbers of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which variant.
    pub variant: usize,
    /// Which replication, from 0.
    pub replication: u32,
    /// Its seed.
    pub seed: u64,
    /// The numbers.
    pub measures: Measures,
}

/// All runs of a study, by variant and replication.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Vec<Option<Sample>>>);

/// Someone who is told how far a study is.
pub trait Progress: Sync {
    /// So many runs more are wanted.
    fn expect(&self, runs: u64);
    /// One of them is done.
    fn advance(&self);
}

/// Why a study could not go on.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// A run failed.
    #[error("variant `{variant}` under seed {seed}: {source}")]
    Run {
        /// Its variant.
        variant: String,
        /// Its seed.
        seed: u64,
        /// Why.
        source: DriverError,
    },
    /// The file that keeps what is finished.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Someone asked to stop. What is finished is kept.
    #[error("interrupted")]
    Interrupted,
}

/// Runs what is wanted of a study.
#[derive(Debug)]
pub struct Executor<'a> {
    study: &'a Study,
    interrupted: &'a AtomicBool,
    ledger: Option<Mutex<Ledger>>,
    samples: Samples,
    runs: u64,
}

/// Runs studies on so many threads; true if that could still be chosen. Results don't depend on it.
pub fn use_threads(threads: usize) -> bool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().is_ok()
}

impl<'a> Executor<'a> {
    /// An executor that stops, between runs, when `interrupted` becomes true.
    pub fn new(study: &'a Study, interrupted: &'a AtomicBool) -> Self {
        Self { study, interrupted, ledger: None, samples: Samples(vec![Vec::new(); study.designs.len()]), runs: 0 }
    }

    /// Keeps every finished run in a ledger, and takes over what is in it.
    #[must_use]
    pub fn with_ledger(mut self, ledger: Ledger, kept: Vec<Sample>) -> Self {
        for sample in kept {
            self.samples.put(sample);
        }
        self.ledger = Some(Mutex::new(ledger));
        self
    }

    /// The runs so far.
    pub const fn samples(&self) -> &Samples {
        &self.samples
    }

    /// How many runs were made, those taken over from a ledger not counted.
    pub const fn runs(&self) -> u64 {
        self.runs
    }

    /// Makes sure that every variant of `variants` has its first `replications` runs.
    pub fn run(&mut self, variants: &[usize], replications: u32, progress: &dyn Progress) -> Result<(), StudyError> {
        // All variants' first runs before their second ones: whatever is finished can be compared.
        let runs =
            (0..replications).flat_map(|replication| variants.iter().map(move |&variant| (variant, replication)));
        self.run_each(runs.collect(), progress)
    }

    /// Makes sure that these runs (variant, replication) are made, in this order as far as threads allow.
    pub fn run_each(&mut self, mut wanted: Vec<(usize, u32)>, progress: &dyn Progress) -> Result<(), StudyError> {
        wanted.retain(|&(variant, replication)| self.samples.get(variant, replication).is_none());
        progress.expect(wanted.len() as u64);
        // Each thread takes the next in line, so that the line is worked off in its order.
        let next = AtomicUsize::new(0);
        let done: Vec<Result<Sample, StudyError>> = (0..wanted.len())
            .into_par_iter()
            .with_max_len(1)
            .map(|_| {
                if self.interrupted.load(Ordering::Relaxed) {
                    return Err(StudyError::Interrupted);
                }
                let (variant, replication) = wanted[next.fetch_add(1, Ordering::Relaxed)];
                let sample = self.one(variant, replication)?;
                if let Some(ledger) = &self.ledger {
                    ledger.lock().unwrap_or_else(PoisonError::into_inner).add(&sample)?;
                }
                progress.advance();
                Ok(sample)
            })
            .collect();
        let mut failed: Vec<StudyError> = Vec::new();
        for one in done {
            match one {
                Ok(sample) => {
                    self.runs += 1;
                    self.samples.put(sample);
                }
                Err(error) => failed.push(error),
            }
        }
        // A failure says more than an interruption.
        let worst = failed.iter().position(|error| !matches!(error, StudyError::Interrupted)).unwrap_or(0);
        if failed.is_empty() { Ok(()) } else { Err(failed.swap_remove(worst)) }
    }

    /// Ends the study: what the ledger kept is in the results now.
    pub fn close(self) -> Result<Samples, StudyError> {
        if let Some(ledger) = self.ledger {
            ledger.into_inner().unwrap_or_else(PoisonError::into_inner).remove()?;
        }
        Ok(self.samples)
    }

    fn one(&self, variant: usize, replication: u32) -> Result<Sample, StudyError> {
        let seed = self.study.seed_of(replication);
        let measures = replicate(&self.study.designs[variant], seed).map_err(|source| StudyError::Run {
            variant: self.study.variants[variant].name.clone(),
            seed,
            source,
        })?;
        Ok(Sample { variant, replication, seed, measures })
    }
}

impl Samples {
    /// One run, if it was made.
    pub fn get(&self, variant: usize, replication: u32) -> Option<&Sample> {
        self.0.get(variant)?.get(replication as usize)?.as_ref()
    }

    /// All runs, by variant, then replication.
    pub fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter().flatten().flatten()
    }

    /// How many runs in a row a variant has, from the first on.
    pub fn of(&self, variant: usize) -> u32 {
        let runs = self.0.get(variant).map_or(0, |runs| runs.iter().take_while(|run| run.is_some()).count());
        u32::try_from(runs).unwrap_or(u32::MAX)
    }

    /// A metric's values in a variant's first `replications` runs, in their order; `None` where a run has none.
    pub fn values(&self, variant: usize, metric: &Metric, replications: u32) -> Vec<Option<f64>> {
        (0..replications).map(|n| self.get(variant, n).and_then(|sample| metric.value(&sample.measures))).collect()
    }

    fn put(&mut self, sample: Sample) {
        let Some(runs) = self.0.get_mut(sample.variant) else { return };
        let at = sample.replication as usize;
        if runs.len() <= at {
            runs.resize(at + 1, None);
        }
        runs[at] = Some(sample);
    }
}

impl Progress for () {
    fn expect(&self, _: u64) {}
    fn advance(&self) {}
}
