//! What a person sees while a long run goes on: jobs done, simulated time, rate. The only place that reads a clock, and
//! nothing that it reads finds its way into a decision or a file.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::driver::{DriverError, Watcher};
use crate::scheduler::{Decision, Ending, Event, Observation};

/// Steps between two looks at the clock: about a millisecond's worth.
const STEPS_PER_LOOK: u32 = 1 << 12;
/// Runs shorter than this show nothing.
const PATIENCE: Duration = Duration::from_millis(700);
/// Time between two updates.
const REFRESH: Duration = Duration::from_millis(100);

/// Wall-clock time since a start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "wall-clock time is shown to people, and goes nowhere else")]
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed_s(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// A line on stderr that says how far a run is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    watch: Stopwatch,
    shown_s: f64,
    steps: u32,
    submitted: u64,
    ended: u64,
}

impl Progress {
    /// A line for the run, if stderr is a terminal.
    pub(super) fn on_terminal(name: &str) -> Option<Self> {
        if !std::io::stderr().is_terminal() {
            return None;
        }
        let style = ProgressStyle::with_template("{spinner} {prefix}: {msg}").expect("a fixed template");
        let bar = ProgressBar::new_spinner().with_style(style).with_prefix(name.to_owned());
        Some(Self { bar, watch: Stopwatch::start(), shown_s: 0.0, steps: 0, submitted: 0, ended: 0 })
    }

    /// Takes the line away.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn show(&mut self, now: crate::units::SimTime) {
        let elapsed_s = self.watch.elapsed_s();
        if elapsed_s < PATIENCE.as_secs_f64() || elapsed_s - self.shown_s < REFRESH.as_secs_f64() {
            return;
        }
        self.shown_s = elapsed_s;
        let rate = self.ended as f64 / elapsed_s;
        self.bar.set_message(format!(
            "{} of {} submitted jobs done, simulated {now}, {rate:.0} jobs/s",
            self.ended, self.submitted
        ));
        self.bar.tick();
    }
}

impl Watcher for Progress {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        for event in &seen.events {
            if let Event::JobSubmitted { array_size, .. } = event {
                self.submitted += u64::from(array_size.unwrap_or(1));
            }
        }
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.ended += decision.endings.iter().filter(|ending| matches!(ending, Ending::Job(_))).count() as u64;
        self.steps += 1;
        if self.steps >= STEPS_PER_LOOK {
            self.steps = 0;
            self.show(seen.now);
        }
        Ok(())
    }
}
