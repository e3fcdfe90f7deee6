//! What can go wrong between the adapter and a cluster, each with the way out.

use crate::driver::DriverError;

/// Why the adapter can't go on.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The kubeconfig, its context or its credentials.
    #[error("{context}: {source}")]
    Config {
        /// What was being done, and the way out.
        context: String,
        /// What the client library says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A call that the API server refused, or that never reached it.
    #[error("{context}: {source}")]
    Api {
        /// What was being done, and the way out.
        context: String,
        /// What the client library says.
        source: Box<kube::Error>,
    },
    /// A call that the user may not make.
    #[error(
        "{context}: {message}; `windtunnel live SCENARIO --print-rbac --user NAME` prints what the user must be allowed"
    )]
    Forbidden {
        /// What was being done.
        context: String,
        /// The API server's words: who may not do what.
        message: String,
    },
    /// Something that stands against the run, in words of its own.
    #[error("{0}")]
    Refused(String),
}

impl LiveError {
    /// An error of a call.
    pub fn api(context: impl Into<String>, source: kube::Error) -> Self {
        Self::Api { context: context.into(), source: Box::new(source) }
    }
}

impl From<LiveError> for DriverError {
    fn from(error: LiveError) -> Self {
        Self::World(Box::new(error))
    }
}
