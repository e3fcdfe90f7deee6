//! Kubernetes' objects as facts, and nothing else: no clock, no calls, no memory of what was before.
//!
//! `node`, `pod` (with `failure`: why one ended) and `node_claim` are a kind each. What follows from objects without a cluster
//! that lives is in `crate::kubernetes`.

mod failure;
pub mod node;
pub mod node_claim;
pub mod pod;
