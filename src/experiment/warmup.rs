//! How much of a run's beginning is left out: from pilot runs of all variants, one time that is long enough for each.
//!
//! The series is the number of jobs in the system (without a pod, or RUNNING) as the timeline's averages: bounded, whatever
//! the run's length, and it moves with everything else that has a warm-up. Jobs that are STARTING are not in it; there are
//! few of them, and never more and more.
//!
//! Replications are averaged before MSER-5 looks at them, as in Welch's procedure: P. D. Welch, "The statistical analysis
//! of simulation results", in *Computer Performance Modeling Handbook*, 1983. And pilots have seeds of their own: a
//! warm-up that is chosen on the very run that it is cut from ends where that run happens to be calm, so the mean of the
//! rest would be too low.

use rayon::prelude::*;

use crate::driver::DriverError;
use crate::experiment::replicate::simulate;
use crate::experiment::stats::mser5;
use crate::metrics::{Results, WarmupMethod};
use crate::scenario::Resolved;
use crate::units::{SimDuration, SimTime};

/// Pilot runs per variant.
pub const PILOTS: usize = 5;
/// Seeds of pilots lie this far beyond those that they are for, out of the way of replications.
const PILOT_SEEDS: u64 = 1_000_000_007;

/// Number of jobs in the system over a run: averages over equal spans, from its beginning to the last submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    span: SimDuration,
    jobs: Vec<f64>,
}

/// How long a warm-up is to be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// Where it ends.
    pub until: SimTime,
    /// How that was chosen.
    pub method: WarmupMethod,
}

impl Load {
    /// The load of a run; a last span that is shorter than the others is left out.
    pub fn of(results: &Results) -> Self {
        let rows = &results.timeline;
        let span = rows.first().map_or(SimDuration::ZERO, |row| SimDuration::from_secs_f64(row.end_s - row.start_s));
        let until = results.flow.last_submission.unwrap_or_default();
        let whole = rows.iter().take_while(|row| {
            let (start, end) = (SimDuration::from_secs_f64(row.start_s), SimDuration::from_secs_f64(row.end_s));
            end <= until.since(SimTime::ZERO) && end.as_millis() - start.as_millis() == span.as_millis()
        });
        Self { span, jobs: whole.map(|row| row.waiting_jobs + row.running_jobs).collect() }
    }

    /// How long each span is.
    pub const fn span(&self) -> SimDuration {
        self.span
    }

    /// The averages.
    pub fn jobs(&self) -> &[f64] {
        &self.jobs
    }

    /// The same in spans of this length, a power of two times its own.
    fn widened(&self, span: SimDuration) -> Vec<f64> {
        let factor = span.as_millis().checked_div(self.span.as_millis()).unwrap_or(1);
        let factor = usize::try_from(factor).expect("spans of one run are not billions of another's").max(1);
        #[expect(clippy::cast_precision_loss, reason = "a small power of two")]
        let mean = |values: &[f64]| values.iter().sum::<f64>() / factor as f64;
        self.jobs.chunks_exact(factor).map(mean).collect()
    }
}

impl WarmUp {
    /// One that was given.
    pub const fn fixed(until: SimTime) -> Self {
        Self { until, method: WarmupMethod::Fixed }
    }
}

/// The warm-up for runs of all these variants from `seed` on, by pilot runs under other seeds. Every variant gets the same
/// one, so that their differences stay paired.
pub fn choose_warmup(variants: &[&Resolved], seed: u64) -> Result<WarmUp, DriverError> {
    let pilots = variants.iter().flat_map(|&variant| (1..=PILOTS as u64).map(move |pilot| (variant, pilot)));
    let pilots: Vec<(&Resolved, u64)> = pilots.collect();
    let load = |&(variant, pilot): &(&Resolved, u64)| {
        let pilot_seed = seed.wrapping_add(PILOT_SEEDS).wrapping_add(pilot);
        simulate(variant, pilot_seed, None).map(|results| Load::of(&results))
    };
    let loads: Vec<Load> = pilots.par_iter().map(load).collect::<Result<_, _>>()?;
    Ok(common_warmup(loads.chunks_exact(PILOTS)))
}

/// The warm-up that is long enough for all variants, each given by its pilot runs' loads. Where a variant's warm-up has no
/// end in the first half of its runs, that half is taken.
pub fn common_warmup<'a>(variants: impl IntoIterator<Item = &'a [Load]>) -> WarmUp {
    let found = variants.into_iter().map(warmup_of);
    // Of equally long ones, one that was not found.
    let rank = |warmup: &WarmUp| (warmup.until, warmup.method == WarmupMethod::Mser5NotFound);
    found.max_by_key(rank).unwrap_or(WarmUp { until: SimTime::ZERO, method: WarmupMethod::Mser5NotFound })
}

fn warmup_of(replications: &[Load]) -> WarmUp {
    let span = replications.iter().map(|load| load.span).max().unwrap_or_default();
    let series: Vec<Vec<f64>> = replications.iter().map(|load| load.widened(span)).collect();
    let length = series.iter().map(Vec::len).min().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a number of replications")]
    let number = series.len() as f64;
    let mean: Vec<f64> = (0..length).map(|at| series.iter().map(|one| one[at]).sum::<f64>() / number).collect();
    let (cut, method) = match mser5(&mean) {
        Some(cut) => (cut, WarmupMethod::Mser5),
        None => (length / 2, WarmupMethod::Mser5NotFound),
    };
    WarmUp { until: SimTime::from_millis(span.as_millis() * cut as u64), method }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A load that climbs to a hundred for so many spans, and then stays about there.
    fn load(width_s: u64, climb: u32, spans: u32) -> Load {
        let noise = |n: u32| f64::from((n * 7_919) % 101) / 101.0;
        let level = |n: u32| if n < climb { 100.0 * f64::from(n) / f64::from(climb) } else { 100.0 };
        Load { span: SimDuration::from_secs(width_s), jobs: (0..spans).map(|n| level(n) + noise(n)).collect() }
    }

    fn secs(warmup: WarmUp) -> u64 {
        warmup.until.as_millis() / 1_000
    }

    #[test]
    fn the_slowest_variant_decides_for_all() {
        let (quick, slow) = ([load(10, 20, 400), load(10, 20, 400)], [load(10, 100, 400), load(10, 100, 400)]);
        let alone = [&quick, &slow].map(|variant| secs(common_warmup([variant.as_slice()])));
        assert!((150..=250).contains(&alone[0]) && (900..=1_050).contains(&alone[1]), "{alone:?}");
        let both = common_warmup([quick.as_slice(), slow.as_slice()]);
        assert_eq!((secs(both), both.method), (alone[1], WarmupMethod::Mser5));
    }

    #[test]
    fn runs_of_different_length_are_brought_to_the_same_spans() {
        // The longer run's spans are twice as long, and it is cut to the shorter one's time.
        let pilots = [load(10, 100, 400), load(20, 50, 500)];
        let found = secs(common_warmup([pilots.as_slice()]));
        assert!((850..=1_100).contains(&found), "{found}");
    }

    #[test]
    fn a_load_that_never_settles_costs_half_the_run() {
        let found = common_warmup([[load(10, 400, 400)].as_slice(), [load(10, 20, 400)].as_slice()]);
        assert_eq!((secs(found), found.method), (2_000, WarmupMethod::Mser5NotFound));
        assert_eq!(secs(common_warmup([[].as_slice()])), 0);
    }
}
