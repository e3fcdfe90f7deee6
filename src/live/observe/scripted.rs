//! An API server that says what a test wrote down, over a real connection, and the tests of watches against it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::kubernetes::objects::PodObject;
use crate::live::clock::wall;
use crate::live::facts::{Kind, NodeState, PodPhase, Sighting};
use crate::live::observe::call::{Caller, Query};
use crate::live::observe::follow::{Told, Unheard, follow};
use crate::live::observe::watch::{Watch, run};
use crate::live::settings::LiveSettings;
use crate::scheduler::PodStuck;
use crate::units::MilliCpu;

/// What the server does with a request.
#[derive(Debug, Clone)]
enum Reply {
    /// Answers with a code and a body.
    Json(u16, Value),
    /// Streams lines, and then ends the stream.
    Lines(Vec<Value>),
    /// Streams lines, and then breaks the connection in the middle.
    Broken(Vec<Value>),
    /// Streams lines, and then says nothing.
    Silent(Vec<Value>),
    /// Takes the request and never answers.
    Never,
}

type Script = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

/// Starts a server; the requests that it was sent are found in the list.
async fn serve(script: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Client, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, script): (_, Script) = (asked.clone(), Arc::new(script));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (log, script) = (log.clone(), script.clone());
            tokio::spawn(async move { answer(socket, &log, &script).await });
        }
    });
    let config = Config::new(format!("http://127.0.0.1:{port}").parse().expect("an address"));
    (Client::try_from(config).expect("a client"), asked)
}

async fn answer(mut socket: TcpStream, log: &Mutex<Vec<String>>, script: &Script) -> Option<()> {
    let mut head = Vec::new();
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.ok()?);
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        head.clear();
        let path = text.split(' ').nth(1)?.to_owned();
        log.lock().expect("a list").push(path.clone());
        let reply = script(&path);
        match &reply {
            Reply::Json(code, body) => {
                let body = body.to_string();
                let head = format!(
                    "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                socket.write_all((head + &body).as_bytes()).await.ok()?;
            }
            Reply::Never => std::future::pending().await,
            Reply::Lines(lines) | Reply::Broken(lines) | Reply::Silent(lines) => {
                socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.ok()?;
                for line in lines {
                    let chunk = format!("{:x}\r\n{line}\n\r\n", line.to_string().len() + 1);
                    socket.write_all(chunk.as_bytes()).await.ok()?;
                }
                match reply {
                    Reply::Lines(_) => socket.write_all(b"0\r\n\r\n").await.ok()?,
                    Reply::Broken(_) => return socket.write_all(b"ff\r\n{\"type\":").await.ok(),
                    _ => std::future::pending().await,
                }
            }
        }
    }
}

fn settings() -> LiveSettings {
    LiveSettings {
        answer_timeout: Duration::from_millis(300),
        watch_timeout: Duration::from_secs(2),
        not_ready_timeout: Duration::from_secs(1),
        ..LiveSettings::default()
    }
}

fn pod(name: &str, version: u64, phase: &str) -> Value {
    json!({
        "metadata": {
            "namespace": "jobs", "name": name, "uid": name, "resourceVersion": version.to_string(),
            "labels": { "windtunnel.dev/run": "r" },
        },
        "spec": { "nodeName": "n", "containers": [{ "name": "c" }] },
        "status": { "phase": phase },
    })
}

fn list(version: u64, next: &str, items: &[Value]) -> Reply {
    Reply::Json(
        200,
        json!({ "metadata": { "resourceVersion": version.to_string(), "continue": next }, "items": items }),
    )
}

fn event(kind: &str, object: &Value) -> Value {
    json!({ "type": kind, "object": object })
}

fn status(code: u16) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": "X", "message": "as scripted" })
}

fn bookmark(version: u64) -> Value {
    let object = json!({ "kind": "Pod", "apiVersion": "v1", "metadata": { "resourceVersion": version.to_string() } });
    event("BOOKMARK", &object)
}

