//! The plan: what a search found, in the form in which it is shown and kept. Computes from what the search knows; runs
//! nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::experiment::compare::{AxisRow, MetricColumn, estimate, pairs};
use crate::experiment::executor::{Executor, Samples};
use crate::experiment::metric::{Better, Metric, Unit};
use crate::experiment::pareto;
use crate::experiment::plan::search::{PlanRequest, State};
use crate::experiment::plan::slo::{Judgement, Met};
use crate::experiment::stats::{Estimate, paired};
use crate::experiment::study::Study;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The scenario's name.
    pub scenario: String,
    /// What the study asks.
    pub description: String,
    /// Seed of the first replication; the next one's is one more.
    pub seed: u64,
    /// Confidence level of the choice as a whole, and of each interval shown by itself.
    pub level: f64,
    /// What was minimised.
    pub minimize: MetricColumn,
    /// The objectives, as they were written.
    pub objectives: Vec<ObjectiveRow>,
    /// The axes that span the designs.
    pub axes: Vec<AxisRow>,
    /// The designs.
    pub designs: Vec<Candidate>,
    /// The best design that keeps the objectives; null if there is none.
    pub chosen: Option<Chosen>,
    /// The next best that may keep them.
    pub runner_up: Option<RunnerUp>,
    /// Where nothing keeps them: the design that comes nearest.
    pub nearest_miss: Option<Miss>,
    /// The waiting time that the front is drawn against.
    pub front_against: MetricColumn,
    /// Designs that no other beats in both, by their means: best first by what is minimised.
    pub front: Vec<usize>,
    /// Where objectives can't be kept, and why.
    pub infeasible: Vec<Region>,
    /// What the search cost.
    pub spent: Spent,
    /// The baseline's assumptions, by name; a design's settings say where it differs.
    pub assumptions: Map<String, Value>,
}

/// An objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRow {
    /// As it was written.
    pub text: String,
    /// What it looks at.
    pub metric: Metric,
    /// Its unit.
    pub unit: Unit,
    /// The threshold, in that unit.
    pub threshold: f64,
    /// The share of runs that must keep it; null where the mean must.
    pub quota: Option<f64>,
}

/// A design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its value on each axis.
    pub levels: Vec<String>,
    /// What it changes, as `--set` takes it.
    pub settings: Vec<String>,
    /// Runs that the search gave it.
    pub runs: u32,
    /// What is minimised.
    pub cost: Option<Estimate>,
    /// The waiting time of the front.
    pub wait: Option<Estimate>,
    /// Each objective, judged; at a level that makes all judgements right together.
    pub objectives: Vec<Judgement>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The best that keeps the objectives.
    Chosen,
    /// Keeps the objectives, and another is better.
    Feasible,
    /// Better ones keep the objectives, so whether it does was not looked into to the end.
    Passed,
    /// Misses an objective: beyond doubt, or on average after as many runs as were allowed.
    Infeasible,
    /// Seemed to keep the objectives, and did not under fresh seeds.
    NotHeld,
}

/// The chosen design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// Which.
    pub design: usize,
    /// Whether every objective is met beyond doubt; else the means meet them, after as many runs as were allowed.
    pub beyond_doubt: bool,
    /// What it does under seeds that the search did not see.
    pub fresh: Fresh,
}

/// A design under fresh seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fresh {
    /// How many.
    pub runs: u32,
    /// The first of them.
    pub first_seed: u64,
    /// Whether the objectives are kept on average (or by as many runs as they ask for).
    pub held: bool,
    /// Each objective.
    pub objectives: Vec<Judgement>,
    /// What was minimised.
    pub cost: Option<Estimate>,
}

/// The design that would be chosen without the chosen one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Which.
    pub design: usize,
    /// By how much it is worse than the chosen one, in pairs of runs.
    pub difference: Option<Estimate>,
}

/// A design that misses an objective by least.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Miss {
    /// Which.
    pub design: usize,
    /// The objective that it misses by most.
    pub objective: usize,
    /// By how much, as a share of the threshold (of 1 where that is zero); null where there is no value.
    pub by: Option<f64>,
}

