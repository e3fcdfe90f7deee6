//! Whole runs: the history agrees with the core's own account of every job, and no job takes a way that AWS has not.

use std::collections::BTreeMap;
use std::path::Path;

use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::history::{JobLog, JobState, Keep, States, Transition};
use windtunnel::ids::JobRef;
use windtunnel::scenario;
use windtunnel::scheduler::{Decision, Ending, JobEnd, Observation, Scheduler};
use windtunnel::sim::SimWorld;
use windtunnel::units::SimDuration;

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
        | (Some(Submitted), Pending | Runnable)
        | (Some(Pending), Runnable | Succeeded)
        | (Some(Runnable), Starting)
        | (Some(Starting), Running | Runnable | Succeeded)
        | (Some(Running), Runnable | Succeeded) => true,
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

#[test]
fn a_run_s_history_is_the_core_s_own_account() {
    for (name, set) in [("getting-started", None), ("two-queues", None), ("spot-against-on-demand", Some("/seed=7"))] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.json"));
        let settings: Vec<_> = set.iter().map(|text| scenario::Setting::parse(text).unwrap()).collect();
        let scenario = scenario::load(&path, &settings).unwrap();
        let mut log = JobLog::new(&scenario.config, scenario.names.clone(), Keep::All);
        let mut short = JobLog::new(&scenario.config, scenario.names.clone(), Keep::Last(0));
        let states = States::new(&scenario.config);
        let mut judge = Judge { states, now_in: BTreeMap::new(), transitions: Vec::new(), ends: Vec::new() };
        let mut scheduler = Scheduler::new(scenario.config);
        let mut world = SimWorld::new(scenario.world, scenario.seed);
        driver::run(&mut scheduler, &mut world, &mut (&mut judge, (&mut log, &mut short))).unwrap();
        assert!(judge.ends.len() > 100, "{name}: {} jobs ended", judge.ends.len());
        for end in &judge.ends {
            assert_eq!(in_state(&log, end, JobState::Runnable), end.runnable, "{name}: {} in RUNNABLE", end.job);
            let record = log.get(end.job).unwrap();
            let first = record.moments.iter().find(|moment| moment.state == JobState::Running).map(|moment| moment.at);
            assert_eq!(first, end.first_running_at, "{name}: {}", end.job);
            assert_eq!(record.stopped_at(), Some(end.ended_at));
        }
        // Nothing is remembered of what has ended.
        assert!(short.iter().all(|record| !record.state.is_terminal() || record.job.child.is_some()));
        assert!(short.iter().count() <= log.iter().count() - judge.ends.len(), "{name}");
    }
}
