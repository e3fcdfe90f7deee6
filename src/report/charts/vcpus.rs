//! vCPUs over time in two panels: what waiting jobs ask for; what was launched and requested. On the page, and as the file
//! `timeline.svg`.

use std::fmt::Write;

use crate::metrics::figures::{number, percent};
use crate::metrics::{Results, Summary};
use crate::report::charts::kit::palette::{BLUE, LIGHT_BLUE, ORANGE};
use crate::report::charts::kit::{Figure, Picture};
use crate::report::charts::over_time::{Layer, Levels, Lie, panels};

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

pub(in crate::report) fn figure(results: &Results) -> Figure {
    let (id, title) = ("vcpus", "vCPUs over time");
    if results.timeline.iter().all(|row| row.launched_vcpus <= 0.0 && row.demand_vcpus <= 0.0) {
        return Figure::nothing(id, title, "Nothing was asked for and no node was launched.");
    }
    Figure::new(id, title, reading(&results.summary), |picture| draw(picture, results))
}

/// The chart as a file of its own, drawn for a light page. Same results, same bytes.
pub fn timeline_svg(results: &Results) -> String {
    let summary = &results.summary;
    let title = format!("{}: vCPUs over time (seed {})", summary.scenario, summary.seed);
    Figure::alone(&title, &reading(summary), |picture| draw(picture, results))
}

fn draw(picture: &mut Picture, results: &Results) {
    let rows = &results.timeline;
    let demand = [Layer::of(rows, "asked for by waiting jobs", ORANGE, |row| row.demand_vcpus)];
    let supply = [
        Layer::of(rows, "launched", LIGHT_BLUE, |row| row.launched_vcpus),
        Layer::of(rows, "requested by placed pods", BLUE, |row| row.requested_vcpus),
    ];
    let heights = if picture.is_narrow() { (90, 160) } else { (120, 220) };
    let upper = Levels { unit: "vCPUs", layers: &demand, lie: Lie::InFront, height: heights.0 };
    let lower = Levels { unit: "vCPUs", layers: &supply, lie: Lie::InFront, height: heights.1 };
    panels(picture, rows, &[upper, lower]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Metrics, TimelineRow};
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
