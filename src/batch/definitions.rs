//! Job definitions by name and revision: registered, deregistered, found. Source: `API:RegisterJobDefinition`,
//! `API:DeregisterJobDefinition`, `UG:job_definitions`. The core never hears of them: it is told what submissions make of
//! them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::batch::account::{Batch, Outcome};
use crate::batch::capacity::InstanceTypes;
use crate::batch::error::BatchError;
use crate::batch::registry::{Noun, unknown};
use crate::model::job_queue::name_of;
use crate::model::operations::DeregisterJobDefinition;
use crate::model::{JobDefinition, Problem};

/// All revisions that were ever registered, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Definitions {
    all: Vec<Definition>,
    /// Indexes of a name's revisions; revision n stands at n - 1.
    by_name: BTreeMap<String, Vec<usize>>,
}

/// A revision of a job definition.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) document: JobDefinition,
    pub(super) revision: u32,
    /// Whether submissions may name it.
    pub(super) active: bool,
}

/// The answer to `RegisterJobDefinition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct RegisteredJobDefinition {
    pub job_definition_name: String,
    pub job_definition_arn: String,
    pub revision: u32,
}

impl Definition {
    /// `name:revision`.
    pub(super) fn full_name(&self) -> String {
        format!("{}:{}", self.document.job_definition_name, self.revision)
    }
}

impl Definitions {
    pub(super) fn all(&self) -> &[Definition] {
        &self.all
    }

    fn register(&mut self, document: &JobDefinition) -> u32 {
        let revisions = self.by_name.entry(document.job_definition_name.clone()).or_default();
        let revision = u32::try_from(revisions.len() + 1).expect("documents in memory are fewer than 2^32");
        revisions.push(self.all.len());
        self.all.push(Definition { document: document.clone(), revision, active: true });
        revision
    }

    /// The index of `name`, `name:revision` or an ARN: by name alone, of the latest ACTIVE revision.
    pub(super) fn find(&self, wanted: &str, pointer: &str) -> Result<usize, Problem> {
        let wanted = name_of(wanted);
        let revision_of =
            |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok())?;
        let (name, revision) = match wanted.rsplit_once(':').map(|(name, digits)| (name, revision_of(digits))) {
            Some((name, Some(revision))) => (name, Some(revision)),
            _ => (wanted, None),
        };
        let active = |index: &&usize| self.all[**index].active;
        let Some(revisions) = self.by_name.get(name) else {
            return Err(unknown(Noun::JobDefinition, name, self.by_name.keys().map(String::as_str), pointer));
        };
        let found = match revision {
            Some(revision) => revisions.get((revision as usize).wrapping_sub(1)).filter(active),
            None => revisions.iter().rev().find(active),
        };
        found.copied().ok_or_else(|| {
            let exists = revision.is_none_or(|revision| (1..=revisions.len()).contains(&(revision as usize)));
            let message = match revision {
                Some(revision) if exists => format!("job definition `{name}:{revision}` is INACTIVE"),
                Some(revision) => format!("job definition `{name}` has no revision {revision}"),
                None => format!("job definition `{name}` has no ACTIVE revision"),
            };
            let latest = revisions.iter().rev().find(active);
            let help = match latest {
                Some(latest) => format!("the latest is `{}`", self.all[*latest].full_name()),
                None => "register it again".to_owned(),
            };
            Problem::new(pointer, message, help)
        })
    }
}

impl<T: InstanceTypes> Batch<T> {
    /// `RegisterJobDefinition`: under a known name, its next revision.
    pub fn register_job_definition(
        &mut self,
        document: &JobDefinition,
    ) -> Result<Outcome<RegisteredJobDefinition>, BatchError> {
        let problems = document.problems(&self.assumptions);
        let revision = if self.takes_in(&problems) { self.definitions.register(document) } else { 0 };
        BatchError::check("RegisterJobDefinition", problems)?;
        let name = document.job_definition_name.clone();
        let job_definition_arn = self.arn(Noun::JobDefinition, &format!("{name}:{revision}"));
        let response = RegisteredJobDefinition { job_definition_name: name, job_definition_arn, revision };
        Ok(Outcome { response, events: Vec::new() })
    }

    /// `DeregisterJobDefinition`: the revision is INACTIVE, and takes no more submissions. Jobs submitted before go on.
    pub fn deregister_job_definition(&mut self, request: &DeregisterJobDefinition) -> Result<Outcome<()>, BatchError> {
        const OPERATION: &str = "DeregisterJobDefinition";
        BatchError::check(OPERATION, request.problems())?;
        match self.definitions.find(&request.job_definition, "/jobDefinition") {
            Ok(index) => self.definitions.all[index].active = false,
            Err(_) if self.is_unread(Noun::JobDefinition) => {}
            Err(problem) => return Err(BatchError::refused(OPERATION, problem)),
        }
        Ok(Outcome { response: (), events: Vec::new() })
    }
}
