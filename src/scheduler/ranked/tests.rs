//! A ranked line against a list that is sorted anew for every look.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::ids::{JobId, JobSpecId};
use crate::model::Resources;
use crate::scheduler::pods::History;
use crate::scheduler::spec::EasyBackfill;
use crate::units::{MiB, MilliCpu};

#[derive(Debug, Clone)]
enum Act {
    /// A job or an array of a spec; of an array, some children may have ended before.
    Push { spec: usize, size: Option<u32>, ended: Vec<u32> },
    /// A job that was held up comes to its place.
    Release { spec: usize },
    /// One goes, be it the first or from the middle.
    Pop(Index),
    /// One that was popped comes back.
    Retry(Index),
    /// One that waits ends where it stands.
    Cancel(Index),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let push = (0..5usize, prop::option::of(2..6u32), prop::collection::vec(0..6u32, 0..3));
    let one = prop_oneof![
        4 => push.prop_map(|(spec, size, ended)| Act::Push { spec, size, ended }),
        2 => (0..5usize).prop_map(|spec| Act::Release { spec }),
        6 => any::<Index>().prop_map(Act::Pop),
        2 => any::<Index>().prop_map(Act::Retry),
        3 => any::<Index>().prop_map(Act::Cancel),
    ];
    prop::collection::vec(one, 1..120)
}

/// Five jobs: estimates and sizes that tie, and one without an estimate.
fn specs() -> Vec<JobSpec> {
    let spec = |cpu, memory, minutes: Option<u64>| JobSpec {
        requests: Resources::pod(MilliCpu(cpu), MiB(memory), 0),
        timeout: minutes.map(SimDuration::from_mins),
        ..JobSpec::default()
    };
    vec![
        spec(1_000, 100, Some(5)),
        spec(2_000, 100, Some(5)),
        spec(1_000, 200, Some(1)),
        spec(500, 900, None),
        spec(2_000, 100, Some(9)),
    ]
}

fn returning(spec: usize) -> Returning {
    Returning {
        spec: JobSpecId(u32::try_from(spec).expect("five")),
        recorded: true,
        charged: 1,
        holds: false,
        before: History::NONE,
        runnable_since: SimTime::ZERO,
    }
}

/// Who waits, and as what.
#[derive(Debug, Clone, Copy)]
struct One {
    place: Place,
    spec: usize,
    at: SimTime,
    job: JobRef,
}

/// The order as the documentation says it.
fn in_order(waiting: &mut [One], order: JobOrder, specs: &[JobSpec]) {
    waiting.sort_by_key(|one| {
        let spec = &specs[one.spec];
        let rank = match order {
            _ if one.place == Place::Retries => (0, 0),
            JobOrder::Submission => (0, 0),
            JobOrder::ShortestJobFirst => (spec.timeout.map_or(u64::MAX, SimDuration::as_millis), 0),
            JobOrder::LargestJobFirst => (u64::MAX - spec.cpu(), u64::MAX - spec.memory()),
        };
        (one.place != Place::Retries, rank, one.at, one.job)
    });
}

/// Everyone but the head, in the order in which they may go ahead; of an array's stretch the first.
fn behind(ranked: &Ranked) -> Vec<(Key, Head)> {
    let next = |from| ranked.next_behind(from, &mut u32::MAX.clone(), |_| true);
    std::iter::successors(next(Bound::Unbounded), |(key, _)| next(Bound::Excluded(*key))).collect()
}

fn stands_in_order(order: JobOrder, acts: &[Act]) -> Result<(), TestCaseError> {
    for ahead in [None, Some(JobOrder::Submission), Some(JobOrder::ShortestJobFirst), Some(JobOrder::LargestJobFirst)] {
        stand_in_orders(order, ahead, acts)?;
    }
    Ok(())
}

