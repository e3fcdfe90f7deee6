//! An API server of a few lines, for tests: objects in a map, and trouble on demand. What a real one does beyond that is
//! tested against a real one.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub(in crate::live) enum Trouble {
    /// Nothing.
    None,
    /// It is answered with this, and not carried out.
    Reply { status: u16, retry_after: Option<u32>, body: String },
    /// It is carried out after a while.
    Slow(Duration),
    /// It is never answered, nor carried out.
    Hang,
    /// The connection is closed before it is carried out.
    Reset,
    /// It is carried out, and the answer is lost.
    Lost,
}

impl Trouble {
    pub(in crate::live) fn status(status: u16, reason: &str, message: &str) -> Self {
        Self::Reply { status, retry_after: None, body: problem(status, reason, message).to_string() }
    }
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    versions: u64,
    troubles: VecDeque<Trouble>,
    /// Requests whose path ends like this are always in this trouble.
    cursed: Option<(String, Trouble)>,
    log: Vec<String>,
    under_way: usize,
    under_way_max: usize,
}

/// The server. It goes on until the runtime of its test ends.
#[derive(Clone)]
pub(in crate::live) struct Fake {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl Fake {
    pub(in crate::live) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let fake = Self { state: Arc::default(), port: listener.local_addr().unwrap().port() };
        let serving = fake.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let fake = serving.clone();
                let service = service_fn(move |request| fake.clone().serve(request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        fake
    }

    pub(in crate::live) fn client(&self) -> kube::Client {
        let mut config = kube::Config::new(format!("http://127.0.0.1:{}", self.port).parse().unwrap());
        config.default_retry = false;
        kube::Client::try_from(config).unwrap()
    }

    /// What goes wrong with the next requests, one after the other.
    pub(in crate::live) fn next(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.state.lock().unwrap().troubles.extend(troubles);
    }

    /// What goes wrong with all requests for paths that end like this.
    pub(in crate::live) fn curse(&self, path: &str, trouble: Trouble) {
        self.state.lock().unwrap().cursed = Some((path.to_owned(), trouble));
    }

    /// Requests so far, like `POST /api/v1/namespaces/jobs/pods`.
    pub(in crate::live) fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    /// The most requests that were under way at a time.
    pub(in crate::live) fn under_way_max(&self) -> usize {
        self.state.lock().unwrap().under_way_max
    }

    pub(in crate::live) fn get(&self, path: &str) -> Option<Value> {
        self.state.lock().unwrap().objects.get(path).cloned()
    }

    pub(in crate::live) fn count(&self) -> usize {
        self.state.lock().unwrap().objects.len()
    }

    /// Puts an object there, as someone else would.
    pub(in crate::live) fn put(&self, path: &str, object: Value) {
        let mut state = self.state.lock().unwrap();
        let object = stamped(&mut state, object, true);
        state.objects.insert(path.to_owned(), object);
    }

    /// Changes an object, as someone else would.
    pub(in crate::live) fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        let mut object = state.objects.remove(path).unwrap();
        change(&mut object);
        let object = stamped(&mut state, object, false);
        state.objects.insert(path.to_owned(), object);
    }

    pub(in crate::live) fn remove(&self, path: &str) {
        self.state.lock().unwrap().objects.remove(path).unwrap();
    }

    async fn serve(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let body = request.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
        let trouble = {
            let mut state = self.state.lock().unwrap();
            state.log.push(format!("{method} {path}"));
            state.under_way += 1;
            state.under_way_max = state.under_way_max.max(state.under_way);
            let named = serde_json::from_slice::<Value>(&body)
                .ok()
                .and_then(|sent| Some(sent["metadata"]["name"].as_str()?.to_owned()));
            let full = named.map_or_else(|| path.clone(), |name| format!("{path}/{name}"));
            match &state.cursed {
                Some((end, trouble)) if full.ends_with(end) => trouble.clone(),
                _ => state.troubles.pop_front().unwrap_or(Trouble::None),
            }
        };
        let answer = self.answer(&method, &path, &body, trouble).await;
        self.state.lock().unwrap().under_way -= 1;
        answer
    }

    async fn answer(
        &self,
        method: &Method,
        path: &str,
        body: &[u8],
        trouble: Trouble,
    ) -> Result<Response<Full<Bytes>>, std::io::Error> {
        match trouble {
            Trouble::Reply { status, retry_after, body } => {
                let mut response = Response::builder().status(status);
                if let Some(seconds) = retry_after {
                    response = response.header("Retry-After", seconds);
                }
                return Ok(response.body(Full::new(Bytes::from(body))).unwrap());
            }
            Trouble::Slow(span) => sleep(span).await,
            Trouble::Hang => sleep(Duration::from_hours(1)).await,
            Trouble::Reset => return Err(std::io::Error::other("reset")),
            Trouble::Lost => {
                self.carry_out(method, path, body);
                return Err(std::io::Error::other("lost"));
            }
            Trouble::None => {}
        }
        let (status, body) = self.carry_out(method, path, body);
        Ok(Response::builder().status(status).body(Full::new(Bytes::from(body.to_string()))).unwrap())
    }

    fn carry_out(&self, method: &Method, path: &str, body: &[u8]) -> (u16, Value) {
        let mut state = self.state.lock().unwrap();
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        match *method {
            Method::POST => {
                let path = format!("{path}/{}", sent["metadata"]["name"].as_str().unwrap());
                if state.objects.contains_key(&path) {
                    return (409, problem(409, "AlreadyExists", &format!("{path} already exists")));
                }
                let object = stamped(&mut state, sent, true);
                state.objects.insert(path, object.clone());
                (201, object)
            }
            Method::GET => state.objects.get(path).map_or_else(|| absent(path), |object| (200, object.clone())),
            Method::DELETE => {
                let Some(object) = state.objects.get(path) else { return absent(path) };
                for (field, words) in
                    [("uid", "Precondition failed: UID in precondition"), ("resourceVersion", "Precondition failed")]
                {
                    let wanted = &sent["preconditions"][field];
                    if !wanted.is_null() && *wanted != object["metadata"][field] {
                        return (409, problem(409, "Conflict", words));
                    }
                }
                state.objects.remove(path);
                (200, json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" }))
            }
            Method::PATCH => {
                let Some(mut object) = state.objects.get(path).cloned() else { return absent(path) };
                if sent["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
                    return (409, problem(409, "Conflict", "the object has been modified"));
                }
                for (name, value) in sent["metadata"]["annotations"].as_object().into_iter().flatten() {
                    object["metadata"]["annotations"][name] = value.clone();
                }
                let object = stamped(&mut state, object, false);
                state.objects.insert(path.to_owned(), object.clone());
                (200, object)
            }
            _ => (405, problem(405, "MethodNotAllowed", "not here")),
        }
    }
}

fn stamped(state: &mut State, mut object: Value, new: bool) -> Value {
    state.versions += 1;
    object["metadata"]["resourceVersion"] = json!(state.versions.to_string());
    if new {
        object["metadata"]["uid"] = json!(format!("uid-{}", state.versions));
    }
    object
}

fn absent(path: &str) -> (u16, Value) {
    (404, problem(404, "NotFound", &format!("{path} not found")))
}

fn problem(status: u16, reason: &str, message: &str) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "reason": reason, "message": message })
}
