//! Random worlds: whatever happens to cluster and program, each job ends once, none runs twice at once, nothing is left.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use super::paper::Paper;
use super::{RUN, Setting};
use crate::driver::{self, Driver, DriverError, Watcher};
use crate::ids::JobRef;
use crate::journal::{Appender, Header, LiveHeader, Named, Past, Reader, replay};
use crate::live::backend::Backend;
use crate::live::ledger::Ledger;
use crate::scheduler::{Decision, EndCause, Ending, Event, Observation, Scheduler};
use crate::units::SimTime;

/// Where a program is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    /// While it writes the journal: the last step is torn, and nothing of it was done.
    Writing,
    /// After it had written, before all was sent.
    Acting,
    /// While it waits.
    Waiting,
}

/// One program of a run: it ends when the run is over, or when it is killed.
struct Program<'a> {
    paper: &'a mut Paper,
    ledger: Ledger,
    appender: Option<Appender>,
    path: PathBuf,
    now: &'a mut SimTime,
    beginning: Vec<Event>,
    undecided: Option<Observation>,
    written: bool,
    decided_at: SimTime,
    wake_at: Option<SimTime>,
    named: Named,
    /// Steps until it is killed.
    left: u64,
    killed: Option<Kill>,
    first_list: bool,
    endings: BTreeMap<JobRef, Vec<EndCause>>,
}

impl Program<'_> {
    fn is_synced(&self) -> bool {
        self.ledger.is_synced()
    }

    fn tear(&mut self) {
        drop(self.appender.take());
        let length = std::fs::metadata(&self.path).expect("the journal").len();
        let text = std::fs::read(&self.path).expect("the journal");
        let lines: Vec<_> =
            text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u64).collect();
        // The last write held the observation and the decision, and what was named; never the header.
        let from = lines[lines.len().saturating_sub(3)];
        let cut = from + 1 + self.paper.dice.roll(length - from);
        OpenOptions::new().write(true).open(&self.path).and_then(|file| file.set_len(cut)).expect("cut");
    }
}

impl Driver for Program<'_> {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        if self.killed.is_some() {
            return Ok(false);
        }
        let wake_at = wake_at.or(self.wake_at.take());
        for event in std::mem::take(&mut self.beginning) {
            self.ledger.tell(event);
        }
        if std::mem::take(&mut self.first_list) {
            for sighting in self.paper.list() {
                self.ledger.sighted(sighting, *self.now);
            }
            assert!(self.is_synced());
        }
        if let Some(undecided) = self.undecided.take() {
            *seen = undecided;
            self.decided_at = seen.now;
            self.written = true;
            return Ok(true);
        }
        loop {
            self.ledger.time_passes(*self.now);
            for act in self.ledger.repeat(&mut |_, _| None) {
                self.paper.send(act, *self.now);
            }
            for act in self.ledger.take_acts() {
                self.paper.send(act, *self.now);
            }
            if self.ledger.has_facts() || wake_at.is_some_and(|at| at <= *self.now) {
                seen.now = *self.now;
                self.decided_at = seen.now;
                seen.events.clear();
                self.named = self.ledger.take_facts(&mut seen.events);
                return Ok(true);
            }
            if wake_at.is_none() && self.ledger.is_drained() {
                return Ok(false);
            }
            if self.left == 0 && self.paper.dice.roll(3) == 0 {
                self.killed = Some(Kill::Waiting);
                return Ok(false);
            }
            // Claims take minutes where pods take seconds.
            let tick = if self.paper.karpenter { 200 } else { 50 };
            *self.now = SimTime::from_millis(self.now.as_millis() + tick);
            assert!(self.now.as_millis() < 40_000_000, "it does not end: {:?}", self.ledger.counts());
            for sighting in self.paper.advance(*self.now) {
                self.ledger.sighted(sighting, *self.now);
            }
        }
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        let kill = (self.left == 0).then(|| match self.paper.dice.roll(3) {
            0 => Kill::Writing,
            1 => Kill::Acting,
            _ => Kill::Waiting,
        });
        self.left = self.left.saturating_sub(1);
        if kill == Some(Kill::Writing) {
            self.tear();
            self.killed = kill;
            return Ok(());
        }
        for ending in &decision.endings {
            if let Ending::Job(end) = ending {
                self.endings.entry(end.job).or_default().push(end.why);
            }
        }
        for act in self.ledger.decided(self.decided_at, decision, &mut |_, _| None) {
            if kill == Some(Kill::Acting) && self.paper.dice.roll(2) == 0 {
                self.killed = kill;
                return Ok(());
            }
            self.paper.send(act, *self.now);
        }
        Ok(())
    }
}

/// Shares the program with its watcher: the journal is written by whoever drives.
struct Both<'a>(Program<'a>);

impl Driver for Both<'_> {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        let goes_on = self.0.observe(wake_at, seen)?;
        if goes_on && !std::mem::take(&mut self.0.written) {
            let named = std::mem::take(&mut self.0.named);
            let journal = self.0.appender.as_mut().expect("alive");
            if !named.is_empty() {
                journal.named(&named)?;
            }
            journal.seen(seen)?;
        }
        Ok(goes_on)
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        self.0.appender.as_mut().expect("alive").decided(decision)?;
        self.0.apply(decision)
    }
}

impl Past for Ledger {
    fn named(&mut self, named: Named) -> Result<(), DriverError> {
        self.remember_named(&named);
        Ok(())
    }

    fn step(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.remember(seen, decision);
        Ok(())
    }
}

