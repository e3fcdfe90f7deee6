//! Reads facts from the words of a transcript. What is created is numbered in the order in which it appears.
//!
//! | line | fact |
//! |---|---|
//! | `environment …`, `update-environment ce-0 … infrastructure terminate-jobs jobExecutionTimeout=T` | created, updated (all stated anew) |
//! | `invalid-environment ce-0`, `delete-environment ce-0` | INVALID for an outer cause, deleted |
//! | `queue …`, `update-queue jq-0 …`, `delete-queue jq-0` | created, updated (all stated anew), deleted |
//! | `consumable consumable-0 total=N non-replenishable` | created, or its quantity set |
//! | `spec …` | a job definition with overrides applied |
//! | `submit 0-1 jq-0 spec-0 array=N after=0-0 nton=0-0 sequential tracked` | submitted |
//! | `cancel 0-1`, `terminate 0-1:2` | `CancelJob`, `TerminateJob` |
//! | `launched`, `unavailable`, `ready`, `adopted`, `warning`, `lost`, `price` | about capacity |
//! | `running 0.0`, `succeeded 0.0`, `failed 0.0 exit=N`, `failed 0.0 OutOfcpu`, `stuck 0.0 volume` | about pods |

use windtunnel::ids::{ConsumableResourceId, JobId, JobQueueId, JobSpecId, LaunchId, NodeId, PodId, ZoneId};
use windtunnel::model::{Assumptions, PurchaseOption};
use windtunnel::scheduler::{
    ConsumableSpec, Dependency, Event, InfrastructureUpdate, NodeLossCause, PodFailure, PodStuck, SchedulerConfig,
    Settings, TypeFacts,
};
use windtunnel::units::{MicroUsd, SimDuration, SimTime};

use crate::specs;
use crate::words::{TYPES, Words, decimal, milli, number, resources, span};

/// The settings of a transcript: ideal, but for the `set NAME=VALUE` lines of its heading.
pub(crate) fn config(head: &str) -> SchedulerConfig {
    let mut all = Assumptions::ideal();
    all.capacity_retry_delay.0 = SimDuration::from_mins(3);
    all.idle_scale_down_delay.0 = SimDuration::from_mins(2);
    let mut all = serde_json::to_value(&all).expect("assumptions have a JSON form");
    for setting in head.lines().filter_map(|line| line.strip_prefix("set ")) {
        let (name, value) = setting.split_once('=').expect("set NAME=VALUE");
        all[name] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    }
    let all: Assumptions = serde_json::from_value(all).unwrap_or_else(|error| panic!("{head}\n{error}"));
    let instance_types = TYPES.map(|(_, vcpus, cpu)| TypeFacts {
        vcpus,
        allocatable: resources(cpu, 30),
        on_demand_per_hour: MicroUsd(u64::from(vcpus) * 50_000),
        spot_per_hour: MicroUsd(u64::from(vcpus) * 15_000),
    });
    SchedulerConfig { settings: Settings::from(&all), instance_types: instance_types.to_vec() }
}

/// Ids of what is numbered in the order in which it appears.
#[derive(Default)]
pub(crate) struct Numbers {
    environments: u16,
    queues: u16,
    specs: u32,
}

impl Numbers {
    /// The fact that a line states.
    pub(crate) fn event(&mut self, line: &str, now: SimTime) -> Event {
        let words = Words::of(line);
        match words.fact() {
            "environment" => {
                self.environments += 1;
                let environment = windtunnel::ids::ComputeEnvironmentId(self.environments - 1);
                Event::ComputeEnvironmentCreated { environment, spec: Box::new(specs::environment(&words)) }
            }
            "queue" => {
                self.queues += 1;
                let queue = JobQueueId(self.queues - 1);
                Event::JobQueueCreated { queue, spec: Box::new(specs::queue(&words)) }
            }
            "spec" => {
                self.specs += 1;
                Event::JobSpecRegistered { spec: JobSpecId(self.specs - 1), job: Box::new(specs::job(&words)) }
            }
            _ => about_what_there_is(&words)
                .or_else(|| about_jobs(&words))
                .or_else(|| about_capacity(&words, now))
                .or_else(|| about_pods(&words))
                .unwrap_or_else(|| panic!("no fact is called `{}`", words.fact())),
        }
    }
}

