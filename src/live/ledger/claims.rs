//! Launch requests and the `NodeClaim`s that cover them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, LaunchId};
use crate::live::acts::Act;
use crate::live::backend::{Backend, NodeClass};
use crate::live::claims::{self, Claims};
use crate::live::facts::{ClaimPhase, NodeClaimFacts};
use crate::live::ledger::Ledger;
use crate::model::PurchaseOption;
use crate::scheduler::{Event, LaunchRequest};
use crate::units::{SimDuration, SimTime};

/// Launch requests that are not answered, and the claims that are in the cluster for them.
#[derive(Debug, Default)]
pub(super) struct Launches {
    open: BTreeMap<LaunchId, Launch>,
    /// Which request a claim that is waited for is part of.
    of_claim: BTreeMap<String, LaunchId>,
    /// How names of this run's claims begin.
    prefix: String,
    /// How long the core waits for an answer.
    patience: SimDuration,
    /// Claims that are in the cluster, as far as was seen.
    there: BTreeSet<String>,
    /// Claims that nobody waits for and that are no node's: being deleted, until they are gone.
    leaving: BTreeSet<String>,
    /// Names in the list that is being told.
    listed: BTreeSet<String>,
}

#[derive(Debug)]
struct Launch {
    request: LaunchRequest,
    /// When the core gives it up.
    until: SimTime,
    /// Claims that have neither become an instance nor failed.
    waiting: BTreeSet<String>,
    /// What each claim may become: types of one size.
    alike: Vec<InstanceTypeId>,
    /// What failed, vCPUs.
    short: u32,
    /// vCPUs that have been launched.
    launched: u32,
}

impl Launches {
    /// Whether no request is open and no claim is about to go.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.leaving.is_empty()
    }

    pub(super) fn begin_list(&mut self) {
        self.listed.clear();
    }

    /// Those of a run, whose claims' names begin so, and whose core gives requests up after `patience`.
    pub(super) fn new(prefix: String, patience: SimDuration) -> Self {
        Self { prefix, patience, ..Self::default() }
    }

    fn open(&mut self, request: &LaunchRequest, now: SimTime, waiting: BTreeSet<String>, alike: Vec<InstanceTypeId>) {
        for claim in &waiting {
            self.of_claim.insert(claim.clone(), request.launch);
        }
        let until = now + self.patience;
        let launch = Launch { request: request.clone(), until, waiting, alike, short: 0, launched: 0 };
        self.open.insert(request.launch, launch);
    }

    /// The request is answered.
    pub(super) fn close(&mut self, launch: LaunchId) {
        if let Some(launch) = self.open.remove(&launch) {
            for claim in &launch.waiting {
                self.of_claim.remove(claim);
            }
        }
    }

    /// An instance was launched for a request: by a claim, or, without claims, by whoever was told of it. A request whose
    /// claims have all become instances is answered; without claims, one whose vCPUs are there.
    pub(super) fn fulfilled(&mut self, id: LaunchId, claim: Option<&str>, vcpus: u32) {
        let Some(launch) = self.open.get_mut(&id) else { return };
        launch.launched += vcpus;
        let complete = if let Some(claim) = claim {
            self.of_claim.remove(claim);
            launch.waiting.remove(claim);
            launch.waiting.is_empty() && launch.short == 0
        } else {
            launch.waiting.is_empty() && launch.launched >= launch.request.target_vcpus
        };
        if complete {
            self.close(id);
        }
    }

    /// Whether a claim is one of this run's.
    pub(super) fn is_own(&self, claim: &str) -> bool {
        !self.prefix.is_empty() && claim.starts_with(&self.prefix)
    }

    /// The oldest request of an environment that a node of a type could be an answer to.
    pub(super) fn wanting(
        &self,
        environment: ComputeEnvironmentId,
        instance_type: Option<InstanceTypeId>,
    ) -> Option<(LaunchId, InstanceTypeId, PurchaseOption)> {
        let instance_type = instance_type?;
        let open = self.open.values().map(|launch| &launch.request);
        open.filter(|request| request.environment == environment && request.instance_types.contains(&instance_type))
            .map(|request| (request.launch, instance_type, request.purchase))
            .next()
    }

    /// A claim shall go, whose node is no more. Whether that has to be asked for.
    pub(super) fn leave(&mut self, claim: &str) -> bool {
        self.there.contains(claim) && self.leaving.insert(claim.to_owned())
    }
}

