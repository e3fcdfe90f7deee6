//! Pods: attempts of jobs and the objects that carry them, from the decision to the last trace in the cluster.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{JobId, JobRef, JobSpecId, NodeId, PodId};
use crate::live::acts::{Act, Manifest};
use crate::live::facts::{ObjectName, PodFacts, PodPhase, Refusal};
use crate::live::ledger::{Fate, Ledger};
use crate::live::pods::{Placed, Script};
use crate::pod::TERMINATION_GRACE_SECONDS;
use crate::scheduler::{Event, PodFailure};

/// The pods of a run.
#[derive(Debug, Default)]
pub(super) struct Pods {
    by_id: BTreeMap<PodId, LivePod>,
    by_name: BTreeMap<(String, String), PodId>,
    /// Pods of attempts that ended in this step, to be cleaned up.
    to_clean: Vec<Leftover>,
    /// Leftovers that are being deleted, until they are gone; with the job whose containers may still run, and where.
    cleaning: BTreeMap<(String, String), Option<Remains>>,
    /// How many leftovers of a job may still run, by its label.
    leftovers: BTreeMap<String, u32>,
    /// Pods that must wait for a leftover of their own job, by its label: no job runs twice at once.
    held: BTreeMap<String, Vec<PodId>>,
    /// Pods to be created: what they waited for is gone, or a program before may not have come to it.
    unsent: Vec<PodId>,
    /// Addresses of main nodes' pods.
    main_addresses: BTreeMap<JobRef, String>,
    /// How many lists were begun.
    lists: u32,
    /// Names in the list that is being told.
    listed: BTreeSet<(String, String)>,
}

/// What the core wants of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) attempt: u8,
    pub(super) node: NodeId,
    pub(super) node_index: Option<u16>,
}

#[derive(Debug)]
struct LivePod {
    wanted: Wanted,
    namespace: String,
    name: String,
    /// Name of its node.
    host: String,
    /// Known once it was seen, or created.
    uid: Option<String>,
    told: Told,
    stuck: bool,
    /// The core wants it gone.
    unwanted: bool,
    /// Its creation was asked for by this program.
    sent: bool,
    /// Since which list it is known to exist.
    seen_in: Option<u32>,
}

/// What the core was told of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Running,
    Over,
}

#[derive(Debug)]
struct Leftover {
    namespace: String,
    name: String,
    uid: Option<String>,
    grace_seconds: u32,
}

/// What may still run of a job's attempt that is over for the core.
#[derive(Debug, PartialEq, Eq)]
struct Remains {
    /// The job's label.
    job: String,
    /// Name of the node.
    host: String,
}

impl Pods {
    /// Attempts that are STARTING, and RUNNING.
    pub(super) fn counts(&self) -> (usize, usize) {
        let told = |what| self.by_id.values().filter(|pod| pod.told == what).count();
        (told(Told::Nothing), told(Told::Running))
    }

