//! Each strategy against its definition, by brute force over small random sets of candidates.

use proptest::prelude::{Strategy as Generator, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use super::*;
use crate::ids::InstanceTypeId;
use crate::model::{AllocationStrategy, BestFitObjective};
use crate::units::MicroUsd;

/// A question, owned.
#[derive(Debug, Clone)]
struct Case {
    candidates: Vec<Candidate>,
    jobs: u64,
    room: u32,
    objective: BestFitObjective,
    percent: u32,
}

impl Case {
    fn ask(&self) -> Ask<'_> {
        Ask {
            candidates: &self.candidates,
            jobs: self.jobs,
            room: self.room,
            objective: self.objective,
            spot_type_efficiency_percent: self.percent,
        }
    }

    fn choose(&self, name: AllocationStrategy) -> Option<Choice> {
        strategy(name).choose(&self.ask())
    }

    fn candidate(&self, id: InstanceTypeId) -> Candidate {
        *self.candidates.iter().find(|one| one.id == id).unwrap()
    }

    /// What a strategy may name: types to be had within the room; if there are none, the smallest (then cheapest) of those
    /// to be had.
    fn allowed(&self) -> Vec<Candidate> {
        let usable: Vec<_> = self.candidates.iter().filter(|one| !one.avoided).copied().collect();
        let within: Vec<_> = usable.iter().filter(|one| one.vcpus <= self.room).copied().collect();
        if within.is_empty() {
            let smaller = |a: &Candidate, b: &Candidate| (a.vcpus, a.price, a.id) <= (b.vcpus, b.price, b.id);
            usable.iter().filter(|a| usable.iter().all(|b| smaller(a, b))).copied().collect()
        } else {
            within
        }
    }

    /// Jobs that one node would really hold.
    fn served(&self, one: &Candidate) -> u64 {
        self.jobs.min(one.fit.into())
    }

    /// Whether nothing among `others` costs less than `one`, in the words of the objective.
    fn is_cheapest(&self, one: &Candidate, others: &[Candidate]) -> bool {
        let unit = |one: &Candidate| match self.objective {
            BestFitObjective::CostPerUsableVcpu => self.served(one),
            BestFitObjective::CostPerVcpu => one.vcpus.into(),
        };
        others.iter().all(|other| one.price.0 * unit(other) <= other.price.0 * unit(one))
    }

    /// Jobs per vCPU, at least `percent` of the best of `allowed`.
    fn is_efficient(&self, one: &Candidate, allowed: &[Candidate]) -> bool {
        let per_vcpu = |one: &Candidate, other: &Candidate| self.served(one) * u64::from(other.vcpus);
        allowed.iter().all(|best| per_vcpu(one, best) * 100 >= per_vcpu(best, one) * u64::from(self.percent))
    }
}

fn cases() -> impl Generator<Value = Case> {
    let one = (select(vec![2, 4, 8, 16, 48]), 1..40u64, 1..9u32, prop::bool::weighted(0.25), any::<bool>());
    let objective = select(vec![BestFitObjective::CostPerUsableVcpu, BestFitObjective::CostPerVcpu]);
    (prop::collection::vec(one, 1..7), 1..40u64, 1..60u32, objective, 0..101u32).prop_map(
        |(drawn, jobs, room, objective, percent)| {
            let mut entry = 0;
            let build = |(id, (vcpus, price, fit, avoided, begins)): (u16, (u32, u64, u32, bool, bool))| {
                entry += usize::from(begins);
                // Ids are in alphabetical order of names, which is not that of entries.
                let id = InstanceTypeId(id * 5 % 7);
                Candidate { id, entry, vcpus, price: MicroUsd(price * 1_000), fit: fit.min(vcpus), avoided }
            };
            Case { candidates: (0..).zip(drawn).map(build).collect(), jobs, room, objective, percent }
        },
    )
}

/// As many nodes as the jobs fill and the room holds, and one at least.
fn nodes(case: &Case, one: &Candidate) -> u32 {
    let fills = |n: u32| u64::from(n) * case.served(one) <= case.jobs && n * one.vcpus <= case.room;
    (1..100).take_while(|&n| n == 1 || fills(n)).last().unwrap()
}

use AllocationStrategy::{
    BestFit, BestFitProgressive, BestFitProgressiveOrdered, SpotCapacityOptimized, SpotCapacityOptimizedPrioritized,
    SpotPriceCapacityOptimized,
};

const SPOT: [AllocationStrategy; 3] =
    [SpotCapacityOptimized, SpotCapacityOptimizedPrioritized, SpotPriceCapacityOptimized];
