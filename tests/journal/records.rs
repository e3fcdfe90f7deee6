//! Every event, command, ending and reason, as a journal holds it. The text is the published format: change it, and
//! `journal::FORMAT` must change too.

use std::fmt::Debug;

use crate::world::requests;
use serde::Serialize;
use serde::de::DeserializeOwned;
use windtunnel::ids::{
    ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId, ZoneId,
};
use windtunnel::model::{AllocationStrategy, FleetStrategy, PurchaseOption, Resources};
use windtunnel::scheduler::{
    AttemptEnd, AttemptOutcome, Blocked, Command, DeleteCause, Demand, Ending, EnvironmentSpec, Event, JobEnd, JobSpec,
    LaunchRequest, ManagedSpec, NodeLossCause, PassedOver, PassedOverCause, PodFailure, QueueSpec, Reason,
    ScaleInCause,
};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

const CE: ComputeEnvironmentId = ComputeEnvironmentId(1);
const JQ: JobQueueId = JobQueueId(2);
const SPEC: JobSpecId = JobSpecId(3);
const TYPE: InstanceTypeId = InstanceTypeId(4);
const ZONE: ZoneId = ZoneId(5);
const NODE: NodeId = NodeId(6);
const LAUNCH: LaunchId = LaunchId(7);
const POD: PodId = PodId { slot: 8, generation: 9 };
const FREE: Resources = Resources { cpu: MilliCpu(1_930), memory: MiB(7_000), gpus: 1, pods: 29 };
const FREE_TEXT: &str = r#"{"cpu":1930,"memory":7000,"gpus":1,"pods":29}"#;

fn job() -> JobRef {
    JobRef { job: JobId::new(0, 17), child: None }
}

fn child() -> JobRef {
    JobRef { child: Some(3), ..job() }
}

fn at(millis: u64) -> SimTime {
    SimTime::from_millis(millis)
}

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, text: &str) {
    let text = text.replace("FREE", FREE_TEXT);
    assert_eq!(serde_json::to_string(value).unwrap(), text);
    assert_eq!(serde_json::from_str::<T>(&text).unwrap_or_else(|e| panic!("{text}: {e}")), *value);
}

/// Every variant of these must have an example here; the match makes a new one break the build.
macro_rules! all_covered {
    ($examples:expr, $($variant:pat),+ $(,)?) => {
        let examples = &$examples;
        for (value, text) in examples { check(value, text); }
        for (value, _) in examples { match value { $($variant)|+ => {} } }
        $(assert!(examples.iter().any(|(value, _)| matches!(value, $variant)), "no example of {}", stringify!($variant));)+
    };
}