    /// Whether there is nothing left, in the core's books or in the cluster.
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.cleaning.is_empty()
    }

    pub(super) fn begin_list(&mut self) {
        self.lists += 1;
        self.listed.clear();
    }

    pub(super) fn running(&mut self, pod: PodId) {
        if let Some(pod) = self.by_id.get_mut(&pod) {
            pod.told = Told::Running;
        }
    }

    pub(super) fn over(&mut self, pod: PodId) {
        if let Some(pod) = self.by_id.get_mut(&pod) {
            pod.told = Told::Over;
        }
    }

    pub(super) fn stuck(&mut self, pod: PodId) {
        if let Some(pod) = self.by_id.get_mut(&pod) {
            pod.stuck = true;
        }
    }

    pub(super) fn set_unwanted(&mut self, pod: PodId) {
        if let Some(pod) = self.by_id.get_mut(&pod) {
            pod.unwanted = true;
        }
    }

    /// The core knows it no more. `job` is its label, `host_gone` that its node is no more.
    fn ended(&mut self, id: PodId, job: String, host_gone: bool) {
        let Some(pod) = self.by_id.remove(&id) else { return };
        let key = (pod.namespace, pod.name);
        self.by_name.remove(&key);
        let over = pod.told == Told::Over;
        self.set_cleaning(key.clone(), (!over).then_some(Remains { job, host: pod.host }));
        let grace_seconds = if over || host_gone { 0 } else { TERMINATION_GRACE_SECONDS };
        self.to_clean.push(Leftover { namespace: key.0, name: key.1, uid: pod.uid, grace_seconds });
    }

    /// A leftover is being deleted; with what may still run of it.
    fn set_cleaning(&mut self, key: (String, String), remains: Option<Remains>) {
        if self.cleaning.get(&key) == Some(&remains) {
            return;
        }
        self.cleaned(&key);
        if let Some(remains) = &remains {
            *self.leftovers.entry(remains.job.clone()).or_default() += 1;
        }
        self.cleaning.insert(key, remains);
    }

    /// A leftover is gone: who waited for it may come.
    fn cleaned(&mut self, key: &(String, String)) {
        let Some(Some(Remains { job, .. })) = self.cleaning.remove(key) else { return };
        let left = self.leftovers.get_mut(&job).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            self.leftovers.remove(&job);
            self.unsent.extend(self.held.remove(&job).unwrap_or_default());
        }
    }

    /// What earlier programs left to be cleaned up is found by a list.
    pub(super) fn forget_cleaning(&mut self) {
        self.to_clean.clear();
        self.cleaning.clear();
        self.leftovers.clear();
    }

    pub(super) fn forget_job(&mut self, job: JobId) {
        if !self.main_addresses.is_empty() {
            self.main_addresses.retain(|main, _| main.job != job);
        }
    }

    fn confirm(&mut self, id: PodId, uid: String) {
        let lists = self.lists;
        if let Some(pod) = self.by_id.get_mut(&id) {
            pod.uid = Some(uid);
            pod.seen_in.get_or_insert(lists);
        }
    }
}

impl Ledger {
    /// Enters a pod that the core decided upon.
    pub(super) fn note_pod(&mut self, id: PodId, wanted: Wanted) {
        let Some(placed) = self.placed(&wanted, None) else { return };
        let host = placed.node_name.to_owned();
        let Some((namespace, name)) = self.run.name(&placed) else { return };
        self.pods.by_name.insert((namespace.clone(), name.clone()), id);
        let pod = LivePod {
            wanted,
            namespace,
            name,
            host,
            uid: None,
            told: Told::Nothing,
            stuck: false,
            unwanted: false,
            sent: false,
            seen_in: None,
        };
        self.pods.by_id.insert(id, pod);
    }

