//! A run on a cluster that only exists as sightings: everything that the driver's thread does, and no API server.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc as channel;
use windtunnel::driver::{Driver as _, DriverError, Watcher as _};
use windtunnel::ids::{JobId, JobQueueId, JobSpecId};
use windtunnel::journal::{Appender, Header, LiveHeader, Named};
use windtunnel::live::acts::Act;
use windtunnel::live::backend::Backend;
use windtunnel::live::clock::{Clock, wall};
use windtunnel::live::cluster::{End, LiveCluster, Parts, Stop};
use windtunnel::live::facts::{Answer, Kind, NodeFacts, NodeState, ObjectName, PodFacts, PodPhase, Sighting};
use windtunnel::live::guard::{Guard, Scope};
use windtunnel::live::jobs::{Feed, Taken};
use windtunnel::live::ledger::Ledger;
use windtunnel::live::pods::{RunEnvironment, RunPods};
use windtunnel::live::record::Record;
use windtunnel::live::settings::LiveSettings;
use windtunnel::live::telemetry;
use windtunnel::metrics::Metrics;
use windtunnel::model::Resources;
use windtunnel::scenario::{Resolved, ScenarioFile};
use windtunnel::scheduler::{Decision, Event, Observation, Scheduler};
use windtunnel::units::{MiB, MilliCpu, SimTime};

const RUN: &str = "6f1d9f5e-9d3c-3b44-8a36-5c1d2b7e9a10";
const UUID: &str = "14638eb9-d218-372d-ba5c-1c9ab9c7f2a1";
/// So fast that a scheduling cycle is due after every [`CYCLE`].
const SPEED: f64 = 100.0;
/// Two seconds of the run, and a bit.
const CYCLE: Duration = Duration::from_millis(21);

/// A program of a run, without its async half.
pub(crate) struct OnPaper {
    core: Scheduler,
    cluster: LiveCluster,
    record: Record,
    figures: Metrics,
    seen: Observation,
    decision: Decision,
    tell: mpsc::Sender<Sighting>,
    acts: channel::UnboundedReceiver<Act>,
    submit: Rc<Cell<u64>>,
    /// Pods that run.
    pub(crate) running: Vec<PodFacts>,
    created: usize,
    /// Pods whose end was said, and not seen yet.
    ending: usize,
    _folder: TempDir,
}

/// Submits as many jobs as it is told.
struct Backlog {
    beginning: Vec<Event>,
    submit: Rc<Cell<u64>>,
    submitted: u64,
}

impl Feed for Backlog {
    fn next_at(&mut self) -> Option<SimTime> {
        None
    }

    fn take(&mut self, _: SimTime, taken: &mut Taken) -> Result<(), DriverError> {
        taken.events.append(&mut self.beginning);
        let ids = self.submitted..self.submitted + self.submit.take();
        self.submitted = ids.end;
        let job = |index| Event::submitted(JobId::new(0, index), JobQueueId(0), JobSpecId(0), None);
        taken.events.extend(ids.map(job));
        Ok(())
    }

    fn is_done(&mut self) -> bool {
        false
    }

    fn recorded(&mut self) -> Result<(), DriverError> {
        Ok(())
    }
}

/// One UNMANAGED environment and jobs of half a vCPU.
fn scenario() -> Resolved {
    let scenario = json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "CE", "type": "UNMANAGED", "state": "ENABLED",
            "eksConfiguration": {
                "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/paper", "kubernetesNamespace": "jobs",
            },
        }],
        "jobQueues": [{
            "jobQueueName": "JQ", "priority": 1, "state": "ENABLED",
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "CE" }],
        }],
        "jobDefinitions": [{
            "jobDefinitionName": "Job", "type": "container", "retryStrategy": { "attempts": 1 },
            "eksProperties": { "podProperties": { "containers": [{
                "image": "busybox", "command": ["sleep", "60"],
                "resources": { "limits": { "cpu": "0.5", "memory": "512Mi" } },
            }] } },
        }],
        "workload": [{
            "submit": { "jobName": "job", "jobQueue": "JQ", "jobDefinition": "Job" },
            "count": 1, "arrivals": { "fixed": { "start": "0s" } }, "runtime": { "constant": "1m" },
        }],
    });
    let file = ScenarioFile::read("paper", "paper.json", "".as_ref(), scenario.to_string().as_bytes());
    file.and_then(|file| file.resolve()).expect("a scenario without errors")
}

