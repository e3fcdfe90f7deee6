//! How the control plane says no: AWS's exception, its message, and every fault of the document with its JSON pointer.

use std::fmt;

use crate::model::Problem;

/// A call that AWS Batch would refuse. Shown as the AWS command line shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("An error occurred ({exception}) when calling the {operation} operation: {}", self.message())]
pub struct BatchError {
    /// Whose fault it is.
    pub exception: Exception,
    /// The operation, by AWS's name.
    pub operation: &'static str,
    /// All that is wrong; pointers start at the root of the call's input. Empty only where something is wrong with what
    /// the input names, and that has been said.
    pub problems: Vec<Problem>,
}

/// Whose fault a refusal is. Source: `API:ClientException`, `API:ServerException`; there are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exception {
    /// The caller's.
    ClientException,
    /// AWS Batch's: here only that ids are used up.
    ServerException,
}

impl Exception {
    /// AWS's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientException => "ClientException",
            Self::ServerException => "ServerException",
        }
    }

    /// The HTTP status that comes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::ClientException => 400,
            Self::ServerException => 500,
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl BatchError {
    /// All faults in one sentence.
    pub fn message(&self) -> String {
        if self.problems.is_empty() {
            return "the input names something that is itself at fault".to_owned();
        }
        self.problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
    }

    pub(super) const fn client(operation: &'static str, problems: Vec<Problem>) -> Self {
        Self { exception: Exception::ClientException, operation, problems }
    }

    /// The caller's faults, each said once, if there are any.
    pub(super) fn check(operation: &'static str, all: Vec<Problem>) -> Result<(), Self> {
        let mut problems: Vec<Problem> = Vec::new();
        for problem in all {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Self::client(operation, problems)) }
    }

    /// One fault of the caller.
    pub(super) fn refused(operation: &'static str, problem: Problem) -> Self {
        Self::client(operation, vec![problem])
    }

    /// No id is left.
    pub(super) fn exhausted(operation: &'static str, what: &str) -> Self {
        let problem = Problem::new("", format!("no id is left for another {what}"), "create fewer over one run");
        Self { exception: Exception::ServerException, operation, problems: vec![problem] }
    }
}
