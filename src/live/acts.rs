//! What the adapter can do to a cluster. An act is safe to be repeated: it names what it makes, and what it removes by uid.

use hyper::body::Bytes;
use serde_json::Value;

use crate::ids::LaunchId;

/// Label of everything that a run creates: the run's id, a UUID. What lacks it belongs to others and is never touched.
pub const RUN_LABEL: &str = "windtunnel.dev/run";
/// Label of `NodeClaim`s: the launch request that they are part of.
pub const LAUNCH_LABEL: &str = "windtunnel.dev/launch";
/// Who created an object, as Kubernetes recommends to say it.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "windtunnel");

/// A whole object as it goes over the wire. Thousands of them may wait for their turn, and parsed each would take several
/// times as much memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest(Bytes);

impl From<&Value> for Manifest {
    fn from(object: &Value) -> Self {
        let mut text = object.to_string().into_bytes();
        text.shrink_to_fit();
        Self(Bytes::from(text))
    }
}

impl Manifest {
    /// The object, parsed again; null if it is none.
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.0).unwrap_or_default()
    }

    /// The text.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Something to be done. Acts on one object are done in order; on different ones side by side.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Create a pod. That one of its name and run is there already counts as done.
    CreatePod {
        /// `metadata.namespace`.
        namespace: String,
        /// `metadata.name`.
        name: String,
        /// The whole object.
        manifest: Manifest,
    },
    /// Delete a pod of this run. That there is none counts as done.
    DeletePod {
        /// `metadata.namespace`.
        namespace: String,
        /// `metadata.name`.
        name: String,
        /// Only the pod of this uid; where none is known yet, the actuator looks and checks the run's label.
        uid: Option<String>,
        /// From SIGTERM to SIGKILL, seconds; 0 for a pod that is over.
        grace_seconds: u32,
    },
    /// Ask Karpenter for an instance.
    CreateNodeClaim {
        /// The request that it is part of.
        launch: LaunchId,
        /// `metadata.name`.
        name: String,
        /// The whole object.
        manifest: Manifest,
    },
    /// Give an instance back.
    DeleteNodeClaim {
        /// `metadata.name`.
        name: String,
    },
    /// Tell a person or another tool what is wanted: one line of JSON.
    Announce(Box<Value>),
}