impl OnPaper {
    /// A run on so many nodes, each full of so many pods, with as many jobs waiting as there are pods.
    pub(crate) fn new(nodes: u32, pods_per_node: u32) -> Self {
        let Resolved { world, config, names, jobs, .. } = scenario();
        let run = RunPods {
            run: RUN.to_owned(),
            job_queues: vec!["JQ".to_owned()],
            environments: vec![RunEnvironment {
                name: "CE".to_owned(),
                uuid: UUID.to_owned(),
                namespace: "jobs".to_owned(),
            }],
            jobs,
        };
        let live = LiveHeader {
            run: RUN.to_owned(),
            began_at_ms: 0,
            speed: SPEED,
            backend: Backend::Unmanaged.to_string(),
            environments: Vec::new(),
            scenario_crc32: String::new(),
        };
        let folder = TempDir::new().expect("a folder for the journal");
        let header = Header::of_live(live, "paper", config.clone(), names.clone());
        let appender = Appender::create(&folder.path().join("journal.jsonl"), &header).expect("a journal");
        let telemetry = telemetry::Metrics::new();
        let named = Rc::new(RefCell::new(Named::default()));
        let (tell, sightings) = mpsc::channel();
        let (send, acts) = channel::unbounded_channel();
        let submit = Rc::new(Cell::new(0));
        let beginning = Event::beginning(&world.environments, &world.queues, &world.consumables, &world.specs);
        let cluster = LiveCluster::new(Parts {
            clock: Clock::new(wall(), SPEED, SimTime::ZERO),
            ledger: Ledger::new(run, Backend::Unmanaged, &names, &config),
            feeds: vec![Box::new(Backlog { beginning, submit: submit.clone(), submitted: 0 })],
            sightings,
            acts: send,
            named: named.clone(),
            guard: Guard::new(
                Scope {
                    run: RUN.to_owned(),
                    namespaces: ["jobs".to_owned()].into(),
                    environments: [UUID.to_owned()].into(),
                },
                &LiveSettings::default(),
            ),
            metrics: telemetry.clone(),
            undecided: None,
            wake_at: None,
            stop: Arc::new(Stop::default()),
            end: End::Never,
        });
        let mut paper = Self {
            core: Scheduler::new(config.clone()),
            cluster,
            record: Record::new(appender, named, false, telemetry),
            figures: Metrics::new(config.instance_types, names, &world.assumptions),
            seen: Observation::default(),
            decision: Decision::default(),
            tell,
            acts,
            submit,
            running: Vec::new(),
            created: 0,
            ending: 0,
            _folder: folder,
        };
        paper.fill(nodes, pods_per_node);
        paper
    }

    fn fill(&mut self, nodes: u32, pods_per_node: u32) {
        let pods = nodes as usize * pods_per_node as usize;
        self.say(Sighting::ListBegun(Kind::Node));
        for number in 0..nodes {
            self.say(Sighting::Node(Box::new(node(number, pods_per_node))));
        }
        self.say(Sighting::ListEnded(Kind::Node));
        self.say(Sighting::ListBegun(Kind::Pod));
        self.say(Sighting::ListEnded(Kind::Pod));
        self.submit.set(2 * pods as u64);
        while self.running.len() < pods {
            self.step();
        }
        assert_eq!(self.created, pods, "every node is full, and none is more than that");
    }

    fn say(&self, sighting: Sighting) {
        self.tell.send(sighting).expect("the cluster is there");
    }

