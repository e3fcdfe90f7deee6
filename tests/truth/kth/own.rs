//! The log as a scenario: one fixed node, nothing takes time, requested times are timeouts.

use std::fmt::Write;

use serde_json::json;
use tempfile::tempdir;
use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::scenario::ScenarioFile;
use windtunnel::scheduler::{Decision, Ending, Observation, Scheduler};
use windtunnel::sim::SimWorld;

use super::Kind;
use super::log::{Job, PROCESSORS};

/// Start times by the job's place in the log.
struct Starts(Vec<Option<u64>>);

impl Watcher for Starts {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for ending in &decision.endings {
            if let Ending::Job(job) = ending {
                let index = usize::try_from(job.job.job.index()).unwrap();
                self.0[index] = job.first_running_at.map(|at| at.as_millis() / 1_000);
            }
        }
        Ok(())
    }
}

/// When each job starts; jobs are in order of submission.
pub(super) fn starts(jobs: &[Job], kind: Kind) -> Vec<u64> {
    let folder = tempdir().unwrap();
    let mut log = String::new();
    for (number, Job { submit, runtime, estimate, processors }) in (1..).zip(jobs) {
        writeln!(log, "{number} {submit} 0 {runtime} {processors} -1 -1 {processors} {estimate} -1 1 1 1 -1 -1 -1 -1 -1")
            .unwrap();
    }
    std::fs::write(folder.path().join("log.swf"), log).unwrap();
    let mut policy = json!({ "backfill": "easy" });
    if kind.shortest {
        policy["backfillOrder"] = "shortestJobFirst".into();
    }
    let scenario = json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "sp2", "type": "UNMANAGED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/sp2", "kubernetesNamespace": "jobs" }
        }],
        "cluster": { "nodes": [{ "computeEnvironment": "sp2", "cpu": PROCESSORS.to_string(), "memory": "1000000Mi" }] },
        "jobQueues": [{ "jobQueueName": "q", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "sp2" }] }],
        "policies": { "q": policy },
        "assumptions": { "preset": "ideal" },
        "jobDefinitions": [{ "jobDefinitionName": "d", "type": "container", "eksProperties": { "podProperties": {
            "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }] } } }],
        "workload": [{ "trace": "log.swf", "requestedTimes": "timeout",
            "submit": { "jobName": "j", "jobQueue": "q", "jobDefinition": "d" } }]
    });
    let text = serde_json::to_vec(&scenario).unwrap();
    let file = ScenarioFile::read("kth", "kth.json", folder.path(), &text).unwrap_or_else(|found| panic!("{found}"));
    let resolved = file.resolve().unwrap_or_else(|found| panic!("{found}"));
    let mut starts = Starts(vec![None; jobs.len()]);
    let mut world = SimWorld::new(resolved.world, resolved.seed);
    driver::run(&mut Scheduler::new(resolved.config), &mut world, &mut starts).unwrap();
    starts.0.into_iter().map(|start| start.expect("every job began")).collect()
}
