//! Makes the runs of a design and says what each assumption does by itself: paired differences under the same seeds, and
//! which of them are beyond doubt.
//!
//! So many effects are looked at that some seem to be there by chance: at a level of 0.95, one of twenty. An effect is told
//! as certain when it stays so with all effects on its metric taken together (Holm); as a perhaps when only its own
//! interval leaves zero out. Of those, `(1 - level) × effects` are false alarms at most, on the mean.

use crate::experiment::compare::{Interrupted, MetricColumn, estimate, pairs};
use crate::experiment::executor::{Executor, Progress, Samples, StudyError};
use crate::experiment::sensitivity::design::{Design, LevelDesigns, Plan};
use crate::experiment::sensitivity::morris;
use crate::experiment::sensitivity::ranking;
use crate::experiment::sensitivity::result::{Effect, Influence, LevelRow, Row, Sensitivity, VariantMeans};
use crate::experiment::stats::{holm, paired};
use crate::experiment::study::{Replications, Study};

/// Runs a design and says what it found. One at a time, an interrupted one tells what the finished replications say.
pub fn sensitivity(
    executor: &mut Executor<'_>,
    design: &Design,
    progress: &dyn Progress,
) -> Result<Sensitivity, StudyError> {
    let (Replications::Fixed(wanted) | Replications::Until { at_most: wanted, .. }) = design.study.replications;
    match &design.plan {
        Plan::Morris(trajectories) => {
            let mut runs = Vec::new();
            for (number, points) in (0..wanted).zip(morris::points(trajectories)) {
                runs.extend(std::iter::once(0).chain(points).map(|point| (point, number)));
            }
            executor.run_each(runs, progress)?;
            let mut found = head(design, executor.samples(), wanted);
            found.morris = Some(morris::screen(design, trajectories, executor.samples()));
            Ok(found)
        }
        Plan::OneAtATime(levels) => {
            let all: Vec<usize> = (0..design.study.variants.len()).collect();
            let (runs, interrupted) = match executor.run(&all, wanted, progress) {
                Ok(()) => (wanted, None),
                Err(StudyError::Interrupted) => {
                    let finished = executor.samples().iter().count() as u64;
                    let wanted = u64::from(wanted) * all.len() as u64;
                    let runs = all.iter().map(|&one| executor.samples().of(one)).min().unwrap_or(0);
                    (runs, Some(Interrupted { finished, wanted }))
                }
                Err(error) => return Err(error),
            };
            if runs == 0 {
                return Err(StudyError::Interrupted);
            }
            let mut found = head(design, executor.samples(), runs);
            found.rows = rows(design, levels, executor.samples(), runs);
            found.ranking = (design.variants > 1).then(|| ranking::judge(design, levels, executor.samples(), runs));
            found.interrupted = interrupted;
            Ok(found)
        }
    }
}

fn head(design: &Design, samples: &Samples, runs: u32) -> Sensitivity {
    let study = &design.study;
    let variants = study.variants.iter().take(design.variants).enumerate().map(|(index, variant)| VariantMeans {
        name: variant.name.clone(),
        settings: variant.settings.iter().map(ToString::to_string).collect(),
        means: study.metrics.iter().map(|metric| estimate(samples, index, metric, runs, study.level)).collect(),
    });
    Sensitivity {
        scenario: study.scenario.clone(),
        description: study.description.clone(),
        seed: study.seed,
        level: study.level,
        replications: runs,
        interrupted: None,
        metrics: study.metrics.iter().map(MetricColumn::of).collect(),
        variants: variants.collect(),
        baseline: study.baseline,
        rows: Vec::new(),
        not_varied: design.not_varied.clone(),
        ranking: None,
        morris: None,
        assumptions: study.assumptions(),
    }
}

/// What each assumption does to the baseline variant.
fn rows(design: &Design, levels: &[Vec<LevelDesigns>], samples: &Samples, runs: u32) -> Vec<Row> {
    let study = &design.study;
    let level_row = |(end, level): &(super::End, crate::model::range::Level), designs: &LevelDesigns| LevelRow {
        end: *end,
        value: level.value.clone(),
        label: level.label.clone(),
        refused: designs.as_ref().err().cloned(),
        effects: designs.as_ref().map_or_else(
            |_| Vec::new(),
            |designs| {
                let at = (study.baseline, designs[study.baseline]);
                (0..study.metrics.len()).map(|metric| effect(study, samples, metric, at, runs)).collect()
            },
        ),
    };
    let mut rows: Vec<Row> = design
        .varied
        .iter()
        .zip(levels)
        .map(|(varied, designs)| Row {
            assumption: varied.name.to_owned(),
            range: varied.range.to_owned(),
            base: varied.base.clone(),
            base_label: varied.plausible.base_label(&varied.base),
            levels: varied.levels.iter().zip(designs).map(|(level, designs)| level_row(level, designs)).collect(),
        })
        .collect();
    for metric in 0..study.metrics.len() {
        tell_certain(&mut rows, metric, study.level);
    }
    // Stable: equal effects stay in the order of the table of assumptions.
    rows.sort_by(|a, b| b.size(0).total_cmp(&a.size(0)));
    rows
}

/// The effect on a metric of one design against another, judged by itself.
fn effect(study: &Study, samples: &Samples, metric: usize, (base, own): (usize, usize), runs: u32) -> Effect {
    let metric = &study.metrics[metric];
    let (before, after) = pairs(samples, metric, (base, own), runs);
    let difference = paired(&before, &after, study.level);
    #[expect(clippy::cast_precision_loss, reason = "a sample is small")]
    let mean = before.iter().sum::<f64>() / before.len().max(1) as f64;
    let same_results =
        |n| samples.get(base, n).map(|one| &one.measures) == samples.get(own, n).map(|one| &one.measures);
    let influence = match difference {
        _ if (0..runs).all(same_results) => Influence::NoPart,
        None => Influence::TooFewRuns,
        Some(_) if before == after => Influence::NoEffect,
        Some(found) if found.half_width.is_none() => Influence::TooFewRuns,
        Some(found) if found.excludes_zero() => Influence::Perhaps,
        Some(_) => Influence::NotDistinguishable,
    };
    let relative = difference.filter(|_| mean != 0.0).map(|found| found.mean / mean.abs());
    Effect { difference, relative, influence }
}

/// Finds the effects on a metric that are beyond doubt together.
fn tell_certain(rows: &mut [Row], metric: usize, level: f64) {
    let mut effects: Vec<(&mut Effect, f64)> = rows
        .iter_mut()
        .flat_map(|row| &mut row.levels)
        .filter_map(|level| level.effects.get_mut(metric))
        .filter_map(|effect| {
            let p_value = effect.difference?.p_value()?;
            Some((effect, p_value))
        })
        .collect();
    let p_values: Vec<f64> = effects.iter().map(|(_, p_value)| *p_value).collect();
    for ((effect, _), is_certain) in effects.iter_mut().zip(holm(&p_values, level)) {
        if is_certain && effect.influence == Influence::Perhaps {
            effect.influence = Influence::Certain;
        }
    }
}