    /// What the cluster makes of what it was told to do: pods run at once, and go at once.
    pub(crate) fn play(&mut self) {
        while let Ok(act) = self.acts.try_recv() {
            match act {
                Act::CreatePod { namespace, name, manifest } => {
                    self.created += 1;
                    let manifest = manifest.to_value();
                    let text = |pointer: &str| manifest.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default();
                    let facts = PodFacts {
                        uid: format!("{:08x}-9d3c-4b44-8a36-5c1d2b7e9a10", self.created),
                        job: text("/metadata/labels/batch.amazonaws.com~1job-id").to_owned(),
                        node: text("/spec/nodeName").to_owned(),
                        namespace,
                        name,
                        phase: PodPhase::Running,
                        deleting: false,
                        ip: None,
                    };
                    self.say(Sighting::Answer(Answer::PodCreated { pod: name_of(&facts), again: false }));
                    let pending = PodFacts { phase: PodPhase::Pending, ..facts.clone() };
                    self.say(Sighting::Pod(Box::new(pending)));
                    self.say(Sighting::Pod(Box::new(facts.clone())));
                    self.running.push(facts);
                }
                Act::DeletePod { namespace, name, uid, .. } => {
                    let uid = uid.unwrap_or_default();
                    self.say(Sighting::PodGone(ObjectName { namespace, name, uid }));
                }
                other => panic!("nobody asked for {other:?}"),
            }
        }
    }

    /// So many pods end, and as many jobs come.
    pub(crate) fn end(&mut self, pods: usize) {
        for _ in 0..pods {
            let at = self.created.wrapping_mul(7_919).wrapping_add(self.running.len() * 31) % self.running.len();
            let ended = PodFacts { phase: PodPhase::Succeeded, ..self.running.swap_remove(at) };
            self.say(Sighting::Pod(Box::new(ended)));
        }
        self.submit.set(self.submit.get() + pods as u64);
        self.ending += pods;
    }

    /// The pods are listed again, as after a watch that could not go on.
    pub(crate) fn list_again(&mut self) {
        self.say(Sighting::ListBegun(Kind::Pod));
        for pod in &self.running {
            self.say(Sighting::Pod(Box::new(pod.clone())));
        }
        self.say(Sighting::ListEnded(Kind::Pod));
    }

    /// What is due: a scheduling cycle, then a step with what was seen, for a step at its due time sees nothing later. Each from
    /// observation to acts, the journal on its disk in between; what the cluster makes of the acts is not in the time.
    /// Something must have been said before: a run without news waits for some.
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    pub(crate) fn step(&mut self) -> Duration {
        std::thread::sleep(CYCLE);
        let mut took = Duration::ZERO;
        loop {
            let began = Instant::now();
            assert!(self.cluster.observe(self.decision.wake_at, &mut self.seen).expect("it is watched"));
            self.record.seen(&self.seen).expect("a disk");
            self.figures.seen(&self.seen).expect("figures");
            self.core.step(&self.seen, &mut self.decision);
            self.record.decided(&self.seen, &self.decision).expect("a disk");
            self.figures.decided(&self.seen, &self.decision).expect("figures");
            self.cluster.apply(&self.decision).expect("it can be driven");
            took += began.elapsed();
            let ended = self.seen.events.iter().filter(|event| matches!(event, Event::PodSucceeded { .. })).count();
            self.ending = self.ending.saturating_sub(ended);
            if self.ending == 0 && !self.seen.events.is_empty() {
                return took;
            }
            self.play();
        }
    }
}

fn name_of(facts: &PodFacts) -> ObjectName {
    ObjectName { namespace: facts.namespace.clone(), name: facts.name.clone(), uid: facts.uid.clone() }
}

fn node(number: u32, pods: u32) -> NodeFacts {
    let room = Resources {
        cpu: MilliCpu(500 * pods),
        memory: MiB(512 * pods),
        gpus: 0,
        pods: u16::try_from(pods).unwrap_or(u16::MAX),
    };
    NodeFacts {
        name: format!("ip-10-0-{}-{}.ec2.internal", number / 256, number % 256),
        uid: format!("{number:08x}-1111-4b44-8a36-5c1d2b7e9a10"),
        environment_uuid: UUID.to_owned(),
        claim: None,
        instance_type: Some("m5.xlarge".to_owned()),
        zone: Some("us-east-1a".to_owned()),
        purchase: None,
        vcpus: 4,
        allocatable: room,
        free: room,
        state: NodeState::Ready,
        notice: false,
    }
}
