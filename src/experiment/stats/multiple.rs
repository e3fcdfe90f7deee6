//! Many questions at once: how sure each answer must be for all of them to be right together.
//!
//! Sources: Bonferroni's inequality (Law, *Simulation Modeling and Analysis*, 5th ed., section 9.7); Holm, "A Simple
//! Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6 (1979).

/// The level of each of `count` intervals that makes all of them right together at `level` (Bonferroni).
pub fn together(level: f64, count: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are few intervals")]
    let count = count.max(1) as f64;
    1.0 - (1.0 - level) / count
}

/// Which of several differences are beyond doubt, by their p values: with probability `level` at least, none of those that
/// are no differences is among them (Holm).
pub fn holm(p_values: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]).then(a.cmp(&b)));
    let mut found = vec![false; p_values.len()];
    for (rank, &index) in order.iter().enumerate() {
        if p_values[index] > 1.0 - together(level, p_values.len() - rank) {
            break;
        }
        found[index] = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_surer_than_all_together() {
        assert!((together(0.95, 10) - 0.995).abs() < 1e-12);
        assert!((together(0.95, 0) - 0.95).abs() < 1e-12);
    }

    #[test]
    fn holm_goes_on_until_one_is_in_doubt() {
        // Holm's bounds for four: 0.0125, 0.0167, 0.025, 0.05.
        assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005], 0.95), [true, false, false, true]);
        assert_eq!(holm(&[0.01, 0.024, 0.015, 0.005], 0.95), [true, true, true, true]);
        // What follows a doubt is in doubt, though it were sure by itself.
        assert_eq!(holm(&[0.02, 0.02, 0.02, 0.02], 0.95), [false; 4]);
        assert_eq!(holm(&[], 0.95), [false; 0]);
    }
}
