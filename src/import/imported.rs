//! The outcome of every import: a scenario, the files it names, and what is to be said of it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::import::notes::Notes;

/// A scenario made of what was recorded elsewhere. Whoever has it writes it into one folder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imported {
    /// The scenario's file. It names those beside it by their bare names.
    pub scenario: Value,
    /// Files beside it, by name: `runs.csv`, `catalog.csv`, …
    pub files: BTreeMap<String, String>,
    /// What was used, left out, made up.
    pub notes: Notes,
}
