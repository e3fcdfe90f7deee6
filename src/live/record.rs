//! The journal of a live run, as a watcher of it: written ahead of every act, and on disk before the act.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::time::Instant;

use crate::driver::{DriverError, Watcher};
use crate::journal::{Appender, Named};
use crate::live::telemetry::Metrics;
use crate::live::telemetry::metrics::KindLabel;
use crate::scheduler::{Command, Decision, Observation};

/// Writes the journal.
#[derive(Debug)]
pub struct Record {
    appender: Appender,
    /// What the next observation names; the driver fills it.
    named: Rc<RefCell<Named>>,
    /// The first observation stands in the journal already: an earlier program wrote it, and got no further.
    written: bool,
    metrics: Metrics,
    /// When the step began.
    began: Instant,
}

impl Record {
    /// Goes on writing. `written` says that the first observation stands there already.
    pub fn new(appender: Appender, named: Rc<RefCell<Named>>, written: bool, metrics: Metrics) -> Self {
        Self { appender, named, written, metrics, began: Instant::now() }
    }

    /// Ends the journal: the run is over.
    pub fn finish(self) -> Result<(), DriverError> {
        self.appender.finish()
    }

    /// What is being written.
    pub const fn appender(&self) -> &Appender {
        &self.appender
    }
}

/// The journal, and who else looks on: those hear the names that go into it.
#[derive(Debug)]
pub struct Recorded<'a, W> {
    /// The journal.
    pub record: &'a mut Record,
    /// Who else.
    pub watcher: &'a mut W,
}

impl<W: Watcher> Watcher for Recorded<'_, W> {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        for (spec, name) in self.record.named.borrow().specs(seen) {
            self.watcher.called(spec, name);
        }
        self.record.seen(seen)?;
        self.watcher.seen(seen)
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.record.decided(seen, decision)?;
        self.watcher.decided(seen, decision)
    }
}

impl Watcher for Record {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        let named = self.named.take();
        if !std::mem::take(&mut self.written) {
            if !named.is_empty() {
                self.appender.named(&named)?;
            }
            self.appender.seen(seen)?;
        }
        self.began = Instant::now();
        Ok(())
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.metrics.step_duration.observe(self.began.elapsed().as_secs_f64());
        let before = self.appender.written();
        let fsync = self.appender.decided(decision)?;
        self.metrics.journal_fsync.observe(fsync.as_secs_f64());
        self.metrics.journal_bytes.inc_by(self.appender.written() - before);
        self.metrics.steps.inc();
        for command in &decision.commands {
            self.metrics.commands.get_or_create(&KindLabel { kind: kind(command) }).inc();
        }
        Ok(())
    }
}

const fn kind(command: &Command) -> &'static str {
    match command {
        Command::LaunchNodes(_) => "launch_nodes",
        Command::TerminateNode { .. } => "terminate_node",
        Command::CreatePod { .. } => "create_pod",
        Command::DeletePod { .. } => "delete_pod",
    }
}
