//! Scenarios of a few lines, and snapshots made by hand.

use serde_json::{Value, json};
use windtunnel::live::backend::Backend;
use windtunnel::live::dry_run::{Plan, Question, Report, Verdict, WantedPod, plan, report, wanted};
use windtunnel::live::facts::{NodeFacts, NodeState};
use windtunnel::live::folded::{Account, usable_nodes};
use windtunnel::live::pods::{RunEnvironment, RunPods};
use windtunnel::live::snapshot::Snapshot;
use windtunnel::model::Resources;
use windtunnel::scenario::{Resolved, ScenarioFile};
use windtunnel::sim::Submissions;
use windtunnel::units::{MiB, MilliCpu};

pub(crate) const UUID: &str = "0b9e5f40-2c3d-3d0a-9a51-5f3f1b1f0001";

/// A scenario with one MANAGED environment of m5 types and one queue, with this workload.
pub(crate) fn scenario(workload: &Value) -> Resolved {
    let container = |cpu: &str, memory: &str| json!([{ "image": "busybox", "resources": { "requests": { "cpu": cpu, "memory": memory } } }]);
    let definition = |name: &str, cpu: &str, memory: &str| {
        json!({ "jobDefinitionName": name, "type": "container",
                "eksProperties": { "podProperties": { "containers": container(cpu, memory) } } })
    };
    let value = json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "fleet", "type": "MANAGED", "state": "ENABLED",
            "eksConfiguration": { "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c",
                                  "kubernetesNamespace": "jobs" },
            "computeResources": { "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0,
                "maxvCpus": 64, "instanceTypes": ["m5.large", "m5.xlarge"], "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"], "instanceRole": "role" }
        }],
        "jobQueues": [{ "jobQueueName": "queue", "priority": 1,
                        "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "fleet" }] }],
        "jobDefinitions": [definition("small", "1", "1024Mi")],
        "workload": workload
    });
    let folder =
        std::env::temp_dir().join(format!("windtunnel-dry-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("small.json");
    std::fs::write(&file, value.to_string()).unwrap();
    let resolved = ScenarioFile::open(&file).unwrap().resolve();
    std::fs::remove_dir_all(&folder).unwrap();
    resolved.unwrap_or_else(|findings| panic!("{findings}"))
}

/// A workload entry.
pub(crate) fn submit(definition: &str, count: u32, more: &Value) -> Value {
    let mut submit = json!({ "jobName": definition, "jobQueue": "queue", "jobDefinition": definition });
    for (name, value) in more.as_object().into_iter().flatten() {
        submit[name] = value.clone();
    }
    json!({ "submit": submit, "count": count, "runtime": { "constant": "10m" } })
}

/// A ready node of the environment with room for so many vCPUs.
pub(crate) fn node(name: &str, vcpus: u32) -> NodeFacts {
    let free = Resources { cpu: MilliCpu(vcpus * 1_000), memory: MiB(16_000), gpus: 0, pods: 20 };
    NodeFacts {
        name: name.to_owned(),
        uid: format!("uid-of-{name}"),
        environment_uuid: UUID.to_owned(),
        claim: None,
        instance_type: Some("m5.xlarge".to_owned()),
        zone: Some("us-east-1a".to_owned()),
        purchase: None,
        vcpus,
        allocatable: free,
        free,
        state: NodeState::Ready,
        notice: false,
    }
}

/// What a scenario's dry run is made of.
pub(crate) struct DryRun {
    pub(crate) scenario: Resolved,
    pub(crate) backend: Backend,
    pub(crate) snapshot: Snapshot,
}

impl DryRun {
    pub(crate) fn pods(&self) -> RunPods {
        let namespace = self.scenario.namespaces[0].clone().unwrap();
        RunPods {
            run: "run".to_owned(),
            job_queues: self.scenario.names.job_queues.clone(),
            environments: vec![RunEnvironment { name: "fleet".to_owned(), uuid: UUID.to_owned(), namespace }],
            jobs: self.scenario.jobs.clone(),
        }
    }

    pub(crate) fn account(&self) -> Account {
        let world = &self.scenario.world;
        Account {
            environments: world.environments.clone(),
            queues: world.queues.clone(),
            consumables: world.consumables.clone(),
            specs: world.specs.clone(),
        }
        .under(&self.backend)
    }

    pub(crate) fn plan(&self) -> Plan {
        let nodes = usable_nodes(&self.snapshot, &self.pods().environments);
        let submissions = Submissions::new(&self.scenario.world.workload, 1).map(|(_, event)| event);
        plan(self.scenario.config.clone(), &self.account(), &nodes, submissions).unwrap()
    }

    /// The report if the API server says this of each pod.
    pub(crate) fn report(&self, verdict: impl Fn(&WantedPod) -> Verdict) -> Report {
        let (plan, account, pods) = (self.plan(), self.account(), self.pods());
        let nodes = usable_nodes(&self.snapshot, &pods.environments);
        let wanted = wanted(&plan, &nodes, &account, &pods);
        let verdicts: Vec<_> = wanted.iter().map(verdict).collect();
        let question = Question {
            scenario: "small",
            seed: 1,
            context: "test",
            backend: &self.backend,
            config: &self.scenario.config,
            names: &self.scenario.names,
            operations: 0,
            account: &account,
            pods: &pods,
        };
        report(&question, (&self.snapshot, &nodes), &plan, wanted, &verdicts)
    }
}
