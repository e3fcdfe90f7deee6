//! Why an archive makes no scenario.

/// What is wrong, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {help}")]
pub struct WorkError {
    /// The thing, and where it stands.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl WorkError {
    pub(in crate::import) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}
