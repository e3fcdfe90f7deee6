//! The ledger, the journal and the core together against a cluster on paper: late, doubled, with vanishing nodes, and killed
//! at any moment.

mod paper;
mod story;
mod worlds;

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobSpecId};
use crate::live::backend::{Backend, NodeClass};
use crate::live::ledger::Ledger;
use crate::live::pods::{RunEnvironment, RunPods};

use crate::model::retry::RetryStrategy;
use crate::model::{AllocationStrategy, Assumptions, EffectiveJob, Names, PodGroup, PurchaseOption, Resources};
use crate::scheduler::{EnvironmentSpec, Event, JobSpec, ManagedSpec, QueueSpec, SchedulerConfig, Settings, TypeFacts};
use crate::units::{MiB, MicroUsd, MilliCpu, SimDuration};

const RUN: &str = "6f1d9f5e-9d3c-3b44-8a36-5c1d2b7e9a10";
const ENVIRONMENT_UUID: &str = "14638eb9-d218-372d-ba5c-1c9ab9c7f2a1";

/// One queue before one environment, and jobs of one vCPU.
#[derive(Debug, Clone)]
struct Setting {
    config: SchedulerConfig,
    names: Names,
    run: RunPods,
    specs: Vec<JobSpec>,
    backend: Backend,
    environment: EnvironmentSpec,
}

fn pod_slot(vcpus: u32) -> Resources {
    Resources::pod(MilliCpu::from_vcpus(vcpus), MiB(1_024), 0)
}

impl Setting {
    /// Specs by attempts and timeout.
    fn new(jobs: &[(u8, Option<u64>)]) -> Self {
        let assumptions = Assumptions::default();
        let type_facts = |vcpus| TypeFacts {
            vcpus,
            allocatable: node_room(vcpus),
            on_demand_per_hour: MicroUsd(100_000),
            spot_per_hour: MicroUsd(40_000),
        };
        let specs: Vec<_> = (jobs.iter())
            .map(|&(attempts, timeout)| JobSpec {
                requests: pod_slot(1),
                attempts,
                timeout: timeout.map(SimDuration::from_secs),
                ..JobSpec::default()
            })
            .collect();
        let effective = |_| EffectiveJob {
            job_name: "job".to_owned(),
            groups: vec![PodGroup {
                first: 0,
                last: 0,
                pod: serde_json::from_str(r#"{ "containers": [{ "image": "busybox" }] }"#).expect("a pod"),
                requests: pod_slot(1),
                instance_type: None,
            }],
            nodes: None,
            array_size: None,
            retry_strategy: RetryStrategy::default(),
            timeout: None,
            scheduling_priority: 0,
            share_identifier: None,
            consumable_resources: std::collections::BTreeMap::new(),
            parameters: std::collections::BTreeMap::new(),
        };
        Self {
            config: SchedulerConfig {
                settings: Settings::from(&assumptions),
                instance_types: vec![type_facts(8), type_facts(4)],
            },
            names: Names {
                compute_environments: vec!["CE".to_owned()],
                job_queues: vec!["JQ".to_owned()],
                instance_types: vec!["m5.2xlarge".to_owned(), "m5.xlarge".to_owned()],
                zones: vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()],
                ..Names::default()
            },
            run: RunPods {
                run: RUN.to_owned(),
                job_queues: vec!["JQ".to_owned()],
                environments: vec![RunEnvironment {
                    name: "CE".to_owned(),
                    uuid: ENVIRONMENT_UUID.to_owned(),
                    namespace: "jobs".to_owned(),
                }],
                jobs: specs.iter().map(effective).collect(),
            },
            specs,
            backend: Backend::Unmanaged,
            environment: EnvironmentSpec { enabled: true, managed: None, unmanaged_vcpus: None },
        }
    }

    /// The same with a MANAGED environment, whose nodes Karpenter provides.
    fn on_karpenter(mut self) -> Self {
        self.backend = Backend::Karpenter(NodeClass::default());
        self.environment = managed();
        self
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(self.run.clone(), self.backend.clone(), &self.names, &self.config)
    }

    /// The account, and `count` jobs of each spec, submitted at once; spec 0 as one array.
    fn beginning(&self, count: u32) -> Vec<Event> {
        let queue = JobQueueId(0);
        let mut events = vec![
            Event::ComputeEnvironmentCreated {
                environment: ComputeEnvironmentId(0),
                spec: Box::new(self.environment.clone()),
            },
            Event::JobQueueCreated { queue, spec: Box::new(QueueSpec::fifo(1, vec![ComputeEnvironmentId(0)])) },
        ];
        for (id, spec) in (0..).map(JobSpecId).zip(&self.specs) {
            events.push(Event::JobSpecRegistered { spec: id, job: Box::new(spec.clone()) });
        }
        for (entry, spec) in (0u16..).zip((0..).map(JobSpecId).take(self.specs.len())) {
            if entry == 0 {
                events.push(Event::submitted(JobId::new(0, 0), queue, spec, Some(count)));
            } else {
                let jobs = (0..u64::from(count)).map(|index| JobId::new(entry, index));
                events.extend(jobs.map(|job| Event::submitted(job, queue, spec, None)));
            }
        }
        events
    }
}

/// 32 vCPUs at most, of both types.
fn managed() -> EnvironmentSpec {
    EnvironmentSpec {
        enabled: true,
        managed: Some(ManagedSpec {
            purchase: PurchaseOption::Ec2,
            strategy: AllocationStrategy::BestFitProgressive,
            min_vcpus: 0,
            max_vcpus: 32,
            instance_types: vec![vec![InstanceTypeId(0), InstanceTypeId(1)]],
            min_scale_down_delay: None,
            bid_percentage: None,
        }),
        unmanaged_vcpus: None,
    }
}

fn node_room(vcpus: u32) -> Resources {
    Resources { cpu: MilliCpu::from_vcpus(vcpus), memory: MiB(vcpus * 4_096), gpus: 0, pods: 30 }
}
