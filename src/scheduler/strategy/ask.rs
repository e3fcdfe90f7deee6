//! What every allocation strategy is asked, and what it may answer: the trait, its terms, and the comparisons that
//! several strategies share.
//!
//! A strategy is a pure function of the candidates. It knows no environment, no queue and no time.

use std::cmp::Ordering;

use crate::ids::InstanceTypeId;
use crate::model::{BestFitObjective, FleetStrategy};
use crate::units::MicroUsd;

/// An instance type that could hold at least one of the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The type.
    pub(crate) id: InstanceTypeId,
    /// Which entry of `instanceTypes` it comes from.
    pub(crate) entry: usize,
    /// Its vCPUs.
    pub(crate) vcpus: u32,
    /// Its price per hour under the environment's purchase option.
    pub(crate) price: MicroUsd,
    /// Jobs that fit on an empty node of it; at least 1.
    pub(crate) fit: u32,
    /// EC2 had none of it a moment ago.
    pub(crate) avoided: bool,
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The environment's types that fit, in the order of `instanceTypes`.
    pub(crate) candidates: &'a [Candidate],
    /// Number of jobs; at least 1.
    pub(crate) jobs: u64,
    /// vCPUs below `maxvCpus`; at least 1.
    pub(crate) room: u32,
    /// What the best fit is.
    pub(crate) objective: BestFitObjective,
    /// Spot strategies leave out types that serve these jobs less well per vCPU than this share of the best, percent.
    pub(crate) spot_type_efficiency_percent: u32,
}

/// What to ask EC2 for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Acceptable types, most wanted first; never empty.
    pub(crate) instance_types: Vec<InstanceTypeId>,
    /// vCPUs.
    pub(crate) target_vcpus: u32,
    /// By how much EC2 may exceed that.
    pub(crate) overshoot: u32,
    /// How many of the jobs that will hold.
    pub(crate) jobs: u64,
}

/// An allocation strategy.
pub(crate) trait Strategy {
    /// The fleet strategy that EC2 is asked to follow.
    fn fleet(&self) -> FleetStrategy;

    /// What to ask for next; `None` while nothing suitable is to be had. Called again for the jobs it leaves uncovered.
    fn choose(&self, ask: &Ask<'_>) -> Option<Choice>;
}

impl Candidate {
    /// How many of the wanted jobs one node of it would hold.
    pub(super) fn serves(&self, ask: &Ask<'_>) -> u64 {
        u64::from(self.fit).min(ask.jobs)
    }
}

impl Ask<'_> {
    /// Candidates to be had that don't exceed `maxvCpus`; where all do, the smallest, for the last launch may cross it.
    pub(super) fn within_room(&self) -> Vec<Candidate> {
        let usable = || self.candidates.iter().filter(|candidate| !candidate.avoided);
        let within: Vec<_> = usable().filter(|candidate| candidate.vcpus <= self.room).copied().collect();
        if !within.is_empty() {
            return within;
        }
        usable().min_by_key(|candidate| (candidate.vcpus, candidate.price, candidate.id)).copied().into_iter().collect()
    }

    /// Orders candidates by the objective, best first.
    pub(super) fn compare(&self, a: &Candidate, b: &Candidate) -> Ordering {
        // price / units, compared without division.
        let per = |price: MicroUsd, other_units: u64| u128::from(price.0) * u128::from(other_units);
        let ratio = |a_units: u64, b_units: u64| per(a.price, b_units).cmp(&per(b.price, a_units));
        let usable = || ratio(a.serves(self), b.serves(self));
        let by_objective = match self.objective {
            BestFitObjective::CostPerUsableVcpu => usable(),
            BestFitObjective::CostPerVcpu => ratio(a.vcpus.into(), b.vcpus.into()).then_with(usable),
        };
        by_objective.then(a.vcpus.cmp(&b.vcpus)).then(a.id.cmp(&b.id))
    }

    /// As many nodes of one type as the jobs fill and `maxvCpus` allows, and one at least.
    pub(super) fn nodes_of(&self, one: &Candidate) -> Choice {
        let serves = one.serves(self);
        let by_room = u64::from(self.room / one.vcpus);
        let nodes = (self.jobs / serves).min(by_room).max(1);
        let nodes = u32::try_from(nodes).expect("no more than the room");
        Choice {
            instance_types: vec![one.id],
            target_vcpus: nodes * one.vcpus,
            overshoot: 0,
            jobs: (u64::from(nodes) * serves).min(self.jobs),
        }
    }
}
