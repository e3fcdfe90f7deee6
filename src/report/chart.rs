//! `timeline.svg`: the run over time in two panels (vCPUs that waiting jobs ask for; vCPUs launched and requested), under
//! one sentence that says what the picture shows. Drawn for a light page. Same results, same bytes.

use std::fmt::Write;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::metrics::figures::{number, percent};
use crate::metrics::{Results, Summary, TimelineRow};

const SIZE: (u32, u32) = (1_080, 620);
const HEAD_HEIGHT: u32 = 84;
const DEMAND_HEIGHT: u32 = 216;
const FONT: &str = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";
const INK: RGBColor = RGBColor(31, 41, 55);
const QUIET_INK: RGBColor = RGBColor(91, 101, 115);
const GRID: RGBColor = RGBColor(229, 231, 235);
const DEMAND: RGBColor = RGBColor(217, 119, 6);
const LAUNCHED: RGBColor = RGBColor(176, 203, 232);
const REQUESTED: RGBColor = RGBColor(29, 95, 173);

type Canvas<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type DrawingError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

/// One area of a panel.
struct Layer {
    label: &'static str,
    color: RGBColor,
    level: fn(&TimelineRow) -> f64,
}

/// An axis from 0: its end and its ticks, in `unit`.
#[derive(Debug, Clone)]
struct Axis {
    end: f64,
    ticks: Vec<f64>,
    unit: &'static str,
}

/// What the picture shows, in one sentence computed from the summary.
pub fn reading(summary: &Summary) -> String {
    let capacity = &summary.capacity;
    let hours = capacity.vcpu_hours_launched;
    if hours <= 0.0 {
        return "No node was launched.".to_owned();
    }
    let share = |part: f64| percent(part / hours);
    let or_zero = |share: Option<f64>| share.unwrap_or(0.0);
    let mut parts = vec![
        (capacity.vcpu_hours_lost / hours, "went to attempts thrown away"),
        (capacity.vcpu_hours_unfinished / hours, "held jobs not yet ended"),
        (or_zero(capacity.startup_share), "waited for nodes to start"),
        (or_zero(capacity.overhead_share), "went to kubelet and daemonsets"),
        (or_zero(capacity.idle_share), "was idle"),
    ];
    // Largest first; the sort is stable, so equal shares keep the order above.
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut sentence = format!(
        "{} of the {} vCPU-hours launched ran jobs to success",
        share(capacity.vcpu_hours_useful),
        number(hours)
    );
    for (part, what) in parts.into_iter().filter(|&(part, _)| part >= 0.005).take(3) {
        write!(sentence, "; {} {what}", percent(part)).expect("writing to a string can't fail");
    }
    sentence.push('.');
    sentence
}

/// The chart.
///
/// # Panics
/// Never: drawing into a string can't fail.
pub fn timeline_svg(results: &Results) -> String {
    let mut svg = String::new();
    draw(results, &mut svg).expect("drawing into a string can't fail");
    svg
}

fn draw<'a>(results: &Results, svg: &'a mut String) -> Result<(), DrawingError<'a>> {
    let canvas = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    canvas.fill(&WHITE)?;
    let (head, panels) = canvas.split_vertically(HEAD_HEIGHT);
    let (upper, lower) = panels.split_vertically(DEMAND_HEIGHT);
    let summary = &results.summary;
    let title = format!("{}: vCPUs over time (seed {})", summary.scenario, summary.seed);
    text(&head, &title, (24, 16), 22, INK)?;
    text(&head, &reading(summary), (24, 50), 14, QUIET_INK)?;
    let end_s = results.timeline.last().map_or(0.0, |row| row.end_s);
    let time = time_axis(end_s);
    let demand = [Layer { label: "asked for by waiting jobs", color: DEMAND, level: |row| row.demand_vcpus }];
    let supply = [
        Layer { label: "launched", color: LAUNCHED, level: |row| row.launched_vcpus },
        Layer { label: "requested by placed pods", color: REQUESTED, level: |row| row.requested_vcpus },
    ];
    panel(&upper, &results.timeline, &time, &demand, None)?;
    panel(&lower, &results.timeline, &time, &supply, Some(time.unit))?;
    canvas.present()
}

