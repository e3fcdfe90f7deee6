//! A small world behind the account: one node of two vCPUs that someone adopted, and pods that run and end when the test
//! says so. It is run through the seam with a log looking on, as any world is.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use windtunnel::batch::{Batch, JobDetail, JobSummary, ListJobs};
use windtunnel::driver::{self, Driver, DriverError};
use windtunnel::history::{JobLog, Keep, unix_ms};
use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId, JobId, JobRef, LaunchId, NodeId, PodId, ZoneId};
use windtunnel::model::{Assumptions, Names, PurchaseOption, Resources};
use windtunnel::scheduler::{
    Command, Decision, Event, NodeLossCause, Observation, PodFailure, Scheduler, SchedulerConfig, Settings, TypeFacts,
};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration, SimTime};

use crate::{Account, Table, definition, done, environment, events, ok, queue, read, submission, with};

/// The account with all that became of its jobs.
pub(crate) struct World {
    pub(crate) batch: Account,
    pub(crate) log: JobLog,
    core: Scheduler,
    pods: BTreeMap<(JobRef, Option<u16>), PodId>,
    now: SimTime,
    wake_at: Option<SimTime>,
    submitted: u64,
}

/// What happens at one time, and then nothing until the end.
struct Script<'a> {
    events: Option<Vec<Event>>,
    at: SimTime,
    first_wake: Option<SimTime>,
    pods: &'a mut BTreeMap<(JobRef, Option<u16>), PodId>,
    wake_at: &'a mut Option<SimTime>,
}

impl Driver for Script<'_> {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        let wake_at = self.first_wake.take().or(wake_at);
        let (now, events) = match wake_at.filter(|at| *at < self.at) {
            Some(at) => (at, Vec::new()),
            None => match self.events.take() {
                Some(events) => (self.at, events),
                None if wake_at == Some(self.at) => (self.at, Vec::new()),
                None => return Ok(false),
            },
        };
        *seen = Observation { now, events };
        Ok(true)
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        *self.wake_at = decision.wake_at;
        for command in &decision.commands {
            if let Command::CreatePod { pod, job, node_index, .. } = command {
                self.pods.insert((*job, *node_index), *pod);
            }
        }
        Ok(())
    }
}

/// What every node offers.
const FREE: Resources = Resources { cpu: MilliCpu(2_000), memory: MiB(8_192), gpus: 0, pods: 50 };
/// The policy of queue `fair`.
const POLICY: &str = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/p";

impl World {
    /// Queues `q`, `fair` and `managed`, definitions `d` (a vCPU) and `many` (three nodes, the second is the main one); a job is
    /// RUNNABLE a second after its submission.
    pub(crate) fn new() -> Self {
        let mut batch = Batch::new(Table, Assumptions::default(), "us-east-1");
        let mut unmanaged = with(environment("e"), "/type", json!("UNMANAGED"));
        unmanaged.as_object_mut().expect("an object").remove("computeResources");
        let mut told = events(batch.create_compute_environment(&read(unmanaged)));
        told.extend(events(batch.create_job_queue(&read(queue("q", &["e"])))));
        ok(batch.create_scheduling_policy(&read(json!({ "name": "p", "fairsharePolicy": {} }))));
        let fair = with(queue("fair", &["e"]), "/schedulingPolicyArn", json!(POLICY));
        told.extend(events(batch.create_job_queue(&read(fair))));
        ok(batch.register_job_definition(&read(definition("d"))));
        let range = json!({ "targetNodes": "0:", "eksProperties": { "podProperties": { "containers": [
            { "image": "i", "resources": { "limits": { "cpu": "0.5", "memory": "256Mi" } } }] } } });
        ok(batch.register_job_definition(&read(json!({ "jobDefinitionName": "many", "type": "multinode",
            "nodeProperties": { "numNodes": 3, "mainNode": 1, "nodeRangeProperties": [range] } }))));
        told.extend(events(batch.create_compute_environment(&read(environment("m")))));
        told.extend(events(batch.create_job_queue(&read(queue("managed", &["m"])))));
        let (environment, node) = (ComputeEnvironmentId(0), NodeId(0));
        told.push(Event::NodeAdopted { environment, node, vcpus: 2, free: FREE });
        let settings = Settings {
            scheduling_cycle: SimDuration::ZERO,
            submit_to_runnable: SimDuration::from_secs(1),
            dispatch_rate: 0,
            ..Settings::from(&Assumptions::default())
        };
        let facts = TypeFacts {
            vcpus: 2,
            allocatable: FREE,
            on_demand_per_hour: MicroUsd(96_000),
            spot_per_hour: MicroUsd(40_000),
        };
        let config = SchedulerConfig { settings, instance_types: vec![facts; 2] };
        let log = JobLog::new(&config, Names::default(), Keep::All);
        let (core, pods) = (Scheduler::new(config), BTreeMap::new());
        let mut world = Self { batch, log, core, pods, now: SimTime::ZERO, wake_at: None, submitted: 0 };
        world.tell(told);
        world
    }

