//! Turns against a scan over all shares.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::ids::{JobId, JobSpecId};
use crate::model::{Assumptions, DecayShape};
use crate::scheduler::ShareWeight;
use crate::scheduler::lane::Waiting;
use crate::units::SimDuration;

#[derive(Debug, Clone)]
enum Act {
    Submit {
        share: u32,
        priority: u16,
        jobs: u32,
    },
    /// Dispatches so many heads, one after the other, at one time.
    Cycle(u8),
    /// The oldest running job of a share ends.
    End(u32),
    Wait(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let submit = (0..4u32, 0..3u16, 1..5u32);
    let one = prop_oneof![
        3 => submit.prop_map(|(share, priority, jobs)| Act::Submit { share, priority, jobs }),
        4 => (1..6u8).prop_map(Act::Cycle),
        3 => (0..4u32).prop_map(Act::End),
        3 => (1..400_000u64).prop_map(Act::Wait),
    ];
    prop::collection::vec(one, 1..120)
}

fn settings() -> impl Strategy<Value = Settings> {
    let shape = select(vec![DecayShape::Linear, DecayShape::Exponential, DecayShape::Box]);
    let parts = (shape, select(vec![0, 600]), select(vec![0, 60]), any::<bool>());
    parts.prop_map(|(shape, window, charge, split)| Settings {
        fair_share_decay_shape: shape,
        fair_share_minimum_window: SimDuration::from_secs(window),
        fair_share_start_charge: SimDuration::from_secs(charge),
        prefix_weight_split: split,
        ..Settings::from(&Assumptions::default())
    })
}

fn spec(share: u32, priority: u16) -> JobSpec {
    JobSpec { share: Some(ShareId(share)), scheduling_priority: priority, ..JobSpec::default() }
}

/// The first job of the share that has used least, found by looking at all of them.
fn scan(shares: &mut Shares, now: SimTime) -> Option<(ShareId, JobRef)> {
    let ids: Vec<_> = shares.by_id.keys().copied().collect();
    let waits = |share: &Share| share.lanes.values().find_map(Lane::head);
    let waiting: Vec<_> = ids.into_iter().filter_map(|id| Some((id, waits(&shares.by_id[&id])?))).collect();
    waiting.into_iter().min_by_key(|(id, _)| (shares.score(*id, now), *id)).map(|(id, head)| (id, head.job))
}

proptest! {
    #[test]
    fn whose_turn_it_is(settings in settings(), acts in acts()) {
        let weights = [(1, 5_000, None), (2, 20_000, Some(0)), (3, 20_000, Some(0))];
        let weights = weights.map(|(share, weight, prefix)| ShareWeight { share: ShareId(share), weight, prefix });
        let policy =
            FairShare { share_decay: SimDuration::ZERO, compute_reservation: 0, weights: weights.to_vec() };
        let (mut shares, mut skipped) = (Shares::new(policy, &settings), BTreeSet::new());
        let (mut now, mut jobs) = (SimTime::ZERO, 0);
        let mut running = [0; 4];
        for act in acts {
            match act {
                Act::Submit { share, priority, jobs: size } => {
                    jobs += 1;
                    shares.join(ShareId(share), size.into());
                    let waiting = Waiting::new(JobId::new(0, jobs), JobSpecId(0), false, (now, now), Some(size));
                    shares.lane(&spec(share, priority)).push(waiting, &mut skipped);
                }
                Act::Cycle(dispatches) => {
                    shares.forget_turns();
                    for _ in 0..dispatches {
                        let expected = scan(&mut shares, now);
                        let head = shares.head(now);
                        prop_assert_eq!(head.map(|head| head.job), expected.map(|(_, job)| job));
                        let (Some(head), Some((id, _))) = (head, expected) else { break };
                        shares.pop(&head, &mut skipped);
                        shares.start(id, 1_000, now);
                        shares.queue_up_again(id, now);
                        running[id.index()] += 1;
                    }
                }
                Act::End(share) if running[share as usize] > 0 => {
                    running[share as usize] -= 1;
                    shares.stop(ShareId(share), 1_000, now);
                    shares.leave(ShareId(share));
                }
                Act::End(_) => {}
                Act::Wait(millis) => now = now + SimDuration::from_millis(millis),
            }
            let in_use: u64 = shares.books().map(|(.., cpu)| cpu).sum();
            prop_assert_eq!(in_use, running.iter().sum::<u64>() * 1_000);
        }
    }
}
