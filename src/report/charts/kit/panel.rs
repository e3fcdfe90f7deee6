//! A panel: unit and legend above, a frame with grid and axes, areas and lines in it.

use crate::report::charts::kit::axis::Axis;
use crate::report::charts::kit::palette::{GRID, INK, PAPER, Paint, QUIET};
use crate::report::charts::kit::picture::{Anchor, Picture};
use crate::report::charts::kit::text;

/// Room for labels of the vertical axis.
const LEFT: i32 = 56;
const RIGHT: i32 = 24;

/// How a thing is drawn, for the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Mark {
    Area(Paint),
    /// A line in dashes of so many pixels; 0 is unbroken.
    Line(Paint, i32),
    /// Where something was cut off.
    Cross(Paint),
}

/// An entry of a legend.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Key {
    pub(in crate::report) mark: Mark,
    pub(in crate::report) label: String,
}

impl Key {
    pub(in crate::report) fn new(mark: Mark, label: impl Into<String>) -> Self {
        Self { mark, label: label.into() }
    }
}

/// What is drawn around the data.
#[derive(Debug, Clone)]
pub(in crate::report) struct Panel<'a> {
    pub(in crate::report) across: &'a Axis,
    /// Whether the horizontal axis has labels: of panels with the same one, the last has.
    pub(in crate::report) labelled: bool,
    pub(in crate::report) up: &'a Axis,
    pub(in crate::report) keys: &'a [Key],
    /// Of the frame, in pixels.
    pub(in crate::report) height: i32,
}

/// Where a panel's data stand.
#[derive(Debug, Clone)]
pub(in crate::report) struct Frame<'a> {
    across: &'a Axis,
    up: &'a Axis,
    pub(in crate::report) left: i32,
    pub(in crate::report) right: i32,
    pub(in crate::report) top: i32,
    pub(in crate::report) bottom: i32,
}

/// A pixel; casts saturate.
#[expect(clippy::cast_possible_truncation, reason = "a pixel of the picture; casts saturate")]
pub(super) fn pixel(share: f64, length: i32) -> i32 {
    (share * f64::from(length)).round() as i32
}

impl Frame<'_> {
    pub(in crate::report) fn x(&self, value: f64) -> i32 {
        self.left + pixel(self.across.at(value), self.right - self.left)
    }

    pub(in crate::report) fn y(&self, value: f64) -> i32 {
        self.bottom - pixel(self.up.at(value), self.bottom - self.top)
    }

    /// The area between two levels that hold from one time to another: `(from, to, low, high)`.
    pub(in crate::report) fn band(
        &self,
        picture: &mut Picture,
        levels: impl Iterator<Item = (f64, f64, f64, f64)> + Clone,
        paint: Paint,
    ) {
        let mut points: Vec<(i32, i32)> = Vec::new();
        let mut add = |point| {
            if points.last() != Some(&point) {
                points.push(point);
            }
        };
        for (from, to, _, high) in levels.clone() {
            add((self.x(from), self.y(high)));
            add((self.x(to), self.y(high)));
        }
        let lows: Vec<_> = levels.collect();
        for &(from, to, low, _) in lows.iter().rev() {
            add((self.x(to), self.y(low)));
            add((self.x(from), self.y(low)));
        }
        picture.area(points, paint);
    }
}

impl<'a> Panel<'a> {
    /// Draws head, grid and axes below what the picture has already, and returns the frame.
    pub(in crate::report) fn draw(self, picture: &mut Picture) -> Frame<'a> {
        legend(picture, &self.up.unit, self.keys);
        let top = picture.bottom + 4;
        let right = picture.pixels_wide() - RIGHT;
        let frame = Frame { across: self.across, up: self.up, left: LEFT, right, top, bottom: top + self.height };
        for (value, label) in &self.up.ticks {
            let y = frame.y(*value);
            picture.line(vec![(frame.left, y), (frame.right, y)], GRID, 1);
            picture.text(label, (frame.left - 8, y), Anchor::End, QUIET);
        }
        picture.bottom = frame.bottom + 10;
        across(picture, &frame, self.labelled);
        frame
    }
}

/// A frame with a horizontal axis alone, over its whole width.
pub(in crate::report) fn ruled<'a>(picture: &mut Picture, across_axis: &'a Axis, height: i32) -> Frame<'a> {
    let (top, right) = (picture.bottom + 4, picture.pixels_wide() - RIGHT);
    let frame = Frame { across: across_axis, up: across_axis, left: 8, right, top, bottom: top + height };
    across(picture, &frame, true);
    frame
}

