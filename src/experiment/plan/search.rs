//! The search: all designs get a few runs, then only those get more that could still be the cheapest one to keep its
//! objectives. Intervals are wide enough that all eliminations together are right with the study's level.
//!
//! The cheapest design that may be feasible leads; whatever is dearer than it beyond doubt rests until it falls. So runs go
//! where the choice is open: successive elimination under constraints, after Kim and Nelson (ACM TOMACS 11, 2001) and
//! Andradóttir and Kim (Naval Research Logistics 57, 2010), with paired differences under common random numbers and
//! Bonferroni's inequality over designs and looks. The design found is then run under seeds that the search never saw.

use crate::experiment::compare::pairs;
use crate::experiment::executor::{Executor, Progress, Samples, StudyError};
use crate::experiment::metric::{Better, Metric};
use crate::experiment::plan::findings::{Fresh, Plan};
use crate::experiment::plan::slo::{Judgement, Met, Objective};
use crate::experiment::stats::{Estimate, paired, together};
use crate::experiment::study::Study;
use crate::scenario::{Finding, Findings, StudyFile};

/// Runs of each design before the first look.
const FIRST_RUNS: u32 = 5;

/// Runs of a design at most, where their number is not given.
const RUNS_AT_MOST: u32 = 40;
/// Runs under fresh seeds, where their number is not given.
const FRESH_RUNS: u32 = 20;

/// What is asked of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRequest {
    /// What the design must keep.
    pub objectives: Vec<Objective>,
    /// What is to be as small as can be (or as large, where more is better).
    pub minimize: Metric,
    /// Runs of a design at most.
    pub runs_at_most: u32,
    /// Runs of the chosen design under seeds that the search did not see.
    pub fresh_runs: u32,
}

impl PlanRequest {
    /// Reads what a study file asks of a plan; all faults at once.
    pub fn new(file: &StudyFile, study: &Study) -> Result<Self, Findings> {
        let mut wrong = Vec::new();
        let objectives = file.slo.iter().filter_map(|text| {
            let told = |message| wrong.push(Finding::about_file(format!("--slo '{text}'"), message, ""));
            Objective::parse(text, &study.keys).map_err(told).ok()
        });
        let objectives: Vec<_> = objectives.collect();
        if file.slo.is_empty() {
            let help = "name an objective with --slo, like --slo 'wait.p95 <= 15m'";
            wrong.push(Finding::about_file("the plan", "it has no objective to keep", help));
        }
        let minimize = Metric::parse(file.minimize.as_deref().unwrap_or("cost.total"));
        let minimize = minimize.find(&study.keys).unwrap_or_else(|meant| {
            let help = meant.map_or_else(
                || "name a key of the results, like cost.total".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            wrong.push(Finding::about_file(format!("--minimize {minimize}"), "the results have no such key", help));
            minimize
        });
        let runs_at_most = file.max_replications.unwrap_or(RUNS_AT_MOST);
        let fresh_runs = file.fresh.unwrap_or(FRESH_RUNS);
        if wrong.is_empty() {
            Ok(Self { objectives, minimize, runs_at_most, fresh_runs })
        } else {
            Err(Findings::new(wrong))
        }
    }
}

/// What the search knows of a design.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// Its runs in the search.
    pub(super) runs: u32,
    /// Each objective, judged.
    pub(super) judged: Vec<Judgement>,
    /// What is minimised, at the study's level.
    pub(super) cost: Option<Estimate>,
    /// What the fresh runs said, if it was chosen and tried.
    pub(super) fresh: Option<Fresh>,
}

impl State {
    /// Whether every objective is met: no if one is missed, open if one is open.
    pub(super) fn met(&self) -> Met {
        let any = |wanted| self.judged.iter().any(|judged| judged.met == wanted);
        if self.fresh.as_ref().is_some_and(|fresh| !fresh.held) || any(Met::No) {
            Met::No
        } else if any(Met::Open) {
            Met::Open
        } else {
            Met::Yes
        }
    }

    /// Whether it may be chosen: no objective is missed, and at the cap none is open but on the right side.
    pub(super) fn is_acceptable(&self, at_most: u32) -> bool {
        match self.met() {
            Met::Yes => true,
            Met::No => false,
            Met::Open => self.runs < at_most || self.judged.iter().all(|judged| judged.on_average),
        }
    }
}

/// A search under way.
struct Search<'a> {
    study: &'a Study,
    request: &'a PlanRequest,
    /// Confidence of each single judgement.
    level: f64,
    states: Vec<State>,
}

/// Searches a study's variants for the best that keeps the objectives.
pub fn plan(
    executor: &mut Executor<'_>,
    study: &Study,
    request: &PlanRequest,
    progress: &dyn Progress,
) -> Result<Plan, StudyError> {
    let blank = State { runs: 0, judged: Vec::new(), cost: None, fresh: None };
    let mut search =
        Search { study, request, level: single_level(study, request), states: vec![blank; study.variants.len()] };
    let mut wanted: Vec<usize> = (0..study.variants.len()).collect();
    let mut runs = FIRST_RUNS.min(request.runs_at_most);
    loop {
        executor.run(&wanted, runs, progress)?;
        for &design in &wanted {
            search.look(executor.samples(), design, runs);
        }
        let Some(leader) = search.leader() else { break };
        let contenders = search.contenders(executor.samples(), leader);
        if contenders.is_empty() {
            if search.states[leader].fresh.is_some() {
                break;
            }
            let fresh = search.try_fresh(executor, leader, progress)?;
            search.states[leader].fresh = Some(fresh);
            // If it did not hold, the next one leads, with the runs that it has.
            wanted = Vec::new();
            continue;
        }
        // Those with the fewest runs catch up first; then all contenders double theirs.
        let fewest = contenders.iter().map(|&design| search.states[design].runs).min().unwrap_or(runs);
        runs = (fewest * 2).max(FIRST_RUNS).min(request.runs_at_most);
        wanted = contenders.into_iter().filter(|&design| search.states[design].runs < runs).collect();
    }
    Ok(Plan::new(study, request, &search.states, executor))
}

