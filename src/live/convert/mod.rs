//! Kubernetes' objects as facts, and nothing else: no clock, no calls, no memory of what was before.
//!
//! `objects` is what is read of an object (the rest of it is never kept), `quantity` how much `500m` is, `requests` what a
//! pod asks for; `node`, `pod` (with `failure`: why one ended), `daemon_set` and `node_claim` a kind each; `room` what is
//! left of a node for jobs.

pub mod daemon_set;
mod failure;
pub mod node;
pub mod node_claim;
pub mod objects;
pub mod pod;
pub mod quantity;
pub mod requests;
pub mod room;
