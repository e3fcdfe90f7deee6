//! How a command ends: an exit status that scripts can rely on, and a message that says what to do.

/// How a command that did not fail ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Exit code 0.
    Done,
    /// Exit code 3: an objective is not met, or a replay diverged.
    Diverged,
    /// Exit code 130: Ctrl-C.
    Interrupted,
}

/// How a command fails. The message is complete: it names the thing, the place and the way out.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Exit code 1: the run failed.
    #[error("{0}")]
    Failed(String),
    /// Exit code 2: bad usage or bad input.
    #[error("{0}")]
    BadInput(String),
    /// Exit code 130: Ctrl-C.
    #[error("{0}")]
    Interrupted(String),
}

impl ExitStatus {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Diverged => 3,
            Self::Interrupted => 130,
        }
    }
}

impl CliError {
    /// The process's exit code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::BadInput(_) => 2,
            Self::Interrupted(_) => ExitStatus::Interrupted.code(),
        }
    }
}
