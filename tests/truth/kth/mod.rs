//! KTH-SP2 under EASY in four kinds, against the tables of the SC'15 article on predicted runtimes.
//!
//! Gaussier, Glesser, Reis, Trystram, "Improving Backfilling by Using Machine Learning to Predict Running Times" (SC'15), whose
//! simulator is a descendant of pyss. `pyss.rs` is that simulator's rules, written down again from what its source does;
//! `ties.rs` shows the scheduling core the same facts in the same order; `log.rs` is the log and what is measured;
//! `own.rs` runs the log as a user would, with our own rule for ties.

mod log;
mod own;
mod pyss;
mod ties;

use log::{Figures, Job};
use rayon::prelude::*;
use ties::Ties;
use windtunnel::scheduler::{EasyBackfill, JobOrder, QueuePolicy};

use crate::page::{Row, keep};

/// Kinds of EASY.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    name: &'static str,
    /// Whether runtimes are known.
    clairvoyant: bool,
    /// Whether the shortest job goes ahead first.
    shortest: bool,
    published: Published,
    /// Why a run as a scenario, or of the file itself, is known to be farther off than it should.
    falls_short: [Option<&'static str>; 2],
}

/// Of the source's table for KTH-SP2 (`sim_analysis/metrics`): `avgbsld`, `avgft`, `maxft`.
#[derive(Debug, Clone, Copy)]
struct Published {
    slowdown: f64,
    flow: f64,
    longest_flow: u64,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "EASY",
        clairvoyant: false,
        shortest: false,
        published: Published { slowdown: 92.576_539_733_629, flow: 15_696.798_181_243_6, longest_flow: 309_231 },
        falls_short: [None; 2],
    },
    Kind {
        name: "EASY, clairvoyant",
        clairvoyant: true,
        shortest: false,
        published: Published { slowdown: 71.722_385_112_441, flow: 15_187.607_703_381_2, longest_flow: 356_843 },
        falls_short: [
            Some("AWS Batch takes no timeout below 60 s, so shorter runtimes are estimated as a minute"),
            None,
        ],
    },
    Kind {
        name: "EASY-SJBF",
        clairvoyant: false,
        shortest: true,
        published: Published { slowdown: 69.405_400_580_303, flow: 14_764.002_668_445_6, longest_flow: 372_238 },
        falls_short: [None, Some("another workload: 219 jobs have other processors than in the source")],
    },
    Kind {
        name: "EASY-SJBF, clairvoyant",
        clairvoyant: true,
        shortest: true,
        published: Published { slowdown: 49.847_718_931_340, flow: 14_295.946_841_754_2, longest_flow: 335_193 },
        falls_short: [None; 2],
    },
];

impl Kind {
    fn policy(self) -> QueuePolicy {
        let order = self.shortest.then_some(JobOrder::ShortestJobFirst);
        QueuePolicy { order: JobOrder::Submission, backfill: Some(EasyBackfill { depth: None, order }) }
    }

    /// The log as the scheduler sees it.
    fn jobs(self, log: &[Job]) -> Vec<Job> {
        let seen = |job: &Job| {
            if self.clairvoyant { Job { estimate: job.runtime, ..*job } } else { *job }
        };
        log.iter().map(seen).collect()
    }
}

const ABOUT: &str = "28,481 jobs on 100 processors, each job on any of them, from the Parallel Workloads Archive\n\
    (<https://www.cs.huji.ac.il/labs/parallel/workload/l_kth_sp2/>, acknowledged to Lars Malinowsky). Published: Gaussier, Glesser,\n\
    Reis, Trystram, \"Improving Backfilling by Using Machine Learning to Predict Running Times\" (SC'15), the table of results for\n\
    KTH-SP2 beside its simulator. A job's flow time is wait and runtime together; its bounded slowdown that over the runtime or 10 s,\n\
    whichever is longer, and at least 1. SJBF: the shortest goes ahead first (`backfillOrder: shortestJobFirst`). Clairvoyant: estimates\n\
    are runtimes.\n\n\
    The source takes one event at a time: at one instant submissions before ends, though processors whose job should end by then\n\
    are given away already. Shown the same facts in that order, the scheduler starts every job when the source's rules, written down\n\
    independently, say. Windtunnel's own world tells all that happens at one instant together; what that changes stands below, and what\n\
    a scenario changes: it starts every job as the scheduler does when shown estimates of 60 s at least, which is AWS Batch's shortest\n\
    timeout. 219 jobs were given other processors than they asked for; the source goes by those asked for, a trace in a scenario by\n\
    those given.";

