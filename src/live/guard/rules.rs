//! What may be written. Judged are the bytes that go out, at the last moment; whoever wrote them, and whatever for.
//!
//! A pod is created only in a namespace of the scenario, under a name that an attempt has, with the labels of this run and of
//! AWS Batch, on a node that was seen with the label of one of the run's environments. Something is deleted only if this
//! run created it: that is known of what was created here, and looked up by its label otherwise. So nothing of AWS Batch
//! itself is ever touched, for what it makes lacks the run's label and its nodes carry the uuids of its own environments.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::time::Instant;

use crate::live::acts::{MANAGED_BY, RUN_LABEL};
use crate::live::guard::removals::Removals;
use crate::live::settings::LiveSettings;
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, JOB_ID_LABEL, NODE_UID_LABEL};

/// What a run is allowed to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The run's id, a UUID.
    pub run: String,
    /// Namespaces that the scenario names.
    pub namespaces: BTreeSet<String>,
    /// `uuid`s of its compute environments.
    pub environments: BTreeSet<String>,
}

impl Scope {
    /// What the names of this run's `NodeClaim`s begin with.
    pub fn claim_prefix(&self) -> String {
        claim_prefix(&self.run)
    }
}

/// What the names of a run's `NodeClaim`s begin with.
pub(in crate::live) fn claim_prefix(run: &str) -> String {
    format!("windtunnel-{}-", run.get(..8).unwrap_or(run))
}

/// An object, by what it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A pod.
    Pod {
        /// `metadata.namespace`.
        namespace: String,
        /// `metadata.name`.
        name: String,
    },
    /// A `NodeClaim`.
    NodeClaim {
        /// `metadata.name`.
        name: String,
    },
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pod { namespace, name } => write!(f, "pod {namespace}/{name}"),
            Self::NodeClaim { name } => write!(f, "NodeClaim {name}"),
        }
    }
}

/// A write, as it is about to be sent.
#[derive(Debug, Clone, Copy)]
pub enum Write<'a> {
    /// Create this object: its JSON.
    Create(&'a Key, &'a [u8]),
    /// Delete what is called so.
    Delete(&'a Key),
}

/// The guard of a run. Clones share what they know.
#[derive(Debug, Clone)]
pub struct Guard {
    scope: Arc<Scope>,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug)]
struct Known {
    removals: Removals,
    /// What this process created, or was told of with the run's label, with its uid.
    own: BTreeMap<Key, String>,
}

/// What is judged of an object's JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    spec: Spec<'a>,
}

#[derive(Debug, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow)]
    node_name: Option<Cow<'a, str>>,
}

impl Guard {
    /// A guard that knows no node yet.
    pub fn new(scope: Scope, settings: &LiveSettings) -> Self {
        let known = Known { removals: Removals::new(settings.node_removal_percent), own: BTreeMap::new() };
        Self { scope: Arc::new(scope), known: Arc::new(Mutex::new(known)) }
    }

    /// A node was seen with the label of this environment: pods may be put there. `false`, and nothing is allowed, where
    /// the environment is none of the run's.
    pub fn allow_node(&self, name: &str, environment_uuid: &str) -> bool {
        let own = self.scope.environments.contains(environment_uuid);
        if own {
            self.known().removals.add(name, environment_uuid);
        } else {
            self.known().removals.drop_node(name);
        }
        own
    }

    /// A node is there no more, or its label is not.
    pub fn forget_node(&self, name: &str) {
        self.known().removals.drop_node(name);
    }

    /// An object of this run is there: it was created, or seen with the run's label. Saves a look before it is deleted.
    pub fn know(&self, key: Key, uid: String) {
        self.known().own.insert(key, uid);
    }

    /// An object is there no more.
    pub fn forget(&self, key: &Key) {
        self.known().own.remove(key);
    }

    /// The uid of an object that is known to be this run's.
    pub fn uid(&self, key: &Key) -> Option<String> {
        self.known().own.get(key).cloned()
    }

    /// Judges a write; an error says why not.
    pub fn check(&self, write: &Write<'_>) -> Result<(), String> {
        match *write {
            Write::Delete(key) => self.check_key(key),
            Write::Create(key, body) => {
                self.check_key(key)?;
                let sent: Sent<'_> =
                    serde_json::from_slice(body).map_err(|error| format!("it can't be judged: {error}"))?;
                self.check_labels(&sent.metadata.labels)?;
                match key {
                    Key::Pod { namespace, name } => self.check_pod(namespace, name, &sent),
                    Key::NodeClaim { name } => check_claim(name, &sent),
                }
            }
        }
    }

