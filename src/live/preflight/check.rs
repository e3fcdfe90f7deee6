//! What a check found.

use crate::live::observe::call::CallError;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It holds.
    Ok,
    /// Nobody could look.
    NotChecked,
    /// It may go wrong.
    Warning,
    /// It will go wrong.
    Failed,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was asked, in a few words.
    pub name: String,
    /// How it went.
    pub status: Status,
    /// What was found.
    pub detail: String,
    /// What mends it: YAML, or a command.
    pub fix: Option<String>,
}

impl Check {
    /// It holds.
    pub(super) fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Ok, detail: detail.into(), fix: None }
    }

    /// It will go wrong.
    pub(super) fn failed(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status: Status::Failed, ..Self::ok(name, detail) }
    }

    /// It may go wrong.
    pub(super) fn warning(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status: Status::Warning, ..Self::ok(name, detail) }
    }

    /// Nobody could look.
    pub(super) fn not_checked(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status: Status::NotChecked, ..Self::ok(name, detail) }
    }

    /// What a call that failed leaves unknown: where looking is forbidden, nothing follows from it.
    pub(super) fn unknown(name: impl Into<String>, error: &CallError) -> Self {
        if error.is_forbidden() {
            Self::not_checked(name, "the user may not look")
        } else {
            Self::failed(name, error.to_string())
        }
    }

    /// With what mends it.
    pub(super) fn mended_by(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}
