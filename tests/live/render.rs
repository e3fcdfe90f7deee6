//! The back end `render`: the test is the person who is told which nodes are wanted.

use std::time::Duration;

use serde_json::{Value, json};

use crate::apply::{LONG, assert_replays};
use crate::bed::{User, until, with};
use crate::judge::{End, Judge};
use crate::karpenter::{burst, managed};
use crate::nodes::{Amounts, NodeShape};
use crate::program::Run;

/// The announcements of a text, up to the line that ends them.
fn announcements(text: &str) -> Vec<Value> {
    let lines = text.lines().map_while(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["wanted"].is_string()).collect()
}

fn wanted<'a>(lines: &'a [Value], what: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["wanted"] == what).collect()
}

/// A node as the announcement wants it.
fn shape(launch: &Value) -> NodeShape {
    let of = &launch["instanceTypes"][0];
    let vcpus = u32::try_from(of["vcpus"].as_u64().unwrap()).unwrap();
    let (label, uuid) = launch["nodeLabels"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(label, "batch.amazonaws.com/compute-environment-uuid");
    NodeShape {
        environment: Some(uuid.as_str().unwrap().to_owned()),
        instance_type: of["instanceType"].as_str().unwrap().to_owned(),
        capacity: Amounts { cpu_millis: vcpus * 1_000, memory_mib: vcpus * 4_096, pods: 58 },
        allocatable: Amounts { cpu_millis: vcpus * 1_000 - 100, memory_mib: vcpus * 4_096 - 1_200, pods: 58 },
        ..NodeShape::default()
    }
}

/// Adds what is wanted, and takes away what is not wanted any more, until the program has ended.
async fn serve(bed: &crate::bed::Bed, read: impl Fn() -> String, mut over: impl FnMut() -> bool) -> usize {
    let (mut launches, mut removed, mut added) = (0, 0, 0);
    until("the run is over", async || {
        let lines = announcements(&read());
        for launch in wanted(&lines, "launch").into_iter().skip(launches) {
            launches += 1;
            let shape = shape(launch);
            let vcpus = launch["targetVcpus"].as_u64().unwrap();
            let nodes = vcpus.div_ceil(u64::from(shape.capacity.cpu_millis) / 1_000);
            added += bed.add_nodes(usize::try_from(nodes).unwrap(), &shape).await.len();
        }
        for removal in wanted(&lines, "removal").into_iter().skip(removed) {
            removed += 1;
            bed.remove_node(removal["node"].as_str().unwrap()).await;
        }
        over()
    })
    .await;
    assert_eq!(removed, added, "nodes that were not wanted any more");
    added
}

#[test]
fn a_person_adds_nodes_and_takes_them_away() {
    with(async |bed| {
        let judge = Judge::start(&bed).await;
        let document = managed(&bed, &["m5.xlarge"], 16, &json!([burst(20, "5s", "60s")]));
        let mut run =
            Run::of(&bed, User::Admin, &document).with(&["--speed", "15", "--backend", "render", "--log", "warn"]);
        let mut program = run.apply();
        let file = program.stdout_file();
        let added = serve(&bed, || std::fs::read_to_string(&file).unwrap(), || !program.is_alive()).await;
        assert!((1..=4).contains(&added), "{added} nodes of 4 vCPUs where 16 are allowed");
        let done = program.done(LONG).await;
        let said = &done.assert_done().stdout;
        let (_, summary) = said.split_once("{\"announcements\":\"end\"}\n").expect("an end of the announcements");
        let summary: Value = serde_json::from_str(summary).unwrap();
        assert_eq!(summary["jobs"]["succeeded"], 20);
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert!(verdict.ends().values().all(|end| matches!(end, End::Succeeded)));
        assert_replays(&run.journal());
    });
}

#[test]
fn told_in_a_file_what_counts_is_told_again_after_a_kill() {
    with(async |bed| {
        let judge = Judge::start(&bed).await;
        let document = managed(&bed, &["m5.xlarge"], 16, &json!([burst(6, "5s", "60s")]));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wanted.jsonl");
        let path = file.display().to_string();
        let words = ["--speed", "15", "--backend", "render", "--log", "warn", "--announce", &path];
        let mut run = Run::of(&bed, User::Admin, &document).with(&words);
        let read = || std::fs::read_to_string(&file).unwrap_or_default();
        let first = run.apply();
        until("a launch is wanted", async || !announcements(&read()).is_empty()).await;
        first.kill();
        let before = announcements(&read());
        std::fs::write(&file, "").unwrap();
        let mut second = run.apply();
        until("it is wanted again", async || !announcements(&read()).is_empty()).await;
        assert_eq!(wanted(&announcements(&read()), "launch")[0]["launch"], before[0]["launch"]);
        serve(&bed, read, || !second.is_alive()).await;
        let done = second.done(Duration::from_mins(1)).await;
        assert_eq!(done.assert_done().json()["jobs"]["succeeded"], 6, "standard output holds the summary alone");
        judge.verdict().await.assert_clean();
        assert_replays(&run.journal());
    });
}
