//! When an attempt is followed by another, and how long one may take. Source: `API:RetryStrategy`,
//! `API:EvaluateOnExit`, `API:JobTimeout`, `UG:job_retries`. Knows how attempts end in words, not what made them end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::model::text::too_long;

/// How often a job is attempted. Source: `API:RetryStrategy`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryStrategy {
    /// 1 to 10; 1 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub attempts: Option<u8>,
    /// What decides about another attempt; the first entry that matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evaluate_on_exit: Vec<EvaluateOnExit>,
}

/// A condition on how an attempt ended. Source: `API:EvaluateOnExit`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluateOnExit {
    /// Pattern on the status reason: up to 512 letters, digits, periods, colons and white space, with an optional `*` at
    /// the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = REASON_PATTERN))]
    pub on_status_reason: Option<String>,
    /// Pattern on the reason: up to 512 letters, digits, periods, colons and white space, with an optional `*` at the
    /// end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = REASON_PATTERN))]
    pub on_reason: Option<String>,
    /// Pattern on the exit code: up to 512 digits, with an optional `*` at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = "^[0-9]*[*]?$"))]
    pub on_exit_code: Option<String>,
    /// `RETRY` or `EXIT`, in either case.
    #[schemars(regex(pattern = "^([Rr][Ee][Tt][Rr][Yy]|[Ee][Xx][Ii][Tt])$"))]
    pub action: String,
}

const REASON_PATTERN: &str = r"^[A-Za-z0-9.:\s]*[*]?$";

/// What happens after an attempt that failed. Source: `API:RetryAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetryAction {
    /// Another attempt, while `attempts` lasts.
    Retry,
    /// The job fails.
    Exit,
}

/// How long an attempt may run. Source: `API:JobTimeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobTimeout {
    /// At least 60, from RUNNING.
    #[schemars(range(min = 60, max = 2_147_483_647))]
    pub attempt_duration_seconds: u32,
}

impl EvaluateOnExit {
    /// What its `action` says; the document's pattern admits nothing else.
    pub fn action(&self) -> RetryAction {
        if self.action.eq_ignore_ascii_case("EXIT") { RetryAction::Exit } else { RetryAction::Retry }
    }

    /// Whether all conditions that it gives match how an attempt ended. A condition on what the attempt does not have
    /// matches `*` alone.
    pub fn matches(&self, status_reason: Option<&str>, reason: Option<&str>, exit_code: Option<i32>) -> bool {
        let code = exit_code.map(|code| code.to_string());
        let conditions =
            [(&self.on_status_reason, status_reason), (&self.on_reason, reason), (&self.on_exit_code, code.as_deref())];
        conditions
            .into_iter()
            .all(|(pattern, text)| pattern.as_deref().is_none_or(|pattern| glob(pattern, text.unwrap_or_default())))
    }
}

/// Whether a text is what a pattern says: the whole, or its beginning where the pattern ends in `*`.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == pattern,
    }
}

impl RetryStrategy {
    /// Attempts in all, 1 to 10.
    pub fn attempts_or_default(&self) -> u8 {
        self.attempts.unwrap_or(1).clamp(1, 10)
    }

    /// What the first matching entry says about an attempt that failed; a retry where none matches.
    /// Whether attempts are left is for the caller to know.
    pub fn action_after(
        &self,
        status_reason: Option<&str>,
        reason: Option<&str>,
        exit_code: Option<i32>,
    ) -> RetryAction {
        self.evaluate_on_exit
            .iter()
            .find(|entry| entry.matches(status_reason, reason, exit_code))
            .map_or(RetryAction::Retry, EvaluateOnExit::action)
    }

    /// What AWS Batch would reject of it. `entries_max` is the assumption `evaluateOnExitLimit`.
    pub fn problems(&self, entries_max: u32) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !self.evaluate_on_exit.is_empty() && self.attempts.is_none() {
            problems.push(Problem::new("", "`evaluateOnExit` needs `attempts`", "add `attempts`, 1 to 10"));
        }
        let (entries, most) = (self.evaluate_on_exit.len(), usize::try_from(entries_max).unwrap_or(usize::MAX));
        problems.extend(too_long("/evaluateOnExit", "entries", entries, most));
        for (index, entry) in self.evaluate_on_exit.iter().enumerate() {
            if entry.on_status_reason.is_none() && entry.on_reason.is_none() && entry.on_exit_code.is_none() {
                problems.push(Problem::new(
                    format!("/evaluateOnExit/{index}"),
                    "the entry has no condition",
                    "add one of `onStatusReason`, `onReason`, `onExitCode`; `\"onReason\": \"*\"` matches all",
                ));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_that_matches_decides() {
        let strategy: RetryStrategy = serde_json::from_str(
            r#"{ "attempts": 3, "evaluateOnExit": [
                { "onStatusReason": "Host EC2*", "action": "retry" },
                { "onExitCode": "13*", "onReason": "OOM", "action": "RETRY" },
                { "onReason": "*", "action": "exit" } ] }"#,
        )
        .expect("a strategy");
        let lost = Some("Host EC2 (instance i-1) terminated.");
        assert_eq!(strategy.action_after(lost, None, None), RetryAction::Retry);
        assert_eq!(strategy.action_after(None, Some("OOM"), Some(137)), RetryAction::Retry);
        assert_eq!(strategy.action_after(None, Some("OOM"), Some(1)), RetryAction::Exit, "all conditions must match");
        assert_eq!(strategy.action_after(None, None, None), RetryAction::Exit, "`*` matches what is not there");
        assert_eq!(RetryStrategy::default().action_after(None, None, Some(1)), RetryAction::Retry, "none matches");
    }
}
