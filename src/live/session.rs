//! One program of a live run, from the kubeconfig to the last word in the journal: what is async is started here and ends
//! here.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, UNIX_EPOCH};

use kube::Client;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc as channel, watch};

use crate::driver::{self, DriverError, Watcher};
use crate::journal::{Appender, Header, LiveEnvironment, LiveHeader, Named, Past};
use crate::live::actuate::{Actuator, Halt};
use crate::live::backend::Backend;
use crate::live::clock::{Clock, wall};
use crate::live::cluster::{End, LiveCluster, Outcome, Parts, Stop};
use crate::live::connect::Connection;
use crate::live::error::LiveError;
use crate::live::guard::{Guard, Scope};
use crate::live::jobs::{Feed, Taken};
use crate::live::lease::Lease;
use crate::live::ledger::Ledger;
use crate::live::observe;
use crate::live::pods::RunPods;
use crate::live::preflight::{self, Check, Plan, Status};
use crate::live::rbac::Mode;
use crate::live::record::{Record, Recorded};
use crate::live::settings::LiveSettings;
use crate::live::telemetry::{Endpoint, Metrics};
use crate::model::Names;
use crate::pod;
use crate::scheduler::{Decision, Observation, Scheduler, SchedulerConfig};
use crate::units::SimTime;

/// How long acts under way may take when the run stops. What is not done by then is repeated when it goes on.
const LAST_ACTS: Duration = Duration::from_secs(20);

/// A run on a real cluster.
pub struct Session {
    /// Which cluster.
    pub connection: Connection,
    /// Name of the scenario.
    pub scenario: String,
    /// Checksum of the resolved scenario.
    pub scenario_crc32: String,
    /// What the core is told.
    pub config: SchedulerConfig,
    /// Names by id.
    pub names: Names,
    /// What pods are made from. A new run gets an id of its own, one that goes on keeps its own.
    pub pods: RunPods,
    /// Who provides nodes.
    pub backend: Backend,
    /// Seconds of the run in a second of the wall.
    pub speed: f64,
    /// The journal.
    pub journal: PathBuf,
    /// Whether to go on from it.
    pub resume: bool,
    /// Where jobs come from.
    pub feeds: Vec<Box<dyn Feed>>,
    /// When the run is over.
    pub end: End,
    /// How the adapter behaves.
    pub settings: LiveSettings,
    /// Port of the metrics on the loopback interface; 0 for any that is free.
    pub metrics_port: Option<u16>,
    /// Where announcements of the `render` back end go.
    pub announce: Box<dyn Write + Send>,
}

/// What a program of a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// When, by the run's time.
    pub at: SimTime,
    /// The run's id.
    pub run: String,
    /// Nodes that the run launched and that are still there.
    pub nodes_left: Vec<String>,
}

/// A run as its journal leaves it, or as it begins.
struct Begun {
    appender: Appender,
    scheduler: Scheduler,
    ledger: Ledger,
    live: LiveHeader,
    undecided: Option<Observation>,
    /// What ids in that stand for.
    named: Named,
    now: SimTime,
    wake_at: Option<SimTime>,
}

/// Tells everyone who keeps books of a run what its journal holds.
struct Restored<'a, W> {
    ledger: Ledger,
    feeds: &'a mut [Box<dyn Feed>],
    /// What ids in the next step stand for.
    named: Named,
    watcher: &'a mut W,
}

impl<W: Watcher> Past for Restored<'_, W> {
    fn named(&mut self, named: Named) -> Result<(), DriverError> {
        let mut taken = Taken::default();
        for feed in self.feeds.iter_mut() {
            feed.remember(&named.jobs, &mut taken)?;
        }
        self.ledger.run_mut().jobs.append(&mut taken.jobs);
        self.ledger.remember_named(&named);
        self.named = named;
        Ok(())
    }

    fn step(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.ledger.remember(seen, decision);
        for (spec, name) in std::mem::take(&mut self.named).specs(seen) {
            self.watcher.called(spec, name);
        }
        self.watcher.seen(seen)?;
        self.watcher.decided(seen, decision)
    }
}

impl Session {
    /// Drives the cluster until the run is over, or someone stops it. `watcher` sees everything, of a run that goes on from
    /// its first step on.
    pub fn run(mut self, watcher: &mut impl Watcher) -> Result<Ended, DriverError> {
        let runtime = runtime()?;
        let client = runtime.block_on(self.connection.client())?;
        let began_at_ms = self.identify()?;
        runtime.block_on(self.preflight(&client))?;
        let begun = if self.resume { self.go_on(watcher)? } else { self.begin(began_at_ms)? };
        runtime.block_on(self.drive(client, begun, watcher))
    }

    fn environments(&self) -> Vec<LiveEnvironment> {
        let all = self.pods.environments.iter();
        all.map(|known| LiveEnvironment { uuid: known.uuid.clone(), namespace: known.namespace.clone() }).collect()
    }

