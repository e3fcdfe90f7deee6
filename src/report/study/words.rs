//! How estimates read. Knows units, not what is measured.

use std::fmt::Write;

use crate::experiment::stats::Estimate;
use crate::experiment::{AxisRow, Difference, Unit, Verdict};
use crate::metrics::figures::percent;
use crate::report::form::{Cell, NONE};

/// An interval that holds zero.
pub(in crate::report) const CANT_TELL: &str = "can't tell";
/// Columns for the names of variants on a terminal.
const NAME_WIDTH: usize = 34;

/// An estimate: `$4.27 ± $0.31`.
pub(in crate::report) fn estimate(estimate: &Estimate, unit: Unit) -> String {
    let mean = unit.show(estimate.mean);
    estimate.half_width.map_or_else(|| mean.clone(), |half| format!("{mean} ± {}", unit.show(half)))
}

/// An estimate, if there is one, as a cell that sorts by its mean.
pub(in crate::report) fn estimate_cell(found: Option<Estimate>, unit: Unit) -> Cell {
    let text = found.map_or_else(|| NONE.to_owned(), |found| estimate(&found, unit));
    Cell::sorted(text, found.map(|found| found.mean))
}

/// A difference with its sign: `+$4.27 ± $0.31 (+12 %)`.
pub(in crate::report) fn difference(difference: &Difference, unit: Unit) -> String {
    let plus = |value: f64| if value > 0.0 { "+" } else { "" };
    let mut text = format!("{}{}", plus(difference.estimate.mean), estimate(&difference.estimate, unit));
    if let Some(share) = difference.relative {
        write!(text, " ({}{})", plus(share), percent(share)).expect("writing to a string can't fail");
    }
    text
}

/// What a difference says.
pub(in crate::report) fn verdict(difference: &Difference) -> &'static str {
    let is_equal = difference.estimate.mean == 0.0 && difference.estimate.half_width == Some(0.0);
    match difference.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::NotDistinguishable if is_equal => "equal",
        Verdict::NotDistinguishable => CANT_TELL,
        Verdict::TooFewRuns => "too few runs",
    }
}

/// A name that is too long for its column on a terminal, broken where its parts meet.
pub(in crate::report) fn folded(name: &str) -> String {
    if name.chars().count() > NAME_WIDTH { name.replace(", ", ",\n") } else { name.to_owned() }
}

/// What variants are called by: their axes, or just `variant`.
pub(in crate::report) fn kind(axes: &[AxisRow], otherwise: &str) -> String {
    let names: Vec<_> = axes.iter().map(|axis| axis.name.as_str()).collect();
    if names.is_empty() { otherwise.to_owned() } else { names.join(", ") }
}
