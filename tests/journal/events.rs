//! Every event, as a journal holds it.

use windtunnel::ids::{InstanceTypeId, JobId};
use windtunnel::model::{AllocationStrategy, PurchaseOption};
use windtunnel::scheduler::{
    Blocked, ConsumableRequirement, ConsumableSpec, Dependency, EasyBackfill, EndKind, EnvironmentSpec, Event,
    ExitCodePattern, ExitRule, FairShare, InfrastructureUpdate, JobOrder, JobSpec, ManagedSpec, MultiNode,
    NodeLossCause, PodFailure, PodStuck, QueuePolicy, QueueSpec, ShareWeight, TimeLimit,
};
use windtunnel::units::{MicroUsd, SimDuration, SimTime};

use crate::records::{CE, FREE, JQ, LAUNCH, LICENCE, NODE, POD, SHARE, SPEC, TYPE, ZONE, all_covered, child, job};

#[test]
fn events() {
    let examples = [about_environments(), about_queues(), about_jobs(), about_nodes(), about_pods()].concat();
    all_covered!(
        examples,
        Event::ComputeEnvironmentCreated { .. },
        Event::ComputeEnvironmentUpdated { .. },
        Event::ComputeEnvironmentInvalid { .. },
        Event::ComputeEnvironmentDeleted { .. },
        Event::JobQueueCreated { .. },
        Event::JobQueueUpdated { .. },
        Event::JobQueueDeleted { .. },
        Event::ConsumableResourceSet { .. },
        Event::JobSpecRegistered { .. },
        Event::JobSubmitted { .. },
        Event::JobCancelRequested { .. },
        Event::JobTerminateRequested { .. },
        Event::NodeLaunched { .. },
        Event::CapacityUnavailable { .. },
        Event::NodeReady { .. },
        Event::NodeAdopted { .. },
        Event::SpotInterruptionWarning { .. },
        Event::NodeLost { .. },
        Event::SpotPriceChanged { .. },
        Event::PodRunning { .. },
        Event::PodSucceeded { .. },
        Event::PodFailed { .. },
        Event::PodStuck { .. },
    );
}

type Example = (Event, &'static str);

fn managed() -> EnvironmentSpec {
    let managed = ManagedSpec {
        purchase: PurchaseOption::Spot,
        strategy: AllocationStrategy::SpotPriceCapacityOptimized,
        min_vcpus: 0,
        max_vcpus: 256,
        instance_types: vec![vec![TYPE], vec![InstanceTypeId(0), InstanceTypeId(1)]],
        min_scale_down_delay: Some(SimDuration::from_mins(20)),
        bid_percentage: None,
    };
    EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: Some(managed) }
}

fn unmanaged(unmanaged_vcpus: Option<u32>) -> EnvironmentSpec {
    EnvironmentSpec { enabled: false, unmanaged_vcpus, managed: None }
}

fn about_environments() -> Vec<Example> {
    let infrastructure =
        InfrastructureUpdate { terminate_jobs: true, job_execution_timeout: SimDuration::from_mins(30) };
    vec![
        (
            Event::ComputeEnvironmentCreated { environment: CE, spec: Box::new(managed()) },
            r#"{"event":"ComputeEnvironmentCreated","environment":1,"spec":{"enabled":true,"managed":{"purchase":"SPOT","strategy":"SPOT_PRICE_CAPACITY_OPTIMIZED","min_vcpus":0,"max_vcpus":256,"instance_types":[[4],[0,1]],"min_scale_down_delay":1200000}}}"#,
        ),
        (
            Event::ComputeEnvironmentCreated { environment: CE, spec: Box::new(unmanaged(Some(64))) },
            r#"{"event":"ComputeEnvironmentCreated","environment":1,"spec":{"enabled":false,"managed":null,"unmanaged_vcpus":64}}"#,
        ),
        (
            Event::ComputeEnvironmentUpdated { environment: CE, spec: Box::new(unmanaged(None)), infrastructure: None },
            r#"{"event":"ComputeEnvironmentUpdated","environment":1,"spec":{"enabled":false,"managed":null}}"#,
        ),
        (
            Event::ComputeEnvironmentUpdated {
                environment: CE,
                spec: Box::new(unmanaged(None)),
                infrastructure: Some(infrastructure),
            },
            r#"{"event":"ComputeEnvironmentUpdated","environment":1,"spec":{"enabled":false,"managed":null},"infrastructure":{"terminate_jobs":true,"job_execution_timeout":1800000}}"#,
        ),
        (
            Event::ComputeEnvironmentInvalid { environment: CE },
            r#"{"event":"ComputeEnvironmentInvalid","environment":1}"#,
        ),
        (
            Event::ComputeEnvironmentDeleted { environment: CE },
            r#"{"event":"ComputeEnvironmentDeleted","environment":1}"#,
        ),
    ]
}

