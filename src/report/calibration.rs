//! A calibration and its back-test in tables and sentences. Everything shown here is in `calibration.json` too.

use std::fmt::Write;

use serde_json::Value;

use crate::calibrate::{BackTest, Calibration, Candidate, Compared, Latency};
use crate::metrics::figures::{number, percent, span};
use crate::report::charts::fits;
use crate::report::form::NONE;
use crate::report::terminal::{columns, listed};

/// `calibration.svg`; nothing where nothing was measured.
pub fn calibration_svg(found: &Calibration) -> Option<String> {
    fits::svg(found)
}

/// The calibration as text, with a line break at the end.
pub fn calibration_table(found: &Calibration) -> String {
    let reasons = found.latencies.iter().map(|latency| {
        let because = latency.not_taken_because.map(|why| format!("; not taken: {why}")).unwrap_or_default();
        [latency.name.to_owned(), format!("{}; {}{because}", latency.meaning, latency.fitted.reason)]
    });
    let not_told = found.not_identified.iter().map(|one| [one.assumption.to_owned(), one.why.to_owned()]);
    let sections = [
        measured(&found.latencies),
        candidates(&found.latencies),
        listed("REASONS", reasons),
        listed("NOT TOLD BY SUCH FILES", not_told),
        found.notes.to_string(),
    ];
    let mut text = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn measured(latencies: &[Latency]) -> String {
    if latencies.is_empty() {
        return "Nothing was measured: no node with its start and its Ready, no pod that started, no job with its node"
            .to_owned();
    }
    let rows: Vec<[String; 6]> = latencies
        .iter()
        .map(|latency| {
            let [median, high] = latency
                .quantiles_s
                .map_or_else(|| [NONE.to_owned(), NONE.to_owned()], |[median, high]| [span(median), span(high)]);
            let taken = latency.fitted.distribution.as_ref().filter(|_| latency.taken);
            [
                latency.name.to_owned(),
                latency.samples.to_string(),
                median,
                high,
                latency.default.as_ref().map_or_else(|| NONE.to_owned(), shown),
                taken.map_or_else(|| "the default".to_owned(), shown),
            ]
        })
        .collect();
    let heads = ["LATENCY", "SAMPLES", "MEDIAN", "P95", "DEFAULT", "TAKEN"];
    columns(heads, rows.iter().map(|row| row.iter().map(String::as_str)))
}

/// A distribution in a few words.
fn shown(distribution: &Value) -> String {
    match distribution["empirical"].as_array() {
        Some(values) => format!("empirical, {} values", values.len()),
        None => distribution.to_string().replace(['"', '{', '}'], "").replace([':', ','], " "),
    }
}

fn candidates(latencies: &[Latency]) -> String {
    let rows: Vec<[String; 6]> = latencies
        .iter()
        .flat_map(|latency| latency.fitted.candidates.iter().map(|candidate| row(latency.name, candidate)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let heads = ["FITS", "LAW", "PARAMETERS ± STANDARD ERROR", "AIC", "A²", "P"];
    columns(heads, rows.iter().map(|row| row.iter().map(String::as_str)))
}

fn row(name: &str, candidate: &Candidate) -> [String; 6] {
    let parameters = candidate.parameters.iter().map(|parameter| {
        format!("{} {} ± {}", parameter.name, number(parameter.value), number(parameter.standard_error))
    });
    [
        name.to_owned(),
        candidate.family.name().to_owned(),
        parameters.collect::<Vec<_>>().join(", "),
        format!("{:.1}", candidate.aic),
        format!("{:.2}", candidate.anderson_darling),
        format!("{:.3}{}", candidate.p_value, if candidate.ruled_out { " ruled out" } else { "" }),
    ]
}

/// The back-test as text, with a line break at the end.
pub fn back_test_table(played: &BackTest) -> String {
    let rows: Vec<[String; 6]> = played.figures.iter().map(compared).collect();
    let heads = ["BACK-TEST", "PREDICTED", "95 % OF RUNS", "ACTUAL", "ERROR", "WITHIN"];
    let mut text = columns(heads, rows.iter().map(|row| row.iter().map(String::as_str)));
    write!(text, "\n{} jobs played again in {} runs", played.jobs, played.runs)
        .expect("writing to a string can't fail");
    if let Some(why) = played.no_node_hours_because {
        write!(text, "; no actual node-hours: {why}").expect("writing to a string can't fail");
    }
    text.push('\n');
    text
}

fn compared(one: &Compared) -> [String; 6] {
    let show = |value: f64| if one.unit == "s" { span(value) } else { number(value) };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
    let sign = |error: f64| if error < 0.0 { "-" } else { "+" };
    let error = one.error.map(|error| {
        let relative = one.relative_error.map(|share| format!(" ({}{})", sign(share), percent(share.abs())));
        format!("{}{}{}", sign(error), show(error.abs()), relative.unwrap_or_default())
    });
    [
        one.figure.to_owned(),
        show(one.predicted),
        or_none(one.interval.map(|[low, high]| format!("{} to {}", show(low), show(high)))),
        or_none(one.actual.map(show)),
        or_none(error),
        or_none(one.within.map(|within| if within { "yes" } else { "no" }.to_owned())),
    ]
}
