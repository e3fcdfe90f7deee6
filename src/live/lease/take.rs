//! The way to a lease: create it, or wait whether whoever holds it is alive.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::live::actuate::wire::{Object, ObjectMetadata, Reply, Silence, Wire};
use crate::live::error::LiveError;
use crate::live::guard::Key;
use crate::live::lease::record::{Holder, Record};

/// How often to look whether a lease is renewed, in parts of its renewal interval.
const LOOKS: u32 = 5;

/// A lease on one environment.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) key: Key,
    pub(super) uid: String,
    pub(super) resource_version: String,
    pub(super) renewals: u64,
    /// Right before the renewal that counts was sent.
    pub(super) renewed: Instant,
}

impl Held {
    pub(super) fn new(key: &Key, metadata: ObjectMetadata, renewed: Instant) -> Self {
        let ObjectMetadata { uid, resource_version, .. } = metadata;
        Self { key: key.clone(), uid, resource_version, renewals: 0, renewed }
    }
}

/// What came of a try.
#[derive(Debug)]
pub(super) enum Try {
    /// It is ours.
    Held(Held),
    /// The pod is there: nobody can create it now.
    Exists,
    /// What was to be changed has changed meanwhile.
    Conflict,
    /// There is no such pod.
    Absent,
    /// No answer, or one that says nothing about the lease.
    Failed(kube::Error),
}

/// Creates the pod.
pub(super) async fn create(wire: &Wire, key: &Key, holder: &Holder) -> Try {
    let sent = Instant::now();
    let body = Bytes::from(holder.manifest(key).to_string());
    match wire.create(key, body).await {
        Ok(reply) if reply.status == 409 && reply.problem().is_already_exists() => Try::Exists,
        answer => tried(key, answer, sent),
    }
}

/// Writes this holder's name into the version that is known, and into no other.
pub(super) async fn write(wire: &Wire, held: &Held, holder: &Holder) -> Try {
    let sent = Instant::now();
    let patch: Value = json!({ "metadata": {
        "uid": held.uid,
        "resourceVersion": held.resource_version,
        "annotations": holder.annotations(held.renewals),
    }});
    match tried(&held.key, wire.patch(&held.key, &patch).await, sent) {
        Try::Held(written) => Try::Held(Held { renewals: held.renewals, ..written }),
        other => other,
    }
}

fn tried(key: &Key, answer: Result<Reply, Silence>, sent: Instant) -> Try {
    match answer {
        Err(silence) => Try::Failed(failed(&silence)),
        Ok(reply) if reply.is_success() => match reply.read::<Object>() {
            Some(object) => Try::Held(Held::new(key, object.metadata, sent)),
            // Cut off. The next try finds out.
            None => Try::Failed(reply.error()),
        },
        Ok(reply) => match reply.status {
            404 if !about_namespace(&reply) => Try::Absent,
            409 => Try::Conflict,
            _ => Try::Failed(reply.error()),
        },
    }
}

/// A namespace that is missing is a 404 too, on a create.
fn about_namespace(reply: &Reply) -> bool {
    reply.problem().details.is_some_and(|details| details.kind == "namespaces")
}

/// Reads the pod: `None` where there is none.
pub(super) async fn read(wire: &Wire, key: &Key) -> Result<Option<ObjectMetadata>, kube::Error> {
    match wire.get(key).await {
        Err(silence) => Err(failed(&silence)),
        Ok(reply) if reply.status == 404 => Ok(None),
        Ok(reply) if reply.is_success() => {
            reply.read::<Object>().map(|object| Some(object.metadata)).ok_or_else(|| reply.error())
        }
        Ok(reply) => Err(reply.error()),
    }
}

/// A silence as an error of the client library.
pub(super) fn failed(silence: &Silence) -> kube::Error {
    kube::Error::Service(silence.to_string().into())
}

/// Whether a failure may pass by itself.
fn may_pass(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 408 | 429 | 500..),
        _ => true,
    }
}

/// Takes the lease on one environment: at once if it is free or an earlier process of this run held it, after its duration
/// if nobody renews it, and never if someone does.
pub(super) async fn take(
    wire: &Wire,
    key: &Key,
    holder: &Holder,
    duration: Duration,
    renewal: Duration,
) -> Result<Held, LiveError> {
    let began = Instant::now();
    let mut seen: Option<(Record, Instant)> = None;
    let mut create_first = true;
    loop {
        let attempt =
            if create_first { create(wire, key, holder).await } else { look(wire, key, holder, &mut seen).await? };
        create_first = false;
        let mut pause = seen.is_some();
        match attempt {
            Try::Held(held) => return Ok(held),
            Try::Exists | Try::Conflict => {}
            Try::Absent => create_first = true,
            // As long as a lease would last, a broken way may mend.
            Try::Failed(error) if may_pass(&error) && began.elapsed() < duration * 2 => pause = true,
            Try::Failed(error) => {
                let context = format!(
                    "can't take the lease on an environment, kept in {key}; it takes create, get, patch and delete on pods \
                     in its namespace"
                );
                return Err(LiveError::api(context, error));
            }
        }
        if pause {
            sleep(renewal / LOOKS).await;
        }
    }
}

/// Looks at a lease that exists, and takes it over if it is dead. An error says who holds it.
async fn look(wire: &Wire, key: &Key, holder: &Holder, seen: &mut Option<(Record, Instant)>) -> Result<Try, LiveError> {
    let metadata = match read(wire, key).await {
        Ok(Some(metadata)) => metadata,
        Ok(None) => return Ok(Try::Absent),
        Err(error) => return Ok(Try::Failed(error)),
    };
    let Some(record) = Record::read(&metadata) else {
        return Err(LiveError::Refused(format!(
            "{key} keeps the lease on an environment, and says nothing of one: delete it if nobody needs it"
        )));
    };
    let now = Instant::now();
    let dead = holder.is(&record)
        || holder.succeeds(&record)
        || match seen {
            None => {
                *seen = Some((record, now));
                return Ok(Try::Exists);
            }
            Some((first, since)) if *first == record => now.duration_since(*since) >= record.duration,
            Some(_) => return Err(LiveError::Refused(held_by(key, &record))),
        };
    if dead {
        tracing::info!(lease = %key, holder = record.holder, run = record.run, "takes over a lease that is not renewed");
        return Ok(write(wire, &Held::new(key, metadata, now), holder).await);
    }
    Ok(Try::Exists)
}

/// Who holds a lease, and since when.
pub(super) fn held_by(key: &Key, record: &Record) -> String {
    let Record { holder, run, acquired, renewed, .. } = record;
    format!(
        "another instance drives this environment: {holder}, run {run}, since {acquired}, last renewed {renewed} (by its \
         clock; {key}). Stop it first; its lease ends with it, or {} s after its last renewal",
        record.duration.as_secs()
    )
}
