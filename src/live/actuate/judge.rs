//! What an answer of the API server means for an act: done, refused for good, or to be tried again. Pure.
//!
//! Refused for good is only what the server has looked at and will not take: 400, 403, 404, 413, 422 and the like on a create.
//! A credential that has run out (401) is renewed by the client library or by a person; a delete that is forbidden may be allowed
//! again, and nobody else would do it. So both are tried on.

use std::time::Duration;

use crate::live::actuate::wire::{Object, Reply, Silence};
use crate::live::facts::Refusal;

/// What came of a call.
pub(super) type Answered = Result<Reply, Silence>;

/// Why something is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// For the log.
    pub(super) why: String,
    /// How long the server asks to be left alone.
    pub(super) asked: Option<Duration>,
    /// It says something about the server, not about this one object.
    pub(super) of_server: bool,
}

/// What came of a create.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Created {
    /// It is there, under this uid.
    There(String),
    /// The name is taken.
    Exists,
    /// It will not be.
    Refused(Refusal),
    /// Not for now.
    Again(Fault),
}

/// What came of a look.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looked {
    Found(Box<Object>),
    Absent,
    Again(Fault),
}

/// What came of a delete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Deleted {
    /// It is going, or gone.
    Going,
    /// There is none, under this name and uid.
    Absent,
    Again(Fault),
}

pub(super) fn created(answer: &Answered) -> Created {
    let reply = match answer {
        Ok(reply) => reply,
        Err(silence) => return Created::Again(silent(silence)),
    };
    if reply.is_success() {
        // An answer that is cut off: the next try finds the name taken, and looks.
        let uid = reply.read::<Object>().map(|object| object.metadata.uid).filter(|uid| !uid.is_empty());
        return uid.map_or_else(|| Created::Again(fault(reply)), Created::There);
    }
    let problem = reply.problem();
    match reply.status {
        409 if problem.is_already_exists() => Created::Exists,
        // 409 on a quota or a conflict of another kind; 408 and 425 are a proxy's.
        401 | 408 | 409 | 425 | 429 | 500.. => Created::Again(fault(reply)),
        403 if problem.message.contains("exceeded quota") => Created::Refused(Refusal::Quota(problem.message)),
        _ => Created::Refused(Refusal::Forbidden(problem.message)),
    }
}

pub(super) fn looked(answer: &Answered) -> Looked {
    match answer {
        Err(silence) => Looked::Again(silent(silence)),
        Ok(reply) if reply.status == 404 => Looked::Absent,
        Ok(reply) if reply.is_success() => {
            reply.read().map_or_else(|| Looked::Again(fault(reply)), |object| Looked::Found(Box::new(object)))
        }
        Ok(reply) => Looked::Again(fault(reply)),
    }
}

/// Every delete has the uid as a precondition, so that a conflict is about the uid.
pub(super) fn deleted(answer: &Answered) -> Deleted {
    match answer {
        Err(silence) => Deleted::Again(silent(silence)),
        Ok(reply) if reply.is_success() => Deleted::Going,
        Ok(reply) if reply.status == 404 => Deleted::Absent,
        Ok(reply) if reply.status == 409 && reply.problem().message.contains("UID") => Deleted::Absent,
        Ok(reply) => Deleted::Again(fault(reply)),
    }
}

fn silent(silence: &Silence) -> Fault {
    Fault { why: silence.to_string(), asked: None, of_server: true }
}

fn fault(reply: &Reply) -> Fault {
    let problem = reply.problem();
    let seconds = problem.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    let told = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    Fault {
        why: format!("{} {}", reply.status, problem.message),
        asked: reply.retry_after.or(told),
        of_server: matches!(reply.status, 401 | 429 | 500..),
    }
}
