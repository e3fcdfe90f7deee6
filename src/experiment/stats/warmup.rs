//! Where a run's warm-up ends: MSER-5. A series goes in, the number of observations to leave out comes out.
//!
//! K. P. White Jr., "An effective truncation heuristic for bias reduction in simulation output", *Simulation* 69(6), 1997:
//! leave out as many observations as make the confidence interval of the rest's mean narrowest. MSER-5 does so on means of
//! five observations: K. P. White Jr., M. J. Cobb, S. C. Spratt, "A comparison of five steady-state truncation heuristics
//! for simulation", *Proc. Winter Simulation Conference*, 2000.

/// Observations that are averaged first.
const BATCH: usize = 5;
/// With fewer batches there is nothing to choose from.
const BATCHES_MIN: usize = 10;

/// How many of the first observations to leave out: a multiple of five. `None` where the best place is not within the
/// first half, or the series is shorter than fifty: the run should be longer.
pub fn mser5(series: &[f64]) -> Option<usize> {
    let means: Vec<f64> = series.chunks_exact(BATCH).map(mean).collect();
    if means.len() < BATCHES_MIN {
        return None;
    }
    let last = means.len() / 2;
    let mut best = (f64::INFINITY, 0);
    // From the back: mean and sum of squares of what is left grow by one batch at a time. Of equal places, the first.
    let (mut size, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for (start, value) in means.iter().enumerate().rev() {
        size += 1.0;
        let before = value - mean;
        mean += before / size;
        squares += before * (value - mean);
        let error = squares / (size * size);
        if start <= last && error <= best.0 {
            best = (error, start);
        }
    }
    (best.1 < last).then_some(best.1 * BATCH)
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "five")]
    let size = values.len() as f64;
    values.iter().sum::<f64>() / size
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise that is the same every time: 0 to 1, without a trend.
    fn noise(index: u32) -> f64 {
        f64::from((index * 7_919) % 101) / 101.0
    }

    #[test]
    fn a_start_that_is_too_low_is_cut_off_where_it_ends() {
        let series: Vec<f64> = (0..500).map(|n| if n < 100 { f64::from(n) / 10.0 } else { 10.0 } + noise(n)).collect();
        let cut = mser5(&series).unwrap();
        assert!((85..=105).contains(&cut), "{cut}");
    }

    #[test]
    fn nothing_is_cut_off_what_has_no_start() {
        let level: Vec<f64> = (0..500).map(noise).collect();
        assert!(mser5(&level).unwrap() <= 10, "{:?}", mser5(&level));
        assert_eq!(mser5(&[3.0; 200]), Some(0));
    }

    #[test]
    fn what_never_settles_has_no_end_of_its_warm_up() {
        let growing: Vec<f64> = (0..500).map(|n| f64::from(n) + noise(n)).collect();
        assert_eq!(mser5(&growing), None);
        assert_eq!(mser5(&[1.0; 49]), None, "too short");
    }

    #[test]
    fn the_place_is_the_one_with_the_least_error_by_definition() {
        let series: Vec<f64> = (0..300).map(|n| noise(n) + 30.0 / (1.0 + f64::from(n))).collect();
        let means: Vec<f64> = series.chunks_exact(5).map(mean).collect();
        #[expect(clippy::cast_precision_loss, reason = "sixty")]
        let error = |rest: &[f64]| {
            let size = rest.len() as f64;
            let mean = rest.iter().sum::<f64>() / size;
            rest.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (size * size)
        };
        let best = (0..=30).min_by(|&a, &b| error(&means[a..]).total_cmp(&error(&means[b..]))).unwrap();
        assert!(best > 0);
        assert_eq!(mser5(&series), Some(best * 5));
    }
}
