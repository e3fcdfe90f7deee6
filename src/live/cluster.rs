//! The cluster as a driver: facts come in through a channel, acts go out through another. Synchronous; what is async stands
//! behind the channels.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::driver::{Driver, DriverError};
use crate::journal::Named;
use crate::live::acts::Act;
use crate::live::clock::Clock;
use crate::live::error::LiveError;
use crate::live::facts::{ObjectName, Sighting};
use crate::live::guard::{Guard, Key};
use crate::live::jobs::{Feed, Taken};
use crate::live::ledger::{Counts, Ledger};
use crate::live::telemetry::Metrics;
use crate::live::telemetry::metrics::StateLabel;
use crate::scheduler::{Decision, Observation};
use crate::units::SimTime;

/// How long nothing may happen before the driver looks at its flags and its feeds again.
const TICK: Duration = Duration::from_millis(100);

/// How often it is counted what there is of jobs and nodes: as often as anyone asks for metrics, and it takes a while.
const COUNTED_EVERY: Duration = Duration::from_secs(1);

/// A step whose time came no longer ago than this, by the wall, is taken at its time: what the core decides then depends
/// less on when a thread was given a processor, and a simulation of the day can follow. Far above a busy machine's delays,
/// and below what a person would call late.
const PUNCTUAL: Duration = Duration::from_millis(250);

/// A real cluster.
pub struct LiveCluster {
    clock: Clock,
    ledger: Ledger,
    feeds: Vec<Box<dyn Feed>>,
    sightings: Receiver<Sighting>,
    acts: UnboundedSender<Act>,
    /// What the next observation names, for whoever writes the journal.
    named: Rc<RefCell<Named>>,
    guard: Guard,
    metrics: Metrics,
    /// What an earlier program had seen and not decided upon.
    undecided: Option<Observation>,
    /// When the core wanted to be woken, as far as an earlier program knew.
    wake_at: Option<SimTime>,
    stop: Arc<Stop>,
    synced: bool,
    /// When everything that was seen had been taken in: what waits now came later.
    looked: Instant,
    counted: Option<Instant>,
    /// The time of the step that is being taken.
    decided_at: SimTime,
    end: End,
    taken: Taken,
}

/// Why a run should stop, told from other threads.
#[derive(Debug, Default)]
pub struct Stop {
    wanted: AtomicBool,
    failed: std::sync::Mutex<Option<LiveError>>,
}

impl Stop {
    /// Someone wants it to stop: no new work, pods go on.
    pub fn ask(&self) {
        self.wanted.store(true, Ordering::Release);
    }

    /// It can't go on: a lease is lost, a permission withdrawn.
    pub fn fail(&self, error: LiveError) {
        self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
    }

    fn is_asked(&self) -> Result<bool, LiveError> {
        match self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(self.wanted.load(Ordering::Acquire)),
        }
    }
}

/// When a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// When nothing is left to do.
    Drained,
    /// When someone stops it.
    Never,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was left to do.
    Drained,
    /// Someone stopped it; its journal can be gone on from.
    Stopped,
}

/// What a live cluster is made of.
pub struct Parts {
    /// The run's time.
    pub clock: Clock,
    /// What ids stand for; of a run that goes on, as its journal left it.
    pub ledger: Ledger,
    /// Where jobs come from.
    pub feeds: Vec<Box<dyn Feed>>,
    /// What is seen.
    pub sightings: Receiver<Sighting>,
    /// What is to be done.
    pub acts: UnboundedSender<Act>,
    /// Shared with whoever writes the journal.
    pub named: Rc<RefCell<Named>>,
    /// Learns which nodes and pods are the run's.
    pub guard: Guard,
    /// Where figures go.
    pub metrics: Metrics,
    /// Of a run that goes on: what was seen and not decided upon.
    pub undecided: Option<Observation>,
    /// Of a run that goes on: when the core wanted to be woken.
    pub wake_at: Option<SimTime>,
    /// Tells when to stop.
    pub stop: Arc<Stop>,
    /// When the run is over.
    pub end: End,
}

