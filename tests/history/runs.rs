//! Whole runs: the history agrees with the core's own account of every job, and no job takes a way that AWS has not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::history::{JobLog, JobState, Keep, States, Transition};
use windtunnel::ids::JobRef;
use windtunnel::model::Names;
use windtunnel::scenario;
use windtunnel::scheduler::{Decision, Ending, JobEnd, Observation, Scheduler, SchedulerConfig};
use windtunnel::sim::SimWorld;
use windtunnel::units::SimDuration;

use crate::played::transcript;

/// Judges transitions one by one, and keeps the ends that the core tells.
struct Judge {
    states: States,
    now_in: BTreeMap<JobRef, JobState>,
    transitions: Vec<Transition>,
    ends: Vec<JobEnd>,
}

/// The ways between states. Source: `UG:job_states`; FAILED is where cancelled jobs go from anywhere.
fn is_a_way(from: Option<JobState>, to: JobState) -> bool {
    use JobState::{Failed, Pending, Runnable, Running, Starting, Submitted, Succeeded};
    match (from, to) {
        (None, Submitted | Pending)
        | (Some(Submitted), Pending)
        | (Some(Submitted | Pending | Starting | Running), Runnable)
        | (Some(Runnable), Starting)
        | (Some(Starting), Running)
        | (Some(Pending | Starting | Running), Succeeded) => true,
        (Some(from), Failed) => !from.is_terminal(),
        _ => false,
    }
}

impl Watcher for Judge {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        let begin = self.transitions.len();
        self.states.fold(seen, decision, &mut self.transitions);
        let mut before = None;
        for transition in &self.transitions[begin..] {
            let Transition { job, at, from, to, .. } = *transition;
            assert_eq!(self.now_in.insert(job, to), from, "{job} at {at}");
            assert!(is_a_way(from, to), "{job} went from {from:?} to {to}");
            assert!(before <= Some(at) && at <= seen.now, "{job}: transitions come in order of time");
            before = Some(at);
        }
        self.ends.extend(decision.endings.iter().filter_map(|ending| match ending {
            Ending::Job(end) => Some(*end),
            Ending::Attempt(_) | Ending::Array(_) => None,
        }));
        Ok(())
    }
}

fn in_state(log: &JobLog, end: &JobEnd, wanted: JobState) -> SimDuration {
    let record = log.get(end.job).unwrap_or_else(|| panic!("no {}", end.job));
    record.stays(end.ended_at).filter(|(state, ..)| *state == wanted).map(|(.., time)| time).sum()
}

/// Watches a run with everything that there is to judge it by.
struct Watched {
    judge: Judge,
    log: JobLog,
    short: JobLog,
}

impl Watched {
    fn new(config: &SchedulerConfig, names: &Names) -> Self {
        let log = |keep| JobLog::new(config, names.clone(), keep);
        let states = States::new(config);
        let judge = Judge { states, now_in: BTreeMap::new(), transitions: Vec::new(), ends: Vec::new() };
        Self { judge, log: log(Keep::All), short: log(Keep::Last(0)) }
    }

    /// The history of every job that ended is what the core tells of it; the short log holds none of them.
    fn agrees(&self, name: &str) {
        for end in &self.judge.ends {
            assert_eq!(in_state(&self.log, end, JobState::Runnable), end.runnable, "{name}: {} in RUNNABLE", end.job);
            let record = self.log.get(end.job).unwrap();
            let running = record.moments.iter().find(|moment| moment.state == JobState::Running);
            assert_eq!(running.map(|moment| moment.at), end.first_running_at, "{name}: {}", end.job);
            assert_eq!(record.stopped_at(), Some(end.ended_at), "{name}: {}", end.job);
            assert_eq!(record.state == JobState::Succeeded, end.succeeded(), "{name}: {}", end.job);
        }
        assert!(self.short.iter().all(|record| !record.state.is_terminal() || record.job.child.is_some()), "{name}");
        let left = self.log.iter().filter(|record| !record.state.is_terminal()).count();
        let children = self.short.iter().filter(|record| record.state.is_terminal()).count();
        assert_eq!(self.short.iter().count(), left + children, "{name}");
    }
}

impl Watcher for Watched {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.judge.decided(seen, decision)?;
        self.log.decided(seen, decision)?;
        self.short.decided(seen, decision)
    }
}

#[test]
fn a_run_s_history_is_the_core_s_own_account() {
    for (name, set) in [("getting-started", None), ("two-queues", None), ("spot-against-on-demand", Some("/seed=7"))] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.json"));
        let settings: Vec<_> = set.iter().map(|text| scenario::Setting::parse(text).unwrap()).collect();
        let scenario = scenario::load(&path, &settings).unwrap();
        let mut watched = Watched::new(&scenario.config, &scenario.names);
        let mut scheduler = Scheduler::new(scenario.config);
        let mut world = SimWorld::new(scenario.world, scenario.seed);
        driver::run(&mut scheduler, &mut world, &mut watched).unwrap();
        assert!(watched.judge.ends.len() > 100, "{name}: {} jobs ended", watched.judge.ends.len());
        watched.agrees(name);
    }
}

/// The transcripts know every way to wait and to end.
#[test]
fn a_transcript_s_history_is_the_core_s_own_account() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/transcripts");
    let mut ended = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let watched = transcript(&text, |config| Watched::new(config, &Names::default()));
        watched.agrees(&path.display().to_string());
        ended += watched.judge.ends.len();
    }
    assert!(ended > 50, "{ended} jobs ended");
}