#[test]
fn events() {
    let managed = ManagedSpec {
        purchase: PurchaseOption::Spot,
        strategy: AllocationStrategy::SpotPriceCapacityOptimized,
        min_vcpus: 0,
        max_vcpus: 256,
        instance_types: vec![vec![TYPE], vec![InstanceTypeId(0), InstanceTypeId(1)]],
        min_scale_down_delay: Some(SimDuration::from_mins(20)),
        bid_percentage: None,
    };
    let managed = EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: Some(managed) };
    let unmanaged = EnvironmentSpec { enabled: false, unmanaged_vcpus: None, managed: None };
    let queue = QueueSpec::fifo(-1, vec![CE]);
    let spec = JobSpec { requests: FREE, attempts: 3, timeout: Some(SimDuration::from_secs(60)), ..JobSpec::default() };
    let submitted = |array_size| Event::submitted(job().job, JQ, SPEC, array_size);
    let failed = |failure| Event::PodFailed { pod: POD, failure };
    let lost = |cause| Event::NodeLost { node: NODE, cause };
    let examples = [
        (
            Event::ComputeEnvironmentCreated { environment: CE, spec: Box::new(managed) },
            r#"{"event":"ComputeEnvironmentCreated","environment":1,"spec":{"enabled":true,"managed":{"purchase":"SPOT","strategy":"SPOT_PRICE_CAPACITY_OPTIMIZED","min_vcpus":0,"max_vcpus":256,"instance_types":[[4],[0,1]],"min_scale_down_delay":1200000}}}"#,
        ),
        (
            Event::ComputeEnvironmentCreated { environment: CE, spec: Box::new(unmanaged) },
            r#"{"event":"ComputeEnvironmentCreated","environment":1,"spec":{"enabled":false,"managed":null}}"#,
        ),
        (
            Event::JobQueueCreated { queue: JQ, spec: Box::new(queue) },
            r#"{"event":"JobQueueCreated","queue":2,"spec":{"priority":-1,"environments":[1]}}"#,
        ),
        (
            Event::JobSpecRegistered { spec: SPEC, job: Box::new(spec) },
            r#"{"event":"JobSpecRegistered","spec":3,"job":{"requests":FREE,"attempts":3,"timeout":60000}}"#,
        ),
        (submitted(None), r#"{"event":"JobSubmitted","job":"0-17","queue":2,"spec":3}"#),
        (submitted(Some(100)), r#"{"event":"JobSubmitted","job":"0-17","queue":2,"spec":3,"array_size":100}"#),
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
        (Event::PodRunning { pod: POD }, r#"{"event":"PodRunning","pod":"8.9"}"#),
        (Event::PodSucceeded { pod: POD }, r#"{"event":"PodSucceeded","pod":"8.9"}"#),
        (failed(PodFailure::ExitCode(-1)), r#"{"event":"PodFailed","pod":"8.9","failure":{"ExitCode":-1}}"#),
        (failed(PodFailure::OutOfCpu), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfCpu"}"#),
        (failed(PodFailure::OutOfMemory), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfMemory"}"#),
        (failed(PodFailure::OutOfPods), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfPods"}"#),
        (failed(PodFailure::OutOfGpu), r#"{"event":"PodFailed","pod":"8.9","failure":"OutOfGpu"}"#),
        (failed(PodFailure::Deleted), r#"{"event":"PodFailed","pod":"8.9","failure":"Deleted"}"#),
    ];
    all_covered!(
        examples,
        Event::ComputeEnvironmentCreated { .. },
        Event::JobQueueCreated { .. },
        Event::JobSpecRegistered { .. },
        Event::JobSubmitted { .. },
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
    );
}

#[test]
fn commands() {
    let launch = LaunchRequest {
        launch: LAUNCH,
        environment: CE,
        purchase: PurchaseOption::Spot,
        fleet: FleetStrategy::PriceCapacityOptimized,
        instance_types: vec![TYPE, InstanceTypeId(0)],
        target_vcpus: 12,
        bid_percentage: Some(60),
    };
    let examples = [
        (
            Command::LaunchNodes(Box::new(launch)),
            r#"{"command":"LaunchNodes","launch":7,"environment":1,"purchase":"SPOT","fleet":"price-capacity-optimized","instance_types":[4,0],"target_vcpus":12,"bid_percentage":60}"#,
        ),
        (Command::TerminateNode { node: NODE }, r#"{"command":"TerminateNode","node":6}"#),
        (
            Command::CreatePod { pod: POD, job: child(), spec: SPEC, attempt: 2, node: NODE, node_index: None },
            r#"{"command":"CreatePod","pod":"8.9","job":"0-17:3","spec":3,"attempt":2,"node":6}"#,
        ),
        (
            Command::DeletePod { pod: POD, spec: SPEC, node: NODE, why: DeleteCause::Timeout },
            r#"{"command":"DeletePod","pod":"8.9","spec":3,"node":6,"why":"Timeout"}"#,
        ),
    ];
    all_covered!(
        examples,
        Command::LaunchNodes(_),
        Command::TerminateNode { .. },
        Command::CreatePod { .. },
        Command::DeletePod { .. },
    );
}

#[test]
fn endings() {
    let attempt = |outcome, running_at| {
        Ending::Attempt(AttemptEnd {
            pod: POD,
            job: child(),
            spec: SPEC,
            attempt: 1,
            node: NODE,
            starting_at: at(10),
            running_at,
            stopped_at: at(30),
            outcome,
            retried: false,
        })
    };
    let attempt_text = |outcome: &str, running_at: &str| {
        format!(
            r#"{{"ended":"Attempt","pod":"8.9","job":"0-17:3","spec":3,"attempt":1,"node":6,"starting_at":10,{running_at}"stopped_at":30,"outcome":{outcome},"retried":false}}"#
        )
    };
    let job = JobEnd {
        job: job(),
        queue: JQ,
        spec: SPEC,
        succeeded: true,
        attempts: 1,
        submitted_at: at(1),
        first_running_at: Some(at(20)),
        runnable: SimDuration::from_millis(9),
        last_run: SimDuration::from_millis(10),
        ended_at: at(30),
    };
    let failed = AttemptOutcome::Failed;
    let examples = [
        (attempt(AttemptOutcome::Succeeded, Some(at(20))), attempt_text(r#""Succeeded""#, r#""running_at":20,"#)),
        (attempt(failed(PodFailure::OutOfCpu), None), attempt_text(r#"{"Failed":"OutOfCpu"}"#, "")),
        (attempt(failed(PodFailure::ExitCode(137)), None), attempt_text(r#"{"Failed":{"ExitCode":137}}"#, "")),
        (attempt(AttemptOutcome::HostTerminated, None), attempt_text(r#""HostTerminated""#, "")),
        (attempt(AttemptOutcome::TimedOut, None), attempt_text(r#""TimedOut""#, "")),
        (
            Ending::Job(job),
            r#"{"ended":"Job","job":"0-17","queue":2,"spec":3,"succeeded":true,"attempts":1,"submitted_at":1,"first_running_at":20,"runnable":9,"last_run":10,"ended_at":30}"#.to_owned(),
        ),
    ];
    all_covered!(examples, Ending::Attempt(_), Ending::Job(_));
}

#[test]
fn reasons() {
    let passed_over = [
        PassedOverCause::TooSmall,
        PassedOverCause::Avoided,
        PassedOverCause::CostsMore,
        PassedOverCause::LaterInOrder,
        PassedOverCause::TooLarge,
    ];
    let passed_over = passed_over.map(|why| PassedOver { instance_type: TYPE, why }).to_vec();
    let launching = |demand, passed_over| Reason::Launching { launch: LAUNCH, environment: CE, demand, passed_over };
    let jobs = Demand::Jobs { queue: JQ, requests: requests(), jobs: 12 };
    let examples = [
        (
            Reason::QueueBlocked { queue: JQ, head: job(), why: Blocked::AtMaxVcpus },
            r#"{"reason":"QueueBlocked","queue":2,"head":"0-17","why":"AtMaxVcpus"}"#,
        ),
        (Reason::QueueUnblocked { queue: JQ }, r#"{"reason":"QueueUnblocked","queue":2}"#),
        (
            launching(Demand::MinVcpus, Vec::new()),
            r#"{"reason":"Launching","launch":7,"environment":1,"demand":"MinVcpus"}"#,
        ),
        (
            launching(jobs, passed_over),
            r#"{"reason":"Launching","launch":7,"environment":1,"demand":{"Jobs":{"queue":2,"requests":{"cpu":1000,"memory":1024,"pods":1},"jobs":12}},"passed_over":[{"instance_type":4,"why":"TooSmall"},{"instance_type":4,"why":"Avoided"},{"instance_type":4,"why":"CostsMore"},{"instance_type":4,"why":"LaterInOrder"},{"instance_type":4,"why":"TooLarge"}]}"#,
        ),
        (
            Reason::CannotProvide { environment: CE, queue: JQ, why: Blocked::InsufficientInstanceCapacity },
            r#"{"reason":"CannotProvide","environment":1,"queue":2,"why":"InsufficientInstanceCapacity"}"#,
        ),
        (
            Reason::ScalingIn { node: NODE, why: ScaleInCause::Idle { since: at(5) } },
            r#"{"reason":"ScalingIn","node":6,"why":{"Idle":{"since":5}}}"#,
        ),
        (
            Reason::ScalingIn { node: NODE, why: ScaleInCause::NeverJoined },
            r#"{"reason":"ScalingIn","node":6,"why":"NeverJoined"}"#,
        ),
        (
            Reason::TypeAvoided { environment: CE, instance_type: TYPE, until: at(300_000) },
            r#"{"reason":"TypeAvoided","environment":1,"instance_type":4,"until":300000}"#,
        ),
        (
            Reason::Learned { environment: CE, instance_type: TYPE, estimated: FREE, actual: FREE },
            r#"{"reason":"Learned","environment":1,"instance_type":4,"estimated":FREE,"actual":FREE}"#,
        ),
    ];
    all_covered!(
        examples,
        Reason::QueueBlocked { .. },
        Reason::QueueUnblocked { .. },
        Reason::Launching { .. },
        Reason::CannotProvide { .. },
        Reason::ScalingIn { .. },
        Reason::TypeAvoided { .. },
        Reason::Learned { .. },
    );
}
