//! A lane against a list that is sorted anew for every look.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

#[derive(Debug, Clone)]
enum Act {
    /// A job or an array comes last, or, if it was held up, to its place.
    Push {
        size: Option<u32>,
        late: bool,
    },
    /// A job that was held up comes to its place.
    Release,
    Pop,
    /// One that was popped comes back.
    Retry(Index),
    /// One that waits ends where it stands.
    Cancel(Index),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let one = prop_oneof![
        3 => prop::option::of(2..5u32).prop_map(|size| Act::Push { size, late: false }),
        1 => (2..5u32).prop_map(|size| Act::Push { size: Some(size), late: true }),
        2 => Just(Act::Release),
        6 => Just(Act::Pop),
        3 => any::<Index>().prop_map(Act::Retry),
        3 => any::<Index>().prop_map(Act::Cancel),
    ];
    prop::collection::vec(one, 1..150)
}

fn returning() -> Returning {
    Returning {
        spec: JobSpecId(0),
        recorded: true,
        charged: 1,
        holds: false,
        before: History::NONE,
        runnable_since: SimTime::ZERO,
    }
}

/// Not a retry, time of submission, job: in order of turns.
type Turn = (bool, SimTime, JobRef);

proptest! {
    #[test]
    fn stands_in_order(acts in acts()) {
        let (mut lane, mut skipped) = (Lane::default(), BTreeSet::new());
        let (mut waiting, mut popped): (Vec<Turn>, Vec<Turn>) = (Vec::new(), Vec::new());
        for (number, act) in (1..).zip(acts) {
            // Submissions are a thousand apart; what was held up came between two of them.
            let now = SimTime::from_millis(number * 1_000);
            let before = SimTime::from_millis((number * 7_919 % number) * 1_000 + number % 997 + 1);
            let job = JobId::new(0, number);
            match act {
                Act::Push { size, late } => {
                    let at = if late { before } else { now };
                    let entry = Waiting::new(job, JobSpecId(0), true, (at, at), size);
                    waiting.extend(entry.each().map(|job| (true, at, job)));
                    lane.push(entry, &mut skipped);
                }
                Act::Release => {
                    let job = JobRef { job, child: None };
                    waiting.push((true, before, job));
                    lane.add(Place::Released, (job, before), returning());
                }
                Act::Pop => {
                    if let Some(head) = lane.head() {
                        lane.pop(&head, &mut skipped);
                        popped.push(waiting.remove(0));
                    }
                }
                Act::Retry(which) if !popped.is_empty() => {
                    let (_, at, job) = popped.swap_remove(which.index(popped.len()));
                    waiting.push((false, at, job));
                    lane.add(Place::Retries, (job, at), returning());
                }
                Act::Cancel(which) if !waiting.is_empty() => {
                    let (_, at, job) = waiting.remove(which.index(waiting.len()));
                    if lane.take(job, at).is_none() {
                        skipped.insert(job);
                        lane.pass_skipped(&mut skipped);
                    }
                }
                Act::Retry(_) | Act::Cancel(_) => {}
            }
            waiting.sort_unstable();
            prop_assert_eq!(lane.head().map(|head| head.job), waiting.first().map(|&(.., job)| job));
            prop_assert_eq!(lane.is_empty(), waiting.is_empty());
            let mut listed: Vec<_> = lane.iter().map(|one| one.job).filter(|job| !skipped.contains(job)).collect();
            listed.sort_unstable();
            let mut all: Vec<_> = waiting.iter().map(|&(.., job)| job).collect();
            all.sort_unstable();
            prop_assert_eq!(listed, all);
        }
        prop_assert!(!waiting.is_empty() || skipped.is_empty(), "who was skipped is not forgotten");
    }
}
