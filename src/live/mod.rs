//! A real cluster as a world: the same core, the same seam, and an adapter between them. The only async code of the
//! project, behind the feature `live`.
//!
//! `facts.rs` is what the adapter knows of a cluster and `acts.rs` what it can do to one: small records, and the language
//! between the parts. `observe/` turns Kubernetes' objects into facts (`convert/`, pure) as they change, `snapshot.rs` looks
//! once; `preflight/` asks before a run whether all is there that it needs, `rbac/` holds the permissions; `actuate/` turns
//! acts into calls, under the `guard`; `backend.rs` says who provides capacity, `pods.rs` writes pods. Between them stands `ledger`, which knows which of the
//! core's ids stands for which object: pure, so that a journal can rebuild it. `clock` maps the wall clock to the run's time,
//! `settings.rs` is what a person can set, `error.rs` what can go wrong.

pub mod acts;
pub mod backend;
pub mod clock;
pub mod convert;
pub mod error;
pub mod facts;
pub mod observe;
pub mod pods;
pub mod preflight;
pub mod rbac;
pub mod settings;
pub mod snapshot;
