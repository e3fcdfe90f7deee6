//! `evaluateOnExit` without its strings: which kinds of ends a condition matches. The status reasons are those that
//! `history` tells of such an end. Source: `API:EvaluateOnExit`, `UG:job_retries`. Knows no job.

use crate::history::status_reason;
use crate::model::Assumptions;
use crate::model::retry::{EvaluateOnExit, RetryAction, RetryStrategy};
use crate::scheduler::{EndKind, ExitCodePattern, ExitRule};

/// Where a text differs from attempt to attempt.
const VARIABLE: char = '{';

/// What AWS Batch says of each kind of end. A text may hold one part that differs, like `{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTexts {
    texts: Vec<EndText>,
}

/// What AWS Batch says of an attempt that ended so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndText {
    /// How it ended.
    pub kind: EndKind,
    /// `eksAttempts[].containers[].reason`.
    pub reason: String,
    /// `eksAttempts[].statusReason`.
    pub status_reason: String,
}

impl EndTexts {
    /// The texts under these assumptions. Reasons are the kubelet's own; status reasons are history's, who tells them.
    pub fn new(all: &Assumptions) -> Self {
        let text = |kind| EndText {
            kind,
            reason: reason(kind).to_owned(),
            status_reason: status_reason::of_end_kind(kind, all).to_owned(),
        };
        Self { texts: EndKind::ALL.into_iter().map(text).collect() }
    }

    /// All texts, in the order of [`EndKind::ALL`].
    pub fn all(&self) -> &[EndText] {
        &self.texts
    }

    /// What is said of one kind of end.
    ///
    /// # Panics
    /// Never: every kind has its text.
    pub fn of(&self, kind: EndKind) -> &EndText {
        self.texts.iter().find(|text| text.kind == kind).expect("every kind has its text")
    }

    /// The rules of a retry strategy; entries that no attempt can match are left out.
    pub fn compile(&self, strategy: &RetryStrategy) -> Vec<ExitRule> {
        strategy.evaluate_on_exit.iter().filter_map(|entry| self.rule(entry)).collect()
    }

    fn rule(&self, entry: &EvaluateOnExit) -> Option<ExitRule> {
        let exit_code = match &entry.on_exit_code {
            None => None,
            Some(pattern) => Some(exit_code(pattern)?),
        };
        let ends = (entry.on_reason.is_some() || entry.on_status_reason.is_some()).then(|| {
            let given =
                |pattern: &Option<String>, text: &str| pattern.as_deref().is_none_or(|pattern| matches(pattern, text));
            let texts = self.texts.iter().filter(|text| {
                given(&entry.on_reason, &text.reason) && given(&entry.on_status_reason, &text.status_reason)
            });
            texts.map(|text| text.kind).collect::<Vec<_>>()
        });
        if ends.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        Some(ExitRule { exit_code, ends, retry: entry.action() == RetryAction::Retry })
    }
}

/// A container's `reason`, as far as it is the same for all ends of a kind.
const fn reason(kind: EndKind) -> &'static str {
    match kind {
        EndKind::Exited => "Error",
        EndKind::OomKilled => "OOMKilled",
        EndKind::Rejected => "OutOf{resource}",
        EndKind::HostTerminated
        | EndKind::VolumeNotAttached
        | EndKind::EnvironmentUpdated
        | EndKind::Deleted
        | EndKind::Refused => "",
    }
}

/// Whether a pattern matches a text whatever stands in its variable part: a prefix may reach up to it, a whole text may
/// have none.
fn matches(pattern: &str, text: &str) -> bool {
    let fixed = text.split(VARIABLE).next().unwrap_or_default();
    match pattern.strip_suffix('*') {
        Some(prefix) => fixed.starts_with(prefix),
        None => pattern == text,
    }
}

/// The pattern, unless no exit code can match it: codes have no leading zeros, and at least one digit.
fn exit_code(pattern: &str) -> Option<ExitCodePattern> {
    if pattern == "*" {
        return Some(ExitCodePattern::Any);
    }
    let (digits, is_prefix) = pattern.strip_suffix('*').map_or((pattern, false), |digits| (digits, true));
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    let code = digits.parse().ok()?;
    Some(if is_prefix { ExitCodePattern::BeginsWith(code) } else { ExitCodePattern::Is(code) })
}
