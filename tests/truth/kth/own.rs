//! The log as a scenario: one fixed node, nothing takes time, requested times are timeouts.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;
use tempfile::tempdir;

use super::Kind;
use super::log::{FILE, Job, PROCESSORS};
use crate::scenario;

/// When each of these jobs starts; they are in order of submission.
pub(super) fn starts(jobs: &[Job], kind: Kind) -> Vec<u64> {
    let folder = tempdir().unwrap();
    let mut log = String::new();
    for (number, Job { submit, runtime, estimate, processors }) in (1..).zip(jobs) {
        let tail = "-1 1 1 1 -1 -1 -1 -1 -1";
        writeln!(log, "{number} {submit} 0 {runtime} {processors} -1 -1 {processors} {estimate} {tail}").unwrap();
    }
    std::fs::write(folder.path().join("log.swf"), log).unwrap();
    run("log.swf", folder.path(), kind)
}

/// When each job of the log as it stands starts.
pub(super) fn starts_of_file(kind: Kind) -> Vec<u64> {
    run(FILE, Path::new("."), kind)
}

fn run(trace: &str, folder: &Path, kind: Kind) -> Vec<u64> {
    let mut policy = json!({ "backfill": "easy" });
    if kind.shortest {
        policy["backfillOrder"] = "shortestJobFirst".into();
    }
    let mut scenario = scenario::on_nodes(PROCESSORS, 1);
    scenario["policies"] = json!({ "q": policy });
    scenario["workload"] = json!([{ "trace": trace, "requestedTimes": "timeout",
        "submit": { "jobName": "j", "jobQueue": "q", "jobDefinition": "d" } }]);
    let mut ends = scenario::run(&scenario, folder).ends;
    ends.sort_by_key(|end| end.job);
    ends.into_iter().map(|end| end.first_running_at.expect("every job began").as_millis() / 1_000).collect()
}
