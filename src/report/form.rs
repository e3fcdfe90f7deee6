//! The form of a table that the terminal and the page print alike: what it is about, columns, rows of cells with the
//! number behind their text, sentences below. Knows nothing of widths, fonts or markup.

use crate::metrics::figures::{count, number, percent, span, usd};

/// Where there is nothing to say.
pub(super) const NONE: &str = "–";

/// A cell: what people read, and the number to sort by.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) value: Option<f64>,
}

/// A table. The first column names the rows; the others are numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    /// What it is about, in a few words.
    pub(super) name: String,
    /// What a row is, where it is not plain.
    pub(super) row: String,
    /// Names of the columns after the first; an empty one belongs to the column before it.
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// How many rows a terminal has room for.
    pub(super) rows_on_terminal: usize,
    /// Sentences below the table.
    pub(super) notes: Vec<String>,
    /// The order of rows means something: not to be sorted.
    pub(super) ordered: bool,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), value: None }
    }

    /// A text with the number to sort by.
    pub(super) fn sorted(text: impl Into<String>, value: Option<f64>) -> Self {
        Self { text: text.into(), value }
    }

    #[expect(clippy::cast_precision_loss, reason = "a key to sort by")]
    pub(super) fn count(n: u64) -> Self {
        Self { text: count(n), value: Some(n as f64) }
    }

    fn figure(value: impl Into<Option<f64>>, shown: fn(f64) -> String) -> Self {
        let value = value.into();
        Self { text: value.map_or_else(|| NONE.to_owned(), shown), value }
    }

    pub(super) fn number(value: impl Into<Option<f64>>) -> Self {
        Self::figure(value, number)
    }

    pub(super) fn usd(value: impl Into<Option<f64>>) -> Self {
        Self::figure(value, usd)
    }

    pub(super) fn span(secs: impl Into<Option<f64>>) -> Self {
        Self::figure(secs, span)
    }

    pub(super) fn percent(share: impl Into<Option<f64>>) -> Self {
        Self::figure(share, percent)
    }

    /// `part` of `whole` in percent; nothing of nothing.
    pub(super) fn share(part: f64, whole: f64) -> Self {
        Self::percent((whole > 0.0).then(|| part / whole))
    }
}

impl Table {
    pub(super) fn new(name: impl Into<String>, heads: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        let (name, heads) = (name.into(), heads.iter().map(|&head| head.to_owned()).collect());
        Self { name, heads, rows, rows_on_terminal: usize::MAX, ..Self::default() }
    }

    /// What a row is.
    pub(super) fn of(mut self, row: impl Into<String>) -> Self {
        self.row = row.into();
        self
    }

    /// Rows in an order that sorting would spoil.
    pub(super) fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    pub(super) fn with_notes(mut self, notes: Vec<String>) -> Self {
        self.notes = notes;
        self
    }
}