fn text<'a>(area: &Canvas<'a>, text: &str, at: (i32, i32), size: i32, color: RGBColor) -> Result<(), DrawingError<'a>> {
    let style = TextStyle::from((FONT, size).into_font()).color(&color).pos(Pos::new(HPos::Left, VPos::Top));
    area.draw_text(text, &style, at)
}

fn panel<'a>(
    area: &Canvas<'a>,
    rows: &[TimelineRow],
    time: &Axis,
    layers: &[Layer],
    time_unit: Option<&str>,
) -> Result<(), DrawingError<'a>> {
    let most = rows.iter().flat_map(|row| layers.iter().map(move |layer| (layer.level)(row))).fold(0.0, f64::max);
    let level = level_axis(most);
    let seconds_per_unit = seconds_per(time.unit);
    let axis_style = TextStyle::from((FONT, 13).into_font()).color(&QUIET_INK);
    let bottom = if time_unit.is_some() { 48 } else { 12 };
    let mut chart = ChartBuilder::on(area)
        .margin_left(12)
        .margin_right(32)
        .margin_top(34)
        .x_label_area_size(bottom)
        .y_label_area_size(64)
        .build_cartesian_2d(time.clone(), level)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style(axis_style)
        .x_label_formatter(&|x| if time_unit.is_some() { tick(*x) } else { String::new() })
        .y_label_formatter(&|y| tick(*y))
        .x_desc(time_unit.unwrap_or_default())
        .draw()?;
    for layer in layers {
        let steps = rows.iter().flat_map(|row| {
            let level = (layer.level)(row);
            [(row.start_s / seconds_per_unit, level), (row.end_s / seconds_per_unit, level)]
        });
        chart.draw_series(AreaSeries::new(steps, 0.0, layer.color.filled()))?;
    }
    legend(area, layers)
}

/// The panel's head: unit, and a swatch and a name for each area.
fn legend<'a>(area: &Canvas<'a>, layers: &[Layer]) -> Result<(), DrawingError<'a>> {
    text(area, "vCPUs", (24, 8), 14, INK)?;
    let mut x = 86;
    for layer in layers {
        area.draw(&Rectangle::new([(x, 6), (x + 13, 19)], layer.color.filled()))?;
        text(area, layer.label, (x + 20, 8), 14, INK)?;
        x += 44 + i32::try_from(layer.label.len()).expect("labels are short") * 7;
    }
    Ok(())
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        #[expect(clippy::cast_possible_truncation, reason = "a pixel of the canvas; casts saturate")]
        let offset = (value / self.end * f64::from(to - from)).round() as i32;
        from + offset
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        0.0..self.end
    }
}

fn tick(value: f64) -> String {
    if value == 0.0 || value >= 100.0 {
        number(value)
    } else {
        // Ticks are round numbers: all their digits, and no more.
        format!("{}", (value * 1e6).round() / 1e6)
    }
}

fn seconds_per(unit: &str) -> f64 {
    match unit {
        "minutes" => 60.0,
        "hours" => 3_600.0,
        "days" => 86_400.0,
        _ => 1.0,
    }
}

