//! The assumptions of a harsh market, fitted anew to the traces that they were fitted to.

use std::fs::File;
use std::path::PathBuf;

use windtunnel::import::spot::Availability;
use windtunnel::model::{Assumptions, Distribution};

use crate::traces::say;

const TRACES: &str = "WINDTUNNEL_TRACES";

/// Medians and deviations of logarithms may be so far apart; a median of some 60 spans with a deviation of 1.7 is known to a
/// fifth.
const FACTOR: f64 = 1.25;
const SIGMA: f64 = 0.25;
/// So far may shares be apart.
const SHARE: f64 = 0.1;

/// Median, deviation of the logarithm, number.
struct Spans {
    median_s: f64,
    sigma: f64,
    count: usize,
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn spans(logs: &[f64]) -> Spans {
    let count = logs.len();
    let mean = logs.iter().sum::<f64>() / count as f64;
    let square = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count as f64 - 1.0);
    Spans { median_s: mean.exp(), sigma: square.sqrt(), count }
}

/// Logarithms of the seconds that a pool had something, and of those that it then had nothing: whole spans only.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn up_and_down(trace: &Availability) -> [Spans; 2] {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let chunks: Vec<_> = trace.counts.chunk_by(|a, b| (*a > 0) == (*b > 0)).collect();
    for chunk in &chunks[1..chunks.len() - 1] {
        let seconds = chunk.len() as f64 * trace.gap.as_secs_f64();
        if chunk[0] > 0 { &mut up } else { &mut down }.push(seconds.ln());
    }
    [spans(&up), spans(&down)]
}

/// Of the instances that were lost, the share that went with others at once; and the quartiles of what a drop takes of a pool
/// with several.
fn in_bulk(trace: &Availability) -> (f64, [f64; 2]) {
    let pairs = trace.counts.windows(2).map(|pair| (pair[0], pair[1]));
    let drops: Vec<_> = pairs.filter(|(before, after)| after < before).collect();
    let lost = |least: u32| {
        let sizes = drops.iter().map(|(before, after)| before - after).filter(|&size| size >= least);
        f64::from(sizes.sum::<u32>())
    };
    let several = drops.iter().filter(|(before, _)| *before > 1);
    let mut parts: Vec<_> = several.map(|&(before, after)| f64::from(before - after) / f64::from(before)).collect();
    parts.sort_by(f64::total_cmp);
    (lost(2) / lost(1), [parts[parts.len() / 4], parts[3 * parts.len() / 4]])
}

fn shipped(distribution: &Distribution) -> (f64, f64) {
    let Distribution::Lognormal { median, p95 } = distribution else { panic!("a lognormal is shipped") };
    (median.0.as_secs_f64(), Distribution::lognormal_sigma(median.0, p95.0))
}

fn trace(name: &str) -> Option<Availability> {
    let Some(folder) = std::env::var_os(TRACES).filter(|folder| !folder.is_empty()) else {
        say(&format!("skipped the fit to {name}: {TRACES} does not say where it is"));
        return None;
    };
    let file = File::open(PathBuf::from(folder).join("spot").join(name)).expect("the trace");
    Some(Availability::read(file).expect("a trace"))
}

/// The shipped values against those of a trace; `apart` says how many times as long its medians are found to be.
fn compare(name: &str, apart: [f64; 2], sigmas: bool) {
    let Some(trace) = trace(name) else { return };
    let all = Assumptions::default();
    let names = ["harshUpTime", "harshDownTime"];
    let ours = [shipped(&all.harsh_up_time), shipped(&all.harsh_down_time)];
    for (((what, (median, sigma)), fitted), apart) in names.into_iter().zip(ours).zip(up_and_down(&trace)).zip(apart) {
        let Spans { median_s, sigma: own, count } = fitted;
        say(&format!(
            "{name}, {what}: shipped median {median:.0} s, sigma {sigma:.2}; fitted to {count} spans {median_s:.0} s, {own:.2} \
             ({:.2} times the median, tolerance {FACTOR} around {apart}; sigma within {SIGMA}: {sigmas})",
            median_s / median
        ));
        let ratio = median_s / median / apart;
        assert!((1.0 / FACTOR..=FACTOR).contains(&ratio), "{what} of {name}");
        assert!(!sigmas || (own - sigma).abs() < SIGMA, "{what} of {name}");
    }
}

/// The pool that the shipped values describe.
#[test]
fn a_harsh_market_is_that_of_a_scarce_pool() {
    compare("r5.16xlarge-us-east-1b-2023-04-19.json.gz", [1.0, 1.0], true);
}

/// GPUs come and go more slowly, within the ranges of the assumptions.
#[test]
fn scarce_gpus_come_and_go_more_slowly() {
    compare("us-east-1f_v100_1-4node.json.gz", [2.4, 5.4], false);
}

#[test]
fn half_of_what_is_lost_goes_in_bulk() {
    let name = "us-east-1f_v100_1-4node.json.gz";
    let Some(trace) = trace(name) else { return };
    let all = Assumptions::default();
    let (share, parts) = in_bulk(&trace);
    let (ours, [low, high]) = (all.spot_mass_share, all.spot_mass_fraction);
    say(&format!(
        "{name}: spotMassShare {ours} shipped, {share:.2} fitted; spotMassFraction {low} to {high} shipped, quartiles {:.2} to \
         {:.2} fitted (tolerance {SHARE})",
        parts[0], parts[1]
    ));
    assert!((share - ours).abs() < SHARE);
    assert!((parts[0] - low).abs() < SHARE && (parts[1] - high).abs() < SHARE);
}
