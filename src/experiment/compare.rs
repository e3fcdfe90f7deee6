//! A comparison: what each variant's runs say of each metric, how it differs from the baseline pair by pair, and which
//! variants are better than which. Numbers from samples; nothing here runs a world or formats a table.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::experiment::executor::{Executor, Progress, Samples, StudyError};
use crate::experiment::metric::{Better, Metric, UNSTABLE, Unit};
use crate::experiment::stats::{Estimate, paired, together};
use crate::experiment::study::{Replications, Study};
use crate::experiment::variant::{axis_name, label};

/// Runs of each variant before the first look at how narrow intervals are.
const FIRST_RUNS: u32 = 10;

/// What a study found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The scenario's name.
    pub scenario: String,
    /// What the study asks.
    pub description: String,
    /// Seed of the first replication; the next one's is one more.
    pub seed: u64,
    /// Confidence level of every interval by itself.
    pub level: f64,
    /// Runs of each variant, under the same seeds.
    pub replications: u32,
    /// Runs that were wanted of each variant and not made, for the study was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Interrupted>,
    /// What is left out of every run's beginning, seconds; null where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_s: Option<f64>,
    /// What was asked of intervals, where runs were added until they were narrow enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// The axes that span the variants; none where these are named one by one.
    pub axes: Vec<AxisRow>,
    /// What is compared; variants are ranked by the first.
    pub metrics: Vec<MetricColumn>,
    /// Index of the variant that the others are compared with.
    pub baseline: usize,
    /// The variants.
    pub variants: Vec<VariantRow>,
    /// The baseline's assumptions, by name; a variant's settings say where it differs.
    pub assumptions: Map<String, Value>,
}

/// How far an interrupted study came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupted {
    /// Runs that are finished, of all variants.
    pub finished: u64,
    /// Runs that were wanted.
    pub wanted: u64,
}

/// How narrow intervals became.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Precision {
    /// Half an interval's width over its mean, at most: what was asked of the first metric in every variant.
    pub target: f64,
    /// The widest one; null where a mean is zero.
    pub reached: Option<f64>,
    /// Whether the cap on replications came first.
    pub capped: bool,
}

/// An axis of the study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisRow {
    /// As it was given: an alias or a pointer.
    pub field: String,
    /// What it is called.
    pub name: String,
    /// Its values.
    pub values: Vec<String>,
}

/// A metric of the study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricColumn {
    /// Key of the results.
    pub key: Metric,
    /// What its values are.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
}

/// A variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantRow {
    /// Its name.
    pub name: String,
    /// Its value on each axis.
    pub levels: Vec<String>,
    /// What it changes, as `--set` takes it.
    pub settings: Vec<String>,
    /// Where it stands by the first metric; null where no interval tells.
    pub standing: Option<Standing>,
    /// Each metric.
    pub metrics: Vec<Cell>,
    /// Runs in which the queue grew without end, of a study whose warm-up is left out: means then hang on how long runs are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unstable_runs: Option<u32>,
}

/// A metric in a variant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Its mean over the runs; null where no run has a value.
    pub estimate: Option<Estimate>,
    /// Its difference from the baseline; null for the baseline itself.
    pub difference: Option<Difference>,
}

/// A difference from the baseline, by pairs of runs under one seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// This variant's less the baseline's.
    pub estimate: Estimate,
    /// The same as a share of the baseline's mean; null where that is zero.
    pub relative: Option<f64>,
    /// What it says.
    pub verdict: Verdict,
    /// How many times as many runs it would have taken without common random numbers: the sum of both variances over the
    /// variance of the differences; null where there is none.
    pub variance_reduction: Option<f64>,
}

/// What an interval of a difference says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better than the baseline.
    Better,
    /// Worse than the baseline.
    Worse,
    /// The interval holds zero.
    NotDistinguishable,
    /// A single pair has no interval.
    TooFewRuns,
}

/// Where a variant stands among all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// One more than the number of variants that are better beyond doubt, all pairs taken together (Bonferroni).
    pub rank: usize,
    /// Variants that can't be told from it.
    pub not_distinguishable_from: Vec<usize>,
}

impl AxisRow {
    /// The axes of a study.
    pub(super) fn all(study: &Study) -> Vec<Self> {
        let rows = study.axes.iter().map(|axis| Self {
            field: axis.field.clone(),
            name: axis_name(axis).to_owned(),
            values: axis.values.iter().map(label).collect(),
        });
        rows.collect()
    }
}

