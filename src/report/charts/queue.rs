//! Jobs over time: how many wait, how many run.

use crate::metrics::figures::{count, percent, span};
use crate::metrics::{Results, TimelineRow};
use crate::report::charts::kit::palette::{BLUE, ORANGE};
use crate::report::charts::kit::{Figure, Picture};
use crate::report::charts::over_time::{Layer, Levels, Lie, end_s, panels};

pub(in crate::report) fn figure(results: &Results) -> Figure {
    let (id, title) = ("queue", "Jobs waiting and running over time");
    match sentence(&results.timeline) {
        Some(sentence) => Figure::new(id, title, sentence, |picture| draw(picture, &results.timeline)),
        None => Figure::nothing(id, title, "No job was submitted."),
    }
}

/// The longest queue, when it was, and for how long there was none. Nothing where no job ever was.
fn sentence(rows: &[TimelineRow]) -> Option<String> {
    let longest = rows.iter().reduce(|a, b| if b.waiting_jobs > a.waiting_jobs { b } else { a })?;
    let running = rows.iter().map(|row| row.running_jobs).fold(0.0, f64::max);
    if longest.waiting_jobs <= 0.0 && running <= 0.0 {
        return None;
    }
    let empty: f64 = rows.iter().filter(|row| row.waiting_jobs < 0.5).map(|row| row.end_s - row.start_s).sum();
    let start_s = longest.start_s;
    let when = if start_s > 0.0 { format!("after {}", span(start_s)) } else { "at the start".to_owned() };
    Some(format!(
        "The queue is longest {when}, with {} jobs waiting; at most {} run at a time, and for {} of the run nearly none waits.",
        rounded(longest.waiting_jobs),
        rounded(running),
        percent(empty / end_s(rows))
    ))
}

/// An average of counts, to the next count.
fn rounded(level: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate; for display")]
    let whole = level.ceil() as u64;
    count(whole)
}

fn draw(picture: &mut Picture, rows: &[TimelineRow]) {
    let waiting = [Layer::of(rows, "waiting: no pod yet", ORANGE, |row| row.waiting_jobs)];
    let running = [Layer::of(rows, "RUNNING", BLUE, |row| row.running_jobs)];
    let height = if picture.is_narrow() { 110 } else { 140 };
    let panel = |layers| Levels { unit: "jobs", layers, lie: Lie::InFront, height };
    panels(picture, rows, &[panel(&waiting), panel(&running)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_queue_is_named_with_its_time() {
        let row = |start_s: f64, waiting_jobs, running_jobs| TimelineRow {
            start_s,
            end_s: start_s + 60.0,
            waiting_jobs,
            running_jobs,
            ..TimelineRow::default()
        };
        let rows = [row(0.0, 0.0, 0.0), row(60.0, 539.2, 1.0), row(120.0, 539.2, 95.5), row(180.0, 0.2, 2.0)];
        let text = "The queue is longest after 1m, with 540 jobs waiting; at most 96 run at a time, and for 50 % of the run nearly none waits.";
        assert_eq!(sentence(&rows).unwrap(), text);
        assert_eq!((sentence(&rows[..1]), sentence(&[])), (None, None));
    }
}
