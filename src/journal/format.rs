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
//! Where ids come from outside while a run goes on there is one more kind of line, before the observation that first uses
//! them: `{"named":{…}}`, what they stand for there. A journal of a live run says so in its header, and each of its lines ends
//! in a checksum, see `seal`.
//!
//! The line's first key is its kind; times are milliseconds since the beginning. What the lines hold are the core's own
//! types, so this file never knows of a particular event or command. No record holds the time of day or the machine's
//! name: the same run gives the same bytes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ids::{JobId, JobSpecId, NodeId};
use crate::model::{JobSpecName, Names};
use crate::scheduler::{Decision, Event, Observation, SchedulerConfig};

/// The version of the format that this build writes and reads. It changes when an older build would misread a journal.
pub const FORMAT: u32 = 1;

/// How every journal begins, byte by byte: enough to tell it from another file without reading a line of unknown length.
pub(super) const OPENING: &[u8] = b"{\"windtunnel\":";

/// The first line: everything a replay needs besides the observations, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// What a live run must find again when it goes on; absent where the world was simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveHeader>,
}

/// A live run's identity: it must not change while the run goes on, however often it is interrupted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveHeader {
    /// The run's id, a UUID: in the labels of all that it creates.
    pub run: String,
    /// When the run's time was 0, milliseconds since 1970-01-01T00:00:00Z.
    pub began_at_ms: u64,
    /// Seconds of the run in a second of the wall clock.
    pub speed: f64,
    /// Who provides capacity, in the words of the command line.
    pub backend: String,
    /// The compute environments by id: the value of the label on nodes, and the namespace of jobs that name none.
    pub environments: Vec<LiveEnvironment>,
    /// Checksum of the resolved scenario: a run goes on under the scenario that it began with.
    pub scenario_crc32: String,
}

/// A compute environment of a live run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEnvironment {
    /// Its `uuid`.
    pub uuid: String,
    /// The namespace of jobs that name none.
    pub namespace: String,
}

/// What ids that the driver minted stand for outside. Written before the observation that first uses them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Named {
    /// Nodes; one that is told again has become known by more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NamedNode>,
    /// Jobs that were submitted while the run went on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<NamedJob>,
}

/// A node outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedNode {
    /// The core's id.
    pub node: NodeId,
    /// `metadata.name` of the `Node`, once it has joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `metadata.uid` of the `Node`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Name of the `NodeClaim` that it came of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
}

/// A job that was submitted while the run went on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedJob {
    /// The core's id.
    pub job: JobId,
    /// Where the submission was read: a file and its line, so that none is read twice.
    pub source: String,
    /// `SubmitJob`'s input, as it was read.
    pub submit: serde_json::Value,
    /// What the job is called, for reports: `jobName` and `jobDefinition` of the spec that it introduced, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_spec: Option<JobSpecName>,
}

impl Named {
    /// What the specs are called that came up with these jobs, by what an observation says of their submission.
    pub fn specs<'a>(&'a self, seen: &'a Observation) -> impl Iterator<Item = (JobSpecId, &'a JobSpecName)> {
        self.jobs.iter().filter_map(|named| {
            let name = named.new_spec.as_ref()?;
            let spec = seen.events.iter().find_map(|event| match event {
                Event::JobSubmitted { job, spec, .. } if *job == named.job => Some(*spec),
                _ => None,
            })?;
            Some((spec, name))
        })
    }

    /// Whether there is nothing to tell.
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.jobs.is_empty()
    }
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
            live: None,
        }
    }

    /// The header of a live run's journal.
    pub fn of_live(live: LiveHeader, scenario: impl Into<String>, config: SchedulerConfig, names: Names) -> Self {
        Self { live: Some(live), ..Self::new(None, scenario, config, names) }
    }
}

/// What can be read of a header of any version.
#[derive(Debug, Deserialize)]
pub(super) struct Stamp {
    pub(super) windtunnel: String,
    pub(super) format: u32,
}

/// Any line but the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Record<'a> {
    /// What ids in the next observation stand for.
    Named(Cow<'a, Named>),
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
            Self::Named(_) => "named",
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
            (Record::Named(Cow::Owned(Named::default())), r#"{"named":{}}"#),
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
