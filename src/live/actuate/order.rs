//! An act as it waits: who it is about, and the bytes that will go out.

use std::sync::Arc;

use hyper::body::Bytes;

use crate::live::acts::Act;
use crate::live::guard::Key;

/// An act, ready to be carried out.
#[derive(Debug)]
pub(super) struct Order {
    /// The object: acts on one are done in order.
    pub(super) key: Arc<Key>,
    /// What is to be done to it.
    pub(super) what: What,
    /// Tries that came to nothing.
    pub(super) tries: u32,
}

/// What is to be done to an object.
#[derive(Debug)]
pub(super) enum What {
    CreatePod { body: Bytes },
    DeletePod { uid: Option<String>, grace_seconds: u32 },
    CreateNodeClaim { body: Bytes },
    DeleteNodeClaim,
}

/// What an act becomes.
#[derive(Debug)]
pub(super) enum Taken {
    /// Something for the API server.
    Order(Order),
    /// A line for whoever listens.
    Line(Vec<u8>),
}

impl Order {
    /// The kind of act, as figures and logs call it.
    pub(super) const fn kind(&self) -> &'static str {
        match self.what {
            What::CreatePod { .. } => "create_pod",
            What::DeletePod { .. } => "delete_pod",
            What::CreateNodeClaim { .. } => "create_node_claim",
            What::DeleteNodeClaim => "delete_node_claim",
        }
    }
}

impl From<Act> for Taken {
    fn from(act: Act) -> Self {
        let (key, what) = match act {
            Act::CreatePod { namespace, name, manifest } => {
                (Key::Pod { namespace, name }, What::CreatePod { body: manifest.into_bytes() })
            }
            Act::DeletePod { namespace, name, uid, grace_seconds } => {
                (Key::Pod { namespace, name }, What::DeletePod { uid, grace_seconds })
            }
            Act::CreateNodeClaim { launch: _, name, manifest } => {
                (Key::NodeClaim { name }, What::CreateNodeClaim { body: manifest.into_bytes() })
            }
            Act::DeleteNodeClaim { name } => (Key::NodeClaim { name }, What::DeleteNodeClaim),
            Act::Announce(value) => {
                let mut line = value.to_string().into_bytes();
                line.push(b'\n');
                return Self::Line(line);
            }
        };
        Self::Order(Order { key: Arc::new(key), what, tries: 0 })
    }
}
