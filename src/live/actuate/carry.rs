//! The calls that an order takes, most often one. The guard looks at each write right before it is sent.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::live::acts::RUN_LABEL;
use crate::live::actuate::judge::{self, Created, Deleted, Fault, Looked};
use crate::live::actuate::order::{Order, What};
use crate::live::actuate::wire::{Object, Wire};
use crate::live::facts::{Answer, ObjectName, Refusal};
use crate::live::guard::{Guard, Key, Write};
use crate::pod::JOB_ID_LABEL;

/// What came of a try.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done.
    Done(Option<Answer>),
    /// It will not be done.
    Refused {
        /// `guard` or `server`.
        by: &'static str,
        why: String,
        answer: Option<Answer>,
    },
    /// It is tried again.
    Again(Fault),
    /// The guard gives leave later.
    NotBefore(Instant),
}

/// What carries orders out.
#[derive(Clone)]
pub(super) struct Carrier {
    pub(super) wire: Wire,
    pub(super) guard: Guard,
}

/// What the guard forbids, and what the API server refuses.
const GUARD: &str = "guard";
const SERVER: &str = "server";

impl Carrier {
    /// One try.
    pub(super) async fn carry(&self, order: &Order) -> Outcome {
        match &order.what {
            What::CreatePod { body } => self.create_pod(&order.key, body).await,
            What::CreateNodeClaim { body } => self.create_claim(&order.key, body).await,
            What::DeletePod { uid, grace_seconds } => self.delete_pod(&order.key, uid.as_deref(), *grace_seconds).await,
            What::DeleteNodeClaim => self.delete_claim(&order.key).await,
        }
    }

    async fn create_pod(&self, key: &Key, body: &Bytes) -> Outcome {
        if let Err(why) = self.guard.check(&Write::Create(key, body)) {
            return Outcome::Refused {
                by: GUARD,
                answer: Some(pod_refused(key, Refusal::Forbidden(why.clone()))),
                why,
            };
        }
        match judge::created(&self.wire.create(key, body.clone()).await) {
            Created::There(uid) => self.pod_there(key, uid, false),
            Created::Again(fault) => Outcome::Again(fault),
            Created::Refused(why) => {
                let (Refusal::Quota(text) | Refusal::Forbidden(text) | Refusal::NameTaken(text)) = &why;
                Outcome::Refused { by: SERVER, why: text.clone(), answer: Some(pod_refused(key, why)) }
            }
            Created::Exists => match self.look(key).await {
                Ok(Some(found)) if is_same(&found, body) => self.pod_there(key, found.metadata.uid, true),
                Ok(Some(found)) => {
                    let why =
                        format!("{key} is there already, with uid {}, and is not of this attempt", found.metadata.uid);
                    let answer = Some(pod_refused(key, Refusal::NameTaken(why.clone())));
                    Outcome::Refused { by: SERVER, why, answer }
                }
                Ok(None) => Outcome::Again(own_fault("its name was taken a moment ago and is free now")),
                Err(fault) => Outcome::Again(fault),
            },
        }
    }

    fn pod_there(&self, key: &Key, uid: String, again: bool) -> Outcome {
        self.guard.know(key.clone(), uid.clone());
        let (namespace, name) = parts(key);
        Outcome::Done(Some(Answer::PodCreated { pod: ObjectName { namespace, name, uid }, again }))
    }

    async fn delete_pod(&self, key: &Key, uid: Option<&str>, grace_seconds: u32) -> Outcome {
        if let Err(why) = self.guard.check(&Write::Delete(key)) {
            return Outcome::Refused { by: GUARD, why, answer: None };
        }
        let known = self.guard.uid(key).filter(|known| uid.is_none_or(|uid| uid == known));
        let uid = match known {
            Some(uid) => uid,
            None => match self.look(key).await {
                Ok(Some(found)) if uid.is_some_and(|uid| uid != found.metadata.uid) => return self.pod_absent(key),
                Ok(Some(found)) => match self.guard.check_found(&found.metadata.labels) {
                    Ok(()) => found.metadata.uid,
                    // There is a pod, but none of this run: for the run there is no such pod.
                    Err(why) => return Outcome::Refused { by: GUARD, why, answer: Some(absent(key)) },
                },
                Ok(None) => return self.pod_absent(key),
                Err(fault) => return Outcome::Again(fault),
            },
        };
        let options = delete_options(&uid, Some(grace_seconds));
        match judge::deleted(&self.wire.delete(key, &options).await) {
            Deleted::Going => {
                // Without grace there is no second time to know it for.
                if grace_seconds == 0 {
                    self.guard.forget(key);
                }
                Outcome::Done(None)
            }
            Deleted::Absent => self.pod_absent(key),
            Deleted::Again(fault) => Outcome::Again(fault),
        }
    }

