//! Nouns of AWS and Kubernetes, spelled as theirs, and the words a scenario is written in.
//!
//! A document's rules stand in two places, each rule in one: what a schema can say (types, ranges, lengths, alphabets)
//! in its fields' attributes, the rest in `problems()`. `effective` says what documents mean together.

mod assumptions;
pub mod compute_environment;
pub mod consumable_resource;
pub mod container;
pub mod distribution;
pub mod duration;
pub mod ec2_configuration;
mod effective;
pub mod job_definition;
pub mod job_queue;
pub mod launch_template;
pub mod metadata;
mod names;
pub mod node_overrides;
pub mod node_properties;
pub mod operations;
mod parameters;
pub mod pod;
pub mod pod_override;
mod problem;
pub mod quantity;
pub mod range;
mod resources;
pub mod retry;
pub mod scheduling_policy;
pub mod security_context;
mod strategy;
pub mod submit_job;
mod tags;
mod text;
pub mod volume;

pub use assumptions::{Assumption, Assumptions};
pub use compute_environment::ComputeEnvironment;
pub use consumable_resource::ConsumableResource;
pub use distribution::Distribution;
pub use effective::{EffectiveJob, Nodes, PodGroup, effective};
pub use job_definition::JobDefinition;
pub use job_queue::JobQueue;
pub use names::{JobSpecName, Names};
pub use parameters::ParameterSubstitution;
pub use problem::Problem;
pub use resources::Resources;
pub use scheduling_policy::SchedulingPolicy;
pub use strategy::{AllocationStrategy, BestFitObjective, DecayShape, FleetStrategy, PurchaseOption, SpillPolicy};
pub use submit_job::SubmitJob;
