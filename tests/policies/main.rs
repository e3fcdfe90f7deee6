//! Policies beyond AWS Batch, held against what others would do: EASY and list scheduling written down
//! independently, and what the head of a queue was promised. Examples worked by hand are in `tests/conformance/beyond`.

mod brute;
mod machine;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use windtunnel::scheduler::{EasyBackfill, JobOrder, QueuePolicy};

use brute::Order;
use machine::{Job, run};

/// The machine of these tests.
const PROCESSORS: u32 = 100;

const FIFO: QueuePolicy = QueuePolicy { order: JobOrder::Submission, backfill: None };
const EASY: QueuePolicy =
    QueuePolicy { order: JobOrder::Submission, backfill: Some(EasyBackfill { depth: None, order: None }) };

const ORDERS: [(JobOrder, Order); 3] = [
    (JobOrder::Submission, Order::Submission),
    (JobOrder::ShortestJobFirst, Order::Shortest),
    (JobOrder::LargestJobFirst, Order::Largest),
];

/// How far estimates are from the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Estimates {
    Exact,
    /// At least the runtime; one job in eight has none.
    Loose,
}

fn jobs(estimates: Estimates) -> impl Strategy<Value = Vec<Job>> {
    let processors = prop_oneof![3 => 1..20u32, 2 => 20..70u32, 1 => 70..=PROCESSORS];
    let one = (0..8u64, processors, 1..40u64, 0..30u64, 0..8u8);
    prop::collection::vec(one, 1..60).prop_map(move |all| {
        let mut submit = 0;
        let mut jobs = Vec::new();
        for (gap, processors, runtime, more, kind) in all {
            submit += gap;
            let estimate = match estimates {
                Estimates::Exact => Some(runtime),
                Estimates::Loose => (kind > 0).then_some(runtime + more),
            };
            jobs.push(Job { submit, processors, runtime, estimate });
        }
        jobs
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Whatever the order and the estimates.
    #[test]
    fn easy_schedules_as_easy_does(exact in jobs(Estimates::Exact), loose in jobs(Estimates::Loose)) {
        for (order, theirs) in ORDERS {
            let policy = QueuePolicy { order, ..EASY };
            for jobs in [&exact, &loose] {
                prop_assert_eq!(run(&[PROCESSORS], jobs, policy).starts, brute::easy(PROCESSORS, jobs, theirs).starts);
            }
        }
    }

    /// Whatever the order of those that may go ahead, and however deep the look.
    #[test]
    fn an_order_of_its_own_behind_the_head_is_kept(
        jobs in jobs(Estimates::Loose),
        (order, theirs) in select(&ORDERS[..]),
        (ahead, behind) in select(&ORDERS[..]),
        depth in prop::option::of(1..6u32),
    ) {
        let policy = QueuePolicy { order, backfill: Some(EasyBackfill { depth, order: Some(ahead) }) };
        let looks = depth.map_or(usize::MAX, |depth| depth as usize);
        let theirs = brute::easy_ordered(PROCESSORS, &jobs, (theirs, behind), looks);
        prop_assert_eq!(run(&[PROCESSORS], &jobs, policy).starts, theirs.starts);
    }

    #[test]
    fn orders_schedule_as_list_scheduling_does(jobs in jobs(Estimates::Loose)) {
        for (order, theirs) in ORDERS {
            let policy = QueuePolicy { order, backfill: None };
            prop_assert_eq!(run(&[PROCESSORS], &jobs, policy).starts, brute::list(PROCESSORS, &jobs, theirs));
        }
    }

    /// Estimates are exact: nobody ever starts later than at the time that was kept for it first.
    #[test]
    fn heads_start_when_they_were_promised(jobs in jobs(Estimates::Exact)) {
        let promised = brute::easy(PROCESSORS, &jobs, Order::Submission).promised;
        for (index, start) in run(&[PROCESSORS], &jobs, EASY).starts.into_iter().enumerate() {
            prop_assert!(promised[index].is_none_or(|by| start <= by), "job {index} starts at {start}");
        }
    }

    /// The same on many nodes, by what the core itself says; no head is larger than the largest node.
    #[test]
    fn heads_of_many_nodes_start_when_they_were_promised(
        nodes in prop::collection::vec(10..60u32, 1..6),
        jobs in jobs(Estimates::Exact),
    ) {
        let largest = *nodes.iter().max().expect("a node");
        let jobs: Vec<_> = jobs.into_iter().map(|job| Job { processors: job.processors.min(largest), ..job }).collect();
        let done = run(&nodes, &jobs, EASY);
        for (head, by) in done.promised {
            prop_assert!(done.starts[head] <= by, "job {head} starts at {} and not by {by}", done.starts[head]);
        }
    }

    /// So deep a look behind the head and no deeper.
    #[test]
    fn depth_is_kept(jobs in jobs(Estimates::Exact), depth in 1..4u32) {
        let policy = QueuePolicy { backfill: Some(EasyBackfill { depth: Some(depth), order: None }), ..EASY };
        let theirs = brute::easy_to(PROCESSORS, &jobs, Order::Submission, depth as usize);
        prop_assert_eq!(run(&[PROCESSORS], &jobs, policy).starts, theirs.starts);
    }
}

/// Not so for every workload (Mu'alem and Feitelson, section 4.1), but for most, and by far in sum.
#[test]
fn easy_waits_less_than_fifo_in_sum() {
    let (mut easy, mut fifo) = (0, 0);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..50 {
        let jobs = jobs(Estimates::Exact).new_tree(&mut runner).expect("jobs").current();
        let waits = |policy| {
            let starts = run(&[PROCESSORS], &jobs, policy).starts;
            starts.iter().zip(&jobs).map(|(start, job)| start - job.submit).sum::<u64>()
        };
        easy += waits(EASY);
        fifo += waits(FIFO);
    }
    assert!(easy * 10 < fifo * 9, "EASY waits {easy}, FIFO {fifo}");
}

/// A queue with the policy of AWS Batch is the queue of AWS Batch.
#[test]
fn a_plain_policy_says_nothing() {
    let jobs = [Job { submit: 0, processors: 60, runtime: 5, estimate: Some(5) }; 4];
    let done = run(&[PROCESSORS], &jobs, FIFO);
    assert_eq!((done.starts, done.backfilled), (vec![0, 5, 10, 15], 0));
}
