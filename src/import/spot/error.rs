//! What is wrong with a recorded market, and where.

/// A fault in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message} ({help})")]
pub struct SpotError {
    /// JSON pointer into the file; behind `page N` where it has several.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
}

impl SpotError {
    pub(super) fn new(pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: help.into() }
    }
}

/// So many faults of a file are told.
pub(super) const TOLD: usize = 20;
