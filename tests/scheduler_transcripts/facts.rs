//! Reads facts from the words of a transcript.

use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobSpecId, LaunchId, NodeId, ZoneId};
use windtunnel::model::duration::parse;
use windtunnel::model::{AllocationStrategy, Assumptions, PurchaseOption, Resources, SpillPolicy};
use windtunnel::scheduler::{
    EnvironmentSpec, Event, JobSpec, ManagedSpec, NodeLossCause, PodFailure, QueueSpec, SchedulerConfig, Settings,
    TypeFacts,
};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

/// The types there are: name, vCPUs, allocatable CPU. A vCPU costs the same in all of them.
pub(crate) const TYPES: [(&str, u32, u32); 3] = [("small", 2, 1_930), ("medium", 4, 3_920), ("large", 8, 7_910)];

/// Memory is plentiful in transcripts.
const fn resources(cpu: u32, pods: u16) -> Resources {
    Resources { cpu: MilliCpu(cpu), memory: MiB(if pods == 1 { 100 } else { 10_000 }), gpus: 0, pods }
}

/// The settings of a transcript: ideal, but for the `set NAME=VALUE` lines of its heading.
pub(crate) fn config(head: &str) -> SchedulerConfig {
    let mut all = Assumptions::ideal();
    all.capacity_retry_delay.0 = SimDuration::from_mins(3);
    all.idle_scale_down_delay.0 = SimDuration::from_mins(2);
    for setting in head.lines().filter_map(|line| line.strip_prefix("set ")) {
        let (name, value) = setting.split_once('=').expect("set NAME=VALUE");
        match name {
            "schedulingCycle" => all.scheduling_cycle.0 = span(value),
            "submitToRunnable" => all.submit_to_runnable.0 = span(value),
            "idleScaleDownDelay" => all.idle_scale_down_delay.0 = span(value),
            "launchResponseDeadline" => all.launch_response_deadline.0 = span(value),
            "dispatchRate" => all.dispatch_rate = number(value),
            "coldDaemonSetCpuMilli" => all.cold_daemon_set_cpu_milli = number(value),
            "spillPolicy" if value == "onNoIdle" => all.spill_policy = SpillPolicy::OnNoIdle,
            _ => panic!("no setting {setting}"),
        }
    }
    let instance_types = TYPES.map(|(_, vcpus, cpu)| TypeFacts {
        vcpus,
        allocatable: resources(cpu, 30),
        on_demand_per_hour: MicroUsd(u64::from(vcpus) * 50_000),
        spot_per_hour: MicroUsd(u64::from(vcpus) * 15_000),
    });
    SchedulerConfig { settings: Settings::from(&all), instance_types: instance_types.to_vec() }
}

pub(crate) fn span(text: &str) -> SimDuration {
    parse(text.trim()).expect("a span of time")
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// `1.5` vCPUs in thousandths.
fn milli(text: &str) -> u32 {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    number::<u32>(whole) * 1_000 + number::<u32>(&format!("{part:0<3}"))
}

/// Ids of what is numbered in the order in which it appears.
#[derive(Default)]
pub(crate) struct Numbers {
    environments: u16,
    queues: u16,
    specs: u32,
}

/// A line's words: the fact, then ids in their order, then `name=value` pairs and flags in any.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn has(&self, flag: &str) -> bool {
        self.0.contains(&flag)
    }

    /// The numbers of all ids of a kind: `node-3`.
    fn ids<T: std::str::FromStr>(&self, prefix: &str) -> Vec<T> {
        self.0.iter().filter_map(|word| word.strip_prefix(prefix)).map(number).collect()
    }

    fn id<T: std::str::FromStr>(&self, prefix: &str) -> T {
        self.ids(prefix).pop().unwrap_or_else(|| panic!("no {prefix} in {:?}", self.0))
    }

    fn parsed<T: std::str::FromStr>(&self, index: usize) -> T {
        self.0[index].parse().unwrap_or_else(|_| panic!("cannot read `{}`", self.0[index]))
    }

    fn environment(&self) -> ComputeEnvironmentId {
        ComputeEnvironmentId(self.id("ce-"))
    }

    fn instance_types(&self) -> Vec<InstanceTypeId> {
        let named = |name: &str| TYPES.iter().position(|&(known, ..)| known == name);
        let words = self.0.iter().flat_map(|word| word.strip_prefix("types=").unwrap_or(word).split(','));
        words.filter_map(named).map(|index| InstanceTypeId(u16::try_from(index).unwrap())).collect()
    }
}