/// Rows of a kind: under the source's rule for ties, under ours, and as a scenario.
fn rows(kind: Kind, log: &[Job]) -> [Vec<Row>; 2] {
    let Kind { name, published, .. } = kind;
    let jobs = kind.jobs(log);
    let theirs = pyss::starts(log::PROCESSORS, &jobs, kind.shortest);
    let ours = ties::starts(log::PROCESSORS, &jobs, kind.policy(), Ties::OneByOne);
    let same = theirs.iter().zip(&ours).filter(|(a, b)| a == b).count();
    let Figures { slowdown, flow, longest_flow } = Figures::of(&jobs, &ours);
    let under_their_rule = vec![
        Row::same(
            format!("{name}: jobs that start when the source's rules say"),
            jobs.len().to_string(),
            same.to_string(),
        ),
        Row::near(format!("{name}: mean bounded slowdown"), (published.slowdown, slowdown), 5e-7, 7),
        Row::near(format!("{name}: mean flow time, s"), (published.flow, flow), 5e-7, 6),
        Row::same(
            format!("{name}: longest flow time, s"),
            published.longest_flow.to_string(),
            longest_flow.to_string(),
        ),
    ];
    let told_together = |jobs: &[Job]| ties::starts(log::PROCESSORS, jobs, kind.policy(), Ties::Together);
    let together = told_together(&jobs);
    let scenario = own::starts(&jobs, kind);
    // As a scenario it is the same, but for estimates that AWS Batch does not take.
    let taken: Vec<_> = jobs.iter().map(|job| Job { estimate: job.estimate.max(LEAST_TIMEOUT_S), ..*job }).collect();
    let expected = if taken == jobs { together.clone() } else { told_together(&taken) };
    assert!(scenario == expected, "{name}: the scenario is another world");
    let row = |how, starts: &[u64]| {
        let Figures { slowdown, .. } = Figures::of(&jobs, starts);
        let (what, tolerance) = (format!("{name}: mean bounded slowdown, {how}"), 0.007 * published.slowdown);
        let row = Row::near(what, (published.slowdown, slowdown), tolerance, 4);
        Row { tolerance: format!("0.7 % (is {:+.2} %)", (slowdown / published.slowdown - 1.0) * 100.0), ..row }
    };
    let mut under_ours = vec![
        row("ties told together", &together),
        Row { falls_short: kind.falls_short[0], ..row("as a scenario", &scenario) },
    ];
    if !kind.clairvoyant {
        let given = row("as a scenario, with the processors that jobs were given", &own::starts_of_file(kind));
        under_ours.push(Row { falls_short: kind.falls_short[1], ..given });
    }
    [under_their_rule, under_ours]
}

/// `attemptDurationSeconds` at least.
const LEAST_TIMEOUT_S: u64 = 60;

#[test]
fn the_log_under_easy_waits_as_published() {
    let Some(log) = log::read() else { return };
    assert_eq!(log.len(), 28_481);
    let kinds: Vec<_> = KINDS.into_par_iter().map(|kind| rows(kind, &log)).collect();
    let rows: Vec<_> =
        [0, 1].into_iter().flat_map(|part| kinds.iter().flat_map(move |rows| rows[part].clone())).collect();
    keep("A recorded workload: KTH-SP2", ABOUT, &rows);
}
