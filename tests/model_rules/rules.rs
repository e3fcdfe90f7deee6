//! The table of rules, by noun. An id is for ever: pages and reports cite it.

use crate::documents::{Base, Change};

/// Rows as `"id" Mark "source": "Rule." Base [changes] => "pointer", "word";`.
macro_rules! rules {
    ($($id:literal $mark:ident $source:literal: $rule:literal $base:ident [$($change:expr),*] => $at:literal, $says:literal;)*) => {
        pub(crate) const RULES: &[crate::rules::Rule] = &[$(crate::rules::Rule {
            id: $id,
            sentence: $rule,
            source: $source,
            mark: crate::rules::Mark::$mark,
            base: crate::documents::Base::$base,
            changes: &[$($change),*],
            pointer: $at,
            says: $says,
        }),*];
    };
}

mod containers;
mod environments;
mod job_definitions;
mod metadata;
mod nodes;
mod operations;
mod pods;
mod queues;
mod submissions;

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// What it is cited by: `noun/name`.
    pub(crate) id: &'static str,
    /// The rule as a sentence.
    pub(crate) sentence: &'static str,
    /// Where it comes from.
    pub(crate) source: &'static str,
    /// Whether that says it, or it is assumed.
    pub(crate) mark: Mark,
    /// The valid document …
    pub(crate) base: Base,
    /// … what breaks it …
    pub(crate) changes: &'static [Change],
    /// … where that is said, from the base's root …
    pub(crate) pointer: &'static str,
    /// … and a word of what is said.
    pub(crate) says: &'static str,
}

/// How certain a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Its source says so.
    Documented,
    /// It follows from its source by reasoning, or from what would fail later.
    Assumption,
}

/// All rules.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    let tables = [
        job_definitions::RULES,
        pods::RULES,
        containers::RULES,
        metadata::RULES,
        nodes::RULES,
        submissions::RULES,
        environments::RULES,
        queues::RULES,
        operations::RULES,
    ];
    tables.into_iter().flatten()
}
