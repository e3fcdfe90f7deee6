//! A scenario's work by the clock of a live run: what its documents create, what happens to the account, and its workload,
//! at the times at which a simulation would see it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::driver::DriverError;
use crate::ids::JobRef;
use crate::live::jobs::{Feed, Taken};
use crate::live::pods::Script;
use crate::scheduler::Event;
use crate::sim::{Failure, Submissions, WorldSpec};
use crate::units::SimTime;

/// The exit code of a container that was killed for its memory.
const OOM_KILLED: i32 = 137;

/// A scenario's own work.
pub(super) struct ScenarioFeed {
    beginning: Vec<Event>,
    operations: VecDeque<(SimTime, Vec<Event>)>,
    submissions: std::iter::Peekable<Submissions>,
    /// The same workload, asked for what becomes of attempts: where nodes only exist on paper, and how fast their time goes.
    fates: Option<(Submissions, f64)>,
}

impl ScenarioFeed {
    /// The work of a scenario under a seed, after `beginning`. With `pace`, attempts are told how long they run and how
    /// they end: the nodes are KWOK's.
    pub(super) fn new(world: &WorldSpec, beginning: Vec<Event>, seed: u64, pace: Option<f64>) -> Self {
        let submissions = Submissions::new(&world.workload, seed);
        Self {
            beginning,
            operations: world.operations.iter().cloned().collect(),
            fates: pace.map(|speed| (submissions.clone(), speed)),
            submissions: submissions.peekable(),
        }
    }

    /// What happens at one time: changes of the account, submissions, and then the ends of jobs that people want.
    fn take_moment(&mut self, at: SimTime, events: &mut Vec<Event>) {
        let mut wanted_ends = Vec::new();
        while let Some((_, operation)) = self.operations.pop_front_if(|(when, _)| *when <= at) {
            let (ends, changes): (Vec<_>, Vec<_>) = operation.into_iter().partition(|event| {
                matches!(event, Event::JobCancelRequested { .. } | Event::JobTerminateRequested { .. })
            });
            events.extend(changes);
            wanted_ends.extend(ends);
        }
        while let Some((_, submission)) = self.submissions.next_if(|(when, _)| *when <= at) {
            events.push(submission);
        }
        events.append(&mut wanted_ends);
    }

    fn next(&mut self) -> Option<SimTime> {
        let submission = self.submissions.peek().map(|(at, _)| *at);
        self.operations.front().map(|(at, _)| *at).into_iter().chain(submission).min()
    }
}

impl Feed for ScenarioFeed {
    fn next_at(&mut self) -> Option<SimTime> {
        self.next()
    }

    fn take(&mut self, now: SimTime, taken: &mut Taken) -> Result<(), DriverError> {
        taken.events.append(&mut self.beginning);
        while let Some(at) = self.next().filter(|at| *at <= now) {
            self.take_moment(at, &mut taken.events);
        }
        Ok(())
    }

    fn is_done(&mut self) -> bool {
        self.next().is_none()
    }

    fn recorded(&mut self) -> Result<(), DriverError> {
        Ok(())
    }

    fn go_on_from(&mut self, now: SimTime) {
        let mut before = Taken::default();
        // It can't fail, and what it takes stands in the journal.
        let _ = self.take(now, &mut before);
    }

    fn fate(&mut self, job: JobRef, attempt: u8) -> Option<Script> {
        let (workload, speed) = self.fates.as_ref()?;
        let (runtime, failure) = workload.fate(job, attempt)?;
        let exit = match failure {
            None => 0,
            Some(Failure::ExitCode(code)) => code,
            Some(Failure::OomKilled) => OOM_KILLED,
            // What keeps a pod from starting can't be scripted: it fails instead.
            Some(Failure::Volume | Failure::ImagePull) => 1,
        };
        let run = Duration::try_from_secs_f64(runtime.as_secs_f64() / speed).unwrap_or(Duration::MAX);
        Some(Script { run, exit })
    }
}
