//! A sheet that grows downwards: charts put shapes and texts on it, in pixels, and plotters draws them when its height is
//! known. Two widths, since a picture for a desk is not readable on a phone. Same shapes, same bytes.

use maud::html;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::charts::kit::palette::{PAPER, Paint};
use crate::report::charts::kit::text;

/// Whom a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Width {
    /// A desk, paper, a file of its own.
    Wide,
    /// A phone.
    Narrow,
}

/// Which point of a text stands at its place; vertically it is always the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug, Clone)]
enum Shape {
    Rect { from: (i32, i32), to: (i32, i32), paint: Paint },
    Area { points: Vec<(i32, i32)>, paint: Paint },
    Line { points: Vec<(i32, i32)>, paint: Paint, width: u32 },
    Text { text: String, at: (i32, i32), anchor: Anchor, size: i32, paint: Paint },
}

/// A picture in the making.
#[derive(Debug, Clone)]
pub(in crate::report) struct Picture {
    width: Width,
    /// How far down it is filled; charts move it.
    pub(in crate::report) bottom: i32,
    /// Paper around all of it, in pixels.
    pub(in crate::report) margin: i32,
    shapes: Vec<Shape>,
}

const FONT: &str = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";
/// plotters writes a font's size divided by this.
const PLOTTERS_FONT_SCALE: f64 = 1.24;

impl Picture {
    pub(in crate::report) fn new(width: Width) -> Self {
        Self { width, bottom: 0, margin: 0, shapes: Vec::new() }
    }

    pub(in crate::report) fn is_narrow(&self) -> bool {
        self.width == Width::Narrow
    }

    pub(in crate::report) fn pixels_wide(&self) -> i32 {
        match self.width {
            Width::Wide => 960,
            Width::Narrow => 360,
        }
    }

    /// The size of all texts but heads, in pixels.
    pub(in crate::report) fn text_size(&self) -> i32 {
        match self.width {
            Width::Wide => 13,
            Width::Narrow => 12,
        }
    }

    /// How many labels of about this many pixels stand side by side.
    pub(in crate::report) fn room_for(&self, pixels: i32) -> u32 {
        u32::try_from((self.pixels_wide() - 80) / pixels).unwrap_or(1).clamp(1, 10)
    }

    pub(in crate::report) fn rect(&mut self, from: (i32, i32), to: (i32, i32), paint: Paint) {
        self.shapes.push(Shape::Rect { from, to, paint });
    }

    pub(in crate::report) fn area(&mut self, points: Vec<(i32, i32)>, paint: Paint) {
        self.shapes.push(Shape::Area { points, paint });
    }

    pub(in crate::report) fn line(&mut self, points: Vec<(i32, i32)>, paint: Paint, width: u32) {
        self.shapes.push(Shape::Line { points, paint, width });
    }

    /// A text of the usual size.
    pub(in crate::report) fn text(&mut self, text: impl Into<String>, at: (i32, i32), anchor: Anchor, paint: Paint) {
        let size = self.text_size();
        self.shapes.push(Shape::Text { text: text.into(), at, anchor, size, paint });
    }

    /// A paragraph in lines that fit, and room below it.
    pub(in crate::report) fn paragraph(&mut self, words: &str, size: i32, paint: Paint) {
        for line in text::wrap(words, size, self.pixels_wide() - 8) {
            let at = (0, self.bottom + size * 7 / 10);
            self.shapes.push(Shape::Text { text: line, at, anchor: Anchor::Start, size, paint });
            self.bottom += size * 3 / 2;
        }
        self.bottom += size / 2;
    }

    /// The drawing; `label` is what it is to those who can't see it.
    pub(in crate::report) fn svg(self, label: &str) -> String {
        let sides = [self.pixels_wide(), self.bottom.max(1)];
        let size = sides.map(|side| u32::try_from(side + 2 * self.margin).expect("above 0"));
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (size[0], size[1])).into_drawing_area();
            let drawn = area.fill(&PAPER.rgb()).and_then(|()| {
                self.shapes
                    .into_iter()
                    .try_for_each(|shape| draw(&area, shape, self.margin))
                    .and_then(|()| area.present())
            });
            drawn.expect("drawing into a string can't fail");
        }
        // What plotters repeats on every shape stands once, and figures as they were meant.
        let font = format!(" font-family=\"{}\"", FONT.replace('\'', "&apos;"));
        let label = html! { (label) }.into_string();
        let root = format!("<svg role=\"img\" aria-label=\"{label}\"{font} ");
        svg.replace(&font, "").replace(" opacity=\"1\"", "").replacen("<svg ", &root, 1)
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type DrawingError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn draw<'a>(area: &Area<'a>, shape: Shape, margin: i32) -> Result<(), DrawingError<'a>> {
    let inside = |(x, y): (i32, i32)| (x + margin, y + margin);
    let all = |points: Vec<_>| points.into_iter().map(inside).collect::<Vec<_>>();
    match shape {
        Shape::Rect { from, to, paint } => area.draw(&Rectangle::new([inside(from), inside(to)], paint.rgb().filled())),
        Shape::Area { points, paint } => area.draw(&Polygon::new(all(points), paint.rgb().filled())),
        Shape::Line { points, paint, width } => {
            area.draw(&PathElement::new(all(points), paint.rgb().stroke_width(width)))
        }
        Shape::Text { text, at, anchor, size, paint } => {
            let anchor = match anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let font = (FONT, f64::from(size) * PLOTTERS_FONT_SCALE).into_font();
            let color = paint.rgb();
            let style = TextStyle::from(font).color(&color).pos(Pos::new(anchor, VPos::Center));
            area.draw(&Text::new(text, inside(at), style))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::charts::kit::palette::INK;

    #[test]
    fn a_picture_is_escaped_labelled_and_of_its_size() {
        let mut picture = Picture::new(Width::Narrow);
        picture.paragraph("a <b> & c", 12, INK);
        picture.text("\"d\"", (10, 30), Anchor::End, INK);
        picture.bottom = 40;
        let svg = picture.svg("it says \"<\"");
        assert!(svg.starts_with("<svg role=\"img\" aria-label=\"it says &quot;&lt;&quot;\" font-family="), "{svg}");
        assert!(svg.contains("viewBox=\"0 0 360 40\"") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(svg.contains("a &lt;b&gt; &amp; c") && svg.contains("font-size=\"12\""), "{svg}");
    }
}
