//! The synthetic cluster as a driver: an event queue over integer time, and what becomes of each command.

use crate::driver::{Driver, DriverError};
use crate::ids::{JobId, JobSpecId, NodeId};
use crate::scheduler::{Command, Decision, Event, LaunchRequest, Observation};
use crate::sim::arrivals::EntryState;
use crate::sim::instances::Instances;
use crate::sim::keyed::Streams;
use crate::sim::kubelet::{Admitted, Kubelets, Wanted};
use crate::sim::market::{Market, PoolId};
use crate::sim::outside::{Outside, Told};
use crate::sim::sampler::Sampler;
use crate::sim::spec::WorldSpec;
use crate::units::{SimDuration, SimTime};
use crate::wheel::Wheel;

/// A simulated world under one seed.
#[derive(Debug)]
pub struct SimWorld {
    pub(super) spec: WorldSpec,
    pub(super) streams: Streams,
    pub(super) now: SimTime,
    pub(super) queue: Wheel<Happening>,
    /// Happenings that keep the run alive: all but the market's own.
    foreground: usize,
    pub(super) market: Market,
    pub(super) instances: Instances,
    pub(super) kubelets: Kubelets,
    pub(super) latencies: Latencies,
    entries: Vec<EntryState>,
    pub(super) outside: Outside,
    /// Whether jobs depend on each other, or are ended.
    has_order: bool,
    /// Facts to be reported at the next observation.
    pub(super) facts: Vec<Event>,
    started: bool,
    handled: u64,
    ended_at: SimTime,
}

/// Something that will happen.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// An operation of the account, by its place in the list.
    Operate(usize),
    /// The next submission of a workload entry.
    Submit { entry: u16 },
    /// Someone outside tells something.
    Tell(Box<Told>),
    /// EC2 answers a request.
    Answer(Box<LaunchRequest>),
    /// A node joins the cluster and its daemonsets run.
    Join(NodeId),
    /// A node that was told to go is gone.
    Gone(NodeId),
    /// EC2 decides to reclaim an instance, independently of others.
    Interrupt(NodeId),
    /// EC2 takes an instance.
    Reclaim(NodeId),
    /// The weather of a pool turns.
    Turn(PoolId),
    /// The Spot price of a pool moves.
    Price(PoolId),
    /// All containers of a pod run, for so long; or until it is deleted.
    Start(Admitted, Option<SimDuration>),
    /// The containers of a pod are done.
    End(Admitted),
    /// A deleted pod's containers have stopped.
    Stop(Admitted),
}

impl Happening {
    /// Whether the run must wait for it. The market goes on for ever and nobody waits for it.
    const fn is_foreground(&self) -> bool {
        match self {
            Self::Operate(_)
            | Self::Submit { .. }
            | Self::Tell(_)
            | Self::Answer(_)
            | Self::Join(_)
            | Self::Gone(_)
            | Self::Reclaim(_)
            | Self::Start(..)
            | Self::End(_)
            | Self::Stop(_) => true,
            Self::Interrupt(_) | Self::Turn(_) | Self::Price(_) => false,
        }
    }
}

/// The assumptions about how long things take, ready to be drawn from.
#[derive(Debug)]
pub(super) struct Latencies {
    pub(super) request: Sampler,
    pub(super) ready_cpu: Sampler,
    pub(super) ready_gpu: Sampler,
    pub(super) ready_metal: Sampler,
    pub(super) gone: Sampler,
    pub(super) pod_start: Sampler,
}

impl SimWorld {
    /// A world at time zero.
    ///
    /// # Panics
    /// If the workload has more than 65,536 entries.
    pub fn new(spec: WorldSpec, seed: u64) -> Self {
        let streams = Streams::new(seed);
        let all = &spec.assumptions;
        let latencies = Latencies {
            request: Sampler::from(&all.request_to_pending),
            ready_cpu: Sampler::from(&all.pending_to_ready),
            ready_gpu: Sampler::from(&all.pending_to_ready_gpu),
            ready_metal: Sampler::from(&all.pending_to_ready_metal),
            gone: Sampler::from(&all.terminate_to_gone),
            pod_start: Sampler::from(&all.pod_start),
        };
        let market = Market::new(&spec, streams);
        let entries = spec.workload.iter().enumerate().map(|(number, entry)| {
            EntryState::new(u16::try_from(number).expect("at most 65,536 workload entries"), entry.clone())
        });
        let has_order = !spec.operations.is_empty() || spec.workload.iter().any(|entry| !entry.depends_on.is_empty());
        Self {
            entries: entries.collect(),
            outside: Outside::default(),
            has_order,
            instances: Instances::new(&spec),
            kubelets: Kubelets::new(&spec),
            spec,
            streams,
            now: SimTime::ZERO,
            queue: Wheel::default(),
            foreground: 0,
            market,
            latencies,
            facts: Vec::new(),
            started: false,
            handled: 0,
            ended_at: SimTime::ZERO,
        }
    }

    /// When the run ended: at its last observation, or when its time was up.
    pub const fn ended_at(&self) -> SimTime {
        self.ended_at
    }

    /// Happenings handled so far.
    pub const fn handled(&self) -> u64 {
        self.handled
    }

    /// When something happens next; `None` where nothing does. For worlds that are paced: it looks for it each time.
    pub fn next_at(&self) -> Option<SimTime> {
        if self.started { self.queue.next_at() } else { Some(SimTime::ZERO) }
    }

    /// Whether nothing happens that a run must wait for, as long as nobody does anything.
    pub const fn is_idle(&self) -> bool {
        self.started && self.foreground == 0 && self.facts.is_empty()
    }

