//! Elementary effects: what a step of one assumption does while all others stand somewhere in their ranges. Cheap where
//! assumptions are many, and it shows which act together.
//!
//! Sources: Morris, "Factorial Sampling Plans for Preliminary Computational Experiments", Technometrics 33 (1991);
//! Campolongo, Cariboni, Saltelli, "An effective screening design for sensitivity analysis of large models",
//! Environmental Modelling & Software 22 (2007), for mu*. Trajectories are drawn as Morris draws them, not spread out
//! afterwards as the latter propose.

use serde::{Deserialize, Serialize};

use crate::experiment::executor::Samples;
use crate::experiment::sensitivity::design::Design;
use crate::experiment::stats::Estimate;
use crate::model::range::GRID;
use crate::sim::design_numbers;

/// Places that a step goes: from the lower half of the grid to the upper one, or back.
const STEP: usize = GRID / 2;
/// The same as a part of the range.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
const STEP_PART: f64 = STEP as f64 / (GRID - 1) as f64;

/// A walk through the grid that steps once in every dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trajectory {
    /// Where it starts, by dimension.
    start: Vec<usize>,
    /// Its steps: a dimension, and whether it rises.
    steps: Vec<(usize, bool)>,
}

/// What a screening found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screening {
    /// How many trajectories; each has its own seed.
    pub trajectories: u64,
    /// The assumptions, the largest `mu_star` on the first metric first.
    pub rows: Vec<Screened>,
}

/// What a screening found of an assumption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screened {
    /// Its name.
    pub assumption: String,
    /// Its plausible range, in words.
    pub range: String,
    /// Its effects, by metric; null where a run has no value.
    pub effects: Vec<Option<Elementary>>,
}

/// Elementary effects on a metric: its change per step, over the step as a part of the range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Elementary {
    /// Mean of the sizes: how much the assumption matters. Its interval is Student's, over trajectories.
    pub mu_star: Estimate,
    /// Mean with signs: which way it acts. `mean.abs()` far below `mu_star` says now this way, now that.
    pub mu: f64,
    /// Deviation of the effects with signs.
    pub sigma: f64,
    /// `sigma` over `mu_star`: near 0 the effect is the same everywhere, near 1 and above it depends on the value itself or
    /// on other assumptions, or on chance; null where there is no effect.
    pub interaction: Option<f64>,
}

impl Trajectory {
    /// All points, one more than there are steps: places on the grid, by dimension.
    pub(super) fn points(&self) -> Vec<Vec<usize>> {
        let mut points = vec![self.start.clone()];
        let mut here = self.start.clone();
        for &(dimension, rises) in &self.steps {
            here[dimension] = if rises { here[dimension] + STEP } else { here[dimension] - STEP };
            points.push(here.clone());
        }
        points
    }

    /// The elementary effect in each dimension, in the order of the steps, from the outcomes at all points.
    fn effects(&self, outcomes: &[f64]) -> Vec<(usize, f64)> {
        let steps = self.steps.iter().zip(outcomes.windows(2));
        steps
            .map(|(&(dimension, rises), pair)| {
                let change = if rises { pair[1] - pair[0] } else { pair[0] - pair[1] };
                (dimension, change / STEP_PART)
            })
            .collect()
    }
}

/// Trajectories through so many dimensions: each depends on the seed and its number only.
pub(super) fn trajectories(dimensions: usize, count: u32, seed: u64) -> Vec<Trajectory> {
    let one = |number: u32| {
        let mut numbers = design_numbers(seed, number.into());
        let mut below = |bound: usize| {
            let scaled = (u128::from(numbers.next().unwrap_or_default()) * bound as u128) >> 64;
            usize::try_from(scaled).unwrap_or_default()
        };
        let mut steps: Vec<(usize, bool)> = (0..dimensions).map(|dimension| (dimension, below(2) == 1)).collect();
        let start = steps.iter().map(|&(_, rises)| below(STEP) + if rises { 0 } else { STEP }).collect();
        for last in (1..steps.len()).rev() {
            steps.swap(last, below(last + 1));
        }
        Trajectory { start, steps }
    };
    (0..count).map(one).collect()
}

/// The designs of each trajectory's points: they follow the scenario as it is, which comes first.
pub(super) fn points(trajectories: &[Trajectory]) -> impl Iterator<Item = std::ops::Range<usize>> {
    trajectories.iter().scan(1, |next, trajectory| {
        let first = *next;
        *next += trajectory.steps.len() + 1;
        Some(first..*next)
    })
}

/// What the runs along the trajectories say.
pub(super) fn screen(design: &Design, trajectories: &[Trajectory], samples: &Samples) -> Screening {
    let study = &design.study;
    let by_metric: Vec<Vec<Option<Elementary>>> = study
        .metrics
        .iter()
        .map(|metric| {
            let value = |point, number| metric.value(&samples.get(point, number)?.measures);
            let outcomes =
                |(number, points): (u32, std::ops::Range<usize>)| points.map(|at| value(at, number)).collect();
            let outcomes: Vec<Option<Vec<f64>>> = (0..).zip(points(trajectories)).map(outcomes).collect();
            elementary(design.varied.len(), trajectories, &outcomes, study.level)
        })
        .collect();
    let mut rows: Vec<Screened> = design
        .varied
        .iter()
        .enumerate()
        .map(|(dimension, varied)| Screened {
            assumption: varied.name.to_owned(),
            range: varied.range.to_owned(),
            effects: by_metric.iter().map(|effects| effects[dimension]).collect(),
        })
        .collect();
    let size = |row: &Screened| row.effects[0].map_or(-1.0, |found| found.mu_star.mean);
    // Stable: equals stay in the order of the table of assumptions.
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    Screening { trajectories: trajectories.len() as u64, rows }
}