impl LiveCluster {
    /// A cluster.
    pub fn new(parts: Parts) -> Self {
        let Parts { clock, ledger, feeds, sightings, acts, named, guard, metrics, undecided, wake_at, stop, end } =
            parts;
        Self {
            clock,
            ledger,
            feeds,
            sightings,
            acts,
            named,
            guard,
            metrics,
            undecided,
            wake_at,
            stop,
            synced: false,
            looked: Instant::now(),
            counted: None,
            decided_at: SimTime::ZERO,
            end,
            taken: Taken::default(),
        }
    }

    /// What ids stand for.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes in everything that has been seen up to now, without waiting.
    fn look(&mut self, now: SimTime) -> Result<(), DriverError> {
        loop {
            match self.sightings.try_recv() {
                Ok(sighting) => self.sighted(sighting, now),
                Err(std::sync::mpsc::TryRecvError::Empty) => return Ok(()),
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return Err(self.deaf()),
            }
        }
    }

    /// Takes in what was seen; the guard learns where pods may go and what is the run's own.
    fn sighted(&mut self, sighting: Sighting, now: SimTime) {
        let pod = |object: &ObjectName| Key::Pod { namespace: object.namespace.clone(), name: object.name.clone() };
        match &sighting {
            Sighting::Node(facts) => {
                self.guard.allow_node(&facts.name, &facts.environment_uuid);
            }
            Sighting::NodeGone(object) => self.guard.forget_node(&object.name),
            Sighting::Pod(facts) => {
                let key = Key::Pod { namespace: facts.namespace.clone(), name: facts.name.clone() };
                self.guard.know(key, facts.uid.clone());
            }
            Sighting::PodGone(object) => self.guard.forget(&pod(object)),
            Sighting::NodeClaimGone(object) => self.guard.forget(&Key::NodeClaim { name: object.name.clone() }),
            _ => {}
        }
        self.ledger.sighted(sighting, now);
    }

    /// Nobody looks at the cluster any more; why may have been told.
    fn deaf(&self) -> DriverError {
        let told = self.stop.is_asked().err();
        told.unwrap_or_else(|| LiveError::Refused("the cluster is watched no more; see the log for why".to_owned()))
            .into()
    }

