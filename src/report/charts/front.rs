//! Two metrics against each other: every design a point, and the front of those that no other beats in both.

use crate::experiment::plan::{Outcome, Plan};
use crate::experiment::{Better, Comparison, MetricColumn, Unit};
use crate::metrics::figures::counted;
use crate::report::charts::kit::palette::{BLUE, GREY, INK, ORANGE, Paint};
use crate::report::charts::kit::{Anchor, Axis, Figure, Frame, Key, Mark, Panel, Picture, dashed, fit, width};

/// A design.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    name: String,
    across: f64,
    up: f64,
    paint: Paint,
}

/// A plan's designs: what was minimised against a waiting time.
pub(in crate::report) fn of_plan(plan: &Plan) -> Figure {
    let (across, up) = (&plan.minimize, &plan.front_against);
    let points = plan.designs.iter().enumerate().filter_map(|(index, design)| {
        let paint = match design.outcome {
            Outcome::Chosen => ORANGE,
            Outcome::Feasible | Outcome::Passed => BLUE,
            Outcome::Infeasible | Outcome::NotHeld => GREY,
        };
        let (across, up) = (design.cost?.mean, design.wait?.mean);
        Some((index, Point { name: design.name.clone(), across, up, paint }))
    });
    let points: Vec<(usize, Point)> = points.collect();
    let keys = [
        Key::new(Mark::Area(ORANGE), "chosen"),
        Key::new(Mark::Area(BLUE), "may keep the objectives"),
        Key::new(Mark::Area(GREY), "misses one"),
        Key::new(Mark::Line(INK, 0), "front"),
    ];
    figure((across, up), &points, &plan.front, &keys)
}

/// A comparison's variants: the first metric of money against the first of time; `None` where it has not both.
pub(in crate::report) fn of_comparison(comparison: &Comparison) -> Option<Figure> {
    let of =
        |unit: Unit| comparison.metrics.iter().position(|metric| metric.unit == unit && metric.better == Better::Lower);
    let (across, up) = (of(Unit::Usd)?, of(Unit::Seconds)?);
    let points: Vec<(usize, Point)> = comparison
        .variants
        .iter()
        .enumerate()
        .filter_map(|(index, variant)| {
            let mean = |metric: usize| variant.metrics[metric].estimate.map(|found| found.mean);
            let paint = if index == comparison.baseline { ORANGE } else { BLUE };
            Some((index, Point { name: variant.name.clone(), across: mean(across)?, up: mean(up)?, paint }))
        })
        .collect();
    let front = front(&points);
    let keys = [
        Key::new(Mark::Area(ORANGE), "baseline"),
        Key::new(Mark::Area(BLUE), "other variants"),
        Key::new(Mark::Line(INK, 0), "front"),
    ];
    Some(figure((&comparison.metrics[across], &comparison.metrics[up]), &points, &front, &keys))
}

/// Points that no other beats in both, from the left.
fn front(points: &[(usize, Point)]) -> Vec<usize> {
    let mut sorted: Vec<_> = points.iter().collect();
    sorted.sort_by(|a, b| a.1.across.total_cmp(&b.1.across).then(a.1.up.total_cmp(&b.1.up)).then(a.0.cmp(&b.0)));
    let mut best = f64::INFINITY;
    let on_front = sorted.into_iter().filter(|(_, point)| {
        let better = point.up < best;
        best = best.min(point.up);
        better
    });
    on_front.map(|(index, _)| *index).collect()
}

