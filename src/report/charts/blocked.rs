//! For how long heads of queues could not be placed, by reason.

use crate::metrics::figures::{percent, span};
use crate::metrics::{Results, Summary};
use crate::report::charts::kit::palette::{GREY, ORANGE};
use crate::report::charts::kit::{Bar, Figure, bars, legend};
use crate::report::charts::over_time::largest;
use crate::report::tables::blocked_by;

/// Bars at most; the last one is all others.
const BARS: usize = 12;

pub(in crate::report) fn figure(results: &Results) -> Figure {
    let (id, title) = ("blocked", "What the heads of the queues waited for");
    let summary = &results.summary;
    let Some(sentence) = sentence(summary) else {
        return Figure::nothing(id, title, "No queue was ever blocked by its head.");
    };
    let (rows, rest) = largest(blocked_by(summary).collect(), BARS, |row| row.2);
    let figure = |secs: f64| format!("{} ({} of the run)", span(secs), percent(secs / summary.counted_s()));
    let shown = rows.iter().map(|&(queue, reason, secs)| Bar {
        label: if queue.is_empty() { reason.to_owned() } else { format!("{queue}: {reason}") },
        figure: figure(secs),
        parts: vec![(secs, ORANGE)],
    });
    let mut shown: Vec<Bar> = shown.collect();
    if !rest.is_empty() {
        let secs = rest.iter().map(|row| row.2).sum();
        let label = format!("{} others together", rest.len());
        shown.push(Bar { label, figure: span(secs), parts: vec![(secs, GREY)] });
    }
    Figure::new(id, title, sentence, |picture| {
        legend(picture, "time blocked, by reason", &[]);
        bars(picture, &shown);
    })
}

/// The queue whose head was blocked for longest, and its main reason.
fn sentence(summary: &Summary) -> Option<String> {
    let total = |queue: &&crate::metrics::QueueRow| queue.blocked_s.values().sum::<f64>();
    let worst = summary.queues.iter().reduce(|a, b| if total(&b) > total(&a) { b } else { a })?;
    let (secs, end_s) = (total(&worst), summary.counted_s());
    if secs <= 0.0 {
        return None;
    }
    let (reason, most) = worst
        .blocked_s
        .iter()
        .fold(("", 0.0), |best, (reason, &secs)| if secs > best.1 { (reason.as_str(), secs) } else { best });
    let mainly =
        if most < secs { format!("most of it by {reason} ({})", span(most)) } else { format!("all of it by {reason}") };
    let of_all = if summary.queues.len() > 1 { ", longer than any other" } else { "" };
    Some(format!(
        "The head of {} was blocked for {} of the run ({}){of_all}, {mainly}.",
        worst.queue,
        percent(secs / end_s),
        span(secs)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    #[test]
    fn the_worst_queue_is_named_with_its_main_reason() {
        let names = Names { job_queues: vec!["a".to_owned(), "b".to_owned()], ..Names::default() };
        let metrics = Metrics::new(Vec::new(), names, &Assumptions::default());
        let mut results = metrics.finish("two", 1, SimTime::from_millis(100_000)).unwrap();
        assert_eq!(figure(&results).pictures, None);
        results.summary.queues[0].blocked_s = [("X".to_owned(), 20.0)].into();
        results.summary.queues[1].blocked_s = [("X".to_owned(), 10.0), ("Y".to_owned(), 30.0)].into();
        let figure = figure(&results);
        let text = "The head of b was blocked for 40 % of the run (40s), longer than any other, most of it by Y (30s).";
        assert_eq!(figure.sentence, text);
        assert!(figure.pictures.unwrap()[1].contains("b: Y"));
    }
}
