//! Windtunnel puts a real batch scheduler into a synthetic cluster: simulation and capacity planning for AWS Batch on
//! Amazon EKS.

pub mod cli;
pub mod driver;
pub mod ids;
pub mod metrics;
pub mod model;
pub mod report;
pub mod scheduler;
pub mod sim;
pub mod units;
