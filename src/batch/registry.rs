//! Things by name: what was created, in order, and who bears which name now. Knows names and ARNs, not what they name.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Problem;
use crate::model::job_queue::name_of;
use crate::nearest::nearest;

/// Nouns of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "AWS's names say it")]
pub enum Noun {
    ComputeEnvironment,
    JobQueue,
    SchedulingPolicy,
    ConsumableResource,
    JobDefinition,
}

impl Noun {
    /// The noun as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ComputeEnvironment => "compute environment",
            Self::JobQueue => "job queue",
            Self::SchedulingPolicy => "scheduling policy",
            Self::ConsumableResource => "consumable resource",
            Self::JobDefinition => "job definition",
        }
    }

    /// Its part of an ARN.
    pub(super) const fn arn_part(self) -> &'static str {
        match self {
            Self::ComputeEnvironment => "compute-environment",
            Self::JobQueue => "job-queue",
            Self::SchedulingPolicy => "scheduling-policy",
            Self::ConsumableResource => "consumable-resource",
            Self::JobDefinition => "job-definition",
        }
    }
}

/// Where something stands in its life. Source: `API:CEStatus`, `API:JQStatus`. AWS's states of transition (CREATING,
/// UPDATING, DELETING) don't show: a call's effect is there when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It works.
    Valid,
    /// It does not, for a reason that the core reported.
    Invalid,
    /// It is no more.
    Deleted,
}

/// Everything of one noun that was ever created; an index is never used twice.
#[derive(Debug, Clone)]
pub(super) struct Registry<T> {
    noun: Noun,
    all: Vec<T>,
    /// Those that are not deleted.
    living: BTreeMap<String, usize>,
}

impl<T> Registry<T> {
    pub(super) const fn new(noun: Noun) -> Self {
        Self { noun, all: Vec::new(), living: BTreeMap::new() }
    }

    /// Takes a thing in; its name must be free.
    pub(super) fn insert(&mut self, name: &str, thing: T) -> usize {
        let index = self.all.len();
        self.all.push(thing);
        self.living.insert(name.to_owned(), index);
        index
    }

    /// Frees a name. What bore it stays, by index.
    pub(super) fn remove(&mut self, name: &str) {
        self.living.remove(name);
    }

    /// Whether another may be created.
    pub(super) fn has_ids(&self) -> bool {
        u16::try_from(self.all.len()).is_ok()
    }

    pub(super) fn find(&self, name_or_arn: &str) -> Option<usize> {
        self.living.get(name_of(name_or_arn)).copied()
    }

    pub(super) const fn noun(&self) -> Noun {
        self.noun
    }

    /// The living, in order of creation.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let mut living: Vec<_> = self.living.values().copied().collect();
        living.sort_unstable();
        living.into_iter().map(|index| (index, &self.all[index]))
    }

    /// How many live.
    pub(super) fn len(&self) -> usize {
        self.living.len()
    }

    /// All that ever was, by index.
    pub(super) fn all(&self) -> &[T] {
        &self.all
    }

    pub(super) fn all_mut(&mut self) -> &mut [T] {
        &mut self.all
    }

    /// What to say of a name that nobody bears.
    pub(super) fn unknown(&self, name_or_arn: &str, pointer: &str) -> Problem {
        unknown(self.noun, name_of(name_or_arn), self.living.keys().map(String::as_str), pointer)
    }

    /// What to say of a name that is taken.
    pub(super) fn taken(&self, name: &str, pointer: &str) -> Option<Problem> {
        self.living.contains_key(name).then(|| {
            Problem::new(
                pointer,
                format!("Object already exists: two {}s are called `{name}`", self.noun.name()),
                "give each a name of its own",
            )
        })
    }

    /// What to say of one more than the quota allows.
    pub(super) fn over_quota(&self, most: usize) -> Option<Problem> {
        let (noun, next) = (self.noun.name(), self.len() + 1);
        (next > most).then(|| {
            Problem::new(
                "",
                format!("this is {noun} number {next}, but AWS Batch takes {most} per account and Region"),
                format!("keep {most} {noun}s or fewer: the quota can't be raised"),
            )
        })
    }
}

/// What to say of a name that nobody bears.
pub(super) fn unknown<'a>(noun: Noun, name: &str, known: impl Iterator<Item = &'a str>, pointer: &str) -> Problem {
    /// More names than this are no help.
    const NAMES_MAX: usize = 10;
    let known: Vec<_> = known.collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => format!("create a {} first", noun.name()),
        None => {
            let shown = known.iter().take(NAMES_MAX).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            format!("known: {shown}{}", if known.len() > NAMES_MAX { ", …" } else { "" })
        }
    };
    Problem::new(pointer, format!("no {} is called `{name}`", noun.name()), help)
}