impl MetricColumn {
    /// A metric with what follows from its key.
    pub(in crate::experiment) fn of(metric: &Metric) -> Self {
        Self { key: metric.clone(), unit: metric.unit(), better: metric.better() }
    }
}

/// Runs a study and says what it found. When it was interrupted: what is finished says, if every variant has a run.
pub fn compare(executor: &mut Executor<'_>, study: &Study, progress: &dyn Progress) -> Result<Comparison, StudyError> {
    let all: Vec<usize> = (0..study.variants.len()).collect();
    let (wanted, precision) = match run(executor, study, &all, progress) {
        Ok(found) => found,
        Err((wanted, StudyError::Interrupted)) => {
            let replications = all.iter().map(|&variant| executor.samples().of(variant)).min().unwrap_or(0);
            if replications == 0 {
                return Err(StudyError::Interrupted);
            }
            let mut partial = judge(study, executor.samples(), replications, None);
            let finished = executor.samples().iter().count() as u64;
            partial.interrupted = Some(Interrupted { finished, wanted: u64::from(wanted) * all.len() as u64 });
            return Ok(partial);
        }
        Err((_, error)) => return Err(error),
    };
    Ok(judge(study, executor.samples(), wanted, precision))
}

/// Makes the study's runs; how many of each variant, and what became of the precision asked for.
fn run(
    executor: &mut Executor<'_>,
    study: &Study,
    all: &[usize],
    progress: &dyn Progress,
) -> Result<(u32, Option<Precision>), (u32, StudyError)> {
    let go = |executor: &mut Executor<'_>, runs| executor.run(all, runs, progress).map_err(|error| (runs, error));
    let (target, at_most) = match study.replications {
        Replications::Fixed(runs) => return go(executor, runs).map(|()| (runs, None)),
        Replications::Until { precision, at_most } => (precision, at_most),
    };
    let mut runs = FIRST_RUNS.min(at_most);
    loop {
        go(executor, runs)?;
        let reached = widest(study, executor.samples(), runs);
        let is_narrow = reached.is_some_and(|reached| reached <= target);
        if is_narrow || runs >= at_most {
            return Ok((runs, Some(Precision { target, reached, capped: !is_narrow })));
        }
        runs = more(runs, reached, target).min(at_most);
    }
}

/// The widest interval of the first metric, relative to its mean; `None` where one has none.
fn widest(study: &Study, samples: &Samples, runs: u32) -> Option<f64> {
    let widths = (0..study.variants.len()).map(|variant| {
        estimate(samples, variant, study.primary(), runs, study.level).and_then(|found| found.relative_half_width())
    });
    widths.collect::<Option<Vec<_>>>().map(|widths| widths.into_iter().fold(0.0, f64::max))
}

/// How many runs to look at next: what the width so far suggests, at least half as many again, at most three times as
/// many. Widths fall with the square root of the number of runs (Law, section 9.4.1).
fn more(runs: u32, reached: Option<f64>, target: f64) -> u32 {
    let suggested = reached.map_or(0.0, |reached| f64::from(runs) * (reached / target).powi(2)).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u32 below")]
    let suggested = suggested.min(f64::from(u32::MAX)) as u32;
    suggested.clamp(runs + runs.div_ceil(2), runs * 3)
}

pub(super) fn estimate(samples: &Samples, variant: usize, metric: &Metric, runs: u32, level: f64) -> Option<Estimate> {
    let values: Vec<f64> = samples.values(variant, metric, runs).into_iter().flatten().collect();
    Estimate::of(&values, level)
}

/// Values of two variants in runs that have both, seed by seed.
pub(super) fn pairs(samples: &Samples, metric: &Metric, (a, b): (usize, usize), runs: u32) -> (Vec<f64>, Vec<f64>) {
    let (a, b) = (samples.values(a, metric, runs), samples.values(b, metric, runs));
    a.into_iter().zip(b).filter_map(|(a, b)| Some((a?, b?))).unzip()
}

