//! The simulated world at a pace of its own or by a clock, and fed from outside: a driver around a driver. Knows no cluster.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::live::shadow::behaviours::Behaviours;
use crate::driver::{Driver, DriverError};
use crate::journal::Named;
use crate::live::clock::Clock;
use crate::live::jobs::{Feed, Taken};
use crate::scheduler::{Decision, Event, Observation};
use crate::sim::{SimWorld, Told};
use crate::units::SimTime;

/// How long to wait at most before flags and feeds are looked at again.
const TICK: Duration = Duration::from_millis(20);

/// What time it is in a paced world.
pub(super) trait Pace {
    /// Now.
    fn now(&self) -> SimTime;

    /// Waits until a time of the run, but no longer than a while.
    fn wait(&self, until: Option<SimTime>);
}

impl Pace for Clock {
    fn now(&self) -> SimTime {
        Clock::now(self)
    }

    fn wait(&self, until: Option<SimTime>) {
        std::thread::sleep(until.map_or(TICK, |at| self.until(at).min(TICK)));
    }
}

/// A simulated world.
pub(super) struct Paced<P> {
    pub(super) world: SimWorld,
    /// What time it is; `None` for a world that goes as fast as it can.
    pub(super) pace: Option<P>,
    /// Jobs from outside, for a world with a pace.
    pub(super) feed: Option<Box<dyn Feed>>,
    pub(super) behaviours: Behaviours,
    /// What the next observation names, for whoever writes the journal.
    pub(super) named: Rc<RefCell<Named>>,
    /// Someone wants it to end.
    pub(super) stop: Arc<AtomicBool>,
    pub(super) stop_at: SimTime,
}

impl<P: Pace> Paced<P> {
    /// When the run ended: as its world says, but for one that was stopped between two observations.
    pub(super) fn ended_at(&self) -> SimTime {
        let own = self.world.ended_at();
        match &self.pace {
            Some(pace) if self.stop.load(Ordering::Acquire) => own.max(pace.now()).min(self.stop_at),
            _ => own,
        }
    }

    /// Tells the world what has come from outside.
    fn take(&mut self, now: SimTime) -> Result<(), DriverError> {
        let Some(feed) = &mut self.feed else { return Ok(()) };
        let mut taken = Taken::default();
        feed.take(now, &mut taken)?;
        if taken.events.is_empty() {
            // Nothing of it will be in the journal: who sent it need not wait.
            return if self.named.borrow().is_empty() { feed.recorded() } else { Ok(()) };
        }
        let mut behaviours = Vec::new();
        for event in &taken.events {
            let Event::JobSubmitted { job, spec, .. } = event else { continue };
            let named = taken.named.jobs.iter().find(|named| named.job == *job);
            let definition = named.and_then(|named| named.submit["jobDefinition"].as_str()).unwrap_or_default();
            behaviours.extend(self.behaviours.of(*spec, definition).map(|behaviour| (*spec, behaviour)));
        }
        self.named.borrow_mut().jobs.append(&mut taken.named.jobs);
        self.world.tell(now, Told { events: taken.events, behaviours });
        Ok(())
    }

    fn is_fed(&mut self) -> bool {
        self.feed.as_mut().is_none_or(|feed| feed.is_done())
    }
}