    /// Waits for something to be seen, but no longer than until `at`.
    fn wait(&mut self, at: Option<SimTime>) -> Result<(), DriverError> {
        let longest = at.map_or(TICK, |at| self.clock.until(at).min(TICK));
        match self.sightings.recv_timeout(longest) {
            Ok(sighting) => {
                let now = self.clock.now();
                self.sighted(sighting, now);
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(self.deaf()),
        }
    }

    /// Begins to act once everything that is in the cluster has been seen: before, what is missing is not known. Then
    /// creates what had to wait.
    fn synchronise(&mut self, now: SimTime) {
        self.synced = self.synced || self.ledger.is_synced();
        if !self.synced {
            return;
        }
        self.ledger.time_passes(now);
        let feeds = &mut self.feeds;
        let repeated =
            self.ledger.repeat(&mut |job, attempt| feeds.iter_mut().find_map(|feed| feed.fate(job, attempt)));
        for act in repeated {
            self.send(act);
        }
    }

    fn feed(&mut self, now: SimTime) -> Result<(), DriverError> {
        for feed in &mut self.feeds {
            feed.take(now, &mut self.taken)?;
        }
        for event in self.taken.events.drain(..) {
            self.ledger.tell(event);
        }
        self.ledger.run_mut().jobs.append(&mut self.taken.jobs);
        Ok(())
    }

    fn send(&self, act: Act) {
        // Who carries them out has gone only if the run is being stopped; the journal repeats them.
        let _ = self.acts.send(act);
    }

    /// The time at which the core wanted to be woken, if it has just come. What is seen since then belongs to a later step.
    fn just_come(&self, wake_at: Option<SimTime>, now: SimTime) -> Option<SimTime> {
        let ready = self.synced && self.undecided.is_none();
        wake_at.filter(|&at| ready && at <= now && self.clock.wall_span(now.since(at)) <= PUNCTUAL)
    }

    fn has_taken(&self) -> bool {
        self.ledger.has_facts() || !self.taken.named.jobs.is_empty()
    }

    fn hand_over(&mut self, now: SimTime, seen: &mut Observation) {
        seen.now = now;
        self.decided_at = now;
        seen.events.clear();
        let mut named = self.ledger.take_facts(&mut seen.events);
        named.jobs.append(&mut self.taken.named.jobs);
        *self.named.borrow_mut() = named;
        if !seen.events.is_empty() {
            self.metrics.observation_lag.observe(self.looked.elapsed().as_secs_f64());
        }
    }

    /// Sets the figures of what there is.
    fn count(&mut self) {
        if self.counted.is_some_and(|at| at.elapsed() < COUNTED_EVERY) {
            return;
        }
        self.counted = Some(Instant::now());
        let Counts { jobs, starting, running, launched, ready, terminating } = self.ledger.counts();
        let set = |family: &Family<StateLabel, Gauge>, state, count| {
            family.get_or_create(&StateLabel { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
        };
        set(&self.metrics.jobs, "unfinished", jobs);
        set(&self.metrics.jobs, "starting", starting);
        set(&self.metrics.jobs, "running", running);
        set(&self.metrics.nodes, "launched", launched);
        set(&self.metrics.nodes, "ready", ready);
        set(&self.metrics.nodes, "terminating", terminating);
    }

    fn is_over(&mut self, wake_at: Option<SimTime>) -> bool {
        self.end == End::Drained
            && wake_at.is_none()
            && self.synced
            && self.feeds.iter_mut().all(|feed| feed.is_done())
            && self.ledger.is_drained()
    }

    /// Whether the run came to its own end.
    pub fn outcome(&mut self) -> Outcome {
        if self.is_over(None) && !self.stop.wanted.load(Ordering::Acquire) {
            Outcome::Drained
        } else {
            Outcome::Stopped
        }
    }
}

impl Driver for LiveCluster {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        let wake_at = wake_at.or(self.wake_at.take());
        loop {
            if self.stop.is_asked()? {
                return Ok(false);
            }
            let now = self.clock.now();
            self.count();
            if let Some(at) = self.just_come(wake_at, now) {
                self.feed(at)?;
                self.hand_over(at, seen);
                return Ok(true);
            }
            if self.undecided.is_none() {
                // What the account is like comes before what belongs to it.
                self.feed(now)?;
            }
            self.look(now)?;
            self.synchronise(now);
            for act in self.ledger.take_acts() {
                self.send(act);
            }
            if self.synced {
                // Only now: on nodes that nobody has seen yet, the guard allows no pods.
                if let Some(undecided) = self.undecided.take() {
                    self.decided_at = undecided.now;
                    *seen = undecided;
                    return Ok(true);
                }
                if self.has_taken() || wake_at.is_some_and(|at| at <= now) {
                    self.hand_over(now, seen);
                    return Ok(true);
                }
                if self.is_over(wake_at) {
                    return Ok(false);
                }
            }
            self.looked = Instant::now();
            let next = self.feeds.iter_mut().filter_map(|feed| feed.next_at()).chain(wake_at).min();
            self.wait(next)?;
        }
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        for feed in &mut self.feeds {
            feed.recorded()?;
        }
        let feeds = &mut self.feeds;
        let acts = self.ledger.decided(self.decided_at, decision, &mut |job, attempt| {
            feeds.iter_mut().find_map(|feed| feed.fate(job, attempt))
        });
        for act in acts {
            self.send(act);
        }
        Ok(())
    }
}
