//! Estimates with their intervals, one row each: a dot where the mean is, a line as wide as the interval. Two intervals
//! that overlap may still differ beyond doubt: runs are paired, which only their difference shows.

use crate::experiment::stats::Estimate;
use crate::experiment::{Comparison, MetricColumn, Unit, Verdict};
use crate::metrics::figures::{counted, percent};
use crate::report::charts::kit::palette::{BLUE, GREY, INK, ORANGE, Paint, QUIET};
use crate::report::charts::kit::{Anchor, Axis, Figure, Frame, Key, Mark, Picture, dashed, fit, legend, ruled};
use crate::report::study::{comparison as told, words};

/// Rows at most: more are told in the table.
const ROWS: usize = 40;

/// An estimate with a name.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Row {
    pub(in crate::report) name: String,
    /// What stands at the right.
    pub(in crate::report) figure: String,
    pub(in crate::report) estimate: Estimate,
    pub(in crate::report) paint: Paint,
}

/// The means of the metric that variants are ranked by.
pub(in crate::report) fn means(comparison: &Comparison) -> Figure {
    let (title, sentence) = (title(comparison), told::sentence(comparison));
    match of_means(comparison) {
        Some((metric, rows)) => {
            Figure::new("means", &title, sentence, |picture| draw(picture, &rows, metric.unit, None, &keys()))
        }
        None => Figure::nothing("means", &title, sentence),
    }
}

/// The same as a file of its own; nothing where no run has a value.
pub(in crate::report) fn means_svg(comparison: &Comparison) -> Option<String> {
    let (metric, rows) = of_means(comparison)?;
    let title = format!("{}: {}", comparison.scenario, title(comparison));
    let sentence = told::sentence(comparison);
    Some(Figure::alone(&title, &sentence, |picture| draw(picture, &rows, metric.unit, None, &keys())))
}

fn title(comparison: &Comparison) -> String {
    let metric = comparison.metrics.first().map_or("nothing", |metric| metric.key.key());
    format!("{metric}, mean and {} interval", percent(comparison.level))
}

fn keys() -> [Key; 2] {
    [Key::new(Mark::Area(ORANGE), "baseline"), Key::new(Mark::Area(BLUE), "other variants")]
}