fn stand_in_orders(order: JobOrder, ahead: Option<JobOrder>, acts: &[Act]) -> Result<(), TestCaseError> {
    let specs = specs();
    let policy = QueuePolicy { order, backfill: Some(EasyBackfill { depth: None, order: ahead }) };
    let (mut ranked, mut ended) = (Ranked::new(policy), BTreeSet::new());
    let (mut waiting, mut popped): (Vec<One>, Vec<One>) = (Vec::new(), Vec::new());
    for (number, act) in (1..).zip(acts.iter().cloned()) {
        // Every third submission is of the same time as the one before.
        let at = SimTime::from_millis(number - number % 3 / 2);
        let job = JobId::new(0, number);
        match act {
            Act::Push { spec, size, ended: gone } => {
                let id = JobSpecId(u32::try_from(spec).expect("five"));
                let entry = Waiting::new(job, id, true, (at, at), size);
                let gone: Vec<_> = entry.each().filter(|one| one.child.is_some_and(|c| gone.contains(&c))).collect();
                ended.extend(&gone);
                let left = entry.each().filter(|one| !gone.contains(one));
                waiting.extend(left.map(|job| One { place: Place::Fresh, spec, at, job }));
                ranked.push(entry, &specs[spec], &mut ended);
                prop_assert!(ended.is_empty(), "those who ended are forgotten");
            }
            Act::Release { spec } => {
                let job = JobRef { job, child: None };
                waiting.push(One { place: Place::Released, spec, at, job });
                ranked.add(Place::Released, (job, at), returning(spec), &specs[spec]);
            }
            Act::Pop(which) if !waiting.is_empty() => {
                // Only the first of an array's stretch can be found, as by a search through the line.
                let first = ranked.head().expect("somebody waits");
                let found: Vec<_> =
                    [first].into_iter().chain(behind(&ranked).into_iter().map(|(_, job)| job)).collect();
                let head = *which.get(&found);
                let index = waiting.iter().position(|one| one.job == head.job).expect("it waits");
                popped.push(waiting.remove(index));
                ranked.pop(&head, &specs[head.spec.index()]);
            }
            Act::Retry(which) if !popped.is_empty() => {
                let one = One { place: Place::Retries, ..popped.swap_remove(which.index(popped.len())) };
                waiting.push(one);
                ranked.add(Place::Retries, (one.job, one.at), returning(one.spec), &specs[one.spec]);
            }
            Act::Cancel(which) if !waiting.is_empty() => {
                let one = waiting.remove(which.index(waiting.len()));
                let past = ranked.remove(one.job, one.at, &specs[one.spec]);
                prop_assert_eq!(past.is_some(), one.place != Place::Fresh);
            }
            Act::Pop(_) | Act::Retry(_) | Act::Cancel(_) => {}
        }
        in_order(&mut waiting, order, &specs);
        prop_assert_eq!(ranked.head().map(|head| head.job), waiting.first().map(|one| one.job));
        let listed: Vec<_> = ranked.iter().map(|one| one.job).collect();
        let all: Vec<_> = waiting.iter().map(|one| one.job).collect();
        prop_assert_eq!(listed, all);
        in_order(&mut waiting, ahead.unwrap_or(order), &specs);
        let places = |job| waiting.iter().position(|one| one.job == job);
        let found: Vec<_> = behind(&ranked).into_iter().map(|(_, job)| places(job.job)).collect();
        prop_assert!(found.is_sorted() && found.iter().all(Option::is_some), "{found:?}");
        in_order(&mut waiting, order, &specs);
    }
    Ok(())
}

proptest! {
    #[test]
    fn by_submission(acts in acts()) {
        stands_in_order(JobOrder::Submission, &acts)?;
    }

    #[test]
    fn by_estimate(acts in acts()) {
        stands_in_order(JobOrder::ShortestJobFirst, &acts)?;
    }

    #[test]
    fn by_size(acts in acts()) {
        stands_in_order(JobOrder::LargestJobFirst, &acts)?;
    }
}

#[test]
fn two_jobs_that_nobody_can_name_are_two() {
    let spec = &specs()[0];
    let mut ranked = Ranked::new(QueuePolicy {
        order: JobOrder::Submission,
        backfill: Some(EasyBackfill { depth: None, order: Some(JobOrder::ShortestJobFirst) }),
    });
    let job = || Waiting::new(JobId::new(0, 1), JobSpecId(0), false, (SimTime::ZERO, SimTime::ZERO), None);
    ranked.push(job(), spec, &mut BTreeSet::new());
    ranked.push(job(), spec, &mut BTreeSet::new());
    for left in (0..2).rev() {
        let head = ranked.head().expect("somebody waits");
        ranked.pop(&head, spec);
        assert_eq!(ranked.iter().count(), left);
        assert_eq!(behind(&ranked).len(), left.saturating_sub(1));
    }
}