fn about_what_there_is(words: &Words<'_>) -> Option<Event> {
    Some(match words.fact() {
        "update-environment" => Event::ComputeEnvironmentUpdated {
            environment: words.environment(),
            spec: Box::new(specs::environment(words)),
            infrastructure: words.has("infrastructure").then(|| InfrastructureUpdate {
                terminate_jobs: words.has("terminate-jobs"),
                job_execution_timeout: words.value("jobExecutionTimeout").map_or(SimDuration::from_mins(30), span),
            }),
        },
        "invalid-environment" => Event::ComputeEnvironmentInvalid { environment: words.environment() },
        "delete-environment" => Event::ComputeEnvironmentDeleted { environment: words.environment() },
        "update-queue" => Event::JobQueueUpdated { queue: words.queue(), spec: Box::new(specs::queue(words)) },
        "delete-queue" => Event::JobQueueDeleted { queue: words.queue() },
        "consumable" => Event::ConsumableResourceSet {
            resource: ConsumableResourceId(words.id("consumable-")),
            spec: ConsumableSpec {
                total: number(words.needed("total")),
                replenishable: !words.has("non-replenishable"),
            },
        },
        _ => return None,
    })
}

fn about_jobs(words: &Words<'_>) -> Option<Event> {
    Some(match words.fact() {
        "submit" => {
            let on = |name, dependency: fn(JobId) -> Dependency| {
                words.values(name).flat_map(|list| list.split(',')).map(number).map(dependency)
            };
            let mut depends_on: Vec<_> = on("after", Dependency::Job).chain(on("nton", Dependency::NToN)).collect();
            if words.has("sequential") {
                depends_on.push(Dependency::Sequential);
            }
            Event::JobSubmitted {
                job: words.subject(),
                queue: words.queue(),
                spec: JobSpecId(words.id("spec-")),
                array_size: words.value("array").map(number),
                depends_on: depends_on.into(),
                tracked: words.has("tracked"),
            }
        }
        "cancel" => Event::JobCancelRequested { job: words.subject() },
        "terminate" => Event::JobTerminateRequested { job: words.subject() },
        _ => return None,
    })
}

fn about_capacity(words: &Words<'_>, now: SimTime) -> Option<Event> {
    let node = || NodeId(words.id("node-"));
    let free = || resources(milli(words.needed("cpu")), 30);
    Some(match words.fact() {
        "adopted" => {
            let vcpus = words.number("vcpus", 2);
            Event::NodeAdopted { environment: words.environment(), node: node(), vcpus, free: free() }
        }
        "launched" => Event::NodeLaunched {
            launch: LaunchId(words.id("launch-")),
            environment: words.environment(),
            node: node(),
            instance_type: words.instance_types()[0],
            zone: ZoneId(0),
            purchase: if words.has("SPOT") { PurchaseOption::Spot } else { PurchaseOption::Ec2 },
        },
        "unavailable" => Event::CapacityUnavailable {
            launch: LaunchId(words.id("launch-")),
            instance_types: words.instance_types(),
            vcpus_short: number(words.needed("short")),
        },
        "ready" => Event::NodeReady { node: node(), free: free() },
        "warning" => Event::SpotInterruptionWarning { node: node(), terminates_at: now + SimDuration::from_secs(120) },
        "lost" if words.has("interrupted") => Event::NodeLost { node: node(), cause: NodeLossCause::SpotInterruption },
        "lost" if words.has("failed") => Event::NodeLost { node: node(), cause: NodeLossCause::Failed },
        "lost" => Event::NodeLost { node: node(), cause: NodeLossCause::Terminated },
        "price" => Event::SpotPriceChanged {
            instance_type: words.instance_types()[0],
            zone: ZoneId(0),
            per_hour: MicroUsd(decimal(words.needed("usd"), 6).into()),
        },
        _ => return None,
    })
}

fn about_pods(words: &Words<'_>) -> Option<Event> {
    let pod = || words.subject::<PodId>();
    Some(match words.fact() {
        "running" => Event::PodRunning { pod: pod() },
        "succeeded" => Event::PodSucceeded { pod: pod() },
        "failed" => {
            let failures = [
                ("OOMKilled", PodFailure::OomKilled),
                ("OutOfcpu", PodFailure::OutOfCpu),
                ("OutOfmemory", PodFailure::OutOfMemory),
                ("OutOfpods", PodFailure::OutOfPods),
                ("OutOfgpu", PodFailure::OutOfGpu),
                ("deleted", PodFailure::Deleted),
            ];
            let named = || failures.into_iter().find(|(name, _)| words.has(name)).map(|(_, failure)| failure);
            let failure = words.value("exit").map(|code| PodFailure::ExitCode(number(code))).or_else(named);
            Event::PodFailed { pod: pod(), failure: failure.expect("exit=N, or what the kubelet says") }
        }
        "stuck" if words.has("volume") => Event::PodStuck { pod: pod(), why: PodStuck::Volume },
        "stuck" if words.has("image") => Event::PodStuck { pod: pod(), why: PodStuck::Image },
        _ => return None,
    })
}
