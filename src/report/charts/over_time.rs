//! What charts over time share: panels above one time axis, layers that add up, bins drawn together where there is no
//! room for each. Knows no particular level.

use crate::metrics::TimelineRow;
use crate::report::charts::kit::palette::Paint;
use crate::report::charts::kit::{Axis, Frame, Key, Mark, Panel, Picture};

/// A level in each bin of the timeline.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) label: String,
    pub(super) paint: Paint,
    pub(super) levels: Vec<f64>,
}

impl Layer {
    pub(super) fn of(rows: &[TimelineRow], label: &str, paint: Paint, level: fn(&TimelineRow) -> f64) -> Self {
        Self { label: label.to_owned(), paint, levels: rows.iter().map(level).collect() }
    }

    fn key(&self) -> Key {
        Key::new(Mark::Area(self.paint), self.label.clone())
    }
}

/// How the layers of a panel lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// Each from 0, the later in front of the earlier.
    InFront,
    /// Each on top of those before.
    Stacked,
}

/// A panel over time.
pub(super) struct Levels<'a> {
    pub(super) unit: &'a str,
    pub(super) layers: &'a [Layer],
    pub(super) lie: Lie,
    pub(super) height: i32,
}

/// The end of the timeline, in seconds.
pub(super) fn end_s(rows: &[TimelineRow]) -> f64 {
    rows.last().map_or(0.0, |row| row.end_s)
}

/// The time axis of a run, with as many ticks as the picture has room for.
pub(super) fn axis(picture: &Picture, rows: &[TimelineRow]) -> Axis {
    Axis::time(end_s(rows), picture.room_for(52))
}

/// Draws the panels one below the other.
pub(super) fn panels(picture: &mut Picture, rows: &[TimelineRow], panels: &[Levels<'_>]) {
    let across = axis(picture, rows);
    for (index, panel) in panels.iter().enumerate() {
        let most = match panel.lie {
            Lie::InFront => panel.layers.iter().flat_map(|layer| layer.levels.iter().copied()).fold(0.0, f64::max),
            Lie::Stacked => {
                let sum = |bin: usize| panel.layers.iter().filter_map(|layer| layer.levels.get(bin)).sum();
                (0..rows.len()).map(sum).fold(0.0, f64::max)
            }
        };
        let up = Axis::level(most, panel.unit, 5);
        let labelled = index + 1 == panels.len();
        let keys: Vec<Key> = panel.layers.iter().map(Layer::key).collect();
        let frame = Panel { across: &across, labelled, up: &up, keys: &keys, height: panel.height }.draw(picture);
        draw(picture, &frame, rows, panel);
    }
}

fn draw(picture: &mut Picture, frame: &Frame<'_>, rows: &[TimelineRow], panel: &Levels<'_>) {
    let mut floor = vec![0.0; rows.len()];
    for layer in panel.layers {
        let bins = rows.iter().zip(&floor).zip(&layer.levels);
        let levels = bins.map(|((row, &low), &level)| (row.start_s, row.end_s, low, low + level));
        frame.band(picture, levels, layer.paint);
        if panel.lie == Lie::Stacked {
            floor.iter_mut().zip(&layer.levels).for_each(|(low, level)| *low += level);
        }
    }
}

/// Counts of neighbouring bins, added up to at most `most` groups: from, to and sum of each.
pub(super) fn grouped(rows: &[TimelineRow], most: usize, count: fn(&TimelineRow) -> u64) -> Vec<(f64, f64, u64)> {
    let size = rows.len().div_ceil(most).max(1);
    let groups = rows.chunks(size).map(|group| {
        let from = group.first().map_or(0.0, |row| row.start_s);
        (from, group.last().map_or(from, |row| row.end_s), group.iter().map(count).sum())
    });
    groups.collect()
}

/// The largest first (by a sum), the others of more than `most` together: what stays, and the rest of them added up.
pub(super) fn largest<T>(mut items: Vec<T>, most: usize, size: impl Fn(&T) -> f64) -> (Vec<T>, Vec<T>) {
    // Stable: equal ones stay in their order.
    items.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let rest = if items.len() > most { items.split_off(most - 1) } else { Vec::new() };
    (items, rest)
}

/// Several levels as one.
pub(super) fn sum<'a>(levels: impl Iterator<Item = &'a [f64]>, bins: usize) -> Vec<f64> {
    levels.fold(vec![0.0; bins], |mut sum, levels| {
        sum.iter_mut().zip(levels).for_each(|(sum, level)| *sum += level);
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_all_counts_and_the_rest_is_summed() {
        let rows: Vec<_> = (0..100_u32)
            .map(|n| TimelineRow {
                start_s: n.into(),
                end_s: f64::from(n) + 1.0,
                retries: n.into(),
                ..TimelineRow::default()
            })
            .collect();
        let groups = grouped(&rows, 30, |row| row.retries);
        assert!(groups.len() <= 30 && groups.iter().map(|group| group.2).sum::<u64>() == 4_950);
        assert_eq!((groups[0].0, groups.last().unwrap().1), (0.0, 100.0));
        assert_eq!(largest(vec![1.0, 5.0, 3.0, 4.0], 3, |n| *n), (vec![5.0, 4.0], vec![3.0, 1.0]));
        assert_eq!(sum([[1.0, 2.0].as_slice(), &[3.0, 4.0]].into_iter(), 2), [4.0, 6.0]);
    }
}
