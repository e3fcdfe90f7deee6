//! Journals of live runs: cut anywhere they can be gone on from, altered anywhere they are refused.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use tempfile::tempdir;
use windtunnel::driver::DriverError;
use windtunnel::ids::{JobId, NodeId};
use windtunnel::journal::{
    Appender, Ended, Header, JournalError, LiveHeader, Named, NamedJob, NamedNode, Past, Reader, ReplayError, Resumed,
    replay,
};
use windtunnel::scheduler::{Decision, Observation, Scheduler};

use crate::world::{header, journal, three_jobs};

fn live_header() -> Header {
    let simulated = header();
    let live = LiveHeader {
        run: "6f1d9f5e-9d3c-3b44-8a36-5c1d2b7e9a10".to_owned(),
        began_at_ms: 1_700_000_000_000,
        speed: 1.0,
        backend: "unmanaged".to_owned(),
        environments: Vec::new(),
        scenario_crc32: "00000000".to_owned(),
    };
    Header::of_live(live, "hello", simulated.config, simulated.names)
}

fn named(step: u32) -> Named {
    let node =
        NamedNode { node: NodeId(step), name: Some(format!("ip-{step}")), uid: Some("u".to_owned()), claim: None };
    let submit = serde_json::json!({ "jobName": "n", "jobQueue": "q", "jobDefinition": "d" });
    let job = NamedJob { job: JobId::new(1, step.into()), source: format!("a.json#1:{step}"), submit, new_spec: None };
    Named { nodes: vec![node], jobs: vec![job] }
}

/// Writes steps of the observations on; every other one names something.
fn write(appender: &mut Appender, scheduler: &mut Scheduler, observations: &[Observation], from: usize) {
    for (number, seen) in observations.iter().enumerate().skip(from) {
        if number % 2 == 0 {
            appender.named(&named(u32::try_from(number).unwrap())).unwrap();
        }
        appender.seen(seen).unwrap();
        let mut decision = Decision::default();
        scheduler.step(seen, &mut decision);
        appender.decided(&decision).unwrap();
    }
}

fn live_journal(folder: &Path) -> PathBuf {
    let path = folder.join("live.jsonl");
    let mut appender = Appender::create(&path, &live_header()).unwrap();
    write(&mut appender, &mut Scheduler::new(header().config), &three_jobs(), 0);
    path
}

/// Counts what it is told.
#[derive(Debug, Default, PartialEq)]
struct Told {
    named: Vec<Named>,
    steps: usize,
}

impl Past for Told {
    fn named(&mut self, named: Named) -> Result<(), DriverError> {
        self.named.push(named);
        Ok(())
    }

    fn step(&mut self, _: &Observation, _: &Decision) -> Result<(), DriverError> {
        self.steps += 1;
        Ok(())
    }
}

/// Goes on from a journal. Tests beside this one start programs, which hold its lock for a moment.
fn resume(path: &Path, told: &mut Told) -> Result<(Resumed, Scheduler), ReplayError> {
    let core = |header: &Header| Scheduler::new(header.config.clone());
    for _ in 0..200 {
        match Appender::resume(path, core, told) {
            Err(ReplayError::Watcher(DriverError::Io { source, .. })) if source.kind() == ErrorKind::WouldBlock => {
                sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
    Appender::resume(path, core, told)
}

#[test]
fn cut_anywhere_it_goes_on_and_ends_as_if_nothing_had_been() {
    let folder = tempdir().unwrap();
    let whole = fs::read(live_journal(folder.path())).unwrap();
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let (mut undecided, mut torn) = (0, 0);
    for cut in head..=whole.len() {
        let path = folder.path().join("cut.jsonl");
        fs::write(&path, &whole[..cut]).unwrap();
        let mut told = Told::default();
        let (resumed, mut scheduler) = resume(&path, &mut told).unwrap();
        assert_eq!(told.steps as u64, resumed.appender.steps());
        let mut appender = resumed.appender;
        let mut done = told.steps;
        if let Some(seen) = &resumed.undecided {
            undecided += 1;
            assert_eq!(*seen, three_jobs()[done]);
            let mut decision = Decision::default();
            scheduler.step(seen, &mut decision);
            appender.decided(&decision).unwrap();
            done += 1;
        }
        torn += usize::from(resumed.cut > 0);
        // Names count with the observation that they were written for.
        let expected: Vec<_> = (0..done).filter(|n| n % 2 == 0).map(|n| named(u32::try_from(n).unwrap())).collect();
        assert_eq!(told.named, expected, "cut after {cut} bytes");
        write(&mut appender, &mut scheduler, &three_jobs(), done);
        drop(appender);
        assert_eq!(fs::read(&path).unwrap(), whole, "cut after {cut} bytes");
    }
    assert!(undecided > 100 && torn > 1_000, "{undecided} {torn}");
}

#[test]
fn altered_anywhere_it_is_refused_with_the_line() {
    let folder = tempdir().unwrap();
    let whole = fs::read(live_journal(folder.path())).unwrap();
    let last_line = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    // Without the last line's own beginning, two lines become one that is torn.
    for at in (0..last_line - 1).filter(|at| at % 7 == 0) {
        let path = folder.path().join("altered.jsonl");
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&path, &altered).unwrap();
        let outcome = Reader::open(&path).map_err(ReplayError::from).and_then(|journal| replay(journal, &mut ()));
        let Err(ReplayError::Journal(error)) = outcome else { panic!("byte {at} was altered: {outcome:?}") };
        assert!(error.is_bad_input(), "byte {at}: {error}");
    }
}

#[test]
fn it_replays_while_the_run_goes_on_and_after() {
    let folder = tempdir().unwrap();
    let path = live_journal(folder.path());
    let mut reader = Reader::open(&path).unwrap();
    while reader.observation().unwrap().is_some() {
        let _ = reader.decision().unwrap();
    }
    assert_eq!((reader.ended(), reader.steps()), (Ended::Open, 6));
    assert_eq!(replay(Reader::open(&path).unwrap(), &mut ()).unwrap().steps, 6);
    let (resumed, _) = resume(&path, &mut Told::default()).unwrap();
    resumed.appender.finish().unwrap();
    assert_eq!(replay(Reader::open(&path).unwrap(), &mut ()).unwrap().steps, 6);
    let again = resume(&path, &mut Told::default()).map(drop);
    assert!(matches!(again, Err(ReplayError::Journal(JournalError::Over { steps: 6, .. }))), "{again:?}");
}

#[test]
fn nobody_writes_a_journal_that_another_writes() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("live.jsonl");
    let appender = Appender::create(&path, &live_header()).unwrap();
    let second = Appender::create(&path, &live_header()).map(drop).unwrap_err().to_string();
    assert!(second.contains("exists") && second.contains("--resume"), "{second}");
    let resumed = resume(&path, &mut Told::default()).map(drop).unwrap_err().to_string();
    assert!(resumed.contains("in use"), "{resumed}");
    drop(appender);
    resume(&path, &mut Told::default()).map(drop).unwrap();
}

#[test]
fn a_simulated_run_is_not_gone_on_from() {
    let folder = tempdir().unwrap();
    let path = journal(folder.path(), "simulated.jsonl", three_jobs());
    let outcome = resume(&path, &mut Told::default()).map(drop);
    assert!(matches!(outcome, Err(ReplayError::Journal(JournalError::NotLive { .. }))), "{outcome:?}");
}
