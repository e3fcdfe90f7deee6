//! Studies on a terminal and in files: the comparison's table, its JSON, and the runs as tidy CSV (one row per variant,
//! replication and metric). At most 100 columns. Everything shown here is in `comparison.json` too.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::experiment::stats::Estimate;
use crate::experiment::{Better, Cell, Comparison, Metric, MetricColumn, Samples, Unit, VariantRow, Verdict};
use crate::metrics::figures::{count, counted, percent};
use crate::report::file::{FileError, OutputFile};
use crate::report::table::section;

const NONE: &str = "–";
/// An interval that holds zero.
const CANT_TELL: &str = "can't tell";
/// Columns for the names of variants.
const NAME_WIDTH: usize = 34;

/// The comparison as text, with a line break at the end.
pub fn comparison_table(comparison: &Comparison) -> String {
    let mut sections = vec![head(comparison), ranking(comparison)];
    for (index, metric) in comparison.metrics.iter().enumerate().skip(1) {
        sections.push(metric_table(comparison, index, metric));
    }
    sections.push(notes(comparison));
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn head(comparison: &Comparison) -> String {
    let Comparison { seed, replications, variants, .. } = comparison;
    let last = seed.wrapping_add(u64::from(replications.saturating_sub(1)));
    let mut text = format!(
        "{}: {}, {} each (seeds {seed} to {last}), {} intervals",
        comparison.scenario,
        counted(variants.len() as u64, "variant"),
        counted((*replications).into(), "replication"),
        percent(comparison.level)
    );
    if let Some(interrupted) = comparison.interrupted {
        write!(
            text,
            "\nINTERRUPTED: {} of {} runs are finished; the replications that every variant has are shown",
            count(interrupted.finished),
            count(interrupted.wanted)
        )
        .expect("writing to a string can't fail");
    }
    text
}

/// What the variants are called by: their axes.
fn variant_head(comparison: &Comparison) -> String {
    let names: Vec<_> = comparison.axes.iter().map(|axis| axis.name.as_str()).collect();
    if names.is_empty() { "variant".to_owned() } else { names.join(", ") }
}

/// The first metric, best variant first, with ranks.
fn ranking(comparison: &Comparison) -> String {
    let Some(metric) = comparison.metrics.first() else { return String::new() };
    let title = metric.key.key().to_uppercase();
    let rows = by_rank(comparison).into_iter().map(|(index, variant)| {
        let rank = variant.standing.as_ref().map_or_else(
            || NONE.to_owned(),
            |standing| {
                let shared = if standing.not_distinguishable_from.is_empty() { "" } else { "=" };
                format!("{shared}{}", standing.rank)
            },
        );
        let [mean, difference, verdict] = cells(&variant.metrics[0], metric.unit, index == comparison.baseline);
        [folded(&variant.name), rank, mean, difference, verdict]
    });
    let mut text = section([title.as_str(), "rank", "mean", "against baseline", ""], rows);
    write!(text, "\n({}; {} is better)", variant_head(comparison), better(metric))
        .expect("writing to a string can't fail");
    text
}

/// A name that is too long for its column, broken where its parts meet.
fn folded(name: &str) -> String {
    if name.chars().count() > NAME_WIDTH { name.replace(", ", ",\n") } else { name.to_owned() }
}

const fn better(metric: &MetricColumn) -> &'static str {
    match metric.better {
        Better::Lower => "lower",
        Better::Higher => "higher",
    }
}

fn metric_table(comparison: &Comparison, index: usize, metric: &MetricColumn) -> String {
    let title = metric.key.key().to_uppercase();
    let rows = by_rank(comparison).into_iter().map(|(at, variant)| {
        let [mean, difference, verdict] = cells(&variant.metrics[index], metric.unit, at == comparison.baseline);
        [folded(&variant.name), mean, difference, verdict]
    });
    section([title.as_str(), "mean", "against baseline", ""], rows)
}

/// Variants by rank, then by mean, then as they were given.
fn by_rank(comparison: &Comparison) -> Vec<(usize, &VariantRow)> {
    let mut rows: Vec<_> = comparison.variants.iter().enumerate().collect();
    let sign = match comparison.metrics.first().map(|metric| metric.better) {
        Some(Better::Higher) => -1.0,
        _ => 1.0,
    };
    let mean = |row: &VariantRow| {
        row.metrics.first().and_then(|cell| cell.estimate).map_or(f64::INFINITY, |it| sign * it.mean)
    };
    rows.sort_by(|a, b| mean(a.1).total_cmp(&mean(b.1)));
    rows
}