    /// Which run it is: that of the journal, or a new one. Gives the time at which it began.
    fn identify(&mut self) -> Result<u64, DriverError> {
        if self.resume {
            let live = header(&self.journal)?;
            self.check(&live)?;
            self.pods.run = live.run;
            return Ok(live.began_at_ms);
        }
        let since = wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.pods.run = pod::run_uuid(&self.scenario, Some((began_at_ms, std::process::id()))).to_string();
        Ok(began_at_ms)
    }

    /// Everything that the run will need is asked for before anything is done.
    async fn preflight(&self, client: &Client) -> Result<(), LiveError> {
        let plan = Plan { mode: Mode::Apply, backend: &self.backend, pods: &self.pods, settings: &self.settings };
        let mut failed = Vec::new();
        for check in preflight::check(client, &plan).await {
            let Check { name, status, detail, fix } = check;
            match status {
                Status::Ok => tracing::debug!(name, detail, "checked"),
                Status::Warning => tracing::warn!(name, detail, fix, "worth a look"),
                Status::NotChecked => tracing::info!(name, detail, "not checked"),
                Status::Failed => {
                    let way_out = fix.map(|fix| format!("\n{fix}")).unwrap_or_default();
                    failed.push(format!("{name}: {detail}{way_out}"));
                }
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        Err(LiveError::Refused(format!(
            "the cluster is not ready for this run; nothing was done\n\n{}",
            failed.join("\n\n")
        )))
    }

    fn begin(&mut self, began_at_ms: u64) -> Result<Begun, DriverError> {
        let live = LiveHeader {
            run: self.pods.run.clone(),
            began_at_ms,
            speed: self.speed,
            backend: self.backend.to_string(),
            environments: self.environments(),
            scenario_crc32: self.scenario_crc32.clone(),
        };
        let header = Header::of_live(live.clone(), &self.scenario, self.config.clone(), self.names.clone());
        Ok(Begun {
            appender: Appender::create(&self.journal, &header)?,
            scheduler: Scheduler::new(self.config.clone()),
            ledger: self.ledger(),
            live,
            undecided: None,
            named: Named::default(),
            now: SimTime::ZERO,
            wake_at: None,
        })
    }

    fn go_on(&mut self, watcher: &mut impl Watcher) -> Result<Begun, DriverError> {
        let ledger = self.ledger();
        let mut restored = Restored { ledger, feeds: &mut self.feeds, named: Named::default(), watcher };
        let resumed = Appender::resume(&self.journal, |header| Scheduler::new(header.config.clone()), &mut restored);
        let (resumed, scheduler) = resumed.map_err(|error| DriverError::World(Box::new(error)))?;
        let Restored { mut ledger, named, .. } = restored;
        if let Some(undecided) = &resumed.undecided {
            ledger.remember_undecided(&undecided.events);
        }
        // A program that was killed before its first step has taken nothing, not even what the run begins with.
        if resumed.appender.steps() > 0 || resumed.undecided.is_some() {
            for feed in &mut self.feeds {
                feed.go_on_from(resumed.now);
            }
        }
        let Some(live) = resumed.header.live else { return Err(not_live(&self.journal)) };
        if resumed.cut > 0 {
            tracing::warn!(bytes = resumed.cut, "the journal's torn end was cut off");
        }
        tracing::info!(run = live.run, steps = resumed.appender.steps(), "the run goes on");
        Ok(Begun {
            appender: resumed.appender,
            scheduler,
            ledger,
            live,
            undecided: resumed.undecided,
            named,
            now: resumed.now,
            wake_at: resumed.wake_at,
        })
    }

    /// A run goes on as it began: what the core was told stands in the journal, and the rest must be the same.
    fn check(&self, live: &LiveHeader) -> Result<(), LiveError> {
        let path = self.journal.display();
        let differs =
            |what: &str| Err(LiveError::Refused(format!("{path}: the run began with another {what}; give the same")));
        if live.scenario_crc32 != self.scenario_crc32 {
            return differs("scenario");
        }
        if live.backend != self.backend.to_string() {
            return differs("--backend");
        }
        if live.environments != self.environments() {
            return differs("--environment");
        }
        Ok(())
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(self.pods.clone(), self.backend.clone(), &self.names, &self.config)
    }

    async fn drive(self, client: Client, begun: Begun, watcher: &mut impl Watcher) -> Result<Ended, DriverError> {
        let metrics = Metrics::new();
        if let Some(port) = self.metrics_port {
            let endpoint = Endpoint::bind(port).await?;
            eprintln!("metrics: {}", endpoint.url());
            tokio::spawn(endpoint.serve(metrics.clone()));
        }
        let stop = Arc::new(Stop::default());
        listen_for_signals(&stop)?;
        let lease = self.lease(&client, &metrics).await?;
        let hold = lease.hold();
        let (tell, sightings) = mpsc::channel();
        let (acts, orders) = channel::unbounded_channel();
        let (halt, halted) = watch::channel(Halt::Go);
        let scope = Scope {
            run: self.pods.run.clone(),
            namespaces: self.pods.namespaces().into_iter().collect(),
            environments: self.pods.environments.iter().map(|known| known.uuid.clone()).collect(),
        };
        let guard = Guard::new(scope, &self.settings);
        let actuator = Actuator {
            client: client.clone(),
            guard: guard.clone(),
            hold: Some(hold),
            settings: self.settings.clone(),
            metrics: metrics.clone(),
            announce: self.announce,
            out: tell.clone(),
            halt: halted,
        };
        let objects = observe::Watch {
            environments: self.pods.environments.iter().map(|known| known.uuid.clone()).collect(),
            run: self.pods.run.clone(),
            namespaces: self.pods.namespaces(),
            claims: matches!(self.backend, Backend::Karpenter(_)),
            settings: self.settings.clone(),
        };
        let acting = tokio::spawn(fail_with(stop.clone(), actuator.run(orders)));
        let watching = tokio::spawn(fail_with(stop.clone(), observe::run(client, objects, tell)));
        let (release, released) = tokio::sync::oneshot::channel();
        let leasing = tokio::spawn(keep(lease, stop.clone(), released));

        let clock = Clock::new(UNIX_EPOCH + Duration::from_millis(begun.live.began_at_ms), begun.live.speed, begun.now);
        let named = Rc::new(RefCell::new(begun.named));
        let mut record = Record::new(begun.appender, named.clone(), begun.undecided.is_some(), metrics.clone());
        let mut scheduler = begun.scheduler;
        let mut cluster = LiveCluster::new(Parts {
            clock,
            ledger: begun.ledger,
            feeds: self.feeds,
            sightings,
            acts,
            named,
            guard,
            metrics: metrics.clone(),
            undecided: begun.undecided,
            wake_at: begun.wake_at,
            stop,
            end: self.end,
        });
        let ran = tokio::task::block_in_place(|| {
            driver::run(&mut scheduler, &mut cluster, &mut Recorded { record: &mut record, watcher }).map(drop)
        });
        let ended = Ended {
            outcome: cluster.outcome(),
            at: clock.now(),
            run: begun.live.run,
            nodes_left: cluster.ledger().launched_nodes().map(str::to_owned).collect(),
        };
        metrics.set_healthy(false);
        watching.abort();
        // Without the sender no act comes any more; those under way end.
        let _ = halt.send(Halt::Finish);
        drop(cluster);
        let _ = tokio::time::timeout(LAST_ACTS, acting).await;
        let _ = release.send(());
        let _ = leasing.await;
        ran?;
        if ended.outcome == Outcome::Drained {
            record.finish()?;
        }
        Ok(ended)
    }

    async fn lease(&self, client: &Client, metrics: &Metrics) -> Result<Lease, LiveError> {
        let environments: Vec<_> =
            self.pods.environments.iter().map(|known| (known.uuid.clone(), known.namespace.clone())).collect();
        let holder = format!("windtunnel, process {}", std::process::id());
        Lease::acquire(client.clone(), &environments, &holder, &self.pods.run, &self.settings, metrics.clone()).await
    }
}

/// What a journal says of its run.
fn header(path: &Path) -> Result<LiveHeader, DriverError> {
    let reader = crate::journal::Reader::open(path).map_err(|error| DriverError::World(Box::new(error)))?;
    reader.header().live.clone().ok_or_else(|| not_live(path))
}

fn not_live(path: &Path) -> DriverError {
    LiveError::Refused(format!("{}: the journal of a simulated run: a live run can't go on from it", path.display()))
        .into()
}

/// The threads of everything async. The driver has one of them to itself.
pub fn runtime() -> Result<Runtime, LiveError> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|error| LiveError::Refused(format!("the system gives no threads: {error}")))
}

async fn fail_with(stop: Arc<Stop>, task: impl Future<Output = Result<(), LiveError>>) {
    if let Err(error) = task.await {
        tracing::error!(%error, "the run can't go on");
        stop.fail(error);
    }
}

async fn keep(mut lease: Lease, stop: Arc<Stop>, released: tokio::sync::oneshot::Receiver<()>) {
    let kept = lease.keep(async { drop(released.await) }).await;
    match kept {
        Ok(()) => {
            if let Err(error) = lease.release().await {
                tracing::warn!(%error, "the lease was not given back");
            }
        }
        Err(error) => {
            tracing::error!(%error, "the lease is lost");
            stop.fail(error);
        }
    }
}

/// SIGTERM and Ctrl-C: no new work; pods go on, and the journal is whole.
fn listen_for_signals(stop: &Arc<Stop>) -> Result<(), LiveError> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error| LiveError::Refused(format!("the system tells of no signals: {error}"));
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind).map_err(failed)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                tracing::info!("asked to stop: no new work, pods go on");
                stop.ask();
            }
        });
    }
    Ok(())
}
