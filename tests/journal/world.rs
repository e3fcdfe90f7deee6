//! A scripted world, and journals of what the core of this very build decides in it: they stay true whatever the core
//! decides.

use std::fs;
use std::path::{Path, PathBuf};

use windtunnel::driver::{self, Driver, DriverError};
use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobQueueId, JobSpecId};
use windtunnel::journal::{Header, Writer};
use windtunnel::model::{
    AllocationStrategy, BestFitObjective, DecayShape, JobSpecName, Names, PurchaseOption, Resources, SpillPolicy,
};
use windtunnel::scheduler::{
    Decision, EnvironmentSpec, Event, JobSpec, ManagedSpec, Observation, QueueSpec, Scheduler, SchedulerConfig,
    Settings, TypeFacts,
};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

struct Script(std::vec::IntoIter<Observation>);

impl Driver for Script {
    fn observe(&mut self, _: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        let next = self.0.next();
        Ok(next.map(|next| *seen = next).is_some())
    }

    fn apply(&mut self, _: &Decision) -> Result<(), DriverError> {
        Ok(())
    }
}

/// Writes the journal of a run through `observations` and returns its path.
pub(crate) fn journal(folder: &Path, name: &str, observations: Vec<Observation>) -> PathBuf {
    let path = folder.join(name);
    let mut writer = Writer::create(&path, &header()).unwrap();
    let mut scheduler = Scheduler::new(header().config);
    let mut script = Script(observations.into_iter());
    let steps = driver::run(&mut scheduler, &mut script, &mut writer).unwrap();
    assert_eq!(writer.steps(), steps);
    writer.finish().unwrap();
    path
}

/// A plain journal's lines.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

pub(crate) fn write_lines(path: &Path, lines: &[String]) {
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// One environment, one queue, three jobs, then time passing.
pub(crate) fn three_jobs() -> Vec<Observation> {
    let (environment, queue, spec) = (ComputeEnvironmentId(0), JobQueueId(0), JobSpecId(0));
    let managed = ManagedSpec {
        purchase: PurchaseOption::Ec2,
        strategy: AllocationStrategy::BestFitProgressive,
        min_vcpus: 0,
        max_vcpus: 16,
        instance_types: vec![vec![InstanceTypeId(0)]],
        min_scale_down_delay: None,
        bid_percentage: None,
    };
    let job = JobSpec { requests: requests(), attempts: 1, ..JobSpec::default() };
    let mut setup = vec![
        Event::ComputeEnvironmentCreated {
            environment,
            spec: Box::new(EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: Some(managed) }),
        },
        Event::JobQueueCreated { queue, spec: Box::new(QueueSpec::fifo(1, vec![environment])) },
        Event::JobSpecRegistered { spec, job: Box::new(job) },
    ];
    setup.extend((0..3).map(|n| Event::submitted(JobId::new(0, n), queue, spec, None)));
    let mut observations = vec![Observation { now: SimTime::ZERO, events: setup }];
    observations.extend((1..=5).map(|n| quiet(n * 2_000)));
    observations
}

/// An observation of nothing but the time.
pub(crate) fn quiet(now_ms: u64) -> Observation {
    Observation { now: SimTime::from_millis(now_ms), events: Vec::new() }
}

pub(crate) fn requests() -> Resources {
    Resources::pod(MilliCpu(1_000), MiB(1_024), 0)
}

pub(crate) fn header() -> Header {
    let settings = Settings {
        scheduling_cycle: SimDuration::from_secs(2),
        submit_to_runnable: SimDuration::from_secs(1),
        dispatch_rate: 0,
        scale_decision_period: SimDuration::from_secs(2),
        scale_look_ahead: 0,
        best_fit_objective: BestFitObjective::CostPerVcpu,
        spot_type_efficiency_percent: 75,
        spill_policy: SpillPolicy::OnMaxOrIce,
        pack_threshold_percent: 50,
        cold_daemon_set_cpu: MilliCpu(500),
        cold_daemon_set_memory: MiB(500),
        capacity_retry_delay: SimDuration::from_mins(5),
        launch_response_deadline: SimDuration::from_mins(1),
        node_join_deadline: SimDuration::from_mins(15),
        idle_scale_down_delay: SimDuration::from_mins(10),
        rejected_pod_charges_attempt: false,
        rejected_node_retry_delay: SimDuration::from_mins(3),
        placement_after_notice: false,
        invalid_after_failed_joins: 3,
        blocked_detection_delay: SimDuration::from_mins(1),
        fair_share_minimum_window: SimDuration::from_mins(10),
        fair_share_decay_shape: DecayShape::Linear,
        fair_share_start_charge: SimDuration::from_secs(0),
        fair_share_skip_blocked_share: false,
        prefix_weight_split: false,
        consumables_held_across_retries: true,
        submit_job_rate_limit: 0,
        submitted_jobs_limit: 1_000_000,
    };
    let large = TypeFacts {
        vcpus: 4,
        allocatable: Resources { cpu: MilliCpu(3_920), memory: MiB(14_000), gpus: 0, pods: 58 },
        on_demand_per_hour: MicroUsd(192_000),
        spot_per_hour: MicroUsd(80_000),
    };
    let names = Names {
        compute_environments: vec!["My-Eks-CE1".to_owned()],
        job_queues: vec!["My-Eks-JQ1".to_owned()],
        job_specs: vec![JobSpecName { job_name: "hello".to_owned(), job_definition: "MyJobOnEks_Sleep".to_owned() }],
        instance_types: vec!["m5.xlarge".to_owned()],
        zones: vec!["us-east-1a".to_owned()],
        ..Names::default()
    };
    Header::new(Some(7), "hello.json", SchedulerConfig { settings, instance_types: vec![large] }, names)
}