    fn tell(&mut self, events: Vec<Event>) {
        let first_wake = self.wake_at.take();
        let (events, at) = (Some(events), self.now);
        let mut script = Script { events, at, first_wake, pods: &mut self.pods, wake_at: &mut self.wake_at };
        driver::run(&mut self.core, &mut script, &mut self.log).expect("nothing can fail");
    }

    /// Lets time pass until so many seconds after the beginning.
    pub(crate) fn until(&mut self, secs: u64) {
        self.now = at(secs);
        self.tell(Vec::new());
    }

    /// Submits a job of definition `d` to queue `q`, but for `changes`; its id.
    pub(crate) fn submit(&mut self, changes: &[(&str, Value)]) -> String {
        let document = changes.iter().fold(submission(), |all, (at, value)| with(all, at, value.clone()));
        let job = JobId::new(0, self.submitted);
        self.submitted += 1;
        let told = done(self.batch.submit_job(&read(document), job));
        self.tell(told.events);
        told.response.job_id
    }

    fn pod(&self, job: &str) -> PodId {
        let (job, node) = job.split_once('#').map_or((job, None), |(job, node)| (job, node.parse().ok()));
        self.pods[&(job.parse().expect("an id"), node)]
    }

    /// The job, or node of a job, is RUNNING.
    pub(crate) fn running(&mut self, job: &str) {
        let pod = self.pod(job);
        self.tell(vec![Event::PodRunning { pod }]);
    }

    pub(crate) fn succeeded(&mut self, job: &str) {
        let pod = self.pod(job);
        self.tell(vec![Event::PodSucceeded { pod }]);
    }

    /// The job's attempt ends with an exit code.
    pub(crate) fn exited(&mut self, job: &str, code: i32) {
        let pod = self.pod(job);
        self.tell(vec![Event::PodFailed { pod, failure: PodFailure::ExitCode(code) }]);
    }

    /// Three nodes of one type in the environment of queue `managed`: a multi-node parallel job has each for itself.
    pub(crate) fn launch_three(&mut self) {
        let environment = ComputeEnvironmentId(1);
        for node in (1..=3).map(NodeId) {
            let (launch, instance_type, zone) = (LaunchId(0), InstanceTypeId(0), ZoneId(0));
            let purchase = PurchaseOption::Ec2;
            let launched = Event::NodeLaunched { launch, environment, node, instance_type, zone, purchase };
            self.tell(vec![launched, Event::NodeReady { node, free: FREE }]);
        }
    }

    /// The node is gone, with all that ran on it.
    pub(crate) fn lose_node(&mut self) {
        self.tell(vec![Event::NodeLost { node: NodeId(0), cause: NodeLossCause::Failed }]);
    }

    pub(crate) fn cancel(&mut self, job: &str, reason: &str) {
        let told = events(self.batch.cancel_job(&read(json!({ "jobId": job, "reason": reason }))));
        self.tell(told);
    }

    pub(crate) fn terminate(&mut self, job: &str, reason: &str) {
        let told = events(self.batch.terminate_job(&read(json!({ "jobId": job, "reason": reason }))));
        self.tell(told);
    }

    /// `DescribeJobs` of one job, as JSON.
    pub(crate) fn describe(&self, job: &str) -> Value {
        let found: Vec<JobDetail> = self.batch.describe_jobs(&[job.to_owned()], &self.log).expect("an answer");
        serde_json::to_value(found.first()).expect("JSON")
    }

    /// `ListJobs`, of which only ids are given.
    pub(crate) fn list(&self, request: Value) -> Vec<String> {
        self.summaries(request).into_iter().map(|job| job.job_id).collect()
    }

    pub(crate) fn summaries(&self, request: Value) -> Vec<JobSummary> {
        self.batch.list_jobs(&read::<ListJobs>(request), &self.log).expect("a page").items
    }

    /// `GetJobQueueSnapshot`, as JSON.
    pub(crate) fn snapshot(&self, queue: &str) -> Value {
        let front = |queue, limit| self.core.front(queue, limit);
        let found = self.batch.get_job_queue_snapshot(queue, &self.log, front).expect("a snapshot");
        serde_json::to_value(found).expect("JSON")
    }
}

fn at(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

/// Milliseconds since 1970 so many seconds after the beginning.
pub(crate) fn ms(secs: u64) -> u64 {
    unix_ms(at(secs))
}
