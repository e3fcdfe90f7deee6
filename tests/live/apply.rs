//! `--apply` from end to end: the program drives nodes that KWOK plays, and the judge tells what really happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::bed::{Bed, User, with};
use crate::judge::{End, Judge, Verdict};
use crate::nodes::NodeShape;
use crate::program::{Run, scenario};
use crate::same_decisions::assert_simulated_alike;

pub(crate) const LONG: Duration = Duration::from_mins(5);

/// Nodes of the test's environment.
pub(crate) fn shape(bed: &Bed) -> NodeShape {
    NodeShape { environment: Some(bed.namespace().to_owned()), ..NodeShape::default() }
}

/// The journal says of itself that it replays.
pub(crate) fn assert_replays(journal: &Path) {
    let output = Command::new(cargo_bin("windtunnel")).arg("replay").arg(journal).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("equal:"), "{said}{}", String::from_utf8(output.stderr).unwrap());
}

fn count(summary: &Value, pointer: &str) -> u64 {
    summary.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} of {summary}"))
}

/// Jobs by how their last pod ended.
fn ends(verdict: &Verdict) -> (usize, usize) {
    let ends = verdict.ends();
    let succeeded = ends.values().filter(|end| matches!(end, End::Succeeded)).count();
    (succeeded, ends.len() - succeeded)
}

#[test]
fn getting_started_ends_as_it_should() {
    with(async |bed| {
        bed.grant_aws_batch().await;
        bed.add_nodes(20, &shape(&bed)).await;
        let judge = Judge::start(&bed).await;
        let file = "scenarios/getting-started.json";
        let mut run = Run::of_file(&bed, User::AwsBatch, file, "My-Eks-CE1").with(&["--speed", "120"]);
        let done = run.apply().done(LONG).await;
        let summary = done.assert_done().json();
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!(verdict.jobs.len(), 600, "jobs that had a pod");
        assert_eq!(ends(&verdict), (600, 0));
        assert_eq!((count(&summary, "/jobs/succeeded"), count(&summary, "/jobs/failed")), (600, 0));
        assert_replays(&run.journal());
        assert_simulated_alike(&run);
    });
}

#[test]
fn an_array_fails_is_retried_and_times_out_as_in_the_simulator() {
    with(async |bed| {
        bed.grant_aws_batch().await;
        bed.add_nodes(20, &shape(&bed)).await;
        let judge = Judge::start(&bed).await;
        let mut runtimes = ["15s", "30s", "45s", "60s"].repeat(5);
        runtimes.push("5h");
        let workload = json!([{
            "submit": {
                "jobName": "array", "jobQueue": "JQ", "jobDefinition": "Job",
                "arrayProperties": { "size": 2000 }, "timeout": { "attemptDurationSeconds": 600 },
            },
            "count": 1,
            "arrivals": { "fixed": { "start": "5s" } },
            // Far enough from the timeout that how soon a pod is seen does not decide.
            "runtime": { "empirical": runtimes },
            "failureProbability": 0.2,
        }]);
        let mut run = Run::of(&bed, User::AwsBatch, &scenario(bed.namespace(), 3, &workload)).with(&["--speed", "30"]);
        let done = run.apply().done(LONG).await;
        let summary = done.assert_done().json();
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!(verdict.jobs.len(), 2000);
        let (succeeded, failed) = ends(&verdict);
        assert_eq!(succeeded as u64, count(&summary, "/jobs/succeeded"));
        assert_eq!(failed as u64, count(&summary, "/jobs/failed"));
        // What a job of this seed comes to does not hang on when and where its attempts run.
        assert_eq!(by_outcome(&verdict), expected(&run.path("scenario.json")), "jobs by number of attempts and end");
        assert_replays(&run.journal());
        assert_simulated_alike(&run);
    });
}

/// How many jobs took so many attempts and ended so.
fn by_outcome(verdict: &Verdict) -> BTreeMap<(usize, bool), usize> {
    let mut counts = BTreeMap::new();
    for stories in verdict.jobs.values() {
        let succeeded = stories.last().is_some_and(|story| matches!(story.end, End::Succeeded));
        *counts.entry((stories.len(), succeeded)).or_default() += 1;
    }
    counts
}

/// The same of a simulated run, from its list of jobs.
fn expected(scenario: &Path) -> BTreeMap<(usize, bool), usize> {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(cargo_bin("windtunnel"));
    command.arg("run").arg(scenario).arg("--out").arg(out.path());
    // The adapter has no nodes to buy; a simulated UNMANAGED environment has those of the scenario.
    command.args([
        "--set",
        r#"/cluster/nodes=[{"computeEnvironment":"CE","count":20,"cpu":"3900m","memory":"15000Mi","pods":58}]"#,
    ]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8(output.stderr).unwrap());
    let mut counts = BTreeMap::new();
    let jobs = std::fs::read_to_string(out.path().join("jobs.csv")).unwrap();
    let mut lines = jobs.lines();
    let heads: Vec<_> = lines.next().unwrap().split(',').collect();
    let column =
        |name: &str| heads.iter().position(|head| *head == name).unwrap_or_else(|| panic!("{name} in {heads:?}"));
    let (attempts, status) = (column("attempts"), column("state"));
    for line in lines {
        let cells: Vec<_> = line.split(',').collect();
        *counts.entry((cells[attempts].parse().unwrap(), cells[status] == "SUCCEEDED")).or_default() += 1;
    }
    counts
}
