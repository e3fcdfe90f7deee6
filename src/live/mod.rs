//! A real cluster as a world: the same core, the same seam, and an adapter between them. The only async code of the
//! project, behind the feature `live`.
//!
//! `facts.rs` is what the adapter knows of a cluster and `acts.rs` what it can do to one: small records, and the language
//! between the parts. `observe/` turns Kubernetes' objects into facts (`convert/`, pure) as they change; `actuate/` turns
//! acts into calls, under the `guard` and while the `lease` lasts. Between them stands `ledger`, which knows which of the
//! core's ids stands for which object: pure, so that a journal can rebuild it. `cluster.rs` is all that as a driver, `record.rs`
//! its journal, `session.rs` a program from the kubeconfig to the last word.
//!
//! `backend.rs` says who provides capacity, `pods.rs` writes pods and `claims.rs` `NodeClaim`s, `jobs/` is where jobs come from,
//! `clock` maps the wall clock to the run's time. `connect.rs` is the way to a cluster; `snapshot` is one look at it, `folded.rs`
//! what a core makes of that, `dry_run/` what it would do. `preflight/` asks for all that a run will need, by the one table in
//! `rbac/`. `telemetry/` tells what goes on, `settings.rs` is what a person can set, `error.rs` what can go wrong.

pub mod acts;
pub mod actuate;
pub mod backend;
pub mod claims;
pub mod clock;
pub mod cluster;
pub mod connect;
pub mod convert;
pub mod dry_run;
pub mod error;
pub mod facts;
pub mod folded;
pub mod guard;
pub mod jobs;
pub mod lease;
pub mod ledger;
pub mod observe;
pub mod pods;
pub mod preflight;
pub mod rbac;
pub mod record;
pub mod session;
pub mod settings;
pub mod snapshot;
pub mod telemetry;
