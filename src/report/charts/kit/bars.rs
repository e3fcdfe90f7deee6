//! Horizontal bars, each below its label and before its figure: readable at any width, however long the labels are.

use crate::report::charts::kit::palette::{INK, Paint, QUIET};
use crate::report::charts::kit::panel::pixel;
use crate::report::charts::kit::picture::{Anchor, Picture};
use crate::report::charts::kit::text;

/// A bar of one or more parts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Bar {
    pub(in crate::report) label: String,
    /// Its figure, with the unit.
    pub(in crate::report) figure: String,
    pub(in crate::report) parts: Vec<(f64, Paint)>,
}

const THICKNESS: i32 = 14;

/// Draws bars one below the other, on a scale from 0 to the longest.
pub(in crate::report) fn bars(picture: &mut Picture, bars: &[Bar]) {
    let size = picture.text_size();
    let whole = |bar: &Bar| bar.parts.iter().map(|part| part.0).sum::<f64>();
    let longest = bars.iter().map(whole).fold(0.0, f64::max);
    let figures = bars.iter().map(|bar| text::width(&bar.figure, size)).max().unwrap_or(0);
    let length = picture.pixels_wide() - figures - 14;
    for bar in bars {
        let label_y = picture.bottom + size;
        let label = text::fit(&bar.label, size, picture.pixels_wide() - 4);
        picture.text(label, (0, label_y), Anchor::Start, INK);
        let top = label_y + size * 3 / 4;
        let (mut before, mut left) = (0.0, 0);
        for &(part, paint) in &bar.parts {
            before += part;
            let right = if longest > 0.0 { pixel(before / longest, length) } else { 0 };
            if right > left {
                picture.rect((left, top), (right, top + THICKNESS), paint);
            }
            left = right;
        }
        picture.text(&bar.figure, (left + 8, top + THICKNESS / 2), Anchor::Start, QUIET);
        picture.bottom = top + THICKNESS + 4;
    }
    picture.bottom += 8;
}