fn figure(
    (across, up): (&MetricColumn, &MetricColumn),
    points: &[(usize, Point)],
    front: &[usize],
    keys: &[Key],
) -> Figure {
    let title = format!("{} against {}", across.key, up.key);
    let named = |index: usize| points.iter().find(|(at, _)| *at == index).map(|(_, point)| point);
    let line: Vec<&Point> = front.iter().filter_map(|&index| named(index)).collect();
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return Figure::nothing("front", &title, "No design has a value of both.");
    };
    let told =
        |point: &Point| format!("{} ({} at {})", point.name, across.unit.show(point.across), up.unit.show(point.up));
    let sentence = if line.len() == 1 {
        format!("{} is the best in both: no trade is to be made.", told(first))
    } else {
        let beaten = points.len() - line.len();
        format!(
            "The trade runs over {} from {} to {}; {} others are beaten in both.",
            counted(line.len() as u64, "design"),
            told(first),
            told(last),
            if beaten == 0 { "no".to_owned() } else { beaten.to_string() }
        )
    };
    let points: Vec<&Point> = points.iter().map(|(_, point)| point).collect();
    Figure::new("front", &title, sentence, |picture| draw(picture, (across, up), &points, &line, keys))
}

fn draw(
    picture: &mut Picture,
    (across, up): (&MetricColumn, &MetricColumn),
    points: &[&Point],
    line: &[&Point],
    keys: &[Key],
) {
    let range = |value: fn(&Point) -> f64| {
        let values = points.iter().map(|point| value(point));
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let axis = |metric: &MetricColumn, range, ticks| {
        Axis::values(range, metric.unit == Unit::Seconds, metric.key.key(), ticks, |value| metric.unit.show(value))
    };
    let (x, y) =
        (axis(across, range(|point| point.across), picture.room_for(84)), axis(up, range(|point| point.up), 6));
    let height = if picture.is_narrow() { 240 } else { 300 };
    let frame = Panel { across: &x, labelled: true, up: &y, keys, height }.draw(picture);
    // The front is a staircase: between two of its designs there is none.
    let mut stairs: Vec<(i32, i32)> = Vec::new();
    for point in line {
        let at = (frame.x(point.across), frame.y(point.up));
        stairs.extend(stairs.last().map(|&(_, before)| (at.0, before)));
        stairs.push(at);
    }
    dashed(picture, &stairs, INK, 0);
    let steps = stairs.windows(2).map(|ends| {
        let (from, to) = (ends[0], ends[1]);
        [from.0.min(to.0) - 1, from.1.min(to.1) - 1, from.0.max(to.0) + 1, from.1.max(to.1) + 1]
    });
    let mut taken: Vec<Spot> = steps.collect();
    for point in points {
        let (x, y) = (frame.x(point.across), frame.y(point.up));
        picture.rect((x - 4, y - 4), (x + 4, y + 4), point.paint);
        taken.push([x - 5, y - 5, x + 5, y + 5]);
    }
    names(picture, &frame, line, taken);
}

/// A box on the picture: left, top, right, bottom.
type Spot = [i32; 4];

fn hits(a: &Spot, b: &Spot) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Names beside the points of the front, where they cover nothing: below and to the left, where no design is, else above
/// and to the right. A point without room for one has its name in the table.
fn names(picture: &mut Picture, frame: &Frame<'_>, line: &[&Point], mut taken: Vec<Spot>) {
    let size = picture.text_size();
    // The one that stands out comes before the others.
    let (first, others): (Vec<&Point>, Vec<_>) = line.iter().copied().partition(|point| point.paint == ORANGE);
    for point in first.into_iter().chain(others) {
        let (x, y) = (frame.x(point.across), frame.y(point.up));
        let name = fit(&point.name, size, (frame.right - frame.left) * 2 / 5);
        let (wide, half) = (width(&name, size), size * 3 / 5);
        let places = [(x - 8 - wide, y + size), (x + 8, y - size), (x - 8 - wide, y), (x + 10, y + size / 2)];
        let spot = |(left, y): (i32, i32)| [left, y - half, left + wide, y + half];
        let inside = |spot: &Spot| {
            spot[0] > frame.left && spot[1] >= frame.top && spot[2] <= frame.right && spot[3] <= frame.bottom
        };
        let free =
            places.into_iter().find(|&at| inside(&spot(at)) && !taken.iter().any(|other| hits(&spot(at), other)));
        if let Some(at) = free {
            picture.text(name, at, Anchor::Start, INK);
            taken.push(spot(at));
        }
    }
}
