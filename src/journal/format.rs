//! The records of a journal: JSON Lines, one compact record each, in a fixed order.
//!
//! ```text
//! {"windtunnel":"0.1.0","format":1,"seed":7,"scenario":"hello.json","config":{…},"names":{…}}
//! {"seen":{"now":0,"events":[…]}}
//! {"decided":{"commands":[…],"wake_at":2000}}
//! …                                                   seen and decided, in turn
//! {"end":{"steps":1}}                                 missing where the run, or the file, was cut off
//! ```
//!
//! The line's first key is its kind; times are milliseconds since the beginning. What the lines hold are the core's own
//! types, so this file never knows of a particular event or command. No record holds the time of day or the machine's
//! name: the same run gives the same bytes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::Names;
use crate::scheduler::{Decision, Observation, SchedulerConfig};

/// The version of the format that this build writes and reads. It changes when an older build would misread a journal.
pub const FORMAT: u32 = 1;

/// How every journal begins, byte by byte: enough to tell it from another file without reading a line of unknown length.
pub(super) const OPENING: &[u8] = b"{\"windtunnel\":";

/// The first line: everything a replay needs besides the observations, and where they came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the program that wrote the journal. Must stay the first field: see `OPENING`.
    pub windtunnel: String,
    /// Version of the format.
    pub format: u32,
    /// Seed of the simulated world; absent where the world was real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The scenario, as the user named it.
    pub scenario: String,
    /// What the core was told before its first step.
    pub config: SchedulerConfig,
    /// What people call the things that the records name by id.
    pub names: Names,
}

impl Header {
    /// The header of a journal that this build writes.
    pub fn new(seed: Option<u64>, scenario: impl Into<String>, config: SchedulerConfig, names: Names) -> Self {
        Self {
            windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
            format: FORMAT,
            seed,
            scenario: scenario.into(),
            config,
            names,
        }
    }
}

/// What can be read of a header of any version.
#[derive(Debug, Deserialize)]
pub(super) struct Stamp {
    pub(super) windtunnel: String,
    pub(super) format: u32,
}

/// Any line but the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Record<'a> {
    /// What the core was shown.
    Seen(Cow<'a, Observation>),
    /// What it made of it.
    Decided(Cow<'a, Decision>),
    /// The run went to its end.
    End {
        /// Pairs of `seen` and `decided` before this line.
        steps: u64,
    },
}

impl Record<'_> {
    /// The line's kind, as its key spells it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Seen(_) => "seen",
            Self::Decided(_) => "decided",
            Self::End { .. } => "end",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimTime;

    #[test]
    fn records_are_told_apart_by_their_first_key() {
        let seen = Observation { now: SimTime::from_millis(5), events: Vec::new() };
        let records = [
            (Record::Seen(Cow::Borrowed(&seen)), r#"{"seen":{"now":5}}"#),
            (Record::Decided(Cow::Owned(Decision::default())), r#"{"decided":{}}"#),
            (Record::End { steps: 1 }, r#"{"end":{"steps":1}}"#),
        ];
        for (record, line) in records {
            assert_eq!(serde_json::to_string(&record).unwrap(), line);
            assert_eq!(serde_json::from_str::<Record<'_>>(line).unwrap(), record);
            assert!(line.starts_with(&format!("{{\"{}\":", record.kind())));
        }
    }
}
