//! Nodes of the run's environments. A node is told as ready once it is known what is left of it; as unreachable when it has
//! been silent for too long, which no event tells; and as gone after what its pods had come to.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::kubernetes::daemon_set::DaemonSet;
use crate::kubernetes::objects::{NodeObject, PodObject};
use crate::kubernetes::room::Taken;
use crate::live::acts::RUN_LABEL;
use crate::live::clock::wall;
use crate::live::convert::node::{self, Past, Readiness};
use crate::live::facts::{Kind, NodeFacts, NodeState, ObjectName, Sighting};
use crate::live::observe::call::Caller;
use crate::live::observe::follow::{Told, Unheard};
use crate::live::observe::pods::Desk;
use crate::live::observe::survey;
use crate::model::Resources;

/// Daemonsets are listed anew for a node that joins, but not more often than this.
const DAEMON_SETS_KEPT: Duration = Duration::from_secs(10);
/// How often silent nodes are judged anew, at most and at least.
const TICKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// What nodes are looked at with.
pub(super) struct Means<'a> {
    pub(super) caller: &'a Caller,
    pub(super) namespaces: &'a [String],
    pub(super) run: &'a str,
    pub(super) not_ready_timeout: Duration,
    pub(super) desk: &'a Desk,
    pub(super) out: Sender<Sighting>,
}

/// A node that is there.
struct Known {
    facts: NodeFacts,
    readiness: Readiness,
    free: Option<Resources>,
    /// The node itself, while it is not known what is left of it.
    object: Option<Box<NodeObject>>,
    /// It was told since it changed, and since the list began.
    told: bool,
    /// In which list it was last seen.
    list: u32,
}

/// What was looked up.
enum Found {
    /// What is left of nodes that are ready for the first time; nothing where looking is forbidden.
    Room { nodes: Vec<String>, taken: Taken, daemon_sets: Vec<DaemonSet> },
    /// What the pods of nodes that are gone had come to.
    Last { nodes: Vec<ObjectName>, pods: Vec<PodObject> },
}

/// Keeps nodes.
struct Keeper<'a> {
    means: &'a Means<'a>,
    nodes: BTreeMap<String, Known>,
    list: u32,
    /// A list is under way.
    listing: bool,
    /// A list has ended, and is told to have when everything in it was.
    ended: bool,
    /// Names of nodes that are ready and of which it is not known what is left.
    unknown: Vec<String>,
    surveying: bool,
    /// Nodes that are gone and have not been told to be.
    leaving: Vec<ObjectName>,
    parting: Vec<ObjectName>,
    /// Nodes that bear the name of one that is leaving.
    heirs: BTreeMap<String, NodeObject>,
    daemon_sets: Option<(Instant, Vec<DaemonSet>)>,
}

