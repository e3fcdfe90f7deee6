//! The table of rules: what AWS Batch on EKS is documented to do, as far as a scheduler, a validator or a renderer can keep
//! it, where each rule stands written, and where it is tested. `README.md` shows it.
//!
//! Rules of single documents stand in the table of `tests/model_rules`, row by row with their tests; they are read there.

mod capacity;
mod jobs;
mod queues;
mod rest;

/// A rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// For ever: pages and reports cite it.
    pub(crate) id: &'static str,
    /// The rule in our words.
    pub(crate) says: &'static str,
    /// The page (`UG:…`), API shape (`API:…`) or other text that says it.
    pub(crate) source: &'static str,
    pub(crate) mark: Mark,
    pub(crate) tested: &'static [Tested],
}

/// How certain a rule is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    /// AWS says so.
    Documented,
    /// Users report it.
    Observed,
    /// Inferred: AWS says nothing, or not all, and this assumption (or reasoning) stands in.
    Assumption(&'static str),
}

/// Where a rule is tested.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tested {
    /// A file of `transcripts`, without `.txt`.
    Transcript(&'static str),
    /// A story of `tests/pods/stories`, without `.json`.
    Pod(&'static str),
    /// A test: `file.rs::function`.
    Test(&'static str),
    /// Nowhere, and why.
    LeftOut(&'static str),
}

/// A part of the specification.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) rules: &'static [Rule],
}

/// All parts, in the order of the page.
pub(crate) const SECTIONS: &[Section] = &[
    Section { title: "Compute environments", rules: capacity::ENVIRONMENTS },
    Section { title: "Job queues and their policies", rules: queues::QUEUES },
    Section { title: "Consumable resources", rules: queues::CONSUMABLES },
    Section { title: "States, attempts, retries", rules: jobs::ATTEMPTS },
    Section { title: "Cancel, terminate, delete", rules: jobs::ENDED_ON_PURPOSE },
    Section { title: "Arrays and dependencies", rules: jobs::ARRAYS },
    Section { title: "Blocked queues", rules: queues::BLOCKED },
    Section { title: "Order and placement", rules: queues::ORDER },
    Section { title: "Fair share", rules: queues::FAIR_SHARE },
    Section { title: "Allocation strategies and EC2", rules: capacity::STRATEGIES },
    Section { title: "Scaling", rules: capacity::SCALING },
    Section { title: "Nodes", rules: rest::NODES },
    Section { title: "Pods", rules: rest::PODS },
    Section { title: "Multi-node parallel jobs", rules: rest::MULTI_NODE },
];

/// Rows as `id, says, source, mark, [tested];`.
macro_rules! rules {
    ($($id:literal, $says:literal, $source:literal, $mark:expr, [$($tested:expr),+];)*) => {
        &[$(crate::rules::Rule {
            id: $id,
            says: $says,
            source: $source,
            mark: $mark,
            tested: &[$($tested),+],
        }),*]
    };
}
use rules;
