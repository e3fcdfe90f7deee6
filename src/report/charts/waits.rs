//! How long jobs waited: the share of jobs that waited no longer than so long, by queue, over a logarithmic axis with a
//! place for waits of 0.

use std::fmt::Write;

use crate::metrics::figures::{count, percent, span};
use crate::metrics::{Quantiles, QueueWaits, Results};
use crate::report::charts::kit::palette::{INK, KINDS};
use crate::report::charts::kit::{Axis, Figure, Frame, Key, Mark, Panel, Picture, dashed, note, width};
use crate::report::charts::over_time::largest;

/// Queues with a line of their own; each has its dashes, in pixels.
const DASHES: [i32; 5] = [0, 12, 5, 2, 20];

pub(in crate::report) fn figure(results: &Results) -> Figure {
    let (id, title) = ("waits", "How long jobs waited");
    let waits = results.pictures.as_ref().map_or(&[][..], |pictures| &pictures.waits);
    let lines: Vec<&QueueWaits> = waits.iter().filter(|queue| !queue.steps.is_empty()).collect();
    if lines.is_empty() {
        return Figure::nothing(id, title, "No job that ran has ended.");
    }
    let zeros: u64 = lines.iter().map(|queue| zeros(queue)).sum();
    let (lines, rest) = largest(lines, DASHES.len(), |queue| jobs(queue));
    let mut sentence = sentence(&results.summary.wait_s, zeros);
    if !rest.is_empty() {
        write!(sentence, " Queues with fewer jobs are left out: {}.", rest.len())
            .expect("writing to a string can't fail");
    }
    Figure::new(id, title, sentence, |picture| draw(picture, &lines, &results.summary.wait_s, zeros > 0))
}

#[expect(clippy::cast_precision_loss, reason = "a size to sort by")]
fn jobs(queue: &QueueWaits) -> f64 {
    queue.steps.last().map_or(0.0, |step| step.count as f64)
}

fn zeros(queue: &QueueWaits) -> u64 {
    queue.steps.first().filter(|step| step.at_s <= 0.0).map_or(0, |step| step.count)
}

fn sentence(wait: &Quantiles, zeros: u64) -> String {
    let shown = |value: Option<f64>| span(value.unwrap_or(0.0));
    let mut text = format!(
        "Half of the {} jobs waited {} or less from submission to RUNNING, 95 % of them {} or less, the longest {}",
        count(wait.count),
        shown(wait.p50),
        shown(wait.p95),
        shown(wait.max)
    );
    if zeros > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a share for display")]
        let share = zeros as f64 / wait.count.max(1) as f64;
        write!(text, "; {} did not wait at all", percent(share)).expect("writing to a string can't fail");
    }
    text.push('.');
    text
}

fn draw(picture: &mut Picture, lines: &[&QueueWaits], wait: &Quantiles, zeros: bool) {
    let positive = lines.iter().flat_map(|queue| &queue.steps).map(|step| step.at_s).filter(|&at| at > 0.0);
    let least = positive.clone().fold(f64::INFINITY, f64::min).min(1e9);
    let most = positive.fold(least, f64::max);
    let across = Axis::spans(least, most, zeros, "waited from submission to RUNNING");
    let up = Axis::shares("share of jobs that waited no longer");
    let named = lines.len() > 1;
    let marks: Vec<Mark> = KINDS.into_iter().zip(DASHES).map(|(paint, dash)| Mark::Line(paint, dash)).collect();
    let keys = lines.iter().zip(&marks).filter(|_| named);
    let keys: Vec<Key> = keys.map(|(queue, &mark)| Key::new(mark, queue.queue.clone())).collect();
    let height = if picture.is_narrow() { 170 } else { 240 };
    let frame = Panel { across: &across, labelled: true, up: &up, keys: &keys, height }.draw(picture);
    for (queue, (paint, dash)) in lines.iter().zip(KINDS.into_iter().zip(DASHES)) {
        let all = jobs(queue);
        let mut points = vec![(frame.left, frame.bottom)];
        for step in &queue.steps {
            #[expect(clippy::cast_precision_loss, reason = "a share for display")]
            let (x, y) = (frame.x(step.at_s), frame.y(step.count as f64 / all));
            // A step: nobody more up to here, then those that waited just so long.
            let before = points.last().map_or(frame.bottom, |point| point.1);
            points.extend([(x, before), (x, y)]);
        }
        points.push((frame.right, frame.top.max(points.last().map_or(0, |point| point.1))));
        points.dedup();
        dashed(picture, &points, paint, dash);
    }
    if lines.len() == 1 {
        quantiles(picture, &frame, wait);
    }
}

/// The median and the 95th percentile where they stand on the line.
fn quantiles(picture: &mut Picture, frame: &Frame<'_>, wait: &Quantiles) {
    for (share, at_s) in [(0.5, wait.p50), (0.95, wait.p95)] {
        let Some(at_s) = at_s else { continue };
        let (x, y) = (frame.x(at_s), frame.y(share));
        picture.rect((x - 4, y - 4), (x + 4, y + 4), INK);
        let label = format!("{:.0} % within {}", share * 100.0, span(at_s));
        let wide = width(&label, picture.text_size());
        // The line only rises: what is to the right and below is free, and what is to the left and above.
        let at =
            if x + 10 + wide < frame.right { (x + 10, y + 14) } else { (x - 8 - wide, (y - 13).max(frame.top + 9)) };
        note(picture, &label, at, INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_tells_quantiles_and_those_that_did_not_wait() {
        let wait =
            Quantiles { count: 200, p50: Some(90.0), p95: Some(300.0), max: Some(4_000.0), ..Quantiles::default() };
        let text = sentence(&wait, 50);
        assert!(text.starts_with("Half of the 200 jobs waited 1m30s or less"), "{text}");
        assert!(text.ends_with("the longest 1h07m; 25 % did not wait at all."), "{text}");
        assert!(sentence(&wait, 0).ends_with("the longest 1h07m."));
    }
}
