//! Interruptions and retries over time, as counts in spans of equal length.

use crate::metrics::figures::{count, counted, percent, usd};
use crate::metrics::{Results, Summary, TimelineRow};
use crate::report::charts::kit::palette::{BLUE, ORANGE, Paint, VERMILION};
use crate::report::charts::kit::{Axis, Figure, Key, Mark, Panel, Picture};
use crate::report::charts::over_time::{axis, grouped};

type Counted = (&'static str, Paint, fn(&TimelineRow) -> u64);

const PANELS: [Counted; 3] = [
    ("Spot instances taken back", ORANGE, |row| row.interruptions),
    ("attempts ended with their node", VERMILION, |row| row.interrupted_attempts),
    ("retries", BLUE, |row| row.retries),
];

pub(in crate::report) fn figure(results: &Results) -> Figure {
    let (id, title) = ("losses", "Interruptions and retries over time");
    let rows = &results.timeline;
    let panels: Vec<&Counted> = PANELS.iter().filter(|panel| rows.iter().any(|row| (panel.2)(row) > 0)).collect();
    if panels.is_empty() {
        return Figure::nothing(id, title, "No instance was taken back, and no attempt had to be tried again.");
    }
    Figure::new(id, title, sentence(&results.summary), |picture| draw(picture, rows, &panels))
}

fn sentence(summary: &Summary) -> String {
    let (cost, jobs) = (&summary.cost, &summary.jobs);
    let free = match summary.spot.reclaimed_uncharged {
        0 => String::new(),
        free => format!(" ({} of them free of charge)", count(free)),
    };
    let of = if cost.instances > 0.0 {
        format!(", {} of what instances cost", percent(cost.lost / cost.instances))
    } else {
        String::new()
    };
    format!(
        "EC2 took back {}{free}; {} ended with their node, {} followed, and what was thrown away had cost {}{of}.",
        counted(summary.spot.interruptions, "Spot instance"),
        counted(jobs.interrupted_attempts, "attempt"),
        if jobs.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", count(jobs.retries)) },
        usd(cost.lost)
    )
}

fn draw(picture: &mut Picture, rows: &[TimelineRow], panels: &[&Counted]) {
    let across = axis(picture, rows);
    let groups = if picture.is_narrow() { 40 } else { 96 };
    for (index, (label, paint, count)) in panels.iter().enumerate() {
        let bars = grouped(rows, groups, *count);
        #[expect(clippy::cast_precision_loss, reason = "a height in pixels")]
        let heights: Vec<_> = bars.into_iter().map(|(from, to, n)| (from, to, 0.0, n as f64)).collect();
        let most = heights.iter().map(|bar| bar.3).fold(0.0, f64::max);
        let up = Axis::counts(most, "", 4);
        let keys = [Key::new(Mark::Area(*paint), *label)];
        let labelled = index + 1 == panels.len();
        let frame = Panel { across: &across, labelled, up: &up, keys: &keys, height: 80 }.draw(picture);
        for &(from, to, _, high) in heights.iter().filter(|bar| bar.3 > 0.0) {
            let (left, right) = (frame.x(from), frame.x(to));
            picture.rect((left, frame.y(high)), ((right - 1).max(left + 1), frame.bottom), *paint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    #[test]
    fn what_was_lost_is_told_with_its_price() {
        let metrics = Metrics::new(Vec::new(), Names::default(), &Assumptions::default());
        let mut results = metrics.finish("losses", 1, SimTime::ZERO).unwrap();
        assert_eq!(figure(&results).pictures, None);
        let summary = &mut results.summary;
        (summary.spot.interruptions, summary.spot.reclaimed_uncharged) = (3, 1);
        (summary.jobs.interrupted_attempts, summary.jobs.retries) = (8, 1);
        (summary.cost.instances, summary.cost.lost) = (200.0, 5.0);
        results.timeline = vec![TimelineRow { end_s: 60.0, interruptions: 3, retries: 1, ..TimelineRow::default() }];
        let figure = figure(&results);
        let text = "EC2 took back 3 Spot instances (1 of them free of charge); 8 attempts ended with their node, 1 retry \
                    followed, and what was thrown away had cost $5.00, 2.5 % of what instances cost.";
        assert_eq!(figure.sentence, text);
        assert!(
            !figure.pictures.unwrap()[0].contains("ended with their node</text>"),
            "a panel of nothing is left out"
        );
    }
}
