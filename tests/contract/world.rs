//! A world that answers: EC2, nodes and pods as good or as bad as a script says, until it turns benign and all work can
//! be done. It reports late, doubled and senseless facts as readily as true ones.

use std::collections::{BTreeMap, BTreeSet};

use windtunnel::ids::{InstanceTypeId, NodeId, PodId, ZoneId};
use windtunnel::model::Resources;
use windtunnel::scheduler::{
    Command, Decision, DeleteCause, Event, LaunchRequest, NodeLossCause, Observation, PodFailure, PodStuck,
};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

use super::chance::Chance;
use super::scripts::Script;
use super::settings::{facts, vcpus};
use super::stage::Stage;

/// Something that happens at its time.
#[derive(Debug, Clone)]
enum Happening {
    Fact(Event),
    /// The act of the script by this index.
    Act(usize),
    TurnsBenign,
}

/// A world.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(super) chance: Chance,
    pub(super) now: SimTime,
    ahead: BTreeMap<(SimTime, u64), Happening>,
    happenings: u64,
    pub(super) stage: Stage,
    /// Percent of what could go wrong that does.
    malice: u64,
    next_node: u32,
    /// Pods of multi-node parallel jobs.
    in_gangs: BTreeSet<PodId>,
    /// Pods that neither run nor fail.
    stuck: Vec<PodId>,
    acts: Vec<super::scripts::Act>,
}

impl World {
    pub(crate) fn new(script: &Script) -> Self {
        let mut world = Self {
            chance: Chance::new(script.seed),
            now: SimTime::ZERO,
            ahead: BTreeMap::new(),
            happenings: 0,
            stage: Stage::new(script),
            malice: script.malice,
            next_node: 0,
            in_gangs: BTreeSet::new(),
            stuck: Vec::new(),
            acts: script.acts.iter().map(|(_, act)| act.clone()).collect(),
        };
        for event in world.stage.opening() {
            world.after(SimDuration::ZERO, Happening::Fact(event));
        }
        let mut at = SimDuration::ZERO;
        for (index, (gap, _)) in script.acts.iter().enumerate() {
            at = SimDuration::from_millis(at.as_millis() + gap * 1_000);
            world.after(at, Happening::Act(index));
        }
        world.after(SimDuration::from_millis(at.as_millis() + 60_000), Happening::TurnsBenign);
        world
    }

    /// What happens next, at the latest when the core wants to be woken; false when nothing ever will.
    pub(crate) fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> bool {
        seen.events.clear();
        let next = self.ahead.first_key_value().map(|(&(at, _), _)| at);
        let Some(now) = next.into_iter().chain(wake_at).min() else { return false };
        (self.now, seen.now) = (now, now);
        while let Some(entry) = self.ahead.first_entry()
            && entry.key().0 <= now
        {
            let happening = entry.remove();
            // What its start brings about is seen before anything else happens to a multi-node parallel job.
            let alone = matches!(&happening, Happening::Fact(Event::PodRunning { pod }) if self.in_gangs.contains(pod));
            match happening {
                Happening::Fact(event) => self.tell(event, seen),
                Happening::Act(index) => {
                    let act = self.acts[index].clone();
                    if let Some(event) = self.act(&act) {
                        self.tell(event, seen);
                    }
                }
                Happening::TurnsBenign => self.turn_benign(seen),
            }
            // What happens at one time need not be seen in one step.
            if self.now > SimTime::ZERO && (alone || self.chance.percent(15)) {
                break;
            }
        }
        true
    }

    fn tell(&mut self, event: Event, seen: &mut Observation) {
        self.stage.note(&event);
        if self.malice > 0 && self.chance.percent(2) && is_recognised_when_doubled(&event) {
            seen.events.push(event.clone());
        }
        seen.events.push(event);
    }

    fn turn_benign(&mut self, seen: &mut Observation) {
        self.malice = 0;
        for event in self.stage.turn_benign() {
            self.tell(event, seen);
        }
        for pod in std::mem::take(&mut self.stuck) {
            self.fact(5, Event::PodRunning { pod });
            self.fact(65, Event::PodSucceeded { pod });
        }
    }

    /// Starts what the core commands.
    pub(crate) fn apply(&mut self, decision: &Decision) {
        for command in &decision.commands {
            match command {
                Command::LaunchNodes(request) => self.launch(request),
                &Command::TerminateNode { node } => {
                    let secs = self.chance.below(90);
                    self.fact(secs, Event::NodeLost { node, cause: NodeLossCause::Terminated });
                }
                &Command::CreatePod { pod, node_index, .. } => {
                    self.in_gangs.extend(node_index.map(|_| pod));
                    self.create(pod, node_index.is_some());
                }
                &Command::DeletePod { pod, why, .. } => self.delete(pod, why),
            }
        }
    }