impl<P: Pace> Driver for Paced<P> {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        loop {
            if self.stop.load(Ordering::Acquire) {
                return Ok(false);
            }
            let Some(now) = self.pace.as_ref().map(Pace::now) else { return self.world.observe(wake_at, seen) };
            // A world whose time is up takes nothing more.
            if now <= self.stop_at {
                self.take(now)?;
            }
            let due = self.world.next_at().into_iter().chain(wake_at).min();
            if due.is_some_and(|at| at <= now) || now > self.stop_at {
                if !self.world.observe(Some(wake_at.map_or(now, |at| at.min(now))), seen)? {
                    return Ok(false);
                }
                if !seen.events.is_empty() || wake_at.is_some_and(|at| at <= seen.now) {
                    return Ok(true);
                }
                continue;
            }
            if wake_at.is_none() && self.world.is_idle() && self.is_fed() {
                return Ok(false);
            }
            if let Some(pace) = &self.pace {
                pace.wait(due);
            }
        }
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        self.world.apply(decision)?;
        match &mut self.feed {
            // What was taken and not told yet stands in no journal.
            Some(feed) if self.named.borrow().is_empty() => feed.recorded(),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::VecDeque;
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::driver::{self, Watcher};
    use crate::live::jobs::{Answered, Documents, Source};
    use crate::scenario::{self, Resolved, Setting};
    use crate::scheduler::{Ending, Scheduler};
    use crate::units::SimDuration;

    /// A clock that goes where it is waited for, and on by a second where nobody knows until when.
    struct Jumps(Rc<Cell<SimTime>>);

    impl Pace for Jumps {
        fn now(&self) -> SimTime {
            self.0.get()
        }

        fn wait(&self, until: Option<SimTime>) {
            let second = self.0.get() + SimDuration::from_secs(1);
            self.0.set(until.map_or(second, |at| at.min(second)));
        }
    }

    /// Lines that come at times.
    struct Lines {
        clock: Rc<Cell<SimTime>>,
        ahead: VecDeque<(SimTime, Value)>,
        answers: Rc<RefCell<Vec<Answered>>>,
    }

    impl Source for Lines {
        fn lines(&mut self) -> Result<Vec<(String, String)>, DriverError> {
            let mut come = Vec::new();
            while let Some((at, line)) = self.ahead.pop_front_if(|(at, _)| *at <= self.clock.get()) {
                come.push((format!("test:{}", at.as_millis()), line.to_string()));
            }
            Ok(come)
        }

        fn is_done(&self) -> bool {
            self.ahead.is_empty()
        }

        fn answered(&mut self, answers: &[Answered]) -> Result<(), DriverError> {
            self.answers.borrow_mut().extend_from_slice(answers);
            Ok(())
        }

        fn remember(&mut self, _: &Answered) {}
    }

    /// When jobs came, began and ended, seconds, by id; and stops the run at a time.
    struct Lives {
        jobs: Vec<(String, f64, Option<f64>, f64)>,
        stop: Arc<AtomicBool>,
        stop_after: SimTime,
    }

    impl Watcher for Lives {
        fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
            if seen.now > self.stop_after {
                self.stop.store(true, Ordering::Release);
            }
            Ok(())
        }

        fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
            for ending in &decision.endings {
                if let Ending::Job(end) = ending {
                    let running = end.first_running_at.map(SimTime::as_secs_f64);
                    let times = (end.submitted_at.as_secs_f64(), running, end.ended_at.as_secs_f64());
                    self.jobs.push((end.job.to_string(), times.0, times.1, times.2));
                }
            }
            Ok(())
        }
    }

    struct Ran {
        jobs: Vec<(String, f64, Option<f64>, f64)>,
        answers: Vec<Answered>,
        ended_at: SimTime,
    }

    /// Runs the walkthrough's cluster with ten jobs of its own, and lines from outside.
    fn run(given: &[(u64, Value)], paced: bool, stop_after: SimTime) -> Ran {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/getting-started.json");
        let settings = ["/workload/0/count=10", "/workload/1/count=1"].map(|text| Setting::parse(text).expect("one"));
        let (scenario, batch) = scenario::load_with_account(&file, &settings).expect("a scenario");
        let Resolved { world, config, names, .. } = scenario;
        let clock = Rc::new(Cell::new(SimTime::ZERO));
        let answers = Rc::default();
        let ahead = given.iter().map(|(at, line)| (SimTime::from_millis(at * 1_000), line.clone())).collect();
        let source = Lines { clock: clock.clone(), ahead, answers: Rc::clone(&answers) };
        let stop = Arc::new(AtomicBool::new(false));
        let mut driver = Paced {
            behaviours: Behaviours::new(
                &world,
                &names,
                Some(crate::model::Distribution::constant(SimDuration::from_secs(77))),
            ),
            stop_at: world.stop_at,
            world: SimWorld::new(world, 1),
            pace: paced.then_some(Jumps(clock)),
            feed: Some(Box::new(Documents::new(source, batch, 2))),
            named: Rc::default(),
            stop: stop.clone(),
        };
        let mut lives = Lives { jobs: Vec::new(), stop, stop_after };
        let mut journalist = Journalist(driver.named.clone());
        driver::run(&mut Scheduler::new(config), &mut driver, &mut (&mut journalist, &mut lives)).expect("a run");
        let answers = answers.borrow().clone();
        Ran { jobs: lives.jobs, answers, ended_at: driver.ended_at() }
    }

    /// Stands for whoever writes the journal.
    struct Journalist(Rc<RefCell<Named>>);

    impl Watcher for Journalist {
        fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
            let told = |own| seen.events.iter().any(|e| matches!(e, Event::JobSubmitted { job, .. } if *job == own));
            self.0.borrow_mut().jobs.retain(|named| !told(named.job));
            Ok(())
        }

        fn decided(&mut self, _: &Observation, _: &Decision) -> Result<(), DriverError> {
            Ok(())
        }
    }

    fn submit(name: &str, definition: &str) -> Value {
        json!({ "jobName": name, "jobQueue": "My-Eks-JQ1", "jobDefinition": definition })
    }

    #[test]
    fn jobs_from_outside_come_when_they_come_and_run_as_their_like() {
        let lines = [
            (5, submit("My-Eks-Job1", "MyJobOnEks_Sleep")),
            (3_000, submit("late", "MyJobOnEks_Sleep:1")),
            (3_000, submit("wrong", "Nothing")),
        ];
        let ran = run(&lines, true, SimTime::MAX);
        let of = |id: &str| ran.jobs.iter().find(|job| job.0 == id).unwrap_or_else(|| panic!("{id} of {:?}", ran.jobs));
        assert_eq!(ran.jobs.len(), 13, "{:?}", ran.jobs);
        for (id, came) in [("2-0", 5.0), ("2-1", 3_000.0)] {
            let (_, submitted, running, ended) = of(id);
            assert!((submitted - came).abs() <= 1.0, "{id} came at {submitted}");
            assert!((ended - running.expect("it ran") - 60.0).abs() < 0.1, "{id}: its like run a minute");
        }
        let taken: Vec<_> = ran.answers.iter().map(|answer| (answer.source.as_str(), answer.taken)).collect();
        assert_eq!(taken, [("test:5000", true), ("test:3000000", true), ("test:3000000", false)]);
    }

    /// Whatever its pace, the same world: nobody outside says anything.
    #[test]
    fn a_pace_changes_nothing() {
        let (fast, paced) = (run(&[], false, SimTime::MAX), run(&[], true, SimTime::MAX));
        assert_eq!(fast.jobs.len(), 11);
        assert_eq!(fast.jobs, paced.jobs);
        assert_eq!(fast.ended_at, paced.ended_at);
    }

    #[test]
    fn it_can_be_stopped() {
        let minute = SimTime::from_millis(600_000);
        for paced in [false, true] {
            let ran = run(&[(100_000, submit("never", "MyJobOnEks_Sleep"))], paced, minute);
            assert!(ran.ended_at >= minute && ran.ended_at < SimTime::from_millis(1_300_000), "{}", ran.ended_at);
            assert!(ran.jobs.len() < 12, "{:?}", ran.jobs);
        }
    }
}