/// What the first `runs` runs of every variant say.
fn judge(study: &Study, samples: &Samples, runs: u32, precision: Option<Precision>) -> Comparison {
    let standings = standings(study, samples, runs);
    let variants = study.variants.iter().zip(standings).enumerate().map(|(index, (variant, standing))| VariantRow {
        name: variant.name.clone(),
        levels: variant.levels.clone(),
        settings: variant.settings.iter().map(ToString::to_string).collect(),
        standing,
        unstable_runs: study.warmup.map(|_| unstable(samples, index, runs)),
        metrics: study
            .metrics
            .iter()
            .map(|metric| Cell {
                estimate: estimate(samples, index, metric, runs, study.level),
                difference: (index != study.baseline)
                    .then(|| difference(study, samples, metric, index, runs))
                    .flatten(),
            })
            .collect(),
    });
    Comparison {
        scenario: study.scenario.clone(),
        description: study.description.clone(),
        seed: study.seed,
        level: study.level,
        replications: runs,
        interrupted: None,
        warmup_s: study.warmup.map(|warmup| warmup.until.as_secs_f64()),
        precision,
        axes: AxisRow::all(study),
        metrics: study.metrics.iter().map(MetricColumn::of).collect(),
        baseline: study.baseline,
        variants: variants.collect(),
        assumptions: study.assumptions(),
    }
}

/// In how many runs a variant's queue grew without end.
fn unstable(samples: &Samples, variant: usize, runs: u32) -> u32 {
    let grew = samples.values(variant, &Metric::of(UNSTABLE), runs).into_iter().filter(|value| *value == Some(1.0));
    u32::try_from(grew.count()).unwrap_or(u32::MAX)
}

fn difference(study: &Study, samples: &Samples, metric: &Metric, variant: usize, runs: u32) -> Option<Difference> {
    let (base, own) = pairs(samples, metric, (study.baseline, variant), runs);
    let estimate = paired(&base, &own, study.level)?;
    let [base, own] = [base, own].map(|values| Estimate::of(&values, study.level));
    let mean = base.map_or(0.0, |base| base.mean);
    let variance =
        |estimate: Option<Estimate>| estimate.and_then(|found| found.deviation).map(|deviation| deviation.powi(2));
    let variance_reduction = variance(base).zip(variance(own)).zip(variance(Some(estimate)));
    Some(Difference {
        relative: (mean != 0.0).then(|| estimate.mean / mean.abs()),
        verdict: verdict(&estimate, metric.better()),
        variance_reduction: variance_reduction
            .filter(|&((base, own), differences)| differences > 0.0 && base + own > 0.0)
            .map(|((base, own), differences)| (base + own) / differences),
        estimate,
    })
}

pub(super) fn verdict(difference: &Estimate, better: Better) -> Verdict {
    let Some((low, high)) = difference.ends() else { return Verdict::TooFewRuns };
    let (below, above) = match better {
        Better::Lower => (Verdict::Better, Verdict::Worse),
        Better::Higher => (Verdict::Worse, Verdict::Better),
    };
    match () {
        () if high < 0.0 => below,
        () if low > 0.0 => above,
        () => Verdict::NotDistinguishable,
    }
}

/// Where each variant stands by the first metric. Every pair is compared at a level that makes all of them right together
/// with the study's (Bonferroni).
fn standings(study: &Study, samples: &Samples, runs: u32) -> Vec<Option<Standing>> {
    let count = study.variants.len();
    let metric = study.primary();
    let level = together(study.level, count * count.saturating_sub(1) / 2);
    let judged: Vec<Vec<Option<Verdict>>> = (0..count)
        .map(|of| {
            let against = (0..count).map(|other| {
                let (other, own) = pairs(samples, metric, (other, of), runs);
                paired(&other, &own, level).map(|found| verdict(&found, metric.better()))
            });
            against.collect()
        })
        .collect();
    (0..count)
        .map(|of| {
            let others = (0..count).filter(|&other| other != of).map(|other| (other, judged[of][other]));
            let known: Option<Vec<_>> = others.map(|(other, verdict)| Some((other, verdict?))).collect();
            let known = known?;
            if known.iter().any(|(_, verdict)| *verdict == Verdict::TooFewRuns) {
                return None;
            }
            let with =
                |wanted: Verdict| known.iter().filter(move |(_, verdict)| *verdict == wanted).map(|(other, _)| *other);
            Some(Standing {
                rank: 1 + with(Verdict::Worse).count(),
                not_distinguishable_from: with(Verdict::NotDistinguishable).collect(),
            })
        })
        .collect()
}
