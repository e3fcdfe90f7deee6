//! Two metrics against each other: every design a point, and the front of those that no other beats in both.

use crate::experiment::plan::{Outcome, Plan};
use crate::experiment::{Better, Comparison, MetricColumn, Unit, front};
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
    let (title, sentence, front) = (title((&plan.minimize, &plan.front_against)), plan_sentence(plan), designs(plan));
    match front {
        Some(front) => Figure::new("front", &title, sentence, |picture| front.draw(picture)),
        None => Figure::nothing("front", &title, sentence),
    }
}

/// The same as a file of its own; nothing where no design has a value of both.
pub(in crate::report) fn plan_svg(plan: &Plan) -> Option<String> {
    let front = designs(plan)?;
    let title = format!("{}: {}", plan.scenario, title((&plan.minimize, &plan.front_against)));
    Some(Figure::alone(&title, &plan_sentence(plan), |picture| front.draw(picture)))
}

fn plan_sentence(plan: &Plan) -> String {
    let choice = plan.chosen.as_ref().map_or_else(
        || "Nothing keeps the objectives.".to_owned(),
        |chosen| format!("“{}” is the best that keeps the objectives.", plan.designs[chosen.design].name),
    );
    designs(plan)
        .map_or_else(|| "No design has a value of both.".to_owned(), |front| format!("{choice} {}", front.sentence()))
}

fn designs(plan: &Plan) -> Option<Front<'_>> {
    let points = plan.designs.iter().enumerate().filter_map(|(index, design)| {
        let paint = match design.outcome {
            Outcome::Chosen => ORANGE,
            Outcome::Feasible | Outcome::Passed => BLUE,
            Outcome::Infeasible | Outcome::NotHeld => GREY,
        };
        let (across, up) = (design.cost?.mean, design.wait?.mean);
        Some((index, Point { name: design.name.clone(), across, up, paint }))
    });
    let keys = [(ORANGE, "chosen"), (BLUE, "may keep the objectives"), (GREY, "misses one")];
    Front::new((&plan.minimize, &plan.front_against), points.collect(), &plan.front, &keys)
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
    let line = front(points.iter().map(|(index, point)| (*index, point.across, point.up)));
    let metrics = (&comparison.metrics[across], &comparison.metrics[up]);
    let front = Front::new(metrics, points, &line, &[(ORANGE, "baseline"), (BLUE, "other variants")])?;
    Some(Figure::new("front", &title(metrics), front.sentence(), |picture| front.draw(picture)))
}

fn title((across, up): (&MetricColumn, &MetricColumn)) -> String {
    format!("{} against {}", across.key, up.key)
}

/// What is drawn.
struct Front<'a> {
    across: &'a MetricColumn,
    up: &'a MetricColumn,
    points: Vec<Point>,
    /// Of the front, from the left.
    line: Vec<Point>,
    keys: Vec<Key>,
}

impl<'a> Front<'a> {
    /// Nothing where there is no front.
    fn new(
        (across, up): (&'a MetricColumn, &'a MetricColumn),
        points: Vec<(usize, Point)>,
        front: &[usize],
        keys: &[(Paint, &str)],
    ) -> Option<Self> {
        let named = |index: &usize| points.iter().find(|(at, _)| at == index).map(|(_, point)| point.clone());
        let line: Vec<Point> = front.iter().filter_map(named).collect();
        let mut keys: Vec<Key> = keys.iter().map(|&(paint, label)| Key::new(Mark::Area(paint), label)).collect();
        keys.push(Key::new(Mark::Line(INK, 0), "front"));
        let points = points.into_iter().map(|(_, point)| point).collect();
        (!line.is_empty()).then_some(Self { across, up, points, line, keys })
    }

    fn sentence(&self) -> String {
        let told = |point: &Point| {
            format!("“{}” ({} at {})", point.name, self.across.unit.show(point.across), self.up.unit.show(point.up))
        };
        let [first, .., last] = self.line.as_slice() else {
            return format!("{} is the best in both: no trade is to be made.", told(&self.line[0]));
        };
        let beaten = match self.points.len() - self.line.len() {
            0 => "none is beaten in both".to_owned(),
            1 => "another is beaten in both".to_owned(),
            others => format!("{others} others are beaten in both"),
        };
        let count = counted(self.line.len() as u64, "design");
        format!("The trade runs over {count} from {} to {}; {beaten}.", told(first), told(last))
    }

    fn draw(&self, picture: &mut Picture) {
        let range = |value: fn(&Point) -> f64| {
            let values = self.points.iter().map(value);
            (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
        };
        let axis = |metric: &MetricColumn, range, ticks| {
            Axis::values(range, metric.unit == Unit::Seconds, metric.key.key(), ticks, |value| metric.unit.show(value))
        };
        let x = axis(self.across, range(|point| point.across), picture.room_for(84));
        let y = axis(self.up, range(|point| point.up), 6);
        let height = if picture.is_narrow() { 240 } else { 300 };
        let frame = Panel { across: &x, labelled: true, up: &y, keys: &self.keys, height }.draw(picture);
        // The front is a staircase: between two of its designs there is none.
        let mut stairs: Vec<(i32, i32)> = Vec::new();
        for point in &self.line {
            let at = (frame.x(point.across), frame.y(point.up));
            stairs.extend(stairs.last().map(|&(_, before)| (at.0, before)));
            stairs.push(at);
        }
        dashed(picture, &stairs, INK, 0);
        let steps = stairs.windows(2).map(|ends| {
            let [from, to] = [ends[0], ends[1]];
            [from.0.min(to.0) - 1, from.1.min(to.1) - 1, from.0.max(to.0) + 1, from.1.max(to.1) + 1]
        });
        let mut taken: Vec<Spot> = steps.collect();
        for point in &self.points {
            let (x, y) = (frame.x(point.across), frame.y(point.up));
            picture.rect((x - 4, y - 4), (x + 4, y + 4), point.paint);
            taken.push([x - 5, y - 5, x + 5, y + 5]);
        }
        self.names(picture, &frame, taken);
    }

    /// Names beside the points of the front, where they cover nothing: below and to the left, where no design is, else above
    /// and to the right. A point without room for one has its name in the table.
    fn names(&self, picture: &mut Picture, frame: &Frame<'_>, mut taken: Vec<Spot>) {
        let size = picture.text_size();
        // The one that stands out comes before the others.
        let (first, others): (Vec<&Point>, Vec<_>) = self.line.iter().partition(|point| point.paint == ORANGE);
        for point in first.into_iter().chain(others) {
            let (x, y) = (frame.x(point.across), frame.y(point.up));
            let name = fit(&point.name, size, (frame.right - frame.left) * 2 / 5);
            let (wide, half) = (width(&name, size), size * 3 / 5);
            let places = [(x - 8 - wide, y + size), (x + 8, y + size), (x + 8, y - size), (x - 8 - wide, y - size)];
            let spots = places.map(|(left, middle)| [left, middle - half, left + wide, middle + half]);
            let inside = |spot: &Spot| {
                spot[0] >= frame.left && spot[2] <= frame.right && spot[1] >= frame.top && spot[3] <= frame.bottom
            };
            let free = spots.into_iter().find(|spot| inside(spot) && !taken.iter().any(|other| hits(spot, other)));
            if let Some(spot) = free {
                picture.text(name, (spot[0], spot[1] + half), Anchor::Start, INK);
                taken.push(spot);
            }
        }
    }
}

/// A box on the picture: left, top, right, bottom.
type Spot = [i32; 4];

fn hits(a: &Spot, b: &Spot) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}