/// Designs that miss an objective: all with a value on an axis, or single ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// What they have in common: `maxvCpus=64`; or a design's name.
    pub place: String,
    /// The objective.
    pub objective: usize,
    /// The designs.
    pub designs: Vec<usize>,
    /// The best mean among them; null where none has a value.
    pub best: Option<f64>,
}

/// Runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Runs of the search.
    pub search: u64,
    /// Runs under fresh seeds.
    pub fresh: u64,
    /// What it would have been with every design run as often as the one run most.
    pub every_design: u64,
}

impl Plan {
    pub(super) fn new(study: &Study, request: &PlanRequest, states: &[State], executor: &Executor<'_>) -> Self {
        let samples = executor.samples();
        let front_against = front_metric(request);
        let chosen = states.iter().position(|state| state.fresh.as_ref().is_some_and(|fresh| fresh.held));
        let candidates: Vec<_> = study
            .variants
            .iter()
            .zip(states)
            .enumerate()
            .map(|(index, (variant, state))| Candidate {
                name: variant.name.clone(),
                levels: variant.levels.clone(),
                settings: variant.settings.iter().map(ToString::to_string).collect(),
                runs: state.runs,
                cost: state.cost,
                wait: estimate(samples, index, &front_against, state.runs, study.level),
                objectives: state.judged.clone(),
                outcome: outcome(state, request, Some(index) == chosen),
            })
            .collect();
        let most = states.iter().map(|state| state.runs).max().unwrap_or(0);
        Self {
            scenario: study.scenario.clone(),
            description: study.description.clone(),
            seed: study.seed,
            level: study.level,
            minimize: MetricColumn::of(&request.minimize),
            objectives: objectives(request),
            axes: AxisRow::all(study),
            chosen: chosen.and_then(|design| {
                let state = &states[design];
                Some(Chosen { design, beyond_doubt: state.met() == Met::Yes, fresh: state.fresh.clone()? })
            }),
            runner_up: chosen.and_then(|chosen| runner_up(study, request, &candidates, samples, chosen)),
            nearest_miss: if chosen.is_none() { nearest_miss(&candidates) } else { None },
            front: front(&candidates, request.minimize.better()),
            front_against: MetricColumn::of(&front_against),
            infeasible: regions(study, request, &candidates),
            spent: Spent {
                search: states.iter().map(|state| u64::from(state.runs)).sum(),
                fresh: states.iter().filter_map(|state| state.fresh.as_ref()).map(|fresh| u64::from(fresh.runs)).sum(),
                every_design: u64::from(most) * states.len() as u64,
            },
            designs: candidates,
            assumptions: study.assumptions(),
        }
    }
}

fn objectives(request: &PlanRequest) -> Vec<ObjectiveRow> {
    let rows = request.objectives.iter().map(|objective| ObjectiveRow {
        text: objective.text.clone(),
        unit: objective.metric.unit(),
        metric: objective.metric.clone(),
        threshold: objective.threshold,
        quota: objective.quota,
    });
    rows.collect()
}

/// The waiting time that an objective speaks of, or else the 95th percentile of the wait.
fn front_metric(request: &PlanRequest) -> Metric {
    let spans =
        request.objectives.iter().map(|objective| &objective.metric).filter(|metric| metric.unit() == Unit::Seconds);
    spans.into_iter().find(|metric| **metric != request.minimize).cloned().unwrap_or_else(|| Metric::of("wait_s.p95"))
}

fn outcome(state: &State, request: &PlanRequest, is_chosen: bool) -> Outcome {
    match (&state.fresh, state.met()) {
        _ if is_chosen => Outcome::Chosen,
        (Some(fresh), _) if !fresh.held => Outcome::NotHeld,
        (_, Met::No) => Outcome::Infeasible,
        (_, Met::Yes) => Outcome::Feasible,
        (_, Met::Open) if !state.is_acceptable(request.runs_at_most) => Outcome::Infeasible,
        (_, Met::Open) => Outcome::Passed,
    }
}