/// Time in the unit in which it reads best, with ticks where clocks have theirs.
fn time_axis(end_s: f64) -> Axis {
    let (unit, steps): (_, &[f64]) = if end_s <= 180.0 {
        ("seconds", &[0.1, 0.5, 1.0, 5.0, 10.0, 15.0, 30.0])
    } else if end_s <= 3.0 * 3_600.0 {
        ("minutes", &[1.0, 2.0, 5.0, 10.0, 15.0, 30.0])
    } else if end_s <= 4.0 * 86_400.0 {
        ("hours", &[0.5, 1.0, 2.0, 3.0, 6.0, 12.0])
    } else {
        ("days", &[1.0, 2.0, 5.0, 7.0, 14.0, 28.0, 91.0, 182.0, 365.0])
    };
    let end = if end_s > 0.0 { end_s / seconds_per(unit) } else { 1.0 };
    let step = steps.iter().copied().find(|step| end / step <= 10.0).unwrap_or_else(|| nice_step(end, 10.0));
    Axis { end, ticks: ticks(end, step), unit }
}

/// From nothing to a little above the largest value.
fn level_axis(most: f64) -> Axis {
    let end = if most > 0.0 { most * 1.06 } else { 1.0 };
    Axis { end, ticks: ticks(end, nice_step(end, 5.0)), unit: "vCPUs" }
}

fn ticks(end: f64, step: f64) -> Vec<f64> {
    (0_u32..1_000).map(|n| f64::from(n) * step).take_while(|&tick| tick <= end * 1.000_001).collect()
}

/// The smallest of 1, 2, 5 × 10ⁿ that gives at most `most` steps.
fn nice_step(end: f64, most: f64) -> f64 {
    let scale = 10_f64.powf((end / most).log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * scale).find(|step| end / step <= most).unwrap_or(10.0 * scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    fn results(rows: Vec<TimelineRow>) -> Results {
        let metrics = Metrics::new(Vec::new(), Names::default(), &Assumptions::default());
        let mut results = metrics.finish("a <b> & c", 42, SimTime::ZERO).unwrap();
        results.timeline = rows;
        results
    }

    fn row(start_s: f64, end_s: f64, vcpus: f64) -> TimelineRow {
        let (demand_vcpus, launched_vcpus, requested_vcpus) = (vcpus, vcpus * 2.0, vcpus / 2.0);
        TimelineRow { start_s, end_s, demand_vcpus, launched_vcpus, requested_vcpus, ..TimelineRow::default() }
    }

    #[test]
    fn a_picture_for_any_results() {
        for rows in [vec![], vec![row(0.0, 1.0, 0.0)], vec![row(0.0, 3_600.0, 4.0), row(3_600.0, 9e6, 1e6)]] {
            let svg = timeline_svg(&results(rows.clone()));
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            assert!(svg.contains("a &lt;b&gt; &amp; c"), "names are escaped");
            assert_eq!(svg, timeline_svg(&results(rows)));
        }
    }

    #[test]
    fn axes_have_round_ticks() {
        let hours = time_axis(26.0 * 3_600.0);
        assert_eq!((hours.unit, hours.ticks), ("hours", vec![0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0]));
        assert_eq!(time_axis(90.0 * 86_400.0).ticks, [0.0, 14.0, 28.0, 42.0, 56.0, 70.0, 84.0]);
        assert_eq!(level_axis(430.0).ticks, [0.0, 100.0, 200.0, 300.0, 400.0]);
        assert!(time_axis(1e9).ticks.len() <= 11 && time_axis(0.0).ticks.len() <= 11);
    }

    #[test]
    fn the_sentence_names_the_largest_shares() {
        let mut summary = results(vec![]).summary;
        assert_eq!(reading(&summary), "No node was launched.");
        let capacity = &mut summary.capacity;
        (capacity.vcpu_hours_launched, capacity.vcpu_hours_useful, capacity.vcpu_hours_lost) = (200.0, 82.0, 0.2);
        (capacity.startup_share, capacity.overhead_share, capacity.idle_share) = (Some(0.22), Some(0.1), Some(0.269));
        assert_eq!(
            reading(&summary),
            "41 % of the 200 vCPU-hours launched ran jobs to success; 27 % was idle; 22 % waited for nodes to start; 10 % went to kubelet and daemonsets."
        );
    }
}
