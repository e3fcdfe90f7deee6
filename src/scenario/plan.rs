//! All jobs that a scenario will submit, before any of them is judged: how many, when, and what they are called by. Knows
//! times as far as they are not drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{JobId, JobRef};
use crate::model::{Problem, SubmitJob};
use crate::nearest::nearest;
use crate::units::{SimDuration, SimTime};

/// Jobs by their entry's number.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    pub(super) entries: Vec<Planned<'a>>,
    names: BTreeMap<&'a str, u16>,
    /// Whether there are more, which could not be read.
    pub(super) unread: bool,
}

/// The jobs of a workload entry, or of a `SubmitJob` operation.
#[derive(Debug)]
pub(super) struct Planned<'a> {
    /// Pointer of the submission's document.
    pub(super) at: String,
    pub(super) name: Option<&'a str>,
    pub(super) submit: &'a SubmitJob,
    /// How many there are; `None` where that could not be read.
    pub(super) count: Option<u64>,
    pub(super) times: Times,
}

/// When an entry's jobs are submitted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Times {
    /// The first at `start`, then one `every` so often.
    Fixed { start: SimTime, every: SimDuration },
    /// At random, not before this.
    From(SimTime),
    /// At these times, ascending.
    List(Arc<[SimTime]>),
}

/// What a job's id, or an entry's name, stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    /// All jobs of an entry.
    Entry(u16),
    /// One job, or a child of an array.
    Job(JobRef),
}

impl Times {
    /// When a job is submitted, and whether that is certain or only the earliest.
    pub(super) fn of(&self, index: u64) -> (SimTime, bool) {
        match self {
            Self::Fixed { start, every } => {
                (*start + SimDuration::from_millis(every.as_millis().saturating_mul(index)), true)
            }
            Self::From(start) => (*start, false),
            Self::List(times) => {
                let at = usize::try_from(index).ok().and_then(|index| times.get(index));
                (at.copied().unwrap_or(SimTime::MAX), true)
            }
        }
    }
}

impl<'a> Plan<'a> {
    /// Takes an entry in; two must not have one name.
    pub(super) fn push(&mut self, planned: Planned<'a>) -> Result<(), Problem> {
        let number = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        let name = planned.name;
        self.entries.push(planned);
        let Some(name) = name else { return Ok(()) };
        if let Some(other) = self.names.get(name) {
            let message = format!("entry {other} is called `{name}` too");
            return Err(Problem::new("/name", message, "give each a name of its own"));
        }
        self.names.insert(name, number);
        Ok(())
    }

    /// Who is meant by `name`, `name:child`, `entry-index` or `entry-index:child`.
    /// An error without a problem where that can't be known.
    pub(super) fn find(&self, text: &str, pointer: &str) -> Result<Meant, Option<Problem>> {
        let (name, child) = match text.split_once(':') {
            // As in a job's id, where `+3` is no child.
            Some((name, child)) => (name, format!("0-0:{child}").parse::<JobRef>().ok().and_then(|job| job.child)),
            None => (text, None),
        };
        if let Some(&entry) = self.names.get(name) {
            if !text.contains(':') {
                return Ok(Meant::Entry(entry));
            }
            if child.is_some() {
                let job = self.only(entry, text, pointer)?;
                return Ok(Meant::Job(JobRef { job, child }));
            }
        }
        if let Ok(job) = text.parse::<JobRef>() {
            return Ok(Meant::Job(job));
        }
        if self.unread {
            return Err(None);
        }
        let help = match nearest(name, self.names.keys().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "write an entry's `name`, or a job's id: `entry-index`, like 0-17".to_owned(),
        };
        Err(Some(Problem::new(pointer, format!("no job is called `{text}`"), help)))
    }

    /// The only job of an entry.
    pub(super) fn only(&self, entry: u16, name: &str, pointer: &str) -> Result<JobId, Problem> {
        match self.entries[usize::from(entry)].count {
            Some(1) | None => Ok(JobId::new(entry, 0)),
            Some(count) => Err(Problem::new(
                pointer,
                format!("`{name}` is submitted {count} times"),
                format!("name one of them, `{entry}-0` to `{entry}-{}`", count - 1),
            )),
        }
    }

    /// When a job is submitted, and whether that is certain; `None` where there is no such job.
    pub(super) fn time_of(&self, job: JobId) -> Option<(SimTime, bool)> {
        let entry = self.entries.get(usize::from(job.entry()))?;
        entry.count.is_some_and(|count| job.index() < count).then(|| entry.times.of(job.index()))
    }
}