#[tokio::test]
async fn a_watch_goes_on_whatever_breaks() {
    let script = Mutex::new(VecDeque::from([
        Reply::Never,
        Reply::Json(500, status(500)),
        list(9, "more", &[pod("a", 1, "Running")]),
        list(9, "", &[pod("b", 2, "Running")]),
        Reply::Broken(vec![
            event("MODIFIED", &pod("a", 11, "Running")),
            event("MODIFIED", &pod("a", 11, "Running")),
            bookmark(15),
        ]),
        Reply::Json(410, status(410)),
        list(20, "", &[pod("b", 2, "Running")]),
        Reply::Silent(vec![event("ERROR", &status(410))]),
        list(30, "", &[]),
        Reply::Never,
        Reply::Silent(vec![event("ADDED", &pod("c", 31, "Pending"))]),
        Reply::Lines(vec![event("DELETED", &pod("c", 33, "Failed")), event("MODIFIED", &pod("c", 32, "Failed"))]),
        Reply::Silent(vec![event("ADDED", &json!({ "metadata": 7 }))]),
        list(40, "", &[pod("d", 39, "Running")]),
    ]));
    let next = move |_: &str| script.lock().expect("a script").pop_front().unwrap_or(Reply::Silent(Vec::new()));
    let (client, asked) = serve(next).await;
    let mut words = Vec::new();
    let tell = |told: Told<PodObject>| {
        words.push(match told {
            Told::Begun => "[".to_owned(),
            Told::Listed(pod) => pod.metadata.name,
            Told::Ended(version) => format!("]{version}"),
            Told::Changed(pod) => format!("+{}{}", pod.metadata.name, pod.metadata.resource_version),
            Told::Deleted(pod) => format!("-{}", pod.metadata.name),
            Told::At(version) => format!("@{version}"),
        });
        if words.last().is_some_and(|last| last == "]40") { Err(Unheard) } else { Ok(()) }
    };
    let caller = Caller::new(&client, &settings());
    let query = Query::pods();
    let all = follow(&caller, &query, &[], tell);
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("it converges");
    assert_eq!(words.join(" "), "[ [ [ a b ]9 +a11 @15 [ b ]20 [ ]30 +c31 -c [ d ]40");
    let asked = asked.lock().expect("a list");
    let versions: Vec<_> = asked.iter().filter_map(|path| path.split("&resourceVersion=").nth(1)).collect();
    assert_eq!(versions, ["9", "15", "20", "30", "30", "31", "33"]);
    assert!(asked[3].contains("continue=more") && asked[3].contains("limit=500"), "{}", asked[3]);
}

#[tokio::test]
async fn a_first_list_without_hope_ends_it() {
    let (client, asked) = serve(|_| Reply::Json(404, status(404))).await;
    let watch = Watch {
        environments: vec!["u".to_owned()],
        run: "r".to_owned(),
        namespaces: Vec::new(),
        claims: true,
        settings: settings(),
    };
    let (out, _told) = channel();
    let error = run(client, watch, out).await.expect_err("there is no Karpenter");
    assert!(error.to_string().contains("install Karpenter"), "{error}");
    assert!(asked.lock().expect("a list").iter().any(|path| path.starts_with("/apis/karpenter.sh/v1/nodeclaims?")));
}

fn node(version: u64, ready: &str) -> Value {
    json!({
        "metadata": {
            "name": "n", "uid": "n1", "resourceVersion": version.to_string(), "creationTimestamp": "2026-03-01T10:00:00Z",
            "labels": { "batch.amazonaws.com/compute-environment-uuid": "u" },
        },
        "status": {
            "allocatable": { "cpu": "4", "memory": "8Gi", "pods": "10" },
            "conditions": [{ "type": "Ready", "status": ready, "lastTransitionTime": now() }],
        },
    })
}

fn now() -> String {
    jiff::Timestamp::try_from(wall()).expect("a time").to_string()
}

/// A cluster of one node, where a pod succeeds unseen before the node goes.
fn cluster(path: &str, listed: &str, watches: &Mutex<VecDeque<Vec<(&str, Value)>>>) -> Reply {
    let on_node = path.contains("fieldSelector=spec.nodeName%3Dn");
    match path.split('?').next().expect("a path") {
        "/apis/apps/v1/daemonsets" => {
            let containers = json!([{ "name": "c", "resources": { "requests": { "cpu": "100m" } } }]);
            list(
                5,
                "",
                &[
                    json!({ "metadata": { "uid": "d" }, "spec": { "template": { "spec": { "containers": containers } } } }),
                ],
            )
        }
        "/api/v1/nodes" if path.contains("watch=true") => {
            let events = watches.lock().expect("a script").pop_front().unwrap_or_default();
            let now = |mut node: Value| {
                node["status"]["conditions"][0]["lastTransitionTime"] = json!(now());
                node
            };
            Reply::Silent(events.into_iter().map(|(kind, node)| event(kind, &now(node))).collect())
        }
        "/api/v1/nodes" => list(5, "", &[node(4, listed)]),
        "/api/v1/pods" if path.contains("watch=true") => Reply::Silent(Vec::new()),
        "/api/v1/pods" if on_node && path.contains("labelSelector") => list(50, "", &[pod("p", 49, "Succeeded")]),
        "/api/v1/pods" if on_node => {
            let mut other = pod("other", 3, "Running");
            other["metadata"]["labels"] = json!({});
            other["spec"]["containers"] = json!([{ "name": "c", "resources": { "requests": { "cpu": "1" } } }]);
            list(5, "", &[pod("p", 4, "Running"), other])
        }
        "/api/v1/pods" => list(5, "", &[pod("p", 4, "Running")]),
        _ => Reply::Json(404, status(404)),
    }
}