/// What a whole run came to.
struct Ran {
    programs: u32,
    paper: Paper,
}

/// A run of jobs that programs drive one after the other, each killed after so many steps.
fn run(setting: &Setting, jobs: u32, seed: u64, kill_after: Option<u64>) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.jsonl");
    let live = LiveHeader {
        run: RUN.to_owned(),
        began_at_ms: 0,
        speed: 1.0,
        backend: setting.backend.to_string(),
        environments: Vec::new(),
        scenario_crc32: String::new(),
    };
    let header = Header::of_live(live, "paper", setting.config.clone(), setting.names.clone());
    let karpenter = matches!(setting.backend, Backend::Karpenter(_));
    let mut paper = Paper::new(seed, if karpenter { 0 } else { 4 });
    paper.karpenter = karpenter;
    let mut now = SimTime::ZERO;
    let mut programs = 0;
    loop {
        programs += 1;
        let mut ledger = setting.ledger();
        let fresh = !path.exists();
        let (appender, mut scheduler, undecided, wake_at) = if fresh {
            (Appender::create(&path, &header).expect("a journal"), Scheduler::new(setting.config.clone()), None, None)
        } else {
            let resumed = Appender::resume(&path, |header| Scheduler::new(header.config.clone()), &mut ledger);
            let (resumed, scheduler) = resumed.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            if let Some(undecided) = &resumed.undecided {
                ledger.remember_undecided(&undecided.events);
            }
            (resumed.appender, scheduler, resumed.undecided, resumed.wake_at)
        };
        let begun = appender.steps() > 0 || undecided.is_some();
        let left = kill_after.map_or(u64::MAX, |most| paper.dice.roll(most));
        let mut program = Both(Program {
            paper: &mut paper,
            ledger,
            appender: Some(appender),
            path: path.clone(),
            now: &mut now,
            beginning: if begun { Vec::new() } else { setting.beginning(jobs) },
            undecided,
            written: false,
            decided_at: SimTime::ZERO,
            wake_at,
            named: Named::default(),
            left,
            killed: None,
            first_list: true,
            endings: BTreeMap::new(),
        });
        driver::run(&mut scheduler, &mut program, &mut ()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let Both(program) = program;
        if program.killed.is_none() {
            program.appender.expect("alive").finish().expect("written");
            break;
        }
        paper.lose_acts();
    }
    check(&path, setting, jobs, seed);
    assert_eq!(paper.twice, 0, "seed {seed}: two pods of one job at once");
    assert_eq!(paper.overcommitted, 0, "seed {seed}: a node holds more than it offers");
    assert_eq!(paper.claims.len(), 0, "seed {seed}: claims are left: {:?}", paper.claims);
    assert_eq!(paper.nodes.len(), if karpenter { 0 } else { 4 }, "seed {seed}: nodes are left");
    assert_eq!(paper.pods.len(), 0, "seed {seed}: pods are left: {:?}", paper.pods.keys());
    Ran { programs, paper }
}

/// Every job ended once, by the journal; and the journal replays.
fn check(path: &Path, setting: &Setting, jobs: u32, seed: u64) {
    #[derive(Default)]
    struct Ends(BTreeMap<JobRef, u32>);
    impl Watcher for Ends {
        fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
            Ok(())
        }
        fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
            for ending in &decision.endings {
                if let Ending::Job(end) = ending {
                    *self.0.entry(end.job).or_default() += 1;
                }
            }
            Ok(())
        }
    }
    let mut ends = Ends::default();
    replay(Reader::open(path).expect("a journal"), &mut ends).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert_eq!(ends.0.len(), setting.specs.len() * jobs as usize, "seed {seed}: jobs that ended");
    assert!(ends.0.values().all(|times| *times == 1), "seed {seed}: a job ended twice");
}

fn setting() -> Setting {
    Setting::new(&[(1, None), (3, None), (2, Some(20))])
}

#[test]
fn undisturbed_programs_finish() {
    for seed in 0..10 {
        let ran = run(&setting(), 12, seed, None);
        assert_eq!(ran.programs, 1);
    }
}

#[test]
fn programs_killed_at_any_moment_lose_nothing() {
    let (mut programs, mut vanished) = (0, 0);
    for seed in 100..140 {
        let ran = run(&setting(), 12, seed, Some(12));
        programs += ran.programs;
        vanished += ran.paper.vanished;
    }
    assert!(programs > 200, "{programs} programs only");
    assert!(vanished > 40, "{vanished} nodes vanished only");
}

#[test]
fn karpenter_s_claims_become_nodes_and_go_again() {
    let mut claimed = 0;
    for seed in 200..210 {
        let ran = run(&setting().on_karpenter(), 12, seed, None);
        assert_eq!(ran.programs, 1);
        claimed += ran.paper.claimed;
    }
    assert!(claimed > 50, "{claimed} claims only");
}

#[test]
fn programs_killed_while_claims_come_and_go_lose_nothing() {
    let (mut programs, mut vanished, mut refused, mut claimed) = (0, 0, 0, 0);
    for seed in 300..340 {
        let ran = run(&setting().on_karpenter(), 12, seed, Some(12));
        programs += ran.programs;
        vanished += ran.paper.vanished;
        refused += ran.paper.refused;
        claimed += ran.paper.claimed;
    }
    assert!(programs > 200, "{programs} programs only");
    assert!(vanished > 40, "{vanished} nodes vanished only");
    assert!(refused > 40 && claimed > 200, "{refused} of {claimed} claims found no capacity");
}
