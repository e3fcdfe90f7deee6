//! Nodes over time: a bar for each from launch to end while they are few, and how many of each type where they are many.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::metrics::figures::{count, counted, percent, span};
use crate::metrics::{FleetSeries, NodeSpan, Pictures, Results};
use crate::model::PurchaseOption;
use crate::report::charts::kit::palette::{BLUE, GREEN, INK, KINDS, LIGHT_BLUE, LIGHT_ORANGE, ORANGE, Paint};
use crate::report::charts::kit::{Figure, Key, Mark, Picture, cross, fit, legend, note, ruled};
use crate::report::charts::over_time::{Layer, Levels, Lie, axis, largest, panels, sum};
use crate::scheduler::NodeLossCause;

/// Nodes with a bar each, at most.
const BARS: usize = 60;
/// Kinds of nodes with a head above their bars, at most.
const HEADS: usize = 12;

type What = Option<(String, PurchaseOption)>;

pub(in crate::report) fn figure(results: &Results) -> Figure {
    let (id, title) = ("nodes", "Nodes over time");
    let Some(pictures) = results.pictures.as_ref().filter(|pictures| !pictures.fleets.is_empty()) else {
        return Figure::nothing(id, title, "There was no node.");
    };
    let kinds = kinds(pictures.spans.as_deref().unwrap_or_default());
    let few = pictures.spans.as_ref().is_some_and(|spans| spans.len() <= BARS) && kinds.len() <= HEADS;
    if few {
        Figure::new(id, title, sentence(results), |picture| one_by_one(picture, results, &kinds))
    } else {
        Figure::new(id, title, sentence(results), |picture| by_kind(picture, results, pictures))
    }
}

/// Spans by kind, kinds in order of their first launch.
fn kinds(spans: &[NodeSpan]) -> Vec<(&What, Vec<&NodeSpan>)> {
    let mut kinds: Vec<(&What, Vec<&NodeSpan>)> = Vec::new();
    let mut index: BTreeMap<(Option<&str>, bool), usize> = BTreeMap::new();
    for node in spans {
        let key = (node.what.as_ref().map(|what| what.0.as_str()), is_spot(&node.what));
        let at = *index.entry(key).or_insert(kinds.len());
        if at == kinds.len() {
            kinds.push((&node.what, Vec::new()));
        }
        kinds[at].1.push(node);
    }
    kinds
}

fn is_spot(what: &What) -> bool {
    what.as_ref().is_some_and(|what| what.1 == PurchaseOption::Spot)
}

fn name(what: &What) -> String {
    what.as_ref().map_or_else(|| "adopted".to_owned(), |(name, purchase)| format!("{name} {purchase}"))
}

/// How many, of what, and how they ended.
fn sentence(results: &Results) -> String {
    let (capacity, spot) = (&results.summary.capacity, &results.summary.spot);
    let launched = capacity.nodes_launched;
    let mut text = format!("{} launched", counted(launched, "node"));
    if capacity.nodes_adopted > 0 {
        write!(text, ", {} adopted", count(capacity.nodes_adopted)).expect("writing to a string can't fail");
    }
    write!(text, ", at most {} at a time", count(capacity.peak_nodes)).expect("writing to a string can't fail");
    if let Some(spans) = results.pictures.as_ref().and_then(|pictures| pictures.spans.as_ref()) {
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        let lives = spans.iter().map(|node| node.gone_s - node.launched_s).collect();
        let starts = spans.iter().filter(|node| node.what.is_some());
        let starts = starts.filter_map(|node| Some(node.ready_s? - node.launched_s)).collect();
        if let (Some(life), Some(start)) = (median(lives), median(starts)) {
            write!(text, "; in the middle they lived for {}, {} of it before they were ready", span(life), span(start))
                .expect("writing to a string can't fail");
        }
    }
    if spot.interruptions > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a share for display")]
        let share = spot.interruptions as f64 / launched.max(1) as f64;
        write!(text, "; EC2 took back {} ({})", count(spot.interruptions), percent(share))
            .expect("writing to a string can't fail");
    }
    text.push('.');
    text
}

/// Colours of a node that starts, and of one that is ready.
fn paints(what: &What) -> (Paint, Paint) {
    match what {
        None => (GREEN, GREEN),
        Some((_, PurchaseOption::Ec2)) => (LIGHT_BLUE, BLUE),
        Some((_, PurchaseOption::Spot)) => (LIGHT_ORANGE, ORANGE),
    }
}

/// Legend entries for what is there.
fn keys(spans: &[NodeSpan]) -> Vec<Key> {
    let any = |test: fn(&NodeSpan) -> bool| spans.iter().any(test);
    let mut keys = Vec::new();
    if any(|node| matches!(node.what, Some((_, PurchaseOption::Ec2)))) {
        keys.push(Key::new(Mark::Area(LIGHT_BLUE), "On-Demand, starting"));
        keys.push(Key::new(Mark::Area(BLUE), "ready"));
    }
    if any(|node| is_spot(&node.what)) {
        keys.push(Key::new(Mark::Area(LIGHT_ORANGE), "Spot, starting"));
        keys.push(Key::new(Mark::Area(ORANGE), "ready"));
    }
    if any(|node| node.what.is_none()) {
        keys.push(Key::new(Mark::Area(GREEN), "adopted"));
    }
    if any(|node| node.cause == Some(NodeLossCause::SpotInterruption)) {
        keys.push(Key::new(Mark::Cross(INK), "taken back by EC2"));
    }
    if any(|node| node.cause == Some(NodeLossCause::Failed)) {
        keys.push(Key::new(Mark::Line(INK, 0), "failed"));
    }
    keys
}

