//! What an id of a job names: a job, an array, a child (`id:index`), or a node of a multi-node parallel job (`id#node`).
//! Source: `API:JobDetail.jobId`, `UG:job_env_vars`. Knows a record and its spec; not the account.

use crate::batch::job_shapes::{ArrayPropertiesDetail, ContainerSummary};
use crate::batch::specs::KnownSpec;
use crate::history::{AttemptRecord, JobLog, JobRecord, JobState, status_reason, unix_ms};
use crate::ids::JobRef;
use crate::model::Nodes;
use crate::scheduler::{AttemptEnd, AttemptOutcome};

/// A job with all that is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedJob<'a> {
    pub(super) record: &'a JobRecord,
    pub(super) known: &'a KnownSpec,
    /// Which of its nodes is meant.
    pub(super) node: Option<u32>,
}

impl<'a> NamedJob<'a> {
    /// What an id names, if a log knows it.
    pub(super) fn find(id: &str, log: &'a JobLog, specs: &'a [KnownSpec]) -> Option<Self> {
        let (job, node) = match id.split_once('#') {
            Some((job, node)) => (job, Some(node.parse().ok()?)),
            None => (id, None),
        };
        let job: JobRef = job.parse().ok()?;
        let named = Self::of(log.get(job)?, specs)?;
        match node {
            Some(node) => named.nodes().find(|one| one.node == Some(node)),
            None => Some(named),
        }
    }

    /// The job of a record.
    pub(super) fn of(record: &'a JobRecord, specs: &'a [KnownSpec]) -> Option<Self> {
        Some(Self { record, known: specs.get(record.spec.index())?, node: None })
    }

    /// Its nodes, by index; none where it is no multi-node parallel job.
    pub(super) fn nodes(self) -> impl Iterator<Item = Self> {
        let count = self.known.job.nodes.map_or(0, |nodes| nodes.count);
        (0..count).map(move |node| Self { node: Some(node), ..self })
    }

    pub(super) fn id(&self) -> String {
        self.node.map_or_else(|| self.record.job.to_string(), |node| format!("{}#{node}", self.record.job))
    }

    /// Its pods; of a multi-node parallel job itself those of the main node, whose end is the job's.
    pub(super) fn attempts(&self) -> impl DoubleEndedIterator<Item = &'a AttemptRecord> {
        let node = self.node.or(self.known.job.nodes.map(|nodes| nodes.main));
        self.record.attempts.iter().filter(move |attempt| attempt.node_index.map(u32::from) == node)
    }

    /// Its attempts that have ended.
    pub(super) fn ended(&self) -> impl DoubleEndedIterator<Item = (&'a AttemptRecord, AttemptEnd)> {
        self.attempts().filter_map(|attempt| Some((attempt, attempt.end?)))
    }

    /// Its state. A node other than the main one may end before the job; else it is where the job is.
    pub(super) fn status(&self) -> JobState {
        let other = self.node.zip(self.known.job.nodes).is_some_and(|(node, Nodes { main, .. })| node != main);
        let last = self.attempts().next_back().filter(|_| other && self.record.state >= JobState::Starting);
        match last.and_then(AttemptRecord::outcome) {
            None | Some(AttemptOutcome::MainNodeEnded) => self.record.state,
            Some(AttemptOutcome::Succeeded) => JobState::Succeeded,
            Some(_) => JobState::Failed,
        }
    }

    /// `startedAt`.
    pub(super) fn started_at(&self) -> Option<u64> {
        let at = match self.node {
            None => self.record.started_at(),
            Some(_) => self.attempts().next_back().and_then(|attempt| attempt.running_at),
        };
        at.map(unix_ms)
    }

    /// `stoppedAt`.
    pub(super) fn stopped_at(&self) -> Option<u64> {
        let own = self.node.and_then(|_| self.ended().next_back()).map(|(_, end)| end.stopped_at);
        own.filter(|_| self.status().is_terminal()).or(self.record.stopped_at()).map(unix_ms)
    }

    /// When it last became STARTING.
    pub(super) fn scheduled_at(&self) -> Option<u64> {
        self.attempts().next_back().map(|attempt| unix_ms(attempt.starting_at))
    }

    /// How the last of its attempts ended, unless another is under way.
    pub(super) fn container(&self) -> Option<ContainerSummary> {
        self.attempts().next_back().and_then(|last| last.end).map(|end| container(end.outcome))
    }

    /// `arrayProperties`.
    pub(super) fn array_properties(&self) -> Option<ArrayPropertiesDetail> {
        match (self.record.array_size, self.record.job.child) {
            (Some(size), _) => Some(ArrayPropertiesDetail::Array { status_summary: self.record.summary, size }),
            (None, Some(index)) => Some(ArrayPropertiesDetail::Child { index }),
            (None, None) => None,
        }
    }

    /// Thousandths of a vCPU that its pods ask for; nothing of an array.
    pub(super) fn cpu(&self) -> u64 {
        match (self.record.array_size, self.node) {
            (Some(_), _) => 0,
            (None, None) => self.known.spec.cpu(),
            (None, Some(node)) => self.known.job.group_of(node).map_or(0, |group| u64::from(group.requests.cpu.0)),
        }
    }
}

/// How a container ended.
pub(super) const fn container(outcome: AttemptOutcome) -> ContainerSummary {
    ContainerSummary { exit_code: status_reason::exit_code(outcome), reason: status_reason::of_container(outcome) }
}
