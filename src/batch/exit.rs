//! `evaluateOnExit` without its strings: which kinds of ends a condition matches. The texts by which AWS Batch tells how an
//! attempt ended stand here and nowhere else. Source: `API:EvaluateOnExit`, `UG:job_retries`. Knows no job.

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
    /// The texts under these assumptions. Reasons are the kubelet's own; status reasons are what no page gives for EKS.
    pub fn new(all: &Assumptions) -> Self {
        let text = |kind, reason: &str, status_reason: &str| EndText {
            kind,
            reason: reason.to_owned(),
            status_reason: status_reason.to_owned(),
        };
        let texts = EndKind::ALL
            .into_iter()
            .map(|kind| match kind {
                EndKind::Exited => text(kind, "Error", &all.container_exit_status_reason),
                EndKind::OomKilled => text(kind, "OOMKilled", &all.out_of_memory_status_reason),
                EndKind::Rejected => text(kind, "OutOf{resource}", &all.pod_rejected_status_reason),
                EndKind::HostTerminated => text(kind, "", &all.host_terminated_status_reason),
                EndKind::VolumeNotAttached => text(kind, "", &all.volume_status_reason),
                EndKind::EnvironmentUpdated => text(kind, "", &all.environment_updated_status_reason),
                EndKind::Deleted => text(kind, "", &all.pod_deleted_status_reason),
            })
            .collect();
        Self { texts }
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
