//! List, then watch, then watch on from where the last watch ended: all changes of a kind, in order.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, Error, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;

/// What is learned.
pub(super) enum Seen<K> {
    /// Everything that there is.
    All(Vec<K>),
    /// An object as it is now.
    Is(K),
    /// An object as it was when it went.
    Gone(K),
}

/// Follows a kind; the first list has been told of when this returns.
pub(super) async fn begin<K>(api: Api<K>, mut tell: impl FnMut(Seen<K>) + Send + 'static) -> JoinHandle<()>
where
    K: Resource + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let mut version = list(&api, &mut tell).await;
    tokio::spawn(async move {
        loop {
            if watch(&api, &mut version, &mut tell).await {
                version = list(&api, &mut tell).await;
            } else {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    })
}

async fn list<K>(api: &Api<K>, tell: &mut impl FnMut(Seen<K>)) -> String
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    loop {
        // Whatever is wrong, the server may be on its way up again: a test that waits for us says how long is too long.
        if let Ok(list) = api.list(&ListParams::default()).await {
            let version = list.metadata.resource_version.clone().unwrap_or_default();
            tell(Seen::All(list.items));
            return version;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One watch, to its end. Whether the version to go on from is too old.
async fn watch<K>(api: &Api<K>, version: &mut String, tell: &mut impl FnMut(Seen<K>)) -> bool
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let mut events = match api.watch(&WatchParams::default(), version).await {
        Ok(events) => events.boxed(),
        Err(Error::Api(status)) => return status.code == 410,
        Err(_) => return false,
    };
    while let Some(Ok(event)) = events.next().await {
        let (seen, at) = match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                let at = object.resource_version();
                (Some(Seen::Is(object)), at)
            }
            WatchEvent::Deleted(object) => {
                let at = object.resource_version();
                (Some(Seen::Gone(object)), at)
            }
            WatchEvent::Bookmark(bookmark) => (None, Some(bookmark.metadata.resource_version)),
            WatchEvent::Error(status) => return status.code == 410,
        };
        if let Some(at) = at {
            *version = at;
        }
        if let Some(seen) = seen {
            tell(seen);
        }
    }
    false
}

/// Objects by name and uid, each with its version.
pub(super) fn versions<K: Resource>(objects: &[K]) -> BTreeMap<(String, String), String> {
    let key = |object: &K| (object.name_any(), object.uid().unwrap_or_default());
    objects.iter().map(|object| (key(object), object.resource_version().unwrap_or_default())).collect()
}
