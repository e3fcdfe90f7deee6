//! The front of two quantities of which less is better: those that no other beats in both. Numbers in, indexes out.

/// Indexes of the points (index, across, up) that no other beats in both, from the least `across` on. Of equal points the
/// first stands for all.
pub fn front(points: impl IntoIterator<Item = (usize, f64, f64)>) -> Vec<usize> {
    let mut points: Vec<_> = points.into_iter().collect();
    points.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.2.total_cmp(&b.2)).then(a.0.cmp(&b.0)));
    let mut least = f64::INFINITY;
    points.retain(|&(_, _, up)| {
        let on_front = up < least;
        least = least.min(up);
        on_front
    });
    points.into_iter().map(|(index, ..)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_beaten_in_both_is_not_on_it() {
        let points = [(0, 3.0, 1.0), (1, 1.0, 3.0), (2, 2.0, 3.5), (3, 2.0, 2.0), (4, 2.0, 2.0), (5, 9.0, 1.0)];
        assert_eq!(front(points), [1, 3, 0]);
        assert_eq!(front([]), [0; 0]);
    }
}