fn of_means(comparison: &Comparison) -> Option<(&MetricColumn, Vec<Row>)> {
    let metric = comparison.metrics.first()?;
    let rows = told::by_rank(comparison).into_iter().filter_map(|(at, variant)| {
        let estimate = variant.metrics[0].estimate?;
        let paint = if at == comparison.baseline { ORANGE } else { BLUE };
        Some(Row { name: variant.name.clone(), figure: words::estimate(&estimate, metric.unit), estimate, paint })
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then_some((metric, rows))
}

/// Differences of a metric from the baseline, by pairs of runs.
pub(in crate::report) fn differences(comparison: &Comparison, index: usize) -> Figure {
    let metric = &comparison.metrics[index];
    let id = IDS.get(index).copied().unwrap_or("differences");
    let baseline = &comparison.variants[comparison.baseline].name;
    let title = format!("{}: difference from {baseline}", metric.key);
    let rows: Vec<(Row, Verdict)> = told::by_rank(comparison)
        .into_iter()
        .filter_map(|(_, variant)| {
            let found = variant.metrics[index].difference?;
            let paint = match found.verdict {
                Verdict::Better => BLUE,
                Verdict::Worse => ORANGE,
                Verdict::NotDistinguishable | Verdict::TooFewRuns => GREY,
            };
            let figure = words::difference(&found, metric.unit);
            Some((Row { name: variant.name.clone(), figure, estimate: found.estimate, paint }, found.verdict))
        })
        .collect();
    if rows.is_empty() {
        return Figure::nothing(id, &title, format!("No variant has a value of {} to be compared.", metric.key));
    }
    let sentence = sentence(metric, baseline, &rows);
    let keys = [
        Key::new(Mark::Area(BLUE), "better"),
        Key::new(Mark::Area(ORANGE), "worse"),
        Key::new(Mark::Area(GREY), words::CANT_TELL),
    ];
    let rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
    Figure::new(id, &title, sentence, |picture| draw(picture, &rows, metric.unit, Some(0.0), &keys))
}

/// Of the elements on the page.
const IDS: [&str; 8] = [
    "differences",
    "differences-2",
    "differences-3",
    "differences-4",
    "differences-5",
    "differences-6",
    "differences-7",
    "differences-8",
];

fn sentence(metric: &MetricColumn, baseline: &str, rows: &[(Row, Verdict)]) -> String {
    let with = |wanted: Verdict| rows.iter().filter(|(_, verdict)| *verdict == wanted).count() as u64;
    let open = rows.len() as u64 - with(Verdict::Better) - with(Verdict::Worse);
    let largest = rows
        .iter()
        .map(|(row, _)| row)
        .reduce(|most, row| if row.estimate.mean.abs() > most.estimate.mean.abs() { row } else { most });
    let largest = largest.filter(|row| row.estimate.mean != 0.0).map_or_else(
        || format!("all are as “{baseline}”"),
        |row| format!("furthest from “{baseline}” is “{}”: {}", row.name, row.figure),
    );
    let parts = [(with(Verdict::Better), "better"), (with(Verdict::Worse), "worse"), (open, "not distinguishable")];
    let parts: Vec<_> = parts.into_iter().filter(|part| part.0 > 0).map(|(n, what)| format!("{n} {what}")).collect();
    format!("By {}, of {}: {}; {largest}.", metric.key, counted(rows.len() as u64, "variant"), parts.join(", "))
}

/// Draws rows below each other on one axis, with a line where `zero` is.
pub(in crate::report) fn draw(picture: &mut Picture, rows: &[Row], unit: Unit, zero: Option<f64>, keys: &[Key]) {
    let shown = &rows[..rows.len().min(ROWS)];
    let size = picture.text_size();
    let ends = shown.iter().map(|row| row.estimate.ends().unwrap_or((row.estimate.mean, row.estimate.mean)));
    let low = ends.clone().map(|end| end.0).chain(zero).fold(f64::INFINITY, f64::min);
    let high = ends.map(|end| end.1).chain(zero).fold(f64::NEG_INFINITY, f64::max);
    let name = match unit {
        Unit::Seconds => "time",
        Unit::Usd => "USD",
        Unit::Share => "share",
        Unit::Number => "",
    };
    let axis = Axis::values((low, high), unit == Unit::Seconds, name, picture.room_for(84), |value| unit.show(value));
    legend(picture, "", keys);
    picture.bottom += 4;
    let step = size * 3;
    let frame = ruled(picture, &axis, step * i32::try_from(shown.len()).unwrap_or(1));
    let bottom = picture.bottom;
    if let Some(zero) = zero {
        dashed(picture, &[(frame.x(zero), frame.top), (frame.x(zero), frame.bottom)], INK, 0);
    }
    for (row, top) in shown.iter().zip((frame.top..).step_by(usize::try_from(step).unwrap_or(1))) {
        one(picture, &frame, row, top);
    }
    picture.bottom = bottom;
    if rows.len() > shown.len() {
        let more = format!("… and {} more: see the table", rows.len() - shown.len());
        picture.paragraph(&more, size, QUIET);
    }
}

/// A row: its name and figure above, the interval below.
fn one(picture: &mut Picture, frame: &Frame<'_>, row: &Row, top: i32) {
    let size = picture.text_size();
    let (name_y, y) = (top + size * 4 / 5, top + size * 2);
    let right = picture.pixels_wide();
    let figure_width = super::kit::width(&row.figure, size);
    let name = fit(&row.name, size, right - figure_width - 16);
    super::kit::note(picture, &name, (0, name_y), INK);
    picture.rect((right - figure_width, name_y - size * 3 / 5), (right, name_y + size * 3 / 5), super::palette::PAPER);
    picture.text(&row.figure, (right, name_y), Anchor::End, QUIET);
    let mean = frame.x(row.estimate.mean);
    if let Some((low, high)) = row.estimate.ends() {
        let (low, high) = (frame.x(low), frame.x(high));
        picture.line(vec![(low, y), (high, y)], row.paint, 2);
        for x in [low, high] {
            picture.line(vec![(x, y - 4), (x, y + 4)], row.paint, 2);
        }
    }
    picture.rect((mean - 4, y - 4), (mean + 4, y + 4), row.paint);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Better, Metric};

    #[test]
    fn the_sentence_counts_verdicts_and_names_the_furthest() {
        let row = |name: &str, mean: f64, figure: &str| Row {
            name: name.to_owned(),
            figure: figure.to_owned(),
            estimate: Estimate { n: 5, mean, deviation: Some(1.0), half_width: Some(1.0) },
            paint: BLUE,
        };
        let metric = MetricColumn { key: Metric::of("cost.total"), unit: Unit::Usd, better: Better::Lower };
        let rows = [
            (row("a", -2.0, "-$2.00"), Verdict::Better),
            (row("b", 5.0, "+$5.00"), Verdict::Worse),
            (row("c", 0.1, "+$0.10"), Verdict::NotDistinguishable),
        ];
        let told = "By cost.total, of 3 variants: 1 better, 1 worse, 1 not distinguishable; furthest from “base” is “b”: +$5.00.";
        assert_eq!(sentence(&metric, "base", &rows), told);
        let same = "By cost.total, of 1 variant: 1 not distinguishable; all are as “base”.";
        assert_eq!(sentence(&metric, "base", &[(row("c", 0.0, "0"), Verdict::NotDistinguishable)]), same);
    }
}
