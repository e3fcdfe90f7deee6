//! A comparison in tables and sentences. Everything shown here is in `comparison.json` too.

use crate::experiment::{Better, Comparison, MetricColumn, VariantRow, Verdict};
use crate::metrics::figures::{count, counted, percent, span};
use crate::report::form::{Cell, NONE, Table};
use crate::report::study::words::{self, CANT_TELL};
use crate::report::terminal::section;

/// The comparison as text of at most 100 columns, with a line break at the end.
pub fn comparison_table(comparison: &Comparison) -> String {
    let mut sections = vec![head(comparison)];
    for mut table in tables(comparison) {
        for row in &mut table.rows {
            row[0].text = words::folded(&row[0].text);
        }
        sections.push(section(&table));
    }
    sections.push(notes(comparison).join("\n"));
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// What was done, in a line or two.
pub(in crate::report) fn head(comparison: &Comparison) -> String {
    let Comparison { seed, replications, variants, .. } = comparison;
    let last = seed.wrapping_add(u64::from(replications.saturating_sub(1)));
    let warmup = comparison.warmup_s.map_or_else(String::new, |secs| format!(", the first {} left out", span(secs)));
    let text = format!(
        "{}: {}, {} each (seeds {seed} to {last}){warmup}, {} intervals",
        comparison.scenario,
        counted(variants.len() as u64, "variant"),
        counted((*replications).into(), "replication"),
        percent(comparison.level)
    );
    match comparison.interrupted {
        Some(so_far) => format!(
            "{text}\nINTERRUPTED: {} of {} runs are finished; the replications that every variant has are shown",
            count(so_far.finished),
            count(so_far.wanted)
        ),
        None => text,
    }
}

/// A table for each metric, the best variant first; the first one with ranks.
pub(in crate::report) fn tables(comparison: &Comparison) -> Vec<Table> {
    let kind = words::kind(&comparison.axes, "variant");
    let order = by_rank(comparison);
    let tables = comparison.metrics.iter().enumerate().map(|(index, metric)| {
        let ranked = index == 0;
        let rows = order.iter().map(|&(at, variant)| {
            let mut row = vec![Cell::text(&variant.name)];
            row.extend(ranked.then(|| rank(variant)));
            row.extend(cells(variant, index, metric, at == comparison.baseline));
            row
        });
        let heads: &[&str] =
            if ranked { &["rank", "mean", "against baseline", ""] } else { &["mean", "against baseline", ""] };
        let better = match metric.better {
            Better::Lower => "lower",
            Better::Higher => "higher",
        };
        let note = ranked.then(|| format!("({kind}; {better} is better)"));
        Table::new(metric.key.key(), heads, rows.collect()).of(&kind).with_notes(note.into_iter().collect())
    });
    tables.collect()
}

/// Variants by the first metric's mean, then as they were given.
pub(in crate::report) fn by_rank(comparison: &Comparison) -> Vec<(usize, &VariantRow)> {
    let mut rows: Vec<_> = comparison.variants.iter().enumerate().collect();
    let sign = match comparison.metrics.first().map(|metric| metric.better) {
        Some(Better::Higher) => -1.0,
        Some(Better::Lower) | None => 1.0,
    };
    let mean = |row: &VariantRow| {
        row.metrics.first().and_then(|cell| cell.estimate).map_or(f64::INFINITY, |it| sign * it.mean)
    };
    rows.sort_by(|a, b| mean(a.1).total_cmp(&mean(b.1)));
    rows
}

#[expect(clippy::cast_precision_loss, reason = "a rank to sort by")]
fn rank(variant: &VariantRow) -> Cell {
    let Some(standing) = &variant.standing else { return Cell::text(NONE) };
    let shared = if standing.not_distinguishable_from.is_empty() { "" } else { "=" };
    Cell::sorted(format!("{shared}{}", standing.rank), Some(standing.rank as f64))
}

/// The mean, the difference from the baseline, the verdict.
fn cells(variant: &VariantRow, index: usize, metric: &MetricColumn, is_baseline: bool) -> [Cell; 3] {
    let cell = &variant.metrics[index];
    let mean = words::estimate_cell(cell.estimate, metric.unit);
    let Some(difference) = &cell.difference else {
        return [mean, Cell::default(), Cell::text(if is_baseline { "baseline" } else { NONE })];
    };
    let against = Cell::sorted(words::difference(difference, metric.unit), Some(difference.estimate.mean));
    [mean, against, Cell::text(words::verdict(difference))]
}

/// What stands out, in sentences.
pub(in crate::report) fn notes(comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(best) = by_rank(comparison).first().map(|(_, row)| row)
        && let Some(standing) = best.standing.as_ref().filter(|standing| !standing.not_distinguishable_from.is_empty())
    {
        let others = standing.not_distinguishable_from.iter().map(|&other| comparison.variants[other].name.as_str());
        lines.push(format!("not distinguishable from the first: {}", others.collect::<Vec<_>>().join("; ")));
    }
    lines.extend(comparison.variants.iter().filter(|row| row.unstable_runs > Some(0)).map(|row| {
        format!(
            "UNSTABLE: in {} of {} of {} the queue grows without end; its means hang on how long runs are",
            row.unstable_runs.unwrap_or_default(),
            counted(comparison.replications.into(), "run"),
            row.name
        )
    }));
    lines.extend(precision(comparison));
    let gains = comparison.variants.iter().filter_map(|row| row.metrics.first()?.difference?.variance_reduction);
    if let Some(least) = gains.min_by(f64::total_cmp).filter(|&least| least >= 1.5) {
        lines.push(format!("common random numbers save at least {least:.1} times as many runs"));
    }
    let mut differences = comparison.variants.iter().flat_map(|row| &row.metrics).filter_map(|cell| cell.difference);
    if differences.any(|difference| words::verdict(&difference) == CANT_TELL) {
        lines.push(format!("{CANT_TELL}: not distinguishable, the interval of the difference holds zero"));
    }
    lines
}

/// How narrow intervals became, where that was asked.
fn precision(comparison: &Comparison) -> Option<String> {
    let precision = comparison.precision?;
    let reached = precision.reached.map_or_else(|| NONE.to_owned(), percent);
    Some(if precision.capped {
        format!(
            "CAP REACHED: after {} the widest interval is ± {reached}, not ± {}; raise --max-replications",
            counted(comparison.replications.into(), "replication"),
            percent(precision.target)
        )
    } else {
        format!("the widest interval of {} is ± {reached}", comparison.metrics[0].key)
    })
}

/// What the comparison says, in one sentence: the best variant, and how it stands to the baseline.
pub(in crate::report) fn sentence(comparison: &Comparison) -> String {
    let (Some(metric), Some((at, best))) = (comparison.metrics.first(), by_rank(comparison).first().copied()) else {
        return "Nothing was compared.".to_owned();
    };
    let Some(mean) = best.metrics[0].estimate else { return format!("No run has a value of {}.", metric.key) };
    let baseline = &comparison.variants[comparison.baseline].name;
    let against = match &best.metrics[0].difference {
        Some(found) if found.verdict != Verdict::Better => format!(", which can't be told from “{baseline}”"),
        Some(found) => format!(", {} against “{baseline}”", words::difference(found, metric.unit)),
        None if at == comparison.baseline && comparison.variants.len() > 1 => ", and is the baseline".to_owned(),
        None => String::new(),
    };
    let open = match best.standing.as_ref().map_or(0, |standing| standing.not_distinguishable_from.len()) {
        0 => String::new(),
        open => format!("; {} can't be told from it", counted(open as u64, "variant")),
    };
    format!("“{}” has the best {}: {}{against}{open}.", best.name, metric.key, words::estimate(&mean, metric.unit))
}
