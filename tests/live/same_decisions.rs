//! A live run's day in the simulator: its journal becomes a scenario, with what was observed as its assumptions, and the
//! same core decides the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use windtunnel::ids::{JobRef, NodeId};
use windtunnel::journal::Reader;
use windtunnel::scheduler::{Command as Wanted, Ending, Event};
use windtunnel::units::{SimDuration, SimTime};

use crate::apply::{LONG, assert_replays, shape};
use crate::bed::{User, with};
use crate::judge::Judge;
use crate::program::{Run, scenario};

/// Live runs of the scenario, if `WINDTUNNEL_LIVE_RUNS` does not say how many.
const RUNS: usize = 2;
/// A simulated makespan is off by no more than this part of the live one.
const TOLERANCE: f64 = 0.02;

/// An attempt, called by where its job stands among the submissions: entry in order of their first, place in it, child, and
/// the attempt's number.
type Attempt = (usize, u64, u32, u8);

/// What a journal tells of decisions.
#[derive(Debug, Default)]
pub(crate) struct Told {
    placed: BTreeMap<Attempt, (SimTime, NodeId)>,
    first: Option<SimTime>,
    last: SimTime,
    /// Steps that were taken after their time. A program that gets no processor for a quarter of a second is late, and what
    /// it sees meanwhile then counts for a step that a simulation takes without it.
    late: usize,
}

impl Told {
    fn by(journal: &Path) -> Told {
        let mut reader = Reader::open(journal).unwrap();
        let (mut told, mut entries, mut places) = (Told::default(), BTreeMap::new(), BTreeMap::new());
        let mut wake_at: Option<SimTime> = None;
        while let Some(seen) = reader.observation().unwrap() {
            told.late += usize::from(wake_at.is_some_and(|at| at < seen.now));
            let decision = reader.decision().unwrap();
            wake_at = decision.wake_at;
            for event in &seen.events {
                if let Event::JobSubmitted { job, .. } = event {
                    let next = entries.len();
                    let (entry, count) = entries.entry(job.entry()).or_insert((next, 0));
                    places.insert(*job, (*entry, *count));
                    *count += 1;
                    told.first.get_or_insert(seen.now);
                }
            }
            for command in &decision.commands {
                if let Wanted::CreatePod { job, attempt, node, .. } = command {
                    let JobRef { job, child } = *job;
                    let (entry, place) = places[&job];
                    told.placed.insert((entry, place, child.unwrap_or(0), *attempt), (seen.now, *node));
                }
            }
            if decision.endings.iter().any(|ending| matches!(ending, Ending::Attempt(_))) {
                told.last = seen.now;
            }
        }
        told
    }

    /// From the first submission to the last end.
    fn makespan(&self) -> SimDuration {
        self.last.since(self.first.expect("something was submitted"))
    }

    /// Placements of both: on the same node, and in all; and by how much the times of all differ, in order.
    fn against(&self, other: &Told) -> Likeness {
        let pairs: Vec<_> = self.placed.iter().filter_map(|(at, mine)| Some((mine, other.placed.get(at)?))).collect();
        let apart = |a: SimTime, b: SimTime| a.max(b).since(a.min(b));
        let mut apart: Vec<_> = pairs.iter().map(|(mine, theirs)| apart(mine.0, theirs.0)).collect();
        apart.sort_unstable();
        Likeness {
            all: self.placed.len().max(other.placed.len()),
            shared: pairs.len(),
            same_node: pairs.iter().filter(|(mine, theirs)| mine.1 == theirs.1).count(),
            apart,
        }
    }
}

/// How alike two runs placed their attempts.
struct Likeness {
    all: usize,
    /// Attempts of both.
    shared: usize,
    /// Of those, on the same node.
    same_node: usize,
    /// Between their times, in order.
    apart: Vec<SimDuration>,
}

impl std::fmt::Display for Likeness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |percent: usize| self.apart.get(self.apart.len().saturating_sub(1) * percent / 100).copied();
        let seconds = |span: Option<SimDuration>| span.unwrap_or_default().as_secs_f64();
        let Likeness { all, shared, same_node, .. } = self;
        write!(
            f,
            "{shared} of {all} attempts in both, {same_node} on the same node, apart by {:.2} s (p50) {:.2} s (p99)",
            seconds(at(50)),
            seconds(at(99))
        )
    }
}

fn windtunnel(words: &[&str]) -> String {
    let output = Command::new(cargo_bin("windtunnel")).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The journal of the day in the simulator.
fn simulated(journal: &Path, run: &Run) -> PathBuf {
    let (folder, out) = (run.path("day"), run.path("simulated.jsonl"));
    windtunnel(&["import", "journal", &journal.display().to_string(), "--out", &folder.display().to_string()]);
    let day = folder.join("scenario.json").display().to_string();
    windtunnel(&["run", &day, "--journal", &out.display().to_string()]);
    out
}

fn workload() -> Value {
    let submit = |name: &str| json!({ "jobName": name, "jobQueue": "JQ", "jobDefinition": "Job" });
    json!([
        {
            "submit": submit("trickle"), "count": 160,
            "arrivals": { "poisson": { "perHour": 3600 } },
            "runtime": { "lognormal": { "median": "40s", "p95": "120s" } }, "failureProbability": 0.1,
        },
        {
            "submit": submit("burst"), "count": 60,
            "arrivals": { "fixed": { "start": "30s" } },
            "runtime": { "lognormal": { "median": "30s", "p95": "60s" } },
        },
    ])
}

/// Holds a run against the simulation of its day, and gives what it decided.
pub(crate) fn assert_simulated_alike(run: &Run) -> Told {
    let live = Told::by(&run.journal());
    let simulated = Told::by(&simulated(&run.journal(), run));
    let (makespan, simulated_makespan) = (live.makespan().as_secs_f64(), simulated.makespan().as_secs_f64());
    let likeness = live.against(&simulated);
    println!("makespan {makespan:.2} s live, {simulated_makespan:.2} s simulated; {} steps were late", live.late);
    println!("  placements, live and simulated: {likeness}");
    assert!((simulated_makespan / makespan - 1.0).abs() <= TOLERANCE, "{simulated_makespan} for {makespan}");
    assert_eq!(likeness.shared, likeness.all, "the same attempts");
    assert!(live.late > 0 || likeness.same_node == likeness.all, "each attempt on the same node: {likeness}");
    live
}

#[test]
fn a_live_day_goes_the_same_way_in_the_simulator() {
    let runs = std::env::var("WINDTUNNEL_LIVE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    with(async |bed| {
        bed.add_nodes(6, &shape(&bed)).await;
        let document = scenario(bed.namespace(), 3, &workload());
        let mut told = Vec::new();
        for _ in 0..runs {
            let judge = Judge::start(&bed).await;
            let mut run = Run::of(&bed, User::Admin, &document).with(&["--speed", "20", "--log", "warn"]);
            run.apply().done(LONG).await.assert_done();
            judge.verdict().await.assert_clean();
            assert_replays(&run.journal());
            told.push(assert_simulated_alike(&run));
        }
        let spans: Vec<_> = told.iter().map(|live| live.makespan().as_secs_f64()).collect();
        let spread = spans.iter().copied().fold(f64::MIN, f64::max) / spans.iter().copied().fold(f64::MAX, f64::min);
        println!("{runs} live runs: makespans {spans:.2?} s, {:.2} % apart", (spread - 1.0) * 100.0);
        for (number, other) in (2..).zip(&told[1..]) {
            println!("  placements, live runs 1 and {number}: {}", told[0].against(other));
        }
    });
}