#[tokio::test]
async fn a_node_is_told_with_its_room_and_gone_after_its_pods() {
    let there = ["Begun", "Ready 2900m", "Ended", "NotUsable 2900m", "Unreachable 2900m", "Gone"];
    let joins = ["Begun", "NotUsable 0m", "Ended", "Ready 2900m", "NotUsable 2900m", "Unreachable 2900m", "Gone"];
    let lives = (life_of_a_node("True", Vec::new()), life_of_a_node("False", vec![("MODIFIED", node(6, "True"))]));
    let told = tokio::join!(lives.0, lives.1);
    assert_eq!((told.0, told.1), (there.map(str::to_owned).to_vec(), joins.map(str::to_owned).to_vec()));
}

/// What is told of a node that is listed like this, then changes so, falls silent, and goes.
async fn life_of_a_node(listed: &'static str, changes: Vec<(&'static str, Value)>) -> Vec<String> {
    let watches = Mutex::new(VecDeque::from([
        changes,
        vec![("MODIFIED", node(7, "Unknown"))],
        vec![("DELETED", node(8, "Unknown"))],
    ]));
    let (client, _) = serve(move |path| cluster(path, listed, &watches)).await;
    let watch = Watch {
        environments: vec!["u".to_owned()],
        run: "r".to_owned(),
        namespaces: vec!["jobs".to_owned()],
        claims: false,
        settings: settings(),
    };
    let (out, told) = channel();
    let watching = tokio::spawn(run(client, watch, out));
    let words = tokio::task::spawn_blocking(move || until_gone(&told)).await.expect("told");
    watching.abort();
    assert_eq!(words[words.len() - 2], "Pod Succeeded", "{words:?}");
    words.into_iter().filter(|word| !word.starts_with("Pod")).collect()
}

fn until_gone(told: &Receiver<Sighting>) -> Vec<String> {
    let mut words = Vec::new();
    while let Ok(sighting) = told.recv_timeout(Duration::from_secs(20)) {
        words.push(match sighting {
            Sighting::Node(node) => {
                assert!(node.state != NodeState::Ready || node.free.cpu > MilliCpu(0));
                format!("{:?} {}", node.state, node.free.cpu)
            }
            Sighting::NodeGone(_) => "Gone".to_owned(),
            Sighting::Pod(pod) => match pod.phase {
                PodPhase::Succeeded => "Pod Succeeded".to_owned(),
                phase => format!("Pod {phase:?}"),
            },
            Sighting::ListBegun(Kind::Node) => "Begun".to_owned(),
            Sighting::ListEnded(Kind::Node) => "Ended".to_owned(),
            other => format!("Pods {other:?}"),
        });
        if words.last().is_some_and(|word| word == "Gone") {
            break;
        }
    }
    words
}

#[tokio::test]
async fn where_the_cluster_is_closed_namespaces_are_watched() {
    let script = |path: &str| match path.split('?').next().expect("a path") {
        _ if path.contains("watch=true") => Reply::Silent(Vec::new()),
        "/api/v1/pods" => Reply::Json(403, status(403)),
        "/api/v1/namespaces/a/pods" => list(5, "", &[pod("p", 4, "Running")]),
        "/api/v1/namespaces/b/pods" => list(6, "", &[pod("q", 3, "Pending")]),
        _ => list(5, "", &[]),
    };
    let (client, _) = serve(script).await;
    let watch = Watch {
        environments: vec!["u".to_owned()],
        run: "r".to_owned(),
        namespaces: vec!["a".to_owned(), "b".to_owned()],
        claims: false,
        settings: settings(),
    };
    let (out, told) = channel();
    let watching = tokio::spawn(run(client, watch, out));
    let heard = tokio::task::spawn_blocking(move || {
        let pods = |sighting: &Sighting| {
            !matches!(sighting, Sighting::ListBegun(Kind::Node) | Sighting::ListEnded(Kind::Node))
        };
        told.into_iter().filter(pods).take(4).collect::<Vec<_>>()
    });
    let heard = heard.await.expect("told");
    watching.abort();
    assert_eq!((&heard[0], &heard[3]), (&Sighting::ListBegun(Kind::Pod), &Sighting::ListEnded(Kind::Pod)));
    let mut names: Vec<_> =
        heard[1..3].iter().map(|sighting| if let Sighting::Pod(pod) = sighting { &*pod.name } else { "" }).collect();
    names.sort_unstable();
    assert_eq!(names, ["p", "q"]);
}

