//! When nodes and pods were what, for whoever measures: the times of Kubernetes' objects, and nothing else of them.
//!
//! Kubernetes writes them in whole seconds.

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::Value;

use crate::import::aws::timestamp;
use crate::import::kubectl::items;
use crate::import::kubectl::reading::Unreadable;
use crate::import::notes::Notes;
use crate::import::unpacked::unpacked;
use crate::kubernetes::labels::INSTANCE_TYPE_LABEL;
use crate::pod::JOB_ID_LABEL;

/// A node. Times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeTime {
    /// Its name.
    pub name: String,
    /// What EC2 calls it, if its providerID says so.
    pub instance_id: Option<String>,
    /// Its type, if a label says so.
    pub instance_type: Option<String>,
    /// When its kubelet registered.
    pub created: u64,
    /// When it became Ready, if it is: the last time that it did.
    pub ready: Option<u64>,
    /// When its deletion was asked for, if it was.
    pub deleted: Option<u64>,
}

/// A pod of a job of AWS Batch that started, once. Times in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTime {
    /// Namespace and name.
    pub name: String,
    /// Where it runs.
    pub node: String,
    /// Its containers' images.
    pub images: String,
    /// When AWS Batch created it: it had chosen the node.
    pub created: u64,
    /// When its first container started.
    pub started: u64,
}

/// Times of a cluster's objects.
#[derive(Debug, Clone, Default)]
pub struct Times {
    /// By name.
    pub nodes: BTreeMap<String, NodeTime>,
    /// By namespace and name.
    pub pods: BTreeMap<String, PodTime>,
    /// What was left out.
    pub notes: Notes,
}

impl Times {
    /// Reads a file, gzipped or not. One that breaks off is used as far as it goes, and told.
    pub fn read(&mut self, file: &str, from: impl Read) -> Result<(), Unreadable> {
        let unreadable = |message: String| Unreadable { file: file.to_owned(), message };
        let from = unpacked(from).map_err(|error| unreadable(error.to_string()))?;
        let mut count = 0_u64;
        let read = items::each(from, |item| {
            self.take(&format!("{file} /items/{count}"), &item);
            count += 1;
        });
        match read {
            Err(error) if count == 0 => Err(unreadable(error.to_string())),
            Err(error) => {
                self.notes.leave_out("rests of files that could not be read", format!("{file} after {count}: {error}"));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn take(&mut self, place: &str, item: &Value) {
        match item["kind"].as_str() {
            Some("Node") => self.node(place, item),
            Some("Pod") => self.pod(place, item),
            _ => self.notes.leave_out("objects that are no nodes or pods", place),
        }
    }

    fn node(&mut self, place: &str, item: &Value) {
        let meta = &item["metadata"];
        let (name, created) = (meta["name"].as_str().unwrap_or_default(), time(&meta["creationTimestamp"]));
        let Some(created) = created.filter(|_| !name.is_empty()) else {
            return self.notes.leave_out("nodes without a name or a creationTimestamp", place);
        };
        let ready = condition(item, "Ready");
        let since = ready.and_then(|ready| time(&ready["lastTransitionTime"]));
        match ready.map(|ready| ready["status"].as_str().unwrap_or_default()) {
            None => self.notes.leave_out("nodes without the condition Ready, as how long a start takes", name),
            Some("True") if since.is_none() => {
                self.notes.leave_out("nodes whose condition Ready has no lastTransitionTime", name);
            }
            Some("True") => {}
            Some(_) => self.notes.leave_out("nodes that are not Ready, as how long a start takes", name),
        }
        let is_ready = ready.is_some_and(|ready| ready["status"] == "True");
        let provider = item["spec"]["providerID"].as_str().and_then(|id| id.rsplit('/').next());
        let node = NodeTime {
            name: name.to_owned(),
            instance_id: provider.filter(|id| id.starts_with("i-")).map(str::to_owned),
            instance_type: meta["labels"][INSTANCE_TYPE_LABEL].as_str().map(str::to_owned),
            created,
            ready: since.filter(|_| is_ready),
            deleted: time(&meta["deletionTimestamp"]),
        };
        if self.nodes.insert(name.to_owned(), node).is_some() {
            self.notes.leave_out("nodes that stand in the files more than once: the last one counts", name);
        }
    }

    fn pod(&mut self, place: &str, item: &Value) {
        let (meta, spec, status) = (&item["metadata"], &item["spec"], &item["status"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = format!("{}/{}", text(&meta["namespace"]), text(&meta["name"]));
        if meta["labels"][JOB_ID_LABEL].is_null() {
            return self.notes.leave_out("pods that are not of AWS Batch: they may have waited for a node", name);
        }
        let Some(created) = time(&meta["creationTimestamp"]) else {
            return self.notes.leave_out("pods without a creationTimestamp", place);
        };
        if spec["initContainers"].as_array().is_some_and(|init| !init.is_empty()) {
            return self.notes.leave_out("pods with init containers: their run is no part of a start", name);
        }
        let of_pod = || status["containerStatuses"].as_array().into_iter().flatten();
        if of_pod().any(|container| container["restartCount"].as_u64() > Some(0)) {
            return self.notes.leave_out("pods whose containers were restarted: their first start is not told", name);
        }
        let starts = of_pod().filter_map(|container| {
            let state = &container["state"];
            time(&state["running"]["startedAt"]).or_else(|| time(&state["terminated"]["startedAt"]))
        });
        let Some(started) = starts.min() else {
            return self.notes.leave_out("pods that never started", name);
        };
        let mut images: Vec<_> =
            spec["containers"].as_array().into_iter().flatten().map(|container| text(&container["image"])).collect();
        images.sort_unstable();
        let pod =
            PodTime { name: name.clone(), node: text(&spec["nodeName"]), images: images.join(" "), created, started };
        if pod.node.is_empty() {
            return self.notes.leave_out("pods that started without a nodeName", name);
        }
        if self.pods.insert(name.clone(), pod).is_some() {
            self.notes.leave_out("pods that stand in the files more than once: the last one counts", name);
        }
    }
}

fn condition<'a>(item: &'a Value, kind: &str) -> Option<&'a Value> {
    item["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

fn time(written: &Value) -> Option<u64> {
    written.as_str().and_then(timestamp)
}