    fn placed<'a>(&'a self, wanted: &Wanted, script: Option<Script>) -> Option<Placed<'a>> {
        let submitted = self.jobs.get(&wanted.job.job)?;
        let (node_name, node_uid) = self.nodes.object(wanted.node)?;
        Some(Placed {
            job: wanted.job,
            array_size: submitted.array_size,
            spec: wanted.spec,
            queue: submitted.queue,
            attempt: wanted.attempt,
            node_index: wanted.node_index,
            main_address: self.pods.main_addresses.get(&wanted.job).map(String::as_str),
            environment: self.nodes.environment(wanted.node)?,
            node_name,
            node_uid,
            script,
        })
    }

    pub(super) fn create_pod(&mut self, id: PodId, fate: Fate<'_>) -> Option<Act> {
        let pod = self.pods.by_id.get(&id).filter(|pod| !pod.sent && !pod.unwanted && pod.told != Told::Over)?;
        let wanted = pod.wanted;
        if !self.pods.leftovers.is_empty() {
            let job = self.run.job_label(wanted.job, wanted.node_index);
            if self.pods.leftovers.contains_key(&job) {
                tracing::info!(job = %wanted.job, "the next attempt waits until the pod of the last is gone");
                self.pods.held.entry(job).or_default().push(id);
                return None;
            }
        }
        let script = fate(wanted.job, wanted.attempt);
        let pod = self.run.write(&self.placed(&wanted, script)?)?;
        self.pods.by_id.get_mut(&id)?.sent = true;
        Some(Act::CreatePod { namespace: pod.namespace, name: pod.name, manifest: Manifest::from(&pod.manifest) })
    }

    pub(super) fn delete_pod(&mut self, id: PodId) -> Option<Act> {
        let pod = self.pods.by_id.get(&id)?;
        if !pod.sent && pod.uid.is_none() && self.is_synced() {
            // It was held back, and will never be.
            self.pod_lost(id);
            return None;
        }
        Some(Act::DeletePod {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid: pod.uid.clone(),
            grace_seconds: TERMINATION_GRACE_SECONDS,
        })
    }

    /// Deletes what ended attempts leave behind.
    pub(super) fn clean_up(&mut self, acts: &mut Vec<Act>) {
        for Leftover { namespace, name, uid, grace_seconds } in self.pods.to_clean.drain(..) {
            acts.push(Act::DeletePod { namespace, name, uid, grace_seconds });
        }
    }

    pub(super) fn pod_created(&mut self, object: ObjectName) {
        if let Some(&id) = self.pods.by_name.get(&(object.namespace, object.name)) {
            self.pods.confirm(id, object.uid);
        }
    }

    pub(super) fn pod_sighted(&mut self, facts: PodFacts) {
        let key = (facts.namespace.clone(), facts.name.clone());
        self.pods.listed.insert(key.clone());
        let Some(&id) = self.pods.by_name.get(&key) else {
            self.stray_pod(facts);
            return;
        };
        self.pods.confirm(id, facts.uid.clone());
        let Some(pod) = self.pods.by_id.get(&id) else { return };
        if let (Some(ip), Some(_)) = (facts.ip, pod.wanted.node_index) {
            let main = self.run.jobs.get(pod.wanted.spec.index()).and_then(|job| job.nodes).map(|nodes| nodes.main);
            if main == pod.wanted.node_index.map(u32::from) {
                self.pods.main_addresses.insert(pod.wanted.job, ip);
            }
        }
        let (told, stuck) = (pod.told, pod.stuck);
        match facts.phase {
            _ if told == Told::Over => {}
            PodPhase::Stuck(why) if !stuck => self.tell(Event::PodStuck { pod: id, why }),
            PodPhase::Pending | PodPhase::Stuck(_) => {}
            PodPhase::Running => self.pod_runs(id, told),
            PodPhase::Succeeded => {
                self.pod_runs(id, told);
                self.tell(Event::PodSucceeded { pod: id });
            }
            PodPhase::Failed(failure) => {
                // A container that ended has run, even if nobody saw it.
                if matches!(failure, PodFailure::ExitCode(_) | PodFailure::OomKilled) {
                    self.pod_runs(id, told);
                }
                self.tell(Event::PodFailed { pod: id, failure });
            }
        }
    }

    fn pod_runs(&mut self, id: PodId, told: Told) {
        if told == Told::Nothing {
            self.tell(Event::PodRunning { pod: id });
        }
    }

    /// A pod of this run that the core knows nothing of: what is left of an attempt that ended.
    fn stray_pod(&mut self, facts: PodFacts) {
        let key = (facts.namespace, facts.name);
        let over = matches!(facts.phase, PodPhase::Succeeded | PodPhase::Failed(_));
        let known = self.pods.cleaning.contains_key(&key);
        // One that is over lingers, but runs no more.
        self.pods.set_cleaning(key.clone(), (!over).then_some(Remains { job: facts.job, host: facts.node }));
        // One that is being deleted too: a request that broke off can leave it marked, and there for ever.
        if !known {
            let grace_seconds = if over { 0 } else { TERMINATION_GRACE_SECONDS };
            self.out.acts.push(Act::DeletePod { namespace: key.0, name: key.1, uid: Some(facts.uid), grace_seconds });
        }
    }

    pub(super) fn pod_gone(&mut self, object: &ObjectName) {
        let key = (object.namespace.clone(), object.name.clone());
        self.pods.cleaned(&key);
        self.pods.listed.remove(&key);
        if let Some(&id) = self.pods.by_name.get(&key) {
            self.pod_lost(id);
        }
    }

    /// There is no such pod to delete: it is gone, or never was.
    pub(super) fn pod_absent(&mut self, namespace: &str, name: &str) {
        let key = (namespace.to_owned(), name.to_owned());
        self.pods.cleaned(&key);
        if let Some(&id) = self.pods.by_name.get(&key) {
            self.pod_lost(id);
        }
    }

    fn pod_lost(&mut self, id: PodId) {
        if self.pods.by_id.get(&id).is_some_and(|pod| pod.told != Told::Over) {
            self.tell(Event::PodFailed { pod: id, failure: PodFailure::Deleted });
        }
    }

    pub(super) fn pod_refused(&mut self, namespace: &str, name: &str, why: &Refusal) {
        let key = (namespace.to_owned(), name.to_owned());
        let Some(&id) = self.pods.by_name.get(&key) else { return };
        if self.pods.by_id.get(&id).is_some_and(|pod| pod.told == Told::Over) {
            return;
        }
        let failure = match why {
            // As a kubelet that has no room for another pod: the job waits, and no attempt is charged.
            Refusal::Quota(_) => PodFailure::OutOfPods,
            Refusal::Forbidden(_) | Refusal::NameTaken(_) => PodFailure::Refused,
        };
        self.tell(Event::PodFailed { pod: id, failure });
    }

    pub(super) fn pods_listed(&mut self) {
        let listed = std::mem::take(&mut self.pods.listed);
        let lists = self.pods.lists;
        let gone: Vec<_> = self.pods.cleaning.keys().filter(|key| !listed.contains(*key)).cloned().collect();
        let missing: Vec<_> = (self.pods.by_id.iter())
            .filter(|(_, pod)| pod.seen_in.is_some_and(|list| list < lists))
            .filter(|(_, pod)| !listed.contains(&(pod.namespace.clone(), pod.name.clone())))
            .map(|(id, _)| *id)
            .collect();
        for id in missing {
            self.pod_lost(id);
        }
        for key in gone {
            self.pods.cleaned(&key);
        }
    }

    /// The core knows a pod no more.
    pub(super) fn pod_ended(&mut self, id: PodId) {
        let Some(pod) = self.pods.by_id.get(&id) else { return };
        let job = self.run.job_label(pod.wanted.job, pod.wanted.node_index);
        let host_gone = self.nodes.is_gone(pod.wanted.node);
        self.pods.ended(id, job, host_gone);
    }

    /// Pods that an earlier program decided upon: created again where they are not there and never ran, taken for lost
    /// where they ran, deleted again where they are not wanted.
    pub(super) fn reconcile_pods(&mut self) {
        let unsent: Vec<_> = (self.pods.by_id.iter())
            .filter(|(_, pod)| !pod.sent && pod.told != Told::Over)
            .map(|(id, pod)| (*id, pod.uid.is_some(), pod.told, pod.unwanted))
            .collect();
        for (id, there, told, unwanted) in unsent {
            match (there, unwanted) {
                (true, true) => {
                    let act = self.delete_pod(id);
                    self.out.acts.extend(act);
                }
                (true, false) => {}
                (false, true) => self.pod_lost(id),
                (false, false) if told == Told::Running => self.pod_lost(id),
                (false, false) => self.pods.unsent.push(id),
            }
        }
    }

    /// A node that was taken for lost is gone indeed: nobody else ends what was left on it.
    pub(super) fn pods_lose_host(&mut self, host: &str) {
        let on_it = |remains: &Option<Remains>| remains.as_ref().is_some_and(|remains| remains.host == host);
        for ((namespace, name), _) in self.pods.cleaning.iter().filter(|(_, remains)| on_it(remains)) {
            let (namespace, name) = (namespace.clone(), name.clone());
            self.out.acts.push(Act::DeletePod { namespace, name, uid: None, grace_seconds: 0 });
        }
    }

    /// Creates what had to wait for a leftover, and again what an earlier program may not have created.
    pub fn repeat(&mut self, fate: Fate<'_>) -> Vec<Act> {
        let unsent = std::mem::take(&mut self.pods.unsent);
        unsent.into_iter().filter_map(|id| self.create_pod(id, fate)).collect()
    }
}
