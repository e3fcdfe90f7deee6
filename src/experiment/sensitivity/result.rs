//! What a sensitivity study found, as it stands in `sensitivity.json`. Data only: rows are sorted as a tornado chart
//! stacks them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::experiment::compare::{Interrupted, MetricColumn};
use crate::experiment::sensitivity::levels::{End, NotVaried};
use crate::experiment::sensitivity::morris::Screening;
use crate::experiment::sensitivity::ranking::Ranking;
use crate::experiment::stats::Estimate;

/// What a sensitivity study found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// The scenario's name.
    pub scenario: String,
    /// What it asks.
    pub description: String,
    /// Seed of the first replication; the next one's is one more.
    pub seed: u64,
    /// Confidence level of every interval by itself.
    pub level: f64,
    /// Runs of each level, under the same seeds; of a screening, its trajectories.
    pub replications: u32,
    /// How far it came, where it was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Interrupted>,
    /// What is measured; rows are sorted, and variants ranked, by the first.
    pub metrics: Vec<MetricColumn>,
    /// The variants with all assumptions as they are; one where nothing is varied beside them.
    pub variants: Vec<VariantMeans>,
    /// Index of the variant whose effects are in `rows`.
    pub baseline: usize,
    /// Assumptions one at a time, the largest effect on the first metric first; none in a screening.
    pub rows: Vec<Row>,
    /// Assumptions that are not varied.
    pub not_varied: Vec<NotVaried>,
    /// Whether the variants' ranking holds, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranking: Option<Ranking>,
    /// Elementary effects, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub morris: Option<Screening>,
    /// The baseline's assumptions, by name.
    pub assumptions: Map<String, Value>,
}

/// A variant with all assumptions as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantMeans {
    /// Its name.
    pub name: String,
    /// What it changes, as `--set` takes it.
    pub settings: Vec<String>,
    /// Each metric's mean; null where no run has a value.
    pub means: Vec<Option<Estimate>>,
}

/// What an assumption does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub assumption: String,
    /// Its plausible range, in words.
    pub range: String,
    /// The scenario's value.
    pub base: Value,
    /// The same in a table.
    pub base_label: String,
    /// Its values at the ends of the range, the scenario's own left out.
    pub levels: Vec<LevelRow>,
}

/// What a value of an assumption does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelRow {
    /// Which end of the range it is.
    pub end: End,
    /// The value.
    pub value: Value,
    /// The same in a table.
    pub label: String,
    /// Why it can't be run, where it can't: a scenario that AWS Batch would refuse, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What it does to each metric; none where it can't be run.
    pub effects: Vec<Effect>,
}

/// What a level does to a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The metric under the level less the metric as it is, pair by pair; null where no pair of runs has both.
    pub difference: Option<Estimate>,
    /// Its mean as a share of the metric's mean as it is; null where that is zero.
    pub relative: Option<f64>,
    /// What it says.
    pub influence: Influence,
}

/// How sure an effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Influence {
    /// All results of all runs are the same: the assumption plays no part here.
    NoPart,
    /// The metric is the same in every pair of runs.
    NoEffect,
    /// A single pair has no interval.
    TooFewRuns,
    /// The interval holds zero.
    NotDistinguishable,
    /// The interval leaves zero out, but among so many that may be chance.
    Perhaps,
    /// Beyond doubt, all effects on this metric taken together (Holm).
    Certain,
}

impl Row {
    /// How sure the surest of its effects on a metric is; `None` where no level can be run.
    pub fn influence(&self, metric: usize) -> Option<Influence> {
        self.levels.iter().filter_map(|level| level.effects.get(metric)).map(|effect| effect.influence).max()
    }

    /// The largest effect on a metric at an end of the range, with its level.
    pub fn at(&self, end: End, metric: usize) -> Option<(&LevelRow, &Effect)> {
        let levels = self.levels.iter().filter(|level| level.end == end);
        let effects = levels.filter_map(|level| Some((level, level.effects.get(metric)?)));
        effects.max_by(|a, b| a.1.size().total_cmp(&b.1.size()))
    }

    /// The size of its largest effect on a metric.
    pub fn size(&self, metric: usize) -> f64 {
        let effects = self.levels.iter().filter_map(|level| level.effects.get(metric));
        effects.map(Effect::size).fold(0.0, f64::max)
    }
}

impl Effect {
    /// Its size; 0 where it is not known.
    pub fn size(&self) -> f64 {
        self.difference.map_or(0.0, |difference| difference.mean.abs())
    }
}

impl Sensitivity {
    /// The rows by their largest effect on a metric, the largest first; as they stand where effects are equal.
    pub fn tornado(&self, metric: usize) -> Vec<&Row> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by(|a, b| b.size(metric).total_cmp(&a.size(metric)));
        rows
    }
}
