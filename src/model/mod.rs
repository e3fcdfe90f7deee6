//! Nouns of AWS and Kubernetes, spelled as theirs, and the words a scenario is written in.

mod assumptions;
pub mod compute_environment;
pub mod container;
pub mod distribution;
pub mod duration;
pub mod job_definition;
pub mod job_queue;
mod names;
pub mod pod;
mod problem;
pub mod quantity;
mod resources;
pub mod security_context;
mod strategy;
pub mod submit_job;
pub mod volume;

pub use assumptions::{Assumption, Assumptions};
pub use compute_environment::ComputeEnvironment;
pub use distribution::Distribution;
pub use job_definition::JobDefinition;
pub use job_queue::JobQueue;
pub use names::{JobSpecName, Names};
pub use problem::Problem;
pub use resources::Resources;
pub use strategy::{AllocationStrategy, BestFitObjective, DecayShape, FleetStrategy, PurchaseOption, SpillPolicy};
pub use submit_job::SubmitJob;
