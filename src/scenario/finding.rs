//! What is wrong with a scenario: the fault, where it stands, and the way out. Text for people; nothing decides by it.

use std::fmt;

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The scenario can't run.
    Error,
    /// It can, but perhaps not as meant.
    Warning,
}

/// One fault. Shown as `file:line: pointer: message: help`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file as it was named, or `--set …`.
    pub file: String,
    /// The line, from 1; `None` where there is none to name.
    pub line: Option<u32>,
    /// JSON pointer within the file; empty for the file as a whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to write or do instead.
    pub help: String,
}

impl Finding {
    /// An error about a whole file.
    pub fn about_file(file: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.into(),
            line: None,
            pointer: String::new(),
            message: message.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if self.severity == Severity::Warning {
            f.write_str(": warning")?;
        }
        if !self.pointer.is_empty() {
            write!(f, ": {}", self.pointer)?;
        }
        write!(f, ": {}", self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, ": {}", self.help) }
    }
}

/// Everything found in one pass, by file and line.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Findings in their order: by file, line and pointer, each said once.
    pub fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| {
            (&a.file, a.line, &a.pointer, a.severity, &a.message)
                .cmp(&(&b.file, b.line, &b.pointer, b.severity, &b.message))
        });
        findings.dedup();
        Self(findings)
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The findings.
    pub fn as_slice(&self) -> &[Finding] {
        &self.0
    }

    /// The findings, to keep.
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

impl fmt::Display for Findings {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_a_compilers() {
        let mut finding = Finding::about_file("jobs.json", "`0.3` is no multiple of 0.25", "write `0.25` or `0.5`");
        finding.line = Some(12);
        finding.pointer = "/cpu".to_owned();
        assert_eq!(finding.to_string(), "jobs.json:12: /cpu: `0.3` is no multiple of 0.25: write `0.25` or `0.5`");
        finding.severity = Severity::Warning;
        assert!(finding.to_string().starts_with("jobs.json:12: warning: /cpu: "));
    }
}
