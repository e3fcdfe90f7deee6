//! Whether the ranking of variants holds under every level of every assumption: is the best one still the best, and does an
//! order that was beyond doubt reverse, or fall into doubt?
//!
//! Under each level the variants are judged as `compare` judges them: all pairs together at the study's level
//! (Bonferroni). Levels are not taken together: each is a world by itself, in which someone would compare the variants.

use serde::{Deserialize, Serialize};

use crate::experiment::compare::{Verdict, estimate, pairs, verdict};
use crate::experiment::executor::Samples;
use crate::experiment::sensitivity::design::{Design, LevelDesigns};
use crate::experiment::sensitivity::levels::End;
use crate::experiment::stats::{Estimate, paired, together};
use crate::experiment::{Better, Study};

/// Whether the ranking holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The order with all assumptions as they are.
    pub base: Order,
    /// How many assumptions were varied.
    pub assumptions: usize,
    /// How many levels of them were judged, in all variants.
    pub levels: usize,
    /// Levels under which it does not hold, the gravest first.
    pub changes: Vec<Change>,
}

/// The order of the variants by the first metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Indexes of variants, the best mean first.
    pub by_mean: Vec<usize>,
    /// Variants that can't be told from the best.
    pub not_distinguishable_from_best: Vec<usize>,
}

/// What a level of an assumption makes of the ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The assumption.
    pub assumption: String,
    /// Which end of its range.
    pub end: End,
    /// The level, in a table.
    pub label: String,
    /// The worst that happens.
    pub kind: ChangeKind,
    /// The variant that has the best mean then.
    pub best: usize,
    /// Its metric less that of the variant that is best with all assumptions as they are, under this level; the interval
    /// is that of all pairs together. Null where it is the same variant.
    pub difference: Option<Estimate>,
    /// The difference as a share of the other's mean.
    pub relative: Option<f64>,
    /// Orders that were beyond doubt and are not any more.
    pub pairs: Vec<PairChange>,
}

/// What may happen to a ranking, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Another variant is best, beyond doubt.
    AnotherIsBest,
    /// The best one is no longer better beyond doubt than another.
    BestInDoubt,
    /// Two others change places, beyond doubt.
    OthersReverse,
    /// Two others can't be told apart any more.
    OthersInDoubt,
}

/// An order of two variants that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairChange {
    /// The one that was better.
    pub better: usize,
    /// The one that was worse.
    pub worse: usize,
    /// Whether it is now the other way round beyond doubt; else they can't be told apart.
    pub reversed: bool,
    /// The first one's metric less the second one's, under the level; null where nothing is measured.
    pub difference: Option<Estimate>,
}

/// How variants stand to each other in designs of one level.
struct Judged {
    means: Vec<Option<f64>>,
    best: usize,
    /// The difference of the second from the first, and how the second is judged.
    pairs: Vec<Vec<Option<(Estimate, Verdict)>>>,
}

/// Judges the ranking under every level.
pub(super) fn judge(design: &Design, levels: &[Vec<LevelDesigns>], samples: &Samples, runs: u32) -> Ranking {
    let study = &design.study;
    let base = Judged::new(study, &(0..design.variants).collect::<Vec<_>>(), samples, runs);
    let mut judged = 0;
    let mut changes = Vec::new();
    for (varied, designs) in design.varied.iter().zip(levels) {
        for ((end, level), designs) in varied.levels.iter().zip(designs) {
            let Ok(designs) = designs else { continue };
            judged += 1;
            let now = Judged::new(study, designs, samples, runs);
            if let Some(mut change) = change(&base, &now) {
                varied.name.clone_into(&mut change.assumption);
                change.end = *end;
                change.label.clone_from(&level.label);
                changes.push(change);
            }
        }
    }
    // Stable: equals stay in the order of the table of assumptions.
    let size = |change: &Change| change.relative.map_or(0.0, f64::abs);
    changes.sort_by(|a, b| a.kind.cmp(&b.kind).then(size(b).total_cmp(&size(a))));
    Ranking { base: base.order(study.primary().better()), assumptions: design.varied.len(), levels: judged, changes }
}

impl Judged {
    fn new(study: &Study, designs: &[usize], samples: &Samples, runs: u32) -> Self {
        let metric = study.primary();
        let count = designs.len();
        let level = together(study.level, count * count.saturating_sub(1) / 2);
        let against = |first: usize, second: usize| {
            let (first, second) = pairs(samples, metric, (designs[first], designs[second]), runs);
            paired(&first, &second, level).map(|found| (found, verdict(&found, metric.better())))
        };
        let means: Vec<Option<f64>> = designs
            .iter()
            .map(|&design| estimate(samples, design, metric, runs, study.level).map(|found| found.mean))
            .collect();
        let best = order(&means, metric.better()).first().copied().unwrap_or(0);
        Self { best, pairs: (0..count).map(|a| (0..count).map(|b| against(a, b)).collect()).collect(), means }
    }

