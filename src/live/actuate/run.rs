//! The loop: one task that takes acts in, keeps as many calls under way as may be, and tells what came of them.

use std::io::Write;
use std::sync::mpsc::Sender;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::live::acts::Act;
use crate::live::actuate::carry::{Carrier, Outcome};
use crate::live::actuate::judge::Fault;
use crate::live::actuate::order::{Order, Taken};
use crate::live::actuate::patience::{Backoff, Brake};
use crate::live::actuate::queue::Queue;
use crate::live::actuate::wire::Wire;
use crate::live::error::LiveError;
use crate::live::facts::{Answer, Sighting};
use crate::live::guard::{Guard, Pace};
use crate::live::lease::Hold;
use crate::live::settings::LiveSettings;
use crate::live::telemetry::Metrics;
use crate::live::telemetry::metrics::{KindLabel, RefusalLabel};

/// Acts that are taken in at a time, before answers have their turn.
const INTAKE: usize = 64;
/// From this try on, every doubling is worth a line that is seen.
const TRIES_TOLD: u32 = 4;

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Halt {
    /// Go on.
    #[default]
    Go,
    /// Finish what is under way and drop the rest: the journal repeats it.
    Finish,
    /// Drop what is under way too: the right to write is lost.
    Abandon,
}

/// Everything that acts are carried out with.
pub struct Actuator {
    /// The way to the API server. Its own retries should be off (`kube::Config::default_retry`): they hide what is waited for,
    /// and keep a place among the calls under way.
    pub client: kube::Client,
    /// What may be written.
    pub guard: Guard,
    /// The right to write at all; nothing where nobody else could.
    pub hold: Option<Hold>,
    /// How much at once.
    pub settings: LiveSettings,
    /// Where figures go.
    pub metrics: Metrics,
    /// Where announcements go.
    pub announce: Box<dyn Write + Send>,
    /// Where answers go.
    pub out: Sender<Sighting>,
    /// Whether to go on. A sender that is gone means [`Halt::Finish`], as does a receiver of `out` that is.
    pub halt: watch::Receiver<Halt>,
}

/// The loop's books.
struct Desk {
    queue: Queue,
    pace: Pace,
    backoff: Backoff,
    brake: Brake,
    metrics: Metrics,
    out: Sender<Sighting>,
    /// Nobody listens any more.
    deaf: bool,
}

impl Actuator {
    /// Carries out acts until there are no more, or it is told to stop.
    pub async fn run(mut self, mut acts: mpsc::UnboundedReceiver<Act>) -> Result<(), LiveError> {
        let wire = Wire::new(self.client.clone(), self.settings.request_timeout, self.metrics.clone());
        let carrier = Carrier { wire, guard: self.guard.clone() };
        let in_flight_max = self.settings.writes_in_flight.max(1);
        let mut desk = Desk {
            queue: Queue::default(),
            pace: Pace::per_minute(self.settings.writes_per_minute),
            backoff: Backoff::new(self.settings.retry_delay_max),
            brake: Brake::new(in_flight_max),
            metrics: self.metrics.clone(),
            out: self.out.clone(),
            deaf: false,
        };
        let mut under_way = FuturesUnordered::new();
        let mut intake = Vec::with_capacity(INTAKE);
        let mut open = true;
        loop {
            let halt = *self.halt.borrow_and_update();
            if halt == Halt::Abandon {
                return Ok(());
            }
            let mut now = Instant::now();
            if let Some(hold) = self.hold.as_ref().filter(|hold| !hold.holds(now)) {
                return Err(LiveError::Refused(hold.lost()));
            }
            let going = halt == Halt::Go && !desk.deaf;
            let mut wake = self.hold.as_ref().map(Hold::until);
            while going && under_way.len() < desk.brake.allows(now, in_flight_max) && desk.queue.is_due(now) {
                if let Err(at) = desk.pace.take(now) {
                    wake = earliest(wake, Some(at));
                    break;
                }
                let Some(order) = desk.queue.pop(now) else { break };
                let carrier = &carrier;
                under_way.push(async move {
                    let outcome = carrier.carry(&order).await;
                    (order, outcome)
                });
                now = Instant::now();
            }
            desk.count(under_way.len());
            let idle = under_way.is_empty();
            if idle && (!going || (!open && desk.queue.is_empty())) {
                return Ok(());
            }
            if going {
                // Whichever of them is past was just looked at; what it waits for is a free place, and an answer wakes us.
                let due = desk.queue.next_delayed().filter(|at| *at > now);
                wake = earliest(earliest(wake, due), desk.brake.until(now));
            }
            tokio::select! {
                changed = self.halt.changed(), if going => {
                    // Whoever could have told us to stop is gone, and so is the run.
                    desk.deaf |= changed.is_err();
                }
                taken = acts.recv_many(&mut intake, INTAKE), if open && going => {
                    open = taken > 0;
                    for act in intake.drain(..) {
                        desk.take_in(act, self.announce.as_mut())?;
                    }
                }
                Some((order, outcome)) = under_way.next(), if !idle => desk.settle(order, outcome),
                () = sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
            }
        }
    }
}