impl Ledger {
    /// Enters a launch request that was made at `now`.
    pub(super) fn note_launch(&mut self, request: &LaunchRequest, now: SimTime) {
        let acts = self.claim_acts(request);
        let names = acts.iter().filter_map(|act| match act {
            Act::CreateNodeClaim { name, .. } => Some(name.clone()),
            _ => None,
        });
        let alike = self.with_claims(|claims| Some(claims.alike(request))).unwrap_or_default();
        self.launches.open(request, now, names.collect(), alike);
    }

    fn with_claims<T>(&self, ask: impl FnOnce(&Claims<'_>) -> Option<T>) -> Option<T> {
        let class = NodeClass::default();
        ask(&Claims {
            run: &self.run.run,
            environments: &self.run.environments,
            instance_types: &self.types.catalog,
            node_class: if let Backend::Karpenter(class) = &self.backend { class } else { &class },
        })
    }

    fn claim_acts(&self, request: &LaunchRequest) -> Vec<Act> {
        match self.backend {
            Backend::Karpenter(_) => self.with_claims(|claims| claims.of(request)).unwrap_or_default(),
            Backend::Unmanaged | Backend::Render => Vec::new(),
        }
    }

    /// Does what a launch request asks for, as the back end can.
    pub(super) fn launch(&mut self, request: &LaunchRequest, acts: &mut Vec<Act>) {
        acts.extend(self.claim_acts(request));
        if self.backend == Backend::Render {
            let told = self.with_claims(|claims| claims.announcement(request));
            acts.extend(told.map(|told| Act::Announce(Box::new(told))));
        }
    }

    /// Time goes by: what the core gave up without an answer is asked for no more.
    pub fn time_passes(&mut self, now: SimTime) {
        let overdue = |launch: &Launch| launch.until <= now;
        let late: Vec<_> = self.launches.open.iter().filter(|(_, launch)| overdue(launch)).map(|(id, _)| *id).collect();
        for id in late {
            let Some(launch) = self.launches.open.get_mut(&id) else { continue };
            let waiting = std::mem::take(&mut launch.waiting);
            let environment = launch.request.environment;
            self.launches.open.remove(&id);
            for claim in waiting {
                tracing::warn!(claim, "a NodeClaim got no instance in time and is taken back");
                self.launches.of_claim.remove(&claim);
                self.remove_claim(claim);
            }
            if self.backend == Backend::Render {
                let known = self.run.environments.get(environment.index());
                let told = known.map(|known| claims::withdrawal(&self.run.run, known, id));
                self.out.acts.extend(told.map(|told| Act::Announce(Box::new(told))));
            }
        }
    }

    /// Deletes a claim that nobody waits for, once; the run is not over before it is gone.
    fn remove_claim(&mut self, name: String) {
        if self.launches.leaving.insert(name.clone()) {
            self.out.acts.push(Act::DeleteNodeClaim { name });
        }
    }

    pub(super) fn claim_sighted(&mut self, facts: NodeClaimFacts, now: SimTime) {
        self.launches.listed.insert(facts.name.clone());
        self.launches.there.insert(facts.name.clone());
        if self.launches.of_claim.contains_key(&facts.name) {
            match &facts.phase {
                ClaimPhase::Pending => {}
                ClaimPhase::Launched => self.claim_launched(&facts, now),
                ClaimPhase::Failed(message) => {
                    self.claim_failed(&facts.name, message);
                    self.claim_left(facts);
                }
            }
        } else if self.nodes.of_claim(&facts.name).is_none() && self.is_synced() {
            // What is left of a node that the core gave up, or of a request.
            self.claim_left(facts);
        }
    }

    /// A claim that nobody waits for is in the cluster.
    fn claim_left(&mut self, facts: NodeClaimFacts) {
        if facts.deleting {
            self.launches.leaving.insert(facts.name);
        } else {
            self.remove_claim(facts.name);
        }
    }

    fn claim_launched(&mut self, facts: &NodeClaimFacts, now: SimTime) {
        let Some(&id) = self.launches.of_claim.get(&facts.name) else { return };
        let Some(launch) = self.launches.open.get(&id) else { return };
        let request = &launch.request;
        let (environment, purchase) = (request.environment, request.purchase);
        let told = self.types.named(facts.instance_type.as_deref());
        let Some(instance_type) = told.or_else(|| launch.alike.first().copied()) else { return };
        let named = self.nodes.mint(None, Some(&facts.name));
        let node = named.node;
        self.out.named.nodes.push(named);
        let zone = self.types.zone(facts.zone.as_deref());
        self.tell(Event::NodeLaunched { launch: id, environment, node, instance_type, zone, purchase });
        self.answer_if_complete(id);
        self.claim_has_node(&facts.name, now);
    }

    /// A claim comes to nothing: Karpenter says so, the API server refused it, or it vanished.
    pub(super) fn claim_failed(&mut self, name: &str, message: &str) {
        let Some(id) = self.launches.of_claim.remove(name) else { return };
        let Some(launch) = self.launches.open.get_mut(&id) else { return };
        if !launch.waiting.remove(name) {
            return;
        }
        tracing::warn!(claim = name, message, "a NodeClaim came to nothing");
        launch.short += launch.alike.first().and_then(|id| self.types.vcpus.get(id.index())).copied().unwrap_or(1);
        self.answer_if_complete(id);
    }

    /// Once nothing is waited for any more, the request is closed: with what could not be had.
    fn answer_if_complete(&mut self, id: LaunchId) {
        let Some(launch) = self.launches.open.get(&id).filter(|launch| launch.waiting.is_empty()) else { return };
        if launch.short == 0 {
            self.launches.close(id);
            return;
        }
        let instance_types = launch.alike.clone();
        let vcpus_short = launch.short;
        self.tell(Event::CapacityUnavailable { launch: id, instance_types, vcpus_short });
    }

    pub(super) fn claim_gone(&mut self, name: &str) {
        self.launches.listed.remove(name);
        self.launches.there.remove(name);
        self.launches.leaving.remove(name);
        match self.nodes.of_claim(name) {
            Some(node) => self.lose(node, None),
            None => self.claim_failed(name, "it was removed before it had an instance"),
        }
    }

    /// There is no such claim to delete: it is gone, or never was. What that means for its node is told by the watch.
    pub(super) fn claim_absent(&mut self, name: &str) {
        self.launches.leaving.remove(name);
    }

    /// What was there, or is known to be a node's, and stands in no list, is gone. What is waited for and was never seen may be
    /// on its way.
    pub(super) fn claims_listed(&mut self) {
        let of_nodes = self.nodes.claims().into_iter().map(|(_, claim, _)| claim);
        let mut missing: BTreeSet<_> = of_nodes.chain(self.launches.there.iter().cloned()).collect();
        missing.retain(|name| !self.launches.listed.contains(name));
        for name in missing {
            self.claim_gone(&name);
        }
    }

    /// After a restart: what may never have been asked for is asked for again, and what may never have been given back is given
    /// back again; what belongs to nobody is removed.
    pub(super) fn reconcile_claims(&mut self, now: SimTime) {
        let mut acts = Vec::new();
        let open = self.launches.open.values().filter(|launch| launch.until > now);
        let open: Vec<_> = open.map(|launch| launch.request.clone()).collect();
        for request in open {
            self.launch(&request, &mut acts);
        }
        acts.retain(|act| match act {
            Act::CreateNodeClaim { name, .. } => {
                self.launches.of_claim.contains_key(name) && !self.launches.there.contains(name)
            }
            _ => true,
        });
        for node in self.nodes.terminating() {
            self.terminate(node, &mut acts);
        }
        self.out.acts.append(&mut acts);
        let unknown =
            |name: &&String| !self.launches.of_claim.contains_key(*name) && self.nodes.of_claim(name).is_none();
        let unknown: Vec<_> = self.launches.there.iter().filter(unknown).cloned().collect();
        for name in unknown {
            self.remove_claim(name);
        }
    }
}