/// The best of the other designs that may keep the objectives.
fn runner_up(
    study: &Study,
    request: &PlanRequest,
    candidates: &[Candidate],
    samples: &Samples,
    chosen: usize,
) -> Option<RunnerUp> {
    let sign = if request.minimize.better() == Better::Lower { 1.0 } else { -1.0 };
    let badness = |design: &usize| candidates[*design].cost.map_or(f64::INFINITY, |cost| sign * cost.mean);
    let may = |design: &usize| {
        let candidate = &candidates[*design];
        *design != chosen
            && match candidate.outcome {
                Outcome::Feasible => true,
                Outcome::Passed => candidate.objectives.iter().all(|judged| judged.on_average),
                Outcome::Chosen | Outcome::Infeasible | Outcome::NotHeld => false,
            }
    };
    let design = (0..candidates.len()).filter(may).min_by(|a, b| badness(a).total_cmp(&badness(b)).then(a.cmp(b)))?;
    let runs = candidates[design].runs.min(candidates[chosen].runs);
    let (best, own) = pairs(samples, &request.minimize, (chosen, design), runs);
    Some(RunnerUp { design, difference: paired(&best, &own, study.level) })
}

/// The design whose worst objective is missed by least; one without a value is furthest away.
fn nearest_miss(candidates: &[Candidate]) -> Option<Miss> {
    let misses = candidates.iter().enumerate().filter_map(|(design, candidate)| {
        let worst =
            candidate.objectives.iter().enumerate().filter(|(_, judged)| judged.met != Met::Yes || !judged.on_average);
        let margin = |judged: &Judgement| judged.margin.unwrap_or(f64::NEG_INFINITY);
        let (objective, judged) = worst.min_by(|a, b| margin(a.1).total_cmp(&margin(b.1)).then(a.0.cmp(&b.0)))?;
        Some((margin(judged), Miss { design, objective, by: judged.margin.map(|margin| -margin) }))
    });
    misses.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.design.cmp(&a.1.design))).map(|(_, miss)| miss)
}

/// Designs that no other beats in both means.
fn front(candidates: &[Candidate], better: Better) -> Vec<usize> {
    let sign = if better == Better::Lower { 1.0 } else { -1.0 };
    let points = candidates.iter().enumerate();
    pareto::front(points.filter_map(|(index, one)| Some((index, sign * one.cost?.mean, one.wait?.mean))))
}

/// Where objectives are missed: first values of an axis with which every design misses one, then single designs.
fn regions(study: &Study, request: &PlanRequest, candidates: &[Candidate]) -> Vec<Region> {
    let mut regions = Vec::new();
    for (objective, asked) in request.objectives.iter().enumerate() {
        let misses = |design: &usize| {
            let candidate = &candidates[*design];
            let on_average = candidate.outcome == Outcome::Infeasible;
            let missed = |judged: &Judgement| judged.met == Met::No || (on_average && !judged.on_average);
            candidate.objectives.get(objective).is_some_and(missed)
        };
        let better = asked.metric.better();
        let region = |place: String, designs: Vec<usize>| {
            let means =
                designs.iter().filter_map(|&design| Some(candidates[design].objectives[objective].estimate?.mean));
            let best = means.min_by(|a, b| if better == Better::Lower { a.total_cmp(b) } else { b.total_cmp(a) });
            Region { place, objective, designs, best }
        };
        let mut told: Vec<usize> = Vec::new();
        for (at, axis) in AxisRow::all(study).iter().enumerate().filter(|_| study.axes.len() > 1) {
            for value in &axis.values {
                let with: Vec<usize> =
                    (0..candidates.len()).filter(|&design| candidates[design].levels.get(at) == Some(value)).collect();
                if !with.is_empty() && with.iter().all(misses) && !with.iter().all(|design| told.contains(design)) {
                    told.extend(&with);
                    regions.push(region(format!("{}={value}", axis.name), with));
                }
            }
        }
        let single = (0..candidates.len()).filter(misses).filter(|design| !told.contains(design));
        regions.extend(single.map(|design| region(candidates[design].name.clone(), vec![design])));
    }
    regions
}