/// Vertical grid lines at those ticks whose labels have room; below them the labels and the unit.
fn across(picture: &mut Picture, frame: &Frame<'_>, labelled: bool) {
    let size = picture.text_size();
    let mut free_from = 0;
    for (value, label) in &frame.across.ticks {
        let x = frame.x(*value);
        let half = text::width(label, size) / 2;
        if x - half < free_from || x + half > picture.pixels_wide() {
            continue;
        }
        free_from = x + half + 10;
        picture.line(vec![(x, frame.top), (x, frame.bottom)], GRID, 1);
        if labelled {
            picture.text(label, (x, frame.bottom + size), Anchor::Middle, QUIET);
        }
    }
    if labelled {
        let middle = i32::midpoint(frame.left, frame.right);
        picture.text(&frame.across.unit, (middle, frame.bottom + size * 5 / 2), Anchor::Middle, QUIET);
        picture.bottom = frame.bottom + size * 7 / 2;
    }
}

/// The unit, and a mark with a name for each thing, in as many lines as it takes.
pub(in crate::report) fn legend(picture: &mut Picture, unit: &str, keys: &[Key]) {
    let size = picture.text_size();
    let right = picture.pixels_wide() - 4;
    let line_height = size * 8 / 5;
    let mut y = picture.bottom + line_height / 2;
    picture.text(unit, (0, y), Anchor::Start, INK);
    let mut x = if unit.is_empty() { 0 } else { text::width(unit, size) + 20 };
    for key in keys {
        let label = text::fit(&key.label, size, right - 24);
        let width = 22 + text::width(&label, size);
        if x + width > right && x > 0 {
            (x, y) = (0, y + line_height);
        }
        sample(picture, key.mark, (x, y));
        picture.text(label, (x + 22, y), Anchor::Start, INK);
        x += width + 16;
    }
    picture.bottom = y + line_height / 2;
}

fn sample(picture: &mut Picture, mark: Mark, (x, y): (i32, i32)) {
    match mark {
        Mark::Area(paint) => picture.rect((x, y - 6), (x + 15, y + 6), paint),
        Mark::Line(paint, dash) => dashed(picture, &[(x, y), (x + 17, y)], paint, dash),
        Mark::Cross(paint) => cross(picture, (x + 8, y), paint),
    }
}

/// A text on paper of its own, so that no line runs through it; `at` is its left end.
pub(in crate::report) fn note(picture: &mut Picture, words: &str, (x, y): (i32, i32), paint: Paint) {
    let size = picture.text_size();
    picture.rect((x, y - size * 3 / 5), (x + text::width(words, size), y + size * 3 / 5), PAPER);
    picture.text(words, (x, y), Anchor::Start, paint);
}

/// A cross at a place.
pub(in crate::report) fn cross(picture: &mut Picture, (x, y): (i32, i32), paint: Paint) {
    picture.line(vec![(x - 3, y - 3), (x + 3, y + 3)], paint, 2);
    picture.line(vec![(x - 3, y + 3), (x + 3, y - 3)], paint, 2);
}

/// A line in dashes of so many pixels, and gaps of half of it; unbroken if 0.
pub(in crate::report) fn dashed(picture: &mut Picture, points: &[(i32, i32)], paint: Paint, dash: i32) {
    if dash == 0 {
        picture.line(points.to_vec(), paint, 2);
        return;
    }
    let (mut left, mut inked) = (dash, true);
    let mut part: Vec<(i32, i32)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        // Steps go along one axis at a time, so that a pixel more is a pixel of the line.
        let ((mut x, mut y), (to_x, to_y)) = (pair[0], pair[1]);
        while (x, y) != (to_x, to_y) {
            let ahead = (to_x - x).abs().max((to_y - y).abs()).min(left);
            (x, y) = (
                x + (to_x - x).signum() * ahead.min((to_x - x).abs()),
                y + (to_y - y).signum() * ahead.min((to_y - y).abs()),
            );
            left -= ahead;
            part.push((x, y));
            if left == 0 {
                if inked {
                    picture.line(std::mem::take(&mut part), paint, 2);
                }
                inked = !inked;
                left = if inked { dash } else { dash / 2 + 1 };
                part = vec![(x, y)];
            }
        }
    }
    if inked && part.len() > 1 {
        picture.line(part, paint, 2);
    }
}
