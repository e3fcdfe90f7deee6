//! Scenarios on nodes that stand there from the start, with every assumption at its ideal, run as a user would run them.

use std::path::Path;

use serde_json::{Value, json};
use windtunnel::driver::{self, DriverError, Watcher};
use windtunnel::scenario::ScenarioFile;
use windtunnel::scheduler::{Command, Decision, Ending, JobEnd, Observation, Scheduler};
use windtunnel::sim::SimWorld;

/// What a run showed.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Pods created, each with the job's entry of the workload, in order.
    pub(crate) pods: Vec<u16>,
    /// How many of them at the start.
    pub(crate) at_once: usize,
    pub(crate) ends: Vec<JobEnd>,
}

impl Watcher for Shown {
    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for command in &decision.commands {
            if let Command::CreatePod { job, .. } = command {
                self.pods.push(job.job.entry());
                self.at_once += usize::from(seen.now.as_millis() == 0);
            }
        }
        for ending in &decision.endings {
            if let Ending::Job(job) = ending {
                self.ends.push(*job);
            }
        }
        Ok(())
    }
}

/// A queue `q` before nodes of so many vCPUs, and a job definition `d` of one vCPU.
pub(crate) fn on_nodes(cpu: u32, count: u32) -> Value {
    json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "nodes", "type": "UNMANAGED", "unmanagedvCpus": cpu * count,
            "eksConfiguration": {
                "eksClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/truth", "kubernetesNamespace": "jobs"
            }
        }],
        "cluster": { "nodes": [{ "computeEnvironment": "nodes", "count": count,
            "cpu": cpu.to_string(), "memory": "1000Gi", "pods": 10_000 }] },
        "jobQueues": [{ "jobQueueName": "q", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "nodes" }] }],
        "assumptions": { "preset": "ideal" },
        "jobDefinitions": [{ "jobDefinitionName": "d", "type": "container", "eksProperties": { "podProperties": {
            "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }] } } }]
    })
}

/// Runs a scenario whose files are in a folder.
pub(crate) fn run(scenario: &Value, folder: &Path) -> Shown {
    let text = serde_json::to_vec(scenario).unwrap();
    let file = ScenarioFile::read("truth", "truth.json", folder, &text).unwrap_or_else(|found| panic!("{found}"));
    let resolved = file.resolve().unwrap_or_else(|found| panic!("{found}"));
    let mut shown = Shown::default();
    let mut world = SimWorld::new(resolved.world, resolved.seed);
    driver::run(&mut Scheduler::new(resolved.config), &mut world, &mut shown).unwrap();
    shown
}
