//! What a live run tells of itself while it goes on: log lines on standard error (`log`), figures for Prometheus
//! (`metrics`), and the port on the loopback device where both they and a sign of life can be fetched (`endpoint`).

pub mod endpoint;
pub mod log;
pub mod metrics;

pub use endpoint::Endpoint;
pub use log::LogFormat;
pub use metrics::Metrics;
