//! Windtunnel puts a real batch scheduler into a synthetic cluster: simulation and capacity planning for AWS Batch on
//! Amazon EKS.

pub mod catalog;
pub mod cli;
pub mod driver;
pub mod ids;
pub mod import;
pub mod journal;
pub mod metrics;
pub mod model;
pub mod report;
pub mod scenario;
pub mod scheduler;
pub mod sim;
pub mod units;
pub mod wheel;