impl Numbers {
    /// The fact that a line states.
    pub(crate) fn event(&mut self, line: &str, now: SimTime) -> Event {
        let words = Words(line.split_whitespace().collect());
        match words.0[0] {
            "environment" => self.environment(&words),
            "queue" => {
                self.queues += 1;
                let environments = words.ids("ce-").into_iter().map(ComputeEnvironmentId).collect();
                let spec = QueueSpec::fifo(number(words.value("priority").unwrap_or("1")), environments);
                Event::JobQueueCreated { queue: JobQueueId(self.queues - 1), spec: Box::new(spec) }
            }
            "spec" => {
                self.specs += 1;
                let job = JobSpec {
                    requests: resources(milli(words.value("cpu").expect("cpu=")), 1),
                    attempts: number(words.value("attempts").unwrap_or("1")),
                    timeout: words.value("timeout").map(span),
                    ..JobSpec::default()
                };
                Event::JobSpecRegistered { spec: JobSpecId(self.specs - 1), job: Box::new(job) }
            }
            "submit" => {
                let (queue, spec) = (JobQueueId(words.id("jq-")), JobSpecId(words.id("spec-")));
                Event::submitted(words.parsed(1), queue, spec, words.value("array").map(number))
            }
            _ => about_capacity_and_pods(&words, now),
        }
    }

    fn environment(&mut self, words: &Words<'_>) -> Event {
        self.environments += 1;
        let spot = words.has("SPOT");
        let strategy = match (spot, words.value("strategy")) {
            (true, _) => AllocationStrategy::SpotPriceCapacityOptimized,
            (false, Some("BEST_FIT")) => AllocationStrategy::BestFit,
            (false, _) => AllocationStrategy::BestFitProgressive,
        };
        let managed = (!words.has("UNMANAGED")).then(|| ManagedSpec {
            purchase: if spot { PurchaseOption::Spot } else { PurchaseOption::Ec2 },
            strategy,
            min_vcpus: number(words.value("min").unwrap_or("0")),
            max_vcpus: number(words.value("max").expect("max=")),
            instance_types: vec![words.instance_types()],
            min_scale_down_delay: words.value("minScaleDownDelay").map(span),
            bid_percentage: None,
        });
        Event::ComputeEnvironmentCreated {
            environment: ComputeEnvironmentId(self.environments - 1),
            spec: Box::new(EnvironmentSpec { enabled: !words.has("DISABLED"), unmanaged_vcpus: None, managed }),
        }
    }
}

fn about_capacity_and_pods(words: &Words<'_>, now: SimTime) -> Event {
    let node = || NodeId(words.id("node-"));
    let free = || resources(milli(words.value("cpu").expect("cpu=")), 30);
    match words.0[0] {
        "adopted" => {
            let vcpus = number(words.value("vcpus").unwrap_or("2"));
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
            vcpus_short: number(words.value("short").expect("short=")),
        },
        "ready" => Event::NodeReady { node: node(), free: free() },
        "warning" => Event::SpotInterruptionWarning { node: node(), terminates_at: now + SimDuration::from_secs(120) },
        "lost" => {
            let cause =
                if words.has("interrupted") { NodeLossCause::SpotInterruption } else { NodeLossCause::Terminated };
            Event::NodeLost { node: node(), cause }
        }
        "running" => Event::PodRunning { pod: words.parsed(1) },
        "succeeded" => Event::PodSucceeded { pod: words.parsed(1) },
        "failed" => {
            let failure = match words.value("exit") {
                Some(code) => PodFailure::ExitCode(number(code)),
                None if words.has("OutOfcpu") => PodFailure::OutOfCpu,
                None => PodFailure::Deleted,
            };
            Event::PodFailed { pod: words.parsed(1), failure }
        }
        other => panic!("no fact is called `{other}`"),
    }
}