/// The mean, the difference from the baseline, the verdict.
fn cells(cell: &Cell, unit: Unit, is_baseline: bool) -> [String; 3] {
    let mean = cell.estimate.map_or_else(|| NONE.to_owned(), |estimate| shown(&estimate, unit));
    let Some(difference) = cell.difference else {
        let verdict = if is_baseline { "baseline" } else { NONE };
        return [mean, String::new(), verdict.to_owned()];
    };
    let plus = |value: f64| if value > 0.0 { "+" } else { "" };
    let mut against = format!("{}{}", plus(difference.estimate.mean), shown(&difference.estimate, unit));
    if let Some(share) = difference.relative {
        write!(against, " ({}{})", plus(share), percent(share)).expect("writing to a string can't fail");
    }
    let is_equal = difference.estimate.mean == 0.0 && difference.estimate.half_width == Some(0.0);
    let verdict = match difference.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::NotDistinguishable if is_equal => "equal",
        Verdict::NotDistinguishable => CANT_TELL,
        Verdict::TooFewRuns => "too few runs",
    };
    [mean, against, verdict.to_owned()]
}

/// An estimate as people read it: `$4.27 ± $0.31`.
pub(super) fn shown(estimate: &Estimate, unit: Unit) -> String {
    let mean = unit.show(estimate.mean);
    estimate.half_width.map_or_else(|| mean.clone(), |half| format!("{mean} ± {}", unit.show(half)))
}

fn notes(comparison: &Comparison) -> String {
    let mut lines = Vec::new();
    if let Some(best) = by_rank(comparison).first().map(|(_, row)| row)
        && let Some(standing) = best.standing.as_ref().filter(|standing| !standing.not_distinguishable_from.is_empty())
    {
        let others: Vec<_> =
            standing.not_distinguishable_from.iter().map(|&other| comparison.variants[other].name.as_str()).collect();
        lines.push(format!("not distinguishable from the first: {}", others.join("; ")));
    }
    if let Some(precision) = comparison.precision {
        let reached = precision.reached.map_or_else(|| NONE.to_owned(), percent);
        lines.push(if precision.capped {
            format!(
                "CAP REACHED: after {} the widest interval is ± {reached}, not ± {}; raise --max-replications",
                counted(comparison.replications.into(), "replication"),
                percent(precision.target)
            )
        } else {
            format!("the widest interval of {} is ± {reached}", comparison.metrics[0].key)
        });
    }
    let gains = comparison.variants.iter().filter_map(|row| row.metrics.first()?.difference?.variance_reduction);
    if let Some(least) = gains.min_by(f64::total_cmp).filter(|&least| least >= 1.5) {
        lines.push(format!("common random numbers save at least {least:.1} times as many runs"));
    }
    let differences = comparison.variants.iter().flat_map(|row| &row.metrics).filter_map(|cell| cell.difference);
    if differences.into_iter().any(|difference| difference.verdict == Verdict::NotDistinguishable) {
        lines.push(format!("{CANT_TELL}: not distinguishable, the interval of the difference holds zero"));
    }
    lines.join("\n")
}

/// Writes `comparison.json` and `replications.csv` into a folder, each under its name only when it is whole.
pub fn write_comparison(folder: &Path, comparison: &Comparison, samples: &Samples) -> Result<Vec<PathBuf>, FileError> {
    let names: Vec<_> = comparison.variants.iter().map(|row| (row.name.as_str(), row.levels.as_slice())).collect();
    let axes: Vec<_> = comparison.axes.iter().map(|axis| axis.name.as_str()).collect();
    let rows = write_file(folder, "replications.csv", |file| replications_csv(&axes, &names, samples, &[], file))?;
    let summary = write_file(folder, "comparison.json", |file| {
        serde_json::to_writer_pretty(&mut *file, comparison)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"\n"))
    })?;
    Ok(vec![rows, summary])
}

/// Writes one file of a folder.
pub(super) fn write_file(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut OutputFile) -> io::Result<()>,
) -> Result<PathBuf, FileError> {
    let path = folder.join(name);
    let mut file = OutputFile::create(&path)?;
    write(&mut file).map_err(|source| FileError::new(&path, source))?;
    file.finish()
}

/// Tidy rows: variant, its value on each axis, replication (from 1), seed, metric, unit, value. Of `metrics`, or of all.
pub(super) fn replications_csv(
    axes: &[&str],
    variants: &[(&str, &[String])],
    samples: &Samples,
    metrics: &[Metric],
    file: &mut OutputFile,
) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(file);
    let fixed = ["replication", "seed", "metric", "unit", "value"];
    rows.write_record(["variant"].into_iter().chain(axes.iter().copied()).chain(fixed))?;
    for sample in samples.iter() {
        let (name, levels) = variants[sample.variant];
        let (replication, seed) = ((sample.replication + 1).to_string(), sample.seed.to_string());
        let wanted = |key: &str| metrics.is_empty() || metrics.iter().any(|metric| metric.key() == key);
        for (key, value) in sample.measures.iter().filter(|(key, _)| wanted(key)) {
            rows.write_field(name)?;
            for level in levels.iter().take(axes.len()) {
                rows.write_field(level)?;
            }
            let unit = match Metric::of(key).unit() {
                Unit::Seconds => "s",
                Unit::Usd => "USD",
                Unit::Share => "share",
                Unit::Number => "",
            };
            let value = value.map(|value| value.to_string()).unwrap_or_default();
            rows.write_record([&replication, &seed, key.as_str(), unit, &value])?;
        }
    }
    rows.flush()
}