    /// Judges an object that was looked up before it is deleted: it must be this run's.
    pub fn check_found(&self, labels: &BTreeMap<String, String>) -> Result<(), String> {
        match labels.get(RUN_LABEL) {
            Some(run) if *run == self.scope.run => Ok(()),
            Some(run) => Err(format!("it is of run {run}, not of {}", self.scope.run)),
            None => Err(format!("it lacks the label {RUN_LABEL}: it belongs to others")),
        }
    }

    /// Takes leave to remove a node, or says when to ask again: only so many of an environment's nodes go within a minute.
    pub fn take_removal(&self, node: &str, now: Instant) -> Result<(), Instant> {
        self.known().removals.take(node, now)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whoever panicked while holding it left maps that are whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_key(&self, key: &Key) -> Result<(), String> {
        match key {
            Key::Pod { namespace, name } => {
                if !self.scope.namespaces.contains(namespace) {
                    return Err(format!("namespace `{namespace}` is none that the scenario names"));
                }
                if !is_pod_name(name) {
                    return Err(format!("`{name}` is no name of an attempt's pod"));
                }
            }
            Key::NodeClaim { name } => {
                let prefix = self.scope.claim_prefix();
                if !name.starts_with(&prefix) || !is_plain(name) {
                    return Err(format!("`{name}` is no name of a NodeClaim of this run: those begin with `{prefix}`"));
                }
            }
        }
        Ok(())
    }

    fn check_labels(&self, labels: &BTreeMap<String, String>) -> Result<(), String> {
        self.check_found(labels)?;
        if labels.get(MANAGED_BY.0).is_none_or(|by| by != MANAGED_BY.1) {
            return Err(format!("it lacks the label {}={}", MANAGED_BY.0, MANAGED_BY.1));
        }
        match labels.get(COMPUTE_ENVIRONMENT_LABEL) {
            Some(uuid) if self.scope.environments.contains(uuid) => Ok(()),
            Some(uuid) => Err(format!("{COMPUTE_ENVIRONMENT_LABEL}={uuid} is no environment of this run")),
            None => Err(format!("it lacks the label {COMPUTE_ENVIRONMENT_LABEL}")),
        }
    }

    fn check_pod(&self, namespace: &str, name: &str, sent: &Sent<'_>) -> Result<(), String> {
        if sent.api_version != "v1" || sent.kind != "Pod" {
            return Err(format!("it is a {} of {}, not a pod", sent.kind, sent.api_version));
        }
        if sent.metadata.name != name || sent.metadata.namespace.as_deref() != Some(namespace) {
            return Err("its name or namespace is another inside".to_owned());
        }
        for label in [JOB_ID_LABEL, NODE_UID_LABEL] {
            if sent.metadata.labels.get(label).is_none_or(String::is_empty) {
                return Err(format!("it lacks the label {label}"));
            }
        }
        let Some(node) = sent.spec.node_name.as_deref() else {
            return Err("it names no node: someone else's scheduler would place it".to_owned());
        };
        let own = sent.metadata.labels.get(COMPUTE_ENVIRONMENT_LABEL).map(String::as_str);
        match self.known().removals.environment(node) {
            Some(environment) if Some(environment) == own => Ok(()),
            Some(environment) => Err(format!("node `{node}` belongs to environment {environment}, the pod to another")),
            None => Err(format!("node `{node}` is not known to carry the label of one of the run's environments")),
        }
    }
}

fn check_claim(name: &str, sent: &Sent<'_>) -> Result<(), String> {
    if sent.api_version != "karpenter.sh/v1" || sent.kind != "NodeClaim" {
        return Err(format!("it is a {} of {}, not a NodeClaim", sent.kind, sent.api_version));
    }
    if sent.metadata.name != name || sent.metadata.namespace.is_some() {
        return Err("its name is another inside, or it has a namespace".to_owned());
    }
    Ok(())
}

/// `aws-batch.` and a UUID of version 3, as attempts' pods are called.
fn is_pod_name(name: &str) -> bool {
    let Some(uuid) = name.strip_prefix("aws-batch.") else { return false };
    uuid.len() == 36
        && uuid.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            14 => c == '3',
            _ => c.is_ascii_digit() || ('a'..='f').contains(&c),
        })
}

/// Nothing that would mean something in a path.
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
}

#[cfg(test)]
mod tests;
