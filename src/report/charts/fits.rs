//! Latencies that were measured, each as the share of those that took no longer, with the law that was fitted.

use crate::calibrate::{Calibration, Latency};
use crate::experiment::stats::Law;
use crate::metrics::figures::counted;
use crate::report::charts::kit::palette::{BLUE, ORANGE};
use crate::report::charts::kit::{Axis, Figure, Key, Mark, Panel, Picture, dashed};

/// Dashes of a law's line, in pixels.
const DASH: i32 = 6;
/// Places of a law's line.
const PLACES: u32 = 240;

/// All of them as a file of its own; nothing where nothing was measured.
pub(in crate::report) fn svg(found: &Calibration) -> Option<String> {
    let drawn: Vec<_> = found.latencies.iter().filter(|latency| latency.samples > 1).collect();
    if drawn.is_empty() {
        return None;
    }
    let taken = drawn.iter().filter(|latency| latency.taken).count() as u64;
    let sentence = format!(
        "{} of start-up measured, {taken} of them taken for assumptions. Steps are what was measured, the line is what fits best: where they \
         part, the law is wrong.",
        counted(drawn.len() as u64, "span")
    );
    Some(Figure::alone("How long things take, as measured", &sentence, |picture| {
        for latency in &drawn {
            panel(picture, latency);
        }
    }))
}

/// The law that was taken, or else the best that was tried.
fn law(latency: &Latency) -> Option<(Law, bool)> {
    let best = latency.fitted.candidates.first().map(|candidate| (candidate.law, false));
    latency.fitted.law.map(|law| (law, true)).or(best)
}

fn panel(picture: &mut Picture, latency: &Latency) {
    let sample = &latency.sample_s;
    let (least, most) = (sample[0], sample[sample.len() - 1]);
    let across = Axis::spans(least, most, false, latency.meaning);
    let up = Axis::shares(&format!("{}, share of {}", latency.name, latency.samples));
    let mut keys = vec![Key::new(Mark::Line(BLUE, 0), "measured")];
    let law = law(latency);
    if let Some((law, is_taken)) = law {
        let name = law.family().name();
        let label = if is_taken { name.to_owned() } else { format!("{name}, ruled out") };
        keys.push(Key::new(Mark::Line(ORANGE, DASH), label));
    }
    picture.bottom += 14;
    let frame = Panel { across: &across, labelled: true, up: &up, keys: &keys, height: 180 }.draw(picture);
    let mut points = vec![(frame.left, frame.bottom)];
    for (rank, &value) in sample.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a share for display")]
        let (x, y) = (frame.x(value), frame.y((rank + 1) as f64 / sample.len() as f64));
        let before = points.last().map_or(frame.bottom, |point| point.1);
        points.extend([(x, before), (x, y)]);
    }
    points.push((frame.right, frame.top));
    points.dedup();
    dashed(picture, &points, BLUE, 0);
    let Some((law, _)) = law else { return };
    let shares = (1..PLACES).map(|place| f64::from(place) / f64::from(PLACES));
    let line = shares.map(|share| (frame.x(law.quantile(share)), frame.y(share)));
    // What lies beyond the axis would be drawn on its edge.
    let mut line: Vec<_> = line.filter(|&(x, _)| x > frame.left && x < frame.right).collect();
    line.dedup();
    dashed(picture, &line, ORANGE, DASH);
}
