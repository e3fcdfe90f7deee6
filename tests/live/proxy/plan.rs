//! What a proxy does to whom: rules, drawn by a seed, and what came of them.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::Method;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// One way to fail.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// 429 in the request's place, as the API server says it when it has too much to do.
    TooManyRequests { retry_after_s: u32 },
    /// 500 in its place.
    ServerError,
    /// 409 in its place.
    Conflict,
    /// 410 in its place: the version to watch from is too old.
    Gone,
    /// The connection is reset, and nothing was asked of the API server.
    Reset,
    /// Nothing happens for so long; then all goes on as if nothing had been.
    Silence(Duration),
    /// The API server does it, and the connection is reset before the answer.
    AnswerLost,
    /// A watch whose connection is reset after so many events, in the midst of the next.
    ResetAfter { events: usize },
    /// A watch that is reset after so many bytes, wherever that is.
    ResetAfterBytes(usize),
    /// A watch that says 410 after so many events, and ends.
    GoneAfter { events: usize },
    /// A watch that says nothing for so long after so many events, and then goes on with what was held back.
    SilenceAfter { events: usize, silence: Duration },
    /// A share of a watch's events is told a second time, `later` events later.
    Duplicates { share: f64, later: usize },
    /// A share of a watch's events comes so much later, and what follows them too.
    Delays { share: f64, by: Duration },
}

impl Fault {
    /// As it is counted.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Fault::TooManyRequests { .. } => "too many requests",
            Fault::ServerError => "server error",
            Fault::Conflict => "conflict",
            Fault::Gone => "gone",
            Fault::Reset => "reset",
            Fault::Silence(_) => "silence",
            Fault::AnswerLost => "answer lost",
            Fault::ResetAfter { .. } => "reset after events",
            Fault::ResetAfterBytes(_) => "reset after bytes",
            Fault::GoneAfter { .. } => "gone after events",
            Fault::SilenceAfter { .. } => "silence after events",
            Fault::Duplicates { .. } => "duplicate",
            Fault::Delays { .. } => "delay",
        }
    }

    /// Whether it befalls what a watch says, rather than a request.
    fn is_on_stream(&self) -> bool {
        match self {
            Fault::TooManyRequests { .. }
            | Fault::ServerError
            | Fault::Conflict
            | Fault::Gone
            | Fault::Reset
            | Fault::Silence(_)
            | Fault::AnswerLost => false,
            Fault::ResetAfter { .. }
            | Fault::ResetAfterBytes(_)
            | Fault::GoneAfter { .. }
            | Fault::SilenceAfter { .. }
            | Fault::Duplicates { .. }
            | Fault::Delays { .. } => true,
        }
    }

    /// A rule that always does this to such requests.
    pub(crate) fn on(self, on: On) -> Rule {
        Rule { on, path: "", fault: self, share: 1.0, skip: 0, left: usize::MAX }
    }
}

/// Kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Any,
    /// `get` and `list`.
    Read,
    Watch,
    Create,
    Patch,
    Delete,
    /// Whatever changes something.
    Write,
}

/// A fault, and when it strikes.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    on: On,
    path: &'static str,
    fault: Fault,
    share: f64,
    skip: usize,
    left: usize,
}

impl Rule {
    /// Only where the path contains this, such as `/pods`.
    pub(crate) fn at(self, path: &'static str) -> Rule {
        Rule { path, ..self }
    }

    /// Only for this share of them, by chance.
    pub(crate) fn share(self, share: f64) -> Rule {
        Rule { share, ..self }
    }

    /// Not for the first so many.
    pub(crate) fn skip(self, skip: usize) -> Rule {
        Rule { skip, ..self }
    }

    /// So often, then no more.
    pub(crate) fn times(self, left: usize) -> Rule {
        Rule { left, ..self }
    }
}

/// A request, as far as rules look at it.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) watch: bool,
}

impl Asked<'_> {
    fn is(&self, on: On) -> bool {
        match on {
            On::Any => true,
            On::Read => *self.method == Method::GET && !self.watch,
            On::Watch => *self.method == Method::GET && self.watch,
            On::Create => *self.method == Method::POST,
            On::Patch => *self.method == Method::PATCH,
            On::Delete => *self.method == Method::DELETE,
            On::Write => *self.method != Method::GET,
        }
    }
}

/// Rules, the draws behind them, and what was done.
pub(super) struct Plan {
    draws: Xoshiro256PlusPlus,
    rules: Vec<Rule>,
    counts: BTreeMap<&'static str, usize>,
}

impl Plan {
    pub(super) fn new(seed: u64, rules: Vec<Rule>) -> Plan {
        Plan { draws: Xoshiro256PlusPlus::seed_from_u64(seed), rules, counts: BTreeMap::new() }
    }

    pub(super) fn set(&mut self, rules: Vec<Rule>) {
        self.rules = rules;
    }

    /// What befalls a request: the first fault that strikes it, and all that strike the stream of a watch.
    pub(super) fn draw(&mut self, asked: &Asked<'_>) -> (Option<Fault>, Vec<Fault>) {
        let (mut on_request, mut on_stream) = (None, Vec::new());
        for rule in &mut self.rules {
            let streams = rule.fault.is_on_stream();
            // A watch's answer is lost bit by bit: `ResetAfter`.
            let lost = matches!(rule.fault, Fault::AnswerLost) && asked.watch;
            let taken = lost || if streams { !asked.watch } else { on_request.is_some() };
            if taken || !asked.is(rule.on) || !asked.path.contains(rule.path) || rule.left == 0 {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
            } else if self.draws.random_bool(rule.share) {
                rule.left -= 1;
                if streams {
                    on_stream.push(rule.fault.clone());
                } else {
                    on_request = Some(rule.fault.clone());
                }
            }
        }
        (on_request, on_stream)
    }

    /// Draws of their own for a stream, whose events come in no order with other requests.
    pub(super) fn fork(&mut self) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(self.draws.next_u64())
    }

    pub(super) fn count(&mut self, name: &'static str) {
        *self.counts.entry(name).or_default() += 1;
    }

    pub(super) fn counts(&self) -> &BTreeMap<&'static str, usize> {
        &self.counts
    }
}