/// The confidence that each judgement needs for all of them to hold together: Bonferroni over designs, objectives with
/// the comparison of costs, and looks.
fn single_level(study: &Study, request: &PlanRequest) -> f64 {
    let doublings = request.runs_at_most.div_ceil(FIRST_RUNS).max(1).next_power_of_two().ilog2();
    let judgements = study.variants.len() * (request.objectives.len() + 1);
    together(study.level, judgements * (2 + doublings as usize))
}

impl Search<'_> {
    /// Judges a design by its first `runs` runs.
    fn look(&mut self, samples: &Samples, design: usize, runs: u32) {
        let judge =
            |objective: &Objective| objective.judge(&samples.values(design, &objective.metric, runs), self.level);
        let costs: Vec<f64> = samples.values(design, &self.request.minimize, runs).into_iter().flatten().collect();
        let judged = self.request.objectives.iter().map(judge).collect();
        let state = &mut self.states[design];
        (state.runs, state.judged, state.cost) = (runs, judged, Estimate::of(&costs, self.study.level));
    }

    /// The design with the best mean of those that may be chosen; the first among equals.
    fn leader(&self) -> Option<usize> {
        let acceptable = (0..self.states.len()).filter(|&design| {
            self.states[design].cost.is_some() && self.states[design].is_acceptable(self.request.runs_at_most)
        });
        acceptable.min_by(|&a, &b| self.badness(a).total_cmp(&self.badness(b)).then(a.cmp(&b)))
    }

    fn badness(&self, design: usize) -> f64 {
        let mean = self.states[design].cost.map_or(f64::INFINITY, |cost| cost.mean);
        if self.request.minimize.better() == Better::Lower { mean } else { -mean }
    }

    /// Designs that need more runs before the leader can be chosen: the leader itself while an objective is open, and those
    /// that may be chosen and are not worse than it beyond doubt. None of them has reached the cap.
    fn contenders(&self, samples: &Samples, leader: usize) -> Vec<usize> {
        let at_most = self.request.runs_at_most;
        let mut contenders = Vec::new();
        for design in 0..self.states.len() {
            let state = &self.states[design];
            let open = if design == leader {
                state.met() == Met::Open && state.runs < at_most
            } else {
                state.is_acceptable(at_most) && state.runs < at_most && !self.is_worse(samples, design, leader)
            };
            if open {
                contenders.push(design);
            }
        }
        // The leader keeps pace, for differences are by pairs.
        let most = contenders.iter().map(|&design| self.states[design].runs).max();
        if most.is_some_and(|most| self.states[leader].runs <= most && self.states[leader].runs < at_most)
            && !contenders.contains(&leader)
        {
            contenders.push(leader);
            contenders.sort_unstable();
        }
        contenders
    }

    /// Whether a design is worse than another beyond doubt, by the runs that both have.
    fn is_worse(&self, samples: &Samples, design: usize, than: usize) -> bool {
        let runs = self.states[design].runs.min(self.states[than].runs);
        let metric = &self.request.minimize;
        let (other, own) = pairs(samples, metric, (than, design), runs);
        let Some((low, high)) = paired(&other, &own, self.level).and_then(|found| found.ends()) else { return false };
        // Equal to the last digit in every run: nothing is to be learned from more of them.
        let equal = low == 0.0 && high == 0.0 && design > than;
        equal || if metric.better() == Better::Lower { low > 0.0 } else { high < 0.0 }
    }

    /// Runs a design under seeds beyond those of the search.
    fn try_fresh(
        &self,
        executor: &mut Executor<'_>,
        design: usize,
        progress: &dyn Progress,
    ) -> Result<Fresh, StudyError> {
        let (from, count) = (self.request.runs_at_most, self.request.fresh_runs);
        executor.run_each((from..from + count).map(|replication| (design, replication)).collect(), progress)?;
        let values = |metric: &Metric| -> Vec<Option<f64>> {
            let runs = (from..from + count).map(|replication| executor.samples().get(design, replication));
            runs.map(|sample| sample.and_then(|sample| metric.value(&sample.measures))).collect()
        };
        let judged: Vec<_> = self
            .request
            .objectives
            .iter()
            .map(|objective| objective.judge(&values(&objective.metric), self.study.level))
            .collect();
        let costs: Vec<f64> = values(&self.request.minimize).into_iter().flatten().collect();
        Ok(Fresh {
            runs: count,
            first_seed: self.study.seed_of(from),
            held: count == 0 || judged.iter().all(|judged| judged.on_average),
            objectives: judged,
            cost: Estimate::of(&costs, self.study.level),
        })
    }
}
