//! Names of things inside the core: small integers, never strings, never reused.
//!
//! Whoever creates a thing mints its id: the driver for what the world makes (nodes) or a user submits (jobs), the core
//! for what it decides (launches, pods). Outside names (EC2 instance ids, pod names) are the driver's business.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Defines an id: a transparent integer with a prefix for people.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($int:ty), $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// The id as an index into a dense table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )*};
}

id! {
    /// A compute environment, in order of creation.
    ComputeEnvironmentId(u16), "ce-";
    /// A job queue, in order of creation.
    JobQueueId(u16), "jq-";
    /// What a submission resolves to: a job definition's revision with the submission's overrides applied, interned.
    JobSpecId(u32), "spec-";
    /// An instance type of this run's table of types.
    InstanceTypeId(u16), "type-";
    /// An Availability Zone of the region, in alphabetical order.
    ZoneId(u8), "zone-";
    /// A share of fair-share queues, in order of appearance. What a scheduling policy calls `shareIdentifier`.
    ShareId(u32), "share-";
    /// A consumable resource, in order of creation.
    ConsumableResourceId(u16), "consumable-";
    /// A node, in order of launch. Minted by the driver when EC2 (or its stand-in) says that the instance exists.
    NodeId(u32), "node-";
    /// One request for capacity that the core made.
    LaunchId(u32), "launch-";
}

/// A submitted job. The driver mints it; the simulated world packs (workload entry, index in it) so that the same job
/// has the same id whatever the scheduler does. Written `entry-index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u64);

impl JobId {
    const INDEX_BITS: u32 = 48;

    /// The `index`-th job of workload entry `entry`.
    ///
    /// # Panics
    /// If `index` needs more than 48 bits.
    pub fn new(entry: u16, index: u64) -> Self {
        assert!(index >> Self::INDEX_BITS == 0, "job index {index} needs more than 48 bits");
        Self(u64::from(entry) << Self::INDEX_BITS | index)
    }

    /// The workload entry that submitted the job.
    pub const fn entry(self) -> u16 {
        (self.0 >> Self::INDEX_BITS) as u16
    }

    /// The id as one number, for keys.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The job's index within its workload entry.
    pub const fn index(self) -> u64 {
        self.0 & ((1 << Self::INDEX_BITS) - 1)
    }
}

/// One schedulable job: a plain job, or one child of an array job. Written `entry-index` or `entry-index:child`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobRef {
    /// The submitted job.
    pub job: JobId,
    /// The index within the array; `None` for a job that is no array.
    pub child: Option<u32>,
}

/// One attempt of a job, as the pod that carries it: a slot in the core's table and the slot's generation, so that a
/// late fact about an earlier pod of the same slot is recognised and absorbed. Written `slot.generation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId {
    /// Position in the table of pods; drivers may index their own tables by it.
    pub slot: u32,
    /// How often the slot was used before.
    pub generation: u32,
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.entry(), self.index())
    }
}

impl fmt::Display for JobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.child {
            None => self.job.fmt(f),
            Some(child) => write!(f, "{}:{child}", self.job),
        }
    }
}

impl fmt::Display for PodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

/// Text that is no id of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: write it as {form}")]
pub struct ParseIdError {
    text: String,
    what: &'static str,
    form: &'static str,
}

fn two_numbers<A: FromStr, B: FromStr>(text: &str, separator: char) -> Option<(A, B)> {
    let (a, b) = text.split_once(separator)?;
    Some((number(a)?, number(b)?))
}

/// Digits alone: Rust would read `+1` too, which is no id that anything here writes.
fn number<N: FromStr>(text: &str) -> Option<N> {
    Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

impl FromStr for JobId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        two_numbers(text, '-')
            .filter(|&(_, index): &(u16, u64)| index >> Self::INDEX_BITS == 0)
            .map(|(entry, index)| Self::new(entry, index))
            .ok_or_else(|| ParseIdError { text: text.to_owned(), what: "job id", form: "entry-index, like 0-17" })
    }
}

impl FromStr for JobRef {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = || ParseIdError {
            text: text.to_owned(),
            what: "job id",
            form: "entry-index or entry-index:child, like 0-17:3",
        };
        let (job, child) = match text.split_once(':') {
            None => (text, None),
            Some((job, child)) => (job, Some(number(child).ok_or_else(error)?)),
        };
        Ok(Self { job: job.parse().map_err(|_| error())?, child })
    }
}

impl FromStr for PodId {
    type Err = ParseIdError;
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        two_numbers(text, '.').map(|(slot, generation)| Self { slot, generation }).ok_or_else(|| ParseIdError {
            text: text.to_owned(),
            what: "pod id",
            form: "slot.generation, like 3.0",
        })
    }
}

/// Serialises an id by its `Display` and `FromStr` forms, so that journals read as people write.
macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

serde_as_text!(JobId, JobRef, PodId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_as_written() {
        let job = JobId::new(3, 1 << 40);
        for reference in [JobRef { job, child: None }, JobRef { job, child: Some(9_999) }] {
            assert_eq!(reference.to_string().parse(), Ok(reference));
        }
        let pod = PodId { slot: 7, generation: 2 };
        assert_eq!(pod.to_string().parse(), Ok(pod));
        assert!("7".parse::<PodId>().is_err());
        assert!("0-281474976710656".parse::<JobId>().is_err());
    }
}
