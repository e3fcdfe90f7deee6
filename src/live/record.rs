//! The journal of a live run, as a watcher of it: written ahead of every act, and on disk before the act.

use std::cell::RefCell;
use std::rc::Rc;

use crate::driver::{DriverError, Watcher};
use crate::journal::{Appender, Named};
use crate::scheduler::{Decision, Observation};

/// Writes the journal.
#[derive(Debug)]
pub struct Record {
    appender: Appender,
    /// What the next observation names; the driver fills it.
    named: Rc<RefCell<Named>>,
    /// The first observation stands in the journal already: an earlier program wrote it, and got no further.
    written: bool,
}

impl Record {
    /// Goes on writing. `written` says that the first observation stands there already.
    pub const fn new(appender: Appender, named: Rc<RefCell<Named>>, written: bool) -> Self {
        Self { appender, named, written }
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

impl Watcher for Record {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        if std::mem::take(&mut self.written) {
            return Ok(());
        }
        let named = self.named.take();
        if !named.is_empty() {
            self.appender.named(&named)?;
        }
        self.appender.seen(seen)
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.appender.decided(decision).map(drop)
    }
}