    /// Has the world told something at `at`, or now if that has passed.
    pub fn tell(&mut self, at: SimTime, told: Told) {
        self.schedule(at.max(self.now), Happening::Tell(Box::new(told)));
    }

    /// Has something happen at `at`.
    pub(super) fn schedule(&mut self, at: SimTime, happening: Happening) {
        self.foreground += usize::from(happening.is_foreground());
        self.queue.push(at, happening);
    }

    /// The facts that a run begins with.
    fn start(&mut self) {
        let WorldSpec { environments, queues, consumables, specs, .. } = &self.spec;
        self.facts = Event::beginning(environments, queues, consumables, specs);
        self.adopt_fixed_nodes();
        for operation in 0..self.spec.operations.len() {
            self.schedule(self.spec.operations[operation].0, Happening::Operate(operation));
        }
        for entry in 0..self.entries.len() {
            let number = u16::try_from(entry).expect("checked at construction");
            if let Some(at) = self.entries[entry].next_time(self.streams) {
                self.schedule(at, Happening::Submit { entry: number });
            }
        }
    }

    fn handle(&mut self, happening: Happening) {
        self.foreground -= usize::from(happening.is_foreground());
        self.handled += 1;
        match happening {
            Happening::Operate(operation) => self.facts.extend(self.spec.operations[operation].1.iter().cloned()),
            Happening::Submit { entry } => self.submit(entry),
            Happening::Tell(told) => self.told(*told),
            Happening::Answer(request) => self.answer(&request),
            Happening::Join(node) => self.join(node),
            Happening::Gone(node) => self.gone(node),
            Happening::Interrupt(node) => self.interrupt(node),
            Happening::Reclaim(node) => self.reclaim(node),
            Happening::Turn(pool) => self.turn(pool),
            Happening::Price(pool) => self.price_moves(pool),
            Happening::Start(pod, runtime) => self.start_pod(pod, runtime),
            Happening::End(pod) => self.end_pod(pod),
            Happening::Stop(pod) => self.stop_pod(pod),
        }
    }

    fn submit(&mut self, number: u16) {
        let entry = &mut self.entries[usize::from(number)];
        loop {
            self.facts.push(entry.submit());
            match entry.next_time(self.streams) {
                Some(at) if at <= self.now => {}
                Some(at) => {
                    self.schedule(at, Happening::Submit { entry: number });
                    return;
                }
                None => return,
            }
        }
    }

    /// Puts what people do at one time into an order that makes sense of it: a job is submitted before those that depend
    /// on it, and before it is ended.
    fn arrange(&mut self) {
        if !self.has_order {
            return;
        }
        let places: Vec<_> =
            (0..self.facts.len()).filter(|&at| matches!(self.facts[at], Event::JobSubmitted { .. })).collect();
        let mut submissions: Vec<_> = places.iter().map(|&at| self.facts[at].clone()).collect();
        submissions.sort_by_key(|event| match event {
            Event::JobSubmitted { job, .. } => Some(*job),
            _ => None,
        });
        for (at, submission) in places.into_iter().zip(submissions) {
            self.facts[at] = submission;
        }
        let ended = |event: &Event| match event {
            Event::JobCancelRequested { job } | Event::JobTerminateRequested { job } => Some(job.job),
            _ => None,
        };
        let submits = |event: &Event, own| matches!(event, Event::JobSubmitted { job, .. } if *job == own);
        let mut at = 0;
        while at < self.facts.len() {
            let own = ended(&self.facts[at]);
            match own.and_then(|own| self.facts[at..].iter().position(|event| submits(event, own))) {
                Some(distance) => self.facts[at..=at + distance].rotate_left(1),
                None => at += 1,
            }
        }
    }

    /// What decides how an attempt of a job goes: its workload entry, or, of a job from outside, what was told with its spec.
    pub(super) fn entry(&self, job: JobId, spec: JobSpecId) -> &EntryState {
        self.entries.get(usize::from(job.entry())).unwrap_or_else(|| self.outside.of(spec))
    }
}

impl Driver for SimWorld {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        if !self.started {
            self.started = true;
            self.start();
            while let Some((_, happening)) = self.queue.pop_until(SimTime::ZERO) {
                self.handle(happening);
            }
        }
        let limit = wake_at.unwrap_or(SimTime::MAX).min(self.spec.stop_at);
        while self.facts.is_empty() {
            if wake_at.is_none() && self.foreground == 0 {
                return Ok(false);
            }
            let Some((at, happening)) = self.queue.pop_until(limit) else {
                match wake_at {
                    Some(at) if at <= self.spec.stop_at => {
                        self.now = self.now.max(at);
                        break;
                    }
                    _ => {
                        self.ended_at = self.spec.stop_at;
                        return Ok(false);
                    }
                }
            };
            self.now = at;
            self.handle(happening);
        }
        // Whatever else happens at this very time belongs to the same observation.
        while let Some((_, happening)) = self.queue.pop_until(self.now) {
            self.handle(happening);
        }
        self.arrange();
        seen.now = self.now;
        self.ended_at = self.now;
        seen.events.clear();
        seen.events.append(&mut self.facts);
        Ok(true)
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        for command in &decision.commands {
            match command {
                Command::LaunchNodes(request) => self.request(request),
                Command::TerminateNode { node } => self.terminate(*node),
                &Command::CreatePod { pod, job, spec, attempt, node, node_index } => {
                    self.create_pod(Wanted { pod, job, spec, attempt, node, node_index });
                }
                &Command::DeletePod { pod, node, spec, why: _ } => self.delete_pod(pod, node, spec),
            }
        }
        Ok(())
    }
}