fn about_queues() -> Vec<Example> {
    let limits = [Blocked::InsufficientInstanceCapacity, Blocked::JobResourceRequirement];
    let fair = QueueSpec {
        enabled: false,
        fair_share: Some(FairShare {
            share_decay: SimDuration::from_mins(10),
            compute_reservation: 50,
            weights: vec![
                ShareWeight { share: SHARE, weight: 1_250, prefix: None },
                ShareWeight { share: SHARE, weight: 20_000, prefix: Some(2) },
            ],
        }),
        time_limits: limits.map(|why| TimeLimit { why, after: SimDuration::from_mins(10) }).to_vec(),
        ..QueueSpec::fifo(3, vec![CE])
    };
    let policy = |order, depth, ahead| QueuePolicy { order, backfill: Some(EasyBackfill { depth, order: ahead }) };
    let beyond = |policy| Box::new(QueueSpec { policy, ..QueueSpec::fifo(0, vec![CE]) });
    let consumable = ConsumableSpec { total: 5, replenishable: true };
    vec![
        (
            Event::JobQueueCreated { queue: JQ, spec: Box::new(QueueSpec::fifo(-1, vec![CE])) },
            r#"{"event":"JobQueueCreated","queue":2,"spec":{"priority":-1,"environments":[1]}}"#,
        ),
        (
            Event::JobQueueUpdated { queue: JQ, spec: Box::new(fair) },
            r#"{"event":"JobQueueUpdated","queue":2,"spec":{"priority":3,"environments":[1],"enabled":false,"fair_share":{"share_decay":600000,"compute_reservation":50,"weights":[{"share":10,"weight":1250},{"share":10,"weight":20000,"prefix":2}]},"time_limits":[{"why":"InsufficientInstanceCapacity","after":600000},{"why":"JobResourceRequirement","after":600000}]}}"#,
        ),
        (
            Event::JobQueueCreated { queue: JQ, spec: beyond(policy(JobOrder::ShortestJobFirst, None, None)) },
            r#"{"event":"JobQueueCreated","queue":2,"spec":{"priority":0,"environments":[1],"policy":{"order":"ShortestJobFirst","backfill":{}}}}"#,
        ),
        (
            Event::JobQueueCreated { queue: JQ, spec: beyond(policy(JobOrder::LargestJobFirst, Some(50), None)) },
            r#"{"event":"JobQueueCreated","queue":2,"spec":{"priority":0,"environments":[1],"policy":{"order":"LargestJobFirst","backfill":{"depth":50}}}}"#,
        ),
        (
            Event::JobQueueCreated {
                queue: JQ,
                spec: beyond(policy(JobOrder::Submission, None, Some(JobOrder::ShortestJobFirst))),
            },
            r#"{"event":"JobQueueCreated","queue":2,"spec":{"priority":0,"environments":[1],"policy":{"order":"Submission","backfill":{"order":"ShortestJobFirst"}}}}"#,
        ),
        (Event::JobQueueDeleted { queue: JQ }, r#"{"event":"JobQueueDeleted","queue":2}"#),
        (
            Event::ConsumableResourceSet { resource: LICENCE, spec: consumable },
            r#"{"event":"ConsumableResourceSet","resource":11,"spec":{"total":5,"replenishable":true}}"#,
        ),
    ]
}

fn about_jobs() -> Vec<Example> {
    let plain =
        JobSpec { requests: FREE, attempts: 3, timeout: Some(SimDuration::from_secs(60)), ..JobSpec::default() };
    let codes = [ExitCodePattern::Is(1), ExitCodePattern::BeginsWith(13), ExitCodePattern::Any];
    let mut rules: Vec<_> =
        codes.map(|code| ExitRule { exit_code: Some(code), ends: None, retry: true }).into_iter().collect();
    rules.push(ExitRule { exit_code: None, ends: Some(EndKind::ALL.to_vec()), retry: false });
    let rich = JobSpec {
        requests: FREE,
        attempts: 1,
        evaluate_on_exit: rules,
        share: Some(SHARE),
        scheduling_priority: 99,
        consumables: vec![ConsumableRequirement { resource: LICENCE, quantity: 2 }],
        multi_node: Some(MultiNode { nodes: 4, main: 1, instance_type: Some(TYPE) }),
        ..JobSpec::default()
    };
    let depends_on = [Dependency::Job(JobId::new(0, 1)), Dependency::NToN(JobId::new(0, 2)), Dependency::Sequential];
    let submitted = |array_size| Event::submitted(job().job, JQ, SPEC, array_size);
    let dependent = Event::JobSubmitted {
        job: job().job,
        queue: JQ,
        spec: SPEC,
        array_size: Some(2),
        depends_on: Box::new(depends_on),
        tracked: true,
    };
    vec![
        (
            Event::JobSpecRegistered { spec: SPEC, job: Box::new(plain) },
            r#"{"event":"JobSpecRegistered","spec":3,"job":{"requests":FREE,"attempts":3,"timeout":60000}}"#,
        ),
        (
            Event::JobSpecRegistered { spec: SPEC, job: Box::new(rich) },
            r#"{"event":"JobSpecRegistered","spec":3,"job":{"requests":FREE,"attempts":1,"evaluate_on_exit":[{"exit_code":{"Is":1},"retry":true},{"exit_code":{"BeginsWith":13},"retry":true},{"exit_code":"Any","retry":true},{"ends":["Exited","OomKilled","Rejected","HostTerminated","VolumeNotAttached","EnvironmentUpdated","Deleted","Refused"],"retry":false}],"share":10,"scheduling_priority":99,"consumables":[{"resource":11,"quantity":2}],"multi_node":{"nodes":4,"main":1,"instance_type":4}}}"#,
        ),
        (submitted(None), r#"{"event":"JobSubmitted","job":"0-17","queue":2,"spec":3}"#),
        (submitted(Some(100)), r#"{"event":"JobSubmitted","job":"0-17","queue":2,"spec":3,"array_size":100}"#),
        (
            dependent,
            r#"{"event":"JobSubmitted","job":"0-17","queue":2,"spec":3,"array_size":2,"depends_on":[{"Job":"0-1"},{"NToN":"0-2"},"Sequential"],"tracked":true}"#,
        ),
        (Event::JobCancelRequested { job: job() }, r#"{"event":"JobCancelRequested","job":"0-17"}"#),
        (Event::JobTerminateRequested { job: child() }, r#"{"event":"JobTerminateRequested","job":"0-17:3"}"#),
    ]
}

fn about_nodes() -> Vec<Example> {
    let lost = |cause| Event::NodeLost { node: NODE, cause };
    vec![
        (
            Event::NodeLaunched {
                launch: LAUNCH,
                environment: CE,
                node: NODE,
                instance_type: TYPE,
                zone: ZONE,
                purchase: PurchaseOption::Ec2,
            },
            r#"{"event":"NodeLaunched","launch":7,"environment":1,"node":6,"instance_type":4,"zone":5,"purchase":"EC2"}"#,
        ),
        (
            Event::CapacityUnavailable { launch: LAUNCH, instance_types: vec![TYPE], vcpus_short: 8 },
            r#"{"event":"CapacityUnavailable","launch":7,"instance_types":[4],"vcpus_short":8}"#,
        ),
        (Event::NodeReady { node: NODE, free: FREE }, r#"{"event":"NodeReady","node":6,"free":FREE}"#),
        (
            Event::NodeAdopted { environment: CE, node: NODE, vcpus: 96, free: FREE },
            r#"{"event":"NodeAdopted","environment":1,"node":6,"vcpus":96,"free":FREE}"#,
        ),
        (
            Event::SpotInterruptionWarning { node: NODE, terminates_at: SimTime::MAX },
            r#"{"event":"SpotInterruptionWarning","node":6,"terminates_at":18446744073709551615}"#,
        ),
        (lost(NodeLossCause::SpotInterruption), r#"{"event":"NodeLost","node":6,"cause":"SpotInterruption"}"#),
        (lost(NodeLossCause::Terminated), r#"{"event":"NodeLost","node":6,"cause":"Terminated"}"#),
        (lost(NodeLossCause::Failed), r#"{"event":"NodeLost","node":6,"cause":"Failed"}"#),
        (
            Event::SpotPriceChanged { instance_type: TYPE, zone: ZONE, per_hour: MicroUsd(31_400) },
            r#"{"event":"SpotPriceChanged","instance_type":4,"zone":5,"per_hour":31400}"#,
        ),
    ]
}

fn about_pods() -> Vec<Example> {
    let failed = |failure| Event::PodFailed { pod: POD, failure };
    let stuck = |why| Event::PodStuck { pod: POD, why };
    vec![
        (Event::PodRunning { pod: POD }, r#"{"event":"PodRunning","pod":"8.9"}"#),
        (Event::PodSucceeded { pod: POD }, r#"{"event":"PodSucceeded","pod":"8.9"}"#),
        (failed(PodFailure::ExitCode(-1)), r#"{"event":"PodFailed","pod":"8.9","failure":{"ExitCode":-1}}"#),
        (failed(PodFailure::OutOfCpu), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfCpu"}"#),
        (failed(PodFailure::OutOfMemory), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfMemory"}"#),
        (failed(PodFailure::OutOfPods), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfPods"}"#),
        (failed(PodFailure::OutOfGpu), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfGpu"}"#),
        (failed(PodFailure::Deleted), r#"{"event":"PodFailed","pod":"8.9","failure":"Deleted"}"#),
        (failed(PodFailure::OomKilled), r#"{"event":"PodFailed","pod":"8.9","failure":"OomKilled"}"#),
        (stuck(PodStuck::Volume), r#"{"event":"PodStuck","pod":"8.9","why":"Volume"}"#),
        (stuck(PodStuck::Image), r#"{"event":"PodStuck","pod":"8.9","why":"Image"}"#),
    ]
}
