//! The log as a scenario: one fixed node, nothing takes time, requested times are timeouts.

use std::fmt::Write;

use serde_json::json;
use tempfile::tempdir;

use super::Kind;
use super::log::{Job, PROCESSORS};
use crate::scenario;

/// When each job starts; jobs are in order of submission.
pub(super) fn starts(jobs: &[Job], kind: Kind) -> Vec<u64> {
    let folder = tempdir().unwrap();
    let mut log = String::new();
    for (number, Job { submit, recorded, estimate, processors, .. }) in (1..).zip(jobs) {
        let tail = "-1 1 1 1 -1 -1 -1 -1 -1";
        writeln!(log, "{number} {submit} 0 {recorded} {processors} -1 -1 {processors} {estimate} {tail}").unwrap();
    }
    std::fs::write(folder.path().join("log.swf"), log).unwrap();
    let mut policy = json!({ "backfill": "easy" });
    if kind.shortest {
        policy["backfillOrder"] = "shortestJobFirst".into();
    }
    let mut scenario = scenario::on_nodes(PROCESSORS, 1);
    scenario["policies"] = json!({ "q": policy });
    scenario["workload"] = json!([{ "trace": "log.swf", "requestedTimes": "timeout",
        "submit": { "jobName": "j", "jobQueue": "q", "jobDefinition": "d" } }]);
    let mut starts = vec![None; jobs.len()];
    for end in scenario::run(&scenario, folder.path()).ends {
        starts[usize::try_from(end.job.job.index()).unwrap()] = end.first_running_at.map(|at| at.as_millis() / 1_000);
    }
    starts.into_iter().map(|start| start.expect("every job began")).collect()
}
