//! Requests that read, none of which can hang: the client library waits for an answer without limit, and goes on for
//! minutes where the API server says that it is busy.
//!
//! Objects are parsed into what is read of them, page by page, and never kept whole.

use std::time::Duration;

use futures::Stream;
use kube::Client;
use kube::core::params::{GetParams, ListParams, WatchParams};
use kube::core::{Request, WatchEvent};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::live::error::LiveError;
use crate::live::settings::LiveSettings;

/// Objects in an answer. 500, as in Kubernetes' own clients: some 5 MB of pods.
const PAGE: u32 = 500;
/// HTTP: who asks may not.
const FORBIDDEN: u16 = 403;
/// HTTP: there is no such thing.
const NOT_FOUND: u16 = 404;

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The API server refused it, or was not reached.
    #[error(transparent)]
    Kube(#[from] kube::Error),
    /// No answer came in time.
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// A watch ended as soon as it had begun.
    #[error("the API server ended the watch as soon as it had begun")]
    Brief,
}

impl CallError {
    /// HTTP's status, where there was an answer.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Kube(kube::Error::Api(status)) => Some(status.code),
            _ => None,
        }
    }

    /// Whether it is a matter of permissions.
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(FORBIDDEN)
    }

    /// Whether there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(NOT_FOUND)
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Kube(kube::Error::Api(status)) => status
                .details
                .as_ref()
                .map(|details| Duration::from_secs(details.retry_after_seconds.into()))
                .filter(|wait| !wait.is_zero()),
            _ => None,
        }
    }

    /// The same for whoever can't go on.
    pub fn while_doing(self, context: impl Into<String>) -> LiveError {
        let context = context.into();
        match self {
            // The API server names user, verb and resource itself; the library would add its own structures.
            Self::Kube(kube::Error::Api(status)) if status.code == FORBIDDEN => {
                LiveError::Forbidden { context, message: status.message }
            }
            Self::Kube(source) => LiveError::api(context, source),
            Self::Silent(_) | Self::Brief => LiveError::Refused(format!("{context}: {self}")),
        }
    }
}

/// Which objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    path: String,
    labels: Option<String>,
    fields: Option<String>,
}

impl Query {
    fn all(path: &str) -> Self {
        Self { path: path.to_owned(), labels: None, fields: None }
    }

    /// Nodes.
    pub fn nodes() -> Self {
        Self::all("/api/v1/nodes")
    }

    /// Pods of all namespaces.
    pub fn pods() -> Self {
        Self::all("/api/v1/pods")
    }

    /// Pods of a namespace.
    pub fn pods_in(namespace: &str) -> Self {
        Self::all(&format!("/api/v1/namespaces/{namespace}/pods"))
    }

    /// Events of a namespace.
    pub fn events_in(namespace: &str) -> Self {
        Self::all(&format!("/api/v1/namespaces/{namespace}/events"))
    }

    /// Daemonsets of all namespaces.
    pub fn daemon_sets() -> Self {
        Self::all("/apis/apps/v1/daemonsets")
    }

    /// Karpenter's claims.
    pub fn node_claims() -> Self {
        Self::all("/apis/karpenter.sh/v1/nodeclaims")
    }

    /// Where the API server has them.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Those whose labels are so.
    #[must_use]
    pub fn labelled(self, selector: impl Into<String>) -> Self {
        Self { labels: Some(selector.into()), ..self }
    }

    /// Those whose fields are so.
    #[must_use]
    pub fn with_fields(self, selector: impl Into<String>) -> Self {
        Self { fields: Some(selector.into()), ..self }
    }
}

/// A client, and how long it waits.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    answer_within: Duration,
    watch_for: Duration,
}

impl Caller {
    /// A caller.
    pub fn new(client: &Client, settings: &LiveSettings) -> Self {
        Self { client: client.clone(), answer_within: settings.answer_timeout, watch_for: settings.watch_timeout }
    }

    /// All objects, one after the other, and the version that they were listed at.
    pub async fn each<T: DeserializeOwned>(&self, query: &Query, mut take: impl FnMut(T)) -> Result<String, CallError> {
        let mut next = None;
        loop {
            let page: Page<T> = self.page(query, next.take()).await?;
            page.items.into_iter().for_each(&mut take);
            match page.metadata.next {
                Some(token) if !token.is_empty() => next = Some(token),
                _ => return Ok(page.metadata.resource_version),
            }
        }
    }

    /// A page of a list.
    pub(in crate::live) async fn page<T: DeserializeOwned>(
        &self,
        query: &Query,
        next: Option<String>,
    ) -> Result<Page<T>, CallError> {
        let list = ListParams {
            label_selector: query.labels.clone(),
            field_selector: query.fields.clone(),
            limit: Some(PAGE),
            continue_token: next,
            ..ListParams::default()
        };
        let request = Request::new(query.path.clone()).list(&list).map_err(kube::Error::BuildRequest)?;
        self.within(self.client.request(request)).await
    }

    /// One object; `None` where there is none.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, name: &str) -> Result<Option<T>, CallError> {
        let request = Request::new(path).get(name, &GetParams::default()).map_err(kube::Error::BuildRequest)?;
        match self.within(self.client.request(request)).await {
            Err(error) if error.is_not_found() => Ok(None),
            found => found.map(Some),
        }
    }

    /// What happens to objects from a version on. The server ends it after a while, and where it doesn't, nothing more will come.
    pub(super) async fn watch<T: DeserializeOwned + Clone>(
        &self,
        query: &Query,
        version: &str,
    ) -> Result<impl Stream<Item = Result<WatchEvent<T>, kube::Error>> + use<T>, CallError> {
        let watch = WatchParams {
            label_selector: query.labels.clone(),
            field_selector: query.fields.clone(),
            timeout: Some(u32::try_from(self.watch_for.as_secs()).unwrap_or(u32::MAX).max(1)),
            bookmarks: true,
            send_initial_events: false,
        };
        let request = Request::new(query.path.clone()).watch(&watch, version).map_err(kube::Error::BuildRequest)?;
        self.within(self.client.request_events::<T>(request)).await
    }

    /// After so long without a word, a watch is dead: the server would have ended it.
    pub(super) fn silence(&self) -> Duration {
        self.watch_for.max(Duration::from_secs(1)) + self.answer_within.min(Duration::from_secs(5))
    }

    /// The client, for calls that are not about lists.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// A call, and no longer than an answer may take.
    pub async fn within<T>(&self, call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, CallError> {
        match tokio::time::timeout(self.answer_within, call).await {
            Ok(answer) => answer.map_err(CallError::Kube),
            Err(_) => Err(CallError::Silent(self.answer_within)),
        }
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(in crate::live) struct Page<T> {
    pub(in crate::live) metadata: PageMeta,
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<T>,
}

/// Where a page stands in its list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::live) struct PageMeta {
    pub(super) resource_version: String,
    #[serde(rename = "continue")]
    pub(super) next: Option<String>,
}