    /// Whether one is better than another beyond doubt.
    fn is_better(&self, one: usize, than: usize) -> bool {
        self.pairs[than][one].is_some_and(|(_, verdict)| verdict == Verdict::Better)
    }

    fn order(&self, better: Better) -> Order {
        let in_doubt = (0..self.means.len()).filter(|&other| other != self.best && !self.is_better(self.best, other));
        Order { by_mean: order(&self.means, better), not_distinguishable_from_best: in_doubt.collect() }
    }
}

/// Indexes by mean, the best first, those without a mean last.
fn order(means: &[Option<f64>], better: Better) -> Vec<usize> {
    let sign = match better {
        Better::Lower => 1.0,
        Better::Higher => -1.0,
    };
    let key = |index: &usize| means[*index].map_or(f64::INFINITY, |mean| sign * mean);
    let mut order: Vec<usize> = (0..means.len()).collect();
    order.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.cmp(b)));
    order
}

/// What has become of the ranking; `None` where it holds. Whose level it is, the caller says.
fn change(base: &Judged, now: &Judged) -> Option<Change> {
    let count = base.means.len();
    let certain = (0..count).flat_map(|better| (0..count).map(move |worse| (better, worse)));
    let broken: Vec<PairChange> = certain
        .filter(|&(better, worse)| base.is_better(better, worse) && !now.is_better(better, worse))
        .map(|(better, worse)| PairChange {
            better,
            worse,
            reversed: now.is_better(worse, better),
            difference: now.pairs[worse][better].map(|(difference, _)| difference),
        })
        .collect();
    let kind = if now.best != base.best && now.is_better(now.best, base.best) {
        ChangeKind::AnotherIsBest
    } else if broken.iter().any(|pair| pair.better == base.best) {
        ChangeKind::BestInDoubt
    } else if broken.iter().any(|pair| pair.reversed) {
        ChangeKind::OthersReverse
    } else if broken.is_empty() {
        return None;
    } else {
        ChangeKind::OthersInDoubt
    };
    let difference = now.pairs[base.best][now.best].filter(|_| now.best != base.best).map(|(found, _)| found);
    let mean = now.means[base.best].filter(|mean| *mean != 0.0);
    Some(Change {
        assumption: String::new(),
        end: End::Low,
        label: String::new(),
        kind,
        best: now.best,
        relative: difference.zip(mean).map(|(difference, mean)| difference.mean / mean.abs()),
        difference,
        pairs: broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variants with these means, each pair beyond doubt where it is further apart than `doubt`.
    fn judged(means: &[f64], doubt: f64) -> Judged {
        let against = |a: f64, b: f64| {
            let difference = Estimate { n: 5, mean: b - a, deviation: Some(1.0), half_width: Some(doubt) };
            Some((difference, verdict(&difference, Better::Lower)))
        };
        let pairs = means.iter().map(|&a| means.iter().map(|&b| against(a, b)).collect()).collect();
        let means: Vec<_> = means.iter().copied().map(Some).collect();
        Judged { best: order(&means, Better::Lower)[0], means, pairs }
    }

    #[test]
    fn the_gravest_change_is_told() {
        let base = judged(&[10.0, 20.0, 30.0], 1.0);
        let kind = |means: [f64; 3], doubt| change(&base, &judged(&means, doubt)).map(|change| change.kind);
        assert_eq!(kind([100.0, 200.0, 300.0], 1.0), None, "other numbers are no other ranking");
        assert_eq!(kind([25.0, 20.0, 30.0], 1.0), Some(ChangeKind::AnotherIsBest));
        assert_eq!(kind([20.5, 20.0, 30.0], 1.0), Some(ChangeKind::BestInDoubt));
        assert_eq!(kind([10.0, 10.5, 30.0], 1.0), Some(ChangeKind::BestInDoubt));
        assert_eq!(kind([10.0, 30.0, 20.0], 1.0), Some(ChangeKind::OthersReverse));
        assert_eq!(kind([10.0, 20.5, 20.0], 1.0), Some(ChangeKind::OthersInDoubt));
        let flip = change(&base, &judged(&[25.0, 20.0, 30.0], 1.0)).unwrap();
        assert_eq!((flip.best, flip.difference.unwrap().mean, flip.relative), (1, -5.0, Some(-0.2)));
        assert_eq!(flip.pairs.len(), 1);
        assert!(flip.pairs[0].reversed);
    }

    #[test]
    fn what_was_in_doubt_can_only_be_decided_for_another() {
        let base = judged(&[10.0, 10.5, 30.0], 1.0);
        assert_eq!(base.order(Better::Lower).not_distinguishable_from_best, [1]);
        assert_eq!(change(&base, &judged(&[10.5, 10.0, 30.0], 1.0)), None);
        let decided = change(&base, &judged(&[20.0, 10.0, 30.0], 1.0)).unwrap();
        assert_eq!(decided.kind, ChangeKind::AnotherIsBest);
        assert_eq!(decided.pairs, [], "no order that was beyond doubt is broken");
    }
}
