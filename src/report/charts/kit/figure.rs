//! A chart as a page shows it: a title, one sentence that says what is to be seen, and the picture in two widths.

use crate::report::charts::kit::palette::{INK, QUIET};
use crate::report::charts::kit::picture::{Picture, Width};

/// A chart, or the sentence that stands in for one where there is nothing to draw.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Figure {
    /// Of the element on the page.
    pub(in crate::report) id: &'static str,
    pub(in crate::report) title: String,
    /// Computed from the data.
    pub(in crate::report) sentence: String,
    /// For wide pages and narrow ones.
    pub(in crate::report) pictures: Option<[String; 2]>,
}

impl Figure {
    pub(in crate::report) fn new(id: &'static str, title: &str, sentence: String, draw: impl Fn(&mut Picture)) -> Self {
        let label = format!("{title}. {sentence}");
        let pictures = [Width::Wide, Width::Narrow].map(|width| {
            let mut picture = Picture::new(width);
            draw(&mut picture);
            picture.svg(&label)
        });
        Self { id, title: title.to_owned(), sentence, pictures: Some(pictures) }
    }

    /// There is nothing to draw, and the sentence says so.
    pub(in crate::report) fn nothing(id: &'static str, title: &str, sentence: impl Into<String>) -> Self {
        Self { id, title: title.to_owned(), sentence: sentence.into(), pictures: None }
    }

    /// The wide picture as a file of its own, under its title and sentence.
    pub(in crate::report) fn alone(title: &str, sentence: &str, draw: impl Fn(&mut Picture)) -> String {
        let mut picture = Picture::new(Width::Wide);
        picture.margin = 20;
        picture.paragraph(title, 18, INK);
        picture.paragraph(sentence, 13, QUIET);
        draw(&mut picture);
        picture.svg(&format!("{title}. {sentence}"))
    }
}
