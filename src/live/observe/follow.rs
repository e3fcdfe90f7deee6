//! A list, and what becomes of it: pages, then a watch from where the list ended, taken up again wherever it breaks, and the
//! list once more where it can't be.
//!
//! The client library has a watcher. It waits for lists without limit, asks for ever with a version that the server
//! answers with 410 to the request itself, and hides what tells a silent connection from a quiet cluster.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use kube::core::WatchEvent;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::kubernetes::objects::Object;
use crate::live::clock::wall;
use crate::live::observe::backoff::Backoff;
use crate::live::observe::call::{CallError, Caller, Query};

/// HTTP: that version is forgotten.
const GONE: u16 = 410;
/// So many failures in a row to go on from a version, and the list is made anew: the server may never have heard of it.
const RESUMED_IN_VAIN: u32 = 5;
/// A watch that ends sooner was not worth while.
const BRIEF: Duration = Duration::from_secs(1);

/// What a list and its watch tell, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told<T> {
    /// A list begins; one that had begun and not ended is void.
    Begun,
    /// An object of the list.
    Listed(T),
    /// The list is complete, as of this version.
    Ended(String),
    /// An object came or changed.
    Changed(T),
    /// An object went; as it was.
    Deleted(T),
    /// Nothing more has changed up to this version.
    At(String),
}

/// Nobody listens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unheard;

/// Why it came to an end.
#[derive(Debug)]
pub(super) enum End {
    /// Nobody listens any more.
    Unheard,
    /// The very first list was refused in a way that will not pass.
    Refused,
}

impl From<Unheard> for End {
    fn from(Unheard: Unheard) -> Self {
        Self::Unheard
    }
}

/// How to go on after a watch.
enum Next {
    /// From where it stood.
    Resume,
    /// From where it stood, after a while.
    Retry(CallError),
    /// With a new list.
    Relist,
    /// With a new list, after a while.
    RelistAfter(CallError),
}

/// Follows objects for as long as someone listens. An answer of one of the codes `hopeless` to the first list ends it.
pub(super) async fn follow<T>(
    caller: &Caller,
    query: &Query,
    hopeless: &[u16],
    mut tell: impl FnMut(Told<T>) -> Result<(), Unheard>,
) -> End
where
    T: Object + DeserializeOwned + Clone,
{
    let mut backoff = Backoff::default();
    let mut first = true;
    loop {
        let version = match list(caller, query, &mut tell).await {
            Ok(Ok(version)) => version,
            Ok(Err(Unheard)) => return End::Unheard,
            Err(error) if first && error.code().is_some_and(|code| hopeless.contains(&code)) => {
                return End::Refused;
            }
            Err(error) => {
                wait(query, "list", &error, &mut backoff).await;
                continue;
            }
        };
        first = false;
        backoff.reset();
        if let Err(Unheard) = watch_from(caller, query, version, &mut backoff, &mut tell).await {
            return End::Unheard;
        }
    }
}

/// Tells a list from its beginning to its end.
async fn list<T: DeserializeOwned>(
    caller: &Caller,
    query: &Query,
    tell: &mut impl FnMut(Told<T>) -> Result<(), Unheard>,
) -> Result<Result<String, Unheard>, CallError> {
    if tell(Told::Begun).is_err() {
        return Ok(Err(Unheard));
    }
    let mut heard = Ok(());
    let mut next = None;
    loop {
        let page = caller.page(query, next.take()).await?;
        for object in page.items {
            heard = heard.and_then(|()| tell(Told::Listed(object)));
        }
        match page.metadata.next {
            _ if heard.is_err() => return Ok(Err(Unheard)),
            Some(token) if !token.is_empty() => next = Some(token),
            _ => {
                let version = page.metadata.resource_version;
                return Ok(tell(Told::Ended(version.clone())).map(|()| version));
            }
        }
    }
}

