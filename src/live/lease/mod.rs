//! Two instances must never drive one compute environment: each holds a lease on it while it may write.
//!
//! Kubernetes has leases of its own, but the rules that AWS documents for AWS Batch's user grant none. What they do grant is
//! everything about pods in the environment's namespace, and the adapter needs that anyway. So the lease is kept in the
//! metadata of a pod that never runs: `windtunnel-lease.<environment's uuid>`, with a scheduling gate that nobody lifts, so
//! that no scheduler places it and no autoscaler counts it. One mechanism, under every set of rules.
//!
//! It is taken by creating the pod, which only one of several can; renewed by a patch that names the version that it
//! changes, so that a renewal which crosses someone else's takeover fails; and given back by deleting that version.
//! A lease is dead when nobody has renewed it for its duration **as counted by whoever wants it**: clocks of two machines are
//! never compared, the times in the annotations are for people. Who holds it counts from the moment before the last
//! renewal was sent, by its own monotonic clock, and stops a third of the duration early, whether or not the API server
//! answers. A restart under the same run's id takes it over at once: the journal is locked, so the old process is dead.
//!
//! `record` is what is written and read, `take` the way to it, `keep` renewal and release; `hold` is what writers look at.

mod hold;
mod keep;
mod record;
mod take;

#[cfg(test)]
mod on_cluster;
#[cfg(test)]
mod tests;

pub use hold::Hold;
pub use keep::Lease;
