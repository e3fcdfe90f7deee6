//! A bad network between a client and the API server: a proxy on loopback that does to requests and watches what a plan
//! says, by a seed, and counts what it did. Who one is passes through; TLS ends here.

mod plan;
mod socket;
mod stream;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::bed::{Bed, User};
use plan::{Asked, Plan};
pub(crate) use plan::{Fault, On, Rule};
use socket::{Line, Socket};

type Answer = Response<BoxBody<Bytes, std::io::Error>>;

/// Stands until it is dropped.
pub(crate) struct Proxy {
    bed: Arc<Bed>,
    address: String,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

struct Shared {
    upstream: Client,
    plan: Mutex<Plan>,
    lines: Mutex<Vec<Line>>,
}

impl Proxy {
    /// Begins to listen. `seed` decides whatever a rule leaves to chance.
    pub(crate) async fn start(bed: &Arc<Bed>, seed: u64, rules: Vec<Rule>) -> Proxy {
        let upstream = Client::try_from(bed.anonymous().await).unwrap();
        let plan = Mutex::new(Plan::new(seed, rules));
        let shared = Arc::new(Shared { upstream, plan, lines: Mutex::default() });
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", socket.local_addr().unwrap());
        let listener = tokio::spawn(listen(socket, shared.clone()));
        Proxy { bed: bed.clone(), address, shared, listener }
    }

    /// A kubeconfig whose API server is this proxy.
    pub(crate) fn kubeconfig(&self, user: User) -> PathBuf {
        self.bed.kubeconfig_at(user, &self.address)
    }

    /// A client that goes through this proxy and retries nothing by itself.
    pub(crate) async fn client(&self, user: User) -> Client {
        self.bed.client_at(user, &self.address).await
    }

    /// Other rules from now on. What was counted stays.
    pub(crate) fn rules(&self, rules: Vec<Rule>) {
        self.plan(|plan| plan.set(rules));
    }

    /// Resets every connection, in the midst of whatever goes over it.
    pub(crate) fn cut_all(&self) {
        let mut lines = self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.drain(..).for_each(|line| line.cut());
    }

    /// How often each fault was done to someone, by its name.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.plan(|plan| plan.counts().clone())
    }

    /// How often a fault was done to someone.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.counts().get(name).copied().unwrap_or(0)
    }

    fn plan<T>(&self, act: impl FnOnce(&mut Plan) -> T) -> T {
        self.shared.plan(act)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.cut_all();
    }
}

impl Shared {
    fn plan<T>(&self, act: impl FnOnce(&mut Plan) -> T) -> T {
        act(&mut self.plan.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, fault: &Fault) {
        self.plan(|plan| plan.count(fault.name()));
    }
}

async fn listen(socket: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = socket.accept().await else { continue };
        let (socket, line) = Socket::new(stream);
        {
            let mut lines = shared.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.retain(Line::is_open);
            lines.push(line.clone());
        }
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let (shared, line) = (shared.clone(), line.clone());
                async move { Ok::<_, Infallible>(answer(request, shared, line).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            // Dropped with its socket when the line is cut: nothing more is sent, not even an end.
            tokio::select! {
                _ = connection => {}
                () = line.is_cut() => {}
            }
            line.close();
        });
    }
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>, line: Line) -> Answer {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return gone(&line).await };
    let query = parts.uri.query().unwrap_or_default();
    let watch = query.split('&').any(|part| matches!(part, "watch=true" | "watch=1"));
    let asked = Asked { method: &parts.method, path: parts.uri.path(), watch };
    let (fault, on_stream) = shared.plan(|plan| plan.draw(&asked));
    if let Some(fault) = &fault {
        shared.count(fault);
    }
    match fault {
        Some(Fault::TooManyRequests { retry_after_s }) => {
            let text = "Too many requests, please try again later.\n";
            let mut answer = whole(StatusCode::TOO_MANY_REQUESTS, "text/plain; charset=utf-8", text.into());
            answer.headers_mut().insert("Retry-After", retry_after_s.into());
            return answer;
        }
        Some(Fault::ServerError) => return status(500, "InternalError", "Internal error occurred: a fault on purpose"),
        Some(Fault::Conflict) => {
            return status(
                409,
                "Conflict",
                "Operation cannot be fulfilled: the object has been modified; a fault on purpose",
            );
        }
        Some(Fault::Gone) => return status(410, "Expired", "too old resource version: a fault on purpose"),
        Some(Fault::Reset) => return gone(&line).await,
        Some(Fault::Silence(duration)) => tokio::time::sleep(duration).await,
        _ => {}
    }
    let answer = forward(&shared.upstream, &parts.method, &parts.uri, &parts.headers, body.to_bytes()).await;
    let Ok(answer) = answer else { return gone(&line).await };
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONNECTION);
    head.headers.remove(TRANSFER_ENCODING);
    if watch && head.status.is_success() {
        return Response::from_parts(head, stream::play(body, on_stream, shared, line));
    }
    let Ok(body) = body.collect().await else { return gone(&line).await };
    // Only now, so that it was really done.
    if matches!(fault, Some(Fault::AnswerLost)) {
        return gone(&line).await;
    }
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, full(body.to_bytes()))
}

async fn forward(
    upstream: &Client,
    method: &Method,
    uri: &hyper::Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, kube::Error> {
    let mut request = Request::builder().method(method).uri(uri.clone()).body(Body::from(body.to_vec())).unwrap();
    *request.headers_mut() = headers.clone();
    for header in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, ACCEPT_ENCODING] {
        request.headers_mut().remove(header);
    }
    upstream.send(request).await
}

/// Cuts the line. Nobody will see an answer.
async fn gone(line: &Line) -> Answer {
    line.cut();
    std::future::pending().await
}

fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    whole(StatusCode::from_u16(code).unwrap(), "application/json", body.to_string())
}

fn whole(status: StatusCode, kind: &'static str, body: String) -> Answer {
    let answer = Response::builder().status(status).header(CONTENT_TYPE, kind);
    answer.body(full(Bytes::from(body))).unwrap()
}

fn full(bytes: Bytes) -> BoxBody<Bytes, std::io::Error> {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}
