//! The files of a study, each under its name only when it is whole. The runs are tidy CSV: one row per variant,
//! replication and metric, which a notebook or a spreadsheet opens as it is. Same study, same bytes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::experiment::plan::Plan;
use crate::experiment::sensitivity::{Design, Sensitivity};
use crate::experiment::{AxisRow, Comparison, Metric, Samples, Unit, axis_name};
use crate::report::charts::{front, intervals, tornado};
use crate::report::file::{FileError, OutputFile};
use crate::report::html;
use crate::report::provenance::Provenance;

/// Writes `replications.csv`, `intervals.svg`, `report.html` and, last, `comparison.json` into a folder.
pub fn write_comparison(
    folder: &Path,
    comparison: &Comparison,
    samples: &Samples,
    provenance: &Provenance,
) -> Result<Vec<PathBuf>, FileError> {
    let names: Vec<_> = comparison.variants.iter().map(|row| (row.name.as_str(), row.levels.as_slice())).collect();
    let mut files = vec![replications(folder, &axes(&comparison.axes), &names, samples, None)?];
    if let Some(picture) = intervals::means_svg(comparison) {
        files.push(text(folder, "intervals.svg", &picture)?);
    }
    files.push(text(folder, "report.html", &html::comparison_page(comparison, provenance))?);
    files.push(json(folder, "comparison.json", comparison)?);
    Ok(files)
}

/// Writes `replications.csv`, `front.svg`, `report.html` and, last, `plan.json` into a folder.
pub fn write_plan(
    folder: &Path,
    plan: &Plan,
    samples: &Samples,
    provenance: &Provenance,
) -> Result<Vec<PathBuf>, FileError> {
    let names: Vec<_> = plan.designs.iter().map(|row| (row.name.as_str(), row.levels.as_slice())).collect();
    let mut files = vec![replications(folder, &axes(&plan.axes), &names, samples, None)?];
    if let Some(picture) = front::plan_svg(plan) {
        files.push(text(folder, "front.svg", &picture)?);
    }
    files.push(text(folder, "report.html", &html::plan_page(plan, provenance))?);
    files.push(json(folder, "plan.json", plan)?);
    Ok(files)
}

/// Writes `replications.csv`, `tornado.svg`, `report.html` and, last, `sensitivity.json` into a folder. Of every run the
/// study's metrics are kept.
pub fn write_sensitivity(
    folder: &Path,
    found: &Sensitivity,
    design: &Design,
    samples: &Samples,
    provenance: &Provenance,
) -> Result<Vec<PathBuf>, FileError> {
    let study = &design.study;
    let axes: Vec<_> = study.axes.iter().map(axis_name).chain(design.columns).collect();
    let padded = |levels: &[String]| {
        let missing = axes.len().saturating_sub(levels.len());
        levels.iter().cloned().chain(std::iter::repeat_n(String::new(), missing)).collect::<Vec<_>>()
    };
    let named = study.variants.iter().map(|variant| (variant.name.as_str(), padded(&variant.levels)));
    let named: Vec<(&str, Vec<String>)> = named.collect();
    let named: Vec<(&str, &[String])> = named.iter().map(|(name, levels)| (*name, levels.as_slice())).collect();
    let mut files = vec![replications(folder, &axes, &named, samples, Some(&study.metrics))?];
    if let Some(picture) = tornado::svg(found) {
        files.push(text(folder, "tornado.svg", &picture)?);
    }
    files.push(text(folder, "report.html", &html::sensitivity_page(found, provenance))?);
    files.push(json(folder, "sensitivity.json", found)?);
    Ok(files)
}

fn axes(axes: &[AxisRow]) -> Vec<&str> {
    axes.iter().map(|axis| axis.name.as_str()).collect()
}

fn text(folder: &Path, name: &str, text: &str) -> Result<PathBuf, FileError> {
    write_file(folder, name, |file| file.write_all(text.as_bytes()))
}

fn json(folder: &Path, name: &str, value: &impl Serialize) -> Result<PathBuf, FileError> {
    write_file(folder, name, |file| {
        serde_json::to_writer_pretty(&mut *file, value).map_err(io::Error::from).and_then(|()| file.write_all(b"\n"))
    })
}

fn replications(
    folder: &Path,
    axes: &[&str],
    variants: &[(&str, &[String])],
    samples: &Samples,
    only: Option<&[Metric]>,
) -> Result<PathBuf, FileError> {
    write_file(folder, "replications.csv", |file| replications_csv(axes, variants, samples, only, file))
}

/// Writes one file of a folder.
fn write_file(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut OutputFile) -> io::Result<()>,
) -> Result<PathBuf, FileError> {
    let path = folder.join(name);
    let mut file = OutputFile::of_study(&path)?;
    write(&mut file).map_err(|source| FileError::new(&path, source))?;
    file.finish()
}

/// Tidy rows: variant, its value on each axis, replication (from 1), seed, metric, unit, value.
fn replications_csv(
    axes: &[&str],
    variants: &[(&str, &[String])],
    samples: &Samples,
    only: Option<&[Metric]>,
    file: &mut OutputFile,
) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(file);
    let fixed = ["replication", "seed", "metric", "unit", "value"];
    rows.write_record(["variant"].into_iter().chain(axes.iter().copied()).chain(fixed))?;
    for sample in samples.iter() {
        let (name, levels) = variants[sample.variant];
        let (replication, seed) = ((sample.replication + 1).to_string(), sample.seed.to_string());
        let kept = |key: &str| only.is_none_or(|only| only.iter().any(|metric| metric.key() == key));
        for (key, value) in sample.measures.iter().filter(|(key, _)| kept(key)) {
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
