//! How fast the adapter is: its pods through an API server against those of a bare client, and what it takes at the size
//! that it is made for.
//!
//! `WINDTUNNEL_LIVE_PODS=10000` measures; the default is a look whether the measurement works. `WINDTUNNEL_LIVE_NODES=5000`
//! fills so many nodes with four pods each.

use std::env;
use std::fs;
use std::time::Duration;

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{ListParams, PostParams};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::bare;
use crate::bed::{Bed, User, alone};
use crate::course::{Course, Witness};
use crate::nodes::{Amounts, NodeShape};
use crate::program::{Program, Run, scenario};

/// Requests under way at once, of either.
const CONCURRENCY: usize = 32;
/// Jobs that fit on a node.
const PODS_PER_NODE: usize = 30;
/// How long pods run.
const RUN: &str = "1s";
/// The same in the run's time, and how fast that goes.
const RUN_SECONDS: &str = "30s";
const SPEED: &str = "30";
/// What a bare client gets through is the measure; the adapter should get through so much of it.
const SHARE: f64 = 0.8;

fn number(variable: &str) -> Option<usize> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn pods_go_through_as_fast_as_a_bare_client_gets_them() {
    let asked = number("WINDTUNNEL_LIVE_PODS");
    let pods = asked.unwrap_or(600);
    let under_way = (pods / 2).min(1_000).next_multiple_of(PODS_PER_NODE);
    alone(async |bed| {
        let room = Amounts { cpu_millis: 15_000, memory_mib: 40_000, pods: 58 };
        let shape = NodeShape {
            environment: Some(bed.namespace().to_owned()),
            capacity: room,
            allocatable: room,
            ..NodeShape::default()
        };
        let nodes = bed.add_nodes(under_way / PODS_PER_NODE, &shape).await;
        let (mut plain, mut driven) = (Duration::ZERO, Duration::ZERO);
        for round in 1..=2 {
            let course = bare(&bed, &nodes, pods, under_way, round).await;
            println!("bare client, round {round}: {}", course.told(under_way));
            plain += course.whole();
            let (course, cost) = driven_run(&bed, pods).await;
            println!("adapter,     round {round}: {}; {cost}", course.told(under_way));
            driven += course.whole();
        }
        let ratio = plain.as_secs_f64() / driven.as_secs_f64();
        println!(
            "{pods} pods, {under_way} at a time, {CONCURRENCY} requests: the adapter does {ratio:.2} of the bare client's"
        );
        assert!(asked.is_none() || ratio >= SHARE, "no less than {SHARE} of a bare client's");
    });
}

async fn bare(bed: &Bed, nodes: &[String], pods: usize, under_way: usize, round: usize) -> Course {
    let all = (0..pods).map(|n| bare::pod(&format!("bare-{round}-{n}"), &nodes[n % nodes.len()], RUN)).collect();
    let witness = Witness::start(bed.pods()).await;
    bare::keep_going(&bed.pods(), CONCURRENCY, under_way, all).await;
    witness.course(pods).await
}

async fn driven_run(bed: &Bed, pods: usize) -> (Course, String) {
    let workload = json!([{
        "submit": { "jobName": "short", "jobQueue": "JQ", "jobDefinition": "Job" },
        "count": pods, "arrivals": { "fixed": { "start": "1s" } }, "runtime": { "constant": RUN_SECONDS },
    }]);
    let concurrency = CONCURRENCY.to_string();
    let words =
        ["--speed", SPEED, "--writes-per-minute", "1000000", "--writes-in-flight", &concurrency, "--log", "warn"];
    let mut run = Run::of(bed, User::Admin, &scenario(bed.namespace(), 1, &workload)).with(&words);
    let witness = Witness::start(bed.pods()).await;
    let mut program = run.apply();
    let mut cost = Cost::default();
    while program.is_alive() {
        cost = Cost::of(&mut program).unwrap_or(cost);
        sleep(Duration::from_millis(20)).await;
    }
    let done = program.done(Duration::from_secs(1)).await;
    assert_eq!(done.assert_done().json()["jobs"]["succeeded"], pods);
    let per_pod = cost.processor.as_secs_f64() * 1e3 / f64::from(u32::try_from(pods).unwrap());
    let told = format!("{} MiB, {per_pod:.2} ms of processor time per pod", cost.peak_mib);
    (witness.course(pods).await, told)
}

/// What a process has taken up to now.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    peak_mib: u64,
    processor: Duration,
}

