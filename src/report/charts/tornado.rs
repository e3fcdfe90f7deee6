//! What assumptions do to a metric, each at both ends of its plausible range: bars from where the metric stands, the largest
//! first.

use crate::experiment::sensitivity::{End, Influence, Row, Sensitivity};
use crate::experiment::{MetricColumn, Unit};
use crate::metrics::figures::counted;
use crate::report::charts::kit::palette::{BLUE, INK, ORANGE, QUIET};
use crate::report::charts::kit::{Axis, Figure, Frame, Key, Mark, Picture, dashed, fit, legend, note, ruled};

/// Bars at most: the rest is told in the table.
const ROWS: usize = 20;

/// Effects of an assumption.
struct Bar {
    name: String,
    /// At the low and the high end: the value, and the difference that it makes.
    ends: [Option<(String, f64)>; 2],
}

/// Of one of the study's metrics.
pub(in crate::report) fn figure(found: &Sensitivity, index: usize) -> Figure {
    let metric = &found.metrics[index];
    let id = ["tornado", "tornado-2", "tornado-3", "tornado-4"].get(index).copied().unwrap_or("tornado-more");
    let bars = bars(found, index);
    let (title, sentence) = (title(metric), sentence(metric, &bars));
    if bars.is_empty() {
        return Figure::nothing(id, &title, sentence);
    }
    Figure::new(id, &title, sentence, |picture| draw(picture, metric, &bars))
}

/// Of the first metric, as a file of its own; nothing where nothing has an effect.
pub(in crate::report) fn svg(found: &Sensitivity) -> Option<String> {
    let metric = found.metrics.first()?;
    let bars = bars(found, 0);
    let title = format!("{}: {}", found.scenario, title(metric));
    (!bars.is_empty()).then(|| Figure::alone(&title, &sentence(metric, &bars), |picture| draw(picture, metric, &bars)))
}

fn title(metric: &MetricColumn) -> String {
    format!("What moves {}", metric.key)
}

fn bars(found: &Sensitivity, index: usize) -> Vec<Bar> {
    let told = |row: &&Row| row.influence(index) >= Some(Influence::Perhaps);
    let bars = found.tornado(index).into_iter().filter(told).map(|row| Bar {
        name: row.assumption.clone(),
        ends: [End::Low, End::High].map(|end| {
            let (level, effect) = row.at(end, index)?;
            Some((level.label.clone(), effect.difference?.mean))
        }),
    });
    bars.collect()
}

fn sentence(metric: &MetricColumn, bars: &[Bar]) -> String {
    let largest = bars.first().and_then(|bar| {
        let ends = bar.ends.iter().flatten();
        let (value, change) = ends.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        let sign = if *change > 0.0 { "+" } else { "" };
        Some(format!("{} moves it most: {sign}{} at {value}", bar.name, metric.unit.show(*change)))
    });
    match largest {
        Some(largest) => {
            let count = counted(bars.len() as u64, "assumption");
            format!("{count} within their plausible ranges can be seen to move {}; {largest}.", metric.key)
        }
        None => format!("No assumption within its plausible range can be seen to move {}.", metric.key),
    }
}

fn draw(picture: &mut Picture, metric: &MetricColumn, bars: &[Bar]) {
    let shown = &bars[..bars.len().min(ROWS)];
    let size = picture.text_size();
    let values = shown.iter().flat_map(|bar| bar.ends.iter().flatten()).map(|end| end.1);
    let low = values.clone().fold(0.0, f64::min);
    let high = values.fold(0.0, f64::max);
    let unit = metric.unit;
    let name = format!("change of {}", metric.key);
    let axis = Axis::values((low, high), unit == Unit::Seconds, &name, picture.room_for(84), |value| unit.show(value));
    let keys = [Key::new(Mark::Area(BLUE), "at the low end"), Key::new(Mark::Area(ORANGE), "at the high end")];
    legend(picture, "", &keys);
    picture.bottom += 4;
    let step = size * 7 / 2;
    let frame = ruled(picture, &axis, step * i32::try_from(shown.len()).unwrap_or(1));
    let bottom = picture.bottom;
    dashed(picture, &[(frame.x(0.0), frame.top), (frame.x(0.0), frame.bottom)], INK, 0);
    for (bar, top) in shown.iter().zip((frame.top..).step_by(usize::try_from(step).unwrap_or(1))) {
        one(picture, &frame, bar, top);
    }
    picture.bottom = bottom;
    if bars.len() > shown.len() {
        picture.paragraph(&format!("… and {} more: see the table", bars.len() - shown.len()), size, QUIET);
    }
}

/// A row: the name and both values above, the bars below.
fn one(picture: &mut Picture, frame: &Frame<'_>, bar: &Bar, top: i32) {
    let size = picture.text_size();
    let (name_y, y) = (top + size * 4 / 5, top + size * 2);
    let values: Vec<_> = bar.ends.iter().flatten().map(|(value, _)| value.as_str()).collect();
    let words = format!("{}: {}", bar.name, values.join(", "));
    note(picture, &fit(&words, size, picture.pixels_wide() - 4), (0, name_y), INK);
    for (end, (paint, shift)) in bar.ends.iter().zip([(BLUE, -5), (ORANGE, 3)]) {
        let Some((_, change)) = end else { continue };
        let (from, to) = (frame.x(0.0), frame.x(*change));
        picture.rect((from.min(to), y + shift), (from.max(to).max(from.min(to) + 1), y + shift + 7), paint);
    }
}