impl Desk {
    fn take_in(&mut self, act: Act, announce: &mut dyn Write) -> Result<(), LiveError> {
        match Taken::from(act) {
            Taken::Order(order) => self.queue.push(order),
            Taken::Line(line) => {
                announce.write_all(&line).and_then(|()| announce.flush()).map_err(|source| LiveError::Config {
                    context: "nobody reads the announcements of what is wanted; keep standard output open".to_owned(),
                    source: Box::new(source),
                })?;
                self.metrics.acts_done.get_or_create(&KindLabel { kind: "announce" }).inc();
            }
        }
        Ok(())
    }

    fn settle(&mut self, mut order: Order, outcome: Outcome) {
        let kind = order.kind();
        match outcome {
            Outcome::Done(answer) => {
                self.brake.success();
                self.finish(&order, answer);
            }
            Outcome::Refused { by, why, answer } => {
                if by == "server" {
                    self.brake.success();
                }
                tracing::warn!(act = kind, object = %order.key, by, why, "refused");
                self.metrics.acts_refused.get_or_create(&RefusalLabel { kind, by }).inc();
                self.finish(&order, answer);
            }
            Outcome::NotBefore(until) => {
                self.brake.success();
                tracing::info!(act = kind, object = %order.key, "waits: enough nodes of its environment go for now");
                self.queue.delay(order, until);
            }
            Outcome::Again(fault) => {
                order.tries += 1;
                self.again(order, &fault);
            }
        }
    }

    fn finish(&mut self, order: &Order, answer: Option<Answer>) {
        self.metrics.acts_done.get_or_create(&KindLabel { kind: order.kind() }).inc();
        self.queue.done(&order.key);
        if let Some(answer) = answer {
            self.deaf |= self.out.send(Sighting::Answer(answer)).is_err();
        }
    }

    fn again(&mut self, order: Order, fault: &Fault) {
        let (kind, tries, why) = (order.kind(), order.tries, fault.why.as_str());
        if tries >= TRIES_TOLD && tries.is_power_of_two() {
            tracing::warn!(act = kind, object = %order.key, tries, why, "is tried again and again");
        } else {
            tracing::debug!(act = kind, object = %order.key, tries, why, "is tried again");
        }
        self.metrics.acts_retried.get_or_create(&KindLabel { kind }).inc();
        let now = Instant::now();
        if fault.of_server {
            self.brake.fault(now, fault.asked, &mut self.backoff);
        } else {
            self.brake.success();
        }
        let wait = self.backoff.after(tries, fault.asked);
        self.queue.delay(order, now + wait);
    }

    fn count(&self, under_way: usize) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.acts_queued.set(number(self.queue.waiting()));
        self.metrics.acts_delayed.set(number(self.queue.delayed()));
        self.metrics.acts_in_flight.set(number(under_way));
    }
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}