    fn launch(&mut self, request: &LaunchRequest) {
        let bad = self.is_bad();
        let fate = if bad { self.chance.below(4) } else { 4 };
        // An answer may come after the core has given the request up.
        let delay = if fate == 0 { 400 } else { 0 } + self.chance.below(30);
        let mut given = 0;
        let wanted = match fate {
            1 => 0,
            2 => request.target_vcpus / 2,
            _ => request.target_vcpus,
        };
        while given < wanted {
            let instance_type = *self.chance.one_of(&request.instance_types);
            given += vcpus(instance_type);
            self.start_node(request, instance_type, delay);
        }
        if fate != 3 && given < request.target_vcpus {
            let refused = Event::CapacityUnavailable {
                launch: request.launch,
                instance_types: request.instance_types.clone(),
                vcpus_short: request.target_vcpus - given,
            };
            self.fact(delay, refused);
        }
    }

    fn start_node(&mut self, request: &LaunchRequest, instance_type: InstanceTypeId, delay: u64) {
        let node = NodeId(self.next_node);
        self.next_node += 1;
        let launched = Event::NodeLaunched {
            launch: request.launch,
            environment: request.environment,
            node,
            instance_type,
            zone: ZoneId(0),
            purchase: request.purchase,
        };
        self.fact(delay, launched);
        if !(self.is_bad() && self.chance.percent(30)) {
            let join = delay + 10 + self.chance.below(80);
            let taken = Resources {
                cpu: MilliCpu(u32::try_from(100 + self.chance.below(5) * 100).expect("small")),
                memory: MiB(300),
                gpus: 0,
                pods: 3,
            };
            self.fact(join, Event::NodeReady { node, free: facts(instance_type).allocatable.saturating_sub(taken) });
        }
    }

    fn create(&mut self, pod: PodId, in_gang: bool) {
        let soon = self.chance.below(15);
        let fate = if self.is_bad() { self.chance.below(8) } else { 8 };
        match fate {
            0 => {
                let why = [PodFailure::OutOfCpu, PodFailure::OutOfMemory, PodFailure::OutOfPods, PodFailure::OutOfGpu];
                let failure = *self.chance.one_of(&why);
                self.fact(soon, Event::PodFailed { pod, failure });
            }
            1 => self.fact(soon, Event::PodStuck { pod, why: PodStuck::Volume }),
            2 => {
                self.stuck.push(pod);
                self.fact(soon, Event::PodStuck { pod, why: PodStuck::Image });
            }
            3 => self.stuck.push(pod),
            _ => self.run(pod, soon, fate < 8, in_gang),
        }
    }

    fn run(&mut self, pod: PodId, soon: u64, bad: bool, in_gang: bool) {
        let secs = if self.chance.percent(70) { 1 + self.chance.below(90) } else { self.chance.below(4_000) };
        self.fact(soon, Event::PodRunning { pod });
        let failure = match self.chance.below(if bad { 6 } else { 100 }) {
            0 => Some(PodFailure::ExitCode(1)),
            1 => Some(PodFailure::ExitCode(139)),
            2 => Some(PodFailure::OomKilled),
            _ => None,
        };
        // A node of a multi-node parallel job often waits for the main one to end.
        let patience = if in_gang && self.chance.percent(30) { 5_000 } else { 0 };
        let end = match failure.filter(|_| self.malice > 0) {
            Some(failure) => Event::PodFailed { pod, failure },
            None => Event::PodSucceeded { pod },
        };
        self.fact(soon + secs + patience, end);
    }

    fn delete(&mut self, pod: PodId, why: DeleteCause) {
        self.stuck.retain(|&stuck| stuck != pod);
        let slow = self.is_bad() && why != DeleteCause::MainNodeEnded;
        let secs = self.chance.below(if slow { 900 } else { 30 });
        self.fact(secs, Event::PodFailed { pod, failure: PodFailure::Deleted });
    }

    fn is_bad(&mut self) -> bool {
        self.chance.percent(self.malice)
    }

    fn fact(&mut self, secs: u64, event: Event) {
        // Most things happen at odd times, some at the very same.
        let odd = if secs > 0 && self.chance.percent(70) { self.chance.below(1_000) } else { 0 };
        self.after(SimDuration::from_millis(secs * 1_000 + odd), Happening::Fact(event));
    }

    fn after(&mut self, delay: SimDuration, what: Happening) {
        self.happenings += 1;
        self.ahead.insert((self.now + delay, self.happenings), what);
    }

    /// A node's id for the world to use.
    pub(super) fn new_node(&mut self) -> NodeId {
        self.next_node += 1;
        NodeId(self.next_node - 1)
    }

    /// A Spot interruption takes its node after two minutes.
    pub(super) fn reclaim(&mut self, node: NodeId) -> SimTime {
        self.fact(120, Event::NodeLost { node, cause: NodeLossCause::SpotInterruption });
        self.now + SimDuration::from_secs(120)
    }
}

/// Whether the core can tell that it knows a fact already. Of jobs that nobody will name it keeps no record.
fn is_recognised_when_doubled(event: &Event) -> bool {
    match event {
        Event::JobSubmitted { tracked, .. } => *tracked,
        _ => true,
    }
}
