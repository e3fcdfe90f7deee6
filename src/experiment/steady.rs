//! What one long run says of the steady state, once its warm-up is left out: the mean wait with its interval, or that there
//! is none. What happens after the last submission is a cool-down, and left out as well.

use crate::experiment::stats::{Bin, Growth, Verdict, batch_means, growth};
use crate::experiment::warmup::Load;
use crate::metrics::{Results, SteadyState, WarmupMethod, Window};
use crate::units::{SimDuration, SimTime};

const LEVEL: f64 = 0.95;
/// A cool-down of this share of the window is worth a note.
const COOL_DOWN: f64 = 0.02;

/// What a run with a warm-up says of the steady state; `None` for one without.
pub fn steady_state(results: &Results, method: WarmupMethod) -> Option<SteadyState> {
    let window = results.summary.window?;
    let last_s = results.flow.last_submission.map_or(0.0, SimTime::as_secs_f64);
    let observed_s = (last_s.min(window.until_s) - window.from_s).max(0.0);
    let per_hour = |jobs: f64, secs: f64| if secs > 0.0 { jobs / secs * 3_600.0 } else { 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "a rate for display")]
    let jobs_per_hour = per_hour(results.summary.jobs.submitted as f64, observed_s);
    let growth = growth_after(results, window, jobs_per_hour);
    let stable = growth.and_then(|(growth, _)| match growth.verdict {
        Verdict::Stable => Some(true),
        Verdict::Unstable => Some(false),
        Verdict::Undecided => None,
    });
    let waits = if stable == Some(false) { None } else { batch_means(&wait_bins(results, observed_s), LEVEL) };
    let mut notes = Vec::new();
    // Of a queue that grows, a longer run would say nothing else.
    if stable != Some(false) {
        notes.extend(warmup_note(method));
    }
    if stable.is_none() {
        notes.push(UNDECIDED.to_owned());
    }
    match waits {
        Some(waits) if !waits.independent => notes.push(CORRELATED.to_owned()),
        None if stable != Some(false) => notes.push(TOO_FEW.to_owned()),
        _ => {}
    }
    notes.extend(cool_down_note(window.until_s - last_s, observed_s));
    Some(SteadyState {
        warmup_s: window.from_s,
        method,
        window_s: observed_s,
        jobs_per_hour,
        wait_mean: waits.map(|waits| waits.estimate),
        batches: waits.map(|waits| waits.estimate.n),
        lag1: waits.map(|waits| waits.lag1),
        stable,
        growth_jobs_per_hour: growth.map(|(growth, span_s)| per_hour(growth.per_span, span_s)),
        growth_half_width: growth.map(|(growth, span_s)| per_hour(growth.half_width, span_s)),
        notes,
    })
}

/// The growth of the number of jobs per span after the warm-up, and the span's length in seconds.
fn growth_after(results: &Results, window: Window, jobs_per_hour: f64) -> Option<(Growth, f64)> {
    let load = Load::of(results);
    let span_s = load.span().as_secs_f64();
    let after = results.timeline.iter().zip(load.jobs()).filter(|(row, _)| row.start_s >= window.from_s);
    let jobs: Vec<f64> = after.map(|(_, &jobs)| jobs).collect();
    growth(&jobs, jobs_per_hour * span_s / 3_600.0).map(|growth| (growth, span_s))
}

/// Waits in equal spans of the window up to the last submission.
fn wait_bins(results: &Results, observed_s: f64) -> Vec<Bin> {
    let width_s = results.flow.width.as_secs_f64();
    let mut bins: Vec<Bin> = results
        .flow
        .waits
        .iter()
        .map(|bin| {
            #[expect(clippy::cast_precision_loss, reason = "means for statistics")]
            let (sum, n) = (bin.wait_ms as f64 / 1e3, bin.jobs as f64);
            Bin { sum, n }
        })
        .collect();
    // Spans at the end without a job that ended are spans of the window all the same.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred; casts saturate")]
    let spans = if width_s > 0.0 { (observed_s / width_s).ceil() as usize } else { 0 };
    bins.resize(spans.max(bins.len()), Bin::default());
    bins
}

const UNDECIDED: &str = "The run is too short, or its load too restless, to tell whether the queue grows without end: run \
                         longer (stop.at, and a count of submissions that lasts until then).";
const CORRELATED: &str = "Waits of neighbouring batches are alike even with the fewest batches, so the interval is too \
                          narrow: run longer.";
const TOO_FEW: &str = "Too few jobs ended after the warm-up for an interval of the mean wait: run longer, or give a shorter \
                       --warmup.";

fn warmup_note(method: WarmupMethod) -> Option<String> {
    (method == WarmupMethod::Mser5NotFound).then(|| {
        "MSER-5 found no end of the warm-up in the first half of the run, so that half is left out: run longer, or give \
         --warmup a time."
            .to_owned()
    })
}

fn cool_down_note(cool_down_s: f64, observed_s: f64) -> Option<String> {
    (cool_down_s > COOL_DOWN * observed_s).then(|| {
        format!(
            "After the last submission the run went on for {}, in which it only emptied. Capacity and cost count that \
             too; to leave it out, end the run while jobs still come: --set /stop/at=TIME.",
            SimDuration::from_secs_f64(cool_down_s)
        )
    })
}
