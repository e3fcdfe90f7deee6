//! Collects what the judges of a scenario's parts find, and holds back what would only follow from an earlier fault.

use crate::batch::BatchError;
use crate::model::{Distribution, Problem};
use crate::scenario::check::Checked;
use crate::scenario::file::Places;
use crate::scenario::finding::{Finding, Findings, Severity};

/// Where judges put what they find. Pointers are into the whole scenario, documents in place.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    places: &'a Places,
    checked: Checked,
    found: Vec<Finding>,
}

impl<'a> Judge<'a> {
    /// A judge that has heard the reader (`read`) and the schema.
    pub(super) fn new(places: &'a Places, read: Vec<Problem>, mut checked: Checked) -> Self {
        let found = read
            .into_iter()
            .chain(std::mem::take(&mut checked.problems))
            .map(|problem| places.locate(Severity::Error, problem))
            .collect();
        Self { places, checked, found }
    }

    /// Whether the part at `pointer` is missing or no longer what was written.
    pub(super) fn is_mended(&self, pointer: &str) -> bool {
        self.checked.is_mended(pointer)
    }

    /// Whether something below the list at `pointer` could not be read at all: names may then be unknown without fault.
    pub(super) fn is_list_complete(&self, pointer: &str) -> bool {
        self.is_complete_to(pointer, 2)
    }

    /// Whether nothing at `pointer`, nor so many steps below, is missing or no longer what was written.
    pub(super) fn is_complete_to(&self, pointer: &str, depth: usize) -> bool {
        let within = |at: &str| at.strip_prefix(pointer).is_some_and(|rest| rest.matches('/').count() <= depth);
        !self.checked.mended.iter().any(|at| within(at))
    }

    /// Something that must be mended.
    pub(super) fn error(&mut self, pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, Problem::new(pointer, message, help));
    }

    /// Something to know.
    pub(super) fn warn(&mut self, pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, Problem::new(pointer, message, help));
    }

    /// Errors of the document at `at`.
    pub(super) fn errors(&mut self, at: &str, problems: Vec<Problem>) {
        for problem in problems {
            self.add(Severity::Error, problem.under(at));
        }
    }

    /// What AWS Batch refuses of the document at `at`; gives what it does not.
    pub(super) fn refused<R>(&mut self, at: &str, outcome: Result<R, BatchError>) -> Option<R> {
        match outcome {
            Ok(done) => Some(done),
            Err(error) => {
                let too_long = std::mem::take(&mut self.checked.too_long);
                let mut problems: Vec<_> = error.problems.into_iter().map(|problem| problem.under(at)).collect();
                // The schema has said it.
                problems.retain(|problem| !too_long.contains(&problem.pointer));
                self.checked.too_long = too_long;
                self.errors("", problems);
                None
            }
        }
    }

    /// What is wrong with a distribution.
    pub(super) fn distribution(&mut self, distribution: &Distribution, at: &str) {
        if let Some(problem) = distribution.problem() {
            let at = format!("{at}{}", distribution.problem_pointer());
            self.error(at, format!("the distribution can't be: {problem}"), "mend its parameters");
        }
    }

    /// A finding in another file, a trace say.
    pub(super) fn elsewhere(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// An error that a library worded: its way out stands in its message.
    pub(super) fn worded(&mut self, pointer: impl Into<String>, error: impl std::fmt::Display) {
        self.error(pointer, error.to_string(), "");
    }

    fn add(&mut self, severity: Severity, problem: Problem) {
        if !self.checked.is_mended(&problem.pointer) {
            self.found.push(self.places.locate(severity, problem));
        }
    }

    /// Whether an error was found.
    pub(super) fn has_errors(&self) -> bool {
        self.found.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Everything found, in order.
    pub(super) fn finish(self) -> Findings {
        Findings::new(self.found)
    }
}
