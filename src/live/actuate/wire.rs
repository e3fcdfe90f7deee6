//! One call to the API server: sent, timed, and given up when its time is over.
//!
//! The client library's own calls read whole objects and hide headers; here the answer's status, its `Retry-After` and its
//! bytes are enough, and whoever needs a field reads it.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use hyper::{Method, Request};
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};

use crate::live::guard::Key;
use crate::live::telemetry::Metrics;

const JSON: &str = "application/json";
/// Answers to creates and deletes need no more than the object's metadata: that is less to write, send and read.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// A way to an API server.
#[derive(Clone)]
pub(in crate::live) struct Wire {
    client: kube::Client,
    timeout: Duration,
    metrics: Metrics,
}

/// What the API server said.
#[derive(Debug, Clone)]
pub(in crate::live) struct Reply {
    pub(in crate::live) status: u16,
    pub(in crate::live) retry_after: Option<Duration>,
    body: Bytes,
}

/// There was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::live) enum Silence {
    /// Not in time.
    Timeout,
    /// The way is broken, or never was.
    Connection(String),
}

/// What is read of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::live) struct ObjectMetadata {
    pub(in crate::live) name: String,
    pub(in crate::live) uid: String,
    pub(in crate::live) resource_version: String,
    pub(in crate::live) labels: std::collections::BTreeMap<String, String>,
    pub(in crate::live) annotations: std::collections::BTreeMap<String, String>,
}

/// An object of which only the metadata and, of a `NodeClaim`, the node matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(in crate::live) struct Object {
    pub(in crate::live) metadata: ObjectMetadata,
    #[serde(default)]
    pub(in crate::live) status: ObjectStatus,
}

/// The node that a `NodeClaim` became.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::live) struct ObjectStatus {
    pub(in crate::live) node_name: String,
}

impl Reply {
    pub(in crate::live) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The answer as some type; `None` for what is cut off or no JSON.
    pub(in crate::live) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The error that the API server described, or what can be said of it.
    pub(in crate::live) fn problem(&self) -> Status {
        let described = self.read::<Status>().filter(|status| !status.message.is_empty());
        described.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(&self.body);
            let text: String = text.trim().chars().take(300).collect();
            Status::failure(if text.is_empty() { "no message" } else { &text }, "").with_code(self.status)
        })
    }

    /// The same as an error of the client library.
    pub(in crate::live) fn error(&self) -> kube::Error {
        let mut problem = self.problem();
        problem.code = self.status;
        kube::Error::Api(problem.boxed())
    }

    fn outcome(&self) -> &'static str {
        match self.status {
            200..300 => "ok",
            409 => "conflict",
            429 => "throttled",
            500.. => "server_error",
            _ => "refused",
        }
    }
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Connection(why) => f.write_str(why),
        }
    }
}

impl Wire {
    pub(in crate::live) const fn new(client: kube::Client, timeout: Duration, metrics: Metrics) -> Self {
        Self { client, timeout, metrics }
    }

    /// Creates an object from its JSON.
    pub(in crate::live) async fn create(&self, key: &Key, body: Bytes) -> Result<Reply, Silence> {
        self.call("create", Method::POST, &collection(key), JSON, Some(body)).await
    }

    /// Reads an object.
    pub(in crate::live) async fn get(&self, key: &Key) -> Result<Reply, Silence> {
        self.call("get", Method::GET, &path(key), JSON, None).await
    }

    /// Changes an object by a JSON merge patch.
    pub(in crate::live) async fn patch(&self, key: &Key, patch: &serde_json::Value) -> Result<Reply, Silence> {
        let body = Bytes::from(patch.to_string());
        self.call("patch", Method::PATCH, &path(key), "application/merge-patch+json", Some(body)).await
    }

    /// Deletes an object; `options` are its `DeleteOptions`.
    pub(in crate::live) async fn delete(&self, key: &Key, options: &serde_json::Value) -> Result<Reply, Silence> {
        let body = Bytes::from(options.to_string());
        self.call("delete", Method::DELETE, &path(key), JSON, Some(body)).await
    }

    async fn call(
        &self,
        verb: &'static str,
        method: Method,
        path: &str,
        form: &'static str,
        body: Option<Bytes>,
    ) -> Result<Reply, Silence> {
        let accept = if method == Method::GET { JSON } else { METADATA_ONLY };
        let request = Request::builder().method(method).uri(path).header(ACCEPT, accept).header(CONTENT_TYPE, form);
        let request = request
            .body(body.map_or_else(Body::empty, Body::from))
            .map_err(|error| Silence::Connection(format!("{path} is no path: {error}")))?;
        let began = Instant::now();
        let answer = timeout(self.timeout, self.exchange(request)).await.unwrap_or(Err(Silence::Timeout));
        let outcome = match &answer {
            Ok(reply) => reply.outcome(),
            Err(Silence::Timeout) => "timeout",
            Err(Silence::Connection(_)) => "connection",
        };
        self.metrics.request(verb, outcome, began.elapsed());
        answer
    }

    async fn exchange(&self, request: Request<Body>) -> Result<Reply, Silence> {
        let broken = |error: kube::Error| Silence::Connection(causes(&error));
        let response = self.client.send(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
        Ok(Reply { status, retry_after, body })
    }
}

/// An error with everything behind it: `client error (Connect): connection refused`.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}

fn collection(key: &Key) -> String {
    match key {
        Key::Pod { namespace, .. } => format!("/api/v1/namespaces/{namespace}/pods"),
        Key::NodeClaim { .. } => "/apis/karpenter.sh/v1/nodeclaims".to_owned(),
    }
}

fn path(key: &Key) -> String {
    match key {
        Key::Pod { name, .. } | Key::NodeClaim { name } => format!("{}/{name}", collection(key)),
    }
}
