//! What is kept of a cluster's objects while they pass by: nodes, daemonsets, and of pods what they take.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::import::kubectl::items;
use crate::import::notes::Notes;
use crate::import::unpacked::unpacked;
use crate::kubernetes::daemon_set::DaemonSet;
use crate::kubernetes::objects::{DaemonSetObject, NodeObject, PodObject};
use crate::kubernetes::requests;
use crate::kubernetes::room::{Taken, daemon_set_of, is_over};
use crate::model::Resources;
use crate::pod::JOB_ID_LABEL;

/// A file that holds nothing that kubectl writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}: give what `kubectl get nodes,daemonsets,pods -A -o json` prints")]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub message: String,
}

/// A pod of someone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) place: String,
    pub(super) requests: Resources,
}

/// Objects read so far.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub(super) nodes: BTreeMap<String, NodeObject>,
    pub(super) daemon_sets: Vec<DaemonSet>,
    /// Whether any file told of pods, daemonsets.
    pub(super) pods: u64,
    /// What pods other than AWS Batch's take.
    pub(super) taken: Taken,
    /// Running pods of others that no daemonset owns, by node.
    pub(super) foreign: BTreeMap<String, Vec<Foreign>>,
    /// Pods of AWS Batch's jobs, by node.
    pub(super) of_batch: BTreeMap<String, u64>,
    pub(super) notes: Notes,
    /// Objects seen, so that none counts twice.
    seen: BTreeSet<String>,
}

impl Reading {
    /// Reads a file, gzipped or not. A file that breaks off is used as far as it goes, and told.
    pub fn read(&mut self, file: &str, from: impl Read) -> Result<(), Unreadable> {
        let unreadable = |message: String| Unreadable { file: file.to_owned(), message };
        let from = unpacked(from).map_err(|error| unreadable(error.to_string()))?;
        let mut count = 0_u64;
        let read = items::each(from, |item| {
            self.take(&format!("{file} /items/{count}"), item);
            count += 1;
        });
        match read {
            Err(error) if count == 0 => Err(unreadable(error.to_string())),
            Err(error) => {
                let place = format!("{file} after {count} objects: {error}");
                self.notes
                    .leave_out("rests of files that could not be read: what is missing there is missing here", place);
                Ok(())
            }
            Ok(()) if count == 0 => Err(unreadable("it holds no objects".to_owned())),
            Ok(()) => Ok(()),
        }
    }

    fn take(&mut self, place: &str, item: Value) {
        let kind = item["kind"].as_str().unwrap_or_default().to_owned();
        let meta = &item["metadata"];
        let text = |key: &str| meta[key].as_str().unwrap_or_default();
        let named = format!("{} {}/{}", kind.to_lowercase(), text("namespace"), text("name"));
        let id = if text("uid").is_empty() { named.clone() } else { text("uid").to_owned() };
        if !matches!(kind.as_str(), "Node" | "DaemonSet" | "Pod") {
            self.notes.leave_out("objects that are no nodes, daemonsets or pods", place);
        } else if text("name").is_empty() {
            self.notes.leave_out("objects without a name", place);
        } else if !self.seen.insert(id) {
            self.notes.leave_out("objects that came before, with the same uid", format!("{place}, {named}"));
        } else {
            match kind.as_str() {
                "Node" => {
                    if let Some(node) = self.typed::<NodeObject>(place, item) {
                        self.nodes.insert(node.metadata.name.clone(), node);
                    }
                }
                "DaemonSet" => {
                    if let Some(set) = self.typed::<DaemonSetObject>(place, item) {
                        self.daemon_sets.push(DaemonSet::of(set));
                    }
                }
                _ => {
                    if let Some(pod) = self.typed::<PodObject>(place, item) {
                        self.pod(&pod);
                    }
                }
            }
        }
    }

    fn typed<T: DeserializeOwned>(&mut self, place: &str, item: Value) -> Option<T> {
        let read = serde_json::from_value(item);
        if let Err(error) = &read {
            self.notes.leave_out("objects that are not formed as Kubernetes forms them", format!("{place}: {error}"));
        }
        read.ok()
    }

    fn pod(&mut self, pod: &PodObject) {
        self.pods += 1;
        let node = &pod.spec.node_name;
        if is_over(pod) {
            self.notes.leave_out_many("pods that are over: they take no room", 1);
        } else if node.is_empty() {
            self.notes.leave_out_many("pods that have no node yet: where they will be is not known", 1);
        } else if pod.metadata.labels.contains_key(JOB_ID_LABEL) {
            *self.of_batch.entry(node.clone()).or_default() += 1;
        } else {
            self.taken.add(pod);
            if daemon_set_of(pod).is_none() {
                let place = format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
                let requests = requests::of_pod(&pod.spec);
                self.foreign.entry(node.clone()).or_default().push(Foreign { place, requests });
            }
        }
    }
}
