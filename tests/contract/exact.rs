//! What random scripts can't tell from bad luck: amounts, and things that must not stop happening.

use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobSpecId, NodeId};
use windtunnel::model::{AllocationStrategy, Assumptions, PurchaseOption, Resources};
use windtunnel::scheduler::{
    Command, Decision, EnvironmentSpec, Event, InfrastructureUpdate, JobSpec, ManagedSpec, MultiNode, Observation,
    QueueSpec, Scheduler, Settings,
};
use windtunnel::units::{MiB, MilliCpu, SimDuration, SimTime};

use super::settings;

const ENVIRONMENT: ComputeEnvironmentId = ComputeEnvironmentId(0);

/// A core with one environment, a queue over it and two specs: a plain job, and one of four nodes.
struct Account {
    core: Scheduler,
    decision: Decision,
}

impl Account {
    fn new(environment: EnvironmentSpec) -> Self {
        let config = settings::config(&Settings::from(&Assumptions::ideal()));
        let mut account = Self { core: Scheduler::new(config), decision: Decision::default() };
        let plain =
            JobSpec { requests: Resources::pod(MilliCpu(1_000), MiB(1_000), 0), attempts: 1, ..JobSpec::default() };
        let multi_node = MultiNode { nodes: 4, main: 0, instance_type: Some(InstanceTypeId(1)) };
        let four_nodes = JobSpec { multi_node: Some(multi_node), ..plain.clone() };
        account.step(
            0,
            vec![
                Event::ComputeEnvironmentCreated { environment: ENVIRONMENT, spec: Box::new(environment) },
                Event::JobQueueCreated { queue: JobQueueId(0), spec: Box::new(QueueSpec::fifo(1, vec![ENVIRONMENT])) },
                Event::JobSpecRegistered { spec: JobSpecId(0), job: Box::new(plain) },
                Event::JobSpecRegistered { spec: JobSpecId(1), job: Box::new(four_nodes) },
            ],
        );
        account
    }

    fn step(&mut self, secs: u64, events: Vec<Event>) -> &[Command] {
        let now = SimTime::ZERO + SimDuration::from_secs(secs);
        self.core.step(&Observation { now, events }, &mut self.decision);
        assert_eq!(self.core.audit(), [""; 0]);
        &self.decision.commands
    }

    fn submit(&mut self, secs: u64, job: u64, spec: u32) -> &[Command] {
        self.step(secs, vec![Event::submitted(JobId::new(0, job), JobQueueId(0), JobSpecId(spec), None)])
    }
}

fn vcpus_asked(commands: &[Command]) -> u32 {
    let asked = |command: &Command| match command {
        Command::LaunchNodes(request) => request.target_vcpus,
        _ => 0,
    };
    commands.iter().map(asked).sum()
}

#[test]
fn the_nodes_of_a_multi_node_job_are_asked_for_once() {
    let managed = ManagedSpec {
        purchase: PurchaseOption::Ec2,
        strategy: AllocationStrategy::BestFitProgressive,
        min_vcpus: 0,
        max_vcpus: 400,
        instance_types: vec![vec![InstanceTypeId(1)]],
        min_scale_down_delay: None,
        bid_percentage: None,
    };
    let mut account = Account::new(EnvironmentSpec { enabled: true, managed: Some(managed), unmanaged_vcpus: None });
    let four_nodes = 4 * settings::vcpus(InstanceTypeId(1));
    assert_eq!(vcpus_asked(account.submit(1, 1, 1)), four_nodes);
    for again in 2..6 {
        // Any cycle with a blocked head leads to a scaling decision.
        let nothing = Event::ConsumableResourceSet {
            resource: windtunnel::ids::ConsumableResourceId(0),
            spec: windtunnel::scheduler::ConsumableSpec { total: again, replenishable: true },
        };
        assert_eq!(vcpus_asked(account.step(again, vec![nothing])), 0, "they are on their way");
    }
    assert_eq!(vcpus_asked(account.submit(6, 2, 1)), four_nodes, "the next job's are not");
}

#[test]
fn nodes_of_an_unmanaged_environment_outlive_its_updates() {
    let spec = EnvironmentSpec { enabled: true, managed: None, unmanaged_vcpus: Some(4) };
    let mut account = Account::new(spec.clone());
    let free = Resources { cpu: MilliCpu(4_000), memory: MiB(8_000), gpus: 0, pods: 10 };
    account.step(1, vec![Event::NodeAdopted { environment: ENVIRONMENT, node: NodeId(0), vcpus: 4, free }]);
    let update = InfrastructureUpdate { terminate_jobs: true, job_execution_timeout: SimDuration::ZERO };
    account.step(
        2,
        vec![Event::ComputeEnvironmentUpdated {
            environment: ENVIRONMENT,
            spec: Box::new(spec),
            infrastructure: Some(update),
        }],
    );
    let placed = account.submit(3, 1, 0).iter().filter(|command| matches!(command, Command::CreatePod { .. })).count();
    assert_eq!(placed, 1);
}