fn one_by_one(picture: &mut Picture, results: &Results, kinds: &[(&What, Vec<&NodeSpan>)]) {
    let spans = results.pictures.as_ref().and_then(|pictures| pictures.spans.as_deref()).unwrap_or_default();
    legend(picture, "", &keys(spans));
    let (pitch, head) = (if spans.len() > 24 { 9 } else { 13 }, picture.text_size() * 2);
    let across = axis(picture, &results.timeline);
    let bars = i32::try_from(spans.len()).expect("few") * pitch;
    let height = bars + i32::try_from(kinds.len()).expect("few") * head;
    let frame = ruled(picture, &across, height);
    let mut y = frame.top;
    for (what, nodes) in kinds {
        let label = format!("{}: {}", name(what), counted(nodes.len() as u64, "node"));
        let size = picture.text_size();
        let label = fit(&label, size, frame.right - frame.left);
        note(picture, &label, (frame.left, y + head / 2), INK);
        y += head;
        let (starting, running) = paints(what);
        for node in nodes {
            let (top, bottom) = (y + 1, y + pitch - 1);
            let (from, to) = (frame.x(node.launched_s), frame.x(node.gone_s));
            let ready = node.ready_s.map_or(to, |at| frame.x(at)).clamp(from, to);
            picture.rect((from, top), (ready.max(from + 1), bottom), starting);
            if node.ready_s.is_some() {
                picture.rect((ready, top), (to.max(ready + 1), bottom), running);
            }
            match node.cause {
                Some(NodeLossCause::SpotInterruption) => cross(picture, (to, i32::midpoint(top, bottom)), INK),
                Some(NodeLossCause::Failed) => picture.line(vec![(to, top), (to, bottom)], INK, 2),
                Some(NodeLossCause::Terminated) | None => {}
            }
            y += pitch;
        }
    }
}

fn by_kind(picture: &mut Picture, results: &Results, pictures: &Pictures) {
    let all = pictures.fleets.iter().collect();
    let (own, rest) = largest(all, KINDS.len(), |fleet: &&FleetSeries| fleet.nodes.iter().sum());
    let own = own.iter().zip(KINDS);
    let mut layers: Vec<Layer> =
        own.map(|(fleet, paint)| Layer { label: name(&fleet.what), paint, levels: fleet.nodes.clone() }).collect();
    if !rest.is_empty() {
        let levels = sum(rest.iter().map(|fleet| fleet.nodes.as_slice()), results.timeline.len());
        layers.push(Layer { label: format!("{} others", rest.len()), paint: KINDS[KINDS.len() - 1], levels });
    }
    let height = if picture.is_narrow() { 160 } else { 220 };
    panels(picture, &results.timeline, &[Levels { unit: "nodes", layers: &layers, lie: Lie::Stacked, height }]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Metrics, TimelineRow};
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    /// A run of as many nodes of two kinds, each ready after a minute and gone after an hour, every other one taken back.
    fn results(nodes: usize) -> Results {
        let metrics = Metrics::new(Vec::new(), Names::default(), &Assumptions::default()).with_pictures();
        let mut results = metrics.finish("nodes", 1, SimTime::ZERO).unwrap();
        results.timeline = vec![TimelineRow { end_s: 7_200.0, nodes: 2.0, ..TimelineRow::default() }];
        let (capacity, spot) = (&mut results.summary.capacity, &mut results.summary.spot);
        (capacity.nodes_launched, capacity.peak_nodes) = (nodes as u64, nodes as u64);
        spot.interruptions = nodes as u64 / 2;
        let kinds = [("a.large", PurchaseOption::Ec2), ("b.large", PurchaseOption::Spot)];
        let what = |n: usize| Some((kinds[n % 2].0.to_owned(), kinds[n % 2].1));
        let cause = |n: usize| (n % 2 == 1).then_some(NodeLossCause::SpotInterruption);
        let spans = (0..nodes).map(|n| NodeSpan {
            what: what(n),
            launched_s: 0.0,
            ready_s: Some(60.0),
            gone_s: 3_600.0,
            cause: cause(n),
        });
        let fleets = (0..2.min(nodes)).map(|n| FleetSeries { what: what(n), nodes: vec![1.0] });
        let pictures = results.pictures.as_mut().unwrap();
        (pictures.spans, pictures.fleets) = (Some(spans.collect()), fleets.collect());
        results
    }

    #[test]
    fn few_nodes_have_a_bar_each_and_many_are_counted_by_type() {
        let few = figure(&results(20));
        let text = "20 nodes launched, at most 20 at a time; in the middle they lived for 1h, 1m of it before they were \
                    ready; EC2 took back 10 (50 %).";
        assert_eq!(few.sentence, text);
        for svg in few.pictures.unwrap() {
            assert!(svg.contains("a.large On-Demand: 10 nodes") && svg.contains("b.large Spot: 10 nodes"), "{svg}");
            assert!(svg.contains("taken back by EC2"), "{svg}");
        }
        for svg in figure(&results(2_000)).pictures.unwrap() {
            assert!(!svg.contains(": 1,000 nodes") && svg.contains("b.large Spot"), "{svg}");
        }
        assert_eq!(figure(&results(0)).pictures, None);
    }
}