/// Elementary effects by dimension, from the outcomes along each trajectory; those without all outcomes are left out.
fn elementary(
    dimensions: usize,
    trajectories: &[Trajectory],
    outcomes: &[Option<Vec<f64>>],
    level: f64,
) -> Vec<Option<Elementary>> {
    let mut effects = vec![Vec::new(); dimensions];
    for (trajectory, outcomes) in trajectories.iter().zip(outcomes) {
        for (dimension, effect) in outcomes.iter().flat_map(|outcomes| trajectory.effects(outcomes)) {
            effects[dimension].push(effect);
        }
    }
    effects
        .into_iter()
        .map(|effects| {
            let signed = Estimate::of(&effects, level)?;
            let sizes: Vec<f64> = effects.iter().map(|effect| effect.abs()).collect();
            let mu_star = Estimate::of(&sizes, level)?;
            let sigma = signed.deviation.unwrap_or(0.0);
            let interaction = (mu_star.mean > 0.0).then(|| sigma / mu_star.mean);
            Some(Elementary { mu_star, mu: signed.mean, sigma, interaction })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screened(dimensions: usize, count: u32, of: impl Fn(&[f64]) -> f64) -> Vec<Elementary> {
        let trajectories = trajectories(dimensions, count, 7);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let parts = |places: Vec<usize>| places.into_iter().map(|at| at as f64 / (GRID - 1) as f64).collect::<Vec<_>>();
        let outcomes: Vec<_> = trajectories
            .iter()
            .map(|trajectory| Some(trajectory.points().into_iter().map(|point| of(&parts(point))).collect()))
            .collect();
        elementary(dimensions, &trajectories, &outcomes, 0.95).into_iter().map(|found| found.expect("found")).collect()
    }

    #[test]
    fn a_trajectory_steps_once_in_every_dimension_within_the_grid() {
        let found = trajectories(9, 50, 1);
        for trajectory in &found {
            let points = trajectory.points();
            assert_eq!(points.len(), 10);
            assert!(points.iter().flatten().all(|&place| place < GRID));
            for pair in points.windows(2) {
                let moved: Vec<_> = pair[0].iter().zip(&pair[1]).filter(|(a, b)| a != b).collect();
                assert!(moved.len() == 1 && moved[0].0.abs_diff(*moved[0].1) == STEP, "{pair:?}");
            }
            let mut stepped: Vec<_> = trajectory.steps.iter().map(|(dimension, _)| *dimension).collect();
            stepped.sort_unstable();
            assert_eq!(stepped, (0..9).collect::<Vec<_>>());
        }
        assert_eq!(trajectories(9, 3, 1), found[..3], "one more trajectory leaves the others as they are");
        assert_ne!(trajectories(9, 3, 2), found[..3]);
        let starts: std::collections::BTreeSet<usize> = found.iter().map(|trajectory| trajectory.start[0]).collect();
        assert_eq!(starts.len(), GRID, "all places are starts");
    }

    #[test]
    fn a_linear_function_has_its_slopes() {
        let slopes = [3.0, -2.0, 0.0];
        let found = screened(3, 8, |x| 1.0 + x.iter().zip(slopes).map(|(x, slope)| x * slope).sum::<f64>());
        for (found, slope) in found.iter().zip(slopes) {
            assert!((found.mu - slope).abs() < 1e-12 && (found.mu_star.mean - slope.abs()).abs() < 1e-12, "{found:?}");
            assert!(found.sigma < 1e-12 && found.mu_star.half_width.unwrap() < 1e-12, "{found:?}");
        }
        assert_eq!(found[2].interaction, None);
    }

    #[test]
    fn what_acts_together_shows_in_sigma() {
        // Sobol's g-function with a = (0, 1, 9, 99): the smaller a, the larger the influence.
        let weights = [0.0, 1.0, 9.0, 99.0];
        let found =
            screened(4, 60, |x| x.iter().zip(weights).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product());
        let sizes: Vec<f64> = found.iter().map(|found| found.mu_star.mean).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] > pair[1]), "{sizes:?}");
        // It falls before the middle and rises behind it: signs cancel, sizes don't.
        assert!(found[0].mu.abs() < found[0].mu_star.mean / 2.0, "{:?}", found[0]);
        assert!(found[0].interaction.unwrap() > 0.9, "{:?}", found[0]);
        // A product of two: the step of one is worth what the other is, 1/2 on the mean.
        let found = screened(2, 400, |x| x[0] * x[1]);
        assert!((found[0].mu_star.mean - 0.5).abs() < 0.05 && found[0].sigma > 0.3, "{:?}", found[0]);
    }
}
