//! The figures of a live run, by Prometheus' conventions: base units, `_total` for what only grows, few label values.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry, Unit};

/// Which of several kinds: of a command, of an act, of a watched object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabel {
    /// In lower case, as in `create_pod`.
    pub kind: &'static str,
}

/// A state, of jobs or of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StateLabel {
    /// As AWS Batch or the adapter calls it.
    pub state: &'static str,
}

/// Who refused an act, and of what kind it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabel {
    /// The kind of act.
    pub kind: &'static str,
    /// `guard`, or `server`.
    pub by: &'static str,
}

/// A call to the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabel {
    /// `create`, `get`, `patch`, `delete`.
    pub verb: &'static str,
    /// What became of it, in classes: `ok`, `conflict`, `throttled`, `refused`, `server_error`, `timeout`, `connection`.
    pub outcome: &'static str,
}

/// A family of histograms of durations.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;
/// A gauge of something that is no whole number.
type Real = Gauge<f64, AtomicU64>;

/// Handles to all figures; cloning costs a reference count.
#[derive(Debug, Clone)]
pub struct Metrics {
    figures: Arc<Figures>,
}

/// The figures themselves. Each may be changed from any thread.
#[derive(Debug)]
pub struct Figures {
    /// Steps of the core.
    pub steps: Counter,
    /// How long a step takes.
    pub step_duration: Histogram,
    /// From the moment something was seen to the step that was told of it, at most: since the last step had taken in all
    /// that there was.
    pub observation_lag: Histogram,
    /// What the core commanded.
    pub commands: Family<KindLabel, Counter>,
    /// Acts that wait for their turn.
    pub acts_queued: Gauge,
    /// Acts that wait for their next try, or for leave to remove a node.
    pub acts_delayed: Gauge,
    /// Acts under way.
    pub acts_in_flight: Gauge,
    /// Acts carried out, refusals included.
    pub acts_done: Family<KindLabel, Counter>,
    /// Tries that have to be made again.
    pub acts_retried: Family<KindLabel, Counter>,
    /// Acts refused for good.
    pub acts_refused: Family<RefusalLabel, Counter>,
    /// How long calls to the API server take.
    pub requests: Durations<RequestLabel>,
    /// Watches that had to begin anew.
    pub watch_restarts: Family<KindLabel, Counter>,
    /// Jobs that are `unfinished`, an array as one; attempts that are `starting` and `running`.
    pub jobs: Family<StateLabel, Gauge>,
    /// Nodes that are `launched` and have not joined, `ready`, or `terminating`.
    pub nodes: Family<StateLabel, Gauge>,
    /// Bytes written to the journal.
    pub journal_bytes: Counter,
    /// How long the journal takes to be safe on its disk.
    pub journal_fsync: Histogram,
    /// Since the lease was last renewed, the oldest of all environments'.
    pub lease_age: Real,
    healthy: AtomicBool,
    registry: Registry,
}

impl std::ops::Deref for Metrics {
    type Target = Figures;

    fn deref(&self) -> &Figures {
        &self.figures
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// From a tenth of a millisecond to almost a minute, by factors of two.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.000_1, 2.0, 20))
}

/// Puts figures into a registry while they are made.
struct Register(Registry);

impl Register {
    fn plain<M: Metric + EncodeMetric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }

    fn in_unit<M: Metric + EncodeMetric + Clone>(&mut self, name: &str, unit: Unit, help: &str, metric: M) -> M {
        self.0.register_with_unit(name, help, unit, metric.clone());
        metric
    }

    fn seconds<M: Metric + EncodeMetric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.in_unit(name, Unit::Seconds, help, metric)
    }
}

impl Metrics {
    /// All figures at zero.
    pub fn new() -> Self {
        let mut all = Register(Registry::with_prefix("windtunnel"));
        let requests = Durations::new_with_constructor(durations as fn() -> Histogram);
        let figures = Figures {
            steps: all.plain("steps", "Steps of the scheduling core", Counter::default()),
            step_duration: all.seconds("step_duration", "How long a step takes", durations()),
            observation_lag: all.seconds("observation_lag", "From seeing a thing to the step told of it", durations()),
            commands: all.plain("commands", "Commands of the core", Family::default()),
            acts_queued: all.plain("acts_queued", "Acts that wait for their turn", Gauge::default()),
            acts_delayed: all.plain("acts_delayed", "Acts that wait for their next try", Gauge::default()),
            acts_in_flight: all.plain("acts_in_flight", "Acts under way", Gauge::default()),
            acts_done: all.plain("acts_done", "Acts carried out", Family::default()),
            acts_retried: all.plain("acts_retried", "Tries that have to be made again", Family::default()),
            acts_refused: all.plain("acts_refused", "Acts refused by the guard or the API server", Family::default()),
            requests: all.seconds("api_request_duration", "How long calls to the API server take", requests),
            watch_restarts: all.plain("watch_restarts", "Watches that had to begin anew", Family::default()),
            jobs: all.plain("jobs", "Jobs by state", Family::default()),
            nodes: all.plain("nodes", "Nodes by state", Family::default()),
            journal_bytes: all.in_unit("journal_written", Unit::Bytes, "Written to the journal", Counter::default()),
            journal_fsync: all.seconds("journal_fsync_duration", "Until the journal is safe on its disk", durations()),
            lease_age: all.seconds("lease_age", "Since the lease was last renewed", Real::default()),
            healthy: AtomicBool::new(true),
            registry: all.0,
        };
        Self { figures: Arc::new(figures) }
    }

    /// A call to the API server has ended.
    pub fn request(&self, verb: &'static str, outcome: &'static str, took: Duration) {
        self.requests.get_or_create(&RequestLabel { verb, outcome }).observe(took.as_secs_f64());
    }

    /// What `/healthz` says: whether the run goes on, as far as the driver knows.
    pub fn set_healthy(&self, healthy: bool) {
        self.healthy.store(healthy, Ordering::Relaxed);
    }

    /// Whether the run goes on.
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// All figures in the text form that Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_prometheus_wants_them() {
        let metrics = Metrics::new();
        metrics.steps.inc();
        metrics.acts_refused.get_or_create(&RefusalLabel { kind: "create_pod", by: "guard" }).inc();
        metrics.request("create", "ok", Duration::from_millis(3));
        metrics.clone().jobs.get_or_create(&StateLabel { state: "RUNNING" }).set(7);
        metrics.lease_age.set(1.5);
        let text = metrics.text();
        for line in [
            "windtunnel_steps_total 1",
            r#"windtunnel_acts_refused_total{kind="create_pod",by="guard"} 1"#,
            r#"windtunnel_api_request_duration_seconds_count{verb="create",outcome="ok"} 1"#,
            r#"windtunnel_jobs{state="RUNNING"} 7"#,
            "windtunnel_lease_age_seconds 1.5",
            "windtunnel_journal_written_bytes_total 0",
            "windtunnel_step_duration_seconds_count 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }
}