/// Watches until the list has to be made anew.
async fn watch_from<T>(
    caller: &Caller,
    query: &Query,
    mut version: String,
    backoff: &mut Backoff,
    tell: &mut impl FnMut(Told<T>) -> Result<(), Unheard>,
) -> Result<(), Unheard>
where
    T: Object + DeserializeOwned + Clone,
{
    loop {
        let before = version.clone();
        let next = watch(caller, query, &mut version, tell).await?;
        if version != before {
            backoff.reset();
        }
        match next {
            Next::Resume => backoff.reset(),
            Next::Relist => {
                tracing::info!(path = query.path(), version, "the watch can't go on from here; listing anew");
                return Ok(());
            }
            Next::Retry(error) => {
                wait(query, "watch", &error, backoff).await;
                if backoff.failures() >= RESUMED_IN_VAIN {
                    return Ok(());
                }
            }
            Next::RelistAfter(error) => {
                wait(query, "watch", &error, backoff).await;
                return Ok(());
            }
        }
    }
}

/// One watch, from its opening to its end, however it ends.
async fn watch<T>(
    caller: &Caller,
    query: &Query,
    version: &mut String,
    tell: &mut impl FnMut(Told<T>) -> Result<(), Unheard>,
) -> Result<Next, Unheard>
where
    T: Object + DeserializeOwned + Clone,
{
    let stream = match caller.watch::<T>(query, version).await {
        Ok(stream) => stream,
        Err(error) if error.code() == Some(GONE) => return Ok(Next::Relist),
        Err(error) => return Ok(Next::Retry(error)),
    };
    let mut stream = pin!(stream);
    let opened = Instant::now();
    loop {
        let event = match tokio::time::timeout(caller.silence(), stream.next()).await {
            // A server that ends watches as soon as it has taken them is left alone for a while.
            Ok(None) if opened.elapsed() < BRIEF => return Ok(Next::Retry(CallError::Brief)),
            Ok(None) => return Ok(Next::Resume),
            Ok(Some(event)) => event,
            Err(_) => {
                tracing::warn!(path = query.path(), "the watch fell silent; opening another");
                return Ok(Next::Resume);
            }
        };
        match event {
            Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                if advance(version, &object.meta().resource_version) {
                    tell(Told::Changed(object))?;
                }
            }
            Ok(WatchEvent::Deleted(object)) => {
                if advance(version, &object.meta().resource_version) {
                    tell(Told::Deleted(object))?;
                }
            }
            Ok(WatchEvent::Bookmark(mark)) => {
                if advance(version, &mark.metadata.resource_version) {
                    tell(Told::At(version.clone()))?;
                }
            }
            Ok(WatchEvent::Error(status)) if status.code == GONE => return Ok(Next::Relist),
            Ok(WatchEvent::Error(status)) => return Ok(Next::Retry(kube::Error::Api(status).into())),
            // It can't be read, which the client library may call an answer of code 0; from here, the same would come again.
            Err(error @ (kube::Error::SerdeError(_) | kube::Error::Api(_))) => {
                return Ok(Next::RelistAfter(error.into()));
            }
            Err(error) => return Ok(Next::Retry(error.into())),
        }
    }
}

/// Goes on to a version; false where that is no step forward: an event that was told before. Versions of one kind are numbers
/// that grow, by Kubernetes' word since 1.35 and in fact always; what is no number is taken as it comes.
fn advance(version: &mut String, to: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    let forward = match (number(version), number(to)) {
        (Some(from), Some(to)) => to > from,
        _ => !to.is_empty(),
    };
    if forward {
        to.clone_into(version);
    }
    forward
}

async fn wait(query: &Query, what: &str, error: &CallError, backoff: &mut Backoff) {
    let wait = backoff.next(error.retry_after(), wall());
    tracing::warn!(path = query.path(), wait_ms = wait.as_millis(), %error, "could not {what}; trying again");
    tokio::time::sleep(wait).await;
}