/// A pod that waits with its volumes is stuck once its events say so; the others are not, and nobody is asked about them.
#[tokio::test]
async fn volumes_that_fail_are_told_by_events() {
    let waiting = |name: &str, volume: &str| {
        let mut pod = pod(name, 4, "Pending");
        pod["spec"]["volumes"] = json!([{ "name": "kube-api-access-x" }, { "name": volume }]);
        pod
    };
    let pods = [
        waiting("lost", "data"),
        waiting("slow", "data"),
        waiting("pulls", "data"),
        waiting("plain", "kube-api-access-y"),
    ];
    let events = |reasons: &[&str]| {
        let all: Vec<_> = reasons.iter().map(|reason| json!({ "reason": reason, "message": "as scripted" })).collect();
        list(9, "", &all)
    };
    let script = move |path: &str| match path.split('?').next().expect("a path") {
        _ if path.contains("watch=true") => Reply::Silent(Vec::new()),
        "/api/v1/pods" => list(5, "", &pods),
        "/api/v1/namespaces/jobs/events" if path.contains("name%3Dlost") => events(&["Scheduled", "FailedMount"]),
        "/api/v1/namespaces/jobs/events" if path.contains("name%3Dpulls") => events(&["FailedAttachVolume", "Pulling"]),
        "/api/v1/namespaces/jobs/events" => events(&["Scheduled"]),
        _ => list(5, "", &[]),
    };
    let (told, asked) = hear(script, Duration::from_millis(100), Duration::from_secs(1)).await;
    let stuck: Vec<_> =
        told.iter().filter(|(_, phase)| matches!(phase, PodPhase::Stuck(_))).map(|(name, _)| name.as_str()).collect();
    assert!(!stuck.is_empty() && stuck.iter().all(|name| *name == "lost"), "{told:?}");
    assert!(told.contains(&("lost".to_owned(), PodPhase::Stuck(PodStuck::Volume))), "{told:?}");
    let questions: Vec<_> = asked.iter().filter(|path| path.contains("/events")).collect();
    for (name, is_asked) in [("lost", true), ("slow", true), ("pulls", true), ("plain", false)] {
        let of = format!("involvedObject.name%3D{name}%2CinvolvedObject.uid%3D{name}");
        assert_eq!(questions.iter().any(|path| path.contains(&of)), is_asked, "{name}: {questions:?}");
    }
}

/// Where events are forbidden, that is found out once, and pods are told as ever.
#[tokio::test]
async fn events_that_are_forbidden_are_asked_for_once() {
    let script = |path: &str| {
        let mut waiting = pod("lost", 4, "Pending");
        waiting["spec"]["volumes"] = json!([{ "name": "data" }]);
        match path.split('?').next().expect("a path") {
            _ if path.contains("watch=true") => Reply::Silent(Vec::new()),
            "/api/v1/pods" => list(5, "", &[waiting]),
            "/api/v1/namespaces/jobs/events" => Reply::Json(403, status(403)),
            _ => list(5, "", &[]),
        }
    };
    let (told, asked) = hear(script, Duration::from_millis(50), Duration::from_secs(1)).await;
    assert_eq!(told, [("lost".to_owned(), PodPhase::Pending)]);
    assert_eq!(asked.iter().filter(|path| path.contains("/events")).count(), 1, "{asked:?}");
}

/// What is told of pods for a while, and what the server was asked.
async fn hear(
    script: impl Fn(&str) -> Reply + Send + Sync + 'static,
    volume_patience: Duration,
    listen: Duration,
) -> (Vec<(String, PodPhase)>, Vec<String>) {
    let (client, asked) = serve(script).await;
    let watch = Watch {
        environments: vec!["u".to_owned()],
        run: "r".to_owned(),
        namespaces: vec!["jobs".to_owned()],
        claims: false,
        settings: LiveSettings { volume_patience, ..settings() },
    };
    let (out, told) = channel();
    let watching = tokio::spawn(run(client, watch, out));
    tokio::time::sleep(listen).await;
    assert!(!watching.is_finished(), "the watches go on");
    watching.abort();
    let pods = told.try_iter().filter_map(|sighting| match sighting {
        Sighting::Pod(pod) => Some((pod.name, pod.phase)),
        _ => None,
    });
    let asked = asked.lock().expect("a list").clone();
    (pods.collect(), asked)
}