/// Tells nodes from what their watch tells, until nobody listens or tells.
pub(super) async fn keep(means: &Means<'_>, mut told: UnboundedReceiver<Told<NodeObject>>) -> Result<(), Unheard> {
    let mut keeper = Keeper::new(means);
    let mut jobs: FuturesUnordered<BoxFuture<'_, Found>> = FuturesUnordered::new();
    let mut ticks = interval((means.not_ready_timeout / 20).clamp(TICKS.0, TICKS.1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        jobs.extend(keeper.survey());
        jobs.extend(keeper.part());
        keeper.end_list()?;
        tokio::select! {
            told = told.recv() => match told {
                Some(told) => keeper.told(told)?,
                None => return Ok(()),
            },
            Some(found) = jobs.next(), if !jobs.is_empty() => keeper.found(found)?,
            _ = ticks.tick() => keeper.judge()?,
        }
    }
}

impl<'a> Keeper<'a> {
    fn new(means: &'a Means<'a>) -> Self {
        Self {
            means,
            nodes: BTreeMap::new(),
            list: 0,
            listing: false,
            ended: false,
            unknown: Vec::new(),
            surveying: false,
            leaving: Vec::new(),
            parting: Vec::new(),
            heirs: BTreeMap::new(),
            daemon_sets: None,
        }
    }

    fn told(&mut self, told: Told<NodeObject>) -> Result<(), Unheard> {
        match told {
            Told::Begun => {
                self.list += 1;
                (self.listing, self.ended) = (true, false);
                self.nodes.values_mut().for_each(|known| known.told = false);
                self.say(Sighting::ListBegun(Kind::Node))
            }
            Told::Listed(object) | Told::Changed(object) => self.seen(object),
            Told::Deleted(object) => {
                self.heirs.remove(&object.metadata.name);
                self.leave(&object.metadata.name);
                Ok(())
            }
            Told::Ended(_) => {
                let here = self.list;
                let missing: Vec<_> =
                    self.nodes.iter().filter(|(_, known)| known.list != here).map(|(name, _)| name.clone()).collect();
                for name in &missing {
                    self.leave(name);
                }
                (self.listing, self.ended) = (false, true);
                Ok(())
            }
            Told::At(_) => Ok(()),
        }
    }

    fn seen(&mut self, object: NodeObject) -> Result<(), Unheard> {
        let name = object.metadata.name.clone();
        if self.nodes.get(&name).is_some_and(|known| known.facts.uid != object.metadata.uid) {
            self.leave(&name);
        }
        if self.leaving.iter().chain(&self.parting).any(|gone| gone.name == name) {
            self.heirs.insert(name, object);
            return Ok(());
        }
        let known = self.nodes.get(&name);
        let past = known.map_or(Past::Unknown, |known| Past::Seen { ready: known.readiness.was_ready });
        let readiness = Readiness::of(&object, past);
        let mut facts = node::facts(&object, past, wall(), self.means.not_ready_timeout);
        let free = known.and_then(|known| known.free);
        let told = known.is_some_and(|known| known.told);
        facts.free = free.unwrap_or_default();
        let same = known.is_some_and(|known| known.facts == facts);
        let unknown = readiness.ready && free.is_none();
        if unknown && !self.unknown.contains(&name) {
            self.unknown.push(name.clone());
        }
        let object = unknown.then(|| Box::new(object));
        let known = Known { facts, readiness, free, object, told: told && same, list: self.list };
        self.nodes.insert(name.clone(), known);
        self.tell(&name)
    }

    /// Tells a node, unless it was told as it is, or it is about to be known what is left of it.
    fn tell(&mut self, name: &str) -> Result<(), Unheard> {
        let Some(known) = self.nodes.get_mut(name) else { return Ok(()) };
        if known.told || (known.readiness.ready && known.free.is_none()) {
            return Ok(());
        }
        known.told = true;
        let facts = known.facts.clone();
        self.say(Sighting::Node(Box::new(facts)))
    }

    /// Time goes by, and nothing else tells that a node has been silent for too long.
    fn judge(&mut self) -> Result<(), Unheard> {
        let (now, timeout) = (wall(), self.means.not_ready_timeout);
        let mut late = Vec::new();
        for (name, known) in &mut self.nodes {
            let state = known.readiness.state(now, timeout);
            if state != known.facts.state && state == NodeState::Unreachable {
                (known.facts.state, known.told) = (state, false);
                late.push(name.clone());
            }
        }
        late.iter().try_for_each(|name| self.tell(name))
    }

    fn leave(&mut self, name: &str) {
        if let Some(known) = self.nodes.remove(name) {
            self.unknown.retain(|unknown| unknown != name);
            let NodeFacts { name, uid, .. } = known.facts;
            self.leaving.push(ObjectName { namespace: String::new(), name, uid });
        }
    }

    /// Looks up what is left of nodes, all that wait for it together.
    fn survey(&mut self) -> Option<BoxFuture<'a, Found>> {
        // In the middle of a list there will be more of them.
        if self.surveying || self.unknown.is_empty() || self.listing {
            return None;
        }
        self.surveying = true;
        let nodes = std::mem::take(&mut self.unknown);
        let kept = self.daemon_sets.take().filter(|(at, _)| at.elapsed() < DAEMON_SETS_KEPT);
        self.daemon_sets.clone_from(&kept);
        let Means { caller, namespaces, run, .. } = *self.means;
        let found = async move {
            let daemon_sets = match kept {
                Some((_, kept)) => kept,
                None => survey::insist("daemonsets", || survey::daemon_sets(caller)).await.unwrap_or_default(),
            };
            let taken = survey::insist("the pods of others", || survey::taken(caller, namespaces, run, &nodes)).await;
            Found::Room { nodes, taken: taken.unwrap_or_default(), daemon_sets }
        };
        Some(found.boxed())
    }

    /// Looks up what the pods of nodes that are gone had come to.
    fn part(&mut self) -> Option<BoxFuture<'a, Found>> {
        if !self.parting.is_empty() || self.leaving.is_empty() {
            return None;
        }
        let nodes = std::mem::take(&mut self.leaving);
        self.parting.clone_from(&nodes);
        let Means { caller, namespaces, run, .. } = *self.means;
        let found = async move {
            let names: Vec<_> = nodes.iter().map(|node| node.name.clone()).collect();
            let selector = format!("{RUN_LABEL}={run}");
            let ask = || survey::pods_on(caller, namespaces, &selector, &names);
            let pods = survey::insist("the pods of nodes that are gone", ask).await.unwrap_or_default();
            Found::Last { nodes, pods }
        };
        Some(found.boxed())
    }

    fn found(&mut self, found: Found) -> Result<(), Unheard> {
        match found {
            Found::Room { nodes, taken, daemon_sets } => {
                self.surveying = false;
                for name in &nodes {
                    let Some(known) = self.nodes.get_mut(name) else { continue };
                    let Some(object) = known.object.take() else { continue };
                    let free = taken.left(&object, known.facts.allocatable, &daemon_sets);
                    known.free = Some(free);
                    known.facts.free = free;
                    known.told = false;
                    self.tell(name)?;
                }
                if self.daemon_sets.is_none() {
                    self.daemon_sets = Some((Instant::now(), daemon_sets));
                }
                Ok(())
            }
            Found::Last { nodes, pods } => {
                self.parting.clear();
                pods.iter().try_for_each(|pod| self.means.desk.found(pod))?;
                for node in nodes {
                    let heir = self.heirs.remove(&node.name);
                    self.say(Sighting::NodeGone(node))?;
                    if let Some(heir) = heir {
                        self.seen(heir)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Tells that a list has ended, when all of it was told.
    fn end_list(&mut self) -> Result<(), Unheard> {
        let told = self.unknown.is_empty() && self.leaving.is_empty() && self.parting.is_empty() && !self.surveying;
        if self.ended && told {
            self.ended = false;
            self.say(Sighting::ListEnded(Kind::Node))?;
        }
        Ok(())
    }

    fn say(&self, sighting: Sighting) -> Result<(), Unheard> {
        self.means.out.send(sighting).map_err(|_| Unheard)
    }
}
