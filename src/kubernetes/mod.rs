//! What is read of Kubernetes' objects and what follows from them alone, whether they come from an API server or from a file
//! that kubectl wrote: no clock, no calls, no memory of what was before.
//!
//! `objects` is what is read of an object (the rest of it is never kept), `labels` what nodes carry, `quantity` how much
//! `500m` is, `requests` what a pod asks for, `daemon_set` where one wants pods, `room` what others leave of a node.

pub mod daemon_set;
pub mod labels;
pub mod objects;
pub mod quantity;
pub mod requests;
pub mod room;