const ALL: [AllocationStrategy; 6] = [
    BestFit,
    BestFitProgressive,
    BestFitProgressiveOrdered,
    SpotCapacityOptimized,
    SpotCapacityOptimizedPrioritized,
    SpotPriceCapacityOptimized,
];

proptest! {
    #[test]
    fn best_fit_waits_for_the_cheapest_of_all(case in cases()) {
        let ids = case.candidates.iter().filter(|one| case.is_cheapest(one, &case.candidates)).map(|one| one.id);
        let best: Vec<_> = ids.collect();
        match case.choose(BestFit) {
            Some(choice) => {
                prop_assert!(best.contains(&choice.instance_types[0]));
                prop_assert!(!case.candidate(choice.instance_types[0]).avoided);
            }
            None => prop_assert!(best.iter().any(|&id| case.candidate(id).avoided)),
        }
    }

    #[test]
    fn best_fit_progressive_takes_the_cheapest_to_be_had(case in cases()) {
        let allowed = case.allowed();
        match case.choose(BestFitProgressive) {
            Some(choice) => {
                let one = case.candidate(choice.instance_types[0]);
                prop_assert!(allowed.contains(&one));
                prop_assert!(case.is_cheapest(&one, &allowed));
                prop_assert_eq!(choice.instance_types.len(), 1);
                prop_assert_eq!(choice.target_vcpus, nodes(&case, &one) * one.vcpus);
            }
            None => prop_assert!(allowed.is_empty()),
        }
    }

    #[test]
    fn ordered_skips_no_entry_that_has_something(case in cases()) {
        let allowed = case.allowed();
        match case.choose(BestFitProgressiveOrdered) {
            Some(choice) => {
                let one = case.candidate(choice.instance_types[0]);
                prop_assert!(allowed.contains(&one));
                prop_assert!(allowed.iter().all(|other| one.entry <= other.entry));
                let entry: Vec<_> = allowed.iter().filter(|other| other.entry == one.entry).copied().collect();
                prop_assert!(case.is_cheapest(&one, &entry));
                prop_assert_eq!(choice.target_vcpus, nodes(&case, &one) * one.vcpus);
            }
            None => prop_assert!(allowed.is_empty()),
        }
    }

    #[test]
    fn spot_names_every_efficient_type_and_no_other(case in cases(), name in select(SPOT.to_vec())) {
        let allowed = case.allowed();
        let Some(choice) = case.choose(name) else {
            prop_assert!(allowed.is_empty());
            return Ok(());
        };
        let mut named = choice.instance_types.clone();
        named.sort();
        let efficient = allowed.iter().filter(|one| case.is_efficient(one, &allowed)).map(|one| one.id);
        let mut expected: Vec<_> = efficient.collect();
        expected.sort();
        prop_assert_eq!(named, expected);
        let types: Vec<_> = choice.instance_types.iter().map(|&id| case.candidate(id)).collect();
        for pair in types.windows(2) {
            let by_entry = name == SpotCapacityOptimizedPrioritized;
            prop_assert!(!by_entry || pair[0].entry <= pair[1].entry, "out of order");
            let same_entry = pair[0].entry == pair[1].entry;
            prop_assert!((by_entry && !same_entry) || case.is_cheapest(&pair[0], &pair[1..]), "dearer first");
        }
    }

    /// Whatever EC2 makes of a request, only its last instance may cross `maxvCpus`; and asking again ends.
    #[test]
    fn no_request_exceeds_the_room_by_an_instance(mut case in cases(), name in select(ALL.to_vec())) {
        while let Some(choice) = case.choose(name) {
            let largest = choice.instance_types.iter().map(|&id| case.candidate(id).vcpus).max().unwrap();
            prop_assert!(choice.target_vcpus > 0 && choice.jobs > 0 && choice.jobs <= case.jobs);
            prop_assert!(choice.target_vcpus + choice.overshoot < case.room + largest);
            case.jobs -= choice.jobs;
            case.room = case.room.saturating_sub(choice.target_vcpus + choice.overshoot);
            if case.jobs == 0 || case.room == 0 {
                break;
            }
        }
    }

    /// A request for jobs is large enough for them, or takes all the room.
    #[test]
    fn what_is_said_to_be_covered_is(case in cases(), name in select(ALL.to_vec())) {
        if let Some(choice) = case.choose(name) {
            let per = |id: &InstanceTypeId| {
                let one = case.candidate(*id);
                (case.served(&one), u64::from(one.vcpus))
            };
            // The type of those named that holds most per vCPU, as EC2 might choose none but it.
            let most = choice.instance_types.iter().map(per).max_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1))).unwrap();
            let nodes = u64::from(choice.target_vcpus).div_ceil(most.1);
            prop_assert!(choice.jobs <= nodes * most.0, "{choice:?} holds {nodes} × {}", most.0);
        }
    }
}
