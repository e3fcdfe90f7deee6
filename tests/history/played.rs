//! Plays facts against the core and shows a watcher both sides. Facts are written as in a transcript, without the fences.

use std::fmt::Write;

use windtunnel::driver::Watcher;
use windtunnel::history::{JobLog, JobRecord, Keep};
use windtunnel::model::Names;
use windtunnel::scheduler::{Decision, Observation, Scheduler, SchedulerConfig};
use windtunnel::units::SimTime;

use crate::{facts, words};

/// Plays blocks of `at TIME` and facts, after a heading of `set` lines. Between blocks the core is woken as it asks to be.
pub(crate) fn play<W: Watcher>(text: &str, watcher: impl FnOnce(&SchedulerConfig) -> W) -> W {
    let (head, blocks) = text.split_once("\n\n").expect("a heading and blocks");
    let config = facts::config(head);
    let mut watcher = watcher(&config);
    let mut scheduler = Scheduler::new(config);
    let mut numbers = facts::Numbers::default();
    let mut decision = Decision::default();
    let mut step = |seen: &Observation, decision: &mut Decision| {
        watcher.seen(seen).unwrap();
        scheduler.step(seen, decision);
        watcher.decided(seen, decision).unwrap();
    };
    for block in blocks.split("\n\n") {
        let mut lines = block.trim().lines();
        let at = lines.next().and_then(|line| line.strip_prefix("at ")).expect("a block begins with `at TIME`");
        let now = SimTime::ZERO + words::span(at);
        while let Some(wake_at) = decision.wake_at.filter(|wake_at| *wake_at < now) {
            step(&Observation { now: wake_at, events: Vec::new() }, &mut decision);
        }
        let events = lines.map(|line| numbers.event(line.trim(), now)).collect();
        step(&Observation { now, events }, &mut decision);
    }
    watcher
}

/// The log of all that happened, everything kept.
pub(crate) fn log(text: &str) -> JobLog {
    play(text, |config| JobLog::new(config, names(), Keep::All))
}

pub(crate) fn names() -> Names {
    Names {
        instance_types: words::TYPES.iter().map(|(name, ..)| (*name).to_owned()).collect(),
        job_queues: vec!["My-Eks-JQ1".to_owned()],
        ..Names::default()
    }
}

/// A job's states and when it came to them, and its statusReason: `SUBMITTED 0s, RUNNABLE 1s; reason`.
pub(crate) fn life(log: &JobLog, job: &str) -> String {
    let record: &JobRecord = log.get(job.parse().unwrap()).unwrap_or_else(|| panic!("no {job}"));
    let moments: Vec<_> = record.moments.iter().map(|moment| format!("{} {}", moment.state, moment.at)).collect();
    let mut text = moments.join(", ");
    if let Some(reason) = &record.status_reason {
        write!(text, "; {reason}").unwrap();
    }
    text
}