impl Cost {
    fn of(program: &mut Program) -> Option<Cost> {
        /// Of a second: what Linux counts in.
        const TICKS: u32 = 100;
        let folder = format!("/proc/{}", program.child().id());
        let status = fs::read_to_string(format!("{folder}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let peak_kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
        let fields: Vec<_> = stat.rsplit(')').next()?.split_whitespace().collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        Some(Cost { peak_mib: peak_kib / 1024, processor: Duration::from_secs(ticks) / TICKS })
    }
}

#[test]
fn thousands_of_nodes_fit_into_little_memory() {
    let asked = number("WINDTUNNEL_LIVE_NODES");
    let nodes = asked.unwrap_or(50);
    let pods = nodes * 4;
    alone(async |bed| {
        let room = Amounts { cpu_millis: 2_000, memory_mib: 8_000, pods: 20 };
        let shape = NodeShape {
            environment: Some(bed.namespace().to_owned()),
            capacity: Amounts { cpu_millis: 4_000, ..room },
            allocatable: room,
            ..NodeShape::default()
        };
        add_ready_nodes(&bed, nodes, &shape).await;
        let workload = json!([{
            "submit": { "jobName": "long", "jobQueue": "JQ", "jobDefinition": "Job" },
            "count": pods + 100, "arrivals": { "fixed": { "start": "1s" } }, "runtime": { "constant": "10h" },
        }]);
        let words = ["--writes-per-minute", "1000000", "--metrics-port", "0", "--log", "warn"];
        let mut run = Run::of(&bed, User::Admin, &scenario(bed.namespace(), 1, &workload)).with(&words);
        let mut program = run.apply();
        let mut cost = Cost::default();
        let began = Instant::now();
        let mut figures = String::new();
        while began.elapsed() < Duration::from_mins(15) {
            sleep(Duration::from_millis(500)).await;
            assert!(program.is_alive(), "{}", program.stderr());
            cost = Cost::of(&mut program).unwrap_or(cost);
            figures = scrape(&program.stderr()).await.unwrap_or(figures);
            if value(&figures, "windtunnel_acts_done_total{kind=\"create_pod\"}")
                >= f64::from(u32::try_from(pods).unwrap())
                && there(&bed).await == pods
            {
                break;
            }
        }
        assert_eq!(there(&bed).await, pods, "each node is full: {figures}");
        println!(
            "{pods} pods on {nodes} nodes after {:.1} s: {} MiB at most",
            began.elapsed().as_secs_f64(),
            cost.peak_mib
        );
        println!("steps by duration:\n{}", lines(&figures, "windtunnel_step_duration_seconds"));
        println!("fsync by duration:\n{}", lines(&figures, "windtunnel_journal_fsync_duration_seconds"));
        program.kill();
        assert!(cost.peak_mib < 200, "memory stays below 200 MiB");
    });
}

/// Pods of the test's namespace without the lease, and without reading them.
async fn there(bed: &Bed) -> usize {
    let page = bed.pods().list_metadata(&ListParams::default().limit(1)).await.unwrap();
    let more = page.metadata.remaining_item_count.unwrap_or(0);
    (page.items.len() + usize::try_from(more).unwrap()).saturating_sub(1)
}

/// Nodes that are Ready from the first moment on: thousands would keep KWOK busy for minutes.
async fn add_ready_nodes(bed: &Bed, count: usize, shape: &NodeShape) {
    let api: Api<Node> = Api::all(bed.admin());
    let made: Vec<_> = (0..count)
        .map(|n| {
            let node = shape.node(&format!("{}-{n}", bed.namespace()), bed.namespace());
            let mut node: Value = serde_json::to_value(node).unwrap();
            node["status"]["conditions"] = json!([{ "type": "Ready", "status": "True" }]);
            serde_json::from_value::<Node>(node).unwrap()
        })
        .collect();
    stream::iter(made)
        .for_each_concurrent(CONCURRENCY, |node| {
            let api = api.clone();
            async move {
                api.create(&PostParams::default(), &node).await.unwrap();
            }
        })
        .await;
}

/// The program's metrics, from the address that it told.
async fn scrape(stderr: &str) -> Option<String> {
    let url = stderr.lines().find_map(|line| line.strip_prefix("metrics: http://"))?;
    let address = url.strip_suffix("/metrics")?;
    let mut stream = TcpStream::connect(address).await.ok()?;
    let asked = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    Some(text)
}

fn value(figures: &str, name: &str) -> f64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().parse().ok()).unwrap_or(0.0)
}

fn lines(figures: &str, name: &str) -> String {
    let own: Vec<_> = figures.lines().filter(|line| line.starts_with(name)).collect();
    own.join("\n")
}