    fn pod_absent(&self, key: &Key) -> Outcome {
        self.guard.forget(key);
        Outcome::Done(Some(absent(key)))
    }

    async fn create_claim(&self, key: &Key, body: &Bytes) -> Outcome {
        let refused = |message: String| Some(Answer::NodeClaimRefused { name: parts(key).1, message });
        if let Err(why) = self.guard.check(&Write::Create(key, body)) {
            return Outcome::Refused { by: GUARD, answer: refused(why.clone()), why };
        }
        match judge::created(&self.wire.create(key, body.clone()).await) {
            Created::There(_) => Outcome::Done(None),
            Created::Again(fault) => Outcome::Again(fault),
            Created::Refused(Refusal::Quota(why) | Refusal::Forbidden(why) | Refusal::NameTaken(why)) => {
                Outcome::Refused { by: SERVER, answer: refused(why.clone()), why }
            }
            Created::Exists => match self.look(key).await {
                Ok(Some(found)) => match self.guard.check_found(&found.metadata.labels) {
                    Ok(()) => Outcome::Done(None),
                    Err(why) => {
                        let why = format!("{key} is there already: {why}");
                        Outcome::Refused { by: GUARD, answer: refused(why.clone()), why }
                    }
                },
                Ok(None) => Outcome::Again(own_fault("its name was taken a moment ago and is free now")),
                Err(fault) => Outcome::Again(fault),
            },
        }
    }

    async fn delete_claim(&self, key: &Key) -> Outcome {
        if let Err(why) = self.guard.check(&Write::Delete(key)) {
            return Outcome::Refused { by: GUARD, why, answer: None };
        }
        // A look for every claim: the node that it became is not known otherwise, and there are few of them.
        let found = match self.look(key).await {
            Ok(Some(found)) => found,
            Ok(None) => return Outcome::Done(Some(claim_absent(key))),
            Err(fault) => return Outcome::Again(fault),
        };
        if let Err(why) = self.guard.check_found(&found.metadata.labels) {
            // There is a claim, but none of this run: for the run there is no such claim.
            return Outcome::Refused { by: GUARD, why, answer: Some(claim_absent(key)) };
        }
        if let Err(until) = self.guard.take_removal(&found.status.node_name, Instant::now()) {
            return Outcome::NotBefore(until);
        }
        match judge::deleted(&self.wire.delete(key, &delete_options(&found.metadata.uid, None)).await) {
            Deleted::Going => Outcome::Done(None),
            Deleted::Absent => Outcome::Done(Some(claim_absent(key))),
            Deleted::Again(fault) => Outcome::Again(fault),
        }
    }

    async fn look(&self, key: &Key) -> Result<Option<Object>, Fault> {
        match judge::looked(&self.wire.get(key).await) {
            Looked::Found(object) => Ok(Some(*object)),
            Looked::Absent => Ok(None),
            Looked::Again(fault) => Err(fault),
        }
    }
}

/// Whether what was found is what was to be created: of this run and this job. The name says which attempt.
fn is_same(found: &Object, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Sent {
        metadata: Labelled,
    }
    #[derive(Deserialize)]
    struct Labelled {
        labels: BTreeMap<String, String>,
    }
    serde_json::from_slice::<Sent>(body).is_ok_and(|sent| {
        [RUN_LABEL, JOB_ID_LABEL].iter().all(|&label| {
            let own = sent.metadata.labels.get(label);
            own.is_some() && own == found.metadata.labels.get(label)
        })
    })
}

fn delete_options(uid: &str, grace_seconds: Option<u32>) -> Value {
    let mut options = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": uid } });
    if let Some(seconds) = grace_seconds {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    options
}

fn own_fault(why: &str) -> Fault {
    Fault { why: why.to_owned(), asked: None, of_server: false }
}

fn parts(key: &Key) -> (String, String) {
    match key {
        Key::Pod { namespace, name } => (namespace.clone(), name.clone()),
        Key::NodeClaim { name } => (String::new(), name.clone()),
    }
}

fn pod_refused(key: &Key, why: Refusal) -> Answer {
    let (namespace, name) = parts(key);
    Answer::PodRefused { namespace, name, why }
}

fn absent(key: &Key) -> Answer {
    let (namespace, name) = parts(key);
    Answer::PodAbsent { namespace, name }
}

fn claim_absent(key: &Key) -> Answer {
    Answer::NodeClaimAbsent { name: parts(key).1 }
}
